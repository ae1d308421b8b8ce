"""Measures how hard a text is to read, with the formulas of textstat, each in its own language.

English: the Flesch-Kincaid grade (Kincaid et al. 1975), the school years of the United States.

Spanish: Flesch-Kincaid's weights are for English, whose words are shorter. Used instead are
- the reading ease of Fernández Huerta (1959): 60 to 70 is grades 7 and 8, more is easier;
- the perspicuity of Szigriszt Pazos (1993) on the INFLESZ scale (Barrio-Cantalejo et al. 2008,
  made for texts that patients read): 55 to 65 is "normal", which grown-ups read with ease;
- the years of school of Crawford (1984), made for the first school years.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from textstat.textstat import textstatistics

HARDEST_GRADE = 8.0
EASE_OF_GRADE_8 = 65.0
NORMAL_INFLESZ = 60.0
"""Five more than the scales say: the library counts up to 8 in 100 Spanish syllables too few."""
FEWEST_WORDS = 3
"""textstat takes fewer for no sentence, but would count the words."""

_END = re.compile(r"[.!?…]['\"”’)»]*$")
_INNER_DOT = re.compile(r"(?<=\w)\.(?=\w)")
_PAUSE = re.compile(r"[:;](?=\s|$)")


def _reader(language: str) -> textstatistics:
    reader = textstatistics()
    reader.set_lang(language)
    return reader


ENGLISH = _reader("en_US")
SPANISH = _reader("es")


@dataclass(frozen=True)
class Spanish:
    """How easy a Spanish text is, by three formulas."""

    ease: float
    inflesz: float
    years: float

    @property
    def plain(self) -> bool:
        """Whether somebody reads it with eight years of school, by all three."""
        return (
            self.ease >= EASE_OF_GRADE_8
            and self.inflesz >= NORMAL_INFLESZ
            and self.years <= HARDEST_GRADE
        )


def words(text: str) -> int:
    """Count the words of a text."""
    return int(ENGLISH.lexicon_count(text))


def prose(blocks: Iterable[str]) -> str:
    """Return blocks of text (paragraphs, items, headings) as sentences, which each block ends.

    A colon or semicolon ends one too: what follows it is read as a sentence of its own.
    """
    parts = [part for block in blocks for part in _PAUSE.split(" ".join(block.split()))]
    said = [_INNER_DOT.sub("-", part.strip()) for part in parts if words(part) >= FEWEST_WORDS]
    return "\n".join(part if _END.search(part) else f"{part}." for part in said)


def grade(*blocks: str) -> float:
    """Return the Flesch-Kincaid grade of an English text."""
    return float(ENGLISH.flesch_kincaid_grade(prose(blocks)))


def spanish(*blocks: str) -> Spanish:
    """Return how easy a Spanish text is."""
    text = prose(blocks)
    return Spanish(
        ease=float(SPANISH.fernandez_huerta(text)),
        inflesz=float(SPANISH.szigriszt_pazos(text)),
        years=float(SPANISH.crawford(text)),
    )
