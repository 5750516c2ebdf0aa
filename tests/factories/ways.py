"""How a report comes to stand in each state, by its verbs alone, and what each verb must be given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import time_machine
from django.utils import timezone

from casework.access import Actor
from casework.models import Case
from dispatch import actions
from dispatch.api import MOVE_ACTIONS
from dispatch.models import FilingCondition
from dispatch.schemas import MoveIn
from dispatch.workflow import MOVES, State
from tests.factories.people import Town, photo_of

S = State
# the shortest way to each state that a report can be in
WAYS: Mapping[str, tuple[str, ...]] = {
    S.REPORTED: (),
    S.VERIFYING: ("send_verify",),
    S.VERIFIED: ("send_verify", "answer_verify"),
    S.FILED: ("file",),
    S.DISPATCHED: ("file", "dispatch"),
    S.HANDLING: ("file", "dispatch", "accept"),
    S.HANDLED: ("file", "dispatch", "accept", "finish"),
    S.CHECKING: ("file", "dispatch", "accept", "finish", "send_check"),
    S.CHECKED: ("file", "dispatch", "accept", "finish", "send_check", "answer_check"),
    S.DUPLICATE: ("file", "mark_duplicate"),
    S.CLOSED: ("file", "dispatch", "accept", "finish", "send_check", "answer_check", "close"),
    S.FORCE_CLOSED: ("file", "force_close"),
    S.SELF_HANDLED: ("self_handle",),
    S.DECLINED: ("decline",),
    S.WITHDRAWN: ("withdraw",),
    S.VOID: ("file", "void"),
    S.HUNG: ("file", "dispatch", "ask_hang", "approve", "hang"),
}
# what is asked for, and what a case must be to answer for it: ways beside the states
RELIEF: Mapping[str, tuple[str, ...]] = {
    "more time asked": (*WAYS[S.DISPATCHED], "ask_extension"),
    "more time, approved once": (*WAYS[S.DISPATCHED], "ask_extension", "approve"),
    "hanging asked": (*WAYS[S.HANDLING], "ask_hang"),
    "hanging, approved once": (*WAYS[S.HANDLING], "ask_hang", "approve"),
    "staged": WAYS[S.HANDLING],
    "late": WAYS[S.CLOSED],
    "appealed": (*WAYS[S.CLOSED], "appeal"),
    "appeal, approved once": (*WAYS[S.CLOSED], "appeal", "approve"),
}
NEEDS: Mapping[str, str] = {
    "approve": "hanging asked",
    "extend": "more time, approved once",
    "hang": "hanging, approved once",
    "refuse": "hanging asked",
    "exempt": "appeal, approved once",
    "appeal": "late",
    "reach_stage": "staged",
}
TWO_STAGES = [
    {"name_zh": "到场", "name_en": "Arrival", "limit_value": 1, "limit_unit": "natural_hour"},
    {"name_zh": "处置完成", "name_en": "Handled", "limit_value": 2, "limit_unit": "natural_hour"},
]


def usual(town: Town, verb: str, case: Case | None = None) -> Actor:
    """Who does it in the small town: Alice reports, Ava is sent out, Chen's company handles.

    case   whose level it is to decide on what was asked for; without it, on hanging
    """
    relief = case.card.get("relief") if case else None
    if relief and verb in (relief["does"], "refuse"):
        levels = {"department": town.chen, "dispatcher": town.bo, "manager": town.mo, "acceptor": town.amy}
        return levels[relief["by"]]
    return {
        "approve": town.bo,
        "extend": town.bo,
        "refuse": town.bo,
        "hang": town.mo,
        "exempt": town.amy,
        "resume": town.bo,
        "appeal": town.chen,
        "ask_extension": town.chen,
        "ask_hang": town.chen,
        "reach_stage": town.chen,
        "withdraw": town.alice,
        "self_handle": town.alice,
        "answer_verify": town.ava,
        "answer_check": town.ava,
        "dispatch": town.bo,
        "send_back": town.bo,
        "cancel_dispatch": town.bo,
        "accept": town.chen,
        "assign": town.chen,
        "return": town.chen,
        "finish": town.chen,
    }.get(verb, town.lei)


def arguments(town: Town, verb: str, actor: Actor) -> dict[str, Any]:
    """Good arguments of a move, as JSON; a photograph is uploaded where one is needed."""
    result = {"answer_verify": "exists", "answer_check": "pass"}
    given: dict[str, Any] = {"reason": "because", "closing": "恢复", "condition_id": town.missing_cover.pk}
    if verb in result:
        given["result"] = result[verb]
    if verb in ("send_verify", "send_check"):
        given["inspector_id"] = town.ava.person_id
    if verb in ("finish", "self_handle"):
        given["photos"] = [str(photo_of(actor))]
    if verb == "mark_duplicate":
        given["main_id"] = str(walk(town, ()).pk)
    if verb == "ask_hang":
        given["days"] = 30
    if verb == "split":
        given["class_id"] = town.city.lamp.pk
    if verb == "assign":
        given["handler"] = "Liu"
    if verb in ("join", "message", "reach_stage"):
        given["note"] = "still there"
    return given


def move(case_id: UUID, verb: str, actor: Actor, **given: Any) -> None:
    """Make a move through the action that the API calls, on what stands now unless `version` is given."""
    version = given.pop("version", None)
    if version is None:
        version = Case.objects.values_list("version", flat=True).get(pk=case_id)
    MOVE_ACTIONS[verb](case_id, actor, MoveIn(version=version, **given))


def walk(town: Town, verbs: tuple[str, ...], **changes: object) -> Case:
    """Alice's report with a photograph, and then these moves, each by its usual person."""
    changes = {"photos": (photo_of(town.alice),), **changes}
    report, _ = actions.report_problem(town.report_of(**changes), actor=town.alice)
    go_on(town, report.pk, verbs)
    return Case.objects.get(pk=report.pk)


def go_on(town: Town, case_id: UUID, verbs: tuple[str, ...]) -> None:
    for verb in verbs:
        actor = usual(town, verb, Case.objects.get(pk=case_id))
        move(case_id, verb, actor, **arguments(town, verb, actor))


def stand(town: Town, way: str) -> Case:
    """A case that has gone one of RELIEF's ways: of two stages, or closed too late, where it needs that."""
    if way == "staged":
        FilingCondition.objects.filter(pk=town.missing_cover.pk).update(stages=TWO_STAGES)
    verbs = RELIEF[way]
    if "close" not in verbs:
        return walk(town, verbs)
    sent = verbs.index("dispatch") + 1
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        case = walk(town, verbs[:sent])
    go_on(town, case.pk, verbs[sent:])
    return Case.objects.get(pk=case.pk)


def ready_for(town: Town, verb: str) -> Case:
    """A case on which the usual person may do it."""
    if verb in NEEDS:
        return stand(town, NEEDS[verb])
    return walk(town, WAYS[sorted(MOVES[verb].sources)[0]])


def case_in(town: Town, state: str, **changes: object) -> Case:
    """A report of Alice's in that state."""
    case = walk(town, WAYS[state], **changes)
    assert case.state == state
    return case
