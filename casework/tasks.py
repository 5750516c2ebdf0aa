"""What happens by itself, every minute or every night. Each task may run twice or late without harm."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import connections
from django.db.models import Q
from django.utils import timezone
from procrastinate import JobContext, exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from casework import journal, notices, photos, replay, settling, sweep
from casework.models import Person, Stream
from casework.roles import Role

log = logging.getLogger(__name__)

STALLED_AFTER_SECONDS = 60
MONTHS_AHEAD = 3
KEEP_JOBS_HOURS = 48


def periodic(cron: str) -> Callable[[Callable[[], object]], Callable[..., None]]:
    """A task that the worker starts by the clock, never queued twice, that gives back its connection."""

    def made(function: Callable[[], object]) -> Callable[..., None]:
        name = f"{function.__module__.partition('.')[0]}.{function.__name__}"

        @app.periodic(cron=cron, periodic_id=name)
        @app.task(name=name, queueing_lock=name)
        @functools.wraps(function)
        def task(timestamp: int) -> None:
            try:
                function()
            finally:
                # The thread goes back to the worker; its connection must not stay behind.
                connections.close_all()

        return task

    return made


@periodic("* * * * *")
def send_notices() -> None:
    notices.deliver_due()


@periodic("* * * * *")
def sweep_clocks() -> None:
    sweep.sweep_due()


@periodic("* * * * *")
def settle_calendars() -> None:
    """After a calendar has changed, until every clock has followed."""
    settling.settle_calendars()


@periodic("7 4 * * *")
def verify_clocks() -> None:
    """Every clock once more from the journal; whoever runs the system is told of differences."""
    for stream in Stream.objects.order_by("code").values_list("code", flat=True):
        verdict = replay.verify_clocks(stream)
        if not verdict.count:
            continue
        log.error("%s clocks of %s differ from the journal: %s", verdict.count, stream, verdict.differences)
        today = timezone.localdate()
        for person in Person.objects.filter(
            Q(holdings__until__isnull=True) | Q(holdings__until__gt=timezone.now()),
            holdings__post__role=Role.SYSTEM_ADMIN,
            is_active=True,
        ).distinct():
            notices.notify(
                key=f"clocks:{stream}:{today}:{person.pk}",
                channel="live",
                template="clocks_differ",
                context={"count": verdict.count, "stream": stream},
                person=person,
            )


@periodic("11 3 * * *")
def make_partitions() -> None:
    """The journal's months ahead, long before the first entry needs them."""
    today = timezone.now().date()
    journal.ensure_partitions(today, today + timedelta(days=31 * MONTHS_AHEAD))


@periodic("23 3 * * *")
def forget_unclaimed_photos() -> None:
    photos.forget_unclaimed()


@app.periodic(cron="* * * * *", periodic_id="casework.rescue_jobs")
@app.task(name="casework.rescue_jobs", queueing_lock="casework.rescue_jobs", pass_context=True)
async def rescue_jobs(context: JobContext, timestamp: int) -> None:
    """Start again what a dead worker left half done."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
        try:
            await manager.retry_job(job)
            log.warning("job %s (%s) was left by its worker; it runs again", job.id, job.task_name)
        except exceptions.ConnectorException:
            # Its like waits in the queue already and may do so only once.
            await manager.finish_job(job, status=Status.FAILED, delete_job=False)
    await manager.prune_stalled_workers(STALLED_AFTER_SECONDS)


@app.periodic(cron="37 3 * * *", periodic_id="casework.clear_jobs")
@app.task(name="casework.clear_jobs", queueing_lock="casework.clear_jobs", pass_context=True)
async def clear_jobs(context: JobContext, timestamp: int) -> None:
    """Three jobs a minute would fill the table; failed ones stay to be looked at."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEEP_JOBS_HOURS)
