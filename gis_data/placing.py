"""Many places at once, in memory: borders are read once, then each batch of points is one call of GEOS.

For files of any length. One place, or a few, are located by the database (`queries.locate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

import numpy as np
import shapely
from django.utils import timezone
from numpy.typing import NDArray

from gis_data.sql import rows

EARTH_RADIUS_M: Final = 6_371_008.8

Points = Sequence[tuple[float, float]]


class Index:
    """Which of these shapes covers a point? On a shared edge the first of them, as they were given."""

    def __init__(self, wkb: Sequence[Any]) -> None:
        self.shapes: NDArray[np.object_] = shapely.from_wkb([bytes(shape) for shape in wkb])
        self.tree = shapely.STRtree(self.shapes)

    def first(self, places: NDArray[np.object_]) -> NDArray[np.int64]:
        """For each place the number of the shape; as many as there are shapes where none covers it."""
        found = np.full(len(places), len(self.shapes))
        place, shape = self.tree.query(places, predicate="intersects")
        np.minimum.at(found, place, shape)
        return found


def _places(points: Points) -> NDArray[np.object_]:
    made: Any = shapely.points(np.asarray(points, dtype=np.float64))
    return np.asarray(made)


@dataclass(frozen=True, slots=True)
class Above:
    """The codes of a unit cell and of all above it; no grid is in force everywhere."""

    cell: str
    grid: str | None
    community: str
    street: str
    district: str


class Ground:
    """All unit cells in force. About half a kilobyte a cell."""

    def __init__(self) -> None:
        found = rows("ground", today=timezone.localdate())
        self._cells = [Above(*codes) for _border, *codes in found]
        self._index = Index([border for border, *_codes in found])

    def locate(self, points: Points) -> list[Above | None]:
        """For each point (crs.STORE) what `queries.locate` would name, in order."""
        if not points:
            return []
        cells: list[Above | None] = [*self._cells, None]
        return [cells[at] for at in self._index.first(_places(points)).tolist()]


@dataclass(frozen=True, slots=True)
class Placed:
    """The code of the smallest area in force (cell, community, street or district), "" if there is none;
    then metres to the nearest, None where the district has no areas at all."""

    code: str
    metres: float | None = None


class Borders:
    """The areas and cells in force of a district; there need be no cells. False where there is nothing."""

    def __init__(self, district: str) -> None:
        found = rows("areas_in_force", district=district)
        self.codes = [str(code) for code, _border in found]
        self._index = Index([border for _code, border in found])

    def __bool__(self) -> bool:
        return bool(self.codes)

    def place(self, points: Points) -> list[Placed]:
        """For each point (crs.STORE) its smallest area; on a shared edge the one with the smaller code."""
        if not self or not points:
            return [Placed("")] * len(points)
        places = _places(points)
        first = self._index.first(places)
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
        near = self._index.shapes[self._index.tree.nearest(places)]
        there = shapely.get_coordinates(shapely.shortest_line(places, near))[1::2]
        here = shapely.get_coordinates(places)
        return [metres_between(a, b) for a, b in zip(here.tolist(), there.tolist(), strict=True)]


def metres_between(a: Sequence[float], b: Sequence[float]) -> float:
    """Great-circle distance in metres between two lon/lat pairs; good to 0.5 %, however far apart."""
    lon_a, lat_a, lon_b, lat_b = map(radians, (*a, *b))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(h, 1.0)))
