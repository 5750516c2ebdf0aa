"""Clocks past their due: noted once, told once; and due dates that the calendar moved."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections

from casework.clocks import set_due
from casework.journal import instant
from casework.models import (
    CalendarDay,
    Case,
    CaseClock,
    Holding,
    Notice,
    Organisation,
    Person,
    Post,
    Stream,
    WorkingCalendar,
)
from casework.models.calendar import calendar_for, forget_calendars
from casework.sweep import NEWS, sweep_due

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 17:00 in China
MONDAY_DUE = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # four working hours later: 11:00


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_calendars()
    yield
    forget_calendars()


@pytest.fixture
def roads() -> Organisation:
    Stream.objects.create(code="990101", name="试验区")
    return Organisation.objects.create(code="roads", name="市政", kind="department")


@pytest.fixture
def chen(roads: Organisation) -> Person:
    post = Post.objects.create(organisation=roads, role="department", title="值班", stream_id="990101")
    person = Person.objects.create(username="chen", name="陈")
    Holding.objects.create(post=post, person=person, since=FRIDAY - timedelta(days=9))
    gone = Person.objects.create(username="gone", name="走")
    Holding.objects.create(
        post=post, person=gone, since=FRIDAY - timedelta(days=9), until=FRIDAY - timedelta(days=1)
    )
    return person


def clock_of(organisation: Organisation, *, state: str = "running", name: str = "handling") -> CaseClock:
    case = Case.objects.create(
        id=uuid.uuid4(),
        kind="report",
        stream_id="990101",
        number=str(uuid.uuid4())[:30],
        state="dispatched",
        opened_at=FRIDAY,
        moved_at=FRIDAY,
    )
    clock = CaseClock(
        case=case,
        name=name,
        quota=Decimal(4),
        unit="working_hour",
        organisation=organisation,
        spans=[[instant(FRIDAY), None]],
        started_at=FRIDAY,
    )
    set_due(clock, calendar_for("990101"))
    clock.state = state
    clock.save()
    return clock


def test_a_clock_is_noted_after_its_due_and_only_once(roads: Organisation, chen: Person) -> None:
    clock = clock_of(roads)
    with time_machine.travel(MONDAY_DUE, tick=False):
        assert sweep_due() == 0, "due at the very moment is not overdue"
    late = MONDAY_DUE + timedelta(seconds=1)
    with time_machine.travel(late, tick=False):
        assert sweep_due() == 1
        assert sweep_due() == 0
    clock.refresh_from_db()
    assert clock.overdue_noted_at == late
    notice = Notice.objects.get()
    assert notice.recipient == chen, "nobody who left the post is told"
    assert notice.case_id == clock.case_id
    assert notice.context["due_at"] == instant(MONDAY_DUE)


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_clocks_that_do_not_run_are_left_alone(state: str, roads: Organisation) -> None:
    clock_of(roads, state=state)
    with time_machine.travel(MONDAY_DUE + timedelta(days=1)):
        assert sweep_due() == 0


def test_old_history_is_noted_but_no_news(roads: Organisation, chen: Person) -> None:
    clock_of(roads)
    with time_machine.travel(MONDAY_DUE + NEWS + timedelta(seconds=1)):
        assert sweep_due() == 1
    assert not Notice.objects.exists()


def test_the_limit_holds(roads: Organisation) -> None:
    for _number in range(5):
        clock_of(roads)
    with time_machine.travel(MONDAY_DUE + timedelta(days=2)):
        assert sweep_due(limit=3) == 3
        assert sweep_due() == 2


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_take_each_clock_once(roads: Organisation, chen: Person) -> None:
    for _number in range(30):
        clock_of(roads)
    start, noted = threading.Barrier(3), []

    def sweep() -> None:
        try:
            start.wait()
            noted.append(sweep_due())
        finally:
            connections.close_all()

    with time_machine.travel(MONDAY_DUE + timedelta(hours=1), tick=False):
        threads = [threading.Thread(target=sweep) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(noted) == 30
    assert Notice.objects.count() == 30


def run_clocks() -> tuple[int, dict[str, object]]:
    out = StringIO()
    status = 0
    try:
        call_command("run_clocks", "--json", stdout=out)
    except SystemExit as stopped:
        status = int(str(stopped.code))
    return status, json.loads(out.getvalue())


def test_due_dates_that_the_calendar_moved_are_listed(roads: Organisation) -> None:
    with time_machine.travel(FRIDAY, tick=False):
        calendar = WorkingCalendar.objects.create(code="china", name="全国")
        clock = clock_of(roads)
        assert clock.due_at == MONDAY_DUE
        assert run_clocks() == (0, {"noted": 0, "checked": 1, "moved": []})
        CalendarDay.objects.create(calendar=calendar, day=date(2026, 11, 23), is_working=False, note="停电")
        forget_calendars()
        status, found = run_clocks()
    assert status == 1
    assert found["moved"] == [
        {
            "case": clock.case.number,
            "clock": "handling",
            "was": "2026-11-23T03:00:00Z",
            "now": "2026-11-24T03:00:00Z",
        }
    ]
