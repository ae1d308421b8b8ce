"""Read one clinic of the demonstration file: its columns, people, services and checks."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from directory.domain.catalogue_reader import Record
from directory.domain.credentials import npi_valid
from directory.domain.criteria import Applies, Catalogue, Level
from directory.domain.findings import Outcome
from directory.domain.services import Condition, Modality
from directory.domain.standing import Listing, StandingCode
from directory.models.clinic import PointPrecision, Post
from directory.operations.seeding_plan import CheckPlan, ClinicPlan, PersonPlan, Plan

CODE = r"[a-z0-9]+(-[a-z0-9]+)*"
PHONE = r"\+1[2-9][0-9]{2}55501[0-9]{2}"
WEBSITE = r"https://[a-z0-9-]+\.example\.org"
CLOCKS = {"papers": 21, "lookups": 1, "calls": 4}
"""The clocks of a clinic, and the fewest days each may show: some checks come later than others."""
OWN_WORDS = "The clinic's own statement"
IV_ONLY = "The clinic gives no ketamine by IV."
A_CLINIC = "a clinic"
_Value = TypeVar("_Value")


def known(record: Record, key: str, code: str, among: Mapping[str, object]) -> bool:
    """Say whether `code` is one of those defined, and refuse the field when it is not."""
    if code not in among:
        record.refuse(key, f"names '{code}', which is not known here")
    return code in among


def invented_npi(record: Record) -> str | None:
    """Return the NPI of a record, if it has one; only numbers nobody is given are taken."""
    npi = record.optional_text("npi")
    if npi is not None and not _invented(npi):
        record.refuse("npi", "must begin with 2 and have a right check digit")
    return npi


def _invented(npi: str) -> bool:
    return npi.startswith("2") and npi_valid(npi)


class ClinicReader:
    """Reads one clinic of the file."""

    def __init__(
        self, record: Record, plan: Plan, catalogue: Catalogue, npis: dict[str, str]
    ) -> None:
        self.record = record
        self.plan = plan
        self.catalogue = catalogue
        self.npis = npis
        self.clocks: dict[str, int] = {}

    def read(self) -> ClinicPlan:
        """Return the clinic; every problem is noted on the record."""
        record = self.record
        record.know("story")
        columns = self._columns()
        self._claim(columns["npi"], A_CLINIC)
        owner = record.optional_text("organization")
        if owner is not None:
            known(record, "organization", owner, self.plan.organizations)
        people = tuple(self._people())
        services = tuple(self._services())
        with_checks = record.has("checks")
        self.clocks = {
            clock: record.number(f"{clock}_days_ago", fewest, 364)
            for clock, fewest in CLOCKS.items()
            if with_checks
        }
        checks = self._checks(people, services) if with_checks else []
        standings = list(StandingCode)
        return ClinicPlan(
            code=record.text("code", pattern=CODE, like="some-clinic"),
            columns=columns,
            organization=owner,
            listed_days_ago=(
                record.number("listed_days_ago", 0, self.plan.began_days_ago)
                if columns["listing"] is not Listing.DRAFT
                else None
            ),
            papers_days_ago=self.clocks.get("papers", 0),
            people=people,
            services=services,
            checks=tuple(checks),
            standing=record.choice("standing", standings) if record.has("standing") else None,
        )

    def _columns(self) -> dict[str, Any]:
        record = self.record
        hours = record.optional_text("hours")
        if hours is not None:
            known(record, "hours", hours, self.plan.hours)
        state = record.text("state")
        known(record, "state", state, self.plan.states)
        listing = record.choice("listing", list(Listing))
        hidden = listing not in (Listing.DRAFT, Listing.LISTED)
        return {
            "name": record.text("name"),
            "npi": invented_npi(record),
            "street": record.text("street"),
            "city": record.text("city"),
            "state": state,
            "postal_code": record.text("postal_code", pattern=r"\d{5}", like="97214"),
            "lat": self._degrees("lat", 90),
            "lon": self._degrees("lon", 180),
            "point_precision": record.choice("precision", list(PointPrecision)),
            "timezone": self._zone(),
            "phone": record.optional_text("phone", pattern=PHONE, like="+15035550110"),
            "website": record.optional_text(
                "website", pattern=WEBSITE, like="https://a.example.org"
            ),
            "accepting_new_patients": record.flag("accepting") if record.has("accepting") else None,
            "hours": self.plan.hours.get(hours or "", []),
            "languages": list(record.texts("languages", required=False)),
            "access": record.optional_text("access"),
            "insurance": record.optional_text("insurance"),
            "listing": listing,
            "listing_reason": record.text("listing_reason") if hidden else None,
        }

    def _degrees(self, key: str, most: int) -> float:
        value = self.record.values.get(key)
        self.record.know(key)
        if not isinstance(value, float) or not -most <= value <= most:
            self.record.refuse(key, f"must be degrees from -{most} to {most}, like 45.5")
            return 1.0
        return value

    def _zone(self) -> str:
        zone = self.record.text("timezone")
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError):
            self.record.refuse("timezone", f"'{zone}' is not a time zone")
        return zone

    def _people(self) -> list[PersonPlan]:
        people = []
        for row in self._rows("people", _PERSON, set(_PERSON)):
            person = PersonPlan(**row)
            if not _invented(person.npi):
                self.record.refuse("people", f"{person.name}: npi must begin with 2 and be sound")
            known(self.record, "people", person.profession, self.plan.professions)
            self._claim(person.npi, f"{person.name}, {person.profession}")
            people.append(person)
        return people

    def _claim(self, npi: str | None, who: str) -> None:
        """Note who an NPI belongs to; only a person may stand at more than one clinic."""
        if npi is None:
            return
        if npi in self.npis and (who == A_CLINIC or self.npis[npi] != who):
            self.record.refuse("npi", f"{npi} is already used by somebody else")
        self.npis[npi] = who

    def _services(self) -> list[dict[str, Any]]:
        return [
            {
                "modality": row["by"],
                "condition": condition,
                "price_usd": row.get("price"),
                "minutes": row.get("minutes"),
            }
            for row in self._rows("services", _SERVICE, {"by", "treats"})
            for condition in row["treats"]
        ]

    def _checks(
        self, people: tuple[PersonPlan, ...], services: tuple[dict[str, Any], ...]
    ) -> list[CheckPlan]:
        profile = self.record.text("checks")
        known(self.record, "checks", profile, self.plan.profiles)
        levels = self.plan.profiles.get(profile, {})
        checks: dict[str, list[dict[str, Any]]] = {
            code: [{"of": code, "level": level}] for code, level in levels.items()
        }
        for row in self._rows("but", _CHANGE, {"of"}):
            if row.pop("also", False):
                checks.setdefault(row["of"], []).append(row)
            else:
                checks[row["of"]] = [row]
        posts = {person.post for person in people}
        drip = any(service["modality"] is Modality.IV for service in services)
        return [
            check
            for code, rows in checks.items()
            if known(self.record, "but", code, self.catalogue.by_code)
            and known(self.record, "but", code, self.plan.sources)
            for row in rows
            if (check := self._check(row, posts, drip)) is not None
        ]

    def _check(self, row: dict[str, Any], posts: set[Post], drip: bool) -> CheckPlan | None:
        criterion, source = self.catalogue.criterion(row["of"]), self.plan.sources[row["of"]]
        level = row.get("level", criterion.best_level)
        outcome = row.get("outcome", Outcome.MET)
        note = row.get("note")
        if criterion.applies is Applies.IV and not drip and outcome is Outcome.MET:
            outcome, note = Outcome.DOES_NOT_APPLY, IV_ONLY
        own = level is Level.ATTESTED
        firm = outcome is Outcome.MET and not own
        rests_on = source.credential if firm or "ended_days_ago" in row else None
        since = self.clocks.get(source.clock, 0) - source.days_after
        days_ago = row.get("days_ago", max(since, 1))
        if not 1 <= days_ago < self.plan.began_days_ago:
            self.record.refuse("but", f"{criterion.code}: days_ago must lie in the past")
        elif outcome is not Outcome.MET and not note:
            self.record.refuse("but", f"{criterion.code}: note is missing: say what was seen")
        elif not own and source.holder and source.holder not in posts:
            self.record.refuse("people", f"has no {source.holder.value}, for {criterion.code}")
        elif "{since}" in (note or "") and "since_days_ago" not in row:
            self.record.refuse("but", f"{criterion.code}: since_days_ago is missing")
        else:
            return CheckPlan(
                criterion=criterion,
                outcome=outcome,
                level=level,
                days_ago=days_ago,
                confirmed=row.get("confirmed", True) and not own,
                source=OWN_WORDS if own else source.name,
                url="" if own else source.url,
                note=note if note is not None else "" if own else source.note,
                evidence=OWN_WORDS if own else source.evidence,
                rests_on=rests_on,
                holder=None if own else source.holder,
                issued_for_days=source.issued_for_days,
                ends_in_days=row.get("ends_in_days"),
                ended_days_ago=row.get("ended_days_ago"),
                since_days_ago=row.get("since_days_ago"),
            )
        return None

    def _rows(
        self, key: str, kinds: Mapping[str, Callable[[Any], Any]], required: set[str]
    ) -> list[dict[str, Any]]:
        """Return the inline tables of a list, each value of its kind; wrong ones are left out."""
        self.record.know(key)
        rows = self.record.values.get(key, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.record.refuse(key, "must be a list of tables in braces")
            return []
        sound = []
        for nth, row in enumerate(rows, start=1):
            wrong = [f"{name} is missing" for name in sorted(required - set(row))]
            values = {}
            for name, value in row.items():
                try:
                    values[name] = kinds[name](value)
                except KeyError:
                    wrong.append(f"{name} is not a known field")
                except ValueError:
                    wrong.append(f"{name} cannot be {value!r}")
            for words in wrong:
                self.record.refuse(key, f"entry {nth}: {words}")
            if not wrong:
                sound.append(values)
        return sound


def _exact(kind: type[_Value]) -> Callable[[Any], _Value]:
    def read(value: Any) -> _Value:
        if type(value) is not kind:
            raise ValueError(value)
        return value

    return read


def _conditions(value: Any) -> list[Condition]:
    if not isinstance(value, list) or not value:
        raise ValueError(value)
    return [Condition(item) for item in value]


_PERSON = {
    "post": Post, "name": _exact(str), "profession": _exact(str), "npi": _exact(str),
    "since_days_ago": _exact(int),
}  # fmt: skip
_SERVICE = {"by": Modality, "treats": _conditions, "price": _exact(int), "minutes": _exact(int)}
_CHANGE = {
    "of": _exact(str), "outcome": Outcome, "level": Level, "days_ago": _exact(int),
    "ends_in_days": _exact(int), "ended_days_ago": _exact(int), "since_days_ago": _exact(int),
    "note": _exact(str), "confirmed": _exact(bool), "also": _exact(bool),
}  # fmt: skip
