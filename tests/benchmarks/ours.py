"""Our own search as a back end: the real operations, and below them the statements alone."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, event

from directory.models.engine import tune
from directory.operations.nearest import find_nearest
from directory.operations.search import Hit, Results, find_clinics
from tests.benchmarks.contest import BackEnd
from tests.benchmarks.questions import PER_PAGE, Question
from tests.benchmarks.truth import GROUPS, Found
from tests.checklist import CATALOGUE
from tests.factories import NOW

Cards = list[dict[str, Any]]


def engine_of(url: str) -> Engine:
    """Return an engine as the application has it."""
    engine = create_engine(url)
    tune(engine)
    return engine


def whole_answer(engine: Engine, question: Question) -> tuple[Results, Cards]:
    """Find a page, the total and all facets, and read the cards, on a connection of its own."""
    with engine.connect() as connection:
        results = find_clinics(connection, CATALOGUE, question.search(), NOW)
        return results, [hit.card for hit in results.hits]


def whole_of_numbers(engine: Engine, question: Question) -> tuple[Results, None]:
    """Find the same, but read no card: a site that keeps rendered cards needs none."""
    with engine.connect() as connection:
        return find_clinics(connection, CATALOGUE, question.search(), NOW, cards=False), None


def page_alone(engine: Engine, question: Question) -> tuple[tuple[Hit, ...], Cards]:
    """Find the nearest twenty within the question's radius and read their cards."""
    with engine.connect() as connection:
        hits = find_nearest(connection, question.search(), NOW, PER_PAGE)
        return hits, [hit.card for hit in hits]


def page_of_numbers(engine: Engine, question: Question) -> tuple[tuple[Hit, ...], None]:
    """Find the same twenty, but read no card."""
    with engine.connect() as connection:
        return find_nearest(connection, question.search(), NOW, PER_PAGE, cards=False), None


def read_whole(answer: tuple[Results, Cards | None]) -> Found:
    """Return a whole answer for the judge."""
    results, cards = answer
    counts = [results.total]
    for group, _size in GROUPS:
        counts += results.facets[group].values()
    return Found(
        tuple(hit.clinic_id for hit in results.hits),
        tuple(counts),
        None if cards is None else tuple(cards),
    )


def read_page(answer: tuple[tuple[Hit, ...], Cards | None]) -> Found:
    """Return a page for the judge."""
    hits, cards = answer
    return Found(
        tuple(hit.clinic_id for hit in hits), None, None if cards is None else tuple(cards)
    )


def whole(name: str, clinics: int, engine: Engine) -> BackEnd:
    """Return the back end that answers with page, total and facets."""
    return BackEnd(name, clinics, partial(whole_of_numbers, engine), read_whole)


def whole_with_cards(name: str, clinics: int, engine: Engine) -> BackEnd:
    """Return the same, which reads the cards too."""
    return BackEnd(name, clinics, partial(whole_answer, engine), read_whole)


def page(name: str, clinics: int, engine: Engine) -> BackEnd:
    """Return the back end that answers with a page alone."""
    return BackEnd(name, clinics, partial(page_of_numbers, engine), read_page)


def page_with_cards(name: str, clinics: int, engine: Engine) -> BackEnd:
    """Return the same, which reads the cards too."""
    return BackEnd(name, clinics, partial(page_alone, engine), read_page)


Statements = list[tuple[str, Any]]


class Recorder:
    """Notes the statements that read, as the driver gets them."""

    def __init__(self, engine: Engine) -> None:
        """Listen to what is made on `engine`."""
        self._made: Statements = []
        event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            self._made.append((statement, given))

    def made_by(self, work: Callable[..., Any], *given: Any) -> Statements:
        """Return the statements that a call makes, with their parameters."""
        self._made = []
        work(*given)
        return self._made


class Floor:
    """The statements that the operations make, run again on a bare sqlite3 connection.

    What the operations take beyond it is Python: SQLAlchemy, spans, and the objects returned.
    """

    def __init__(self, engine: Engine, path: str) -> None:
        """Run them on the file at `path`; `engine` is only asked which ones."""
        self._engine = engine
        self._recorder = Recorder(engine)
        self._bare = sqlite3.connect(path)

    def run(self, made: Statements) -> Cards:
        """Run statements and read the cards among what they return."""
        cards = []
        for statement, given in made:
            for row in self._bare.execute(statement, given).fetchall():
                cards += [
                    orjson.loads(value)
                    for value in row
                    if isinstance(value, str) and value.startswith("{")
                ]
        return cards

    def back_end(
        self, name: str, clinics: int, answer: Callable[[Engine, Question], Any]
    ) -> BackEnd:
        """Return it as a back end."""
        prepare = partial(self._recorder.made_by, answer, self._engine)
        return BackEnd(name, clinics, self.run, prepare=prepare)

    def close(self) -> None:
        """Close the bare connection."""
        self._bare.close()
