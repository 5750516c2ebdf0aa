"""Locating a file of points beside the bare SQL: `bench/run locate [--points N] [--rounds N]`

floor      one statement over two arrays: for each point the code of its unit cell, fetched
GridCity   `locate --file points.csv --json`: the file read and checked, all cells in force read, every row
           answered with cell, grid, community, street and district, and written to a file; in this process,
           as the floor is, so without the start of Django
goal       ≥ 0.5 of the floor's points a second
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import common
from bench.common import verdict

FLOOR = """
SELECT n, (SELECT cell.code FROM gis_data_cell AS cell
           WHERE cell.active AND ST_Intersects(cell.border, ST_SetSRID(ST_MakePoint(lon, lat), %s))
           ORDER BY cell.code LIMIT 1)
FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS given(lon, lat, n)
"""

Points = list[tuple[float, float]]


def points_of_the_city(count: int) -> Points:
    """Places at random in the box of the cells in force; some lie outside the city, as they do in files."""
    from django.contrib.gis.db.models import Extent

    from gis_data.models import Cell

    box = Cell.objects.filter(active=True).aggregate(box=Extent("border"))["box"]
    if box is None:
        sys.exit("No cells here yet: GRIDCITY_VAR=var/bench bin/gridcity seed_city --demo --commit")
    west, south, east, north = box
    rng = random.Random(1)
    return [(round(rng.uniform(west, east), 7), round(rng.uniform(south, north), 7)) for _ in range(count)]


def floor(points: Points) -> tuple[float, list[str | None]]:
    """Seconds, and the cells."""
    from django.db import connection

    from gis_data.crs import STORE

    arguments: tuple[Any, ...] = (STORE, [lon for lon, _ in points], [lat for _, lat in points])
    with connection.cursor() as cursor:
        began = time.monotonic()
        cursor.execute(FLOOR, arguments)
        found = cursor.fetchall()
        seconds = time.monotonic() - began
    return seconds, [cell for _n, cell in found]


def command(path: Path, out: Path) -> float:
    """Seconds of the command."""
    from django.core.management import call_command

    with out.open("w", encoding="utf-8") as answer:
        began = time.monotonic()
        call_command("locate", "--file", str(path), "--json", stdout=answer)
        return time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.locate", description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    common.set_up()
    points = points_of_the_city(asked.points)
    bare, ours = [], []
    with tempfile.TemporaryDirectory() as name:
        path, out = Path(name) / "points.csv", Path(name) / "found.json"
        path.write_text("lon,lat\n" + "".join(f"{lon},{lat}\n" for lon, lat in points))
        for number in range(asked.rounds):
            seconds, cells = floor(points)
            bare.append(seconds)
            ours.append(command(path, out))
            found = [point["cell"] for point in json.loads(out.read_text())["points"]]
            print(
                f"  round {number + 1}: bare SQL {asked.points / bare[-1]:9,.0f}/s   "
                f"locate --file {asked.points / ours[-1]:9,.0f}/s",
                flush=True,
            )
            if found != cells:
                print("NOT MET  the two do not find the same cells")
                return 1
    inside = sum(cell is not None for cell in cells)
    print(f"{asked.points:,} points, {inside:,} in a cell, the same in both")
    met = verdict("points a second, of the bare SQL", statistics.median(bare) / statistics.median(ours), 0.5)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
