"""What a merge moves and an undo puts back, chains of merges, and who may not."""

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from directory.domain.findings import Outcome
from directory.domain.standing import Listing
from directory.models import (
    Base,
    Case,
    Clinic,
    Credential,
    Merge,
    PractitionerRole,
    SearchRow,
    SetAside,
)
from directory.models.clinic import Post
from directory.models.staff import ConflictOfInterest
from directory.operations import accounts, leases, merging
from directory.operations.families import home_of, homes_of
from directory.operations.merge_moves import KINDS
from directory.operations.stale import Stale
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.edits import acts, checked, last_line
from tests.operations.merges import (
    a_pair,
    a_rich_pair,
    clinic,
    merged_into,
    page_of,
    plan_of,
    public,
    refusal,
    snapshot,
    states,
    undone,
    works_at,
)
from tests.operations.test_faults import failing_at, left

# What goes over, and back.


def test_what_goes_over(directory):
    kept, merged, tied = a_rich_pair(directory)
    row = merged_into(directory, kept, merged)
    assert {kind: len(ids) for kind, ids in row.moved.items() if kind in KINDS and ids} == {
        "case": 2,
        "conflict": 1,
        "credential": 1,
        "role": 1,
        "reply": 1,
    }
    for model in (Case, Credential):
        assert set(directory.scalars(select(model.clinic_id))) == {kept.id}
    left = directory.scalars(
        select(PractitionerRole.post).where(PractitionerRole.clinic_id == merged.id)
    ).all()
    assert left == [Post.MEDICAL_DIRECTOR], "held at both: it stays where it is"
    assert accounts.conflicted(directory, tied.id, kept.id)
    assert [hold.clinic_id for hold in leases.holds(directory, NOW)] == []
    assert (clinic(directory, kept.id).npi, clinic(directory, merged.id).npi) == (
        "2000000010",
        None,
    )
    assert clinic(directory, merged.id).listing is Listing.CLOSED
    assert clinic(directory, merged.id).listing_reason == f"Merged into #{kept.id}"
    finding = next(f for f in page_of(directory, kept).findings if f.criterion == "med-locked")
    assert finding.disputed


def test_undoing_puts_everything_back(directory):
    kept, merged, _tied = a_rich_pair(directory)
    actor = make_user(directory)
    directory.commit()
    before = snapshot(directory)
    row = merged_into(directory, kept, merged, actor)
    directory.commit()
    assert snapshot(directory) != before
    assert directory.scalar(select(func.count()).select_from(SetAside)) > 2
    start = last_line(directory)
    undone(directory, row, actor)
    directory.commit()
    assert acts(directory, start) == ["clinic:unmerged", "clinic:unmerged"]
    after = snapshot(directory)
    assert {name for name in before if before[name] != after[name]} == set()


def test_what_was_added_since_stays_with_the_kept_listing(directory):
    kept, merged, _tied = a_rich_pair(directory)
    row = merged_into(directory, kept, merged)
    directory.commit()
    role = works_at(directory, clinic(directory, kept.id), post=Post.MONITORING_CLINICIAN)
    moved = directory.scalars(
        select(PractitionerRole).where(PractitionerRole.post == Post.PRESCRIBER)
    ).one()
    moved.ended_on = NOW.date()
    check = make_check(
        directory, CATALOGUE, clinic(directory, kept.id), "mon-pump", by=make_user(directory)
    )
    undone(directory, row)
    directory.expire_all()
    assert role.clinic_id == check.clinic_id == kept.id
    assert (moved.clinic_id, moved.ended_on) == (merged.id, NOW.date())


def test_every_table_that_points_at_a_clinic_was_thought_of():
    reads_or_follows = {
        "evidence": "read as a family",
        "verification": "read as a family",
        "service": "a fact of the listing, like its street",
        "search_row": "derived",
        "prepared_row": "derived, for what comes into force next",
        "check_counter": "counts the checks recorded at this listing",
        "lease": "ended by the merge",
        "clinic_distinct": "a decision about these two listings",
        "clinic_merge": "the merges themselves",
        "point_lookup": "about this listing's address",
        "exclusion_match": "about this listing's own name; its check is read as a family",
        "screening": "when this listing's own name was compared",
    }
    moved = {model.__tablename__ for model in KINDS.values()}
    pointing = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "clinic"
    }
    assert pointing - moved - set(reads_or_follows) == set()


# Chains and circles.


def three(session):
    return [make_clinic(session, name="Sunrise Clinic") for _ in range(3)]


def test_a_chain_leads_to_its_end_and_is_undone_from_there(directory):
    a, b, c = three(directory)
    checked(directory, a, "sup-acls")
    public(directory, a, b, c)
    first = merged_into(directory, b, a)
    assert states(directory, b)["sup-acls"] == "met"
    second = merged_into(directory, c, b)
    assert home_of(directory, a.id) == home_of(directory, b.id) == c.id
    assert homes_of(directory, [a.id]) == dict.fromkeys((a.id, b.id, c.id), c.id)
    assert states(directory, c)["sup-acls"] == "met"
    assert directory.scalars(select(SearchRow.clinic_id)).all() == [c.id]
    assert refusal(undone, directory, first) == "merge_newer"
    undone(directory, second)
    assert home_of(directory, a.id) == home_of(directory, b.id) == b.id
    assert states(directory, b)["sup-acls"] == "met"
    assert states(directory, c)["sup-acls"] == "not_checked"
    undone(directory, first)
    assert refusal(undone, directory, first) == "merge_undone"
    assert states(directory, a)["sup-acls"] == "met"
    assert states(directory, b)["sup-acls"] == "not_checked"


def test_two_merges_into_one_are_undone_newest_first(directory):
    a, b, c = three(directory)
    checked(directory, a, "sup-acls", outcome=Outcome.NOT_MET, valid_until=None, days_ago=60)
    checked(directory, b, "sup-acls", outcome=Outcome.NOT_MET, valid_until=None, days_ago=50)
    checked(directory, c, "sup-acls", days_ago=5)
    public(directory, a, b, c)
    first, second = merged_into(directory, c, a), merged_into(directory, c, b)
    assert refusal(undone, directory, first) == "merge_newer"
    undone(directory, second)
    assert states(directory, c)["sup-acls"] == "not_met"
    undone(directory, first)
    assert states(directory, c)["sup-acls"] == "met"


def test_a_merged_listing_takes_part_in_no_further_merge(directory):
    a, b, c = three(directory)
    merged_into(directory, b, a)
    for kept, merged in ((a, b), (a, c), (c, a)):
        assert refusal(plan_of, directory, kept, merged) == "merged"
    assert refusal(plan_of, directory, b, b) == "merge_same"


def test_the_database_itself_refuses_a_listing_in_two_and_one_in_itself(directory):
    a, b, c = three(directory)
    row = merged_into(directory, b, a)
    directory.commit()
    values = {
        "merged_by": row.merged_by,
        "merged_at": NOW,
        "reason": "by hand",
        "moved": {},
    }
    for survivor, merged in ((c, a), (a, a)):
        wrong = insert(Merge).values(
            survivor_id=survivor.id, merged_id=merged.id, home_id=survivor.id, **values
        )
        with pytest.raises(IntegrityError):
            directory.execute(wrong)
        directory.rollback()
    with pytest.raises(IntegrityError):
        directory.execute(update(Merge).values(home_id=a.id))
    directory.rollback()


# Who may not, and when.


@pytest.mark.parametrize(
    ("kept", "merged", "allowed"),
    [
        ("listed", "suspended", False),
        ("draft", "listed", False),
        ("unlisted", "listed", False),
        ("suspended", "listed", True),
        ("listed", "draft", True),
    ],
)
def test_neither_a_suspension_nor_a_public_listing_vanishes(directory, kept, merged, allowed):
    def state(name):
        reason = {} if name in ("draft", "listed") else {"listing_reason": "Under review"}
        return make_clinic(directory, listing=Listing(name), **reason)

    one, other = state(kept), state(merged)
    if allowed:
        merged_into(directory, one, other)
    else:
        assert refusal(plan_of, directory, one, other) == "merge_listing"


def test_a_tie_to_either_refuses_merging_and_undoing(directory):
    a, b, c = three(directory)
    for tied_to in (a, b):
        tied = make_user(directory)
        directory.add(
            ConflictOfInterest(
                user_id=tied.id, clinic_id=tied_to.id, reason="mine", declared_at=NOW
            )
        )
        directory.flush()
        assert refusal(plan_of, directory, a, b, tied) == "conflicted"
        row = Merge(survivor_id=a.id, merged_id=b.id)
        assert refusal(merging.refuse_undo, directory, tied, row) == "conflicted"
    assert plan_of(directory, a, c, make_user(directory)).kept is a


def test_what_changed_since_it_was_seen_is_not_merged(directory):
    kept, merged = a_pair(directory)
    actor = make_user(directory)
    seen = plan_of(directory, kept, merged, actor)

    def done(versions=(1, 1), previewed=seen.digest):
        merging.merge(
            directory,
            actor,
            NOW,
            CATALOGUE,
            kept,
            merged,
            "The same door.",
            versions=versions,
            previewed=previewed,
            two_person=True,
        )

    for stale in ({"versions": (2, 1)}, {"versions": (1, 2)}, {"previewed": "0" * 16}):
        with pytest.raises(Stale):
            done(**stale)
    checked(directory, merged, "opn-contact")
    directory.add(
        ConflictOfInterest(
            user_id=make_user(directory).id, clinic_id=merged.id, reason="x", declared_at=NOW
        )
    )
    directory.flush()
    with pytest.raises(Stale):
        done()
    assert directory.scalar(select(func.count()).select_from(Merge)) == 0


def test_a_merge_writes_its_two_lines_and_who_has_a_form_open_is_told(directory):
    kept, merged = a_pair(directory)
    start, versions = last_line(directory), (kept.version, merged.version)
    row = merged_into(directory, kept, merged)
    assert acts(directory, start) == ["clinic:merged", "clinic:merged"]
    assert clinic(directory, kept.id).version == versions[0] + 1
    assert clinic(directory, merged.id).version == versions[1] + 1
    undone(directory, row)
    assert clinic(directory, kept.id).version == versions[0] + 2


@pytest.mark.parametrize("act", ["merge", "undo"])
def test_a_fault_at_any_statement_leaves_all_or_nothing(directory, act, engine_name):
    kept, merged, _tied = a_rich_pair(directory)
    actor = make_user(directory)
    plan = plan_of(directory, kept, merged, actor)
    numbers = kept.id, merged.id
    if act == "undo":
        row_id = merged_into(directory, kept, merged, actor).id
    versions = kept.version, merged.version
    directory.commit()

    def acted():
        if act == "undo":
            return undone(directory, directory.get_one(Merge, row_id), actor)
        one, other = (directory.get_one(Clinic, number) for number in numbers)
        return merging.merge(
            directory,
            actor,
            NOW,
            CATALOGUE,
            one,
            other,
            "The same door.",
            versions=versions,
            previewed=plan.digest,
            two_person=True,
        )

    before, number = left(directory), 1
    while failing_at(directory, number, acted):
        assert left(directory) == before, f"{act} left something behind at {number}"
        number += 1 if engine_name == "sqlite" else 3
    assert number > 20
    assert len(left(directory)["event"]) == len(before["event"]) + 2
