"""cut_grid from files and into drafts: what it writes, what it refuses, and that nothing is half done."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.core.management import CommandError, call_command
from shapely import LineString, Polygon, box
from shapely.affinity import translate

from gis_data.bulk import stored_shape
from gis_data.check import check_district
from gis_data.crs import METRIC, STORE
from gis_data.generations import activate
from gis_data.models import Area, Cell, Generation
from gis_data.project import project
from gis_data.sql import rows as sql_rows
from tests.gis_data import surveys

EAST, NORTH = 448_000.0, 4_418_000.0
FIRST, SECOND = "110101001001", "110101001002"


def stored(shape: Any) -> Any:
    """A shape in metres from a corner in Dongcheng, in degrees."""
    return project(translate(shape, EAST, NORTH), METRIC, STORE)


def metric(shape: Any) -> Any:
    return project(shape, STORE, METRIC)


SQUARES = {FIRST: box(0, 0, 600, 400), SECOND: box(600, 0, 1000, 400)}


def area_file(path: Path, shapes: dict[str, Any] | None = None) -> Path:
    rows = [
        ({"code": code, "name": f"社区{code[-1]}"}, stored(shape))
        for code, shape in (shapes or SQUARES).items()
    ]
    return surveys.geojson(path / "areas.geojson", rows)


def cut(*arguments: object) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("cut_grid", "--json", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def kinds(body: dict[str, Any], where: str = "faults") -> list[tuple[str, str]]:
    return sorted((fault["kind"], fault["code"]) for fault in body[where])


def features(folder: Path, name: str = "cells") -> list[tuple[dict[str, Any], Any]]:
    body = json.loads((folder / f"{name}.geojson").read_text())
    return [
        (one["properties"], shapely.from_geojson(json.dumps(one["geometry"]))) for one in body["features"]
    ]


def test_a_file_becomes_cells_a_picture_and_figures(tmp_path: Path) -> None:
    status, body = cut(area_file(tmp_path), "--datum=wgs84", f"--out={tmp_path / 'out'}")
    assert (status, body["ok"], body["faults"]) == (0, True, [])
    assert body["counts"] | {"lines": 0, "buildings": 0} == body["counts"]
    assert (body["counts"]["areas"], body["counts"]["cells"]) == (2, 40)
    figures = body["figures"]
    assert figures["in_range_share"] == 1
    assert figures["sum_error"] < 1e-9
    assert figures["area_m2"] == pytest.approx(400_000)
    assert sum(step["cells"] for step in figures["histogram"]) == 40
    cells = features(tmp_path / "out")
    assert [words["code"] for words, _shape in cells] == sorted(words["code"] for words, _shape in cells)
    assert {words["code"][:12] for words, _shape in cells} == {FIRST, SECOND}
    assert [words["sequence"] for words, _ in cells if words["community"] == SECOND] == list(range(1, 17))
    # from the outside, in metres and in degrees
    for code, square in SQUARES.items():
        mine = np.array([shape for words, shape in cells if words["community"] == code])
        assert shapely.area(metric(mine)).sum() == pytest.approx(square.area, rel=1e-9)
        noded = next(shape for words, shape in features(tmp_path / "out", "areas") if words["code"] == code)
        assert shapely.union_all(mine).symmetric_difference(noded).area < 1e-9 * noded.area
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count('class="cell"') == 40 + 1  # and one in the key
    assert re.search(r'(src|href)="|<script|@import|url\(', page) is None
    assert "社区1" in page
    table = list(csv.DictReader((tmp_path / "out" / "faults.csv").open()))
    assert table == []


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one = area_file(tmp_path)
    cut(one, "--datum=wgs84", f"--out={tmp_path / 'first'}")
    cut(one, "--datum=wgs84", f"--out={tmp_path / 'second'}")
    names = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert names == ["areas.geojson", "cells.geojson", "faults.csv", "figures.json", "report.html"]
    for name in names:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    cut(area_file(other, dict(reversed(SQUARES.items()))), "--datum=wgs84", f"--out={other}")
    assert (other / "cells.geojson").read_bytes() == (tmp_path / "first" / "cells.geojson").read_bytes()


def test_forty_square_kilometres_are_too_much_for_three_digits(tmp_path: Path) -> None:
    shapes = {FIRST: box(0, 0, 6325, 6325), SECOND: box(-500, 0, 0, 400)}
    status, body = cut(area_file(tmp_path, shapes), "--datum=wgs84", f"--out={tmp_path}")
    assert status == 1
    assert kinds(body) == [("too_many", FIRST)]
    assert body["refused"] == [FIRST]
    assert body["counts"]["cells"] == 20  # the other is cut all the same
    status, body = cut(tmp_path / "areas.geojson", "--datum=wgs84", "--cell-area=50000")
    assert (status, body["refused"]) == (0, [])
    assert body["counts"]["cells"] == 804


def test_bad_rows_are_named_and_rings_repaired(tmp_path: Path) -> None:
    bow_tie = stored(Polygon([(0, 0), (400, 400), (400, 0), (0, 400)]))
    path = surveys.geojson(
        tmp_path / "areas.geojson",
        [
            ({"code": FIRST}, bow_tie),
            ({"code": SECOND}, stored(box(500, 0, 600, 100))),
            ({"code": SECOND}, stored(box(700, 0, 800, 100))),
            ({"code": ""}, stored(box(900, 0, 1000, 100))),
            ({"code": "110101001003"}, stored(LineString([(0, 0), (9, 9)]))),
            ({"code": "110101001004"}, None),
            ({"code": "12"}, stored(box(0, -100, 100, 0))),
        ],
    )
    status, body = cut(path, "--datum=wgs84", "--code-field=code")
    assert status == 1
    assert [kind for kind, _code in kinds(body)] == ["no_area", "no_area", "no_code"]
    assert {("repaired", FIRST), ("several_rows", SECOND), ("foreign_code", "12")} <= set(
        kinds(body, "excused")
    )
    assert body["counts"]["cells"] == 8 + 2 + 1


def test_a_datum_is_not_guessed(tmp_path: Path, db: None) -> None:
    status, body = cut(area_file(tmp_path))
    assert status == 1
    assert kinds(body) == [("undeclared_datum", "datum")]
    assert len(body["choices"]) == 3


def test_surveyed_metres_in_feet_and_with_gbk_names(tmp_path: Path) -> None:
    """Half of St. Louis's state plane: a Shapefile in US feet far from China."""
    square = box(900_000, 1_000_000, 903_280.8333, 1_003_280.8333)
    path = surveys.shapefile(tmp_path / "areas.shp", [({"NHD": "7"}, square)], "ESRI:102696", "gbk")
    status, body = cut(path, "--code-field=NHD", f"--out={tmp_path / 'out'}")
    assert status == 0
    assert body["figures"]["area_m2"] == pytest.approx(1_000_000, rel=1e-3)  # each plane has its scale
    assert body["counts"]["cells"] == 100
    cells = np.array([shape for _words, shape in features(tmp_path / "out")])
    # measured again in the plane of the file
    areas = shapely.area(surveys.moved(cells, "ESRI:102696"))
    assert areas.sum() == pytest.approx(square.area, rel=1e-6)


def test_lines_and_buildings_by_file(tmp_path: Path) -> None:
    street = LineString([(-10, 150), (1010, 160)])
    houses = [box(x, 190, x + 70, 230) for x in (20, 130, 240, 350, 460, 650, 760, 870)]
    houses.append(box(580, 20, 640, 60))
    surveys.geojson(tmp_path / "streets.geojson", [({"n": "1"}, stored(street))])
    surveys.geojson(tmp_path / "houses.geojson", [({"n": str(n)}, stored(h)) for n, h in enumerate(houses)])
    status, body = cut(
        area_file(tmp_path), "--datum=wgs84", f"--out={tmp_path / 'out'}",
        f"--lines={tmp_path / 'streets.geojson'}", f"--buildings={tmp_path / 'houses.geojson'}",
    )  # fmt: skip
    assert status == 0
    assert body["counts"]["lines"] == 1
    assert body["counts"]["buildings"] == len(houses)
    assert body["figures"]["lines_followed"] > 0.99
    assert [kind for kind, _code in kinds(body, "excused")] == ["building_on_border"]
    cells = metric(np.array([shape for _words, shape in features(tmp_path / "out")]))
    for house in houses[:-1]:
        assert (shapely.area(shapely.intersection(cells, translate(house, EAST, NORTH))) > 0.01).sum() == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["areas.geojson", "--district=110101"],
        ["areas.geojson", "--commit"],
        ["areas.geojson", "--crs=EPSG:4548", "--datum=wgs84"],
        ["--district=110101", "--replace"],
        ["--district=110101", "--cell-area=5"],
        ["--district=999999"],
    ],
)
def test_wrong_use(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("cut_grid", *arguments)
    assert refused.value.returncode == 2


@pytest.fixture
def draft(db: None) -> Generation:
    """A street of two communities whose common border is one straight edge, far longer than a cell."""
    draft = Generation.objects.create(district_code="110101", title="a survey")
    shapes = {FIRST: box(0, 0, 600, 900), SECOND: box(600, 0, 1000, 900)}
    whole = box(0, 0, 1000, 900)
    district = _area(draft, "110101", whole, None)
    street = _area(draft, "110101001", whole, district)
    for code, shape in shapes.items():
        _area(draft, code, shape, street)
    return draft


def _area(generation: Generation, code: str, shape: Any, parent: Area | None) -> Area:
    border: Any = stored_shape(shapely.multipolygons([translate(shape, EAST, NORTH)]))
    level = {6: "district", 9: "street", 12: "community"}[len(code)]
    return Area.objects.create(
        generation=generation, level=level, code=code, name=code, parent=parent, border=border,
        area_m2=shape.area,
    )  # fmt: skip


def test_a_draft_gets_its_cells(draft: Generation) -> None:
    status, body = cut("--district=110101")
    assert (status, body["committed"], Cell.objects.count()) == (0, False, 0)
    status, body = cut("--district=110101", "--commit")
    assert (status, body["committed"], body["generation"]) == (0, True, draft.pk)
    assert draft.cells.count() == body["counts"]["cells"] == 90
    assert list(draft.cells.values_list("code", flat=True))[:2] == [f"{FIRST}001", f"{FIRST}002"]
    assert not draft.cells.filter(active=True).exists()
    draft.refresh_from_db()
    assert draft.levels["cell"]["from"] == "cut"
    # areas, streets, district: one cover, in degrees as in metres
    assert check_district(draft).faults == []
    for code, size in sql_rows_of(draft):
        assert size == pytest.approx(Area.objects.get(code=code).area_m2, rel=1e-7)
    assert activate(draft).levels["cell"] == 90


def sql_rows_of(generation: Generation) -> list[tuple[str, float]]:
    """Areas measured in the database by the sum of their cells."""
    found: dict[str, float] = {}
    for code, border in generation.cells.values_list("code", "border"):
        border.transform(METRIC)
        found[code[:12]] = found.get(code[:12], 0.0) + border.area
    return sorted(found.items())


def test_cells_are_replaced_only_when_asked(draft: Generation) -> None:
    cut("--district=110101", "--commit")
    before = set(Cell.objects.values_list("pk", flat=True))
    status, body = cut("--district=110101", "--commit")
    assert (status, kinds(body)) == (1, [("invalid", "generation")])
    assert set(Cell.objects.values_list("pk", flat=True)) == before
    assert cut("--district=110101", "--commit", "--replace")[0] == 0
    assert set(Cell.objects.values_list("pk", flat=True)).isdisjoint(before)


def test_a_generation_in_force_keeps_its_cells(draft: Generation) -> None:
    cut("--district=110101", "--commit")
    activate(draft)
    status, body = cut("--district=110101", "--commit", "--replace")
    assert (status, kinds(body)) == (1, [("invalid", "generation")])
    assert Cell.objects.filter(active=True).count() == 90


def test_a_community_too_large_stops_the_draft(draft: Generation) -> None:
    status, body = cut("--district=110101", "--commit", "--cell-area=300")
    assert status == 1
    assert {kind for kind, _code in kinds(body)} == {"too_many"}
    assert not Cell.objects.exists()


def test_a_district_without_communities(db: None) -> None:
    Generation.objects.create(district_code="110105", title="empty")
    status, body = cut("--district=110105")
    assert (status, kinds(body)) == (1, [("invalid", "generation")])


def test_in_words(tmp_path: Path, draft: Generation) -> None:
    out = io.StringIO()
    call_command("cut_grid", "--district=110101", stdout=out)
    assert "90" in out.getvalue()
    assert "--commit" in out.getvalue()
    assert sql_rows("generation_bounds", generation_id=draft.pk)
