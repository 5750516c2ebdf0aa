"""The command centre: dispatch by rule or by hand, cancel, or hand back to supervision."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid
from casework.models import Organisation
from dispatch.actions.base import reporting
from dispatch.limits import go_on_handling, handling_limit, start_handling
from dispatch.models import Report, RoutingDecision, RoutingRule
from dispatch.proposals import propose
from dispatch.workflow import Clock


def dispatch_report(
    case_id: UUID, *, actor: Actor, seen: int | None, organisation_code: str | None = None, note: str = ""
) -> Report:
    """Dispatch (派遣): to the organisation named, or to the one the rules propose.

    The decision keeps its rule, so that a return counts against it. Sent again to the department that
    returned it, the handling clock goes on; to another, it starts afresh (workflow.md §7.3).
    """
    with reporting(case_id, "dispatch", actor=actor, seen=seen) as (move, report):
        proposal = propose(report, at=move.at)
        rule: RoutingRule | None = None
        proposed = proposal.organisation
        if organisation_code and (proposed is None or organisation_code != proposed.code):
            organisation = organisation_named(organisation_code, actor.stream)
            by_hand, reason = True, note or _("Chosen by the dispatcher.")
        elif proposed is not None:
            organisation = proposed
            rule = RoutingRule.objects.get(pk=proposal.rule_id or 0)
            by_hand, reason = False, proposal.reason
        else:
            raise Invalid(
                _("The rules propose nobody: %(why)s") % {"why": proposal.reason},
                field="organisation_code",
                mend=_("Choose an organisation yourself."),
            )
        assert report.condition is not None, "a filed case has its condition"
        handling = move.clocks.get(Clock.HANDLING)
        if handling is not None and handling.organisation_id == organisation.pk:
            go_on_handling(move)
        else:
            limit = handling_limit(report.condition, rule, report.limit_type)
            start_handling(move, report.condition, limit, organisation_id=organisation.pk)
        RoutingDecision.objects.create(
            case_id=case_id,
            rule=rule,
            organisation=organisation,
            by_hand=by_hand,
            reason=reason,
            decided_at=move.at,
        )
        report.department = organisation
        report.dispatched_at = move.at
        report.dispatch_count += 1
        move.hand_to(organisation.pk)
        move.note(
            organisation_id=organisation.pk,
            organisation_code=organisation.code,
            organisation=organisation.name,
            rule_id=rule.pk if rule else None,
            rule=rule.name if rule else "",
            by_hand=by_hand,
            reason=reason,
            **({"note": note} if note else {}),
        )
    return report


def cancel_dispatch(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Take the case back from the department (撤回)."""
    with reporting(case_id, "cancel_dispatch", actor=actor, seen=seen, given={"reason": reason}) as (
        move,
        report,
    ):
        move.note(reason=reason.strip(), organisation_id=report.department_id)
        move.hand_to(None)
    return report


def send_back(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Hand a filed case back to supervision, which files it anew or declines it."""
    with reporting(case_id, "send_back", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        move.note(reason=reason.strip())
    return report


def organisation_named(code: str, stream: str) -> Organisation:
    """An organisation in being, by its code."""
    found = Organisation.objects.filter(code=code, posts__stream_id=stream).distinct().first()
    if found is None:
        raise Invalid(
            _("There is no organisation %(code)s with a desk.") % {"code": code},
            field="organisation_code",
            value=code,
            mend=_("Choose one from the list."),
        )
    return found
