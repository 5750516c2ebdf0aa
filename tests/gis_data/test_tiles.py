"""Vector tiles: what is in them, that they are kept, and that a kept one is never out of date."""

import gzip
import math
import random
from datetime import date
from typing import Any

import mapbox_vector_tile
import pytest
from django.contrib.gis.geos import LineString, MultiPolygon, Point, Polygon
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gis_data import tiles
from gis_data.crs import STORE
from gis_data.models import BaseFeature, Component, Generation, LayerVersion
from gis_data.queries import map_view
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, small_town


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    n = 2**z
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return z, int((lon + 180) / 360 * n), int(row)


def fetch(town: Town, layer: str, z: int, cell: int = 0, **headers: Any) -> Any:
    z, x, y = tile_at(*town.city.inside(cell), z)
    return Caller(town.bo).call("GET", f"/tiles/{layer}/{z}/{x}/{y}.mvt", **headers)


def decoded(response: Any) -> dict[str, list[dict[str, Any]]]:
    """Properties of the features by layer."""
    assert response.status_code == 200, response.content[:300]
    body = (
        gzip.decompress(response.content)
        if response.headers.get("Content-Encoding") == "gzip"
        else response.content
    )
    return {
        name: [feature["properties"] for feature in layer["features"]]
        for name, layer in mapbox_vector_tile.decode(body).items()
    }


def everywhere(town: Town, layer: str, z: int) -> list[dict[str, Any]]:
    """Features of the tiles of all six cells, each once: the small city lies across a tile's edge."""
    found = [one for cell in range(6) for one in decoded(fetch(town, layer, z, cell)).get(layer, [])]
    return [one for number, one in enumerate(found) if one not in found[:number]]


def test_cells_carry_their_codes(town: Town) -> None:
    found = {cell["code"] for cell in everywhere(town, "cells", 15)}
    assert found == {cell.code for cell in town.city.cells}


def test_areas_have_borders_and_names_apart(town: Town) -> None:
    found = decoded(fetch(town, "areas", 14, cell=2))
    assert {(area["level"], area["code"]) for area in found["areas"]} == {
        (area.level, area.code) for area in (*town.city.districts, *town.city.streets, *town.city.communities)
    }
    assert {"kind": "street", "name": "东华门街道", "name_en": "Donghuamen Subdistrict"} in found["names"]
    assert all("name" not in area for area in found["areas"])
    far = decoded(fetch(town, "areas", 9))["areas"]
    assert "community" not in {area["level"] for area in far}


def test_grids_and_components(town: Town) -> None:
    found = everywhere(town, "grids", 13)
    assert sorted(grid["code"] for grid in found) == sorted(grid.code for grid in town.city.grids)
    assert {"code": town.city.grids[0].code, "name": town.city.grids[0].name} in found
    lamp = town.city.lamps[0]
    found = decoded(fetch(town, "components", 15))["components"]
    assert {"code": lamp.code, "class_code": "0137", "state": "intact"} in found
    Component.objects.filter(pk=lamp.pk).update(retired_on="2024-01-01")
    assert lamp.code not in {one["code"] for one in decoded(fetch(town, "components", 15))["components"]}


def test_the_paper_map_grows_in_with_the_zoom(town: Town) -> None:
    lon, lat = town.city.inside(0)
    lane = LineString((lon - 0.001, lat), (lon + 0.001, lat), srid=STORE)
    square = Polygon.from_bbox((lon, lat, lon + 0.0004, lat + 0.0004))
    square.srid = STORE
    kind = BaseFeature.Kind
    for what, rank, name, shape in (
        (kind.STREET, 1, "二环路", lane),
        (kind.STREET, 4, "菊儿胡同", lane),
        (kind.WATER, 1, "筒子河", MultiPolygon(square, srid=STORE)),
        (kind.BUILDING, 1, "", square),
        (kind.BUILDING, 2, "", square),
        (kind.PLACE, 1, "故宫", Point(lon, lat, srid=STORE)),
    ):
        BaseFeature.objects.create(district_code="110101", kind=what, rank=rank, name=name, shape=shape)
    far, block, near = (decoded(fetch(town, "base", z)) for z in (10, 14, 15))
    assert [street["name"] for street in far["streets"]] == ["二环路"]
    assert "buildings" not in far
    assert {street["name"] for street in near["streets"]} == {"二环路", "菊儿胡同"}
    # never a block and its buildings at once: painted even-odd, one would cut the other out
    assert len(block["buildings"]) == len(near["buildings"]) == 1
    assert near["labels"] == [{"kind": "place", "rank": 1, "name": "故宫"}]
    assert far["water"] == [{"name": "筒子河"}]


def test_nothing_there_is_204_and_too_far_out_too(town: Town) -> None:
    assert fetch(town, "base", 15).status_code == 204
    assert fetch(town, "components", tiles.LAYERS["components"].min_zoom - 1).status_code == 204
    assert Caller(town.bo).get("/tiles/cells/15/0/0.mvt").status_code == 204


@pytest.mark.parametrize("path", ["nonsense/15/1/1", "cells/21/1/1", "cells/2/4/0", "cells/2/0/4"])
def test_what_cannot_exist_is_missing(town: Town, path: str) -> None:
    error = refusal(Caller(town.bo).get(f"/tiles/{path}.mvt"), codes={404})
    assert error["code"] == "missing"


def test_a_tile_is_drawn_once_and_answered_304(town: Town) -> None:
    first = fetch(town, "cells", 15)
    with CaptureQueriesContext(connection) as queries:
        second = fetch(town, "cells", 15)
    assert not [query for query in queries if "ST_AsMVT" in query["sql"]], "the kept tile was drawn again"
    assert second.content == first.content
    unchanged = fetch(town, "cells", 15, if_none_match=first["ETag"])
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_any_change_of_the_layer_is_a_new_tile(town: Town) -> None:
    first = fetch(town, "components", 15)
    town.city.lamps[0].delete()
    second = fetch(town, "components", 15, if_none_match=first["ETag"])
    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]
    assert len(decoded(second)["components"]) == len(decoded(first)["components"]) - 1


def test_versions_do_not_repeat_after_the_table_was_emptied(town: Town) -> None:
    before = LayerVersion.objects.get(pk="components").version
    LayerVersion.objects.all().delete()
    town.city.lamps[0].delete()
    assert LayerVersion.objects.get(pk="components").version > before


def test_compressed_only_for_those_who_can_read_it(town: Town) -> None:
    packed = fetch(town, "cells", 15, accept_encoding="gzip, br")
    plain = fetch(town, "cells", 15, accept_encoding="identity")
    assert packed["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain
    assert gzip.decompress(packed.content) == plain.content


def test_the_map_opens_on_the_callers_district(town: Town) -> None:
    body = Caller(town.bo).get("/map/settings").json()
    west, south, east, north = body["bounds"]
    assert (west, south, east, north) == pytest.approx((116.41, 39.92, 116.414, 39.921))
    assert west < body["center"][0] < east
    assert body["generated"] is True
    assert {layer["id"] for layer in body["layers"]} == set(tiles.LAYERS)
    assert body["layers"][0]["url"] == "/api/v1/tiles/base/{z}/{x}/{y}.mvt"


def test_the_map_opens_on_all_districts_where_the_callers_is_not_in_force(town: Town) -> None:
    assert map_view("310101").bounds == pytest.approx((116.41, 39.92, 116.416, 39.921))
    assert map_view("110105").bounds == pytest.approx((116.414, 39.92, 116.416, 39.921))
    Generation.objects.update(state=Generation.State.RETIRED)
    assert map_view("110105").zoom == 4


def test_the_shelf_keeps_what_fits_and_what_is_current() -> None:
    shelf = tiles._Shelf(at_most=100)
    for number in range(5):
        shelf.put(("cells", 1, number, 0), tiles.Tile("v1", bytes(30)))
    assert [shelf.get(("cells", 1, number, 0), "v1") is not None for number in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert shelf.get(("cells", 1, 4, 0), "v2") is None


# --- counts where things cannot be told apart, and versions by square ------------------------------------


def squares(zoom: int) -> dict[tuple[int, int], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT x, y, count FROM gis_data_componentsquare WHERE zoom = %s AND count <> 0", [zoom]
        )
        return {(x, y): count for x, y, count in cursor.fetchall()}


def counted(zoom: int) -> dict[tuple[int, int], int]:
    """The same, counted one by one."""
    found: dict[tuple[int, int], int] = {}
    for place in Component.objects.filter(retired_on=None).values_list("place", flat=True):
        at = tile_at(place.x, place.y, zoom)[1:]
        found[at] = found.get(at, 0) + 1
    return found


def test_far_out_a_tile_counts_components_by_squares(town: Town) -> None:
    lamp = town.city.lamps[0]
    z, x, y = tile_at(lamp.place.x, lamp.place.y, 12)
    counts = decoded(Caller(town.bo).get(f"/tiles/components/{z}/{x}/{y}.mvt"))
    assert set(counts) == {"counts"}
    inside = {at: n for at, n in counted(16).items() if (at[0] >> 4, at[1] >> 4) == (x, y)}
    assert sorted(one["count"] for one in counts["counts"]) == sorted(inside.values())


def test_far_out_communities_count_their_cells(town: Town) -> None:
    counts = [
        one for cell in range(6) for one in decoded(fetch(town, "cells", 12, cell)).get("communities", [])
    ]
    assert {one["code"]: one["count"] for one in counts} == {
        area.code: sum(cell.code.startswith(area.code) for cell in town.city.cells)
        for area in town.city.communities
    }


def test_squares_stay_true_whatever_is_written(town: Town) -> None:
    chance = random.Random(7)
    for _step in range(40):
        lamp = chance.choice(list(Component.objects.all()))
        change = chance.randrange(5)
        if change == 0:
            lamp.place = Point(chance.uniform(116.40, 116.42), chance.uniform(39.91, 39.93), srid=STORE)
            lamp.save()
        elif change == 1:
            lamp.retired_on = None if lamp.retired_on else date(2026, 1, 1)
            lamp.save()
        elif change == 2:
            lamp.pk, lamp.code = None, f"{lamp.code[:10]}{chance.randrange(100_000, 999_999)}"
            lamp.save()
        elif change == 3:
            Component.objects.filter(pk__lt=lamp.pk).update(place=lamp.place)
        else:
            lamp.delete()
        for zoom in (8, 15, 19):
            assert squares(zoom) == counted(zoom)
    with connection.cursor() as cursor:
        cursor.execute("SELECT gis_data_count_squares()")
    assert all(squares(zoom) == counted(zoom) for zoom in range(8, 20))


@pytest.mark.parametrize("z", [12, 15, 18, 20])
def test_a_change_makes_new_exactly_the_tiles_in_which_it_is_seen(town: Town, z: int) -> None:
    lamp = town.city.lamps[0]
    places = [(lamp.place.x, lamp.place.y), (lamp.place.x + 0.3, lamp.place.y + 0.2)]
    across = 360 / 2**z
    # the tiles of both places, and those all around them
    around = {
        (z, x + east, y + south)
        for _z, x, y in (tile_at(*place, z) for place in places)
        for east in (-1, 0, 1)
        for south in (-1, 0, 1)
    }
    before = {at: tiles.etag_of("components", *at) for at in around}
    drawn = {at: tiles._draw("components", *at) for at in around}
    lamp.place = Point(*places[1], srid=STORE)
    lamp.save()
    changed = {at for at in around if tiles.etag_of("components", *at) != before[at]}
    assert {at for at in around if tiles._draw("components", *at) != drawn[at]} <= changed
    if z <= 19:
        edge = across * 16 / 4096
        seen = {
            tile_at(lon + east, lat + south, z)
            for lon, lat in places
            for east in (-edge, 0, edge)
            for south in (-edge, 0, edge)
        }
        assert changed <= seen


def test_a_state_that_changes_makes_its_tile_new(town: Town) -> None:
    first = fetch(town, "components", 16)
    Component.objects.filter(pk=town.city.lamps[0].pk).update(state="damaged")
    assert fetch(town, "components", 16)["ETag"] != first["ETag"]
