"""Why this deadline? A clock's time taken apart: what counted, what did not, and for which reason. Pure.

The pieces follow one another without a hole. They come from the same limit, spans and calendar as the due
date, and what counted up to it adds up to the limit: a test proves both against walking the minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from casework.calendars import MINUTE, Due, Limit, Span, Unit, WorkCalendar, due_at, elapsed

UNBROKEN = (Unit.CONTINUOUS_HOUR, Unit.NATURAL_DAY)


class Piece(StrEnum):
    """What a stretch of time was to a clock."""

    COUNTED = "counted"
    PAUSED = "paused"
    NIGHT = "night"  # before, between and after the slots of a working day
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    SEASON = "season"  # outside the season in which the limit counts
    OVER = "over"  # counted time beyond the limit


@dataclass(frozen=True)
class Stretch:
    """A piece of a clock's time.

    spent   of the limit's unit, hours for working days; zero where nothing counts
    swapped a make-up day (调休上班): a weekend day on which work is done
    note    name of the holiday or of the make-up day, as the calendar has it
    """

    piece: Piece
    start: datetime
    end: datetime
    spent: Decimal = Decimal(0)
    swapped: bool = False
    note: str = ""
    note_en: str = ""


@dataclass(frozen=True)
class Reckoning:
    """A clock explained: its due date as `due_at()` gives it, and the stretches that lead there."""

    limit: Limit
    due: Due
    spent: Decimal
    stretches: tuple[Stretch, ...]
    days: tuple[Day, ...]


@dataclass(frozen=True)
class Day:
    """One day of the way in one line: how much of it counted, and why not more. Hours."""

    on: date
    counted: Decimal
    kinds: tuple[Piece, ...]
    swapped: bool
    note: str
    note_en: str


def explain(calendar: WorkCalendar, limit: Limit, spans: Sequence[Span], at: datetime) -> Reckoning:
    """Take a clock's time apart.

    calendar  within its season already (`WorkCalendar.within`)
    at        now for one that runs or is paused, the end of one that has stopped. A running clock's time is
              told on to its due date; what it runs beyond that is OVER
    """
    due = due_at(calendar, limit, spans)
    end = max(due.at, at) if spans[-1][1] is None else at
    found: list[Stretch] = []
    before: datetime | None = None
    for start, stop in spans:
        if before is not None and before < start:
            found.append(Stretch(Piece.PAUSED, before, start))
        last = min(stop or end, end)
        if start < last:
            found += _split_at(due.at, _of_span(calendar, limit.unit, start, last))
        before = stop
    if before is not None and before < end:
        found.append(Stretch(Piece.PAUSED, before, end))
    stretches = tuple(_joined(found))
    return Reckoning(
        limit, due, elapsed(calendar, limit.unit, spans, at), stretches, tuple(_by_day(calendar, stretches))
    )


def _of_span(calendar: WorkCalendar, unit: Unit, start: datetime, end: datetime) -> Iterator[Stretch]:
    """A counted span day by day: slots count, the rest has its reason."""
    if unit in UNBROKEN:
        yield Stretch(Piece.COUNTED, start, end, _hours(start, end))
        return
    zone = calendar.zone
    day = start.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while day <= last:
        midnight = datetime.combine(day, time(), zone)
        begin = max(start, midnight.astimezone(UTC))
        stop = min(end, (datetime.combine(day + timedelta(days=1), time(), zone)).astimezone(UTC))
        if begin < stop:
            yield from _of_day(calendar, day, begin, stop)
        day += timedelta(days=1)


def _of_day(calendar: WorkCalendar, day: date, begin: datetime, stop: datetime) -> Iterator[Stretch]:
    off, swapped, note, note_en = _kind_of(calendar, day)
    if off is not None:
        yield Stretch(off, begin, stop, note=note, note_en=note_en)
        return
    wall = datetime.combine(day, time())
    at = begin
    for slot_start, slot_end in calendar.slots_on(day):
        edges = [
            (wall + timedelta(microseconds=edge * MINUTE)).replace(tzinfo=calendar.zone).astimezone(UTC)
            for edge in (slot_start, slot_end)
        ]
        opens, closes = max(at, edges[0]), min(stop, edges[1])
        if at < min(opens, stop):
            yield Stretch(Piece.NIGHT, at, min(opens, stop))
            at = min(opens, stop)
        if opens < closes:
            yield Stretch(Piece.COUNTED, opens, closes, _hours(opens, closes), swapped, note, note_en)
            at = closes
    if at < stop:
        yield Stretch(Piece.NIGHT, at, stop)


def _kind_of(calendar: WorkCalendar, day: date) -> tuple[Piece | None, bool, str, str]:
    """Why a day is off (None when it is worked), whether it is a make-up day, and its name."""
    kind = calendar.days.get(day)
    note, note_en = (kind.note, kind.note_en) if kind else ("", "")
    if not calendar.slots_on(day):
        if calendar.is_out_of_season(day):
            return Piece.SEASON, False, "", ""
        return (Piece.HOLIDAY if kind else Piece.WEEKEND), False, note, note_en
    swapped = kind is not None and kind.is_working and day.weekday() >= 5
    return None, swapped, note if kind else "", note_en if kind else ""


def _split_at(due: datetime, stretches: Iterator[Stretch]) -> Iterator[Stretch]:
    for each in stretches:
        if each.piece != Piece.COUNTED or each.end <= due:
            yield each
            continue
        if each.start < due:
            yield Stretch(
                Piece.COUNTED, each.start, due, _hours(each.start, due), each.swapped, each.note, each.note_en
            )
        begin = max(each.start, due)
        yield Stretch(Piece.OVER, begin, each.end, _hours(begin, each.end), each.swapped)


def _joined(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Neighbours of one kind and name are one: an evening and the morning after, the days of a holiday."""
    held: Stretch | None = None
    for each in stretches:
        alike = held is not None and (held.piece, held.swapped, held.note, held.end) == (
            each.piece,
            each.swapped,
            each.note,
            each.start,
        )
        if held is not None and alike:
            held = Stretch(
                held.piece,
                held.start,
                each.end,
                held.spent + each.spent,
                held.swapped,
                held.note,
                held.note_en,
            )
        else:
            if held is not None:
                yield held
            held = each
    if held is not None:
        yield held


def _by_day(calendar: WorkCalendar, stretches: Sequence[Stretch]) -> Iterator[Day]:
    days: dict[date, list[Stretch]] = {}
    for each in stretches:
        day = each.start.astimezone(calendar.zone).date()
        last = (each.end - timedelta(microseconds=1)).astimezone(calendar.zone).date()
        while day <= last:
            days.setdefault(day, []).append(each)
            day += timedelta(days=1)
    for on, pieces in days.items():
        midnight = datetime.combine(on, time(), calendar.zone).astimezone(UTC)
        after = datetime.combine(on + timedelta(days=1), time(), calendar.zone).astimezone(UTC)
        counted = sum(
            (
                _hours(max(each.start, midnight), min(each.end, after))
                for each in pieces
                if each.piece == Piece.COUNTED
            ),
            Decimal(0),
        )
        named = next((each for each in pieces if each.note), None)
        yield Day(
            on,
            round(counted, 6),
            tuple(dict.fromkeys(each.piece for each in pieces)),
            any(each.swapped for each in pieces),
            named.note if named else "",
            named.note_en if named else "",
        )


def _hours(start: datetime, end: datetime) -> Decimal:
    return Decimal((end - start) // timedelta(microseconds=1)) / (60 * MINUTE)
