"""What every request needs at hand: settings, the clock, the geocoder, the edition in force."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from flask import Flask, current_app, g, request
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.exceptions import ServiceUnavailable

from directory.domain.criteria import Catalogue, parse_catalogue
from directory.extensions import db
from directory.models import CatalogueEdition
from directory.models.reading import Readers, Source, connection_of, rows_of
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
    readers: Readers
    clock: Callable[[], datetime] = utc_now
    _editions: dict[tuple[str, str], Catalogue] = field(default_factory=dict)
    _gazetteer: Gazetteer | None = None
    _geocoder: PlaceGeocoder | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def two_person(self) -> bool:
        """Whether a second person must confirm what matters.

        As the edition, the rule of the settings comes into force once all rows were derived under
        it; until then acts and pages keep to the one under which the others still are.
        """
        return state().confirmation == "two-person"

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
    moment: datetime | None = g.get("now")
    if moment is None:
        moment = g.now = here().clock()
    return moment


# The last column is for PostgreSQL: who has looked at a table keeps it until the transaction ends,
# so rows prepared for another edition cannot come between this statement and the search. On SQLite
# a transaction sees the same from its first statement on.
_STATE = (
    "SELECT edition, confirmation, version, demonstration,"
    " EXISTS (SELECT 1 FROM search_row WHERE clinic_id = 0) FROM directory_state"
)


class Held(NamedTuple):
    """What holds for the whole directory: see `DirectoryState`, of whose table this is the row."""

    edition: str
    confirmation: str
    version: int
    demonstration: bool


_NOT_ASKED: Any = object()


def state() -> Held:
    """Return the directory's one-row state, read once a request; 503 before it is set up."""
    this = g._get_current_object()
    row: Held | None = this.get("directory_state", _NOT_ASKED)
    if row is _NOT_ASKED:
        row = this.directory_state = None  # asked once, even when asking fails
        row = this.directory_state = _held(rows_of(connection_of(source()), _STATE))
    if row is None:
        raise ServiceUnavailable(NOT_SET_UP)
    return row


def _held(found: Sequence[tuple[Any, ...]]) -> Held | None:
    if not found:
        return None
    edition, confirmation, version, demonstration, _looked = found[0]
    return Held(edition, confirmation, version, bool(demonstration))


def begin_reading() -> None:
    """Let this request read on a bare connection in one transaction, which ends with the request.

    A session costs many times as much. Whoever asks for the request's session all the same gets
    one on this connection. It is for requests that write nothing at all. 503 before set-up.
    """
    if request.method in ("GET", "HEAD") and "directory_state" not in g:
        g.directory_state = None  # where there is no connection nobody tries again
        g.reading, found = here().readers.take(_STATE)
        g.directory_state = _held(found)
    state()


def source() -> Source:
    """Return what this request reads from: its bare connection, else its session."""
    return cast(Source, g.get("reading")) or db.session()


def forget_state() -> None:
    """Read the state anew when it is asked for next: for commands of many transactions."""
    g.pop("directory_state", None)


def catalogue() -> Catalogue:
    """Return the edition of the checklist in force, in the language of this request."""
    return here().edition(cast(Session, db.session), state().edition, language())


def install(app: Flask, settings: Settings) -> None:
    """Give `app` its objects, and every template what all pages show."""
    with app.app_context():
        app.extensions["directory"] = Directory(settings=settings, readers=Readers(db.engine))

    @app.teardown_request
    def _end_reading(_error: BaseException | None) -> None:
        reading: Connection | None = g.pop("reading", None)
        if reading is not None:
            if db.session.registry.has():
                db.session.remove()
            here().readers.give_back(reading)

    @app.context_processor
    def _common() -> dict[str, object]:
        """Return what every page shows; an error page asks too, so it never fails."""
        try:
            row = state()
        except (ServiceUnavailable, DBAPIError):
            return {"confirmation": settings.confirmation, "demonstration": False}
        return {"confirmation": row.confirmation, "demonstration": row.demonstration}
