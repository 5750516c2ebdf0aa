"""The edge of responsibility grids: a proposal to look at, its coming into force, and where nobody walks.

The roof lets system administrators through; each plans the own district.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import BaseModel, Field

from casework.access import Actor
from casework.errors import Missing
from dispatch import grid_plans
from dispatch.coverage import gaps_of
from dispatch.grids import Plan, apply_plan, plan_grids
from dispatch.workload import DAYS
from gis_data.models import Generation, GridPlan

router = Router(tags=["Responsibility grids"])

Count = Annotated[int, Field(ge=1, le=5_000)]
Days = Annotated[int, Field(ge=1, le=3_660)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]


class PlanIn(BaseModel):
    count: Count
    days: Days = DAYS


class GroupOut(Schema):
    """`minutes` a day; `walk_m` metres to walk."""

    name: str
    cells: list[str]
    minutes: float
    reports: int
    components: int
    walk_m: float


class FiguresOut(Schema):
    """`balance`: the heaviest over the mean; `bound`: no plan is better; `balance_now`: as it is today."""

    grids: int
    cells: int
    balance: float
    lightest: float
    bound: float
    balance_now: float | None
    mean_minutes: float


class PlanOut(Schema):
    figures: FiguresOut
    groups: list[GroupOut]


class MadeOut(Schema):
    figures: FiguresOut
    codes: list[str]


class BeginPlanIn(PlanIn):
    """`version` of the draft that this proposal takes the place of, if there is one."""

    version: Version | None = None


class MoveIn(BaseModel):
    """Cells to put into the proposed grid of that number."""

    version: Version
    group: Annotated[int, Field(ge=0, le=5_000)]
    cells: Annotated[list[Annotated[str, Field(max_length=20)]], Field(min_length=1, max_length=5_000)]


class VersionIn(BaseModel):
    version: Version


class StandingOut(Schema):
    """`cells`: how many; `pieces` more than one: they do not hang together."""

    name: str
    cells: int
    minutes: float
    reports: int
    components: int
    walk_m: float
    pieces: int


class DraftOut(Schema):
    """A proposal being looked at: its grids by number, and for each cell its grid and minutes a day."""

    version: int
    by: str
    at: Any
    figures: FiguresOut
    groups: list[StandingOut]
    cells: dict[str, tuple[int, float]]
    can_undo: bool
    can_redo: bool


class GapOut(Schema):
    grid: str
    shift: str


class GapsOut(Schema):
    """Cells in no grid; grids that a shift leaves without an inspector today."""

    cells: list[str]
    grids: list[GapOut]


@router.get("/grids/proposal", response=PlanOut)
def proposal(request: HttpRequest, asked: Annotated[PlanIn, Query()]) -> dict[str, Any]:
    """So many connected grids of about equal workload; the same question has the same answer."""
    plan = _plan(request, asked)
    return {"figures": plan.figures(), "groups": [asdict(group) for group in plan.groups]}


@router.post("/grids/proposal", response=MadeOut)
def put_in_force(request: HttpRequest, body: PlanIn) -> dict[str, Any]:
    """Make the proposed grids in place of those in force; their inspectors come along."""
    plan = _plan(request, body)
    return {"codes": apply_plan(plan), "figures": plan.figures()}


@router.post("/grids/plan", response=DraftOut)
def begin(request: HttpRequest, body: BeginPlanIn) -> dict[str, Any]:
    """Propose grids and keep them as a draft to be changed on the map; 409 if another draft is there."""
    return _draft(grid_plans.begin(_actor(request), body.count, days=body.days, version=body.version))


@router.get("/grids/plan", response=DraftOut | None)
def draft(request: HttpRequest) -> dict[str, Any] | None:
    """The draft as it stands; null if nothing is proposed."""
    found = grid_plans.find(_actor(request).stream)
    return _draft(found) if found else None


@router.post("/grids/plan/moves", response=DraftOut)
def move(request: HttpRequest, body: MoveIn) -> dict[str, Any]:
    """Cells into another proposed grid; 409 if somebody else changed the draft since."""
    return _draft(grid_plans.move(_actor(request), body.version, body.cells, body.group))


@router.post("/grids/plan/undo", response=DraftOut)
def undo(request: HttpRequest, body: VersionIn) -> dict[str, Any]:
    return _draft(grid_plans.undo(_actor(request), body.version))


@router.post("/grids/plan/redo", response=DraftOut)
def redo(request: HttpRequest, body: VersionIn) -> dict[str, Any]:
    return _draft(grid_plans.redo(_actor(request), body.version))


@router.post("/grids/plan/activate")
def activate_plan(request: HttpRequest, body: VersionIn) -> dict[str, list[str]]:
    """The draft's grids take the place of those in force; their inspectors come along."""
    return {"codes": grid_plans.put_in_force(_actor(request), body.version)}


@router.post("/grids/plan/discard")
def discard(request: HttpRequest, body: VersionIn) -> dict[str, bool]:
    grid_plans.discard(_actor(request), body.version)
    return {"discarded": True}


@router.get("/grids/gaps", response=GapsOut)
def gaps(request: HttpRequest) -> dict[str, Any]:
    """Where nobody walks."""
    found = gaps_of(_actor(request).stream)
    return {
        "cells": found.cells,
        "grids": [{"grid": grid, "shift": shift} for grid, shift in found.grids],
    }


def _draft(plan: GridPlan) -> dict[str, Any]:
    return {
        "version": plan.version,
        "by": plan.begun_by_name,
        "at": plan.begun_at,
        "figures": grid_plans.as_plan(plan).figures(),
        "groups": grid_plans.standing(plan),
        "cells": {
            row[grid_plans.CODE]: (row[grid_plans.GROUP], row[grid_plans.MINUTES]) for row in plan.cells
        },
        "can_undo": bool(plan.done),
        "can_redo": bool(plan.undone),
    }


def _plan(request: HttpRequest, asked: PlanIn) -> Plan:
    generation = Generation.objects.filter(
        district_code=_actor(request).stream, state=Generation.State.ACTIVE
    ).first()
    if generation is None:
        raise Missing(_("Your district has no cells in force."), field="district")
    return plan_grids(generation, asked.count, days=asked.days)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]  # set by the router's auth
    return actor
