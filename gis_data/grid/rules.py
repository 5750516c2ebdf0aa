"""What is wrong with cells, whether cut here or delivered by surveyors. Pure; shapes in metres.

    gap, crossing, overlap   the cells of an area cover it, stay inside, and do not share ground
    shape                    a cell is one valid polygon
    small, large             outside half to twice the 10,000 m² of GB/T 30428.1
    thin                     a sliver: Polsby-Popper compactness below limits.THIN
    order                    a later number lies wholly to the west of an earlier one, and not south of it

Some cells cannot be otherwise, and are excused: small, if the cell is a whole separate part of its area;
thin, if two thirds of its border are the area's own. Sizes count as faults only where fewer than 95 % of
the cells that are not excused are in range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data.grid.coverage import SAME_M, united
from gis_data.grid.limits import THIN, Limits, roundness

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[Any]

# Ground that may be lost, doubled or outside: this share of an area, and never less than so many m².
SUM_SHARE: Final = 1e-6
SUM_M2: Final = 0.01
IN_RANGE_SHARE: Final = 0.95
OWN_BORDER: Final = 2 / 3
NEAR_M: Final = 0.01


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule broken by a cell or an area (`code`); `value` in m², or compactness, or what else helps."""

    kind: str
    code: str
    value: float = 0.0
    other: str = ""
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """How the cells of one district or file came out; shares are of cells that are not excused."""

    cells: int = 0
    area_m2: float = 0.0
    in_range_share: float = 1.0
    smallest_m2: float = 0.0
    median_m2: float = 0.0
    largest_m2: float = 0.0
    least_compact: float = 0.0
    median_compact: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """All rules broken, and the figures."""

    broken: list[Broken] = field(default_factory=list)
    figures: Figures = field(default_factory=Figures)

    @property
    def faults(self) -> list[Broken]:
        return [one for one in self.broken if not one.excused]

    @property
    def excused(self) -> list[Broken]:
        return [one for one in self.broken if one.excused]


def judge(
    cells: Shapes,
    codes: Sequence[str],
    of: Ints,
    areas: Shapes,
    area_codes: Sequence[str],
    limits: Limits | None = None,
) -> Verdict:
    """Hold cells against all the rules; `of` is each cell's position among the areas, -1 for none."""
    verdict = judge_cells(cells, codes, of, areas, limits)
    broken = [*_shapes(cells, codes), *_overlaps(cells, codes), *_sums(cells, of, areas, area_codes)]
    return Verdict(broken + verdict.broken, verdict.figures)


def judge_cells(
    cells: Shapes, codes: Sequence[str], of: Ints, areas: Shapes, limits: Limits | None = None
) -> Verdict:
    """Sizes, compactness and order of numbers, each cell by itself; the figures."""
    if not len(cells):
        return Verdict()
    limits = limits or Limits()
    broken = [*_order(cells, codes, of)]
    size = shapely.area(cells)
    compact = roundness(size, shapely.length(cells))
    alone = _is_whole_part(cells, of, areas)
    small, large = size < limits.least, size > limits.most
    out = (small & ~alone) | large
    counted = int((~(small & alone)).sum())
    share = 1.0 - float(out.sum()) / counted if counted else 1.0
    for number in np.flatnonzero(small | large).tolist():
        excused = bool(not out[number]) or share >= IN_RANGE_SHARE
        kind = "small" if small[number] else "large"
        broken.append(Broken(kind, codes[number], round(float(size[number]), 1), excused=excused))
    thin = np.flatnonzero(compact < THIN)
    own = _own_borders(cells[thin], of[thin], areas)
    for number, share_of_own in zip(thin.tolist(), own.tolist(), strict=True):
        value = round(float(compact[number]), 4)
        broken.append(Broken("thin", codes[number], value, excused=share_of_own >= OWN_BORDER))
    return Verdict(
        broken,
        Figures(
            cells=len(cells),
            area_m2=float(size.sum()),
            in_range_share=share,
            smallest_m2=float(size.min()),
            median_m2=float(np.median(size)),
            largest_m2=float(size.max()),
            least_compact=float(compact.min()),
            median_compact=float(np.median(compact)),
        ),
    )


def _shapes(cells: Shapes, codes: Sequence[str]) -> Iterator[Broken]:
    bad = ~shapely.is_valid(cells) | (shapely.get_type_id(cells) != 3) | shapely.is_empty(cells)
    for number in np.flatnonzero(bad).tolist():
        yield Broken("shape", codes[number], other=str(shapely.is_valid_reason(cells[number])))


def _overlaps(cells: Shapes, codes: Sequence[str]) -> Iterator[Broken]:
    sound = shapely.is_valid(cells) & ~shapely.is_empty(cells)
    if shapely.coverage_is_valid(cells[sound]):
        return
    which = np.flatnonzero(sound)
    one, other = shapely.STRtree(cells[sound]).query(cells[sound], predicate="intersects")
    one, other = which[one], which[other]
    once = one < other
    one, other = one[once], other[once]
    # relate is exact where an intersection would round
    deep = shapely.relate_pattern(cells[one], cells[other], "2********")
    one, other = one[deep], other[deep]
    shared = shapely.area(shapely.intersection(cells[one], cells[other]))
    allowed = np.maximum(SUM_M2, SUM_SHARE * np.minimum(shapely.area(cells[one]), shapely.area(cells[other])))
    for at in np.flatnonzero(shared > allowed).tolist():
        first, second = sorted((codes[one[at]], codes[other[at]]))
        yield Broken("overlap", f"{first} {second}", round(float(shared[at]), 3))


def _sums(cells: Shapes, of: Ints, areas: Shapes, area_codes: Sequence[str]) -> Iterator[Broken]:
    valid = shapely.make_valid(cells)
    order = np.argsort(of, kind="stable")
    first = np.searchsorted(of[order], np.arange(len(areas) + 1))
    for number, area in enumerate(areas):
        allowed = max(SUM_M2, SUM_SHARE * area.area)
        mine = order[first[number] : first[number + 1]]
        whole = united(valid[mine])
        gap, outside = _apart(area, whole, allowed)
        if gap > allowed:
            yield Broken("gap", area_codes[number], round(gap, 3))
        if outside > allowed:
            yield Broken("crossing", area_codes[number], round(outside, 3))


def _apart(area: Any, whole: Any, allowed: float) -> tuple[float, float]:
    """What of the area is not in the whole, and the reverse, in m²."""
    gap, outside = area.difference(whole).area, whole.difference(area).area
    if abs(whole.area - area.area - outside + gap) <= allowed / 2:
        return gap, outside
    # borders that all but coincide: the two do not add up, so the difference failed; a fine grid helps it
    return (
        shapely.difference(area, whole, grid_size=SAME_M).area,
        shapely.difference(whole, area, grid_size=SAME_M).area,
    )


def _order(cells: Shapes, codes: Sequence[str], of: Ints) -> Iterator[Broken]:
    west, _south, east, _north = shapely.bounds(cells).T
    x, y = shapely.get_coordinates(shapely.centroid(cells)).T
    for area in np.unique(of[of >= 0]).tolist():
        mine = np.flatnonzero(of == area)
        mine = mine[np.argsort(np.array([codes[number] for number in mine.tolist()]), kind="stable")]
        # whatever the height of the rows: of two in one row, or the upper and the lower
        before = y[mine][:, None] >= y[mine]
        before &= (x[mine][:, None] < np.minimum(x, west)[mine]) & (x[mine] > east[mine][:, None])
        later, earlier = np.nonzero(np.tril(before, -1))
        if len(later):
            yield Broken("order", codes[mine[later[0]]], float(len(later)), codes[mine[earlier[0]]])


def _is_whole_part(cells: Shapes, of: Ints, areas: Shapes) -> NDArray[np.bool_]:
    """Is each cell all of a separate part of its area?"""
    parts, owner = shapely.get_parts(areas, return_index=True)
    part, cell = shapely.STRtree(cells).query(shapely.box(*shapely.bounds(parts).T))
    same = owner[part] == of[cell]
    same &= np.abs(shapely.area(parts[part]) - shapely.area(cells[cell])) <= SUM_M2
    part, cell = part[same], cell[same]
    same = shapely.area(shapely.intersection(parts[part], cells[cell])) >= shapely.area(parts[part]) - SUM_M2
    whole = np.zeros(len(cells), dtype=bool)
    whole[cell[same]] = True
    return whole


def _own_borders(cells: Shapes, of: Ints, areas: Shapes) -> Floats:
    """Of each cell, the share of its border that is its area's border."""
    shares = np.zeros(len(cells))
    for area in np.unique(of[of >= 0]).tolist():
        mine = of == area
        rim = shapely.boundary(areas[area]).buffer(NEAR_M, quad_segs=1)
        shapely.prepare(rim)
        rings = shapely.boundary(cells[mine])
        shares[mine] = shapely.length(shapely.intersection(rings, rim)) / shapely.length(rings)
    return shares
