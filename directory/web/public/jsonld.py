"""A clinic for search engines: schema.org MedicalClinic, claiming nothing below `source`."""

from typing import Any

from directory.domain.criteria import Level
from directory.domain.findings import State
from directory.models import Credential
from directory.operations.clinics import ClinicPage


def clinic_document(page: ClinicPage, url: str) -> dict[str, Any]:
    """Return the JSON-LD of a public clinic; no rating, and only facts that are known.

    A credential is named only while a live check at its primary source rests on it.
    """
    clinic = page.clinic
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MedicalClinic",
        "@id": url,
        "url": url,
        "name": clinic.name,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": clinic.street,
            "addressLocality": clinic.city,
            "addressRegion": clinic.state,
            "postalCode": clinic.postal_code,
            "addressCountry": "US",
        },
        "geo": {"@type": "GeoCoordinates", "latitude": clinic.lat, "longitude": clinic.lon},
    }
    if clinic.phone:
        document["telephone"] = clinic.phone
    if clinic.website:
        document["sameAs"] = clinic.website
    if clinic.npi:
        document["identifier"] = {
            "@type": "PropertyValue",
            "propertyID": "NPI",
            "value": clinic.npi,
        }
    if clinic.accepting_new_patients is not None:
        document["isAcceptingNewPatients"] = clinic.accepting_new_patients
    credentials = [_credential(c) for c in _looked_up(page)]
    if credentials:
        document["hasCredential"] = credentials
    return document


def _looked_up(page: ClinicPage) -> list[Credential]:
    deciding = [
        page.deciding(finding)
        for finding in page.findings
        if finding.state is State.MET
        and finding.decided_by
        and finding.decided_by.level is Level.SOURCE
    ]
    return [
        v.credential for v in deciding if v and v.credential and v.credential.clinic_id is not None
    ]


def _credential(credential: Credential) -> dict[str, Any]:
    return {
        "@type": "EducationalOccupationalCredential",
        "credentialCategory": credential.kind.value,
        "recognizedBy": {"@type": "Organization", "name": credential.issuer},
    }
