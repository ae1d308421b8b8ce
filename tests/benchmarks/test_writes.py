"""What the figures about writing rest on: real acts, whose number of statements never grows."""

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from directory.models import Event, SearchRow, Verification
from tests.benchmarks import writes_bars
from tests.benchmarks.bench import Bench
from tests.benchmarks.searching import searching


@pytest.fixture
def url(databases):
    made = databases.fresh("demo")
    yield made
    databases.drop(made)


def counted(url, table):
    engine = create_engine(url)
    with Session(engine) as session:
        found = session.scalar(select(func.count()).select_from(table))
    engine.dispose()
    return found


def test_each_act_is_recorded_with_its_event(url, monkeypatch):
    monkeypatch.setattr(writes_bars, "CLINICS", 5)
    monkeypatch.setattr(writes_bars, "HISTORY", 2)
    desk = writes_bars.desk_at(url, 100)
    before = counted(url, Verification), counted(url, Event), counted(url, SearchRow)
    for _again in range(3):
        desk.work(writes_bars.QUIET)
    desk.engine.dispose()
    assert counted(url, Verification) == before[0] + 15
    assert counted(url, Event) >= before[1] + 15
    assert counted(url, SearchRow) == before[2]
    assert len(desk.milliseconds[writes_bars.QUIET]) == desk.acts == 15
    assert len(desk.statements) == 1


def test_the_bars_stand_on_acts_while_others_searched(url, monkeypatch, tmp_path):
    monkeypatch.setattr(writes_bars, "CLINICS", 3)
    monkeypatch.setattr(writes_bars, "HISTORY", 1)
    monkeypatch.setattr(writes_bars, "BLOCKS", 1)
    bench = Bench(tmp_path)
    quiet, busy, statements, searches = writes_bars.bars_of(bench, {100: url})
    assert quiet.value > 0
    assert busy.value > 0
    assert statements.ok
    assert searches.value > 0
    assert [len(timing.milliseconds) for timing in bench.report.timings] == [3, 3]


def test_a_searcher_that_cannot_search_is_told_of(tmp_path):
    with pytest.raises(RuntimeError, match="nothing searches"), searching("nonsense://", ()):
        pytest.fail("it searched")
