"""A clinic as staff keep it: checks that rest on facts, listing, point, entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.clinic_entry import (
    EntriesRefused,
    read_clinic,
    read_credential,
    read_person,
)
from directory.domain.clinics import (
    RESTS_ON,
    STEPS,
    check_point,
    check_step,
    resting_on,
)
from directory.domain.credentials import CredentialKind
from directory.domain.entries import (
    EntryRefused,
    looks_alike,
    phone_number,
    read_hours,
    same_fact,
    tidy,
    web_address,
    write_hours,
)
from directory.domain.standing import Listing
from tests.checklist import CATALOGUE

PHOENIX = {"state": "AZ", "nearest": (0.8, "AZ"), "zip_miles": 0.8}


def code_of(call, *args, **kwargs):
    with pytest.raises(EntryRefused) as refused:
        call(*args, **kwargs)
    return refused.value.code


def test_every_fact_names_criteria_that_exist():
    named = {code for codes in RESTS_ON.values() for code in codes}
    assert named <= CATALOGUE.by_code.keys()


@pytest.mark.parametrize(
    ("fact", "codes"),
    [
        ("street", {"med-dea", "sup-facility", "opn-contact"}),
        ("phone", {"opn-contact"}),
        ("website", {"opn-price", "opn-claims"}),
        ("medical_director", {"sup-director", "sup-exclusion", "sup-onsite", "sup-training"}),
        ("name", {"sup-exclusion"}),
        ("organization", {"sup-exclusion", "sup-facility"}),
    ],
)
def test_facts_carry_the_checks_that_looked_at_them(fact, codes):
    assert codes <= resting_on([fact])


def test_a_fact_nobody_checks_takes_nothing_down():
    assert resting_on(["languages", "insurance", "lat"]) == frozenset()


def test_listing_steps():
    allowed = {(a, b) for a, steps in STEPS.items() for b in steps}
    for before in Listing:
        for after in Listing:
            if (before, after) in allowed:
                check_step(before, after, "because")
            else:
                assert code_of(check_step, before, after, "because") == "listing_step"
    assert (Listing.CLOSED, Listing.LISTED) not in allowed
    assert not any(after is Listing.DRAFT for _before, after in allowed)


def test_every_step_but_the_first_publication_has_a_reason():
    check_step(Listing.DRAFT, Listing.LISTED, "")
    assert code_of(check_step, Listing.LISTED, Listing.SUSPENDED, "") == "listing_reason"
    assert code_of(check_step, Listing.SUSPENDED, Listing.LISTED, "") == "listing_reason"
    assert code_of(check_step, Listing.LISTED, Listing.CLOSED, "x" * 301) == "too_long"


def test_a_point_is_in_its_state_and_near_its_zip():
    check_point(33.4484, -112.074, **PHOENIX)
    assert code_of(check_point, 0.0, 0.0, **PHOENIX) == "pin_zero"
    assert code_of(check_point, 0.001, -0.001, **PHOENIX) == "pin_zero"
    assert code_of(check_point, 91.0, 0.0, **PHOENIX) == "pin_off_earth"
    assert code_of(check_point, 33.4, -112.0, **PHOENIX | {"nearest": None}) == "pin_nowhere"
    abroad = PHOENIX | {"nearest": (0.5, "NY"), "zip_miles": 2100.0}
    assert code_of(check_point, 40.7, -74.0, **abroad) == "pin_state"
    far = PHOENIX | {"zip_miles": 41.0}
    assert code_of(check_point, 34.0, -112.0, **far) == "pin_far"
    # Just this side of a border the nearest ZIP code may be the neighbor's.
    check_point(39.1, -94.61, state="KS", nearest=(0.7, "MO"), zip_miles=2.1)
    beyond = {"state": "KS", "nearest": (0.7, "MO"), "zip_miles": 5.8}
    assert code_of(check_point, 39.1, -94.5, **beyond) == "pin_state"


@pytest.mark.parametrize(
    "hidden", ["a\u202eb", "a\u200bb", "a\ufeffb", "a\u2066b", "a\x07b", "a\x00b", "a\u2028b"]
)
def test_what_nobody_sees_is_refused(hidden):
    assert code_of(tidy, hidden) == "hidden"
    assert code_of(tidy, hidden, lines=True) == "hidden"


def test_text_is_kept_in_one_normal_form():
    assert tidy("  Cli\u0301nica   Nin\u0303o ") == "Clínica Niño"
    assert tidy("one \r\ntwo", lines=True) == "one\ntwo"


@pytest.mark.parametrize(
    ("name", "flagged"),
    [
        ("Austin Ketamine", False),
        ("\u0410ustin Ketamine", True),
        ("Cl\u0456nic", True),
        ("Clínica Niño", False),
        ("Øresund Ångström", False),
        ("Клиника", False),
    ],
)
def test_names_that_look_like_others_are_flagged(name, flagged):
    assert looks_alike(name) is flagged


@pytest.mark.parametrize(
    "typed", ["602-555-0100", "(602) 555 0100", "+1 602 555 0100", "1.602.555.0100", "6025550100"]
)
def test_phone_numbers_take_one_form(typed):
    assert phone_number(typed) == "+16025550100"


@pytest.mark.parametrize(
    "typed",
    ["555-0100", "911", "102-555-0100", "602-155-0100", "+44 20 7946 0000", "602-555-0100 x12",
     "٦٠٢٥٥٥٠١٠٠", "call us", "602-411-0100"],
)  # fmt: skip
def test_what_is_no_clinics_number_is_refused(typed):
    assert code_of(phone_number, typed) == "phone"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://clinic.example.org/prices?x=1", "https://clinic.example.org/prices?x=1"),
        ("clinic.example.org", "https://clinic.example.org"),
        ("HTTP://Clinic.Example.org", "http://clinic.example.org"),
        ("https://clinic.example.org:8443/", "https://clinic.example.org:8443/"),
        ("https://niño.example.org", "https://xn--nio-8ma.example.org"),
        ("", None),
    ],
)
def test_websites_are_kept(typed, kept):
    assert web_address(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//example.org",
     "mailto:a@b.org", "http://u:p@example.org", "http://u@example.org", "ftp://a.org",
     "https://example.org\\@evil.org",
     "http://127.0.0.1", "http://0x7f.1", "http://[::1]/", "http://localhost",
     "https://exa mple.org",
     "https://example.org/\"><script>", "https://" + "a" * 300 + ".org", "http://example.org:99999"],
)  # fmt: skip
def test_addresses_that_lead_elsewhere_are_refused(typed):
    assert code_of(web_address, typed) == "website"


@given(st.text(max_size=60))
def test_no_text_breaks_a_reader(text):
    for reader in (tidy, phone_number, web_address, read_hours):
        try:
            reader(text)
        except EntryRefused:
            continue
    looks_alike(text)


def test_opening_hours_are_read_and_written():
    hours = read_hours("Mon-Fri 8:30-17:00\nSaturday: 10:00 to 12:00")
    assert hours[0] == {"day": "monday", "opens": "08:30", "closes": "17:00"}
    assert len(hours) == 6
    assert write_hours(hours) == "Monday-Friday 08:30-17:00\nSaturday 10:00-12:00"
    assert read_hours(write_hours(hours)) == hours


@pytest.mark.parametrize(
    "typed",
    ["always", "Mon 17:00-08:00", "Fri-Mon 08:00-12:00", "Mon 25:00-26:00",
     "Mon 08:00-12:00\nMon 11:00-13:00", "Xyz 08:00-09:00"],
)  # fmt: skip
def test_hours_that_cannot_be_are_refused(typed):
    assert code_of(read_hours, typed) == "hours"


def test_spelling_is_no_change_of_fact():
    assert same_fact("100 Example Ave.", "100  example ave")
    assert same_fact(None, "")
    assert same_fact([], ())
    assert not same_fact("100 Example Ave", "101 Example Ave")
    assert not same_fact(None, False)
    assert not same_fact(True, None)


GOOD = {
    "name": "Example Clinic",
    "street": "1 Example Way",
    "city": "Phoenix",
    "state": "az",
    "postal_code": "85004-1234",
    "lat": "33.4484",
    "lon": "-112.0740",
    "accepting": "1",
    "languages": "en, es",
    "service-0-modality": "iv",
    "service-0-condition": "ptsd",
    "service-0-price_usd": "$1,450",
}


def test_a_clinic_is_read_whole():
    facts = read_clinic(GOOD)
    assert (facts.state, facts.postal_code, facts.pin) == ("AZ", "85004", (33.4484, -112.074))
    assert facts.accepting_new_patients is True
    assert facts.languages == ("en", "es")
    assert [s.price_usd for s in facts.services] == [1450]


def test_all_problems_come_at_once():
    typed = GOOD | {
        "name": " ",
        "state": "XX",
        "npi": "1234567890",
        "lat": "north",
        "service-1-modality": "iv",
        "service-2-modality": "iv",
        "service-2-condition": "ptsd",
    }
    with pytest.raises(EntriesRefused) as refused:
        read_clinic(typed)
    assert [(p.field, p.code) for p in refused.value.problems] == [
        ("name", "needed"),
        ("npi", "npi"),
        ("state", "state"),
        ("service-1-modality", "half_service"),
        ("service-2-modality", "twice"),
        ("lat", "degrees"),
    ]


def test_a_person_and_an_owner_are_read():
    assert read_person({"name": "Sam", "profession": "MD"}, profession=True).npi is None
    assert read_person({"name": "Sam Inc", "npi": "1234567893"}, profession=False).npi
    with pytest.raises(EntriesRefused):
        read_person({"name": "Sam"}, profession=True)


PAPER = {"kind": "dea_registration", "number": "AP5836727", "issuer": "DEA"}


def test_a_dea_number_is_checked_and_never_printed():
    facts = read_credential(PAPER, known=None)
    assert facts.number == "AP5836727"
    assert "5836" not in repr(facts)
    with pytest.raises(EntriesRefused, match="dea"):
        read_credential(PAPER | {"number": "AP5836728"}, known=None)


def test_an_empty_number_keeps_the_one_of_the_same_kind_only():
    kept = read_credential(PAPER | {"number": ""}, known=CredentialKind.DEA_REGISTRATION)
    assert kept.number is None
    with pytest.raises(EntriesRefused, match="number: needed"):
        read_credential(PAPER | {"number": ""}, known=CredentialKind.STATE_LICENSE)
    with pytest.raises(EntriesRefused, match="number: needed"):
        read_credential(PAPER | {"number": ""}, known=None)
