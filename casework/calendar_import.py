"""Bringing a calendar's stored days in line with a source, year by year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db import transaction

from casework.calendars import Slot
from casework.holidays import SpecialDay
from casework.models.calendar import (
    PACKAGED_CODE,
    CalendarDay,
    CalendarYear,
    WorkingCalendar,
    forget_calendars,
)

NAMES = {PACKAGED_CODE: ("全国工作日历", "Working calendar of China")}


@dataclass
class Changes:
    """What an import did, or would do.

    kept    days entered by hand that differ from the source; they stay as they are
    passed  years whose plan is published here already and only guessed in the source
    """

    calendar: str
    published: list[int] = field(default_factory=list)
    provisional: list[int] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@transaction.atomic
def bring_in(code: str, source: Iterable[SpecialDay], years: range, *, write: bool) -> Changes:
    """Let the calendar hold exactly the source's days in these years, but for days entered by hand.

    The calendar is made when it is missing. Years that the source does not name are provisional.
    """
    changes = Changes(code)
    calendar = WorkingCalendar.objects.select_for_update().filter(code=code).first()
    wanted: dict[int, list[SpecialDay]] = {year: [] for year in years}
    for special in source:
        if special.day.year in wanted:
            wanted[special.day.year].append(special)
    have_years = {row.year: row for row in calendar.years.all()} if calendar else {}
    have_days: dict[int, dict[date, CalendarDay]] = {}
    for row in calendar.days.all() if calendar else ():
        have_days.setdefault(row.day.year, {})[row.day] = row
    if calendar is None:
        name, name_en = NAMES.get(code, (code, ""))
        calendar = WorkingCalendar(code=code, name=name, name_en=name_en)
        if write:
            calendar.save()

    add: list[CalendarDay] = []
    change: list[CalendarDay] = []
    remove: list[CalendarDay] = []
    for year, special_days in wanted.items():
        is_published = bool(special_days) and all(special.published for special in special_days)
        known = have_years.get(year)
        if known and known.status == CalendarYear.Status.PUBLISHED and not is_published:
            changes.passed.append(year)
            continue
        (changes.published if is_published else changes.provisional).append(year)
        status = CalendarYear.Status.PUBLISHED if is_published else CalendarYear.Status.PROVISIONAL
        if write and (known is None or known.status != status):
            calendar.years.update_or_create(year=year, defaults={"status": status})
        stored = have_days.get(year, {})
        for special in special_days:
            held = stored.pop(special.day, None)
            if held is None:
                add.append(_row(calendar, special))
            elif _differs(held, special):
                if held.local:
                    changes.kept.append(special.day.isoformat())
                else:
                    change.append(_row(calendar, special, pk=held.pk))
        remove += [row for row in stored.values() if not row.local]

    changes.added, changes.changed, changes.removed = len(add), len(change), len(remove)
    if write:
        CalendarDay.objects.bulk_create(add)
        if change:
            CalendarDay.objects.bulk_update(change, ["is_working", "note", "note_en", "slots"])
        if remove:
            calendar.days.filter(pk__in=[row.pk for row in remove]).delete()
        transaction.on_commit(forget_calendars)
    return changes


def _row(calendar: WorkingCalendar, special: SpecialDay, pk: int | None = None) -> CalendarDay:
    return CalendarDay(
        pk=pk,
        calendar=calendar,
        day=special.day,
        is_working=special.is_working,
        note=special.note,
        note_en=special.note_en,
        slots=_slots_json(special.slots),
        local=False,
    )


def _differs(row: CalendarDay, special: SpecialDay) -> bool:
    return (row.is_working, row.note, row.note_en, row.slots) != (
        special.is_working,
        special.note,
        special.note_en,
        _slots_json(special.slots),
    )


def _slots_json(slots: tuple[Slot, ...] | None) -> list[list[str]] | None:
    if slots is None:
        return None
    return [[f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}"] for start, end in slots]
