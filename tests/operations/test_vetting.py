"""Recording and confirming checks: what is refused, what is logged, what the database holds."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory.domain.criteria import Level
from directory.domain.findings import Outcome
from directory.models import Confirmation, Credential, DirectoryState, Event, SearchRow
from directory.operations import preparing
from directory.operations.catalogue import EditionChanged, current_text, load_edition
from directory.operations.vetting import (
    CheckRefused,
    Observation,
    confirm_verification,
    record_verification,
)
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_check, make_clinic, make_user

ACLS_BIT = 1 << CATALOGUE.bit("sup-acls")
TODAY = NOW.date()


def seen(**changes):
    values = {
        "criterion": "sup-acls",
        "outcome": Outcome.MET,
        "level": Level.SOURCE,
        "checked_on": TODAY,
        "valid_until": TODAY + timedelta(days=90),
        "source_name": "Example card look-up",
        "source_url": "https://cards.example.org/1",
    }
    return Observation(**values | changes)


def met_mask(session, clinic):
    session.expire_all()
    return session.get(SearchRow, clinic.id).met_mask


def test_a_critical_check_counts_from_the_second_persons_confirmation(directory):
    clinic = make_clinic(directory)
    first, second = make_user(directory), make_user(directory)
    made = record_verification(directory, first, NOW, CATALOGUE, clinic, seen(), two_person=True)
    assert met_mask(directory, clinic) == 0
    confirm_verification(directory, second, NOW, CATALOGUE, made, two_person=True)
    assert met_mask(directory, clinic) == ACLS_BIT
    acts = [e.act for e in directory.query(Event).order_by(Event.id)]
    assert acts == ["catalogue:loaded", "verification:recorded", "verification:confirmed"]


def test_in_a_solo_directory_one_person_is_enough(directory):
    clinic = make_clinic(directory)
    record_verification(
        directory, make_user(directory), NOW, CATALOGUE, clinic, seen(), two_person=False
    )
    assert met_mask(directory, clinic) == ACLS_BIT


def test_the_first_person_cannot_be_the_second(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    made = make_check(directory, CATALOGUE, clinic, "sup-acls", by=first)
    with pytest.raises(CheckRefused, match="different person"):
        confirm_verification(directory, first, NOW, CATALOGUE, made, two_person=True)


def test_the_database_itself_refuses_one_person_twice(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    made = make_check(directory, CATALOGUE, clinic, "sup-acls", by=first)
    directory.add(
        Confirmation(
            verification_id=made.id, recorded_by=first.id, confirmed_by=first.id, confirmed_at=NOW
        )
    )
    with pytest.raises(DBAPIError, match="two_people"):
        directory.flush()


def test_the_database_itself_refuses_a_false_recorder(directory):
    clinic, first, second = make_clinic(directory), make_user(directory), make_user(directory)
    made = make_check(directory, CATALOGUE, clinic, "sup-acls", by=first)
    directory.add(
        Confirmation(
            verification_id=made.id, recorded_by=second.id, confirmed_by=first.id, confirmed_at=NOW
        )
    )
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        directory.flush()


def test_a_check_is_confirmed_once(directory):
    clinic = make_clinic(directory)
    first, second, third = (make_user(directory) for _ in range(3))
    made = make_check(directory, CATALOGUE, clinic, "sup-acls", by=first, second=second)
    with pytest.raises(CheckRefused, match="already"):
        confirm_verification(directory, third, NOW, CATALOGUE, made, two_person=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"criterion": "sup-nothing"}, "no criterion"),
        ({"checked_on": TODAY + timedelta(days=1)}, "in the future"),
        ({"valid_until": None}, "until which day"),
        ({"valid_until": TODAY - timedelta(days=1)}, "before the day"),
        ({"outcome": Outcome.DOES_NOT_APPLY}, "applies to every clinic"),
    ],
)
def test_a_check_that_cannot_be_true_is_refused(directory, changes, words):
    clinic = make_clinic(directory)
    with pytest.raises(CheckRefused, match=words):
        record_verification(
            directory,
            make_user(directory),
            NOW,
            CATALOGUE,
            clinic,
            seen(**changes),
            two_person=True,
        )


def test_today_is_the_clinics_own_day(directory):
    guam = make_clinic(
        directory, state="GU", postal_code="96910", timezone="Pacific/Guam", lat=13.47, lon=144.75
    )
    tomorrow_in_utc = TODAY + timedelta(days=1)
    record_verification(
        directory,
        make_user(directory),
        NOW,
        CATALOGUE,
        guam,
        seen(checked_on=tomorrow_in_utc),
        two_person=True,
    )


def test_a_met_check_without_an_end_cannot_be_stored(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    made = make_check(directory, CATALOGUE, clinic, "mon-vitals", by=first)
    columns = "clinic_id, edition, criterion, outcome, level, checked_on, source_name, note"
    with pytest.raises(DBAPIError, match="met_has_an_end"):
        directory.execute(
            text(
                f"INSERT INTO verification ({columns}, recorded_by, recorded_at) "
                f"SELECT {columns}, recorded_by, recorded_at FROM verification WHERE id = :id"
            ),
            {"id": made.id},
        )


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"kind": "dea_registration", "number": "AP5836727", "clinic_id": 1}, "dea_masked"),
        ({"kind": "acls", "number": "1"}, "one_holder"),
    ],
)
def test_credentials_are_held_by_one_and_dea_numbers_are_masked(directory, values, rule):
    clinic = make_clinic(directory)
    values = values | ({"clinic_id": clinic.id} if "clinic_id" in values else {})
    directory.add(Credential(issuer="Example", **values))
    with pytest.raises(DBAPIError, match=rule):
        directory.flush()


def test_an_edition_is_loaded_once_and_never_edited(directory):
    actor = make_user(directory)
    assert current_text(directory) == TEXT
    load_edition(directory, actor, NOW, text=TEXT, confirmation="two-person")
    assert directory.get(DirectoryState, 1).version == 1
    with pytest.raises(EditionChanged, match="new edition number"):
        load_edition(directory, actor, NOW, text=TEXT + "\n#", confirmation="two-person")


def test_a_changed_confirmation_rule_derives_every_clinic_anew(directory):
    clinic, first = make_clinic(directory), make_user(directory)
    made = record_verification(directory, first, NOW, CATALOGUE, clinic, seen(), two_person=True)
    assert made.confirmation is None
    load_edition(directory, first, NOW, text=TEXT, confirmation="solo")
    assert met_mask(directory, clinic) == 0, "the rows are prepared first"
    preparing.clear_some(directory)
    alone = preparing.Aim(catalogue=CATALOGUE, confirmation="solo")
    assert preparing.put_in_force(directory, first, NOW, alone)
    assert met_mask(directory, clinic) == ACLS_BIT
