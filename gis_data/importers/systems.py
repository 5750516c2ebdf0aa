"""Reference systems by name: what they are called, where they are used, how their datum comes to ours.

PROJ's own tables (proj.db, which the wheels bring) say which transformations are published, and how
systems of one family are called.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.contrib.gis.gdal import CoordTransform, GDALException, SpatialReference
from django.contrib.gis.gdal.libgdal import lgdal
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gis_data.crs import STORE
from gis_data.errors import PlaceError

Points = NDArray[np.float64]

# Shifts below a millimetre are none.
STILL: Final = 1e-8


def system_of(text: str, towgs84: str | None = None) -> SpatialReference:
    """The reference system that a text names: EPSG:2436, ESRI:102696, a bare EPSG number, WKT or PROJ."""
    given = f"EPSG:{text.strip()}" if text.strip().isdigit() else text.strip()
    try:
        with silent():
            system = SpatialReference(given)
            if towgs84:
                system = SpatialReference(f"{_without_shift(system.proj)} +towgs84={parameters(towgs84)}")
    except (GDALException, ValueError, TypeError) as fault:
        if isinstance(fault, PlaceError):
            raise
        raise wrong(
            "crs",
            text if len(text) < 80 else text[:77] + "…",
            _("“%(crs)s” is no reference system known here.") % {"crs": text[:80]},
            _("Write its code, such as EPSG:4548 (CGCS2000), EPSG:2436 (Beijing 1954) or ESRI:102696."),
        ) from fault
    return system


def area_of_use(system: SpatialReference) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees; None where the system does not say."""
    bounds = [ctypes.c_double() for _side in range(4)]
    words = ctypes.c_char_p()
    if not _area(system.ptr, *map(ctypes.byref, bounds), ctypes.byref(words)):
        return None
    west, south, east, north = (bound.value for bound in bounds)
    return None if -1000.0 in (west, south, east, north) else (west, south, east, north)


def through(points: Points, way: CoordTransform) -> Points:
    """(n, 2) coordinates along a transformation; what cannot be transformed becomes infinite."""
    count = len(points)
    if not count:
        return points.copy()
    # copies: GDAL writes into them
    xs, ys = np.array(points[:, 0], dtype=np.float64), np.array(points[:, 1], dtype=np.float64)
    good = np.zeros(count, dtype=np.int32)
    with silent():
        _transform(
            way.ptr, count, xs.ctypes.data_as(_DOUBLES), ys.ctypes.data_as(_DOUBLES), None,
            good.ctypes.data_as(_INTS),
        )  # fmt: skip
    out = np.column_stack([xs, ys])
    out[good == 0] = np.inf
    return out


def shift_note(system: SpatialReference, lon: float, lat: float) -> str:
    """How GDAL came from the system's datum to WGS-84 at a place, and how well; empty if they are one."""
    if is_worldwide(system):
        return ""
    base = SpatialReference(_geographic_wkt(system))
    moved = through(np.array([[lon, lat]]), CoordTransform(base, SpatialReference(STORE)))[0]
    named = _code_of(base)
    known = _published(named[1], lon, lat) if named and named[0] == "EPSG" else []
    north_m = (moved[1] - lat) * 111_000
    east_m = (moved[0] - lon) * 111_000 * math.cos(math.radians(lat))
    if abs(moved - (lon, lat)).max() < STILL:
        if known:
            return (
                ""
                if known[0][1] < 1
                else _("Taken over from %(datum)s unshifted (%(name)s, stated accuracy %(accuracy)s m).")
                % {"datum": base.name, "name": known[0][0], "accuracy": f"{known[0][1]:g}"}
            )
        return _(
            "No transformation from %(datum)s to WGS-84 is published for this place: positions were taken "
            "over unshifted and may be off by 50 to 150 m. Surveyors' parameters: --towgs84."
        ) % {"datum": base.name}
    words = _("From %(datum)s to WGS-84 the places moved %(east)+.1f m east and %(north)+.1f m north") % {
        "datum": base.name,
        "east": east_m,
        "north": north_m,
    }
    if known:
        words += _(" (%(name)s, stated accuracy %(accuracy)s m)") % {
            "name": known[0][0],
            "accuracy": f"{known[0][1]:g}",
        }
    return words + "."


def _published(code: str, lon: float, lat: float) -> list[tuple[str, float]]:
    """Transformations of PROJ's tables from a geographic system to WGS-84 that cover a place, best first."""
    sql = """
        SELECT h.name, coalesce(h.accuracy, 999) FROM helmert_transformation AS h
        JOIN usage AS u ON u.object_table_name = 'helmert_transformation'
            AND u.object_auth_name = h.auth_name AND u.object_code = h.code
        JOIN extent AS e ON e.auth_name = u.extent_auth_name AND e.code = u.extent_code
        WHERE h.source_crs_auth_name = 'EPSG' AND h.source_crs_code = ? AND h.target_crs_code = ?
            AND NOT h.deprecated
            AND ? BETWEEN e.west_lon AND e.east_lon AND ? BETWEEN e.south_lat AND e.north_lat
        ORDER BY 2, 1
    """
    return [(str(name), float(accuracy)) for name, accuracy in _tables(sql, code, str(STORE), lon, lat)]


_ZONED: Final = re.compile(r"(?P<family>.*Gauss-Kr[uü]ger) (?:zone (?P<zone>\d+)|CM (?P<meridian>\d+)E)")


def zone_advice(system: SpatialReference, easting: float) -> str:
    """Advice where the zone's number stands before the easting but not in the system, or the other way."""
    match = _ZONED.fullmatch(system.name or "")
    if not match:
        return ""
    prefix = int(easting // 1_000_000)
    if 13 <= prefix <= 45 and (match["meridian"] or int(match["zone"]) != prefix):
        zones = [f"{match['family']} zone {prefix}"]
        # the six-degree family numbers 13 to 23, the three-degree family 25 to 45
        broad, narrow = (
            match["family"].replace("3-degree ", ""),
            match["family"].replace(" / Gauss", " / 3-degree Gauss"),
        )
        zones += [f"{broad if prefix <= 23 else narrow} zone {prefix}"]
        found = _named(zones)
        if found:
            return _(
                "Eastings begin with the zone's number %(zone)s, which this system does not have: "
                "say --crs %(crs)s (%(name)s)."
            ) % {"zone": prefix, "crs": found[0], "name": found[1]}
    if match["zone"] and 0 < easting < 1_000_000:
        degrees = 3 if "3-degree" in match["family"] else 6
        meridian = int(match["zone"]) * degrees - (3 if degrees == 6 else 0)
        found = _named([f"{match['family']} CM {meridian}E"])
        if found:
            return _(
                "Eastings lack the zone's number %(zone)s that this system has: say --crs %(crs)s (%(name)s)."
            ) % {"zone": match["zone"], "crs": found[0], "name": found[1]}
    return ""


def zone_codes(*, zone: int | None = None, meridian: int | None = None) -> list[str]:
    """Codes of China's Gauss-Krüger systems of a zone (numbered in its eastings) or a central meridian."""
    of = f"zone {zone}" if zone else f"CM {meridian}E"
    kinds = ("",) if zone is not None and zone <= 23 else ("3-degree ",)
    families = ("CGCS2000", "Xian 1980", "Beijing 1954")
    found = [_named([f"{family} / {kind}Gauss-Kruger {of}"]) for family in families for kind in kinds]
    return [one[0] for one in found if one is not None]


def _named(names: list[str]) -> tuple[str, str] | None:
    for name in names:
        for code, found in _tables(
            "SELECT code, name FROM projected_crs WHERE auth_name = 'EPSG' AND name = ? ORDER BY deprecated",
            name,
        ):
            return f"EPSG:{code}", str(found)
    return None


def _tables(sql: str, *arguments: object) -> list[tuple[Any, ...]]:
    """Rows of PROJ's own tables; none where they are not to be found."""
    path = Path(os.environ.get("PROJ_DATA", "")) / "proj.db"
    if not path.is_file():
        return []
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        return database.execute(sql, arguments).fetchall()


def is_worldwide(system: SpatialReference) -> bool:
    """WGS-84 or CGCS2000, which agree within centimetres."""
    name = (system["DATUM"] or "").lower().replace(" ", "_")
    return name.startswith(
        ("wgs_1984", "world_geodetic_system_1984", "china_2000", "d_wgs_1984", "d_china_2000")
    )


def is_same(one: SpatialReference, other: SpatialReference) -> bool:
    return bool(one.name == other.name or one.proj == other.proj)


def _geographic_wkt(system: SpatialReference) -> str:
    """The geographic system under a projected one, with its code where it has one."""
    code, authority = system.auth_code("GEOGCS"), system.auth_name("GEOGCS")
    if code and authority:
        return f"{authority}:{code}"
    found = _tables(
        "SELECT auth_name || ':' || code FROM geodetic_crs WHERE name = ? AND type = 'geographic 2D'",
        system["GEOGCS"] or "",
    )
    return str(found[0][0]) if found else str(system.wkt)


def _code_of(system: SpatialReference) -> tuple[str, str] | None:
    """Authority and code of a system as a whole, such as EPSG and 4548."""
    root: Any = None  # GDAL's way to ask for the system itself
    authority, code = system.auth_name(root), system.auth_code(root)
    return (str(authority), str(code)) if authority and code else None


def title_of(system: SpatialReference) -> str:
    named = _code_of(system)
    return f"{system.name} ({':'.join(named)})" if named else str(system.name)


def _without_shift(proj: str) -> str:
    return " ".join(
        word for word in proj.split() if not word.startswith(("+towgs84", "+datum", "+nadgrids", "+type"))
    )


def parameters(text: str) -> str:
    """Three or seven numbers, as PROJ takes them."""
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) not in (3, 7) or not all(map(math.isfinite, numbers)):
            raise ValueError(text)
    except ValueError:
        raise wrong(
            "towgs84",
            text,
            _("“%(text)s” are no parameters of a datum shift.") % {"text": text},
            _("Write dx,dy,dz in metres, or seven numbers dx,dy,dz,rx,ry,rz (arc-seconds),scale (ppm)."),
        ) from None
    return ",".join(f"{number:g}" for number in numbers)


def wrong(field_name: str, value: object, message: str, mend: str = "") -> PlaceError:
    return PlaceError(message, field=field_name, value=value, mend=mend)


@contextmanager
def silent() -> Iterator[None]:
    """GDAL's complaints come back as faults here; they need not be logged beside."""
    log = logging.getLogger("django.contrib.gis")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(before)


_DOUBLES: Final = ctypes.POINTER(ctypes.c_double)
_INTS: Final = ctypes.POINTER(ctypes.c_int)
_transform: Final = lgdal.OCTTransformEx
_transform.argtypes = [ctypes.c_void_p, ctypes.c_int, _DOUBLES, _DOUBLES, _DOUBLES, _INTS]
_transform.restype = ctypes.c_int
_area: Final = lgdal.OSRGetAreaOfUse
_area.argtypes = [ctypes.c_void_p, *[_DOUBLES] * 4, ctypes.POINTER(ctypes.c_char_p)]
_area.restype = ctypes.c_int
