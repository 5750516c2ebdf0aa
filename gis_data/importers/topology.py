"""Do polygons make a clean cover? Repairs, overlaps, gaps and what reaches outside. Pure.

Shapes are compared as they are stored, in degrees: an edge that is straight there is no longer quite straight
in metres, and a neighbour that has a vertex in its middle would seem to overlap it. Ground is measured after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[Any]

# Faults of less ground than this, or narrower than this, are slivers: counted, not listed. Two surveys of one
# wall differ by more.
SLIVER_M2: Final = 1.0
SLIVER_M: Final = 0.02
# Neighbours of a gap touch it within about a centimetre.
NEAR_DEG: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Spot:
    """A fault's ground, and of which polygons it is (their indexes)."""

    of: tuple[int, ...]
    shape: Any


def polygonal(shape: Any) -> tuple[Any, str, int]:
    """The areas of a shape as one valid MultiPolygon (None if there are none), why it was not, parts lost."""
    if shape is None or shape.is_empty:
        return None, "", 0
    parts = shapely.get_parts(_flat(shape))
    areal = parts[np.isin(shapely.get_type_id(parts), (3,))]
    lost = len(parts) - len(areal)
    if not len(areal):
        return None, "", lost
    whole: Any = areal[0] if len(areal) == 1 else shapely.multipolygons(areal)
    reason = ""
    if not whole.is_valid:
        reason = str(shapely.is_valid_reason(whole)).split("[")[0].strip()
        mended = shapely.get_parts(_flat(shapely.make_valid(whole, method="structure", keep_collapsed=False)))
        areal = mended[(shapely.get_type_id(mended) == 3) & (shapely.area(mended) > 0)]
        if not len(areal):
            return None, reason, lost
    return shapely.multipolygons(areal), reason, lost


def overlaps(shapes: Shapes) -> list[Spot]:
    """Ground that two polygons share."""
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    common = shapely.intersection(shapes[one], shapes[other])
    return [
        Spot((int(one[at]), int(other[at])), common[at]) for at in np.flatnonzero(shapely.area(common) > 0)
    ]


def gaps(shapes: Shapes, whole: Any | None = None) -> list[Spot]:
    """Ground that no polygon covers: of `whole`, or enclosed between them; with its neighbours."""
    union = shapely.union_all(shapes)
    if whole is None:
        rings = [ring for part in shapely.get_parts(union) for ring in part.interiors]
        parts = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    else:
        parts = shapely.get_parts(_flat(shapely.difference(whole, union)))
        parts = parts[shapely.get_type_id(parts) == 3]
    tree = shapely.STRtree(shapes)
    return [
        Spot(tuple(sorted(map(int, tree.query(part, predicate="dwithin", distance=NEAR_DEG)))), part)
        for part in parts
        if part.area > 0
    ]


def outside(shapes: Shapes, wholes: Sequence[Any | None]) -> list[Spot]:
    """Ground of polygons outside what each should lie in; None: not looked at."""
    found = []
    for index, (shape, whole) in enumerate(zip(shapes, wholes, strict=True)):
        if whole is not None:
            beyond = shapely.difference(shape, whole)
            if beyond.area > 0:
                found.append(Spot((index,), beyond))
    return found


def is_sliver(metric: Any) -> bool:
    """Whether a fault's ground, in metres, is too small or too narrow to be listed."""
    return bool(metric.area < SLIVER_M2 or 2 * metric.area < SLIVER_M * metric.length)


def cleaned(shapes: Shapes, width_m: float) -> Shapes:
    """The same polygons, in metres, without overlaps and without gaps narrower than `width_m`.

    The work is GEOS's coverage cleaner's.
    Ground of an overlap goes to the polygon with the longest common border; so does a gap's.
    """
    made = shapely.coverage_clean(shapes, gap_width=width_m)  # type: ignore[attr-defined]  # stubs are of 2.1
    return np.array([polygonal(shape)[0] for shape in made], dtype=object)


def _flat(shape: Any) -> Any:
    """A collection with the members of its collections."""
    if shape.geom_type != "GeometryCollection":
        return shape
    parts = [part for one in shapely.get_parts(shape) for part in shapely.get_parts(_flat(one))]
    return shapely.geometrycollections(parts)
