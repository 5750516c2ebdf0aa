"""A department: accept, hand back with a reason, report as finished with a photograph."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from casework.access import Actor
from casework.models import Attachment
from dispatch.actions.base import attach_photos, reporting
from dispatch.models import Report, RoutingDecision


def accept_report(case_id: UUID, *, actor: Actor, seen: int | None, handler: str = "") -> Report:
    with reporting(case_id, "accept", actor=actor, seen=seen) as (move, report):
        if handler:
            move.note(handler=handler)
    return report


def return_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Return (回退) to the dispatcher; counts against the rule that sent it."""
    with reporting(case_id, "return", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        decision = RoutingDecision.objects.filter(case_id=case_id).order_by("-decided_at", "-pk").first()
        if decision is not None:
            decision.returned_at, decision.return_reason = move.at, reason.strip()
            decision.save(update_fields=["returned_at", "return_reason"])
        report.return_count += 1
        move.note(
            reason=reason.strip(),
            organisation_id=report.department_id,
            rule_id=decision.rule_id if decision else None,
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
