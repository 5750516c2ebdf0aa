"""What other rules would have done with the cases of the last months. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.utils.timezone import localtime

from casework.models import Organisation
from dispatch.models import Report
from dispatch.routing import Decision, Facts, Outcome, Rule, route, titled

EXAMPLES = 20


@dataclass
class Effect:
    """Old rules and new ones over the same cases.

    right    sent at once to the organisation that handled the case in the end; of `known` cases
    loads    organisation → cases it would get, old and new
    """

    cases: int = 0
    elsewhere: int = 0
    gaps: tuple[int, int] = (0, 0)
    conflicts: tuple[int, int] = (0, 0)
    known: int = 0
    right: tuple[int, int] = (0, 0)
    loads: dict[int, tuple[int, int]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)


class Router:
    """A set of rules that remembers: months hold few different facts. Equal facts are routed once."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.width = max((len(rule.area_code) for rule in rules), default=0)
        self.hours = sorted({moment for rule in rules for moment in rule.hours or ()})
        self.known: dict[Facts, Decision] = {}

    def __call__(self, facts: Facts) -> Decision:
        begun = max((moment for moment in self.hours if moment <= facts.at), default=time(0))
        alike = Facts(
            facts.class_kind,
            facts.class_code,
            facts.cell_code[: self.width],
            facts.owner_code,
            begun if self.hours else time(12),
        )
        if alike not in self.known:
            self.known[alike] = route(alike, self.rules)
        return self.known[alike]


@dataclass(frozen=True, slots=True)
class _Past:
    number: str
    case_id: str
    facts: Facts
    handled_by: int | None
    class_id: int


def replay(
    stream: str, old: Sequence[Rule], new: Sequence[Rule], *, since: datetime, until: datetime
) -> Effect:
    """Route every case dispatched in that time by both sets. One query; equal facts are routed once."""
    before, after = Router(old), Router(new)
    effect = Effect()
    gaps, conflicts, right = [0, 0], [0, 0], [0, 0]
    loads: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
    moved: list[tuple[_Past, Decision, Decision]] = []
    for past in _cases(stream, since, until):
        decisions = before(past.facts), after(past.facts)
        effect.cases += 1
        effect.known += past.handled_by is not None
        for n, decision in enumerate(decisions):
            gaps[n] += decision.outcome == Outcome.NONE
            conflicts[n] += decision.outcome == Outcome.CONFLICT
            if decision.organisation_id is not None:
                loads[n][decision.organisation_id] += 1
                right[n] += decision.organisation_id == past.handled_by
        if decisions[0].organisation_id != decisions[1].organisation_id:
            effect.elsewhere += 1
            if len(moved) < EXAMPLES:
                moved.append((past, *decisions))
    effect.gaps, effect.conflicts, effect.right = _pair(gaps), _pair(conflicts), _pair(right)
    effect.loads = {pk: (loads[0][pk], loads[1][pk]) for pk in sorted({*loads[0], *loads[1]})}
    effect.examples = _examples(moved)
    return effect


def _pair(numbers: list[int]) -> tuple[int, int]:
    return numbers[0], numbers[1]


def _cases(stream: str, since: datetime, until: datetime) -> Iterator[_Past]:
    rows = (
        Report.objects.filter(case__stream_id=stream, dispatched_at__gte=since, dispatched_at__lt=until)
        .order_by("-dispatched_at")
        .values_list(
            "case__number",
            "case_id",
            "problem_class__kind",
            "problem_class__code",
            "cell_code",
            "owner_code",
            "dispatched_at",
            "department_id",
            "handled_at",
            "problem_class_id",
        )
    )
    for number, case_id, kind, code, cell, owner, at, department, handled_at, class_id in rows.iterator():
        facts = Facts(kind, code, cell, owner, localtime(at).time())
        yield _Past(number, str(case_id), facts, department if handled_at else None, class_id)


def _examples(moved: Sequence[tuple[_Past, Decision, Decision]]) -> list[dict[str, Any]]:
    wanted = {decision.organisation_id for _past, *both in moved for decision in both}
    names = Organisation.objects.in_bulk({pk for pk in wanted if pk is not None})

    def face(decision: Decision) -> dict[str, Any]:
        organisation = names.get(decision.organisation_id or 0)
        return {
            "organisation": organisation.title if organisation else "",
            "rule": titled(decision.rule) if decision.rule else "",
            "reason": decision.reason,
        }

    return [
        {
            "case_id": past.case_id,
            "number": past.number,
            "class_code": past.facts.class_code,
            "cell_code": past.facts.cell_code,
            "before": face(before),
            "after": face(after),
        }
        for past, before, after in moved
    ]
