"""A subject finds every row of a list that may be about it, and each hit says what agrees."""

from collections.abc import Iterable
from datetime import date
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.domain.exclusions import (
    Coverage,
    Hit,
    Index,
    Kind,
    ListedRow,
    Sign,
    Subject,
    Tier,
    coverage,
)
from directory.domain.listed import first_forms, last_forms
from directory.domain.names import PersonName, Unusable, person_name
from directory.domain.near_words import NearWords, near
from tests.benchmarks.screening_bars import listed_row
from tests.support import leie_file

NPI = "2000000010"
BORN = date(1970, 1, 1)


def person(
    *names: str, npi: str | None = None, born: date | None = None, state: str = ""
) -> Subject:
    states = frozenset([state] if state else [])
    return Subject(kind=Kind.PERSON, names=names, npi=npi, born=born, states=states)


def business(name: str, zip_code: str = "", city: str = "", state: str = "OR") -> Subject:
    return Subject(
        kind=Kind.BUSINESS,
        names=(name,),
        states=frozenset([state]),
        zips=frozenset([zip_code]),
        cities=frozenset([city]),
    )


def row(last: str = "", first: str = "", digest: str = "a", **values: object) -> ListedRow:
    return ListedRow(digest=digest, last=last, first=first, **values)  # type: ignore[arg-type]


def only(rows: Iterable[ListedRow], subject: Subject) -> Hit | None:
    hits = Index(rows).hits(subject)
    assert len(hits) < 2
    return hits[0] if hits else None


def test_the_same_number_is_the_strongest() -> None:
    listed = row("DOE", "JANE", npi=NPI, state="OR")
    hit = only([listed], person("Ana Roe", npi=NPI, state="OR"))
    assert hit == Hit("a", Tier.NPI, (Sign.NPI, Sign.STATE))
    hit = only([listed], person("Jane Doe", npi=NPI))
    assert hit == Hit("a", Tier.NPI, (Sign.NPI, Sign.NAME))


@pytest.mark.parametrize("number", ["0000000000", "2000000011", "", "200000001"])
def test_a_bad_number_matches_nobody(number: str) -> None:
    assert only([row("DOE", "JANE", npi=number)], person("Ana Roe", npi=number)) is None


def test_a_number_counts_across_people_and_businesses() -> None:
    listed = row(business="EXAMPLE CLINIC", npi=NPI)
    hit = only([listed], person("Ana Roe", npi=NPI))
    assert hit is not None
    assert hit.tier is Tier.NPI


def test_tiers_of_a_name() -> None:
    listed = row("ROE", "ANA", born=BORN, state="OR")
    cases = {
        Tier.NAME_AND_BIRTH: person("Ana Roe", born=BORN, state="TX"),
        Tier.NAME_AND_PLACE: person("Dr. Ana Roe, MD", state="OR"),
        Tier.HINT: person("Ana Roe", state="TX"),
    }
    for tier, subject in cases.items():
        hit = only([listed], subject)
        assert hit is not None
        assert hit.tier is tier
    other_birth = only([listed], person("Ana Roe", born=date(1971, 1, 1), state="OR"))
    assert other_birth is not None
    assert other_birth.tier is Tier.NAME_AND_PLACE


def test_a_misspelled_name_is_a_hint_whatever_else_agrees() -> None:
    listed = row("ROEBUCK", "ANNABEL", born=BORN, state="OR")
    for typed in ("Annabel Roebcuk", "Anabel Roebuck", "Annabell Reobuck", "Xnnabel Roebuckk"):
        hit = only([listed], person(typed, born=BORN, state="OR"))
        assert hit is not None
        assert hit.tier is Tier.HINT
        assert hit.why[0] is Sign.NEAR_NAME
    assert only([listed], person("Annabel Robcuk", state="OR")) is None
    assert only([listed], person("Aanbell Roebuck", state="OR")) is None


@pytest.mark.parametrize(
    ("last", "first", "typed"),
    [
        ("LOPEZ-GARCIA", "ANA", "Ana Lopez"),
        ("LOPEZ GARCIA", "ANA", "Ana Garcia"),
        ("LOPEZ", "ANA", "Ana Lopez-Garcia"),
        ("GARCIA", "ANA", "Ana Lopez-Garcia"),
        ("LOPEZ", "ANA", "Ana Lopez Garcia"),
        ("LOPEZGARCIA", "ANA", "Ana Lopez Garcia"),
        ("DE LA CRUZ", "ANA", "Ana de la Cruz"),
        ("DELACRUZ", "ANA", "Ana De La Cruz"),
        ("O'BRIEN", "ANA", "Ana OBrien"),
        ("O BRIEN", "ANA", "Ana O’Brien"),
        ("ROE JR", "JOHN", "John Roe"),
        ("ROE", "MARY ANN", "Mary Ann Roe"),
        ("ROE", "MARY ANN", "Mary Roe"),
        ("ROE", "MARY", "Mary Ann Roe"),
        ("ROE", "MARY-ANN", "Maryann Roe"),
        ("ROE", "JOSE", "José Roé"),
        ("MONTGOMERYFEATHERSTO", "CHRISTOPHERALEX", "Christopheralexander Montgomeryfeatherstone"),
        ("MONTGOMERY-FEATHERST", "ANA", "Ana Montgomery-Featherstone"),
        ("VANDERMONTGOMERY FEA", "ANA", "Ana Vandermontgomery Featherstone"),
    ],
)
def test_names_that_are_the_same(last: str, first: str, typed: str) -> None:
    hit = only([row(last, first, state="OR")], person(typed, state="OR"))
    assert hit is not None
    assert hit.tier is Tier.NAME_AND_PLACE


@pytest.mark.parametrize(
    "typed",
    [
        "Ana Montgomeryfeatherwool",
        "Ana Montgomeryfeather",  # shorter than the cut: another name
        "Montgomeryfeatherstone Ana",
    ],
)
def test_a_cut_name_matches_only_names_that_go_on(typed: str) -> None:
    assert only([row("MONTGOMERYFEATHERSTO", "ANA")], person(typed)) is None


@pytest.mark.parametrize(
    "typed",
    ["Ana Montgomeryfaetherstone", "Ana Montgomeryfeaterstone", "Ana Montgomeryfeathherstone"],
)
def test_a_misspelled_cut_name_is_a_hint(typed: str) -> None:
    hit = only([row("MONTGOMERYFEATHERSTO", "ANA")], person(typed))
    assert hit is not None
    assert hit.why == (Sign.NEAR_NAME,)


def test_two_halves_alone_are_no_match() -> None:
    assert only([row("LOPEZ-RUIZ", "ANA")], person("Ana Lopez-Garcia")) is None


def test_former_names_are_tried() -> None:
    hit = only([row("DOE", "ANA", state="OR")], person("Ana Roe", "Ana Doe", state="OR"))
    assert hit is not None
    assert hit.tier is Tier.NAME_AND_PLACE


def test_an_initial_in_the_list_is_a_hint() -> None:
    hit = only([row("ROE", "A", state="OR")], person("Ana Roe", state="OR"))
    assert hit == Hit("a", Tier.HINT, (Sign.INITIAL, Sign.STATE))


@pytest.mark.parametrize(
    ("listed", "typed"),
    [
        ("EXAMPLE HOME HEALTH INC", "Example Home Health, LLC"),
        ("EXAMPLE HOME HEALTH SERVICES O", "Example Home Health Services of Oregon LLC"),
        ("EXAMPLE HOME HEALTH CLINIC, LL", "Example Home Health Clinic LLC"),
        ("EXAMPLE HOME HEALTH OF OREGON ", "Example Home Health of Oregon West"),
        ("ROE & DOE PHARMACY", "Roe and Doe Pharmacy"),
        ("THE EXAMPLE CLINIC", "Example Clinic"),
    ],
)
def test_a_business_name_and_its_place(listed: str, typed: str) -> None:
    there = row(business=listed, state="OR", zip_code="97214", city="ST HELENS")
    for subject, tier in (
        (business(typed, zip_code="97214"), Tier.NAME_AND_PLACE),
        (business(typed, city="Saint Helens"), Tier.NAME_AND_PLACE),
        (business(typed, city="Saint Helens", state="CA"), Tier.HINT),
        (business(typed, zip_code="97215"), Tier.HINT),
    ):
        hit = only([there], subject)
        assert hit is not None
        assert (hit.tier, hit.why[0]) == (tier, Sign.NAME)


def test_a_misspelled_business_is_a_hint() -> None:
    for listed, typed in (
        ("EXAMPLE INFUSION CENTER LLC", "Exmaple Infusion Center"),
        ("EXAMPLE HOME HEALTH SERVICES O", "Example Hom Health Services of Oregon"),
    ):
        hit = only([row(business=listed, zip_code="97214")], business(typed, zip_code="97214"))
        assert hit is not None
        assert (hit.tier, hit.why[0]) == (Tier.HINT, Sign.NEAR_NAME)


def test_a_cut_city_matches() -> None:
    listed = row(business="EXAMPLE CLINIC", state="CA", city="RANCHO SANTA MARGARI")
    subject = business("Example Clinic", city="Rancho Santa Margarita", state="CA")
    hit = only([listed], subject)
    assert hit is not None
    assert Sign.CITY in hit.why


def test_people_are_not_compared_with_businesses() -> None:
    assert only([row(business="ANA ROE")], person("Ana Roe")) is None
    assert only([row("ROE", "ANA")], business("Ana Roe")) is None


def test_one_hit_for_each_row_the_strongest_first() -> None:
    rows = [
        row("ROE", "ANA", "hint", state="TX"),
        row("ROE", "ANA", "place", state="OR"),
        row("DOE", "EVE", "npi", npi=NPI),
    ]
    hits = Index(rows).hits(person("Ana Roe", "Roe, Ana M.", npi=NPI, state="OR"))
    assert [hit.row_digest for hit in hits] == ["npi", "place", "hint"]


def test_coverage_says_what_could_not_be_compared() -> None:
    assert coverage(person("Ana Roe", npi=NPI)) == Coverage(True, True)
    assert coverage(person("Roe")) == Coverage(False, False, (("Roe", Unusable.ONE_WORD),))
    one_of_two = coverage(person("Ana Roe", "Анна Роэ", npi="2000000011"))
    assert one_of_two == Coverage(False, True, (("Анна Роэ", Unusable.OTHER_LETTERS),))
    assert coverage(person()) == Coverage(False, False)
    assert coverage(business("Example LLC")) == Coverage(False, True)


WORD = st.text(alphabet="abc", max_size=6)


@given(WORD, WORD)
def test_near_is_an_alignment_distance_of_one(one: str, other: str) -> None:
    assert near(one, other) == (OSA.distance(one, other) <= 1)


@given(st.lists(WORD, max_size=30), WORD)
def test_near_words_are_all_found(words: list[str], word: str) -> None:
    expected = {other for other in words if OSA.distance(word, other) <= 1}
    assert NearWords(words).near(word) == expected


def test_all_hits_of_a_brute_force_search_are_found_and_no_others() -> None:
    random = Random(7)
    names = leie_file.Names.seeded(7, lasts=400, firsts=120)
    rows = [
        listed_row(number, found)
        for number, found in enumerate(leie_file.invented_rows(7, 2_000, names))
    ]
    pairs = names.people(random, 2_000)
    typed = [
        random.choice(
            [
                f"{first} {last}",
                f"{first} {leie_file.typo(random, last)}",
                f"{leie_file.typo(random, first)} {leie_file.typo(random, last)}, MD",
                f"{first} {last}-{random.choice(names.lasts)}",
                f"{first} {random.choice(names.firsts)} {last}",
            ]
        )
        for last, first in pairs
    ]
    index = Index(rows)
    found = {
        (place, hit.row_digest, hit.why[0])
        for place, name in enumerate(typed)
        for hit in index.hits(person(name))
    }
    assert found == brute_force(typed, rows)
    signs = {sign for _, _, sign in found}
    assert {Sign.NAME, Sign.NEAR_NAME} <= signs
    assert len(found) > 2_000


def brute_force(typed: list[str], rows: list[ListedRow]) -> set[tuple[int, str, Sign]]:
    """Compare every name with every row by the same rule, word by word, with rapidfuzz."""
    names = {place: read for place, text in enumerate(typed)
             if isinstance(read := person_name(text), PersonName)}  # fmt: skip
    people = [listed for listed in rows if listed.kind is Kind.PERSON]
    forms = {listed.digest: (*last_forms(listed), first_forms(listed)) for listed in people}
    ours = sorted({word for name in names.values() for word in (*name.lasts, *name.firsts)})
    theirs = sorted({word for wholes, _, firsts in forms.values() for word in wholes | firsts})
    far = process.cdist(ours, theirs, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
    near_pairs = {(ours[mine], theirs[other]) for mine, other in np.argwhere(far <= 1)}
    by_last: dict[tuple[frozenset[str], frozenset[str]], list[tuple[str, set[str]]]] = {}
    for digest, (wholes, halves, firsts) in forms.items():
        key = (frozenset(wholes), frozenset(halves))
        by_last.setdefault(key, []).append((digest, firsts))
    found = set()
    for place, name in names.items():
        lasts, parts = set(name.lasts), set(name.parts)
        initials = {first[0] for first in name.firsts}
        for (wholes, halves), there in by_last.items():
            same_last = lasts & (wholes | halves) or parts & wholes
            near_last = any((mine, other) in near_pairs for mine in lasts for other in wholes)
            for digest, firsts in there if same_last or near_last else ():
                if same_last and firsts & set(name.firsts):
                    found.add((place, digest, Sign.NAME))
                elif same_last and firsts & initials:
                    found.add((place, digest, Sign.INITIAL))
                elif near_last and any(
                    (mine, other) in near_pairs for mine in name.firsts for other in firsts
                ):
                    found.add((place, digest, Sign.NEAR_NAME))
    return found
