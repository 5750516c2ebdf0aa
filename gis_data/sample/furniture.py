"""Components along the streets of the drawn city: lamps in rows, covers in the carriageway, bins at corners.

Every class of the edition is there. How close things stand is set per class below, by width of street;
classes without a rule of their own are rare things along the wider streets.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.random import Generator as Chance
from numpy.typing import NDArray

from gis_data.sample.blocks import HALF_WIDTH_M
from gis_data.sample.city import City

ORGS: Final = Path(__file__).resolve().parents[2] / "fixtures" / "orgs"
STREET: Final = "street"  # in owners.csv: the office of the street in which the component stands

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Row:
    """Things in a row along streets: a spacing in metres by rank of street, 0 for none."""

    spacing_m: tuple[float, float, float, float]
    # 0 in the middle line, 1 on the kerb, more: on the pavement
    across: float
    both_sides: bool = True


@dataclass(frozen=True, slots=True)
class Furniture:
    """Components as columns of the same length; places in METRIC. `angle` is the direction of the street."""

    class_code: Array
    place: Array
    angle: Array
    cell: Array


_COVER: Final = Row((90, 95, 120, 360), 0.45, both_sides=False)
_RARE_COVER: Final = Row((180, 200, 300, 1190), 0.7, both_sides=False)
ROWS: Final[dict[str, Row]] = {
    "0101": _COVER,
    "0102": Row((80, 85, 100, 340), 0.2, both_sides=False),
    "0103": Row((80, 85, 110, 320), 0.6, both_sides=False),
    "0104": Row((70, 72, 90, 510), 0.95),
    "0105": Row((110, 120, 170, 510), 1.15, both_sides=False),
    "0106": Row((130, 140, 200, 680), 1.1, both_sides=False),
    "0107": Row((110, 120, 170, 490), 1.2, both_sides=False),
    "0108": _RARE_COVER,
    "0109": _RARE_COVER,
    "0110": Row((140, 150, 210, 710), 0.3, both_sides=False),
    "0111": Row((110, 115, 160, 510), 0.5, both_sides=False),
    "0112": Row((250, 300, 600, 0), 1.15, both_sides=False),
    "0114": Row((0, 400, 800, 0), 1.3, both_sides=False),
    "0118": Row((0, 0, 500, 850), 0.8, both_sides=False),
    "0123": Row((0, 1500, 1800, 4250), 0.5, both_sides=False),
    "0127": Row((400, 400, 500, 1530), 1.4, both_sides=False),
    "0128": Row((500, 500, 700, 2040), 1.4, both_sides=False),
    "0130": Row((0, 0, 0, 440), 1.1, both_sides=False),
    "0131": Row((0, 0, 400, 440), 1.1, both_sides=False),
    "0137": Row((30, 30, 32, 140), 1.1),
    "0139": Row((120, 200, 0, 0), 1.3),
    "0146": Row((0, 0, 900, 2380), 1.6, both_sides=False),
    "0148": Row((0, 700, 700, 1530), 1.5, both_sides=False),
    "0150": Row((150, 150, 200, 560), 1.15, both_sides=False),
    "0154": Row((0, 0, 700, 3060), 1.6, both_sides=False),
    "0204": Row((420, 450, 900, 0), 1.15),
    "0212": Row((300, 280, 260, 560), 1.2, both_sides=False),
    "0217": Row((60, 90, 0, 0), 0.9),
    "0220": Row((260, 260, 420, 0), 1.05),
    "0221": Row((90, 90, 220, 0), 1.25),
    "0225": Row((300, 300, 450, 0), 1.35),
    "0283": Row((280, 280, 520, 0), 1.1),
    "0301": Row((0, 0, 700, 1530), 1.7, both_sides=False),
    "0302": Row((0, 900, 800, 1700), 1.2, both_sides=False),
    "0305": Row((100, 110, 140, 710), 1.25),
    "0306": Row((350, 350, 700, 0), 1.3),
    "0307": Row((150, 140, 180, 1190), 1.7),
    "0308": Row((0, 600, 450, 1190), 1.4, both_sides=False),
    "0401": Row((0, 900, 900, 4250), 1.3, both_sides=False),
    "0402": Row((30, 30, 36, 0), 1.2),
    "0404": Row((120, 120, 200, 0), 1.2),
    "0405": Row((150, 180, 0, 0), 1.35),
    "0407": Row((220, 240, 400, 0), 1.4),
    "0497": Row((90, 90, 150, 0), 1.2),
}
_ELSE: Final = Row((2200, 2200, 2600, 0), 1.35, both_sides=False)


def place_furniture(city: City, class_codes: list[str], seed: int = 11) -> tuple[list[Any], Furniture]:
    """All cells of the city in order of code, and the components with the index of the cell each lies in."""
    rng = np.random.default_rng(seed)
    cells = [cell for community in city.communities for cell in community.cells]
    lines, ranks = _lines(city)
    codes: list[Array] = []
    places: list[Array] = []
    angles: list[Array] = []
    for code in class_codes:
        place, angle = _along(lines, ranks, ROWS.get(code, _ELSE), rng)
        codes.append(np.full(len(place), code))
        places.append(place)
        angles.append(angle)
    place, angle, class_code = np.concatenate(places), np.concatenate(angles), np.concatenate(codes)
    point, cell = shapely.STRtree(cells).query(shapely.points(place), predicate="intersects")
    # outside the district: no cell; on a shared edge: the smaller code, which is the smaller index
    order = np.lexsort((cell, point))
    point, cell = point[order], cell[order]
    first = np.concatenate([[True], point[1:] != point[:-1]])
    point, cell = point[first], cell[first]
    return cells, Furniture(class_code[point], place[point], angle[point], cell)


def owners(class_code: str, table: dict[str, tuple[str, str, str]], street_code: str) -> tuple[str, str, str]:
    """Codes of authority, owner and maintainer: the longest prefix of the class code in the table decides."""
    found = table.get(class_code) or table[class_code[:2]]
    office = f"{street_code[:6]}-S{street_code[6:9]}"
    authority, owner, maintainer = (office if code == STREET else code for code in found)
    return authority, owner, maintainer


def read_owners() -> dict[str, tuple[str, str, str]]:
    """Class code or major class → authority, owner, maintainer."""
    with (ORGS / "owners.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["class_prefix"]: (row["authority"], row["owner"], row["maintainer"])
            for row in csv.DictReader(file)
        }


def _lines(city: City) -> tuple[Array, Array]:
    """Single lines of all streets, with their ranks."""
    lines: list[Any] = []
    ranks: list[int] = []
    for road in city.roads:
        for part in shapely.get_parts(road.line):
            if part.geom_type == "LineString" and part.length > 10:
                lines.append(part)
                ranks.append(road.rank)
    return np.array(lines), np.array(ranks)


def _along(lines: Array, ranks: Array, row: Row, rng: Chance) -> tuple[Array, Array]:
    """Places in rows along the lines, a little irregular, and the direction of the street there."""
    places: list[Array] = []
    angles: list[Array] = []
    sides = (-1.0, 1.0) if row.both_sides else (1.0,)
    for rank, spacing in enumerate(row.spacing_m, start=1):
        of_rank = lines[ranks == rank]
        if not spacing or not len(of_rank):
            continue
        length = shapely.length(of_rank)
        for side in sides:
            # where a line's first one stands is chance, so short lanes get their share and no more
            start = rng.uniform(0, spacing, len(of_rank))
            count = np.maximum(0, np.ceil((length - start) / spacing)).astype(int)
            of = np.repeat(np.arange(len(of_rank)), count)
            number = np.concatenate([np.arange(n) for n in count]) if count.sum() else np.empty(0)
            distance = np.clip(
                start[of] + number * spacing + rng.normal(0, spacing * 0.04, len(of)), 0, length[of]
            )
            here = shapely.get_coordinates(shapely.line_interpolate_point(of_rank[of], distance))
            ahead = shapely.get_coordinates(shapely.line_interpolate_point(of_rank[of], distance + 1.0))
            behind = shapely.get_coordinates(
                shapely.line_interpolate_point(of_rank[of], np.maximum(distance - 1.0, 0.0))
            )
            way = ahead - behind
            angle = np.arctan2(way[:, 1], way[:, 0])
            hand = side if row.both_sides else rng.choice([-1.0, 1.0], len(of))
            offset = hand * np.maximum(HALF_WIDTH_M[rank] * row.across, 0.8) + rng.normal(0, 0.25, len(of))
            places.append(here + np.column_stack([-np.sin(angle), np.cos(angle)]) * offset[:, None])
            angles.append(angle)
    if not places:
        return np.empty((0, 2)), np.empty(0)
    return np.concatenate(places), np.concatenate(angles)
