"""The edge of deadlines: why a clock is due when it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from casework.api import caller, signed_in
from casework.schemas import Out
from dispatch import queries
from dispatch.deadlines import deadlines_face

router = Router(tags=["Deadlines"], auth=signed_in)


class PieceOut(Out):
    piece: str = Field(description="counted, paused, night, weekend, holiday, season or over")
    label: str
    from_at: datetime
    to_at: datetime
    hours: float = Field(description="Counted hours; 0 where nothing counts.")
    swapped: bool = Field(description="A make-up day: a weekend day on which work is done.")
    note: str


class DayOut(Out):
    on: date
    counted_hours: float
    pieces: list[str]
    swapped: bool
    note: str


class AlarmOut(Out):
    step: str
    at: datetime
    fired_at: datetime


class ClockWhyOut(Out):
    id: int
    name: str
    label: str
    state: str
    limit_text: str
    extended_text: str
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    provisional: bool
    exempt: bool
    words: list[str]
    pieces: list[PieceOut]
    days: list[DayOut]
    alarms: list[AlarmOut]


class DeadlinesOut(Out):
    case_id: UUID
    number: str
    at: datetime
    zone: str
    clocks: list[ClockWhyOut]


@router.get("/cases/{uuid:case_id}/deadlines", response=DeadlinesOut)
def deadlines(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """Every clock of a case taken apart: in words, piece by piece without a hole, and day by day."""
    return deadlines_face(queries.case_seen_by(caller(request), case_id))
