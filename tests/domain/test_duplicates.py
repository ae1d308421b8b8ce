"""Which clinics may be one: pairs that are found, pairs that are not, and what it costs."""

import random

import pytest
from rapidfuzz.fuzz import token_set_ratio

from directory.domain.duplicates import (
    BLOCK,
    Entry,
    Reason,
    find_pairs,
    is_disguised,
    plain,
    read_name,
    read_street,
)

FIRST = {
    "id": 1,
    "name": "Sunrise Ketamine Clinic",
    "street": "100 Main Street, Suite 4",
    "city": "Phoenix",
    "state": "AZ",
    "postal_code": "85004",
    "phone": "+16025550101",
    "npi": "2000000010",
    "owner": 7,
    "owner_npi": "2000000028",
}
ELSEWHERE = {
    "id": 2,
    "name": "Harbor Wellness",
    "street": "9 Other Road",
    "city": "Boise",
    "state": "ID",
    "postal_code": "83702",
    "phone": "+12085550102",
    "npi": "2000000036",
    "owner": 8,
    "owner_npi": "2000000044",
}
AT_FIRST = {"city": "Phoenix", "state": "AZ", "postal_code": "85004"}


def reasons(told=frozenset(), **changes):
    found = find_pairs([Entry(**FIRST), Entry(**{**ELSEWHERE, **changes})], token_set_ratio, told)
    return [reason.value for likeness in found.pairs for reason in likeness.reasons]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"phone": "+16025550101"}, ["phone"]),
        ({"npi": "2000000028"}, ["npi"]),
        ({"npi": None, "owner_npi": "2000000010"}, ["npi"]),
        ({**AT_FIRST, "street": "100 Main St #4"}, ["address"]),
        ({**AT_FIRST, "street": "100 MAIN ST., STE 4"}, ["address"]),
        ({**AT_FIRST, "street": "Unit 4, 100 Main St."}, ["address"]),
        ({**AT_FIRST, "street": "100 Main St"}, ["address"]),
        ({**AT_FIRST, "street": "100 Mian St, Suite 4"}, ["address"]),
        ({**AT_FIRST, "postal_code": "85003", "street": "100 Main St Ste. 4"}, ["address"]),
        ({**AT_FIRST, "name": "Sunrise Infusion Center LLC"}, ["name"]),
        ({**AT_FIRST, "name": "The Sunrize Ketamine Clinic"}, ["name"]),
        ({**AT_FIRST, "name": "Sunrise  KETAMINE  clinic, PLLC"}, ["name"]),
        ({**AT_FIRST, "postal_code": "85003", "name": "Clinic Sunrise"}, ["name"]),
        ({**AT_FIRST, "name": "Sunrіse Ketamine Clinic"}, ["looks_alike"]),
        ({**AT_FIRST, "name": "Ｓｕｎｒｉｓｅ Ketamine Clinic"}, ["looks_alike"]),
        ({**AT_FIRST, "name": "Sun\u200brise Ketamine Clinic"}, ["looks_alike"]),
        ({**AT_FIRST, "name": "Sunrisé Ketamine Clinic"}, ["name"]),
        (
            {**AT_FIRST, "phone": "+16025550101", "street": "100 Main St", "name": "Sunrise"},
            ["phone", "address", "name"],
        ),
        ({**AT_FIRST, "street": "100 Main St #9", "name": "Sunrise"}, ["name", "building"]),
        ({**AT_FIRST, "street": "100 Main St #4", "owner": 7}, ["address", "owner"]),
    ],
)
def test_pairs_and_their_reasons_strongest_first(changes, expected):
    assert reasons(**changes) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        AT_FIRST,
        {"name": "Sunrise Ketamine Clinic"},
        {"owner": 7, "owner_npi": "2000000028"},
        {**AT_FIRST, "street": "100 Main St #9"},
        {**AT_FIRST, "street": "101 Main St #4"},
        {**AT_FIRST, "street": "100 Oak St #4"},
        {"street": "100 Main Street, Suite 4"},
        # Two sites of one owner, each with a door and a phone of its own.
        {**AT_FIRST, "name": "Sunrise Ketamine Clinic", "owner": 7, "owner_npi": "2000000028"},
        {**AT_FIRST, "name": "Ketamine Clinic"},
    ],
)
def test_what_is_no_pair(changes):
    assert reasons(**changes) == []


def test_streets_that_differ_by_their_number_are_two():
    one = Entry(**{**FIRST, "street": "12 1st Street"})
    other = Entry(**{**ELSEWHERE, **AT_FIRST, "street": "12 2nd Street"})
    assert find_pairs([one, other], token_set_ratio).pairs == ()


def test_streets_that_differ_by_their_direction_are_two():
    one = Entry(**{**FIRST, "street": "12 North Main Street"})
    for street, pairs in (("12 South Main Street", 0), ("12 Main Street", 1), ("12 N Main St", 1)):
        other = Entry(**{**ELSEWHERE, **AT_FIRST, "street": street})
        assert len(find_pairs([one, other], token_set_ratio).pairs) == pairs


def test_missing_phones_numbers_and_owners_join_nobody():
    bare = {"phone": None, "npi": None, "owner": None, "owner_npi": None}
    found = find_pairs([Entry(**FIRST | bare), Entry(**ELSEWHERE | bare)], token_set_ratio)
    assert found.pairs == ()


def test_a_pair_that_was_told_apart_is_not_shown():
    assert reasons(phone="+16025550101") == ["phone"]
    assert reasons(told={(1, 2)}, phone="+16025550101") == []


def test_the_likeliest_come_first():
    third = Entry(**{**FIRST, "id": 3, "npi": None, "owner_npi": None, "phone": None})
    second = Entry(**{**ELSEWHERE, **AT_FIRST, "name": "Sunrise"})
    found = find_pairs([second, third, Entry(**FIRST)], token_set_ratio)
    assert [(one.low, one.high) for one in found.pairs] == [(1, 3), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("100 Main Street, Suite 4", ("100", "main st", "4")),
        ("100 N. Main St 2nd Floor", ("100", "n main st", "2")),
        ("100 North Main Street Fl. 2", ("100", "n main st", "2")),
        ("12 First Avenue", ("12", "1st ave", "")),
        ("12 1st Av", ("12", "1st ave", "")),
        ("P.O. Box 12", ("po box 12", "", "")),
        ("100-A Elm Blvd", ("100-a", "elm blvd", "")),
        ("The Old Mill", ("", "the old mill", "")),
        ("", ("", "", "")),
    ],
)
def test_streets_taken_apart(text, parts):
    found = read_street(text)
    assert (found.number, found.street, found.unit) == parts


@pytest.mark.parametrize(
    ("name", "disguised"),
    [
        ("Sunrise Clinic", False),
        ("Café Río Clinic", False),
        ("Clínica Peña", False),
        ("Sunrіse", True),
        ("Ｓunrise", True),
        ("Sun\u200brise", True),
        ("𝐒unrise", True),
        ("Κetamine", True),
    ],
)
def test_disguises(name, disguised):
    assert is_disguised(name) is disguised


def test_a_disguise_reads_as_what_it_passes_for():
    assert plain("Кetаmine Ｃlinic\u200b") == "ketamine clinic"
    assert read_name("Sunrіse Ketamine Clinic") == read_name("The Sunrise Clinic") == "sunrise"
    assert read_name("Ketamine Clinic") == "clinic ketamine"


WORDS = [
    "sunrise", "harbor", "lotus", "summit", "clear", "mind", "valley", "river", "oak", "cedar",
    "star", "blue", "sky", "dawn", "hope", "renew", "calm", "bay", "mesa", "stone", "willow",
    "maple", "ridge", "haven", "aspen", "pine", "grove", "canyon", "coast", "field",
]  # fmt: skip


def invented(number):
    """Return invented clinics as they lie in the country: some cities hold many."""
    rng = random.Random(number)
    return [
        Entry(
            id=n,
            name=f"{' '.join(rng.sample(WORDS, 2))} Ketamine {rng.choice(['Clinic', 'Center'])}",
            street=f"{rng.randint(1, 9999)} {rng.choice(WORDS)} Street",
            city=f"City {int(rng.paretovariate(0.5)) % (number // 8)}",
            state="AZ",
            postal_code=f"{rng.randint(0, number // 5):05}",
            phone=f"+1602{rng.randint(0, 10**7):07}",
        )
        for n in range(1, number + 1)
    ]


def counting():
    """Return a similarity that counts how often it was asked."""
    asked = [0]

    def similar(one, other):
        asked[0] += 1
        return token_set_ratio(one, other)

    return similar, asked


def test_twenty_thousand_clinics_take_a_bounded_number_of_comparisons():
    entries = invented(20_000)
    planted = [
        Entry(**{**FIRST, "id": 30_000 + n, "phone": entries[n * 40].phone}) for n in range(400)
    ]
    similar, asked = counting()
    found = find_pairs(entries + planted, similar)
    assert found.compared < 60 * len(entries)
    assert asked[0] <= 2 * found.compared
    pairs = {likeness.pair for likeness in found.pairs}
    assert all((entries[n * 40].id, 30_000 + n) in pairs for n in range(400))


def test_one_number_and_one_door_for_all_is_not_quadratic():
    crowd = [Entry(**{**FIRST, "id": n, "npi": None}) for n in range(1, 3001)]
    found = find_pairs(crowd, token_set_ratio)
    assert found.compared < 60 * len(crowd)
    assert {n for likeness in found.pairs for n in likeness.pair} == set(range(1, 3001))


def test_the_control_that_compares_all_with_all_is_over_the_bound():
    number = 3000
    assert number * (number - 1) / 2 > 60 * number
    small = [Entry(**{**FIRST, "id": n, "npi": None}) for n in range(1, BLOCK + 1)]
    assert find_pairs(small, token_set_ratio).compared == BLOCK * (BLOCK - 1) / 2


def test_reasons_are_in_their_order():
    assert [reason.value for reason in Reason][:3] == ["npi", "phone", "address"]
