"""What differs between a few clinics: the checks that patients would read differently, in order.

Nothing here says which clinic is better: there is no sum and no rank, and what nobody has checked
counts neither for a clinic nor against it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from directory.domain.criteria import Catalogue, Criterion
from directory.domain.findings import Finding, State
from directory.domain.shown import Shown, shown

MOST = 4
"""How many clinics fit side by side."""

THEMES = 3
"""How many differences are told in words: more than three nobody keeps in mind."""

IN_ORDER = (
    Shown.NOT_MET,
    Shown.SOURCE,
    Shown.DOCUMENT,
    Shown.EXPIRED,
    Shown.RECHECK,
    Shown.PAPER,
    Shown.ATTESTED,
    Shown.ATTESTED_NOT,
    Shown.ATTESTED_NONE,
    Shown.TRIED,
    Shown.NOT_CHECKED,
    Shown.NONE,
)
"""The order in which lines that are the same everywhere are put together, as on a clinic's page."""

IN_PLACE = frozenset({Shown.SOURCE, Shown.DOCUMENT})

UNCHECKED = frozenset(
    {
        Shown.PAPER,
        Shown.ATTESTED,
        Shown.ATTESTED_NOT,
        Shown.ATTESTED_NONE,
        Shown.TRIED,
        Shown.NOT_CHECKED,
    }
)
"""Shown without a check that counts: the clinic's word, a try, a paper that proves too little."""

Pattern = tuple[tuple[Shown, bool], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion at each of the clinics, in the order of the clinics."""

    criterion: Criterion
    findings: tuple[Finding, ...]

    @property
    def pattern(self) -> Pattern:
        """What is shown at each clinic, and whether the clinic disagrees."""
        return tuple((shown(finding), finding.disputed) for finding in self.findings)

    @property
    def differs(self) -> bool:
        """Whether patients read one thing at one clinic and another thing at another."""
        return len(set(self.pattern)) > 1


@dataclass(frozen=True, slots=True)
class Said:
    """What is shown, and at which of the clinics, by their places from 0."""

    shown: Shown
    disputed: bool
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """Criteria that differ in just the same way, all key or all not; the first stands for them."""

    lines: tuple[Line, ...]
    said: tuple[Said, ...]

    @property
    def first(self) -> Criterion:
        """The criterion that is told."""
        return self.lines[0].criterion

    @property
    def against(self) -> bool:
        """Whether a check found something not in place at one of the clinics."""
        return any(said.shown is Shown.NOT_MET for said in self.said)


@dataclass(frozen=True, slots=True)
class Gap:
    """Several key criteria in place at some clinics and not checked at all others, by places."""

    in_place: tuple[int, ...]
    unchecked: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The lines that differ, key criteria first, and those that are the same at all clinics.

    `gaps` says the most in the fewest words, `themes` what weighs most.
    """

    differing: tuple[Line, ...]
    same: tuple[Line, ...]
    themes: tuple[Theme, ...]
    gaps: tuple[Gap, ...]

    @property
    def alike(self) -> tuple[tuple[Shown, tuple[Line, ...]], ...]:
        """The lines that are the same, put together by what is shown."""
        told = [(shown(line.findings[0]), line) for line in self.same if line.findings]
        grouped = [
            (kind, tuple(line for found, line in told if found is kind)) for kind in IN_ORDER
        ]
        return tuple((kind, lines) for kind, lines in grouped if lines)


def compare(catalogue: Catalogue, clinics: Sequence[Sequence[Finding]]) -> Comparison:
    """Compare the findings of two or more clinics by the edition in force.

    A criterion that a clinic has no finding of was not checked there.
    """
    known = [{finding.criterion: finding for finding in findings} for findings in clinics]
    lines = [
        Line(
            criterion, tuple(found.get(criterion.code) or _unchecked(criterion) for found in known)
        )
        for criterion in sorted(catalogue.criteria, key=lambda c: (not c.critical, c.position))
    ]
    differing = tuple(line for line in lines if line.differs)
    return Comparison(
        differing=differing,
        same=tuple(line for line in lines if not line.differs),
        themes=themes(differing),
        gaps=gaps(differing),
    )


def gaps(differing: Sequence[Line]) -> tuple[Gap, ...]:
    """Return where key criteria are in place at some clinics and not checked at the others.

    One criterion alone is no pattern: it is told by its name.
    """
    found = Counter(gap for line in differing if line.criterion.critical and (gap := _gap(line)))
    return tuple(gap for gap, lines in found.items() if lines > 1)


def _gap(line: Line) -> Gap | None:
    kinds = [kind for kind, _disputed in line.pattern]
    if not set(kinds) <= IN_PLACE | UNCHECKED:
        return None
    gap = Gap(
        tuple(place for place, kind in enumerate(kinds) if kind in IN_PLACE),
        tuple(place for place, kind in enumerate(kinds) if kind in UNCHECKED),
    )
    return gap if gap.in_place and gap.unchecked else None


def themes(differing: Sequence[Line]) -> tuple[Theme, ...]:
    """Return the main differences, at most three: what stands against a clinic comes first.

    Then key criteria come before others, and what is in place somewhere before what is not.
    """
    alike: dict[tuple[bool, Pattern], list[Line]] = {}
    for line in differing:
        alike.setdefault((line.criterion.critical, line.pattern), []).append(line)
    ordered = sorted(alike.values(), key=lambda lines: _weight(lines[0]))
    return tuple(Theme(tuple(lines), _said(lines[0].pattern)) for lines in ordered[:THEMES])


def labels(clinics: Sequence[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return what to call each clinic, given as name, city and street, so that no two are one."""
    names = Counter(name for name, _city, _street in clinics)
    towns = Counter((name, city) for name, city, _street in clinics)
    return tuple(
        name
        if names[name] == 1
        else f"{name} ({city if towns[name, city] == 1 else f'{street}, {city}'})"
        for name, city, street in clinics
    )


def _unchecked(criterion: Criterion) -> Finding:
    return Finding(criterion=criterion.code, state=State.NOT_CHECKED, critical=criterion.critical)


def _said(pattern: Pattern) -> tuple[Said, ...]:
    """Put clinics of which the same is told together, in the order of the clinics."""
    places: dict[tuple[Shown, bool], list[int]] = {}
    for place, told in enumerate(pattern):
        places.setdefault(told, []).append(place)
    return tuple(Said(*told, tuple(found)) for told, found in places.items())


def _weight(line: Line) -> tuple[bool, bool, int, int]:
    kinds = {kind for kind, _disputed in line.pattern}
    return (
        Shown.NOT_MET not in kinds,
        not line.criterion.critical,
        _strength(kinds),
        line.criterion.position,
    )


def _strength(kinds: set[Shown]) -> int:
    if kinds & {Shown.ATTESTED_NOT, Shown.RECHECK}:
        return 0
    if not kinds & IN_PLACE:
        return 3
    return 1 if Shown.EXPIRED in kinds else 2 if kinds - IN_PLACE else 3
