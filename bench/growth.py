"""Does it stay fast as the city's memory grows? `bench/run growth [--small 10000] [--large 1000000]`

Measures report intake and a dispatcher's list of 50 at the small size, lets `simulate` write history in bulk
up to the large one, and measures again in the same sitting, over the same rows of everything else.
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


def grow_to(cases: int) -> None:
    """Bulk history until that many cases are stored, then fresh statistics."""
    from django.core.management import call_command
    from django.db import connection

    from casework.models import Case

    missing = cases - Case.objects.count()
    if missing > 0:
        days = max(1, round(missing / CASES_A_DAY))
        call_command("simulate", days=days, seed=cases, cases_per_day=round(missing / days), commit=True)
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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    asked = parser.parse_args()
    common.set_up()
    from casework.models import Case

    found = {}
    with tempfile.TemporaryDirectory() as name:
        for size in (asked.small, asked.large):
            grow_to(size)
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
