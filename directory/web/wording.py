"""The words for every code: one place, ready for translation."""

from flask_babel import lazy_gettext as _l

STANDINGS = {
    "complete": _l("Safety checks complete"),
    "partial": _l("Partly checked"),
    "unchecked": _l("Listed, not checked"),
    "warning": _l("Warning: a check failed"),
    "suspended": _l("Listing suspended"),
}

CONDITIONS = {
    "depression": _l("Depression that other treatments have not helped"),
    "bipolar": _l("Bipolar depression"),
    "anxiety": _l("Anxiety"),
    "ptsd": _l("PTSD"),
    "pain": _l("Chronic pain"),
    "ocd": _l("OCD"),
}

MODALITIES = {
    "iv": _l("Ketamine by IV drip"),
    "im": _l("Ketamine by injection into a muscle"),
    "esketamine": _l("Esketamine nasal spray (Spravato)"),
    "oral": _l("Ketamine by mouth, taken at the clinic"),
}

POSTS = {
    "medical_director": _l("Medical director"),
    "prescriber": _l("Prescriber on site"),
    "monitoring_clinician": _l("Watches patients during the infusion"),
}

CREDENTIALS = {
    "state_license": _l("State license"),
    "acls": _l("Heart-rescue training card (ACLS)"),
    "board_certification": _l("Board certificate"),
    "dea_registration": _l("Federal drug (DEA) registration"),
    "facility_permit": _l("State permit for the clinic"),
}

STAFF = {
    "verifier": _l("a verifier"),
    "admin": _l("an admin"),
    "system": _l("our system"),
}

PRECISIONS = {
    "point": _l("the point you gave"),
    "address": _l("the address"),
    "zip": _l("the middle of the ZIP code"),
    "neighborhood": _l("the middle of the neighborhood"),
    "city": _l("the middle of the city"),
    "region": _l("the middle of the area"),
    "state": _l("the middle of the state"),
}

SORTS = {
    "distance": _l("Nearest first"),
    "standing": _l("Most complete checks first"),
}
