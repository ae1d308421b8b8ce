"""What the clock changes, it changes at a quarter of an hour in UTC, in every zone there is.

The cache of answers rests on it: a day begins, and a check lapses, at no other moment.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from zoneinfo import TZPATH, ZoneInfo, available_timezones

import pytest

from directory.domain.findings import minute_after, today_in
from directory.web.kept import SLICE_MINUTES

FROM = datetime(2026, 1, 1, tzinfo=UTC)
TO = datetime(2045, 1, 1, tzinfo=UTC)
LOOK = timedelta(days=5)
QUARTER = timedelta(minutes=SLICE_MINUTES)


@lru_cache(maxsize=1)
def zones():
    """Return every zone, those with the same rules once."""
    found = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        found.setdefault(tuple(offsets(zone)), zone)
    return found


def offsets(zone):
    """Return the offset of a zone every few days, from FROM to TO."""
    moment = FROM
    while moment < TO:
        yield moment.astimezone(zone).utcoffset()
        moment += LOOK


def changes(zone, seen):
    """Yield the moments, to the second, at which a zone takes another offset."""
    for number, (before, after) in enumerate(pairwise(seen)):
        if before == after:
            continue
        low, high = FROM + number * LOOK, FROM + (number + 1) * LOOK
        while high - low > timedelta(seconds=1):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            if middle.astimezone(zone).utcoffset() == before:
                low = middle
            else:
                high = middle
        yield high


def off_the_quarter(zone, seen):
    """Return which offsets of a zone, and which moments it changes them, are at no quarter."""
    wrong = [offset for offset in set(seen) if offset % QUARTER]
    return wrong + [moment for moment in changes(zone, seen) if (moment - FROM) % QUARTER]


def test_every_zone_keeps_to_the_quarters():
    assert len(available_timezones()) > 500, TZPATH
    assert len(zones()) > 50
    moved = 0
    for seen, zone in zones().items():
        assert off_the_quarter(zone, seen) == [], zone.key
        moved += len(set(seen)) > 1
    assert moved > 20


@pytest.mark.parametrize("minutes", [7, 44])
def test_the_control_zone_off_the_quarters_is_caught(minutes):
    zone = timezone(timedelta(minutes=-minutes))
    assert off_the_quarter(zone, list(offsets(zone)))


def test_every_day_is_over_at_a_quarter():
    for zone in zones().values():
        for number in range(400):
            day = date(2026, 11, 1) + timedelta(days=number)
            minute = minute_after(day, zone)
            assert minute % SLICE_MINUTES == 0, (zone.key, day)


def test_today_is_one_day_all_through_a_slice():
    """At both ends of the slices around each midnight of each zone."""
    for seen, zone in zones().items():
        about = [*changes(zone, seen)][:8]
        about += [datetime.fromtimestamp(minute_after(date(2027, 3, 13), zone) * 60, UTC)]
        for moment in about:
            for step in range(-8, 8):
                first = moment.replace(second=0) + step * QUARTER
                last = first + QUARTER - timedelta(microseconds=1)
                assert today_in(zone, first) == today_in(zone, last), (zone.key, first)
