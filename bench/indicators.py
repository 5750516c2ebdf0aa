"""How much faster are kept sums than counting? `bench/run indicators [--cases 200000] [--rounds 5]`

Writes 36 months of closed cases, eight journal entries each, into a stream of its own (hash chains do not
hold: use a city apart), counts them, and asks the same of the product's table, of a plain GROUP BY over the
journal, and of DuckDB over the same entries in its own column format. The numbers must be equal, or it ends
with 2.

goals   36 months: ≥ 300 × the plain query, ≥ 40 × DuckDB; last month by any dimension ≤ 150 ms;
        following the journal costs ≤ 5 % of a move (--move-ms: 6 + 2.6 ms of bench/run intake, not measured
        here; moves themselves write nothing of this, so there is no hot row in them)

The times of plain query and DuckDB grow with the cases, that of the table with the keys (40 departments, 200
communities) and months only; so ratios at 5,000,000 cases are higher than at fewer, and are not extrapolated.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from bench import common
from bench.common import verdict

STREAM = "990001"
FIRST, MONTHS = date(2023, 11, 1), 36
DEPARTMENTS, COMMUNITIES, CLASSES = 40, 200, 100
COUNTED = ("filed", "dispatched", "handle_on_time", "handle_late", "closed", "closed_us")

_CASES = """
INSERT INTO casework_case (id, kind, stream_id, number, state, version, chain_hash, opened_at, moved_at,
    ended_at, card)
SELECT md5('bench' || i)::uuid, 'report', %(stream)s, 'B' || i, 'closed', 8, '', at, at + interval '9 days',
    at + interval '9 days', '{{}}'
FROM (SELECT i, %(first)s::timestamptz + (i::float8 / {cases} * 1095) * interval '1 day' AS at
    FROM generate_series(0, {cases} - 1) AS i) AS c
"""
# eight steps, a few hours apart; one case in five is handled after its deadline
_ENTRIES = """
INSERT INTO casework_entry (stream_id, seq, recorded_at, case_id, case_seq, kind, verb, at, state_from,
    state_to, facts, card, prev_hash, hash)
SELECT %(stream)s, row_number() OVER (ORDER BY at, i, n), at, md5('bench' || i)::uuid, n, 'report', verb,
    at, '',
    CASE verb WHEN 'close' THEN 'closed' ELSE 'handling' END,
    CASE verb WHEN 'dispatch' THEN jsonb_build_object('organisation_id', department, 'organisation',
            'department', 'by_hand', false, 'reason', 'rule', 'clocks', jsonb_build_object('handling',
            jsonb_build_object('does', 'start', 'quota', '1', 'unit', 'working_day', 'calendar', 1, 'due_at',
            to_jsonb(at + interval '7 hours'))))
        WHEN 'finish' THEN '{{"photos": ["x"], "clocks": {{"handling": {{"does": "stop"}}}}}}'
        WHEN 'answer_check' THEN '{{"result": "pass"}}' ELSE '{{}}' END,
    jsonb_build_object('id', md5('bench' || i), 'number', 'B' || i, 'state', 'handling', 'class_id', class,
        'source', 'inspector', 'lon', 116.4, 'lat', 39.9, 'cell_code', cell, 'department_id', department,
        'reported_at', to_jsonb(began)),
    '', sha256(convert_to(i || '/' || n, 'UTF8'))
FROM (SELECT i, 1 + (hashint4(i) & 2147483647) %% {departments} AS department,
        1 + (hashint4(i + 7) & 2147483647) %% {classes} AS class,
        '990001' || lpad((1 + (hashint4(i + 3) & 2147483647) %% 10)::text, 3, '0')
            || lpad((1 + (hashint4(i + 3) & 2147483647) %% {communities})::text, 3, '0') || '001' AS cell,
        %(first)s::timestamptz + (i::float8 / {cases} * 1095) * interval '1 day' AS began,
        interval '1 hour' * (1 + (hashint4(i + 5) & 2147483647) %% 8) AS pace
    FROM generate_series(0, {cases} - 1) AS i) AS c
CROSS JOIN LATERAL (SELECT *, date_trunc('milliseconds', began + (n - 1) * pace) AS at
    FROM unnest(ARRAY['report', 'file', 'dispatch', 'accept', 'finish', 'send_check', 'answer_check',
        'close']) WITH ORDINALITY AS step (verb, n)) AS e
"""
# what anybody would write: one pass over the entries, a row a case, grouped by department
_PLAIN = """
SELECT department, count(*), count(dispatched), count(*) FILTER (WHERE handled <= due),
    count(*) FILTER (WHERE handled > due), count(closed),
    sum(extract(epoch FROM closed - reported) * 1000000)::bigint
FROM (SELECT case_id, max((facts->>'organisation_id')::bigint) FILTER (WHERE verb = 'dispatch') AS department,
        min(at) FILTER (WHERE verb = 'report') AS reported, min(at) FILTER (WHERE verb = 'file') AS filed,
        min(at) FILTER (WHERE verb = 'dispatch') AS dispatched,
        min(at) FILTER (WHERE verb = 'finish') AS handled, min(at) FILTER (WHERE verb = 'close') AS closed,
        max((facts->'clocks'->'handling'->>'due_at')::timestamptz) FILTER (WHERE verb = 'dispatch') AS due
    FROM casework_entry WHERE stream_id = %(stream)s AND kind = 'report' GROUP BY case_id) AS c
GROUP BY department
"""
_FLAT = """
SELECT case_id::text AS case_id, verb, (extract(epoch FROM at) * 1000000)::bigint AS at,
    (facts->>'organisation_id')::bigint AS department,
    (extract(epoch FROM (facts->'clocks'->'handling'->>'due_at')::timestamptz) * 1000000)::bigint AS due
FROM casework_entry WHERE stream_id = '990001'
"""
_DUCK = """
SELECT department, count(*), count(dispatched), count(*) FILTER (WHERE handled <= due),
    count(*) FILTER (WHERE handled > due), count(closed), sum(closed - reported)::BIGINT
FROM (SELECT case_id, max(department) FILTER (WHERE verb = 'dispatch') AS department,
        min(at) FILTER (WHERE verb = 'report') AS reported,
        min(at) FILTER (WHERE verb = 'dispatch') AS dispatched,
        min(at) FILTER (WHERE verb = 'finish') AS handled, min(at) FILTER (WHERE verb = 'close') AS closed,
        max(due) FILTER (WHERE verb = 'dispatch') AS due
    FROM entry GROUP BY case_id) GROUP BY department
"""


def make(cases: int) -> None:
    """The stream's cases and entries, unless they are there already."""
    from django.db import connection, transaction

    from casework.journal import ensure_partitions
    from casework.models import Stream

    sizes = {"cases": cases, "departments": DEPARTMENTS, "communities": COMMUNITIES, "classes": CLASSES}
    if Stream.objects.filter(pk=STREAM, head=cases * 8).exists():
        return
    if Stream.objects.filter(pk=STREAM).exists():
        sys.exit("another number of cases stands here already: use a city apart (GRIDCITY_VAR)")
    ensure_partitions(FIRST, date(2026, 12, 1))
    values = {"stream": STREAM, "first": f"{FIRST} 08:00+08"}
    with transaction.atomic(), connection.cursor() as cursor:
        Stream.objects.create(code=STREAM, name="yardstick", head=cases * 8)
        cursor.execute(_CASES.format(**sizes), values)
        cursor.execute(_ENTRIES.format(**sizes), values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE casework_entry")


def timed(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """The median of so many rounds in ms, and the last answer."""
    taken: list[float] = []
    answer: Any = None
    for _ in range(rounds):
        began = time.perf_counter()
        answer = work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), answer


def rows_of(sql: str) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, {"stream": STREAM})
        found: list[tuple[Any, ...]] = sorted(tuple(map(int, row)) for row in cursor.fetchall())
    return found


def duck(folder: Path) -> Callable[[], Any] | None:
    """DuckDB over the same entries in its own format; None where it is not installed."""
    try:
        import duckdb
    except ImportError:
        print("DuckDB is not installed: pip install duckdb into this environment to compare")
        return None
    from django.db import connection

    file = folder / "entry.csv"
    with (
        connection.cursor() as cursor,
        file.open("wb") as out,
        cursor.copy(f"COPY ({_FLAT}) TO STDOUT (FORMAT csv, HEADER)") as copy,
    ):
        for piece in copy:
            out.write(piece)
    base = duckdb.connect(str(folder / "entry.duckdb"))
    base.execute(
        f"CREATE TABLE entry AS SELECT case_id, verb, at::BIGINT AS at, department::BIGINT AS department,"
        f" due::BIGINT AS due FROM read_csv('{file}', all_varchar=true, nullstr='')"
    )
    return lambda: sorted(tuple(map(int, row)) for row in base.execute(_DUCK).fetchall())


def following(entries: int = 250) -> float:
    """Milliseconds an entry, when the worker follows in passes of so many: the last ones counted anew."""
    from dispatch.indicators.models import Reach
    from dispatch.indicators.rollup import roll_up

    head = Reach.objects.get(pk=STREAM).seq
    passes = 8
    Reach.objects.filter(pk=STREAM).update(seq=head - entries * passes)
    # facts of these cases go back to what the entries before gave, as a worker would find them
    _forget_since(head - entries * passes)
    ms, _answer = timed(lambda: roll_up(STREAM, at_most=entries), passes)
    return ms / entries


def _forget_since(seq: int) -> None:
    from django.db import transaction
    from django.utils import timezone

    from dispatch.indicators import rollup

    touched = rollup._rows(
        "SELECT DISTINCT case_id FROM casework_entry WHERE stream_id = %s AND seq > %s", [STREAM, seq]
    )
    with transaction.atomic():
        rollup._recount(STREAM, [row[0] for row in touched], seq, rollup.zone_of(STREAM), timezone.now())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--move-ms", type=float, default=8.6, help="what a move costs (bench/run intake)")
    given = parser.parse_args()
    common.set_up()

    from dispatch.indicators.models import Reach
    from dispatch.indicators.periods import By
    from dispatch.indicators.rollup import rebuild
    from dispatch.indicators.tables import Asked, table_of
    from dispatch.metrics import Period, Scope

    began = time.perf_counter()
    make(given.cases)
    print(f"{given.cases:,} cases, {given.cases * 8:,} entries: {time.perf_counter() - began:.0f} s")
    if not Reach.objects.filter(pk=STREAM, seq=given.cases * 8).exists():
        began = time.perf_counter()
        rebuild(STREAM)
        took = time.perf_counter() - began
        print(f"counted from nothing: {took:.0f} s, {given.cases * 8 / took:,.0f} entries a second")

    every = Scope(STREAM, Period(FIRST, date(2026, 11, 30)))
    board_ms, board = timed(lambda: table_of(Asked(every, By.DEPARTMENT, {})), given.rounds)
    ours = sorted(
        (int(row.key), *(row.sums.get(name, 0) for name in COUNTED)) for row in board.rows if row.key != "0"
    )
    plain_ms, plain = timed(lambda: rows_of(_PLAIN), max(1, given.rounds // 2))
    same = ours == plain
    print(f"36 months by department: table {board_ms:.1f} ms, plain {plain_ms:,.0f} ms, equal: {same}")
    met = [verdict("board, times faster than the plain query", plain_ms / board_ms, 300)]
    with tempfile.TemporaryDirectory() as folder:
        if asks := duck(Path(folder)):
            duck_ms, theirs = timed(asks, given.rounds)
            same = same and ours == theirs
            print(f"DuckDB {duck_ms:.1f} ms, equal: {ours == theirs}")
            met.append(verdict("board, times faster than DuckDB", duck_ms / board_ms, 40))
    month = Scope(STREAM, Period(date(2026, 9, 15), date(2026, 10, 14)))
    for by in By:
        ms, _table = timed(lambda by=by: table_of(Asked(month, by, {})), given.rounds)  # type: ignore[misc]
        met.append(verdict(f"last thirty days by {by}, ms", ms, 150, at_most=True))
    share = following() / given.move_ms
    met.append(verdict("following the journal, share of a move", share, 0.05, at_most=True))
    if not same:
        print("THE NUMBERS DIFFER")
        return 2
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
