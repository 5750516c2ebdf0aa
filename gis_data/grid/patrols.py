"""Cells grouped for patrols: connected groups of about equal load, the same for the same input. Pure; metres.

The ground is halved again and again by straight fronts, each time where the fewest metres of border are cut;
then cells at the borders of groups change sides as long as that evens the loads and leaves both connected.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gis_data.grid.coverage import touching, woven

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FRONTS: Final = 8
# Loads nearer to each other than this share of the mean (beyond the cell that would move) are even; and a
# bound on the moves, by cell.
EVEN_ENOUGH: Final = 0.005
MOVES_A_CELL: Final = 20
# How much a move that lengthens the border between groups is worth less, and more if it shortens it.
SHAPE_PRICE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A group (0 …) for each cell, and each group's load. `balance`: the greatest load over the mean."""

    group: Ints
    loads: Floats

    @property
    def balance(self) -> float:
        mean = float(self.loads.mean()) if len(self.loads) else 0.0
        return float(self.loads.max()) / mean if mean else 1.0


def propose(
    centres: Floats, loads: Floats, borders: Iterable[tuple[int, int, float]], count: int
) -> Proposal:
    """Group cells into `count` connected groups of about equal load; numbered from the north-west.

    centres   (n, 2), x east and y north
    loads     what each cell costs a patrol, in any unit; cells without any still count a little
    borders   pairs of neighbours with the length of their common border
    Cells that touch none of the others (islands) count as neighbours of what is nearest.
    """
    many = len(centres)
    if not 1 <= count <= max(many, 1):
        raise ValueError(f"{count} groups of {many} cells")
    weight = np.maximum(loads, 1e-6 * max(float(np.mean(loads)), 1e-9)) if many else loads
    beside: list[dict[int, float]] = [{} for _ in range(many)]
    for one, other, length in borders:
        beside[one][other] = beside[other][one] = float(length)
    _bridge(centres, beside)
    group = np.zeros(many, dtype=np.int64)
    waiting = [(np.arange(many), count, 0)]
    while waiting:
        cells, wanted, first = waiting.pop()
        group[cells] = first
        if wanted > 1:
            near, far = _halves(cells, wanted, centres, weight, beside)
            waiting += [(near, wanted // 2, first), (far, wanted - wanted // 2, first + wanted // 2)]
    _even(group, weight, beside, count)
    group = _numbered(group, centres, count)
    return Proposal(group, np.bincount(group, loads, minlength=count).astype(np.float64))


def _halves(
    cells: Ints, wanted: int, centres: Floats, weight: Floats, beside: list[dict[int, float]]
) -> tuple[Ints, Ints]:
    """Cells on the two sides of the front that cuts the fewest metres, sharing the load as wanted."""
    share = (wanted // 2) / wanted
    best: tuple[float, int] | None = None
    sides: list[tuple[Ints, Ints]] = []
    for step in range(FRONTS):
        angle = np.pi * step / FRONTS
        along = centres[cells] @ np.array([np.cos(angle), np.sin(angle)])
        order = cells[np.lexsort((cells, along))]
        heaped = np.cumsum(weight[order])
        at = int(np.searchsorted(heaped, share * heaped[-1]))
        at = min(max(at, wanted // 2), len(cells) - (wanted - wanted // 2))
        near, far = _connected(order[:at], order[at:], beside, wanted)
        inside, outside = set(near.tolist()), set(far.tolist())
        cut = sum(length for one in inside for other, length in beside[one].items() if other in outside)
        miss = abs(float(weight[near].sum()) / float(heaped[-1]) - share) / share
        price = cut * (1 + 10 * miss)
        if best is None or price < best[0] - 1e-9:
            best = price, len(sides)
        sides.append((near, far))
    assert best is not None
    return sides[best[1]]


def _connected(near: Ints, far: Ints, beside: list[dict[int, float]], wanted: int) -> tuple[Ints, Ints]:
    """Both sides in one piece each, as far as that leaves enough cells: lesser pieces change sides."""
    here, there = pieces(near.tolist(), beside), pieces(far.tolist(), beside)
    one = set(here[0]).union(*there[1:])
    other = set(there[0]).union(*here[1:])
    if len(one) < wanted // 2 or len(other) < wanted - wanted // 2:
        return near, far
    return np.array(sorted(one), dtype=np.int64), np.array(sorted(other), dtype=np.int64)


def pieces(cells: list[int], beside: Sequence[Collection[int]]) -> list[list[int]]:
    """Connected pieces, the one with the most cells first."""
    left = set(cells)
    found = []
    while left:
        start = min(left)
        left.remove(start)
        piece, waiting = [start], [start]
        while waiting:
            for other in beside[waiting.pop()]:
                if other in left:
                    left.remove(other)
                    piece.append(other)
                    waiting.append(other)
        found.append(piece)
    return sorted(found, key=lambda piece: (-len(piece), min(piece)))


def _even(group: Ints, weight: Floats, beside: list[dict[int, float]], count: int) -> None:
    """Move border cells to lighter neighbouring groups while that evens the loads, the heaviest first."""
    of = group.tolist()
    size = weight.tolist()
    members: list[set[int]] = [set() for _ in range(count)]
    for cell, number in enumerate(of):
        members[number].add(cell)
    load = np.bincount(group, weight, minlength=count).tolist()
    least = EVEN_ENOUGH * sum(load) / count
    waiting = [(-load[number], number) for number in range(count)]
    heapq.heapify(waiting)
    for _move in range(MOVES_A_CELL * len(of)):
        if not waiting:
            break
        said, giver = heapq.heappop(waiting)
        if -said != load[giver]:
            continue  # it has changed since, and waits again
        found = _best_move(giver, of, size, members, load, beside, least)
        if found is None:
            continue
        cell, taker = found
        members[giver].remove(cell)
        members[taker].add(cell)
        of[cell] = taker
        load[giver] -= size[cell]
        load[taker] += size[cell]
        around = {of[other] for one in (giver, taker) for at in members[one] for other in beside[at]}
        for number in sorted(around | {giver, taker}):
            heapq.heappush(waiting, (-load[number], number))
    group[:] = of


def _best_move(
    giver: int,
    of: list[int],
    size: list[float],
    members: list[set[int]],
    load: list[float],
    beside: list[dict[int, float]],
    least: float,
) -> tuple[int, int] | None:
    """The cell that a group should give away, and to which group; None if that would even nothing."""
    moves: list[tuple[float, int, int]] = []
    for cell in members[giver]:
        shared: dict[int, float] = {}
        for other, length in beside[cell].items():
            shared[of[other]] = shared.get(of[other], 0.0) + length
        own = shared.pop(giver, 0.0)
        around = own + sum(shared.values()) or 1.0
        for taker, length in shared.items():
            left = load[giver] - load[taker] - size[cell]
            if left > least:
                # the border between the groups grows by what the cell shared with its own, less the taker's
                moves.append((-size[cell] * left * (1 - SHAPE_PRICE * (own - length) / around), cell, taker))
    for _worth, cell, taker in sorted(moves):
        if _stays_whole(cell, members[giver], beside):
            return cell, taker
    return None


def _stays_whole(cell: int, members: set[int], beside: list[dict[int, float]]) -> bool:
    """Is a group without the cell still in one piece, and not empty?"""
    rest = members - {cell}
    if not rest:
        return False
    around = [other for other in beside[cell] if other in rest]
    if not around:
        return False
    left = rest - {around[0]}
    waiting = [around[0]]
    wanted = set(around[1:])
    while waiting and wanted:
        for other in beside[waiting.pop()]:
            if other in left:
                left.remove(other)
                wanted.discard(other)
                waiting.append(other)
    # what else the cell held together had no way round
    return not wanted


def _bridge(centres: Floats, beside: list[dict[int, float]]) -> None:
    """Islands joined to the nearest cell of another piece, with a border of no length."""
    found = pieces(list(range(len(centres))), beside)
    while len(found) > 1:
        small = found[-1]
        others = np.array(sorted(set(range(len(centres))) - set(small)))
        here = np.array(sorted(small))
        away = np.hypot(*(centres[here][:, None] - centres[others][None]).transpose(2, 0, 1))
        row, column = np.unravel_index(int(np.argmin(away)), away.shape)
        one, other = int(here[row]), int(others[column])
        beside[one][other] = beside[other][one] = 0.0
        found = pieces(list(range(len(centres))), beside)


def _numbered(group: Ints, centres: Floats, count: int) -> Ints:
    """Groups renumbered as one reads: rows of a mean group's height from the north, each from the west."""
    size = np.maximum(np.bincount(group, minlength=count), 1)
    middle = np.column_stack([np.bincount(group, centres[:, at], minlength=count) / size for at in (0, 1)])
    extent = np.ptp(centres, axis=0) if len(centres) else np.zeros(2)
    height = max(float(np.sqrt(extent[0] * extent[1] / count)), 1.0)
    row = np.floor((middle[:, 1].max() - middle[:, 1]) / height)
    order = np.lexsort((middle[:, 0], row))
    number = np.empty(count, dtype=np.int64)
    number[order] = np.arange(count)
    return number[group]


def neighbours_of(shapes: NDArray[Any]) -> list[tuple[int, int, float]]:
    """Pairs of cells with a common border, and its length in metres."""
    touch = touching(woven(shapes))
    return list(zip(touch.one.tolist(), touch.other.tolist(), touch.length.tolist(), strict=True))
