"""Following the journal: refold the cases that moved, and add the differences to the sums.

A worker holds the stream's row in `Reach` while it counts; facts, sums and reach change in one transaction,
so an entry is counted exactly once however often a worker is killed. Moves themselves write nothing of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from casework import journal
from casework.errors import Missing
from casework.models.calendar import calendar_for
from dispatch.indicators.counters import NUMBER
from dispatch.indicators.cube import NAMES, add, fill
from dispatch.indicators.facts import VERSION, Folded
from dispatch.indicators.models import Reach, Scoring
from dispatch.indicators.recount import case_ids, folded
from dispatch.workflow import KIND

ENTRIES_AT_ONCE: Final = 2000
CASES_AT_ONCE: Final = 2000

Progress = Callable[[int, int], None]

_TOUCHED = """
SELECT DISTINCT case_id FROM casework_entry
WHERE stream_id = %(stream)s AND seq > %(after)s AND seq <= %(upto)s AND kind = %(kind)s
"""
_RIPE = (
    "SELECT case_id FROM indicators_ripening WHERE stream_id = %(stream)s AND at <= %(as_of)s LIMIT %(most)s"
)

# What is new of these cases' facts goes in, what is no more goes out, and the difference into the sums.
_FRESH = """fresh AS (
    SELECT * FROM unnest(%(case)s::uuid[], %(counter)s::smallint[], %(day)s::date[], %(department)s::bigint[],
        %(post)s::bigint[], %(person)s::bigint[], %(cell)s::varchar[], %(class)s::bigint[],
        %(amount)s::bigint[])
        AS f (case_id, counter, day, department_id, post_id, person_id, cell, class_id, amount)
)"""
_SAME = """(g.counter, g.day, g.department_id, g.post_id, g.person_id, g.amount, g.cell, g.class_id)
        = (c.counter, c.day, c.department_id, c.post_id, c.person_id, c.amount, c.cell, c.class_id)"""
_COLUMNS = "case_id, counter, day, department_id, post_id, person_id, stream_id, cell, class_id, amount"
_CHANGE = f"""
WITH {_FRESH}, gone AS (
    DELETE FROM indicators_counted AS c WHERE case_id = ANY(%(cases)s::uuid[])
        AND NOT EXISTS (SELECT FROM fresh AS g WHERE g.case_id = c.case_id AND {_SAME})
    RETURNING {_COLUMNS}
), come AS (
    SELECT case_id, counter, day, department_id, post_id, person_id, %(stream)s::varchar AS stream_id, cell,
        class_id, amount
    FROM fresh AS g WHERE NOT EXISTS (
        SELECT FROM indicators_counted AS c WHERE c.case_id = g.case_id AND {_SAME})
)
INSERT INTO indicators_change ({_COLUMNS})
SELECT {_COLUMNS} FROM come
UNION ALL SELECT {_COLUMNS.replace("amount", "-amount")} FROM gone
"""
_FILL = f"""
WITH {_FRESH}
INSERT INTO indicators_counted ({_COLUMNS}) SELECT case_id, counter, day, department_id, post_id, person_id,
    %(stream)s::varchar, cell, class_id, amount FROM fresh
"""
_MONTHS = """
SELECT DISTINCT date_trunc('month', day)::date FROM indicators_counted WHERE stream_id = %s ORDER BY 1
"""
_OF_MONTH = """(SELECT * FROM indicators_counted WHERE stream_id = %(stream)s
    AND day >= %(month)s AND day < %(month)s + interval '1 month')"""
# grouping by hashing in memory takes half as long as by sorting on disk
_IN_MEMORY = "SET LOCAL work_mem = '128MB'"
# Differences pass through a table of the session: a statement that deletes a row cannot write it again.
_CHANGES = """
CREATE TEMPORARY TABLE IF NOT EXISTS indicators_change (LIKE indicators_counted) ON COMMIT DELETE ROWS
"""
_KEEP = f"""
INSERT INTO indicators_counted ({_COLUMNS}) SELECT {_COLUMNS} FROM indicators_change WHERE amount > 0
"""


@dataclass(frozen=True)
class Counted:
    """What one pass did. `behind`: entries still to be counted."""

    entries: int = 0
    cases: int = 0
    behind: int = 0
    rebuilt: bool = False


def zone_of(stream: str) -> ZoneInfo:
    """Whose days these are: the working calendar's, else the installation's."""
    try:
        return calendar_for(stream).zone
    except Missing:
        return ZoneInfo(timezone.get_default_timezone_name())


def reach_of(stream: str) -> Reach | None:
    return Reach.objects.filter(pk=stream).first()


def roll_up(stream: str, *, at_most: int = ENTRIES_AT_ONCE) -> Counted | None:
    """Count the next entries of a stream, in one transaction; None when another worker is at it."""
    with transaction.atomic():
        reach = _taken(stream)
        if reach is None:
            return None
        if reach.version != VERSION:
            return _rebuild(stream, reach)
        head = journal.head(stream)
        upto = min(head, reach.seq + at_most)
        as_of = max(timezone.now(), reach.as_of)
        values = {
            "stream": stream, "after": reach.seq, "upto": upto, "kind": KIND, "as_of": as_of,
            "most": at_most,
        }  # fmt: skip
        cases = {row[0] for row in _rows(_TOUCHED, values)} if upto > reach.seq else set()
        ripe = _rows(_RIPE, values)
        if len(ripe) == at_most:
            as_of = reach.as_of  # more than one pass can take: the moment moves on with the last of them
        cases |= {row[0] for row in ripe}
        if cases:
            _recount(stream, cases, upto, zone_of(stream), max(as_of, reach.as_of))
        counted = Counted(upto - reach.seq, len(cases), head - upto)
        reach.seq, reach.as_of, reach.rolled_at = upto, as_of, timezone.now()
        reach.save()
        _close_months(stream, reach, caught_up=upto == head)
    return counted


def catch_up(stream: str, progress: Progress = lambda done, total: None) -> Counted:
    """Count until nothing is left; gives way to another worker."""
    entries = cases = 0
    rebuilt = False
    while (done := roll_up(stream)) is not None:
        entries, cases = entries + done.entries, cases + done.cases
        rebuilt = rebuilt or done.rebuilt
        progress(entries, entries + done.behind)
        if not done.behind:
            break
    return Counted(entries, cases, 0, rebuilt)


def rebuild(stream: str, progress: Progress = lambda done, total: None) -> Counted:
    """Make facts and sums anew, in one transaction: readers see the old ones until then."""
    with transaction.atomic():
        reach = _taken(stream, wait=True)
        assert reach is not None, "waited for"
        return _rebuild(stream, reach, progress)


# --- inside the transaction ---------------------------------------------------------------------------------


def _taken(stream: str, *, wait: bool = False) -> Reach | None:
    """The stream's row, locked; made when it is the first time."""
    now = timezone.now()
    Reach.objects.bulk_create(
        [Reach(stream_id=stream, as_of=now, rolled_at=now, version=VERSION)], ignore_conflicts=True
    )
    return Reach.objects.select_for_update(skip_locked=not wait).filter(pk=stream).first()


def _recount(stream: str, cases: Iterable[UUID], upto: int, zone: ZoneInfo, as_of: datetime) -> None:
    ids = list(cases)
    with connection.cursor() as cursor:
        cursor.execute(_IN_MEMORY)
        cursor.execute(_CHANGES)
        cursor.execute("TRUNCATE indicators_change")
        counted: list[tuple[UUID, Folded]] = []
        for begin in range(0, len(ids), CASES_AT_ONCE):
            some = ids[begin : begin + CASES_AT_ONCE]
            counted = list(folded(stream, some, upto, zone, as_of))
            cursor.execute(_CHANGE, {"stream": stream, "cases": some, **_columns(counted)})
            _keep_ripening(cursor, stream, some, counted)
        cursor.execute(_KEEP)
        cursor.execute(add("indicators_change"))


def _columns(counted: Iterable[tuple[UUID, Folded]]) -> dict[str, list[Any]]:
    """The facts of these cases, a list for each column."""
    rows = [
        (case_id, NUMBER[fact.counter], *fact[1:], one.cell, one.class_id, amount)
        for case_id, one in counted
        for fact, amount in one.facts.items()
    ]
    names = ("case", "counter", "day", "department", "post", "person", "cell", "class", "amount")
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _keep_ripening(
    cursor: Any, stream: str, cases: list[UUID], counted: Iterable[tuple[UUID, Folded]]
) -> None:
    cursor.execute("DELETE FROM indicators_ripening WHERE case_id = ANY(%s::uuid[])", [cases])
    waiting = [(case_id, one.ripens_at) for case_id, one in counted if one.ripens_at]
    if waiting:
        cursor.execute(
            """INSERT INTO indicators_ripening (case_id, stream_id, at)
                SELECT case_id, %s, at FROM unnest(%s::uuid[], %s::timestamptz[]) AS w (case_id, at)""",
            [stream, [case for case, _at in waiting], [at for _case, at in waiting]],
        )


def _rebuild(stream: str, reach: Reach, progress: Progress = lambda done, total: None) -> Counted:
    """All cases folded, then all sums, a month at a time."""
    upto, as_of = journal.head(stream), max(timezone.now(), reach.as_of)
    zone, cases = zone_of(stream), 0
    every = "SELECT count(*) FROM casework_case WHERE stream_id = %s AND kind = %s"
    total = _rows(every, [stream, KIND])[0][0]
    with connection.cursor() as cursor:
        cursor.execute(_IN_MEMORY)
        cursor.execute("DELETE FROM indicators_counted WHERE stream_id = %s", [stream])
        cursor.execute("DELETE FROM indicators_rollup WHERE stream_id = %s AND grain <> 'f'", [stream])
        cursor.execute("DELETE FROM indicators_ripening WHERE stream_id = %s", [stream])
        for some in case_ids(stream, chunk=CASES_AT_ONCE):
            counted = list(folded(stream, some, upto, zone, as_of))
            cursor.execute(_FILL, {"stream": stream, **_columns(counted)})
            _keep_ripening(cursor, stream, some, counted)
            cases += len(some)
            progress(cases, total)
        cursor.execute("ANALYZE indicators_counted")
        for month in _rows(_MONTHS, [stream]):
            cursor.execute(fill(_OF_MONTH), {"stream": stream, "month": month[0]})
    reach.seq, reach.as_of, reach.rolled_at, reach.version = upto, as_of, timezone.now(), VERSION
    reach.save()
    _close_months(stream, reach, caught_up=True)
    return Counted(upto, cases, 0, rebuilt=True)


# --- months -------------------------------------------------------------------------------------------------


_CLOSE = f"""
WITH closing AS (
    INSERT INTO indicators_closedmonth (stream_id, month, seq, closed_at)
    SELECT DISTINCT stream_id, bucket, %(seq)s::bigint, %(now)s::timestamptz FROM indicators_rollup
    WHERE stream_id = %(stream)s AND grain = 'm' AND dim = '' AND width = 6 AND bucket <= %(last)s
    ON CONFLICT DO NOTHING RETURNING month
)
INSERT INTO indicators_rollup (stream_id, grain, dim, width, area, bucket, key, {NAMES})
SELECT stream_id, 'f', dim, width, area, bucket, key, {NAMES} FROM indicators_rollup
WHERE stream_id = %(stream)s AND grain = 'm' AND bucket IN (SELECT month FROM closing)
"""


def _close_months(stream: str, reach: Reach, *, caught_up: bool) -> None:
    """Months that ended long enough ago stand from now on as they are."""
    if not caught_up:
        return
    today = reach.as_of.astimezone(zone_of(stream)).date()
    last = last_to_close(today, closes_after(stream, today))
    values: dict[str, Any] = {"stream": stream, "seq": reach.seq, "now": reach.rolled_at, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT EXISTS (SELECT FROM indicators_rollup AS r WHERE stream_id = %(stream)s AND grain = 'm'
                AND dim = '' AND width = 6 AND bucket <= %(last)s AND NOT EXISTS (SELECT FROM
                indicators_closedmonth AS c WHERE c.stream_id = r.stream_id AND c.month = r.bucket))""",
            {key: values[key] for key in ("stream", "last")},
        )
        if cursor.fetchone()[0]:
            cursor.execute(_CLOSE, values)


def closes_after(stream: str, on: date) -> int:
    row = Scoring.objects.filter(stream_id=stream, valid_from__lte=on).order_by("-valid_from").first()
    return row.closes_after if row else Scoring._meta.get_field("closes_after").get_default()


def last_to_close(today: date, after: int) -> date:
    """The first day of the latest month that ended at least so many days ago."""
    end = (today - timedelta(days=after)).replace(day=1)  # months before this one are over long enough
    return (end - timedelta(days=1)).replace(day=1)


def _rows(sql: str, values: Mapping[str, Any] | list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
