"""The edge of the inspector's phone: its pack, its ranking, and what it sends."""

from __future__ import annotations

import gzip
import json
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timezone import localtime
from ninja import Router, Status
from ninja.params.functions import Query

from casework.access import Actor
from casework.api import caller, signed_in
from dispatch import actions
from dispatch.cards import dress
from dispatch.models import Joining, Task
from dispatch.patrol import inspectors_only
from dispatch.phone import chips
from dispatch.phone.batch import take_batch
from dispatch.phone.near import near_cases
from dispatch.phone.pack import pack_for, task_cards
from dispatch.phone.policy import patrol_policy
from dispatch.phone_schemas import (
    AnsweredOut,
    AnswerIn,
    BatchOut,
    JoinedOut,
    JoinIn,
    NearPage,
    PackOut,
    RankingOut,
    SelfHandledIn,
    TasksOut,
    answer_of,
    sighting_of,
)
from dispatch.ranking import Features, rank
from dispatch.schemas import CardOut, report_of
from gis_data import crs
from gis_data.queries import locate

router = Router(tags=["Inspector's phone"], auth=signed_in)


def inspector(request: HttpRequest) -> Actor:
    """The caller, if an inspector."""
    actor = caller(request)
    inspectors_only(actor)
    return actor


@router.get("/phone/pack", response=PackOut)
def pack(request: HttpRequest, have: str = Query("", max_length=300)) -> HttpResponse:
    """All that a phone needs for a day without a network; 304 when nothing has changed.

    have   `ground:VERSION,classes:VERSION,ranking:VERSION`: these parts come as their version alone
    """
    actor = inspector(request)
    named = dict(part.split(":", 1) for part in have.split(",") if ":" in part)
    made = pack_for(actor, named, known=request.headers.get("If-None-Match", ""))
    if made.contents is None:
        response = HttpResponse(status=304)
    else:
        data = json.dumps(
            made.contents, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")
        ).encode()
        response = HttpResponse(content_type="application/json; charset=utf-8")
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response.content, response["Content-Encoding"] = gzip.compress(data, 6, mtime=0), "gzip"
        else:
            response.content = data
        response["X-Pack-Bytes"] = str(len(data))
    response["ETag"] = made.etag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    return response


@router.get("/phone/ranking", response=RankingOut)
def ranking(request: HttpRequest, lon: float, lat: float, datum: str = "wgs84") -> dict[str, Any]:
    """The six likeliest chips at a place, now; the phone ranks alike without a network."""
    actor = inspector(request)
    place = crs.to_store(lon, lat, datum)
    found = locate(*place, near_m=0)
    now = localtime(timezone.now())
    features = Features(now.hour, now.month, chips.near_classes([place])[0], found.cell_code if found else "")
    return {"items": rank(chips.table_for(actor.stream, [features.cell_code]), features)}


@router.post("/reports/batch", response=BatchOut)
def batch(request: HttpRequest) -> dict[str, Any]:
    """A day's queue at once: `{"items": [{"kind", "id", "body", …}]}`, at most 50 items and 500 kB.

    kind: report, self_handled, join (with case_id), answer, count (with task_id). Each item is taken or
    refused on its own, in order; its answer has the status that it would get alone. 429 and 503 come with
    Retry-After: come back after that time and a random part of it.
    """
    return {"items": take_batch(request, caller(request))}


@router.post("/reports/self-handled", response={201: CardOut, 200: CardOut})
def self_handled(request: HttpRequest, body: SelfHandledIn) -> Status[dict[str, Any]]:
    """A small thing that the inspector has put right herself, with photographs from before and after."""
    made, is_new = actions.report_self_handled(
        report_of(body), after=body.after_photos, done=body.done, actor=caller(request)
    )
    return Status(201 if is_new else 200, dress(made.case.card))


@router.get("/cases/near", response=NearPage)
def near(request: HttpRequest, lon: float, lat: float, class_id: int, datum: str = "wgs84") -> dict[str, Any]:
    """Open cases of a class near a place, nearest first: is it the same thing?"""
    return {"items": near_cases(inspector(request), *crs.to_store(lon, lat, datum), class_id)}


@router.post("/cases/{uuid:case_id}/join", response={201: JoinedOut, 200: JoinedOut})
def join(request: HttpRequest, case_id: UUID, body: JoinIn) -> Status[dict[str, Any]]:
    """The same thing again: add a sighting to an open case. 409 `moved_on` when it has ended meanwhile."""
    joining, is_new = actions.join_case(case_id, sighting_of(body), actor=caller(request))
    return Status(
        201 if is_new else 200,
        {
            "id": joining.pk,
            "case_id": joining.case_id,
            "number": joining.case.number,
            "joined": Joining.objects.filter(case_id=case_id).count(),
            "distance_m": joining.distance_m,
        },
    )


@router.get("/tasks", response=TasksOut)
def tasks(request: HttpRequest) -> dict[str, Any]:
    """The inspector's open errands, with the photographs from before."""
    return {"items": task_cards(caller(request))}


@router.post("/tasks/{int:task_id}/answer", response=AnsweredOut)
def answer(request: HttpRequest, task_id: int, body: AnswerIn) -> dict[str, Any]:
    """Answer a task: verify exists|not_exists|cannot_tell, check pass|fail|cannot_tell.

    No version of the case is needed. 409 `moved_on` when the task was recalled, somebody else has answered
    it, or the case has ended; the distance to the place is kept and marked, never refused.
    """
    actor = caller(request)
    task, is_new = actions.answer_task(task_id, answer_of(task_id, body), actor=actor)
    return answered(task, far_m=patrol_policy(actor.stream).far_m, repeated=not is_new)


def answered(task: Task, *, far_m: float, repeated: bool) -> dict[str, Any]:
    return {
        "id": task.answer_id,
        "task_id": task.pk,
        "case_id": task.case_id,
        "number": task.case.number,
        "state": task.case.state,
        "distance_m": task.distance_m,
        "far": task.distance_m is not None and task.distance_m > far_m,
        "repeated": repeated,
    }
