"""Write us-states.geojson from the npm package us-atlas, which nothing else here needs.

    cd "$(mktemp -d)" && npm pack us-atlas@3.0.1 && tar -xzf us-atlas-3.0.1.tgz
    PYTHONPATH=. python seed_data/build_states.py /that/folder/package

Decodes the outlines of the states and territories into plain GeoJSON, so that no browser has to:
every border that two states share is the same points in both, rounded to 0.01 degree (half a
mile). Each state also gets its two letters and a point inside it where its name can stand.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from directory.domain.state_names import STATE_NAMES

TARGET = Path(__file__).with_name("us-states.geojson")
SOURCE = (
    "US Census Bureau, cartographic boundary files 2017 (public domain), as packaged in the npm"
    " package us-atlas {version}; written by build_states.py, not by hand"
)
DECIMALS = 2
FULL_NAMES = {
    "Commonwealth of the Northern Mariana Islands": "Northern Mariana Islands",
    "United States Virgin Islands": "US Virgin Islands",
}
Point = tuple[float, float]
Ring = list[Point]


def arcs_of(topology: dict[str, Any]) -> list[Ring]:
    """Return every arc in degrees: a TopoJSON file has them as differences of whole steps."""
    (scale_x, scale_y), (left, bottom) = (
        topology["transform"]["scale"],
        topology["transform"]["translate"],
    )
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc: Ring = []
        for dx, dy in steps:
            x, y = x + dx, y + dy
            lon, lat = round(x * scale_x + left, DECIMALS), round(y * scale_y + bottom, DECIMALS)
            arc.append((lon, lat))
        arcs.append(arc)
    return arcs


def ring_of(numbers: Iterable[int], arcs: list[Ring]) -> Ring:
    """Join arcs to a ring, leaving out points that rounding made equal; ~n is arc n backwards."""
    ring: Ring = []
    for number in numbers:
        for point in arcs[number] if number >= 0 else reversed(arcs[~number]):
            if not ring or ring[-1] != point:
                ring.append(point)
    return ring


def polygons_of(shape: dict[str, Any], arcs: list[Ring]) -> Iterator[list[Ring]]:
    """Yield a state's polygons that are still an area after rounding, outer ring first."""
    several = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
    for numbers in several:
        rings = [ring_of(each, arcs) for each in numbers]
        if len(rings[0]) > 3:
            yield [ring for ring in rings if len(ring) > 3]


def area(ring: Ring) -> float:
    """Return a ring's area in square degrees: only compared within one state."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))) / 2


def name_point(polygons: list[list[Ring]]) -> Point:
    """Return a point for a state's name: the middle of the widest stretch of its largest part.

    The lines tried lie between a quarter and three quarters of its height, and one nearer to
    half of it wins over one a little wider.
    """
    ring = max((polygon[0] for polygon in polygons), key=area)
    low, high = min(y for _, y in ring), max(y for _, y in ring)
    best = (-1.0, 0.0, 0.0)
    for step in range(5, 16):
        lat = low + (high - low) * step / 20 + 1e-6
        crossings = sorted(
            x1 + (lat - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in pairwise(ring)
            if (y1 > lat) != (y2 > lat)
        )
        for left, right in zip(crossings[::2], crossings[1::2], strict=True):
            worth = (right - left) * (1 - abs(step - 10) / 20)
            best = max(best, (worth, (left + right) / 2, lat))
    return round(best[1], DECIMALS), round(best[2], DECIMALS)


def feature(shape: dict[str, Any], arcs: list[Ring]) -> dict[str, Any]:
    """Return one state as a GeoJSON feature."""
    name = FULL_NAMES.get(shape["properties"]["name"], shape["properties"]["name"])
    code = next(code for code, known in STATE_NAMES.items() if known == name)
    polygons = list(polygons_of(shape, arcs))
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "at": name_point(polygons)},
        "geometry": {"type": "MultiPolygon", "coordinates": polygons},
    }


def main(package: Path) -> None:
    """Write the file, one state a line, and say how large it is."""
    topology = json.loads((package / "states-10m.json").read_text("utf-8"))
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    arcs = arcs_of(topology)
    states = [feature(shape, arcs) for shape in topology["objects"]["states"]["geometries"]]
    states.sort(key=lambda state: state["properties"]["code"])
    lines = [json.dumps(state, separators=(",", ":")) for state in states]
    head = json.dumps({"type": "FeatureCollection", "source": SOURCE.format(version=version)})
    text = head[:-1] + ', "features": [\n' + ",\n".join(lines) + "\n]}\n"
    TARGET.write_text(text, encoding="utf-8")
    print(f"{len(states)} states, {len(text) / 1e3:.0f} KB in {TARGET.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
