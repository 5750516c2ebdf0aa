"""Report intake beside the floor, 8 clients: `bench/run intake [--rounds N] [--seconds S]`

floor      a Django view with one SQL call under granian WSGI, over the same cells (bench/floor)
GridCity   POST /api/v1/reports on the processes that bin/run starts: rights, checks, clock, chained journal
           in dense order; with a photograph PUT and POST, the photograph decoded, hashed and synced
goals      ≥ 0.25 of the floor, p99 ≤ 30 ms without photograph
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import common
from bench.common import BENCH, Load, granian, gridcity, interleaved, median, verdict, wrk


def points_file(folder: Path, count: int = 5000) -> Path:
    """Places of the city: those of some of its components."""
    from gis_data.models import Component

    chosen = list(Component.objects.values_list("place", flat=True)[: count * 4])
    random.Random(1).shuffle(chosen)
    path = folder / "points"
    path.write_text("\n".join(f"{place.x:.7f} {place.y:.7f}" for place in chosen[:count]))
    return path


def photo_file(folder: Path, size: int = 300_000) -> Path:
    """A JPEG of about that size whose comment can be changed, so that no two photographs are alike."""
    from PIL import Image

    path, edge = folder / "photo.jpg", 300
    noise = random.Random(2)
    while not path.exists() or path.stat().st_size < size * 0.95:
        picture = Image.frombytes("RGB", (edge, edge), noise.randbytes(edge * edge * 3)).resize(
            (edge * 2, edge * 2)
        )
        picture.save(path, "JPEG", quality=80, comment=b"X" * 32)
        edge = int(edge * 1.15)
    return path


def key_of(role: str) -> str:
    """A key of somebody who holds a post of that role."""
    from casework.models import Holding, Token

    holding = Holding.objects.filter(post__role=role).select_related("person").order_by("pk").first()
    if holding is None:
        sys.exit(
            "Nobody lives in this city yet: GRIDCITY_VAR=var/bench bin/gridcity seed_city --demo --commit"
        )
    return Token.make(holding.person, "bench")[1]


def class_id() -> int:
    from gis_data.models import ProblemClass

    return ProblemClass.objects.filter(edition__current=True, active=True, kind="event").values_list(
        "pk", flat=True
    )[0]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.intake", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    asked = parser.parse_args()
    common.set_up()
    from django.db import connection

    from casework.models import Case

    with connection.cursor() as cursor:
        cursor.execute((BENCH / "floor/schema.sql").read_text())
        cursor.execute("SET search_path = public")
    print(f"{Case.objects.count():,} cases are stored")
    met = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = {
            "POINTS": str(points_file(folder)),
            "CLASS_ID": str(class_id()),
            "GRIDCITY_BENCH_KEY": key_of("inspector"),
        }
        photo = str(photo_file(folder))
        print(f"the photograph has {os.path.getsize(photo):,} bytes")
        connection.close()
        for title, extra in (("without photograph", {}), ("with a photograph", {"PHOTO": photo})):

            def run(shape: str, extra: dict[str, str] = extra) -> Load:
                server = (
                    granian("bench.floor.intake:wsgi", env={"FLOOR_PHOTOS": name})
                    if shape == "floor"
                    else gridcity()
                )
                with server as port:
                    drive = partial(wrk, f"http://127.0.0.1:{port}/", BENCH / "report.lua")
                    drive(seconds=1, env={**base, **extra, "SHAPE": shape})
                    return drive(seconds=asked.seconds, env={**base, **extra, "SHAPE": shape})

            print(f"\n{title}, 8 clients, {asked.rounds} × {asked.seconds:g} s")
            found = interleaved(
                asked.rounds, {"floor": partial(run, "floor"), "GridCity": partial(run, "gridcity")}
            )
            floor, ours = median(found["floor"]), median(found["GridCity"])
            if floor.refused or ours.refused:
                print(f"NOT MET  refused: floor {floor.refused}, GridCity {ours.refused}")
                met = False
            met &= verdict(f"intake {title}, of the floor", ours.per_second / floor.per_second, 0.25)
            if not extra:
                met &= verdict("p99 in ms", ours.p99_ms, 30, at_most=True)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
