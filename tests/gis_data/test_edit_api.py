"""Editing through the API: the whole way of a draft, grids and components at once, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.gis.geos import LineString
from django.db import connection
from django.test.utils import CaptureQueriesContext

from casework.access import Actor
from casework.roles import Role
from gis_data.crs import STORE
from gis_data.importers.classes import load_classes
from gis_data.models import Cell, Component, Generation, MapEdit, ResponsibilityGrid
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, holder, organisation, small_town
from tests.gis_data.ground import SIDE, SOUTH, WEST, make_ground

BOX = f"{WEST},{SOUTH},{WEST + 6 * SIDE},{SOUTH + 6 * SIDE}"
FIRST = "110101001001"


@pytest.fixture
def ada(db: None) -> Caller:
    """A system administrator of the crooked ground's district."""
    from casework.models import Stream

    Stream.objects.get_or_create(code="110101", defaults={"name": "东城区"})
    make_ground()
    return Caller(holder("ada", "Ada", Role.SYSTEM_ADMIN, organisation("110101-IT", "信息中心", "IT")))


def begun(ada: Caller) -> dict[str, Any]:
    response = ada.post("/edit/drafts", {})
    assert response.status_code == 200, response.content
    made: dict[str, Any] = response.json()
    return made


def split(draft: dict[str, Any], **more: Any) -> dict[str, Any]:
    x = WEST + 0.5 * SIDE
    line = [[x, SOUTH + 4 * SIDE], [x, SOUTH + 7 * SIDE]]
    return {"version": draft["version"], "kind": "split_cell", "code": f"{FIRST}001", "line": line, **more}


def test_a_draft_from_beginning_to_force(ada: Caller) -> None:
    draft = begun(ada)
    path = f"/edit/drafts/{draft['id']}"
    assert (draft["begun"], draft["cells"], draft["can_undo"]) == (True, 36, False)
    done = ada.post(f"{path}/edits", split(draft)).json()
    assert done["edit"]["subject"] == f"{FIRST}001 → {FIRST}010, {FIRST}011"
    assert (done["draft"]["version"], done["draft"]["cells"], done["draft"]["can_undo"]) == (1, 37, True)
    shapes = ada.get(f"{path}/shapes?bbox={BOX}").json()
    assert {f"{FIRST}010", f"{FIRST}011"} < {cell["code"] for cell in shapes["cells"]}
    assert {area["level"] for area in shapes["areas"]} == {"district", "street", "community"}
    undone = ada.post(f"{path}/undo", {"version": 1}).json()["draft"]
    assert (undone["cells"], undone["can_undo"], undone["can_redo"]) == (36, False, True)
    redone = ada.post(f"{path}/redo", {"version": 2}).json()["draft"]
    assert redone["cells"] == 37
    found = ada.get(f"{path}/differences?check=true").json()
    assert found["faults"] == []
    assert {item["change"] for item in found["items"]} == {"new", "gone", "changed"}
    forced = ada.post(f"{path}/activate", {"version": 3}).json()
    assert forced["cell_lineage"] >= 37
    assert Generation.objects.get(state="active").pk == draft["id"]
    assert ada.get("/edit/drafts").json()["items"] == []


def test_a_stale_edit_is_a_conflict_and_a_bad_one_says_why(ada: Caller) -> None:
    draft = begun(ada)
    path = f"/edit/drafts/{draft['id']}/edits"
    assert ada.post(path, split(draft)).status_code == 200
    assert refusal(ada.post(path, split(draft)), codes={409})["code"] == "stale"
    wrong = split({"version": 1}, code=f"{FIRST}003", line=[[1, 1], [2, 2]])
    error = refusal(ada.post(path, wrong), codes={422})
    assert error["code"] == "edit_refused"
    assert error["mend"]


@pytest.mark.parametrize(
    "body",
    [
        {}, {"version": -1, "kind": "split_cell"}, {"version": 0, "kind": "explode"},
        {"version": 0, "kind": "move_vertex"},
        {"version": 0, "kind": "move_vertex", "at": [1000, 0], "to": [0, 0]},
        {"version": 0, "kind": "split_cell", "code": "x", "line": [[116, 39]] * 501},
        {"version": 0, "kind": "draw_cell", "into": FIRST, "ring": [[116, 39], [117, 40]]},
        {"version": 0, "kind": "draw_cell", "into": FIRST, "ring": [[0, 0], [1, 1], [1, 0], [0, 1]]},
        {"version": 0, "kind": "rename_area", "codes": [FIRST], "name": " "},
        {"version": 0, "kind": "rename_area", "codes": [FIRST], "name": "\u0000"},
        {"version": 0, "kind": "merge_areas", "codes": [FIRST, "110101002001"]},
        {"version": 0, "kind": "merge_areas", "codes": ["110101", FIRST]},
        {"version": 0, "kind": "move_cells", "codes": [], "into": FIRST},
        {"version": 0, "kind": "split_area", "codes": ["110101"], "line": [[116, 39.92], [117, 39.921]],
         "name": "x"},
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_leaves_the_draft_as_it_was(ada: Caller, body: dict[str, Any]) -> None:
    draft = begun(ada)
    refusal(ada.post(f"/edit/drafts/{draft['id']}/edits", body), codes={422})
    assert ada.get(f"/edit/drafts/{draft['id']}").json()["version"] == 0


@pytest.mark.parametrize("box", ["", "1,2,3", "a,b,c,d", "117,40,116,39", "nan,1,2,3", "-999,0,1,1"])
def test_a_box_that_is_none_is_refused(ada: Caller, box: str) -> None:
    refusal(ada.get(f"/edit/ground?bbox={box}"), codes={422})


def test_a_wide_view_has_areas_but_no_cells(ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gis_data.edit_api.CELLS_AT_MOST", 10)
    shown = ada.get(f"/edit/ground?bbox={BOX}").json()
    assert (shown["truncated"], shown["cells"], len(shown["areas"])) == (True, [], 7)


def test_shapes_of_many_cells_cost_as_many_queries_as_of_few(ada: Caller) -> None:
    small = f"{WEST},{SOUTH},{WEST + SIDE / 2},{SOUTH + SIDE / 2}"
    counts = []
    for box in (small, BOX):
        with CaptureQueriesContext(connection) as queries:
            assert ada.get(f"/edit/ground?bbox={box}").status_code == 200
        counts.append(len(queries))
    assert counts == [3, 3]


def test_nobody_edits_another_district(ada: Caller) -> None:
    draft = begun(ada)
    from casework.models import Stream

    Stream.objects.get_or_create(code="110105", defaults={"name": "朝阳区"})
    other = Caller(
        holder("zoe", "Zoe", Role.SYSTEM_ADMIN, organisation("110105-IT", "x", "x"), stream="110105")
    )
    refusal(other.get(f"/edit/drafts/{draft['id']}"), codes={404})
    refusal(other.post(f"/edit/drafts/{draft['id']}/edits", split(draft)), codes={404})
    refusal(other.post("/edit/cells", {"cells": [f"{FIRST}001"]}), codes={422})


# --- grids and components --------------------------------------------------------------------------------


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


@pytest.fixture
def admin(town: Town) -> Actor:
    return holder("ada", "Ada", Role.SYSTEM_ADMIN, organisation("110101-IT", "信息中心", "IT"))


def codes_of(grid: str) -> list[str]:
    cells = Cell.objects.filter(grids__code=grid, active=True)
    return sorted(cells.values_list("code", flat=True))


def test_cells_go_from_grid_to_grid_and_back(town: Town, admin: Actor) -> None:
    ada = Caller(admin)
    made = ada.post("/edit/grids", {"name": "东华门 002"}).json()
    assert made["subject"] == "110101-M001"
    cells = [cell.code for cell in town.city.cells[:2]]
    before = codes_of("DC001")
    done = ada.post("/edit/cells", {"grid": "110101-M001", "cells": cells}).json()
    assert codes_of("110101-M001") == cells
    assert codes_of("DC001") == before[2:]
    assert {one["code"]: one["cells"] for one in ada.get("/edit/grids").json()} == {
        "DC001": 2,
        "110101-M001": 2,
    }
    taken = ada.post("/edit/cells", {"cells": cells[:1]}).json()
    assert codes_of("110101-M001") == cells[1:]
    refusal(ada.post(f"/edit/log/{done['id']}/undo", {}), codes={409})  # the later edit comes first
    assert ada.post(f"/edit/log/{taken['id']}/undo", {}).status_code == 200
    assert ada.post(f"/edit/log/{done['id']}/undo", {}).status_code == 200
    assert codes_of("DC001") == before
    refusal(ada.post(f"/edit/log/{done['id']}/undo", {}), codes={404})
    assert ada.post(f"/edit/log/{made['id']}/undo", {}).status_code == 200
    assert not ResponsibilityGrid.objects.filter(code="110101-M001").exists()


@pytest.mark.parametrize(
    "body",
    [
        {"grid": "nowhere", "cells": ["110101001001001"]}, {"grid": "DC001", "cells": ["110105001001001"]},
        {"grid": "DC001", "cells": ["110101001001999"]}, {"grid": "DC001", "cells": []},
    ],
)  # fmt: skip
def test_cells_or_grids_that_are_not_there_are_refused(
    town: Town, admin: Actor, body: dict[str, Any]
) -> None:
    before = codes_of("DC001")
    refusal(Caller(admin).post("/edit/cells", body), codes={422})
    assert codes_of("DC001") == before


def test_a_component_is_added_moved_retired_and_each_undone(town: Town, admin: Actor) -> None:
    ada = Caller(admin)
    lon, lat = town.city.inside(0, 0.9, 0.9)
    added = ada.post("/edit/components", {"class_code": "0137", "lon": lon, "lat": lat, "owner_code": "X"})
    assert added.status_code == 200, added.content
    code = added.json()["subject"]
    row = Component.objects.get(code=code)
    assert code == "1101010137000005"  # after the four that stand there
    assert (row.cell_code, row.owner_code, row.place.coords) == (town.city.cells[0].code, "X", (lon, lat))
    to = town.city.inside(1, 0.1, 0.1)
    moved = ada.post(f"/edit/components/{code}/move", {"lon": to[0], "lat": to[1]}).json()
    row.refresh_from_db()
    assert (row.cell_code, row.place.coords) == (town.city.cells[1].code, to)
    retired = ada.post(f"/edit/components/{code}/retire", {}).json()
    refusal(ada.post(f"/edit/components/{code}/move", {"lon": lon, "lat": lat}), codes={404})
    box = f"{lon - 1e-3},{lat - 1e-3},{lon + 1e-3},{lat + 1e-3}"
    assert code not in {one["code"] for one in ada.get(f"/edit/components?bbox={box}").json()}
    for done in (retired, moved):
        assert ada.post(f"/edit/log/{done['id']}/undo", {}).status_code == 200
    row.refresh_from_db()
    assert (row.cell_code, row.place.coords, row.retired_on) == (town.city.cells[0].code, (lon, lat), None)
    assert code in {one["code"] for one in ada.get(f"/edit/components?bbox={box}").json()}
    assert ada.post(f"/edit/log/{added.json()['id']}/undo", {}).status_code == 200
    assert not Component.objects.filter(code=code).exists()
    logged = MapEdit.objects.filter(kind="move_component").get()
    assert logged.by_name == "Ada"
    assert logged.before["component"] != logged.after["component"]


def test_an_outline_moves_with_its_component(town: Town, admin: Actor) -> None:
    row = town.city.bins[0]
    x, y = row.place.coords
    Component.objects.filter(pk=row.pk).update(outline=LineString((x, y), (x + 0.0001, y), srid=STORE))
    lon, lat = town.city.inside(1)
    Caller(admin).post(f"/edit/components/{row.code}/move", {"lon": lon, "lat": lat})
    outline: Any = Component.objects.get(pk=row.pk).outline
    assert outline.coords == (pytest.approx((lon, lat)), pytest.approx((lon + 0.0001, lat)))


def test_a_component_stands_in_the_own_district(town: Town, admin: Actor) -> None:
    ada = Caller(admin)
    load_classes()
    for lon, lat in (town.city.outside, town.city.inside(5)):
        refusal(ada.post("/edit/components", {"class_code": "0137", "lon": lon, "lat": lat}), codes={404})
    neighbour = town.city.lamps[5].code
    refusal(ada.post(f"/edit/components/{neighbour}/retire", {}), codes={404})
