"""The shifts of whole arrays agree with prcoords, point by point."""

import numpy as np
import pytest

from gis_data.crs import from_store, to_store
from gis_data.shifts import bd_of, from_bd, from_gcj, gcj_of

# all of China, from Kashgar to Harbin and Sanya, and Tian'anmen
ANYWHERE = np.random.default_rng(7).uniform([74.0, 18.0], [135.0, 53.0], (500, 2))
PLACES = np.vstack([ANYWHERE, [[116.3975, 39.9087], [105.0, 35.0]]])
MILLIMETRE = 1e-8


@pytest.mark.parametrize(("datum", "there", "back"), [("gcj02", gcj_of, from_gcj), ("bd09", bd_of, from_bd)])
def test_they_agree_with_prcoords(datum, there, back) -> None:
    shifted = there(PLACES)
    alone = np.array([from_store(lon, lat, datum) for lon, lat in PLACES.tolist()])
    assert np.abs(shifted - alone).max() < MILLIMETRE / 100
    assert np.abs(back(shifted) - PLACES).max() < MILLIMETRE / 100
    one_by_one = np.array([to_store(lon, lat, datum) for lon, lat in shifted.tolist()])
    # prcoords stops earlier: 2 cm in the worst place
    assert np.abs(back(shifted) - one_by_one).max() < 20 * MILLIMETRE


def test_nothing_is_made_of_nothing() -> None:
    assert from_gcj(np.empty((0, 2))).shape == (0, 2)
