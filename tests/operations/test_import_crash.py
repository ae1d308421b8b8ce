"""Imports that are killed, or find the disk full: the old data or the new, never half."""

from dataclasses import dataclass

import pytest
from sqlalchemy import create_engine, inspect, text

from directory.models import Base
from directory.models.engine import tune
from tests.support import apps, stock
from tests.support.clinics_file import clinic_row, clinics_csv

KILLS = 20
KINDS = ("nppes", "leie", "supplement", "clinics", "licences")


class Stage:
    """A stocked database, anew for each death, the next month's files, and who dies."""

    def __init__(self, instance, databases, imports, mortal):
        self.databases, self.imports, self.mortal = databases, imports, mortal
        self.url = databases.fresh("stocked")
        self.app = apps.make_app(instance, self.url)

    def renew(self):
        self.databases.renew(self.url, "stocked")

    def tables(self):
        try:
            return stock.everything(self.app)
        finally:
            apps.close(self.app)

    def run(self, kind, **order):
        return self.mortal.run(self.url, *self.imports[kind].command(), **order)


@pytest.fixture(scope="module")
def stage(instance, databases, mortal, tmp_path_factory):
    """Where imports die."""
    folder = tmp_path_factory.mktemp("registries")

    def stocked(url):
        apps.preparations(instance)["loaded"](url)
        with apps.running(instance, url) as app:
            stock.stocked(app, folder)

    databases.teach("stocked", stocked)
    stage = Stage(instance, databases, {one.kind: one for one in stock.next_month(folder)}, mortal)
    for kind in stage.imports:
        warmed = stage.run(kind, warm=True)
        assert warmed.code == 0, warmed.stderr
    yield stage
    apps.close(stage.app)
    databases.drop(stage.url)


@dataclass(frozen=True)
class Course:
    """What an import does when nothing stops it: once, and again."""

    before: stock.Tables
    after: stock.Tables
    again: stock.Tables
    landmarks: tuple


@pytest.fixture(scope="module")
def courses(stage):
    """The undisturbed course of each import, worked out once."""
    known = {}

    def course(kind):
        if kind not in known:
            stage.renew()
            before = stage.tables()
            whole = stage.run(kind)
            assert (whole.signal, whole.code) == (0, 0), whole.stderr
            after = stage.tables()
            assert stage.run(kind).code == 0
            known[kind] = Course(before, after, stage.tables(), whole.landmarks)
        return known[kind]

    return course


def settle(url):
    """Set numbers that a rolled back transaction used up back, so that results can be compared.

    SQLite does it by itself, and proves here that the file is sound.
    """
    engine = create_engine(url)
    tune(engine)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        else:
            for table in Base.metadata.sorted_tables:
                for column in inspect(connection).get_columns(table.name):
                    if column.get("identity") or "nextval" in str(column.get("default")):
                        _set_back(connection, table.name, column["name"])
    engine.dispose()


def _set_back(connection, table, column):
    found = text(f"SELECT pg_get_serial_sequence('{table}', '{column}')")
    sequence = connection.scalar(found)
    highest = f'(SELECT max("{column}") FROM "{table}")'
    connection.execute(
        text(f"SELECT setval('{sequence}', coalesce({highest}, 1), {highest} IS NOT NULL)")
    )


def points(landmarks, count=KILLS):
    """Return the numbers of landmarks spread over an import's life, the edges among them.

    From the first reading to just after the last commit, half of them while it writes.
    """
    first = landmarks.index("read") + 1
    last = len(landmarks) - landmarks[::-1].index("committed")
    commit = last - 1 - landmarks[:last][::-1].index("commit")
    edges = {first, commit, commit + 1, last}
    read = max(n for n, landmark in enumerate(landmarks, 1) if landmark == "read")
    reading = [first + (read - first) * n // 6 for n in range(1, 7)]
    chosen = sorted(edges | set(reading))
    inner = [n for n in range(read + 1, last) if n not in chosen]
    wanted = count - len(chosen)
    chosen += [inner[len(inner) * n // wanted] for n in range(wanted)]
    return sorted(set(chosen))


def halves(stage, course, kind, number, **order):
    """Kill an import at a landmark, run it again; return what is wrong, and what was left."""
    stage.renew()
    end = stage.run(kind, kill=number, **order)
    wrong = [] if end.signal == 9 else [f"it ended by itself: {end}"]
    settle(stage.url)
    left = stage.tables()
    new = left == course.after
    if not new and left != course.before:
        wrong.append(f"half: {stock.different(left, course.before)}")
    again = stage.run(kind)
    if again.code != 0:
        wrong.append(f"it does not run again: {again.stderr}")
    wanted = course.again if new else course.after
    if (found := stage.tables()) != wanted:
        wrong.append(f"another result: {stock.different(found, wanted)}")
    return wrong, "new" if new else "old"


@pytest.mark.parametrize("kind", KINDS)
def test_killed_anywhere_an_import_leaves_the_old_or_the_new(stage, courses, kind):
    course = courses(kind)
    changed = stock.different(course.before, course.after)
    assert {"import_run", "event"} < set(changed), "this import must change something"
    chosen = points(course.landmarks)
    assert len(chosen) == KILLS
    assert {course.landmarks[n - 1] for n in chosen} >= {"read", "statement", "commit", "committed"}
    left = []
    for number in chosen:
        wrong, state = halves(stage, course, kind, number)
        assert wrong == [], f"{kind} at {number}: {course.landmarks[number - 1]}"
        left.append(state)
    # What is new stays new: no point after the commit may find the old data again.
    assert left == sorted(left, reverse=True)
    assert {*left} == {"old", "new"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_control_that_commits_in_the_middle_is_caught(stage, courses, kind):
    course = courses(kind)
    statements = course.landmarks.count("statement")
    assert statements > 10
    last = len(course.landmarks) - course.landmarks[::-1].index("commit")
    wrong, _state = halves(stage, course, kind, last, halves=2)
    assert any(words.startswith("half: ") for words in wrong)


def full_disks(stage, kind):
    """Yield what each way to run out of room makes of an import."""
    orders = [{"full_at": number} for number in (1, 2, 5)]
    if stage.url.startswith("sqlite"):
        stage.renew()
        pages = _pages(stage.url)
        orders = [{"pages": pages}, {"pages": pages + 2}]
        orders += [{"file_bytes": size} for size in (4096, 40_000, 120_000)]
    for order in orders:
        stage.renew()
        yield order, stage.run(kind, **order)


def _pages(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        count = connection.scalar(text("PRAGMA page_count"))
    engine.dispose()
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_said_in_one_line_and_changes_nothing(stage, courses, kind):
    course = courses(kind)
    refused = 0
    for order, end in full_disks(stage, kind):
        settle(stage.url)
        left = stage.tables()
        if end.code == 0:
            assert left == course.after, order
            continue
        refused += 1
        assert (end.signal, end.code, end.stdout) == (0, 1, ""), (order, end)
        last = end.stderr.splitlines()[-1]
        assert last.startswith("The import did not finish: the database says “"), order
        assert any(words in last for words in ("full", "No space left", "disk I/O")), last
        assert "Traceback" not in end.stderr
        assert stock.different(left, course.before) == [], order
        assert stage.run(kind).code == 0
        assert stock.different(stage.tables(), course.after) == [], order
    assert refused >= 3


def test_without_room_for_the_bad_rows_the_good_ones_are_not_kept(stage, tmp_path):
    words, bad = _with_a_bad_row(tmp_path)
    stage.renew()
    before = stage.tables()
    end = stage.mortal.run(stage.url, *words, file_bytes=1_000)
    assert end.code == (1 if stage.url.startswith("sqlite") else 2), end
    assert end.stdout == ""
    assert stock.different(stage.tables(), before) == []
    assert [path.name for path in tmp_path.iterdir()] == ["mixed.csv"]
    assert stage.mortal.run(stage.url, *words).code == 0
    assert stock.different(stage.tables(), before)
    assert bad.stat().st_size > 1_000


def test_killed_beside_the_file_of_bad_rows_the_same_command_finishes(stage, tmp_path):
    words, bad = _with_a_bad_row(tmp_path)
    stage.renew()
    before = stage.tables()
    landmarks = stage.mortal.run(stage.url, *words).landmarks
    after, rows = stage.tables(), bad.read_bytes()
    bad.unlink()
    stage.renew()
    last = len(landmarks) - landmarks[::-1].index("commit")
    assert stage.mortal.run(stage.url, *words, kill=last).signal == 9
    settle(stage.url)
    assert stock.different(stage.tables(), before) == []
    assert bad.read_bytes() == rows, "it was there before the commit"
    assert stage.mortal.run(stage.url, *words).code == 0
    assert stock.different(stage.tables(), after) == []
    bad.write_bytes(b"another")
    assert stage.mortal.run(stage.url, *words).code == 2
    assert bad.read_bytes() == b"another"


def _with_a_bad_row(folder):
    """Return a command that takes the good row and sets the other aside, and where to."""
    rows = [clinic_row(300), clinic_row(301, phone="none", access="x" * 1_500)]
    mixed, bad = folder / "mixed.csv", folder / "bad.csv"
    mixed.write_text(clinics_csv(rows), newline="")
    return ("import", "clinics", str(mixed), "--good-rows", "--bad", str(bad)), bad
