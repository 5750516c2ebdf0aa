"""Why this deadline: no holes, pieces that add up to the limit, and what walking the minutes finds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.calendars import Limit, Unit, WorkCalendar, due_at
from casework.why import Piece, Reckoning, explain
from tests.casework.test_calendars import CALENDAR, CITY, at, instant, to_spans, tracks, walked

MINUTE = timedelta(minutes=1)
FIRST = instant(0)
units = st.sampled_from([Unit.CONTINUOUS_HOUR, Unit.WORKING_HOUR, Unit.WORKING_DAY, Unit.NATURAL_DAY])
SIZES = {Unit.CONTINUOUS_HOUR: 60, Unit.WORKING_HOUR: 60, Unit.WORKING_DAY: 480, Unit.NATURAL_DAY: 1440}


def told(reckoning: Reckoning) -> list[tuple[str, str, str]]:
    """The pieces on the wall in China."""
    return [
        (
            each.piece.value,
            f"{each.start.astimezone(CALENDAR.zone):%m-%d %H:%M}",
            f"{each.end.astimezone(CALENDAR.zone):%m-%d %H:%M}",
        )
        for each in reckoning.stretches
    ]


def why(start: str, quota: str, unit: Unit, now: str = "", calendar: WorkCalendar = CALENDAR) -> Reckoning:
    return explain(calendar, Limit(Decimal(quota), unit), [(at(start), None)], at(now or start))


def test_a_friday_evening() -> None:
    """workflow.md 7.1: one hour on Friday, three on Monday."""
    found = why("2024-05-17 17:00", "4", Unit.WORKING_HOUR)
    assert told(found) == [
        ("counted", "05-17 17:00", "05-17 18:00"),
        ("night", "05-17 18:00", "05-18 00:00"),
        ("weekend", "05-18 00:00", "05-20 00:00"),
        ("night", "05-20 00:00", "05-20 08:00"),
        ("counted", "05-20 08:00", "05-20 11:00"),
    ]
    assert found.due.at == at("2024-05-20 11:00")
    assert [(day.on.day, float(day.counted)) for day in found.days] == [
        (17, 1.0),
        (18, 0.0),
        (19, 0.0),
        (20, 3.0),
    ]


def test_a_make_up_saturday_counts_and_is_named() -> None:
    found = why("2024-05-10 17:00", "4", Unit.WORKING_HOUR)
    saturday = found.stretches[-1]
    assert (saturday.piece, float(saturday.spent), saturday.swapped) == (Piece.COUNTED, 3.0, True)
    assert "调休" in saturday.note
    assert [day.swapped for day in found.days] == [False, True]


def test_a_holiday_is_named() -> None:
    found = why("2026-09-30 17:00", "2", Unit.WORKING_HOUR)
    holiday = next(each for each in found.stretches if each.piece == Piece.HOLIDAY)
    assert holiday.note == "国庆节"
    assert holiday.note_en


def test_urgent_hours_have_no_nights() -> None:
    assert told(why("2024-05-17 17:00", "20", Unit.CONTINUOUS_HOUR)) == [
        ("counted", "05-17 17:00", "05-18 13:00")
    ]


def test_a_pause_and_what_lies_beyond_the_limit() -> None:
    limit = Limit(Decimal(2), Unit.WORKING_HOUR)
    spans = [(at("2024-05-17 08:00"), at("2024-05-17 09:00")), (at("2024-05-17 10:00"), None)]
    found = explain(CALENDAR, limit, spans, at("2024-05-17 11:30"))
    assert told(found) == [
        ("counted", "05-17 08:00", "05-17 09:00"),
        ("paused", "05-17 09:00", "05-17 10:00"),
        ("counted", "05-17 10:00", "05-17 11:00"),
        ("over", "05-17 11:00", "05-17 11:30"),
    ]
    assert found.spent == Decimal("2.5")


def test_out_of_season() -> None:
    found = why("2025-04-30 17:00", "2", Unit.WORKING_HOUR, calendar=CALENDAR.within("03-01/04-30"))
    assert found.due.at == at("2026-03-02 09:00"), "the next season begins on a Sunday"
    assert Piece.SEASON in {each.piece for each in found.stretches}
    assert why("2025-05-20", "1", Unit.WORKING_DAY, calendar=CALENDAR.within("11-15/03-15")).due.at == at(
        "2025-11-17 18:00"
    ), "a season over New Year"


@pytest.mark.parametrize("text", ["", "03-01", "13-01/02-01", "02-30/03-01", "spring"])
def test_what_is_no_season(text: str) -> None:
    if not text:
        assert CALENDAR.within(text) is CALENDAR
        return
    with pytest.raises(ValueError, match="no season"):
        CALENDAR.within(text)


@settings(max_examples=150, deadline=None)
@given(unit=units, quota=st.integers(1, 60), track=tracks(), late=st.integers(0, 5000))
def test_the_pieces_are_what_walking_finds(
    unit: Unit, quota: int, track: Sequence[tuple[int, int | None]], late: int
) -> None:
    spans, limit = to_spans(track), Limit(Decimal(quota) / 4, unit)
    now = instant(track[-1][0] + late)
    found = explain(CITY, limit, spans, now)
    assert found.due == due_at(CITY, limit, spans)
    edges = [(each.start, each.end) for each in found.stretches]
    assert all(left[1] == right[0] for left, right in pairwise(edges)), "a hole"
    if edges:
        assert edges[0][0] == spans[0][0]
        assert edges[-1][1] == max(found.due.at, now)
    counted = [each for each in found.stretches if each.piece in (Piece.COUNTED, Piece.OVER)]
    minutes = sum((each.end - each.start) // MINUTE for each in counted if each.piece == Piece.COUNTED)
    assert minutes == int(limit.quota * SIZES[unit])
    worked, _deemed = walked()
    broken = unit in (Unit.WORKING_HOUR, Unit.WORKING_DAY)
    for each in found.stretches:
        first, last = (edge - FIRST for edge in (each.start, each.end))
        part = worked[first // MINUTE : min(len(worked), last // MINUTE)]
        if each.piece in (Piece.COUNTED, Piece.OVER):
            assert not broken or 0 not in part
        elif each.piece != Piece.PAUSED:
            assert 1 not in part
    assert abs(sum(float(day.counted) for day in found.days) * 60 - minutes) < 0.01


def test_days_are_told_one_by_one() -> None:
    found = why("2026-02-13 17:00", "1", Unit.WORKING_DAY)  # the make-up Saturday, then Spring Festival
    assert [day.on for day in found.days] == [date(2026, 2, 13), date(2026, 2, 14)]
    assert [float(day.counted) for day in found.days] == [1.0, 7.0]
