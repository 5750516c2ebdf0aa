"""The sample city, drawn in metres from its plan: areas, cells, grids, streets, grounds. A seed fixes it all.

Cells are cut first and everything above is the union of its cells, so that nesting has no gap and no
overlap; all borders share their vertices.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.random import Generator as Chance
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gis_data.crs import METRIC, STORE
from gis_data.project import project, project_points
from gis_data.sample import plan
from gis_data.sample.knife import FAR_M, Cut, Piece, divide, slice_along

FIXTURES: Final = Path(__file__).resolve().parents[2] / "fixtures" / "geo"
CELL_M2: Final = 10_000.0
GRID_M2: Final = 180_000.0
GRAIN_M: Final = 0.001  # borders are noded on this grid
LANE_WORDS: Final = (
    ("街", "Street"), ("胡同", "Hutong"), ("巷", "Alley"), ("头条", "Toutiao"), ("二条", "Ertiao"),
    ("三条", "Santiao"), ("四条", "Sitiao"), ("夹道", "Passage"), ("东巷", "East Alley"),
    ("西巷", "West Alley"), ("南巷", "South Alley"), ("北巷", "North Alley"), ("前街", "Front Street"),
    ("后街", "Back Street"), ("横街", "Cross Street"), ("中街", "Middle Street"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Division:
    """A street or community of the real list of divisions."""

    code: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Community:
    """A community with its cells; `grid` numbers, within the community, each cell's responsibility grid."""

    division: Division
    cells: list[Polygon]
    grid: list[int]


@dataclass(frozen=True, slots=True)
class Road:
    """A street's middle line; rank 1 widest … 4 lane."""

    line: BaseGeometry
    rank: int
    name: str
    name_en: str
    old_city: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """A park, water or walled ground."""

    shape: BaseGeometry
    kind: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class City:
    """The drawn city; all shapes in METRIC."""

    district: Division
    streets: list[Division]
    communities: list[Community]
    roads: list[Road]
    grounds: list[Ground]


def draw_city(seed: int) -> City:
    """Draw Dongcheng; the same seed draws the same city."""
    rng = np.random.default_rng(seed)
    district, streets, communities = read_divisions()
    outline = _outline()
    grounds = _grounds(outline)
    closed = shapely.union_all([ground.shape for ground in grounds])
    avenues: list[tuple[plan.Avenue, BaseGeometry]] = []
    roads: list[Road] = []
    drawn: list[tuple[Division, list[Piece]]] = []
    for code, shape in _split(outline, plan.STREETS, avenues):
        old = code in plan.OLD_CITY
        inside = [division for division in communities if division.code.startswith(code)]
        pieces, cuts = _communities(shape, len(inside), plan.AVENUES[code], avenues, rng)
        for line in cuts:
            roads.append(_lane(line.line, 3, inside[int(rng.integers(len(inside)))], rng, old))
        for division, piece in zip(inside, _in_reading_order(pieces), strict=True):
            grids, lanes = _cells(piece, division, rng, old)
            drawn.append((division, grids))
            roads += lanes
    made = _noded(drawn)
    roads = [_outside(road, closed) for road in roads]
    roads = _avenue_roads(avenues) + [road for road in roads if road.line.length > 15]
    return City(district, streets, made, roads, grounds)


def read_divisions() -> tuple[Division, list[Division], list[Division]]:
    """The district, its streets and its communities, each in order of code."""
    by_level: dict[str, list[Division]] = {"district": [], "street": [], "community": []}
    with (FIXTURES / "dongcheng_divisions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_level[row["level"]].append(Division(row["code"], row["name"], row["name_en"]))
    for divisions in by_level.values():
        divisions.sort(key=lambda division: division.code)
    return by_level["district"][0], by_level["street"], by_level["community"]


def _outline() -> Polygon:
    data: dict[str, Any] = json.loads((FIXTURES / "dongcheng_outline.geojson").read_text(encoding="utf-8"))
    shape = shapely.from_geojson(json.dumps(data["features"][0]["geometry"]))
    outline: Polygon = project(shapely.get_parts(shape)[0], STORE, METRIC)
    return outline


def _metric(line: tuple[plan.LonLat, ...]) -> NDArray[np.float64]:
    return project_points(np.array(line), STORE, METRIC)


def _knife(avenue: plan.Avenue) -> tuple[NDArray[np.float64], bool]:
    """An avenue's line in metres, drawn far out at both ends, and whether it runs north–south."""
    points = _metric(avenue.line)
    run = np.abs(points[-1] - points[0])
    upright = bool(run[1] > run[0])
    step = np.array([0.0, FAR_M / 2] if upright else [FAR_M / 2, 0.0])
    sign = np.sign(points[-1] - points[0])
    return np.concatenate([[points[0] - step * sign], points, [points[-1] + step * sign]]), upright


def _split(
    ground: Polygon, split: plan.Split | str, avenues: list[tuple[plan.Avenue, BaseGeometry]]
) -> list[tuple[str, Polygon]]:
    if isinstance(split, str):
        return [(split, ground)]
    line, upright = _knife(split.avenue)
    first, second = slice_along(ground, line, upright)
    avenues.append((split.avenue, ground.intersection(LineString(line))))
    return _split(first, split.first, avenues) + _split(second, split.second, avenues)


def _communities(
    ground: Polygon,
    count: int,
    inner: tuple[plan.Avenue, ...],
    avenues: list[tuple[plan.Avenue, BaseGeometry]],
    rng: Chance,
) -> tuple[list[Polygon], list[Cut]]:
    """A street's ground cut along its inner avenues, then into `count` communities of about equal area."""
    pieces = [ground]
    for avenue in inner:
        line, upright = _knife(avenue)
        avenues.append((avenue, ground.intersection(LineString(line))))
        halves = [half for piece in pieces for half in slice_along(piece, line, upright)]
        # a strip too thin for a community stays with its neighbour
        if all(half.is_empty or half.area > 0.3 * ground.area / count for half in halves):
            pieces = [half for half in halves if not half.is_empty]
    shares = _shares([piece.area for piece in pieces], count)
    found: list[Polygon] = []
    cuts: list[Cut] = []
    for piece, share in zip(pieces, shares, strict=True):
        tree, made = divide(piece, share, rng, aspect=1.0)
        found += [leaf.shape for leaf in tree.leaves()]
        cuts += made
    return found, cuts


def _shares(areas: list[float], count: int) -> list[int]:
    """`count` handed out by area, at least one each (largest remainder)."""
    wanted = np.array(areas) / sum(areas) * count
    shares = np.maximum(1, np.floor(wanted).astype(int))
    while shares.sum() != count:
        gap = wanted - shares
        if shares.sum() < count:
            shares[int(np.argmax(gap))] += 1
        else:
            shares[int(np.argmin(np.where(shares > 1, gap, np.inf)))] -= 1
    return [int(share) for share in shares]


def _cells(piece: Polygon, division: Division, rng: Chance, old: bool) -> tuple[list[Piece], list[Road]]:
    """A community's responsibility grids, each cut into cells, and the lanes between them."""
    aspect = 1.9 if old else 1.15
    tree, cuts = divide(piece, max(1, round(piece.area / GRID_M2)), rng, aspect=aspect)
    lanes = [_lane(cut.line, 3 if rng.random() < 0.5 else 4, division, rng, old) for cut in cuts]
    grids = list(tree.leaves())
    for grid in grids:
        inner, cuts = divide(grid.shape, max(1, round(grid.shape.area / CELL_M2)), rng, aspect=aspect)
        grid.parts = inner.parts
        # the last cuts often run through courtyards: fewer of them are lanes
        kept = [
            cut
            for cut in cuts
            if rng.random() < (0.95 if cut.pieces > 5 else 0.75 if cut.pieces > 2 else 0.4)
        ]
        lanes += [_lane(cut.line, 4, division, rng, old) for cut in kept]
    return grids, lanes


def _lane(line: BaseGeometry, rank: int, division: Division, rng: Chance, old: bool) -> Road:
    first = 0 if rank == 3 else 1
    word, word_en = LANE_WORDS[int(rng.integers(first, len(LANE_WORDS)))]
    base, base_en = division.name.removesuffix("社区"), division.name_en.removesuffix(" Community")
    return Road(line, rank, base + word, f"{base_en} {word_en}", old)


def _outside(road: Road, closed: BaseGeometry) -> Road:
    if not road.line.intersects(closed):
        return road
    return Road(road.line.difference(closed), road.rank, road.name, road.name_en, road.old_city)


def _avenue_roads(avenues: list[tuple[plan.Avenue, BaseGeometry]]) -> list[Road]:
    """One road a name: the pieces that the splits left are put together."""
    by_name: dict[str, list[tuple[plan.Avenue, BaseGeometry]]] = {}
    for avenue, line in avenues:
        by_name.setdefault(avenue.name, []).append((avenue, line))
    roads = []
    for name, found in by_name.items():
        pieces = shapely.union_all([line for _avenue, line in found], grid_size=GRAIN_M)
        avenue = found[0][0]
        line = shapely.line_merge(pieces)
        roads.append(Road(line, avenue.rank, name, avenue.name_en, old_city=False))
    return roads


def _grounds(outline: Polygon) -> list[Ground]:
    """Parks and water with rounded corners; of what overlaps in the plan, the later keeps the ground."""
    found: list[Ground] = []
    taken: BaseGeometry = Polygon()
    for ground in reversed(plan.GROUNDS):
        drawn = Polygon(_metric(ground.ring))
        rounded = drawn.buffer(-18).buffer(18)
        shape = (drawn if rounded.is_empty else rounded).intersection(outline).difference(taken)
        taken = taken.union(shape)
        if not shape.is_empty:
            found.append(Ground(shape, ground.kind, ground.name, ground.name_en))
    return found[::-1]


def _in_reading_order(shapes: list[Polygon], band_m: float = 500.0) -> list[Polygon]:
    """West to east, then north to south: bands of `band_m` from the north, each from the west."""
    return [shapes[index] for index in reading_order(shapes, band_m)]


def reading_order(shapes: list[Polygon], band_m: float) -> list[int]:
    """Indexes in the order in which codes are given out (DB11: west to east, then north to south)."""
    centres = shapely.get_coordinates(shapely.centroid(shapes))
    top = centres[:, 1].max()
    bands = np.floor((top - centres[:, 1]) / band_m)
    return [int(index) for index in np.lexsort((centres[:, 0], bands))]


def _noded(drawn: list[tuple[Division, list[Piece]]]) -> list[Community]:
    """Cells with every vertex of their neighbours in their own ring, so that borders are shared exactly."""
    raw: list[Polygon] = []
    owner: list[tuple[int, int]] = []
    for number, (_division, grids) in enumerate(drawn):
        for grid_number, grid in enumerate(grids):
            for leaf in grid.leaves():
                raw.append(leaf.shape)
                owner.append((number, grid_number))
    lines = shapely.union_all(shapely.boundary(np.array(raw)), grid_size=GRAIN_M)
    faces = shapely.get_parts(shapely.polygonize([lines]))
    inside = shapely.point_on_surface(faces)
    face_of, cell_of = shapely.STRtree(raw).query(inside, predicate="within")
    cells: list[Any] = [None] * len(raw)
    slivers: list[int] = []
    chosen = dict(zip(face_of.tolist(), cell_of.tolist(), strict=True))
    for face, shape in enumerate(faces):
        cell = chosen.get(face)
        if cell is None:
            slivers.append(face)
            continue
        before = cells[cell]
        cells[cell] = shape if before is None else shapely.union_all([before, shape])
    if slivers or any(cell is None or cell.geom_type != "Polygon" for cell in cells):
        raise AssertionError(f"{len(slivers)} faces belong to no cell")
    communities = [Community(division, [], []) for division, _grids in drawn]
    for cell, (number, grid_number) in zip(cells, owner, strict=True):
        communities[number].cells.append(cell)
        communities[number].grid.append(grid_number)
    return [_sorted(community) for community in communities]


def _sorted(community: Community) -> Community:
    order = reading_order(community.cells, band_m=90.0)
    return Community(
        community.division, [community.cells[n] for n in order], [community.grid[n] for n in order]
    )
