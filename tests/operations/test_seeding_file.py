"""The file of the demonstration: obviously invented, written by its script, refused when wrong."""

import importlib.util
import re
from collections.abc import Iterator

import pytest
import zipcodes
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from directory.domain.credentials import CredentialKind, npi_valid
from directory.domain.criteria import Catalogue
from directory.domain.places import chord_cm, earth_point
from directory.models import Base, Clinic, Credential, Organization, Practitioner
from directory.models.engine import tune
from directory.operations.seeding import DemoRefused, seed_demo
from tests.operations.seeded import NOW, SEED_DATA, SMALL, TEXT, Seeded, an_empty_directory, seeded


@pytest.fixture(scope="module")
def demo() -> Iterator[Seeded]:
    found = seeded(NOW)
    yield found
    found.close()


@pytest.fixture(scope="module")
def empty() -> Iterator[tuple[Session, Catalogue]]:
    session, catalogue = an_empty_directory(NOW)
    yield session, catalogue
    session.close()
    session.get_bind().engine.dispose()


# --- Obviously invented ----------------------------------------------------------------------


def test_websites_phones_and_numbers_can_belong_to_nobody(demo: Seeded) -> None:
    clinics = demo.session.scalars(select(Clinic)).all()
    phones = [clinic.phone for clinic in clinics if clinic.phone]
    assert len(set(phones)) == len(phones)
    for clinic in clinics:
        assert clinic.demonstration
        assert clinic.phone is None or re.fullmatch(r"\+1\d{3}55501\d\d", clinic.phone)
        assert clinic.website is None or clinic.website.endswith(".example.org")
    npis = [
        npi
        for model in (Clinic, Organization, Practitioner)
        for npi in demo.session.scalars(select(model.npi))
        if npi
    ]
    assert len(set(npis)) == len(npis)
    assert all(npi.startswith("2") and npi_valid(npi) for npi in npis)
    for credential in demo.session.scalars(select(Credential)):
        masked = credential.kind is CredentialKind.DEA_REGISTRATION
        assert re.fullmatch(r"\d{3}" if masked else r"DEMO-\d{5}", credential.number)
    names = list(demo.session.scalars(select(Practitioner.name)))
    assert len(set(names)) == len(names)


def test_places_are_real_and_the_zip_city_state_zone_area_code_and_point_agree(
    demo: Seeded,
) -> None:
    cities = set()
    for clinic in demo.session.scalars(select(Clinic)):
        place = zipcodes.matching(clinic.postal_code)[0]  # type: ignore[no-untyped-call]
        cities.add((clinic.city, clinic.state))
        assert (clinic.city, clinic.state) == (place["city"], place["state"])
        assert clinic.timezone == place["timezone"]
        assert clinic.phone is None or clinic.phone[2:5] in place["area_codes"]
        middle = (float(place["lat"]), float(place["long"]))
        assert _within(4, middle, (clinic.lat, clinic.lon))
        assert not _within(150, (48.197, -106.636), (clinic.lat, clinic.lon)), "Glasgow, MT"
    assert len(cities) >= 60
    assert {("Anchorage", "AK"), ("Fairbanks", "AK"), ("Honolulu", "HI")} <= cities
    assert {("San Juan", "PR"), ("Hagatna", "GU"), ("Boise", "ID"), ("Billings", "MT")} <= cities
    assert {("Portland", "OR"), ("Portland", "ME"), ("Brooklyn", "NY"), ("Bronx", "NY")} <= cities
    assert sum(city == "Springfield" for city, _state in cities) >= 2


def _within(miles: float, one: tuple[float, float], other: tuple[float, float]) -> bool:
    a, b = earth_point(*one), earth_point(*other)
    squared = (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2
    return squared <= chord_cm(miles, one[0]) ** 2


# --- What is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('state = "OR"', 'state = "ZZ"', "clinic cascade-lanternfield: state names 'ZZ'"),
        ('postal_code = "97214"', 'postal_code = "9721"', "lanternfield: postal_code must look"),
        ('postal_code = "97214"', "", "lanternfield: postal_code is missing"),
        ("lat = 45", "lat = 145", "lanternfield: lat must be degrees"),
        ("lat = 45.5", 'lat = "45.5', "lat is not valid TOML"),
        ("America/Los_Angeles", "America/Nowhere", "timezone 'America/Nowhere' is not"),
        ("+15035550110", "+15035559110", "lanternfield: phone must look like"),
        (".example.org", ".example.com", "lanternfield: website must look like"),
        ('npi = "2000001018"', 'npi = "2000001019"', "lanternfield: npi must begin with 2"),
        ('npi = "2000001026"', 'npi = "2000001018"', "meadowquill: npi 2000001018 is already"),
        ('npi = "2000020018"', 'npi = "1000020018"', "Al-Harazin: npi must begin with 2"),
        ('npi = "2000020026"', 'npi = "2000020018"', "npi 2000020018 is already used"),
        ('profession = "PA"', 'profession = "XY"', "people names 'XY'"),
        ('post = "prescriber"', 'post = "boss"', "people entry 2: post cannot be 'boss'"),
        ('post = "prescriber", ', "", "people entry 2: post is missing"),
        ('treats = ["depression"', 'treats = ["gloom"', "services entry 1: treats cannot be"),
        ("price = 5", "prize = 5", "services entry 1: prize is not a known field"),
        ("accepting = true", 'accepting = "yes"', "lanternfield: accepting must be true or false"),
        ('hours = "early"', 'hours = "never"', "lanternfield: hours names 'never'"),
        ('listing = "listed"', 'listing = "gone"', "lanternfield: listing must be one of"),
        ('listing = "listed"', 'listing = "closed"', "listing_reason is missing"),
        ('checks = "complete"', 'checks = "all"', "lanternfield: checks names 'all'"),
        ("papers_days_ago = ", "papers_days_ago = -", "lanternfield: papers_days_ago must be from"),
        ("papers_days_ago = ", "paper_days_ago = ", "paper_days_ago is not a known field"),
        ('post = "medical_director"', 'post = "prescriber"', "has no medical_director"),
        ('organization = "lanternfield', 'organization = "nobody', "organization names 'nobody"),
        ('source = ["sup-director"', 'source = ["sup-boss"', "profile complete: source names"),
        ('name = "{license}"', 'name = "{licence}"', "unknown placeholder {licence}"),
        ('role = "admin"', 'role = "king"', "role must be one of verifier, admin"),
        ("[[staff]]\n", "[[crew]]\n", "staff must be three people"),
    ],
)
def test_wrong_data_is_refused_by_clinic_and_field(
    empty: tuple[Session, Catalogue], old: str, new: str, says: str
) -> None:
    session, catalogue = empty
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    with pytest.raises(DemoRefused, match=re.escape(says)):
        seed_demo(session, NOW, catalogue, text=text, two_person=True)
    assert session.scalar(select(func.count()).select_from(Clinic)) == 0


TWO_ENDS = """{ of = "sup-director", days_ago = 9, ends_in_days = 3 },
  { of = "sup-director", ends_in_days = 8, also = true }"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('{ of = "sup-boss" }', "but names 'sup-boss'"),
        ('{ of = "sup-acls", days_ago = 0 }', "sup-acls: days_ago must lie in the past"),
        ('{ of = "sup-acls", days_ago = 900 }', "sup-acls: days_ago must lie in the past"),
        ('{ of = "sup-acls", days_ago = "9" }', "but entry 1: days_ago cannot be '9'"),
        ('{ of = "sup-acls", outcome = "bad" }', "but entry 1: outcome cannot be 'bad'"),
        ('{ of = "sup-acls", outcome = "not_met" }', "sup-acls: note is missing"),
        ("{ days_ago = 4 }", "but entry 1: of is missing"),
        ('{ of = "sup-acls", note = "On it since {since}." }', "since_days_ago is missing"),
        (
            '{ of = "sup-acls", outcome = "does_not_apply", note = "No." }',
            "clinic cascade-meadowquill: sup-acls: sup-acls applies to every clinic",
        ),
        (
            '{ of = "sup-acls", days_ago = 20, ends_in_days = -30 }',
            "clinic cascade-meadowquill: sup-acls: the check would end before",
        ),
        (
            TWO_ENDS,
            "clinic cascade-meadowquill: sup-director: ends_in_days",
        ),
    ],
)
def test_wrong_checks_are_refused_by_clinic_and_criterion(change: str, says: str) -> None:
    session, catalogue = an_empty_directory(NOW)
    text = f"{SMALL}but = [{change}]\n"
    with pytest.raises(DemoRefused, match=re.escape(says)):
        seed_demo(session, NOW, catalogue, text=text, two_person=True)
    session.rollback()
    session.get_bind().engine.dispose()


def test_invented_clinics_never_stand_among_real_ones_nor_without_a_checklist() -> None:
    engine = create_engine("sqlite://")
    tune(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        loaded, catalogue = an_empty_directory(NOW)
        with pytest.raises(DemoRefused, match="load a checklist"):
            seed_demo(session, NOW, catalogue, text=SMALL, two_person=True)
        loaded.add(
            Clinic(
                name="Real", street="1 Way", city="Town", state="TX", postal_code="75001",
                lat=32.9, lon=-96.8, point_precision="zip", timezone="America/Chicago",
                created_at=NOW,
            )
        )  # fmt: skip
        with pytest.raises(DemoRefused, match="there are clinics already"):
            seed_demo(loaded, NOW, catalogue, text=SMALL, two_person=True)
        loaded.close()
        loaded.get_bind().engine.dispose()
    engine.dispose()


# --- The generator ---------------------------------------------------------------------------


def test_the_kept_script_writes_the_file_that_is_loaded() -> None:
    spec = importlib.util.spec_from_file_location("build_demo", SEED_DATA / "build_demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.build() == TEXT
