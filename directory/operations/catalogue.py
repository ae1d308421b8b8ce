"""Load an edition of the checklist and say which one is in force."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from directory.domain.criteria import Catalogue, parse_catalogue
from directory.domain.standing import PUBLIC_LISTINGS
from directory.models import CatalogueEdition, Clinic, CriterionRow, DirectoryState, User
from directory.operations import preparing


class EditionChanged(ValueError):
    """A published edition is never edited: a changed text needs a new number."""


def load_edition(
    session: Session, actor: User, now: datetime, *, text: str, confirmation: str
) -> Catalogue:
    """Store the edition in `text`, and put it in force with the confirmation rule.

    Where clinics are public, both come into force only after the rows that search reads were
    prepared for them, which is begun here and nothing more. An edition and a rule that are in force
    already end what is being prepared for others. Raises CatalogueError when the text is broken,
    EditionChanged when the same edition was loaded before with other words.
    """
    catalogue = parse_catalogue(text)
    aim = preparing.Aim(catalogue=catalogue, confirmation=confirmation)
    _store(session, now, catalogue, text)
    state = session.get(DirectoryState, DirectoryState.ONLY)
    if state and (state.edition, state.confirmation) == (catalogue.edition, confirmation):
        preparing.drop_others(session, aim)
    elif session.scalar(select(exists().where(Clinic.listing.in_(PUBLIC_LISTINGS)))):
        preparing.begin(session, now, aim)
    else:
        preparing.come_into_force(session, actor, now, aim)
    return catalogue


def _store(session: Session, now: datetime, catalogue: Catalogue, text: str) -> None:
    known = session.get(CatalogueEdition, catalogue.edition)
    if known is None:
        session.add(CatalogueEdition(edition=catalogue.edition, text=text, loaded_at=now))
        session.flush()
        session.add_all(
            CriterionRow(edition=catalogue.edition, code=c.code, position=c.position)
            for c in catalogue.criteria
        )
        session.flush()
    elif known.text != text:
        raise EditionChanged(
            f"edition {catalogue.edition} is already loaded with other words; "
            "give the changed text a new edition number"
        )


def current_text(session: Session) -> str | None:
    """Return the text of the edition in force, or None before any was loaded."""
    return session.scalar(
        select(CatalogueEdition.text).join(
            DirectoryState, DirectoryState.edition == CatalogueEdition.edition
        )
    )
