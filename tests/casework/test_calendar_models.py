"""Calendars as rows: versions, the copy that a process keeps, and the import."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import chinese_calendar
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from casework import holidays
from casework.calendars import Limit, Unit, due_at
from casework.errors import Missing
from casework.models import CalendarDay, CalendarYear, Stream, WorkingCalendar
from casework.models import calendar as calendar_rows
from casework.models.calendar import calendar_for, forget_calendars

pytestmark = pytest.mark.django_db

SATURDAY = date(2026, 11, 21)


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_calendars()
    yield
    forget_calendars()


@pytest.fixture
def stream() -> str:
    Stream.objects.create(code="990101", name="试验区", calendar_code="city")
    return "990101"


@pytest.fixture
def city() -> WorkingCalendar:
    return WorkingCalendar.objects.create(code="city", name="试验市")


def version(calendar: WorkingCalendar) -> int:
    calendar.refresh_from_db(fields=["version"])
    return calendar.version


def run(*args: str) -> dict[str, object]:
    out = StringIO()
    call_command("import_calendar", *args, "--json", stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


class TestVersion:
    def test_rises_with_every_change_of_days_and_years(self, city: WorkingCalendar) -> None:
        seen = [version(city)]
        day = CalendarDay.objects.create(calendar=city, day=SATURDAY, is_working=True)
        seen.append(version(city))
        CalendarDay.objects.filter(pk=day.pk).update(note="调休上班")
        seen.append(version(city))
        CalendarDay.objects.filter(pk=day.pk).delete()
        seen.append(version(city))
        CalendarYear.objects.bulk_create([CalendarYear(calendar=city, year=2026)])
        seen.append(version(city))
        WorkingCalendar.objects.filter(pk=city.pk).update(slots=[["09:00", "17:00"]])
        seen.append(version(city))
        assert seen == sorted(set(seen)), "each change must raise it"

    def test_of_another_calendar_stays(self, city: WorkingCalendar) -> None:
        other = WorkingCalendar.objects.create(code="other", name="别处")
        before = version(other)
        CalendarDay.objects.create(calendar=city, day=SATURDAY, is_working=True)
        assert version(other) == before


class TestCalendarFor:
    def test_gives_slots_days_and_published_years(self, stream: str, city: WorkingCalendar) -> None:
        city.slots = [["09:00", "17:00"]]
        city.save()
        CalendarDay.objects.create(calendar=city, day=SATURDAY, is_working=True, slots=[["09:00", "10:00"]])
        CalendarYear.objects.create(calendar=city, year=2026, status=CalendarYear.Status.PUBLISHED)
        friday = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # 16:00 in China
        found = due_at(calendar_for(stream), Limit(Decimal(3), Unit.WORKING_HOUR), [(friday, None)])
        assert found.at == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
        assert not found.provisional

    def test_asks_nothing_while_it_knows(
        self, stream: str, city: WorkingCalendar, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        first = calendar_for(stream)
        with django_assert_num_queries(0):
            assert calendar_for(stream) is first

    def test_looks_again_after_a_minute_and_reads_only_what_changed(
        self,
        stream: str,
        city: WorkingCalendar,
        monkeypatch: pytest.MonkeyPatch,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        now = 1000.0
        monkeypatch.setattr(calendar_rows, "monotonic", lambda: now)
        first = calendar_for(stream)
        CalendarDay.objects.create(calendar=city, day=SATURDAY, is_working=True)
        now += 59
        assert calendar_for(stream) is first
        now += 2
        second = calendar_for(stream)
        assert second.slots_on(SATURDAY)
        assert not first.slots_on(SATURDAY)
        now += 61
        with django_assert_num_queries(1):
            assert calendar_for(stream) is second

    def test_a_city_without_rows_has_the_packaged_calendar(self) -> None:
        Stream.objects.create(code="990102", name="试验区")
        assert calendar_for("990102") is holidays.packaged_calendar()

    def test_unknown_names_are_refused(self, stream: str) -> None:
        with pytest.raises(Missing, match="990199"):
            calendar_for("990199")
        with pytest.raises(Missing, match="city"):
            calendar_for(stream)


class TestSlots:
    @pytest.mark.parametrize(
        "slots",
        [
            [["08:00"]],
            [["8:00", "12:00"]],
            [["12:00", "08:00"]],
            [["08:00", "12:00"], ["11:00", "13:00"]],
            [],
            "x",
        ],
    )
    def test_refused(self, slots: object) -> None:
        with pytest.raises(ValidationError):
            WorkingCalendar(code="city", name="试验市", slots=slots).full_clean()

    def test_good(self) -> None:
        slots = [["00:00", "08:00"], ["08:00", "24:00"]]
        WorkingCalendar(code="city", name="试验市", slots=slots).full_clean()


class TestPackagedDays:
    def test_agree_with_the_library_on_every_day(self) -> None:
        calendar = holidays.packaged_calendar()
        day = date(2004, 1, 1)
        while day.year <= 2026:
            assert bool(calendar.slots_on(day)) == chinese_calendar.is_workday(day), day
            day = date.fromordinal(day.toordinal() + 1)

    def test_are_what_the_library_gives(self) -> None:
        published = [special for special in holidays.packaged() if special.published]
        # names are ours where the library's are too long for a calendar's cell
        assert [(s.day, s.is_working) for s in published] == [
            (s.day, s.is_working) for s in holidays.from_library()
        ]

    def test_end_with_provisional_years(self) -> None:
        provisional = {special.day.year for special in holidays.packaged() if not special.published}
        assert provisional == {2027, 2028, 2029}
        assert not any(special.is_working for special in holidays.packaged() if not special.published)


class TestImport:
    def test_dry_run_writes_nothing(self) -> None:
        found = run()
        assert found["added"] == len(holidays.packaged())
        assert found["committed"] is False
        assert not WorkingCalendar.objects.exists()

    def test_packaged(self) -> None:
        found = run("--commit")
        assert found["published"] == list(range(2004, 2027))
        assert found["provisional"] == [2027, 2028, 2029]
        calendar = WorkingCalendar.objects.get(code="china")
        assert calendar.days.count() == found["added"] == len(holidays.packaged())
        assert calendar.years.get(year=2026).status == "published"
        assert calendar.years.get(year=2027).status == "provisional"
        again = run("--commit")
        assert (again["added"], again["changed"], again["removed"]) == (0, 0, 0)

    def test_from_the_library(self) -> None:
        found = run("--from", "chinesecalendar", "--years", "2025-2027", "--commit")
        assert found["published"] == [2025, 2026]
        assert found["provisional"] == [2027]

    def test_a_published_plan_replaces_the_guess_but_not_what_was_entered_by_hand(
        self, tmp_path: Path
    ) -> None:
        run("--commit")
        calendar = WorkingCalendar.objects.get(code="china")
        CalendarDay.objects.create(calendar=calendar, day=date(2027, 3, 10), is_working=False, note="停电")
        calendar.days.filter(day=date(2027, 6, 9)).update(is_working=True, local=True)
        plan = tmp_path / "2027.csv"
        plan.write_text(
            "day,is_working,slots,note,note_en,status\n"
            "2027-01-01,0,,元旦,New Year's Day,published\n"
            "2027-02-20,1,,春节调休上班,working day swapped for Spring Festival,published\n"
            "2027-06-09,0,,端午,Dragon Boat Festival,published\n"
            '2027-12-31,1,"[[""08:00"", ""12:00""]]",半天,half day,published\n',
            encoding="utf-8",
        )
        found = run("--file", str(plan), "--commit")
        assert found["published"] == [2027]
        assert found["kept"] == ["2027-06-09"]
        assert found["added"] == 2
        days = dict(calendar.days.filter(day__year=2027).values_list("day", "is_working"))
        assert days == {
            date(2027, 1, 1): False,
            date(2027, 2, 20): True,
            date(2027, 3, 10): False,
            date(2027, 6, 9): True,
            date(2027, 12, 31): True,
        }
        assert calendar.days.get(day=date(2027, 12, 31)).slots == [["08:00", "12:00"]]
        # the guess, imported once more, does not come back
        assert run("--commit")["passed"] == [2027]

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("2027-02-30,0,,,,published", "Line 2"),
            ("2027-02-20,yes,,,,published", "is_working"),
            ("2027-02-20,0,,,,sure", "status"),
            ('2027-02-20,1,"[[""12:00"", ""08:00""]]",,,published', "not in order"),
            ("2027-02-20,1\n2027-02-21,1", "Line 2"),
        ],
    )
    def test_a_line_that_cannot_be_read_is_named(self, line: str, why: str, tmp_path: Path) -> None:
        plan = tmp_path / "plan.csv"
        plan.write_text(f"day,is_working,slots,note,note_en,status\n{line}\n", encoding="utf-8")
        with pytest.raises(CommandError, match=why):
            run("--file", str(plan), "--commit")
        assert not WorkingCalendar.objects.exists()

    def test_years_must_be_years(self) -> None:
        with pytest.raises(CommandError, match="2004-2026"):
            run("--years", "soon")
