"""A clinic as staff keep it: which checks rest on which fact, its listing, its point on the map."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from directory.domain.entries import EntryRefused
from directory.domain.standing import Listing

_SITE = (
    "sup-facility",
    "mon-oximeter",
    "mon-pump",
    "med-dea",
    "med-locked",
    "emg-equipment",
    "emg-plan",
    "opn-contact",
)
_OWNER = ("sup-exclusion", "sup-facility", "med-dea")
_PERSON = ("sup-director", "sup-onsite", "sup-training", "sup-exclusion", "sup-acls")

RESTS_ON: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "name": _OWNER,
        "organization": _OWNER,
        "organization_name": _OWNER,
        "npi": ("sup-exclusion",),
        "street": _SITE,
        "city": _SITE,
        "state": ("sup-director", "sup-onsite", *_SITE),
        "postal_code": _SITE,
        "phone": ("opn-contact",),
        "hours": ("opn-contact",),
        "website": ("opn-price", "opn-claims"),
        "modalities": ("sup-facility", "mon-pump", "opn-price"),
        "conditions": ("opn-claims",),
        "prices": ("opn-price",),
        "medical_director": ("sup-director", "sup-onsite", "sup-training", "sup-exclusion"),
        "prescriber": ("sup-onsite", "sup-exclusion", "sup-acls"),
        "monitoring_clinician": ("sup-observer", "sup-acls"),
        "practitioner_name": _PERSON,
        "practitioner_npi": _PERSON,
        "former_names": _PERSON,
        "profession": ("sup-director", "sup-onsite", "sup-observer", "sup-training"),
    }
)
"""Fact -> the criteria whose checks looked at it. A fact that is not here carries no check."""

ADDRESS: Final = ("street", "city", "state", "postal_code")
"""The facts that place a clinic: a change of any of them voids its point."""


def resting_on(facts: Iterable[str]) -> frozenset[str]:
    """Return the codes of the criteria that rest on any of these facts."""
    return frozenset(code for fact in facts for code in RESTS_ON.get(fact, ()))


STEPS: Final[Mapping[Listing, tuple[Listing, ...]]] = MappingProxyType(
    {
        Listing.DRAFT: (Listing.LISTED, Listing.CLOSED),
        Listing.LISTED: (Listing.UNLISTED, Listing.SUSPENDED, Listing.CLOSED),
        Listing.UNLISTED: (Listing.LISTED, Listing.SUSPENDED, Listing.CLOSED),
        Listing.SUSPENDED: (Listing.LISTED, Listing.UNLISTED, Listing.CLOSED),
        Listing.CLOSED: (Listing.UNLISTED,),
    }
)
"""From each listing state to those it may become; a closed clinic comes back unlisted first."""

LONGEST_REASON: Final = 300


def check_step(before: Listing, after: Listing, reason: str) -> None:
    """Refuse a listing step that does not exist, or one without its reason; raises EntryRefused.

    Every step has a reason, except the first publication of a draft.
    """
    if after not in STEPS[before]:
        raise EntryRefused("listing_step", "listing", before=before.value, after=after.value)
    first = before is Listing.DRAFT and after is Listing.LISTED
    if not reason and not first:
        raise EntryRefused("listing_reason", "reason")
    if len(reason) > LONGEST_REASON:
        raise EntryRefused("too_long", "reason", longest=LONGEST_REASON)


FARTHEST_FROM_ZIP: Final = 40.0
"""Miles from a ZIP code's middle to its farthest doors, wide western ones included."""
FARTHEST_IN_ALASKA: Final = 200.0
BORDER_MILES: Final = 5.0
"""How much nearer a neighbor state's ZIP code may be: borders run between two middles."""


def check_point(
    lat: float,
    lon: float,
    *,
    state: str,
    nearest: tuple[float, str] | None,
    zip_miles: float | None,
) -> None:
    """Refuse a pin that cannot be this clinic's; raises EntryRefused.

    `nearest` is the miles to the nearest ZIP code's middle and that ZIP code's state, None when
    there is none for 150 miles; `zip_miles` the miles to the middle of the clinic's own ZIP code.
    (0, 0) is refused first: it is what a failed look-up leaves.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise EntryRefused("pin_off_earth", "lat")
    if abs(lat) < 0.01 and abs(lon) < 0.01:
        raise EntryRefused("pin_zero", "lat")
    if nearest is None:
        raise EntryRefused("pin_nowhere", "lat")
    miles, found = nearest
    at_border = zip_miles is not None and zip_miles <= miles + BORDER_MILES
    if found != state and not at_border:
        raise EntryRefused("pin_state", "lat", state=state, found=found)
    farthest = FARTHEST_IN_ALASKA if state == "AK" else FARTHEST_FROM_ZIP
    if zip_miles is not None and zip_miles > farthest:
        raise EntryRefused("pin_far", "lat", miles=round(zip_miles))
