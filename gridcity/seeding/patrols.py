"""The patrols behind a generated history: who was on duty when, and in which cells.

They agree with the reports and answers that the history holds: whoever reported from a cell was in it then,
on duty. Positions are not made up, only what would be left of them after a month: shifts and visits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from dispatch.models import CellVisit, Shift
from dispatch.phone.policy import patrol_policy
from gridcity.seeding.bulk import copy_rows
from gridcity.seeding.world import World

BEGIN, END = time(8), time(17, 30)
NOON, NOON_ENDS = time(12), time(13)
WEEKEND_DUTY: Final = 0.6  # of the inspectors, each day of a weekend
COVERED: Final = (0.6, 0.95)  # of her cells she sees in a day
IN_A_CELL_MIN: Final = (3.0, 9.0)
DAYS: Final = 14  # made up at most: what figures and maps of patrols look back on
AROUND: Final = timedelta(minutes=15)  # on duty so long before and after what she did out of hours
STAYED: Final = timedelta(minutes=3)  # in a cell before and after what she did there
SHIFT_COLUMNS: Final = ("id", "stream_id", "person_id", "began_at", "ended_at")
VISIT_COLUMNS: Final = ("person_id", "shift_id", "cell_code", "came_at", "left_at", "delete_on")
ACTS: Final = """
SELECT person, cell, at FROM (
    SELECT report.reporter_id, report.cell_code, report.reported_at FROM dispatch_report AS report
    WHERE report.reporter_id IS NOT NULL
    UNION ALL
    SELECT task.inspector_id, report.cell_code, task.done_at
    FROM dispatch_task AS task JOIN dispatch_report AS report ON report.case_id = task.case_id
    WHERE task.state = 'done'
) AS acts (person, cell, at)
WHERE starts_with(cell, %s) AND at >= %s AND at <= %s ORDER BY person, at
"""

Span = tuple[datetime, datetime]
Stay = tuple[str, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Patrol:
    """One person's day: when she was on duty, and where."""

    person_id: int
    shifts: Sequence[Span]
    stays: Sequence[Stay]


def write_patrols(world: World, *, seed: int, days: int, until: datetime) -> tuple[int, int]:
    """Patrols of the last days, after those that are there; how many shifts and visits."""
    keep = patrol_policy(world.stream).keep_visits_days
    last = Shift.objects.filter(stream_id=world.stream).order_by("-began_at").first()
    first = until.astimezone(world.calendar.zone).date() - timedelta(days=min(days, keep - 1, DAYS))
    if last is not None:
        first = max(first, last.began_at.astimezone(world.calendar.zone).date() + timedelta(days=1))
    rng = Random(f"{seed}/patrols")
    shifts: list[tuple[Any, ...]] = []
    visits: list[tuple[Any, ...]] = []
    for patrol in patrols(world, first=first, until=until, rng=rng):
        ids = [UUID(int=rng.getrandbits(128), version=4) for _ in patrol.shifts]
        for shift_id, (began, ended) in zip(ids, patrol.shifts, strict=True):
            shifts.append((shift_id, world.stream, patrol.person_id, began, ended))
        for cell, came, left in patrol.stays:
            within = next(
                (i for i, span in zip(ids, patrol.shifts, strict=True) if span[0] <= came <= span[1]), None
            )
            if within is not None:
                delete_on = left.date() + timedelta(days=keep)
                visits.append((patrol.person_id, within, cell, came, left, delete_on))
    with transaction.atomic(), connection.cursor() as cursor:
        copy_rows(cursor, Shift._meta.db_table, SHIFT_COLUMNS, shifts)
        copy_rows(cursor, CellVisit._meta.db_table, VISIT_COLUMNS, visits)
    return len(shifts), len(visits)


def patrols(world: World, *, first: date, until: datetime, rng: Random) -> Iterator[Patrol]:
    """Each person's days from the first one on, up to an instant."""
    zone = world.calendar.zone
    own: dict[int, list[str]] = {}
    for cell, actor in sorted(world.walks.items()):
        own.setdefault(actor.person_id, []).append(cell)
    acts = _acts(world, first, until)
    day = first
    while (began := datetime.combine(day, time(), zone)) <= until:
        for person_id, cells in sorted(own.items()):
            done = acts.get((person_id, day), [])
            duty = rng.random() < WEEKEND_DUTY if began.weekday() >= 5 else True
            spans = [(at - AROUND, at + AROUND) for _cell, at in done]
            if duty:
                late = timedelta(minutes=rng.uniform(-12, 12))
                spans.append(
                    (datetime.combine(day, BEGIN, zone) + late, datetime.combine(day, END, zone) + late)
                )
            shifts = [(begin, min(end, until)) for begin, end in joined(spans) if begin < until]
            if shifts:
                yield Patrol(person_id, shifts, _stays(cells, done, shifts, rng))
        day += timedelta(days=1)


def _acts(world: World, first: date, until: datetime) -> dict[tuple[int, date], list[tuple[str, datetime]]]:
    """What inspectors did where, by person and day."""
    zone = world.calendar.zone
    found: dict[tuple[int, date], list[tuple[str, datetime]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ACTS, [world.stream, datetime.combine(first, time(), zone), until])
        for person, cell, at in cursor:
            local = at.astimezone(zone)
            found.setdefault((person, local.date()), []).append((cell, local))
    return found


def joined(spans: Sequence[Span]) -> list[Span]:
    """Spans in order; those that touch are one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _stays(
    cells: Sequence[str], done: Sequence[tuple[str, datetime]], shifts: Sequence[Span], rng: Random
) -> list[Stay]:
    """What she did out there, and in between her round: most of her cells in their order, from anywhere."""
    begin, end = max(shifts, key=lambda span: span[1] - span[0])
    stays = [(cell, at - STAYED, min(at + STAYED, shifts[-1][1])) for cell, at in done]
    start, share = rng.randrange(len(cells)), rng.uniform(*COVERED)
    at = begin
    for cell in [*cells[start:], *cells[:start]]:
        if rng.random() > share:
            continue
        if NOON <= at.time() < NOON_ENDS:
            at = datetime.combine(at.date(), NOON_ENDS, at.tzinfo)
        left = at + timedelta(minutes=rng.uniform(*IN_A_CELL_MIN))
        if left > end:
            break
        if not any(at < until and came < left for _cell, came, until in stays[: len(done)]):
            stays.append((cell, at, left))
        at = left
    return stays
