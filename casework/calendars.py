"""Working-time arithmetic over slots, holidays and swapped working days: pure, no database.

A clock is a limit and the spans counted against it; what lies between two spans is a stop. Everything a clock
shows follows from those and a calendar, so it can be computed again at any time and must come out the same.

Two families of units are counted differently:

* hours and filing-standard days run in seconds: a stop in the evening costs nothing, work resumed at 17:00 on
  a Friday has one hour left of that day;
* legal days (Administrative Licensing Law, rule R1 of the approval hall) are whole: every instant is deemed
  to lie on a working day, the next one when it falls after closing or on a day off; the deemed start day does
  not count, nor does the deemed day on which a stop ends; the limit is over at closing time of the n-th day.

Slots are read on the wall clock of the calendar's zone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime | None]
"""From, to. Only the last of a clock's spans may be open (None)."""

Slot = tuple[int, int]
"""From, to, in minutes after midnight."""

Season = tuple[tuple[int, int], tuple[int, int]]
"""First and last day, as month and day."""

CHINA = ZoneInfo("Asia/Shanghai")
USUAL_SLOTS: tuple[Slot, ...] = ((8 * 60, 12 * 60), (14 * 60, 18 * 60))

SATURDAY = 5
MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000  # microseconds, the resolution of datetime
HOUR = 60 * MINUTE
MOST_YEAR = 9998


class Unit(StrEnum):
    """What a limit is counted in. Values are stored; `workflow.md` 7.1 tells where each is used."""

    CONTINUOUS_HOUR = "continuous_hour"
    """紧急工作时: nights and holidays included."""
    WORKING_HOUR = "working_hour"
    """工作时: inside the slots only."""
    WORKING_DAY = "working_day"
    """工作日 of the filing standards: the working hours of an ordinary day's slots, usually eight."""
    LEGAL_DAY = "legal_day"
    """Whole working days of the Licensing Law."""
    NATURAL_DAY = "natural_day"
    """紧急工作日: 24 continuous hours."""


# An enum's member is slow to look up (Python 3.11), and this is the inner loop of bulk history.
_LEGAL, _WORKING_DAY = Unit.LEGAL_DAY, Unit.WORKING_DAY
_UNBROKEN = (Unit.CONTINUOUS_HOUR, Unit.NATURAL_DAY)


@dataclass(frozen=True)
class Limit:
    """How much of a unit a step may take. Legal days are whole."""

    quota: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        if not self.quota.is_finite() or self.quota < 0:
            raise ValueError(f"a limit of {self.quota} is no limit")
        if self.unit is _LEGAL and self.quota != self.quota.to_integral_value():
            raise ValueError(f"legal days are whole, {self.quota} are not")


@dataclass(frozen=True)
class Due:
    """When a limit is over. Overdue means: later than `at`.

    provisional  a year on the way is not published yet, so the date may still move
    """

    at: datetime
    provisional: bool


@dataclass(frozen=True)
class DayKind:
    """A day that is not what its weekday says. `slots` replace the calendar's own on a working day."""

    is_working: bool
    slots: tuple[Slot, ...] | None = None
    note: str = ""
    note_en: str = ""


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """When people work: Monday to Friday in `slots`, but for the `days` that differ.

    season   from (month, day) to (month, day), both included and perhaps over New Year: nothing is worked
             outside; see `within()`
    version  by which the calendar as it was is found again (`models.calendar.calendar_at`)
    """

    zone: ZoneInfo = CHINA
    slots: tuple[Slot, ...] = USUAL_SLOTS
    days: Mapping[date, DayKind] = field(default_factory=dict)
    published_years: frozenset[int] = frozenset()
    season: Season | None = None
    version: int = 0
    _within: dict[str, WorkCalendar] = field(init=False, repr=False, default_factory=dict)
    _tables: list[_Table] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        if not _is_in_order(self.slots) or not self.slots:
            raise ValueError(f"slots {self.slots} are not in order")
        for day, kind in self.days.items():
            if kind.slots is not None and not _is_in_order(kind.slots):
                raise ValueError(f"slots {kind.slots} of {day} are not in order")

    def slots_on(self, day: date) -> tuple[Slot, ...]:
        """The slots worked on a day; none on a day off."""
        if self.is_out_of_season(day):
            return ()
        kind = self.days.get(day)
        if kind is None:
            return self.slots if day.weekday() < SATURDAY else ()
        if not kind.is_working:
            return ()
        return self.slots if kind.slots is None else kind.slots

    def is_out_of_season(self, day: date) -> bool:
        return self.season is not None and not _is_within(self.season, day)

    def within(self, season: str) -> WorkCalendar:
        """This calendar, where work is done in a season only: MM-DD/MM-DD. Empty: itself."""
        if not season:
            return self
        if season not in self._within:
            self._within[season] = replace(self, season=season_of(season))
        return self._within[season]

    @cached_property
    def full_day(self) -> int:
        """Working time of an ordinary day, in microseconds."""
        return sum(end - start for start, end in self.slots) * MINUTE

    def table(self, first_year: int, last_year: int) -> _Table:
        """Sums that cover these years; made on first need, made wider when a date lies outside."""
        have = self._tables[0] if self._tables else None
        if have and have.first_year <= first_year and last_year <= have.last_year:
            return have
        first = min(first_year - 1, have.first_year) if have else first_year - 1
        last = min(MOST_YEAR, max(last_year + 3, have.last_year) if have else last_year + 3)
        made = _Table.of(self, max(1, first), last)
        self._tables[:] = [made]  # one assignment: another thread sees the old table or the new one
        return made


@dataclass(frozen=True)
class _Table:
    """Prefix sums by day, so that one instant is one look-up and one due date one bisection.

    Element i stands for the i-th day from 1 January of first_year on:
    work[i]   microseconds worked before that day        count[i]  working days before it
    slots[i]  its slots in microseconds after midnight
    """

    first_year: int
    last_year: int
    first_day: int
    work: Sequence[int]
    count: Sequence[int]
    slots: Sequence[tuple[Slot, ...]]

    @classmethod
    def of(cls, calendar: WorkCalendar, first_year: int, last_year: int) -> _Table:
        first = date(first_year, 1, 1).toordinal()
        in_microseconds: dict[tuple[Slot, ...], tuple[tuple[Slot, ...], int]] = {}
        work, count, slots = [0], [0], []
        for ordinal in range(first, date(last_year, 12, 31).toordinal() + 1):
            of_day = calendar.slots_on(date.fromordinal(ordinal))
            if of_day not in in_microseconds:
                fine = tuple((start * MINUTE, end * MINUTE) for start, end in of_day)
                in_microseconds[of_day] = fine, sum(end - start for start, end in fine)
            fine, worked = in_microseconds[of_day]
            slots.append(fine)
            work.append(work[-1] + worked)
            count.append(count[-1] + bool(fine))
        return cls(first_year, last_year, first, work, count, slots)

    def worked(self, local: datetime) -> int:
        """Microseconds worked from the table's beginning to an instant."""
        day, moment = local.toordinal() - self.first_day, _moment(local)
        total = self.work[day]
        for start, end in self.slots[day]:
            if moment <= start:
                break
            total += min(moment, end) - start
        return total

    def deemed_day(self, local: datetime) -> int:
        """Number of the working day on which an instant is deemed to lie."""
        day = local.toordinal() - self.first_day
        slots = self.slots[day]
        open_still = bool(slots) and _moment(local) <= slots[-1][1]
        return self.count[day] + 1 if open_still else self.count[day + 1] + 1

    def when_worked(self, total: int) -> datetime | None:
        """The first instant at which `total` is worked (wall clock); None past the table's end."""
        if total > self.work[-1]:
            return None
        day = bisect_left(self.work, total) - 1
        rest = total - self.work[day]
        for start, end in self.slots[day]:
            if rest <= end - start:
                return self._wall(day, start + rest)
            rest -= end - start
        raise AssertionError("sums and slots disagree")

    def closing_of(self, number: int) -> datetime | None:
        """Closing time of a working day by its number (wall clock); None past the table's end."""
        if number > self.count[-1]:
            return None
        day = bisect_left(self.count, number) - 1
        return self._wall(day, self.slots[day][-1][1])

    def _wall(self, day: int, moment: int) -> datetime:
        # A slot may end at 24:00, so the moment is added, not set.
        return datetime.fromordinal(self.first_day + day) + timedelta(microseconds=moment)


def elapsed(calendar: WorkCalendar, unit: Unit, spans: Sequence[Span], until: datetime) -> Decimal:
    """How much of a unit the spans hold up to an instant. Never falls, and stands still inside a stop.

    A legal day counts from the moment it is deemed begun: `elapsed(…, t) > quota` exactly when t is past due.
    """
    _check(spans)
    clipped = [(start, min(end or until, until)) for start, end in spans if start < until]
    if unit in _UNBROKEN:
        spent = sum(((end - start) for start, end in clipped), timedelta()) // MICROSECOND
    elif clipped:
        wall = [(start.astimezone(calendar.zone), end.astimezone(calendar.zone)) for start, end in clipped]
        table = calendar.table(wall[0][0].year, wall[-1][1].year)
        at = table.deemed_day if unit is _LEGAL else table.worked
        spent = sum(at(end) - at(start) for start, end in wall)
    else:
        spent = 0
    return Decimal(spent) / _size(calendar, unit)


def due_at(calendar: WorkCalendar, limit: Limit, spans: Sequence[Span]) -> Due:
    """When the limit is over, if the last span goes on.

    So a running clock gets its due date, a stopped one the date it would have had (compare with its end), and
    a paused one the date it had before the pause.
    """
    if not spans:
        raise ValueError("a clock that never ran has no due date")
    _check(spans)
    if limit.unit in _UNBROKEN:
        return Due(_continuous(_quota(calendar, limit), spans), provisional=False)

    zone, quota = calendar.zone, _quota(calendar, limit)
    wall = [(start.astimezone(zone), end and end.astimezone(zone)) for start, end in spans]
    begun = wall[0][0].year
    table = calendar.table(begun, wall[-1][0].year)
    find = _legal if limit.unit is _LEGAL else _in_slots
    while (over := find(table, quota, wall)) is None:
        if table.last_year == MOST_YEAR:
            raise ValueError(f"{limit.quota} {limit.unit} from {spans[0][0]} on never end in this calendar")
        table = calendar.table(begun, min(MOST_YEAR, 2 * table.last_year - table.first_year + 1))
    known = calendar.published_years
    provisional = not known.issuperset(range(begun, over.year + 1))
    return Due(over.replace(tzinfo=zone).astimezone(UTC), provisional)


def counted(start: datetime, stops: Iterable[Span], end: datetime | None = None) -> list[Span]:
    """The spans that remain of (start, end) when the union of the stops is taken out.

    Stops may overlap, come in any order, begin before the start; an open one lasts until the end.
    """
    spans: list[Span] = []
    free: datetime | None = start
    for stop_from, stop_to in sorted(stops, key=lambda stop: stop[0]):
        if free is None or (end is not None and free >= end):
            break
        if stop_to is not None and stop_to <= max(free, stop_from):
            continue  # over before, or no time at all
        if stop_from > free:
            spans.append((free, stop_from if end is None else min(stop_from, end)))
        free = stop_to
    if free is not None and (end is None or free < end):
        spans.append((free, end))
    return spans


def _continuous(quota: int, spans: Sequence[Span]) -> datetime:
    for start, end in spans[:-1]:
        assert end is not None
        length = (end - start) // MICROSECOND
        if length >= quota:
            return start + timedelta(microseconds=quota)
        quota -= length
    return (spans[-1][0] + timedelta(microseconds=quota)).astimezone(UTC)


def _in_slots(table: _Table, quota: int, wall: Sequence[Span]) -> datetime | None:
    """The first instant at which the quota is used up."""
    for start, end in wall[:-1]:
        assert end is not None
        begun = table.worked(start)
        length = table.worked(end) - begun
        if length >= quota:
            return table.when_worked(begun + quota) if quota else start
        quota -= length
    last = wall[-1][0]
    return table.when_worked(table.worked(last) + quota) if quota else last


def _legal(table: _Table, quota: int, wall: Sequence[Span]) -> datetime | None:
    """The last instant at which no more than the quota is used.

    So a clock stopped on its last day is due on the day it resumes, which does not count.
    """
    for start, end in wall[:-1]:
        assert end is not None
        begun = table.deemed_day(start)
        length = table.deemed_day(end) - begun
        if length > quota:
            return table.closing_of(begun + quota)
        quota -= length
    return table.closing_of(table.deemed_day(wall[-1][0]) + quota)


def _quota(calendar: WorkCalendar, limit: Limit) -> int:
    """A limit in what its unit is counted in: microseconds, or whole days."""
    return int(limit.quota * _size(calendar, limit.unit))


def _size(calendar: WorkCalendar, unit: Unit) -> int:
    if unit is _LEGAL:
        return 1
    if unit is _WORKING_DAY:
        return calendar.full_day
    return 24 * HOUR if unit == "natural_day" else HOUR


def _moment(local: datetime) -> int:
    """Microseconds after midnight."""
    return (local.hour * 3600 + local.minute * 60 + local.second) * 1_000_000 + local.microsecond


def _check(spans: Sequence[Span]) -> None:
    """Spans follow one another, and only the last may be open: anything else is a fault of ours."""
    before: datetime | None = None
    last = len(spans) - 1
    for number, (start, end) in enumerate(spans):
        if start.tzinfo is None:
            raise ValueError(f"{start} has no time zone")
        if before is not None and start < before:
            raise ValueError(f"the span from {start} begins before the one before it ends, {before}")
        if (end is None and number < last) or (end is not None and end < start):
            raise ValueError(f"the span from {start} to {end} is not one")
        before = end


def season_of(text: str) -> Season:
    """MM-DD/MM-DD."""
    try:
        first, last = (date.fromisoformat(f"2024-{part}") for part in text.split("/"))
    except ValueError as error:
        raise ValueError(f"{text!r} is no season such as 03-01/04-30") from error
    return (first.month, first.day), (last.month, last.day)


def _is_within(season: Season, day: date) -> bool:
    first, last = season
    here = (day.month, day.day)
    return first <= here <= last if first <= last else here >= first or here <= last


def _is_in_order(slots: Sequence[Slot]) -> bool:
    edges = [edge for slot in slots for edge in slot]
    return edges == sorted(edges) and all(0 <= start < end <= 24 * 60 for start, end in slots)
