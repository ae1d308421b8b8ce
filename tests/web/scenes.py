"""All scenes of the event walk: importing a module adds its own."""

from tests.web import (
    event_walk_candidates,
    event_walk_clinics,
    event_walk_duplicates,
    event_walk_matches,
    event_walk_points,
    event_walk_search,
)
from tests.web.event_walk import SCENES

WALKS = (
    event_walk_clinics,
    event_walk_candidates,
    event_walk_duplicates,
    event_walk_matches,
    event_walk_points,
    event_walk_search,
)
"""Every module with scenes; a new one is named here."""

__all__ = ["SCENES", "WALKS"]
