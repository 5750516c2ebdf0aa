"""One cutting from beginning to end: cut, refuse what is too much, number, judge, measure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from gis_data.crs import STORE
from gis_data.grid.buildings import TOUCH_M2, separate
from gis_data.grid.coverage import sound
from gis_data.grid.cut import NONE, Cells, cut
from gis_data.grid.ground import Fault, Ground
from gis_data.grid.limits import THIN, Limits
from gis_data.grid.rules import Verdict, judge
from gis_data.progress import Progress, silent
from gis_data.project import project

Shapes = NDArray[Any]

# Three digits number the cells of an area.
MOST_CELLS: Final = 999
# An area of so many times that ground is not even tried.
HOPELESS: Final = 1.1

KINDS: Final[dict[str, Any]] = {
    "no_code": gettext_lazy("row without a code"),
    "no_area": gettext_lazy("row without any area"),
    "too_wide": gettext_lazy("area wider than any district (degrees)"),
    "too_many": gettext_lazy("area of more than 999 cells; not cut"),
    "areas_overlap": gettext_lazy("areas that overlap (m²)"),
    "gap": gettext_lazy("area not covered by its cells (m²)"),
    "crossing": gettext_lazy("cells that reach outside their area (m²)"),
    "overlap": gettext_lazy("cells that overlap (m²)"),
    "shape": gettext_lazy("cell that is not one valid polygon"),
    "small": gettext_lazy("cell smaller than half the size (m²)"),
    "large": gettext_lazy("cell larger than twice the size (m²)"),
    "thin": gettext_lazy("sliver (compactness 4π·area / perimeter²)"),
    "order": gettext_lazy("number that lies west of an earlier one in its row or above (how many)"),
    "building_cut": gettext_lazy("building that a cell's border cuts"),
    "building_on_border": gettext_lazy("building that the border of an area cuts"),
    "repaired": gettext_lazy("invalid rings, repaired"),
    "several_rows": gettext_lazy("rows of one code, taken as parts of one area"),
    "foreign_code": gettext_lazy("code that is no community's; kept as it is"),
}
# With one of these a result is not loaded.
REFUSING: Final = frozenset(
    ["no_code", "no_area", "too_wide", "too_many", "gap", "crossing", "overlap", "shape", "building_cut"]
)


@dataclass(slots=True)
class Result:
    """Cells in order of code, in metres of the ground's system and in degrees; what is to be said of them."""

    ground: Ground
    limits: Limits
    cells: Cells
    stored: Shapes
    codes: list[str]
    verdict: Verdict
    faults: list[Fault]
    lines: Shapes = field(default_factory=lambda: NONE)
    buildings: Shapes = field(default_factory=lambda: NONE)
    refused: list[str] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Whether the cells keep every promise; what is only listed (sizes, slivers) does not count."""
        return bool(len(self.codes)) and not any(fault.kind in REFUSING for fault in self.faults)

    def counts(self) -> dict[str, int]:
        return {
            "rows": self.ground.rows,
            "areas": len(self.ground.codes),
            "refused": len(self.refused),
            "cells": len(self.codes),
            "lines": len(self.lines),
            "buildings": len(self.buildings),
            "faults": sum(not fault.excused for fault in self.faults),
            "excused": sum(fault.excused for fault in self.faults),
        }

    def figures(self) -> dict[str, Any]:
        """Sizes in m²; compactness is Polsby-Popper's; `sum_error` is the worst area's, relative."""
        size = shapely.area(self.cells.shapes)
        held = np.unique(self.cells.of)
        whole = shapely.area(self.ground.shapes)[held]
        sums = np.bincount(self.cells.of, size, minlength=len(self.ground.codes))[held]
        given = {key: round(value, 4) for key, value in asdict(self.verdict.figures).items()}
        return {
            **given,
            "target_m2": self.limits.target,
            "least_m2": self.limits.least,
            "most_m2": self.limits.most,
            "compact_floor": THIN,
            "sum_error": float(np.abs(sums / whole - 1).max()) if len(held) else 0.0,
            "lines_followed": self._followed(),
            "histogram": self.histogram(),
            "measured_in": self.ground.srid,
        }

    def histogram(self) -> list[dict[str, float | int | None]]:
        """How many cells of which size, in steps of a quarter of the target."""
        edges = np.append(np.arange(9) * self.limits.target / 4, np.inf)
        counts, _edges = np.histogram(shapely.area(self.cells.shapes), edges)
        return [
            {"from_m2": float(low), "to_m2": float(high) if np.isfinite(high) else None, "cells": int(count)}
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ]

    def _followed(self) -> float | None:
        """The share of the lines' length inside the areas that is a border of cells."""
        if not len(self.lines) or not len(self.codes):
            return None
        rims = shapely.boundary(self.lines)
        rims[shapely.get_dimensions(self.lines) == 1] = self.lines[shapely.get_dimensions(self.lines) == 1]
        inside = shapely.union_all(rims).intersection(shapely.union_all(self.ground.shapes))
        borders = shapely.union_all(shapely.boundary(self.cells.shapes)).buffer(0.01, quad_segs=1)
        if not inside.length:
            return None
        return round(float(inside.intersection(borders).length / inside.length), 4)


def run(
    ground: Ground, lines: Shapes, buildings: Shapes, limits: Limits, progress: Progress = silent
) -> Result:
    """Cut all areas; those that would have more than 999 cells are refused and named."""
    expected = limits.counts(shapely.area(ground.shapes))
    tried = expected <= MOST_CELLS * HOPELESS
    cells = cut(
        np.where(tried, ground.shapes, np.array([shapely.MultiPolygon()], dtype=object)),
        lines=lines,
        buildings=buildings,
        limits=limits,
        progress=progress,
    )
    many = np.bincount(cells.of, minlength=len(ground.codes))
    over = ~tried | (many > MOST_CELLS)
    faults = [
        Fault("too_many", ground.codes[at], float(max(many[at], expected[at])), ground.names[at])
        for at in np.flatnonzero(over).tolist()
    ]
    kept = ~over[cells.of]
    shapes = cells.shapes[kept]
    stored = project(shapes, ground.srid, STORE)
    for at in np.flatnonzero(~shapely.is_valid(stored)).tolist():
        stored[at] = sound(stored[at])
    cells = Cells(shapes, cells.of[kept], cells.number[kept])
    codes = [f"{ground.codes[of]}{number:03d}" for of, number in zip(cells.of, cells.number, strict=True)]
    held = np.unique(cells.of)
    verdict = judge(
        cells.shapes,
        codes,
        np.searchsorted(held, cells.of),
        ground.shapes[held],
        [ground.codes[at] for at in held.tolist()],
        limits,
    )
    faults += ground.faults
    overlapping = any(fault.kind == "areas_overlap" for fault in ground.faults)
    halls = _with_halls(cells, buildings, limits)
    for one in verdict.broken:
        if one.kind == "overlap" and overlapping and len({code[:-3] for code in one.code.split()}) > 1:
            continue  # the areas' own fault, which is listed
        excused = one.excused or (one.kind == "large" and one.code in {codes[at] for at in halls})
        faults.append(Fault(one.kind, one.code, one.value, one.other, excused))
    faults += [
        Fault("shape", codes[at], None, str(shapely.is_valid_reason(stored[at])))
        for at in np.flatnonzero(~shapely.is_valid(stored)).tolist()
    ]
    if len(buildings):
        faults += _of_buildings(cells, codes, ground, buildings)
    return Result(
        ground, limits, cells, stored, codes, verdict, faults, lines, buildings,
        [ground.codes[at] for at in np.flatnonzero(over).tolist()],
    )  # fmt: skip


def _with_halls(cells: Cells, buildings: Shapes, limits: Limits) -> list[int]:
    """Cells that are large for the sake of a building that alone is as large as a cell."""
    halls = buildings[shapely.area(buildings) > limits.target] if len(buildings) else buildings
    found = shapely.STRtree(cells.shapes).query(shapely.point_on_surface(halls), predicate="within")[1]
    return [int(at) for at in found]


def _of_buildings(cells: Cells, codes: list[str], ground: Ground, buildings: Shapes) -> list[Fault]:
    """Buildings in more than one cell: of one area our fault, of several the areas'."""
    standing = separate(buildings)
    building, cell = shapely.STRtree(cells.shapes).query(standing, predicate="intersects")
    deep = shapely.area(shapely.intersection(cells.shapes[cell], standing[building])) > TOUCH_M2
    building, cell = building[deep], cell[deep]
    faults = []
    for number in np.flatnonzero(np.bincount(building, minlength=len(standing)) > 1).tolist():
        mine = cell[building == number]
        areas = np.unique(cells.of[mine])
        named = " ".join(sorted(codes[at] for at in mine.tolist()))
        # in an area that it enters in several places it may stand in several cells
        parts = shapely.get_parts(shapely.intersection(ground.shapes[areas], standing[number]))
        parts = parts[shapely.area(parts) > TOUCH_M2]
        kind = "building_on_border" if len(areas) > 1 or len(parts) > 1 else "building_cut"
        size = round(float(standing[number].area), 1)
        faults.append(Fault(kind, named, size, excused=kind == "building_on_border"))
    return faults
