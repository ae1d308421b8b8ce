"""Names come into one form however they are typed, or say why they cannot be compared."""

import pytest

from directory.domain.names import (
    BusinessName,
    PersonName,
    Unusable,
    business_name,
    person_name,
    pieces,
)


@pytest.mark.parametrize(
    "typed",
    [
        "Ana Roe",
        "ana  roe",
        "ANA ROE",
        "Dr. Ana Roe, MD",
        "Roe, Ana",
        "ROE, ANA, M.D., Ph.D.",
        "Ana Roe Jr.",
        "Ana Roe III",
        "Ana Roe, FNP-BC, CRNA",
        "Ana Roe PMHNP-BC",
        "Ana Roe PA-C",
        "Ana Roe, DO",
        "Ana Roe D.O.",
        "Anä Roé",
        "Ana\u00a0Roe",
        "An\u200ba Roe",
        "Prof. Dr. Ana Roe",
    ],
)
def test_the_same_person_however_typed(typed: str) -> None:
    name = person_name(typed)
    assert isinstance(name, PersonName)
    assert name.firsts[0] == "ana"
    assert "roe" in name.lasts


@pytest.mark.parametrize(
    ("typed", "first", "lasts", "parts"),
    [
        ("Ana Lopez-Garcia", "ana", {"lopezgarcia"}, {"lopez", "garcia"}),
        ("Ana Lopez - Garcia", "ana", {"garcia", "lopezgarcia"}, set()),
        ("Ana Lopez Garcia", "ana", {"garcia", "lopezgarcia"}, {"lopez"}),
        ("Ana de la Cruz", "ana", {"cruz", "lacruz", "delacruz"}, set()),
        ("Mary Ann O'Brien", "maryann", {"obrien", "annobrien"}, set()),
        ("Mary-Ann Roe", "mary", {"roe"}, set()),
        ("J. Robert Roe", "robert", {"roe"}, set()),
        ("Linh Do", "linh", {"do"}, set()),
        ("Linh Thi Do", "linh", {"thi", "do"}, set()),
        ("Linh Do, DO", "linh", {"do"}, set()),
        ("Yan Ma", "yan", {"ma"}, set()),
        ("Jane Nee", "jane", {"nee"}, set()),
        ("Ana Garcia née Lopez", "ana", {"garcia"}, {"lopez"}),
        ("Ana (Lopez) Garcia", "ana", {"garcia"}, {"lopez"}),
        ("Søren Ældri", "soren", {"aeldri"}, set()),
        ("Jürgen Weiß", "jurgen", {"weiss"}, set()),
    ],
)
def test_readings(typed: str, first: str, lasts: set[str], parts: set[str]) -> None:
    name = person_name(typed)
    assert isinstance(name, PersonName)
    assert first in name.firsts
    assert lasts <= set(name.lasts)
    assert parts <= set(name.parts) | set(name.lasts)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", Unusable.EMPTY),
        ("  , . ", Unusable.EMPTY),
        ("123 456", Unusable.EMPTY),
        ("Roe", Unusable.ONE_WORD),
        ("Dr. Roe, MD", Unusable.ONE_WORD),
        ("Roe, MD", Unusable.ONE_WORD),
        ("A. Roe", Unusable.INITIALS),
        ("Ana R.", Unusable.INITIALS),
        ("J.R. Roe", Unusable.INITIALS),
        ("Анна Петрова", Unusable.OTHER_LETTERS),
        ("Аna Roe", Unusable.OTHER_LETTERS),  # its first letter is Cyrillic
        ("王 小明", Unusable.OTHER_LETTERS),
    ],
)
def test_what_cannot_be_compared_says_why(typed: str, why: Unusable) -> None:
    assert person_name(typed) is why


@pytest.mark.parametrize(
    "typed",
    [
        "Example Health Services, LLC",
        "EXAMPLE HEALTH SERVICES",
        "The Example Health Services P.L.L.C.",
        "Example Health-Services Inc.",
        "Éxample Health Services Co., Ltd.",
    ],
)
def test_the_same_business_however_typed(typed: str) -> None:
    name = business_name(typed)
    assert isinstance(name, BusinessName)
    assert name.core == "examplehealthservices"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", Unusable.EMPTY),
        ("A", Unusable.TOO_SHORT),
        ("24 7", Unusable.TOO_SHORT),
        ("Клиника", Unusable.OTHER_LETTERS),
    ],
)
def test_a_business_that_cannot_be_compared(typed: str, why: Unusable) -> None:
    assert business_name(typed) is why


def test_a_business_named_by_its_ending_keeps_it() -> None:
    assert business_name("Company Inc") == BusinessName("company", "companyinc")
    assert business_name("Roe & Doe PC") == BusinessName("roeanddoe", "roeanddoepc")


def test_fields_of_the_list() -> None:
    assert pieces("O'BRIEN-ROE JR") == ("obrien", "roe")
    assert pieces("   ") == ()
    assert pieces("JR") == ("jr",)


def test_any_text_has_an_answer() -> None:
    for text in ("'", "-", "- -", "(())", '""', ".", "née née née", "a" * 5_000, "\ud800 x", ", ,"):
        person_name(text)
        business_name(text)
