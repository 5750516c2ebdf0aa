"""On site: the inspector answers a task, settles a small thing herself, or withdraws a report of her own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import transaction
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid, Missing, MovedOn, NotAllowed, WrongState
from casework.journal import instant
from casework.models import Attachment
from dispatch.actions.base import attach_photos, check_device_time, moved_on, reporting
from dispatch.actions.intake import NewReport, report_problem
from dispatch.models import Report, Task
from dispatch.models.report import CheckResult, VerifyResult
from dispatch.queries import metres_between
from dispatch.workflow import State
from gis_data import crs


@dataclass(frozen=True)
class Answer:
    """What an inspector found. Position in `datum`; kept with its distance, never a reason to refuse.

    id       made by the phone, so that the same answer sent twice is one
    task_id  the task that is answered; None: the one that is open
    """

    result: str
    note: str = ""
    lon: float | None = None
    lat: float | None = None
    datum: str = "wgs84"
    accuracy_m: float | None = None
    photos: Sequence[UUID] = ()
    id: UUID | None = None
    task_id: int | None = None
    device_at: datetime | None = None


def answer_task(task_id: int, answer: Answer, *, actor: Actor) -> tuple[Task, bool]:
    """Answer a task by its number; return it and whether the answer is new. No version of the case is needed.

    raises  MovedOn when it was recalled, answered by somebody else, or its case has ended
    """
    task = _task_of(task_id, actor)
    if _is_answered_by(task, answer):
        return task, False
    if task.state != Task.State.OPEN:
        raise moved_on(task.case)
    if answer.device_at is not None:
        check_device_time(answer.device_at)
    verb = answer_verify if task.kind == Task.Kind.VERIFY else answer_check
    try:
        verb(task.case_id, answer, actor=actor, seen=None)
    except (WrongState, NotAllowed) as refused:
        # somebody was quicker: perhaps this very answer, sent twice at once
        now = _task_of(task_id, actor)
        if _is_answered_by(now, answer):
            return now, False
        raise moved_on(now.case) from refused
    return _task_of(task_id, actor), True


def answer_verify(case_id: UUID, answer: Answer, *, actor: Actor, seen: int | None) -> Report:
    """Verification (核实): it exists, it does not, or one cannot tell."""
    _known(answer.result, VerifyResult.values)
    with reporting(case_id, "answer_verify", actor=actor, seen=seen, given={"result": answer.result}) as (
        move,
        report,
    ):
        report.verified_at, report.verify_result = move.at, answer.result
        move.note(**_done(answer, report, move.at, actor, Attachment.Kind.VERIFY))
    return report


def answer_check(case_id: UUID, answer: Answer, *, actor: Actor, seen: int | None) -> Report:
    """Check (核查): mended, not mended, or one cannot tell."""
    _known(answer.result, CheckResult.values)
    with reporting(case_id, "answer_check", actor=actor, seen=seen, given={"result": answer.result}) as (
        move,
        report,
    ):
        report.checked_at, report.check_result = move.at, answer.result
        move.note(**_done(answer, report, move.at, actor, Attachment.Kind.CHECK))
    return report


def report_self_handled(
    new: NewReport, *, after: Sequence[UUID], done: str, actor: Actor
) -> tuple[Report, bool]:
    """Report a small thing and that it is put right already (自处置): two entries of one transaction."""
    with transaction.atomic():
        report, is_new = report_problem(new, actor=actor)
        state = report.case.state
        if state == State.SELF_HANDLED:
            return report, False
        if state != State.REPORTED:
            raise moved_on(report.case)
        self_handle(report.pk, actor=actor, seen=None, photos=after, note=done)
    return Report.objects.select_related("case").get(pk=report.pk), is_new


def self_handle(
    case_id: UUID, *, actor: Actor, seen: int | None, photos: Sequence[UUID], note: str = ""
) -> Report:
    """The reporter has put it right herself (自处置): a photograph from before, and one from after."""
    with reporting(case_id, "self_handle", actor=actor, seen=seen, given={"photos": list(photos)}) as (
        move,
        report,
    ):
        if not Attachment.objects.filter(case_id=case_id, kind=Attachment.Kind.REPORT).exists():
            raise Invalid(
                _("A photograph from before is missing."),
                field="photos",
                mend=_("Settled on the spot needs two photographs: before and after."),
            )
        shown = attach_photos(report, photos, actor=actor, kind=Attachment.Kind.FINISH)
        report.handled_at = move.at
        move.note(photos=shown, **({"note": note.strip()} if note.strip() else {}))
    return report


def withdraw_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str = "") -> Report:
    """The reporter takes the report back before it is filed."""
    with reporting(case_id, "withdraw", actor=actor, seen=seen) as (move, report):
        Task.objects.filter(case_id=case_id, state=Task.State.OPEN).update(
            state=Task.State.RECALLED, done_at=move.at
        )
        move.note(reason=reason.strip())
    return report


def _task_of(task_id: int, actor: Actor) -> Task:
    task = (
        Task.objects.select_related("case")
        .filter(pk=task_id, inspector_id=actor.person_id, case__stream_id=actor.stream)
        .first()
    )
    if task is None:
        raise Missing(
            _("There is no such task, or it is not yours."),
            field="task_id",
            value=task_id,
            mend=_("Load the list of tasks again."),
        )
    return task


def _is_answered_by(task: Task, answer: Answer) -> bool:
    return task.state == Task.State.DONE and answer.id is not None and task.answer_id == answer.id


def _known(result: str, values: Sequence[str]) -> None:
    if result and result not in values:
        raise Invalid(
            _("“%(result)s” is no result here.") % {"result": result},
            field="result",
            value=result,
            mend=_("One of: %(values)s.") % {"values": ", ".join(values)},
        )


def _done(answer: Answer, report: Report, at: datetime, actor: Actor, kind: str) -> dict[str, object]:
    task = Task.objects.get(case_id=report.case_id, state=Task.State.OPEN)
    if answer.task_id not in (None, task.pk):
        raise MovedOn(_("This task was recalled; another one has taken its place."))
    task.state, task.done_at, task.result, task.note = Task.State.DONE, at, answer.result, answer.note
    task.answer_id, task.device_at, task.accuracy_m = answer.id, answer.device_at, answer.accuracy_m
    if answer.lon is not None and answer.lat is not None:
        lon, lat = crs.to_store(answer.lon, answer.lat, answer.datum)
        task.place = Point(lon, lat, srid=crs.STORE)
        task.distance_m = metres_between((lon, lat), (report.place.x, report.place.y))
    task.save()
    photos = attach_photos(report, answer.photos, actor=actor, kind=kind)
    facts: dict[str, object] = {"result": answer.result, "task_id": task.pk}
    if answer.note:
        facts["note"] = answer.note
    if photos:
        facts["photos"] = photos
    if task.distance_m is not None:
        facts["distance_m"] = round(task.distance_m, 1)
    if answer.device_at is not None:
        facts["device_at"] = instant(answer.device_at)
    return facts
