"""Relief from a deadline, in general: asked for by the department, decided level by level, or refused.

What is asked for lies on the report (`Report.relief`) until it is decided; the journal keeps every step.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from casework.access import Actor
from casework.errors import Invalid, WrongState
from casework.moves import Moving
from casework.notices import notify
from casework.roles import Role
from casework.sweep import held_now
from dispatch.actions.base import reporting
from dispatch.limits import clock_policy
from dispatch.models import ClockPolicy, Report
from dispatch.models.report import Appeal


class Kind(StrEnum):
    EXTENSION = "extension"
    HANGING = "hanging"
    APPEAL = "appeal"


LABELS = {
    Kind.EXTENSION: gettext_lazy("more time"),
    Kind.HANGING: gettext_lazy("hanging"),
    Kind.APPEAL: gettext_lazy("appeal against lateness"),
}
LAST = {Kind.EXTENSION: "extend", Kind.HANGING: "hang", Kind.APPEAL: "exempt"}


def levels_of(policy: ClockPolicy, kind: Kind) -> list[str]:
    found: list[str] = {
        Kind.EXTENSION: policy.extension_levels,
        Kind.HANGING: policy.hang_levels,
        Kind.APPEAL: policy.appeal_levels,
    }[kind]
    return found


def ask(move: Moving, report: Report, kind: Kind, reason: str, **more: Any) -> None:
    """Lay a request before the first level."""
    if report.relief is not None:
        raise WrongState(
            _("Something is asked for already and not decided yet: %(what)s.")
            % {"what": LABELS[Kind(report.relief["kind"])]},
            field="relief",
            value=report.relief["kind"],
            mend=_("Wait for the decision."),
        )
    report.relief = request_of(
        clock_policy(move.case.stream_id), kind, move.actor.person_id, reason=reason.strip(), **more
    )
    move.note(relief=kind.value, reason=reason.strip(), **more)
    _tell_deciders(move, report)


def request_of(policy: ClockPolicy, kind: Kind, person_id: int, **told: Any) -> dict[str, Any]:
    """A request as it lies on the report before its first level."""
    return {
        "kind": kind.value,
        **told,
        "asked_by": person_id,
        "people": [person_id] if policy.four_eyes else [],
        "level": 0,
        **_before(levels_of(policy, kind), 0, kind),
    }


def approved(policy: ClockPolicy, relief: dict[str, Any], person_id: int) -> dict[str, Any]:
    """The request before the next level. One that the city has struck out meanwhile is not waited for."""
    kind, level = Kind(relief["kind"]), relief["level"] + 1
    levels = levels_of(policy, kind)
    return {
        **relief,
        "level": level,
        "people": [*relief["people"], person_id],
        **_before(levels, min(level, len(levels) - 1), kind),
    }


def _before(levels: list[str], level: int, kind: Kind) -> dict[str, Any]:
    """Who decides next, and by which verb."""
    return {"by": levels[level], "does": "approve" if level < len(levels) - 1 else LAST[kind]}


def approve_relief(case_id: UUID, *, actor: Actor, seen: int | None, note: str = "") -> Report:
    """Approve on one level; the next one decides."""
    with reporting(case_id, "approve", actor=actor, seen=seen) as (move, report):
        relief = pending(report)
        report.relief = approved(clock_policy(move.case.stream_id), relief, actor.person_id)
        move.note(relief=relief["kind"], level=report.relief["level"], **({"note": note} if note else {}))
        _tell_deciders(move, report)
    return report


def refuse_relief(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Refuse, on any level, with the reason. A refused request does not count."""
    with reporting(case_id, "refuse", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        relief = pending(report)
        decide(move, report, _("refused"), reason=reason.strip())
        if relief["kind"] == Kind.APPEAL:
            report.appeal = Appeal.REFUSED
    return report


def pending(report: Report) -> dict[str, Any]:
    relief: dict[str, Any] | None = report.relief
    if relief is None:
        raise WrongState(_("Nothing is asked for."), field="relief", mend=_("Look at the case again."))
    return relief


def decide(move: Moving, report: Report, outcome: str, *, reason: str = "", **facts: Any) -> dict[str, Any]:
    """The request is decided: off the report, into the journal, and back to who asked; returns it."""
    relief = pending(report)
    report.relief = None
    move.note(relief=relief["kind"], **({"reason": reason} if reason else {}), **facts)
    desk = Q(post__role=Role.DEPARTMENT, post__organisation_id=report.department_id)
    _tell(move, report, desk, "relief_decided", Kind(relief["kind"]), outcome=outcome, reason=reason)
    return relief


def check_count(had: int, most: int, what: str) -> None:
    if had >= most:
        raise WrongState(
            _("%(what)s was granted %(n)s times already, which is the most.") % {"what": what, "n": had},
            field="relief",
            value=had,
            mend=_("Finish, return the case, or ask the shift leader."),
        )


def check_in_time(move: Moving, policy: ClockPolicy, clock: str) -> None:
    """Asked for before the limit is over; a city may waive that."""
    running = move.clocks.get(clock)
    if running is None or running.due_at is None:
        raise WrongState(_("No clock of yours is running."), field="clock", value=clock)
    if policy.in_time_only and running.due_at < move.at:
        raise WrongState(
            _("The limit is over already."),
            field="due_at",
            value=running.due_at,
            mend=_("Relief is asked for in time. Finish the case; after it is closed you may appeal."),
        )


def check_days(days: int | None, most: int) -> int:
    if days is None or not 1 <= days <= most:
        raise Invalid(
            _("1 to %(most)s days.") % {"most": most}, field="days", value=days, mend=_("Choose fewer days.")
        )
    return days


# --- telling ------------------------------------------------------------------------------------------------


def _tell_deciders(move: Moving, report: Report) -> None:
    relief = pending(report)
    who = Q(post__role=relief["by"])
    if relief["by"] == Role.DEPARTMENT:
        who &= Q(post__organisation_id=report.department_id)
    _tell(move, report, who, "relief_asked", Kind(relief["kind"]), reason=relief["reason"])


def _tell(move: Moving, report: Report, who: Q, template: str, kind: Kind, **more: str) -> None:
    what = {}
    for code, _language in settings.LANGUAGES:
        with override(code):
            what[code] = str(LABELS[kind])
    context = {
        "number": move.case.number,
        "subject": {"zh-hans": report.problem_class.name, "en": report.problem_class.name_en},
        "what": what,
        **more,
    }
    for holding in held_now(who & Q(post__stream_id=move.case.stream_id)):
        if holding.person_id != move.actor.person_id:
            notify(
                key=f"relief:{move.case.id}:{move.case.version}:{holding.person_id}",
                channel="live",
                template=template,
                context=context,
                case_id=move.case.id,
                person=holding.person,
            )
