"""Vector tiles over a pan of 200 places: `bench/run tiles [--components N] [--rounds N] [--seconds S]`

pan        a random walk over the district, zooms 12 to 18, components and cells of each place: 400 tiles
           near: those of it in which single things are drawn (cells from 13, components from 15)
limit      pgbench, 4 clients: the same statements on the near pan, nothing else
near       GridCity without its cache on the near pan: like for like, goal ≥ 0.9 of the limit
raw        pgbench: single things at every zoom, at most 10,000 a tile: what a server without counts must draw
designed   GridCity without its cache on the whole pan: counts where things cannot be told apart
           goal p99 ≤ 30 ms
kept       GridCity with its cache, goal ≥ 0.5 of static files with the same bytes (granian)
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import common
from bench.common import Load, median, verdict
from bench.intake import key_of

DISTRICT, SOURCE = "110101", "bench-tiles"
CLIENTS = 4
NEAR = {"components": 15, "cells": 13}
Tile = tuple[str, int, int, int]


def pan_of(west: float, south: float, east: float, north: float) -> list[Tile]:
    """200 tiles of a walk that goes nearer, farther and aside; both layers of each."""
    chance = random.Random(11)
    lon, lat, z = (west + east) / 2, (south + north) / 2, 14
    found: list[Tile] = []
    while len(found) < 400:
        step = chance.random()
        if step < 0.2 and z < 18:
            z += 1
        elif step < 0.38 and z > 12:
            z -= 1
        else:
            across = 360 / 2**z
            lon += chance.choice((-1, 1)) * across * chance.random() * 2
            lat += chance.choice((-1, 1)) * across * chance.random() * 1.5
            if not (west < lon < east and south < lat < north):
                lon, lat = chance.uniform(west, east), chance.uniform(south, north)
        row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
        found += [(layer, z, int((lon + 180) / 360 * 2**z), int(row * 2**z)) for layer in NEAR]
    return found


def fill(wanted: int) -> None:
    """Components spread over the cells of the district until so many stand; taken out again by `forget`."""
    from django.db import connection

    from gis_data.models import Component

    missing = wanted - Component.objects.count()
    if missing <= 0:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO gis_data_component (code, district_code, problem_class_id, place, cell_code,
                authority_code, owner_code, maintainer_code, state, data_source, note, source, source_id,
                synthetic)
            SELECT 'T' || row_number() OVER (), %s, class.id, dump.geom, cell.code,
                   '', '', '', 'intact', %s, '', %s, row_number() OVER (), true
            FROM gis_data_cell AS cell, LATERAL ST_Dump(ST_GeneratePoints(cell.border, %s::int, 1)) AS dump,
                 (SELECT min(id) AS id FROM gis_data_problemclass WHERE kind = 'component') AS class
            WHERE cell.active AND left(cell.code, 6) = %s LIMIT %s
            """,
            [DISTRICT, SOURCE, SOURCE, missing // 4000 + 2, DISTRICT, missing],
        )
        cursor.execute("RESET session_replication_role")
        cursor.execute("SELECT gis_data_count_squares()")
        cursor.execute("VACUUM ANALYZE gis_data_component")


def forget() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM gis_data_component WHERE source = %s", [SOURCE])
        cursor.execute("RESET session_replication_role")
        cursor.execute("SELECT gis_data_count_squares()")
        cursor.execute("DROP SCHEMA IF EXISTS bench_tiles CASCADE")


def prepare(pan: list[Tile]) -> None:
    """The statements of our own tiles as functions, and the pans as tables, for pgbench."""
    from django.db import connection

    from gis_data.sql import SYSTEMS, statement

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS bench_tiles CASCADE; CREATE SCHEMA bench_tiles")
        for layer in NEAR:
            body = statement(f"tile_{layer}") % {
                **SYSTEMS, "z": "$1", "x": "$2", "y": "$3", "at_most": 10_000, "today": "current_date"
            }  # fmt: skip
            cursor.execute(
                f"CREATE FUNCTION bench_tiles.{layer}(integer, integer, integer) RETURNS bytea"
                f" LANGUAGE sql STABLE AS $tile${body}$tile$"
            )
        for name, tiles in (("near", [one for one in pan if one[1] >= NEAR[one[0]]]), ("raw", pan)):
            cursor.execute(
                f"CREATE TABLE bench_tiles.{name} (i int PRIMARY KEY, layer text, z int, x int, y int)"
            )
            cursor.executemany(
                f"INSERT INTO bench_tiles.{name} VALUES (%s, %s, %s, %s, %s)",
                [(number, *tile) for number, tile in enumerate(tiles)],
            )


def pgbench(name: str, count: int, seconds: float) -> Load:
    """Tiles of a table drawn by bare SQL."""
    from django.db import connection

    settings = connection.settings_dict
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "pan.sql"
        script.write_text(
            f"\\set i random(0, {count - 1})\n"
            "SELECT CASE layer WHEN 'cells' THEN bench_tiles.cells(z, x, y)"
            f" ELSE bench_tiles.components(z, x, y) END FROM bench_tiles.{name} WHERE i = :i;\n"
        )
        said = subprocess.run(
            [common.need("pgbench", "postgresql"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2",
             "-T", f"{seconds:.0f}", "-f", str(script), "-h", str(settings["HOST"]),
             "-U", str(settings["USER"]), str(settings["NAME"])],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    tps, latency = (
        re.search(pattern, said) for pattern in (r"tps = ([\d.]+)", r"latency average = ([\d.]+)")
    )
    assert tps is not None
    assert latency is not None
    return Load(float(tps[1]), float(latency[1]), float("nan"), 0)


@contextlib.contextmanager
def served(megabytes: int) -> Iterator[int]:
    """GridCity with so much room for tiles."""
    os.environ["GRIDCITY_TILE_CACHE_MB"] = str(megabytes)
    with common.gridcity() as port:
        yield port


@contextlib.contextmanager
def static_files(folder: Path) -> Iterator[int]:
    """A folder under granian, which serves it without Python."""
    with common.listening() as listener:
        port = listener.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--port", str(port),
        "--no-access-log", "--log-level", "warning", "--static-path-route", "/t",
        "--static-path-mount", str(folder), "bench.floor.intake:wsgi",
    ]  # fmt: skip
    with common.running(command):
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/t/ready", timeout=5).read()
                break
            except urllib.error.URLError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield port


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.tiles", description=__doc__)
    parser.add_argument("--components", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8)
    asked = parser.parse_args()
    common.set_up()
    from gis_data.models import Cell, Component
    from gis_data.queries import map_view

    if not Cell.objects.filter(active=True, code__startswith=DISTRICT).exists():
        sys.exit("There is no city yet: GRIDCITY_VAR=var/bench bin/gridcity seed_city --demo --commit")
    fill(asked.components)
    pan = pan_of(*map_view(DISTRICT).bounds)
    near = [one for one in pan if one[1] >= NEAR[one[0]]]
    prepare(pan)
    print(f"{Component.objects.count():,} components; {len(pan)} tiles, {len(near)} of them near")
    os.environ["GRIDCITY_BENCH_KEY"] = key_of("dispatcher")
    address = "/api/v1/tiles/{}/{}/{}/{}.mvt"
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        files = folder / "files"
        files.mkdir()
        (files / "ready").write_text("ready")
        for label, tiles in (("near", near), ("whole", pan)):
            (folder / label).write_text("".join(address.format(*tile) + "\n" for tile in tiles))
        bare, kept = stack.enter_context(served(0)), stack.enter_context(served(256))
        drawn = []
        for number, tile in enumerate(pan):
            request = urllib.request.Request(
                f"http://127.0.0.1:{kept}{address.format(*tile)}",
                headers={
                    "Authorization": f"Bearer {os.environ['GRIDCITY_BENCH_KEY']}",
                    "Accept-Encoding": "gzip",
                },
            )
            (files / str(number)).write_bytes(urllib.request.urlopen(request, timeout=60).read())
            drawn.append(f"/t/{number}\n")
        (folder / "files.txt").write_text("".join(drawn))
        still = stack.enter_context(static_files(files))
        drive = partial(common.wrk, script=common.BENCH / "pan.lua", seconds=asked.seconds, clients=CLIENTS)
        found = common.interleaved(
            asked.rounds,
            {
                "limit": partial(pgbench, "near", len(near), asked.seconds),
                "near": partial(drive, f"http://127.0.0.1:{bare}", env={"PAN": str(folder / "near")}),
                "raw": partial(pgbench, "raw", len(pan), asked.seconds),
                "designed": partial(drive, f"http://127.0.0.1:{bare}", env={"PAN": str(folder / "whole")}),
                "static files": partial(
                    drive, f"http://127.0.0.1:{still}", env={"PAN": str(folder / "files.txt")}
                ),
                "kept": partial(drive, f"http://127.0.0.1:{kept}", env={"PAN": str(folder / "whole")}),
            },
        )
    forget()
    rate = {name: median(loads).per_second for name, loads in found.items()}
    met = [
        verdict("near, of pgbench", rate["near"] / rate["limit"], 0.9),
        verdict("as designed, p99 ms", median(found["designed"]).p99_ms, 30, at_most=True),
        verdict("kept, of static files", rate["kept"] / rate["static files"], 0.5),
    ]
    times = rate["designed"] / rate["raw"]
    print(f"        as designed, of single things drawn by pgbench at every zoom: {times:.1f}")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
