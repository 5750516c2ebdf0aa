"""A city's inventory from a file beside bare COPY: `bench/run components [--rows N] [--rounds N]`

floor      the finished rows, as text made in advance, by COPY into an empty table like the components',
           then the same indexes: nothing is read, checked, compared or located
GridCity   import_components --commit of a CSV file of the same rows: every row checked, staged so that a
           broken run goes on, duplicates sought, cells found, compared with the city, codes made, loaded
goal       ≥ 0.5 of the floor's rows a second
"""

from __future__ import annotations

import argparse
import csv
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import common
from bench.common import verdict

DISTRICT, SOURCE = "110101", "bench"
COLUMNS = [
    "id",
    "class",
    "lon",
    "lat",
    "authority",
    "owner",
    "maintainer",
    "state",
    "initial_on",
    "data_source",
]


def make_file(path: Path, rows: int) -> None:
    """Rows spread over the cells of the district, of every class, owned by its organisations."""
    from django.db import connection

    from casework.models import Organisation
    from gis_data.models import ProblemClass

    classes = sorted(
        ProblemClass.objects.filter(edition__current=True, kind="component").values_list("code", flat=True)
    )
    owners = sorted(Organisation.objects.values_list("code", flat=True))
    with connection.cursor() as cursor, path.open("w", newline="") as file:
        cursor.execute(
            """
            SELECT ST_X(dump.geom), ST_Y(dump.geom)
            FROM gis_data_cell AS cell, LATERAL ST_Dump(ST_GeneratePoints(cell.border, %s::int, 1)) AS dump
            WHERE cell.active AND left(cell.code, 6) = %s ORDER BY dump.path, cell.code
            """,
            [rows // _cells() + 1, DISTRICT],
        )
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, (lon, lat) in enumerate(cursor.fetchall()[:rows], start=1):
            owner = owners[number % len(owners)]
            state = "damaged" if number % 40 == 0 else "intact"
            day = f"20{number % 20:02d}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
            writer.writerow(
                [f"B{number:07d}", classes[number % len(classes)], f"{lon:.7f}", f"{lat:.7f}", owner, owner,
                 owner, state, day, "survey"]
            )  # fmt: skip


def _cells() -> int:
    from gis_data.models import Cell

    return Cell.objects.filter(active=True, code__startswith=DISTRICT).count()


def import_once(path: Path) -> float:
    """The whole import; gives its seconds."""
    from casework.models import Organisation
    from gis_data.importers.components.load import Order, import_components
    from gis_data.importers.components.opening import Declared

    known = frozenset(Organisation.objects.values_list("code", flat=True))
    order = Order(path, DISTRICT, SOURCE, Declared(datum="wgs84"), known=known)
    began = time.monotonic()
    outcome = import_components(order, commit=True)
    took = time.monotonic() - began
    if outcome.counts.refused or not outcome.committed:
        sys.exit(f"refused: {outcome.refused[0].faults}" if outcome.refused else "nothing was loaded")
    print(
        f"    read and staged {outcome.staged_s:.1f} s, compared and loaded {outcome.loaded_s:.1f} s",
        flush=True,
    )
    return took


def save_rows(path: Path) -> None:
    """The loaded rows as COPY's own text."""
    from django.db import connection

    with (
        connection.cursor() as cursor,
        path.open("wb") as file,
        cursor.copy(f"COPY (SELECT * FROM gis_data_component WHERE source = '{SOURCE}') TO STDOUT") as copy,
    ):
        for chunk in copy:
            file.write(chunk)


def copy_once(path: Path) -> float:
    """Bare COPY and the indexes of the components; gives the seconds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS floor_components CASCADE")
        cursor.execute("CREATE SCHEMA floor_components")
        cursor.execute("CREATE TABLE floor_components.bare (LIKE gis_data_component)")
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'gis_data_component'")
        indexes = [
            one.replace("public.gis_data_component", "floor_components.bare") for (one,) in cursor.fetchall()
        ]
        cursor.execute("SET maintenance_work_mem = '256MB'")
        began = time.monotonic()
        with cursor.copy("COPY floor_components.bare FROM STDIN") as copy, path.open("rb") as file:
            while chunk := file.read(1 << 20):
                copy.write(chunk)
        copied = time.monotonic()
        for index in indexes:
            cursor.execute(index)
        took = time.monotonic() - began
        cursor.execute("RESET maintenance_work_mem")
        cursor.execute("DROP SCHEMA floor_components CASCADE")
    print(
        f"    COPY {copied - began:.1f} s, {len(indexes)} indexes {took - copied + began:.1f} s", flush=True
    )
    return took


def forget() -> None:
    """Take the loaded rows out again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM gis_data_component WHERE source = %s", [SOURCE])
        cursor.execute("VACUUM FULL ANALYZE gis_data_component")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.components", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    common.set_up()
    from gis_data.models import Component

    if not _cells():
        sys.exit("There is no city yet: GRIDCITY_VAR=var/bench bin/gridcity seed_city --demo --commit")
    forget()
    print(f"{Component.objects.count():,} components stand; {asked.rows:,} come")
    floors, ours = [], []
    with tempfile.TemporaryDirectory() as name:
        inventory, ready = Path(name) / "inventory.csv", Path(name) / "ready"
        make_file(inventory, asked.rows)
        for number in range(asked.rounds):
            print(f"  round {number + 1}")
            ours.append(import_once(inventory))
            if number == 0:
                save_rows(ready)
            forget()
            floors.append(copy_once(ready))
    floor, mine = statistics.median(floors), statistics.median(ours)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"floor {asked.rows / floor:,.0f}/s, GridCity {asked.rows / mine:,.0f}/s, peak {peak:,.0f} MB")
    return 0 if verdict("components, of bare COPY plus index", floor / mine, 0.5) else 1


if __name__ == "__main__":
    sys.exit(main())
