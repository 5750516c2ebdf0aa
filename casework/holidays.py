"""Where a calendar's special days come from: the packaged table, a CSV of the same form, the library."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.utils.translation import gettext as _

from casework.calendars import DayKind, Slot, WorkCalendar
from casework.errors import Invalid

COLUMNS = ("day", "is_working", "slots", "note", "note_en", "status")
PUBLISHED, PROVISIONAL = "published", "provisional"


@dataclass(frozen=True)
class SpecialDay:
    """A day that is not what its weekday says, and whether its year's plan is published."""

    day: date
    is_working: bool
    note: str
    note_en: str
    published: bool
    slots: tuple[Slot, ...] | None = None


def minutes(clock_time: str) -> int:
    """Minutes after midnight of HH:MM; 24:00 is the day's end."""
    hours, _colon, rest = clock_time.partition(":")
    return int(hours) * 60 + int(rest)


def slots_of(value: Iterable[tuple[str, str]] | Iterable[list[str]]) -> tuple[Slot, ...]:
    """[["08:00", "12:00"], …] as a calendar wants it."""
    return tuple((minutes(start), minutes(end)) for start, end in value)


def packaged_file() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "calendars" / "china.csv"


def read_csv(file: TextIO) -> Iterator[SpecialDay]:
    """Rows of a calendar CSV; Invalid names the first line that cannot be read and why."""
    rows = csv.DictReader(file)
    if missing := set(COLUMNS) - set(rows.fieldnames or ()):
        raise Invalid(
            _("The calendar has no column %(columns)s.") % {"columns": ", ".join(sorted(missing))},
            field="file",
            mend=_("The first line must be: %(columns)s") % {"columns": ",".join(COLUMNS)},
        )
    seen: set[date] = set()
    for row in rows:
        try:
            special = _special_day(row)
        except (ValueError, TypeError, AttributeError) as fault:
            raise Invalid(
                _("Line %(line)s of the calendar cannot be read: %(why)s.")
                % {"line": rows.line_num, "why": fault},
                field="file",
                value=",".join(str(value) for value in row.values()),
                mend=_("A line looks like: %(example)s")
                % {"example": "2026-02-14,1,,春节调休上班,working day swapped for Spring Festival,published"},
            ) from fault
        if special.day in seen:
            raise Invalid(
                _("Line %(line)s of the calendar repeats %(day)s.")
                % {"line": rows.line_num, "day": special.day},
                field="file",
                value=special.day,
                mend=_("Keep one line a day."),
            )
        seen.add(special.day)
        yield special


def _special_day(row: dict[str, str]) -> SpecialDay:
    if row["is_working"] not in ("0", "1"):
        raise ValueError("is_working must be 0 or 1")
    if row["status"] not in (PUBLISHED, PROVISIONAL):
        raise ValueError("status must be published or provisional")
    slots = slots_of(json.loads(row["slots"])) if row["slots"] else None
    if slots is not None:
        WorkCalendar(days={date.min: DayKind(True, slots)})  # refuses slots that are not in order
    return SpecialDay(
        day=date.fromisoformat(row["day"]),
        is_working=row["is_working"] == "1",
        note=row["note"],
        note_en=row["note_en"],
        published=row["status"] == PUBLISHED,
        slots=slots,
    )


@cache
def packaged() -> tuple[SpecialDay, ...]:
    """China's days as shipped: published plans, then some years from the law alone, provisional."""
    with packaged_file().open(encoding="utf-8", newline="") as file:
        return tuple(read_csv(file))


def from_library() -> tuple[SpecialDay, ...]:
    """The published years that the installed `chinesecalendar` knows; it is not needed at run time."""
    from chinese_calendar.constants import Holiday, holidays, workdays

    chinese = {holiday.value: holiday.chinese for holiday in Holiday}
    off = [SpecialDay(day, False, chinese[name][:60], name, True) for day, name in holidays.items()]
    on = [
        SpecialDay(day, True, f"{chinese[name]}调休上班"[:60], f"working day swapped for {name}", True)
        for day, name in workdays.items()
    ]
    return tuple(sorted(off + on, key=lambda special: special.day))


@cache
def packaged_calendar() -> WorkCalendar:
    """China's calendar with the usual slots, for a city that has loaded none."""
    days = packaged()
    return WorkCalendar(
        days={
            special.day: DayKind(special.is_working, special.slots, special.note, special.note_en)
            for special in days
        },
        published_years=frozenset(special.day.year for special in days if special.published),
    )
