"""Polygons whose borders are shared vertex by vertex: moving, cutting and joining them. Pure.

Coordinates are degrees in crs.STORE. Two vertices closer than TOUCH are one; a vertex that lies on another
polygon's edge is put into that edge before anything moves, so that no gap can open beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Points = NDArray[np.float64]
LonLat = tuple[float, float]

TOUCH: Final = 2e-8  # about 2 mm
SNAP: Final = 1e-6  # a drawn line this near a corner goes through it; about 10 cm
REACH: Final = 3e-5  # a line that ends this short of the border is drawn on to it; about 3 m


def each_ring(shape: Any, change: Callable[[Points], Points]) -> Any:
    """The same shape with every ring changed; `change` gets and gives rings without their closing point."""
    polygons = []
    for polygon in shapely.get_parts(shape):
        rings = [_ring(polygon.exterior, change), *(_ring(one, change) for one in polygon.interiors)]
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return polygons[0] if shape.geom_type == "Polygon" else shapely.multipolygons(polygons)


def noded(shape: Any, points: Iterable[LonLat]) -> Any:
    """The shape with each point that lies on its border among its vertices."""
    wanted = [np.array(point) for point in points]

    def node(ring: Points) -> Points:
        for at in wanted:
            ring = _with(ring, at)
        return ring

    return each_ring(shape, node)


def moved(shape: Any, at: LonLat, to: LonLat) -> Any:
    """The shape with the border point `at` moved."""
    old, new = np.array(at), np.array(to)

    def move(ring: Points) -> Points:
        ring = _with(ring, old)
        ring[_far(ring, old) <= TOUCH] = new
        return ring

    return each_ring(shape, move)


def without(shape: Any, at: LonLat) -> Any:
    """The shape without a vertex; rings of three corners keep theirs."""
    old = np.array(at)

    def take(ring: Points) -> Points:
        left = ring[_far(ring, old) > TOUCH]
        return left if len(left) >= 3 else ring

    return each_ring(shape, take)


def beside(shape: Any, at: LonLat) -> list[tuple[LonLat, LonLat]]:
    """The vertices before and after `at`, of every ring that has it."""
    old, found = np.array(at), []
    for ring in rings_of(shape):
        for n in np.flatnonzero(_far(ring, old) <= TOUCH).tolist():
            before, after = ring[n - 1], ring[(n + 1) % len(ring)]
            found.append(((float(before[0]), float(before[1])), (float(after[0]), float(after[1]))))
    return found


def rings_of(shape: Any) -> list[Points]:
    """All rings without their closing points."""
    return [shapely.get_coordinates(ring)[:-1] for ring in shapely.get_rings(shapely.get_parts(shape))]


def vertices(shape: Any) -> set[LonLat]:
    return {(float(x), float(y)) for x, y in shapely.get_coordinates(shape).tolist()}


def pieces(shape: Any, line: Any) -> list[Any]:
    """What a line makes of a polygon, in reading order; one piece if it does not cross it."""
    corners = shapely.multipoints(shapely.get_coordinates(shape))
    line = shapely.snap(_drawn_on(line, shape), corners, SNAP)
    web = shapely.union_all([shapely.boundary(shape), line])
    faces = shapely.get_parts(shapely.polygonize([web]))
    return sorted(
        (face for face in faces if shapely.covers(shape, shapely.point_on_surface(face))),
        key=lambda face: (-round(face.bounds[3], 4), face.bounds[0]),
    )


def joined(shapes: Sequence[Any]) -> Any:
    """The union of shapes that share their borders; of borders that only nearly meet, as good as can be."""
    together = np.array(shapes, dtype=object)
    try:
        joined = shapely.coverage_union_all(together)
    except shapely.GEOSException:  # borders that cross by a hair
        return single(shapely.union_all(together))
    total = float(shapely.area(together).sum())
    if shapely.is_valid(joined) and abs(joined.area - total) <= 1e-9 * total:
        return single(joined)
    return single(shapely.union_all(together))


def single(shape: Any) -> Any:
    """A multipolygon of one part as that part; polygons out of a collection."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _ring(ring: Any, change: Callable[[Points], Points]) -> Points:
    points = change(shapely.get_coordinates(ring)[:-1].copy())
    keep = np.any(points != np.roll(points, 1, axis=0), axis=1)
    points = points[keep] if keep.sum() >= 3 else points
    return np.concatenate([points, points[:1]])


def _far(ring: Points, at: Points) -> Points:
    away: Points = np.hypot(ring[:, 0] - at[0], ring[:, 1] - at[1])
    return away


def _with(ring: Points, at: Points) -> Points:
    """The ring with `at` as a vertex, if `at` is one (nearly) or lies on an edge of it."""
    near = _far(ring, at) <= TOUCH
    if near.any():
        ring[near] = at
        return ring
    start, way = ring, np.roll(ring, -1, axis=0) - ring
    length = np.maximum((way**2).sum(axis=1), 1e-30)
    along = np.clip(((at - start) * way).sum(axis=1) / length, 0, 1)
    away = np.hypot(*(start + along[:, None] * way - at).T)
    edge = int(np.argmin(away))
    return np.insert(ring, edge + 1, at, axis=0) if away[edge] <= TOUCH else ring


def _drawn_on(line: Any, shape: Any) -> Any:
    """The line with ends that stop just short of the shape's border drawn on across it."""
    points = shapely.get_coordinates(line)
    border = shapely.boundary(shape)
    for end, inner in ((0, 1), (-1, -2)):
        spot = shapely.Point(points[end])
        if shape.covers(spot) and border.distance(spot) <= REACH:
            way = points[end] - points[inner]
            points[end] = points[end] + way / max(float(np.hypot(*way)), 1e-15) * 2 * REACH
    return shapely.linestrings(points)
