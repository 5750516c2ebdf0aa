"""Extension (延期): the original limit once more, as often as the city's policy allows."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from casework.access import Actor
from casework.calendars import Limit, Unit
from casework.models.calendar import calendar_for
from dispatch.actions.base import reporting
from dispatch.actions.relief import LABELS, Kind, ask, check_count, check_in_time, decide
from dispatch.limits import clock_policy, hours
from dispatch.models import Report
from dispatch.workflow import Clock


def ask_extension(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Ask for more time; refusals do not count against the number of extensions."""
    with reporting(case_id, "ask_extension", actor=actor, seen=seen, given={"reason": reason}) as (
        move,
        report,
    ):
        policy = clock_policy(move.case.stream_id)
        check_count(report.extensions, policy.extension_most, str(LABELS[Kind.EXTENSION]))
        check_in_time(move, policy, Clock.HANDLING)
        ask(move, report, Kind.EXTENSION, reason)
    return report


def extend_case(case_id: UUID, *, actor: Actor, seen: int | None, note: str = "") -> Report:
    """Grant it on the last level: the present deadline moves by the original limit."""
    with reporting(case_id, "extend", actor=actor, seen=seen) as (move, report):
        decide(move, report, _("granted"), **({"note": note} if note else {}))
        report.extensions += 1
        clock = move.clocks[Clock.HANDLING]
        move.extend(Clock.HANDLING, clock.quota)
        if bundle := move.clocks.get(Clock.BUNDLED):
            more = hours(Limit(clock.quota, Unit(clock.unit)), calendar_for(move.case.stream_id))
            move.extend(bundle.name, more)
    return report
