"""On site: the inspector answers a task, or withdraws a report of her own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.gis.geos import Point
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid
from casework.models import Attachment
from dispatch.actions.base import attach_photos, reporting
from dispatch.models import Report, Task
from dispatch.models.report import CheckResult, VerifyResult
from dispatch.queries import metres_between
from gis_data import crs


@dataclass(frozen=True)
class Answer:
    """What an inspector found. Position in `datum`; kept with its distance, never a reason to refuse."""

    result: str
    note: str = ""
    lon: float | None = None
    lat: float | None = None
    datum: str = "wgs84"
    photos: Sequence[UUID] = ()


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


def withdraw_report(case_id: UUID, *, actor: Actor, seen: int | None, reason: str = "") -> Report:
    """The reporter takes the report back before it is filed."""
    with reporting(case_id, "withdraw", actor=actor, seen=seen) as (move, report):
        Task.objects.filter(case_id=case_id, state=Task.State.OPEN).update(
            state=Task.State.RECALLED, done_at=move.at
        )
        move.note(reason=reason.strip())
    return report


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
    task.state, task.done_at, task.result, task.note = Task.State.DONE, at, answer.result, answer.note
    if answer.lon is not None and answer.lat is not None:
        lon, lat = crs.to_store(answer.lon, answer.lat, answer.datum)
        task.place = Point(lon, lat, srid=crs.STORE)
        task.distance_m = metres_between((lon, lat), (report.place.x, report.place.y))
    task.save()
    photos = attach_photos(report.case_id, answer.photos, actor=actor, kind=kind)
    facts: dict[str, object] = {"result": answer.result, "task_id": task.pk}
    if answer.note:
        facts["note"] = answer.note
    if photos:
        facts["photos"] = photos
    if task.distance_m is not None:
        facts["distance_m"] = round(task.distance_m, 1)
    return facts
