"""What tests of editing share: clinics with checks, edits as staff make them, the lines written."""

from sqlalchemy import select

from directory.domain.clinic_entry import (
    CredentialFacts,
    read_clinic,
)
from directory.domain.credentials import CredentialKind
from directory.models import (
    Event,
)
from directory.operations.clinic_file import open_file
from directory.operations.editing import plan_edit, save_edit
from directory.sources.sealing import Sealer
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_user

TODAY = NOW.date()
SEALER = Sealer("a secret of the tests")
DEA = "AP5836727"
FACTS = {
    "street": "100 Example Avenue",
    "city": "Phoenix",
    "state": "AZ",
    "postal_code": "85004",
    "lat": "33.448400",
    "lon": "-112.074000",
    "phone": "602-555-0100",
    "accepting": "1",
    "service-0-modality": "iv",
    "service-0-condition": "depression",
}


def checked(session, clinic, *criteria, **changes):
    first, second = make_user(session), make_user(session)
    return [
        make_check(session, CATALOGUE, clinic, code, by=first, second=second, **changes)
        for code in criteria
    ]


def edited(session, actor, gazetteer, clinic, *, version=None, **changes):
    facts = read_clinic(FACTS | {"name": clinic.name} | changes)
    plan = plan_edit(session, CATALOGUE, gazetteer, clinic, facts)
    save_edit(
        session,
        actor,
        NOW,
        CATALOGUE,
        clinic,
        plan,
        version=clinic.version if version is None else version,
        two_person=True,
    )
    return plan


def states(session, clinic):
    file = open_file(session, CATALOGUE, clinic, NOW, two_person=True)
    return {f.criterion: f for f in file.findings}


def acts(session, start=0):
    return [
        e.act for e in session.scalars(select(Event).where(Event.id > start).order_by(Event.id))
    ]


def last_line(session):
    return max(session.scalars(select(Event.id)), default=0)


def paper(**changes):
    values = {
        "kind": CredentialKind.STATE_LICENSE,
        "number": "MD-1001",
        "state": "AZ",
        "issuer": "Example Board",
        "issuer_url": None,
        "expires_on": TODAY.replace(year=2027),
        "ended_on": None,
    }
    return CredentialFacts(**values | changes)
