"""The demonstration as data: what is to be written, with days counted from the day of loading."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Criterion, Level
from directory.domain.findings import Outcome
from directory.domain.standing import StandingCode
from directory.models import User
from directory.models.clinic import Post

PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """How one criterion is checked here: by which clock, where, and resting on what."""

    clock: str
    days_after: int
    name: str
    url: str
    note: str
    evidence: str
    credential: CredentialKind | None
    holder: Post | None
    issued_for_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlan:
    """One check as it will be recorded; days count from the day of loading."""

    criterion: Criterion
    outcome: Outcome
    level: Level
    days_ago: int
    confirmed: bool
    source: str
    url: str
    note: str
    evidence: str
    rests_on: CredentialKind | None
    holder: Post | None
    issued_for_days: int
    ends_in_days: int | None
    ended_days_ago: int | None
    since_days_ago: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPlan:
    """An invented person with a post at one clinic."""

    post: Post
    name: str
    profession: str
    npi: str
    since_days_ago: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicPlan:
    """One clinic; `columns` and `services` hold what is stored as it stands."""

    code: str
    columns: dict[str, Any]
    organization: str | None
    listed_days_ago: int | None
    papers_days_ago: int
    people: tuple[PersonPlan, ...]
    services: tuple[dict[str, Any], ...]
    checks: tuple[CheckPlan, ...]
    standing: StandingCode | None


@dataclass(slots=True, kw_only=True)
class Plan:
    """The whole file."""

    began_days_ago: int
    staff: list[User] = field(default_factory=list)
    hours: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    professions: dict[str, dict[str, str]] = field(default_factory=dict)
    issuers: dict[str, tuple[str, str]] = field(default_factory=dict)
    sources: dict[str, SourcePlan] = field(default_factory=dict)
    profiles: dict[str, dict[str, Level]] = field(default_factory=dict)
    organizations: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    clinics: list[ClinicPlan] = field(default_factory=list)

    def issuer(self, kind: CredentialKind | None, profession: str | None) -> tuple[str, str]:
        """Return who issues a kind of credential, and its public page or nothing."""
        word = {
            CredentialKind.STATE_LICENSE: "license",
            CredentialKind.BOARD_CERTIFICATION: "certificate",
        }.get(kind) if kind else None  # fmt: skip
        if word and profession:
            names = self.professions[profession]
            return names[word], names[f"{word}_url"]
        return self.issuers[kind.value if kind else ""]


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return `text` with each {word} replaced by what it stands for; an unknown one vanishes."""
    return PLACEHOLDER.sub(lambda match: words.get(match.group(1), ""), text)
