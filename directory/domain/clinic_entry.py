"""The facts of a clinic, a person or a paper, read from what was typed: all good, or all problems.

Staff screens use this, and whatever takes facts from elsewhere must use it too: one set of rules.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from directory.domain.credentials import CredentialKind, dea_valid, npi_valid
from directory.domain.entries import (
    EntryRefused,
    phone_number,
    read_hours,
    tidy,
    web_address,
)
from directory.domain.services import Condition, Modality
from directory.domain.state_names import STATE_NAMES

LONGEST_TEXT = 2000
MOST_SERVICES = 40
MOST_FORMER_NAMES = 10
_Value = TypeVar("_Value")


class EntriesRefused(ValueError):
    """Several things typed that cannot be stored; each problem names its field."""

    def __init__(self, problems: Sequence[EntryRefused]) -> None:
        super().__init__(", ".join(f"{p.field}: {p.code}" for p in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """One thing a clinic offers; the price in whole US dollars."""

    modality: Modality
    condition: Condition
    price_usd: int | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicFacts:
    """What a clinic says of itself. `pin` is the point somebody set, in WGS-84 degrees.

    `extra` holds the columns of a spreadsheet that are not ours; None keeps those on record.
    """

    name: str
    organization_id: int | None
    npi: str | None
    street: str
    city: str
    state: str
    postal_code: str
    phone: str | None
    website: str | None
    accepting_new_patients: bool | None
    hours: tuple[dict[str, str], ...]
    languages: tuple[str, ...]
    access: str | None
    insurance: str | None
    services: tuple[ServiceFacts, ...]
    pin: tuple[float, float] | None
    extra: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """What is kept of a practitioner (or, without a profession, of an organization)."""

    name: str
    profession: str
    npi: str | None
    former_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts:
    """A license, registration or certificate; `number` None keeps the one on record."""

    kind: CredentialKind
    number: str | None = field(repr=False)
    state: str | None
    issuer: str
    issuer_url: str | None
    expires_on: date | None
    ended_on: date | None


class Entries:
    """Reads typed fields one by one and keeps the problems of all of them."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self._typed = typed
        self.problems: list[EntryRefused] = []

    def settle(self) -> None:
        """Raise EntriesRefused when anything was wrong."""
        if self.problems:
            raise EntriesRefused(self.problems)

    def read(self, name: str, reader: Callable[[str], _Value], *, default: _Value) -> _Value:
        """Return what `reader` makes of a field, or note why not and return the default."""
        try:
            return reader(self._typed.get(name) or "")
        except EntryRefused as refused:
            refused.field = name
            self.problems.append(refused)
            return default

    def line(self, name: str, longest: int, *, needed: bool = False) -> str:
        """Return one tidy line."""

        def reader(text: str) -> str:
            text = tidy(text)
            if needed and not text:
                raise EntryRefused("needed")
            if len(text) > longest:
                raise EntryRefused("too_long", longest=longest)
            return text

        return self.read(name, reader, default="")

    def lines(self, name: str) -> str | None:
        """Return tidy text of several lines, None when empty."""

        def reader(text: str) -> str | None:
            text = tidy(text, lines=True)
            if len(text) > LONGEST_TEXT:
                raise EntryRefused("too_long", longest=LONGEST_TEXT)
            return text or None

        return self.read(name, reader, default=None)

    def npi(self) -> str | None:
        """Return the NPI when its check digit is right."""

        def reader(text: str) -> str | None:
            text = tidy(text).replace(" ", "")
            if text and not npi_valid(text):
                raise EntryRefused("npi")
            return text or None

        return self.read("npi", reader, default=None)

    def day(self, name: str) -> date | None:
        """Return a calendar day written as 2026-10-31."""

        def reader(text: str) -> date | None:
            text = tidy(text)
            if not text:
                return None
            try:
                found = date.fromisoformat(text)
            except ValueError:
                raise EntryRefused("day") from None
            if not (date(1950, 1, 1) <= found <= date(2100, 1, 1)):
                raise EntryRefused("day")
            return found

        return self.read(name, reader, default=None)

    def state(self, *, needed: bool) -> str | None:
        """Return a state's two letters."""

        def reader(text: str) -> str | None:
            text = tidy(text).upper()
            if (needed or text) and text not in STATE_NAMES:
                raise EntryRefused("state")
            return text or None

        return self.read("state", reader, default=None)

    def number(self, name: str, least: int, most: int) -> int | None:
        """Return a whole number within bounds, None when empty."""

        def reader(text: str) -> int | None:
            text = tidy(text).lstrip("$").replace(",", "")
            if not text:
                return None
            if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not least <= int(text) <= most:
                raise EntryRefused("number", least=least, most=most)
            return int(text)

        return self.read(name, reader, default=None)


def read_clinic(typed: Mapping[str, str]) -> ClinicFacts:
    """Return a clinic's facts from typed fields; raises EntriesRefused with every problem.

    Services come as `service-0-modality`, `-condition`, `-price_usd`, `-minutes`, and so on.
    """
    entries = Entries(typed)
    facts = ClinicFacts(
        name=entries.line("name", 200, needed=True),
        organization_id=entries.read("organization", _organization, default=None),
        npi=entries.npi(),
        street=entries.line("street", 200, needed=True),
        city=entries.line("city", 100, needed=True),
        state=entries.state(needed=True) or "",
        postal_code=entries.read("postal_code", _zip, default=""),
        phone=entries.read("phone", lambda text: phone_number(tidy(text)), default=None),
        website=entries.read("website", lambda text: web_address(tidy(text)), default=None),
        accepting_new_patients={"1": True, "0": False}.get(typed.get("accepting") or ""),
        hours=tuple(
            entries.read("hours", lambda text: read_hours(tidy(text, lines=True)), default=[])
        ),
        languages=entries.read("languages", _languages, default=()),
        access=entries.lines("access"),
        insurance=entries.lines("insurance"),
        services=_services(entries, typed),
        pin=_pin(entries),
    )
    entries.settle()
    return facts


def read_person(typed: Mapping[str, str], *, profession: bool) -> PersonFacts:
    """Return a practitioner's or an organization's facts; raises EntriesRefused."""
    entries = Entries(typed)
    facts = PersonFacts(
        name=entries.line("name", 200, needed=True),
        profession=entries.line("profession", 60, needed=True) if profession else "",
        npi=entries.npi(),
        former_names=entries.read("former_names", _names, default=()) if profession else (),
    )
    entries.settle()
    return facts


def read_credential(typed: Mapping[str, str], *, known: CredentialKind | None) -> CredentialFacts:
    """Return a credential's facts; raises EntriesRefused.

    `known` is the kind on record when one is edited: an empty number then keeps the one there.
    A DEA number is checked by its check digit, which proves typing only.
    """
    entries = Entries(typed)

    def kind_of(text: str) -> CredentialKind:
        try:
            return CredentialKind(text)
        except ValueError:
            raise EntryRefused("needed") from None

    kind = entries.read("kind", kind_of, default=CredentialKind.STATE_LICENSE)
    number: str | None = entries.line("number", 40)
    if kind is CredentialKind.DEA_REGISTRATION and number:
        number = re.sub(r"[\s-]", "", number).upper()
        if not dea_valid(number):
            entries.problems.append(EntryRefused("dea", "number"))
    if not number:
        number = None
        if known is None or known is not kind:
            entries.problems.append(EntryRefused("needed", "number"))
    facts = CredentialFacts(
        kind=kind,
        number=number,
        state=entries.state(needed=kind is CredentialKind.STATE_LICENSE),
        issuer=entries.line("issuer", 200, needed=True),
        issuer_url=entries.read("issuer_url", lambda text: web_address(tidy(text)), default=None),
        expires_on=entries.day("expires_on"),
        ended_on=entries.day("ended_on"),
    )
    entries.settle()
    return facts


def _names(text: str) -> tuple[str, ...]:
    """Read former names, one on each line."""
    names = [name for line in tidy(text, lines=True).split("\n") if (name := tidy(line))]
    if len(names) > MOST_FORMER_NAMES:
        raise EntryRefused("too_many", most=MOST_FORMER_NAMES)
    if any(len(name) > 200 for name in names):
        raise EntryRefused("too_long", longest=200)
    return tuple(dict.fromkeys(names))


def _organization(text: str) -> int | None:
    """Read "Example Health LLC (#12)", as the screen writes it, or a bare number."""
    text = tidy(text)
    if not text:
        return None
    found = re.search(r"(?:^|\(#)(\d{1,15})\)?$", text, re.ASCII)
    if not found:
        raise EntryRefused("organization")
    return int(found[1])


def _zip(text: str) -> str:
    found = re.fullmatch(r"(\d{5})(?:-\d{4})?", tidy(text), re.ASCII)
    if not found:
        raise EntryRefused("zip")
    return found[1]


def _languages(text: str) -> tuple[str, ...]:
    codes = [code for code in re.split(r"[\s,;]+", tidy(text).lower()) if code]
    if len(codes) > 20 or any(not re.fullmatch(r"[a-z]{2,3}", code) for code in codes):
        raise EntryRefused("languages")
    return tuple(dict.fromkeys(codes))


def _pin(entries: Entries) -> tuple[float, float] | None:
    def degrees(text: str) -> float | None:
        text = tidy(text)
        if not text:
            return None
        if not re.fullmatch(r"[+-]?\d{1,3}(\.\d{1,12})?", text, re.ASCII):
            raise EntryRefused("degrees")
        return float(text)

    lat = entries.read("lat", degrees, default=None)
    lon = entries.read("lon", degrees, default=None)
    if any(problem.field in ("lat", "lon") for problem in entries.problems):
        return None
    if (lat is None) != (lon is None):
        entries.problems.append(EntryRefused("half_pin", "lat" if lat is None else "lon"))
    return None if lat is None or lon is None else (lat, lon)


def _services(entries: Entries, typed: Mapping[str, Any]) -> tuple[ServiceFacts, ...]:
    services: dict[tuple[str, str], ServiceFacts] = {}
    for number in range(MOST_SERVICES):
        at = f"service-{number}-"
        modality, condition = typed.get(f"{at}modality"), typed.get(f"{at}condition")
        price = entries.number(f"{at}price_usd", 1, 100_000)
        minutes = entries.number(f"{at}minutes", 1, 1440)
        if not modality and not condition:
            if price is not None or minutes is not None:
                entries.problems.append(EntryRefused("half_service", f"{at}modality"))
            continue
        if modality not in set(Modality) or condition not in set(Condition):
            entries.problems.append(EntryRefused("half_service", f"{at}modality"))
            continue
        if (modality, condition) in services:
            entries.problems.append(EntryRefused("twice", f"{at}modality"))
        services[modality, condition] = ServiceFacts(
            modality=Modality(modality),
            condition=Condition(condition),
            price_usd=price,
            minutes=minutes,
        )
    return tuple(services.values())
