"""A person decides on a match: what follows at once, what is remembered, and who may not."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from directory.domain.clinic_entry import PersonFacts
from directory.domain.entries import EntryRefused
from directory.domain.findings import Outcome, State
from directory.domain.screening import BirthDate, MatchState, Result
from directory.domain.standing import STANDINGS, StandingCode
from directory.models import Confirmation, Event, SearchRow
from directory.models.clinic import Post
from directory.models.staff import ConflictOfInterest, StaffRole
from directory.operations import matches as decisions
from directory.operations import practitioners
from directory.operations.clinics import public_clinic
from directory.operations.stale import Stale
from directory.operations.vetting import confirm_verification
from directory.operations.workspace import waiting
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_user
from tests.operations.screened import (
    BORN,
    EXCLUSION,
    LISTED,
    MONTH,
    NPI,
    agreed,
    begin,
    checks,
    finding,
    finding_in,
    listed,
    load,
    matches,
    owner,
    person,
    screen,
    site,
)

LATER = NOW + MONTH


@pytest.fixture
def actor(directory):
    """A verifier."""
    return make_user(directory)


def decide(directory, actor, step, match, reason="I looked both up.", *, two_person=True, **more):
    operation = getattr(decisions, step)
    version = more.pop("version", match.version)
    operation(
        directory, actor, more.pop("now", NOW), CATALOGUE, match, reason,
        version=version, two_person=two_person,
    )  # fmt: skip


def next_month(directory, *rows):
    """The list of a month later comes, and everyone is compared with it."""
    load(directory, *rows, dated=LISTED + MONTH, now=LATER)
    return screen(directory, LATER)


def likely(directory, *, name="Dana Example", row=None):
    """Return a clinic that was met, and a match that withholds that."""
    clinic = site(directory)
    agreed(directory, clinic)
    person(directory, clinic, name=name, npi=NPI)
    load(directory, row or listed(npi=NPI))
    screen(directory)
    return clinic, matches(directory)[-1]


def standing(directory, clinic):
    directory.expire_all()
    return STANDINGS[directory.get(SearchRow, clinic.id).standing]


@pytest.mark.parametrize("npi", [NPI, None])
def test_a_confirmed_match_warns_of_every_clinic_at_once(directory, actor, npi):
    one, other = site(directory), site(directory)
    dana = person(directory, one, npi=npi)
    begin(directory, other, dana, Post.PRESCRIBER)
    load(directory, listed(npi=npi))
    screen(directory)
    match = matches(directory)[0]
    assert match.tier == (1 if npi else 3)
    decide(directory, actor, "confirm", match)
    for clinic, post in ((one, "the medical director here"), (other, "who prescribes here")):
        assert standing(directory, clinic) is StandingCode.WARNING
        told = finding(directory, clinic)
        assert told.state is State.NOT_MET
        page = public_clinic(directory, CATALOGUE, clinic.id, NOW, two_person=True)
        check = page.deciding(next(f for f in page.findings if f.criterion == EXCLUSION))
        assert check.note == (
            f"Dana Example, {post}, is on the federal exclusion list since 20 May 2019."
        )
        assert "list of 27 May 2026" in check.source_name
        assert check.source_url.startswith("https://oig.hhs.gov/")
        assert check.confirmation.confirmed_by == actor.id != check.recorded_by
        assert str(BORN) not in check.evidence[0].record


def test_an_owner_on_the_list_is_said_in_words(directory, actor):
    clinic = site(directory)
    owner(directory, clinic, "Invented Holdings LLC")
    row = listed(last_name="", first_name="", business_name="INVENTED HOLDINGS", city="PHOENIX")
    load(directory, row)
    screen(directory)
    decide(directory, actor, "confirm", matches(directory)[0])
    assert checks(directory, clinic)[-1].note.startswith(
        "The owner, Invented Holdings LLC, is on the"
    )


def test_a_dismissal_gives_the_met_back_and_is_remembered(directory, actor):
    clinic, match = likely(directory)
    assert finding(directory, clinic).state is State.NOT_CHECKED
    decide(directory, actor, "dismiss", match)
    now = finding(directory, clinic)
    assert now.state is State.MET
    assert now.decided_by.renews is not None
    assert next_month(directory, listed(npi=NPI)).found == 0
    assert matches(directory)[0].state is MatchState.DISMISSED
    assert checks(directory, clinic)[-1].valid_until == LISTED + MONTH + timedelta(days=35)
    assert finding(directory, clinic).state is State.MET


def test_a_changed_row_brings_the_question_back(directory, actor):
    _clinic, match = likely(directory)
    decide(directory, actor, "dismiss", match)
    assert next_month(directory, listed(npi=NPI, street="2 OTHER ROAD")).found == 1
    assert [m.state for m in matches(directory)] == [MatchState.DISMISSED, MatchState.POTENTIAL]


@pytest.mark.parametrize(
    "changes",
    [{"name": "Dana R. Example"}, {"former_names": ("Dana Former",)}, {"npi": None}],
)
def test_another_name_or_number_brings_the_question_back(directory, actor, changes):
    _clinic, match = likely(directory)
    decide(directory, actor, "dismiss", match)
    dana = match.practitioner
    values = {"name": dana.name, "profession": "MD", "npi": NPI, "former_names": ()} | changes
    practitioners.save_person(
        directory, actor, NOW, CATALOGUE, dana, PersonFacts(**values),
        version=dana.version, two_person=True,
    )  # fmt: skip
    assert [m.state for m in matches(directory)] == [MatchState.POTENTIAL]


def test_another_profession_does_not(directory, actor):
    _clinic, match = likely(directory)
    decide(directory, actor, "dismiss", match)
    dana = match.practitioner
    facts = PersonFacts(name=dana.name, profession="DO", npi=NPI)
    practitioners.save_person(
        directory, actor, NOW, CATALOGUE, dana, facts, version=dana.version, two_person=True
    )
    assert [m.state for m in matches(directory)] == [MatchState.DISMISSED]


def test_whoever_leaves_the_list_becomes_work_and_is_not_silently_clean(directory, actor):
    clinic, match = likely(directory)
    decide(directory, actor, "confirm", match)
    assert decisions.waiting(directory) == 0
    next_month(directory, listed(last_name="SOMEBODY"))
    assert match.gone_on == LISTED + MONTH
    assert decisions.waiting(directory) == 1
    assert standing(directory, clinic) is StandingCode.WARNING
    # An admin asks again, somebody dismisses it, and one person agrees that all is clean.
    admin = make_user(directory, StaffRole.ADMIN)
    decide(directory, admin, "reopen", match, now=LATER)
    assert standing(directory, clinic) is StandingCode.WARNING
    decide(directory, actor, "dismiss", match, "Reinstated.", now=LATER)
    found = waiting(directory, actor, CATALOGUE)
    assert [check.clinic_id for check in found.checks] == [clinic.id]
    assert found.checks[0].renews_id is None
    confirm_verification(directory, actor, LATER, CATALOGUE, found.checks[0], two_person=True)
    assert finding(directory, clinic).state is State.MET


def test_only_an_admin_opens_a_decision_again(directory, actor):
    clinic, match = likely(directory)
    decide(directory, actor, "dismiss", match)
    with pytest.raises(EntryRefused, match="admin_only"):
        decide(directory, actor, "reopen", match)
    decide(directory, make_user(directory, StaffRole.ADMIN), "reopen", match)
    assert match.state is MatchState.POTENTIAL
    assert finding(directory, clinic).in_recheck
    decide(directory, actor, "confirm", match)
    assert standing(directory, clinic) is StandingCode.WARNING


def test_a_new_post_of_somebody_confirmed_withholds_and_asks(directory, actor):
    clinic, match = likely(directory)
    decide(directory, actor, "confirm", match)
    other = site(directory)
    agreed(directory, other)
    practitioners.start_role(
        directory, actor, NOW, CATALOGUE, match.practitioner, other, Post.PRESCRIBER, LISTED,
        two_person=True,
    )  # fmt: skip
    assert finding(directory, other).in_recheck
    assert finding(directory, other).state is State.NOT_CHECKED
    assert decisions.waiting(directory) == 1
    decide(directory, actor, "confirm", match)
    assert standing(directory, other) is StandingCode.WARNING
    assert standing(directory, clinic) is StandingCode.WARNING
    assert decisions.waiting(directory) == 0


def test_whoever_left_before_the_decision_harms_no_clinic(directory, actor):
    clinic, match = likely(directory)
    match.practitioner.roles[0].ended_on = NOW.date() - timedelta(days=1)
    decide(directory, actor, "confirm", match)
    directory.expire_all()
    assert checks(directory, clinic)[1].refusal.reason == decisions.LEFT
    assert finding(directory, clinic).state is State.MET


def test_in_a_solo_directory_a_person_still_decides(directory, actor):
    clinic = site(directory)
    person(directory, clinic, npi=NPI)
    load(directory, listed(npi=NPI))
    screen(directory, two_person=False)
    assert finding_in(directory, clinic, two_person=False).state is not State.NOT_MET
    decide(directory, actor, "confirm", matches(directory)[0], two_person=False)
    assert finding_in(directory, clinic, two_person=False).state is State.NOT_MET


@pytest.mark.parametrize(
    ("typed", "row", "answer", "tier"),
    [
        (BORN, {}, BirthDate.EQUAL, 2),
        (BORN + timedelta(days=1), {}, BirthDate.DIFFERS, 3),
        (BORN, {"born_on": None}, BirthDate.NOT_ON_LIST, 3),
    ],
)
def test_a_birth_date_is_compared_once_and_only_the_answer_is_kept(
    directory, actor, typed, row, answer, tier
):
    clinic = site(directory)
    agreed(directory, clinic)
    person(directory, clinic)
    load(directory, listed(**row))
    screen(directory)
    match = matches(directory)[0]
    found = decisions.compare_birth_date(
        directory, actor, NOW, CATALOGUE, match, typed, version=match.version, two_person=True
    )
    assert (found, match.birth_date, match.tier) == (answer, answer, tier)
    # The same name and birth date withholds the met at once.
    assert finding(directory, clinic).in_recheck == (tier == 2)
    said = [e for e in directory.scalars(select(Event)) if e.act == "match:birth_date_compared"]
    assert [e.after for e in said] == [{"answer": answer.value, "tier": tier}]
    # The next list finds it by name and place only; what was found out stays.
    next_month(directory, listed(**row))
    assert match.tier == tier


def test_of_two_who_decide_one_is_told(directory, actor):
    _clinic, match = likely(directory)
    seen = match.version
    decide(directory, actor, "dismiss", match)
    with pytest.raises(Stale):
        decide(directory, make_user(directory), "confirm", match, version=seen)
    with pytest.raises(EntryRefused, match="match_step"):
        decide(directory, make_user(directory), "confirm", match)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_decision_has_a_reason(directory, actor, reason):
    _clinic, match = likely(directory)
    with pytest.raises(EntryRefused, match=r"match_reason|too_long"):
        decide(directory, actor, "confirm", match, reason)


@pytest.mark.parametrize("step", ["confirm", "dismiss", "reopen"])
def test_whoever_has_an_interest_decides_nothing(directory, step):
    clinic, match = likely(directory)
    tied = make_user(directory, StaffRole.ADMIN)
    directory.add(
        ConflictOfInterest(user_id=tied.id, clinic_id=clinic.id, reason="family", declared_at=NOW)
    )
    directory.flush()
    with pytest.raises(EntryRefused, match="conflicted"):
        decide(directory, tied, step, match)
    with pytest.raises(EntryRefused, match="conflicted"):
        decisions.compare_birth_date(
            directory, tied, NOW, CATALOGUE, match, date(1970, 1, 1),
            version=match.version, two_person=True,
        )  # fmt: skip


def test_each_decision_is_one_line_of_its_own(directory, actor):
    _clinic, match = likely(directory)
    last = directory.scalars(select(Event.id).order_by(Event.id.desc())).first()
    decide(directory, actor, "confirm", match)
    acts = directory.scalars(select(Event.act).where(Event.id > last).order_by(Event.id)).all()
    assert acts == ["match:confirmed", "verification:confirmed"]
    lines = [e for e in directory.scalars(select(Event)) if e.act == "match:confirmed"]
    assert lines[0].reason == "I looked both up."
    assert lines[0].subject_id == match.id


def test_the_program_never_confirms_itself(directory, actor):
    clinic, match = likely(directory)
    decide(directory, actor, "confirm", match)
    for row in directory.scalars(select(Confirmation)):
        assert row.confirmed_by != row.recorded_by
    assert decisions.compared_at(directory, NOW, clinic.id)[0].said.result is not Result.COULD_NOT
    assert checks(directory, clinic)[-1].outcome is Outcome.NOT_MET
