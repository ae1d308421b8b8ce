"""What differs between clinics: what patients would read differently, and nothing that ranks."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.comparing import (
    IN_ORDER,
    IN_PLACE,
    THEMES,
    UNCHECKED,
    Comparison,
    Gap,
    compare,
    labels,
)
from directory.domain.criteria import Level
from directory.domain.findings import Check, Finding, Outcome, Reply, State
from directory.domain.shown import Shown, shown
from tests.checklist import CATALOGUE

DAY = date(2026, 5, 1)
KEY = [c.code for c in CATALOGUE.criteria if c.critical]
OTHER = [c.code for c in CATALOGUE.criteria if not c.critical]


def check(level: Level = Level.SOURCE, outcome: Outcome = Outcome.MET, *, days: int = 0) -> Check:
    """A confirmed check, made some days after DAY."""
    return Check(
        id=1,
        outcome=outcome,
        level=level,
        checked_on=DAY + timedelta(days=days),
        recorded_at=datetime(2026, 5, 1, tzinfo=UTC),
        confirmed=True,
    )


BY_SHOWN: dict[Shown, dict[str, object]] = {
    Shown.SOURCE: {"state": State.MET, "decided_by": check()},
    Shown.DOCUMENT: {"state": State.MET, "decided_by": check(Level.DOCUMENT)},
    Shown.PAPER: {"state": State.NOT_CHECKED, "claimed": check(Level.DOCUMENT)},
    Shown.ATTESTED: {"state": State.NOT_CHECKED, "claimed": check(Level.ATTESTED)},
    Shown.ATTESTED_NOT: {
        "state": State.NOT_CHECKED,
        "claimed": check(Level.ATTESTED, Outcome.NOT_MET),
    },
    Shown.ATTESTED_NONE: {
        "state": State.NOT_CHECKED,
        "claimed": check(Level.ATTESTED, Outcome.DOES_NOT_APPLY),
    },
    Shown.TRIED: {
        "state": State.NOT_CHECKED,
        "attempted": check(outcome=Outcome.COULD_NOT_CHECK),
    },
    Shown.RECHECK: {"state": State.NOT_CHECKED, "in_recheck": True},
    Shown.EXPIRED: {"state": State.EXPIRED, "decided_by": check()},
    Shown.NOT_MET: {"state": State.NOT_MET, "decided_by": check(outcome=Outcome.NOT_MET)},
    Shown.NONE: {"state": State.DOES_NOT_APPLY, "decided_by": check()},
    Shown.NOT_CHECKED: {"state": State.NOT_CHECKED},
}


def finding(code, kind, **changes):
    critical = CATALOGUE.criterion(code).critical
    return Finding(criterion=code, critical=critical, **BY_SHOWN[kind] | changes)


def clinic(kind=Shown.NOT_CHECKED, **kinds):
    """The findings of a clinic: `kind` everywhere but for the criteria named, `_` for `-`."""
    changed = {code.replace("_", "-"): told for code, told in kinds.items()}
    return [finding(c.code, changed.get(c.code, kind)) for c in CATALOGUE.criteria]


def told(theme):
    return [(said.shown, said.places) for said in theme.said]


@pytest.mark.parametrize("kind", list(Shown))
def test_each_way_of_showing_has_its_finding(kind):
    assert shown(finding("sup-acls", kind)) is kind
    assert kind in IN_ORDER


@pytest.mark.parametrize(
    ("claim_days", "attempt_days", "kind"),
    [(1, 0, Shown.ATTESTED), (0, 0, Shown.TRIED), (0, 1, Shown.TRIED)],
)
def test_the_newer_of_a_try_and_a_claim_speaks(claim_days, attempt_days, kind):
    both = finding(
        "sup-acls",
        Shown.NOT_CHECKED,
        claimed=check(Level.ATTESTED, days=claim_days),
        attempted=check(outcome=Outcome.COULD_NOT_CHECK, days=attempt_days),
    )
    assert shown(both) is kind


@pytest.mark.parametrize(("left", "right"), list(product(Shown, Shown)))
def test_two_clinics_differ_just_where_the_words_differ(left, right):
    found = compare(CATALOGUE, [clinic(), clinic()])
    assert found.differing == ()
    found = compare(CATALOGUE, [clinic(sup_acls=left), clinic(sup_acls=right)])
    expected = [] if left is right else ["sup-acls"]
    assert [line.criterion.code for line in found.differing] == expected
    assert len(found.same) + len(found.differing) == len(CATALOGUE.criteria)


def test_other_days_alone_are_no_difference():
    later = [
        finding(c.code, Shown.SOURCE, decided_by=check(days=9), holds_until=date(2027, 1, 1))
        for c in CATALOGUE.criteria
    ]
    assert compare(CATALOGUE, [clinic(Shown.SOURCE), later]).differing == ()


def test_a_clinic_that_disagrees_is_a_difference():
    replied = [
        finding(c.code, Shown.NOT_MET, reply=Reply(DAY, "We do.") if c.code == "sup-acls" else None)
        for c in CATALOGUE.criteria
    ]
    found = compare(CATALOGUE, [clinic(Shown.NOT_MET), replied])
    assert [line.criterion.code for line in found.differing] == ["sup-acls"]
    assert [(said.disputed, said.places) for said in found.themes[0].said] == [
        (False, (0,)),
        (True, (1,)),
    ]


def test_key_criteria_come_first_and_each_part_in_the_checklists_order():
    found = compare(CATALOGUE, [clinic(), clinic(Shown.SOURCE)])
    assert [line.criterion.code for line in found.differing] == KEY + OTHER
    same = compare(CATALOGUE, [clinic(), clinic()])
    assert [line.criterion.code for line in same.same] == KEY + OTHER


def test_a_criterion_that_a_clinic_has_no_finding_of_was_not_checked_there():
    found = compare(CATALOGUE, [clinic(), clinic()[1:]])
    assert found.differing == ()
    found = compare(CATALOGUE, [clinic(Shown.SOURCE), clinic(Shown.SOURCE)[1:]])
    assert found.themes[0].said[1].shown is Shown.NOT_CHECKED


def test_what_stands_against_a_clinic_is_told_first():
    left = clinic(Shown.SOURCE, opn_claims=Shown.NOT_MET)
    right = clinic(sup_acls=Shown.NOT_MET, opn_claims=Shown.SOURCE)
    found = compare(CATALOGUE, [left, right])
    assert [theme.first.code for theme in found.themes] == [
        "sup-acls",
        "opn-claims",
        "sup-director",
    ]
    assert [theme.against for theme in found.themes] == [True, True, False]
    assert told(found.themes[0]) == [(Shown.SOURCE, (0,)), (Shown.NOT_MET, (1,))]


def test_criteria_that_differ_in_one_way_are_one_theme():
    found = compare(CATALOGUE, [clinic(Shown.DOCUMENT), clinic()])
    assert len(found.themes) == 2
    key, other = found.themes
    assert [line.criterion.code for line in key.lines] == KEY
    assert [line.criterion.code for line in other.lines] == OTHER


def test_clinics_of_which_the_same_is_told_are_named_together():
    kinds = (Shown.SOURCE, Shown.NOT_CHECKED, Shown.SOURCE, Shown.EXPIRED)
    found = compare(CATALOGUE, [clinic(sup_acls=kind) for kind in kinds])
    assert told(found.themes[0]) == [
        (Shown.SOURCE, (0, 2)),
        (Shown.NOT_CHECKED, (1,)),
        (Shown.EXPIRED, (3,)),
    ]


def test_a_gap_needs_two_key_criteria_and_nothing_but_checked_and_unchecked():
    def gaps(*clinics):
        return compare(CATALOGUE, clinics).gaps

    two = {"sup_acls": Shown.SOURCE, "mon_vitals": Shown.DOCUMENT}
    assert gaps(clinic(), clinic(**two)) == (Gap((1,), (0,)),)
    assert gaps(clinic(), clinic(sup_acls=Shown.SOURCE)) == ()
    assert gaps(clinic(), clinic(opn_price=Shown.SOURCE, con_plan=Shown.SOURCE)) == ()
    for kind in set(Shown) - IN_PLACE - UNCHECKED:
        assert gaps(clinic(kind), clinic(**two)) == (), kind
    both_ways = {"sup_onsite": Shown.SOURCE, "scr_psych": Shown.SOURCE}
    assert set(gaps(clinic(**both_ways), clinic(**two))) == {Gap((0,), (1,)), Gap((1,), (0,))}


def test_what_is_the_same_is_put_together_by_what_is_shown():
    one = clinic(sup_acls=Shown.SOURCE, con_plan=Shown.NONE)
    alike = compare(CATALOGUE, [one, one, one]).alike
    assert [kind for kind, _lines in alike] == [Shown.SOURCE, Shown.NOT_CHECKED, Shown.NONE]
    assert sum(len(lines) for _kind, lines in alike) == len(CATALOGUE.criteria)


@pytest.mark.parametrize(
    ("clinics", "expected"),
    [
        ([("A", "X", "1 St"), ("B", "X", "1 St")], ("A", "B")),
        ([("A", "X", "1 St"), ("A", "Y", "1 St"), ("B", "X", "2 St")], ("A (X)", "A (Y)", "B")),
        ([("A", "X", "1 St"), ("A", "X", "2 St")], ("A (1 St, X)", "A (2 St, X)")),
    ],
)
def test_no_two_clinics_are_called_the_same(clinics, expected):
    assert labels(clinics) == expected


@given(
    st.lists(
        st.lists(
            st.sampled_from(Shown),
            min_size=len(CATALOGUE.criteria),
            max_size=len(CATALOGUE.criteria),
        ),
        min_size=2,
        max_size=4,
    )
)
def test_nothing_is_lost_and_the_order_of_the_clinics_changes_no_difference(kinds):
    clinics = [
        [finding(c.code, kind) for c, kind in zip(CATALOGUE.criteria, one, strict=True)]
        for one in kinds
    ]
    found, turned = compare(CATALOGUE, clinics), compare(CATALOGUE, clinics[::-1])
    codes = [line.criterion.code for line in (*found.differing, *found.same)]
    assert sorted(codes) == sorted(KEY + OTHER)
    assert [x.criterion for x in found.differing] == [x.criterion for x in turned.differing]
    assert [x.first for x in found.themes] == [x.first for x in turned.themes]
    assert len(found.themes) <= THEMES
    for theme in found.themes:
        assert sorted(p for said in theme.said for p in said.places) == list(range(len(kinds)))
        assert len(theme.said) > 1


def test_a_comparison_holds_no_number_that_could_rank():
    assert {field.name for field in fields(Comparison)} == {"differing", "same", "themes", "gaps"}
    assert {field.name for field in fields(Gap)} == {"in_place", "unchecked"}
