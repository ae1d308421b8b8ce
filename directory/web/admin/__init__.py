"""Pages for staff, one blueprint a room; every one is closed unless it opens itself."""

from flask import Flask

from directory.web.admin import (
    candidates,
    cases,
    clinics,
    credentials,
    duplicates,
    evidence,
    log,
    matches,
    numbers,
    people,
    plan,
    points,
    registries,
    vetting,
)

ROOMS = (
    plan.room,
    vetting.room,
    clinics.room,
    people.room,
    credentials.room,
    evidence.room,
    cases.room,
    matches.room,
    duplicates.room,
    points.room,
    registries.room,
    candidates.room,
    numbers.room,
    log.room,
)


def install(app: Flask) -> None:
    """Add the staff rooms to `app`."""
    for room in ROOMS:
        app.register_blueprint(room)
