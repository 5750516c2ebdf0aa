"""Where nobody walks: cells in no responsibility grid, grids that a shift leaves without an inspector."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Q
from django.utils import timezone

from dispatch.models import DutyShift, GridDuty
from gis_data.check import Fault
from gis_data.models import Cell, Generation, ResponsibilityGrid

DEFAULT_SHIFT: Final = "day"


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where nobody walks: cells in no grid, and grids that a shift leaves without an inspector."""

    cells: list[str]
    grids: list[tuple[str, str]]  # code of the grid, code of the shift


def gaps_of(district: str, day: date | None = None) -> Gaps:
    """Gaps in the coverage of a district's cells in force."""
    day = day or timezone.localdate()
    cells = Cell.objects.filter(active=True, generation__district_code=district)
    walked = ResponsibilityGrid.objects.filter(cells__in=cells).distinct()
    duties = GridDuty.objects.filter(
        Q(valid_to=None) | Q(valid_to__gte=day), valid_from__lte=day, grid__in=walked, person__is_active=True
    )
    held = set(duties.values_list("grid__code", "shift"))
    shifts = list(DutyShift.objects.filter(in_use=True).values_list("code", flat=True)) or [DEFAULT_SHIFT]
    return Gaps(
        list(cells.filter(grids=None).order_by("code").values_list("code", flat=True)),
        [
            (code, shift)
            for code in walked.order_by("code").values_list("code", flat=True)
            for shift in shifts
            if (code, shift) not in held
        ],
    )


def unwalked(generation: Generation) -> list[Fault]:
    """For check_city: grids in force without an inspector; cells without a grid the ground finds itself."""
    if generation.state != Generation.State.ACTIVE:
        return []
    return [Fault("no_inspector", code, shift) for code, shift in gaps_of(generation.district_code).grids]
