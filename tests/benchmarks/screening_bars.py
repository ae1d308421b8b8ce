"""Comparing practitioners with an exclusion list: nothing missed, and far quicker than brute force.

Exact matches are planted, and matches one typing mistake away in the last and in the first name.
Every practitioner is looked up, and a sample is compared by brute force with rapidfuzz: every
sampled name against every row. All names are invented.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.domain.exclusions import Index, Kind, ListedRow, Subject
from directory.domain.listed import first_forms, last_forms
from tests.benchmarks.bench import Bench
from tests.benchmarks.report import Bar
from tests.support import leie_file
from tests.support.leie_file import Names, Row

PLANTED = 1_000  # of each sort
SAMPLE = 400  # practitioners compared by brute force
FACTOR = 20
PRACTITIONERS, ROWS = 100_000, 80_000


@dataclass(frozen=True)
class Work:
    """What is measured: the list, the practitioners, and which row each planted one must find."""

    rows: list[ListedRow]
    subjects: list[Subject]
    exact: dict[int, str]
    typos: dict[int, str]


def prepare(seed: int, practitioners: int, rows: int, planted: int = PLANTED) -> Work:
    """Invent a list and practitioners, and plant list rows among the practitioners."""
    random = Random(seed)
    names = Names.seeded(seed)
    listed = [listed_row(number, row) for number, row in enumerate(
        leie_file.invented_rows(seed, rows, names)
    )]  # fmt: skip
    written = [f"{first.title()} {last.title()}" for last, first in
               names.people(random, practitioners)]  # fmt: skip
    people = [row for row in listed if row.kind is Kind.PERSON]
    places = random.sample(range(practitioners), 2 * planted)
    exact, typos = {}, {}
    for place in places[:planted]:
        row = random.choice(people)
        written[place] = f"{row.first.title()} {row.last.title()}"
        exact[place] = row.digest
    for place in places[planted:]:
        row = random.choice([some for some in random.choices(people, k=8) if len(some.first) > 2])
        last, first = leie_file.typo(random, row.last), leie_file.typo(random, row.first)
        written[place] = f"{first.title()} {last.title()}"
        typos[place] = row.digest
    titles = ("", ", MD", " RN", ", CRNA", ", DO")
    subjects = [
        Subject(
            kind=Kind.PERSON,
            names=(name + random.choice(titles),),
            npi=leie_file.npi(50_000_000 + number),
            states=frozenset([random.choice(leie_file.STATES)]),
        )
        for number, name in enumerate(written)
    ]
    return Work(listed, subjects, exact, typos)


def listed_row(number: int, row: Row) -> ListedRow:
    """Return what comparing needs of a row of the file."""
    return ListedRow(
        digest=f"{number:064d}",
        last=row["LASTNAME"],
        first=row["FIRSTNAME"],
        business=row["BUSNAME"],
        npi=row["NPI"] if row["NPI"].strip("0") else None,
        city=row["CITY"],
        state=row["STATE"],
        zip_code=row["ZIP"],
    )


def screened(work: Work) -> tuple[float, float, list[set[str]], int]:
    """Return the seconds for the index and for all look-ups, who was found, and how many hits."""
    began = time.perf_counter()
    index = Index(work.rows)
    built = time.perf_counter()
    found = [index.hits(subject) for subject in work.subjects]
    done = time.perf_counter()
    digests = [{hit.row_digest for hit in hits} for hits in found]
    return built - began, done - built, digests, sum(map(len, found))


def brute_force(work: Work, places: Sequence[int]) -> tuple[float, list[set[str]]]:
    """Return the seconds, and the rows at most one mistake away in both names, for a sample.

    One processor, as the look-ups: both names as one text, at most two mistakes, and the few
    that remain compared name by name.
    """
    texts, rows = [], []
    for row in work.rows:
        lasts, firsts = last_forms(row)[0], first_forms(row)
        for last in lasts:
            for first in firsts:
                texts.append(f"{last} {first}")
                rows.append(row)
    queries = []
    for place in places:
        first, last = work.subjects[place].names[0].split(",")[0].lower().split()[:2]
        queries.append(f"{last} {first}")
    began = time.perf_counter()
    found: list[set[str]] = []
    for start in range(0, len(queries), 100):
        some = queries[start : start + 100]
        far = process.cdist(
            some, texts, scorer=OSA.distance, score_cutoff=2, workers=1, dtype=np.uint8
        )
        for query, line in zip(some, far, strict=True):
            near = [int(place) for place in np.flatnonzero(line <= 2)]
            found.append({rows[place].digest for place in near if _near(query, texts[place])})
    return time.perf_counter() - began, found


def _near(one: str, other: str) -> bool:
    pairs = zip(one.split(" ", 1), other.split(" ", 1), strict=True)
    return all(OSA.distance(mine, theirs, score_cutoff=1) <= 1 for mine, theirs in pairs)


def bars_of(bench: Bench, practitioners: int, rows: int) -> list[Bar]:
    """Return the bars for so many practitioners and rows of the list."""
    planted = min(PLANTED, practitioners // 4)
    work = prepare(bench.seed, practitioners, rows, planted)
    building, looking, found, hits = screened(work)
    places = Random(bench.seed).sample(range(practitioners), min(SAMPLE, practitioners))
    brute_seconds, brute_found = brute_force(work, places)
    exact = sum(digest in found[place] for place, digest in work.exact.items())
    typos = sum(digest in found[place] for place, digest in work.typos.items())
    recalled = sum(
        len(rows & found[place]) for place, rows in zip(places, brute_found, strict=True)
    )
    brute_hits = sum(map(len, brute_found))
    ours = practitioners / (building + looking)
    brute = len(places) / brute_seconds
    bench.say(f"practitioners {practitioners:,}, rows {rows:,}, hits {hits:,}")
    bench.say(f"index {building:.2f} s, look-ups {practitioners / looking:,.0f}/s")
    bench.say(f"brute force (a sample of {len(places)}) {brute:,.0f}/s")
    return [
        Bar("screening: planted matches missed", planted - exact, 0, contract=True),
        Bar("screening: one-mistake matches missed", planted - typos, 0, contract=True),
        Bar("screening: brute force's matches missed", brute_hits - recalled, 0, contract=True),
        Bar("screening: brute force's matches", brute_hits, 1, at_least=True, contract=True),
        Bar("screening / brute force, with the index", ours / brute, FACTOR, "x",
            at_least=True, contract=True),
    ]  # fmt: skip


def measure(bench: Bench) -> list[Bar]:
    """Return the bars."""
    return bars_of(bench, PRACTITIONERS, ROWS)
