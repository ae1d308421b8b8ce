"""The chain of the log: one canonical form, and every break of it named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.domain.acts import ACTS, PUBLIC
from directory.domain.chain import (
    GENESIS,
    BadLine,
    Fault,
    Head,
    HeadUnreadable,
    Line,
    examine,
    head_after,
    read_heads,
    settled,
)

MOMENT = datetime(2026, 6, 1, 18, tzinfo=UTC)
LINE = Line(
    number=1,
    at=MOMENT,
    actor=7,
    act="clinic:edited",
    subject_type="clinic",
    subject_id=12,
    before={"phone": None, "lat": 33.4484},
    after={"phone": "+16025550100", "lat": 33.5},
    reason="Señor Example called\nand said so",
    clock_said=None,
    previous=GENESIS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def chained(count):
    """Return so many lines, each with its hash."""
    lines, head = [], Head()
    for number in range(1, count + 1):
        at = MOMENT + timedelta(seconds=number)
        line = replace(LINE, number=number, at=at, previous=head.hash)
        lines.append((line, line.hash()))
        head = head_after(*lines[-1])
    return lines


def first_bad(lines):
    """Return the first fault of some lines, or None."""
    head = Head()
    for line, found in lines:
        bad = examine(head, line, found)
        if bad is not None:
            return bad
        head = head_after(line, found)
    return None


def test_the_canonical_form_never_changes():
    """A log written today must be checkable for ever: change neither the form nor this test."""
    assert LINE.canonical() == (
        b'{"act":"clinic:edited","actor":7,"after":{"lat":33.5,"phone":"+16025550100"},'
        b'"at":"2026-06-01T18:00:00.000000+00:00","before":{"lat":33.4484,"phone":null},'
        b'"clock_said":null,"number":1,"previous":"' + b"0" * 64 + b'",'
        b'"reason":"Se\\u00f1or Example called\\nand said so","subject":["clinic",12]}'
    )
    assert LINE.hash() == "d8aaae262f3cd3a2ce0b25a0bb06d5819ee7c4511b5227a8c3e8998d449e7c04"


def test_a_moment_hashes_alike_in_any_zone():
    phoenix = timezone(timedelta(hours=-7))
    assert replace(LINE, at=MOMENT.astimezone(phoenix)).hash() == LINE.hash()


def test_the_canonical_form_is_one_line_of_ascii():
    hostile = replace(LINE, reason="a\r\nb\u2028c\x85d", after={"a\nb": "\r\n\x0b\x0c"})
    assert len(hostile.canonical().decode("ascii").splitlines()) == 1


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_settled_stays_as_it_is(value):
    once = settled(value)
    assert settled(once) == once
    assert replace(LINE, after=once).hash() == replace(LINE, after=settled(once)).hash()


def test_keys_that_are_no_words_settle_before_they_are_hashed():
    assert settled({9: (1, 2), 10: "ten"}) == {"9": [1, 2], "10": "ten"}
    assert settled(None) is None


@pytest.mark.parametrize("value", [{"day": MOMENT}, {"x": float("nan")}, {"x": {1, 2}}, {"x": b""}])
def test_what_json_cannot_say_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        settled(value)


def test_a_true_chain_has_no_fault():
    assert first_bad(chained(20)) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", MOMENT + timedelta(days=9)),
        ("actor", 8),
        ("act", "clinic:listed"),
        ("subject_type", "organization"),
        ("subject_id", 13),
        ("before", None),
        ("after", {"phone": "+16025550100", "lat": 33.4}),
        ("reason", ""),
        ("clock_said", MOMENT),
    ],
)
def test_an_edited_field_is_found(field, value):
    lines = chained(5)
    lines[2] = (replace(lines[2][0], **{field: value}), lines[2][1])
    assert first_bad(lines) == BadLine(3, Fault.CHANGED)


def test_each_kind_of_break_has_its_name():
    lines = chained(6)
    assert first_bad(lines[1:]) == BadLine(1, Fault.MISSING)
    assert first_bad(lines[:2] + lines[3:]) == BadLine(3, Fault.MISSING)
    swapped = [*lines[:2], (replace(lines[3][0], number=3), lines[3][1]), *lines[3:]]
    assert first_bad(swapped) == BadLine(3, Fault.MOVED)
    twin = replace(lines[3][0], previous=lines[2][0].previous)
    assert first_bad([*lines[:3], (twin, twin.hash())]) == BadLine(4, Fault.FORKED)
    unreadable = replace(lines[2][0], after={"x": b"bytes"})
    assert first_bad([*lines[:2], (unreadable, "")]) == BadLine(3, Fault.UNREADABLE)


def test_a_clock_that_ran_back_is_found_even_when_the_hash_is_right():
    lines = chained(3)
    back = replace(lines[1][0], at=MOMENT - timedelta(days=1))
    assert first_bad([lines[0], (back, back.hash())]) == BadLine(2, Fault.CLOCK_BACK)


def test_the_moment_of_a_next_line_never_runs_back():
    head = head_after(*chained(1)[0])
    assert Head().moment(MOMENT) == MOMENT
    assert head.moment(MOMENT - timedelta(days=1)) == head.at
    assert head.moment(MOMENT + timedelta(days=1)) == MOMENT + timedelta(days=1)


def test_a_head_is_written_and_read_as_one_line():
    head = head_after(*chained(3)[-1])
    assert str(head) == f"3 {head.hash} 2026-06-01T18:00:03.000000+00:00"
    assert read_heads(f"\n{head}\n{head}\r\n") == {3: head.hash}
    assert read_heads(str(Head())) == {0: GENESIS}


@pytest.mark.parametrize(
    "words",
    [
        "",
        "\n \n",
        "hello",
        f"-1 {GENESIS} -",
        f"1 {GENESIS[1:]} -",
        f"1 {GENESIS[1:]}g -",
        f"1 {GENESIS}",
        f"١ {GENESIS} -",
        f"1 {GENESIS} -\n1 {'1' * 64} -",
    ],
)
def test_what_is_no_head_is_refused(words):
    with pytest.raises(HeadUnreadable):
        read_heads(words)


def test_every_act_is_a_noun_and_a_verb():
    for act in ACTS:
        noun, _, verb = act.partition(":")
        assert (noun + verb).replace("_", "").isalpha(), act
        assert act == act.lower(), act
        assert len(act) <= 64, act
    assert PUBLIC <= ACTS
