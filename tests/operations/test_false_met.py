"""Ways in which a clinic was called met without a reason; each was found by reading."""

import pytest

from directory.domain.clinic_entry import PersonFacts
from directory.domain.screening import MatchState
from directory.models import Practitioner
from directory.models.clinic import Post
from directory.operations import matches as decisions
from directory.operations import practitioners
from directory.operations.vetting import CheckRefused, confirm_verification
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic, make_user
from tests.operations import screened
from tests.operations.edits import TODAY, checked, edited
from tests.operations.merges import a_pair, clinic, merged_into, public, states, undone, works_at


def renamed(session, person):
    facts = PersonFacts(name="Alex Renamed", npi=None, profession="MD", former_names=())
    practitioners.save_person(
        session, make_user(session), NOW, CATALOGUE, person, facts,
        version=person.version, two_person=True,
    )  # fmt: skip


def test_a_director_who_goes_back_takes_the_checks_of_them_along(directory):
    kept, merged = a_pair(directory)
    works_at(directory, merged)
    row = merged_into(directory, kept, merged)
    checked(directory, kept, "sup-director", "med-locked", days_ago=0)
    public(directory, kept, merged)
    assert states(directory, kept)["sup-director"] == "met"
    undone(directory, row)
    directory.expire_all()
    found = states(directory, clinic(directory, kept.id))
    assert (found["sup-director"], found["med-locked"]) == ("not_checked", "met")


def test_an_edit_while_merged_reaches_the_checks_that_were_set_aside(directory, gazetteer):
    kept, merged = a_pair(directory)
    works_at(directory, merged)
    checked(directory, kept, "sup-exclusion", "opn-contact")
    row = merged_into(directory, kept, merged)
    assert states(directory, kept)["sup-exclusion"] == "not_checked", "a director came along"
    edited(directory, make_user(directory), gazetteer, clinic(directory, kept.id), name="Moonset")
    undone(directory, row)
    directory.expire_all()
    assert states(directory, clinic(directory, kept.id))["sup-exclusion"] == "not_checked"


def test_a_person_edited_while_merged_is_another_after_the_undo(directory):
    kept, merged = a_pair(directory)
    role = works_at(directory, merged)
    person = role.practitioner
    checked(directory, merged, "sup-director", "sup-exclusion")
    public(directory, kept, merged)
    row = merged_into(directory, kept, merged)
    renamed(directory, directory.get(Practitioner, person.id))
    undone(directory, row)
    directory.expire_all()
    found = states(directory, clinic(directory, merged.id))
    assert (found["sup-director"], found["sup-exclusion"]) == ("not_checked", "not_checked")


def test_a_post_ended_while_merged_is_ended_after_the_undo(directory):
    kept, merged = a_pair(directory)
    role = works_at(directory, merged)
    checked(directory, merged, "sup-director")
    public(directory, kept, merged)
    row = merged_into(directory, kept, merged)
    directory.refresh(role)
    practitioners.end_role(
        directory, make_user(directory), NOW, CATALOGUE, role, TODAY,
        version=role.version, two_person=True,
    )  # fmt: skip
    undone(directory, row)
    directory.expire_all()
    assert states(directory, clinic(directory, merged.id))["sup-director"] == "not_checked"


def test_a_hint_that_was_dismissed_comes_back_when_the_place_agrees_too(directory):
    here = make_clinic(directory)
    who = screened.person(directory, here)
    screened.load(directory, screened.listed(state="NY", city="ALBANY", postal_code="12201"))
    screened.screen(directory)
    (match,) = screened.matches(directory)
    assert match.tier == 4
    decisions.dismiss(
        directory, make_user(directory), NOW, CATALOGUE, match, "Another state.",
        version=match.version, two_person=True,
    )  # fmt: skip
    there = make_clinic(directory, state="NY", city="Albany", postal_code="12201")
    practitioners.start_role(
        directory, make_user(directory), NOW, CATALOGUE, who, there, Post.MEDICAL_DIRECTOR, TODAY,
        two_person=True,
    )  # fmt: skip
    assert (match.state, match.tier) == (MatchState.POTENTIAL, 3)


def test_two_people_do_not_agree_over_an_undecided_match(directory):
    here = make_clinic(directory)
    screened.person(directory, here, npi=screened.NPI)
    screened.agreed(directory, here)
    screened.load(directory, screened.listed(npi=screened.NPI))
    screened.screen(directory)
    assert screened.finding(directory, here).state.value == "not_checked"
    screened.agreed(directory, here, days_ago=0)
    found = screened.finding(directory, here)
    assert found.state.value != "met", "a match by NPI waits for its decision"


def test_an_accusation_comes_after_a_check_of_a_later_day(directory):
    here = make_clinic(directory, timezone="Pacific/Guam")
    screened.person(directory, here, npi=screened.NPI)
    screened.agreed(directory, here, days_ago=-1)
    here.timezone = "Pacific/Honolulu"
    screened.load(directory, screened.listed(npi=screened.NPI))
    screened.screen(directory)
    assert screened.finding(directory, here).state.value == "not_checked"


def test_a_confirmed_match_is_not_talked_away_while_the_person_is_there(directory):
    here = make_clinic(directory)
    screened.person(directory, here, npi=screened.NPI)
    screened.load(directory, screened.listed(npi=screened.NPI))
    screened.screen(directory)
    (match,) = screened.matches(directory)
    decisions.confirm(
        directory, make_user(directory), NOW, CATALOGUE, match, "The same number.",
        version=match.version, two_person=True,
    )  # fmt: skip
    check = screened.make_check(
        directory,
        CATALOGUE,
        here,
        screened.EXCLUSION,
        by=make_user(directory),
        days_ago=0,
        lasts=35,
    )
    with pytest.raises(CheckRefused):
        confirm_verification(
            directory, make_user(directory), NOW, CATALOGUE, check, two_person=True
        )
    elsewhere = make_clinic(directory)
    other = screened.make_check(
        directory, CATALOGUE, elsewhere, screened.EXCLUSION, by=make_user(directory), days_ago=0,
        lasts=35,
    )  # fmt: skip
    assert confirm_verification(
        directory, make_user(directory), NOW, CATALOGUE, other, two_person=True
    )


def test_the_number_of_a_merged_listing_that_is_confirmed_warns_of_the_one_that_is_kept(directory):
    kept, merged = a_pair(directory, npi=screened.NPI)
    kept.npi = screened.OTHER_NPI
    for one in (kept, merged):
        screened.person(directory, one, name="Robin Harmless")
    screened.agreed(directory, kept)
    screened.load(directory, screened.listed(npi=screened.NPI))
    screened.screen(directory)
    (match,) = screened.matches(directory)
    assert match.clinic_id == merged.id
    merged_into(directory, kept, merged)
    match = screened.matches(directory)[0]
    decisions.confirm(
        directory, make_user(directory), NOW, CATALOGUE, match, "The same number.",
        version=match.version, two_person=True,
    )  # fmt: skip
    assert states(directory, clinic(directory, kept.id))["sup-exclusion"] == "not_met"
