"""What a screening means for the criterion of each clinic: withhold it, keep it up, or wait.

The program writes three kinds of checks. A clean screening is a `met` at the source: it renews
what two people agreed on, or else waits for one person. A likely match is a `not_met` that waits
for a person on the page of the match: nobody is told of it, and it ends the met at once.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.criteria import Catalogue, Level
from directory.domain.findings import (
    Check,
    Finding,
    Outcome,
    State,
    finding_of,
    in_order,
    renewable,
)
from directory.domain.looks import Channel
from directory.domain.screening import (
    ACCUSES,
    CRITERION,
    HOLDS_DAYS,
    NO_MATCH,
    MatchState,
    Result,
    Said,
    screening_digest,
    too_old,
)
from directory.models import Clinic, Evidence, Match, MatchCheck, User, Verification
from directory.models.clinic import Post
from directory.models.vetting import EvidenceKind
from directory.operations.families import homes_of, of_family
from directory.operations.listings import check_of
from directory.operations.screening_roster import Key, Roster, Site, batches
from directory.operations.vetting import Observation, add_verification

REFERENCE: Final = "oig-leie"
SOURCE: Final = "OIG List of Excluded Individuals and Entities, list of {day}"
POST_WORDS: Final = {
    Post.MEDICAL_DIRECTOR: "the medical director here",
    Post.PRESCRIBER: "who prescribes here",
    Post.MONITORING_CLINICIAN: "who watches patients here",
}
NOTE: Final = "{who}, is on the federal exclusion list since {day}."
COMPARED: Final = "Compared with the list of {day}, no match: {who}. A name is no proof."
HOW: Final = {
    Result.NO_MATCH_NPI: "by name and NPI",
    Result.NO_MATCH_NAME: "by name",
}
MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One screening: with which list, and for whom it acts."""

    session: Session
    system: User
    now: datetime
    catalogue: Catalogue
    listed: date
    two_person: bool

    @property
    def source(self) -> str:
        """The list as the public reads of it."""
        return SOURCE.format(day=in_words(self.listed))

    @property
    def url(self) -> str | None:
        """The official page, as the checklist names it."""
        return self.catalogue.reference(REFERENCE).link


def keep_up(
    this: Round,
    who: Roster,
    results: Mapping[Key, Said],
    matches: Mapping[Key, Sequence[Match]],
) -> set[int]:
    """Write what follows from a screening at each clinic; returns the clinics where it did."""
    if CRITERION not in this.catalogue.by_code:
        return set()
    touched = set()
    for some in batches(sorted(who.sites)):
        history = checks_at(this.session, some)
        accused = _accused(this.session, matches)
        # Held while they are worked on, so that none is read one by one.
        clinics = this.session.scalars(
            select(Clinic).where(Clinic.id.in_(some)).order_by(Clinic.id)
        ).all()
        for number in (clinic.id for clinic in clinics):
            desk = Desk(this, who.sites[number], history[number])
            if _at_clinic(desk, who, results, matches, accused):
                touched.add(number)
    return touched


def _at_clinic(
    desk: "Desk",
    who: Roster,
    results: Mapping[Key, Said],
    matches: Mapping[Key, Sequence[Match]],
    accused: Collection[tuple[int, int]],
) -> bool:
    written = False
    for key in desk.site.everyone:
        for match in matches.get(key, ()):
            if accuses(match) and (match.id, desk.site.id) not in accused:
                desk.accuse(match, who.everyone[key].name)
                written = True
    needed = {*desk.site.leaders, ("clinic", desk.site.id)}
    if desk.site.owner:
        needed.add(desk.site.owner)
    clean = (
        bool(desk.site.leaders)
        and all(results[key].result in NO_MATCH for key in needed)
        and all(results[key].result is not Result.POSSIBLE for key in desk.site.everyone)
    )
    return (clean and desk.clear(who, results, sorted(needed))) or written


def accuses(match: Match) -> bool:
    """Say whether a match leads to an adverse check at every clinic where its subject is."""
    if match.state is MatchState.CONFIRMED:
        return match.gone_on is None
    return match.state is MatchState.POTENTIAL and match.tier in ACCUSES


def checks_at(session: Session, clinic_ids: Sequence[int]) -> dict[int, list[Verification]]:
    """Return the checks of the criterion by clinic, those of merged listings with them."""
    homes = homes_of(session, clinic_ids)
    found: dict[int, list[Verification]] = defaultdict(list)
    rows = session.scalars(
        select(Verification)
        .where(of_family(Verification.clinic_id, clinic_ids), Verification.criterion == CRITERION)
        .options(
            joinedload(Verification.confirmation),
            joinedload(Verification.refusal),
            joinedload(Verification.credential),
            joinedload(Verification.recorder, innerjoin=True),
            selectinload(Verification.evidence),
        )
        .execution_options(populate_existing=True)
    )
    for row in rows.unique():
        found[homes.get(row.clinic_id, row.clinic_id)].append(row)
    return found


def _accused(session: Session, matches: Mapping[Key, Sequence[Match]]) -> set[tuple[int, int]]:
    """Return match and clinic of every adverse check of these matches that nobody refused."""
    numbers = [match.id for found in matches.values() for match in found]
    pairs: set[tuple[int, int]] = set()
    for some in batches(numbers):
        rows = session.execute(
            select(MatchCheck.match_id, Verification.clinic_id)
            .join(Verification, Verification.id == MatchCheck.verification_id)
            .where(MatchCheck.match_id.in_(some), ~Verification.refusal.has())
        )
        pairs |= {(match_id, clinic_id) for match_id, clinic_id in rows}
    return pairs


class Desk:
    """One clinic, its checks of the criterion, and what the program writes there."""

    def __init__(self, this: Round, site: Site, rows: Sequence[Verification]) -> None:
        """Take the checks as they are stored; `rows` are all of the criterion."""
        self.this = this
        self.site = site
        self.rows = list(rows)

    @property
    def finding(self) -> Finding:
        """What the checks so far say."""
        criterion = self.this.catalogue.criterion(CRITERION)
        return finding_of(
            criterion, self._checks(), self.site.zone, two_person=self.this.two_person
        )

    def accuse(self, match: Match, name: str) -> Verification:
        """Write an adverse check that waits for a person's decision on the match."""
        row = match.row
        excluded = date.fromisoformat(row["excluded_on"])
        made = self._write(
            Outcome.NOT_MET,
            valid_until=None,
            note=NOTE.format(who=self._who(match, name), day=in_words(excluded)),
            evidence=self._evidence(_row_words(row), match.row_digest),
        )
        self.this.session.add(MatchCheck(verification_id=made.id, match_id=match.id))
        self.this.session.flush()
        return made

    def clear(self, who: Roster, results: Mapping[Key, Said], needed: Sequence[Key]) -> bool:
        """Write that everybody in charge was compared and not found, if that says anything new.

        It does not while a person's own check waits or stands against the clinic, when the list
        has grown old, when the same list and people were written down before, or when what is on
        record holds as long.
        """
        this, until = self.this, self.this.listed + timedelta(days=HOLDS_DAYS)
        digest = screening_digest(
            this.listed, [(*key, who.everyone[key].made_for) for key in needed]
        )
        if too_old(this.listed, self.site.today) or self._told(digest) or self._of_people():
            return False
        finding = self.finding
        if finding.state is State.MET and finding.holds_until and finding.holds_until >= until:
            return False
        told = ", ".join(f"{who.everyone[key].name} ({HOW[results[key].result]})" for key in needed)
        base = renewable(self._checks(), Level.SOURCE)
        here = any(row.id == base and row.clinic_id == self.site.id for row in self.rows)
        record = COMPARED.format(day=in_words(this.listed), who=told)
        self._write(
            Outcome.MET,
            valid_until=until,
            renews=base if here else None,
            evidence=self._evidence(record, digest),
        )
        return True

    def _checks(self) -> list[Check]:
        return [check_of(row) for row in self.rows]

    def _told(self, digest: str) -> bool:
        """Say whether the program wrote the same down before, and nothing ended it since."""
        rows = {row.id: row for row in self.rows}
        told = False
        for check in in_order(self._checks()):
            ends = check.outcome is Outcome.NOT_MET and not check.refused
            if check.outcome is Outcome.CHANGED or ends:
                told = False
            elif check.unattended and check.outcome is Outcome.MET:
                told = told or any(item.sha256 == digest for item in rows[check.id].evidence)
        return told

    def _of_people(self) -> bool:
        """Say whether people have the word now: their check waits, or stands against it."""
        finding = self.finding
        if finding.in_recheck:
            return True
        if finding.waiting is not None:
            return not finding.waiting.unattended
        decided = finding.decided_by
        return finding.state is State.NOT_MET and decided is not None and not decided.is_hit

    def _write(
        self,
        outcome: Outcome,
        *,
        valid_until: date | None,
        evidence: Evidence,
        note: str = "",
        renews: int | None = None,
    ) -> Verification:
        """Write a check of today, the day of the comparing; the source names the list's day."""
        this = self.this
        seen = Observation(
            criterion=CRITERION,
            outcome=outcome,
            level=Level.SOURCE,
            checked_on=self.site.today,
            valid_until=valid_until,
            source_name=this.source,
            source_url=this.url,
            note=note,
            channel=Channel.LOOKUP,
            renews=renews,
        )
        moment = max([this.now, *(row.recorded_at for row in self.rows)])
        clinic = this.session.get_one(Clinic, self.site.id)
        made = add_verification(
            this.session, this.system, moment, this.catalogue, clinic, seen, [evidence]
        )
        self.rows.append(made)
        return made

    def _who(self, match: Match, name: str) -> str:
        kind, _number = match.subject
        if kind == "practitioner":
            return f"{name}, {POST_WORDS[self.site.posts[match.subject][0]]}"
        return f"The owner, {name}" if kind == "organization" else "This clinic, by its own name"

    def _evidence(self, record: str, digest: str) -> Evidence:
        """Return what was compared as evidence; its hash names the list and everyone compared."""
        return Evidence(
            kind=EvidenceKind.LOOKUP,
            title=self.this.source,
            url=self.this.url,
            record=record,
            sha256=digest,
            taken_at=self.this.now,
            taken_by=self.this.system.id,
        )


def in_words(day: date) -> str:
    """Return a day as the texts on record write it."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _row_words(row: Mapping[str, str]) -> str:
    """Return what the public reads of a row that was confirmed."""
    name = " ".join(row[part] for part in ("first_name", "middle_name", "last_name") if part in row)
    place = ", ".join(row[part] for part in ("city", "state") if part in row)
    parts = [row.get("business_name", ""), name, row.get("specialty", ""), place]
    day = in_words(date.fromisoformat(row["excluded_on"]))
    return f"{'; '.join(part for part in parts if part)}; excluded on {day}"
