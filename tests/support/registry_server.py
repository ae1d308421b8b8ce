"""The live registry, played on this machine: it answers in the real one's shape, all invented."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.nppes_file import CANARY


def result(npi: str, **basic: str) -> dict[str, Any]:
    """Return one result as the API gives it, with what must never be kept."""
    mailing = {"address_purpose": "MAILING", "address_1": CANARY, "city": CANARY, "state": "AZ"}
    location = {
        "address_purpose": "LOCATION",
        "address_1": "100 EXAMPLE AVENUE",
        "address_2": "--",
        "city": "PHOENIX",
        "state": "AZ",
        "postal_code": "850040000",
        "country_code": "US",
        "telephone_number": "602-555-0100",
    }
    return {
        "number": npi,
        "enumeration_type": "NPI-2",
        "created_epoch": "1700000000000",
        "last_updated_epoch": "1770000000000",
        "basic": {
            "organization_name": "EXAMPLE HARBOR INFUSION CENTER",
            "status": "A",
            "enumeration_date": "2023-11-14",
            "authorized_official_last_name": CANARY,
            "authorized_official_telephone_number": CANARY,
            "sex": CANARY,
            **basic,
        },
        "addresses": [mailing, location],
        "practiceLocations": [],
        "taxonomies": [
            {"code": "261QI0500X", "desc": "Clinic/Center, Infusion Therapy", "primary": True}
        ],
        "identifiers": [{"identifier": CANARY}],
        "endpoints": [],
        "other_names": [],
    }


def answer(npi: str, **basic: str) -> bytes:
    """Return a whole answer about one number."""
    return json.dumps({"result_count": 1, "results": [result(npi, **basic)]}).encode()


NOBODY = b'{"result_count": 0, "results": []}'
ERRORS = b'{"Errors": [{"description": "No valid search criteria", "field": "number"}]}'


class Registry:
    """What the server says next, and what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.body: bytes | None = None
        self.status = 200
        self.location = ""
        self.silent = threading.Event()
        self.over = threading.Event()
        self.asked: list[str] = []


@contextmanager
def registry() -> Iterator[Registry]:
    """Run the server for a while."""
    state: Registry

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            number = parse_qs(urlsplit(self.path).query)["number"][0]
            if state.silent.is_set():
                state.over.wait(30)
                return
            self.send_response(state.status)
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()
            self.wfile.write(answer(number) if state.body is None else state.body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Registry(f"http://127.0.0.1:{server.server_port}/api/")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
