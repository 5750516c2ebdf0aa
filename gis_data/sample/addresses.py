"""Names and house numbers of the drawn city: every street with its doors, grounds, landmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_data import spelling
from gis_data.bulk import copy_rows, indexes_built_after, stored_shapes
from gis_data.crs import METRIC, STORE
from gis_data.models import Address
from gis_data.project import project
from gis_data.sample import plan
from gis_data.sample.blocks import HALF_WIDTH_M
from gis_data.sample.city import City, Road

# Between two doors on one side, by the rank of the street; and from the kerb to the plate, in metres.
DOOR_EVERY_M: Final = {1: 150.0, 2: 100.0, 3: 60.0, 4: 45.0}
SETBACK_M: Final = 2.0
SOURCE: Final = "sample city (generated)"
_COLUMNS: Final = (
    "district_code", "key", "code", "kind", "name", "name_en", "alias", "former", "street", "number",
    "pinyin", "initials", "spelt", "place", "outline", "area_code", "cell_code", "source", "synthetic",
)  # fmt: skip

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the city; `shape` in METRIC."""

    kind: str
    name: str
    name_en: str
    shape: Any
    rank: int = 4


def load_addresses(district: str, city: City, cell_codes: Sequence[str]) -> None:
    """Names and doors by COPY; `cell_codes` in the order in which the cells were drawn."""
    cells = np.array([cell for community in city.communities for cell in community.cells])
    tree = shapely.STRtree(cells)
    names = list(_names(city))
    rows = chain(_name_rows(names, tree, cell_codes), _door_rows(names, tree, cell_codes))
    with indexes_built_after(Address):
        copy_rows(Address, _COLUMNS, ((district, *row, SOURCE, True) for row in rows))


def _names(city: City) -> Iterator[Name]:
    """Each name once; pieces of a street that bear one name are one street."""
    kind = Address.Kind
    by_name: dict[str, list[Road]] = {}
    for road in city.roads:
        by_name.setdefault(road.name, []).append(road)
    for name, roads in by_name.items():
        lines = [part for road in roads for part in shapely.get_parts(road.line).tolist()]
        lines = [line for line in lines if line.geom_type == "LineString"]
        yield Name(kind.STREET, name, roads[0].name_en, shapely.multilinestrings(lines), roads[0].rank)
    for ground in city.grounds:
        yield Name(kind.POI, ground.name, ground.name_en, ground.shape)
    places = project(np.array([shapely.Point(one.place) for one in plan.LANDMARKS]), STORE, METRIC)
    for landmark, place in zip(plan.LANDMARKS, places.tolist(), strict=True):
        yield Name(kind.LANDMARK, landmark.name, landmark.name_en, place)


def _name_rows(
    names: list[Name], tree: shapely.STRtree, cell_codes: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    # a street's place is on the street, an area's inside it
    spots = shapely.point_on_surface(np.array([_heart(one) for one in names]))
    places, cells = stored_shapes(spots), _cells_of(spots, tree)
    extents = stored_shapes(shapely.envelope(np.array([one.shape for one in names])))
    for one, place, cell, extent in zip(names, places, cells, extents, strict=True):
        cell_code = cell_codes[cell] if cell >= 0 else ""
        sound = spelling.pinyin(one.name)
        outline = None if one.kind == Address.Kind.LANDMARK else extent
        yield (
            f"{one.kind}:{one.name}:{cell_code}", "", str(one.kind), one.name, one.name_en, "", "", "", "",
            sound, spelling.initials(sound), spelling.spellings([one.name, one.name_en], sound), place,
            outline, cell_code[:12], cell_code,
        )  # fmt: skip


def _heart(one: Name) -> Any:
    """What a name's place is taken from: of a street its longest piece."""
    if one.kind != Address.Kind.STREET:
        return one.shape
    pieces = shapely.get_parts(one.shape)
    longest = pieces[int(np.argmax(shapely.length(pieces)))]
    return shapely.line_interpolate_point(longest, 0.5, normalized=True)


def _door_rows(
    names: list[Name], tree: shapely.STRtree, cell_codes: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Odd numbers on the left of a street, even ones on its right, one piece after the other."""
    owners: list[Name] = []
    numbers: list[int] = []
    points: list[NDArray[np.float64]] = []
    for street in names:
        if street.kind != Address.Kind.STREET:
            continue
        ahead = 0
        for line in shapely.get_parts(street.shape):
            found = _doors_along(line, street.rank)
            count = len(found) // 2
            points.append(found)
            owners += [street] * len(found)
            numbers += [2 * (ahead + n) + side for side in (1, 2) for n in range(count)]
            ahead += count
    spots = shapely.points(np.concatenate(points))
    cells = _cells_of(spots, tree)
    places = stored_shapes(spots)
    for street, number, place, cell in zip(owners, numbers, places, cells, strict=True):
        if cell < 0:
            continue
        name, cell_code = f"{street.name}{number}号", cell_codes[cell]
        yield (
            f"door:{name}:{cell_code}", "", "door", name, f"{number} {street.name_en}", "", "", street.name,
            str(number), "", "", "", place, None, cell_code[:12], cell_code,
        )  # fmt: skip


def _doors_along(line: Any, rank: int) -> NDArray[np.float64]:
    """Points on the left of a line, then as many on its right."""
    every, aside = DOOR_EVERY_M[rank], HALF_WIDTH_M[rank] + SETBACK_M
    along = np.arange(every / 2, line.length, every)
    on = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    way = shapely.get_coordinates(shapely.line_interpolate_point(line, along + 0.5)) - on
    way = np.where(np.hypot(*way.T)[:, None] > 0, way, [[1.0, 0.0]])
    left = np.column_stack([-way[:, 1], way[:, 0]]) / np.hypot(*way.T)[:, None] * aside
    return np.concatenate([on + left, on - left])


def _cells_of(spots: Any, tree: shapely.STRtree) -> list[int]:
    """Number of the cell of each spot; -1 outside the city."""
    found = np.full(len(spots), -1)
    spot, cell = tree.query(spots, predicate="intersects")
    found[spot] = cell
    numbers: list[int] = found.tolist()
    return numbers
