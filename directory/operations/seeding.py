"""Fill an empty directory with invented clinics, each dated from the day they are loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Catalogue, CatalogueError
from directory.domain.findings import Outcome, needs_second_person, today_in
from directory.domain.progress import Steps, Watch, nobody
from directory.models import (
    Clinic,
    Credential,
    DirectoryState,
    Organization,
    Practitioner,
    PractitionerRole,
    Service,
    User,
    Verification,
)
from directory.models.clinic import Post
from directory.operations import events
from directory.operations.listings import derive_all
from directory.operations.people import system_user
from directory.operations.seeding_file import read_plan
from directory.operations.seeding_plan import CheckPlan, ClinicPlan, PersonPlan, Plan, filled
from directory.operations.vetting import (
    CheckRefused,
    Observation,
    add_confirmation,
    add_verification,
    link_evidence,
)

EVIDENCE_SITE = "https://evidence.example.org"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - shorter
CHECKS_FROM = time(9)
CONFIRMATIONS_FROM = time(15)
MINUTES_EACH = 5
STATELESS = (CredentialKind.ACLS, CredentialKind.BOARD_CERTIFICATION)


class DemoRefused(ValueError):
    """The demonstration cannot be loaded; the message names what to mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much was written; `already` means that nothing was, since it is there."""

    clinics: int
    public: int = 0
    organizations: int = 0
    practitioners: int = 0
    services: int = 0
    credentials: int = 0
    verifications: int = 0
    confirmations: int = 0
    already: bool = False

    def __str__(self) -> str:
        if self.already:
            return f"{self.clinics} are there already, nothing changed"
        return (
            f"{self.clinics} added, {self.public} of them public, "
            f"with {self.practitioners} people and {self.verifications} checks"
        )


def seed_demo(
    session: Session,
    now: datetime,
    catalogue: Catalogue,
    *,
    text: str,
    two_person: bool,
    watch: Watch = nobody,
) -> Counts:
    """Write the clinics of `text` with all that belongs to them, as of the moment `now`.

    A second run changes nothing. Every act is logged at the past moment it stands for, in order.
    Raises DemoRefused when the text is wrong (each problem with line, clinic and field), when no
    checklist is loaded, or when there are real clinics, which must not stand among invented ones.
    """
    invented = _count(session, Clinic.demonstration)
    if invented:
        return Counts(clinics=invented, already=True)
    if _count(session, ~Clinic.demonstration):
        raise DemoRefused("there are clinics already; load the demonstration into an empty one")
    state = session.get(DirectoryState, DirectoryState.ONLY)
    if state is None:
        raise DemoRefused("load a checklist before the demonstration clinics")
    try:
        plan = read_plan(text, catalogue)
    except CatalogueError as error:
        raise DemoRefused(str(error)) from error
    seeder = _Seeder(session, now, catalogue, plan)
    seeder.write(watch)
    public = derive_all(session, catalogue, now, two_person=two_person)
    counts = replace(seeder.counts(), public=public)
    state.demonstration = True
    events.record(
        session, seeder.system, now, "directory:demonstration", "directory", state.id, None,
        {"clinics": counts.clinics, "verifications": counts.verifications},
    )  # fmt: skip
    session.flush()
    return counts


def _count(session: Session, which: Any) -> int:
    return session.scalar(select(func.count()).select_from(Clinic).where(which)) or 0


@dataclass(slots=True, kw_only=True)
class _Act:
    """One check to record at a past moment, and who records and confirms it."""

    moment: datetime
    confirmed_at: datetime | None
    site: "_Site"
    check: CheckPlan
    people: tuple[User, User]


@dataclass(slots=True, kw_only=True)
class _Site:
    """A clinic as written, and what its checks lean on."""

    plan: ClinicPlan
    clinic: Clinic
    zone: ZoneInfo
    today: date
    words: Mapping[str, str]
    people: list[tuple[PersonPlan, Practitioner]] = field(default_factory=list)


class _Seeder:
    """Writes a plan: first all clinics, then all checks in the order in which they were made."""

    def __init__(self, session: Session, now: datetime, catalogue: Catalogue, plan: Plan) -> None:
        self.session = session
        self.now = now
        self.catalogue = catalogue
        self.plan = plan
        self.system = system_user(session)
        self.staff = [self._member(member) for member in plan.staff]
        self.began = now - timedelta(days=plan.began_days_ago)
        self.organizations: dict[str, Organization] = {}
        self.practitioners: dict[str, Practitioner] = {}
        self.credentials: dict[tuple[object, ...], Credential] = {}
        self.verifications = self.confirmations = 0

    def write(self, watch: Watch) -> None:
        """Write everything; raises DemoRefused naming clinic and criterion."""
        self.organizations = {
            code: Organization(name=name, npi=npi)
            for code, (name, npi) in self.plan.organizations.items()
        }
        self.session.add_all(self.organizations.values())
        sites = [self._site(plan) for plan in self.plan.clinics]
        self.session.flush()
        for site in sites:
            events.record(
                self.session, self.system, self.began, "clinic:created", "clinic", site.clinic.id,
                None, {"name": site.clinic.name, "listing": site.clinic.listing.value},
            )  # fmt: skip
        self._play([act for nth, site in enumerate(sites) for act in self._acts(nth, site)], watch)

    def counts(self) -> Counts:
        """Say how much was written."""
        return Counts(
            clinics=len(self.plan.clinics),
            organizations=len(self.organizations),
            practitioners=len(self.practitioners),
            services=sum(len(clinic.services) for clinic in self.plan.clinics),
            credentials=len(self.credentials),
            verifications=self.verifications,
            confirmations=self.confirmations,
        )

    def _member(self, member: User) -> User:
        known = self.session.scalar(select(User).where(User.name == member.name))
        if known is None:
            self.session.add(member)
            self.session.flush()
        return known or member

    def _site(self, plan: ClinicPlan) -> _Site:
        zone = ZoneInfo(plan.columns["timezone"])
        today = today_in(zone, self.now)
        clinic = Clinic(
            **plan.columns,
            organization=self.organizations[plan.organization] if plan.organization else None,
            listed_on=_before(today, plan.listed_days_ago),
            demonstration=True,
            created_at=self.began,
            services=[Service(**columns) for columns in plan.services],
        )
        self.session.add(clinic)
        words = self.plan.states[plan.columns["state"]]
        site = _Site(plan=plan, clinic=clinic, zone=zone, today=today, words=words)
        for person in plan.people:
            practitioner = self.practitioners.setdefault(
                person.npi,
                Practitioner(name=person.name, profession=person.profession, npi=person.npi),
            )
            site.people.append((person, practitioner))
            role = PractitionerRole(
                practitioner=practitioner,
                clinic=clinic,
                post=person.post,
                started_on=today - timedelta(days=person.since_days_ago),
            )
            self.session.add(role)
        return site

    def _acts(self, nth: int, site: _Site) -> list[_Act]:
        first, second = self.staff[nth % 2], self.staff[(nth + 1) % 2]
        if nth % 5 == 4:
            second = self.staff[2]
        acts = []
        for check in site.plan.checks:
            day = site.today - timedelta(days=check.days_ago)
            later = timedelta(minutes=MINUTES_EACH * check.criterion.position)
            acts.append(
                _Act(
                    moment=datetime.combine(day, CHECKS_FROM, site.zone) + later,
                    confirmed_at=(
                        datetime.combine(day, CONFIRMATIONS_FROM, site.zone) + later
                        if check.confirmed and needs_second_person(check.criterion, check.outcome)
                        else None
                    ),
                    site=site,
                    check=check,
                    people=(first, second),
                )
            )
        return acts

    def _play(self, acts: list[_Act], watch: Watch) -> None:
        """Record and confirm in the order of time, so that the log reads as it would have grown."""
        steps = [(act.moment, act, False) for act in acts]
        steps += [(act.confirmed_at, act, True) for act in acts if act.confirmed_at]
        recorded: dict[int, Verification] = {}
        told = Steps(watch, len(steps))
        for moment, act, confirms in sorted(steps, key=lambda step: step[0]):
            if confirms:
                add_confirmation(self.session, act.people[1], moment, recorded[id(act)])
                self.confirmations += 1
            else:
                recorded[id(act)] = self._record(act, moment)
                self.verifications += 1
            told.took()

    def _record(self, act: _Act, moment: datetime) -> Verification:
        site, check, actor = act.site, act.check, act.people[0]
        credential = self._credential(site, check) if check.rests_on else None
        if check.rests_on is CredentialKind.STATE_LICENSE:
            self._other_licenses(site, check)
        words = self._words(site, check)
        seen = Observation(
            criterion=check.criterion.code,
            outcome=check.outcome,
            level=check.level,
            checked_on=site.today - timedelta(days=check.days_ago),
            valid_until=self._valid_until(site, check, credential),
            source_name=filled(check.source, words),
            source_url=filled(check.url, words) or None,
            note=filled(check.note, words),
            credential=credential,
        )
        url = f"{EVIDENCE_SITE}/{site.plan.code}/{check.criterion.code}/{check.days_ago}"
        evidence = link_evidence(actor, moment, title=check.evidence, url=url)
        try:
            verification = add_verification(
                self.session, actor, moment, self.catalogue, site.clinic, seen, [evidence]
            )
        except CheckRefused as refused:
            where = f"clinic {site.plan.code}: {check.criterion.code}"
            raise DemoRefused(f"{where}: {refused}") from refused
        # Said here, so that a thousand confirmations do not each ask the database.
        set_committed_value(verification, "confirmation", None)
        set_committed_value(verification, "refusal", None)
        return verification

    def _valid_until(
        self, site: _Site, check: CheckPlan, credential: Credential | None
    ) -> date | None:
        if check.outcome not in (Outcome.MET, Outcome.DOES_NOT_APPLY):
            return None
        limit = site.today + timedelta(days=check.criterion.valid_days - check.days_ago)
        if credential is None or credential.expires_on is None:
            return limit
        return min(limit, credential.expires_on)

    def _credential(self, site: _Site, check: CheckPlan) -> Credential:
        """Return what the check rests on; one person holds one license in each state."""
        person = self._holder(site, check.holder) if check.holder else None
        return self._held(site, check, person)

    def _other_licenses(self, site: _Site, check: CheckPlan) -> None:
        """Add the licenses of the others on the roster, which are looked up with the director's."""
        plain = replace(check, ends_in_days=None, ended_days_ago=None)
        for person in site.people:
            if person[0].post is not check.holder:
                self._held(site, plain, person)

    def _held(
        self, site: _Site, check: CheckPlan, person: tuple[PersonPlan, Practitioner] | None
    ) -> Credential:
        kind = check.rests_on
        holder: object = person[1] if person else site.clinic
        state = None if kind in STATELESS else site.clinic.state
        key = (kind, holder, state)
        if (known := self.credentials.get(key)) is not None:
            return self._again(site, check, known)
        issuer, url = self.plan.issuer(kind, person[0].profession if person else None)
        number = len(self.credentials) + 1
        masked = kind is CredentialKind.DEA_REGISTRATION
        ends_in = check.ends_in_days
        if ends_in is None:
            ends_in = check.issued_for_days - site.plan.papers_days_ago
        credential = Credential(
            practitioner=person[1] if person else None,
            clinic=None if person else site.clinic,
            kind=kind,
            number=f"{number % 1000:03d}" if masked else f"DEMO-{10000 + number}",
            state=state,
            issuer=filled(issuer, site.words),
            issuer_url=filled(url, site.words) or None,
            expires_on=site.today + timedelta(days=ends_in),
            ended_on=_before(site.today, check.ended_days_ago),
        )
        self.session.add(credential)
        self.credentials[key] = credential
        return credential

    def _again(self, site: _Site, check: CheckPlan, known: Credential) -> Credential:
        """Return a credential that an earlier check used, ended by this one if it says so."""
        ends = check.ends_in_days
        if ends is not None and known.expires_on != site.today + timedelta(days=ends):
            raise DemoRefused(
                f"clinic {site.plan.code}: {check.criterion.code}: ends_in_days: "
                "the same license or card has another end at another check"
            )
        if check.ended_days_ago is not None:
            known.ended_on = _before(site.today, check.ended_days_ago)
        return known

    def _holder(self, site: _Site, post: Post) -> tuple[PersonPlan, Practitioner]:
        return next(person for person in site.people if person[0].post is post)

    def _words(self, site: _Site, check: CheckPlan) -> dict[str, str]:
        """Return what the placeholders of a check's texts stand for at this clinic."""
        words = dict(site.words)
        if check.holder:
            profession = self.plan.professions[self._holder(site, check.holder)[0].profession]
            words |= {key: filled(text, site.words) for key, text in profession.items()}
        if check.since_days_ago is not None:
            day = site.today - timedelta(days=check.since_days_ago)
            words["since"] = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        return words


def _before(today: date, days: int | None) -> date | None:
    return None if days is None else today - timedelta(days=days)
