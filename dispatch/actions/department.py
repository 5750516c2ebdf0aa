"""A department: accept, hand back with a reason, report as finished with a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from casework.access import Actor
from casework.models import Attachment
from dispatch.actions.base import attach_photos, reporting
from dispatch.limits import stage_named
from dispatch.models import Report, RoutingDecision
from dispatch.workflow import STAGES


def accept_report(case_id: UUID, *, actor: Actor, seen: int | None, handler: str = "") -> Report:
    with reporting(case_id, "accept", actor=actor, seen=seen) as (move, report):
        if handler:
            move.note(handler=handler)
    return report


def assign_report(case_id: UUID, *, actor: Actor, seen: int | None, handler: str) -> Report:
    """Assign (指派) the case to a person of the department; the journal says to whom."""
    with reporting(case_id, "assign", actor=actor, seen=seen, given={"handler": handler}) as (move, report):
        move.note(handler=handler.strip())
    return report


def return_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Return (回退) to the dispatcher; counts against the rule that sent it."""
    with reporting(case_id, "return", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        decision = (
            RoutingDecision.objects.filter(case_id=case_id)
            .select_related("rule")
            .order_by("-decided_at", "-pk")
            .first()
        )
        if decision is not None:
            decision.returned_at, decision.return_reason = move.at, reason.strip()
            decision.save(update_fields=["returned_at", "return_reason"])
        report.return_count += 1
        move.note(
            reason=reason.strip(),
            organisation_id=report.department_id,
            rule_id=decision.rule_id if decision else None,
            rule=decision.rule.name if decision and decision.rule else "",
        )
        move.hand_to(None)
    return report


def finish_report(
    case_id: UUID, *, actor: Actor, seen: int | None, photos: Sequence[UUID], note: str = ""
) -> Report:
    """Handling is finished; the photographs show it."""
    with reporting(case_id, "finish", actor=actor, seen=seen, given={"photos": list(photos)}) as (
        move,
        report,
    ):
        shown = attach_photos(report, photos, actor=actor, kind=Attachment.Kind.FINISH)
        report.handled_at = move.at
        move.note(photos=shown, **({"note": note} if note else {}))
        move.hand_to(None)
    return report


def reach_stage(case_id: UUID, *, actor: Actor, seen: int | None, note: str) -> Report:
    """The next stage of a staged limit is reached: works stopped, penalty decided; its clock stops."""
    with reporting(case_id, "reach_stage", actor=actor, seen=seen, given={"note": note}) as (move, report):
        name = next(name for name in STAGES if name in move.clocks)
        move.stop_also(name)
        stage = stage_named(report.condition, name)
        move.note(
            note=note.strip(),
            stage=name,
            **({"stage_name": {"name": stage["name_zh"], "name_en": stage["name_en"]}} if stage else {}),
        )
    return report
