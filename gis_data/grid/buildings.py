"""Cells drawn around buildings, so that none is cut. Pure; metres."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.grid.coverage import grouped, joined, united, woven

Ints = NDArray[np.int64]
Shapes = NDArray[Any]

# A building that reaches less than this into a cell (m²) only touches it.
TOUCH_M2: Final = 1e-4


def kept_whole(cells: Shapes, within: Ints, buildings: Shapes) -> tuple[Shapes, Ints]:
    """Cells of the same `within` whose common borders go around buildings instead of through them.

    A building belongs to the cell that has most of it. A cell that thereby falls apart becomes several.
    """
    cut = _cut_buildings(cells, buildings)
    concerned = np.unique(within[cut[0]])
    made: list[Shapes] = [cells[~np.isin(within, concerned)]]
    made_within: list[Ints] = [within[~np.isin(within, concerned)]]
    for group in concerned.tolist():
        members = np.flatnonzero(within == group)
        inside = np.isin(cut[0], members)
        mine = buildings[np.unique(cut[1][inside])]
        parts = _around(cells[members], mine)
        made.append(parts)
        made_within.append(np.full(len(parts), group))
    return np.concatenate(made), np.concatenate(made_within)


def separate(buildings: Shapes) -> Shapes:
    """Valid polygons; those that overlap are one building. Terraces that only touch stay apart."""
    solid = shapely.get_parts(shapely.make_valid(buildings, method="structure", keep_collapsed=False))
    solid = solid[(shapely.get_type_id(solid) == 3) & (shapely.area(solid) > TOUCH_M2)]
    one, other = shapely.STRtree(solid).query(solid, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    deep = shapely.area(shapely.intersection(solid[one], solid[other])) > TOUCH_M2
    kept = [
        solid[members] if len(members) == 1 else shapely.get_parts(shapely.union_all(solid[members]))
        for _label, members in grouped(_linked(len(solid), one[deep].tolist(), other[deep].tolist()))
    ]
    return np.concatenate(kept) if kept else solid


def _linked(many: int, ones: list[int], others: list[int]) -> Ints:
    """The same number for all that pairs link, directly or through others."""
    stands = list(range(many))

    def standing(at: int) -> int:
        while stands[at] != at:
            stands[at] = stands[stands[at]]
            at = stands[at]
        return at

    for one, other in zip(ones, others, strict=True):
        low, high = sorted((standing(one), standing(other)))
        stands[high] = low
    return np.array([standing(at) for at in range(many)], dtype=np.int64)


def _cut_buildings(cells: Shapes, buildings: Shapes) -> tuple[Ints, Ints]:
    """Pairs (cell, building) of the buildings that reach into more than one cell."""
    building, cell = shapely.STRtree(cells).query(buildings, predicate="intersects")
    several = np.bincount(building, minlength=len(buildings))[building] > 1
    building, cell = building[several], cell[several]
    deep = shapely.area(shapely.intersection(cells[cell], buildings[building])) > TOUCH_M2
    building, cell = building[deep], cell[deep]
    several = np.bincount(building, minlength=len(buildings))[building] > 1
    return cell[several], building[several]


def _around(cells: Shapes, buildings: Shapes) -> Shapes:
    cells = woven(cells)
    cells = cells[~shapely.is_empty(cells)]
    ground = united(cells)
    # whole outlines: clipped ones would end a hair beside the border and close no face
    noded = shapely.union_all([*shapely.boundary(cells), *shapely.boundary(buildings)])
    faces = woven(shapely.get_parts(shapely.polygonize([noded])))
    faces = faces[~shapely.is_empty(faces)]
    inside = shapely.point_on_surface(faces)
    face, cell = shapely.STRtree(cells).query(inside, predicate="within")
    label = np.full(len(faces), -1)
    label[face] = cell
    known = label >= 0
    faces, label, inside = faces[known], label[known], inside[known]
    if abs(float(shapely.area(faces).sum()) - ground.area) > 1e-9 * ground.area:
        return cells
    face, building = shapely.STRtree(buildings).query(inside, predicate="within")
    size = shapely.area(faces)
    for number in np.unique(building).tolist():
        under = face[building == number]
        label[under] = int(np.argmax(np.bincount(label[under], weights=size[under])))
    return joined(faces, label)[0]
