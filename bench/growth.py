"""Does it stay fast as the city's memory grows? `bench/run growth [--small 10000] [--large 1000000]`

Measures report intake and a dispatcher's list of 50 at the small size, grows the city to the large one, and
measures again in the same sitting, over the same rows of everything else. `simulate` writes history in bulk
up to --made cases; beyond that the cases, clocks and entries of that history are copied under new
identifiers, which weighs the same and takes minutes instead of an hour. The copies' chains do not hold: use a
city apart.
goals   intake ≤ 1.2 × slower; list ≤ 1.3 × slower and p99 ≤ 50 ms
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import common
from bench.common import BENCH, Load, gridcity, interleaved, median, verdict, wrk

CASES_A_DAY = 2000


# One more of each case that was made, with all that hangs on it; `round` tells the copies apart.
_COPY = """
CREATE TEMPORARY TABLE copied ON COMMIT DROP AS
    SELECT id AS old, md5(id::text || %(round)s)::uuid AS new
    FROM casework_case WHERE number NOT LIKE '%%-%%' LIMIT %(most)s;
CREATE UNIQUE INDEX ON copied (old);
ANALYZE copied;
INSERT INTO casework_case (id, kind, stream_id, number, state, organisation_id, version, chain_hash,
        opened_at, moved_at, ended_at, due_at, card)
    SELECT new, kind, stream_id, number || '-' || %(round)s, state, organisation_id, version, chain_hash,
        opened_at, moved_at, ended_at, due_at,
        card || jsonb_build_object('id', new, 'number', number || '-' || %(round)s)
    FROM casework_case JOIN copied ON id = old;
INSERT INTO dispatch_report ({report})
    SELECT {report_values} FROM dispatch_report AS r JOIN copied ON case_id = old;
INSERT INTO casework_caseclock ({clock})
    SELECT {clock_values} FROM casework_caseclock AS r JOIN copied ON case_id = old;
INSERT INTO casework_entry ({entry})
    SELECT {entry_values} FROM casework_entry AS r JOIN copied ON case_id = old, casework_stream AS s
    WHERE s.code = r.stream_id;
UPDATE casework_stream
    SET head = coalesce((SELECT max(seq) FROM casework_entry WHERE stream_id = code), head);
"""


def columns(table: str, without: str = "") -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    return [column.name for column in found if column.name != without]


def copy_statement() -> str:
    names = {
        "report": columns("dispatch_report"),
        "clock": columns("casework_caseclock", without="id"),
        "entry": columns("casework_entry"),
    }
    changed = {
        "case_id": "copied.new",
        "seq": "s.head + row_number() OVER (PARTITION BY r.stream_id ORDER BY r.seq)",
    }
    parts = {}
    for name, of in names.items():
        parts[name] = ", ".join(of)
        parts[f"{name}_values"] = ", ".join(changed.get(column, f"r.{column}") for column in of)
    return _COPY.format(**parts)


def grow_to(cases: int, made: int) -> None:
    """Bulk history, then copies of it, until that many cases are stored; then fresh statistics."""
    from django.core.management import call_command
    from django.db import connection, transaction

    from casework.models import Case

    missing = min(cases, made) - Case.objects.count()
    if missing > 0:
        days = max(1, round(missing / CASES_A_DAY))
        call_command("simulate", days=days, seed=cases, cases_per_day=round(missing / days), commit=True)
    statement = copy_statement()
    while (missing := cases - Case.objects.count()) > 0:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT split_part(number, '-', 2)) FROM casework_case")
            # `%%` is a percent sign only where there are parameters
            parameters = {"round": str(cursor.fetchone()[0]), "most": missing}
            for each in statement.split(";")[:-1]:
                cursor.execute(each, parameters if "%(" in each else None)
        print(f"{cases - missing:,} of {cases:,} cases", flush=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    connection.close()


def measure(folder: Path, rounds: int, seconds: float) -> dict[str, Load]:
    from bench.intake import class_id, key_of, points_file

    writing = {
        "POINTS": str(points_file(folder)),
        "CLASS_ID": str(class_id()),
        "GRIDCITY_BENCH_KEY": key_of("inspector"),
        "SHAPE": "gridcity",
    }
    reading = {"GRIDCITY_BENCH_KEY": key_of("dispatcher")}
    with gridcity() as port:
        base = f"http://127.0.0.1:{port}"
        runs = {
            "list of 50": partial(
                wrk, f"{base}/api/v1/cases?queue=open&limit=50", seconds=seconds, env=reading
            ),
            "intake": partial(wrk, base, BENCH / "report.lua", seconds=seconds, env=writing),
        }
        for run in runs.values():
            run()
        return {name: median(loads) for name, loads in interleaved(rounds, runs).items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--made", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    asked = parser.parse_args()
    common.set_up()
    from casework.models import Case

    found = {}
    with tempfile.TemporaryDirectory() as name:
        for size in (asked.small, asked.large):
            grow_to(size, asked.made)
            print(f"\n{Case.objects.count():,} cases, {Case.objects.filter(ended_at=None).count():,} open")
            found[size] = measure(Path(name), asked.rounds, asked.seconds)
    small, large = found[asked.small], found[asked.large]
    met = verdict(
        "intake, slower by", small["intake"].per_second / large["intake"].per_second, 1.2, at_most=True
    )
    met &= verdict(
        "list of 50, slower by",
        small["list of 50"].per_second / large["list of 50"].per_second,
        1.3,
        at_most=True,
    )
    met &= verdict("list of 50, p99 in ms", large["list of 50"].p99_ms, 50, at_most=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
