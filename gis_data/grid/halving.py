"""Connected ground cut by straight lines into a given number of pieces of about equal area. Pure; metres.

Whole arrays are cut at once, one level of halves after the other. Each piece lies in its own frame, along
the direction most of its border runs in; of the two lines across that frame which leave the wanted share on
one side the shorter is taken. Ground that is hollow, bent or necked gets a wider search: more directions and
places, and shorter cuts in fewer strokes are worth a less even share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.progress import Progress, silent

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shapes = NDArray[Any]

NOTHING: Final[Shapes] = np.array([], dtype=object)
NEWTON_STEPS: Final = 5
# Ground that fills less of its convex hull than this is searched more widely.
PLAIN: Final = 0.85
DIRECTIONS: Final = 6
PLACES: Final = 31
# Borders are smoothed by this much for the wider search, which only looks for a place.
GRAIN_M: Final = 1.0
# How much dearer a cut is for each further stroke in which it crosses the ground.
STROKE_PRICE: Final = 1.0
# How far a cut moves aside for what is to be avoided, in shares of one piece, and in how many steps.
ASIDE: Final = 0.3
STEPS_ASIDE: Final = 25
# How far a side may be from what its count of cells asks for, in the wider search.
SLACK: Final = (0.65, 1.5)


def divide(
    grounds: Shapes, counts: Ints, avoid: Shapes = NOTHING, progress: Progress = silent
) -> tuple[Shapes, Ints]:
    """Cut each polygon into about `counts` pieces; the pieces, and which ground each came from.

    avoid   polygons that a cut goes beside if it can, at the cost of a less even share

    Both sides of a cut share its vertices exactly. A cut through bent ground may leave fragments apart: each
    is a piece of its own, at least one and by its area, so that there may be more pieces than asked for.
    """
    done: list[Shapes] = []
    done_of: list[Ints] = []
    shapes = shapely.orient_polygons(np.asarray(grounds, dtype=object), exterior_cw=True)
    counts = np.asarray(counts, dtype=np.int64)
    of = np.arange(len(shapes))
    wanted_in_all = max(int(counts.sum()), 1)
    tree = shapely.STRtree(avoid) if len(avoid) else None
    while len(shapes):
        # each round doubles what is cut, so what is there tells how much of the work is done
        found = sum(map(len, done)) + len(shapes)
        progress(found, min(found / wanted_in_all, 1.0))
        whole = counts < 2
        done.append(shapes[whole])
        done_of.append(of[whole])
        shapes, counts, of = shapes[~whole], counts[~whole], of[~whole]
        if not len(shapes):
            break
        cuts = choose_cuts(shapes, counts, tree)
        first = shapely.intersection(shapes, cuts.half)
        second = shapely.difference(shapes, cuts.half)
        sides = np.concatenate([first, second])
        wanted = np.concatenate([cuts.count, counts - cuts.count])
        parts, side = shapely.get_parts(sides, return_index=True)
        solid = (shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 0)
        parts, side = parts[solid], side[solid]
        # a cut that missed leaves the ground as it was: it stays whole
        alone = np.bincount(side, minlength=len(sides)) == 1
        each = np.tile(shapely.area(shapes) / counts, 2)[side]
        by_area = np.maximum(1, np.rint(shapely.area(parts) / each)).astype(np.int64)
        origin = side % len(shapes)
        missed = np.bincount(origin, minlength=len(shapes))[origin] == 1
        given = np.where(alone[side], wanted[side], by_area)
        shapes, counts, of = parts, np.where(missed, 1, given), of[origin]
    if not done:
        return NOTHING, of
    return np.concatenate(done), np.concatenate(done_of)


@dataclass(frozen=True, slots=True)
class Cuts:
    """One cut for each ground: the half-plane on its first side, and how many pieces that side is for."""

    half: Shapes
    count: Ints


def choose_cuts(shapes: Shapes, counts: Ints, avoid: shapely.STRtree | None) -> Cuts:
    """Where to cut each ground that is to become two or more pieces."""
    edges = Edges.of(shapes)
    angle = edges.main_direction()
    fill = shapely.area(shapes) / shapely.area(shapely.convex_hull(shapes))
    turn, place, count, strokes = _shorter_of_two(edges, angle, counts)
    bent = (fill < PLAIN) | (strokes > 1)
    if bent.any():
        which = np.flatnonzero(bent)
        rough = shapely.simplify(shapes[which], GRAIN_M)
        found = _search(Edges.of(rough, edges.centre[which]), angle[which], counts[which])
        sure = found[3]
        turn[which[sure]] = found[0][sure]
        place[which[sure]] = found[1][sure]
        count[which[sure]] = found[2][sure]
    if avoid is not None:
        place += _aside(shapes, edges, turn, place, edges.area / counts, avoid)
    return Cuts(_half_planes(shapes, edges.centre, turn, place), count)


@dataclass(frozen=True, slots=True)
class Edges:
    """All edges of some polygons, each polygon's about its own centre; `start` is where a polygon's begin."""

    centre: Floats
    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    start: Ints
    area: Floats

    @classmethod
    def of(cls, shapes: Shapes, centre: Floats | None = None) -> Edges:
        _kind, points, (rings, polygons) = shapely.to_ragged_array(shapes)
        of_ring = np.repeat(np.arange(len(rings) - 1), np.diff(rings))
        if centre is None:
            west, south, east, north = shapely.bounds(shapes).T
            centre = np.column_stack([(west + east) / 2, (south + north) / 2])
        of_polygon = np.repeat(np.arange(len(shapes)), np.diff(polygons))[of_ring]
        points = points - centre[of_polygon]
        inside = np.flatnonzero(of_ring[:-1] == of_ring[1:])
        return cls(
            centre,
            points[inside, 0],
            points[inside, 1],
            points[inside + 1, 0],
            points[inside + 1, 1],
            np.searchsorted(of_polygon[inside], np.arange(len(shapes))),
            shapely.area(shapes),
        )

    def polygon(self) -> Ints:
        """Of each edge, the number of its polygon."""
        size = np.diff(self.start, append=len(self.x0))
        return np.repeat(np.arange(len(self.start)), size)

    def main_direction(self) -> Floats:
        """The angle modulo a right angle along which most of the border runs; 0 if it has none."""
        dx, dy = self.x1 - self.x0, self.y1 - self.y0
        run = np.hypot(dx, dy)
        with np.errstate(divide="ignore", invalid="ignore"):
            fourfold = np.where(run > 0, (dx + 1j * dy) ** 4 / run**3, 0)
        total = np.add.reduceat(fourfold, self.start)
        around = np.add.reduceat(run, self.start)
        angle: Floats = np.where(np.abs(total) > 1e-3 * around, np.angle(total) / 4, 0.0)
        return angle

    def turned(self, angle: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """The edges along (p) and across (q) the direction `angle` of each polygon."""
        of = self.polygon()
        cos, sin = np.cos(angle)[of], np.sin(angle)[of]
        return (
            self.x0 * cos + self.y0 * sin,
            self.y0 * cos - self.x0 * sin,
            self.x1 * cos + self.y1 * sin,
            self.y1 * cos - self.x1 * sin,
        )


def _shorter_of_two(edges: Edges, angle: Floats, counts: Ints) -> tuple[Floats, Floats, Ints, Ints]:
    """Along and across the frame, the cut with about half the count on its first side; the shorter one.

    Answers the direction across which to cut, the place along it, the count of the first side, the strokes.
    """
    found = []
    for turn in (angle, angle + np.pi / 2):
        p0, q0, p1, q1 = edges.turned(turn)
        low = np.minimum.reduceat(p0, edges.start)
        high = np.maximum.reduceat(p0, edges.start)
        count = _whole_rows(counts, edges.area, high - low)
        share = count / counts
        wanted = share * edges.area
        place = low + share * (high - low)
        lean = _slope(p0, q0, p1, q1)
        of = edges.polygon()
        for _step in range(NEWTON_STEPS):
            below, width, strokes = _below(edges.start, p0, q0, p1, lean, place[of], place)
            miss = below - wanted
            if np.all(np.abs(miss) < 0.01 * edges.area / counts):
                break
            low = np.where(miss < 0, place, low)
            high = np.where(miss > 0, place, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = place - miss / width
            good = (step > low) & (step < high)
            place = np.where(good, step, (low + high) / 2)
        found.append((width * (1 + STROKE_PRICE * (strokes - 1)), turn, place, count, strokes))
    other = found[1][0] < found[0][0] * (1 - 1e-9)
    turn, place, count, strokes = (
        np.where(other, second, first) for first, second in zip(found[0][1:], found[1][1:], strict=True)
    )
    return turn, place, count, strokes


def _whole_rows(counts: Ints, area: Floats, extent: Floats) -> Ints:
    """Of each count about the half, rounded to as many square pieces as fit side by side across the cut."""
    each = np.sqrt(area / counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = np.clip(np.rint(area / extent / each), 1, np.maximum(1, counts // 2)).astype(np.int64)
    half: Ints = np.clip(rows * np.maximum(1, counts // 2 // rows), 1, np.maximum(1, counts - 1))
    return half


def _slope(p0: Floats, q0: Floats, p1: Floats, q1: Floats) -> Floats:
    run = p1 - p0
    with np.errstate(divide="ignore", invalid="ignore"):
        slope: Floats = np.where(run != 0, (q1 - q0) / run, 0.0)
    return slope


def _below(
    start: Ints, p0: Floats, q0: Floats, p1: Floats, lean: Floats, place: Floats, _shape: Floats
) -> tuple[Floats, Floats, Ints]:
    """Area on the near side of `place` (one a polygon, spread to its edges), the width there, the strokes.

    Shells run clockwise: the area is the integral of q over p, up to the place.
    """
    near0, near1 = np.minimum(p0, place), np.minimum(p1, place)
    middle = q0 + lean * ((near0 + near1) / 2 - p0)
    area = np.add.reduceat((near1 - near0) * middle, start, axis=0)
    up, down = (p0 < place) & (place <= p1), (p1 < place) & (place <= p0)
    crossing = np.where(up, 1.0, np.where(down, -1.0, 0.0)) * (q0 + lean * (place - p0))
    width = np.add.reduceat(crossing, start, axis=0)
    strokes = np.add.reduceat((up | down).astype(np.int64), start, axis=0) // 2
    return area, width, strokes


def _search(edges: Edges, angle: Floats, counts: Ints) -> tuple[Floats, Floats, Ints, NDArray[np.bool_]]:
    """The cheapest of many cuts; the last answer says where one was found that shares well enough."""
    steps = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    turn, place = np.zeros(len(counts)), np.zeros(len(counts))
    count, price = counts // 2, np.full(len(counts), np.inf)
    along = (np.arange(PLACES) + 1) / (PLACES + 1)
    each = edges.area / counts
    for step in steps:
        p0, q0, p1, q1 = edges.turned(angle + step)
        lean = _slope(p0, q0, p1, q1)
        low = np.minimum.reduceat(p0, edges.start)
        high = np.maximum.reduceat(p0, edges.start)
        places = low[:, None] + along * (high - low)[:, None]
        area, width, strokes = _below(
            edges.start, p0[:, None], q0[:, None], p1[:, None], lean[:, None], places[edges.polygon()], places
        )
        first = np.clip(np.rint(area / each[:, None]), 1, counts[:, None] - 1)
        size_first = area / first / each[:, None]
        size_second = (edges.area[:, None] - area) / (counts[:, None] - first) / each[:, None]
        small, large = np.minimum(size_first, size_second), np.maximum(size_first, size_second)
        uneven = np.abs(first / counts[:, None] - 0.5)
        cost = width * (1 + STROKE_PRICE * (strokes - 1)) * (1 + uneven + (large - small))
        cost = np.where((small >= SLACK[0]) & (large <= SLACK[1]) & (strokes > 0), cost, np.inf)
        best = np.argmin(cost, axis=1)
        here = np.arange(len(counts)), best
        better = cost[here] < price * (1 - 1e-9)
        turn = np.where(better, angle + step, turn)
        place = np.where(better, places[here], place)
        count = np.where(better, first[here].astype(np.int64), count)
        price = np.where(better, cost[here], price)
    return turn, place, count, np.isfinite(price)


def _aside(
    shapes: Shapes, edges: Edges, turn: Floats, place: Floats, each: Floats, avoid: shapely.STRtree
) -> Floats:
    """How far to move each cut so that it meets the least of what it should go beside."""
    ground, thing = avoid.query(shapes, predicate="intersects")
    if not len(ground):
        return np.zeros(len(shapes))
    points, of = shapely.get_coordinates(avoid.geometries[thing], return_index=True)
    at = points - edges.centre[ground][of]
    along = at[:, 0] * np.cos(turn[ground])[of] + at[:, 1] * np.sin(turn[ground])[of]
    begin = np.searchsorted(of, np.arange(len(thing)))
    low, high = np.minimum.reduceat(along, begin), np.maximum.reduceat(along, begin)
    p0, q0, p1, q1 = edges.turned(turn)
    lean = _slope(p0, q0, p1, q1)
    _area, width, _strokes = _below(edges.start, p0, q0, p1, lean, place[edges.polygon()], place)
    room = ASIDE * each / np.maximum(width, 1.0)
    steps = np.linspace(-1, 1, STEPS_ASIDE)
    places = (place[:, None] + room[:, None] * steps)[ground]
    depth = np.maximum(0, np.minimum(places - low[:, None], high[:, None] - places))
    cost = np.zeros((len(shapes), STEPS_ASIDE))
    np.add.at(cost, ground, depth)
    best = np.argmin(cost + 0.01 * np.abs(steps), axis=1)
    aside: Floats = room * steps[best]
    return aside


def _half_planes(shapes: Shapes, centre: Floats, turn: Floats, place: Floats) -> Shapes:
    """Rectangles that hold all of a shape on the near side of `place` in the direction `turn`."""
    west, south, east, north = shapely.bounds(shapes).T
    far = np.hypot(east - west, north - south) + 1
    cos, sin = np.cos(turn), np.sin(turn)
    corners = [(-far, -far), (-far, far), (place, far), (place, -far)]
    ring = np.stack(
        [
            np.column_stack([p * cos - q * sin + centre[:, 0], p * sin + q * cos + centre[:, 1]])
            for p, q in corners
        ],
        axis=1,
    )
    return np.asarray(shapely.polygons(ring))
