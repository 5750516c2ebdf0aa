"""How a report comes to stand in each state, by its verbs alone, and what each verb must be given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from casework.access import Actor
from casework.models import Case
from dispatch import actions
from dispatch.api import MOVE_ACTIONS
from dispatch.schemas import MoveIn
from dispatch.workflow import State
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
    S.CLOSED: ("file", "dispatch", "accept", "finish", "send_check", "answer_check", "close"),
    S.FORCE_CLOSED: ("file", "force_close"),
    S.SELF_HANDLED: ("self_handle",),
    S.DECLINED: ("decline",),
    S.WITHDRAWN: ("withdraw",),
    S.VOID: ("file", "void"),
}


def usual(town: Town, verb: str) -> Actor:
    """Who does it in the small town: Alice reports, Ava is sent out, Chen's company handles."""
    return {
        "withdraw": town.alice,
        "self_handle": town.alice,
        "answer_verify": town.ava,
        "answer_check": town.ava,
        "dispatch": town.bo,
        "send_back": town.bo,
        "cancel_dispatch": town.bo,
        "accept": town.chen,
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
    if verb in ("join", "message"):
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
    for verb in verbs:
        actor = usual(town, verb)
        move(report.pk, verb, actor, **arguments(town, verb, actor))
    return Case.objects.get(pk=report.pk)


def case_in(town: Town, state: str, **changes: object) -> Case:
    """A report of Alice's in that state."""
    case = walk(town, WAYS[state], **changes)
    assert case.state == state
    return case
