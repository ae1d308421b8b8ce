"""The checklist we ship: its counts, its rules and its wording."""

import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest

from directory.domain.criteria import (
    Applies,
    Catalogue,
    Kind,
    Level,
    parse_catalogue,
)
from tests.domain.reading import grade, prose, words

PATH = Path(__file__).parents[2] / "seed_data" / "catalogue-2026.1.toml"
TEXT = PATH.read_text(encoding="utf-8")
SOURCE_LEVEL = {"sup-director", "sup-acls", "sup-exclusion", "sup-facility"}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return parse_catalogue(TEXT)


# --- The edition we ship ---------------------------------------------------------------------


def test_the_edition_has_twenty_nine_criteria_of_which_eighteen_are_critical(
    catalogue: Catalogue,
) -> None:
    assert catalogue.edition == "2026.1"
    assert catalogue.published == date(2026, 11, 22)
    assert len(catalogue.criteria) == 29
    assert len(catalogue.critical_codes) == 18
    assert " ".join(g.code for g in catalogue.groups) == "sup mon scr con med emg aft opn"
    assert {i.code for i in catalogue.article_ideas} == {f"A{n}" for n in range(1, 9)}


def test_exactly_one_critical_criterion_depends_on_the_state(catalogue: Catalogue) -> None:
    conditional = {c.code: c.applies for c in catalogue.criteria if c.conditional}
    assert conditional == {"sup-facility": Applies.STATE_PERMIT, "mon-pump": Applies.IV}
    assert [c for c in catalogue.critical_codes if c in conditional] == ["sup-facility"]


def test_only_license_exclusion_rescue_card_and_permit_must_be_looked_up_at_the_source(
    catalogue: Catalogue,
) -> None:
    source = {c.code for c in catalogue.criteria if c.minimum_level is Level.SOURCE}
    assert source == SOURCE_LEVEL
    rest = [c for c in catalogue.criteria if c.code not in SOURCE_LEVEL]
    assert {c.minimum_level for c in rest} == {Level.DOCUMENT}


def test_only_eight_criteria_can_ever_be_known_at_the_source(catalogue: Catalogue) -> None:
    best = {c.code for c in catalogue.criteria if c.best_level is Level.SOURCE}
    assert best == SOURCE_LEVEL | {"sup-training", "opn-price", "opn-claims", "opn-contact"}


def test_each_criterion_lasts_as_long_as_its_rule_says(catalogue: Catalogue) -> None:
    days = {c.code: c.valid_days for c in catalogue.criteria if c.valid_days != 365}
    assert days == {
        "sup-director": 30,
        "sup-exclusion": 35,
        "sup-acls": 761,  # two years, then to the end of that month
        "aft-followup": 90,
        "opn-price": 90,
        "opn-claims": 90,
        "opn-contact": 90,
    }
    assert {c.code for c in catalogue.criteria if c.until_credential} == {
        "sup-director",
        "sup-acls",
        "sup-training",
        "sup-facility",
        "med-dea",
    }


def test_the_words_on_how_long_a_check_lasts_agree_with_the_number(catalogue: Catalogue) -> None:
    words = {30: "30 days", 35: "35 days", 90: "90 days", 365: "12 months", 761: "two years"}
    for criterion in catalogue.criteria:
        assert words[criterion.valid_days] in criterion.lasts, criterion.code
        if criterion.until_credential:
            assert re.search(r"never past|until the card ends", criterion.lasts, re.I)


def test_bits_follow_positions_and_masks_add_up(catalogue: Catalogue) -> None:
    assert [c.position for c in catalogue.criteria] == list(range(1, 30))
    assert catalogue.bit("sup-director") == 0
    assert catalogue.bits["opn-contact"] == 28
    assert catalogue.mask(["sup-director", "sup-acls", "sup-acls"]) == 0b1001
    assert catalogue.mask(()) == 0
    with pytest.raises(KeyError):
        catalogue.bit("sup-nothing")


def test_criteria_are_found_by_code_and_by_group_in_reading_order(catalogue: Catalogue) -> None:
    assert catalogue.criterion("sup-acls").group == "sup"
    assert catalogue.by_code["med-dea"].position == 18
    grouped = [c for g in catalogue.groups for c in catalogue.in_group(g.code)]
    assert grouped == list(catalogue.criteria)
    assert catalogue.group("emg").order == 6
    assert catalogue.reference("apa-2017").year == 2017
    assert catalogue.article_idea("A4").code == "A4"
    assert catalogue.in_group("zzz") == ()
    for lookup in (catalogue.group, catalogue.reference, catalogue.dated_fact):
        with pytest.raises(KeyError):
            lookup("nothing")


def test_an_edition_cannot_be_changed_once_read(catalogue: Catalogue) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue.criteria[0].critical = False  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalogue.edition = "2027.1"  # type: ignore[misc]


def test_levels_are_ordered_by_strength_and_so_are_their_words() -> None:
    assert Level.SOURCE > Level.DOCUMENT > Level.ATTESTED
    assert sorted(Level) == [Level.ATTESTED, Level.DOCUMENT, Level.SOURCE]
    assert sorted(level.value for level in Level) == ["attested", "document", "source"]


def test_translation_reaches_each_text_and_no_code(catalogue: Catalogue) -> None:
    translated = catalogue.translated(lambda text: f"<{text}>")
    assert [f"<{text}>" for text in catalogue.texts()] == list(translated.texts())
    criterion = translated.criterion("sup-facility")
    assert criterion.plain.startswith("<")
    assert criterion.disagreement is not None
    assert criterion.disagreement.startswith("<")
    assert criterion.group == "sup"
    assert criterion.minimum_level is Level.SOURCE
    assert translated.reference("apa-2017").title == catalogue.reference("apa-2017").title
    assert translated.bits == catalogue.bits


# --- What the texts say ----------------------------------------------------------------------


PATIENT_FIELDS = ("title", "plain", "why", "ask")
MEASURABLE = 12
"""Words below which one long word decides the grade of a text by itself."""


def test_patient_wording_reads_at_grade_eight_or_lower(catalogue: Catalogue) -> None:
    assert grade(*catalogue.texts()) <= 8
    hard = [
        (criterion.code, round(found, 1))
        for criterion in catalogue.criteria
        if (found := grade(*(getattr(criterion, field) for field in PATIENT_FIELDS))) > 8
    ]
    assert hard == []


def test_no_text_alone_reads_above_grade_ten(catalogue: Catalogue) -> None:
    texts = [text for text in catalogue.texts() if words(prose([text])) >= MEASURABLE]
    assert len(texts) > 100
    assert [(round(grade(text), 1), text) for text in texts if grade(text) > 10] == []


def test_no_text_promises_safety_or_shouts(catalogue: Catalogue) -> None:
    never = re.compile(r"\b(un)?safe(ly)?\b|verified clinic|!|please note|\bsorry\b|suffer", re.I)
    assert [text for text in catalogue.texts() if never.search(text)] == []


def test_the_requirement_never_says_that_somebody_has_checked_it(catalogue: Catalogue) -> None:
    checked = re.compile(r"\bwe\b|\bour\b|checked it|looked up|verified", re.I)
    assert [c.code for c in catalogue.criteria if checked.search(c.plain)] == []


def test_no_text_is_marked_as_unconfirmed_background() -> None:
    assert "background" not in TEXT.lower()


def test_each_known_disagreement_between_sources_is_told(catalogue: Catalogue) -> None:
    told = {c.code: c.disagreement for c in catalogue.criteria if c.disagreement}
    assert "anesthesiologist" in told["sup-onsite"]
    assert "40 minutes" in told["mon-vitals"]
    assert "that number is our own" in told["mon-vitals"]
    assert "ECG" in told["mon-vitals"]
    assert "carbon dioxide" in told["mon-vitals"]
    assert "at home" in told["med-source"]
    assert "face to face" in told["scr-history"]


def test_the_telemedicine_rule_is_a_dated_fact_and_nowhere_in_the_prose(
    catalogue: Catalogue,
) -> None:
    fact = catalogue.dated_fact("dea-telemedicine")
    assert fact.until == date(2026, 12, 31)
    users = {c.code for c in catalogue.criteria if "dea-telemedicine" in c.dated_facts}
    assert users == {"scr-history", "med-source"}
    assert not [text for text in catalogue.texts() if re.search(r"31 Dec|December 31", text)]


def test_no_tennessee_law_for_ketamine_clinics_is_claimed(catalogue: Catalogue) -> None:
    about = [text for text in catalogue.texts() if "Tennessee" in text]
    assert len(about) >= 3
    denied = "no Tennessee law made just for ketamine clinics"
    assert [denied in text or "pain clinic" in text for text in about] == [True] * len(about)


def test_the_federal_drug_registration_is_a_paper_check_and_says_why(catalogue: Catalogue) -> None:
    criterion = catalogue.criterion("med-dea")
    assert criterion.best_level is Level.DOCUMENT
    assert "check digit" in criterion.how_checked
    assert "match the address" in criterion.how_checked
    assert "not open to the public" in (criterion.limits or "")
    assert "number stays private" in criterion.evidence
    assert not re.search(r"three years|3 years|36 months", str(criterion))


def test_sources_say_what_was_read_and_can_be_found(catalogue: Catalogue) -> None:
    for reference in catalogue.references:
        assert reference.link or reference.citation, reference.code
        assert len(reference.read) >= 9, reference.code
    weak = {r.code for r in catalogue.references if r.kind is Kind.WEAK}
    assert weak == {
        "canada-standards",
        "clinic-advice",
        "dea-telemedicine-2026",
        "infusion-rate",
    }


def test_a_critical_criterion_never_rests_on_weak_sources_alone(catalogue: Catalogue) -> None:
    for code in catalogue.critical_codes:
        kinds = {catalogue.reference(r).kind for r in catalogue.criterion(code).references}
        assert kinds - {Kind.WEAK}, code


def test_each_idea_of_the_article_is_reflected_somewhere(catalogue: Catalogue) -> None:
    used = {idea for c in catalogue.criteria for idea in c.article_ideas}
    assert used == {i.code for i in catalogue.article_ideas}
