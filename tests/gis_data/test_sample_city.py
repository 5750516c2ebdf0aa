"""The sample city keeps what it promises: nesting, sizes, codes, counts; drawn alike by the same seed."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from django.db import connection, transaction

from gis_data import codes
from gis_data.check import check_district
from gis_data.crs import STORE
from gis_data.models import Area, BaseFeature, Cell, Component, Generation, ProblemClass, ResponsibilityGrid
from gis_data.project import project
from gis_data.queries import locate_many
from gis_data.sample import Counts, load_sample_city
from gis_data.sample.blocks import draw_blocks
from gis_data.sample.city import City, draw_city, read_divisions, reading_order
from gis_data.sample.furniture import ORGS, read_owners

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn() -> City:
    return draw_city(seed=3)


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: object) -> Iterator[Counts]:
    """The sample city in the database for this module, rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        yield load_sample_city(seed=3)
        transaction.set_rollback(True)


def all_cells(city: City) -> np.ndarray:
    return np.array([cell for community in city.communities for cell in community.cells])


# --- drawn


def test_all_real_divisions_are_there_once(drawn: City) -> None:
    district, streets, communities = read_divisions()
    assert (district.code, len(streets), len(communities)) == ("110101", 17, 169)
    assert sorted(community.division.code for community in drawn.communities) == [
        community.code for community in communities
    ]
    assert all(one.name and one.name_en and one.name_en.isascii() for one in (*streets, *communities))


def test_cells_are_a_coverage_without_gap_or_overlap(drawn: City) -> None:
    cells = all_cells(drawn)
    assert shapely.is_valid(cells).all()
    assert shapely.coverage_is_valid(cells)
    whole = shapely.coverage_union_all(cells)
    assert whole.geom_type == "Polygon"
    assert shapely.get_num_interior_rings(whole) == 0
    assert shapely.area(cells).sum() == pytest.approx(whole.area, rel=1e-9)
    # metres of the plane are those of the outline; 41.65 km² published 41.84
    assert whole.area == pytest.approx(41.65e6, rel=1e-3)


def test_shared_borders_survive_the_way_into_the_store(drawn: City) -> None:
    stored = project(all_cells(drawn), 4548, STORE)
    assert shapely.coverage_is_valid(stored)


def test_cells_are_about_a_hectare(drawn: City) -> None:
    areas = shapely.area(all_cells(drawn))
    assert 3_900 <= len(areas) <= 4_300
    assert areas.mean() == pytest.approx(10_000, rel=0.01)
    assert areas.min() > 7_000
    assert areas.max() < 13_000


def test_cells_are_numbered_west_to_east_then_north_to_south() -> None:
    squares = [shapely.box(x, y, x + 90, y + 90) for y in (0, 90) for x in (90, 0)]
    assert reading_order(squares, band_m=90) == [3, 2, 1, 0]


def test_the_same_seed_draws_the_same_city_and_another_another(drawn: City) -> None:
    cells = all_cells(drawn)
    assert shapely.equals_exact(cells, all_cells(draw_city(seed=3)), 0).all()
    other = all_cells(draw_city(seed=4))
    assert len(other) != len(cells) or not shapely.equals_exact(cells, other, 0.5).all()


def test_nothing_is_built_on_water_parks_or_avenues(drawn: City) -> None:
    blocks = draw_blocks(drawn)
    grounds = shapely.union_all([ground.shape for ground in drawn.grounds])
    avenues = shapely.union_all([shapely.buffer(road.line, 5) for road in drawn.roads if road.rank <= 2])
    for shapes in (blocks.blocks, blocks.buildings):
        assert not shapely.intersects(shapes, grounds).any()
        assert not shapely.intersects(shapes, avenues).any()
    assert len(blocks.buildings) > 15_000
    for one, other in pairwise(drawn.grounds):
        assert one.shape.intersection(other.shape).area < 1e-3


def test_lanes_stay_out_of_parks(drawn: City) -> None:
    closed = shapely.union_all([shapely.buffer(ground.shape, -0.5) for ground in drawn.grounds])
    lanes = np.array([road.line for road in drawn.roads if road.rank >= 3])
    assert not shapely.intersects(lanes, closed).any()
    assert Counter(road.rank for road in drawn.roads).keys() == {1, 2, 3, 4}
    assert all(road.name and road.name_en for road in drawn.roads)


# --- loaded


def test_the_counts_are_those_promised(loaded: Counts) -> None:
    assert loaded.loaded
    assert (loaded.streets, loaded.communities) == (17, 169)
    assert 3_900 <= loaded.cells <= 4_300
    assert 200 <= loaded.grids <= 260
    assert loaded.components >= 60_000
    assert loaded.features > 20_000


def test_loading_again_changes_nothing(loaded: Counts) -> None:
    again = load_sample_city(seed=4)
    assert not again.loaded
    assert (again.cells, again.components) == (loaded.cells, loaded.components)


def test_the_city_checks_clean(loaded: Counts) -> None:
    check = check_district(Generation.objects.get(district_code="110101"))
    assert check.counts["components"] == loaded.components
    assert check.faults == []


def test_parts_sum_to_their_parents(loaded: Counts) -> None:
    for parent in Area.objects.exclude(level=Area.Level.COMMUNITY).prefetch_related("children"):
        total = sum(child.area_m2 for child in parent.children.all())
        assert total == pytest.approx(parent.area_m2, rel=1e-6), parent.code
    for community in Area.objects.filter(level=Area.Level.COMMUNITY).prefetch_related("cells"):
        total = sum(cell.area_m2 for cell in community.cells.all())
        assert total == pytest.approx(community.area_m2, rel=1e-6), community.code


def test_cells_of_a_community_are_numbered_without_a_gap(loaded: Counts) -> None:
    numbers: dict[str, list[int]] = {}
    for code in Cell.objects.values_list("code", flat=True):
        cell = codes.parse("cell", code)
        numbers.setdefault(cell.community_code, []).append(int(cell.sequence))
    assert len(numbers) == 169
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())


def test_a_responsibility_grid_lies_in_one_community_and_every_cell_in_one_grid(loaded: Counts) -> None:
    areas = []
    for grid in ResponsibilityGrid.objects.prefetch_related("cells"):
        cells = list(grid.cells.all())
        assert len({cell.code[:12] for cell in cells}) == 1
        areas.append(sum(cell.area_m2 for cell in cells))
    assert sum(areas) / len(areas) == pytest.approx(180_000, rel=0.1)
    assert (
        sum(len(grid.cells.all()) for grid in ResponsibilityGrid.objects.prefetch_related("cells"))
        == loaded.cells
    )


def test_components_of_every_class_with_organisations_that_exist(loaded: Counts) -> None:
    classes = ProblemClass.objects.filter(edition__current=True, kind="component")
    assert not classes.filter(components=None)
    known = {line.split(",")[0] for line in (ORGS / "departments.csv").read_text("utf-8").splitlines()[1:]}
    assert len(known) == 20 + 17
    named = Component.objects.values_list("authority_code", "owner_code", "maintainer_code").distinct()
    assert {code for row in named for code in row} <= known
    offices = Component.objects.filter(owner_code__startswith="110101-S").values_list(
        "owner_code", "cell_code"
    )
    assert all(owner[-3:] == cell[6:9] for owner, cell in offices), (
        "a street office owns only in its own street"
    )
    assert Component.objects.filter(problem_class__geometry_kind="line", outline=None).count() == 0


def test_located_where_they_say_they_stand(loaded: Counts) -> None:
    some = list(Component.objects.order_by("code")[::97])
    found = locate_many([(one.place.x, one.place.y) for one in some])
    assert [place.cell_code if place else None for place in found] == [one.cell_code for one in some]


def test_all_of_it_says_that_it_is_generated(loaded: Counts) -> None:
    for model in (Generation, Area, Cell, Component, BaseFeature):
        assert not model.objects.filter(synthetic=False).exists(), model.__name__


def test_locate_uses_its_indexes(loaded: Counts) -> None:
    from gis_data.sql import SYSTEMS, statement

    lamp = ProblemClass.objects.get(edition__current=True, kind="component", code="0137")
    arguments: dict[str, Any] = {"class_id": lamp.pk, "radius_m": 50.0, "at_most": 5, "today": "2026-01-01"}
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN " + statement("locate"), {**SYSTEMS, **arguments, "lons": [116.4112], "lats": [39.9121]}
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "cell_border_in_force" in plan
    assert "component_class_place" in plan or "component_place" in plan
    assert "Seq Scan on gis_data_component" not in plan
    assert "Seq Scan on gis_data_cell" not in plan


def test_owners_have_a_row_for_every_major() -> None:
    assert {"01", "02", "03", "04", "05"} <= set(read_owners())
