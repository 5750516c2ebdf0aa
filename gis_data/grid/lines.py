"""Ground parted along given lines: streets, walls, banks. Pure; metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gis_data.grid.halving import divide
from gis_data.grid.limits import THIN, compactness

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[Any]

# A line this near to the border of the ground means the border.
BORDER_M: Final = 1.5
# A dead end at least this long is a street that parts the ground; it is carried on straight, at most so far.
DEAD_END_M: Final = 30.0
CARRY_M: Final = 200.0
# Any line that ends this near to another was meant to meet it.
MISSED_M: Final = 5.0
# Thin faces, such as the roadway between two kerbs, are diced so that each piece can go to its own neighbour.
DICE_M: Final = 50.0


@dataclass(frozen=True, slots=True)
class Faces:
    """What lines part the ground into; `block` numbers what lies between streets without their dead ends."""

    shapes: Shapes
    block: Ints
    ground: Ints


def faces_between(grounds: Shapes, lines: Shapes) -> Faces:
    """The faces into which lines part each ground; polygons count by their borders."""
    rims = np.asarray(lines, dtype=object)
    areal = shapely.get_dimensions(rims) == 2
    rims[areal] = shapely.boundary(rims[areal])
    tree = shapely.STRtree(rims)
    shapes: list[Shapes] = []
    block: list[Ints] = []
    known = 0
    for ground in grounds:
        near = rims[np.sort(tree.query(ground, predicate="intersects"))]
        faces, inside = _faces(ground, near) if len(near) else _undivided(ground)
        shapes.append(faces)
        block.append(inside + known)
        known += int(inside.max()) + 1
    of = np.repeat(np.arange(len(shapes)), [len(faces) for faces in shapes])
    if not len(shapes):
        return Faces(np.array([], dtype=object), of, of)
    return Faces(np.concatenate(shapes), np.concatenate(block), of)


def _undivided(ground: Polygon) -> tuple[Shapes, Ints]:
    return np.array([ground], dtype=object), np.zeros(1, dtype=np.int64)


def _faces(ground: Polygon, lines: Shapes) -> tuple[Shapes, Ints]:
    """The faces of one ground, and in which block each lies."""
    border = ground.boundary
    inner = shapely.union_all(shapely.intersection(lines, ground))
    inner = _linear(inner.difference(border.buffer(BORDER_M)))
    if inner.is_empty:
        return _undivided(ground)
    noded = shapely.union_all([border, inner])
    noded = shapely.union_all([noded, *_carried_on(noded, MISSED_M, 0.0)])
    rough = shapely.get_parts(shapely.polygonize([noded]))
    noded = shapely.union_all([noded, *_carried_on(noded, CARRY_M, DEAD_END_M)])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    shapely.prepare(ground)
    inside = shapely.point_on_surface(faces)
    here = shapely.contains_properly(ground, inside)
    faces = _diced(faces[here])
    face, block = shapely.STRtree(rough).query(shapely.point_on_surface(faces), predicate="within")
    lost = abs(float(shapely.area(faces).sum()) - ground.area)
    if lost > 1e-9 * ground.area or not np.array_equal(np.sort(face), np.arange(len(faces))):
        # linework that the noding could not master leaves the ground whole rather than with a hole
        return _undivided(ground)
    return faces, block[np.argsort(face)]


def _linear(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shape)
    linear: BaseGeometry = shapely.multilinestrings(parts[shapely.get_dimensions(parts) == 1])
    return linear


def _carried_on(noded: BaseGeometry, reach: float, at_least: float) -> Shapes:
    """From the free ends of dead ends of some length straight on to the next line, if it is within reach."""
    _faces, _bridges, dangling, _invalid = shapely.polygonize_full([noded])
    chains = shapely.get_parts(shapely.line_merge(shapely.union_all(dangling)))
    pieces = shapely.get_parts(noded)
    ends = shapely.get_coordinates(np.concatenate([shapely.get_point(pieces, at) for at in (0, -1)]))
    places, times = np.unique(ends, axis=0, return_counts=True)
    free = {tuple(place) for place in places[times == 1].tolist()}
    found = [
        (tail[-1], way)
        for chain in chains[shapely.length(chains) >= at_least]
        for tail in _both_ways(shapely.get_coordinates(chain))
        if tuple(tail[-1].tolist()) in free and (way := _heading(tail)) is not None
    ]
    if not found:
        return np.array([], dtype=object)
    end, way = (np.array(some) for some in zip(*found, strict=True))
    rays = np.asarray(shapely.linestrings(np.stack([end + way * 1e-3, end + way * reach], axis=1)))
    ray, piece = shapely.STRtree(pieces).query(rays, predicate="intersects")
    hits = shapely.intersection(rays[ray], pieces[piece])
    away = np.full(len(rays), np.inf)
    np.minimum.at(away, ray, shapely.distance(shapely.points(end[ray]), hits))
    met = np.isfinite(away)
    # a hair beyond, so that it crosses for certain; the rest dangles and falls away
    beyond = end[met] + way[met] * (away[met] + 1e-3)[:, None]
    return np.asarray(shapely.linestrings(np.stack([end[met], beyond], axis=1)))


def _both_ways(points: Floats) -> tuple[Floats, Floats]:
    return points, points[::-1]


def _heading(tail: Floats) -> Floats | None:
    """The direction of a line at its end, over the last metre; None if it is shorter."""
    end = tail[-1]
    away = np.hypot(*(tail - end).T)
    back = np.flatnonzero(away >= 1.0)
    if not len(back):
        return None
    way: Floats = (end - tail[back[-1]]) / away[back[-1]]
    return way


def _diced(faces: Shapes) -> Shapes:
    thin = (compactness(faces) < THIN) & (shapely.length(faces) > 4 * DICE_M)
    if len(faces) < 2 or not thin.any():
        return faces
    counts = np.ceil(shapely.length(faces[thin]) / 2 / DICE_M).astype(np.int64)
    return np.concatenate([faces[~thin], divide(faces[thin], counts)[0]])
