"""A broken checklist edition is refused as a whole, by line and field; no text makes it crash."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from directory.domain.criteria import CatalogueError, Problem, parse_catalogue

PATH = Path(__file__).parents[2] / "seed_data" / "catalogue-2026.1.toml"
TEXT = PATH.read_text(encoding="utf-8")
LINES = TEXT.split("\n")


def line_of(start: str, after: str = "") -> int:
    """The number of the first line that begins with `start`, after the line that is `after`."""
    begin = LINES.index(after) if after else 0
    for number, line in enumerate(LINES[begin:], start=begin + 1):
        if line.startswith(start):
            return number
    raise AssertionError(f"no line begins with {start!r}")


ACLS = 'code = "sup-acls"'

BROKEN = {
    "a wrong word": (ACLS, "minimum_level", 'minimum_level = "paper"', "must be one of"),
    "a level that never counts": (ACLS, "minimum_level", 'minimum_level = "attested"', "one of"),
    "best below minimum": (ACLS, "best_level", 'best_level = "document"', "below minimum_level"),
    "a number in quotes": (ACLS, "valid_days", 'valid_days = "30"', "must be a whole number"),
    "a number with a point": (ACLS, "valid_days", "valid_days = 30.5", "must be a whole number"),
    "true as a number": (ACLS, "valid_days", "valid_days = true", "must be a whole number"),
    "a number without end": (ACLS, "valid_days", f"valid_days = 0x{'f' * 5000}", "too long"),
    "too few days": (ACLS, "valid_days", "valid_days = 0", "must be from 1 to 1100"),
    "too many days": (ACLS, "valid_days", "valid_days = 1101", "must be from 1 to 1100"),
    "a word for a flag": (ACLS, "critical", 'critical = "yes"', "must be true or false"),
    "an empty text": (ACLS, "why", 'why = ""', "must not be empty"),
    "a blank text": (ACLS, "why", 'why = "   "', "must not be empty"),
    "a space at the end": (ACLS, "why", 'why = "Because. "', "begin or end with a space"),
    "a control character": (ACLS, "why", r'why = "A\u0000b"', "control characters"),
    "a line break": (ACLS, "why", r'why = "A\nb"', "control characters"),
    "a text far too long": (ACLS, "why", f'why = "{"a" * 901}"', "at most 900 characters"),
    "a list for a text": (ACLS, "why", 'why = ["a"]', "must be a text"),
    "a text for a list": (ACLS, "references", 'references = "apa-2017"', "must be a list"),
    "an empty list": (ACLS, "references", "references = []", "at least one entry"),
    "a number in a list": (ACLS, "references", "references = [3]", "wrong entry"),
    "the same source twice": (
        ACLS,
        "references",
        'references = ["apa-2017", "apa-2017"]',
        "names 'apa-2017' twice",
    ),
    "an unknown source": (
        ACLS,
        "references",
        'references = ["apa-2071"]',
        "did you mean 'apa-2017'",
    ),
    "an unknown idea": (ACLS, "article_ideas", 'article_ideas = ["A9"]', "does not define"),
    "an unknown group": (ACLS, "group", 'group = "sub"', "did you mean 'sup'"),
    "another group": (ACLS, "group", 'group = "mon"', "is not what the code"),
    "a code in capitals": (ACLS, "code", 'code = "SUP-ACLS"', "must look like"),
    "a code used before": (ACLS, "code", 'code = "sup-onsite"', "already used on line"),
    "a question that asks nothing": (ACLS, "ask", 'ask = "Ask them."', "must look like"),
    "a position used before": (ACLS, "position", "position = 1", "1 is already used on line"),
    "more criteria than a search has room for": (
        ACLS,
        "position",
        "position = 41",
        "must be from 1 to 40",
    ),
    "a position with a gap": (ACLS, "position", "position = 30", "must run from 1 to 29"),
    "an unknown clinic kind": (ACLS, "applies", 'applies = "some"', "all, iv, state-permit"),
    "a year as text": ('code = "apa-2017"', "year", 'year = "2017"', "must be a whole number"),
    "a link that is not https": (
        'code = "apa-2017"',
        "link",
        'link = "http://example.org"',
        "must look like",
    ),
    "an unknown kind of source": ('code = "apa-2017"', "kind", 'kind = "blog"', "weak"),
    "a date with a time": (
        'code = "dea-telemedicine"',
        "until",
        "until = 2026-12-31T00:00:00Z",
        "must be a day",
    ),
    "a date in quotes": ("", "published", 'published = "2026-11-22"', "must be a day"),
    "an edition that is no number": ("", "edition", 'edition = "next"', "must look like"),
    "a group order used before": ('code = "mon"', "order", "order = 1", "already used"),
    "a value that is no TOML": (ACLS, "title", "title = Someone", "is not valid TOML"),
    "a quote left open": (ACLS, "title", 'title = "Someone', "is not valid TOML"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_field_is_refused_by_line_and_name(name: str) -> None:
    after, field, replacement, expected = BROKEN[name]
    number = line_of(f"{field} =", after)
    broken = [*LINES]
    broken[number - 1] = replacement
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue("\n".join(broken))
    first = [p for p in caught.value.problems if p.line == number]
    assert first, str(caught.value)
    assert str(first[0]).startswith(f"line {number}: ")
    assert any(field in p.message and expected in p.message for p in first)


def test_the_message_reads_as_a_sentence_an_editor_can_act_on() -> None:
    number = line_of("minimum_level", ACLS)
    broken = [*LINES]
    broken[number - 1] = 'minimum_level = "paper"'
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue("\n".join(broken))
    assert str(caught.value) == (
        f"line {number}: criterion sup-acls: "
        "minimum_level must be one of source, document; it is 'paper'"
    )


OPTIONAL = {"disagreement", "limits", "dated_facts", "link", "citation"}
FIELDS = {
    number: line.split(" =")[0]
    for number, line in enumerate(LINES, start=1)
    if re.match(r"[a-z_]+ = ", line) and line.split(" =")[0] not in OPTIONAL
}
# Each name where it stands first, and every eleventh line besides: enough, and short to run.
FIRST = {field: number for number, field in reversed(FIELDS.items())}
REQUIRED = sorted({*((FIRST[field], field) for field in FIRST), *list(FIELDS.items())[::11]})


@pytest.mark.parametrize(("number", "field"), REQUIRED)
def test_a_missing_field_is_refused_by_name_at_the_head_of_its_table(
    number: int, field: str
) -> None:
    heads = [at for at, line in enumerate(LINES, start=1) if line.startswith("[") and at < number]
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue("\n".join(LINES[: number - 1] + LINES[number:]))
    said = [p.line for p in caught.value.problems if p.message == f"{field} is missing"]
    assert said == [heads[-1] if heads else 1]


@pytest.mark.parametrize(("number", "field"), REQUIRED)
def test_a_field_given_twice_is_refused_by_line_and_name(number: int, field: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue("\n".join([*LINES[:number], LINES[number - 1], *LINES[number:]]))
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (number + 1, f"{field} is given twice")


def test_an_unknown_field_is_refused_with_the_likely_name() -> None:
    number = line_of("critical", ACLS)
    broken = "\n".join([*LINES[: number - 1], "critcal = true", *LINES[number:]])
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(broken)
    assert [str(p).split(": ", 2)[2] for p in caught.value.problems] == [
        "critical is missing",
        "critcal is not a known field; did you mean critical?",
    ]
    assert caught.value.problems[1].line == number


def test_an_unknown_table_and_an_unknown_field_inside_a_table_are_refused() -> None:
    with pytest.raises(CatalogueError, match=rf"line {len(LINES)}: .*surprise is not a known"):
        parse_catalogue(TEXT + "[[surprise]]\ncode = 1\n")
    with pytest.raises(CatalogueError, match=rf"line {len(LINES)}: criterion opn-contact: more is"):
        parse_catalogue(TEXT + "[criterion.more]\ncode = 1\n")


def test_a_source_needs_a_link_or_a_citation() -> None:
    number = line_of("link", 'code = "aha-cards"')
    with pytest.raises(CatalogueError, match="reference aha-cards: link or citation is missing"):
        parse_catalogue("\n".join(LINES[: number - 1] + LINES[number:]))


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    broken = TEXT.replace("critical = true", 'critical = "yes"').replace("order = 8", "order = 0")
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(broken)
    assert len(caught.value.problems) == 19
    assert all(a.line <= b.line for a, b in pairwise(caught.value.problems))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "edition is missing"),
        ("edition = ", "line 1: the top of the file: edition is not valid TOML"),
        ('edition = """', "line 1: the top of the file: edition is not valid TOML"),
        ("criterion = 3", r"line 1: criterion: must be written as \[\[criterion\]\] tables"),
        ("criterion = [1]", r"must be written as \[\[criterion\]\] tables"),
        ("criterion = [{}]", "line 1: criterion number 1: code is missing"),
        ("[criterion]\ntitle = 1", r"line 1: criterion: must be written as"),
        ("[reference]\n[[reference]]", "line 2: reference: the table's header cannot be read"),
        ("[[criterion]]\n[[criterion]]\ncode = 4", "line 3: criterion number 2: code must be"),
        ("group = []", r"line 1: group: is missing: no \[\[group\]\] table found"),
        ("a = " + "[" * 5000, "line 1"),
        ("a = " + "9" * 5000, "line 1"),
        ("valid = '''\n[[criterion]]\n'''\nodd = 1", "line 4: .*odd is not a known field"),
        (
            "[[group]]\n[criterion.more.still]\n[other.more]",
            "line 1: group number 1: code is missing",
        ),
        ("x = [\n'[a]', # it's ]\n]\nodd = 1", "line 4: .*odd is not a known field"),
        ('x = "\\"["\nodd = 1', "line 2: .*odd is not a known field"),
        ("\ufeffedition = 1", "line 1: the top of the file"),
    ],
)
def test_odd_files_are_refused_in_words(text: str, expected: str) -> None:
    with pytest.raises(CatalogueError, match=expected):
        parse_catalogue(text)


def check(text: str) -> None:
    """A file either is a sound edition or is refused with lines that exist in it."""
    problems: tuple[Problem, ...] = ()
    bits: list[int] = []
    try:
        bits = [criterion.bit for criterion in parse_catalogue(text).criteria]
    except CatalogueError as error:
        problems = error.problems
    assert bool(problems) != bool(bits)
    assert bits == list(range(len(bits)))
    assert all(1 <= p.line <= text.count("\n") + 1 for p in problems)
    assert all(p.message and p.where and "\n" not in str(p) for p in problems)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(range(len(LINES))))
def test_a_file_with_any_one_line_gone_loads_or_is_refused(at: int) -> None:
    check("\n".join(LINES[:at] + LINES[at + 1 :]))


FRAGMENTS = st.one_of(
    st.sampled_from(['"', "'", '"""', "'''", "[", "]", "[[", "{", "}", "=", "#", "\\", "\x00"]),
    st.sampled_from(["[criterion.a.b]", "[[criterion]]", "1e999", "nan", "0x", "\r", "\u2028"]),
    st.text(max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(range(len(LINES))), st.data())
@example(0, None).via("the file as it is")
def test_a_file_with_any_one_line_changed_loads_or_is_refused(
    at: int, data: st.DataObject | None
) -> None:
    line = LINES[at]
    if data is not None:
        begin = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(begin, min(len(line), begin + 6)))
        line = line[:begin] + data.draw(FRAGMENTS) + line[end:]
    check("\n".join([*LINES[:at], line, *LINES[at + 1 :]]))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_loads_or_is_refused(text: str) -> None:
    check(text)


def test_the_file_is_plain_toml_that_other_tools_read() -> None:
    data = tomllib.loads(TEXT)
    assert len(data["criterion"]) == 29
    assert TEXT.endswith("\n")
    assert not TEXT.startswith("\ufeff")
