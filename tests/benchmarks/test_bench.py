"""The benchmarks themselves, on few clinics: right answers pass, wrong ones void every figure."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from random import Random

import pytest
from geopy.distance import geodesic as geopy_geodesic

from directory.domain.facets import state_number
from directory.domain.findings import minute_of
from directory.domain.places import earth_point
from tests.benchmarks import __main__ as driver
from tests.benchmarks import geodesic, ours, population, speed_bars
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import BackEnd, hold
from tests.benchmarks.questions import PER_PAGE, nearest_questions, questions
from tests.benchmarks.report import Bar, Report, Timing, bar_lines
from tests.benchmarks.truth import COUNTS, Found, Truth
from tests.factories import NOW
from tests.support.apps import running

FEW, MORE = 300, 1_500
ASKED = 30
PARTS = {"question", "back_end", "clinics", "questions", "p50_ms", "p95_ms", "mean_ms",
         "mean_hits", "wrong_answers", "exact"}  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A database of SQLite with few clinics, only read."""
    path = tmp_path_factory.mktemp("bench") / "few.sqlite"
    population.fill(f"sqlite:///{path}", FEW)
    return path


@pytest.fixture(scope="module")
def truth():
    """The right answers about the same clinics."""
    return Truth(population.population(FEW))


@pytest.fixture
def engine(filled):
    """An engine as the application has it."""
    engine = ours.engine_of(f"sqlite:///{filled}")
    yield engine
    engine.dispose()


def test_one_command_measures_and_keeps_what_it_found(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(driver, "QUICK_SIZES", (FEW, MORE))
    monkeypatch.setattr(driver, "QUICK_QUESTIONS", ASKED)
    kept = tmp_path / "build" / "bench.json"
    assert driver.main(["--only", "speed", "--keep", str(kept)]) == 0
    printed = capsys.readouterr().out
    report = json.loads(kept.read_text("utf-8"))
    assert report["wrong_answers"] == 0
    assert {"processor", "cores", "load", "python", "sqlite", "databases"} <= set(report["machine"])
    growth = f"{speed_bars.WHOLE}: {speed_bars.SQLITE}, {MORE:,} / {FEW:,} clinics, p50"
    (ratio,) = [ratio for ratio in report["ratios"] if ratio["name"] == growth]
    assert ratio["value"] > 0
    assert (ratio["target"], ratio["ok"]) == (None, None), "only a million has a target"
    assert len(report["contracts"]) == 2
    assert all(control["ok"] and control["value"] >= 1 for control in report["contracts"])
    assert len(report["timings"]) == 18
    for timing in report["timings"]:
        assert set(timing) == PARTS
        assert timing["questions"] == ASKED
        assert timing["mean_hits"] > 0
        assert 0 < timing["p50_ms"] <= timing["p95_ms"]
    assert printed.count("0 wrong answers") == 1
    assert growth in printed


def test_a_section_that_breaks_ends_the_run_with_1_and_takes_no_other_along(
    tmp_path, monkeypatch, capsys
):
    def broken(_bench):
        raise RuntimeError("out of order")

    for name in ("plan", "building"):
        module = driver.importlib.import_module(f"tests.benchmarks.{name}_bars")
        monkeypatch.setattr(module, "measure", broken if name == "plan" else lambda _: [])
    kept = tmp_path / "bench.json"
    status = driver.main(["--only", "plan", "--only", "building", "--keep", str(kept)])
    printed = capsys.readouterr().out
    assert status == 1
    assert "out of order" in printed
    assert printed.index("== plan") < printed.index("== building")
    (failed,) = json.loads(kept.read_text("utf-8"))["contracts"]
    assert (failed["name"], failed["ok"]) == ("section plan ended in an error", False)


def test_every_section_can_be_named_and_measures():
    names = driver.sections()
    assert names[:2] == ["speed", "building"]
    assert {"geocoder", "plan", "screening", "search"} <= set(names)
    for name in names:
        module = driver.importlib.import_module(f"tests.benchmarks.{name}_bars")
        assert callable(module.measure), name


def test_a_wrong_answer_voids_the_ratio_and_ends_the_run_with_1(engine, truth):
    honest = ours.whole_with_cards("honest", FEW, engine)

    def lie(answer):
        found = ours.read_whole(answer)
        return replace(found, counts=(found.counts[0] + 1, *found.counts[1:]))

    liar = BackEnd("liar", FEW, honest.ask, lie)
    timings = hold("all", questions(ASKED), [honest, liar], {FEW: truth}, warm_up=1)
    good, bad = timings["honest", FEW], timings["liar", FEW]
    assert (good.wrong, bad.wrong) == (0, ASKED)
    for above, below in ((good, bad), (bad, good)):
        bar = speed_bars.ratio("a / b", above, below, "p50", 0.0, at_least=True)
        assert (bar.ok, bar.verdict, bar.document()["value"]) == (False, "VOID", None)
        assert "void" in bar_lines([bar])[0]
        assert Report(bars=[bar]).status == 1
    sound = speed_bars.ratio("a / a", good, good, "p95", 1.0, at_least=False)
    assert (sound.value, sound.verdict) == (1.0, "ok")
    assert Report(timings=[good]).status == 0
    assert Report(timings=[bad]).status == 1
    assert Report(timings=[replace(bad, exact=False)]).status == 0, "it says so itself"
    assert Report(timings=[replace(bad, wrong=None)]).status == 0, "it was not judged"


def test_a_missed_target_is_a_measurement_and_a_missed_contract_a_failure():
    missed = Bar("seconds", 3.0, 2.0)
    assert (missed.ok, missed.verdict, Report(bars=[missed]).status) == (False, "MISSED", 0)
    broken = replace(missed, contract=True)
    assert (broken.verdict, Report(bars=[broken]).status) == ("MISSED", 1)
    assert Bar("times", 3.0, 2.0, at_least=True).verdict == "ok"
    assert Bar("times", 3.0).document()["ok"] is None
    document = Report(bars=[missed, replace(missed, contract=True)]).document()
    assert [bar["name"] for bar in document["ratios"]] == ["seconds"]
    assert len(document["contracts"]) == 1


def test_the_slowest_of_twenty_is_not_lost():
    timing = Timing("all", "one", FEW, tuple(map(float, range(20, 0, -1))), 1.0)
    assert (timing.p50, timing.p95) == (10.5, 20.0)


def _spoiled(found, source):
    """Yield wrong answers that differ a little from a right one."""
    for place in source.sample(range(COUNTS), 5):
        counts = list(found.counts)
        counts[place] += source.choice((-1, 1))
        yield replace(found, counts=tuple(counts))
    yield replace(found, counts=found.counts[:-1])
    ids, cards = list(found.ids), list(found.cards)
    yield replace(found, ids=tuple(ids[:-1]), cards=tuple(cards[:-1]))
    yield replace(found, ids=(*ids[:-1], ids[0]), cards=(*cards[:-1], cards[0]))
    ids[0], ids[-1] = ids[-1], ids[0]
    cards[0], cards[-1] = cards[-1], cards[0]
    yield replace(found, ids=tuple(ids), cards=tuple(cards))
    yield replace(found, cards=(found.cards[1], *found.cards[1:]))


def test_the_judge_takes_right_answers_and_refuses_what_differs_a_little(engine, truth):
    source = Random(3)
    judged = 0
    for question in questions(ASKED):
        right = truth.of(question)
        found = ours.read_whole(ours.whole_answer(engine, question))
        assert right.accepts(found)
        assert found.counts is not None
        assert found.counts[0] == right.every
        if len(found.ids) > 2:
            for wrong in _spoiled(found, source):
                judged += 1
                assert not right.accepts(wrong)
    assert judged > 40


def test_the_judge_refuses_the_order_of_degrees_and_a_page_that_leaves_one_out(engine, truth):
    refused = 0
    for question in nearest_questions(ASKED):
        right = truth.of(question, counting=False)
        found = ours.read_page(ours.page_alone(engine, question))
        assert right.accepts(found)
        assert len(found.ids) == min(PER_PAGE, right.every)
        assert not right.accepts(Found(found.ids[:-1]))
        refused += not right.accepts(Found(found.ids[1:] + found.ids[:1]))
    assert refused > ASKED / 2


def test_a_clinic_between_the_two_circles_tells_a_sphere_from_the_earth():
    here, miles = (40.0, -100.0), 100.0
    # Eastwards the earth is larger than the sphere: a clinic is farther away than it looks.
    east = geopy_geodesic(miles=miles * 1.0003).destination(here, 90)
    one = population.Population(
        population.cities(),
        *(population.np.array([0]) for _ in "pt"),
        population.np.array([east.latitude]),
        population.np.array([east.longitude]),
    )
    truth = Truth(one)
    question = replace(questions(1)[0], lat=here[0], lon=here[1], miles=miles)
    right = truth.of(question)
    assert right.every == 0
    sphere = speed_bars.CONTROLS["the circle of a sphere"](truth, question)
    assert sphere.ids == (1,)
    assert not right.accepts(sphere)
    assert truth.of(replace(question, miles=100.1)).accepts(sphere)


def test_the_ellipsoid_of_the_judge_is_that_of_geopy():
    source = Random(5)
    for _ in range(500):
        lat, lon = source.uniform(-89.9, 89.9), source.uniform(-180, 180)
        apart = source.choice((0.0, 0.001, 0.3, 3.0, 40.0))
        there = (
            max(-90.0, min(90.0, lat + source.uniform(-apart, apart))),
            (lon + source.uniform(-apart, apart) + 180) % 360 - 180,
        )
        true = geopy_geodesic((lat, lon), there).miles
        assert geodesic.miles(lat, lon, *there) == pytest.approx(true, abs=1e-6)
    with pytest.raises(ValueError, match="opposite sides"):
        geodesic.miles(0.0, 0.0, 0.3, 179.7)


def test_the_rows_are_those_of_the_real_schema_and_agree_with_each_other(filled):
    people = population.population(FEW)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute(
            "SELECT c.id, c.name, c.lat, c.lon, c.state, r.x, r.y, r.z, r.band, r.state, r.card,"
            " r.state_number, r.next_change"
            " FROM clinic AS c JOIN search_row AS r ON r.clinic_id = c.id"
        ).fetchall()
        later = connection.execute("SELECT count(*) FROM search_period").fetchone()[0]
        services = connection.execute("SELECT count(DISTINCT clinic_id) FROM service").fetchone()[0]
        indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert len(rows) == services == FEW
    assert later > 3 * FEW, "checks lapse, one after the other"
    assert {"ix_search_row_circle", "ix_clinic_listing", "ix_service_clinic_id"} <= indexes
    for number, name, lat, lon, state, x, y, z, band, row_state, text, code, _ in rows:
        point, card = earth_point(lat, lon), json.loads(text)
        assert (x, y, z, band) == (point.x, point.y, point.z, point.band)
        assert (lat, lon) == (people.lat[number - 1], people.lon[number - 1])
        assert (card["name"], card["lat"], card["lon"]) == (name, lat, lon)
        assert state == row_state == card["state"]
        assert code == state_number(state)
        assert len(text) > 2_000, "as wide as a real one"
    behind = sum(row[-1] <= minute_of(NOW) for row in rows)
    assert 0.05 < behind / FEW < 0.5, "some rows have a change behind them"


def test_the_page_of_any_clinic_opens(filled, bare_instance):
    with running(bare_instance, f"sqlite:///{filled}") as app:
        client = app.test_client()
        for number in (1, 2, 77, FEW):
            page = client.get(f"/clinics/{number}", follow_redirects=True)
            assert page.status_code == 200
            assert f"Infusion Clinic {number}" in page.text
        assert client.get(f"/clinics/{FEW + 1}").status_code == 404


def test_postgresql_holds_the_same_rows_and_gives_the_same_answers(postgres, truth):
    url = postgres.create("bench_few")
    population.fill(url, FEW)
    engine = ours.engine_of(url)
    try:
        whole = ours.whole_with_cards("ours", FEW, engine)
        timings = hold("all", questions(ASKED), [whole], {FEW: truth}, warm_up=1)
        page = ours.page_with_cards("ours", FEW, engine)
        asked = nearest_questions(ASKED)
        near = hold("near", asked, [page], {FEW: truth}, counting=False, warm_up=1)
    finally:
        engine.dispose()
        postgres.drop("bench_few")
    assert timings["ours", FEW].wrong == 0
    assert near["ours", FEW].wrong == 0
    assert timings["ours", FEW].mean_hits > 1


def test_a_database_is_filled_once_a_run(tmp_path):
    said = []
    with Bench(folder=tmp_path, report=Report(say=said.append)) as bench:
        assert bench.sqlite(50) == bench.sqlite(50)
    assert len(said) == 1
    assert "50 clinics" in said[0]
