"""Datums come in declared and agree within metres; anything else is refused with field, value and mend."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_data import crs
from gis_data.crs import Datum, datum_of, from_store, to_store
from gis_data.errors import PlaceError

# 天安门 as the three systems name it (reference/datasets.md, section 7).
TIANANMEN = {
    Datum.WGS84: (116.3975, 39.9087),
    Datum.GCJ02: (116.40374, 39.91010),
    Datum.BD09: (116.41012, 39.91644),
}


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    east = (a[0] - b[0]) * 111_320 * math.cos(math.radians(a[1]))
    return math.hypot(east, (a[1] - b[1]) * 110_950)


@pytest.mark.parametrize("datum", list(Datum))
def test_known_place_agrees_within_two_metres(datum: Datum) -> None:
    assert metres(to_store(*TIANANMEN[datum], datum), TIANANMEN[Datum.WGS84]) < 2
    assert metres(from_store(*TIANANMEN[Datum.WGS84], datum), TIANANMEN[datum]) < 2


def test_gcj02_lies_half_a_kilometre_off_in_beijing() -> None:
    shifted = to_store(*TIANANMEN[Datum.WGS84], "gcj02")
    assert 500 < metres(shifted, TIANANMEN[Datum.WGS84]) < 600
    assert shifted[0] < TIANANMEN[Datum.WGS84][0], "GCJ-02 lies east of WGS-84 in Beijing"


@given(
    lon=st.floats(min_value=74, max_value=134),
    lat=st.floats(min_value=18, max_value=53),
    datum=st.sampled_from(list(Datum)),
)
def test_there_and_back_within_what_the_datum_allows(lon: float, lat: float, datum: Datum) -> None:
    within_m = {Datum.WGS84: 1e-9, Datum.GCJ02: 0.01, Datum.BD09: 0.1}[datum]
    assert metres(to_store(*from_store(lon, lat, datum), datum), (lon, lat)) <= within_m


@pytest.mark.parametrize("given_as", ["wgs84", "WGS84", " gcj02 ", Datum.BD09])
def test_a_datum_is_one_of_three_words(given_as: str) -> None:
    assert datum_of(given_as) in Datum


@pytest.mark.parametrize("given_as", ["", None, "cgcs", "4326", 84])
def test_no_datum_is_guessed(given_as: object) -> None:
    with pytest.raises(PlaceError) as refused:
        to_store(116.4, 39.9, given_as)
    assert refused.value.field == "datum"
    assert "gcj02" in str(refused.value)


@pytest.mark.parametrize(
    ("lon", "lat", "field"),
    [
        (math.nan, 39.9, "lon"),
        (116.4, math.inf, "lat"),
        (-math.inf, 39.9, "lon"),
        ("1e999", 39.9, "lon"),
        (None, 39.9, "lon"),
        (True, 39.9, "lon"),
        ("abc", 39.9, "lon"),
        (116.4, "", "lat"),
        (116.4, [39.9], "lat"),
        (180.5, 39.9, "lon"),
        (116.4, 90.1, "lat"),
    ],
)
def test_what_is_no_position_is_refused_by_field(lon: object, lat: object, field: str) -> None:
    with pytest.raises(PlaceError) as refused:
        to_store(lon, lat, "wgs84")
    assert refused.value.field == field
    assert refused.value.mend


@pytest.mark.parametrize("datum", list(Datum))
def test_exchanged_longitude_and_latitude_are_named(datum: Datum) -> None:
    with pytest.raises(PlaceError, match="exchanged"):
        to_store(39.9087, 116.3975, datum)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_shifted_datums_exist_only_in_china(datum: str) -> None:
    with pytest.raises(PlaceError):
        to_store(2.35, 48.85, datum)
    assert to_store(2.35, 48.85, "wgs84") == (2.35, 48.85)


@pytest.mark.parametrize(
    ("lon", "lat", "srid"),
    [
        (116.4, 39.9, crs.METRIC),
        (118.6, 40.0, 4549),  # beyond 118.5° E the next zone begins
        (73.5, 39.0, 4534),
        (134.9, 48.0, 4554),
        (24.94, 60.17, 32635),  # Helsinki
        (-90.2, 38.6, 32615),  # St. Louis
        (18.4, -33.9, 32734),  # Cape Town
        (180.0, 10.0, 32660),
    ],
)
def test_lengths_are_measured_in_the_zone_of_the_place(lon: float, lat: float, srid: int) -> None:
    assert crs.metric_at(lon, lat) == srid
