"""Golden dates, and the arithmetic against one that walks the minutes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.calendars import (
    USUAL_SLOTS,
    DayKind,
    Due,
    Limit,
    Span,
    Unit,
    WorkCalendar,
    counted,
    due_at,
    elapsed,
)
from casework.holidays import packaged_calendar

CHINA = ZoneInfo("Asia/Shanghai")
CALENDAR = packaged_calendar()
# The same calendar with a half holiday and a day on which people work late, for the property tests.
CITY = WorkCalendar(
    days={
        **CALENDAR.days,
        date(2025, 3, 7): DayKind(True, ((8 * 60, 12 * 60),)),
        date(2025, 6, 30): DayKind(True, ((8 * 60, 12 * 60), (13 * 60, 24 * 60))),
    },
    published_years=CALENDAR.published_years,
)


def at(text: str) -> datetime:
    """2024-05-17 17:00 on the wall in China; without a time, 10:00."""
    day, _space, clock = text.partition(" ")
    return datetime.combine(
        date.fromisoformat(day), time.fromisoformat(clock or "10:00"), tzinfo=CHINA
    ).astimezone(UTC)


def due(start: str, quota: str, unit: Unit, *stops: tuple[str, str]) -> Due:
    spans = counted(at(start), [(at(begin), at(end)) for begin, end in stops])
    return due_at(CALENDAR, Limit(Decimal(quota), unit), spans)


class TestGoldenDates:
    # workflow.md 7.1
    @pytest.mark.parametrize(
        ("start", "quota", "unit", "expected"),
        [
            ("2024-05-17 17:00", "2", Unit.CONTINUOUS_HOUR, "2024-05-17 19:00"),
            ("2024-05-17 17:00", "4", Unit.WORKING_HOUR, "2024-05-20 11:00"),
            ("2024-05-17 17:00", "1", Unit.WORKING_DAY, "2024-05-20 17:00"),
            ("2024-05-10 17:00", "2", Unit.CONTINUOUS_HOUR, "2024-05-10 19:00"),
            ("2024-05-10 17:00", "4", Unit.WORKING_HOUR, "2024-05-11 11:00"),
            ("2024-05-10 17:00", "1", Unit.WORKING_DAY, "2024-05-11 17:00"),
        ],
    )
    def test_filing_standard(self, start: str, quota: str, unit: Unit, expected: str) -> None:
        assert due(start, quota, unit) == Due(at(expected), provisional=False)

    # approval-hall.md 5.5
    @pytest.mark.parametrize(
        ("start", "quota", "stops", "expected", "provisional"),
        [
            ("2026-02-13", "5", [], "2026-02-27", False),
            ("2026-02-11", "10", [], "2026-03-03", False),
            ("2026-09-28", "5", [], "2026-10-10", False),
            ("2026-04-30", "3", [], "2026-05-08", False),
            ("2026-03-02", "20", [], "2026-03-30", False),
            ("2026-03-02", "45", [], "2026-05-08", False),
            ("2026-03-02", "5", [("2026-03-04", "2026-03-06")], "2026-03-11", False),
            ("2026-03-02", "20", [("2026-03-09", "2026-03-20")], "2026-04-13", False),
            (
                "2026-03-02",
                "20",
                [("2026-03-09", "2026-03-20"), ("2026-03-16", "2026-03-25")],
                "2026-04-16",
                False,
            ),
            ("2026-12-30", "5", [], "2027-01-07", True),
        ],
    )
    def test_legal_days(
        self, start: str, quota: str, stops: list[tuple[str, str]], expected: str, provisional: bool
    ) -> None:
        assert due(start, quota, Unit.LEGAL_DAY, *stops) == Due(at(f"{expected} 18:00"), provisional)

    @pytest.mark.parametrize("clock", ["00:00", "08:00", "18:00"])
    def test_the_hour_of_a_working_day_does_not_matter_to_legal_days(self, clock: str) -> None:
        assert due(f"2026-03-02 {clock}", "5", Unit.LEGAL_DAY).at == at("2026-03-09 18:00")

    @pytest.mark.parametrize("start", ["2026-03-06 18:01", "2026-03-07 10:00", "2026-03-08 23:59"])
    def test_out_of_hours_counts_as_the_next_working_day(self, start: str) -> None:
        assert due(start, "1", Unit.LEGAL_DAY).at == at("2026-03-10 18:00")  # deemed filed Monday the 9th

    def test_a_clock_stopped_on_its_last_legal_day_is_due_on_the_day_it_resumes(self) -> None:
        found = due("2026-03-02", "2", Unit.LEGAL_DAY, ("2026-03-04 10:00", "2026-03-12 15:00"))
        assert found.at == at("2026-03-12 18:00")

    def test_a_pause_goes_on_in_working_time(self) -> None:
        # Six of eight hours left at noon on Friday; resumed late on Monday, after closing.
        found = due("2024-05-17 10:00", "1", Unit.WORKING_DAY, ("2024-05-17 12:00", "2024-05-20 20:00"))
        assert found.at == at("2024-05-21 16:00")

    def test_a_limit_that_ends_with_a_slot_is_due_when_the_slot_ends(self) -> None:
        assert due("2024-05-17 08:00", "1", Unit.WORKING_DAY).at == at("2024-05-17 18:00")
        assert due("2024-05-17 08:00", "4", Unit.WORKING_HOUR).at == at("2024-05-17 12:00")

    def test_half_holiday(self) -> None:
        limit = Limit(Decimal(1), Unit.WORKING_DAY)
        assert due_at(CITY, limit, [(at("2025-03-07 08:00"), None)]).at == at("2025-03-10 12:00")
        legal = Limit(Decimal(1), Unit.LEGAL_DAY)
        assert due_at(CITY, legal, [(at("2025-03-06 08:00"), None)]).at == at("2025-03-07 12:00")

    def test_slot_until_midnight(self) -> None:
        limit = Limit(Decimal(15), Unit.WORKING_HOUR)
        assert due_at(CITY, limit, [(at("2025-06-30 08:00"), None)]).at == at("2025-07-01 00:00")

    def test_urgent_days_are_hours_without_a_break(self) -> None:
        assert due("2026-02-14 17:30", "2", Unit.NATURAL_DAY).at == at("2026-02-16 17:30")

    def test_years_not_published(self) -> None:
        assert due("2027-03-01", "1", Unit.WORKING_DAY).provisional
        assert not due("2026-12-31 17:59", "2", Unit.CONTINUOUS_HOUR).provisional
        assert due("2003-12-31", "1", Unit.WORKING_DAY).provisional

    def test_years_ahead(self) -> None:
        found = due("2026-01-05 08:00", "9999", Unit.LEGAL_DAY)
        working, day = 0, date(2026, 1, 5)
        while working < 9999:
            day += timedelta(days=1)
            working += bool(CALENDAR.slots_on(day))
        assert found == Due(at(f"{day} 18:00"), provisional=True)


class TestRefusals:
    def test_limits(self) -> None:
        with pytest.raises(ValueError, match="no limit"):
            Limit(Decimal(-1), Unit.WORKING_HOUR)
        with pytest.raises(ValueError, match="no limit"):
            Limit(Decimal("NaN"), Unit.WORKING_HOUR)
        with pytest.raises(ValueError, match="whole"):
            Limit(Decimal("0.5"), Unit.LEGAL_DAY)

    @pytest.mark.parametrize(
        "spans",
        [
            [],
            [(datetime(2026, 3, 2, 10), None)],  # noqa: DTZ001
            [(at("2026-03-02"), None), (at("2026-03-03"), None)],
            [(at("2026-03-02"), at("2026-03-01"))],
            [(at("2026-03-02"), at("2026-03-04")), (at("2026-03-03"), None)],
        ],
    )
    def test_spans(self, spans: Sequence[Span]) -> None:
        with pytest.raises(ValueError, match=r"never ran|time zone|begins before|is not one"):
            due_at(CALENDAR, Limit(Decimal(1), Unit.WORKING_DAY), spans)

    def test_a_calendar_without_work_has_no_due_dates(self) -> None:
        idle = WorkCalendar(days={date(2026, 1, 1) + timedelta(days=n): DayKind(False) for n in range(9)})
        with pytest.raises(ValueError, match="not in order"):
            WorkCalendar(slots=())
        with pytest.raises(ValueError, match="not in order"):
            WorkCalendar(slots=((600, 500),))
        assert due_at(idle, Limit(Decimal(1), Unit.WORKING_HOUR), [(at("2026-01-01"), None)]).at == at(
            "2026-01-12 09:00"
        )


# --- against a reference that walks the minutes ------------------------------------------------------------

FIRST = datetime(2024, 1, 1, tzinfo=CHINA)
MINUTES = (datetime(2028, 1, 1, tzinfo=CHINA) - FIRST) // timedelta(minutes=1)


@cache
def walked() -> tuple[bytes, list[int]]:
    """For each minute of 2024–2027: is it worked, and on which working day is it deemed to lie?"""
    worked, deemed = bytearray(MINUTES), [0] * MINUTES
    number = 0
    for day in range(MINUTES // 1440):
        begin = day * 1440
        slots = CITY.slots_on(FIRST.date() + timedelta(days=day))
        for slot in slots:
            worked[begin + slot[0] : begin + slot[1]] = b"\1" * (slot[1] - slot[0])
        number += bool(slots)
        closing = slots[-1][1] if slots else -1
        for minute in range(begin, begin + 1440):
            deemed[minute] = number if minute - begin <= closing else number + 1
    return bytes(worked), deemed


def naive_spent(unit: Unit, spans: Sequence[tuple[int, int]]) -> int:
    """Minutes, or whole days for legal days."""
    worked, deemed = walked()
    if unit is Unit.LEGAL_DAY:
        return sum(deemed[end] - deemed[start] for start, end in spans)
    if unit in (Unit.CONTINUOUS_HOUR, Unit.NATURAL_DAY):
        return sum(end - start for start, end in spans)
    return sum(sum(worked[start:end]) for start, end in spans)


def naive_due(unit: Unit, quota: int, spans: Sequence[tuple[int, int | None]]) -> int | None:
    """Walk minute by minute; None past the end of 2027.

    Hours are over when the quota is used up, legal days when the next minute would use more.
    """
    worked, deemed = walked()
    spent = 0
    for start, end in spans:
        for minute in range(start, MINUTES - 1 if end is None else end):
            if unit is Unit.LEGAL_DAY:
                if spent + deemed[minute + 1] - deemed[start] > quota:
                    return minute
            else:
                if spent == quota:
                    return minute
                spent += worked[minute] if unit in (Unit.WORKING_HOUR, Unit.WORKING_DAY) else 1
        if end is None:
            return None
        if unit is Unit.LEGAL_DAY:
            spent += deemed[end] - deemed[start]
        elif spent == quota:
            return end
    return None


def instant(minute: int) -> datetime:
    return (FIRST + timedelta(minutes=minute)).astimezone(UTC)


SIZES = {
    Unit.CONTINUOUS_HOUR: 60,
    Unit.WORKING_HOUR: 60,
    Unit.WORKING_DAY: 480,
    Unit.LEGAL_DAY: 1,
    Unit.NATURAL_DAY: 1440,
}
units = st.sampled_from(list(Unit))
# Minutes that lie on and beside the edges of slots and days, and any others.
moments = st.one_of(
    st.integers(0, MINUTES - 90 * 1440),
    st.builds(
        lambda day, edge, off: day * 1440 + edge + off,
        st.integers(1, 1300),
        st.sampled_from([0, 480, 720, 840, 1080]),
        st.integers(-1, 1),
    ),
)
gaps = st.one_of(st.integers(0, 40), st.integers(0, 20_000), st.sampled_from([480, 1440, 2880, 10080]))


@st.composite
def tracks(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    """Spans in minutes, the last one open."""
    minute = draw(moments)
    spans: list[tuple[int, int | None]] = []
    for _ in range(draw(st.integers(0, 3))):
        end = minute + draw(gaps)
        spans.append((minute, end))
        minute = end + draw(gaps)
    return [*spans, (minute, None)]


def to_spans(track: Sequence[tuple[int, int | None]]) -> list[Span]:
    return [(instant(start), None if end is None else instant(end)) for start, end in track]


@settings(max_examples=300, deadline=None)
@given(unit=units, track=tracks(), length=gaps)
def test_elapsed_is_what_walking_finds(unit: Unit, track: list[tuple[int, int | None]], length: int) -> None:
    until = track[-1][0] + length
    closed = [(start, until if end is None else end) for start, end in track]
    found = elapsed(CITY, unit, to_spans(track), instant(until)) * SIZES[unit]
    assert round(found, 9) == naive_spent(unit, closed)


@settings(max_examples=150, deadline=None)
@given(unit=units, quota=st.integers(0, 40), quarter=st.integers(0, 3), track=tracks())
def test_due_is_what_walking_finds(
    unit: Unit, quota: int, quarter: int, track: list[tuple[int, int | None]]
) -> None:
    amount = Decimal(quota) if unit is Unit.LEGAL_DAY else Decimal(quota) + Decimal(quarter) / 4
    expected = naive_due(unit, int(amount * SIZES[unit]), track)
    found = due_at(CITY, Limit(amount, unit), to_spans(track))
    if expected is None:
        assert found.at > instant(MINUTES - 1)
    else:
        assert found.at == instant(expected)
        assert found.provisional == (
            unit not in (Unit.CONTINUOUS_HOUR, Unit.NATURAL_DAY) and found.at.astimezone(CHINA).year == 2027
        )


stops_of = st.lists(st.tuples(st.integers(-3000, 30_000), st.integers(0, 12_000)), max_size=5)


def at_offsets(start: int, stops: Sequence[tuple[int, int]]) -> list[Span]:
    return [
        (instant(max(0, start + begin)), instant(max(0, start + begin) + length)) for begin, length in stops
    ]


@settings(max_examples=300, deadline=None)
@given(unit=units, quota=st.integers(0, 20), start=moments, stops=stops_of, one_more=st.tuples(gaps, gaps))
def test_a_stop_never_makes_due_earlier(
    unit: Unit, quota: int, start: int, stops: list[tuple[int, int]], one_more: tuple[int, int]
) -> None:
    limit = Limit(Decimal(quota), unit)
    without = due_at(CITY, limit, counted(instant(start), at_offsets(start, stops)))
    stopped = due_at(CITY, limit, counted(instant(start), at_offsets(start, [*stops, one_more])))
    assert stopped.at >= without.at


@settings(max_examples=300, deadline=None)
@given(start=moments, stops=stops_of, seed=st.randoms(use_true_random=False))
def test_the_union_of_stops_counts_once(start: int, stops: list[tuple[int, int]], seed: object) -> None:
    covered = {
        minute
        for begin, length in stops
        for minute in range(max(0, start + begin), max(0, start + begin) + length)
    }
    end = start + 45_000
    free = [minute for minute in range(start, end) if minute not in covered]
    shuffled = list(stops)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    spans = counted(instant(start), at_offsets(start, shuffled), instant(end))
    assert sum((b - a) // timedelta(minutes=1) for a, b in spans if b) == len(free)
    assert all(b is not None and a < b for a, b in spans)
    # merged: no two spans touch
    assert all(left[1] < right[0] for left, right in pairwise(spans) if left[1])


@settings(max_examples=300, deadline=None)
@given(unit=units, track=tracks(), steps=st.lists(gaps, min_size=2, max_size=6), quota=st.integers(0, 10))
def test_elapsed_never_falls_and_agrees_with_due(
    unit: Unit, track: list[tuple[int, int | None]], steps: list[int], quota: int
) -> None:
    spans = to_spans(track)
    over = due_at(CITY, Limit(Decimal(quota), unit), spans).at
    minute, before = track[0][0], Decimal(0)
    for step in steps:
        minute += step
        now = elapsed(CITY, unit, spans, instant(minute))
        assert now >= before
        if unit is Unit.LEGAL_DAY and instant(minute) >= spans[-1][0]:
            assert (now > quota) == (instant(minute) > over)
        elif now > quota:
            assert instant(minute) > over
        before = now
    for stop_from, stop_to in pairwise(spans):
        assert stop_from[1] is not None
        assert elapsed(CITY, unit, spans, stop_from[1]) == elapsed(CITY, unit, spans, stop_to[0])


def test_open_stop_ends_the_counting() -> None:
    spans = counted(at("2026-03-02"), [(at("2026-03-04"), None), (at("2026-03-10"), at("2026-03-11"))])
    assert spans == [(at("2026-03-02"), at("2026-03-04"))]


def test_usual_slots_make_eight_hours() -> None:
    assert sum(end - start for start, end in USUAL_SLOTS) == 480
    assert CALENDAR.full_day == 8 * 3_600_000_000
