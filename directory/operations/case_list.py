"""Read cases for the staff: which wait, how many in each state, how old they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from directory.domain.cases import (
    OPEN,
    CaseState,
    closed_before,
    is_late,
)
from directory.models import Case, CaseContact, OutgoingMail
from directory.models.case import MailState

PER_PAGE = 50
AGES = (1, 3, 7, 30)
"""Upper ends, in days, of the age groups of open cases; the last group is older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCounts:
    """How many cases are in each state, how old the open ones are, and what needs a person."""

    states: dict[CaseState, int]
    ages: tuple[int, ...]
    late: int
    mail_failed: int
    contacts_due: int

    @property
    def open(self) -> int:
        """How many wait for somebody."""
        return sum(self.states[state] for state in OPEN)


def case_counts(session: Session, now: datetime) -> CaseCounts:
    """Count the cases as of now; `ages` follow AGES with one more group at the end."""
    by_state = session.execute(select(Case.state, func.count()).group_by(Case.state))
    found = {state: int(count) for state, count in by_state}
    waiting = session.execute(
        select(Case.received_at, Case.first_reply_at).where(Case.state.in_(OPEN))
    ).all()
    ages = [0] * (len(AGES) + 1)
    for received_at, _replied in waiting:
        old = now - received_at
        ages[sum(old >= timedelta(days=limit) for limit in AGES)] += 1
    return CaseCounts(
        states={state: found.get(state, 0) for state in CaseState},
        ages=tuple(ages),
        late=sum(
            is_late(received_at, None, now) for received_at, replied in waiting if replied is None
        ),
        mail_failed=session.scalar(
            select(func.count())
            .select_from(OutgoingMail)
            .where(OutgoingMail.state == MailState.FAILED)
        )
        or 0,
        contacts_due=contacts_due(session, now),
    )


def contacts_due(session: Session, now: datetime) -> int:
    """Count the contacts whose time is over and that are still to be erased."""
    return (
        session.scalar(
            select(func.count())
            .select_from(CaseContact)
            .join(Case)
            .where(Case.closed_at <= closed_before(now))
        )
        or 0
    )


def cases_in(session: Session, states: Sequence[CaseState], page: int = 1) -> list[Case]:
    """Return a page of the cases in some states, the longest waiting first, closed ones last."""
    newest_first = all(state not in OPEN for state in states)
    order = Case.id.desc() if newest_first else Case.id.asc()
    return list(
        session.scalars(
            select(Case)
            .where(Case.state.in_(states))
            .options(joinedload(Case.clinic), joinedload(Case.assignee))
            .order_by(order)
            .limit(PER_PAGE + 1)
            .offset((page - 1) * PER_PAGE)
        )
    )


def failed_mails(session: Session) -> list[OutgoingMail]:
    """Return the mails that gave up and wait for a person, the oldest first."""
    return list(
        session.scalars(
            select(OutgoingMail)
            .where(OutgoingMail.state == MailState.FAILED)
            .order_by(OutgoingMail.id)
            .limit(PER_PAGE)
        )
    )
