"""What each verb does to a generated report, as the actions of `dispatch` do it to a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import cos, radians
from random import Random
from typing import Any, Final
from uuid import UUID

from casework import journal
from casework.access import Actor
from casework.calendars import Limit, Unit
from casework.models import Attachment, Case, CaseClock
from casework.moves import Moving
from dispatch.actions.relief import Kind, approved, request_of
from dispatch.limits import go_on_handling, handling_limit, start_handling
from dispatch.models import FilingCondition, Report, RoutingDecision, Task
from dispatch.queries import metres_between
from dispatch.workflow import Clock
from gridcity.seeding.bulk import Maker, Spot, Table, ids_of
from gridcity.seeding.lives import Step
from gridcity.seeding.pictures import Pictures
from gridcity.seeding.world import Place, Problem, World, facts_for

DEGREE_M: Final = 111_320.0


@dataclass(slots=True, eq=False)
class Life:
    """A case on its way: its rows, its open clocks, and the steps still to come."""

    case: Case
    report: Report
    problem: Problem
    place: Place
    inspector: Actor
    reporter: Actor | None
    clocks: dict[str, CaseClock] = field(default_factory=dict)
    steps: Iterator[Step] = field(default_factory=lambda: iter(()))
    condition: FilingCondition | None = None
    task: Task | None = None
    decision: RoutingDecision | None = None
    desk: Actor = field(init=False)


class Deeds:
    """What verbs share: photographs, tasks on site, decisions; rows go to the history's tables."""

    def __init__(
        self, world: World, tables: Mapping[type, Table[Any]], pictures: Pictures, *, rng: Random, ids: Random
    ) -> None:
        self.world, self.rng, self.ids, self.pictures = world, rng, ids, pictures
        self._tables = tables
        self._rule_names = {rule.id: rule.name for rule in world.rules}
        self._make_task, self._make_photo = Maker(Task), Maker(Attachment)
        self._make_decision = Maker(RoutingDecision)
        self._next_id = {model: ids_of(model) for model in (Task, RoutingDecision)}

    def photograph(self, life: Life, kind: str, by: Actor, at: datetime) -> str:
        """A photograph of the problem, bound to the case; returns its id as the journal keeps it."""
        picture = self.pictures.of(life.problem.code, life.problem.name, life.problem.kind, kind)
        photo = self._make_photo(
            id=UUID(int=self.ids.getrandbits(128), version=4),
            case_id=life.case.id,
            kind=kind,
            sha256=picture.sha256,
            byte_size=picture.byte_size,
            content_type="image/jpeg",
            width=picture.width,
            height=picture.height,
            taken_at=at,
            uploaded_by_id=by.person_id,
            uploaded_at=at,
        )
        self._tables[Attachment].touch(photo)
        return str(photo.id)

    def send_task(self, life: Life, made: Moving, kind: str) -> None:
        inspector = life.inspector
        life.report.inspector_id = inspector.person_id
        task = self._make_task(
            id=next(self._next_id[Task]),
            case_id=life.case.id,
            kind=kind,
            inspector_id=inspector.person_id,
            sent_at=made.at,
            sent_by_id=made.actor.person_id,
        )
        life.task = task
        self._tables[Task].touch(task)
        made.note(task_id=task.pk, inspector_id=inspector.person_id, inspector=inspector.name)

    def answer_task(self, life: Life, made: Moving, result: str) -> None:
        task = life.task
        assert task is not None, "a task is sent before it is answered"
        lon = life.place.lon + self.rng.gauss(0, 8) / (DEGREE_M * cos(radians(life.place.lat)))
        lat = life.place.lat + self.rng.gauss(0, 8) / DEGREE_M
        task.state, task.done_at, task.result = Task.State.DONE, made.at, result
        vars(task)["place"] = Spot(lon, lat)  # past the field's own check, which asks GEOS
        task.distance_m = metres_between((lon, lat), (life.place.lon, life.place.lat))
        self._tables[Task].touch(task)
        made.note(result=result, task_id=task.pk, distance_m=round(task.distance_m, 1))

    def decide(self, life: Life, made: Moving, *, elsewhere: bool) -> None:
        """Dispatch by the rules, or by hand to somebody else."""
        world, report = self.world, life.report
        moment = made.at.astimezone(world.calendar.zone).time()
        decision = world.decide(facts_for(life.problem, life.place, moment))
        rule = None if elsewhere else decision.rule
        if rule is not None:
            organisation_id, reason = rule.organisation_id, decision.reason
        else:
            others = [choice.organisation_id for choice in decision.alternatives] or list(world.desks)
            organisation_id = self.rng.choice(
                [one for one in others if one != report.department_id] or list(world.desks)
            )
            reason = "派遣员按退回意见改派" if elsewhere else "派遣员指定"
        organisation = world.organisations[organisation_id]
        handling = made.clocks.get(Clock.HANDLING)
        assert life.condition is not None, "a filed case has its condition"
        if handling is not None and handling.organisation_id == organisation_id:
            go_on_handling(made)
        else:
            limit = (rule and rule.limit) or handling_limit(life.condition)
            start_handling(made, life.condition, limit, organisation_id=organisation_id)
        life.decision = self._make_decision(
            id=next(self._next_id[RoutingDecision]),
            case_id=life.case.id,
            rule_id=rule.id if rule else None,
            organisation_id=organisation_id,
            by_hand=rule is None,
            reason=reason,
            decided_at=made.at,
        )
        self._tables[RoutingDecision].touch(life.decision)
        life.desk = world.desks[organisation_id]
        report.department_id, report.dispatched_at = organisation_id, made.at
        report.dispatch_count += 1
        made.hand_to(organisation_id)
        made.note(
            organisation_id=organisation_id,
            organisation_code=organisation.code,
            organisation=organisation.name,
            rule_id=rule.id if rule else None,
            rule=rule.name if rule else "",
            by_hand=rule is None,
            reason=reason,
        )

    def send_back(self, life: Life, made: Moving, reason: str) -> None:
        """Returned by the department: counts against the rule that sent it."""
        decision = life.decision
        assert decision is not None, "only what was dispatched is returned"
        decision.returned_at, decision.return_reason = made.at, reason
        self._tables[RoutingDecision].touch(decision)
        life.report.return_count += 1
        made.note(
            reason=reason,
            organisation_id=life.report.department_id,
            rule_id=decision.rule_id,
            rule=self._rule_names.get(decision.rule_id or 0, ""),
        )
        made.hand_to(None)


Given = Mapping[str, Any]
Effect = Callable[[Deeds, Life, Moving, Given], None]


def _report(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    report = life.report
    photos = [deeds.photograph(life, Attachment.Kind.REPORT, made.actor, made.at)] if life.reporter else []
    life.case.card = {"photo": photos[0] if photos else None}
    made.note(
        source=report.source,
        class_id=report.problem_class_id,
        cell_code=report.cell_code,
        device_at=journal.instant(report.device_at),
        photos=photos,
    )


def _file(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.condition = life.condition or life.problem.condition_in(life.place.cell_code, deeds.rng)
    life.report.condition_id, life.report.filed_at = life.condition.pk, made.at
    life.report.text = f"{life.problem.name}：{life.condition.text}"
    made.note(condition_id=life.condition.pk)


def _answer_verify(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.report.verified_at, life.report.verify_result = made.at, given["result"]
    deeds.answer_task(life, made, given["result"])


def _answer_check(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.report.checked_at, life.report.check_result = made.at, given["result"]
    deeds.answer_task(life, made, given["result"])


def _send_check(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.report.check_result = ""
    deeds.send_task(life, made, Task.Kind.CHECK)


def _finish(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.report.handled_at = made.at
    made.note(photos=[deeds.photograph(life, Attachment.Kind.FINISH, made.actor, made.at)])
    made.hand_to(None)


def _close(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    assert life.condition is not None, "a closed case was filed under a condition"
    life.report.closed_at = made.at
    life.report.closing = life.condition.closing or "已恢复"
    made.note(closing=life.report.closing)


def _rework(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    assert life.condition is not None, "a handled case was filed under a condition"
    report = life.report
    report.rework_count += 1
    report.handled_at = report.checked_at = None
    report.check_result = ""
    made.hand_to(report.department_id)
    limit = handling_limit(life.condition)
    start_handling(made, life.condition, limit, organisation_id=report.department_id)
    made.note(reason=given["reason"], organisation_id=report.department_id)


def _cancel(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    made.note(reason=given["reason"], organisation_id=life.report.department_id)
    made.hand_to(None)


def _force_close(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.report.closed_at = made.at
    _with_reason(deeds, life, made, given)


def _with_reason(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    made.hand_to(None)
    made.note(reason=given["reason"])


def _ask(kind: Kind) -> Effect:
    """What is asked for lies on the report until the last level of the city's policy has decided."""

    def effect(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
        life.report.relief = request_of(deeds.world.policy, kind, made.actor.person_id, **given)
        made.note(relief=kind.value, **given)

    return effect


def _approve(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    assert life.report.relief is not None, "it was asked for"
    life.report.relief = approved(deeds.world.policy, life.report.relief, made.actor.person_id)
    made.note(relief=life.report.relief["kind"], level=life.report.relief["level"])


def _extend(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    life.report.relief = None
    life.report.extensions += 1
    made.extend(Clock.HANDLING, made.clocks[Clock.HANDLING].quota)
    made.note(relief=Kind.EXTENSION.value)


def _hang(deeds: Deeds, life: Life, made: Moving, given: Given) -> None:
    assert life.report.relief is not None, "it was asked for"
    days = life.report.relief["days"]
    life.report.relief = None
    life.report.hangs += 1
    limit = Limit(Decimal(days), Unit.NATURAL_DAY)
    made.allow(Clock.HANGING, limit, organisation_id=life.report.department_id)
    made.note(relief=Kind.HANGING.value, days=days)


EFFECTS: Final[dict[str, Effect]] = {
    "ask_extension": _ask(Kind.EXTENSION),
    "ask_hang": _ask(Kind.HANGING),
    "approve": _approve,
    "extend": _extend,
    "hang": _hang,
    "report": _report,
    "send_verify": lambda deeds, life, made, given: deeds.send_task(life, made, Task.Kind.VERIFY),
    "answer_verify": _answer_verify,
    "file": _file,
    "decline": _with_reason,
    "withdraw": _with_reason,
    "dispatch": lambda deeds, life, made, given: deeds.decide(
        life, made, elsewhere=bool(given.get("elsewhere"))
    ),
    "send_back": _with_reason,
    "cancel_dispatch": _cancel,
    "accept": lambda deeds, life, made, given: None,
    "return": lambda deeds, life, made, given: deeds.send_back(life, made, given["reason"]),
    "finish": _finish,
    "send_check": _send_check,
    "answer_check": _answer_check,
    "close": _close,
    "rework": _rework,
    "void": _with_reason,
    "force_close": _force_close,
}
