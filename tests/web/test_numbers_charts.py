"""The staff's pictures: the numbers are the public page's, and no picture differs from them."""

import csv
import io
import re
from collections import Counter
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from directory.domain.coverage import Claim, Mark, mark_of, month_after, whole_months
from directory.domain.criteria import Level
from directory.domain.findings import Outcome, State, minute_of
from directory.domain.shown import Shown, shown
from directory.extensions import db
from directory.models import SearchRow
from directory.operations import coverage as pictures
from directory.operations import numbers
from directory.operations.cards import findings_of, newest_minute, outlines_of
from directory.operations.catalogue import load_edition
from directory.operations.coverage import MONTHS, OLDEST_MONTHS, WEEKS, coverage
from directory.operations.listings import derive_all
from tests.checklist import CATALOGUE, TEXT
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.support.staff import sign_in

LATER = NOW + timedelta(days=100)
SAID = {
    Shown.SOURCE: Mark.SOURCE,
    Shown.DOCUMENT: Mark.DOCUMENT,
    Shown.ATTESTED: Mark.SAYS,
    Shown.EXPIRED: Mark.EXPIRED,
    Shown.NOT_MET: Mark.NOT_MET,
    Shown.NONE: Mark.DOES_NOT_APPLY,
}
"""Which mark staff count for what a patient reads; all else is not checked."""


def page_of(app, path="/admin/numbers/charts"):
    """Return the staff's page as an admin reads it."""
    answer = sign_in(app, "admin").get(path)
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def charts(databases, instance):
    """The charts of the demonstration, from a copy in which somebody may sign in."""
    from tests.support.apps import running

    url = databases.fresh("demo")
    with running(instance, url) as app:
        yield app
    databases.drop(url)


def test_the_coverage_is_what_the_public_pages_say(demo_app, demo_client):
    """An oracle of its own: every clinic's public answer, counted again."""
    wanted, ends, looks = Counter(), Counter(), Counter()
    with demo_app.app_context():
        found = coverage(db.session(), CATALOGUE, NOW)
        ids = [row.clinic_id for row in db.session.query(SearchRow)]
    levels = {"source": Mark.SOURCE, "document": Mark.DOCUMENT}
    for number in ids:
        for finding in demo_client.get(f"/api/v1/clinics/{number}").json["findings"]:
            state = finding["state"]
            if state == "met":
                wanted[finding["criterion"], levels[finding["level"]]] += 1
                ends[finding["valid_until"][:7], finding["critical"]] += 1
            elif state != "not_checked":
                wanted[finding["criterion"], Mark(state)] += 1
            if state != "not_checked":
                looks[finding["checked_on"]] += 1
    assert len(ids) > 80
    assert found.clinics == len(ids)
    unclear = (Mark.SAYS, Mark.NOT_CHECKED)
    counted = {
        (code, mark): count
        for code, marks in found.criteria.items()
        for mark, count in marks.items()
        if count and mark not in unclear
    }
    assert counted == dict(wanted)
    assert all(sum(marks.values()) == found.clinics for marks in found.criteria.values())
    assert sum(looks.values()) == sum(age.counts + age.lapsed for age in found.ages)
    young = sum(
        n for day, n in looks.items() if whole_months(date.fromisoformat(day), NOW.date()) == 1
    )
    assert young == found.ages[1].counts + found.ages[1].lapsed > 0
    for month in found.months[:-1]:
        key = f"{month.first:%Y-%m}"
        assert (month.critical, month.other) == (ends[key, True], ends[key, False])
    assert sum(m.critical + m.other for m in found.weeks) == sum(ends.values()) > 100


@pytest.mark.parametrize("now", [NOW, LATER])
def test_each_mark_is_the_one_a_patient_sees(demo_app, now):
    seen = Counter()
    with demo_app.app_context():
        minute = minute_of(now)
        for row in db.session.query(SearchRow):
            outlines = [*outlines_of(row.card, minute)]
            findings = findings_of(row.card, minute)
            assert [o.criterion for o in outlines] == [f.criterion for f in findings]
            for outline, finding in zip(outlines, findings, strict=True):
                kind = shown(finding)
                seen[kind] += 1
                assert outline.mark is SAID.get(kind, Mark.NOT_CHECKED), (kind, finding)
                assert outline.critical is finding.critical
    assert set(SAID) <= set(seen), "the demonstration shows every mark"
    assert seen[Shown.PAPER] + seen[Shown.TRIED] + seen[Shown.RECHECK] > 0


def test_the_figures_agree_with_the_other_numbers(demo_app):
    with demo_app.app_context():
        session = db.session()
        for now in (NOW, LATER):
            found = coverage(session, CATALOGUE, now)
            other = numbers.numbers(session, CATALOGUE, now, _somebody(session), two_person=True)
            whole = found.together(CATALOGUE.by_code)
            states = {state: sum(ages.values()) for state, ages in other.findings.items()}
            assert whole[Mark.SOURCE] + whole[Mark.DOCUMENT] == states[State.MET]
            assert whole[Mark.SAYS] + whole[Mark.NOT_CHECKED] == states[State.NOT_CHECKED]
            for mark in (Mark.EXPIRED, Mark.NOT_MET, Mark.DOES_NOT_APPLY):
                assert whole[mark] == states[State(mark.value)]


def _somebody(session):
    return session.query(numbers.User).first()


def test_the_clock_alone_moves_the_numbers(session):
    first, second = make_user(session), make_user(session)
    load_edition(session, first, NOW, text=TEXT, confirmation="two-person")
    clinic = make_clinic(session)
    for code, lasts in (("sup-acls", 40), ("sup-training", 200), ("sup-onsite", 390)):
        level = Level.DOCUMENT if code == "sup-onsite" else Level.SOURCE
        make_check(
            session, CATALOGUE, clinic, code,
            by=first, second=second, days_ago=30, lasts=lasts, level=level,
        )  # fmt: skip
    derive_all(session, CATALOGUE, NOW, two_person=True)
    found = coverage(session, CATALOGUE, NOW)
    assert found.criteria["sup-acls"][Mark.SOURCE] == 1
    assert found.ages[0].counts == 3, "from 2 May to 1 June a month is not yet whole"
    assert (found.weeks[1].critical, found.weeks[1].other) == (1, 0)
    assert found.weeks[1].first == NOW.date() + timedelta(days=7)
    assert sum(week.critical + week.other for week in found.weeks) == 3
    then = coverage(session, CATALOGUE, NOW + timedelta(days=60))
    assert then.criteria["sup-acls"][Mark.EXPIRED] == 1
    assert then.criteria["sup-acls"][Mark.SOURCE] == 0
    assert sum(age.lapsed for age in then.ages) == 1
    assert sum(week.critical + week.other for week in then.weeks) == 2


def test_one_statement_whatever_there_is(demo_app, statements):
    with demo_app.app_context(), statements() as run:
        coverage(db.session(), CATALOGUE, NOW)
    assert len(run) == 1


@pytest.mark.parametrize(
    ("claim", "tried_on", "in_recheck", "mark"),
    [
        (None, None, False, Mark.NOT_CHECKED),
        (Claim("attested", "met", "2026-05-02"), None, False, Mark.SAYS),
        (Claim("attested", "met", "2026-05-02"), "2026-05-01", False, Mark.SAYS),
        (Claim("attested", "met", "2026-05-02"), "2026-05-02", False, Mark.NOT_CHECKED),
        (Claim("attested", "met", "2026-05-02"), None, True, Mark.NOT_CHECKED),
        (Claim("attested", "not_met", "2026-05-02"), None, False, Mark.NOT_CHECKED),
        (Claim("document", "met", "2026-05-02"), None, False, Mark.NOT_CHECKED),
    ],
)
def test_a_clinics_word_counts_only_where_it_is_shown(claim, tried_on, in_recheck, mark):
    said = mark_of(State.NOT_CHECKED, None, claim, tried_on, in_recheck=in_recheck)
    assert said is mark
    assert Outcome.MET == "met"


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ("2026-05-01", "2026-06-01", 1),
        ("2026-05-02", "2026-06-01", 0),
        ("2026-01-31", "2026-02-28", 1),
        ("2028-01-31", "2028-02-28", 0),
        ("2028-01-31", "2028-02-29", 1),
        ("2024-02-29", "2025-02-28", 12),
        ("2026-06-02", "2026-06-01", 0),
    ],
)
def test_whole_months(since, until, months):
    assert whole_months(date.fromisoformat(since), date.fromisoformat(until)) == months


def test_months_go_over_the_year():
    assert month_after(date(2026, 11, 30), 0) == date(2026, 11, 1)
    assert month_after(date(2026, 11, 30), 2) == date(2027, 1, 1)
    assert month_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


class Drawn(HTMLParser):
    """What a page draws: for each picture its rectangles, and each table's rows."""

    def __init__(self, html):
        super().__init__()
        self.charts, self.tables, self.cell, self.svgs = [], [], None, []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "svg":
            self.svgs.append(given)
            if given.get("role") == "img":
                self.charts.append({"svg": given, "rects": [], "texts": [], "ids": []})
        elif tag == "desc":
            self.charts[-1]["ids"].append(given.get("id"))
        elif tag == "rect" and self.charts:
            self.charts[-1]["rects"].append(given)
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.cell = self.tables[-1][-1]

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[-1] += data.strip()


def test_a_picture_is_as_high_as_its_table_says(charts):
    drawn = Drawn(page_of(charts))
    assert len(drawn.charts) == 3
    with charts.app_context():
        found = coverage(db.session(), CATALOGUE, NOW)
    series = [
        [(age.counts, age.lapsed) for age in found.ages],
        [(month.critical, month.other) for month in found.months[:-1]],
        [(week.critical, week.other) for week in found.weeks[:-1]],
    ]
    for chart, pairs in zip(drawn.charts, series, strict=True):
        frames = [
            r for r in chart["rects"] if r.get("class") == "chart-frame" and "%" in r.get("x", "")
        ]
        parts = [part for pair in pairs for part in pair if part]
        unit = 150 / max(map(sum, pairs))
        assert [float(r["height"]) for r in frames] == pytest.approx(
            [part * unit for part in parts], abs=0.01
        )
        assert chart["svg"]["aria-label"]
        assert [chart["svg"]["aria-describedby"]] == chart["ids"]
    tables = {table[0][0]: table[1:] for table in drawn.tables}
    assert [row[1:] for row in tables["Whole months"]] == [
        [str(age.counts), str(age.lapsed)] for age in found.ages
    ]
    assert [row[1:] for row in tables["Month"]] == [
        [str(m.critical), str(m.other)] for m in found.months
    ]
    assert len(tables["Month"]) == MONTHS + 1
    assert len(tables["Week"]) == WEEKS + 1
    assert len(tables["Whole months"]) == OLDEST_MONTHS + 1
    checks = {row[0]: row[1:] for row in tables["Check"] if len(row) > 1}
    assert checks == {
        criterion.title: [str(n) for n in found.criteria[criterion.code].values()]
        for criterion in CATALOGUE.criteria
    }


def test_pictures_hold_no_style_and_are_named_or_hidden(charts):
    html = page_of(charts)
    drawn = Drawn(html)
    assert "style=" not in html
    assert len(drawn.svgs) > 40
    for svg in drawn.svgs:
        assert svg.get("aria-hidden") == "true" or svg.get("role") == "img"
    used = set(re.findall(r"url\(#([^)]+)\)", html))
    assert used >= {"fill-document", "fill-says", "fill-expired", "fill-not_met", "fill-other"}
    assert all(f'<pattern id="{name}"' in html for name in used)


def test_an_empty_directory_has_pictures_of_nothing(app):
    html = page_of(app)
    assert "0 public clinics" in html
    assert len(Drawn(html).charts) == 3


def test_the_pictures_speak_spanish_months(charts):
    html = page_of(charts, "/es/admin/numbers/charts")
    assert "junio de 2026" in html


def test_the_table_to_take_away_holds_them_too(charts):
    rows = [*csv.reader(io.StringIO(page_of(charts, "/admin/numbers/numbers.csv")))]
    assert {len(row) for row in rows} == {4}
    assert len({tuple(row[:3]) for row in rows}) == len(rows), "each number has its own name"
    with charts.app_context():
        found = coverage(db.session(), CATALOGUE, NOW)
    kept = {tuple(row) for row in rows}
    told = [*pictures.rows(found)]
    assert len(told) > 29 * 7
    for row in told:
        assert tuple(str(cell) for cell in row) in kept


def test_the_newest_change_is_a_look_or_a_lapse(demo_app):
    with demo_app.app_context():
        for row in db.session.query(SearchRow):
            findings = findings_of(row.card, minute_of(NOW))
            checks = [c for f in findings for c in (f.decided_by, f.claimed, f.attempted) if c]
            wanted = [minute_of(check.recorded_at) for check in checks]
            wanted += [f.lapses_at for f in findings if f.state is State.EXPIRED]
            assert newest_minute(row.card, minute_of(NOW)) == max(wanted, default=0)
