"""What every import says at its end, and why a file is refused."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class ImportKind(StrEnum):
    """What a file brings in."""

    NPPES = "nppes"
    NPPES_DEACTIVATED = "nppes_deactivated"
    LEIE = "leie"
    LEIE_SUPPLEMENT = "leie_supplement"
    CLINICS = "clinics"
    LICENSES = "licenses"


class FileRefused(ValueError):
    """A file that is not taken; the message names the line and the column where there is one.

    `line` counts lines of the file from 1, the header included; `column` is the header's word.
    """

    def __init__(self, why: str, *, line: int | None = None, column: str | None = None) -> None:
        """Keep the reason and the place."""
        place = [f"line {line}"] if line is not None else []
        place += [f"column {column}"] if column is not None else []
        super().__init__(f"{', '.join(place)}: {why}" if place else why)
        self.why, self.line, self.column = why, line, column


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What an import did, counted in rows of the file.

    Of the rows `read`, `kept` are those it is about; of these `added` are new and `changed`
    differ from what was there. `removed` rows were there and are gone; `refused` rows could not
    be used.
    """

    file: str
    read: int = 0
    kept: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON says it."""
        return asdict(self)

    def line(self) -> str:
        """Return the summary as one line for people."""
        counts = (f"{name} {value:,}" for name, value in self.as_dict().items() if name in COUNTS)
        return f"{self.file}: {', '.join(counts)} in {self.seconds:.1f} seconds"


COUNTS = ("read", "kept", "added", "changed", "removed", "refused")
