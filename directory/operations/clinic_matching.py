"""Which clinic and which owner a row of a spreadsheet is about."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from directory.domain.clinic_entry import EntriesRefused, PersonFacts, read_person
from directory.domain.clinic_table import zip_code
from directory.domain.entries import EntryRefused, comparable
from directory.models import Clinic, Merge, Organization

PER_BATCH = 500
PLACE: Final = ("name", "street", "city", "state", "postal_code")


class KnownClinics:
    """Finds the clinic that a row is about."""

    def __init__(self, session: Session, rows: Sequence[Mapping[str, str]]) -> None:
        self.session = session
        self._held: list[Clinic] = []
        self._by_address: dict[tuple[str, ...], list[int]] | None = None
        numbers = sorted({n for row in rows if (n := _number(row.get("id", "")))})
        npis = sorted({row["npi"].strip() for row in rows if row.get("npi", "").strip()})
        # Read at once and held: what is asked for row by row is then there already.
        for start in range(0, len(numbers), PER_BATCH):
            self._hold(Clinic.id.in_(numbers[start : start + PER_BATCH]))
        for start in range(0, len(npis), PER_BATCH):
            self._hold(Clinic.npi.in_(npis[start : start + PER_BATCH]))
        self._by_npi = {clinic.npi: clinic for clinic in self._held if clinic.npi}
        merged = select(Merge.merged_id, Merge.home_id).where(Merge.undone_at.is_(None))
        self._homes = {row.merged_id: row.home_id for row in session.execute(merged)}

    def find(self, known: Mapping[str, str]) -> tuple[Clinic | None, bool]:
        """Return the clinic of a row, and whether only its name and address say so.

        Raises EntryRefused for a number that is not here and for a listing that was merged.
        """
        said, npi = known.get("id", "").strip(), known.get("npi", "").strip()
        number, by_address = None, False
        if said:
            number = _number(said) or 0
        elif npi and (held := self._by_npi.get(npi)) is not None and held.npi == npi:
            number = held.id
        if number is None:
            number = self._at_address(known, npi)
            by_address = number is not None
        if number is None:
            return None, False
        clinic = self.session.get(Clinic, number)
        if clinic is None:
            raise EntryRefused("number_unknown", "id")
        if number in self._homes:
            raise EntryRefused("row_merged", "id", number=number, home=self._homes[number])
        return clinic, by_address

    def add(self, clinic: Clinic) -> None:
        """Know a clinic that was just written."""
        self._held.append(clinic)
        if clinic.npi:
            self._by_npi[clinic.npi] = clinic
        if self._by_address is not None:
            self._by_address.setdefault(_address(_placed(clinic)), []).append(clinic.id)

    def _at_address(self, known: Mapping[str, str], npi: str) -> int | None:
        if not known.get("name") or not known.get("street"):
            return None
        if self._by_address is None:
            self._by_address = {}
            columns = (getattr(Clinic, part) for part in PLACE)
            for found in self.session.execute(select(Clinic.id, *columns)).mappings():
                self._by_address.setdefault(_address(found), []).append(found["id"])
        place = {part: known.get(part, "") for part in PLACE}
        wanted = _address(place | {"postal_code": zip_code(place["postal_code"])[:5]})
        numbers = sorted({n for n in self._by_address.get(wanted, ()) if n not in self._homes})
        here = [c for n in numbers if (c := self.session.get(Clinic, n)) is not None]
        # Whoever has another NPI, or lives elsewhere since an earlier row, is another clinic.
        here = [c for c in here if _address(_placed(c)) == wanted and not (npi and c.npi)]
        if len(here) > 1:
            raise EntryRefused("several", "id", numbers=", ".join(str(c.id) for c in here))
        return here[0].id if here else None

    def _hold(self, condition: Any) -> None:
        self._held += self.session.scalars(
            select(Clinic)
            .where(condition)
            .options(selectinload(Clinic.services), joinedload(Clinic.organization))
        )


class KnownOwners:
    """Finds the owner that a row names, or reads a new one."""

    def __init__(self, session: Session) -> None:
        self._by_npi: dict[str, Organization] = {}
        self._by_name: dict[str, list[Organization]] = {}
        for owner in session.scalars(select(Organization)):
            self.add(owner)

    def add(self, owner: Organization) -> None:
        """Know an owner."""
        if owner.npi:
            self._by_npi[owner.npi] = owner
        self._by_name.setdefault(comparable(owner.name), []).append(owner)

    def find(self, name: str, npi: str) -> Organization | PersonFacts | None:
        """Return the owner, the facts of one who is not here yet, or None for no owner.

        Raises EntryRefused when name and NPI are of two owners or the name is of several.
        """
        name, npi = name.strip(), npi.strip()
        if not name and not npi:
            return None
        known = self._by_npi.get(npi) if npi else None
        if known is not None:
            if name and comparable(name) != comparable(known.name):
                raise EntryRefused("owner_differs", "organization", name=known.name)
            return known
        if not name:
            raise EntryRefused("owner_name", "organization")
        found = self._by_name.get(comparable(name), [])
        if npi:
            found = [owner for owner in found if not owner.npi]
            if found:
                raise EntryRefused("owner_npi", "organization_npi", number=found[0].id)
        if len(found) > 1:
            raise EntryRefused("owners_several", "organization")
        if found:
            return found[0]
        try:
            return read_person({"name": name, "npi": npi}, profession=False)
        except EntriesRefused as refused:
            columns = {"name": "organization", "npi": "organization_npi"}
            raise EntriesRefused(
                [EntryRefused(p.code, columns[p.field], **p.details) for p in refused.problems]
            ) from None


def _placed(clinic: Clinic) -> dict[str, str]:
    return {part: getattr(clinic, part) for part in PLACE}


def _address(facts: Mapping[Any, Any]) -> tuple[str, ...]:
    return tuple(comparable(facts[part]) for part in PLACE)


def _number(text: str) -> int | None:
    text = text.strip().removeprefix("#")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
