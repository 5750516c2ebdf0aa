"""The edge of the desk: one case at one go, who has which case open, one move of many cases."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from casework.api import caller, signed_in
from dispatch import leases, queries
from dispatch.api import MOVE_ACTIONS
from dispatch.bulk import move_each
from dispatch.desk import desk_face
from dispatch.desk_schemas import BulkIn, BulkOut, DeskOut, LeasesIn, LeasesOut
from dispatch.schemas import MoveIn

router = Router(tags=["Desk"], auth=signed_in)


@router.get("/cases/{uuid:case_id}/desk", response=DeskOut)
def desk(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """All that a desk shows of a case: itself, the proposal where it waits for one, the cases around it."""
    queries.case_seen_by(caller(request), case_id)
    return desk_face(caller(request), case_id)


@router.put("/desk/leases", response=LeasesOut)
def hold(request: HttpRequest, body: LeasesIn) -> dict[str, Any]:
    """The desk shows this case and takes that one next: it holds these and no others, for 45 s from now.

    The answer is who holds what on the caller's side; a case that somebody else has open stays theirs.
    """
    items = leases.hold(caller(request), body.desk, body.case_id, body.next_id)
    return {"items": items, "renew_seconds": leases.RENEW_SECONDS}


@router.post("/cases/bulk", response=BulkOut)
def bulk(request: HttpRequest, body: BulkIn) -> dict[str, Any]:
    """One move of at most 200 cases, each in a transaction of its own; an answer for each.

    The arguments are those of the move and the same for all; for `dispatch` without organisation_code each
    case goes where its own proposal says.
    """
    who = caller(request)
    given = body.model_dump(include=set(MoveIn.model_fields) - {"version", "photos", "id"})

    def act(case_id: UUID, version: int) -> object:
        return MOVE_ACTIONS[body.verb](case_id, who, MoveIn(version=version, **given))

    found = move_each(body.verb, [(item.id, item.version) for item in body.items], actor=who, act=act)
    done = sum(each.done for each in found)
    return {"done": done, "refused": len(found) - done, "items": [asdict(each) for each in found]}
