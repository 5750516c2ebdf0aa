"""Polygons that share borders: the same vertices on both sides, who touches whom, joining. Pure; metres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[Any]

# Vertices about this close are one vertex, and a vertex this close to an edge lies on it: far below any
# survey, far above the rounding of coordinates.
SAME_M: Final = 1e-6


def woven(shapes: Shapes) -> Shapes:
    """The same polygons, each with every vertex of the others that lies on its border.

    So neighbours have the same edges, which stay the same in any projection. What collapses is left empty.
    """
    if not len(shapes):
        return shapes
    rings = Rings.of(shapes)
    start, end = rings.edges()
    lone = ~_has_partner(start, end, rings.vertex, len(rings.places))
    start, end = start[lone], end[lone]
    at = np.unique(np.concatenate([rings.vertex[start], rings.vertex[end]]))
    return _sound(_noded(rings, start, at).shapes(), shapes)


def with_vertices(areas: Shapes, cells: Shapes) -> Shapes:
    """Areas, of one part or several, with every vertex of the cells that lies on their borders."""
    parts, of = shapely.get_parts(areas, return_index=True)
    if not len(parts) or not len(cells):
        return areas
    rings = Rings.of(np.concatenate([parts, cells]))
    start, _end = rings.edges()
    owner = rings.owner()[start]
    at = np.unique(rings.vertex[start[owner >= len(parts)]])
    noded = _noded(rings, start[owner < len(parts)], at).shapes()[: len(parts)]
    return np.asarray(
        shapely.multipolygons(_sound(noded, parts), indices=of, out=np.array(areas, dtype=object))
    )


def _noded(rings: Rings, start: Ints, at: Ints) -> Rings:
    """Those of the vertices `at` that lie on the edges beginning at `start` put between their ends."""
    here, there = rings.vertex[start], rings.vertex[start + 1]
    segments = shapely.linestrings(np.stack([rings.places[here], rings.places[there]], axis=1))
    tree = shapely.STRtree(np.asarray(shapely.points(rings.places[at])))
    edge, found = tree.query(segments, predicate="dwithin", distance=SAME_M)
    vertex = at[found]
    between = (vertex != here[edge]) & (vertex != there[edge])
    edge, vertex = edge[between], vertex[between]
    way = rings.places[there[edge]] - rings.places[here[edge]]
    along = np.einsum("ij,ij->i", rings.places[vertex] - rings.places[here[edge]], way)
    order = np.lexsort((along, start[edge]))
    return rings.with_inserted(start[edge][order] + 1, vertex[order])


def sound(shape: Any) -> Any:
    """A polygon that rounding has made invalid, mended; unchanged if that would cost it ground."""
    parts = shapely.get_parts(shapely.make_valid(shape, method="structure", keep_collapsed=False))
    largest = max(parts, key=lambda part: part.area, default=shape)
    kept = largest.geom_type == "Polygon" and abs(largest.area - shape.area) <= 1e-4
    return largest if kept else shape


def _sound(after: Shapes, before: Shapes) -> Shapes:
    """What weaving made, mended where that spoilt it; as it was where mending does not help either."""
    for number in np.flatnonzero(~shapely.is_valid(after)).tolist():
        mended = sound(after[number])
        after[number] = mended if mended.is_valid else before[number]
    return after


@dataclass(frozen=True, slots=True)
class Touch:
    """Pairs of polygons with a common border: one < other, and its length in metres."""

    one: Ints
    other: Ints
    length: Floats


def touching(shapes: Shapes) -> Touch:
    """All pairs of woven polygons that share edges."""
    rings = Rings.of(shapes)
    start, end = rings.edges()
    owner = rings.owner()[start]
    many = len(rings.places)
    a, b = rings.vertex[start], rings.vertex[end]
    order = np.argsort(a * many + b, kind="stable")
    codes = (a * many + b)[order]
    back = b * many + a
    at = np.minimum(np.searchsorted(codes, back), len(codes) - 1)
    paired = codes[at] == back
    one, other = owner[paired], owner[order[at[paired]]]
    length = np.hypot(*(rings.places[a[paired]] - rings.places[b[paired]]).T)
    once = one < other
    pair, which = np.unique(one[once] * len(shapes) + other[once], return_inverse=True)
    metres = np.bincount(which, length[once], len(pair)).astype(np.float64)
    return Touch(pair // len(shapes), pair % len(shapes), metres)


def joined(shapes: Shapes, label: Ints) -> tuple[Shapes, Ints]:
    """Woven polygons of one label put together; the parts, and the label of each.

    A label whose polygons do not touch gives several parts.
    """
    whole = np.empty(len(np.unique(label)), dtype=object)
    names = []
    for number, (name, members) in enumerate(grouped(label)):
        names.append(name)
        whole[number] = shapes[members[0]] if len(members) == 1 else united(shapes[members])
    parts, of = shapely.get_parts(whole, return_index=True)
    return parts, np.array(names, dtype=np.int64)[of]


def grouped(label: Ints) -> Iterator[tuple[int, Ints]]:
    """Each label in rising order, and the positions that have it."""
    order = np.argsort(label, kind="stable")
    found, first = np.unique(label[order], return_index=True)
    yield from zip(found.tolist(), np.split(order, first[1:]), strict=True)


def united(shapes: Shapes) -> Any:
    """The union of polygons: fast and exact if they are woven and do not overlap, else in the general way."""
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_union_all(shapes)
    return shapely.union_all(shapes)


@dataclass(frozen=True, slots=True)
class Rings:
    """Polygons as numbered vertices; `rings` and `polygons` are offsets as in shapely's ragged arrays."""

    places: Floats
    vertex: Ints
    rings: Ints
    polygons: Ints

    @classmethod
    def of(cls, shapes: Shapes) -> Rings:
        """Vertices of the same place, or within about SAME_M of it, have the same number."""
        _kind, points, (rings, polygons) = shapely.to_ragged_array(shapes)
        _found, first, vertex = np.unique(_as_keys(points), return_index=True, return_inverse=True)
        stands = _near_as_one(points[first])
        offsets = rings.astype(np.int64), polygons.astype(np.int64)
        return cls(points[first], stands[vertex], *offsets)._without_repeats()

    def edges(self) -> tuple[Ints, Ints]:
        """Positions in `vertex` where the edges begin, and where they end."""
        inner = np.ones(len(self.vertex), dtype=bool)
        inner[self.rings[1:] - 1] = False
        start = np.flatnonzero(inner)
        return start, start + 1

    def owner(self) -> Ints:
        """Of each position in `vertex`, the polygon."""
        of_ring = np.repeat(np.arange(len(self.rings) - 1), np.diff(self.rings))
        of_polygon = np.repeat(np.arange(len(self.polygons) - 1), np.diff(self.polygons))
        owner: Ints = of_polygon[of_ring]
        return owner

    def with_inserted(self, before: Ints, vertex: Ints) -> Rings:
        """More vertices, each before a position of `vertex`; positions in rising order."""
        return Rings(
            self.places,
            np.insert(self.vertex, before, vertex),
            self.rings + np.searchsorted(before, self.rings, side="left"),
            self.polygons,
        )

    def shapes(self) -> Shapes:
        shapes: Shapes = shapely.from_ragged_array(
            shapely.GeometryType.POLYGON, self.places[self.vertex], (self.rings, self.polygons)
        )
        return shapes

    def _without_repeats(self) -> Rings:
        """Without edges of no length, and without rings that have fewer than three left."""
        start, end = self.edges()
        repeated = end[self.vertex[start] == self.vertex[end]]
        if not len(repeated):
            return self
        kept = np.ones(len(self.vertex), dtype=bool)
        kept[repeated] = False
        of_ring = np.repeat(np.arange(len(self.rings) - 1), np.diff(self.rings))
        size = np.bincount(of_ring[kept], minlength=len(self.rings) - 1)
        stays = size >= 4
        kept &= stays[of_ring]
        of_polygon = np.repeat(np.arange(len(self.polygons) - 1), np.diff(self.polygons))
        count = np.bincount(of_polygon[stays], minlength=len(self.polygons) - 1)
        return Rings(
            self.places,
            self.vertex[kept],
            np.concatenate([[0], np.cumsum(size[stays])]),
            np.concatenate([[0], np.cumsum(count)]),
        )


def _has_partner(start: Ints, end: Ints, vertex: Ints, many: int) -> NDArray[np.bool_]:
    """Of each edge: does another polygon have it the other way round?"""
    a, b = vertex[start], vertex[end]
    return np.isin(a * many + b, b * many + a)


def _as_keys(points: Floats) -> NDArray[np.complex128]:
    # one number a place, which numpy sorts faster than rows
    return np.ascontiguousarray(points + 0.0).view(np.complex128).ravel()


def _near_as_one(places: Floats) -> Ints:
    """For each of some different places, the number of the one that stands for it and its near ones.

    Near is: in one square of a grid twice as wide as SAME_M, or of that grid moved by half a square.
    """
    stands = np.arange(len(places))
    for shift_x in (0.0, 0.5):
        for shift_y in (0.0, 0.5):
            square = np.floor(places / (2 * SAME_M) + [shift_x, shift_y])
            _found, first, which = np.unique(_as_keys(square), return_index=True, return_inverse=True)
            if len(first) < len(places):
                # the lowest number that stands for any in the square stands for all of it
                lowest = np.full(len(first), len(places))
                np.minimum.at(lowest, which, stands)
                stands = lowest[which]
                stands = stands[stands]
    return stands
