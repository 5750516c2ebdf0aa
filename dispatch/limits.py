"""How long each step may take: the filing condition for handling, a row for every other clock."""

from __future__ import annotations

from decimal import Decimal

from casework.calendars import Limit, Unit
from dispatch.models import FilingCondition, RoutingRule, StepLimit
from dispatch.workflow import Clock

# used where a city has no row: 15 and 30 minutes are the sourced samples of workflow.md §7.3
DEFAULTS: dict[str, Limit] = {
    Clock.ACCEPTING: Limit(Decimal("0.25"), Unit.CONTINUOUS_HOUR),
    Clock.VERIFYING: Limit(Decimal("0.5"), Unit.CONTINUOUS_HOUR),
    Clock.DISPATCHING: Limit(Decimal("0.25"), Unit.CONTINUOUS_HOUR),
    Clock.CLOSING: Limit(Decimal("0.5"), Unit.CONTINUOUS_HOUR),
    Clock.CHECKING: Limit(Decimal(1), Unit.CONTINUOUS_HOUR),
}


def step_limit(clock: str) -> Limit:
    """The limit of a step of the centres or of an inspector. One query."""
    row = StepLimit.objects.filter(clock=clock).values_list("quota", "unit").first()
    return Limit(row[0], Unit(row[1])) if row else DEFAULTS[clock]


def handling_limit(condition: FilingCondition, rule: RoutingRule | None = None) -> Limit:
    """The limit of the filing condition, unless the routing rule sets its own."""
    if rule and rule.quota is not None and rule.unit:
        return Limit(rule.quota, Unit(rule.unit))
    return Limit(condition.quota, Unit(condition.unit))
