"""What tests of screening share: a list of invented rows, and clinics with people in charge."""

import hashlib
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select

from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.domain.imports import ImportKind, Summary
from directory.models import (
    ExclusionRow,
    Match,
    Organization,
    Practitioner,
    PractitionerRole,
    Verification,
)
from directory.models.clinic import Post
from directory.operations.clinic_file import open_file
from directory.operations.imports import keep_run
from directory.operations.people import system_user
from directory.operations.screening import screen_all
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.edits import states

LISTED = (NOW - timedelta(days=5)).date()
EXCLUSION = "sup-exclusion"
NPI, OTHER_NPI = "2000000010", "2000000028"
MONTH = timedelta(days=30)
BORN = date(1961, 4, 23)


def listed(**changes):
    """A row of the list: an invented person of Arizona, excluded in 2019."""
    values = {
        "last_name": "EXAMPLE",
        "first_name": "DANA",
        "middle_name": "",
        "business_name": "",
        "general": "PHYSICIAN",
        "specialty": "ANESTHESIOLOGY",
        "upin": "",
        "npi": None,
        "born_on": BORN,
        "street": "1 INVENTED ROAD",
        "city": "TUCSON",
        "state": "AZ",
        "postal_code": "85701",
        "exclusion_type": "1128a1",
        "excluded_on": date(2019, 5, 20),
        "waived_on": None,
        "waiver_state": "",
    }
    values |= changes
    text = repr(sorted(values.items()))
    return values | {"digest": hashlib.sha256(text.encode()).hexdigest()}


def load(session, *rows, dated=LISTED, kind=ImportKind.LEIE, now=NOW, file="list.csv"):
    """Put a full list of just these rows on record, as an import leaves it."""
    session.execute(delete(ExclusionRow))
    if rows:
        session.execute(insert(ExclusionRow), list(rows))
    sha256 = hashlib.sha256(repr((rows, dated)).encode()).hexdigest()
    keep_run(
        session,
        system_user(session),
        now,
        kind,
        Summary(file=file, read=len(rows), kept=len(rows)),
        sha256=sha256,
        started_at=now,
        dated=dated,
    )


def screen(session, now: datetime = NOW, *, two_person=True):
    """Compare everyone with the list on record."""
    done = screen_all(session, system_user(session), now, CATALOGUE, two_person=two_person)
    session.flush()
    return done


def person(session, clinic, name="Dana Example", npi=None, post=Post.MEDICAL_DIRECTOR, **more):
    """Add somebody with a post at a clinic."""
    row = Practitioner(name=name, profession="MD", npi=npi, **more)
    session.add(row)
    session.flush()
    begin(session, clinic, row, post)
    return row


def begin(session, clinic, row, post=Post.MEDICAL_DIRECTOR):
    """Give somebody a post."""
    role = PractitionerRole(practitioner=row, clinic=clinic, post=post, started_on=date(2024, 1, 1))
    session.add(role)
    session.flush()
    return role


def owner(session, clinic, name="Example Health LLC", npi=None):
    """Give a clinic an owner."""
    row = Organization(name=name, npi=npi)
    session.add(row)
    session.flush()
    clinic.organization_id = row.id
    session.flush()
    return row


def agreed(session, clinic, *, days_ago=20, **changes):
    """A met that one person recorded and another confirmed."""
    first, second = make_user(session), make_user(session)
    values = {"lasts": 35, "level": Level.SOURCE, "outcome": Outcome.MET} | changes
    return make_check(
        session, CATALOGUE, clinic, EXCLUSION, by=first, second=second, days_ago=days_ago, **values
    )


def matches(session):
    """Every match, the oldest first."""
    return list(session.scalars(select(Match).order_by(Match.id)))


def checks(session, clinic):
    """Every check of the criterion at a clinic, the oldest first."""
    return list(
        session.scalars(
            select(Verification)
            .where(Verification.clinic_id == clinic.id, Verification.criterion == EXCLUSION)
            .order_by(Verification.id)
        )
    )


def finding(session, clinic):
    """What is known of the criterion at a clinic."""
    session.expire_all()
    return states(session, clinic)[EXCLUSION]


def finding_in(session, clinic, *, two_person):
    """What is known of it in a directory of one person, or of two."""
    session.expire_all()
    file = open_file(session, CATALOGUE, clinic, NOW, two_person=two_person)
    return next(found for found in file.findings if found.criterion == EXCLUSION)


def site(session, **changes):
    """A listed clinic with a director whom nobody would mistake for a row of the list."""
    clinic = make_clinic(session, **changes)
    person(session, clinic, name=f"Robin Harmless{chr(96 + clinic.id)}son")
    return clinic
