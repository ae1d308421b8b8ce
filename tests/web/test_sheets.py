"""The sheets to take along: true to the clinic's page, plain to read, and they keep nothing."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import html5lib
import pytest

from directory import paths
from directory.domain.findings import Outcome
from directory.extensions import db
from directory.models import Clinic, SearchRow, Verification
from directory.models.engine import begin_writing
from tests.checklist import CATALOGUE
from tests.domain.reading import HARDEST_GRADE, grade
from tests.factories import NOW
from tests.operations.merges import merged_into
from tests.support.inspection import spoken
from tests.web.outside import listed_clinic
from tests.web.test_pages import heading, with_standing, words

ASKS = {criterion.ask: criterion.code for criterion in CATALOGUE.criteria}
OPEN = ("not_met", "not_checked", "expired")
NEVER_NAMED = r"benzodiazepine|\bMAOI|lamotrigine|glaucoma|aneurysm|breast"
"""What a sheet might list and no source that we read carries."""


def tree(answer):
    """Return the elements of a page."""
    root = html5lib.parse(answer.text, namespaceHTMLElements=False)
    return [element for element in root.iter() if isinstance(element.tag, str)]


def dense(answer):
    """Return the text of a page's main part without any space, which is the markup's affair."""
    main = next(element for element in tree(answer) if element.tag == "main")
    return packed(main)


def packed(element):
    """Return an element's text without any space."""
    return "".join("".join(element.itertext()).split())


def of_class(answer, name):
    """Return the elements of a page that have a class."""
    return [e for e in tree(answer) if name in e.get("class", "").split()]


def asked(answer):
    """Return the codes of the criteria that a sheet asks about, in its order."""
    labels = [spoken(e) for e in tree(answer) if e.tag == "label"]
    return [ASKS[said] for said in labels if said in ASKS]


def sheet_of(client, clinic, query=""):
    """Return the sheet of a clinic of the API."""
    return client.get(f"/clinics/{clinic['id']}/questions{query}")


def findings_of(client, clinic):
    """Return what the API says of a clinic, by criterion."""
    found = client.get(f"/api/v1/clinics/{clinic['id']}").json["findings"]
    return {finding["criterion"]: finding for finding in found}


@dataclass(frozen=True)
class Seen:
    """One clinic as the API, its own page and its sheet tell of it."""

    number: int
    findings: dict
    page: object
    sheet: object


@pytest.fixture(scope="module")
def some(demo_app):
    """Clinics of every standing, some where a check could not be made, and a few besides."""
    client = demo_app.test_client()
    codes = ("complete", "partial", "unchecked", "warning")
    found = [with_standing(client, code)["id"] for code in codes]
    with demo_app.app_context():
        ids = [row.clinic_id for row in db.session.query(SearchRow).order_by(SearchRow.clinic_id)]
        tries = db.session.query(Verification).filter_by(outcome=Outcome.COULD_NOT_CHECK)
        found += sorted({check.clinic_id for check in tries} & set(ids))[:3]
    return [
        Seen(
            number,
            findings_of(client, {"id": number}),
            client.get(f"/clinics/{number}", follow_redirects=True),
            client.get(f"/clinics/{number}/questions"),
        )
        for number in dict.fromkeys([*found, *ids[::12]])
    ]


def test_a_sheet_asks_what_is_open_and_nothing_that_holds(some):
    states = set()
    for seen in some:
        findings = seen.findings
        codes = asked(seen.sheet)
        wanted = [code for code, finding in findings.items() if finding["state"] in OPEN]
        if "We have suspended this listing" not in seen.sheet.text:
            assert sorted(codes) == sorted(wanted), seen.number
        ranks = [(findings[c]["state"] != "not_met", not findings[c]["critical"]) for c in codes]
        assert ranks == sorted(ranks)
        states |= {finding["state"] for finding in findings.values()}
    assert states >= {"met", "does_not_apply", *OPEN}


def test_what_we_know_is_said_in_the_words_of_the_clinics_page(some):
    said = set()
    for seen in some:
        page = dense(seen.page)
        for line in of_class(seen.sheet, "ask-known"):
            assert packed(line) in page
            said.add(" ".join(spoken(line).split()[:2]))
    assert said >= {"Nobody has", "The clinic", "We looked", "It was", "We tried"}


def test_what_was_found_not_in_place_comes_first_and_asks_what_has_changed(demo_client):
    clinic = with_standing(demo_client, "warning")
    page = sheet_of(demo_client, clinic)
    first = asked(page)[0]
    assert findings_of(demo_client, clinic)[first]["state"] == "not_met"
    assert "What has changed since" in words(page)
    assert page.text.index('class="blockers"') < page.text.index("If you only have time for three")


def test_a_clinic_where_nobody_looked_is_not_told_so_with_each_question(app):
    number = listed_clinic(app)
    page = app.test_client().get(f"/clinics/{number}/questions")
    assert "29 of the 29 checks on our list are still open" in words(page)
    assert words(page).count("Nobody has checked any of these here.") == 1
    assert "Nobody has checked this here" not in words(page)
    assert len(asked(page)) == len(CATALOGUE.criteria)
    assert "You need not ask these" not in words(page)


def test_what_holds_is_named_with_its_last_day_and_when_that_is_near(demo_app, demo_client):
    clinic = with_standing(demo_client, "complete")
    page = sheet_of(demo_client, clinic)
    findings = findings_of(demo_client, clinic).values()
    met = [finding for finding in findings if finding["state"] == "met"]
    assert len(of_class(page, "known-list")[0]) == len(met) > 20
    ending = (NOW.date() + timedelta(days=30)).isoformat()
    near = [finding for finding in met if finding["valid_until"] <= ending]
    assert words(page).count("(ends soon)") == len(near)
    last = min(date.fromisoformat(finding["valid_until"]) for finding in met)
    directory = demo_app.extensions["directory"]
    clock = directory.clock
    try:
        directory.clock = lambda: NOW + (last - timedelta(days=1) - NOW.date())
        page = sheet_of(demo_client, clinic)
        assert "(ends soon)" in words(page)
        assert "within 30 days" in words(page)
        directory.clock = lambda: NOW + (last + timedelta(days=2) - NOW.date())
        codes = asked(sheet_of(demo_client, clinic))
        assert codes, "what has run out is asked about"
    finally:
        directory.clock = clock


def test_a_suspended_listing_is_told_first_and_its_checks_are_not_relied_on(demo_app, demo_client):
    with demo_app.app_context():
        rows = db.session.query(SearchRow)
        number = next(r.clinic_id for r in rows if r.card["listing"] == "suspended")
    page = demo_client.get(f"/clinics/{number}/questions")
    assert words(page).index("We have suspended this listing") < words(page).index("When you call")
    assert "You need not ask these" not in words(page)
    findings = findings_of(demo_client, {"id": number}).values()
    assert len(asked(page)) == sum(finding["state"] != "does_not_apply" for finding in findings)


def test_a_sheet_says_whom_to_call_when_and_of_which_day_it_is(demo_app, demo_client):
    clinic = with_standing(demo_client, "partial")
    page = sheet_of(demo_client, clinic)
    with demo_app.app_context():
        stored = db.session.get(Clinic, clinic["id"])
        assert f'href="tel:{stored.phone}"' in page.text
        assert heading(page).replace("&#39;", "'") == f"Questions to ask {stored.name}"
    assert "What we knew on 1 Jun 2026." in words(page)
    assert f"What we know now: http://localhost/clinics/{clinic['id']}" in words(page)
    assert "Hours" in words(page)
    assert page.headers["X-Robots-Tag"] == "noindex, follow"


@pytest.mark.parametrize(("size", "large"), [("large", 1), ("", 0), ("huge", 0), ("LARGE", 0)])
def test_large_print_is_in_the_address(demo_client, size, large):
    clinic = with_standing(demo_client, "partial")
    page = sheet_of(demo_client, clinic, f"?size={size}")
    assert page.status_code == 200
    assert len(of_class(page, "sheet-large")) == large
    other = "Usual print" if large else "Large print"
    link = next(e.get("href") for e in tree(page) if e.tag == "a" and spoken(e) == other)
    assert link == f"/clinics/{clinic['id']}/questions" + ("" if large else "?size=large")


@pytest.mark.parametrize("path", ["/clinics/{}/questions", "/guide/doctor"])
def test_a_sheet_keeps_nothing_and_sends_nothing(demo_client, path):
    page = demo_client.get(path.format(with_standing(demo_client, "warning")["id"]))
    main = next(e for e in tree(page) if e.tag == "main")
    controls = [e for e in main.iter() if e.tag in ("input", "textarea", "select", "form")]
    assert len(controls) > 15
    assert {(e.tag, e.get("type"), e.get("autocomplete")) for e in controls} == {
        ("input", "checkbox", "off")
    }
    assert not any({"name", "form", "checked", "value"} & set(e.attrib) for e in controls)
    assert "They are not saved or sent" in words(page)
    assert "Set-Cookie" not in page.headers


def test_the_script_of_a_sheet_only_prints():
    script = (paths.PACKAGE / "static" / "js" / "print.js").read_text("utf-8")
    assert "window.print()" in script
    away = r"fetch|XMLHttp|Beacon|[sS]torage|cookie|location|indexedDB|history|open\("
    assert re.findall(away, script) == []


def test_what_is_not_public_has_no_sheet(demo_app, demo_client):
    nothing = demo_client.get("/clinics/999999/questions")
    assert nothing.status_code == 404
    with demo_app.app_context():
        public = {row.clinic_id for row in db.session.query(SearchRow)}
        hidden = [c.id for c in db.session.query(Clinic) if c.id not in public]
    assert len(hidden) > 2
    for number in hidden:
        answer = demo_client.get(f"/clinics/{number}/questions")
        assert answer.status_code == 404
        assert answer.text.replace(f"/{number}/", "/999999/") == nothing.text
    assert demo_client.get(f"/clinics/{2**63}/questions").status_code == 404
    assert demo_client.post("/clinics/1/questions").status_code == 405


@pytest.mark.parametrize("query", ["", "?size=large"])
def test_a_merged_listings_sheet_is_that_of_its_home(app, query):
    home, merged = listed_clinic(app, name="Home"), listed_clinic(app, name="Merged")
    with app.test_request_context():
        session = db.session()
        begin_writing(session)
        merged_into(session, session.get(Clinic, home), session.get(Clinic, merged))
        session.commit()
    answer = app.test_client().get(f"/clinics/{merged}/questions{query}")
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"/clinics/{home}/questions{query}"


def blocks(answer):
    """Return the texts of a sheet that are ours: no address, no name of a source."""
    found = []
    main = next(e for e in tree(answer) if e.tag == "main")
    for element in main.iter():
        if element.tag in ("p", "h2", "h3", "label") or (
            element.tag == "li" and not any(e.tag in ("p", "label") for e in element.iter())
        ):
            found.append(re.sub(r"\([^)]*\)", "", spoken(element)))
    return found


def test_the_sheets_read_at_grade_eight_or_lower(demo_client, some):
    for seen in some[:4]:
        assert grade(*blocks(seen.sheet)) <= HARDEST_GRADE, seen.number
    assert grade(*blocks(demo_client.get("/guide/doctor"))) <= HARDEST_GRADE


def test_the_sheets_are_found_from_where_they_are_needed(demo_client):
    clinic = with_standing(demo_client, "partial")
    sheet = f'href="/clinics/{clinic["id"]}/questions"'
    assert demo_client.get(clinic["url"]).text.count(sheet) == 2
    for path in ("/guide", "/", f"/clinics/{clinic['id']}/questions"):
        assert 'href="/guide/doctor"' in demo_client.get(path).text


def test_pressure_pills_and_past_drinking_are_answered_at_once(demo_client):
    page = demo_client.get("/guide/doctor")
    said = words(page)
    lead = "raise each tick with two people: your own doctor, who knows you, and the clinician at"
    order = [lead, "take pills for it", "steady enough", "Alcohol and drugs", "I used to"]
    places = [said.index(one) for one in order]
    assert places == sorted(places)
    read = said[said.index(lead) : places[-1]]
    assert len(read.split()) < 200, "a minute of reading"
    for code in ("mon-vitals", "scr-substance", "scr-psych", "scr-medical"):
        assert CATALOGUE.criterion(code).ask in said


def test_the_doctors_sheet_covers_what_the_guide_covers_and_no_more(demo_client):
    said = words(demo_client.get("/guide/doctor"))
    for topic in (
        "heart trouble", "breathing", "psychosis", "mania", "suicide", "pregnant", "bladder",
        "liver", "medicines", "allergies", "45 minutes", "off-label", "addictive", "A ride home",
        "do not drive until the next day", "eat and drink", "988", "911", "not medical advice",
    ):  # fmt: skip
        assert topic in said, topic
    assert re.findall(NEVER_NAMED, said, re.I) == []
    assert "X-Robots-Tag" not in demo_client.get("/guide/doctor").headers


def test_paper_has_lines_and_the_screen_has_none():
    style = (Path(paths.PACKAGE) / "static" / "css" / "sheets.css").read_text("utf-8")
    screen, paper = style.split("@media print", 1)
    assert re.search(r"\.ruled \{\s*display: none;", screen)
    assert re.search(r"\.ruled \{\s*display: block;", paper)
