"""Supervision (督办): by a leader, as important, or by the city itself for timeout. The state stays."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid
from casework.models import CaseClock
from casework.moves import Moving
from casework.notices import notify
from casework.roles import Role
from casework.sweep import holders
from dispatch.actions.base import reporting
from dispatch.models import Report
from dispatch.models.report import Supervised

CHANNELS = ("live", "email", "sms")


def supervise_case(
    case_id: UUID, *, actor: Actor, seen: int | None, reason: str = "", kind: str = "", clock: str = ""
) -> Report:
    """Put a case under supervision; whoever answers for its running clock is told by every channel.

    kind   of a person: leader or important, by default what her post says; timeout is the city's own
    clock  of a timeout: which clock has run out
    """
    if actor.is_city:
        kind, reason = Supervised.TIMEOUT, reason or _("Long overdue.")
    elif not kind:
        kind = Supervised.LEADER if actor.role == Role.MANAGER else Supervised.IMPORTANT
    if kind not in Supervised.values or (kind == Supervised.TIMEOUT and not actor.is_city):
        raise Invalid(
            _("“%(kind)s” is no kind of supervision.") % {"kind": kind},
            field="kind",
            value=kind,
            mend=_("One of: %(kinds)s.") % {"kinds": "leader, important"},
        )
    with reporting(case_id, "supervise", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        report.supervised = kind
        move.note(kind=kind, reason=reason.strip(), **({"clock": clock} if clock else {}))
        if not actor.is_city:  # of a timeout, the threshold has told
            _tell(move, report, reason.strip())
    return report


def _tell(move: Moving, report: Report, reason: str) -> None:
    context = {
        "number": move.case.number,
        "subject": {"zh-hans": report.problem_class.name, "en": report.problem_class.name_en},
        "reason": reason,
    }
    told: set[int] = {move.actor.person_id}
    for clock in _running(move):
        for holding in holders(move.case, clock, reach=1):
            person = holding.person
            if person.pk in told:
                continue
            told.add(person.pk)
            for channel in CHANNELS:
                if (channel == "email" and not person.email) or (channel == "sms" and not person.phone):
                    continue
                notify(
                    key=f"supervised:{move.case.id}:{move.case.version}:{person.pk}:{channel}",
                    channel=channel,
                    template="case_supervised",
                    context=context,
                    case_id=move.case.id,
                    person=person,
                )


def _running(move: Moving) -> list[CaseClock]:
    """The clocks that run, those of handling in front."""
    running = [clock for clock in move.clocks.values() if clock.state == CaseClock.State.RUNNING]
    return sorted(running, key=lambda clock: clock.organisation_id is None)
