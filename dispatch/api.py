"""The edge of reports: parse, call, shape. Rights and rules are below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status
from ninja.params.functions import Query

from casework.access import Actor
from casework.api import caller, signed_in
from casework.errors import Invalid, NotAllowed
from casework.models import Organisation
from casework.roles import Role
from dispatch import actions, faces, queries
from dispatch.actions.site import Answer
from dispatch.cards import dress
from dispatch.desk import proposal_face
from dispatch.duplicates import linked_cards, proposed
from dispatch.models import FilingCondition
from dispatch.models.report import Source
from dispatch.schemas import (
    CardOut,
    CardPage,
    CaseOut,
    ClassesOut,
    DuplicatesOut,
    MapOut,
    MoveIn,
    OrganisationsOut,
    ProposalOut,
    ReportIn,
    SnapshotOut,
    SummaryOut,
    report_of,
)
from dispatch.workflow import MOVES
from gis_data.queries import search_classes

router = Router(tags=["Reports"], auth=signed_in)

MoveAction = Callable[[UUID, Actor, MoveIn], object]

MOVE_ACTIONS: dict[str, MoveAction] = {
    "send_verify": lambda pk, who, m: actions.send_verify(
        pk, actor=who, seen=m.version, inspector_id=m.inspector_id
    ),
    "recall_verify": lambda pk, who, m: actions.recall_verify(pk, actor=who, seen=m.version),
    "answer_verify": lambda pk, who, m: actions.answer_verify(pk, answer_of(m), actor=who, seen=m.version),
    "file": lambda pk, who, m: actions.file_report(
        pk,
        actor=who,
        seen=m.version,
        condition_id=m.condition_id,
        note=m.note,
        limit_type=m.limit_type,
    ),
    "decline": lambda pk, who, m: actions.decline_report(pk, actor=who, seen=m.version, reason=m.reason),
    "withdraw": lambda pk, who, m: actions.withdraw_report(pk, actor=who, seen=m.version, reason=m.reason),
    "self_handle": lambda pk, who, m: actions.self_handle(
        pk, actor=who, seen=m.version, photos=m.photos, note=m.note
    ),
    "join": lambda pk, who, m: actions.join_case(pk, sighting_of(m, who), actor=who, seen=m.version),
    "mark_duplicate": lambda pk, who, m: actions.mark_duplicate(
        pk, actor=who, seen=m.version, main_id=m.main_id, note=m.note
    ),
    "unmark_duplicate": lambda pk, who, m: actions.unmark_duplicate(
        pk, actor=who, seen=m.version, reason=m.reason
    ),
    "message": lambda pk, who, m: actions.send_message(
        pk, actions.NewMessage(m.id or uuid4(), m.note, m.photos), actor=who, seen=m.version
    ),
    "dispatch": lambda pk, who, m: actions.dispatch_report(
        pk, actor=who, seen=m.version, organisation_code=m.organisation_code or None, note=m.note
    ),
    "send_back": lambda pk, who, m: actions.send_back(pk, actor=who, seen=m.version, reason=m.reason),
    "cancel_dispatch": lambda pk, who, m: actions.cancel_dispatch(
        pk, actor=who, seen=m.version, reason=m.reason
    ),
    "accept": lambda pk, who, m: actions.accept_report(pk, actor=who, seen=m.version, handler=m.handler),
    "return": lambda pk, who, m: actions.return_report(pk, actor=who, seen=m.version, reason=m.reason),
    "finish": lambda pk, who, m: actions.finish_report(
        pk, actor=who, seen=m.version, photos=m.photos, note=m.note
    ),
    "send_check": lambda pk, who, m: actions.send_check(
        pk, actor=who, seen=m.version, inspector_id=m.inspector_id
    ),
    "recall_check": lambda pk, who, m: actions.recall_check(pk, actor=who, seen=m.version),
    "answer_check": lambda pk, who, m: actions.answer_check(pk, answer_of(m), actor=who, seen=m.version),
    "close": lambda pk, who, m: actions.close_report(
        pk, actor=who, seen=m.version, closing=m.closing, note=m.note
    ),
    "rework": lambda pk, who, m: actions.send_back_for_rework(pk, actor=who, seen=m.version, reason=m.reason),
    "reach_stage": lambda pk, who, m: actions.reach_stage(pk, actor=who, seen=m.version, note=m.note),
    "ask_extension": lambda pk, who, m: actions.ask_extension(pk, actor=who, seen=m.version, reason=m.reason),
    "ask_hang": lambda pk, who, m: actions.ask_hang(
        pk, actor=who, seen=m.version, reason=m.reason, days=m.days
    ),
    "appeal": lambda pk, who, m: actions.appeal(pk, actor=who, seen=m.version, reason=m.reason),
    "approve": lambda pk, who, m: actions.approve_relief(pk, actor=who, seen=m.version, note=m.note),
    "extend": lambda pk, who, m: actions.extend_case(pk, actor=who, seen=m.version, note=m.note),
    "hang": lambda pk, who, m: actions.hang_case(pk, actor=who, seen=m.version, note=m.note),
    "exempt": lambda pk, who, m: actions.exempt_case(pk, actor=who, seen=m.version, note=m.note),
    "refuse": lambda pk, who, m: actions.refuse_relief(pk, actor=who, seen=m.version, reason=m.reason),
    "resume": lambda pk, who, m: actions.resume_hung(pk, actor=who, seen=m.version, note=m.note),
    "supervise": lambda pk, who, m: actions.supervise_case(
        pk, actor=who, seen=m.version, reason=m.reason, kind=m.kind
    ),
    "void": lambda pk, who, m: actions.void_report(pk, actor=who, seen=m.version, reason=m.reason),
    "force_close": lambda pk, who, m: actions.force_close_report(
        pk, actor=who, seen=m.version, reason=m.reason
    ),
    "split": lambda pk, who, m: actions.split_report(
        pk, actor=who, seen=m.version, class_id=m.class_id, note=m.note
    ),
    "assign": lambda pk, who, m: actions.assign_report(pk, actor=who, seen=m.version, handler=m.handler),
    "undo": lambda pk, who, m: actions.undo_move(pk, actor=who, seen=m.version),
}


def answer_of(move: MoveIn) -> Answer:
    return Answer(
        id=move.id,
        result=move.result,
        note=move.note,
        lon=move.lon,
        lat=move.lat,
        datum=move.datum,
        photos=tuple(move.photos),
    )


def sighting_of(move: MoveIn, actor: Actor) -> actions.Sighting:
    """A sighting told at a desk came by telephone unless the note says otherwise."""
    return actions.Sighting(
        id=move.id or uuid4(),
        note=move.note,
        photos=tuple(move.photos),
        lon=move.lon,
        lat=move.lat,
        datum=move.datum,
        source=Source.INSPECTOR if actor.role == Role.INSPECTOR else Source.HOTLINE,
    )


@router.post("/reports", response={201: CardOut, 200: CardOut})
def report(request: HttpRequest, body: ReportIn) -> Status[dict[str, Any]]:
    """Take in a report: 201 when it is new, 200 when the same one was sent before under this id.

    The answer is the case's card, with its number; everything written is committed by then.
    """
    made, is_new = actions.report_problem(report_of(body), actor=caller(request))
    return Status(201 if is_new else 200, dress(made.case.card))


@router.get("/cases", response=CardPage)
def cases(
    request: HttpRequest,
    queue: str = "",
    after: str | None = None,
    limit: int = Query(queries.PAGE, ge=1, le=queries.PAGE_AT_MOST),
    number: str = "",
    area: str = "",
    component: str = "",
) -> dict[str, Any]:
    """A page of cards: a desk's queue by time left; `mine` and everything else newest first."""
    who = caller(request)
    if queue and queue not in ("mine", "all"):
        page = queries.queue_page(queue, who, after=after, limit=limit)
    else:
        page = queries.newest_page(
            who, after=after, limit=limit, number=number, area=area, component=component, mine=queue == "mine"
        )
    return {"items": [dress(card) for card in page.items], "next": page.next}


@router.get("/cases/summary", response=SummaryOut)
def summary(request: HttpRequest) -> dict[str, Any]:
    """How much stands in each of the caller's queues, and how much of it is overdue."""
    return queries.summary(caller(request))


@router.get("/snapshot", response=SnapshotOut)
def snapshot(request: HttpRequest, queue: str) -> dict[str, Any]:
    """A queue and the journal's head as of one moment: the socket continues from `head`."""
    found = queries.snapshot(queue, caller(request))
    return {**found, "items": [dress(card) for card in found["items"]]}


@router.get("/cases/{uuid:case_id}", response=CaseOut)
def case(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """One case in full, with what the caller may do now."""
    queries.case_seen_by(caller(request), case_id)
    return faces.case_face(caller(request), case_id)


@router.post("/cases/{uuid:case_id}/moves/{verb}", response=CaseOut)
def move(request: HttpRequest, case_id: UUID, body: MoveIn, verb: str) -> dict[str, Any]:
    """Make one move. 409 `stale` when somebody was quicker; nothing is written then.

    file: condition_id · decline, send_back, return, rework, cancel_dispatch, void, force_close: reason ·
    dispatch: organisation_code, or none to accept the proposal · finish: photos · answer_verify: result
    exists|not_exists|cannot_tell · answer_check: result pass|fail|cannot_tell · close: closing ·
    self_handle: photos · join, message: note or photos · mark_duplicate: main_id ·
    unmark_duplicate: reason
    """
    who = caller(request)
    queries.case_seen_by(who, case_id)
    if verb not in MOVE_ACTIONS:
        raise Invalid(f"“{verb}”?", field="verb", value=verb, mend=", ".join(MOVE_ACTIONS))
    MOVE_ACTIONS[verb](case_id, who, body)
    return faces.case_face(who, case_id)


@router.get("/cases/{uuid:case_id}/proposal", response=ProposalOut)
def proposal(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """What the rules propose, why, which rules lost, and whom else to send it to."""
    queries.case_seen_by(caller(request), case_id)
    return proposal_face(queries.report_in_full(case_id))


@router.get("/cases/{uuid:case_id}/duplicates", response=DuplicatesOut)
def duplicates(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """Open cases that may be the same thing, with why; and the cases that were found to be."""
    who = caller(request)
    if who.role not in MOVES["mark_duplicate"].by:
        raise NotAllowed(_("Duplicates are judged by the two centres."), field="case_id", value=case_id)
    queries.case_seen_by(who, case_id)
    found = proposed(queries.report_in_full(case_id), who.stream)
    return {
        "proposed": [{**one, "card": dress(one["card"])} for one in found],
        "merged": [dress(card) for card in linked_cards(who, case_id)],
    }


@router.get("/map/cases", response=MapOut)
def map_cases(request: HttpRequest, bbox: str, zoom: int = Query(..., ge=0, le=22)) -> dict[str, Any]:
    """Open cases in a box `west,south,east,north`: clusters far away, single cases near."""
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError
    except ValueError as error:
        raise Invalid(
            "bbox",
            field="bbox",
            value=bbox,
            mend="west,south,east,north in degrees, west < east, south < north",
        ) from error
    found = queries.cases_in_view(caller(request), (west, south, east, north), zoom)
    return {**found, "items": [dress(card) for card in found["items"]]}


@router.get("/classes", response=ClassesOut)
def classes(request: HttpRequest, q: str = Query("", max_length=60)) -> dict[str, Any]:
    """Classes in use by code, name, pinyin or initials, each with its filing conditions."""
    found = list(search_classes(q))
    conditions: dict[int, list[FilingCondition]] = {}
    for condition in FilingCondition.objects.filter(active=True, problem_class__in=[c.pk for c in found]):
        conditions.setdefault(condition.problem_class_id, []).append(condition)
    return {
        "items": [
            {
                "id": c.pk,
                "edition": c.edition.code,
                "kind": c.kind,
                "code": c.code,
                "major_code": c.major_code,
                "major": c.major,
                "name": c.title,
                "name_zh": c.name,
                "name_en": c.name_en,
                "initials": c.initials,
                "conditions": [faces.condition_face(condition) for condition in conditions.get(c.pk, [])],
            }
            for c in found
        ]
    }


@router.get("/organisations", response=OrganisationsOut)
def organisations(request: HttpRequest) -> dict[str, Any]:
    """Organisations with a department's desk in the caller's stream: whom one can dispatch to."""
    found = Organisation.objects.filter(
        posts__role="department", posts__stream_id=caller(request).stream
    ).distinct()
    return {"items": [faces.named(organisation) for organisation in found.order_by("code")]}
