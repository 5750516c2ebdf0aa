"""What a unit cell should be: its size and its compactness, and how far one is from that. Pure; metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# GB/T 30428.1: about 10,000 m² (万米单元网格).
TARGET_M2: Final = 10_000.0
# Compactness (Polsby-Popper, 4π·area / perimeter²: 1 a circle, 0.785 a square, 0.44 a strip 1 : 5.1)
# below which a cell is a sliver; a strip 1 : 13.6.
THIN: Final = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in m²: what is aimed at, and between what a cell is in order."""

    target: float = TARGET_M2

    @property
    def least(self) -> float:
        return self.target / 2

    @property
    def most(self) -> float:
        return self.target * 2

    def in_range(self, area: Floats) -> NDArray[np.bool_]:
        return (area >= self.least) & (area <= self.most)

    def counts(self, area: Floats) -> NDArray[np.int64]:
        """Into how many cells ground of this size goes."""
        return np.maximum(1, np.rint(area / self.target)).astype(np.int64)

    def badness(self, area: Floats, length: Floats) -> Floats:
        """How far from a good cell: above 3 for a wrong size, above 1 for a sliver, else a small preference.

        A wrong shape counts by the ground that has it, so that nothing is won by joining two strips.
        """
        size = np.where(
            area < self.least,
            4 - area / self.least,
            np.where(area > self.most, 2 + area / self.most, 0.05 * np.log2(area / self.target) ** 2),
        )
        compact = roundness(area, length)
        shape = np.where(compact < THIN, 2 - compact / THIN, 0.2 * np.maximum(0, 0.5 - compact))
        badness: Floats = size + shape * area / self.target
        return badness


def roundness(area: Floats, length: Floats) -> Floats:
    """Polsby-Popper compactness from areas and perimeters."""
    with np.errstate(divide="ignore", invalid="ignore"):
        compact: Floats = np.where(length > 0, 4 * np.pi * area / length**2, 0.0)
    return compact


def compactness(shapes: Any) -> Floats:
    return roundness(shapely.area(shapes), shapely.length(shapes))
