"""check_city finds what is planted, and nothing in a city that is in order."""

import io
import json
from typing import Any

import pytest
from django.contrib.gis.db.models.functions import Transform
from django.contrib.gis.geos import Point, Polygon
from django.core.management import CommandError, call_command
from django.db.models import FloatField, Func

from gis_data.crs import METRIC, STORE
from gis_data.models import Area, Cell, Component, Generation
from tests.factories.city import SIDE, SOUTH, WEST, SmallCity, small_city

MEASURED = Func(Transform("border", METRIC), function="ST_Area", output_field=FloatField())


@pytest.fixture
def city(db: None) -> SmallCity:
    city = small_city()
    # the factory's round figures for areas are good enough for tests, not for a check
    for model in (Area, Cell):
        model.objects.update(area_m2=MEASURED)
    return city


def check(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("check_city", "--json", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def faults(*arguments: str) -> set[tuple[str, str]]:
    status, body = check(*arguments)
    assert status == (1 if body["faults"] else 0)
    assert body["ok"] is (not body["faults"])
    return {(fault["kind"], fault["code"]) for fault in body["faults"]}


def rectangle(west: float, east: float) -> Polygon:
    """Cells' row between two columns counted in cells from the west."""
    return Polygon.from_bbox((WEST + SIDE * west, SOUTH, WEST + SIDE * east, SOUTH + SIDE))


def redraw(cell: Cell, west: float, east: float) -> None:
    cell.border = rectangle(west, east)
    cell.border.srid = STORE
    cell.save()
    Cell.objects.filter(pk=cell.pk).update(area_m2=MEASURED)


def test_a_city_in_order_has_no_faults(city: SmallCity) -> None:
    assert faults() == set()
    status, body = check("--district=110105")
    assert (status, [one["code"] for one in body["districts"]]) == (0, ["110105"])


def test_a_gap(city: SmallCity) -> None:
    redraw(city.cells[1], 1.1, 2)
    found = faults()
    assert ("gap", "110101001001") in found
    assert {kind for kind, _code in found} == {"gap"}


def test_an_overlap(city: SmallCity) -> None:
    redraw(city.cells[1], 0.9, 2)
    assert faults() == {("overlap", "110101001001001 110101001001002")}


def test_a_cell_across_its_community(city: SmallCity) -> None:
    redraw(city.cells[1], 1, 2.1)
    assert {("crossing", "110101001001"), ("overlap", "110101001001002 110101001002001")} <= faults()


def test_a_wrong_size(city: SmallCity) -> None:
    Cell.objects.filter(pk=city.cells[0].pk).update(area_m2=1)
    assert faults() == {("size", city.cells[0].code)}


def test_codes_against_the_grammar_and_their_parents(city: SmallCity) -> None:
    Cell.objects.filter(pk=city.cells[0].pk).update(code="110101001001000")
    Cell.objects.filter(pk=city.cells[5].pk).update(code="110105002001002")
    Component.objects.filter(cell_code=city.cells[0].code).update(cell_code="110101001001000")
    Component.objects.filter(cell_code=city.cells[5].code).update(cell_code="110105002001002")
    assert faults() == {("code", "110101001001000"), ("parent", "110105002001002")}


def test_a_sliver_and_cells_of_wrong_sizes(city: SmallCity) -> None:
    """Surveyors' cells: one 2 m wide beside one of two cells' ground. One of two in range is too few."""
    redraw(city.cells[0], 0, 0.02)
    redraw(city.cells[1], 0.02, 2)
    assert faults("--district=110101") >= {("small", city.cells[0].code), ("thin", city.cells[0].code)}
    _status, body = check("--district=110101")
    figures = body["districts"][0]["figures"]
    assert figures["in_range_share"] == 0.75
    assert figures["smallest_m2"] < 200
    redraw(city.cells[0], 0, 1)
    redraw(city.cells[1], 1, 2)
    assert faults() == set()


def test_numbers_that_run_backwards(city: SmallCity) -> None:
    """From the east to the west along the row."""
    first, second = city.cells[:2]
    redraw(first, 1, 2)
    redraw(second, 0, 1)
    Component.objects.update(retired_on="2024-01-01")
    assert faults() == {("order", second.code)}


def test_a_component_in_another_cell_than_it_names(city: SmallCity) -> None:
    lamp = city.lamps[0]
    Component.objects.filter(pk=lamp.pk).update(cell_code=city.cells[1].code)
    bin_ = city.bins[1]
    Component.objects.filter(pk=bin_.pk).update(place=Point(116.3, 39.8, srid=STORE))
    on_border = city.manholes[2]
    Component.objects.filter(pk=on_border.pk).update(
        place=Point(round(WEST + SIDE * 2, 6), SOUTH + SIDE / 2, srid=STORE)
    )
    assert faults() == {("component_cell", lamp.code), ("component_cell", bin_.code)}
    Component.objects.update(retired_on="2024-01-01")
    assert faults() == set()


def test_a_cell_that_nobody_patrols(city: SmallCity) -> None:
    city.grids[1].cells.remove(city.cells[4])
    assert faults() == {("no_grid", city.cells[4].code)}


def test_nothing_to_check_is_no_success(db: None) -> None:
    assert check() == (1, {"ok": False, "districts": [], "faults": [], "gaps": []})


def test_an_unknown_district_is_wrong_use(city: SmallCity) -> None:
    with pytest.raises(CommandError) as refused:
        check("--district=999999")
    assert refused.value.returncode == 2


def test_the_words_name_each_kind(city: SmallCity) -> None:
    redraw(city.cells[1], 1.1, 2)
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("check_city", stdout=out)
    assert "110101001001" in out.getvalue()
    assert Generation.objects.count() == 2
