"""Editing clinics: what falls with a fact, what the log says, all or nothing."""

import pytest
from sqlalchemy import event as listening
from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.domain.clinic_entry import (
    EntriesRefused,
    read_clinic,
)
from directory.domain.entries import EntryRefused
from directory.domain.findings import Outcome, State
from directory.domain.standing import Listing
from directory.models import (
    Clinic,
    Event,
    SearchRow,
    Verification,
)
from directory.models.clinic import PointPrecision
from directory.operations.editing import create_clinic, plan_edit, set_listing
from directory.operations.falls import falling, standing_checks
from directory.operations.stale import Stale
from directory.operations.vetting import add_confirmation
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.edits import (
    FACTS,
    acts,
    checked,
    edited,
    last_line,
    states,
)


def test_nothing_changed_writes_nothing(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    before = last_line(directory)
    edited(directory, actor, gazetteer, clinic)
    assert last_line(directory) == before
    assert clinic.version == 1


def test_an_edited_fact_takes_down_just_what_rested_on_it(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    checked(directory, clinic, "opn-contact", "opn-price", "sup-acls")
    before = last_line(directory)
    plan = edited(directory, actor, gazetteer, clinic, phone="602-555-0199")
    assert plan.falls == ("opn-contact",)
    now = states(directory, clinic)
    assert (now["opn-contact"].state, now["opn-contact"].changed) == (State.NOT_CHECKED, True)
    assert now["opn-price"].state is State.MET
    assert now["sup-acls"].state is State.MET
    assert acts(directory, before) == ["clinic:edited", "verification:changed"]
    line = directory.scalars(select(Event).where(Event.act == "clinic:edited")).one()
    assert line.before == {"phone": "+16025550100"}
    assert line.after == {"phone": "+16025550199", "version": 2}
    fallen = directory.scalars(
        select(Verification).where(Verification.outcome == Outcome.CHANGED)
    ).one()
    assert fallen.recorded_by == actor.id
    assert fallen.note.endswith("the phone number.")


def test_spelling_takes_nothing_down(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    checked(directory, clinic, "opn-contact", "med-dea")
    plan = edited(directory, actor, gazetteer, clinic, street="100 EXAMPLE Avenue.")
    assert plan.falls == ()
    assert clinic.street == "100 EXAMPLE Avenue."
    assert clinic.point_precision is PointPrecision.ADDRESS


def test_a_check_that_waits_falls_too(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    first, second = make_user(directory), make_user(directory)
    waiting = make_check(directory, CATALOGUE, clinic, "med-dea", by=first)
    edited(directory, actor, gazetteer, clinic, street="9 Other Road")
    add_confirmation(directory, second, NOW, waiting)
    assert states(directory, clinic)["med-dea"].state is State.NOT_CHECKED


def test_the_control_without_a_fall_would_stay_met(directory, actor):
    clinic = make_clinic(directory)
    checked(directory, clinic, "med-dea")
    clinic.street = "9 Other Road"
    directory.flush()
    assert states(directory, clinic)["med-dea"].state is State.MET


def test_an_adverse_finding_stays(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    checked(directory, clinic, "med-dea", outcome=Outcome.NOT_MET, valid_until=None)
    assert edited(directory, actor, gazetteer, clinic, street="9 Other Road").falls == ()
    assert states(directory, clinic)["med-dea"].state is State.NOT_MET


def test_what_fell_does_not_fall_twice(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    checked(directory, clinic, "opn-contact")
    edited(directory, actor, gazetteer, clinic, phone="602-555-0199")
    assert edited(directory, actor, gazetteer, clinic, phone="602-555-0198").falls == ()
    checked(directory, clinic, "opn-contact", days_ago=0)
    assert states(directory, clinic)["opn-contact"].state is State.MET
    assert falling(directory, CATALOGUE, clinic.id, ["opn-contact"]) == ("opn-contact",)


def test_a_new_address_voids_the_pin_and_a_new_pin_sets_it(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    plan = edited(directory, actor, gazetteer, clinic, street="9 Other Road", postal_code="85006")
    assert plan.pin_voided
    assert (clinic.lat, clinic.lon) == gazetteer.centroid("85006")
    assert clinic.point_precision is PointPrecision.ZIP
    pin = {"lat": "33.465", "lon": "-112.05"}
    moved = {"street": "9 Other Road", "postal_code": "85006"}
    assert not edited(directory, actor, gazetteer, clinic, **moved, **pin).pin_voided
    assert clinic.point_precision is PointPrecision.ADDRESS
    assert (clinic.lat, clinic.lon) == (33.465, -112.05)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lat": "0", "lon": "0"}, "pin_zero"),
        ({"lat": "34.05", "lon": "-118.24"}, "pin_state"),
        ({"lat": "35.2", "lon": "-111.65"}, "pin_far"),
        ({"lat": "10", "lon": "-150"}, "pin_nowhere"),
        ({"postal_code": "90012"}, "zip_state"),
        ({"postal_code": "00001"}, "zip_unknown"),
        ({"organization": "77"}, "organization"),
        ({"npi": "2000000010"}, "npi_taken"),
    ],
)
def test_what_cannot_be_is_refused(directory, gazetteer, changes, code):
    make_clinic(directory, npi="2000000010")
    clinic = make_clinic(directory)
    facts = read_clinic(FACTS | {"name": clinic.name} | changes)
    with pytest.raises(EntriesRefused) as refused:
        plan_edit(directory, CATALOGUE, gazetteer, clinic, facts)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_services_are_edited_with_the_clinics_version(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    checked(directory, clinic, "opn-price", "mon-pump")
    offer = {"service-0-price_usd": "450", "service-0-minutes": "45"}
    assert edited(directory, actor, gazetteer, clinic, **offer).falls == ("opn-price",)
    assert clinic.version == 2
    assert [(s.price_usd, s.minutes) for s in clinic.services] == [(450, 45)]
    other = {"service-0-modality": "im"}
    assert edited(directory, actor, gazetteer, clinic, **other).falls == ("mon-pump",)
    assert [s.modality.value for s in clinic.services] == ["im"]


def test_a_draft_becomes_public_only_by_publishing(directory, actor, gazetteer):
    facts = read_clinic(FACTS | {"name": "New Example"})
    planned = plan_edit(directory, CATALOGUE, gazetteer, None, facts)
    clinic = create_clinic(directory, actor, NOW, CATALOGUE, planned, two_person=True)
    assert clinic.listing is Listing.DRAFT
    assert directory.get(SearchRow, clinic.id) is None

    def step(to, reason):
        set_listing(
            directory, actor, NOW, CATALOGUE, clinic, to, reason,
            version=clinic.version, two_person=True,
        )  # fmt: skip

    step(Listing.LISTED, "")
    assert directory.get(SearchRow, clinic.id) is not None
    step(Listing.CLOSED, "The clinic moved away")
    directory.expire_all()
    assert directory.get(SearchRow, clinic.id) is None
    with pytest.raises(EntryRefused, match="listing_step"):
        step(Listing.LISTED, "back again")
    step(Listing.UNLISTED, "It opened again")
    assert acts(directory)[-4:] == [
        "clinic:created",
        "clinic:listed",
        "clinic:closed",
        "clinic:unlisted",
    ]


def test_a_stale_save_is_refused(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    with pytest.raises(Stale):
        edited(directory, actor, gazetteer, clinic, version=7, phone="602-555-0199")
    assert clinic.phone == "+16025550100"


def test_of_two_saves_the_database_takes_one(directory, actor, gazetteer):
    clinic = make_clinic(directory)
    directory.commit()
    number = clinic.id
    clinic = directory.get_one(Clinic, number)
    assert clinic.version == 1
    directory.connection().exec_driver_sql("UPDATE clinic SET version = 2")
    with pytest.raises(Stale):
        edited(directory, actor, gazetteer, clinic, version=1, phone="602-555-0199")
    directory.rollback()
    assert directory.get_one(Clinic, number).phone == "+16025550100"


def test_a_fault_at_any_statement_leaves_all_or_nothing(directory, actor, gazetteer):
    """Each statement of an edit fails in turn: the clinic, its checks and the log stay as one."""
    clinic = make_clinic(directory)
    checked(directory, clinic, "opn-contact", "med-dea")
    directory.commit()
    number, who = clinic.id, actor.id
    engine = directory.get_bind()

    def whole(session):
        row = session.get_one(Clinic, number)
        return (
            row.street,
            row.version,
            last_line(session),
            len(standing_checks(session, CATALOGUE, number)),
        )

    before = whole(directory)
    directory.rollback()
    failed = 0
    for nth in range(1, 200):
        made = 0

        def fail(*_args, nth=nth):
            nonlocal made
            made += 1
            if made == nth:
                raise OSError("the disk is full")

        with Session(engine) as session:
            row, user = session.get_one(Clinic, number), session.get_one(type(actor), who)
            listening.listen(engine, "before_cursor_execute", fail)
            try:
                edited(session, user, gazetteer, row, street="9 Other Road")
                session.commit()
            except OSError:
                failed += 1
                session.rollback()
            finally:
                listening.remove(engine, "before_cursor_execute", fail)
        with Session(engine) as session:
            if made < nth:
                assert whole(session) != before
                break
            assert whole(session) == before, f"statement {nth} left half an edit"
    assert failed > 15
    assert made < nth
