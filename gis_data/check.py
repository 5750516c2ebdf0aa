"""Is the city's ground in order? Topology and codes of the active generation; the roof adds organisations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from gis_data import codes
from gis_data.crs import STORE
from gis_data.errors import CodeError
from gis_data.generations import metric_of
from gis_data.grid.rules import Figures, Verdict, judge_cells
from gis_data.models import Area, Cell, Component, Generation
from gis_data.project import project
from gis_data.sql import rows

TOLERANCE_M2: Final = 0.01
SHOWN: Final = 20

KINDS: Final[dict[str, Any]] = {
    "code": gettext_lazy("code that does not follow its grammar"),
    "parent": gettext_lazy("code that does not begin with the code of the area above"),
    "shape": gettext_lazy("shape that is not valid"),
    "size": gettext_lazy("stated area differs from the measured one (m²)"),
    "gap": gettext_lazy("area not covered by its parts (m²)"),
    "crossing": gettext_lazy("parts that reach outside their area (m²)"),
    "overlap": gettext_lazy("cells that overlap (m²)"),
    "small": gettext_lazy("cell smaller than 5,000 m², among too many out of range (m²)"),
    "large": gettext_lazy("cell larger than 20,000 m², among too many out of range (m²)"),
    "thin": gettext_lazy("cell that is a sliver (compactness 4π·area / perimeter²)"),
    "order": gettext_lazy("cell numbered after one that lies east of it in its row or below"),
    "component_cell": gettext_lazy("component that names another cell than the one it stands in"),
    "no_grid": gettext_lazy("cell in no responsibility grid"),
    "no_inspector": gettext_lazy("responsibility grid without an inspector on a shift"),
}


# The statements that look at borders; and which of their faults must not come into force.
BORDERS: Final = ("check_shapes", "check_nesting", "check_overlaps")
TOPOLOGY: Final = (*BORDERS, "check_components")
BORDER_FAULTS: Final = frozenset({"code", "parent", "shape", "gap", "crossing", "overlap"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Something out of order; `kind` is a key of KINDS."""

    kind: str
    code: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {KINDS[self.kind]} {self.detail}".rstrip()


# What higher floors look at as well; they add themselves.
Further = Callable[[Generation], list[Fault]]
FURTHER: Final[list[Further]] = []


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at in one district, and all that is out of order."""

    district_code: str
    counts: dict[str, int]
    faults: list[Fault] = field(default_factory=list)
    figures: Figures = field(default_factory=Figures)
    # listed, but no fault of the ground: where nobody is on duty
    gaps: list[Fault] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return not self.faults


def check_district(generation: Generation) -> Check:
    """Check areas, cells and components of a district's generation; reads only."""
    verdict = judge_stored(generation)
    found = [*_codes(generation), *_topology(generation)]
    found += [
        Fault(one.kind, one.code, " ".join(part for part in (f"{one.value:g}", one.other) if part))
        for one in verdict.faults
    ]
    cells = Cell.objects.filter(generation=generation)
    if generation.state == Generation.State.ACTIVE:
        found += [Fault("no_grid", code) for code in _without_grid(generation)]
    return Check(
        district_code=generation.district_code,
        counts={
            "areas": Area.objects.filter(generation=generation).count(),
            "cells": cells.count(),
            "components": Component.objects.filter(district_code=generation.district_code).count(),
        },
        faults=found,
        figures=verdict.figures,
        gaps=[gap for look in FURTHER for gap in look(generation)],
    )


def border_faults(generation: Generation) -> list[Fault]:
    """What must not come into force: the part of `check_district` that looks at areas' and cells' borders."""
    found = [*_area_codes(generation), *_topology(generation, BORDERS)]
    return [one for one in found if one.kind in BORDER_FAULTS]


def judge_stored(generation: Generation) -> Verdict:
    """Sizes, compactness and order of a generation's cells, cut here or delivered by surveyors."""
    areas = list(
        Area.objects.filter(generation=generation, level=Area.Level.COMMUNITY)
        .order_by("pk")
        .values_list("pk", "border")
    )
    cells = list(
        Cell.objects.filter(generation=generation).order_by("code").values_list("code", "community", "border")
    )
    srid = metric_of(generation)

    def shapes(borders: Iterable[Any]) -> NDArray[Any]:
        projected: NDArray[Any] = project(
            shapely.from_wkb([bytes(border.wkb) for border in borders]), STORE, srid
        )
        return projected

    return judge_cells(
        shapes(border for _code, _area, border in cells),
        [code for code, _area, _border in cells],
        np.searchsorted([pk for pk, _border in areas], [area for _code, area, _border in cells]),
        shapes(border for _pk, border in areas),
    )


def summary(check: Check) -> str:
    """The check in words, with the first faults of each kind."""
    lines = [
        _("%(district)s: %(areas)s areas, %(cells)s cells, %(components)s components; %(faults)s faults")
        % {"district": check.district_code, **check.counts, "faults": len(check.faults)}
    ]
    if check.counts["cells"]:
        figures = check.figures
        lines.append(
            "  "
            + _("cells of %(smallest)s to %(largest)s m², half of them below %(median)s; %(share)s in range")
            % {
                "smallest": f"{figures.smallest_m2:,.0f}",
                "largest": f"{figures.largest_m2:,.0f}",
                "median": f"{figures.median_m2:,.0f}",
                "share": f"{figures.in_range_share:.1%}",
            }
        )
    for kind, words in KINDS.items():
        of_kind = [fault for fault in [*check.faults, *check.gaps] if fault.kind == kind]
        if of_kind:
            lines.append(f"  {len(of_kind)} × {words}")
            lines += [f"    {fault.code} {fault.detail}".rstrip() for fault in of_kind[:SHOWN]]
    return "\n".join(lines)


def _area_codes(generation: Generation) -> Iterator[Fault]:
    kinds = {"district": codes.Kind.DISTRICT, "street": codes.Kind.STREET, "community": codes.Kind.COMMUNITY}
    areas = Area.objects.filter(generation=generation).values_list("level", "code", "parent__code")
    cells = Cell.objects.filter(generation=generation).values_list("code", "community__code")
    for level, code, above in areas:
        yield from _code(kinds[level], code, above or "")
    for code, above in cells:
        yield from _code(codes.Kind.CELL, code, above, codes.OLD if len(code) == 14 else codes.CURRENT)


def _codes(generation: Generation) -> Iterator[Fault]:
    yield from _area_codes(generation)
    standing = Component.objects.filter(district_code=generation.district_code, retired_on=None)
    for code, class_code in standing.values_list("code", "problem_class__code").iterator():
        edition = codes.CURRENT if len(class_code) == 4 else codes.DRAFT
        yield from _code(codes.Kind.COMPONENT, code, generation.district_code + class_code, edition)


def _code(kind: codes.Kind, code: str, above: str, edition: str = codes.CURRENT) -> Iterator[Fault]:
    try:
        codes.parse(kind, code, edition)
    except CodeError as fault:
        yield Fault("code", code, str(fault.message))
    else:
        if not code.startswith(above):
            yield Fault("parent", code, above)


def _topology(generation: Generation, statements: tuple[str, ...] = TOPOLOGY) -> Iterator[Fault]:
    arguments = {
        "generation_id": generation.pk,
        "district_code": generation.district_code,
        "tolerance_m2": TOLERANCE_M2,
        "metric": metric_of(generation),
    }
    for name in statements:
        for kind, code, detail in rows(name, **arguments):
            yield Fault(kind, code, detail)


def _without_grid(generation: Generation) -> Iterator[str]:
    lonely = Cell.objects.filter(generation=generation, grids=None).order_by("code")
    return lonely.values_list("code", flat=True).iterator()
