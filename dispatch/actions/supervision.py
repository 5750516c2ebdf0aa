"""The supervision centre: verify, file or decline, check, close, and the exits that need a reason."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from casework.access import Actor
from casework.errors import Invalid, WrongState
from casework.models import CaseClock
from casework.models.calendar import calendar_for
from casework.moves import Moving
from casework.notices import tell_phone
from dispatch.actions.base import reporting
from dispatch.limits import (
    DEFAULTS,
    clock_policy,
    handling_limit,
    season_days,
    start_bundle,
    step_limit,
    type_for,
)
from dispatch.models import ClockPolicy, FilingCondition, Report, SourcePolicy, Task
from dispatch.models.report import CheckResult, VerifyResult
from dispatch.queries import inspector_for, inspector_named
from dispatch.workflow import Clock, State


def send_verify(case_id: UUID, *, actor: Actor, seen: int | None, inspector_id: int | None = None) -> Report:
    """Ask an inspector whether it is there; the one who walks the cell unless one is named."""
    with reporting(case_id, "send_verify", actor=actor, seen=seen) as (move, report):
        _send_task(move, report, Task.Kind.VERIFY, inspector_id)
    return report


def send_check(case_id: UUID, *, actor: Actor, seen: int | None, inspector_id: int | None = None) -> Report:
    """Ask an inspector whether it has been mended."""
    with reporting(case_id, "send_check", actor=actor, seen=seen) as (move, report):
        report.check_result = ""
        _send_task(move, report, Task.Kind.CHECK, inspector_id)
    return report


def recall_verify(case_id: UUID, *, actor: Actor, seen: int | None) -> Report:
    with reporting(case_id, "recall_verify", actor=actor, seen=seen) as (move, report):
        _recall_task(move)
    return report


def recall_check(case_id: UUID, *, actor: Actor, seen: int | None) -> Report:
    with reporting(case_id, "recall_check", actor=actor, seen=seen) as (move, report):
        _recall_task(move)
    return report


def file_report(
    case_id: UUID,
    *,
    actor: Actor,
    seen: int | None,
    condition_id: int | None,
    note: str = "",
    limit_type: str = "",
) -> Report:
    """File (立案), citing the condition that it fulfils. Some sources must be verified on site first."""
    with reporting(case_id, "file", actor=actor, seen=seen, given={"condition_id": condition_id}) as (
        move,
        report,
    ):
        condition = FilingCondition.objects.filter(
            pk=condition_id or 0, problem_class_id=report.problem_class_id, active=True
        ).first()
        if condition is None:
            raise Invalid(
                _("Condition %(id)s does not belong to the class of this report.") % {"id": condition_id},
                field="condition_id",
                value=condition_id,
                mend=_("Choose one of the conditions shown."),
            )
        _check_verified(report)
        report.condition = condition
        report.filed_at = move.at
        report.limit_type = type_for(condition, report.cell_code, limit_type)
        if clock_policy(move.case.stream_id).bundled:
            steps = {clock: step_limit(clock) for clock in DEFAULTS}
            limit = handling_limit(condition, limit_type=report.limit_type)
            start_bundle(move, limit, steps, calendar_for(move.case.stream_id))
        move.note(
            condition_id=condition.pk,
            **({"note": note} if note else {}),
            **({"limit_type": report.limit_type} if report.limit_type else {}),
        )
    return report


def decline_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Do not file (不立案), with the reason."""
    return _with_reason(case_id, "decline", actor, seen, reason)


def void_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Declare void (作废) what should not have been filed."""
    return _with_reason(case_id, "void", actor, seen, reason)


def force_close_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Close by force (强制结案), with the reason."""
    with reporting(case_id, "force_close", actor=actor, seen=seen, given={"reason": reason}) as (
        move,
        report,
    ):
        report.closed_at = move.at
        move.hand_to(None)
        _lapse_task(move)
        move.note(reason=reason.strip())
    return report


def close_report(case_id: UUID, *, actor: Actor, seen: int | None, closing: str, note: str = "") -> Report:
    """Close (结案), citing the closing condition; only what an inspector has found mended."""
    with reporting(case_id, "close", actor=actor, seen=seen, given={"closing": closing}) as (move, report):
        if report.check_result != CheckResult.PASS:
            raise WrongState(
                _("The check on site did not pass, so the case cannot be closed."),
                field="check_result",
                value=report.check_result,
                mend=_("Send it back for rework, check again, or close it by force with a reason."),
            )
        report.closed_at, report.closing = move.at, closing.strip()
        move.note(closing=report.closing, **({"note": note} if note else {}))
    return report


def send_back_for_rework(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """Back to the same department (返工): with a fresh limit, or what was left of it, as the city settled."""
    with reporting(case_id, "rework", actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        assert report.condition is not None, "a handled case was filed under a condition"
        report.rework_count += 1
        report.handled_at = report.checked_at = None
        report.check_result = ""
        move.hand_to(report.department_id)
        _start_again(move, report, report.condition)
        move.note(reason=reason.strip(), organisation_id=report.department_id)
    return report


def _start_again(move: Moving, report: Report, condition: FilingCondition) -> None:
    ended = CaseClock.objects.filter(
        case_id=move.case.id, name=Clock.HANDLING, organisation=report.department
    ).order_by("pk")
    last = ended.last() if clock_policy(move.case.stream_id).rework == ClockPolicy.Rework.GO_ON else None
    if last is not None:
        move.clocks[Clock.HANDLING] = last
        move.resume_instead(Clock.HANDLING)
        return
    limit = handling_limit(condition, limit_type=report.limit_type)
    move.allow(
        Clock.HANDLING,
        limit,
        organisation_id=report.department_id,
        season=season_days(condition.season),
    )


def _with_reason(case_id: UUID, verb: str, actor: Actor, seen: int | None, reason: str) -> Report:
    with reporting(case_id, verb, actor=actor, seen=seen, given={"reason": reason}) as (move, report):
        move.hand_to(None)
        _lapse_task(move)
        move.note(reason=reason.strip())
    return report


def _check_verified(report: Report) -> None:
    policy = SourcePolicy.objects.filter(source=report.source).first()
    if policy is None or not policy.verify_first or report.verify_result == VerifyResult.EXISTS:
        return
    raise WrongState(
        _("A report from “%(source)s” is filed only after an inspector has found it on site.")
        % {"source": report.get_source_display()},
        field="verify_result",
        value=report.verify_result,
        mend=_("Send an inspector to verify first, or do not file it."),
    )


def _send_task(move: Moving, report: Report, kind: Task.Kind, inspector_id: int | None) -> None:
    inspector = (
        inspector_named(inspector_id, report.case.stream_id)
        if inspector_id
        else inspector_for(report.cell_code, report.case.stream_id)
    )
    if inspector is None:
        raise Invalid(
            _("No inspector walks cell %(cell)s.") % {"cell": report.cell_code},
            field="inspector_id",
            value=inspector_id or report.cell_code,
            mend=_("Name an inspector, or give the cell's responsibility grid to one."),
        )
    report.inspector = inspector
    task = Task.objects.create(
        case_id=report.case_id,
        kind=kind,
        inspector=inspector,
        sent_at=move.at,
        sent_by_id=move.actor.person_id,
    )
    move.note(task_id=task.pk, inspector_id=inspector.pk, inspector=str(inspector))
    tell_phone(
        inspector.pk,
        key=f"task/{task.pk}",
        template="task_sent",
        context={
            "task": {code: _in(code, task.get_kind_display) for code, _language in settings.LANGUAGES},
            "subject": {"zh-hans": report.problem_class.name, "en": report.problem_class.name_en},
            "place": report.address or report.cell_code,
            "number": move.case.number,
            "url": f"/inspector/#task-{task.pk}",
        },
        case_id=report.case_id,
    )


def _in(language: str, words: Callable[[], str]) -> str:
    with override(language):
        return words()


def _recall_task(move: Moving) -> None:
    task = Task.objects.filter(case_id=move.case.id, state=Task.State.OPEN).first()
    if task is None:
        return
    task.state, task.done_at = Task.State.RECALLED, move.at
    task.save(update_fields=["state", "done_at"])
    tell_phone(
        task.inspector_id,
        key=f"task/{task.pk}/recalled",
        template="task_recalled",
        context={"number": move.case.number},
        case_id=move.case.id,
    )


def _lapse_task(move: Moving) -> None:
    if move.state_from in (State.VERIFYING, State.CHECKING):
        _recall_task(move)
