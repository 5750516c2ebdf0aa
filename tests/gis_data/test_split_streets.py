"""Communities generated where a city has only streets: as many as the list says, and no cell crosses them."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.core.management import CommandError, call_command
from shapely import box
from shapely.affinity import translate

from gis_data.check import check_district
from gis_data.crs import METRIC, STORE
from gis_data.generations import activate
from gis_data.grid.streets import split
from gis_data.models import Area, Generation
from gis_data.project import project
from tests.gis_data import surveys

STREETS = {"110101001": ("东街", box(0, 0, 1500, 900)), "110101002": ("西街", box(-700, 0, 0, 900))}


def in_metres(shape: Any) -> Any:
    return translate(shape, 448_000, 4_418_000)


def command(name: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command(name, "--json", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def draft(db: None, tmp_path: Path) -> Generation:
    """Two streets from a file, and a list of the communities of the first."""
    path = surveys.geojson(
        tmp_path / "streets.geojson",
        [
            ({"code": code, "name": name}, project(in_metres(shape), METRIC, STORE))
            for code, (name, shape) in STREETS.items()
        ],
    )
    assert command("import_areas", str(path), "--datum=wgs84", "--level=street", "--commit")[0] == 0
    return Generation.objects.get()


def names_file(folder: Path) -> Path:
    rows = [f"11010100100{n},community,社区{n}" for n in (1, 2, 5, 7)]
    path = folder / "names.csv"
    path.write_text("\n".join(["code,level,name", *rows, "110101001,street,东街"]), encoding="utf-8")
    return path


def test_as_many_as_the_list_says(draft: Generation, tmp_path: Path) -> None:
    arguments = ["--district=110101", f"--names={names_file(tmp_path)}"]
    status, body = command("split_streets", *arguments)
    assert (status, body["committed"], body["counts"]) == (0, False, {"streets": 2, "communities": 7})
    assert not draft.areas.filter(level="community").exists()
    status, body = command("split_streets", *arguments, "--commit")
    made = draft.areas.filter(level="community").order_by("code")
    assert list(made.values_list("code", "name"))[:4] == [
        (f"11010100100{n}", f"社区{n}") for n in (1, 2, 5, 7)
    ]
    assert made.filter(code__startswith="110101002").count() == 3  # 630,000 m² without a list
    assert all(made.values_list("synthetic", flat=True))
    assert body["figures"]["area_m2"] == pytest.approx(2200 * 900, rel=1e-6)
    assert command("split_streets", *arguments, "--commit")[0] == 1
    assert command("split_streets", *arguments, "--commit", "--replace")[0] == 0


def test_from_streets_alone_to_a_city_in_force(draft: Generation) -> None:
    assert command("split_streets", "--district=110101", "--commit")[0] == 0
    assert command("cut_grid", "--district=110101", "--commit")[0] == 0
    draft.refresh_from_db()
    assert all(draft.cells.values_list("synthetic", flat=True))
    activate(draft)
    draft.refresh_from_db()
    faults = {fault.kind for fault in check_district(draft).faults}
    assert faults == {"no_grid"}


def test_pieces_are_connected_and_about_equal() -> None:
    street = in_metres(box(0, 0, 2000, 1200) - box(500, 300, 900, 1100))
    made = split([("110101001", "东街", street)], {}, 200_000)
    assert len(made) == 10
    shapes = np.array([shapely.get_parts(one.shape) for one in made])
    assert shapes.shape == (10, 1)
    assert shapely.area(shapes).max() < 1.15 * shapely.area(shapes).mean()
    assert shapely.union_all([one.shape for one in made]).symmetric_difference(street).area < 1e-3
    first = made[0].shape.centroid
    assert (first.x, first.y) < (448_000 + 600, 4_418_000 + 1200)
    assert first.y > 4_418_000 + 600


def test_wrong_use(db: None, draft: Generation) -> None:
    for arguments in (["--district=110105"], ["--district=110101", "--area=0"]):
        with pytest.raises(CommandError) as refused:
            call_command("split_streets", *arguments)
        assert refused.value.returncode == 2
    assert command("split_streets", "--district=110101", "--area=1000")[0] == 1


def test_only_drafts_are_split(draft: Generation) -> None:
    Generation.objects.filter(pk=draft.pk).update(state=Generation.State.ACTIVE)
    with pytest.raises(CommandError):
        call_command("split_streets", "--district=110101")
    assert not Area.objects.filter(level="community").exists()
