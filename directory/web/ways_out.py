"""Where a search found nothing: the smallest changes of it that find something, with counts."""

from dataclasses import dataclass, replace
from typing import Any

from directory.operations.circle import Filters
from directory.operations.search import Results, Search, count_clinics
from directory.web.forms.search import RADII, Chosen, SearchForm
from directory.web.state import now, source

MOST_TRIED = 8
"""Filters that are taken away one by one; each costs one statement."""

MOST_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """One change of a search that found nothing, and how many clinics it then finds.

    `changes` are the parameters as `search_url` takes them. A way with `miles` is a wider circle,
    one with `without` goes without that filter, any other goes without all of them.
    """

    total: int
    changes: dict[str, Any]
    miles: int = 0
    without: Chosen | None = None


def ways_out(form: SearchForm, search: Search, results: Results) -> tuple[WayOut, ...]:
    """Return what leads from no result to some: fewer filters first, then a wider circle."""
    if results.total or not search.per_page:
        return ()
    return (*_fewer(form, search), *_wider(search, results))


def _wider(search: Search, results: Results) -> list[WayOut]:
    """Return the smallest circle offered that holds the nearest clinic beyond."""
    if search.filters.state or not results.beyond:
        return []
    nearest = results.beyond[0].distance_miles
    for miles in RADII:
        if miles > search.within_miles and miles >= nearest:
            total = _count(replace(search, within_miles=miles))
            return [WayOut(total=total, changes={"within": miles}, miles=miles)] if total else []
    return []


def _fewer(form: SearchForm, search: Search) -> list[WayOut]:
    chosen = form.chosen
    none = dict.fromkeys((*form.FILTERS, "accepting"))
    every = Filters(state=search.filters.state)
    total = _count(replace(search, filters=every)) if chosen else 0
    if not total:
        return []
    # Of the standings one is enough, so without one of several there would be even fewer.
    alone = [each for each in chosen if each.field != "standing" or not each.others]
    if len(chosen) == 1:
        return [WayOut(total=total, changes=chosen[0].taken_away, without=chosen[0])]
    found = []
    for each in alone[:MOST_TRIED]:
        left = _count(replace(search, filters=form.filters_without(each, search.filters.state)))
        if left:
            found.append(WayOut(total=left, changes=each.taken_away, without=each))
    found.sort(key=lambda way: -way.total)
    return [*found[:MOST_SHOWN], WayOut(total=total, changes=none)]


def _count(search: Search) -> int:
    return count_clinics(source(), search, now())
