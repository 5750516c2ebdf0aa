"""The edge of patrols: the switch, the track, what is stored about her, and who sees positions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.timezone import localdate
from ninja import Router
from ninja.params.functions import Query

from casework.api import caller, signed_in
from dispatch import patrol
from dispatch.metrics import Period, Scope
from dispatch.patrol_figures import patrol_board
from dispatch.phone_schemas import (
    DutyOut,
    OwnTrackOut,
    PatrolFiguresOut,
    PositionsOut,
    StoredOut,
    SwitchIn,
    TrackIn,
    TrackKeptOut,
)

router = Router(tags=["Patrol"], auth=signed_in)


@router.get("/patrol/shift", response=DutyOut)
def duty(request: HttpRequest) -> dict[str, Any]:
    """Am I on duty, which cells are mine, when was anybody there, who may see me, how long is it kept."""
    return patrol.duty_face(caller(request))


@router.put("/patrol/shift", response=DutyOut)
def switch(request: HttpRequest, body: SwitchIn) -> dict[str, Any]:
    """Go on duty or off. A repeat is harmless; a new shift ends an old one that was forgotten."""
    actor = caller(request)
    patrol.switch(actor, on=body.on, shift_id=body.id, device_at=body.device_at, sent_at=body.sent_at)
    return patrol.duty_face(actor)


@router.post("/patrol/track", response=TrackKeptOut)
def track(request: HttpRequest, body: TrackIn) -> dict[str, Any]:
    """A batch of positions, kept once. Those outside every shift are not kept."""
    kept = patrol.take_track(
        caller(request),
        batch_id=body.id,
        sent_at=body.sent_at,
        fixes=[patrol.Fix(**fix.model_dump()) for fix in body.fixes],
    )
    return {"id": body.id, "kept": kept.kept, "dropped": kept.dropped, "repeated": kept.repeated}


@router.get("/patrol/mine", response=StoredOut)
def mine(request: HttpRequest) -> dict[str, Any]:
    """What of my way is stored, since when, and on which day it is deleted."""
    return patrol.stored_about(caller(request))


@router.get("/patrol/mine/{uuid:shift_id}", response=OwnTrackOut)
def my_track(request: HttpRequest, shift_id: UUID) -> dict[str, Any]:
    """The positions stored of one of my shifts: longitude, latitude, accuracy in metres, instant."""
    return {"fixes": patrol.own_track(caller(request), shift_id)}


@router.get("/patrol/positions", response=PositionsOut)
def positions(request: HttpRequest) -> dict[str, Any]:
    """Where the inspectors on duty are, with the age of each position; /ws/positions follows."""
    return {"items": patrol.positions(caller(request))}


@router.get("/patrol/figures", response=PatrolFiguresOut, by_alias=True)
def figures(
    request: HttpRequest,
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    area: str = "",
) -> dict[str, Any]:
    """Coverage, missed reports and what was settled on the spot: fractions, and each inspector's share."""
    actor = caller(request)
    patrol.watchers_only(actor)
    until = last or localdate()
    scope = Scope(actor.stream, Period(first or until - timedelta(days=29), until), area)
    board = patrol_board(scope)
    return {
        "from": board.scope.period.first,
        "to": board.scope.period.last,
        "figures": [
            {
                "key": one.key.value,
                "title": one.title,
                "numerator": one.numerator,
                "denominator": one.denominator,
                "value": one.value,
                "unit": "%",
                "definition": one.definition,
            }
            for one in board.figures
        ],
        "by_inspector": list(board.by_inspector),
    }
