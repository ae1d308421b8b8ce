"""A clean screening keeps up what people agreed on, and nothing else; the database sees to it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from directory.domain.clinic_entry import PersonFacts
from directory.domain.findings import Outcome, State
from directory.domain.screening import Result
from directory.models import Event, Practitioner
from directory.models.clinic import Post
from directory.operations import practitioners
from directory.operations.vetting import confirm_verification, refuse_verification
from directory.operations.workspace import waiting
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_user
from tests.operations.screened import (
    EXCLUSION,
    LISTED,
    MONTH,
    NPI,
    agreed,
    checks,
    finding,
    finding_in,
    listed,
    load,
    matches,
    person,
    screen,
    site,
)


def test_a_clean_screening_renews_what_two_people_agreed_on(directory):
    clinic = site(directory)
    base = agreed(directory, clinic)
    load(directory, listed())
    done = screen(directory)
    assert done.results[Result.NO_MATCH_NAME] == 2
    made = checks(directory, clinic)[-1]
    assert made.renews_id == base.id
    assert made.checked_on == NOW.date()
    assert made.valid_until == LISTED + timedelta(days=35)
    assert "list of 27 May 2026" in made.source_name
    now = finding(directory, clinic)
    assert now.state is State.MET
    assert now.decided_by.id == made.id
    # And again a month later, still resting on the two people of the beginning.
    later = NOW + MONTH
    load(directory, listed(), dated=LISTED + MONTH, now=later)
    screen(directory, later)
    again = checks(directory, clinic)[-1]
    assert again.id != made.id
    assert again.renews_id == base.id


def test_the_same_list_again_writes_nothing_new(directory):
    clinic = site(directory)
    agreed(directory, clinic)
    person(directory, site(directory), npi=NPI)
    load(directory, listed(npi=NPI))
    screen(directory)
    before = [check.id for check in checks(directory, clinic)], len(matches(directory))
    load(directory, listed(npi=NPI))
    last = directory.scalars(select(Event.id).order_by(Event.id.desc())).first()
    done = screen(directory)
    assert done.found == 0
    assert done.clinics == 0
    assert ([check.id for check in checks(directory, clinic)], len(matches(directory))) == before
    acts = directory.scalars(select(Event.act).where(Event.id > last)).all()
    assert acts == ["screening:finished"]


def test_with_nothing_to_renew_one_person_has_to_agree(directory):
    clinic = site(directory)
    load(directory, listed())
    screen(directory)
    made = checks(directory, clinic)[-1]
    assert made.renews_id is None
    assert finding(directory, clinic).state is State.NOT_CHECKED
    second = make_user(directory)
    found = waiting(directory, second, CATALOGUE)
    assert [check.id for check in found.checks] == [made.id]
    confirm_verification(directory, second, NOW, CATALOGUE, made, two_person=True)
    assert finding(directory, clinic).state is State.MET
    later = NOW + MONTH
    load(directory, listed(), dated=LISTED + MONTH, now=later)
    screen(directory, later)
    assert checks(directory, clinic)[-1].renews_id == made.id


def test_in_a_solo_directory_a_clean_screening_counts_and_a_match_accuses_nobody(directory):
    clean, hit = site(directory), site(directory)
    agreed(directory, hit)
    person(directory, hit, npi=NPI)
    load(directory, listed(npi=NPI))
    screen(directory, two_person=False)
    assert finding_in(directory, clean, two_person=False).state is State.MET
    told = finding_in(directory, hit, two_person=False)
    assert told.state is State.NOT_CHECKED
    assert told.in_recheck


def test_a_renewal_never_passes_over_a_change(directory):
    clinic = site(directory)
    agreed(directory, clinic)
    load(directory, listed())
    screen(directory)
    actor = make_user(directory)
    common = (directory, actor, NOW, CATALOGUE)
    facts = PersonFacts(name="Alex Harmless", profession="MD", npi=None)
    alex = practitioners.create_person(*common, Practitioner, facts, two_person=True)
    practitioners.start_role(*common, alex, clinic, Post.PRESCRIBER, LISTED, two_person=True)
    changed, made = checks(directory, clinic)[-2:]
    assert changed.outcome is Outcome.CHANGED
    assert (made.outcome, made.renews_id) == (Outcome.MET, None)
    now = finding(directory, clinic)
    assert now.state is State.NOT_CHECKED
    assert now.waiting.id == made.id
    # Nor does the next list bring it back: somebody has to look.
    later = NOW + MONTH
    load(directory, listed(), dated=LISTED + MONTH, now=later)
    screen(directory, later)
    assert checks(directory, clinic)[-1].renews_id is None
    assert finding(directory, clinic).state is State.NOT_CHECKED


def test_a_renewal_never_passes_over_a_refusal_or_a_finding(directory):
    refused, adverse = site(directory), site(directory)
    for clinic in (refused, adverse):
        agreed(directory, clinic, days_ago=60)
    first, second = make_user(directory), make_user(directory)
    made = make_check(directory, CATALOGUE, refused, EXCLUSION, by=first, days_ago=10)
    refuse_verification(directory, second, NOW, CATALOGUE, made, "not so", two_person=True)
    make_check(
        directory, CATALOGUE, adverse, EXCLUSION, by=first, second=second, days_ago=10,
        outcome=Outcome.NOT_MET, valid_until=None,
    )  # fmt: skip
    load(directory, listed())
    screen(directory)
    assert checks(directory, refused)[-1].renews_id is None
    assert finding(directory, refused).state is not State.MET
    # What people found against a clinic is theirs: the program says nothing there.
    assert checks(directory, adverse)[-1].outcome is Outcome.NOT_MET
    assert finding(directory, adverse).state is State.NOT_MET


def test_a_better_check_of_people_is_left_alone(directory):
    clinic = site(directory)
    agreed(directory, clinic, days_ago=0)
    load(directory, listed())
    screen(directory)
    assert len(checks(directory, clinic)) == 1


COLUMNS = (
    "clinic_id, edition, criterion, outcome, level, checked_on, valid_until, source_name, note, "
    "private_note, recorded_by, recorded_at"
)


@pytest.mark.parametrize(
    ("which", "changes"),
    [
        ("waiting", {}),
        ("elsewhere", {}),
        ("agreed", {"outcome": "'not_met'"}),
        ("agreed", {"criterion": "'sup-acls'"}),
        ("agreed", {"level": "'document'"}),
        ("nowhere", {}),
    ],
)
def test_the_database_itself_refuses_a_forged_renewal(directory, which, changes):
    clinic, other = site(directory), site(directory)
    base = agreed(directory, clinic)
    renewed = {
        "agreed": base.id,
        "waiting": make_check(directory, CATALOGUE, clinic, EXCLUSION, by=make_user(directory)).id,
        "elsewhere": agreed(directory, other).id,
        "nowhere": 10**6,
    }[which]
    picked = ", ".join(changes.get(name, name) for name in COLUMNS.split(", "))
    forged = text(
        f"INSERT INTO verification ({COLUMNS}, renews_id) "
        f"SELECT {picked}, :renewed FROM verification WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match=r"(?i)foreign key|renews_met"):
        directory.execute(forged, {"renewed": renewed, "id": base.id})
    directory.rollback()


def test_the_control_of_the_forgery_is_taken(directory):
    clinic = site(directory)
    base = agreed(directory, clinic)
    directory.execute(
        text(
            f"INSERT INTO verification ({COLUMNS}, renews_id) "
            f"SELECT {COLUMNS}, id FROM verification WHERE id = :id"
        ),
        {"id": base.id},
    )
    assert len(checks(directory, clinic)) == 2
