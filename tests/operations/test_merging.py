"""Two listings merged and taken apart: histories stay, nothing looks better, all comes back."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from directory.domain.findings import Outcome
from directory.domain.standing import STANDINGS, StandingCode
from directory.models import (
    SearchRow,
    Verification,
)
from directory.models.clinic import Post
from directory.models.staff import ConflictOfInterest
from directory.operations import falls, leases
from directory.operations.clinic_file import history, open_file
from directory.operations.clinics import public_clinic
from directory.operations.plan import conflicted_clinics, due_items, read_facts, take_next
from directory.operations.vetting import CheckRefused, confirm_verification, publish
from directory.operations.workspace import waiting, workspace
from tests.checklist import CATALOGUE
from tests.factories import NOW, make_check, make_clinic, make_user
from tests.operations.edits import checked
from tests.operations.merges import (
    a_pair,
    a_rich_pair,
    clinic,
    merged_into,
    page_of,
    plan_of,
    public,
    states,
    works_at,
)

# What the public reads.


def test_checks_of_the_merged_listing_count_where_the_facts_are_the_same(directory):
    kept, merged = a_pair(directory)
    checked(directory, merged, "opn-contact", "sup-acls")
    checked(directory, kept, "med-dea")
    public(directory, kept, merged)
    assert plan_of(directory, kept, merged).lost == ()
    merged_into(directory, kept, merged)
    found = states(directory, kept)
    assert found["opn-contact"] == found["sup-acls"] == found["med-dea"] == "met"
    page = page_of(directory, kept)
    assert page.history["sup-acls"][0].clinic_id == merged.id
    assert page_of(directory, merged) is None
    assert {change.act for change in page.changes} >= {"clinic:merged"}


def test_a_check_of_a_fact_that_differs_does_not_count(directory):
    kept, merged = a_pair(directory, street="9 Other Road", phone="+16025550199")
    checked(directory, merged, "opn-contact", "med-locked", "sup-acls")
    checked(directory, kept, "med-dea")
    public(directory, kept, merged)
    plan = plan_of(directory, kept, merged)
    assert plan.differing == ("street", "phone")
    assert set(plan.lost) == {"opn-contact", "med-locked"}
    merged_into(directory, kept, merged)
    found = states(directory, kept)
    assert found["opn-contact"] == found["med-locked"] == "not_checked"
    assert found["sup-acls"] == found["med-dea"] == "met"
    history = page_of(directory, kept).history
    aside = {code: checks[0].set_aside for code, checks in history.items()}
    assert aside == {
        "opn-contact": True,
        "med-locked": True,
        "sup-acls": False,
        "med-dea": False,
    }


def test_a_check_of_one_merged_listing_that_is_agreed_later_leaves_out_no_other(directory):
    kept, one = a_pair(directory)
    other = make_clinic(directory, name=kept.name)
    checked(directory, other, "opn-contact")
    waits = make_check(directory, CATALOGUE, one, "sup-acls", by=make_user(directory))
    public(directory, kept, one, other)
    merged_into(directory, kept, one)
    merged_into(directory, kept, other)
    assert states(directory, kept)["sup-acls"] == "not_checked"
    second = make_user(directory)
    confirm_verification(directory, second, NOW, CATALOGUE, waits, two_person=True)
    found = states(directory, kept)
    assert found["sup-acls"] == found["opn-contact"] == "met"
    bits = CATALOGUE.bits
    row = directory.get(SearchRow, kept.id, populate_existing=True)
    assert row.met_mask == (1 << bits["sup-acls"]) | (1 << bits["opn-contact"])


@pytest.mark.parametrize("adverse", ["kept", "merged"])
def test_a_warning_at_either_is_a_warning_after(directory, adverse):
    pair = dict(zip(("kept", "merged"), a_pair(directory), strict=True))
    other = "merged" if adverse == "kept" else "kept"
    checked(directory, pair[other], "sup-acls", days_ago=5)
    checked(
        directory, pair[adverse], "sup-acls", days_ago=60, outcome=Outcome.NOT_MET, valid_until=None
    )
    public(directory, *pair.values())
    assert page_of(directory, pair[other]).standing.code is not StandingCode.WARNING
    plan = plan_of(directory, pair["kept"], pair["merged"])
    assert plan.after.code is StandingCode.WARNING
    merged_into(directory, pair["kept"], pair["merged"])
    assert page_of(directory, pair["kept"]).standing.code is StandingCode.WARNING


def test_a_complete_listing_merged_into_an_empty_one_elsewhere_is_not_complete(directory):
    kept, merged = a_pair(directory, street="9 Other Road", phone="+16025550199")
    works_at(directory, merged)
    checked(directory, merged, *[c.code for c in CATALOGUE.criteria if c.critical])
    public(directory, kept, merged)
    assert page_of(directory, merged).standing.code is StandingCode.COMPLETE
    plan = plan_of(directory, kept, merged)
    merged_into(directory, kept, merged)
    after = page_of(directory, kept).standing
    assert after.code is plan.after.code
    assert STANDINGS.index(after.code) > STANDINGS.index(StandingCode.COMPLETE)


def test_a_post_that_goes_over_lets_the_checks_of_that_post_fall(directory):
    kept, merged = a_pair(directory)
    works_at(directory, kept)
    works_at(directory, merged)
    checked(directory, kept, "sup-director", "sup-acls")
    public(directory, kept, merged)
    assert set(plan_of(directory, kept, merged).lost) == {"sup-director"}
    merged_into(directory, kept, merged)
    assert states(directory, kept)["sup-director"] == "not_checked"
    directors = [r for r in clinic(directory, kept.id).roles if r.post is Post.MEDICAL_DIRECTOR]
    assert len(directors) == 2


def test_a_later_edit_of_the_kept_listing_takes_down_what_came_with_the_other(directory):
    kept, merged = a_pair(directory)
    checked(directory, merged, "opn-contact")
    public(directory, kept, merged)
    merged_into(directory, kept, merged)
    assert falls.falling(directory, CATALOGUE, kept.id, ["opn-contact"]) == ("opn-contact",)
    falls.drop(
        directory, make_user(directory), NOW, CATALOGUE, kept.id, ["opn-contact"], "the address"
    )
    public(directory, kept)
    assert states(directory, kept)["opn-contact"] == "not_checked"


# What staff read.


def test_staff_read_both_histories_in_one(directory):
    kept, merged, _tied = a_rich_pair(directory)
    merged_into(directory, kept, merged)
    file = open_file(directory, CATALOGUE, clinic(directory, kept.id), NOW, two_person=True)
    about = {event.subject_id for event, _user in file.events if event.subject_type == "clinic"}
    assert about == {kept.id, merged.id}
    assert {event.act for event, _user in history(directory, kept)} >= {"clinic:merged"}
    work = workspace(
        directory, make_user(directory), NOW, CATALOGUE, merged.id, "opn-contact", two_person=True
    )
    assert work.clinic.id == kept.id
    assert {check.clinic_id for check in work.checks} == {kept.id, merged.id}


def test_the_plan_has_the_work_of_one_clinic_and_hands_it_out(directory):
    kept, merged = a_pair(directory, street="9 Other Road")
    checked(directory, merged, "opn-contact", "sup-acls")
    public(directory, kept, merged)
    merged_into(directory, kept, merged)
    facts = read_facts(directory, CATALOGUE, two_person=True)
    assert set(facts.sites) == {kept.id}
    due = {item.criterion for item in due_items(facts, CATALOGUE, NOW)}
    assert "opn-contact" in due
    assert "sup-acls" not in due
    actor, taken = make_user(directory), set()
    while item := take_next(directory, actor, NOW, CATALOGUE, facts, done=None):
        if (item.clinic_id, item.criterion) in taken:
            break
        taken.add((item.clinic_id, item.criterion))
        leases.release(directory, actor, NOW, item.clinic_id, item.criterion)
    assert taken == {(kept.id, code) for code in due}


def test_what_waits_for_a_second_person_still_waits_unless_it_was_set_aside(directory):
    kept, merged = a_pair(directory, street="9 Other Road")
    first, second, tied = (make_user(directory) for _ in range(3))
    counts = make_check(directory, CATALOGUE, merged, "sup-acls", by=first)
    make_check(directory, CATALOGUE, merged, "med-dea", by=first)
    directory.add(
        ConflictOfInterest(user_id=tied.id, clinic_id=kept.id, reason="mine", declared_at=NOW)
    )
    public(directory, kept, merged)
    merged_into(directory, kept, merged)
    found = waiting(directory, second, CATALOGUE)
    assert [check.id for check in found.checks] == [counts.id]
    assert waiting(directory, tied, CATALOGUE).conflicted == 1
    assert conflicted_clinics(directory, tied) == {kept.id, merged.id}
    with pytest.raises(CheckRefused):
        confirm_verification(directory, tied, NOW, CATALOGUE, counts, two_person=True)
    confirm_verification(directory, second, NOW, CATALOGUE, counts, two_person=True)
    assert states(directory, kept)["sup-acls"] == "met"


def test_reading_takes_the_same_statements_however_many_were_merged(directory, statements):
    counts = []
    for merges in (0, 1, 4):
        kept = make_clinic(directory, name=f"Clinic of {merges}")
        number = kept.id
        checked(directory, kept, "med-dea")
        for _ in range(merges):
            other = make_clinic(directory, name=kept.name)
            checked(directory, other, "sup-acls")
            merged_into(directory, kept, other)
        public(directory, kept)
        directory.commit()
        directory.expunge_all()
        with statements() as made:
            public_clinic(directory, CATALOGUE, number, NOW, two_person=True)
            read_facts(directory, CATALOGUE, two_person=True)
            publish(directory, CATALOGUE, NOW, [number], two_person=True)
        counts.append(len(made))
    assert counts[0] == counts[1] == counts[2]


def test_a_check_recorded_long_after_the_merge_speaks(directory):
    kept, merged = a_pair(directory)
    checked(directory, merged, "sup-acls", outcome=Outcome.NOT_MET, valid_until=None)
    public(directory, kept, merged)
    merged_into(directory, kept, merged)
    later = NOW + timedelta(days=3)
    first, second = make_user(directory), make_user(directory)
    make_check(
        directory, CATALOGUE, kept, "sup-acls", by=first, second=second, now=later, days_ago=1
    )
    publish(directory, CATALOGUE, later, [kept.id], two_person=True)
    assert states(directory, kept)["sup-acls"] == "met"
    assert directory.scalar(select(func.count()).select_from(Verification)) == 2
