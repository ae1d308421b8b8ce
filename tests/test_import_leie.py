"""`flask import leie`: one summary at the end, 0 when done, 2 when the file is refused."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from directory.extensions import db
from directory.models import Event, ExclusionRow, ImportRun, Practitioner, PractitionerRole
from directory.models.clinic import Post
from tests.factories import NOW, make_clinic
from tests.support import leie_file
from tests.support.leie_file import as_bytes, invented_rows, person

ROWS = [row | {"EXCLDATE": "20260520"} for row in invented_rows(11, 60)]


@pytest.fixture
def full(tmp_path: Path) -> str:
    """A full list of sixty invented rows."""
    return str(leie_file.write(tmp_path / "UPDATED.csv", ROWS))


def run(app: Flask, *words: str, **asked: object) -> Result:
    result = app.test_cli_runner().invoke(args=["import", "leie", *words], **asked)  # type: ignore[arg-type]
    assert result.exit_code in (0, 2), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def stored(app: Flask) -> tuple[int, int]:
    with app.app_context():
        rows = db.session.scalar(select(func.count()).select_from(ExclusionRow))
        runs = db.session.scalar(select(func.count()).select_from(ImportRun))
        db.session.remove()
    return rows or 0, runs or 0


def test_the_last_line_is_the_summary(app: Flask, full: str) -> None:
    result = run(app, full)
    assert result.exit_code == 0
    line = result.stdout.splitlines()[-1]
    assert line.startswith("UPDATED.csv: read 60, kept 60, added 60, changed 0, removed 0, refused")
    assert "taken as of 2026-04-30: 20 days before" in result.stderr
    assert stored(app) == (60, 1)
    again = run(app, full)
    assert "added 0, changed 0, removed 0" in again.stdout
    assert stored(app) == (60, 2)


def test_the_line_before_says_what_the_screening_found(app: Flask, full: str) -> None:
    with app.app_context():
        db.session.add(
            PractitionerRole(
                practitioner=Practitioner(
                    name="Ana Roebuck", profession="Physician", npi="2000000010"
                ),
                clinic=make_clinic(db.session()),
                post=Post.MEDICAL_DIRECTOR,
                started_on=NOW.date(),
            )
        )
        db.session.commit()
        db.session.remove()
    leie_file.write(Path(full), [*ROWS, person("ROEBUCK", "ANA", NPI="2000000010")])
    dry = run(app, full, "--date", "2026-05-30", "--dry-run")
    result = run(app, full, "--date", "2026-05-30")
    assert dry.stdout.splitlines()[0] == result.stdout.splitlines()[0]
    screening, summary = result.stdout.splitlines()
    assert screening.startswith("Screening in the list of 2026-05-30: compared ")
    assert "possible match 1, " in screening
    assert "new possible matches 1" in screening
    assert summary.startswith("UPDATED.csv: read 61")
    assert "new possible matches 0" in run(app, full).stdout


def test_json_is_one_object_alone(app: Flask, full: str) -> None:
    result = run(app, full, "--json", "--date", "2026-06-01")
    said = json.loads(result.stdout)
    assert list(said) == [
        "file", "read", "kept", "added", "changed", "removed", "refused", "seconds",
    ]  # fmt: skip
    assert (said["file"], said["added"]) == ("UPDATED.csv", 60)
    assert "given with --date" in result.stderr
    assert "Screening in the list of 2026-06-01" in result.stderr


def test_a_dry_run_says_the_same_and_changes_nothing(app: Flask, full: str) -> None:
    result = run(app, full, "--dry-run")
    assert "added 60" in result.stdout.splitlines()[-1]
    assert "nothing was changed" in result.stderr
    assert stored(app) == (0, 0)


def test_from_standard_input(app: Flask) -> None:
    result = run(app, "-", input=as_bytes(ROWS))
    assert result.exit_code == 0
    assert stored(app) == (60, 1)


def test_a_supplement(app: Flask, full: str, tmp_path: Path) -> None:
    run(app, full)
    month = leie_file.write(
        tmp_path / "2605EXCL.csv",
        [person("ROE", "ANA", EXCLDATE="20260610"), ROWS[0] | {"REINDATE": "20260601"}],
    )
    result = run(app, str(month), "--supplement")
    assert "read 2, kept 2, added 1, changed 0, removed 1" in result.stdout
    assert stored(app) == (60, 2)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        as_bytes([]),
        as_bytes(ROWS)[:-40],
        as_bytes(ROWS)[:-1],
        as_bytes(ROWS[:50]),
        as_bytes([ROWS[0] | {"REINDATE": "20260601"}]),
        as_bytes(ROWS).replace(b'"LASTNAME","FIRSTNAME"', b'"FIRSTNAME","LASTNAME"'),
    ],
    ids=["empty", "no rows", "cut", "no line end", "shrunken", "reinstated", "swapped"],
)
def test_a_bad_file_gives_one_line_and_changes_nothing(
    app: Flask, full: str, tmp_path: Path, data: bytes
) -> None:
    run(app, full)
    bad = tmp_path / "bad.csv"
    bad.write_bytes(data)
    result = run(app, str(bad))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(str(bad))
    assert stored(app) == (60, 1)


def test_a_forced_import_keeps_its_reason(app: Flask, full: str, tmp_path: Path) -> None:
    run(app, full)
    shrunken = str(leie_file.write(tmp_path / "UPDATED.csv", ROWS[:50]))
    assert run(app, shrunken).exit_code == 2
    assert "--reason" in run(app, shrunken, "--force").stderr
    assert "--force" in run(app, shrunken, "--reason", "why").stderr
    assert stored(app) == (60, 1)
    forced = run(app, shrunken, "--force", "--reason", "rows were withdrawn")
    assert forced.exit_code == 0
    assert stored(app) == (50, 2)
    with app.app_context():
        event = db.session.scalars(
            select(Event).where(Event.act == "import:finished").order_by(Event.id.desc())
        ).first()
        assert event is not None
        assert event.reason == "rows were withdrawn"


def test_a_day_to_come_is_refused(app: Flask, full: str) -> None:
    result = run(app, full, "--date", "2099-01-01")
    assert result.exit_code == 2
    assert "is not yet" in result.stderr


def test_a_day_far_after_the_newest_row_is_remarked(app: Flask, tmp_path: Path) -> None:
    old = leie_file.write(tmp_path / "old.csv", [person("ROE", "ANA", EXCLDATE="20160920")])
    result = run(app, str(old), "--date", "2026-06-01")
    assert result.exit_code == 0
    assert "is it the right file?" in result.stderr
