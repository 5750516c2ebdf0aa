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
from dispatch.coverage import gaps_of
from dispatch.grids import Plan, apply_plan, plan_grids
from dispatch.workload import DAYS
from gis_data.models import Generation

router = Router(tags=["Responsibility grids"])

Count = Annotated[int, Field(ge=1, le=5_000)]
Days = Annotated[int, Field(ge=1, le=3_660)]


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


@router.get("/grids/gaps", response=GapsOut)
def gaps(request: HttpRequest) -> dict[str, Any]:
    """Where nobody walks."""
    found = gaps_of(_actor(request).stream)
    return {
        "cells": found.cells,
        "grids": [{"grid": grid, "shift": shift} for grid, shift in found.grids],
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
