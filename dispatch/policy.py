"""Who sees which reports, and who may do what to one: one place for lists, single cases, map and socket.

The table of moves says which role may make a move; this adds whose case it must be.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import NotAllowed
from casework.models import Case, Entry
from casework.roles import COMMAND, SUPERVISION, Role
from dispatch.workflow import AT_REST, MOVES

SEES_ALL = SUPERVISION | COMMAND | {Role.MANAGER}
SEES_REPORTER = SUPERVISION  # names and numbers of citizens
DECIDES_RELIEF = frozenset({"approve", "extend", "hang", "exempt", "refuse"})
MERGES = frozenset({"mark_duplicate", "unmark_duplicate"})
# may be done by whoever acts for a centre
NO_DECISION = DECIDES_RELIEF | MERGES | frozenset({"report", "join", "split", "split_off", "message", "undo"})
AXIS_OF_SUPERVISION = frozenset(m.verb for m in MOVES if m.by & SUPERVISION) - NO_DECISION
AXIS_OF_COMMAND = frozenset(m.verb for m in MOVES if m.by & COMMAND) - NO_DECISION


def sees(actor: Actor, card: Mapping[str, Any]) -> bool:
    """May this actor see the report of that card? `visible()` is the same rule for the database."""
    if actor.role in SEES_ALL:
        return True
    if actor.role == Role.DEPARTMENT:
        return bool(card["department_id"] == actor.organisation_id)
    if actor.role == Role.INSPECTOR:
        return actor.person_id in (card["reporter_id"], card["inspector_id"])
    return False


def visible(actor: Actor) -> Q:
    """The cases of the actor's stream that the actor may see, as a condition on Case."""
    mine = Q(kind="report", stream_id=actor.stream)
    if actor.role in SEES_ALL:
        return mine
    if actor.role == Role.DEPARTMENT:
        return mine & Q(report__department_id=actor.organisation_id)
    if actor.role == Role.INSPECTOR:
        return mine & (Q(report__reporter_id=actor.person_id) | Q(report__inspector_id=actor.person_id))
    return Q(pk__in=[])


def seers(card: Mapping[str, Any], stream: str) -> Q:
    """Whose posts see the report of that card, as a condition on Holding; the same rule once more."""
    mine = Q(post__role__in=sorted(SEES_ALL))
    if card["department_id"]:
        mine |= Q(post__role=Role.DEPARTMENT, post__organisation_id=card["department_id"])
    inspectors = [key for key in (card["reporter_id"], card["inspector_id"]) if key]
    mine |= Q(post__role=Role.INSPECTOR, person_id__in=inspectors)
    return mine & Q(post__stream_id=stream)


def compares(actor: Actor, card: Mapping[str, Any]) -> bool:
    """An inspector who finds something looks whether it is an open case already, whoever reported it."""
    return actor.role == Role.INSPECTOR and card["state"] not in AT_REST


def audience(actor: Actor) -> Hashable:
    """Actors with the same audience see the same reports and the same facts of them."""
    if actor.role in SUPERVISION:
        return "supervision"
    if actor.role in SEES_ALL:
        return "all"
    if actor.role == Role.DEPARTMENT:
        return ("department", actor.organisation_id)
    return ("person", actor.person_id)


def facts_for(actor: Actor, facts: Mapping[str, Any]) -> dict[str, Any]:
    """What of an entry's facts this actor may read: names of inspectors stay within the two centres."""
    hidden = {"was", "inspector_id", "task_id", "device_at", "mentions", "clocks"}
    if actor.role not in SEES_ALL:
        hidden |= {"inspector"}
    return {key: value for key, value in facts.items() if key not in hidden}


def is_own(actor: Actor, case: Case, verb: str) -> bool:
    """Is the case this actor's to move by that verb? The role has been checked already."""
    if verb == "message":
        return sees(actor, case.card)
    if verb == "undo":  # whose move it was, the action asks
        return True
    if verb in DECIDES_RELIEF:
        return decides(actor, case.card, verb)
    if verb == "appeal":
        late = case.card.get("late") and not case.card.get("appeal")
        return bool(late and case.card["department_id"] == actor.organisation_id)
    if verb in ("ask_extension", "ask_hang") and case.card.get("relief"):
        return False
    if verb == "reach_stage" and not case.card.get("stage"):
        return False
    if actor.role == Role.DEPARTMENT:
        return case.organisation_id == actor.organisation_id
    if verb in ("answer_verify", "answer_check"):
        return bool(case.card.get("inspector_id") == actor.person_id)
    if verb in ("withdraw", "self_handle"):
        return bool(case.card.get("reporter_id") == actor.person_id)
    return True


def decides(actor: Actor, card: Mapping[str, Any], verb: str) -> bool:
    """Is it this actor's level that decides now on what the department has asked for?"""
    relief = card.get("relief")
    if not relief or verb not in (relief["does"], "refuse") or actor.role != relief["by"]:
        return False
    if actor.role == Role.DEPARTMENT and card["department_id"] != actor.organisation_id:
        return False
    return actor.person_id not in card["relief_people"]


def other_axis(verb: str) -> frozenset[str]:
    """The verbs that exclude this one for the same person on the same case (两个轴心)."""
    if verb in AXIS_OF_SUPERVISION:
        return AXIS_OF_COMMAND
    if verb in AXIS_OF_COMMAND:
        return AXIS_OF_SUPERVISION
    return frozenset()


def check_own(actor: Actor, case: Case, verb: str) -> None:
    """Refuse somebody else's case, and a person who acts for both centres on one case."""
    if not is_own(actor, case, verb):
        raise NotAllowed(
            _("This case is not yours to move."),
            field="verb",
            value=verb,
            mend=_("It belongs to another department or inspector."),
        )
    excluded = other_axis(verb)
    if (
        excluded
        and Entry.objects.filter(case_id=case.id, actor_id=actor.person_id, verb__in=excluded).exists()
    ):
        raise NotAllowed(
            _("You already acted on this case for the other centre."),
            field="verb",
            value=verb,
            mend=_("Supervision and command must be two people: let a colleague do it."),
        )
