"""Working calendars as data: slots, holidays, swapped working days, and which years are known for certain."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from time import monotonic
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework.calendars import DayKind, WorkCalendar
from casework.errors import Missing
from casework.holidays import packaged_calendar, slots_of
from casework.models.journal import Stream

PACKAGED_CODE = "china"
REREAD_AFTER_SECONDS = 60.0

SLOT = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


def usual_slots() -> list[list[str]]:
    """The half-day slots of the Yuncheng rules, morning and afternoon."""
    return [["08:00", "12:00"], ["14:00", "18:00"]]


def check_slots(value: Any) -> None:
    """[["08:00", "12:00"], …]: in order, none empty, none overlapping. An empty list is a day off."""
    if not isinstance(value, list) or not all(
        isinstance(slot, list)
        and len(slot) == 2
        and all(isinstance(t, str) and SLOT.fullmatch(t) for t in slot)
        for slot in value
    ):
        raise ValidationError(_('Slots look like [["08:00", "12:00"], ["14:00", "18:00"]].'))
    edges = [edge for slot in value for edge in slot]
    # Strings of the form HH:MM sort as times do. A slot may begin where the one before ends.
    if any(start >= end for start, end in value) or any(a > b for a, b in pairwise(edges)):
        raise ValidationError(_("Slots must follow one another and each must end after it starts."))


def check_working_slots(value: Any) -> None:
    """As `check_slots`, for a calendar's usual day, which must have some working time."""
    check_slots(value)
    if not value:
        raise ValidationError(_("A working day needs at least one slot."))


class WorkingCalendar(models.Model):
    """Slots of an ordinary working day and the days that differ from Monday to Friday.

    version is raised by the database whenever this row, its years or its days change (triggers of
    migration `calendar_version`), so processes know when to read it again.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    district_code = models.CharField(_("district"), max_length=12, blank=True)
    zone = models.CharField(_("time zone"), max_length=40, default="Asia/Shanghai")
    slots = models.JSONField(
        _("slots of a working day"),
        default=usual_slots,
        validators=[check_working_slots],
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("working calendar")
        verbose_name_plural = _("working calendars")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class CalendarYear(models.Model):
    """Whether the State Council's plan for a year is in. A year without a row is provisional."""

    class Status(models.TextChoices):
        PROVISIONAL = "provisional", _("provisional")
        PUBLISHED = "published", _("published")

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField(_("year"))
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PROVISIONAL)
    notice_no = models.CharField(_("number of the notice"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("year of a calendar")
        verbose_name_plural = _("years of calendars")
        ordering = ("calendar", "year")
        constraints = (models.UniqueConstraint(fields=["calendar", "year"], name="one_row_a_calendar_year"),)

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.year} {self.status}"


class CalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday, a swapped working day, a half holiday.

    slots   working slots of this day when they are not the calendar's usual ones
    local   entered by hand for this city: an import leaves it alone and it wins over the imported day
    """

    calendar = models.ForeignKey(WorkingCalendar, on_delete=models.CASCADE, related_name="days")
    day = models.DateField(_("day"))
    is_working = models.BooleanField(_("working day"))
    note = models.CharField(_("note"), max_length=60, blank=True)
    note_en = models.CharField(_("English note"), max_length=60, blank=True)
    slots = models.JSONField(_("slots of this day"), null=True, blank=True, validators=[check_slots])
    local = models.BooleanField(_("entered by hand"), default=True)

    class Meta:
        verbose_name = _("special day of a calendar")
        verbose_name_plural = _("special days of calendars")
        ordering = ("calendar", "day")
        constraints = (models.UniqueConstraint(fields=["calendar", "day"], name="one_row_a_calendar_day"),)

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.day} {'+' if self.is_working else '-'}"


class CalendarRecord(models.Model):
    """A version of a calendar as it was, kept by a trigger (`calendar_records.sql`), never changed.

    settled_at  when every running clock had been computed again under it
    """

    calendar_code = models.CharField(_("calendar"), max_length=20)
    version = models.PositiveIntegerField(_("version"))
    made_at = models.DateTimeField(_("made at"))
    made_by = models.BigIntegerField(_("transaction"))
    contents = models.JSONField(_("contents"))
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of a calendar")
        verbose_name_plural = _("versions of calendars")
        ordering = ("calendar_code", "version")
        constraints = (
            models.UniqueConstraint(fields=["calendar_code", "version"], name="calendar_version_once"),
        )

    def __str__(self) -> str:
        return f"{self.calendar_code}@{self.version}"


class _Known(NamedTuple):
    """What this process read last, and when (monotonic seconds)."""

    read_at: float
    by_stream: dict[str, str]
    versions: dict[str, int]
    calendars: dict[str, WorkCalendar]


_known = _Known(-REREAD_AFTER_SECONDS, {}, {}, {})


def calendar_for(stream_code: str) -> WorkCalendar:
    """The calendar by which a stream's clocks run.

    cost    a dictionary look-up; once a minute, or after `forget_calendars()`, one query for the versions,
            and two more for each calendar that changed
    raises  Missing when the stream is unknown or its calendar was never loaded
    """
    global _known
    known = _known
    if monotonic() - known.read_at >= REREAD_AFTER_SECONDS or stream_code not in known.by_stream:
        _known = known = _read_versions(known)
    code = known.by_stream.get(stream_code)
    if code is None:
        raise Missing(
            gettext("There is no stream “%(code)s”.") % {"code": stream_code},
            field="stream",
            value=stream_code,
        )
    found = known.calendars.get(code)
    if found is None:
        found = known.calendars[code] = _read_calendar(code)
    return found


def forget_calendars() -> None:
    """Read the calendars again at the next need, in this process."""
    global _known
    _known = _Known(-REREAD_AFTER_SECONDS, {}, {}, {})


def _read_versions(known: _Known) -> _Known:
    version = WorkingCalendar.objects.filter(code=models.OuterRef("calendar_code")).values("version")
    rows = list(
        Stream.objects.annotate(version=models.Subquery(version)).values_list(
            "code", "calendar_code", "version"
        )
    )
    versions = {calendar: version or 0 for _code, calendar, version in rows}
    unchanged = {
        code: calendar
        for code, calendar in known.calendars.items()
        if versions.get(code) == known.versions.get(code)
    }
    return _Known(monotonic(), {code: calendar for code, calendar, _version in rows}, versions, unchanged)


def _read_calendar(code: str) -> WorkCalendar:
    """The calendar's last version."""
    last = CalendarRecord.objects.filter(calendar_code=code).order_by("-version").first()
    if last is not None and WorkingCalendar.objects.filter(code=code).exists():
        return _calendar_of(last)
    if code == PACKAGED_CODE:
        return packaged_calendar()
    raise Missing(
        gettext("The working calendar “%(code)s” is not loaded.") % {"code": code},
        field="calendar",
        value=code,
        mend=gettext("Run: bin/gridcity import_calendar --calendar %(code)s --commit") % {"code": code},
    )


def calendar_at(code: str, version: int) -> WorkCalendar | None:
    """A calendar as it was in one version, 0 being the packaged one; None when that version is not kept."""
    if version == 0:
        return packaged_calendar()
    record = CalendarRecord.objects.filter(calendar_code=code, version=version).first()
    return _calendar_of(record) if record else None


def _calendar_of(record: CalendarRecord) -> WorkCalendar:
    held = record.contents
    return WorkCalendar(
        zone=ZoneInfo(held["zone"]),
        slots=slots_of(held["slots"]),
        days={
            date.fromisoformat(day): DayKind(
                is_working, None if slots is None else slots_of(slots), note, note_en
            )
            for day, is_working, slots, note, note_en in held["days"]
        },
        published_years=frozenset(held["published"]),
        version=record.version,
    )
