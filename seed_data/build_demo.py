"""Write demo_clinics.toml: invented clinics in real cities, each with a story to show.

Everything is invented but the cities. `zipcodes` is only asked where a ZIP code lies, in which
time zone and under which area codes. The same table gives the same file; change a clinic or a
story here or in build_demo_parts.toml and run: python seed_data/build_demo.py
"""

import json
import math
import tomllib
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any

import zipcodes

HERE = Path(__file__).resolve().parent
TARGET = HERE / "demo_clinics.toml"
MILES_PER_DEGREE = 69.0

SERVICES = {
    "A": ("iv", ["depression", "bipolar", "anxiety", "ptsd"], 60),
    "B": ("im", ["depression", "anxiety"], 50),
    "C": ("esketamine", ["depression"], 120),
    "D": ("iv", ["pain", "depression"], 90),
    "E": ("esketamine", ["depression"], 120),
    "F": ("im", ["depression", "ptsd"], 50),
    "G": ("iv", ["depression", "ocd", "ptsd"], 60),
    "H": ("oral", ["depression", "anxiety"], 90),
}
STREETS = [
    "Example Avenue", "Sample Street", "Invented Way", "Demonstration Road", "Placeholder Lane",
    "Pretend Boulevard", "Specimen Court", "Makebelieve Drive",
]  # fmt: skip
LANGUAGES = [
    ["en"], ["en", "es"], ["en"], ["en", "vi", "zh"], ["en", "ase"], ["en", "es", "pt"],
    ["en", "ko"], ["en"], ["en", "ar"], ["en", "tl", "es"], ["en", "so"],
]  # fmt: skip
LOCAL_LANGUAGES = {
    "PR": ["es", "en"], "GU": ["en", "ch", "tl"], "87301": ["en", "nv"],
    "87102": ["en", "es", "nv"], "96813": ["en", "haw", "ja"], "33130": ["es", "en", "ht"],
    "77004": ["en", "vi", "es"],
}  # fmt: skip
ACCESS = [
    "Step-free entrance, and an elevator to the treatment rooms.",
    "Ground floor, with parking next to the door.",
    None,
    "On a bus line; there is no parking lot.",
    "Second floor by stairs only.",
    None,
    "Step-free entrance and one wide treatment room.",
]
INSURANCE = [
    "Cash and cards only; you get a receipt to send to your plan.",
    None,
    "Bills some plans for esketamine; does not bill plans for IV ketamine.",
    "Takes health savings (HSA) cards; does not bill plans.",
    None,
]
HOURS = ["weekdays", "early", "long", None, "four-days", "with-saturday"]
# Where a ZIP code has several area codes, the one that people there know longest.
KNOWN_AREA_CODES = {
    "718", "901", "847", "630", "614", "405", "918", "713", "214", "813", "954", "801", "510",
    "916", "615", "703", "513", "407", "314", "317", "310",
}  # fmt: skip
BY_PLACE = {"PR": "Spanish", "GU": "Chamorro", "HI": "Hawaiian", "NM": "Southwest"}
LOCAL_NAMES = {"Chamorro", "Hawaiian", "Southwest"}


def luhn_npi(body: int) -> str:
    """Return `body` (nine digits, the first a 2) with the check digit of prefix 80840."""
    digits = [int(d) for d in reversed(f"80840{body}")]
    doubled = [d * 2 if place % 2 == 0 else d for place, d in enumerate(digits)]
    total = sum(d - 9 if d > 9 else d for d in doubled)
    return f"{body}{-total % 10}"


def slug(name: str) -> str:
    """Return a name as the code that the file and the invented website use."""
    plain = name.lower().replace("í", "i").replace("ó", "o")
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    dull = {"ketamine", "infusion", "clinic", "center", "care", "and", "mood", "rooms", "studio"}
    return "-".join(word for word in words if word not in dull | {"clinica", "de"})


def toml(value: Any) -> str:
    """Return a value as TOML; its basic strings are written as JSON's are."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


class Builder:
    """Turns the table into tables of the file; counters keep numbers apart."""

    def __init__(self, parts: dict[str, Any]) -> None:
        self.stories = parts["story"]
        self.names = {
            culture: iter(full_names(firsts, lasts))
            for culture, (firsts, lasts) in parts["names"].items()
        }
        self.cultures = cycle(sorted(set(parts["names"]) - LOCAL_NAMES))
        self.numbers = {story: cycle(spec.get("n", [0])) for story, spec in self.stories.items()}
        self.phones: Counter[str] = Counter()
        self.people = 0
        self.directors: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}

    def person(self, post: str, profession: str, state: str, index: int) -> dict[str, Any]:
        """Return a new invented person with a post."""
        culture = BY_PLACE.get(state) or next(self.cultures)
        self.people += 1
        return {
            "post": post,
            "name": next(self.names[culture]),
            "profession": profession,
            "npi": luhn_npi(200002000 + self.people),
            "since_days_ago": 400 + index * 53 % 1500,
        }

    def staff(self, story: dict[str, Any], state: str, owner: str, index: int) -> list[Any]:
        """Return the people of a clinic; clinics of one owner share their medical director."""
        posts = story.get("people", 3)
        people = []
        if posts >= 1:
            lead = ["MD", "DO", "MD", "NP", "MD", "CRNA", "MD"][index % 7]
            director = self.directors.get(owner)
            if director is None:
                director = self.person("medical_director", lead, state, index)
            if owner:
                self.directors[owner] = director
            people.append(director)
        if posts >= 3:
            people.append(
                self.person("prescriber", ["NP", "PA", "MD", "DO"][index % 4], state, index + 5)
            )
            watcher = ["RN", "RN", "Paramedic", "RN", "CRNA"][index % 5]
            people.append(self.person("monitoring_clinician", watcher, state, index + 9))
        return people

    def phone(self, place: dict[str, Any]) -> str:
        """Return the next number of the area's 555-01xx range, kept for invented people."""
        codes = place["area_codes"]
        if place["city"] == "New York":
            codes = [code for code in codes if code == "212"]
        area = next((code for code in codes if code in KNOWN_AREA_CODES), codes[0])
        self.phones[area] += 1
        return f"+1{area}55501{self.phones[area] + 9:02d}"

    def clinic(self, index: int, row: str) -> list[str]:
        """Return the lines of one clinic."""
        name, postal_code, told, offers, *rest = (cell.strip() for cell in row.split("|"))
        owner = rest[0] if rest else ""
        place = zipcodes.matching(postal_code)[0]  # type: ignore[no-untyped-call]
        story = self.stories[told]
        number = next(self.numbers[told])
        precision = {9: "zip", 17: "city"}.get(index % 20, "address")
        lat, lon = point(place, precision, index)
        code = slug(name)
        fields: dict[str, Any] = {
            "code": code,
            "story": story["says"],
            "standing": story.get("standing"),
            "name": name,
            "organization": self.owner(owner, name, index),
            "npi": luhn_npi(200000100 + index) if index % 8 else None,
            "street": f"{100 + index * 47 % 890} {STREETS[index % len(STREETS)]}",
            "city": place["city"],
            "state": place["state"],
            "postal_code": postal_code,
            "lat": lat,
            "lon": lon,
            "precision": precision,
            "timezone": place["timezone"],
            "phone": self.phone(place),
            "website": f"https://{code}.example.org" if index % 9 else None,
            "accepting": [True, True, None, True, False, True][index % 6],
            "hours": HOURS[index % len(HOURS)],
            "languages": LOCAL_LANGUAGES.get(postal_code)
            or LOCAL_LANGUAGES.get(place["state"])
            or LANGUAGES[index % len(LANGUAGES)],
            "access": ACCESS[index % len(ACCESS)],
            "insurance": INSURANCE[index % len(INSURANCE)],
            "listing": story.get("listing", "listed"),
            "listing_reason": story.get("reason"),
            "listed_days_ago": None if story.get("listing") == "draft" else 300 + index * 41 % 400,
            "checks": story.get("checks"),
            "papers_days_ago": 30 + index * 61 % 250,
            "lookups_days_ago": story.get("lookups", 2 + index * 7 % 24),
            "calls_days_ago": story.get("calls", 6 + index * 13 % 70),
        }
        if not story.get("checks"):
            for clock in ("papers_days_ago", "lookups_days_ago", "calls_days_ago"):
                del fields[clock]
        elif story["checks"] == "complete" and "lookups" not in story:
            # Lookups hold for 30 days: fresh ones keep the demonstration whole for three weeks.
            fields["lookups_days_ago"] = 2 + index * 7 % 6
        lines = ["[[clinic]]"] + [f"{k} = {toml(v)}" for k, v in fields.items() if v is not None]
        lines += block("people", self.staff(story, place["state"], owner, index))
        priced = story.get("checks") in ("complete", "most") or index % 3 == 0
        lines += block("services", [service(letter, priced, index) for letter in offers])
        changes = [change.replace("{n}", str(number)) for change in story.get("but", [])]
        return [*lines, *(["but = [", *(f"  {c}," for c in changes), "]"] if changes else [])]

    def owner(self, owner: str, name: str, index: int) -> str | None:
        """Return the code of the clinic's owner, if it has one, and remember the owner."""
        if not owner and index % 4 != 1:
            return None
        kind = ("Holdings LLC", "Medical PLLC", "Health PC")[index % 3]
        owner = owner or f"{max(name.split()[:2], key=len)} {kind}"
        code = slug(owner)
        self.owners.setdefault(code, owner)
        return code


def full_names(firsts: list[str], lasts: list[str]) -> list[str]:
    """Return every first name with every surname, in an order that repeats neither soon."""
    size = len(firsts)
    return [
        f"{firsts[nth % size]} {lasts[(nth + nth // size) % len(lasts)]}"
        for nth in range(size * len(lasts))
    ]


def point(place: dict[str, Any], precision: str, index: int) -> tuple[float, float]:
    """Return a point for a clinic: up to 0.7 miles off the ZIP's middle when it is an address."""
    lat, lon = float(place["lat"]), float(place["long"])
    if precision == "zip":
        return lat, lon
    if precision == "city":
        return round(lat, 2), round(lon, 2)
    miles = 0.2 + index * 0.618 % 1 * 0.5
    bearing = math.radians(index * 137.5)
    north = miles * math.cos(bearing) / MILES_PER_DEGREE
    east = miles * math.sin(bearing) / MILES_PER_DEGREE / math.cos(math.radians(lat))
    return round(lat + north, 5), round(lon + east, 5)


def service(letter: str, priced: bool, index: int) -> dict[str, Any]:
    """Return one service; some clinics post no price."""
    modality, treats, minutes = SERVICES[letter]
    found: dict[str, Any] = {"by": modality, "treats": treats}
    if priced:
        base = {"iv": 400, "im": 300, "esketamine": 650, "oral": 200}[modality]
        found["price"] = base + index * 7 % 11 * 25
    return found | {"minutes": minutes}


def block(key: str, items: list[Any]) -> list[str]:
    """Return a list of inline tables, one a line; nothing for an empty one."""
    return [f"{key} = [", *(f"  {toml(item)}," for item in items), "]"] if items else []


def build() -> str:
    """Return the whole file: the parts written by hand, then owners and clinics."""
    written = (HERE / "build_demo_parts.toml").read_text("utf-8")
    kept, _cut, for_builder = written.partition("# --- Only for build_demo.py ---\n")
    parts = tomllib.loads(for_builder)
    builder = Builder(parts)
    rows = parts["clinics"].strip().splitlines()
    clinics = ["\n".join(builder.clinic(index, row)) for index, row in enumerate(rows, start=1)]
    owners = [
        f"[[organization]]\ncode = {toml(code)}\nname = {toml(name)}\n"
        f"npi = {toml(luhn_npi(200001000 + nth))}"
        for nth, (code, name) in enumerate(builder.owners.items(), start=1)
    ]
    return "\n\n".join([kept.rstrip(), *owners, *clinics]) + "\n"


if __name__ == "__main__":
    text = build()
    TARGET.write_text(text, "utf-8")
    print(f"{TARGET.name}: {text.count('[[clinic]]')} clinics")
