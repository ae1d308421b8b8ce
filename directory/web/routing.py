"""The number of a row in an address: `<row:clinic_id>` in a route."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LARGEST_ID = 2**63 - 1
"""The largest number of a row that both engines can hold; a larger one belongs to nothing."""


class RowNumber(IntegerConverter):
    """Matches what may be the number of a row, so that the database is never asked for others."""

    def __init__(self, url_map: Map) -> None:
        """Take no arguments from the route."""
        super().__init__(url_map, max=LARGEST_ID)


def install(app: Flask) -> None:
    """Let the routes of `app` use the converter; call it before any of them is added."""
    # No view or hook here is asynchronous, and looking at each of them takes longer than most do.
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]
    app.url_map.converters["row"] = RowNumber
