"""The stages of a search request: they claim nearly all of its time and none of it twice."""

import pytest
from flask import Flask

from directory.sources.gazetteer import Gazetteer
from directory.sources.place_search import PlaceReader
from tests.benchmarks.searches import API, PAGE, searches
from tests.benchmarks.stages import STAGES, STATEMENTS, Stopwatch, timed
from tests.benchmarks.stages_bars import COVERED, profile_of

SEARCHES = 6
SQL = ("SQL counts", "SQL page")


@pytest.fixture(scope="module")
def asked(instance):
    gazetteer = Gazetteer(instance / "gazetteer.sqlite")
    found = searches(40, PlaceReader(gazetteer))
    gazetteer.close()
    return found


def test_searches_differ_and_half_of_them_have_filters(asked):
    assert len(set(asked)) == len(asked)
    assert sum(len(one.query) > 2 for one in asked) == len(asked) // 2
    assert {dict(one.query)["within"] for one in asked} == {"25", "50", "100"}
    assert sum(dict(one.query)["near"].isdigit() for one in asked) in range(10, 31)


@pytest.mark.parametrize(
    ("root", "writes"), [(PAGE, "rendering"), (API, "JSON")], ids=["page", "api"]
)
def test_the_stages_cover_a_request(root, writes, instance, databases, asked):
    paths = [one.path(root) for one in asked[:SEARCHES]]
    found = profile_of(instance, databases.shared("demo"), paths)
    assert len(found.totals) == SEARCHES
    assert min(found.left) >= 0
    assert COVERED <= found.covered <= 1
    # Each stage that the request has to go through was seen in every one of them.
    for stage in ("gate, routing, headers", "form", "place reading", "spans", *SQL, writes):
        assert min(found.stages[stage]) > 0, stage
    assert any("whole request" in line for line in found.lines())


def test_without_most_of_the_stages_the_cover_is_too_thin(instance, databases, asked, monkeypatch):
    for stage in list(STAGES):
        if stage != "form":
            monkeypatch.delitem(STAGES, stage)
    found = profile_of(instance, databases.shared("demo"), [asked[0].path(PAGE)], rounds=1)
    assert found.covered < COVERED


def test_a_function_that_is_gone_is_named():
    with (
        pytest.raises(AttributeError, match=r"directory\.web\.searching:gone"),
        timed(Stopwatch(), {"x": ("directory.web.searching:gone",)}),
    ):
        pytest.fail("it was timed")


def test_everything_is_as_before_afterwards():
    dispatch = Flask.preprocess_request
    from directory.operations import search

    hits = search.find_hits
    with timed(Stopwatch()):
        assert search.find_hits is not hits
        assert Flask.preprocess_request is not dispatch
    assert search.find_hits is hits
    assert Flask.preprocess_request is dispatch


def test_a_moment_counts_for_the_innermost_stage_only(monkeypatch):
    moments = iter(range(0, 1000, 10))
    monkeypatch.setattr("time.perf_counter_ns", lambda: next(moments))
    stopwatch = Stopwatch()
    inner = stopwatch.around("inner", lambda: None)
    stopwatch.around("outer", lambda: inner() or inner())()
    assert dict(stopwatch.nanoseconds) == {"outer": 30, "inner": 20}
    assert set(STATEMENTS).isdisjoint(STAGES)


def test_an_answer_that_is_not_a_result_is_no_profile(instance, databases):
    with pytest.raises(RuntimeError, match="answered"):
        profile_of(instance, databases.shared("demo"), [f"{PAGE}?near=Nowhere+At+All,+ZZ"])
