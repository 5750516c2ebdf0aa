"""A case in full, as the API shows it to one actor: put together from one read of each table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, ngettext

from casework import journal
from casework.access import Actor
from casework.calendars import Limit, Unit
from casework.clocks import limit_of
from casework.models import Attachment, Case, CaseClock, Organisation, Person, Post
from dispatch.cards import dress
from dispatch.limits import stage_named
from dispatch.models import FilingCondition, Joining, Report, SourcePolicy, Task
from dispatch.models.report import CheckResult, VerifyResult
from dispatch.naming import signature
from dispatch.phone.policy import patrol_policy
from dispatch.policy import SEES_ALL, SEES_REPORTER, facts_for, is_own, other_axis
from dispatch.queries import report_in_full
from dispatch.undoing import undo_until
from dispatch.workflow import MOVES, Clock, State
from gis_data.models import Component


def limit_text(limit: Limit) -> str:
    """A limit in words: “4 working hours”, “15 minutes”."""
    quota = limit.quota.normalize()
    if limit.unit == Unit.CONTINUOUS_HOUR and quota < 1:
        minutes = int(quota * 60)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    # a plural form is chosen by a whole number: 1 is one, 1.5 and everything else are more
    many = 1 if quota == 1 else 2
    words = {
        Unit.CONTINUOUS_HOUR: ngettext("%(n)s urgent working hour", "%(n)s urgent working hours", many),
        Unit.WORKING_HOUR: ngettext("%(n)s working hour", "%(n)s working hours", many),
        Unit.WORKING_DAY: ngettext("%(n)s working day", "%(n)s working days", many),
        Unit.LEGAL_DAY: ngettext("%(n)s working day", "%(n)s working days", many),
        Unit.NATURAL_DAY: ngettext("%(n)s day", "%(n)s days", many),
    }
    return words[limit.unit] % {"n": f"{quota:f}"}


def named(organisation: Organisation | None) -> dict[str, str] | None:
    if organisation is None:
        return None
    return {
        "code": organisation.code,
        "name": organisation.name,
        "name_en": organisation.name_en or organisation.name,
    }


def condition_face(condition: FilingCondition) -> dict[str, Any]:
    return {
        "id": condition.pk,
        "text": condition.title,
        "closing": condition.closing_title,
        "limit_text": limit_text(Limit(condition.quota, Unit(condition.unit))),
    }


def clock_label(name: str, condition: FilingCondition | None) -> str:
    """A clock in the reader's words; a stage has the name that the standard gives it."""
    stage = stage_named(condition, name)
    if not stage:
        return str(Clock(name).label)
    chinese = (get_language() or "zh").startswith("zh")
    return str(stage["name_zh"] if chinese else stage.get("name_en") or stage["name_zh"])


def clock_face(clock: CaseClock, condition: FilingCondition | None = None) -> dict[str, Any]:
    return {
        "name": clock.name,
        "label": clock_label(clock.name, condition),
        "state": clock.state,
        "limit_text": limit_text(limit_of(clock)),
        "started_at": clock.started_at,
        "stopped_at": clock.stopped_at,
        "due_at": clock.due_at,
        "provisional": clock.provisional,
    }


def usual_next(report: Report, *, must_verify: bool) -> str | None:
    """The verb that the state alone does not tell: it depends on what was found on site."""
    if report.case.state == State.REPORTED and must_verify:
        return "send_verify"
    if report.case.state == State.CHECKED:
        return {CheckResult.PASS: "close", CheckResult.FAIL: "rework"}.get(
            CheckResult(report.check_result), "send_check"
        )
    return None


def moves_for(
    actor: Actor,
    case: Case,
    *,
    usual: str | None = None,
    done: frozenset[str] = frozenset(),
    undo: bool = False,
) -> list[dict[str, Any]]:
    """What this actor may do now; the same checks as the move itself makes. At most one is primary.

    done  the verbs that this person has already made on this case: whoever acted for one centre is not
          offered the other's
    undo  the last move is this person's own and may be undone
    """
    return [
        {
            "verb": m.verb,
            "label": str(m.label),
            "asks": list(m.asks),
            "target": m.target,
            "primary": m.verb == usual if usual else m.primary,
        }
        for m in MOVES.legal(case.state, [actor.role])
        if is_own(actor, case, m.verb) and not other_axis(m.verb) & done and (undo or m.verb != "undo")
    ]


def history(actor: Actor, lines: Sequence[journal.Line]) -> list[dict[str, Any]]:
    """The case's entries in words, with who and by which post; names of inspectors for the centres only."""
    people = Person.objects.in_bulk({line.actor_id for line in lines if line.actor_id})
    posts = Post.objects.select_related("organisation").in_bulk(
        {line.post_id for line in lines if line.post_id}
    )

    def by(line: journal.Line) -> dict[str, str] | None:
        post = posts.get(line.post_id or 0)
        return signature(actor, people.get(line.actor_id or 0), post) if post else None

    return [
        {
            "stream": line.stream,
            "seq": line.seq,
            "case_id": line.case_id,
            "case_seq": line.case_seq,
            "verb": line.verb,
            "label": str(MOVES[line.verb].label),
            "at": line.at,
            "by": by(line),
            "state_from": line.state_from,
            "state_to": line.state_to,
            "facts": facts_for(actor, line.facts),
        }
        for line in lines
    ]


def handler_of(lines: Sequence[journal.Line]) -> str:
    """To whom the department that has the case now assigned it last; empty when to nobody."""
    for line in reversed(lines):
        if line.verb in ("dispatch", "rework"):
            return ""
        if handler := line.facts.get("handler"):
            return str(handler)
    return ""


def case_face(actor: Actor, case_id: UUID, report: Report | None = None) -> dict[str, Any]:
    """Everything on the page of a case. Rights to see it are checked before; a fixed number of queries.

    report   where the caller has read it in full already
    """
    report = report or report_in_full(case_id)
    case = report.case
    lines = journal.of_case(case_id)
    until = undo_until(actor.person_id, lines)
    must_verify = (
        report.verify_result != VerifyResult.EXISTS
        and SourcePolicy.objects.filter(source=report.source, verify_first=True).exists()
    )
    patrol = patrol_policy(case.stream_id)
    attached = Attachment.objects.filter(case_id=case_id).order_by("uploaded_at", "pk")
    voices = [one for one in attached if one.kind == Attachment.Kind.VOICE]
    return {
        **dress(case.card),
        "text": report.text,
        "address": report.address,
        "accuracy_m": report.accuracy_m,
        "datum": report.given_datum,
        "device_at": report.device_at,
        "component": _component(report),
        "reporter": _reporter(actor, report),
        "verify_result": report.verify_result,
        "check_result": report.check_result,
        "closing": report.closing or (report.condition.closing_title if report.condition else ""),
        "must_verify": must_verify,
        "conditions": [
            condition_face(c)
            for c in FilingCondition.objects.filter(problem_class=report.problem_class_id, active=True)
        ],
        "photos": [
            {**_photo(photo), "off": photo.off_m is not None and photo.off_m > patrol.photo_far_m}
            for photo in attached
            if photo not in voices
        ],
        "voices": [{key: getattr(one, key) for key in ("id", "seconds", "uploaded_at")} for one in voices],
        "tasks": [
            {**_task(actor, task), "far": task.distance_m is not None and task.distance_m > patrol.far_m}
            for task in Task.objects.filter(case_id=case_id).select_related("inspector")
        ],
        "joinings": [
            _joining(actor, joining)
            for joining in Joining.objects.filter(case_id=case_id)
            .select_related("person")
            .order_by("joined_at", "pk")
        ],
        "clocks": [
            clock_face(clock, report.condition)
            for clock in CaseClock.objects.filter(case_id=case_id).order_by("started_at")
        ],
        "moves": moves_for(
            actor,
            case,
            usual=usual_next(report, must_verify=must_verify),
            done=frozenset(line.verb for line in lines if line.actor_id == actor.person_id),
            undo=until is not None,
        ),
        "handler": handler_of(lines),
        "undo_until": until,
        "history": history(actor, lines),
    }


def _component(report: Report) -> dict[str, Any] | None:
    component = (
        Component.objects.select_related("problem_class").filter(code=report.component_code).first()
        if report.component_code
        else None
    )
    if component is None:
        return None
    owner = Organisation.objects.filter(code=component.owner_code).first() if component.owner_code else None
    return {
        "code": component.code,
        "class_code": component.problem_class.code,
        "name": component.problem_class.title,
        "owner": named(owner),
    }


def _reporter(actor: Actor, report: Report) -> dict[str, str] | None:
    if report.reporter is not None:
        inside = actor.role in SEES_ALL or report.reporter_id == actor.person_id
        return {"name": str(report.reporter)} if inside else None
    if report.party is not None and actor.role in SEES_REPORTER:
        return {"name": report.party.name, "phone": report.party.phone}
    return None


def _photo(photo: Attachment) -> dict[str, Any]:
    keys = ("id", "kind", "taken_at", "uploaded_at", "width", "height", "source", "off_m")
    return {key: getattr(photo, key) for key in keys}


def _joining(actor: Actor, joining: Joining) -> dict[str, Any]:
    inside = actor.role in SEES_ALL or joining.person_id == actor.person_id
    return {
        "source": joining.source,
        "note": joining.note,
        "person": str(joining.person) if inside else "",
        "joined_at": joining.joined_at,
        "distance_m": joining.distance_m,
    }


def _task(actor: Actor, task: Task) -> dict[str, Any]:
    inside = actor.role in SEES_ALL or task.inspector_id == actor.person_id
    return {
        "id": task.pk,
        "kind": task.kind,
        "inspector": str(task.inspector) if inside else "",
        "state": task.state,
        "result": task.result,
        "note": task.note,
        "sent_at": task.sent_at,
        "done_at": task.done_at,
        "distance_m": task.distance_m,
    }
