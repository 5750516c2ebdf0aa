"""The worker's own round: tasks start by the clock, and a dead worker's job is taken up again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from casework import tasks
from casework.models import Notice
from casework.notices import notify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_jobs_of_yesterday(transactional_db: None) -> None:
    """Procrastinate's tables are not Django's to empty between tests."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def work() -> None:
    """Let a worker do what waits, once."""

    async def run() -> None:
        with app.replace_connector(app.connector.get_worker_connector()) as working:  # type: ignore[attr-defined]
            # what the clock would start by itself this minute is not part of the story
            working.periodic_registry = type(working.periodic_registry)()
            async with working.open_async():
                await working.run_worker_async(wait=False, install_signal_handlers=False, concurrency=1)

    asyncio.run(run())


def defer(task: Any) -> int:
    return int(task.defer(timestamp=int(timezone.now().timestamp())))


def test_every_task_is_there_and_none_is_started_twice() -> None:
    periodic = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert periodic["casework.send_notices"] == periodic["casework.sweep_clocks"] == "* * * * *"
    assert {name for name in periodic if name.startswith("casework.")} == {
        "casework.send_notices",
        "casework.sweep_clocks",
        "casework.settle_calendars",
        "casework.verify_clocks",
        "casework.make_partitions",
        "casework.forget_unclaimed_photos",
        "casework.rescue_jobs",
        "casework.clear_jobs",
    }
    assert all(app.tasks[name].queueing_lock == name for name in periodic if name.startswith("casework."))


def test_a_worker_sends_notices() -> None:
    notify(
        key="k",
        channel="live",
        template="report_closed",
        context={"number": "1", "subject": "x"},
        address="a",
    )
    job = defer(tasks.send_notices)
    work()
    assert ProcrastinateJob.objects.get(pk=job).status == "succeeded"
    assert Notice.objects.get().state == Notice.State.SENT


def test_every_other_task_runs_too() -> None:
    jobs = [
        defer(task)
        for task in (
            tasks.sweep_clocks,
            tasks.make_partitions,
            tasks.forget_unclaimed_photos,
            tasks.clear_jobs,
        )
    ]
    work()
    statuses = set(ProcrastinateJob.objects.filter(pk__in=jobs).values_list("status", flat=True))
    assert statuses == {"succeeded"}


def abandon(job: int, at: datetime) -> None:
    """As a worker leaves it that was killed in the middle."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id", [at])
        (worker,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [worker, job]
        )


def test_a_job_left_by_a_dead_worker_runs_again() -> None:
    job = defer(tasks.send_notices)
    abandon(job, timezone.now() - timedelta(minutes=5))
    defer(tasks.rescue_jobs)
    work()
    assert ProcrastinateJob.objects.get(pk=job).status == "succeeded"


def test_a_job_of_a_living_worker_is_left_to_it() -> None:
    job = defer(tasks.send_notices)
    abandon(job, timezone.now())
    defer(tasks.rescue_jobs)
    work()
    assert ProcrastinateJob.objects.get(pk=job).status == "doing"


def test_a_dead_job_whose_like_waits_already_is_closed() -> None:
    dead = defer(tasks.send_notices)
    abandon(dead, timezone.now() - timedelta(minutes=5))
    waiting = defer(tasks.send_notices)
    defer(tasks.rescue_jobs)
    # the rescue first, while the other still waits
    ProcrastinateJob.objects.filter(pk=waiting).update(scheduled_at=timezone.now() + timedelta(hours=1))
    work()
    assert ProcrastinateJob.objects.get(pk=dead).status == "failed"
    assert ProcrastinateJob.objects.get(pk=waiting).status == "todo"
