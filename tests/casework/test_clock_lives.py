"""Whole lives of clocks against walking the minutes: pause, resume, extension, restart, a changing calendar;
and what the journal keeps of each life gives every clock again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import clocks
from casework.calendars import DayKind, Limit, Unit, WorkCalendar
from casework.clocks import Terms
from casework.journal import Line
from casework.models import Case, CaseClock
from casework.replay import COMPARED, replay
from casework.thresholds import DEFAULTS
from casework.workflow import Move
from tests.casework.test_calendars import CITY, FIRST, MINUTES, SIZES, instant

UNITS = (Unit.CONTINUOUS_HOUR, Unit.WORKING_HOUR, Unit.WORKING_DAY, Unit.NATURAL_DAY)
NAME = "handling"
START = Move("start", frozenset(), None, frozenset(), starts=(NAME,))
PAUSE = Move("pause", frozenset(), None, frozenset(), pauses=(NAME,))
RESUME = Move("resume", frozenset(), None, frozenset(), resumes=(NAME,))
STOP = Move("stop", frozenset(), None, frozenset(), stops=(NAME,))
NOTHING = Move("nothing", frozenset(), None, frozenset())


@pytest.fixture(autouse=True)
def _usual_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.thresholds.steps", lambda: DEFAULTS)


class Life:
    """A case's clock, moved by `clocks.apply`, with the entries that the journal would keep."""

    def __init__(self, unit: Unit, quarters: int) -> None:
        self.limit = Limit(Decimal(quarters) / 4, unit)
        self.case = Case(id=uuid4(), version=0)
        self.calendars: dict[int, WorkCalendar] = {0: CITY}
        self.version = 0
        self.open: dict[str, CaseClock] = {}
        self.all: list[CaseClock] = []
        self.lines: list[Line] = []
        self.minute = 0

    @property
    def calendar(self) -> WorkCalendar:
        return self.calendars[self.version]

    def move(self, move: Move, minute: int, extends: Mapping[str, Decimal] | None = None) -> None:
        changed, acts = clocks.apply(
            move,
            self.open,
            case=self.case,
            at=instant(minute),
            terms={NAME: Terms(self.limit)},
            calendar=self.calendar,
            extends=extends,
        )
        self.keep(changed, acts, minute)

    def change_calendar(self, day: date, kind: DayKind, minute: int) -> None:
        self.version += 1
        self.calendars[self.version] = WorkCalendar(
            days={**self.calendars[self.version - 1].days, day: kind},
            published_years=CITY.published_years,
            version=self.version,
        )
        changed, acts = clocks.recompute(self.open, instant(minute), self.calendar)
        self.keep(changed, acts, minute)

    def keep(self, changed: list[CaseClock], acts: clocks.Acts, minute: int) -> None:
        self.minute = minute
        self.all += [clock for clock in changed if not any(clock is known for known in self.all)]
        facts: dict[str, Any] = json.loads(json.dumps({"clocks": acts} if acts else {}))
        number = len(self.lines) + 1
        at = instant(minute)
        told = ("1", number, at, self.case.id, number, "report", "x", at, None, None, "", "")
        self.lines.append(Line(*told, facts, {}, b"", b""))

    def walked_due(self, clock: CaseClock) -> int | None:
        """The minute at which the limit is used up, by walking."""
        left = int((self.limit.quota + clock.extended) * SIZES[self.limit.unit])
        for start_at, end_at in clocks.spans_of(clock):
            minute = (start_at - FIRST) // timedelta(minutes=1)
            end = (end_at - FIRST) // timedelta(minutes=1) if end_at else MINUTES
            while minute < end and left:
                left -= self.counts(minute)
                minute += 1
            if not left:
                return minute
        return None

    def counts(self, minute: int) -> int:
        if self.limit.unit in (Unit.CONTINUOUS_HOUR, Unit.NATURAL_DAY):
            return 1
        day, moment = divmod(minute, 1440)
        slots = self.calendar.slots_on(FIRST.date() + timedelta(days=day))
        return int(any(begin <= moment < end for begin, end in slots))


steps = st.lists(
    st.tuples(
        st.sampled_from(["pause", "resume", "extend", "restart", "day off", "make-up day", "nothing"]),
        st.one_of(st.integers(0, 90), st.integers(0, 4000)),
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(unit=st.sampled_from(UNITS), quarters=st.integers(1, 12), begin=st.integers(0, 1_200_000), steps=steps)
def test_whatever_happens_the_due_date_is_what_walking_finds(
    unit: Unit, quarters: int, begin: int, steps: list[tuple[str, int]]
) -> None:
    life = Life(unit, quarters)
    life.move(START, begin)
    for what, after in [*steps, ("nothing", 1)]:
        minute = life.minute + after
        clock = life.open[NAME]
        if what == "pause":
            life.move(PAUSE, minute)
        elif what == "resume":
            life.move(RESUME, minute)
        elif what == "restart":
            life.move(START, minute)
        elif what == "extend" and clock.state == CaseClock.State.RUNNING:
            life.move(NOTHING, minute, {NAME: clock.quota})
        elif what in ("day off", "make-up day"):
            day = FIRST.date() + timedelta(days=minute // 1440 + after % 5)
            life.change_calendar(day, DayKind(what != "day off"), minute)
        else:
            life.move(NOTHING, minute)
        running = life.open[NAME]
        if running.state == CaseClock.State.PAUSED:
            assert (running.due_at, running.next_alarm_at) == (None, None)
            continue
        walked = life.walked_due(running)
        assert walked is not None
        assert running.due_at == instant(walked)
    life.move(STOP, life.minute + 1)
    made = replay(life.lines, life.calendars.get)
    assert made.odd == []
    assert [[getattr(c, name) for name in COMPARED] for c in made.clocks] == [
        [getattr(c, name) for name in COMPARED] for c in life.all
    ]


@settings(max_examples=60, deadline=None)
@given(unit=st.sampled_from(UNITS), quarters=st.integers(4, 40), begin=st.integers(0, 1_000_000))
def test_thresholds_lie_in_order_and_where_walking_finds_them(unit: Unit, quarters: int, begin: int) -> None:
    life = Life(unit, quarters)
    life.move(START, begin)
    clock = life.open[NAME]
    reached = []
    for level, step in enumerate(DEFAULTS):
        clock.level = level
        clocks.set_due(clock, CITY)
        assert clock.next_alarm_at is not None
        reached.append(clock.next_alarm_at)
        part = Life(unit, quarters)
        part.limit = Limit(life.limit.quota * step.share, unit)
        if part.limit.quota * SIZES[unit] % 1 == 0:  # a whole minute
            walked = part.walked_due(clock)
            assert walked is not None
            assert clock.next_alarm_at == instant(walked)
    assert reached == sorted(reached)
    assert reached[1] == clock.due_at
    clock.level = len(DEFAULTS)
    clocks.set_due(clock, CITY)
    assert clock.next_alarm_at is None
