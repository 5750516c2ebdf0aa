"""Count everything again from the journal alone, and compare every fact and every sum. Reads only.

The facts of some hundred cases at a time are folded anew and compared with those kept; the sums are compared
with the facts by the database. Months that were closed are compared with what the entries of that time give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from dispatch.indicators.counters import COUNTERS, NUMBER
from dispatch.indicators.cube import COLUMNS, KEYS, cube
from dispatch.indicators.facts import VERSION, Step, fold
from dispatch.indicators.models import ClosedMonth, Reach
from dispatch.indicators.recount import case_ids, steps_of
from dispatch.indicators.rollup import zone_of
from dispatch.workflow import KIND

NAMED_AT_MOST: Final = 50

Progress = Callable[[int, int], None]
Row = tuple[int, date, int, int, int, str, int, int]  # a fact as it is kept: counter, day, …, amount


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not what the journal gives.

    what  fact, ripening (of a case); sum, closed month (of an area); version (of the whole stream)
    """

    what: str
    where: str
    counter: str
    expected: str
    found: str


@dataclass
class Verdict:
    """What the comparison of a stream came to. `behind`: entries not counted yet, which is no fault."""

    stream: str
    seq: int = 0
    as_of: datetime | None = None
    behind: int = 0
    cases: int = 0
    facts: int = 0
    sums: int = 0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, *what: object) -> None:
        self.count += 1
        if len(self.differences) < NAMED_AT_MOST:
            self.differences.append(Difference(*map(str, what)))


def verify_indicators(stream: str, progress: Progress = lambda done, total: None) -> Verdict:
    verdict = Verdict(stream)
    with transaction.atomic(), connection.cursor() as cursor:
        if len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("CREATE TEMPORARY TABLE indicators_since (LIKE indicators_counted) ON COMMIT DROP")
        _compare(stream, verdict, progress)
        cursor.execute("DROP TABLE indicators_since")
    return verdict


def _compare(stream: str, verdict: Verdict, progress: Progress) -> None:
    head, total = _one(
        """SELECT (SELECT head FROM casework_stream WHERE code = %(stream)s),
            (SELECT count(*) FROM casework_case WHERE stream_id = %(stream)s AND kind = %(kind)s)""",
        {"stream": stream, "kind": KIND},
    )
    reach = Reach.objects.filter(pk=stream).first()
    if reach is None:
        verdict.behind = head
        return
    verdict.seq, verdict.as_of, verdict.behind = reach.seq, reach.as_of, head - reach.seq
    if reach.version != VERSION:
        verdict.add("version", stream, "", VERSION, reach.version)
        return
    closed = {each.month: each.seq for each in ClosedMonth.objects.filter(stream_id=stream)}
    zone = zone_of(stream)
    for some in case_ids(stream):
        kept, ripening = _kept(some)
        counted = 0
        for case_id, steps in steps_of(stream, some, reach.seq):
            counted += len(_compare_case(verdict, case_id, steps, zone, reach.as_of, kept, ripening))
            _note_changes_since(stream, case_id, steps, zone, reach.as_of, closed)
        for case_id, left in kept.items():
            for row in left:
                verdict.add("fact", case_id, COUNTERS[row[0]], "none", row[1:])
        verdict.cases += len(some)
        verdict.facts += counted
        progress(verdict.cases, total)
    (facts,) = _one(
        "SELECT count(*) FROM indicators_counted WHERE stream_id = %(stream)s", {"stream": stream}
    )
    if facts > verdict.facts and not verdict.count:
        verdict.add("fact", "of no case of this stream", "", verdict.facts, facts)
    _compare_sums(stream, verdict)
    _compare_closed(stream, verdict, closed)


def _kept(cases: list[UUID]) -> tuple[dict[UUID, set[Row]], dict[UUID, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT case_id, counter, day, department_id, post_id, person_id, cell, class_id, amount
                FROM indicators_counted WHERE case_id = ANY(%s)""",
            [cases],
        )
        kept: dict[UUID, set[Row]] = {}
        for case_id, *row in cursor.fetchall():
            kept.setdefault(case_id, set()).add(tuple(row))
        cursor.execute("SELECT case_id, at FROM indicators_ripening WHERE case_id = ANY(%s)", [cases])
        return kept, dict(cursor.fetchall())


def _compare_case(
    verdict: Verdict,
    case_id: UUID,
    steps: list[Step],
    zone: tzinfo,
    as_of: datetime,
    kept: dict[UUID, set[Row]],
    ripening: dict[UUID, datetime],
) -> set[Row]:
    one = fold(steps, zone, as_of)
    expected: set[Row] = {
        (NUMBER[fact.counter], *fact[1:], one.cell, one.class_id, amount)
        for fact, amount in one.facts.items()
    }
    found = kept.pop(case_id, set())
    for row in sorted(expected - found):
        verdict.add("fact", case_id, COUNTERS[row[0]], row[1:], "none or another")
    for row in sorted(found - expected):
        verdict.add("fact", case_id, COUNTERS[row[0]], "none or another", row[1:])
    if one.ripens_at != ripening.get(case_id):
        verdict.add("ripening", case_id, "", one.ripens_at, ripening.get(case_id))
    return expected


def _note_changes_since(
    stream: str, case_id: UUID, steps: list[Step], zone: tzinfo, as_of: datetime, closed: dict[date, int]
) -> None:
    """What a case has changed in a month since that month was closed; with the sign that takes it back."""
    rows: list[tuple[Any, ...]] = []
    for month, seq in closed.items():
        then = [step for step in steps if step.seq <= seq]
        if len(then) == len(steps):
            continue
        now = fold(steps, zone, as_of)
        was = [(fold(then, zone, as_of), 1)] if then else []
        for folded, sign in (*was, (now, -1)):
            rows += (
                (
                    case_id,
                    NUMBER[fact.counter],
                    *fact[1:],
                    stream,
                    folded.cell,
                    folded.class_id,
                    sign * amount,
                )
                for fact, amount in folded.facts.items()
                if fact.day.replace(day=1) == month
            )
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(
                """INSERT INTO indicators_since (case_id, counter, day, department_id, post_id, person_id,
                    stream_id, cell, class_id, amount) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
                rows,
            )


# The two relations must agree in every column that is not null; rows of nothing but nulls are no sums.
_DIFFERING = """
WITH expected AS ({expected}),
found AS (SELECT * FROM indicators_rollup WHERE stream_id = %(stream)s AND {which})
SELECT coalesce(e.grain, f.grain), coalesce(e.dim, f.dim), coalesce(e.area, f.area),
    coalesce(e.bucket, f.bucket), coalesce(e.key, f.key), {pairs}
FROM expected AS e FULL JOIN found AS f USING ({on})
WHERE ({e}) IS DISTINCT FROM ({f})
ORDER BY 1, 2, 3, 4, 5
"""


def _differing(expected: str, which: str, on: str = KEYS) -> str:
    return _DIFFERING.format(
        expected=expected,
        which=which,
        on=on,
        pairs=", ".join(f"e.{column}, f.{column}" for column in COLUMNS),
        e=", ".join(f"e.{column}" for column in COLUMNS),
        f=", ".join(f"f.{column}" for column in COLUMNS),
    )


def _compare_sums(stream: str, verdict: Verdict) -> None:
    mine = "(SELECT * FROM indicators_counted WHERE stream_id = %(stream)s)"
    _name(verdict, "sum", _differing(cube(mine), "grain <> 'f'"), stream)
    (verdict.sums,) = _one(
        "SELECT count(*) FROM indicators_rollup WHERE stream_id = %(stream)s", {"stream": stream}
    )


def _compare_closed(stream: str, verdict: Verdict, closed: dict[date, int]) -> None:
    """As it was = as it is, less what has changed since."""
    columns = "stream_id, counter, day, department_id, post_id, person_id, cell, class_id, amount"
    then = f"""(SELECT {columns} FROM indicators_counted WHERE stream_id = %(stream)s
            AND date_trunc('month', day)::date IN (SELECT month FROM indicators_closedmonth
                WHERE stream_id = %(stream)s)
        UNION ALL SELECT {columns} FROM indicators_since)"""
    months = f"SELECT * FROM ({cube(then)}) AS every WHERE grain = 'm'"
    _name(verdict, "closed month", _differing(months, "grain = 'f'", on=KEYS.replace("grain, ", "")), stream)


def _name(verdict: Verdict, what: str, sql: str, stream: str) -> None:
    for row in _some(sql, stream):
        grain, dim, area, bucket, key = row[:5]
        where = f"{area} {dim} {key or ''} {bucket} {grain}".replace("  ", " ")
        for number, name in enumerate(COUNTERS):
            expected, found = row[5 + 2 * number], row[6 + 2 * number]
            if expected != found:
                verdict.add(what, where, name, expected or 0, found or 0)


def _some(sql: str, stream: str) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"stream": stream})
        while rows := cursor.fetchmany(1000):
            yield from rows


def _one(sql: str, values: dict[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: tuple[Any, ...] = cursor.fetchone()
    return found
