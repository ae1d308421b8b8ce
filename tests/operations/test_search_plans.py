"""What a search costs, without a clock: plans, rows read for a hit, statements."""

import pytest

from directory.operations import circle
from directory.operations.circle import Filters
from tests.operations import plans


def test_the_covering_index_answers_alone_and_little_is_read_in_vain(session):
    plans.spread_evenly(session)
    for miles in plans.WIDE_MILES:
        for filters in plans.FILTERS:
            assert plans.off_the_index(session, miles, filters) == []
        assert plans.scanned_per_hit(session, miles) <= 1.1


@pytest.mark.parametrize("statement", ["codes_statement", "total_statement", "page_statement"])
def test_a_statement_that_reads_the_rows_themselves_is_noticed(session, monkeypatch, statement):
    plans.spread_evenly(session, 2_000)
    made = getattr(circle, statement)

    def wide(dialect, shape, *more, **named):
        return made(dialect, shape, *more, **named).replace(
            "r.lon_e6 BETWEEN", "r.revision <> 7 AND r.lon_e6 BETWEEN", 1
        )

    monkeypatch.setattr(circle, statement, wide)
    assert plans.off_the_index(session, 100.0, Filters())
