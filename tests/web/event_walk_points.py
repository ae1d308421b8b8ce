"""The scene of a point on the map that stays as it is; see event_walk.py."""

from datetime import timedelta

from directory.domain.points import Lookup
from directory.models import PointLookup
from directory.models.clinic import PointPrecision
from tests.factories import NOW
from tests.web.event_walk import SCENES, scene, staff
from tests.web.outside import listed_clinic
from tests.web.test_editing_pages import written

__all__ = ["SCENES"]


@scene("points.leave", "clinic:point_left")
def left_at_the_middle(app):
    number = listed_clinic(app, point_precision=PointPrecision.ZIP)
    refused = {
        "clinic_id": number,
        "address": "100 Example Avenue, Phoenix, AZ 85004",
        "outcome": Lookup.REFUSED,
        "why": "pin_zero",
        "looked_up_at": NOW - timedelta(days=1),
    }
    written(app, lambda session: session.add(PointLookup(**refused)))
    return staff(app, f"/admin/points/{number}/leave", number, version="1", reason="Good enough.")
