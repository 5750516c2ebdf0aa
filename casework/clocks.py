"""What a move does to the clocks of a case. Works on rows in memory, so bulk history uses the same code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework import calendars
from casework.calendars import Limit, Unit, WorkCalendar
from casework.journal import instant
from casework.models.case import Case
from casework.models.clock import CaseClock
from casework.workflow import Move


@dataclass(frozen=True)
class Terms:
    """Under which limit a clock starts, and who answers for it."""

    limit: Limit
    organisation_id: int | None = None


class MissingTerms(LookupError):
    """A move starts a clock for which the flow gave no limit: a fault of the flow, not of the caller."""


def spans_of(clock: CaseClock) -> list[tuple[datetime, datetime | None]]:
    """The counted spans as instants."""
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end) if end else None)
        for start, end in clock.spans
    ]


def limit_of(clock: CaseClock) -> Limit:
    return Limit(clock.quota, Unit(clock.unit))


def set_due(clock: CaseClock, calendar: WorkCalendar) -> None:
    """Set `due_at` from limit, spans and calendar; none while the clock is paused."""
    if clock.state != CaseClock.State.RUNNING:
        if clock.state == CaseClock.State.PAUSED:
            clock.due_at = None
        return
    due = calendars.due_at(calendar, limit_of(clock), spans_of(clock))
    clock.due_at, clock.provisional = due.at, due.provisional


def _end_span(clock: CaseClock, at: datetime) -> None:
    if clock.spans and clock.spans[-1][1] is None:
        clock.spans[-1][1] = instant(at)


def apply(
    move: Move,
    clocks: dict[str, CaseClock],
    *,
    case: Case,
    at: datetime,
    terms: Mapping[str, Terms],
    calendar: WorkCalendar,
    final: bool = False,
    make: Callable[..., CaseClock] = CaseClock,
) -> list[CaseClock]:
    """Stop, pause, start and resume as the table says; return the clocks that changed.

    clocks  the case's open clocks by name; brought up to date
    final   the case ends: whatever still runs stops
    make    what makes a clock's row; bulk history has a quicker one
    An ended clock keeps its due, so that it is never again compared with now.
    """
    changed: dict[int, CaseClock] = {}

    def touch(clock: CaseClock) -> None:
        changed[id(clock)] = clock

    for name in tuple(clocks) if final else move.stops:
        if clock := clocks.pop(name, None):
            _end_span(clock, at)
            clock.state, clock.stopped_at = CaseClock.State.STOPPED, at
            touch(clock)
    for name in move.pauses:
        clock = clocks.get(name)
        if clock and clock.state == CaseClock.State.RUNNING:
            _end_span(clock, at)
            clock.state = CaseClock.State.PAUSED
            set_due(clock, calendar)
            touch(clock)
    for name in move.resumes:
        clock = clocks.get(name)
        if clock and clock.state == CaseClock.State.PAUSED:
            clock.spans.append([instant(at), None])
            clock.state = CaseClock.State.RUNNING
            set_due(clock, calendar)
            touch(clock)
    for name in move.starts:
        if old := clocks.pop(name, None):
            _end_span(old, at)
            old.state, old.stopped_at = CaseClock.State.STOPPED, at
            touch(old)
        if name not in terms:
            raise MissingTerms(f"{move.verb} starts {name}, but no limit was given")
        clock = make(
            case_id=case.pk,
            name=name,
            quota=terms[name].limit.quota,
            unit=terms[name].limit.unit.value,
            organisation_id=terms[name].organisation_id,
            spans=[[instant(at), None]],
            started_at=at,
        )
        set_due(clock, calendar)
        clocks[name] = clock
        touch(clock)
    return list(changed.values())


def next_due(clocks: Iterable[CaseClock]) -> CaseClock | None:
    """The running clock that is due first; the one a desk shows."""
    running = [clock for clock in clocks if clock.state == CaseClock.State.RUNNING and clock.due_at]
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
