"""Communities cut into unit cells after GB/T 30428.1. Pure: shapes in metres in, cells in metres out.

    ground       each connected part of a community
    blocks       the ground parted along given lines; small ones joined       lines.py, merging.py
    cells        blocks cut by straight lines into about 10,000 m² each       halving.py
    mended       what came out too small, too large or thin                   merging.py
    kept whole   buildings that a border would cut                            buildings.py
    woven        every vertex on both sides of its border                     coverage.py
    numbered     west to east, then north to south                            number.py

Nothing here depends on the order in which areas, lines or buildings come, nor on where their rings begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.grid.buildings import kept_whole, separate
from gis_data.grid.coverage import woven
from gis_data.grid.halving import divide
from gis_data.grid.limits import Limits
from gis_data.grid.lines import faces_between
from gis_data.grid.merging import gathered, mended
from gis_data.grid.number import reading_order
from gis_data.progress import Progress, silent

Ints = NDArray[np.int64]
Shapes = NDArray[Any]

NONE: Final[Shapes] = np.array([], dtype=object)

# About what share of the time is over when all is cut, and when all is mended.
CUTTING: Final = 0.6
MENDING: Final = 0.8


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells in order of area and number; `of` is the area's position, `number` counts from 1 within it."""

    shapes: Shapes
    of: Ints
    number: Ints


def cut(
    areas: Sequence[Any] | Shapes,
    *,
    lines: Sequence[Any] | Shapes = NONE,
    buildings: Sequence[Any] | Shapes = NONE,
    limits: Limits = Limits(),  # noqa: B008 frozen
    progress: Progress = silent,
) -> Cells:
    """Cut valid polygons (or several parts each) in metres.

    lines       what borders should follow: lines, or polygons by their borders
    buildings   polygons that no border may cut
    """
    whole = shapely.normalize(np.asarray(areas, dtype=object))
    ground, of = shapely.get_parts(whole, return_index=True)
    solid = (shapely.get_type_id(ground) == 3) & (shapely.area(ground) > 0)
    ground, of = ground[solid], of[solid]
    if len(lines):
        shapes, block, of = _along(ground, of, _sorted(lines), limits)
    else:
        shapes, block = ground, np.arange(len(ground))
    standing = separate(_sorted(buildings)) if len(buildings) else NONE

    def cutting(found: int, share: float) -> None:
        progress(found, share * CUTTING)

    shapes, source = divide(shapes, limits.counts(shapely.area(shapes)), standing, cutting)
    block = block[source]
    of_block = np.zeros(int(block.max(initial=-1)) + 1, dtype=np.int64)
    of_block[block] = of[source]
    progress(len(shapes), CUTTING)
    shapes, block = mended(shapes, block, limits)
    of = of_block[block]
    if len(lines):
        shapes, of = mended(shapes, of, limits)
    if len(standing):
        shapes, of = kept_whole(shapes, of, standing)
        shapes, of = gathered(shapes, of, limits, forced=False)
        shapes, of = mended(shapes, of, limits, recut=False)
    progress(len(shapes), MENDING)
    shapes = woven(shapes)
    alive = ~shapely.is_empty(shapes)
    shapes, of = shapely.normalize(shapes[alive]), of[alive]
    order, number = reading_order(shapes, of, whole, limits)
    progress(len(order), 1.0)
    return Cells(shapes[order], of[order], number)


def _along(ground: Shapes, of: Ints, lines: Shapes, limits: Limits) -> tuple[Shapes, Ints, Ints]:
    """Blocks between the lines; small ones joined, over a dead end rather than over a street."""
    faces = faces_between(ground, lines)
    of_block = np.zeros(int(faces.block.max(initial=-1)) + 1, dtype=np.int64)
    of_block[faces.block] = faces.ground
    shapes, block = gathered(faces.shapes, faces.block, limits, forced=True)
    shapes, of_ground = gathered(shapes, of_block[block], limits, forced=True)
    return shapes, np.arange(len(shapes)), of[of_ground]


def _sorted(shapes: Sequence[Any] | Shapes) -> Shapes:
    """In an order of their own, so that the order of the file does not matter."""
    normal = shapely.normalize(np.asarray(shapes, dtype=object))
    normal = normal[~shapely.is_empty(normal)]
    return normal[np.argsort(shapely.to_wkb(normal, hex=True), kind="stable")]
