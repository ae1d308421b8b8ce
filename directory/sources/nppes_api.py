"""Ask the live registry about one number (public API, version 2.1). Off unless the operator says.

What is kept of an answer is chosen part by part: never a mailing address, never the name or the
phone of the person who signed for the organization.
"""

import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

SECONDS: Final = 5.0
LARGEST: Final = 1_000_000
VERSION: Final = "2.1"

_RESULT = ("number", "enumeration_type", "created_epoch", "last_updated_epoch")
_BASIC = (
    "organization_name",
    "first_name",
    "last_name",
    "credential",
    "status",
    "enumeration_date",
    "last_updated",
    "certification_date",
    "deactivation_date",
    "reactivation_date",
    "organizational_subpart",
)
_ADDRESS = (
    "address_purpose",
    "address_1",
    "address_2",
    "city",
    "state",
    "postal_code",
    "country_code",
    "telephone_number",
)
_TAXONOMY = ("code", "desc", "primary", "state", "license", "taxonomy_group")
_OTHER_NAME = ("organization_name", "type", "code")


class LookupFailed(Exception):
    """The registry gave no answer that can be used; `why` says which way, in a code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class AddressError(ValueError):
    """An address that no look-up can go to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where was asked, and what is kept of the answer: text that is the same for the same."""

    url: str
    record: str


def read_base(text: str) -> str:
    """Return the base address of the API; raises AddressError for one that cannot be safe."""
    parts = urllib.parse.urlsplit(text)
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise AddressError("it must begin with https://")
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        raise AddressError("it must be a host and a path, without a password or a question mark")
    return text


def look_up(base: str, npi: str, *, seconds: float = SECONDS) -> Answer:
    """Ask about one number; raises LookupFailed. An unknown number is an answer too."""
    query = urllib.parse.urlencode({"version": VERSION, "number": npi})
    url = f"{read_base(base)}?{query}"
    data = _fetch(url, seconds)
    try:
        said = json.loads(data)
        results = said["results"] if "Errors" not in said else None
    except (ValueError, KeyError, TypeError):
        raise LookupFailed("unreadable") from None
    if not isinstance(results, list):
        raise LookupFailed("refused")
    try:
        kept = [_kept(result) for result in results]
    except (AttributeError, TypeError):
        raise LookupFailed("unreadable") from None
    if any(result.get("number") != npi for result in kept):
        raise LookupFailed("other_number")
    record = {
        "asked": url,
        "whole_answer_sha256": hashlib.sha256(data).hexdigest(),
        "results": kept,
    }
    return Answer(url, json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Follow nobody elsewhere: the operator named one host."""


def _fetch(url: str, seconds: float) -> bytes:
    asked = urllib.request.Request(  # noqa: S310 - read_base allows https, or this machine
        url, headers={"Accept": "application/json", "User-Agent": "infusion-clinic-directory"}
    )
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(asked, timeout=seconds) as answer:
            data: bytes = answer.read(LARGEST + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise LookupFailed("status") from None
    except TimeoutError:
        raise LookupFailed("time") from None
    except urllib.error.URLError as error:
        why = "time" if isinstance(error.reason, TimeoutError) else "unreachable"
        raise LookupFailed(why) from None
    except (OSError, ValueError):
        raise LookupFailed("unreachable") from None
    if len(data) > LARGEST:
        raise LookupFailed("unreadable")
    return data


def _kept(result: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a result that are kept."""
    addresses = [
        *(a for a in result.get("addresses", []) if a.get("address_purpose") == "LOCATION"),
        *result.get("practiceLocations", []),
    ]
    return {
        **_part(result, _RESULT),
        "basic": _part(result.get("basic", {}), _BASIC),
        "addresses": [_part(address, _ADDRESS) for address in addresses],
        "taxonomies": [_part(one, _TAXONOMY) for one in result.get("taxonomies", [])],
        "other_names": [_part(one, _OTHER_NAME) for one in result.get("other_names", [])],
    }


def _part(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    """Return some values as text; the registry's "--" and blanks say nothing."""
    found = {name: str(values[name]).strip() for name in names if values.get(name) is not None}
    return {name: text for name, text in found.items() if text not in ("", "--")}
