"""Three cities in one installation from files alone: the commands of docs/import.md, as they stand there."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from casework.models import Case
from dispatch.imported import KIND
from gis_data.models import Area, Cell, Component, Generation
from gis_data.queries import locate

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("GRIDCITY_SHARED", ROOT.parent / "shared")) / "data"
# what each command ends with: 1 where rows were refused, which is said and listed
REFUSING = {"import_reports", "import_components", "check_city"}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the shared files are not here")


def recipe() -> tuple[list[list[str]], str]:
    """The commands of the document, and the file that it draws by hand."""
    part = (ROOT / "docs" / "import.md").read_text(encoding="utf-8").split("## Three cities", 1)[1]
    commands, drawn = re.findall(r"```\n(.*?)```", part, re.DOTALL)[:2]
    return [shlex.split(line)[1:] for line in commands.splitlines() if line.strip()], drawn


def run(folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    out, status = io.StringIO(), 0
    words = [word.replace("DATA/", f"{DATA}/").replace("OUT/", f"{folder}/") for word in arguments]
    words = [str(ROOT / word) if word.startswith("fixtures/") else word for word in words]
    try:
        call_command(name, *words, "--json", stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        status = int(str(end.code))
    assert status in ((0, 1) if name in REFUSING else (0,)), (name, arguments, out.getvalue()[:2000])
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.mark.django_db
def test_three_cities_stand_from_files_alone(tmp_path: Path) -> None:
    commands, drawn = recipe()
    (tmp_path / "helsinki.csv").write_text(drawn, encoding="utf-8")
    told = [run(tmp_path, *command) for command in commands]
    assert [command[0] for command in commands] == [
        "import_classes",
        "import_areas", "import_areas", "split_streets", "cut_grid", "activate_generation", "propose_grids",
        "import_areas", "import_areas", "split_streets", "cut_grid", "activate_generation", "import_reports",
        "import_areas", "cut_grid", "activate_generation", "import_components", "check_city",
    ]  # fmt: skip
    (classes, streets, _mended, parts, cut, _one, grids, quarters, _joined, districts, louis, _two, reports,
     halves, helsinki, _three, furniture, city) = told  # fmt: skip

    assert classes["counts"]["components"] > 100

    # Dongcheng: 17 streets with one real gap, 169 communities of its list, cells of 10,000 m², patrols
    assert (streets["counts"]["features"], streets["counts"]["gaps"]) == (17, 1)
    (gap,) = streets["faults"]
    assert (gap["kind"], gap["code"], gap["area_m2"]) == ("gap", "110101012 110101015 110101016", 7.08)
    assert parts["counts"] == {"streets": 17, "communities": 169}
    assert cut["ok"]
    assert cut["figures"]["in_range_share"] >= 0.95
    assert abs(cut["figures"]["sum_error"]) < 1e-6
    assert (grids["counts"]["cells"], grids["figures"]["grids"]) == (cut["counts"]["cells"], 200)

    # St. Louis: 88 neighbourhoods, seven gaps, a year of requests of another system
    assert (quarters["counts"]["features"], quarters["counts"]["multipart"], quarters["counts"]["gaps"]) == (
        88,
        1,
        7,
    )
    assert districts["counts"]["streets"] == 88
    assert louis["ok"]
    assert (reports["counts"]["rows"], reports["counts"]["new"]) == (3915, 3675)
    assert reports["faults"]["closed_before_opened"]["rows"] == 145
    assert Case.objects.filter(kind=KIND).count() == 3675

    # Helsinki: 2,701 objects of OpenStreetMap, what has no class refused by kind
    assert (halves["counts"]["areas"], halves["faults"]) == (2, [])
    assert helsinki["ok"]
    assert furniture["counts"]["rows"] == 2701
    assert (furniture["counts"]["new"], furniture["counts"]["refused"]) == (2408, 293)
    assert furniture["faults_by_kind"] == {"unmapped": 293}

    # all three in force at once, each in its own metres, and none in another's way
    in_force = dict(Generation.objects.filter(state="active").values_list("district_code", "pk"))
    assert set(in_force) == {"110101", "900101", "900201"}
    for district, count in (("110101", cut), ("900101", louis), ("900201", helsinki)):
        assert Cell.objects.filter(active=True, code__startswith=district).count() == count["counts"]["cells"]
    assert Component.objects.filter(district_code="900201").count() == 2408
    assert Area.objects.get(code="900101043").name == "Franz Park"
    for lon, lat, district in (
        (116.4177, 39.9289, "110101"), (-90.2494, 38.6270, "900101"), (24.9414, 60.1699, "900201"),
    ):  # fmt: skip
        found = locate(lon, lat)
        assert found is not None
        assert found.district.code == district

    # what is left to do is said: nobody walks two of the cities, and St. Louis's cells are large by choice
    left: dict[str, set[str]] = {}
    for fault in city["faults"]:
        left.setdefault(fault["code"][:6], set()).add(fault["kind"])
    assert left.pop("900101") <= {"no_grid", "large"}
    assert left.pop("900201") == {"no_grid"}
    assert left == {}

    # each has its fault report, which fetches nothing
    for name in ("dongcheng", "stlouis", "stlouis-reports", "helsinki"):
        page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert "<svg" in page
        assert not re.search(r"(?:src|href)=[\"']https?:", page)
    for name in ("dongcheng", "stlouis", "helsinki"):
        assert (tmp_path / name / "report.html").is_file()
