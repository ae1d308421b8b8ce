"""Every token and component on one page, for whoever builds pages; only in development."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Flask, Response, make_response, render_template
from werkzeug.datastructures import MultiDict

from directory.domain.criteria import Catalogue, Criterion, Level
from directory.domain.findings import Check, Finding, Outcome, Reply, State
from directory.domain.services import CONDITIONS, MODALITIES
from directory.domain.standing import STANDINGS
from directory.operations.search import Hit
from directory.settings import Settings
from directory.web.forms.samples import sample_form
from directory.web.forms.search import RADII, SearchForm
from directory.web.public.tokens import in_words, pairs, read_tokens, weakest
from directory.web.state import catalogue

pages = Blueprint("styleguide", __name__)

LOOKED, UNTIL, ANSWERED = date(2026, 10, 12), date(2027, 6, 30), date(2026, 10, 14)
RECORDED = datetime(2026, 10, 12, 15, 0, tzinfo=UTC)
KINDS = (
    "source",
    "document",
    "attested",
    "attested-not",
    "attested-none",
    "paper",
    "not-checked",
    "tried",
    "recheck",
    "expired",
    "not-met",
    "disputed",
    "none",
)
"""The states of a check as a patient meets them; `disputed` stands beside a check not met."""

CARDS = {
    "complete": ("source", "document", "document"),
    "partial": ("source", "attested", "expired"),
    "unchecked": ("not-checked", "not-checked", "not-checked"),
    "warning": ("disputed", "tried", "document"),
    "suspended": ("source", "document", "not-checked"),
}
"""Each standing, with the states of the three checks that a card shows."""
FIRSTS = ("sup-director", "sup-observer", "mon-vitals")

WORDS = {
    "title": "Style guide",
    "lead": "Every token and component, with invented data. It exists in development only.",
    "colors": "Colors",
    "color": "Color",
    "light": "Light",
    "dark": "Dark",
    "contrast": "Contrast where it is weakest",
    "on": "on",
    "other": "Type, spaces and shapes",
    "token": "Token",
    "value": "Value",
    "states": "States of a check",
    "line": "On a card and in a row",
    "tally": "In the summary",
    "marks": "In a group",
    "row": "On a clinic's page",
    "standings": "Cards",
    "blockers": "Blockers",
    "buttons": "Buttons",
    "primary": "Find clinics",
    "quiet": "Questions to ask",
    "fields": "Fields",
    "hint": "For example 85004, or Austin, TX",
    "summary": "Error summary",
    "wrong": "Fields with errors",
    "search": "Search, filters, chips and pages",
    "notices": "Notices and helplines",
    "notice": "Showing results for Boise, ID.",
    "answer": "The clinic disagrees.",
    "emergency": "Call 911 if you or someone with you:",
    "urgent": "Call or text 988 at any hour if you:",
    "breath": "has trouble breathing",
    "table": "Table",
    "caption": "How long a check lasts",
    "check": "Check",
    "lasts": "Lasts",
    "months": "12 months",
    "choices": "Choices",
    "staff": "Staff pages",
    "listed": "listed",
    "suspended": "suspended",
    "saved": "Saved.",
    "late": "Late by two days",
}
"""The page's own words: for builders, so they are not for the translators."""


def install(app: Flask, settings: Settings) -> None:
    """Add the page where pages are built; in production the address does not exist."""
    if settings.env == "development":
        app.register_blueprint(pages)


@pages.get("/styleguide")
def show() -> Response:
    """Show each token and component in each of its states, with invented data."""
    edition = catalogue()
    chosen = MultiDict([("near", "83702"), ("offers", "iv"), ("has", FIRSTS[1])])
    page = render_template(
        "public/styleguide.html",
        words=WORDS,
        catalogue=edition,
        search=SearchForm(chosen, edition),
        radii=RADII,
        facets=_facets(edition),
        tokens=read_tokens(),
        weakest=weakest(pairs(read_tokens())),
        in_words=in_words,
        samples=[sample(*pair) for pair in zip(KINDS, edition.criteria, strict=False)],
        hits=[hit_of(code, edition) for code in CARDS],
        fine=sample_form(wrong=False),
        wrong=sample_form(wrong=True),
    )
    response = make_response(page)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One state of a check with what its row on a clinic's page reads."""

    kind: str
    criterion: Criterion
    finding: Finding
    checks: tuple[Any, ...] = ()
    history: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def deciding(self, finding: Finding) -> Any:
        """Return the stored check that decides."""
        return self.checks[0] if finding.decided_by else None

    def claiming(self, finding: Finding) -> Any:
        """Return the stored check that was too weak to decide."""
        return self.checks[0] if finding.claimed else None

    def attempting(self, finding: Finding) -> Any:
        """Return the stored check that could not be made."""
        return self.checks[0] if finding.attempted else None


def sample(kind: str, criterion: Criterion) -> Sample:
    """Return a check of a criterion in one of KINDS."""
    finding = finding_in(kind, criterion.code)
    check = finding.decided_by or finding.claimed or finding.attempted
    return Sample(
        kind=kind, criterion=criterion, finding=finding, checks=(_stored(check),) if check else ()
    )


def finding_in(kind: str, code: str) -> Finding:
    """Return a finding of one criterion that a patient meets as `kind`."""
    decided = {
        "source": (State.MET, Outcome.MET, Level.SOURCE),
        "document": (State.MET, Outcome.MET, Level.DOCUMENT),
        "expired": (State.EXPIRED, Outcome.MET, Level.SOURCE),
        "not-met": (State.NOT_MET, Outcome.NOT_MET, Level.SOURCE),
        "disputed": (State.NOT_MET, Outcome.NOT_MET, Level.SOURCE),
        "none": (State.DOES_NOT_APPLY, Outcome.DOES_NOT_APPLY, Level.SOURCE),
    }
    claimed = {
        "attested": (Outcome.MET, Level.ATTESTED),
        "attested-not": (Outcome.NOT_MET, Level.ATTESTED),
        "attested-none": (Outcome.DOES_NOT_APPLY, Level.ATTESTED),
        "paper": (Outcome.MET, Level.DOCUMENT),
    }
    if kind in decided:
        state, outcome, level = decided[kind]
        reply = Reply(ANSWERED, "We have asked the board to look again.")
        return Finding(
            criterion=code,
            state=state,
            critical=True,
            holds_until=LOOKED if kind == "expired" else UNTIL,
            decided_by=_check(outcome, level),
            reply=reply if kind == "disputed" else None,
        )
    more: dict[str, Any] = {}
    if kind in claimed:
        more["claimed"] = _check(*claimed[kind])
    elif kind == "tried":
        more["attempted"] = _check(Outcome.COULD_NOT_CHECK, Level.SOURCE)
    elif kind == "recheck":
        more["in_recheck"] = True
    return Finding(criterion=code, state=State.NOT_CHECKED, critical=True, **more)


def hit_of(code: str, edition: Catalogue) -> Hit:
    """Return a clinic of a list of results that has one of the standings."""
    states = dict(zip(FIRSTS, CARDS[code], strict=True))
    rest = "source" if code == "complete" else "not-checked"
    findings = tuple(
        finding_in(states.get(one.code, rest), one.code)
        for one in edition.criteria
        if one.critical or one.code in FIRSTS
    )
    number = list(CARDS).index(code) + 1
    return Hit.of(
        number,
        3.2 * number,
        {
            "name": f"Sample {code.title()} Infusion Clinic",
            "street": "12 Example Street",
            "city": "Boise",
            "state": "ID",
            "postal_code": "83702",
            "precision": "address",
            "phone": "+12085550142",
            "website": "https://example.org",
            "director": {"name": "Ines Abernathy", "profession": "MD"},
            "offers": ["iv"],
            "treats": ["depression", "ptsd"],
            "price_from": 450 if code == "complete" else None,
            "accepting": code == "complete" or None,
            "listing": "suspended" if code == "suspended" else "listed",
            "listing_reason": "The clinic's license is being looked at.",
            "lat": 43.6,
            "lon": -116.2,
            "timezone": "America/Boise",
        },
        findings,
        RECORDED,
    )


def _check(outcome: Outcome, level: Level) -> Check:
    return Check(
        id=1,
        outcome=outcome,
        level=level,
        checked_on=LOOKED,
        recorded_at=RECORDED,
        valid_until=UNTIL,
        confirmed=True,
    )


def _facets(edition: Catalogue) -> dict[str, dict[str, int]]:
    return {
        "treats": dict.fromkeys(CONDITIONS, 3),
        "offers": dict.fromkeys(MODALITIES, 3),
        "standing": {code.value: 3 for code in STANDINGS},
        "has": {criterion.code: 2 for criterion in edition.criteria},
    }


def _stored(check: Check) -> SimpleNamespace:
    return SimpleNamespace(
        id=check.id,
        outcome=check.outcome,
        level=check.level,
        checked_on=check.checked_on,
        source_name="Example Medical Board",
        source_url="https://example.org/board",
        note="",
        evidence=(),
        credential=None,
        confirmation=object(),
        renews_id=None,
        recorder=SimpleNamespace(role="verifier"),
        set_aside=False,
    )
