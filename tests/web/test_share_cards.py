"""What social networks are told of a link: name and town, and nothing that could lapse."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from directory.extensions import db
from directory.models import Clinic, SearchRow
from directory.operations.cards import findings_of, standing_of
from directory.sources import share_card
from directory.web.public import findable
from tests.factories import NOW
from tests.web.heads import canonical, clinic_paths, metas


@pytest.mark.parametrize(
    ("prefix", "locale", "other"), [("", "en_US", "es_US"), ("/es", "es_US", "en_US")]
)
def test_a_clinics_link_shows_its_name_and_no_finding(demo_app, demo_client, prefix, locale, other):
    number, path = next(iter(clinic_paths(demo_app).items()))
    page = demo_client.get(prefix + path)
    told = metas(page)
    assert told["og:url"] == canonical(page) == f"http://localhost{prefix}{path}"
    assert told["og:image"] == f"http://localhost{prefix}/clinics/{number}/card.png"
    assert (told["og:locale"], told["og:locale:alternate"]) == (locale, other)
    assert told["twitter:card"] == "summary_large_image"
    with demo_app.app_context():
        clinic = db.session.get(Clinic, number)
        assert clinic.name in told["og:title"].replace("&amp;", "&").replace("&#39;", "'")
    assert told["og:description"] == told["description"]


def alike(app):
    """Return what each standing's links say, name and town taken out; and the standings seen."""
    said, seen = {}, set()
    client = app.test_client()
    with app.app_context():
        rows = [(r.clinic_id, r.card) for r in db.session.query(SearchRow)]
    for number, card in rows:
        code = standing_of(card, findings_of(card, 0)).code.value
        if code in seen:
            continue
        seen.add(code)
        page = client.get(client.get(f"/clinics/{number}").headers["Location"])
        told = metas(page)
        words = told["og:description"].replace("&#39;", "'").replace("&amp;", "&")
        said[code] = words.replace(card["name"], "NAME").replace(card["city"], "CITY")
        said[code] = said[code].replace(card["state"], "STATE")
    return said, seen


def test_a_warning_is_as_neutral_as_all_others(demo_app):
    said, seen = alike(demo_app)
    assert {"complete", "partial", "unchecked", "warning"} <= seen
    assert len(set(said.values())) == 1, "a network keeps for ever what lapses tomorrow"


def test_the_cards_picture_depends_on_nothing_that_lapses(demo_app):
    """The same clinic a year on, when every check has lapsed, has the same picture."""
    clock = demo_app.extensions["directory"].clock
    client = demo_app.test_client()
    first = client.get("/clinics/1/card.png")
    try:
        demo_app.extensions["directory"].clock = lambda: NOW + timedelta(days=800)
        later = client.get("/clinics/1/card.png")
    finally:
        demo_app.extensions["directory"].clock = clock
    assert later.data == first.data
    assert later.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("path", ["/clinics/1/card.png", "/card.png", "/es/clinics/1/card.png"])
def test_a_card_is_a_picture_that_others_may_keep_for_a_day(demo_client, path):
    answer = demo_client.get(path)
    assert answer.mimetype == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "X-Robots-Tag" not in answer.headers
    assert len(answer.data) < 60_000
    assert Image.open(io.BytesIO(answer.data)).size == (1200, 630)
    asked = {"If-None-Match": answer.headers["ETag"]}
    again = demo_client.get(path, headers=asked)
    assert (again.status_code, again.data) == (304, b"")


def test_who_has_the_card_costs_no_drawing(demo_client, monkeypatch):
    known = demo_client.get("/clinics/1/card.png").headers["ETag"]
    monkeypatch.setattr(findable, "_drawn", lambda *_: pytest.fail("drawn again"))
    answer = demo_client.get("/clinics/1/card.png", headers={"If-None-Match": known})
    assert answer.status_code == 304


def test_what_is_not_public_has_no_card(demo_app, demo_client):
    with demo_app.app_context():
        public = set(db.session.scalars(select(SearchRow.clinic_id)))
        hidden = [
            number for number in db.session.scalars(select(Clinic.id)) if number not in public
        ]
    for number in [*hidden, 999_999, 2**62]:
        assert demo_client.get(f"/clinics/{number}/card.png").status_code == 404


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Desert Willow Infusion", "Desert Willow Infusion"),
        ("Clínica Ñandú", "Clínica Ñandú"),
        ("Łódź Straße", "Lódź Strasse"),
        ("Žižkov", "Zizkov"),
        ("Clinic 🦄", "Clinic"),
        ("Ａｂｃ", "Abc"),
        ("中文诊所", ""),
        ("مركز التسريب", ""),
        ("Клиника", ""),
        ("", ""),
        ("   ", ""),
        ("🦄🦄🦄", ""),
    ],
)
def test_a_name_is_written_as_well_as_the_font_can(name, written):
    assert share_card.writable(name) == written


@pytest.mark.parametrize(
    "name", ["W" * 200, "a " * 100, "中文诊所", "x", "í¿¡ü" * 40, "…", "-" * 200]
)
def test_any_name_gives_a_picture_with_room_for_the_rest(name):
    drawn = share_card.draw("Site", name, "Phoenix, AZ", "See what was checked. " * 9, "A note.")
    picture = Image.open(io.BytesIO(drawn)).convert("RGB")
    assert picture.size == share_card.SIZE
    assert picture.getpixel((10, 600)) == picture.getpixel((1190, 600)), "nothing at the edge"
    most = 3 if len(name) > 20 else 1
    for size in share_card.NAME_SIZES:
        lines = share_card.wrapped(share_card.writable(name), size, most)
        assert len(lines) <= most
        width = share_card.SIZE[0] - 2 * share_card.MARGIN
        assert all(share_card._length(line, size) <= width for line in lines)
