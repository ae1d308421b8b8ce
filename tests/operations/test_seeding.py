"""The demonstration: the same stories on any day, one log, and no second run."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from directory.domain.credentials import CredentialKind
from directory.domain.criteria import Level
from directory.domain.findings import Outcome, State, today_in
from directory.domain.standing import Listing
from directory.models import (
    Clinic,
    Confirmation,
    DirectoryState,
    Event,
    SearchRow,
    User,
    Verification,
)
from directory.models.staff import StaffRole
from directory.operations.clinics import public_clinic
from directory.operations.seeding import seed_demo
from tests.operations.seeded import (
    FILE,
    NOW,
    SMALL,
    TEXT,
    Seeded,
    finding,
    promised,
    seeded,
    standings,
)

OTHER_DAYS = [
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2027, 3, 14, 9, 59, tzinfo=UTC),  # the minute before summer time begins in Denver
    datetime(2026, 12, 31, 23, 30, tzinfo=UTC),  # the new year has begun in Guam
]


@pytest.fixture(scope="module")
def demo() -> Iterator[Seeded]:
    found = seeded(NOW)
    yield found
    found.close()


# --- The same on any day ---------------------------------------------------------------------


def test_each_clinic_has_the_standing_that_its_story_promises(demo: Seeded) -> None:
    assert standings(demo) == promised()


@pytest.mark.parametrize("now", OTHER_DAYS, ids=str)
def test_standings_are_the_same_on_a_leap_day_a_clock_change_and_at_the_end_of_the_year(
    now: datetime,
) -> None:
    other = seeded(now)
    assert standings(other) == promised()
    for clinic in other.session.scalars(select(Clinic)):
        today = today_in(ZoneInfo(clinic.timezone), now)
        assert clinic.listed_on is None or clinic.listed_on <= today
    assert other.session.scalars(select(func.max(Event.at))).one() <= now
    other.close()


def test_a_demonstration_left_running_keeps_its_complete_clinics_for_three_weeks(
    demo: Seeded,
) -> None:
    later = Seeded(demo.session, demo.catalogue, demo.now + timedelta(days=21), demo.counts)
    for clinic in FILE["clinic"]:
        if clinic.get("standing") == "complete" and "ends this month" not in clinic["story"]:
            assert later.page(clinic["code"]).standing.code == "complete"


def test_no_day_and_no_year_is_written_in_the_file() -> None:
    words = re.sub(r"\d{3,4} [A-Z]\w+ |postal_code = .*|npi = .*|issuer.*", "", TEXT)
    assert not re.search(r"\b(19|20)\d\d-\d\d|\b\d{1,2} (Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep)", words)


def test_a_search_near_a_large_city_shows_a_mix() -> None:
    counted = Counter(c.get("standing", c["listing"]) for c in FILE["clinic"])
    assert 115 <= len(FILE["clinic"]) <= 130
    assert counted["complete"] >= 12
    assert counted["partial"] >= 40
    assert counted["unchecked"] >= 35
    assert counted["warning"] >= 8
    assert (counted["suspended"], counted["closed"]) == (3, 3)
    assert (counted["draft"], counted["unlisted"]) == (2, 2)
    near = {c["standing"] for c in FILE["clinic"] if c["city"] in ("Portland", "Beaverton")}
    assert {"complete", "partial", "unchecked"} <= near


# --- The stories -----------------------------------------------------------------------------


def test_complete_means_eighteen_of_eighteen_or_seventeen_where_no_permit_applies(
    demo: Seeded,
) -> None:
    whole = demo.told("All 18 key checks").standing
    assert (whole.critical_met, whole.critical_total) == (18, 18)
    page = demo.told("the state asks for no permit")
    assert (page.standing.critical_met, page.standing.critical_total) == (17, 17)
    assert finding(page, "sup-facility").state is State.DOES_NOT_APPLY


def test_what_a_clinic_says_about_itself_is_claimed_and_never_met(demo: Seeded) -> None:
    page = demo.page("tidewhistle")
    assert page.standing.met == 0
    claimed = finding(page, "sup-acls")
    assert claimed.state is State.NOT_CHECKED
    assert claimed.claimed.level is Level.ATTESTED
    assert not page.credentials
    assert not any(person.credentials for person in page.people)


def test_a_lapsed_rescue_card_ended_ten_to_eighty_days_ago(demo: Seeded) -> None:
    for clinic in FILE["clinic"]:
        if "rescue-training card ended" in clinic["story"]:
            page = demo.page(clinic["code"])
            lapsed = finding(page, "sup-acls")
            assert lapsed.state is State.EXPIRED
            assert 10 <= (page.today - lapsed.holds_until).days <= 80
            assert (page.standing.critical_met, page.standing.lapsed) == (17, ("sup-acls",))


def test_a_license_that_ends_this_month_still_counts(demo: Seeded) -> None:
    stories = [c["code"] for c in FILE["clinic"] if "license ends this month" in c["story"]]
    assert len(stories) >= 5
    for code in stories:
        page = demo.page(code)
        found = finding(page, "sup-director")
        verification = page.deciding(found)
        assert verification is not None
        assert verification.credential is not None
        assert verification.credential.expires_on is not None
        assert found.state is State.MET
        assert 5 <= (verification.credential.expires_on - page.today).days <= 20


@pytest.mark.parametrize(
    ("words", "code", "note"),
    [
        ("board suspended", "sup-director", "The board lists the license as suspended."),
        ("rescue gear is not there", "emg-equipment", "no defibrillator"),
        ("nobody trained watches", "sup-observer", "front desk"),
        ("drive home by themselves", "aft-ride", "drive"),
        ("DEA certificate names another", "med-dea", "different address"),
        ("owner is on the federal", "sup-exclusion", "is on the federal exclusion list since 1"),
        ("medical director is on the federal", "sup-exclusion", "exclusion list since 2"),
    ],
)
def test_a_warning_says_what_failed_with_its_source(
    demo: Seeded, words: str, code: str, note: str
) -> None:
    page = demo.told(words)
    assert page.standing.blockers == (code,)
    verification = page.deciding(finding(page, code))
    assert verification is not None
    assert verification.outcome is Outcome.NOT_MET
    assert verification.confirmation is not None
    assert note in verification.note
    if code == "sup-exclusion":
        assert verification.source_url == "https://exclusions.oig.hhs.gov/"


def test_a_suspended_license_is_shown_with_its_last_day_and_its_history(demo: Seeded) -> None:
    page = demo.told("board suspended")
    director = page.people[0]
    license_ = next(c for c in director.credentials if c.kind is CredentialKind.STATE_LICENSE)
    assert license_.ended_on is not None
    assert 1 <= (page.today - license_.ended_on).days <= 30
    assert [v.outcome for v in page.history["sup-director"]] == [Outcome.NOT_MET, Outcome.MET]
    assert page.history["sup-director"][0].source_name == "New York State Office of the Professions"


def test_what_waits_for_a_second_person_neither_counts_nor_shows(demo: Seeded) -> None:
    page = demo.told("wait for a second person")
    assert finding(page, "emg-plan").state is State.NOT_CHECKED
    assert "emg-plan" not in page.history
    hidden = demo.told("An adverse check waits")
    assert finding(hidden, "scr-psych").state is State.NOT_CHECKED
    assert finding(hidden, "scr-psych").in_recheck
    assert "scr-psych" not in hidden.history


def test_stale_contact_tried_calls_and_repaired_gear_are_told(demo: Seeded) -> None:
    assert finding(demo.told("more than 90 days"), "opn-contact").state is State.EXPIRED
    tried = finding(demo.told("We called three times"), "opn-contact")
    assert tried.state is State.NOT_CHECKED
    assert tried.attempted.outcome is Outcome.COULD_NOT_CHECK
    fixed = demo.told("was once found missing")
    assert [v.outcome for v in fixed.history["emg-equipment"]] == [Outcome.MET, Outcome.NOT_MET]


def test_a_pump_does_not_apply_where_nothing_is_given_by_iv(demo: Seeded) -> None:
    page = demo.page("sablethorn")
    assert page.card["offers"] == ["im"]
    assert finding(page, "mon-pump").state is State.DOES_NOT_APPLY


def test_hidden_listings_have_no_page_and_suspended_ones_say_why(demo: Seeded) -> None:
    hidden = {c.name for c in demo.session.scalars(select(Clinic)) if c.id not in demo.public}
    assert hidden == {c["name"] for c in FILE["clinic"] if "standing" not in c}
    assert "moved" in demo.told("We suspended the listing").card["listing_reason"]
    for clinic in demo.session.scalars(select(Clinic).where(Clinic.listing == Listing.CLOSED)):
        assert clinic.listing_reason


def test_every_public_page_can_be_read(demo: Seeded) -> None:
    for number in demo.public:
        page = public_clinic(demo.session, demo.catalogue, number, demo.now, two_person=True)
        assert page is not None
        assert len(page.findings) == 29
        for checks in page.history.values():
            for check in checks:
                assert check.source_name
                assert "{" not in check.source_name + check.note
                assert (check.evidence[0].url or "").startswith("https://evidence.example.org/")


def test_clinics_differ_in_what_they_offer_ask_and_speak(demo: Seeded) -> None:
    cards = list(demo.session.scalars(select(SearchRow.card)))
    for key, least in (("offers", 4), ("treats", 6)):
        assert len({code for card in cards for code in card[key]}) == least
    assert {card["accepting"] for card in cards} == {True, False, None}
    assert {card["precision"] for card in cards} == {"address", "zip", "city"}
    assert 20 < sum(card["price_from"] is None for card in cards) < 80
    assert {"es", "vi", "nv", "ase"} <= {tongue for card in cards for tongue in card["languages"]}
    assert sum(card["name"].startswith("Cascade ") for card in cards) == 3
    owners = Counter(c["organization"] for c in FILE["clinic"] if "organization" in c)
    assert {2, 3, 4} <= set(owners.values())


# --- The log, and the second run --------------------------------------------------------------


def test_the_log_has_one_line_for_each_clinic_by_the_system_and_runs_in_order(
    demo: Seeded,
) -> None:
    session = demo.session
    created = session.scalars(select(Event).where(Event.act == "clinic:created")).all()
    assert {event.subject_id for event in created} == set(session.scalars(select(Clinic.id)))
    assert len(created) == demo.counts.clinics
    actors = {session.get_one(User, event.actor_id).role for event in created}
    assert actors == {StaffRole.SYSTEM}
    # The checklist was loaded before the demonstration, which then tells of earlier days.
    moments = list(session.scalars(select(Event.at).order_by(Event.id)))[1:]
    assert moments == sorted(moments)
    acts = Counter(session.scalars(select(Event.act)))
    assert acts["verification:recorded"] == demo.counts.verifications
    assert acts["verification:confirmed"] == demo.counts.confirmations


def test_two_verifiers_take_turns_and_nobody_confirms_their_own_check(demo: Seeded) -> None:
    pairs = demo.session.execute(select(Confirmation.recorded_by, Confirmation.confirmed_by))
    counted = Counter(tuple(pair) for pair in pairs)
    assert all(first != second for first, second in counted)
    recorders = Counter(demo.session.scalars(select(Verification.recorded_by)))
    assert len(recorders) == 2
    assert {second for _first, second in counted} > set(recorders)


def test_a_second_run_changes_nothing_and_says_so(demo: Seeded) -> None:
    version = demo.session.scalar(select(DirectoryState.version))
    before = demo.session.scalar(select(func.count()).select_from(Event))
    later = demo.now + timedelta(days=400)
    again = seed_demo(demo.session, later, demo.catalogue, text=TEXT, two_person=True)
    assert again.already
    assert str(again) == f"{len(FILE['clinic'])} are there already, nothing changed"
    assert not demo.session.new
    assert not demo.session.dirty
    assert demo.session.scalar(select(DirectoryState.version)) == version
    assert demo.session.scalar(select(func.count()).select_from(Event)) == before


def test_the_directory_says_that_it_is_a_demonstration(demo: Seeded) -> None:
    state = demo.session.get_one(DirectoryState, DirectoryState.ONLY)
    assert state.demonstration
    assert state.version == 2
    assert demo.counts.public == len(demo.public) == len(promised())
    assert "added" in str(demo.counts)


def test_one_person_who_works_alone_sees_pending_checks_count() -> None:
    alone = seeded(NOW, SMALL, two_person=False)
    assert alone.counts.clinics == 2
    assert set(standings(alone).values()) == {"complete", "partial"}
    alone.close()
