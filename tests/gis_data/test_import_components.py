"""import_components: row by row, refused and mended, new, changed, gone, from every format."""

import csv
import gzip
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from gis_data.importers.components import staging
from gis_data.models import Component, ComponentDelivery
from tests.factories.city import LIGHTING, SANITATION, WATER
from tests.factories.people import Town, small_town

HEAD = ["id", "class", "lon", "lat", "authority", "owner", "maintainer", "state", "initial_on", "note"]


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


def bring(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit status and the JSON of the command."""
    out = io.StringIO()
    status = 0
    try:
        call_command("import_components", *map(str, arguments), "--district=110101", "--json", stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    body: dict[str, Any] = json.loads(out.getvalue())
    return status, body


def good(town: Town, id_: str, cell: int = 0, **changes: str) -> dict[str, str]:
    lon, lat = town.city.inside(cell, 0.2, 0.2)
    row = {
        "id": id_, "class": "0137", "lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "authority": LIGHTING,
        "owner": LIGHTING, "maintainer": LIGHTING, "state": "intact", "initial_on": "2012-03-31", "note": "",
    }  # fmt: skip
    return {**row, **changes}


def written(path: Path, *rows: dict[str, str], head: list[str] = HEAD) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, head)
        writer.writeheader()
        writer.writerows(rows)
    return path


def brought() -> list[tuple[str, str]]:
    return list(
        Component.objects.filter(source="survey", retired_on=None)
        .order_by("source_id")
        .values_list("source_id", "code")
    )


def test_a_dry_run_counts_what_the_commit_then_does(town: Town, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", good(town, "L1"), good(town, "L2", 3, state="破损", note="tilted"))
    before = Component.objects.count()
    status, dry = bring(file, "--datum=wgs84")
    assert (status, dry["committed"], Component.objects.count()) == (0, False, before)
    status, done = bring(file, "--datum=wgs84", "--commit")
    assert (status, done["committed"]) == (0, True)
    assert dry["counts"] == done["counts"]
    assert done["counts"] | {"rows": 2, "good": 2, "new": 2, "refused": 0} == done["counts"]
    # four lamps of the city have 1 to 4
    assert brought() == [("L1", "1101010137000005"), ("L2", "1101010137000006")]
    lamp = Component.objects.get(source_id="L2")
    assert (lamp.state, lamp.note, lamp.owner_code, lamp.cell_code) == (
        "damaged",
        "tilted",
        LIGHTING,
        town.city.cells[3].code,
    )
    assert (lamp.initial_on, lamp.changed_on, lamp.synthetic) == (date(2012, 3, 31), None, False)
