"""A browser's window on the site that notes whatever a visitor should never meet."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.support.live import Site
from tests.support.staff import COOKIE

LOCAL_SCHEMES = ("data", "blob", "about")
FAILED = "Failed to load resource: the server responded with a status of"
STORED = "() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)]"

Opener = Callable[..., "Visit"]
"""Opens a window: `Visit` with the browser and the site filled in."""


class BadVisit(AssertionError):
    """What went wrong while a page was used; the message lists it."""


class Visit:
    """One window with cookies of its own; `problems` grows while its page is used.

    A visit with the token of a member of staff is theirs and may hold cookies; a public one may
    not. A test that breaks something on purpose empties `problems` itself.
    """

    def __init__(self, browser: Browser, site: Site, token: str = "", **options: Any) -> None:
        """Open the window; `options` are those of Playwright's contexts."""
        self.site = site
        self.public = not token
        self.problems: list[str] = []
        self._refused: set[str] = set()
        self.context = browser.new_context(base_url=site.url, **options)
        if token:
            self.context.add_cookies([{"name": COOKIE, "value": token, "url": site.url}])
        self.page: Page = self.context.new_page()
        self.context.on("request", self._request)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in LOCAL_SCHEMES and parts.netloc != self.site.host:
            self.problems.append(f"a request to another host: {request.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        where = message.location["url"]
        if message.text.startswith(FAILED) and where in self._refused:
            return
        self.problems.append(f"console: {message.text} ({where})")

    def refused(self, address: str) -> None:
        """Expect that the site refuses an address, which a browser's console notes as an error."""
        self._refused.add(self.site.url + address)

    def go(self, address: str, status: int = 200) -> Response:
        """Open an address of the site; raises BadVisit unless it answers with this status."""
        if status >= 400:
            self.refused(address)
        response = self.page.goto(address)
        if response is None or response.status != status:
            raise BadVisit(f"{address} answered {response and response.status}, not {status}")
        return response

    def kept(self) -> list[str]:
        """Return what the browser was made to keep: cookies, and what scripts stored."""
        names = [cookie["name"] for cookie in self.context.cookies()]
        if self.page.url.startswith(self.site.url):
            names += self.page.evaluate(STORED)
        return names

    def trouble(self) -> list[str]:
        """Return the problems so far, with what a public visit was made to keep."""
        kept = self.kept() if self.public else []
        return self.problems + [f"kept by the browser: {name}" for name in kept]

    def check(self) -> None:
        """Raise BadVisit with all problems so far."""
        if found := self.trouble():
            raise BadVisit("\n".join(found))

    def close(self) -> None:
        """Close the window and forget its cookies."""
        self.context.close()
