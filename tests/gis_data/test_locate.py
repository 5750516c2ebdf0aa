"""Where a point lies: borders, datums, distances, one query; the same through the API and the command."""

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gis_data.crs import from_store
from gis_data.errors import PlaceError
from gis_data.management.commands import locate as command
from gis_data.models import Cell, Component, Generation, ResponsibilityGrid
from gis_data.queries import locate, locate_many
from tests.factories.calls import Caller, refusal
from tests.factories.city import OUTSIDE, SIDE, SOUTH, WEST, SmallCity, small_city
from tests.factories.people import Town, small_town


@pytest.fixture
def city(db: None) -> SmallCity:
    return small_city()


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


def cell_at(lon: float, lat: float) -> str | None:
    found = locate(lon, lat)
    return found.cell_code if found else None


def test_a_point_has_its_cell_and_all_above(city: SmallCity) -> None:
    found = locate(*city.inside(3))
    assert found is not None
    assert found.cell_code == "110101001002002"
    assert found.cell_id == city.cells[3].pk
    assert found.grid is not None
    assert found.grid.code == city.grids[0].code
    assert found.community.code == "110101001002"
    assert (found.street.code, found.street.name_en) == ("110101001", "Donghuamen Subdistrict")
    assert (found.district.code, found.district.name) == ("110101", "东城区")


def test_every_cell_covers_its_own_middle(city: SmallCity) -> None:
    assert [cell_at(*city.inside(n)) for n in range(6)] == [cell.code for cell in city.cells]


def test_a_shared_edge_belongs_to_the_smaller_code(city: SmallCity) -> None:
    edges = [round(WEST + SIDE * n, 6) for n in range(7)]
    found = [cell_at(lon, SOUTH + SIDE / 2) for lon in edges]
    assert found == [city.cells[n].code for n in (0, 0, 1, 2, 3, 4, 5)]
    assert cell_at(WEST, SOUTH) == city.cells[0].code, "a corner of the city is still the city"


def test_outside_is_none_even_by_a_hair(city: SmallCity) -> None:
    assert locate(*OUTSIDE) is None
    assert locate(WEST - 1e-9, SOUTH + SIDE / 2) is None
    assert locate(0.0, 0.0) is None
    assert locate(180.0, 90.0) is None


def test_only_the_active_generation_counts(city: SmallCity) -> None:
    old = Generation.objects.create(district_code="110101", title="old", state=Generation.State.RETIRED)
    first = city.cells[0]
    Cell.objects.create(
        generation=old, community=city.communities[0], code="110101001001900", border=first.border, area_m2=1
    )
    Cell.objects.filter(pk=first.pk).update(active=False)
    assert locate(*city.inside(0)) is None


def test_a_grid_out_of_force_is_no_grid(city: SmallCity) -> None:
    ResponsibilityGrid.objects.filter(pk=city.grids[0].pk).update(valid_to="2020-01-01")
    found = locate(*city.inside(0))
    assert found is not None
    assert found.grid is None


def test_nearest_components_of_a_class_with_distance_in_metres(city: SmallCity) -> None:
    found = locate(*city.inside(0, east=0.6), class_id=city.lamp.pk)
    assert found is not None
    assert [near.code for near in found.components] == [city.lamps[0].code]
    # a tenth of a cell of 0.001° at latitude 39.92
    assert found.components[0].distance_m == pytest.approx(
        0.0001 * 111_412 * math.cos(math.radians(39.92)), rel=5e-3
    )
    assert found.components[0].owner_code == city.lamps[0].owner_code


def test_components_of_any_class_come_nearest_first_and_at_most_five(city: SmallCity) -> None:
    lamp = city.lamps[0]
    for number in range(101, 109):
        Component.objects.create(
            code=f"1101010137{number:06d}", district_code="110101", problem_class=city.lamp, place=lamp.place,
            cell_code=lamp.cell_code,
        )  # fmt: skip
    found = locate(*city.inside(0))
    assert found is not None
    assert len(found.components) == 5
    assert [near.distance_m for near in found.components] == sorted(
        near.distance_m for near in found.components
    )
    Component.objects.filter(code__startswith="11010101370001").update(retired_on="2024-01-01")
    again = locate(*city.inside(0))
    assert again is not None
    assert {near.name for near in again.components} == {"路灯", "上水井盖", "垃圾箱（果皮箱、桶）"}
    assert all(near.distance_m <= 50 for near in again.components)


def test_fifty_metres_is_the_reach(city: SmallCity) -> None:
    # lamps stand 85 m apart: midway both are near, at the cell's far end of the row only one is
    middle = locate(WEST + SIDE, SOUTH + SIDE / 2, class_id=city.lamp.pk)
    end = locate(WEST + 0.05 * SIDE, SOUTH + SIDE / 2, class_id=city.lamp.pk)
    far = locate(*city.inside(0, east=0.5, north=0.99), class_id=city.lamp.pk)
    assert middle is not None
    assert end is not None
    assert far is not None
    assert (len(middle.components), len(end.components), len(far.components)) == (2, 1, 0)


def test_one_query_whether_one_point_or_many(city: SmallCity) -> None:
    with CaptureQueriesContext(
        connection,
    ) as one:
        locate(*city.inside(0), class_id=city.lamp.pk)
    with CaptureQueriesContext(connection) as many:
        found = locate_many([city.inside(n % 6) for n in range(200)])
    assert (len(one), len(many)) == (1, 1)
    assert len(found) == 200


def test_many_points_keep_their_order(city: SmallCity) -> None:
    points = [OUTSIDE, city.inside(5), city.inside(0), OUTSIDE, city.inside(2)]
    assert [place.cell_code if place else None for place in locate_many(points)] == [
        None, city.cells[5].code, city.cells[0].code, None, city.cells[2].code,
    ]  # fmt: skip
    assert locate_many([]) == []


@pytest.mark.parametrize("point", [(math.nan, 39.9), (116.4, math.inf), (39.92, 116.411), (1e308, 0.0)])
def test_hostile_numbers_never_reach_the_database(city: SmallCity, point: tuple[float, float]) -> None:
    with CaptureQueriesContext(connection) as queries, pytest.raises(PlaceError):
        locate(*point)
    assert len(queries) == 0


# --- through the API


def test_the_api_answers_in_the_datum_that_was_declared(town: Town) -> None:
    lon, lat = from_store(*town.city.inside(1), "gcj02")
    answer = Caller(town.alice).get(f"/locate?lon={lon}&lat={lat}&datum=gcj02&class_code=0137")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["cell"]["code"] == town.city.cells[1].code
    assert body["district"]["name_en"] == "Dongcheng District"
    assert [near["code"] for near in body["components"]] == [town.city.lamps[1].code]
    assert body["lon"] == pytest.approx(town.city.inside(1)[0], abs=1e-7)
    # the same numbers taken for WGS-84 lie 540 m off, outside this small city's first cells
    undeclared = Caller(town.alice).get(f"/locate?lon={lon}&lat={lat}")
    assert undeclared.status_code == 404 or undeclared.json()["cell"]["code"] != town.city.cells[1].code


@pytest.mark.parametrize(
    ("query", "status", "code", "field"),
    [
        ("lon=116.3&lat=39.8", 404, "outside", "lon"),
        ("lon=39.9&lat=116.4", 422, "invalid", "lat"),
        ("lon=nan&lat=39.9", 422, "invalid", "lon"),
        ("lon=inf&lat=39.9", 422, "invalid", "lon"),
        ("lon=116.4&lat=39.9&datum=cgcs", 422, "invalid", "datum"),
        ("lon=116.4&lat=39.9&class_code=9999", 422, "invalid", "class_code"),
        ("lon=116.4", 422, "invalid", "lat"),
        ("lon=x&lat=39.9", 422, "invalid", "lon"),
    ],
)
def test_the_api_refuses_in_one_shape(town: Town, query: str, status: int, code: str, field: str) -> None:
    error = refusal(Caller(town.alice).get(f"/locate?{query}"), codes={status})
    assert (error["code"], error["field"]) == (code, field)
    assert error["mend"]


def test_strangers_learn_nothing_of_places(town: Town) -> None:
    for path in ("/locate?lon=116.411&lat=39.9205", "/map/settings", "/tiles/components/16/53966/24811.mvt"):
        assert refusal(Caller(None).get(path))["code"] == "not_signed_in"


# --- through the command


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and standard output of the command."""
    out = io.StringIO()
    try:
        call_command("locate", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as fault:
        return fault.returncode, out.getvalue()
    return 0, out.getvalue()


def run_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    status, text = run(*arguments, "--json")
    body: dict[str, Any] = json.loads(text)
    return status, body


def test_one_place_by_command(city: SmallCity) -> None:
    lon, lat = city.inside(0)
    status, body = run_json(f"--lon={lon}", f"--lat={lat}", "--class-code=0101")
    assert status == 0
    point = body["points"][0]
    assert (point["cell"], point["grid"]) == ("110101001001001", "DC001")
    assert (point["community"], point["street"], point["district"]) == ("110101001001", "110101001", "110101")
    assert [near["code"] for near in point["components"]] == [city.manholes[0].code]


def test_a_file_answers_row_by_row_and_names_bad_lines(city: SmallCity, tmp_path: Path) -> None:
    lon, lat = city.inside(4)
    east, north = from_store(lon, lat, "bd09")
    path = tmp_path / "points.csv"
    path.write_text(
        f"\ufefflon,lat,datum\n{lon},{lat},wgs84\n{east},{north},bd09\n{OUTSIDE[0]},{OUTSIDE[1]},wgs84\n"
        f"abc,{lat},wgs84\n{lon},{lat},\n{lat},{lon},wgs84\n",
        encoding="utf-8",
    )
    status, body = run_json(f"--file={path}")
    assert status == 1
    assert [point["cell"] for point in body["points"]] == [city.cells[4].code] * 2 + [None] * 4
    assert all(point["street"] is None for point in body["points"][2:])
    assert [(fault["line"], fault["field"]) for fault in body["faults"]] == [
        (5, "lon"),
        (6, "datum"),
        (7, "lat"),
    ]
    assert body["counts"] == {"rows": 6, "inside": 2, "outside": 1, "faulty": 3}
    status, text = run(f"--file={path}")
    assert status == 1
    assert text.count("\n") == 6


def test_a_good_file_without_datum_takes_the_option(city: SmallCity, tmp_path: Path) -> None:
    east, north = from_store(*city.inside(2), "gcj02")
    path = tmp_path / "points.csv"
    path.write_text(f"lat,lon\n{north},{east}\n", encoding="utf-8")
    status, body = run_json(f"--file={path}", "--datum=gcj02")
    assert (status, body["points"][0]["cell"]) == (0, city.cells[2].code)


@pytest.mark.parametrize("content", [b"x,y\n1,2\n", b"", b"lon,lat\n\xff\xfe,1\n", b'lon,lat\n"1"2,3\n'])
def test_an_unusable_file_is_a_fault_of_the_data(city: SmallCity, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(content)
    status, body = run_json(f"--file={path}")
    assert (status, body["points"], body["faults"][0]["field"]) == (1, [], "file")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--lon=116.4"],
        ["--file=/no/such/file.csv"],
        ["--file=x.csv", "--lon=1"],
        ["--lon=1", "--lat=1", "--class-code=zzzz"],
    ],
)
def test_wrong_use_is_status_two(city: SmallCity, arguments: list[str]) -> None:
    assert run(*arguments) == (2, "")


def test_a_long_file_finds_in_memory_what_the_database_finds(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Middles, shared edges, corners, and a hair outside: batch by batch, without a question a row."""
    monkeypatch.setattr(command, "AT_ONCE", 40)
    monkeypatch.setattr(command, "BY_THE_DATABASE", 10)
    places = [
        city.inside(cell, east, north)
        for cell in range(6)
        for east in (0, 0.5, 1)
        for north in (0, 0.5, 1, 1.000001)
    ] + [OUTSIDE]
    path = tmp_path / "points.csv"
    path.write_text("lon,lat\n" + "".join(f"{lon!r},{lat!r}\n" for lon, lat in places), encoding="utf-8")
    with CaptureQueriesContext(connection) as queries:
        status, body = run_json(f"--file={path}")
    assert (status, len(queries)) == (0, 1)
    wanted = [
        (place.cell_code, place.grid and place.grid.code, place.street.code) if place else (None, None, None)
        for place in locate_many(places)
    ]
    assert [(point["cell"], point["grid"], point["street"]) for point in body["points"]] == wanted
    assert body["counts"]["outside"] == sum(cell is None for cell, _grid, _street in wanted) > 6


def test_faults_stay_in_their_place_in_a_long_file(
    city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "AT_ONCE", 3)
    lon, lat = city.inside(1)
    path = tmp_path / "points.csv"
    path.write_text("lon,lat\n" + f"{lon},{lat}\nx,{lat}\n\n{lon}\n" * 4, encoding="utf-8")
    status, body = run_json(f"--file={path}")
    assert status == 1
    assert body["counts"] == {"rows": 12, "inside": 4, "outside": 0, "faulty": 8}
    assert [point["line"] for point in body["points"]] == sorted(
        [2 + 4 * n for n in range(4)] + [fault["line"] for fault in body["faults"]]
    )
    assert {fault["field"] for fault in body["faults"]} == {"lon", "lat"}


def test_a_file_spoilt_at_its_end_answers_nothing(city: SmallCity, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(b"lon,lat\n" + b"116.4105,39.9205\n" * 30_000 + b"\xff\n")
    status, body = run_json(f"--file={path}")
    assert (status, body["points"], [fault["field"] for fault in body["faults"]]) == (1, [], ["file"])
