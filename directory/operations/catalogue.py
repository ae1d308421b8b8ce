"""Load an edition of the checklist and say which one is in force."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue, parse_catalogue
from directory.domain.progress import Watch, nobody
from directory.models import CatalogueEdition, CriterionRow, DirectoryState, User
from directory.operations import events
from directory.operations.listings import derive_all


class EditionChanged(ValueError):
    """A published edition is never edited: a changed text needs a new number."""


def load_edition(
    session: Session,
    actor: User,
    now: datetime,
    *,
    text: str,
    confirmation: str,
    watch: Watch = nobody,
) -> Catalogue:
    """Store the edition in `text`, put it in force and derive every public clinic anew.

    Raises CatalogueError when the text is broken, EditionChanged when the same edition was
    loaded before with other words.
    """
    catalogue = parse_catalogue(text)
    known = session.get(CatalogueEdition, catalogue.edition)
    if known is None:
        session.add(CatalogueEdition(edition=catalogue.edition, text=text, loaded_at=now))
        session.flush()
        session.add_all(
            CriterionRow(edition=catalogue.edition, code=c.code, position=c.position)
            for c in catalogue.criteria
        )
    elif known.text != text:
        raise EditionChanged(
            f"edition {catalogue.edition} is already loaded with other words; "
            "give the changed text a new edition number"
        )
    state = session.get(DirectoryState, DirectoryState.ONLY)
    before = {"edition": state.edition, "confirmation": state.confirmation} if state else None
    after = {"edition": catalogue.edition, "confirmation": confirmation}
    if state is None:
        session.add(DirectoryState(edition=catalogue.edition, confirmation=confirmation))
    elif before != after:
        state.edition, state.confirmation = catalogue.edition, confirmation
        state.version += 1
    session.flush()
    if before != after:
        events.record(session, actor, now, "catalogue:loaded", "directory", 1, before, after)
        two_person = confirmation == "two-person"
        derive_all(session, catalogue, now, two_person=two_person, watch=watch)
    return catalogue


def current_text(session: Session) -> str | None:
    """Return the text of the edition in force, or None before any was loaded."""
    return session.scalar(
        select(CatalogueEdition.text).join(
            DirectoryState, DirectoryState.edition == CatalogueEdition.edition
        )
    )
