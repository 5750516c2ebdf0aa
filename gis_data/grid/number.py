"""The order in which cells get their numbers. Pure; metres."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.grid.limits import Limits

Ints = NDArray[np.int64]
Shapes = NDArray[Any]


def reading_order(shapes: Shapes, of: Ints, areas: Shapes, limits: Limits) -> tuple[Ints, Ints]:
    """Cells by area, then west to east, then north to south; with their numbers, from 1 in each area.

    As one reads a page (DB11, GB/T 30428.1; the clause itself has not been read): rows as high as a square
    cell's side, counted from the northern end of the area; a cell is in the row of its centre. In a row from
    the west.
    """
    centre = shapely.get_coordinates(shapely.centroid(shapes))
    north = shapely.bounds(areas)[:, 3]
    row = np.floor((north[of] - centre[:, 1]) / np.sqrt(limits.target))
    order = np.lexsort((centre[:, 1], centre[:, 0], row, of))
    sorted_of = of[order]
    first = np.searchsorted(sorted_of, sorted_of)
    return order, np.arange(len(order)) - first + 1
