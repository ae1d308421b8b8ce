"""Screening: every tier, three results and never two, and what the program may write by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from directory.domain.clinic_entry import PersonFacts
from directory.domain.findings import Outcome, State
from directory.domain.imports import ImportKind
from directory.domain.screening import CouldNot, MatchState, Result
from directory.domain.standing import Listing
from directory.models import Screening
from directory.models.clinic import Post
from directory.operations import practitioners
from directory.operations.matches import compared, compared_at
from directory.operations.vetting import CheckRefused, confirm_verification
from directory.operations.workspace import waiting
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic, make_user
from tests.operations.screened import (
    LISTED,
    NPI,
    OTHER_NPI,
    agreed,
    begin,
    checks,
    finding,
    listed,
    load,
    matches,
    owner,
    person,
    screen,
    site,
)

MONTH = timedelta(days=30)


def result_of(session, row):
    kind = type(row).__name__.lower()
    found = select(Screening).where(getattr(Screening, f"{kind}_id") == row.id)
    return session.scalars(found.execution_options(populate_existing=True)).one()


@pytest.mark.parametrize(
    ("ours", "row", "tier"),
    [
        ({"name": "Dana Example", "npi": NPI}, {"npi": NPI}, 1),
        ({"name": "Somebody Other", "npi": NPI}, {"npi": NPI}, 1),
        ({"name": "Dana Q. Example"}, {}, 3),
        ({"name": "Dana Newname", "former_names": ["Dana Example"]}, {}, 3),
        ({"name": "Dana Example"}, {"state": "ME", "city": "BANGOR"}, 4),
        ({"name": "Dana Exampel"}, {"last_name": "EXAMPLES", "first_name": "DANA"}, None),
        ({"name": "Dana Exampla"}, {}, 4),
        ({"name": "Dana Example", "npi": NPI}, {"npi": OTHER_NPI, "state": "ME"}, 4),
    ],
)
def test_each_tier_of_a_person_is_found(directory, ours, row, tier):
    clinic = site(directory)
    dana = person(directory, clinic, **ours)
    load(directory, listed(**row))
    screen(directory)
    assert [match.tier for match in matches(directory)] == ([tier] if tier else [])
    held = result_of(directory, dana).result
    clean = (Result.NO_MATCH_NPI, Result.NO_MATCH_NAME)
    assert held in ((Result.POSSIBLE,) if tier in (1, 3) else clean)


def test_an_owner_and_the_clinics_own_name_are_compared_too(directory):
    clinic = site(directory, name="Lakeview Example Infusion of Phoenix")
    held = owner(directory, clinic, "Invented Holdings LLC")
    load(
        directory,
        listed(last_name="", first_name="", business_name="INVENTED HOLDINGS LLC", city="PHOENIX"),
        listed(
            last_name="", first_name="",
            business_name="LAKEVIEW EXAMPLE INFUSION OF P", postal_code="85004",
        ),
    )  # fmt: skip
    screen(directory)
    assert {match.subject for match in matches(directory)} == {
        ("organization", held.id),
        ("clinic", clinic.id),
    }
    assert result_of(directory, held).result is Result.POSSIBLE
    assert result_of(directory, clinic).result is Result.POSSIBLE


def test_an_owner_without_a_clinic_is_compared_as_well(directory):
    clinic = site(directory)
    held = owner(directory, clinic)
    clinic.organization_id = None
    load(directory, listed())
    assert screen(directory).compared == 3
    assert result_of(directory, held).result is Result.NO_MATCH_NAME


def test_there_are_three_results_and_each_says_why(directory):
    clinic = site(directory)
    with_npi = person(directory, clinic, name="Kim Harmless", npi=NPI)
    unusable = person(directory, clinic, name="Ло Ши", post=Post.MONITORING_CLINICIAN)
    empty = make_clinic(directory)
    assert compared_at(directory, NOW, clinic.id)[0].said.reason is CouldNot.NO_LIST
    load(directory, listed())
    assert compared_at(directory, NOW, clinic.id)[0].said.reason is CouldNot.NOT_YET
    screen(directory)
    assert result_of(directory, with_npi).result is Result.NO_MATCH_NPI
    assert result_of(directory, unusable).reason is CouldNot.NAME_UNUSABLE
    assert result_of(directory, empty).reason is CouldNot.NOBODY_IN_CHARGE
    # Who only watches and cannot be compared does not keep those in charge from being clear.
    assert checks(directory, clinic)
    assert not checks(directory, empty)
    words = {r.value for r in Result} | {r.value for r in CouldNot}
    assert not any("excluded" in word for word in words)


def test_without_a_full_list_nothing_is_said(directory):
    site(directory)
    assert screen(directory) is None
    assert directory.scalars(select(Screening)).all() == []


@pytest.mark.parametrize("part", [{"kind": ImportKind.LEIE_SUPPLEMENT}, {"file": "2605EXCL.csv"}])
def test_a_part_of_a_list_finds_matches_and_clears_nobody(directory, part):
    clinic, hit = site(directory), site(directory)
    dana = person(directory, hit)
    load(directory, listed(), **part)
    screen(directory)
    assert len(matches(directory)) == 1
    assert result_of(directory, dana).result is Result.POSSIBLE
    assert result_of(directory, clinic).reason is CouldNot.NO_LIST
    assert not checks(directory, clinic)


def test_a_list_older_than_35_days_finds_matches_and_clears_nobody(directory):
    clinic, hit = site(directory), site(directory)
    person(directory, hit, npi=NPI)
    old = (NOW - timedelta(days=36)).date()
    load(directory, listed(npi=NPI), dated=old)
    screen(directory)
    assert len(matches(directory)) == 1
    assert result_of(directory, clinic).reason is CouldNot.LIST_OLD
    assert not checks(directory, clinic)
    load(directory, listed(npi=NPI), dated=old + timedelta(days=1))
    screen(directory)
    assert result_of(directory, clinic).result is Result.NO_MATCH_NAME
    assert checks(directory, clinic)


def test_a_result_grows_old_by_itself(directory):
    clinic = site(directory)
    load(directory, listed())
    screen(directory)
    key = ("clinic", clinic.id)
    last = LISTED + timedelta(days=35)
    on_the_last_day = NOW + timedelta(days=(last - NOW.date()).days)
    assert compared(directory, on_the_last_day, [key])[0].said.result is Result.NO_MATCH_NAME
    day_after = on_the_last_day + timedelta(days=1)
    assert compared(directory, day_after, [key])[0].said.reason is CouldNot.LIST_OLD


@pytest.mark.parametrize(("row", "withheld"), [({"npi": NPI}, True), ({}, False)])
def test_a_likely_match_withholds_the_met_at_once_and_tells_nobody(directory, row, withheld):
    clinic = site(directory)
    agreed(directory, clinic)
    person(directory, clinic, npi=NPI)
    load(directory, listed(**row))
    screen(directory)
    now = finding(directory, clinic)
    assert now.in_recheck == withheld
    assert now.state is (State.NOT_CHECKED if withheld else State.MET)
    # A weaker one writes no check; it only keeps the met from being renewed.
    assert len(checks(directory, clinic)) == (2 if withheld else 1)


def test_a_hint_does_not_keep_the_met_from_being_renewed(directory):
    clinic = site(directory)
    agreed(directory, clinic)
    person(directory, clinic, name="Dana Exampla")
    load(directory, listed())
    screen(directory)
    assert [match.tier for match in matches(directory)] == [4]
    assert checks(directory, clinic)[-1].renews_id is not None
    assert matches(directory)[0].state is MatchState.POTENTIAL


def test_what_the_program_found_is_not_among_the_second_looks(directory):
    clinic = site(directory)
    person(directory, clinic, npi=NPI)
    load(directory, listed(npi=NPI))
    screen(directory)
    second = make_user(directory)
    assert waiting(directory, second, CATALOGUE).total == 0
    made = checks(directory, clinic)[-1]
    with pytest.raises(CheckRefused, match="page of the match"):
        confirm_verification(directory, second, NOW, CATALOGUE, made, two_person=True)


def test_whoever_works_at_two_clinics_concerns_both(directory):
    one, other = site(directory), site(directory)
    dana = person(directory, one, npi=NPI)
    begin(directory, other, dana, Post.MONITORING_CLINICIAN)
    agreed(directory, other)
    load(directory, listed(npi=NPI))
    screen(directory)
    assert len(matches(directory)) == 1
    assert all(checks(directory, clinic)[-1].outcome is Outcome.NOT_MET for clinic in (one, other))


def test_closed_clinics_and_past_posts_concern_nobody(directory):
    closed = make_clinic(directory, listing=Listing.CLOSED, listing_reason="gone")
    person(directory, closed, npi=NPI)
    left = site(directory)
    dana = person(directory, left, name="Dana Example")
    dana.roles[0].ended_on = NOW.date() - timedelta(days=10)
    load(directory, listed(npi=NPI), listed())
    screen(directory)
    assert matches(directory) == []


def test_an_edit_is_compared_in_its_own_transaction(directory):
    clinic = site(directory)
    load(directory, listed(npi=NPI))
    screen(directory)
    actor = make_user(directory)
    common = (directory, actor, NOW, CATALOGUE)
    facts = PersonFacts(name="Sam Harmless", profession="MD", npi=None)
    sam = practitioners.create_person(*common, practitioners.Practitioner, facts, two_person=True)
    practitioners.start_role(*common, sam, clinic, Post.PRESCRIBER, LISTED, two_person=True)
    assert result_of(directory, sam).result is Result.NO_MATCH_NAME
    assert matches(directory) == []
    facts = PersonFacts(
        name="Sam Harmless", profession="MD", npi=None, former_names=("Dana Example",)
    )
    practitioners.save_person(*common, sam, facts, version=sam.version, two_person=True)
    assert [match.tier for match in matches(directory)] == [3]
    facts = PersonFacts(name="Sam Harmless", profession="MD", npi=NPI)
    practitioners.save_person(*common, sam, facts, version=sam.version, two_person=True)
    assert [match.tier for match in matches(directory)] == [1]
    assert finding(directory, clinic).in_recheck
    assert result_of(directory, sam).result is Result.POSSIBLE
