"""How fast are communities cut? `bench/run cut_grid [--km2 40] [--communities 200] [--rounds 5]`

Draws a district of about 40 km² and 218 communities with crooked borders, cuts it into cells, and beside it,
in the same rounds, into plain 100 m squares clipped to the communities: shapely's arrays, the fastest of the
survey. Squares may be slivers and know no size, order or shared vertices; cells do. No database is used.
goal   ≥ 0.1 of the plain squares' pieces a second
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bench.common import verdict

Shapes = NDArray[Any]

SQUARE_M = 100.0
GOAL = 0.1


def district(km2: float, communities: int, seed: int = 3) -> Shapes:
    """Voronoi cells of random points inside a rough circle, their common borders made crooked."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = 1 + rng.normal(0, 0.004, 400)
    for wave in range(1, 12):
        radius += rng.uniform(0.02, 0.12) / wave * np.cos(wave * angle + rng.uniform(0, 6))
    ring = np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius])
    outline = shapely.Polygon(ring * np.sqrt(km2 * 1e6 / shapely.Polygon(ring).area) + [448_000, 4_418_000])
    west, south, east, north = outline.bounds
    many = int(communities * (east - west) * (north - south) / outline.area)
    seeds = shapely.multipoints(rng.uniform([west, south], [east, north], (many, 2)))
    pieces = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=outline))
    crooked = shapely.transform(shapely.segmentize(pieces, 20), _crooked)
    inside = shapely.get_parts(shapely.intersection(crooked, outline))
    kept: Shapes = inside[(shapely.get_type_id(inside) == 3) & (shapely.area(inside) > 0)]
    return kept


def _crooked(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each vertex moved by a function of its place, so that common borders stay common."""
    x, y = points.T
    moved: NDArray[np.float64] = points + np.column_stack(
        [12 * np.sin(y / 37) + 6 * np.sin(y / 11), 12 * np.sin(x / 41) + 6 * np.sin(x / 13)]
    )
    return moved


def squares(communities: Shapes) -> Shapes:
    """Plain squares clipped to the communities; whole ones are kept as they are."""
    west, south, east, north = np.floor(shapely.total_bounds(communities) / SQUARE_M)
    column, row = np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1))
    x, y = column.ravel() * SQUARE_M, row.ravel() * SQUARE_M
    plain = shapely.box(x, y, x + SQUARE_M, y + SQUARE_M)
    shapely.prepare(communities)
    community, square = shapely.STRtree(plain).query(communities, predicate="intersects")
    whole = shapely.contains_properly(communities[community], plain[square])
    clipped = shapely.intersection(plain[square[~whole]], communities[community[~whole]])
    return np.concatenate([plain[square[whole]], clipped[shapely.area(clipped) > 0.01]])


def timed(work: Callable[[], Shapes]) -> tuple[float, Shapes]:
    start = time.perf_counter()
    made = work()
    return len(made) / (time.perf_counter() - start), made


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.cut_grid", description=__doc__)
    parser.add_argument("--km2", type=float, default=40)
    parser.add_argument("--communities", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcity.settings")
    from gis_data.grid.cut import cut
    from gis_data.grid.limits import Limits, compactness

    communities = district(asked.km2, asked.communities)
    runs: dict[str, Callable[[], Shapes]] = {
        "plain squares": lambda: squares(communities),
        "cells": lambda: cut(communities).shapes,
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    ratios = []
    for number in range(asked.rounds + 1):
        for name, work in runs.items():
            rate, made = timed(work)
            if number:  # the first round warms up
                rates[name].append(rate)
                print(f"  round {number}: {name:<14} {len(made):6,} pieces  {rate:8,.0f}/s", flush=True)
        if number:
            ratios.append(rates["cells"][-1] / rates["plain squares"][-1])
    cells = cut(communities).shapes
    size = shapely.area(cells)
    print(
        f"\n{len(communities)} communities, {shapely.area(communities).sum() / 1e6:.1f} km², "
        f"{len(cells):,} cells: "
        f"{Limits().in_range(size).mean():.2%} of 5,000 to 20,000 m², "
        f"compactness at least {compactness(cells).min():.2f}, median {np.median(compactness(cells)):.2f}; "
        f"borders shared exactly: {shapely.coverage_is_valid(cells)}"
    )
    for name, found in rates.items():
        print(f"{name}: median {statistics.median(found):,.0f} pieces a second")
    return 0 if verdict("cells of plain squares' pieces a second", statistics.median(ratios), GOAL) else 1


if __name__ == "__main__":
    sys.exit(main())
