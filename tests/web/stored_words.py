"""A directory with a row in every table, and one set of words in each of their text fields."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial
from typing import Any

from sqlalchemy import JSON, Enum, String, Table, bindparam, select, text, update

from directory.domain.cases import CaseKind, Category, Step
from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.domain.standing import Listing
from directory.extensions import db
from directory.models import (
    Base,
    ConflictOfInterest,
    Credential,
    Organization,
    Practitioner,
    PractitionerRole,
    User,
    VerificationEvidence,
)
from directory.models.case import MailState
from directory.models.clinic import Post
from directory.models.engine import begin_writing
from directory.models.staff import StaffRole
from directory.operations import accounts, editing, leases, replies
from directory.operations.cases import Opening, open_case, staff_step
from directory.operations.evidence import keep_file
from directory.operations.listings import derive_all
from directory.operations.vetting import add_refusal, link_evidence, publish
from directory.sources.evidence import EvidenceStore, inspect
from directory.web.planning import PLACE
from directory.web.wording import CASE_DETAILS
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.web import stored_registries as registries

TODAY = NOW.date()
PDF = b"%%PDF-1.4\n%d\n%%%%EOF"
MET, AGAINST, CLAIMED = "sup-acls", "opn-price", "opn-claims"
WAITING, TURNED_DOWN, HELD = "sup-director", "mon-vitals", "mon-oximeter"

CODE = "a code that the program writes and no form takes"
HASH = "a hash, or a random number of the program's own"
NOT_FILLED = {
    **registries.NOT_FILLED,
    "catalogue_edition.edition": "part of the checklist, which the operator loads",
    "catalogue_edition.text": "the operator's own checklist, which a test of its own fills",
    "criterion.edition": "part of the checklist, which the operator loads",
    "criterion.code": "part of the checklist, which the operator loads",
    "directory_state.edition": CODE,
    "directory_state.confirmation": CODE,
    "directory_state.stamp": HASH,
    "clinic.timezone": "a name of the time zone library, which refuses any other",
    "staff_user.password_hash": "never shown",
    "staff_user.totp_secret": "sealed, never shown",
    "staff_invitation.token_sha256": HASH,
    "staff_recovery_code.code_sha256": HASH,
    "staff_session.token_sha256": HASH,
    "event.act": CODE,
    "event.subject_type": CODE,
    "event.prev_hash": HASH,
    "event.hash": HASH,
    "check_counter.criterion": CODE,
    "lease.criterion": CODE,
    "verification.edition": CODE,
    "verification.criterion": CODE,
    "clinic_reply.edition": CODE,
    "clinic_reply.criterion": CODE,
    "credential.sealed_number": "sealed, never shown",
    "evidence.sha256": HASH,
    "outside_case.token": HASH,
    "outside_case.nonce": HASH,
    "outside_case.language": CODE,
    "preparation.edition": "part of the checklist, which the operator loads",
    "preparation.confirmation": CODE,
    "prepared_row.state": "derived from the clinic",
    "prepared_row.card": "derived from the clinic",
    "search_row.state": "derived from the clinic",
    "search_row.card": "derived from the clinic",
}
"""The text columns that no words go into, each with the reason."""

Say = Callable[[str], str]
"""The words for a column, by its name with its table's."""


@cache
def text_columns() -> dict[str, Any]:
    """Return every column that can hold words, by its name with its table's."""
    return {
        f"{table.name}.{column.name}": column
        for table in Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, String | JSON) and not isinstance(column.type, Enum)
    }


def build(app, client) -> list[str]:
    """Add a row to every table, some of the browser's own user; return the pages that show them."""
    with app.test_request_context():
        session = db.session()
        begin_writing(session)
        catalogue = app.extensions["directory"].edition(session, "2026.1")
        me = session.get_one(User, client.user_id)
        first, second = make_user(session), make_user(session)
        first.email, second.email = "first@example.org", "second@example.org"
        owner, friend = Organization(name="Owner"), Organization(name="Friend")
        clinic = make_clinic(session, organization=owner, npi="1234567890", website="x", phone="x")
        other = make_clinic(session, listing=Listing.SUSPENDED, listing_reason="x")
        person = Practitioner(name="Person", profession="MD")
        session.add_all([owner, friend, person])
        session.flush()
        role = PractitionerRole(
            practitioner=person,
            clinic=clinic,
            post=Post.MEDICAL_DIRECTOR,
            started_on=TODAY - timedelta(days=400),
        )
        papers = [
            Credential(kind=kind, number="123", state="AZ", issuer="x", issuer_url="x", **holder)
            for kind, holder in (
                (CredentialKind.STATE_LICENSE, {"practitioner": person}),
                (CredentialKind.DEA_REGISTRATION, {"practitioner": person}),
                (CredentialKind.STATE_LICENSE, {"clinic": clinic}),
            )
        ]
        tie = ConflictOfInterest(user_id=me.id, organization=friend, reason="x", declared_at=NOW)
        session.add_all([role, *papers, tie])
        session.flush()
        checks = checks_of(session, catalogue, clinic, first, second, papers[0])
        leases.take(session, second, NOW, clinic.id, HELD)
        keep = partial(keep_file, session, first, NOW, store_of(app), clinic)
        file = keep(inspect(PDF % 1), "x")
        files = [file, keep(inspect(PDF % 2), "x", replaces=file)]
        publish(session, catalogue, NOW, [clinic.id, other.id], two_person=True)
        replies.record_reply(
            session,
            first,
            NOW,
            catalogue,
            clinic,
            AGAINST,
            words="x",
            answered_on=TODAY,
            two_person=True,
        )
        for listing in (Listing.UNLISTED, Listing.LISTED):
            editing.set_listing(
                session,
                first,
                NOW,
                catalogue,
                clinic,
                listing,
                reason="x",
                version=clinic.version,
                two_person=True,
            )
        cases = [opened(session, kind, clinic, first) for kind in CaseKind]
        _user, token = accounts.invite(
            session, first, NOW, mail="new@example.org", role=StaffRole.VERIFIER
        )
        brought = registries.build(session, catalogue, first, clinic, owner)
        session.commit()
        return [
            *pages_of(clinic, other, owner, person, role, papers, checks, files, cases),
            *brought,
            f"/account/join?token={token}",
        ]


def store_of(app) -> EvidenceStore:
    """Return the evidence store of an application."""
    return EvidenceStore(app.extensions["directory"].settings.evidence_path)


def checks_of(session, catalogue, clinic, first, second, card):
    """Add a check of every fate; return the one that waits, the one refused, and one confirmed."""
    common = {"by": first, "note": "x", "private_note": "x", "source_url": "x", "credential": card}
    met = make_check(session, catalogue, clinic, MET, second=second, **common)
    make_check(session, catalogue, clinic, MET, second=second, days_ago=20, **common)
    against = {"outcome": Outcome.NOT_MET, "valid_until": None}
    make_check(session, catalogue, clinic, AGAINST, second=second, **common, **against)
    make_check(session, catalogue, clinic, CLAIMED, level=Level.ATTESTED, **common)
    found = []
    for criterion in (WAITING, TURNED_DOWN):
        check = make_check(session, catalogue, clinic, criterion, **common)
        evidence = link_evidence(first, NOW, title=criterion, url="https://example.org/")
        session.add(evidence)
        session.flush()
        session.add(VerificationEvidence(verification_id=check.id, evidence_id=evidence.id))
        found.append(check)
    add_refusal(session, second, NOW, found[1], "x")
    return [*found, met]


def opened(session, kind, clinic, staff):
    """Add a case with a contact, a question, a note and a mail that failed."""
    case = open_case(
        session,
        NOW,
        Opening(
            kind=kind,
            words="x",
            nonce=kind.value,
            category=Category.BILLING if kind is CaseKind.CONCERN else None,
            clinic_id=None if kind is CaseKind.SUGGESTION else clinic.id,
            details=dict.fromkeys(CASE_DETAILS, "x"),
            name="x",
            email="x@example.org",
        ),
    )
    for step in (Step.TAKE, Step.ASK, Step.NOTE):
        staff_step(session, staff, NOW, case, step, words="x")
    for mail in case.mails:
        mail.state, mail.problem = MailState.FAILED, "x"
    session.flush()
    return case


def pages_of(clinic, other, owner, person, role, papers, checks, files, cases):
    """Return the address of every page that shows what is stored, as often as it differs."""
    at = f"/admin/checks/{clinic.id}"
    return [
        f"/clinics/{clinic.id}",
        f"/clinics/{other.id}",
        f"/clinics/{clinic.id}/questions",
        f"/compare?c={clinic.id}&c={other.id}",
        f"/clinics/{other.id}/questions",
        "/clinics?near=85004",
        f"/clinics/{clinic.id}/concern",
        f"/clinics/{clinic.id}/suggest",
        *(f"/cases/{case.token}" for case in cases),
        f"/cases/{cases[0].token}/thanks",
        "/admin/?minutes=600",
        "/admin/cases",
        *(f"/admin/cases/{case.id}" for case in cases),
        f"/admin/cases/{cases[0].id}/messages/{cases[0].messages[0].id}/erase",
        f"/admin/cases/replies/{clinic.id}",
        f"/admin/cases/replies/{clinic.id}/{AGAINST}",
        *(f"{at}/{code}" for code in (MET, AGAINST, CLAIMED, WAITING, TURNED_DOWN, HELD)),
        "/admin/checks/confirm",
        *(f"/admin/checks/confirm/{check.id}" for check in checks),
        "/admin/clinics/",
        "/admin/clinics/new",
        f"/admin/clinics/{clinic.id}",
        f"/admin/clinics/{clinic.id}/edit",
        f"/admin/clinics/{other.id}",
        f"/admin/evidence/for/{clinic.id}",
        *(f"/admin/evidence/{file.id}" for file in files),
        "/admin/log",
        "/admin/numbers",
        "/admin/numbers/charts",
        "/admin/people/",
        "/admin/people/organizations",
        "/admin/people/organization/new",
        f"/admin/people/{person.id}",
        f"/admin/people/practitioner/{person.id}/edit",
        f"/admin/people/organizations/{owner.id}",
        f"/admin/people/organization/{owner.id}/edit",
        f"/admin/people/roles/{role.id}/end",
        *(f"/admin/people/credentials/{paper.id}/edit" for paper in papers),
        f"/admin/people/credentials/practitioner/{person.id}/new",
        "/account",
        "/admin/staff",
    ]


def unguard(app) -> None:
    """Let this database's append-only tables be changed, so that old rows can hold other words."""
    with app.app_context():
        session = db.session()
        if session.get_bind().dialect.name == "postgresql":
            for name in Base.metadata.tables:
                session.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        else:
            names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for name in names.all():
                session.execute(text(f"DROP TRIGGER {name}"))
        session.commit()


ADDRESS = "https://example.org/?x={}"
SHAPES: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    **registries.SHAPES,
    "staff_user.name": lambda said, row: f"{said} {row['id']}",
    "staff_user.email": lambda said, row: f"{said}{row['id']}@example.org",
    "clinic.hours": lambda said, _row: [
        {"day": "monday", "opens": f"08:{said}", "closes": f"17:{said}"}
    ],
    "clinic.languages": lambda said, _row: [said],
    "clinic.website": lambda said, _row: ADDRESS.format(said),
    "credential.issuer_url": lambda said, _row: ADDRESS.format(said),
    "verification.source_url": lambda said, _row: ADDRESS.format(said),
    "evidence.url": lambda said, _row: ADDRESS.format(said),
    "outside_case.details": lambda said, _row: dict.fromkeys([*CASE_DETAILS, said], said),
    "event.before": lambda said, row: {**(row["before"] or {}), "name": said, said: said},
    "event.after": lambda said, row: {**(row["after"] or {}), "name": said, said: said},
}
"""What becomes of the words in a column that is no plain text; `row` is the row as it was."""
EXACT = {"state": 2, "postal_code": 5}
"""Columns of one length, by their name in any table."""
OF_AN_NPI, OF_A_DEA_NUMBER = 8, 3
"""How many letters of the words go into numbers that must differ, or are short."""


def lengths() -> set[int]:
    """Return how many letters of the words can be in a column at most."""
    found = {getattr(column.type, "length", None) for column in text_columns().values()}
    return {*filter(None, found), *EXACT.values(), OF_AN_NPI, OF_A_DEA_NUMBER}


class Filler:
    """Writes words into every text column of every row, again and again."""

    def __init__(self, app) -> None:
        """Remember the rows as they are."""
        self._app = app
        columns = [name for name in text_columns() if name not in NOT_FILLED]
        self._tables = {
            table: [name for name in columns if name.partition(".")[0] == table.name]
            for table in Base.metadata.sorted_tables
        }
        with app.app_context():
            self._rows = {
                table: [dict(row) for row in db.session.execute(select(table)).mappings()]
                for table, names in self._tables.items()
                if names
            }

    def fill(self, say: Say) -> None:
        """Write the words of `say` everywhere, and derive anew what search reads."""
        with self._app.app_context():
            session = db.session()
            begin_writing(session)
            for table, rows in self._rows.items():
                written = [name.partition(".")[2] for name in self._tables[table]]
                keys = list(table.primary_key)
                if rows:
                    session.connection().execute(
                        update(table)
                        .where(*(key == bindparam(f"at_{key.name}") for key in keys))
                        .values({name: bindparam(f"to_{name}") for name in written}),
                        [self._parameters(table, row, say) for row in rows],
                    )
            catalogue = self._app.extensions["directory"].edition(session, "2026.1")
            derive_all(session, catalogue, NOW, two_person=True)
            registries.derive_addresses(session)
            session.commit()
        self._app.extensions.pop(PLACE, None)  # the plan looks again only after an act

    def _parameters(self, table: Table, row: dict[str, Any], say: Say) -> dict[str, Any]:
        found = {f"at_{key.name}": row[key.name] for key in table.primary_key}
        for name in self._tables[table]:
            found[f"to_{name.partition('.')[2]}"] = self._value(name, row, say(name))
        return found

    def _value(self, name: str, row: dict[str, Any], said: str) -> Any:
        if name in SHAPES:
            return SHAPES[name](said, row)
        column = name.partition(".")[2]
        if column == "npi":
            return f"{said[:OF_AN_NPI]:8}{row['id']:02}"
        exact = EXACT.get(column)
        if exact:
            return said[:exact].ljust(exact)
        if name == "credential.number" and row["kind"] == CredentialKind.DEA_REGISTRATION:
            return said[:OF_A_DEA_NUMBER]
        length = getattr(text_columns()[name].type, "length", None)
        return said[:length]
