"""Appeal (超期申诉): a department's once, against the lateness of a closed case; the fact itself stays."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.models import CaseClock
from dispatch.actions.base import reporting
from dispatch.actions.relief import Kind, ask, decide
from dispatch.models import Report
from dispatch.models.report import Appeal
from dispatch.workflow import HANDLINGS


def appeal(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    with reporting(case_id, "appeal", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        ask(move, report, Kind.APPEAL, reason)
        report.appeal = Appeal.PENDING
    return report


def exempt_case(case_id: UUID, *, actor: Actor, seen: int | None, note: str = "") -> Report:
    """Grant it on the last level: the late clocks of the department are exempt in the figures."""
    with reporting(case_id, "exempt", actor=actor, seen=seen) as (move, report):
        decide(move, report, _("granted"), **({"note": note} if note else {}))
        report.appeal = Appeal.GRANTED
        for clock in CaseClock.objects.filter(
            case_id=case_id,
            name__in=HANDLINGS,
            organisation=report.department,
            stopped_at__gt=F("due_at"),
        ):
            move.exempt(clock)
    return report
