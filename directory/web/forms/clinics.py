"""The forms of a clinic: its facts, its listing, its evidence files."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    FileField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)

from directory.domain.clinic_entry import MOST_SERVICES
from directory.models import Candidate, Clinic, Organization
from directory.operations.clinic_export import typed_of
from directory.web import wording
from directory.web.forms.entries import EntryForm, choices, state_choices

FEWEST_ROWS = 3


class ClinicForm(EntryForm):
    """A clinic's facts; `rows` rows of what it offers are added by form_for."""

    rows = 0
    name = StringField(_l("Name"))
    organization = StringField(_l("Legal owner"))
    npi = StringField(_l("NPI of the clinic"))
    street = StringField(_l("Street and number"))
    city = StringField(_l("City"))
    state = SelectField(_l("State"), choices=state_choices, validate_choice=False)
    postal_code = StringField(_l("ZIP code"))
    lat = StringField(_l("Latitude"))
    lon = StringField(_l("Longitude"))
    phone = StringField(_l("Phone"))
    website = StringField(_l("Website"))
    accepting = SelectField(
        _l("Takes new patients"),
        choices=choices({"1": _l("Yes"), "0": _l("No")}, _l("Not known")),
        validate_choice=False,
    )
    hours = TextAreaField(_l("Opening hours"))
    languages = StringField(_l("Languages"))
    access = TextAreaField(_l("Getting there and getting in"))
    insurance = TextAreaField(_l("Insurance"))
    version = HiddenField()
    candidate = HiddenField()

    def services(self) -> list[dict[str, Any]]:
        """Return the rows of what is offered, each a field by its part."""
        parts = ("modality", "condition", "price_usd", "minutes")
        return [{p: self[f"service-{n}-{p}"] for p in parts} for n in range(self.rows)]


@lru_cache(maxsize=MOST_SERVICES + 1)
def _with_rows(rows: int) -> type[ClinicForm]:
    fields: dict[str, Any] = {"rows": rows}
    for n in range(rows):
        fields |= {
            f"service-{n}-modality": SelectField(
                _l("How it is given"),
                choices=choices(wording.MODALITIES, _l("Choose")),
                validate_choice=False,
            ),
            f"service-{n}-condition": SelectField(
                _l("What for"),
                choices=choices(wording.CONDITIONS, _l("Choose")),
                validate_choice=False,
            ),
            f"service-{n}-price_usd": StringField(_l("Price in dollars")),
            f"service-{n}-minutes": StringField(_l("Minutes")),
        }
    return type("ClinicFormWithRows", (ClinicForm,), fields)


def form_for(
    sent: Mapping[str, Any] | None, clinic: Clinic | None, said: Mapping[str, str] | None = None
) -> ClinicForm:
    """Return the form as it was sent, else filled from a clinic, else with what was `said`."""
    if sent is not None:
        named = [int(n) for n in re.findall(r"service-(\d{1,2})-modality", " ".join(sent))]
        rows = min(max([n + 1 for n in named], default=0), MOST_SERVICES)
        return _with_rows(max(rows, FEWEST_ROWS))(sent)  # type: ignore[arg-type]
    offered = clinic.services if clinic else []
    rows = min(max(len(offered) + 1, FEWEST_ROWS), MOST_SERVICES)
    values = _values(clinic) if clinic else {"version": "0", **(said or {})}
    return _with_rows(rows)(None, data=values)


def _values(clinic: Clinic) -> dict[str, Any]:
    return {
        **typed_of(clinic),
        "organization": owner_label(clinic.organization) if clinic.organization else "",
        "version": str(clinic.version),
    }


def form_from(candidate: Candidate) -> ClinicForm:
    """Return the form of a new clinic, filled with what the registry says of a candidate.

    A mailbox is no street where anybody is treated: it is left for staff to find out.
    """
    form = form_for(None, None)
    for name in ("name", "npi", "street", "city", "state", "postal_code", "phone"):
        form[name].data = getattr(candidate, name) or ""
    if candidate.address_flag is not None:
        form.street.data = ""
    form.candidate.data = str(candidate.id)
    return form


def owner_label(owner: Organization) -> str:
    """Return an owner as the list shows it and the form reads it back."""
    return f"{owner.name} (#{owner.id})"


class ListingForm(EntryForm):
    """One step of a clinic's listing, with its reason."""

    listing = SelectField(_l("New state"), validate_choice=False)
    reason = TextAreaField(_l("Reason"))
    version = HiddenField()


class EvidenceForm(EntryForm):
    """A file as evidence."""

    file = FileField(_l("File"))
    title = StringField(_l("What it shows"))
    replaces = SelectField(_l("Replaces an older file"), validate_choice=False)
