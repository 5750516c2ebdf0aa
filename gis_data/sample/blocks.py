"""What stands in the cells of the drawn city: blocks between the streets, and the buildings on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.random import Generator as Chance
from numpy.typing import NDArray

from gis_data.sample.city import City
from gis_data.sample.plan import OLD_CITY

# Half the width of a street by rank, kerb to middle line, in metres.
HALF_WIDTH_M: Final = {1: 24.0, 2: 15.0, 3: 7.0, 4: 3.5}
# A building's width and depth and the gaps beside and behind it: courtyards of the old city, slabs elsewhere.
_OLD: Final = (17.0, 15.0, 4.0, 6.0)
_NEW: Final = (46.0, 13.0, 9.0, 20.0)

Shapes = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Polygons in METRIC."""

    blocks: Shapes
    buildings: Shapes


def draw_blocks(city: City, seed: int = 7) -> Blocks:
    """One block a cell, less wide streets, parks and water, and rows of buildings inside it."""
    rng = np.random.default_rng(seed)
    blocks: list[Shapes] = []
    buildings: list[Shapes] = []
    for old, size in ((True, _OLD), (False, _NEW)):
        cells = [
            cell
            for community in city.communities
            if (community.division.code[:9] in OLD_CITY) is old
            for cell in community.cells
        ]
        made = _blocks(np.array(cells), city, HALF_WIDTH_M[4] + 0.5)
        blocks.append(made)
        buildings.append(_buildings(made, size, rng))
    return Blocks(np.concatenate(blocks), np.concatenate(buildings))


def _blocks(cells: Shapes, city: City, inset_m: float) -> Shapes:
    """Cells drawn in by half a lane, less what wider streets and open grounds take."""
    blocks = shapely.buffer(cells, -inset_m, join_style="mitre")
    taken = [shapely.buffer(ground.shape, 4) for ground in city.grounds]
    for road in city.roads:
        if road.rank < 4:
            taken += list(shapely.get_parts(shapely.buffer(road.line, HALF_WIDTH_M[road.rank] + 1)))
    which, by = shapely.STRtree(taken).query(blocks, predicate="intersects").tolist()
    per_block: dict[int, list[int]] = {}
    for block, number in zip(which, by, strict=True):
        per_block.setdefault(block, []).append(number)
    for block, numbers in per_block.items():
        blocks[block] = shapely.difference(
            blocks[block], shapely.union_all([taken[number] for number in numbers])
        )
    parts = shapely.get_parts(blocks)
    kept: Shapes = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 200)]
    return kept


def _buildings(blocks: Shapes, size: tuple[float, float, float, float], rng: Chance) -> Shapes:
    """Rows of rectangles facing south inside each block, a tenth of them left out."""
    width, depth, gap, yard = size
    west, south, east, north = shapely.bounds(blocks).T
    columns = np.maximum(1, ((east - west - gap) // (width + gap))).astype(int)
    rows = np.maximum(1, ((north - south - gap) // (depth + yard))).astype(int)
    of = np.repeat(np.arange(len(blocks)), columns * rows)
    place = np.concatenate([np.arange(n) for n in columns * rows])
    column, row = place % columns[of], place // columns[of]
    step_x = (east - west - gap)[of] / columns[of]
    step_y = (north - south - gap)[of] / rows[of]
    x = west[of] + gap + column * step_x
    y = south[of] + gap + row * step_y
    wide = np.clip(step_x - gap, 6, width * 1.6) * rng.uniform(0.7, 1.0, len(of))
    deep = np.clip(step_y - yard, 6, depth * 1.3) * rng.uniform(0.8, 1.0, len(of))
    boxes = shapely.box(x, y, x + wide, y + deep)
    shapely.prepare(blocks)
    whole = shapely.contains_properly(blocks[of], boxes) & (rng.random(len(of)) < 0.9)
    standing: Shapes = boxes[whole]
    return standing
