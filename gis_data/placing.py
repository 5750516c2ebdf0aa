"""In which area of one district do places lie, where there need be no cells and a place may lie anywhere?

For files of any length: the district's borders are read once, then each batch of points is one call of GEOS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.sql import rows

EARTH_RADIUS_M: Final = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Placed:
    """The code of the smallest area in force (cell, community, street or district), "" if there is none;
    then metres to the nearest, None where the district has no areas at all."""

    code: str
    metres: float | None = None


class Borders:
    """The areas and cells in force of a district, by code. False where there are none."""

    def __init__(self, district: str) -> None:
        found = rows("areas_in_force", district=district)
        self.codes = [str(code) for code, _shape in found]
        self.shapes = shapely.from_wkb([bytes(shape) for _code, shape in found])
        self._tree = shapely.STRtree(self.shapes)

    def __bool__(self) -> bool:
        return bool(self.codes)

    def place(self, points: Sequence[tuple[float, float]]) -> list[Placed]:
        """For each point (crs.STORE) its smallest area; on a shared edge the one with the smaller code."""
        if not self or not len(points):
            return [Placed("")] * len(points)
        places = shapely.points(np.asarray(points, dtype=np.float64))
        point, area = self._tree.query(places, predicate="intersects")
        first = np.full(len(points), len(self.codes))
        np.minimum.at(first, point, area)
        lost = np.flatnonzero(first == len(self.codes))
        beyond = dict(zip(lost.tolist(), self._metres(places[lost]), strict=True))
        return [
            Placed("", beyond[n]) if n in beyond else Placed(self.codes[at])
            for n, at in enumerate(first.tolist())
        ]

    def _metres(self, places: NDArray[np.object_]) -> list[float]:
        """From each place to the area next to it (in degrees)."""
        if not len(places):
            return []
        near = self.shapes[self._tree.nearest(places)]
        there = shapely.get_coordinates(shapely.shortest_line(places, near))[1::2]
        here = shapely.get_coordinates(places)
        return [metres_between(a, b) for a, b in zip(here.tolist(), there.tolist(), strict=True)]


def metres_between(a: Sequence[float], b: Sequence[float]) -> float:
    """Great-circle distance in metres between two lon/lat pairs; good to 0.5 %, however far apart."""
    lon_a, lat_a, lon_b, lat_b = map(radians, (*a, *b))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(h, 1.0)))
