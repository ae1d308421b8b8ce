"""Where the project's templates and data are, installed or in a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def find(name: str) -> Path:
    """Return the absolute folder `name`, inside the package (a wheel) or beside it (a checkout).

    Raises FileNotFoundError when it is in neither place, which means a broken installation.
    """
    for candidate in (PACKAGE / name, PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name!r} is missing from this installation")


TEMPLATES = find("templates")
SEED_DATA = find("seed_data")
MIGRATIONS = PACKAGE / "migrations"
