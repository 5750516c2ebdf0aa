"""How long each step may take: the filing condition for handling, a row for every other clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from casework.calendars import Limit, Unit, WorkCalendar
from casework.moves import Moving
from dispatch.models import ClockPolicy, FilingCondition, LimitType, Report, RoutingRule, Season, StepLimit
from dispatch.workflow import HANDLINGS, MOVES, STAGES, Clock
from gis_data.models import Cell

# used where a city has no row: 15 and 30 minutes are the sourced samples of workflow.md §7.3; filing has none
# there and gets as long as dispatching
DEFAULTS: dict[str, Limit] = {
    Clock.ACCEPTING: Limit(Decimal("0.25"), Unit.CONTINUOUS_HOUR),
    Clock.FILING: Limit(Decimal("0.25"), Unit.CONTINUOUS_HOUR),
    Clock.VERIFYING: Limit(Decimal("0.5"), Unit.CONTINUOUS_HOUR),
    Clock.DISPATCHING: Limit(Decimal("0.25"), Unit.CONTINUOUS_HOUR),
    Clock.CLOSING: Limit(Decimal("0.5"), Unit.CONTINUOUS_HOUR),
    Clock.CHECKING: Limit(Decimal(1), Unit.CONTINUOUS_HOUR),
}
# workflow.md §7.1: an urgent working day is 24 urgent hours, nights and holidays included
UNITS: Final[dict[str, tuple[Unit, int]]] = {
    "urgent_hour": (Unit.CONTINUOUS_HOUR, 1),
    "urgent_day": (Unit.CONTINUOUS_HOUR, 24),
    "natural_hour": (Unit.CONTINUOUS_HOUR, 1),
    "working_hour": (Unit.WORKING_HOUR, 1),
    "working_day": (Unit.WORKING_DAY, 1),
}
# the standard names the season and not its days: spring in the north [inferred]; a city sets its own
SEASONS: Final = {"planting_season": "03-01/04-30"}


def clock_policy(stream: str) -> ClockPolicy:
    """What the stream's city has settled about deadlines, or the defaults. One query."""
    return ClockPolicy.objects.filter(stream_id=stream).first() or ClockPolicy(stream_id=stream)


def step_limit(clock: str) -> Limit:
    """The limit of a step of the centres or of an inspector. One query."""
    row = StepLimit.objects.filter(clock=clock).values_list("quota", "unit").first()
    return Limit(row[0], Unit(row[1])) if row else DEFAULTS[clock]


def limit_of_words(value: Any, unit: str) -> Limit:
    """A limit as the filing standards write it: 4, "working_hour"."""
    base, times = UNITS[unit]
    return Limit(Decimal(str(value)) * times, base)


def handling_limit(
    condition: FilingCondition, rule: RoutingRule | None = None, limit_type: str = ""
) -> Limit:
    """The limit of the filing condition, in the type chosen, unless the routing rule sets its own."""
    if rule and rule.quota is not None and rule.unit:
        return Limit(rule.quota, Unit(rule.unit))
    if limit_type in condition.types:
        return limit_of_words(*condition.types[limit_type])
    return Limit(condition.quota, Unit(condition.unit))


def type_for(condition: FilingCondition, cell_code: str, chosen: str = "") -> str:
    """The type of limit by which a case is filed: the one chosen, else that of the cell's grade."""
    if not condition.types:
        return ""
    if chosen in condition.types:
        return chosen
    grade = (
        Cell.objects.filter(code=cell_code, active=True).values_list("management_grade", flat=True).first()
    )
    by_grade = LimitType.objects.filter(code__in=list(condition.types), grades__contains=[grade or ""])
    return by_grade.values_list("code", flat=True).first() or ""


def season_days(key: str) -> str:
    """The days of a season, MM-DD/MM-DD; empty where a limit is counted all the year."""
    if not key:
        return ""
    return Season.objects.filter(key=key).values_list("days", flat=True).first() or SEASONS.get(key, "")


# --- the clocks of handling ---------------------------------------------------------------------------------


def start_handling(
    move: Moving, condition: FilingCondition, limit: Limit, *, organisation_id: int | None
) -> None:
    """A fresh limit for the department, in its season, and the stages before it."""
    move.allow(Clock.HANDLING, limit, organisation_id=organisation_id, season=season_days(condition.season))
    for name in STAGES:
        if name in move.clocks:
            move.stop_also(name)
    for name, stage in zip(STAGES, condition.stages[:-1], strict=False):
        move.start_also(
            name, limit_of_words(stage["limit_value"], stage["limit_unit"]), organisation_id=organisation_id
        )


def go_on_handling(move: Moving) -> None:
    """The same department goes on where its clocks were paused."""
    for name in HANDLINGS:
        if name in move.clocks:
            move.resume_instead(name)


def stage_named(condition: FilingCondition | None, clock: str) -> dict[str, Any]:
    """The stage of a condition that a clock stands for; empty for other clocks."""
    if condition is None or clock not in STAGES:
        return {}
    number = STAGES.index(Clock(clock))
    return condition.stages[number] if number < len(condition.stages) else {}


def start_bundle(move: Moving, limit: Limit, steps: dict[str, Limit], calendar: WorkCalendar) -> None:
    """捆绑计时: one clock from filing to closing, as long as all steps together."""
    parts = [limit, *(steps[name] for name in (Clock.DISPATCHING, Clock.CLOSING, Clock.CHECKING))]
    move.start_also(Clock.BUNDLED, bundle_of(parts, calendar))


def bundle_of(parts: list[Limit], calendar: WorkCalendar) -> Limit:
    """The sum of limits, in the hours of the first: an hour of any other counts as one of its hours."""
    working = parts[0].unit in (Unit.WORKING_HOUR, Unit.WORKING_DAY)
    return Limit(
        sum((hours(part, calendar) for part in parts), Decimal(0)),
        Unit.WORKING_HOUR if working else Unit.CONTINUOUS_HOUR,
    )


def hours(limit: Limit, calendar: WorkCalendar) -> Decimal:
    if limit.unit == Unit.WORKING_DAY:
        return limit.quota * calendar.full_day / 3_600_000_000
    return limit.quota * 24 if limit.unit == Unit.NATURAL_DAY else limit.quota


def note_lateness(report: Report, move: Moving) -> None:
    """Keep with the report that a clock of the department ends late with this move."""
    ends = set(move.clocks) if move.case.state in MOVES.final else set(move.move.stops)
    for name in ends.intersection(HANDLINGS):
        clock = move.clocks.get(name)
        if clock and clock.due_at and clock.due_at < move.at:
            report.late = True
