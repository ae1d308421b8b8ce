"""The quick reading of the plan says what the plain one says, in as many statements at any size."""

from datetime import timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Level
from directory.domain.findings import Outcome, finding_of, in_order, minute_of, today_in
from directory.domain.looks import AttemptReason, Channel, Known
from directory.domain.plan import due_item
from directory.domain.services import Modality
from directory.models import Clinic, User, Verification
from directory.models.engine import tune
from directory.operations import plan
from directory.operations.catalogue import load_edition
from directory.operations.listings import check_of
from directory.operations.people import system_user
from directory.operations.vetting import add_refusal
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_check, make_clinic, make_user

DAYS = (0, 40, 200, 400, 900)
SPOILT = 40
"""Criteria on which a hard history is written on top of the demonstration."""


@pytest.fixture(scope="module")
def demonstration(databases):
    """The demonstration, with hard histories on top: tries, refusals, changes, in any order."""
    url = databases.fresh("demo")
    engine = create_engine(url)
    tune(engine)
    with Session(engine) as session:
        _write_hard_histories(session)
        session.commit()
        yield session
    engine.dispose()
    databases.drop(url)


def _write_hard_histories(session):
    first, second = make_user(session), make_user(session)
    clinics = session.scalars(select(Clinic).order_by(Clinic.id)).all()
    kinds = [
        {"outcome": Outcome.COULD_NOT_CHECK, "valid_until": None, "channel": Channel.PHONE}
        | {"attempt_reason": AttemptReason.NO_ANSWER},
        {"outcome": Outcome.NOT_MET, "valid_until": None, "note": "It was not there."},
        {"outcome": Outcome.CHANGED, "valid_until": None, "level": Level.ATTESTED},
        {"level": Level.ATTESTED},
        {"note": "Seen"},
    ]
    for number in range(SPOILT):
        clinic = clinics[number % len(clinics)]
        criterion = CATALOGUE.criteria[number * 7 % len(CATALOGUE.criteria)]
        for step in range(6):
            turn = number * 5 + step * step * 3
            kind = kinds[turn % 5]
            agreed = turn % 4 == 0 and kind.get("outcome") in (None, Outcome.NOT_MET)
            made = make_check(
                session,
                CATALOGUE,
                clinic,
                criterion.code,
                by=first,
                second=second if agreed else None,
                now=NOW + timedelta(minutes=number),
                days_ago=turn % 9,
                **kind,
            )
            if not agreed and turn % 3 == 0:
                add_refusal(session, second, NOW, made, "No.")


def slow_known(session, *, two_person):
    """What is known of each criterion at each clinic: row by row, by the finding of the page."""
    rows = session.scalars(
        select(Verification).order_by(Verification.clinic_id, Verification.criterion)
    )
    for pair, group in groupby(rows, key=lambda row: (row.clinic_id, row.criterion)):
        found = list(group)
        channels = {row.id: row.channel for row in found}
        checks = in_order(map(check_of, found))
        zone = ZoneInfo(found[0].clinic.timezone)
        finding = finding_of(CATALOGUE.criterion(pair[1]), checks, zone, two_person=two_person)
        real = [check for check in checks if check.outcome is not Outcome.CHANGED]
        tried = []
        for check in checks:
            if check.refused:
                continue
            if check.outcome is Outcome.COULD_NOT_CHECK:
                tried.append(check)
            elif check.outcome is Outcome.CHANGED or (
                finding.decided_by and check.id == finding.decided_by.id
            ):
                tried = []
        yield (
            pair,
            Known(
                state=finding.state,
                holds_until=finding.holds_until,
                lapses_at=finding.lapses_at,
                confirmed_on=finding.decided_by.checked_on if finding.decided_by else None,
                waits=finding.waiting is not None,
                changed=finding.changed,
                looked_on=real[-1].checked_on if real else None,
                tries=tuple(channels[check.id] or Channel.LOOKUP for check in tried),
                tried_on=tried[-1].checked_on if tried else None,
                refused=bool(real) and real[-1].refused,
                accused=finding.waiting is not None and finding.waiting.is_hit,
                paper_until=finding.decided_by.credential_until if finding.decided_by else None,
            ),
        )


def slow_items(session, known, now):
    """What is due at `now`: every clinic with work by every criterion, each on its own."""
    sources = {}
    by_state = {}
    checks = session.scalars(select(Verification).where(Verification.level == Level.SOURCE))
    for row in in_the_order_they_speak(checks):
        if row.clinic.listing in plan.WITH_WORK:
            sources[row.clinic_id, row.criterion] = row.source_name
    for row in sorted(session.scalars(select(Verification)), key=lambda row: row.id):
        if row.level is Level.SOURCE and row.clinic.listing in plan.WITH_WORK:
            by_state[row.clinic.state, row.criterion] = row.source_name
    for clinic in session.scalars(select(Clinic).where(Clinic.listing.in_(plan.WITH_WORK))):
        iv = any(service.modality is Modality.IV for service in clinic.services)
        for criterion in CATALOGUE.criteria:
            if criterion.applies.value == "iv" and not iv:
                continue
            pair = (clinic.id, criterion.code)
            item = due_item(
                criterion,
                known.get(pair),
                clinic_id=clinic.id,
                listing=clinic.listing,
                source=sources.get(pair)
                or by_state.get((clinic.state, criterion.code))
                or f"{criterion.title} ({clinic.state})",
                today=today_in(ZoneInfo(clinic.timezone), now),
                minute=minute_of(now),
            )
            if item is not None:
                yield item


def in_the_order_they_speak(rows):
    return sorted(rows, key=lambda row: (row.checked_on, row.recorded_at, row.id))


@pytest.mark.parametrize("two_person", [True, False])
def test_the_plan_is_what_the_plain_reading_says(demonstration, two_person):
    facts = plan.read_facts(demonstration, CATALOGUE, two_person=two_person)
    known = {
        pair: one
        for pair, one in slow_known(demonstration, two_person=two_person)
        if pair[0] in facts.sites
    }
    assert facts.known == known
    assert len(known) > 1000
    assert {one.state.value for one in known.values()} >= {"met", "not_met", "not_checked"}
    for trait in ("changed", "refused", "tries", *(["waits"] if two_person else [])):
        assert any(getattr(one, trait) for one in known.values()), trait
    assert facts.waiting == sum(one.waits for one in known.values())
    for days in DAYS:
        now = NOW + timedelta(days=days)
        quick = plan.due_items(facts, CATALOGUE, now)
        plain = list(slow_items(demonstration, known, now))
        assert sorted(quick) == sorted(plain)
        assert len(plain) > 100


def test_a_reading_in_the_wrong_order_is_found(demonstration, monkeypatch):
    right = plan.known_of

    def wrong(criterion, ordered, zone, *, two_person):
        return right(criterion, ordered[::-1], zone, two_person=two_person)

    monkeypatch.setattr(plan, "known_of", wrong)
    facts = plan.read_facts(demonstration, CATALOGUE, two_person=True)
    known = dict(slow_known(demonstration, two_person=True))
    assert sum(known[pair] != one for pair, one in facts.known.items()) > 10


def test_the_number_of_statements_does_not_grow(session, demonstration, statements):
    load_edition(session, system_user(session), NOW, text=TEXT, confirmation="two-person")
    make_clinic(session)
    session.flush()
    counted = []
    for one in (session, demonstration):
        actor = one.scalars(select(User)).first()
        with statements() as made:
            facts = plan.read_facts(one, CATALOGUE, two_person=True)
            plan.today(one, actor, NOW, CATALOGUE, facts, two_person=True, budget=120)
        counted.append(len(made))
    assert counted[0] == counted[1] <= 5
