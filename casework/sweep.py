"""Looking over the running clocks: which passed their due, and whether their due dates still hold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from casework.calendars import due_at
from casework.clocks import limit_of, spans_of
from casework.journal import instant
from casework.models.calendar import calendar_for
from casework.models.clock import CaseClock
from casework.models.org import Holding
from casework.models.person import Person
from casework.notices import notify

# What is older, such as imported history, is noted but is no news.
NEWS = timedelta(days=1)


def sweep_due(limit: int = 500) -> int:
    """Note the running clocks that passed their due and tell those who answer for them; return how many.

    Any number of sweeps may run at once: each takes rows that no other holds, and noting a clock takes it out
    of the partial index that finds it. `due_at` does not move when the sweep is late.
    """
    noted = 0
    while batch := _sweep_some(min(200, limit - noted)):
        noted += batch
    return noted


@transaction.atomic
def _sweep_some(limit: int) -> int:
    now = timezone.now()
    due = list(
        CaseClock.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(state=CaseClock.State.RUNNING, overdue_noted_at__isnull=True, due_at__lt=now)
        .select_related("case")
        .order_by("due_at")[: max(0, limit)]
    )
    CaseClock.objects.filter(pk__in=[clock.pk for clock in due]).update(overdue_noted_at=now)
    news = [clock for clock in due if clock.due_at and clock.due_at > now - NEWS]
    responsible = _people_of({clock.organisation_id for clock in news if clock.organisation_id})
    for clock in news:
        for person in responsible[clock.organisation_id]:
            notify(
                key=f"overdue:{clock.pk}:{person.pk}",
                channel="live",
                template="case_overdue",
                context={
                    "number": clock.case.number,
                    "clock": clock.name,
                    "due_at": instant(clock.due_at) if clock.due_at else "",
                },
                case_id=clock.case_id,
                person=person,
            )
    return len(due)


def _people_of(organisations: set[int]) -> dict[int | None, list[Person]]:
    """Who holds a post in these organisations now."""
    now = timezone.now()
    people: dict[int | None, list[Person]] = defaultdict(list)
    held = (
        Holding.objects.filter(
            Q(until__isnull=True) | Q(until__gt=now), since__lte=now, person__is_active=True
        )
        .filter(post__organisation_id__in=organisations)
        .select_related("person", "post")
        .order_by("person_id")
    )
    for holding in held:
        if holding.person not in people[holding.post.organisation_id]:
            people[holding.post.organisation_id].append(holding.person)
    return people


@dataclass(frozen=True)
class MovedDue:
    """A running clock whose stored due date is not what its calendar says now."""

    case: str
    clock: str
    was: datetime | None
    now: datetime


def due_dates_that_moved() -> tuple[int, list[MovedDue]]:
    """How many running clocks were computed again, and those that came out differently."""
    checked, moved = 0, []
    running = CaseClock.objects.filter(state=CaseClock.State.RUNNING).select_related("case").order_by("pk")
    for clock in running.iterator(chunk_size=2000):
        due = due_at(calendar_for(clock.case.stream_id), limit_of(clock), spans_of(clock))
        checked += 1
        if (clock.due_at, clock.provisional) != (due.at, due.provisional):
            moved.append(MovedDue(clock.case.number, clock.name, clock.due_at, due.at))
    return checked, moved
