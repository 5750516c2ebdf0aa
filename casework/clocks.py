"""What a move does to the clocks of a case, and how the journal remembers it.

`apply()` works on rows in memory, so bulk history uses the same code. It returns, beside the rows, the acts:
what happened to which clock, under which terms. They are kept with the entry (`facts["clocks"]`), and
`replay()` makes every clock again from them, with the same functions; `verify_clocks` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from casework import calendars, thresholds
from casework.calendars import Limit, Unit, WorkCalendar
from casework.journal import instant
from casework.models.case import Case
from casework.models.clock import CaseClock
from casework.workflow import Move

State = CaseClock.State
ZERO = Decimal(0)

Acts = dict[str, dict[str, Any]]
"""Clock name → what was done to it (`does`) and, where it runs on, when it is due under which calendar."""


@dataclass(frozen=True)
class Terms:
    """Under which limit a clock starts, in which season it counts, and who answers for it."""

    limit: Limit
    organisation_id: int | None = None
    season: str = ""


class MissingTerms(LookupError):
    """A move starts a clock for which the flow gave no limit: a fault of the flow, not of the caller."""


def spans_of(clock: CaseClock) -> list[tuple[datetime, datetime | None]]:
    """The counted spans as instants."""
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
        for start, end in clock.spans
    ]


def limit_of(clock: CaseClock) -> Limit:
    """The whole limit, extensions included."""
    return Limit(clock.quota + clock.extended, Unit(clock.unit))


def set_due(clock: CaseClock, calendar: WorkCalendar) -> None:
    """Set `due_at` and the next threshold of a running clock from limit, spans and calendar."""
    calendar = calendar.within(clock.season)
    limit, spans = limit_of(clock), spans_of(clock)
    due = calendars.due_at(calendar, limit, spans)
    clock.due_at, clock.provisional = due.at, due.provisional
    steps = thresholds.steps()
    clock.next_alarm_at = (
        thresholds.reached_at(calendar, limit, spans, steps[clock.level].share)
        if clock.level < len(steps)
        else None
    )


# --- the six things that can happen to a clock --------------------------------------------------------------


def stop(clock: CaseClock, at: datetime) -> None:
    """An ended clock keeps its due, so that it is never again compared with now."""
    _end_span(clock, at)
    clock.state, clock.stopped_at, clock.next_alarm_at = State.STOPPED, at, None


def pause(clock: CaseClock, at: datetime) -> None:
    _end_span(clock, at)
    clock.state, clock.due_at, clock.next_alarm_at = State.PAUSED, None, None


def resume(clock: CaseClock, at: datetime, calendar: WorkCalendar) -> None:
    """Go on where it was paused; a stopped one goes on from the time it had left."""
    clock.spans.append([instant(at), None])
    clock.state, clock.stopped_at = State.RUNNING, None
    set_due(clock, calendar)


def extend(clock: CaseClock, by: Decimal, at: datetime, calendar: WorkCalendar) -> None:
    """So much more of its unit; thresholds that this takes back may be reached again."""
    clock.extended += by
    set_due(clock, calendar)
    set_back(clock, at, calendar)


def set_back(clock: CaseClock, at: datetime, calendar: WorkCalendar) -> None:
    """After the due date has moved: forget the thresholds that are no longer reached."""
    if not clock.level or clock.state != State.RUNNING:
        return
    within, limit, spans = calendar.within(clock.season), limit_of(clock), spans_of(clock)
    reached = sum(
        thresholds.reached_at(within, limit, spans, step.share) <= at
        for step in thresholds.steps()[: clock.level]
    )
    if reached < clock.level:
        clock.level, clock.epoch = reached, clock.epoch + 1
        set_due(clock, calendar)


def _end_span(clock: CaseClock, at: datetime) -> None:
    if clock.spans and clock.spans[-1][1] is None:
        clock.spans[-1][1] = instant(at)


# --- a move -------------------------------------------------------------------------------------------------


def apply(
    move: Move,
    clocks: dict[str, CaseClock],
    *,
    case: Case,
    at: datetime,
    terms: Mapping[str, Terms],
    calendar: WorkCalendar,
    extends: Mapping[str, Decimal] | None = None,
    final: bool = False,
    make: Callable[..., CaseClock] = CaseClock,
) -> tuple[list[CaseClock], Acts]:
    """Stop, pause, start, resume and extend as the table says; return the clocks that changed, and the acts.

    clocks  the case's open clocks by name; brought up to date
    final   the case ends: whatever still runs stops
    make    what makes a clock's row; bulk history has a quicker one
    """
    changed: dict[int, CaseClock] = {}
    acts: Acts = {}

    def done(clock: CaseClock, does: str, **more: Any) -> None:
        changed[id(clock)] = clock
        acts[clock.name] = {"does": does, **more, **_due_act(clock, calendar)}

    for name in tuple(clocks) if final else move.stops:
        if clock := clocks.pop(name, None):
            stop(clock, at)
            done(clock, "stop")
    for name in move.pauses:
        clock = clocks.get(name)
        if clock and clock.state == State.RUNNING:
            pause(clock, at)
            done(clock, "pause")
    for name in move.resumes:
        clock = clocks.get(name)
        if clock and clock.state != State.RUNNING:
            does = "resume" if clock.state == State.PAUSED else "reopen"
            resume(clock, at, calendar)
            done(clock, does)
    for name in move.starts:
        if old := clocks.pop(name, None):
            stop(old, at)
            changed[id(old)] = old
        if name not in terms:
            raise MissingTerms(f"{move.verb} starts {name}, but no limit was given")
        given = terms[name]
        clock = make(
            case_id=case.pk,
            name=name,
            quota=given.limit.quota,
            unit=given.limit.unit.value,
            organisation_id=given.organisation_id,
            season=given.season,
            spans=[[instant(at), None]],
            started_at=at,
        )
        set_due(clock, calendar)
        clocks[name] = clock
        done(clock, "start", **_terms_act(given))
    for name, by in (extends or {}).items():
        clock = clocks[name]
        extend(clock, by, at, calendar)
        done(clock, "extend", by=str(by))
    return list(changed.values()), acts


def _terms_act(terms: Terms) -> dict[str, Any]:
    act: dict[str, Any] = {"quota": str(terms.limit.quota), "unit": terms.limit.unit.value}
    if terms.organisation_id is not None:
        act["organisation_id"] = terms.organisation_id
    if terms.season:
        act["season"] = terms.season
    return act


def _due_act(clock: CaseClock, calendar: WorkCalendar) -> dict[str, Any]:
    if clock.state != State.RUNNING or clock.due_at is None:
        return {}
    return {"due_at": instant(clock.due_at), "calendar": calendar.version}


def recompute(
    clocks: Mapping[str, CaseClock], at: datetime, calendar: WorkCalendar
) -> tuple[list[CaseClock], Acts]:
    """The due dates that the calendar gives now; the clocks whose due moved, and the acts."""
    changed: list[CaseClock] = []
    acts: Acts = {}
    for clock in clocks.values():
        if clock.state != State.RUNNING:
            continue
        was = clock.due_at, clock.provisional
        set_due(clock, calendar)
        if (clock.due_at, clock.provisional) == was:
            continue
        set_back(clock, at, calendar)
        changed.append(clock)
        acts[clock.name] = {
            "does": "recompute",
            "was": instant(was[0]) if was[0] else None,
            **_due_act(clock, calendar),
        }
    return changed, acts


def next_due(clocks: Iterable[CaseClock]) -> CaseClock | None:
    """The running clock that is due first; the one a desk shows."""
    running = [clock for clock in clocks if clock.state == State.RUNNING and clock.due_at]
    return min(running, key=lambda clock: clock.due_at or clock.started_at, default=None)


def face(clocks: Mapping[str, CaseClock]) -> dict[str, Any]:
    """What a card says of the clocks: the next due one, else a paused one."""
    clock = next_due(clocks.values())
    if clock is None:
        paused = next(iter(clocks.values()), None)
        return {
            "clock": paused.name if paused else None,
            "due_at": None,
            "clock_started_at": instant(paused.started_at) if paused else None,
            "paused": paused is not None,
        }
    return {
        "clock": clock.name,
        "due_at": instant(clock.due_at) if clock.due_at else None,
        "clock_started_at": instant(clock.started_at),
        "paused": False,
    }
