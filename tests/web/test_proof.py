"""A key check is met only with something behind it; and who was overtaken reads that first."""

import html
from datetime import timedelta

import pytest
from sqlalchemy import select

from directory.domain.criteria import Level, parse_catalogue
from directory.domain.findings import Outcome, needs_proof
from directory.extensions import db
from directory.models import Clinic, Evidence, User
from directory.models.engine import begin_writing
from directory.models.vetting import EvidenceKind
from directory.operations.catalogue import current_text
from directory.operations.vetting import Observation, Unproven, add_verification, link_evidence
from tests.factories import NOW, make_clinic
from tests.support.staff import post, sign_in
from tests.web.test_workspace import (
    ACLS,
    TODAY,
    acts,
    address,
    checks,
    clinic_id,
    filled,
    name_of,
    verifier,
)

__all__ = ["clinic_id", "verifier"]
VITALS = "mon-vitals"
EMPTY = {"source_url": "", "note": "", "private_note": "", "evidence": ""}
PAPER = {"level": "document", "valid_until": ""}
ASKED = "Say what stands behind this key check"


def test_which_checks_need_proof(app):
    with app.app_context():
        catalogue = parse_catalogue(current_text(db.session()))
    key, plain = catalogue.criterion(ACLS), catalogue.criterion("opn-price")
    assert needs_proof(key, Outcome.MET, Level.DOCUMENT)
    assert needs_proof(key, Outcome.MET, Level.SOURCE)
    assert needs_proof(key, Outcome.DOES_NOT_APPLY, Level.SOURCE)
    assert not needs_proof(key, Outcome.MET, Level.ATTESTED)
    assert not needs_proof(key, Outcome.NOT_MET, Level.DOCUMENT)
    assert not needs_proof(key, Outcome.COULD_NOT_CHECK, Level.SOURCE)
    assert not needs_proof(plain, Outcome.MET, Level.DOCUMENT)


@pytest.mark.parametrize("act", ["preview", "save", "next"])
@pytest.mark.parametrize(
    "bare",
    [
        {"level": "source"},
        PAPER,
        PAPER | {"source_url": "https://clinic.example.org"},
        PAPER | {"note": " ", "private_note": "\n", "evidence": "\n\n"},
    ],
)
def test_a_key_check_with_nothing_behind_it_is_refused(app, clinic_id, verifier, bare, act):
    sent = filled(**EMPTY | {"source_name": "Board of <Examples>", "act": act} | bare)
    answer = post(verifier, address(clinic_id, VITALS), sent)
    assert answer.status_code == 400
    assert ASKED in html.unescape(answer.text)
    assert "Board of &lt;Examples&gt;" in answer.text
    assert checks(app) == []
    assert acts(app) == []


@pytest.mark.parametrize(
    "behind",
    [
        {"level": "source", "source_url": "https://cards.example.org/1"},
        {"level": "source", "private_note": "Number 12, current, no orders."},
        PAPER | {"note": "We saw the policy of May 2026."},
        PAPER | {"private_note": "Policy of May 2026, page 3."},
        PAPER | {"evidence": "https://proof.example.org/1"},
        PAPER | {"files": "its file"},
        PAPER | {"outcome": "not_met", "note": "There is no policy."},
        {"level": "attested"},
    ],
)
def test_one_thing_behind_it_is_enough(app, clinic_id, verifier, behind):
    sent = filled(**EMPTY | behind)
    if "files" in sent:
        sent["files"] = str(a_file(app, clinic_id, verifier.user_id))
    assert post(verifier, address(clinic_id, VITALS), sent).status_code == 303
    assert len(checks(app)) == 1


def a_file(app, clinic_id, user_id):
    """Keep the record of a file as evidence of a clinic; returns its number."""
    with app.app_context():
        session = db.session()
        begin_writing(session)
        file = Evidence(
            kind=EvidenceKind.FILE,
            title="Policy",
            record="",
            clinic_id=clinic_id,
            sha256="0" * 64,
            media_type="image/png",
            size=3,
            taken_at=NOW,
            taken_by=user_id,
        )
        session.add(file)
        session.commit()
        return file.id


def test_a_check_that_is_no_key_check_needs_none(app, clinic_id, verifier):
    sent = filled(**EMPTY | PAPER)
    assert post(verifier, address(clinic_id, "opn-price"), sent).status_code == 303


def test_the_form_says_so_before_it_is_sent(app, clinic_id, verifier):
    said = "This is a key check. To say that it is in place"
    assert said in verifier.get(address(clinic_id, VITALS)).text
    assert said not in verifier.get(address(clinic_id, "opn-price")).text


def test_the_rule_binds_every_path(app, clinic_id, verifier):
    with app.app_context():
        session = db.session()
        begin_writing(session)
        catalogue = parse_catalogue(current_text(session))
        person, clinic = session.get_one(User, verifier.user_id), make_clinic(session)
        seen = Observation(
            criterion=VITALS,
            outcome=Outcome.MET,
            level=Level.DOCUMENT,
            checked_on=TODAY,
            valid_until=TODAY + timedelta(days=30),
            source_name="Policy",
        )
        with pytest.raises(Unproven, match="key check"):
            add_verification(session, person, NOW, catalogue, clinic, seen)
        link = link_evidence(person, NOW, title="Policy", url="https://proof.example.org/2")
        assert add_verification(session, person, NOW, catalogue, clinic, seen, [link]).id
        assert session.scalars(select(Clinic.id)).all()


def test_who_was_overtaken_reads_that_before_what_is_wrong(app, clinic_id, verifier):
    slow, quick = verifier, sign_in(app)
    post(quick, address(clinic_id), filled())
    wrong = filled(source_name="", checked_on="soon", note="My words.", private_note="Mine too.")
    for act in ("preview", "save", "next"):
        answer = post(slow, address(clinic_id), wrong | {"act": act})
        assert answer.status_code == 409
        assert "Somebody recorded this check before you" in answer.text
        assert f"Recorded by {name_of(app, quick)}" in answer.text
        assert 'value="My words."' in answer.text
        assert ">Mine too.</textarea>" in answer.text
        assert 'value="soon"' in answer.text
    assert len(checks(app)) == 1


def test_a_decided_check_is_told_before_a_missing_reason(app, clinic_id, verifier):
    post(verifier, address(clinic_id), filled())
    target = f"/admin/checks/confirm/{checks(app)[0].id}"
    assert post(sign_in(app), target, {"act": "confirm"}).status_code == 303
    assert post(sign_in(app), target, {"act": "refuse", "reason": ""}).status_code == 409


def test_a_call_to_the_clinic_is_its_own_source(app, clinic_id, verifier):
    page = verifier.get(address(clinic_id, "opn-price")).text
    assert 'value="Phone call to the clinic"' in page
    assert 'value="Phone call to the clinic"' not in verifier.get(address(clinic_id)).text
