"""Read the file of demonstration clinics, and refuse it whole when anything in it is wrong."""

from directory.domain import catalogue_reader as reader
from directory.domain.catalogue_reader import Record
from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Catalogue, Level
from directory.models import User
from directory.models.clinic import Post
from directory.models.staff import StaffRole
from directory.operations.seeding_clinic import CLOCKS, ClinicReader, invented_npi, known
from directory.operations.seeding_plan import PLACEHOLDER, Plan, SourcePlan

WORDS = {"state", "board", "board_url", "license", "license_url", "certificate", "certificate_url"}
CODE = r"[a-z0-9]+(-[a-z0-9]+)*"
LINK = r"https://[^\s\"<>]+|\{\w+\}"
OLDEST = 2000
STAFF = 3


def read_plan(text: str, catalogue: Catalogue) -> Plan:
    """Read the file; raises CatalogueError with every problem: line, clinic and field."""
    document = reader.open_document(text)
    plan = Plan(began_days_ago=document.top.number("directory_began_days_ago", 1, OLDEST))
    for record in document.tables("staff"):
        role = record.choice("role", [StaffRole.VERIFIER, StaffRole.ADMIN])
        plan.staff.append(User(name=record.text("name"), role=role))
    if len(plan.staff) != STAFF:
        document.top.refuse("staff", "must be three people, two of whom check in turn")
    for record in document.tables("hours"):
        opens = record.text("opens", pattern=r"\d\d:\d\d", like="08:30")
        closes = record.text("closes", pattern=r"\d\d:\d\d", like="17:00")
        plan.hours[record.text("code", pattern=CODE, like="weekdays")] = [
            {"day": day, "opens": opens, "closes": closes} for day in record.texts("days")
        ]
    for record in document.tables("state"):
        plan.states[record.text("code", pattern="[A-Z]{2}", like="TX")] = {
            "state": record.text("name"),
            "board": record.text("board"),
            "board_url": _link(record, "board_url"),
        }
    for record in document.tables("profession"):
        plan.professions[record.text("code")] = {
            "license": _worded(record, "license"),
            "license_url": _link(record, "license_url"),
            "certificate": _worded(record, "certificate"),
            "certificate_url": _link(record, "certificate_url"),
        }
    for record in document.tables("issuer"):
        kind = record.choice("code", list(CredentialKind))
        plan.issuers[kind.value] = _worded(record, "name"), _link(record, "url")
    for record in document.tables("source"):
        plan.sources[record.text("code")] = _source(record)
    for record in document.tables("profile"):
        plan.profiles[record.text("code", pattern=CODE, like="complete")] = {
            code: level
            for level in Level
            for code in record.texts(level.value, required=False)
            if known(record, level.value, code, catalogue.by_code)
            and known(record, level.value, code, plan.sources)
        }
    for record in document.tables("organization"):
        code = record.text("code", pattern=CODE, like="some-owner")
        plan.organizations[code] = record.text("name"), invented_npi(record)
    npis: dict[str, str] = {}
    for record in document.tables("clinic"):
        plan.clinics.append(ClinicReader(record, plan, catalogue, npis).read())
    document.check_codes_once()
    document.finish()
    return plan


def _link(record: Record, key: str) -> str:
    return record.optional_text(key, pattern=LINK, like="https://example.org") or ""


def _worded(record: Record, key: str) -> str:
    text = record.text(key)
    for word in PLACEHOLDER.findall(text):
        if word not in WORDS:
            record.refuse(key, f"has the unknown placeholder {{{word}}}")
    return text


def _source(record: Record) -> SourcePlan:
    rests = record.has("credential")
    return SourcePlan(
        clock=record.text("clock", pattern="|".join(CLOCKS), like="papers"),
        days_after=record.number("days_after", 0, 20),
        name=_worded(record, "name"),
        url=_link(record, "url"),
        note=_worded(record, "note"),
        evidence=record.text("evidence"),
        credential=record.choice("credential", list(CredentialKind)) if rests else None,
        holder=record.choice("holder", list(Post)) if record.has("holder") else None,
        issued_for_days=record.number("issued_for_days", 1, OLDEST) if rests else 0,
    )
