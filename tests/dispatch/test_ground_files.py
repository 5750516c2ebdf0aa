"""The file of a component and of a cell: everything ever reported there, who answers for it, its rules."""

from __future__ import annotations

import pytest

from gis_data.models import Component
from tests.factories.calls import Caller, refusal
from tests.factories.city import WATER
from tests.factories.people import Town
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db


def test_a_component_shows_all_that_was_ever_reported_of_it(town: Town) -> None:
    cover = town.city.manholes[1]
    place = {"lon": cover.place.x, "lat": cover.place.y, "component_code": cover.code}
    open_, closed = walk(town, WAYS["filed"], **place), walk(town, WAYS["closed"], **place)
    walk(town, WAYS["filed"])  # another one's
    told = Caller(town.bo).get(f"/components/{cover.code}/file").json()
    assert (told["code"], told["kind"], told["count"], told["open"]) == (cover.code, "component", 2, 1)
    assert {one["id"] for one in told["reports"]} == {str(open_.pk), str(closed.pk)}
    assert sum(one["count"] for one in told["years"]) == 2
    assert {one["code"] for one in told["people"]} == {
        code for code in (cover.authority_code, cover.owner_code, cover.maintainer_code) if code
    }


def test_its_rules_say_which_wins_and_why(town: Town) -> None:
    cover = town.city.manholes[0]
    Component.objects.filter(pk=cover.pk).update(owner_code=WATER)
    told = Caller(town.bo).get(f"/components/{cover.code}/file").json()
    assert [rule["wins"] for rule in told["rules"]].count(True) == 1
    assert told["rules"][0]["wins"] is True
    assert told["rules"][0]["why"]


def test_a_cell_shows_its_grids_and_its_reports(town: Town) -> None:
    cell = town.city.cells[0]
    lon, lat = town.city.inside(0)
    walk(town, (), lon=lon, lat=lat)
    told = Caller(town.bo).get(f"/cells/{cell.code}/file").json()
    assert (told["code"], told["count"], told["open"]) == (cell.code, 1, 1)
    assert {one["code"] for one in told["people"]} == set(cell.grids.values_list("code", flat=True))
    assert told["area_m2"] == pytest.approx(cell.area_m2, abs=0.1)


def test_a_department_sees_its_own_reports_alone(town: Town) -> None:
    lon, lat = town.city.inside(0)
    walk(town, (), lon=lon, lat=lat)
    mine = walk(town, WAYS["handling"], lon=lon, lat=lat)
    told = Caller(town.chen).get(f"/cells/{town.city.cells[0].code}/file").json()
    assert [one["id"] for one in told["reports"]] == [str(mine.pk)]
    assert told["count"] == 1


@pytest.mark.parametrize(
    "path", ["/components/1101010199999999/file", "/cells/110105001001001/file", "/cells/x/file"]
)
def test_what_is_not_there_or_anothers_is_missing(town: Town, path: str) -> None:
    assert refusal(Caller(town.bo).get(path), codes={404})["code"] == "missing"
