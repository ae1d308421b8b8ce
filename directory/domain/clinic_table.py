"""The spreadsheet of clinics: its columns, and a row turned into typed fields and back.

A row is judged by `read_clinic`, as the staff form is; here is only how a cell is written. What a
cell cannot say is refused under the name of its column.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from directory.domain.clinic_entry import MOST_SERVICES
from directory.domain.csvcells import MARK, dangerous
from directory.domain.entries import EntryRefused, has_hidden
from directory.domain.imports import FileRefused
from directory.domain.services import CONDITIONS, MODALITIES

LONGEST_NAME: Final = 100
MOST_COLUMNS: Final = 200
ADDRESS: Final = "address"
PRECISIONS: Final = (ADDRESS, "zip", "city")
PROBLEM: Final = "problem"
"""The column that says why a row was set aside; it is passed over when the file comes back."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the clinics' spreadsheet, in words for those who fill it in."""

    name: str
    about: str
    example: str = ""
    needed: bool = False


COLUMNS: Final = (
    Column("id", "our number of the clinic; empty for a new one", "12"),
    Column("name", "the name patients know", "Example Infusion Center", needed=True),
    Column(
        "organization", "the legal owner's name; an owner not known here is added", "Example LLC"
    ),
    Column("organization_npi", "the owner's NPI", "2000000028"),
    Column("npi", "the NPI of the clinic", "2000000010"),
    Column("street", "street and number", "100 Example Avenue", needed=True),
    Column("city", "city", "Phoenix", needed=True),
    Column("state", "two letters", "AZ", needed=True),
    Column("postal_code", "ZIP code, five digits", "85004", needed=True),
    Column("pin", "latitude and longitude of the door", "33.448400, -112.074000"),
    Column("precision", "address when the pin is the door's, else zip or city", "address"),
    Column("phone", "US phone number without an extension", "602-555-0100"),
    Column("website", "web address", "https://example.org/"),
    Column("accepting_new_patients", "yes, no, or empty when not known", "yes"),
    Column(
        "hours",
        "days and times, with semicolons between them",
        "Monday-Friday 08:30-17:00; Saturday 09:00-12:00",
    ),
    Column("languages", "language codes with commas", "en, es"),
    Column("access", "getting there and getting in", "Step-free. Park behind the house."),
    Column("insurance", "what is said about insurance", "We give you a bill for your insurer."),
    Column(
        "services",
        f"{', '.join(MODALITIES)}; for {', '.join(CONDITIONS)}; price and minutes may follow; "
        "semicolons between them",
        "iv for depression, $450, 45 min; im for ptsd",
    ),
    Column("listing", "written at export only; an import changes no listing", "draft"),
)
NAMES: Final = tuple(column.name for column in COLUMNS)
NEEDED: Final = tuple(column.name for column in COLUMNS if column.needed)
_SAME: Final = ("name", "npi", "street", "city", "state", "phone", "website", "languages")
_TEXTS: Final = ("access", "insurance")
_ACCEPTING: Final = {"": "", "yes": "1", "y": "1", "true": "1", "no": "0", "n": "0", "false": "0"}
_PIN: Final = re.compile(r"\s*([+-]?[\d.]{1,20})\s*,\s*([+-]?[\d.]{1,20})\s*", re.ASCII)
_SERVICE: Final = re.compile(
    r"(?P<modality>\w+)\s+for\s+(?P<condition>\w+)"
    r"(?:\s*[,:]?\s*\$\s*(?P<price>\d[\d,]*))?(?:\s*[,:]?\s*(?P<minutes>\d+)\s*min(?:utes?)?\.?)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of one file: a name of ours or its own for each place, from the left."""

    names: tuple[str, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The columns that are not ours: kept as they are."""
        return tuple(n for n in self.names if n not in NAMES and n != PROBLEM)

    def known(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the values of our columns in a row, by name."""
        return {n: value_of(c) for n, c in zip(self.names, cells, strict=True) if n in NAMES}

    def others(self, cells: Sequence[str]) -> dict[str, str]:
        """Return the values of the other columns in a row, by name."""
        unknown = set(self.unknown)
        return {n: value_of(c) for n, c in zip(self.names, cells, strict=True) if n in unknown}


def value_of(cell: str) -> str:
    """Return what a cell says: the apostrophe that defuses a formula is taken away once.

    In a file of somebody else's, an apostrophe before anything else belongs to the value.
    """
    rest = cell.removeprefix(MARK)
    marked = rest != cell and rest and (rest.startswith(MARK) or dangerous(rest))
    return rest if marked else cell


def read_header(cells: Sequence[str], *, line: int = 1) -> Header:
    """Return a file's columns; ours are found in any order, case, and with spaces for `_`.

    Raises FileRefused for a name that is there twice, cannot be shown or is too long, and for a
    file in which nothing says which clinic a row is about.
    """
    names: list[str] = []
    for cell in cells:
        name = value_of(cell).strip()
        plain = re.sub(r"[\s_-]+", "_", name.casefold())
        name = plain if plain in (*NAMES, PROBLEM) else name
        if has_hidden(name) or len(name) > LONGEST_NAME:
            why = f"a column's name has at most {LONGEST_NAME} characters, all of them visible"
            raise FileRefused(why, line=line, column=str(len(names) + 1))
        if name in names:
            raise FileRefused("two columns have this name", line=line, column=name)
        names.append(name)
    if len(names) > MOST_COLUMNS:
        raise FileRefused(f"more than {MOST_COLUMNS} columns", line=line)
    missing = [name for name in NEEDED if name not in names]
    if missing and not {"id", "npi"} & set(names):
        raise FileRefused(
            "this column is missing; without the columns id and npi every row is a new clinic",
            line=line,
            column=missing[0],
        )
    return Header(tuple(names))


def meant(name: str) -> str | None:
    """Return the column of ours that a name not known may have meant, for a hint."""
    plain = re.sub(r"[\s_-]+", "_", name.casefold())
    others = {"zip": "postal_code", "zip_code": "postal_code", "url": "website"}
    found = difflib.get_close_matches(plain, (*NAMES, *others), n=1, cutoff=0.75)
    return others.get(found[0], found[0]) if found else None


def cells_of(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a clinic from the typed fields of the staff form.

    `id`, `organization`, `organization_npi`, `precision` and `listing` are taken as they are;
    `pin` too, when there is one.
    """
    cells = {name: typed.get(name, "") for name in NAMES}
    cells["phone"] = re.sub(r"^\+1(\d{3})(\d{3})(\d{4})$", r"\1-\2-\3", cells["phone"])
    cells["accepting_new_patients"] = {"1": "yes", "0": "no"}.get(typed.get("accepting", ""), "")
    cells["hours"] = cells["hours"].replace("\n", "; ")
    cells["services"] = "; ".join(_services_of(typed))
    return cells


def typed_of(cells: Mapping[str, str]) -> tuple[dict[str, str], list[EntryRefused]]:
    """Return the typed fields that `read_clinic` judges, and what no cell can mean.

    The owner is not among them: whose file it is cannot tell our number of an owner.
    """
    problems: list[EntryRefused] = []
    typed = {name: cells.get(name, "") for name in (*_SAME, *_TEXTS)}
    typed["postal_code"] = zip_code(cells.get("postal_code", ""))
    typed["hours"] = re.sub(r"\s*;\s*", "\n", cells.get("hours", ""))
    accepting = _ACCEPTING.get(cells.get("accepting_new_patients", "").strip().casefold())
    if accepting is None:
        problems.append(EntryRefused("yes_no", "accepting_new_patients"))
    typed["accepting"] = accepting or ""
    try:
        typed |= _pin(cells.get("pin", ""), cells.get("precision", ""))
    except EntryRefused as refused:
        problems.append(refused)
    try:
        typed |= _services(cells.get("services", ""))
    except EntryRefused as refused:
        problems.append(refused)
    return typed, problems


def column_of(field: str) -> str:
    """Return the column in which a typed field stands."""
    if field.startswith("service-"):
        return "services"
    moved = {"accepting": "accepting_new_patients", "lat": "pin", "lon": "pin"}
    return moved.get(field, field)


def changed_columns(old: Mapping[str, str], new: Mapping[str, str] | None) -> list[str]:
    """Return which columns that are not ours change; the names alone, for the log to keep.

    None keeps all of them; a column that is not there and an empty one are the same.
    """
    if new is None:
        return []
    return sorted(name for name in {*old, *new} if old.get(name, "") != new.get(name, ""))


def same_cell(one: str, other: str) -> bool:
    """Say whether two cells are alike: line ends, which spreadsheets rewrite, aside."""
    return one.replace("\r\n", "\n") == other.replace("\r\n", "\n")


def zip_code(text: str) -> str:
    """Give back the zeros in front that a spreadsheet took: every ZIP code has five digits."""
    text = text.strip()
    return text.zfill(5) if re.fullmatch(r"\d{3,4}", text, re.ASCII) else text


def garbled(text: str) -> bool:
    """Say whether text looks like UTF-8 that another program read as its own encoding."""
    if text.isascii():
        return False
    try:
        return text.encode("cp1252").decode("utf-8") != text
    except UnicodeError:
        return False


def _pin(text: str, precision: str) -> dict[str, str]:
    """Return the latitude and longitude when they are the door's."""
    precision = precision.strip().casefold()
    if precision and precision not in PRECISIONS:
        raise EntryRefused("precision", "precision")
    if not text.strip():
        if precision == ADDRESS:
            raise EntryRefused("pin_missing", "pin")
        return {}
    found = _PIN.fullmatch(text)
    if not found:
        raise EntryRefused("pin", "pin")
    return {"lat": found[1], "lon": found[2]} if precision in ("", ADDRESS) else {}


def _services(text: str) -> dict[str, str]:
    typed: dict[str, str] = {}
    parts = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    if len(parts) > MOST_SERVICES:
        raise EntryRefused("services_many", "services", most=MOST_SERVICES)
    for number, part in enumerate(parts):
        found = _SERVICE.fullmatch(part)
        if not found:
            raise EntryRefused("services", "services", part=part[:60])
        for kind, known in (("modality", MODALITIES), ("condition", CONDITIONS)):
            word = found[kind].lower()
            if word not in known:
                raise EntryRefused("service_word", "services", word=word, known=", ".join(known))
            typed[f"service-{number}-{kind}"] = word
        typed[f"service-{number}-price_usd"] = (found["price"] or "").replace(",", "")
        typed[f"service-{number}-minutes"] = found["minutes"] or ""
    return typed


def _services_of(typed: Mapping[str, str]) -> Iterator[str]:
    for number in range(MOST_SERVICES):
        at = f"service-{number}-"
        if not typed.get(f"{at}modality"):
            continue
        said = f"{typed[f'{at}modality']} for {typed[f'{at}condition']}"
        if price := typed.get(f"{at}price_usd"):
            said += f", ${price}"
        if minutes := typed.get(f"{at}minutes"):
            said += f", {minutes} min"
        yield said
