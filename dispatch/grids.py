"""Responsibility grids by workload: a plan that balances it, and its coming into force."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from casework.errors import Invalid
from dispatch.models import GridDuty
from dispatch.workload import DAYS, Burden, Effort, burden_of
from gis_data.bulk import copy_rows
from gis_data.grid.patrols import neighbours_of, propose
from gis_data.models import Area, Cell, Generation, ResponsibilityGrid

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Group:
    """A proposed responsibility grid."""

    name: str
    cells: list[str] = field(default_factory=list)
    minutes: float = 0.0
    reports: int = 0
    components: int = 0
    walk_m: float = 0.0

    def add(self, code: str, minutes: float, reports: int, components: int, walk_m: float) -> None:
        """One cell more, with its work."""
        self.cells.append(code)
        self.minutes += minutes
        self.reports += reports
        self.components += components
        self.walk_m += walk_m


# Code, number of the group, minutes, reports, components, metres to walk.
CellRow = list[Any]


@dataclass(slots=True)
class Plan:
    """Proposed grids. balance: the heaviest over the mean; bound: no plan is better, for one cell's sake.

    cells    every cell with its group and its work; beside: which of them touch, as pairs of places in it
    """

    generation_id: int
    groups: list[Group]
    balance: float
    lightest: float
    bound: float
    balance_now: float | None
    cells: list[CellRow]
    beside: list[list[int]]

    @classmethod
    def of(
        cls, generation_id: int, groups: list[Group], balance_now: float | None,
        cells: list[CellRow], beside: list[list[int]],
    ) -> Plan:  # fmt: skip
        """The plan that these groups are."""
        loads = [group.minutes for group in groups]
        mean = sum(loads) / len(loads) or 1.0
        heaviest = max(row[2] for row in cells)
        return cls(
            generation_id, groups, max(loads) / mean, min(loads) / mean, max(1.0, heaviest / mean),
            balance_now, cells, beside,
        )  # fmt: skip

    def figures(self) -> dict[str, Any]:
        minutes = [group.minutes for group in self.groups]
        return {
            "grids": len(self.groups),
            "cells": sum(len(group.cells) for group in self.groups),
            "balance": round(self.balance, 4),
            "lightest": round(self.lightest, 4),
            "bound": round(self.bound, 4),
            "balance_now": None if self.balance_now is None else round(self.balance_now, 4),
            "mean_minutes": round(float(np.mean(minutes)), 2) if minutes else 0.0,
        }


def plan_grids(generation: Generation, count: int, *, days: int = DAYS, effort: Effort | None = None) -> Plan:
    """Propose `count` responsibility grids of connected cells with about equal workload; reads only."""
    if days < 1:
        raise Invalid(_("At least one day of reports."), field="days", value=days)
    burden = burden_of(generation, days)
    many = len(burden.codes)
    if not 1 <= count <= many:
        raise Invalid(
            _("%(count)s grids cannot be made of %(cells)s cells.") % {"count": count, "cells": many},
            field="count",
            value=count,
            mend=_("Ask for 1 to %s.") % many,
        )
    minutes = burden.minutes(effort or Effort())
    centres = shapely.get_coordinates(shapely.centroid(burden.shapes))
    borders = neighbours_of(burden.shapes)
    proposal = propose(centres, minutes, borders, count)
    cells: list[CellRow] = [
        list(row)
        for row in zip(
            burden.codes,
            proposal.group.tolist(),
            minutes.round(4).tolist(),
            burden.reports.astype(int).tolist(),
            burden.components.astype(int).tolist(),
            burden.walk_m.round(1).tolist(),
            strict=True,
        )
    ]
    return Plan.of(
        generation.pk,
        _groups(generation, cells, count),
        _balance_now(generation, burden, minutes),
        cells,
        [[one, other] for one, other, _length in borders],
    )


def _groups(generation: Generation, cells: list[CellRow], count: int) -> list[Group]:
    """Groups with their sums, named after the street most of their cells are of."""
    streets = dict(
        Area.objects.filter(generation=generation, level=Area.Level.STREET).values_list("code", "name")
    )
    groups = [Group("") for _number in range(count)]
    for code, number, *work in cells:
        groups[number].add(code, *work)
    numbered: dict[str, int] = defaultdict(int)
    for group in groups:
        parts = [code[:9] for code in group.cells]
        street = max(sorted(set(parts)), key=parts.count)
        numbered[street] += 1
        group.name = f"{streets.get(street, street).removesuffix('街道')} {numbered[street]:03d} 格"
    return groups


def _balance_now(generation: Generation, burden: Burden, minutes: Floats) -> float | None:
    """The balance of the grids that the cells are in today; None if they are in none."""
    load = dict(zip(burden.codes, minutes.tolist(), strict=True))
    loads: dict[int, float] = defaultdict(float)
    links = ResponsibilityGrid.cells.through.objects.filter(cell__generation=generation)
    for grid, code in links.values_list("responsibilitygrid_id", "cell__code"):
        loads[grid] += load[code]
    mean = sum(loads.values()) / len(loads) if loads else 0.0
    return max(loads.values()) / mean if mean else None


@transaction.atomic
def apply_plan(plan: Plan, *, today: date | None = None) -> list[str]:
    """Put a plan in force: new grids take all its cells, the old ones end today; their codes.

    Inspectors come along: a new grid gets the duties of the old one with which it shares most work, and who
    would be left without any walks the new grid that shares most with the old.
    """
    today = today or timezone.localdate()
    generation = Generation.objects.select_for_update().get(pk=plan.generation_id)
    if generation.state != Generation.State.ACTIVE:
        raise Invalid(
            _("Grids are made of cells in force."),
            field="generation",
            value=generation.pk,
            mend=_("Put the draft in force first."),
        )
    ids = dict(Cell.objects.filter(generation=generation).values_list("code", "pk"))
    planned = [code for group in plan.groups for code in group.cells]
    if sorted(planned) != sorted(ids):
        raise Invalid(
            _("The cells have changed since the proposal."), field="cells", mend=_("Propose again.")
        )
    links = ResponsibilityGrid.cells.through
    old = dict(
        links.objects.filter(cell__generation=generation).values_list("cell_id", "responsibilitygrid_id")
    )
    links.objects.filter(cell__generation=generation).delete()
    made = ResponsibilityGrid.objects.bulk_create(
        ResponsibilityGrid(code=code, name=group.name[:100], valid_from=today)
        for code, group in zip(
            _free_codes(generation.district_code, len(plan.groups)), plan.groups, strict=True
        )
    )
    copy_rows(
        links,
        ("responsibilitygrid_id", "cell_id"),
        ((grid.pk, ids[code]) for grid, group in zip(made, plan.groups, strict=True) for code in group.cells),
    )
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for grid, group in zip(made, plan.groups, strict=True):
        for code in group.cells:
            if ids[code] in old:
                shared[old[ids[code]], grid.pk] += 1
    _hand_over(set(old.values()), shared, today)
    ResponsibilityGrid.objects.filter(pk__in=set(old.values()), cells=None).update(valid_to=today)
    return [grid.code for grid in made]


def _hand_over(before: set[int], shared: dict[tuple[int, int], int], today: date) -> None:
    """Duties of old grids end, and go on in the new ones."""
    standing = GridDuty.objects.filter(Q(valid_to=None) | Q(valid_to__gte=today), grid_id__in=before)
    duties: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for grid, person, shift in standing.values_list("grid_id", "person_id", "shift"):
        duties[grid].add((person, shift))
    wanted: set[tuple[int, int, str]] = set()
    for new in {new for _old, new in shared}:
        from_ = max((old for old, of in shared if of == new), key=lambda old: (shared[old, new], -old))
        wanted |= {(new, *duty) for duty in duties[from_]}
    placed = {(person, shift) for _grid, person, shift in wanted}
    for old, held in duties.items():
        heirs = [new for of, new in shared if of == old]
        if heirs:
            heir = max(heirs, key=lambda new: (shared[old, new], -new))
            wanted |= {(heir, *duty) for duty in held - placed}
    standing.filter(valid_from__gte=today).delete()
    standing.update(valid_to=today - timedelta(days=1))
    GridDuty.objects.bulk_create(
        GridDuty(grid_id=grid, person_id=person, shift=shift, valid_from=today)
        for grid, person, shift in sorted(wanted)
    )


def _free_codes(district: str, count: int) -> list[str]:
    used = set(ResponsibilityGrid.objects.filter(code__startswith=district).values_list("code", flat=True))
    codes: list[str] = []
    number = 0
    while len(codes) < count:
        number += 1
        code = f"{district}-G{number:04d}"
        if code not in used:
            codes.append(code)
    return codes
