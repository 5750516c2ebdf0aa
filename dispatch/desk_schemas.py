"""Shapes at the edge of the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from casework.schemas import In, Out
from dispatch.schemas import CardOut, CaseOut, MoveIn, ProposalOut

BULK_AT_MOST = 200


class AroundOut(CardOut):
    why: str = Field(description="component: the same one; near: open, close by; cell: the same one")
    distance_m: float


class LinkedOut(CardOut):
    label: str = Field(description="How it belongs to the case, in words.")


class DeskOut(Out):
    case: CaseOut
    proposal: ProposalOut | None
    links: list[LinkedOut] = Field(description="What was split off, or from what.")
    around: list[AroundOut]


class LeasesIn(In):
    desk: UUID = Field(description="Made by the window; its leases end with it.")
    case_id: UUID | None = Field(None, description="The case that the desk shows.")
    next_id: UUID | None = Field(None, description="The one it takes next.")


class LeaseOut(Out):
    case_id: UUID
    person_id: int
    name: str
    ahead: bool = Field(description="Not open yet: that desk takes it next.")
    since: datetime


class LeasesOut(Out):
    items: list[LeaseOut]
    renew_seconds: int


class BulkItemIn(In):
    id: UUID
    version: int = Field(description="The version of the case that the caller looked at.")


class BulkIn(MoveIn):
    """One move of many cases; the arguments are the same for all."""

    version: int = Field(0, exclude=True, description="Each item has its own.")
    verb: str = Field(max_length=24)
    items: list[BulkItemIn] = Field(min_length=1, max_length=BULK_AT_MOST)


class BulkedOut(Out):
    id: UUID
    number: str
    done: bool
    state: str
    version: int
    error: dict[str, Any] | None = Field(description="Why not, in the shape of every refusal.")


class BulkOut(Out):
    done: int
    refused: int
    items: list[BulkedOut] = Field(description="One for each case sent, in that order.")
