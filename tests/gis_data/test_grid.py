"""Cutting holds what it promises for any ground: no gap, no overlap, sizes, whole buildings, same bytes."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box
from shapely.affinity import rotate, translate
from shapely.geometry.base import BaseGeometry

from gis_data.crs import STORE, metric_at
from gis_data.grid.cut import Cells, cut
from gis_data.grid.limits import Limits, compactness
from gis_data.grid.rules import judge
from gis_data.project import project

LIMITS = Limits()
EAST, NORTH = 448_000.0, 4_418_000.0  # Dongcheng in metres, where doubles have what they have there
TRIES = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def placed(shape: BaseGeometry) -> BaseGeometry:
    return translate(shape, EAST, NORTH)


def bent(width: float, points: np.ndarray) -> BaseGeometry:
    return LineString(points).buffer(width / 2, cap_style="flat")


def around(radii: np.ndarray) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return Polygon(np.column_stack([radii * np.cos(angle), radii * np.sin(angle)]))


ALONG = np.linspace(0, 1, 400)
TURN = ALONG * 25
HOSTILE = {
    "square": box(0, 0, 1000, 1000),
    "tiny": box(0, 0, 40, 40),
    "canal": box(0, 0, 5000, 12),
    "canal that winds": bent(16, np.column_stack([ALONG * 3000, 200 * np.sin(ALONG * 30)])),
    "spiral": bent(40, np.column_stack([(20 + 380 * ALONG) * f(TURN) for f in (np.cos, np.sin)])),
    "ring": Point(0, 0).buffer(500).difference(Point(0, 0).buffer(470)),
    "hole off the middle": Point(0, 0).buffer(500).difference(Point(100, 0).buffer(200)),
    "star": around(np.where(np.arange(24) % 2, 600.0, 100.0)),
    "spines": around(np.where(np.arange(80) % 2, 900.0, 300.0)),
    "frayed": around(400 + np.random.default_rng(1).normal(0, 8, 3000)),
    "spike": box(0, 0, 300, 300) | box(300, 100, 1300, 100.1),
    "necks of 3 m": shapely.union_all(
        [box(at, 0, at + 200, 200) for at in range(0, 1500, 250)] + [box(0, 99, 1450, 102)]
    ),
    "comb": shapely.union_all(
        [box(0, 0, 1000, 30)] + [box(at, 30, at + 20, 400) for at in range(0, 1000, 50)]
    ),
    "cheese": box(0, 0, 500, 400)
    - shapely.union_all([Point(50 + x * 90, 50 + y * 90).buffer(25) for x in range(5) for y in range(4)]),
    "many parts": shapely.union_all(
        [box(x * 300, y * 200, x * 300 + 150 + 9 * x, y * 200 + 90) for x in range(4) for y in range(4)]
    ),
    "wedge": Polygon([(0, 0), (3000, 0), (1500, 20)]),
    "frame half a metre wide": box(0, 0, 300, 300) - box(0.5, 0.5, 299.5, 299.5),
    "bow-tie made valid": shapely.make_valid(Polygon([(0, 0), (400, 400), (400, 0), (0, 400)])),
}


def codes_of(cells: Cells) -> list[str]:
    return [f"1101010010{of:02d}{number:03d}" for of, number in zip(cells.of, cells.number, strict=True)]


def assert_in_order(areas: list[BaseGeometry], cells: Cells, *, slivers: bool = False) -> None:
    """Everything that a cut promises whatever the ground; the sums are counted here, not by the rules.

    slivers   the ground is such that some cannot be helped; the fault list names them
    """
    assert shapely.is_valid(cells.shapes).all()
    assert (shapely.get_type_id(cells.shapes) == 3).all()
    size = shapely.area(cells.shapes)
    sums = np.bincount(cells.of, size, minlength=len(areas))
    np.testing.assert_allclose(sums, shapely.area(areas), rtol=1e-9)
    for number, area in enumerate(areas):
        whole = shapely.union_all(cells.shapes[cells.of == number])
        assert shapely.symmetric_difference(whole, area).area <= 1e-6 * area.area + 1e-4
        assert cells.number[cells.of == number].tolist() == list(range(1, (cells.of == number).sum() + 1))
    verdict = judge(
        cells.shapes, codes_of(cells), cells.of, np.array(areas), [str(n) for n in range(len(areas))]
    )
    faults = [fault for fault in verdict.faults if not (slivers and fault.kind == "thin")]
    assert faults == []
    # the stored degrees, and what anybody measures from them, hold the same
    srid = metric_at(117, 39.9)
    stored = project(cells.shapes, srid, STORE)
    assert shapely.is_valid(stored).all()
    back = project(project(stored, STORE, srid), srid, STORE)
    assert shapely.coverage_is_valid(back) == shapely.coverage_is_valid(cells.shapes)
    again = shapely.area(project(stored, STORE, srid))
    np.testing.assert_allclose(np.bincount(cells.of, again, minlength=len(areas)), sums, rtol=1e-8)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ground(name: str) -> None:
    area = placed(HOSTILE[name])
    cells = cut([area])
    assert_in_order([area], cells)
    assert shapely.coverage_is_valid(cells.shapes)
    size = shapely.area(cells.shapes)
    if area.area >= LIMITS.least and name != "many parts":
        assert LIMITS.in_range(size).mean() >= 0.95
    if area.geom_type == "Polygon" and area.area < LIMITS.least:
        assert len(cells.shapes) == 1


def test_a_neck_is_where_to_cut() -> None:
    """Two squares on a neck: the cells keep to their square."""
    cells = cut([placed(box(0, 0, 100, 100) | box(100, 48, 250, 51) | box(250, 0, 350, 100))])
    assert len(cells.shapes) == 2
    assert shapely.contains(cells.shapes, [placed(Point(50, 50)), placed(Point(300, 50))]).all()


def test_a_round_million() -> None:
    cells = cut([placed(rotate(box(0, 0, 1000, 1000), 30))])
    assert len(cells.shapes) == 100
    np.testing.assert_allclose(shapely.area(cells.shapes), 10_000, rtol=0.02)
    assert compactness(cells.shapes).min() > 0.6


coordinate = st.floats(-600, 600).map(lambda value: round(value, 3))


@st.composite
def grounds(draw: st.DrawFn) -> BaseGeometry:
    """Any rings at all, mended: crossing themselves, in parts, with holes and spikes."""
    rings = draw(st.lists(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=14), max_size=3))
    shapes = [shapely.make_valid(Polygon(ring), method="structure", keep_collapsed=False) for ring in rings]
    ground: BaseGeometry = draw(
        st.sampled_from([box(-90, -40, 120, 70), Point(0, 0).buffer(180), box(0, 0, 2500, 9)])
    )
    for number, shape in enumerate(shapes):
        ground = ground.difference(shape) if number % 2 else ground.union(shape)
    ground = ground.union(box(700, 700, 710, 710))
    parts = [part for part in shapely.get_parts(ground) if part.geom_type == "Polygon" and part.area > 1e-3]
    # moving rounds vertices, which can spoil what only just was valid
    return shapely.make_valid(placed(shapely.multipolygons(parts)), method="structure", keep_collapsed=False)


@TRIES
@given(grounds())
def test_any_ground(ground: BaseGeometry) -> None:
    cells = cut([ground])
    assert_in_order([ground], cells, slivers=True)
    size = shapely.area(cells.shapes)
    alone = np.isin(size.round(3), shapely.area(shapely.get_parts(ground)).round(3))
    assert (LIMITS.in_range(size) | alone).mean() >= 0.95


segments = st.lists(
    st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=5).filter(
        lambda line: len(set(line)) > 1
    ),
    max_size=12,
)
houses = st.lists(
    st.tuples(coordinate, coordinate, st.floats(3, 160), st.floats(3, 60), st.floats(0, 90)), max_size=25
)


@TRIES
@given(segments, houses)
def test_any_lines_and_buildings(
    lines: list[list[tuple[float, float]]], drawn: list[tuple[float, ...]]
) -> None:
    """Two communities side by side: nothing crosses their border, and no building inside one is cut."""
    areas = [placed(box(-500, -400, 0, 400)), placed(box(0, -400, 500, 400))]
    buildings = [placed(rotate(box(x, y, x + w, y + d), turn)) for x, y, w, d, turn in drawn]
    cells = cut(areas, lines=[placed(LineString(line)) for line in lines], buildings=buildings)
    sums = np.bincount(cells.of, shapely.area(cells.shapes), minlength=2)
    np.testing.assert_allclose(sums, shapely.area(areas), rtol=1e-9)
    assert shapely.is_valid(cells.shapes).all()
    assert shapely.coverage_is_valid(cells.shapes)
    whole = [shapely.union_all(cells.shapes[cells.of == number]) for number in (0, 1)]
    assert shapely.area(shapely.symmetric_difference(whole, areas)).max() < 1e-3
    # every building part of one community stands in one cell
    for number, area in enumerate(areas):
        mine = cells.shapes[cells.of == number]
        for building in shapely.get_parts(shapely.union_all(buildings)):
            inside = shapely.area(shapely.intersection(mine, building))
            apart = shapely.get_parts(shapely.intersection(area, building))
            assert (inside > 1e-3).sum() <= max(1, len(apart)), building


def test_borders_follow_the_streets() -> None:
    """A town of blocks 180 × 140 m: every through street is a border, whatever dead ends stand in between."""
    area = placed(box(0, 0, 1440, 1120))
    streets = [LineString([(x, -20), (x + 9, 1140)]) for x in range(180, 1440, 180)]
    streets += [LineString([(-20, y), (1460, y - 9)]) for y in range(140, 1120, 140)]
    ends = [LineString([(60 + 90 * n, 300), (60 + 90 * n, 325 + 4 * n)]) for n in range(14)]
    cells = cut([area], lines=[placed(line) for line in streets + ends])
    rims = shapely.union_all(shapely.boundary(cells.shapes)).buffer(0.001)
    for street in streets:
        line = placed(street).intersection(area)
        assert line.intersection(rims).length > 0.999 * line.length
    assert_in_order([area], cells)


def test_a_street_that_stops_short_still_parts_the_ground() -> None:
    area = placed(box(0, 0, 200, 100))
    cells = cut([area], lines=[placed(LineString([(70, 3), (70, 97)]))])
    west = shapely.bounds(cells.shapes)[:, 2].min()
    assert west == pytest.approx(EAST + 70)


def test_a_dead_end_is_carried_on() -> None:
    area = placed(box(0, 0, 200, 100))
    cells = cut([area], lines=[placed(LineString([(120, 0), (120, 60)]))])
    assert [round(east - EAST, 6) for east in sorted(shapely.bounds(cells.shapes)[:, 2])] == [120, 200]


def test_the_roadway_between_two_kerbs_is_no_cell() -> None:
    area = placed(box(0, 0, 1000, 400))
    kerbs = [placed(LineString([(-5, y), (1005, y)])) for y in (190, 205)]
    cells = cut([area], lines=kerbs)
    assert compactness(cells.shapes).min() > 0.3
    assert_in_order([area], cells)


def test_a_building_larger_than_a_cell_stays_whole() -> None:
    area = placed(box(0, 0, 600, 400))
    hall = placed(box(150, 100, 400, 280))
    cells = cut([area], buildings=[hall])
    assert (shapely.area(shapely.intersection(cells.shapes, hall)) > 1e-3).sum() == 1
    # the others do not pay for it
    others = shapely.area(cells.shapes)[~shapely.intersects(cells.shapes, hall.centroid)]
    assert LIMITS.in_range(others).all()


def test_a_cut_goes_between_rows_of_houses() -> None:
    """100 × 200 m with a house where the middle is: the border runs straight beside it."""
    area = placed(box(0, 0, 100, 200))
    cells = cut([area], buildings=[placed(box(0, 95, 100, 110))])
    assert len(cells.shapes) == 2
    assert (shapely.get_num_coordinates(cells.shapes) <= 8).all()


def test_many_buildings_at_streets_and_borders() -> None:
    rng = np.random.default_rng(5)
    area = placed(box(0, 0, 700, 500))
    streets = [placed(LineString([(x, -5), (x + 20, 505)])) for x in (150, 330, 520)]
    buildings = [
        placed(rotate(box(x, y, x + rng.uniform(8, 26), y + rng.uniform(6, 20)), rng.uniform(-9, 9)))
        for x in range(10, 670, 30)
        for y in range(10, 480, 26)
    ]
    cells = cut([area], lines=streets, buildings=buildings)
    assert_in_order([area], cells)
    inside = shapely.area(shapely.intersection(np.array(buildings)[:, None], cells.shapes)) > 1e-3
    assert (inside.sum(axis=1) == 1).all()


def test_the_same_whatever_the_order_of_the_file() -> None:
    """Same bytes whatever the order of areas, lines and buildings, and wherever their rings begin."""
    rng = np.random.default_rng(2)
    areas = [placed(box(x, 0, x + 310, 420)) for x in (0, 310, 620)]
    lines = [placed(LineString(rng.uniform(0, 900, (3, 2)))) for _ in range(6)]
    buildings = [placed(rotate(box(x, y, x + 25, y + 12), x)) for x, y in rng.uniform(10, 400, (60, 2))]
    first = cut(areas, lines=lines, buildings=buildings)

    def turned(shape: Any) -> Polygon:
        ring = list(shape.exterior.coords)[:-1]
        return Polygon((ring[2:] + ring[:2])[::-1])

    other = cut(
        [turned(area) for area in areas],
        lines=[shapely.reverse(line) for line in lines[::-1]],
        buildings=[turned(building) for building in buildings[::-1]],
    )
    assert shapely.to_wkb(first.shapes).tolist() == shapely.to_wkb(other.shapes).tolist()
    back = cut(areas[::-1], lines=lines, buildings=buildings)
    assert set(shapely.to_wkb(back.shapes)) == set(shapely.to_wkb(first.shapes))


def test_neighbouring_communities_share_their_vertices() -> None:
    areas = [placed(box(0, 0, 300, 500)), placed(box(300, 0, 650, 500)), placed(box(0, 500, 650, 700))]
    assert shapely.coverage_is_valid(cut(areas).shapes)


def test_numbers_read_like_a_page() -> None:
    """300 × 200 m from the north-west: three above, three below."""
    cells = cut([placed(box(0, 0, 300, 200))])
    centres = shapely.get_coordinates(shapely.centroid(cells.shapes)) - [EAST, NORTH]
    assert centres.round().tolist() == [[50, 150], [150, 150], [250, 150], [50, 50], [150, 50], [250, 50]]


def test_other_sizes() -> None:
    cells = cut([placed(box(0, 0, 1000, 1000))], limits=Limits(target=40_000))
    assert len(cells.shapes) == 25


def test_nothing_is_cut_into_nothing() -> None:
    assert len(cut([]).shapes) == 0


SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).resolve().parents[3] / "shared"))
STREETS = SHARED / "data" / "boundaries" / "dongcheng_subdistricts_wgs84.geojson"


@pytest.mark.skipif(not STREETS.exists(), reason="the shared boundaries are not here")
def test_the_real_streets_of_dongcheng() -> None:
    stored = np.array(shapely.get_parts(shapely.from_geojson(STREETS.read_bytes())))
    areas = project(shapely.make_valid(stored), STORE, metric_at(116.4, 39.9))
    cells = cut(areas)
    size = shapely.area(cells.shapes)
    np.testing.assert_allclose(np.bincount(cells.of, size), shapely.area(areas), rtol=1e-9)
    assert LIMITS.in_range(size).mean() > 0.99
    assert compactness(cells.shapes).min() > 0.1
    rows = np.bincount(cells.of)
    assert len(rows) == 17
    assert all(one <= 999 for one in rows)
    for number in range(17):
        mine = cells.shapes[cells.of == number]
        assert all(one is not other for one, other in pairwise(mine))
        assert shapely.coverage_is_valid(mine)
