"""GCJ-02 and BD-09 for whole arrays: what prcoords does for one point. Pure.

The formulas are those of prcoords (CC0); tests hold both beside each other. Files need this; a single
position goes through crs.to_store.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Krasovsky 1940, on which the shift of GCJ-02 is computed.
_A: Final = 6378245.0
_EE: Final = 0.00669342162296594323
_BD: Final = np.array([0.0065, 0.0060])
# Each round leaves less than a hundredth of the error.
_ROUNDS: Final = 8


def gcj_of(points: Points) -> Points:
    """GCJ-02 of longitudes and latitudes in WGS-84, (n, 2)."""
    x, y = points[:, 0] - 105, points[:, 1] - 35
    sine = np.sin
    pi = np.pi
    waves = 20 * sine(6 * pi * x) + 20 * sine(2 * pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north += (waves + 20 * sine(pi * y) + 40 * sine(pi * y / 3)) * 2 / 3
    north += (160 * sine(pi * y / 12) + 320 * sine(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east += (waves + 20 * sine(pi * x) + 40 * sine(pi * x / 3)) * 2 / 3
    east += (150 * sine(pi * x / 12) + 300 * sine(pi * x / 30)) * 2 / 3
    lat = np.radians(points[:, 1])
    magic = 1 - _EE * sine(lat) ** 2
    return points + np.column_stack(
        [
            east / np.radians(_A * np.cos(lat) / np.sqrt(magic)),
            north / np.radians(_A * (1 - _EE) / magic**1.5),
        ]
    )


def bd_of(points: Points) -> Points:
    """BD-09 of longitudes and latitudes in WGS-84, (n, 2)."""
    lon, lat = gcj_of(points).T
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(np.radians(lat) * 3000)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(np.radians(lon) * 3000)
    shifted: Points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + _BD
    return shifted


def from_gcj(points: Points) -> Points:
    """WGS-84 of longitudes and latitudes in GCJ-02, (n, 2)."""
    plain = points.copy()
    for _round in range(_ROUNDS):
        plain += points - gcj_of(plain)
    return plain


def from_bd(points: Points) -> Points:
    """WGS-84 of longitudes and latitudes in BD-09, (n, 2)."""
    plain: Points = points - _BD
    for _round in range(_ROUNDS):
        plain += points - bd_of(plain)
    return plain
