"""Every reference system and every datum, and nothing else knows their numbers. Pure.

Stored      WGS-84 longitude and latitude in degrees; CGCS2000 (EPSG:4490) agrees within centimetres.
Measured    in the city's 3-degree Gauss-Krüger zone; central meridian 117° E serves Beijing.
Declared    GCJ-02 (Amap, Tencent) lies some 540 m from WGS-84 in Beijing, BD-09 (Baidu) over a
            kilometre: a position says its datum, it is never guessed.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

import prcoords
from django.utils.translation import gettext_lazy as _

from gis_data.errors import PlaceError

STORE: Final = 4326
TILE: Final = 3857
METRIC: Final = 4548

# Where the shifts of GCJ-02 and BD-09 are defined at all.
CHINA_LON: Final = (72.004, 137.8347)
CHINA_LAT: Final = (0.8293, 55.8271)


def metric_at(lon: float, lat: float) -> int:
    """The SRID in which lengths and areas around a place are measured, in metres; for cities anywhere.

    In and around China the 3-degree Gauss-Krüger zone of CGCS2000 (EPSG:4534 … 4554, central meridians
    75° to 135° E; METRIC at Beijing), elsewhere the zone of UTM on WGS-84 (EPSG:326xx north, 327xx south).
    """
    if _within(lon, CHINA_LON) and _within(lat, CHINA_LAT):
        return 4534 + min(max(round((lon - 75) / 3), 0), 20)
    zone = min(int((lon + 180) // 6) + 1, 60)
    return (32600 if lat >= 0 else 32700) + zone


class Datum(StrEnum):
    """The system in which a longitude and a latitude were read."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def datum_of(value: object) -> Datum:
    """The declared datum; PlaceError for anything that is not one of the three words."""
    try:
        return Datum(str(value).strip().lower())
    except ValueError:
        raise PlaceError(
            _("“%(value)s” is no datum known here.") % {"value": value},
            field="datum",
            value=value,
            mend=_("Write wgs84 (phones, GPS, CGCS2000), gcj02 (Amap, Tencent) or bd09 (Baidu)."),
        ) from None


def to_store(lon: object, lat: object, datum: object) -> tuple[float, float]:
    """Longitude and latitude in STORE, from numbers (or their text) read in `datum`.

    GCJ-02 comes back to WGS-84 within 2 mm (prcoords' iteration). PlaceError names the field.
    """
    declared = datum_of(datum)
    x, y = checked(lon, lat, declared)
    if declared is Datum.WGS84:
        return x, y
    # prcoords speaks (lat, lon)
    convert = prcoords.gcj_wgs_bored if declared is Datum.GCJ02 else prcoords.bd_wgs_bored
    place = convert((y, x))
    return float(place.lon), float(place.lat)


def from_store(lon: float, lat: float, datum: object) -> tuple[float, float]:
    """Longitude and latitude in `datum`, from STORE."""
    declared = datum_of(datum)
    if declared is Datum.WGS84:
        return checked(lon, lat, declared)
    x, y = checked(lon, lat, declared)
    convert = prcoords.wgs_gcj if declared is Datum.GCJ02 else prcoords.wgs_bd
    place = convert((y, x))
    return float(place.lon), float(place.lat)


def checked(lon: object, lat: object, datum: Datum = Datum.WGS84) -> tuple[float, float]:
    """Two finite numbers inside what the datum covers; PlaceError with field, value and mend if not."""
    x, y = _number("lon", lon), _number("lat", lat)
    lon_range, lat_range = (
        ((-180.0, 180.0), (-90.0, 90.0)) if datum is Datum.WGS84 else (CHINA_LON, CHINA_LAT)
    )
    swapped = _within(y, CHINA_LON) and _within(x, CHINA_LAT)
    for field, value, (low, high) in (("lat", y, lat_range), ("lon", x, lon_range)):
        if low <= value <= high:
            continue
        raise PlaceError(
            _("%(field)s %(value)s lies outside %(low)s to %(high)s.")
            % {"field": field, "value": value, "low": low, "high": high},
            field=field,
            value=value,
            mend=_("Longitude and latitude look exchanged: longitude comes first, about 116.4 in Beijing.")
            if swapped
            else _("Give degrees with decimals in the datum you declare."),
        )
    return x, y


def _number(field: str, value: object) -> float:
    """A finite float; bool and None are not numbers here."""
    try:
        if value is None or isinstance(value, bool):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise PlaceError(
            _("%(field)s “%(value)s” is not a number.") % {"field": field, "value": value},
            field=field,
            value=value,
            mend=_("Give degrees with decimals, like 116.3975."),
        )
    return number


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
