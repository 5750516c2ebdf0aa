"""Thresholds of clocks: noted once, told once, whatever happens; and due dates that the calendar moved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, connections

from casework.clocks import pause, set_due, stop
from casework.journal import instant
from casework.models import (
    Alarm,
    CalendarDay,
    Case,
    CaseClock,
    Holding,
    Mute,
    Notice,
    Organisation,
    Person,
    Post,
    Stream,
    Threshold,
    WorkingCalendar,
)
from casework.models.calendar import calendar_for, forget_calendars
from casework.sweep import NEWS, sweep_due
from casework.thresholds import forget_steps

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 17:00 in China
MONDAY_DUE = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # four working hours later: 11:00
MONDAY_WARNING = datetime(2026, 11, 23, 2, 12, tzinfo=UTC)  # 80 % of four hours: 3 h 12 min


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    forget_calendars()
    forget_steps()
    yield
    forget_calendars()
    forget_steps()


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
    """As a move would have left it; a clock that does not run has no next threshold."""
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
    if state == "paused":
        pause(clock, FRIDAY)
    elif state == "stopped":
        stop(clock, FRIDAY)
    clock.save()
    return clock


def test_each_threshold_is_noted_after_its_instant_and_only_once(roads: Organisation, chen: Person) -> None:
    clock = clock_of(roads)
    assert clock.next_alarm_at == MONDAY_WARNING
    second = timedelta(seconds=1)
    for at, expected in (
        (MONDAY_WARNING, 0),
        (MONDAY_WARNING + second, 1),
        (MONDAY_DUE, 0),  # due at the very moment is not overdue
        (MONDAY_DUE + second, 1),
        (MONDAY_DUE + 2 * second, 0),
    ):
        with time_machine.travel(at, tick=False):
            assert sweep_due() == expected, at
    assert [(alarm.step, alarm.at, alarm.fired_at) for alarm in Alarm.objects.order_by("pk")] == [
        ("warning", MONDAY_WARNING, MONDAY_WARNING + second),
        ("overdue", MONDAY_DUE, MONDAY_DUE + second),
    ]
    assert [(notice.template, notice.recipient) for notice in Notice.objects.order_by("created_at")] == [
        ("clock_warning", chen),
        ("case_overdue", chen),
    ], "nobody who left the post is told"
    overdue = Notice.objects.get(template="case_overdue")
    assert overdue.case_id == clock.case_id
    assert overdue.context["due_at"] == instant(MONDAY_DUE)
    assert Alarm.objects.last().told == [  # type: ignore[union-attr]
        {"person": chen.pk, "post": Post.objects.get().pk, "channels": ["live"]}
    ]


def test_what_was_reached_together_is_noted_all_and_told_once(roads: Organisation, chen: Person) -> None:
    clock_of(roads)
    with time_machine.travel(MONDAY_DUE + timedelta(seconds=1), tick=False):
        assert sweep_due() == 2
    assert Notice.objects.get().template == "case_overdue"


def test_channels_are_those_by_which_a_person_can_be_reached(roads: Organisation, chen: Person) -> None:
    Person.objects.filter(pk=chen.pk).update(email="chen@example.org")
    clock_of(roads)
    with time_machine.travel(MONDAY_DUE + timedelta(seconds=1), tick=False):
        sweep_due()
    assert {notice.channel for notice in Notice.objects.all()} == {"live", "email"}


def test_who_mutes_is_not_told_but_her_colleague_is(roads: Organisation, chen: Person) -> None:
    other = Person.objects.create(username="zhao", name="赵")
    Holding.objects.create(post=Post.objects.get(), person=other, since=FRIDAY)
    Mute.objects.create(person=chen, step="overdue")
    clock_of(roads)
    with time_machine.travel(MONDAY_DUE + timedelta(seconds=1), tick=False):
        sweep_due()
    assert Notice.objects.get().recipient == other
    told = {row["person"]: row for row in Alarm.objects.get(step="overdue").told}
    assert told[chen.pk] == {
        "person": chen.pk,
        "post": Post.objects.get().pk,
        "channels": [],
        "muted": ["live"],
    }, "the record says that she had muted it"


def test_the_chain_is_that_of_the_moment(roads: Organisation, chen: Person) -> None:
    """Who holds the post when the threshold is reached is told, not who held it when the clock began."""
    clock_of(roads)
    heir = Person.objects.create(username="heir", name="继")
    Holding.objects.filter(person=chen).update(until=MONDAY_WARNING)
    Holding.objects.create(post=Post.objects.get(), person=heir, since=MONDAY_WARNING)
    with time_machine.travel(MONDAY_WARNING + timedelta(seconds=1), tick=False):
        sweep_due()
    assert Notice.objects.get().recipient == heir


def test_the_superior_is_told_of_what_is_overdue_and_not_of_a_warning(
    roads: Organisation, chen: Person
) -> None:
    above = Organisation.objects.create(code="bureau", name="局", kind="government")
    Organisation.objects.filter(pk=roads.pk).update(parent=above)
    head = Person.objects.create(username="head", name="长")
    post = Post.objects.create(organisation=above, role="manager", title="长", stream_id="990101")
    Holding.objects.create(post=post, person=head, since=FRIDAY)
    clock_of(roads)
    for at in (MONDAY_WARNING, MONDAY_DUE):
        with time_machine.travel(at + timedelta(seconds=1), tick=False):
            sweep_due()
    told = {(notice.template, str(notice.recipient)) for notice in Notice.objects.all()}
    assert told == {("clock_warning", "陈"), ("case_overdue", "陈"), ("case_overdue", "长")}


def test_thresholds_are_the_citys(roads: Organisation, chen: Person) -> None:
    Threshold.objects.create(step="half", share="0.5", channels=["live"])
    forget_steps()
    clock = clock_of(roads)
    assert clock.next_alarm_at == FRIDAY + timedelta(hours=63, minutes=60), "Monday 09:00"


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_clocks_that_do_not_run_are_left_alone(state: str, roads: Organisation) -> None:
    clock_of(roads, state=state)
    with time_machine.travel(MONDAY_DUE + timedelta(days=1)):
        assert sweep_due() == 0


def test_old_history_is_noted_but_no_news(roads: Organisation, chen: Person) -> None:
    clock_of(roads)
    with time_machine.travel(MONDAY_DUE + 2 * NEWS):
        assert sweep_due() == 3
    assert not Notice.objects.exists()


def test_the_limit_holds(roads: Organisation) -> None:
    for _number in range(5):
        clock_of(roads)
    with time_machine.travel(MONDAY_DUE + timedelta(days=2)):
        assert sweep_due(limit=3) == 3 * 3
        assert sweep_due() == 2 * 3


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
    assert sum(noted) == 60
    assert Alarm.objects.count() == 60
    assert Notice.objects.count() == 30


DYING = """
import os, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = settings.DATABASES["default"]["TEST"]["NAME"]
django.setup()
from casework import sweep
real = sweep.notify
told = []
def notify(**given):
    real(**given)
    told.append(given)
    if len(told) == {after}:
        os.kill(os.getpid(), 9)  # in the middle of a transaction
sweep.notify = notify
from datetime import datetime
import time_machine
with time_machine.travel(datetime.fromisoformat("{at}"), tick=False):
    sweep.sweep_due()
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_workers_killed_in_the_middle_lose_nothing_and_tell_nothing_twice(
    roads: Organisation, chen: Person
) -> None:
    """Four workers at once, each killed at another notice; then one goes through."""
    for _number in range(12):
        clock_of(roads)
    late = MONDAY_DUE + timedelta(minutes=1)
    name = connection.settings_dict["NAME"]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", DYING.format(after=after, at=late.isoformat())],
            env={
                **os.environ,
                "GRIDCITY_TEST_DATABASE": name,
                "DJANGO_SETTINGS_MODULE": "gridcity.settings_test",
            },
            stderr=subprocess.PIPE,
        )
        for after in (1, 2, 3, 4)
    ]
    ends = [
        (worker.wait(timeout=120), (worker.stderr.read() if worker.stderr else b"")) for worker in workers
    ]
    assert [status for status, _ in ends] == [-9] * 4, ends
    assert Alarm.objects.count() == 2 * (0 + 1 + 2 + 3), "what was finished before stays, the rest is undone"
    with time_machine.travel(late, tick=False):
        assert sweep_due() == 2 * (12 - 6)
        assert sweep_due() == 0
    assert Alarm.objects.count() == 24
    assert Notice.objects.count() == 12
    assert {notice.case_id for notice in Notice.objects.all()} == set(
        Case.objects.values_list("pk", flat=True)
    )


def run_clocks(*options: str) -> tuple[int, dict[str, object]]:
    out = StringIO()
    status = 0
    try:
        call_command("run_clocks", "--json", *options, stdout=out)
    except SystemExit as stopped:
        status = int(str(stopped.code))
    return status, json.loads(out.getvalue())


def test_due_dates_that_the_calendar_moved_are_listed(roads: Organisation) -> None:
    with time_machine.travel(FRIDAY, tick=False):
        calendar = WorkingCalendar.objects.create(code="china", name="全国")
        clock = clock_of(roads)
        assert clock.due_at == MONDAY_DUE
        assert run_clocks() == (0, {"noted": 0, "checked": 1, "moved": [], "committed": False})
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
