"""Proposed grids as a draft on the map: begun, cells moved, moves undone, put in force or dropped.

One draft a district. Who changes it says which version was looked at; a change in between refuses it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from casework.errors import Invalid, Missing
from dispatch.grids import Group, Plan, apply_plan, plan_grids
from dispatch.workload import DAYS, Effort
from gis_data.editing.drafts import Editor
from gis_data.errors import StaleDraft
from gis_data.grid.patrols import pieces
from gis_data.models import Generation, GridPlan, MapEdit

CODE, GROUP, MINUTES, REPORTS, COMPONENTS, WALK = range(6)
MOVES_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposed grid as it stands: `pieces` more than one when its cells do not hang together."""

    name: str
    cells: int
    minutes: float
    reports: int
    components: int
    walk_m: float
    pieces: int


@transaction.atomic
def begin(
    editor: Editor, count: int, *, days: int = DAYS, effort: Effort | None = None, version: int | None = None
) -> GridPlan:
    """Propose grids and keep them as the district's draft; `version` of the draft they take the place of."""
    held = GridPlan.objects.select_for_update().filter(district_code=editor.stream).first()
    if held is not None and held.version != version:
        raise _stale(held, version)
    generation = Generation.objects.filter(district_code=editor.stream, state=Generation.State.ACTIVE).first()
    if generation is None:
        raise Missing(_("Your district has no cells in force."), field="district")
    kept = keep(plan_grids(generation, count, days=days, effort=effort), editor.stream, editor.name)
    _log(editor, "propose_grids", str(kept))
    return kept


def keep(plan: Plan, district: str, by: str) -> GridPlan:
    """A plan as the draft of its district, in place of the one before."""
    with transaction.atomic():
        before = GridPlan.objects.select_for_update().filter(district_code=district).first()
        kept, _made = GridPlan.objects.update_or_create(
            district_code=district,
            defaults={
                "generation_id": plan.generation_id,
                "version": before.version + 1 if before else 0,
                "begun_by_name": by[:100],
                "balance_now": plan.balance_now,
                "names": [group.name for group in plan.groups],
                "cells": plan.cells,
                "beside": plan.beside,
                "done": [],
                "undone": [],
            },
        )
    return kept


def find(district: str) -> GridPlan | None:
    """The draft of a district's grids, if any are proposed."""
    return GridPlan.objects.filter(district_code=district).first()


def move(editor: Editor, version: int, cells: Sequence[str], group: int) -> GridPlan:
    """Put cells into another proposed grid."""
    with _changing(editor, version) as plan:
        place = {row[CODE]: at for at, row in enumerate(plan.cells)}
        unknown = [code for code in cells if code not in place]
        if unknown or not cells:
            raise Invalid(
                _("These are no cells of the proposal."), field="cells", value=", ".join(unknown[:5])
            )
        if not 0 <= group < len(plan.names):
            raise Invalid(_("There is no such proposed grid."), field="group", value=group)
        moved = [[place[code], plan.cells[place[code]][GROUP]] for code in dict.fromkeys(cells)]
        moved = [[at, before] for at, before in moved if before != group]
        if not moved:
            raise Invalid(_("These cells are in that grid already."), field="group", value=group)
        for at, _before in moved:
            plan.cells[at][GROUP] = group
        plan.done = [*plan.done, {"to": group, "cells": moved, "by": editor.name[:100]}][-MOVES_KEPT:]
        plan.undone = []
    return plan


def undo(editor: Editor, version: int) -> GridPlan:
    """Take the last move back."""
    with _changing(editor, version) as plan:
        if not plan.done:
            raise Invalid(_("There is nothing to undo."), field="plan")
        last = plan.done.pop()
        for at, before in last["cells"]:
            plan.cells[at][GROUP] = before
        plan.undone.append(last)
    return plan


def redo(editor: Editor, version: int) -> GridPlan:
    """Do again what was undone last."""
    with _changing(editor, version) as plan:
        if not plan.undone:
            raise Invalid(_("There is nothing to do again."), field="plan")
        again = plan.undone.pop()
        for at, _before in again["cells"]:
            plan.cells[at][GROUP] = again["to"]
        plan.done.append(again)
    return plan


def put_in_force(editor: Editor, version: int) -> list[str]:
    """The proposed grids take the place of those in force; their codes. The draft is done with."""
    with _changing(editor, version) as plan:
        made = apply_plan(as_plan(plan))
        _log(editor, "put_grids", str(plan))
        plan.delete()
    return made


def discard(editor: Editor, version: int) -> None:
    """Drop the proposal."""
    with _changing(editor, version) as plan:
        _log(editor, "drop_grids", str(plan))
        plan.delete()


def as_plan(plan: GridPlan) -> Plan:
    """The draft as a plan; grids that were emptied are left out."""
    groups = [Group(name) for name in plan.names]
    for row in plan.cells:
        groups[row[GROUP]].add(row[CODE], *row[MINUTES:])
    return Plan.of(
        plan.generation_id,
        [group for group in groups if group.cells],
        plan.balance_now,
        plan.cells,
        plan.beside,
    )


def standing(plan: GridPlan) -> list[Standing]:
    """Every proposed grid with its work, emptied ones too."""
    groups = [Group(name) for name in plan.names]
    members: dict[int, list[int]] = defaultdict(list)
    for at, row in enumerate(plan.cells):
        groups[row[GROUP]].add(row[CODE], *row[MINUTES:])
        members[row[GROUP]].append(at)
    beside: list[set[int]] = [set() for _row in plan.cells]
    for one, other in plan.beside:
        beside[one].add(other)
        beside[other].add(one)
    return [
        Standing(**{**asdict(group), "cells": len(group.cells)}, pieces=len(pieces(members[at], beside)))
        for at, group in enumerate(groups)
    ]


@contextmanager
def _changing(editor: Editor, version: int) -> Iterator[GridPlan]:
    """The draft, locked, if it is still as the editor saw it; kept with its version raised."""
    with transaction.atomic():
        plan = GridPlan.objects.select_for_update().filter(district_code=editor.stream).first()
        if plan is None:
            raise Missing(
                _("No grids are proposed."),
                field="plan",
                mend=_("Propose some; somebody may have dropped them."),
            )
        if plan.version != version:
            raise _stale(plan, version)
        plan.version += 1
        yield plan
        if plan.pk:
            plan.save()


def _stale(plan: GridPlan, version: int | None) -> StaleDraft:
    last: dict[str, Any] = plan.done[-1] if plan.done else {"by": plan.begun_by_name}
    return StaleDraft(
        _("The proposal was changed since you looked at it (by %(name)s).") % {"name": last["by"]},
        field="version",
        value=version,
        mend=_("Look at it as it is now and edit again."),
    )


def _log(editor: Editor, kind: str, subject: str) -> None:
    MapEdit.objects.create(
        district_code=editor.stream,
        kind=kind,
        subject=subject,
        state=MapEdit.State.DROPPED,
        by_id=editor.person_id,
        by_name=editor.name[:100],
    )
