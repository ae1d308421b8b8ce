"""Rows of what the registries bring, and the pages that show them; see stored_words.py."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, update

from directory.domain.exclusions import Sign, Tier
from directory.domain.nppes import Fact, Triage
from directory.domain.points import Lookup, address_line
from directory.domain.screening import MatchState
from directory.domain.standing import Listing
from directory.models import (
    Candidate,
    CandidateChange,
    Clinic,
    ClinicDistinct,
    ExclusionRow,
    Match,
    PointLookup,
)
from directory.models.clinic import PointPrecision
from directory.operations import merging
from directory.operations.candidate_triage import keep_lookup
from directory.operations.people import system_user
from directory.operations.screening import screen_all
from tests.factories import NOW, make_clinic
from tests.operations.screened import LISTED, NPI, listed, load, person

CODE = "a code that the program writes and no form takes"
HASH = "a hash of the program's own"
ONLY_A_COPY = "the list itself is never shown: what a match shows of it is exclusion_match.row"
NOT_FILLED = {
    **{
        f"exclusion_row.{name}": ONLY_A_COPY
        for name, column in ExclusionRow.__table__.columns.items()
        if column.type.python_type is str
    },
    "exclusion_match.row_digest": HASH,
    "exclusion_match.made_for": HASH,
    "exclusion_match.why": CODE,
    "candidate.reasons": CODE,
    "candidate.fingerprint": HASH,
    "clinic_merge.moved": "the numbers of rows, for taking apart; only their counts are shown",
    "point_lookup.address": "derived from the clinic, or else the look-up does not count",
    "point_lookup.why": CODE,
    "import_run.sha256": HASH,
}
"""The text columns that no words go into, each with the reason."""

DATES = ("excluded_on", "waived_on")
"""The parts of a row of the exclusion list that the program wrote itself, as days."""


def answer_of(said: str) -> str:
    """Return an answer of the live registry with the words wherever it may have some."""
    address = dict.fromkeys(("address_1", "city", "state", "postal_code"), said)
    basic = {"organization_name": said, "status": said}
    told = {"basic": basic, "addresses": [address], "taxonomies": [{"desc": said}]}
    return json.dumps({"results": [told]})


SHAPES: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    "clinic.imported_extra": lambda said, _row: {said: said},
    "practitioner.former_names": lambda said, _row: [said],
    "candidate.taxonomies": lambda said, _row: [said],
    "candidate_change.before": lambda said, row: dict.fromkeys(row["before"], said),
    "candidate_change.after": lambda said, row: dict.fromkeys(row["after"], said),
    "exclusion_match.row": lambda said, row: {
        part: kept if part in DATES else said for part, kept in row["row"].items()
    },
    "point_lookup.details": lambda said, _row: {"found": said, "state": said},
    "evidence.record": lambda said, row: answer_of(said) if row["record"][:1] == "{" else said,
}
"""What becomes of the words in a column that is no plain text; `row` is the row as it was."""


def build(session, catalogue, staff, clinic, owner) -> list[str]:
    """Add a row to every table of the registries; return the pages that show them."""
    # Not in today's plan, whose length would hang on which of the words read like an address.
    hidden = {"listing": Listing.UNLISTED, "listing_reason": "x"}
    twin = make_clinic(session, point_precision=PointPrecision.ZIP, **hidden)
    third, stranger = make_clinic(session, **hidden), make_clinic(session, **hidden)
    plan = merging.plan_merge(session, staff, NOW, catalogue, twin, third, two_person=True)
    merge = merging.merge(
        session,
        staff,
        NOW,
        catalogue,
        twin,
        third,
        "x",
        versions=(twin.version, third.version),
        previewed=plan.digest,
        two_person=True,
    )
    low, high = sorted((clinic.id, stranger.id))
    session.add_all(
        [
            ClinicDistinct(low_id=low, high_id=high, told_by=staff.id, told_at=NOW, reason="x"),
            PointLookup(
                clinic_id=twin.id,
                address="x",
                outcome=Lookup.REFUSED,
                said="x",
                lat=33.4,
                lon=-112.0,
                why="pin_state",
                details={},
                looked_up_at=NOW,
            ),
        ]
    )
    return [
        *matches(session, catalogue, staff, twin, owner),
        *candidates(session, staff, clinic, owner),
        f"/admin/clinics/{twin.id}",
        f"/admin/checks/{twin.id}/sup-exclusion",
        "/admin/duplicates/",
        f"/admin/duplicates/{clinic.id}/{stranger.id}",
        f"/admin/duplicates/merges/{merge.id}",
        "/admin/points",
        "/admin/registries",
    ]


def matches(session, catalogue, staff, clinic, owner):
    """Add a match of a person that waits, and one of an owner that was dismissed."""
    person(session, clinic, npi=NPI)
    load(session, listed(npi=NPI))
    screen_all(session, system_user(session), NOW, catalogue, two_person=True)
    dismissed = Match(
        organization_id=owner.id,
        row_digest="0" * 64,
        row={"business_name": "x", "general": "x", "excluded_on": "2019-05-20"},
        tier=int(Tier.NPI),
        why=[Sign.NPI.value],
        made_for="0" * 64,
        found_at=NOW,
        found_in=LISTED,
        state=MatchState.DISMISSED,
        decided_by=staff.id,
        decided_at=NOW,
        reason="x",
    )
    session.add(dismissed)
    session.flush()
    numbers = session.scalars(select(Match.id)).all()
    assert len(numbers) >= 2
    return ["/admin/matches", *(f"/admin/matches/{number}" for number in numbers)]


def candidates(session, staff, clinic, owner):
    """Add a candidate that waits, one that was judged, and one of ours, with what changed."""
    common = {
        "person": False,
        **dict.fromkeys(("name", "other_name", "street", "city", "phone"), "x"),
        "state": "AZ",
        "postal_code": "85004",
        "taxonomies": ["x"],
        "reasons": ["ketamine_name"],
        "strength": 1,
        "fingerprint": "0" * 64,
        "added_at": NOW,
        "changed_at": NOW,
    }
    judged = {"triage": Triage.LIKELY, "decided_by": staff.id, "decided_at": NOW}
    ours = {"triage": Triage.KNOWN, "clinic_id": clinic.id, "organization_id": owner.id}
    rows = [
        Candidate(npi=f"200000020{n}", **common, **more)
        for n, more in enumerate(({"triage": Triage.WAITING}, judged, ours))
    ]
    session.add_all(rows)
    session.flush()
    changed = {
        Fact.ADDRESS: ("street", "city", "state", "postal_code"),
        Fact.PHONE: ("phone",),
        Fact.NAME: ("name", "other_name"),
    }
    session.add_all(
        CandidateChange(
            candidate_id=rows[-1].id,
            fact=fact,
            before=dict.fromkeys(parts, "x"),
            after=dict.fromkeys(parts, "x"),
            found_at=NOW,
        )
        for fact, parts in changed.items()
    )
    url = "https://registry.example.org/api/"
    keep_lookup(session, staff, NOW, rows[0], url=url, record=answer_of("x"))
    return [
        "/admin/candidates",
        "/admin/candidates?show=likely",
        "/admin/candidates/changes",
        *(f"/admin/candidates/{rows[n].id}" for n in (0, 2)),
        f"/admin/clinics/new?candidate={rows[0].id}",
    ]


def derive_addresses(session) -> None:
    """Let every look-up be about its clinic's address as it is now, so that it counts."""
    for clinic in session.scalars(select(Clinic).join(PointLookup)):
        address = address_line(clinic.street, clinic.city, clinic.state, clinic.postal_code)
        session.execute(
            update(PointLookup).where(PointLookup.clinic_id == clinic.id).values(address=address)
        )
