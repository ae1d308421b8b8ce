"""Editing people, owners, posts and papers: the checks that looked at them fall."""

import pytest
from sqlalchemy import select

from directory.domain.clinic_entry import (
    PersonFacts,
)
from directory.domain.credentials import CredentialKind
from directory.domain.entries import EntryRefused
from directory.domain.findings import State
from directory.domain.standing import Listing
from directory.models import (
    Event,
    Organization,
    Practitioner,
    PractitionerRole,
)
from directory.models.clinic import Post
from directory.models.staff import ConflictOfInterest
from directory.operations import credentials, practitioners
from directory.operations.editing import set_listing
from directory.operations.stale import Stale
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_clinic
from tests.operations.edits import (
    DEA,
    SEALER,
    TODAY,
    acts,
    checked,
    edited,
    last_line,
    paper,
    states,
)


def test_a_conflicted_actor_is_refused_everywhere(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    person = Practitioner(name="Sam Example", profession="MD")
    directory.add(person)
    directory.flush()
    role = PractitionerRole(
        practitioner=person, clinic=clinic, post=Post.PRESCRIBER, started_on=TODAY
    )
    directory.add(role)
    directory.add(
        ConflictOfInterest(user_id=actor.id, clinic_id=clinic.id, reason="family", declared_at=NOW)
    )
    directory.flush()
    common = (directory, actor, NOW, CATALOGUE)
    attempts = [
        lambda: edited(directory, actor, gazetteer, clinic, phone="602-555-0199"),
        lambda: set_listing(
            *common, clinic, Listing.CLOSED, "x", version=clinic.version, two_person=True
        ),
        lambda: practitioners.save_person(
            *common, person, PersonFacts(name="S", profession="MD", npi=None),
            version=1, two_person=True,
        ),
        lambda: practitioners.end_role(*common, role, TODAY, version=1, two_person=True),
        lambda: credentials.create_credential(
            *common, person, paper(), SEALER, two_person=True
        ),
    ]  # fmt: skip
    before = last_line(directory)
    for attempt in attempts:
        with pytest.raises(EntryRefused, match="conflicted"):
            attempt()
    assert last_line(directory) == before


def test_people_and_posts_take_down_what_looked_at_them(directory, actor):
    clinic, elsewhere = make_clinic(directory), make_clinic(directory)
    for one in (clinic, elsewhere):
        checked(directory, one, "sup-director", "sup-exclusion", "sup-observer")
    common = (directory, actor, NOW, CATALOGUE)
    facts = PersonFacts(name="Sam Example", profession="MD", npi="2000000010")
    person = practitioners.create_person(*common, Practitioner, facts, two_person=True)
    role = practitioners.start_role(
        *common, person, clinic, Post.MEDICAL_DIRECTOR, TODAY, two_person=True
    )
    now = states(directory, clinic)
    assert now["sup-director"].changed
    assert now["sup-exclusion"].changed
    assert now["sup-observer"].state is State.MET
    assert states(directory, elsewhere)["sup-director"].state is State.MET
    with pytest.raises(EntryRefused, match="twice"):
        practitioners.start_role(
            *common, person, clinic, Post.MEDICAL_DIRECTOR, TODAY, two_person=True
        )
    checked(directory, clinic, "sup-director", days_ago=0)
    renamed = PersonFacts(name="Sam Other", profession="MD", npi="2000000010")
    practitioners.save_person(*common, person, renamed, version=1, two_person=True)
    assert states(directory, clinic)["sup-director"].changed
    checked(directory, clinic, "sup-director", days_ago=0)
    practitioners.end_role(*common, role, TODAY, version=role.version, two_person=True)
    assert states(directory, clinic)["sup-director"].changed
    with pytest.raises(Stale):
        practitioners.end_role(*common, role, TODAY, version=1, two_person=True)


def test_an_owners_new_name_reaches_every_clinic(directory, actor):
    owner = Organization(name="Example Health")
    directory.add(owner)
    directory.flush()
    clinics = [make_clinic(directory, organization_id=owner.id) for _n in range(2)]
    for clinic in clinics:
        checked(directory, clinic, "sup-exclusion", "sup-acls")
    facts = PersonFacts(name="Other Health", profession="", npi=None)
    practitioners.save_person(
        directory, actor, NOW, CATALOGUE, owner, facts, version=1, two_person=True
    )
    for clinic in clinics:
        assert states(directory, clinic)["sup-exclusion"].changed
        assert states(directory, clinic)["sup-acls"].state is State.MET


def test_a_credentials_edit_takes_down_what_rests_on_it(directory, actor):
    clinic = make_clinic(directory)
    common = (directory, actor, NOW, CATALOGUE)
    card = credentials.create_credential(*common, clinic, paper(), SEALER, two_person=True)
    checked(directory, clinic, "med-dea", credential=card)
    checked(directory, clinic, "sup-acls")

    def save(**changes):
        before = last_line(directory)
        credentials.save_credential(
            *common, card, paper(**changes), SEALER, version=card.version, two_person=True
        )
        return acts(directory, before)

    assert save() == []
    assert save(issuer_url="https://board.example.org") == ["credential:edited"]
    url = {"issuer_url": "https://board.example.org"}
    assert save(**url, ended_on=TODAY) == ["credential:ended"]
    assert states(directory, clinic)["med-dea"].state is State.EXPIRED
    assert save(**url) == ["credential:edited", "verification:changed"]
    assert states(directory, clinic)["med-dea"].changed
    assert states(directory, clinic)["sup-acls"].state is State.MET
    assert save(**url, expires_on=TODAY.replace(year=2029)) == ["credential:edited"]


def test_a_dea_number_is_sealed_and_its_change_is_seen(directory, actor):
    clinic = make_clinic(directory)
    common = (directory, actor, NOW, CATALOGUE)
    facts = paper(kind=CredentialKind.DEA_REGISTRATION, number=DEA, state=None)
    card = credentials.create_credential(*common, clinic, facts, SEALER, two_person=True)
    checked(directory, clinic, "med-dea", credential=card)
    assert card.number == "727"
    assert SEALER.open(card.sealed_number) == DEA
    again = paper(kind=CredentialKind.DEA_REGISTRATION, number=DEA, state=None)
    assert credentials.credential_falls(directory, CATALOGUE, card, again, SEALER) == {}
    # Another number with the same last three places is another number.
    other = paper(kind=CredentialKind.DEA_REGISTRATION, number="BX0000727", state=None)
    fallen = credentials.credential_falls(directory, CATALOGUE, card, other, SEALER)
    assert fallen == {clinic.id: ("med-dea",)}
    credentials.save_credential(*common, card, other, SEALER, version=card.version, two_person=True)
    assert SEALER.open(card.sealed_number) == "BX0000727"
    written = [str((e.before, e.after)) for e in directory.scalars(select(Event))]
    assert not any("5836" in line or "BX0000" in line for line in written)
    directory.commit()
    raw = directory.connection().exec_driver_sql("SELECT * FROM credential").fetchall()
    assert "5836" not in str(raw)
    assert "BX0000" not in str(raw)
