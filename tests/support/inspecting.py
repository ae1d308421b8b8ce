"""A test client that inspects every answer, so that each test of a page tests all of this too."""

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.inspection import problems_of

API = "/api/"
STAFF = re.compile(r"(/[a-z]{2})?/(admin|account)\b")
"""Where a cookie may be set, in any language."""


class BadAnswer(AssertionError):
    """An answer that breaks a rule of the house; the message lists what."""


class InspectingClient(FlaskClient):
    """A browser that refuses bad answers; `inspected` counts what it looked at,
    `user_id` tells which member of staff it is signed in as.

    A test that breaks the application on purpose sets `expects_failure`.
    """

    inspected = 0
    user_id = 0
    expects_failure = False

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Make a request and inspect the answer; raises BadAnswer."""
        kwargs.setdefault("buffered", True)  # reads and closes a static file's answer
        response = super().open(*args, **kwargs)
        problems = answer_problems(response)
        if response.status_code == 500 and not self.expects_failure:
            problems.append("the application failed")
        if problems:
            listed = "\n  ".join(problems)
            request = response.request
            raise BadAnswer(f"{request.method} {request.url} ({response.status}):\n  {listed}")
        type(self).inspected += 1
        return response


def answer_problems(response: TestResponse) -> list[str]:
    """Return what is wrong with an answer."""
    path = response.request.path
    problems = []
    if "Set-Cookie" in response.headers and not STAFF.match(path):
        problems.append("a cookie on a public page")
    if response.request.method in ("HEAD", "OPTIONS") or response.status_code in (204, 304):
        return problems
    if path.startswith(API):
        problems += api_problems(response)
    elif response.mimetype == "text/html" and not 301 <= response.status_code <= 308:
        echoed = unquote_plus(urlsplit(response.request.url).query)
        host = urlsplit(response.request.url).netloc
        problems += page_problems(response.text, host, echoed)
    if response.mimetype == "text/html" and response.mimetype_params.get("charset") != "utf-8":
        problems.append(f"the content type is {response.content_type!r}")
    return problems


@lru_cache(maxsize=256)
def page_problems(html: str, host: str, echoed: str) -> tuple[str, ...]:
    """Return a page's problems; the same page is looked at once."""
    return tuple(problems_of(html, host, echoed))


def api_problems(response: TestResponse) -> list[str]:
    """Return what is wrong with an answer of the API."""
    failed = response.status_code >= 400
    wanted = "application/problem+json" if failed else "application/json"
    if response.mimetype != wanted:
        return [f"the content type is {response.content_type!r} instead of {wanted}"]
    try:
        document = json.loads(response.text, parse_constant=_refuse)
    except ValueError as error:
        return [f"not JSON: {error}"]
    if not failed:
        return []
    problems = [
        f"the problem has no {name}"
        for name in ("title", "detail")
        if not isinstance(document.get(name), str) or not document[name].strip()
    ]
    if document.get("status") != response.status_code:
        problems.append(f"the problem's status is {document.get('status')!r}")
    return problems


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
