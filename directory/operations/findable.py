"""Which clinics search engines are told of, and on which day the page of each last changed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from directory.domain.acts import PUBLIC
from directory.domain.findings import minute_of
from directory.domain.standing import Listing
from directory.models import (
    CatalogueEdition,
    Clinic,
    Confirmation,
    DirectoryState,
    Event,
    SearchRow,
    Verification,
)
from directory.operations.cards import newest_minute

_LISTED = (Clinic.id == SearchRow.clinic_id) & (Clinic.listing == Listing.LISTED)


@dataclass(frozen=True, slots=True)
class Page:
    """A listed clinic's page and the day, in UTC, on which it last said something new."""

    clinic_id: int
    name: str
    changed_on: date


def count_listed(session: Session) -> int:
    """Return how many clinics are listed; merged, unlisted and suspended ones are not."""
    listed = select(func.count()).select_from(SearchRow).join(Clinic, _LISTED)
    return session.scalar(listed) or 0


def edition_day(session: Session) -> date | None:
    """Return the day on which the edition in force was loaded, which changed every page."""
    loaded = session.scalar(
        select(CatalogueEdition.loaded_at).join(
            DirectoryState, DirectoryState.edition == CatalogueEdition.edition
        )
    )
    return loaded.date() if loaded else None


def listed_pages(session: Session, now: datetime, *, first: int, most: int) -> list[Page]:
    """Return up to `most` listed clinics after the first `first` ones, by number.

    What moves the day is what a reader can see: a public act on the clinic, a check that speaks,
    a second person's agreement, a check that lapsed by the clock. A check that waits for its
    second person moves nothing, or the day would tell of it.
    """
    rows = session.execute(
        select(SearchRow.clinic_id, SearchRow.card)
        .join(Clinic, _LISTED)
        .order_by(SearchRow.clinic_id)
        .offset(first)
        .limit(most)
    ).all()
    ids = [row.clinic_id for row in rows]
    acts = (
        select(Event.subject_id, func.max(Event.at))
        .where(Event.act.in_(PUBLIC), Event.subject_type == "clinic", Event.subject_id.in_(ids))
        .group_by(Event.subject_id)
    )
    agreements = (
        select(Verification.clinic_id, func.max(Confirmation.confirmed_at))
        .join(Confirmation, Confirmation.verification_id == Verification.id)
        .where(Verification.clinic_id.in_(ids))
        .group_by(Verification.clinic_id)
    )
    acted = {row[0]: row[1].date() for row in session.execute(acts)}
    agreed = {row[0]: row[1].date() for row in session.execute(agreements)}
    oldest = edition_day(session) or date.min
    minute = minute_of(now)
    pages = []
    for number, card in rows:
        said = datetime.fromtimestamp(newest_minute(card, minute) * 60, UTC).date()
        days = (said, acted.get(number, oldest), agreed.get(number, oldest), oldest)
        pages.append(Page(number, card["name"], max(days)))
    return pages
