"""A calendar changed: every running clock is computed again, case by case, and those concerned are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from casework import clocks
from casework.access import the_city
from casework.flows import flow_of
from casework.journal import instant
from casework.models import CalendarRecord, Case, CaseClock, Stream
from casework.models.calendar import REREAD_AFTER_SECONDS, calendar_for, forget_calendars
from casework.moves import Moving, locked, open_clocks, write
from casework.notices import notify
from casework.sweep import people_of, words_of

# Other processes may go on with the calendar they have read for so long.
SETTLED_AFTER = timedelta(seconds=2 * REREAD_AFTER_SECONDS)
RECOMPUTE = "recompute"


@dataclass(frozen=True)
class MovedDue:
    """A running clock whose due date is not what its calendar says now."""

    case: str
    clock: str
    was: datetime | None
    now: datetime | None


def settle_calendars() -> list[MovedDue]:
    """Compute anew what runs by a calendar that has changed; return what moved.

    A change is settled when a whole pass began after every process must have seen it.
    """
    began = timezone.now()
    open_records = CalendarRecord.objects.filter(settled_at__isnull=True)
    codes = set(open_records.values_list("calendar_code", flat=True))
    if not codes:
        return []
    forget_calendars()
    moved: list[MovedDue] = []
    for stream in Stream.objects.filter(calendar_code__in=codes).values_list("code", flat=True):
        moved += recompute_stream(stream)
    open_records.filter(calendar_code__in=codes, made_at__lt=began - SETTLED_AFTER).update(settled_at=began)
    return moved


def recompute_stream(stream: str) -> list[MovedDue]:
    """Write down every due date of a stream that the calendar has moved; one transaction a case."""
    return [moved for case_id in cases_that_moved(stream) for moved in recompute_case(case_id)]


def cases_that_moved(stream: str) -> Iterator[UUID]:
    """The cases with a running clock whose due is not what the calendar gives now."""
    seen: UUID | None = None
    for clock, _due in _moved_clocks(stream):
        if clock.case_id != seen:
            seen = clock.case_id
            yield seen


def due_dates_that_moved(calendar: str = "") -> tuple[int, list[MovedDue]]:
    """How many running clocks were computed again, and those that came out differently; writes nothing.

    calendar  only clocks that run by it
    """
    streams = Stream.objects.filter(calendar_code=calendar) if calendar else Stream.objects.all()
    codes = list(streams.order_by("code").values_list("code", flat=True))
    moved = [
        MovedDue(clock.case.number, clock.name, was, clock.due_at)
        for code in codes
        for clock, was in _moved_clocks(code)
    ]
    running = CaseClock.objects.filter(state=CaseClock.State.RUNNING, case__stream_id__in=codes)
    return running.count(), moved


def _moved_clocks(stream: str) -> Iterator[tuple[CaseClock, datetime | None]]:
    """Running clocks, computed anew in memory, that came out differently; and what was due before."""
    calendar = calendar_for(stream)
    running = (
        CaseClock.objects.filter(state=CaseClock.State.RUNNING, case__stream_id=stream)
        .select_related("case")
        .order_by("case_id", "pk")
    )
    for clock in running.iterator(chunk_size=2000):
        was = clock.due_at, clock.provisional
        clocks.set_due(clock, calendar)
        if (clock.due_at, clock.provisional) != was:
            yield clock, was[0]


@transaction.atomic
def recompute_case(case_id: UUID) -> list[MovedDue]:
    """Compute a case's running clocks again: new due dates, an entry in the journal, notices, or nothing."""
    case = locked(case_id)
    flow = flow_of(case.kind)
    if case.ended_at is not None or RECOMPUTE not in flow.moves:
        return []
    at = max(timezone.now(), case.moved_at)
    calendar = calendar_for(case.stream_id)
    running = open_clocks(case_id)
    before = {name: clock.due_at for name, clock in running.items()}
    changed, acts = clocks.recompute(running, at, calendar)
    if not changed:
        return []
    moved = [MovedDue(case.number, clock.name, before[clock.name], clock.due_at) for clock in changed]
    for clock, move in zip(changed, moved, strict=True):
        if move.was != move.now:
            _tell(case, clock, move, f"moved:{clock.pk}:{calendar.version}:{case.version}")
    made = Moving(case, flow.moves[RECOMPUTE], the_city(case.stream_id), at, running, case.state, _card_of)
    write(made, changed, acts, final=False)
    return moved


def _card_of(case: Case, running: object) -> dict[str, object]:
    assert isinstance(running, dict)
    return {**case.card, **clocks.face(running)}


def _tell(case: Case, clock: CaseClock, move: MovedDue, key: str) -> None:
    flow = flow_of(case.kind)
    context = {
        **words_of(flow, case, clock),
        "was_at": instant(move.was) if move.was else "",
        "due_at": instant(move.now) if move.now else "",
    }
    for person in people_of(case, clock):
        notify(
            key=f"{key}:{person.pk}",
            channel="live",
            template="deadline_moved",
            context=context,
            case_id=case.pk,
            person=person,
        )
