"""Cutting ground into pieces of wanted sizes along streets, in metres. Pure; all chance comes from `rng`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.random import Generator as Chance
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

FAR_M = 20_000.0


@dataclass(slots=True)
class Piece:
    """A piece of ground and the streets along which it was cut further."""

    shape: Polygon
    parts: list[Piece] = field(default_factory=list)

    def leaves(self) -> Iterator[Piece]:
        """The uncut pieces below, in the order of the cuts: neighbours tend to follow each other."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Cut:
    """A straight-ish street made by cutting; `pieces`: how many leaves the ground under it was cut for."""

    line: BaseGeometry
    pieces: int


def slice_along(ground: Polygon, line: np.ndarray, upright: bool) -> tuple[Polygon, Polygon]:
    """The two sides of a line that crosses all of `ground`: north and south, or west and east if upright.

    Either side may be empty. A fragment that the cut leaves apart goes to the other side, so that both
    stay in one piece.
    """
    far = np.array([[-FAR_M, 0.0]] if upright else [[0.0, FAR_M]])
    half = Polygon(np.concatenate([line, (line + far)[::-1]]))
    first, second = _parts(ground.intersection(half)), _parts(ground.difference(half))
    if not first or not second:
        return (ground, Polygon()) if first else (Polygon(), ground)
    return _joined(first[0], second[1:]), _joined(second[0], first[1:])


def divide(
    ground: Polygon, pieces: int, rng: Chance, *, aspect: float, wobble: float = 1.0
) -> tuple[Piece, list[Cut]]:
    """Cut ground into `pieces` of about equal area, across its longer side; also the cuts, widest first.

    aspect   width : height at which a piece counts as square; above 1 gives pieces that lie east–west
    wobble   how far cuts lean and bend, 0 for none
    """
    root = Piece(ground)
    cuts: list[Cut] = []
    waiting = [(root, pieces)]
    while waiting:
        piece, wanted = waiting.pop(0)
        if wanted < 2:
            continue
        west, south, east, north = piece.shape.bounds
        upright = (east - west) > aspect * (north - south)
        share = (wanted // 2) / wanted
        first, second, line = _share_out(piece.shape, share, upright, rng, wobble)
        if first.is_empty or second.is_empty:
            continue
        cuts.append(Cut(piece.shape.intersection(LineString(line)), wanted))
        piece.parts = [Piece(first), Piece(second)]
        waiting += [(piece.parts[0], wanted // 2), (piece.parts[1], wanted - wanted // 2)]
    return root, cuts


def _share_out(
    ground: Polygon, share: float, upright: bool, rng: Chance, wobble: float
) -> tuple[Polygon, Polygon, np.ndarray]:
    """Cut so that the first side has about `share` of the area (regula falsi on the place of the cut)."""
    west, south, east, north = ground.bounds
    lean, bend = rng.normal(0, 0.012) * wobble, rng.normal(0, 2.0) * wobble
    low, high = (west, east) if upright else (north, south)
    low_share, high_share = 0.0, 1.0
    for _turn in range(4):
        at = low + (high - low) * (share - low_share) / (high_share - low_share)
        line = _line(ground.bounds, at, upright, lean, bend)
        first, second = slice_along(ground, line, upright)
        found = first.area / ground.area
        if abs(found - share) < 0.015:
            break
        if found < share:
            low, low_share = at, found
        else:
            high, high_share = at, found
    return first, second, line


def _line(
    bounds: tuple[float, float, float, float], at: float, upright: bool, lean: float, bend: float
) -> np.ndarray:
    west, south, east, north = bounds
    start, end = (south - 60.0, north + 60.0) if upright else (west - 60.0, east + 60.0)
    along = np.array([start, (start + end) / 2, end])
    across = at + lean * (along - along[1]) + np.array([0.0, bend, 0.0])
    return np.column_stack([across, along] if upright else [along, across])


def _parts(shape: BaseGeometry) -> list[Polygon]:
    """Polygons of a shape, largest first."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 1e-6]
    return sorted(parts, key=lambda part: -part.area)


def _joined(shape: Polygon, fragments: list[Polygon]) -> Polygon:
    if not fragments:
        return shape
    return _parts(shapely.union_all([shape, *fragments]))[0]
