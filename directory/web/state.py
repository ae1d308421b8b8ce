"""What every request needs at hand: settings, the clock, the geocoder, the edition in force."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from flask import Flask, current_app, g
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.exceptions import ServiceUnavailable

from directory.domain.criteria import Catalogue, parse_catalogue
from directory.extensions import db
from directory.models import CatalogueEdition, DirectoryState
from directory.settings import Settings
from directory.sources.gazetteer import Gazetteer
from directory.sources.geocoder import PlaceGeocoder, open_geocoder
from directory.web.language import language
from directory.web.translations import SOURCE_LANGUAGE, translations_of

USER_AGENT = "infusion-clinic-directory"


def utc_now() -> datetime:
    """Return the moment it is, in UTC."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Directory:
    """The application's own objects, made once; `clock` can be set by tests."""

    settings: Settings
    clock: Callable[[], datetime] = utc_now
    _editions: dict[tuple[str, str], Catalogue] = field(default_factory=dict)
    _gazetteer: Gazetteer | None = None
    _geocoder: PlaceGeocoder | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def two_person(self) -> bool:
        """Whether a second person must confirm what matters."""
        return self.settings.confirmation == "two-person"

    def gazetteer(self) -> Gazetteer:
        """Return the place index, opened at its first use; 503 while there is none."""
        with self._lock:
            if self._gazetteer is None:
                try:
                    self._gazetteer = Gazetteer(self.settings.gazetteer_path)
                except FileNotFoundError:
                    raise ServiceUnavailable(NO_GAZETTEER) from None
        return self._gazetteer

    def geocoder(self) -> PlaceGeocoder:
        """Return the geocoder, opened at its first use; 503 while there is no place index."""
        self.gazetteer()
        with self._lock:
            if self._geocoder is None:
                self._geocoder = open_geocoder(
                    self.settings.geocoder,
                    self.settings.gazetteer_path,
                    domain=self.settings.geocoder_domain or None,
                    timeout=self.settings.geocoder_timeout,
                    user_agent=USER_AGENT,
                )
        return self._geocoder

    def edition(self, session: Session, number: str, code: str = SOURCE_LANGUAGE) -> Catalogue:
        """Return an edition of the checklist in a language, parsed and translated once."""
        if (number, code) not in self._editions:
            row = session.get_one(CatalogueEdition, number)
            translate = translations_of(code).gettext
            self._editions[number, code] = parse_catalogue(row.text).translated(translate)
        return self._editions[number, code]


NO_GAZETTEER = "The place index has not been built. The operator can build it with: flask setup"
NOT_SET_UP = "This directory has not been set up. The operator can do so with: flask setup"


def here() -> Directory:
    """Return the objects of the application that answers now."""
    return cast(Directory, current_app.extensions["directory"])


def now() -> datetime:
    """Return the moment of this request, the same however often it is asked."""
    if "now" not in g:
        g.now = here().clock()
    return cast(datetime, g.now)


def state() -> DirectoryState:
    """Return the directory's one-row state, read once a request; 503 before it is set up."""
    if "directory_state" not in g:
        g.directory_state = None  # asked once, even when asking fails
        g.directory_state = db.session.scalar(select(DirectoryState))
    row: DirectoryState | None = g.directory_state
    if row is None:
        raise ServiceUnavailable(NOT_SET_UP)
    return row


def catalogue() -> Catalogue:
    """Return the edition of the checklist in force, in the language of this request."""
    return here().edition(db.session(), state().edition, language())


def install(app: Flask, settings: Settings) -> None:
    """Give `app` its objects, and every template what all pages show."""
    app.extensions["directory"] = Directory(settings=settings)

    @app.context_processor
    def _common() -> dict[str, object]:
        return {"confirmation": settings.confirmation, "demonstration": _demonstration()}


def _demonstration() -> bool:
    """Say whether invented clinics are shown; an error page asks too, so it never fails."""
    try:
        return state().demonstration
    except (ServiceUnavailable, DBAPIError):
        return False
