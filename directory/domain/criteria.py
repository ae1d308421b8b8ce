"""The checklist: one criterion, the edition it belongs to, and how strongly a thing can be known.

An edition is written in TOML (`seed_data/catalogue-*.toml`). `parse_catalogue` reads it whole or
refuses it whole; a refusal names each line and field, so that an editor can mend it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, TypeVar

from directory.domain import catalogue_reader as reader
from directory.domain.catalogue_reader import CatalogueError, Problem, Record
from directory.domain.facets import MET_ROOM

__all__ = [
    "Applies",
    "ArticleIdea",
    "Catalogue",
    "CatalogueError",
    "Criterion",
    "DatedFact",
    "Group",
    "Level",
    "Problem",
    "Reference",
    "parse_catalogue",
]

LONGEST_VALIDITY = 1100
"""Days. No check may hold for longer than about three years, whatever it rests on."""

_CODE = r"[a-z]{3}-[a-z]+"
_SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"


class Level(StrEnum):
    """How a thing is known: source is stronger than document, document than attested.

    The words sort by strength, so `>=` is right here and in SQL alike; a test holds them to it.
    """

    ATTESTED = "attested"
    DOCUMENT = "document"
    SOURCE = "source"


class Applies(StrEnum):
    """To which clinics a criterion applies."""

    ALL = "all"
    IV = "iv"
    STATE_PERMIT = "state-permit"


class Kind(StrEnum):
    """What a source of the checklist is; `weak` means vendors and second-hand pages."""

    RULE = "rule"
    OFFICIAL = "official"
    GUIDELINE = "guideline"
    STUDY = "study"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A source the checklist leans on, and what of it was really read."""

    code: str
    title: str
    publisher: str
    year: int
    kind: Kind
    read: str
    citation: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleIdea:
    """An idea of the article this directory began with, in our own words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedFact:
    """Something that was true when read and ends on a known day."""

    code: str
    text: str
    until: date
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A part of the checklist under one heading."""

    code: str
    title: str
    order: int
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One requirement of the checklist.

    `valid_days` counts from the day of the check; with `until_credential` a check also lapses
    with the license or card it rests on, whichever day comes first.
    """

    code: str
    group: str
    position: int
    title: str
    plain: str
    why: str
    ask: str
    article_ideas: tuple[str, ...]
    references: tuple[str, ...]
    evidence: str
    how_checked: str
    minimum_level: Level
    best_level: Level
    valid_days: int
    until_credential: bool
    lasts: str
    critical: bool
    applies: Applies
    applies_text: str
    disagreement: str | None = None
    limits: str | None = None
    dated_facts: tuple[str, ...] = ()

    @property
    def bit(self) -> int:
        """The place of this criterion in a bit mask, from 0."""
        return self.position - 1

    @property
    def conditional(self) -> bool:
        """Whether there are clinics to which this criterion does not apply."""
        return self.applies is not Applies.ALL


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """One numbered edition of the checklist; groups and criteria are in reading order."""

    edition: str
    published: date
    title: str
    article: str
    caution: str
    groups: tuple[Group, ...]
    article_ideas: tuple[ArticleIdea, ...]
    dated_facts: tuple[DatedFact, ...]
    references: tuple[Reference, ...]
    criteria: tuple[Criterion, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Criterion]:
        """Each criterion by its code."""
        return {criterion.code: criterion for criterion in self.criteria}

    @cached_property
    def bits(self) -> dict[str, int]:
        """Each criterion's place in a bit mask, by code."""
        return {criterion.code: criterion.bit for criterion in self.criteria}

    @cached_property
    def critical_codes(self) -> tuple[str, ...]:
        """Codes of the criteria that must all hold before a clinic's checks are complete."""
        return tuple(criterion.code for criterion in self.criteria if criterion.critical)

    def criterion(self, code: str) -> Criterion:
        """Return one criterion; KeyError when there is none."""
        return self.by_code[code]

    def bit(self, code: str) -> int:
        """Return a criterion's place in a bit mask; KeyError when there is none."""
        return self.by_code[code].bit

    def mask(self, codes: Iterable[str]) -> int:
        """Return the bit mask of several criteria; KeyError when there is no such code."""
        return sum(1 << bit for bit in {self.bit(code) for code in codes})

    def group(self, code: str) -> Group:
        """Return one group; KeyError when there is none."""
        return _find(self.groups, code)

    def in_group(self, code: str) -> tuple[Criterion, ...]:
        """Return the criteria of a group in reading order; none for an unknown group."""
        return tuple(criterion for criterion in self.criteria if criterion.group == code)

    def reference(self, code: str) -> Reference:
        """Return one source; KeyError when there is none."""
        return _find(self.references, code)

    def article_idea(self, code: str) -> ArticleIdea:
        """Return one idea of the article; KeyError when there is none."""
        return _find(self.article_ideas, code)

    def dated_fact(self, code: str) -> DatedFact:
        """Return one fact that ends on a day; KeyError when there is none."""
        return _find(self.dated_facts, code)

    def texts(self) -> Iterator[str]:
        """Yield each text a patient reads, for translators; names of sources stay as they are."""
        yield from (self.title, self.caution)
        for item in self._items():
            for name in _texts_of(item):
                yield getattr(item, name)

    def translated(self, translate: Callable[[str], str]) -> "Catalogue":
        """Return this edition with each text a patient reads put through `translate`."""
        return replace(
            self,
            title=translate(self.title),
            caution=translate(self.caution),
            groups=tuple(_translated(item, translate) for item in self.groups),
            article_ideas=tuple(_translated(item, translate) for item in self.article_ideas),
            dated_facts=tuple(_translated(item, translate) for item in self.dated_facts),
            references=tuple(_translated(item, translate) for item in self.references),
            criteria=tuple(_translated(item, translate) for item in self.criteria),
        )

    def _items(self) -> Iterator["_Item"]:
        yield from self.groups
        yield from self.article_ideas
        yield from self.dated_facts
        yield from self.references
        yield from self.criteria


_Item = Group | ArticleIdea | DatedFact | Reference | Criterion
_T = TypeVar("_T", Group, ArticleIdea, DatedFact, Reference, Criterion)

_NOT_TRANSLATED = frozenset(
    {"code", "group", "publisher", "citation", "link", "kind", "minimum_level", "best_level"}
    | {"applies"}
)


def _texts_of(item: _Item) -> list[str]:
    """Names of the fields that hold a text for patients; the title of a source is a name."""
    skip = _NOT_TRANSLATED | ({"title"} if isinstance(item, Reference) else set())
    names = [field.name for field in fields(item) if field.name not in skip]
    return [name for name in names if isinstance(getattr(item, name), str)]


def _translated(item: _T, translate: Callable[[str], str]) -> _T:
    changes: dict[str, Any] = {name: translate(getattr(item, name)) for name in _texts_of(item)}
    return replace(item, **changes)


def _find(items: tuple[_T, ...], code: str) -> _T:
    for item in items:
        if item.code == code:
            return item
    raise KeyError(code)


def parse_catalogue(text: str) -> Catalogue:
    """Read an edition of the checklist from TOML.

    Raises CatalogueError with every problem found, each with its line and field.
    """
    return _parsed(text)


@lru_cache(maxsize=4)
def _parsed(text: str) -> Catalogue:
    """Read a text once: the same edition is asked for again and again, and never changes."""
    document = reader.open_document(text)
    top = document.top
    catalogue = Catalogue(
        edition=top.text("edition", pattern=r"\d{4}\.\d+", like="2026.1"),
        published=top.day("published"),
        title=top.text("title"),
        article=top.text("article"),
        caution=top.text("caution"),
        groups=tuple(sorted(map(_group, document.tables("group")), key=lambda g: g.order)),
        article_ideas=tuple(map(_article_idea, document.tables("article_idea"))),
        dated_facts=tuple(map(_dated_fact, document.tables("dated_fact", required=False))),
        references=tuple(map(_reference, document.tables("reference"))),
        criteria=tuple(
            sorted(map(_criterion, document.tables("criterion")), key=lambda c: c.position)
        ),
    )
    document.check_codes_once()
    document.check_numbering("group", "order")
    document.check_numbering("criterion", "position")
    document.check_known("criterion", "group", {item.code for item in catalogue.groups})
    document.check_begins("criterion", "code", "group")
    ideas = {item.code for item in catalogue.article_ideas}
    document.check_known("criterion", "article_ideas", ideas)
    document.check_known("criterion", "dated_facts", {item.code for item in catalogue.dated_facts})
    sources = {item.code for item in catalogue.references}
    document.check_known("criterion", "references", sources)
    document.check_known("dated_fact", "references", sources)
    document.finish()
    return catalogue


def _group(record: Record) -> Group:
    return Group(
        code=record.text("code", pattern=r"[a-z]{3}", like="sup"),
        title=record.text("title"),
        order=record.number("order", 1, 99),
        summary=record.text("summary"),
    )


def _article_idea(record: Record) -> ArticleIdea:
    return ArticleIdea(
        code=record.text("code", pattern=r"A[1-9]\d?", like="A1"), text=record.text("text")
    )


def _dated_fact(record: Record) -> DatedFact:
    return DatedFact(
        code=record.text("code", pattern=_SLUG, like="dea-telemedicine"),
        text=record.text("text"),
        until=record.day("until"),
        references=record.texts("references"),
    )


def _reference(record: Record) -> Reference:
    reference = Reference(
        code=record.text("code", pattern=_SLUG, like="apa-2017"),
        title=record.text("title"),
        publisher=record.text("publisher"),
        year=record.number("year", 1990, 2100),
        kind=record.choice("kind", list(Kind)),
        read=record.text("read"),
        citation=record.optional_text("citation"),
        link=record.optional_text(
            "link", pattern=r"https://[^\s\"<>]+", like="https://example.org/page"
        ),
    )
    if not (record.has("link") or record.has("citation")):
        record.refuse("link", "or citation is missing: a source needs at least one of them")
    return reference


def _criterion(record: Record) -> Criterion:
    criterion = Criterion(
        code=record.text("code", pattern=_CODE, like="sup-acls"),
        group=record.text("group"),
        position=record.number("position", 1, MET_ROOM),
        title=record.text("title"),
        plain=record.text("plain"),
        why=record.text("why"),
        ask=record.text("ask", pattern=r".+\?", like="Who will watch me?"),
        article_ideas=record.texts("article_ideas"),
        references=record.texts("references"),
        evidence=record.text("evidence"),
        how_checked=record.text("how_checked"),
        minimum_level=record.choice("minimum_level", [Level.SOURCE, Level.DOCUMENT]),
        best_level=record.choice("best_level", [Level.SOURCE, Level.DOCUMENT]),
        valid_days=record.number("valid_days", 1, LONGEST_VALIDITY),
        until_credential=record.flag("until_credential"),
        lasts=record.text("lasts"),
        critical=record.flag("critical"),
        applies=record.choice("applies", list(Applies)),
        applies_text=record.text("applies_text"),
        disagreement=record.optional_text("disagreement"),
        limits=record.optional_text("limits"),
        dated_facts=record.texts("dated_facts", required=False),
    )
    if record.sound("minimum_level", "best_level") and (
        criterion.best_level < criterion.minimum_level
    ):
        record.refuse(
            "best_level",
            f"must not be below minimum_level '{criterion.minimum_level}'; "
            f"it is '{criterion.best_level}'",
        )
    return criterion
