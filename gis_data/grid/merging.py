"""Pieces that are too small, too large or too thin put in order with their neighbours. Pure; metres."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.grid.coverage import joined, touching, united, woven
from gis_data.grid.halving import divide
from gis_data.grid.limits import THIN, Limits, roundness

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[Any]
Mask = NDArray[np.bool_]

ROUNDS: Final = 4
NEIGHBOURS: Final = 6
LEAST_GAIN: Final = 0.01


def gathered(shapes: Shapes, within: Ints, limits: Limits, *, forced: bool) -> tuple[Shapes, Ints]:
    """Small pieces joined to neighbours of the same `within`, smallest first, until they are cells.

    A piece goes to that neighbour with which it becomes most compact, as long as together they are not too
    large. What is still too small, or thin, is joined beyond that if `forced`: to that with which it has the
    longest border; the two will be cut again. The joined pieces, and the `within` of each.
    """
    shapes = woven(shapes)
    alive = ~shapely.is_empty(shapes)
    shapes, within = shapes[alive], within[alive]
    graph = _Graph(shapes, within)
    for reach in (1.5 * limits.target, limits.most):
        graph.join_below(limits.least, reach)
    if forced:
        graph.join_below(limits.least, np.inf, thin=True)
    parts, of = joined(shapes, graph.label())
    return parts, within[of]


class _Graph:
    """Groups of pieces with area, perimeter and the length of border that they share with each neighbour."""

    def __init__(self, shapes: Shapes, within: Ints) -> None:
        self.area = shapely.area(shapes).tolist()
        self.length = shapely.length(shapes).tolist()
        self.stands = list(range(len(shapes)))
        self.shared: list[dict[int, float]] = [{} for _ in shapes]
        touch = touching(shapes)
        same = within[touch.one] == within[touch.other]
        for one, other, length in zip(
            touch.one[same].tolist(), touch.other[same].tolist(), touch.length[same].tolist(), strict=True
        ):
            self.shared[one][other] = self.shared[other][one] = length

    def label(self) -> Ints:
        return np.array([self._standing(number) for number in range(len(self.stands))], dtype=np.int64)

    def join_below(self, small: float, reach: float, *, thin: bool = False) -> None:
        """Join each group smaller than `small` (or thin) to a neighbour if both stay within `reach`."""
        waiting = [
            (self.area[number], number)
            for number in range(len(self.stands))
            if self.stands[number] == number and self._wants(number, small, thin)
        ]
        heapq.heapify(waiting)
        while waiting:
            area, number = heapq.heappop(waiting)
            if self.stands[number] != number or self.area[number] != area:
                continue
            best = self._best(number, reach)
            if best is None:
                continue
            self._join(number, best)
            if self._wants(best, small, thin):
                heapq.heappush(waiting, (self.area[best], best))

    def _wants(self, number: int, small: float, thin: bool) -> bool:
        if self.area[number] < small:
            return True
        return thin and 4 * np.pi * self.area[number] < THIN * self.length[number] ** 2

    def _best(self, number: int, reach: float) -> int | None:
        best, price = None, np.inf
        for other, shared in self.shared[number].items():
            area = self.area[number] + self.area[other]
            if area > reach:
                continue
            around = self.length[number] + self.length[other] - 2 * shared
            # the rounder the better; among large ones (only when forced) the longest common border
            worth = around**2 / area if np.isfinite(reach) else -shared
            if (worth, other) < (price, best if best is not None else -1):
                best, price = other, worth
        return best

    def _join(self, number: int, into: int) -> None:
        shared = self.shared[number].pop(into)
        del self.shared[into][number]
        self.area[into] += self.area[number]
        self.length[into] += self.length[number] - 2 * shared
        for other, length in self.shared[number].items():
            del self.shared[other][number]
            together = self.shared[into].get(other, 0.0) + length
            self.shared[into][other] = self.shared[other][into] = together
        self.shared[number] = {}
        self.stands[number] = into

    def _standing(self, number: int) -> int:
        while self.stands[number] != number:
            self.stands[number] = self.stands[self.stands[number]]
            number = self.stands[number]
        return number


def mended(shapes: Shapes, within: Ints, limits: Limits, *, recut: bool = True) -> tuple[Shapes, Ints]:
    """Cells out of their limits joined to a neighbour of the same `within`, or cut anew together with it.

    Of all such changes the one that betters the two cells most is made, for each cell in turn; cells that
    nothing betters stay as they are.
    """
    fresh = np.ones(len(shapes), dtype=bool)
    for _round in range(ROUNDS):
        sick = _broken(shapes, limits)
        concerned = np.isin(within, within[sick & fresh])
        if not concerned.any():
            break
        rest, rest_within = shapes[~concerned], within[~concerned]
        some, some_within, some_fresh = _one_round(
            shapes[concerned], within[concerned], fresh[concerned], limits, recut
        )
        shapes, within = np.concatenate([rest, some]), np.concatenate([rest_within, some_within])
        fresh = np.concatenate([np.zeros(len(rest), dtype=bool), some_fresh])
    return shapes, within


def _broken(shapes: Shapes, limits: Limits) -> Mask:
    area = shapely.area(shapes)
    return ~limits.in_range(area) | (roundness(area, shapely.length(shapes)) < THIN)


def _one_round(
    shapes: Shapes, within: Ints, fresh: Mask, limits: Limits, recut: bool
) -> tuple[Shapes, Ints, Mask]:
    """One change for each sick cell that has any; `fresh` marks cells that a round has not yet seen."""
    shapes = woven(shapes)
    alive = ~shapely.is_empty(shapes)
    shapes, within, fresh = shapes[alive], within[alive], fresh[alive]
    bad = limits.badness(shapely.area(shapes), shapely.length(shapes))
    sick = _broken(shapes, limits)
    one, other = _pairs(shapes, within, sick)
    new = fresh[one] | fresh[other]
    one, other = one[new], other[new]
    ways = _ways(shapes, one, other, limits, recut)
    cost = np.bincount(ways.of, limits.badness(shapely.area(ways.pieces), shapely.length(ways.pieces)))
    gain = (bad[one] + bad[other])[ways.pair] - cost
    taken = np.zeros(len(shapes), dtype=bool)
    chosen: list[int] = []
    # the worst cell first, and for it the change that betters most
    for way in np.lexsort((-gain, one[ways.pair], -bad[one[ways.pair]])).tolist():
        first, second = one[ways.pair[way]], other[ways.pair[way]]
        if gain[way] > LEAST_GAIN and not taken[first] and not taken[second]:
            taken[first] = taken[second] = True
            chosen.append(way)
    made = np.isin(ways.of, chosen)
    return (
        np.concatenate([shapes[~taken], ways.pieces[made]]),
        np.concatenate([within[~taken], within[one[ways.pair[ways.of[made]]]]]),
        np.arange(int((~taken).sum() + made.sum())) >= int((~taken).sum()),
    )


def _pairs(shapes: Shapes, within: Ints, sick: Mask) -> tuple[Ints, Ints]:
    """Each sick cell with those neighbours of the same `within` along which its border is longest."""
    touch = touching(shapes)
    same = within[touch.one] == within[touch.other]
    one = np.concatenate([touch.one[same], touch.other[same]])
    other = np.concatenate([touch.other[same], touch.one[same]])
    length = np.tile(touch.length[same], 2)
    mine = sick[one]
    one, other, length = one[mine], other[mine], length[mine]
    order = np.lexsort((other, -length, one))
    one, other = one[order], other[order]
    rank = np.arange(len(one)) - np.searchsorted(one, one)
    return one[rank < NEIGHBOURS], other[rank < NEIGHBOURS]


@dataclass(frozen=True, slots=True)
class _Ways:
    """What pairs could become: pieces, the way each piece is of, and the pair each way is for."""

    pieces: Shapes
    of: Ints
    pair: Ints


def _ways(shapes: Shapes, one: Ints, other: Ints, limits: Limits, recut: bool) -> _Ways:
    """Each pair as one cell, and cut anew into as many as their size asks for, at least two."""
    pairs_of_shapes = np.stack([shapes[one], shapes[other]], axis=1)
    whole = np.array([united(pair_of_shapes) for pair_of_shapes in pairs_of_shapes], dtype=object)
    pair = np.flatnonzero(shapely.get_type_id(whole) == 3)
    whole = whole[pair]
    area = shapely.area(whole)
    count = limits.counts(area)
    small = area <= limits.most
    wanted = [np.ones(small.sum(), dtype=np.int64)]
    grounds, pairs = [whole[small]], [pair[small]]
    if recut:
        grounds.append(whole)
        wanted.append(np.maximum(2, count))
        pairs.append(pair)
    pieces, of = divide(np.concatenate(grounds), np.concatenate(wanted))
    return _Ways(pieces, of, np.concatenate(pairs))
