"""Words for what the registries bring: candidates, matches, duplicates, imported files."""

from flask_babel import lazy_gettext as _l

TRIAGE = {
    "waiting": _l("Waiting"),
    "likely": _l("Likely"),
    "unlikely": _l("Unlikely"),
    "not_a_clinic": _l("Not a clinic"),
    "known": _l("Has our number already"),
}

CANDIDATE_REASONS = {
    "ketamine_name": _l("Its name says ketamine"),
    "ketamine_person": _l("A person whose practice says ketamine"),
    "infusion_code": _l("Registered as an infusion clinic"),
    "infusion_name": _l("Its name says infusion, and its kind of practice fits"),
}

ADDRESS_FLAGS = {
    "po_box": _l("A post-office box: nobody is treated there"),
    "mailbox": _l("A mailbox in a store: nobody is treated there"),
}

REGISTRY_FACTS = {
    "name": _l("Another name"),
    "address": _l("Another address"),
    "phone": _l("Another phone number"),
    "deactivated": _l("The number was taken back"),
    "reactivated": _l("The number was given back"),
    "gone": _l("The number is no longer in the registry"),
    "returned": _l("The number is in the registry again"),
}

LOOKUP_FAILURES = {
    "status": _l("The registry refused to answer. Try again later."),
    "time": _l("The registry took too long to answer. Try again later."),
    "unreachable": _l("The registry cannot be reached. Ask whoever runs this site."),
    "unreadable": _l("The registry's answer could not be read. Nothing was kept."),
    "refused": _l("The registry did not take the question. Nothing was kept."),
    "other_number": _l("The registry answered about another number. Nothing was kept."),
}

REGISTRY_STATUS = {"A": _l("active"), "D": _l("taken back")}

TAXONOMIES = {
    "101YM0800X": _l("mental health counselor"),
    "103T00000X": _l("psychologist"),
    "1041C0700X": _l("clinical social worker"),
    "163WI0500X": _l("infusion nurse"),
    "193200000X": _l("group of several specialties"),
    "193400000X": _l("group of one specialty"),
    "207L00000X": _l("anesthesiology"),
    "207LP2900X": _l("pain medicine (anesthesiology)"),
    "207P00000X": _l("emergency medicine"),
    "207Q00000X": _l("family medicine"),
    "207R00000X": _l("internal medicine"),
    "2084A0401X": _l("addiction medicine"),
    "2084P0800X": _l("psychiatry"),
    "2084P0802X": _l("addiction psychiatry"),
    "208VP0000X": _l("pain medicine"),
    "208VP0014X": _l("interventional pain medicine"),
    "261Q00000X": _l("clinic or center"),
    "261QA1903X": _l("surgery center"),
    "261QI0500X": _l("infusion clinic"),
    "261QM0801X": _l("mental health clinic"),
    "261QM0850X": _l("adult mental health clinic"),
    "261QM1300X": _l("clinic of several specialties"),
    "261QM2500X": _l("medical specialty clinic"),
    "261QP2300X": _l("primary care clinic"),
    "261QP3300X": _l("pain clinic"),
    "363A00000X": _l("physician assistant"),
    "363L00000X": _l("nurse practitioner"),
    "363LP0808X": _l("psychiatric nurse practitioner"),
    "367500000X": _l("nurse anesthetist"),
}

DUPLICATE_REASONS = {
    "npi": _l("The same NPI"),
    "phone": _l("The same phone number"),
    "address": _l("The same address"),
    "looks_alike": _l("The same name in letters of another alphabet"),
    "name": _l("Almost the same name nearby"),
    "owner": _l("The same owner"),
    "building": _l("The same building, another suite"),
}

MOVED = {
    "case": _l("Messages from outside"),
    "conflict": _l("Conflicts of interest"),
    "credential": _l("Licenses and certificates"),
    "role": _l("Posts at clinics"),
    "reply": _l("Answers of the clinic"),
    "candidate": _l("Entries of the NPI registry"),
    "npi": _l("NPI"),
}

IMPORTS = {
    "nppes": _l("NPI registry"),
    "nppes_deactivated": _l("NPI registry: numbers taken back"),
    "leie": _l("Exclusion list"),
    "leie_supplement": _l("Exclusion list: monthly additions"),
    "clinics": _l("Spreadsheet of clinics"),
    "licenses": _l("License file"),
}

MATCH_TIERS = {
    1: _l("Very likely: the same NPI"),
    2: _l("Likely: the same name and birth date"),
    3: _l("Possible: the same name and place"),
    4: _l("Only a hint: a name that is the same elsewhere, or nearly the same"),
}

MATCH_SIGNS = {
    "npi": _l("the NPI is the same"),
    "name": _l("the name is the same, as far as the list writes it out"),
    "near_name": _l("the name is one typing mistake away"),
    "initial": _l("the last name is the same, and the list has only an initial for the first"),
    "birth": _l("the birth date is the same"),
    "state": _l("the state is the same"),
    "zip": _l("the ZIP code is the same"),
    "city": _l("the city is the same"),
}

MATCH_STATES = {
    "potential": _l("Undecided"),
    "confirmed": _l("Confirmed: on the list"),
    "dismissed": _l("Dismissed: somebody else"),
}

BIRTH_DATES = {
    "equal": _l("The birth date is the same as the list's. The date you typed was not kept."),
    "differs": _l("The birth date is not the list's. The date you typed was not kept."),
    "not_on_list": _l("The list has no birth date for this row. The date you typed was not kept."),
}

COULD_NOT_SCREEN = {
    "no_list": _l("no exclusion list is loaded"),
    "list_old": _l("the list on record is more than 35 days old"),
    "name_unusable": _l(
        "a name on record cannot be compared: write first and last name in Latin letters"
    ),
    "nobody_in_charge": _l("no director and no prescriber is on record"),
    "not_yet": _l("nobody has compared this name with the list yet"),
}
