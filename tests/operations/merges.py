"""What tests of merging share: two listings of one clinic with all that may hang on them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from directory.domain.cases import CaseKind
from directory.domain.clinic_entry import CredentialFacts
from directory.domain.credentials import CredentialKind
from directory.domain.entries import EntryRefused
from directory.domain.findings import Outcome
from directory.models import Base, Clinic, Organization, Practitioner, PractitionerRole
from directory.models.clinic import Post
from directory.models.staff import ConflictOfInterest
from directory.operations import cases, credentials, leases, merging, replies
from directory.operations.clinics import public_clinic
from directory.operations.vetting import publish
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.edits import SEALER, TODAY, checked

AGO = TODAY - timedelta(days=400)
NOT_SNAPPED = ("event", "clinic_merge", "catalogue_edition", "criterion")


def plan_of(session, kept, merged, actor=None):
    return merging.plan_merge(
        session, actor or make_user(session), NOW, CATALOGUE, kept, merged, two_person=True
    )


def merged_into(session, kept, merged, actor=None, now=NOW):
    """Merge one listing into another as the screen does: seen first, then done."""
    actor = actor or make_user(session)
    plan = plan_of(session, kept, merged, actor)
    return merging.merge(
        session,
        actor,
        now,
        CATALOGUE,
        kept,
        merged,
        "Called both numbers.",
        versions=(kept.version, merged.version),
        previewed=plan.digest,
        two_person=True,
    )


def undone(session, row, actor=None):
    merging.undo(
        session,
        actor or make_user(session),
        NOW,
        CATALOGUE,
        row,
        "Two doors.",
        two_person=True,
    )


def page_of(session, clinic):
    return public_clinic(session, CATALOGUE, clinic.id, NOW, two_person=True)


def states(session, clinic):
    """Return what the public reads of each criterion."""
    return {f.criterion: f.state.value for f in page_of(session, clinic).findings}


def a_pair(session, **changes):
    """Return two listings of the same facts, both public."""
    name = {"name": "Sunrise Clinic"}
    return make_clinic(session, **name), make_clinic(session, **name | changes)


def works_at(session, clinic, person=None, post=Post.MEDICAL_DIRECTOR, **changes):
    """Let somebody have a post."""
    person = person or Practitioner(name="Sam Example", profession="MD")
    role = PractitionerRole(
        practitioner=person, clinic=clinic, post=post, started_on=AGO, **changes
    )
    session.add(role)
    session.flush()
    return role


def a_license(**changes):
    values = {
        "kind": CredentialKind.FACILITY_PERMIT,
        "number": "P-1001",
        "state": "AZ",
        "issuer": "Example Board",
        "issuer_url": None,
        "expires_on": TODAY.replace(year=2027),
        "ended_on": None,
    }
    return CredentialFacts(**values | changes)


def a_rich_pair(session):
    """Return two listings with checks, people, papers, cases, answers, ties, holds, numbers."""
    owner = Organization(name="Example Health", npi="2000000028")
    kept, merged = a_pair(
        session,
        street="9 Other Road",
        phone="+16025550199",
        npi="2000000010",
        organization=owner,
    )
    actor = make_user(session)
    checked(session, kept, "opn-contact", "sup-acls", "sup-director", "sup-exclusion")
    checked(session, merged, "opn-contact", "sup-observer", "sup-exclusion")
    checked(session, merged, "med-locked", outcome=Outcome.NOT_MET, valid_until=None)
    make_check(session, CATALOGUE, merged, "sup-training", by=actor)
    publish(session, CATALOGUE, NOW, [kept.id, merged.id], two_person=True)
    both = works_at(session, kept).practitioner
    works_at(session, merged, both)
    works_at(session, merged, Practitioner(name="Ana Example", profession="RN"), Post.PRESCRIBER)
    credentials.create_credential(
        session, actor, NOW, CATALOGUE, merged, a_license(), SEALER, two_person=True
    )
    for nonce in ("one", "two"):
        opening = cases.Opening(
            kind=CaseKind.CORRECTION, words="The phone is wrong.", nonce=nonce, clinic_id=merged.id
        )
        cases.open_case(session, NOW, opening)
    replies.record_reply(
        session,
        actor,
        NOW,
        CATALOGUE,
        merged,
        "med-locked",
        words="The lock was mended.",
        answered_on=TODAY,
        two_person=True,
    )
    tied = make_user(session)
    session.add(
        ConflictOfInterest(
            user_id=tied.id, clinic_id=merged.id, reason="a relative", declared_at=NOW
        )
    )
    leases.take(session, actor, NOW, merged.id, "mon-pump")
    publish(session, CATALOGUE, NOW, [kept.id, merged.id], two_person=True)
    session.commit()
    return kept, merged, tied


def snapshot(session):
    """Return every row of every table, but the log, the merges, and how often rows were saved."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.name in NOT_SNAPPED:
            continue
        columns = [column for column in table.c if column.name not in ("version", "stamp")]
        if columns:
            found[table.name] = sorted(map(repr, session.execute(select(*columns)).all()))
    session.rollback()
    return found


def clinic(session, number):
    return session.get(Clinic, number, populate_existing=True)


def refusal(call, *args, **kwargs):
    """Return the code of the refusal that a call must meet."""
    with pytest.raises(EntryRefused) as refused:
        call(*args, **kwargs)
    return refused.value.code


def public(session, *clinics):
    """Derive what the public reads of these clinics."""
    publish(session, CATALOGUE, NOW, [c.id for c in clinics], two_person=True)
