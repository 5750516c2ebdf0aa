"""Hanging (挂账): engineering, wrong season or lacking conditions stop the clock for at most a year."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from casework.access import Actor
from casework.calendars import Limit, Unit
from dispatch.actions.base import reporting
from dispatch.actions.relief import LABELS, Kind, ask, check_count, check_days, check_in_time, decide, pending
from dispatch.limits import clock_policy
from dispatch.models import Report
from dispatch.workflow import Clock


def ask_hang(case_id: UUID, *, actor: Actor, seen: int | None, reason: str, days: int | None) -> Report:
    """Ask that the case be hung for so many days."""
    given = {"reason": reason, "days": days}
    with reporting(case_id, "ask_hang", actor=actor, seen=seen, given=given) as (move, report):
        policy = clock_policy(move.case.stream_id)
        check_count(report.hangs, policy.hang_most, str(LABELS[Kind.HANGING]))
        check_in_time(move, policy, Clock.HANDLING)
        ask(move, report, Kind.HANGING, reason, days=check_days(days, policy.hang_days))
    return report


def hang_case(case_id: UUID, *, actor: Actor, seen: int | None, note: str = "") -> Report:
    """Grant it on the last level: handling pauses, and the case goes on by itself when the days are over."""
    with reporting(case_id, "hang", actor=actor, seen=seen) as (move, report):
        days = pending(report)["days"]
        decide(move, report, _("granted"), days=days, **({"note": note} if note else {}))
        report.hangs += 1
        move.allow(
            Clock.HANGING,
            Limit(Decimal(days), Unit.NATURAL_DAY),
            organisation_id=report.department_id,
        )
    return report


def resume_hung(case_id: UUID, *, actor: Actor, seen: int | None, note: str = "") -> Report:
    """Back to the department, whose clock goes on with the time it had left."""
    with reporting(case_id, "resume", actor=actor, seen=seen) as (move, report):
        if note:
            move.note(note=note)
    return report
