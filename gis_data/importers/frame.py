"""In which system a file's coordinates are, and how they come into STORE. Nothing is guessed.

A file is read either in a reference system (its own or the declared one) or in a declared datum of plain
longitude and latitude. Where neither stands, `UndeclaredDatum` carries a sample of the places, so that the
caller can show where they would fall under each choice (importers/hints.py).
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from django.contrib.gis.gdal import CoordTransform, GDALException, SpatialReference
from django.contrib.gis.gdal.libgdal import lgdal
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gis_data.crs import CHINA_LAT, CHINA_LON, STORE, Datum, datum_of, to_store
from gis_data.errors import PlaceError

Points = NDArray[np.float64]

# A place may lie this many degrees outside the area in which its system is used, before it is refused.
MARGIN: Final = 3.0
# Shifts below a millimetre are none.
STILL: Final = 1e-8


class UndeclaredDatum(PlaceError):
    """Plain degrees of which nobody said the datum; `sample` are (lon, lat) as they stand in the file."""

    code = "undeclared_datum"

    def __init__(self, name: str, sample: list[tuple[float, float]]) -> None:
        super().__init__(
            _("%(file)s does not say in which datum its coordinates are, and none is guessed.")
            % {"file": name},
            field="datum",
            value="",
            mend=_(
                "Say --datum wgs84 (GPS, CGCS2000), --datum gcj02 (Amap, Tencent, DataV) or --datum bd09 "
                "(Baidu), or --crs EPSG:N for surveyed metres."
            ),
        )
        self.sample = sample


@dataclass(slots=True)
class Frame:
    """How a file's coordinates are understood; `text` and `notes` are said in every report."""

    text: str
    datum: Datum | None = None
    system: SpatialReference | None = None
    exchange: bool = False
    notes: list[str] = field(default_factory=list)

    def places(self, points: Points) -> Points:
        """(n, 2) coordinates of the file in STORE; not finite where they mean no place on earth."""
        points = np.asarray(points, dtype=np.float64)
        if self.exchange:
            points = points[:, ::-1]
        if self.system is not None:
            return through(points, CoordTransform(self.system, SpatialReference(STORE)))
        return _from_datum(points, self.datum or Datum.WGS84)

    def stored(self, shapes: Any) -> Any:
        """Shapes of the file (an array of them) in STORE, flat; equal vertices stay equal."""
        return shapely.transform(shapely.force_2d(shapes), self.places)

    def fault(self, row: Points, place: Points) -> PlaceError | None:
        """What is wrong with a vertex, as it stands in the file and as it came out; None if nothing."""
        values = row[::-1] if self.exchange else row
        for name, value in zip(("x", "y"), values.tolist(), strict=True):
            if not math.isfinite(value):
                return PlaceError(
                    _("%(field)s is %(value)s, which is no place.") % {"field": name, "value": value},
                    field=name,
                    value=value,
                    mend=_("Mend the coordinates of the row."),
                )
        west, south, east, north = self.reach
        if np.isfinite(place).all() and west <= place[0] <= east and south <= place[1] <= north:
            return None
        given = f"{values[0]:.10g}, {values[1]:.10g}"
        mend = self._mend(values)
        return PlaceError(
            _("%(place)s lies outside the area where %(system)s is used (%(reach)s).")
            % {
                "place": given,
                "system": self.text,
                "reach": _("longitude %(west)s to %(east)s, latitude %(south)s to %(north)s")
                % {
                    name: f"{bound:.2f}"
                    for name, bound in zip(("west", "south", "east", "north"), self.reach, strict=True)
                },
            },
            field="x" if mend or not west <= place[0] <= east else "y",
            value=given,
            mend=mend or _("Mend the coordinates of the row, or declare the system they are really in."),
        )

    @property
    def reach(self) -> tuple[float, float, float, float]:
        """West, south, east, north beyond which a place is refused."""
        if self.datum in (Datum.GCJ02, Datum.BD09):
            return CHINA_LON[0], CHINA_LAT[0], CHINA_LON[1], CHINA_LAT[1]
        used = area_of_use(self.system) if self.system is not None else None
        if used is None:
            return -180.0, -90.0, 180.0, 90.0
        west, south, east, north = used
        if west > east:  # across the date line
            west, east = -180.0, 180.0
        return (
            max(west - MARGIN, -180.0), max(south - MARGIN, -90.0),
            min(east + MARGIN, 180.0), min(north + MARGIN, 90.0),
        )  # fmt: skip

    def _mend(self, values: Points) -> str:
        """Words for the two usual mistakes: exchanged axes, and zones with or without their prefix."""
        turned = values[::-1]
        if self._is_good(turned):
            return _("The axes look exchanged: say --exchange-axes, or write easting (longitude) first.")
        if self.system is None or not self.system.projected:
            return ""
        for one, order in ((values, False), (turned, True)):
            advice = _zone_advice(self.system, float(one[0]))
            if advice:
                return advice + (" " + _("The axes are exchanged as well: --exchange-axes.") if order else "")
        return ""

    def _is_good(self, values: Points) -> bool:
        plain = Frame(self.text, self.datum, self.system)
        west, south, east, north = self.reach
        lon, lat = plain.places(values.reshape(1, 2))[0]
        return bool(west <= lon <= east and south <= lat <= north)


def frame_of(
    name: str,
    *,
    crs: str | None,
    datum: str | None,
    own: str | None,
    trusted: bool,
    sample: Points,
    towgs84: str | None = None,
    exchange: bool = False,
) -> Frame:
    """The frame of a file from what was declared and what the file says of itself.

    own      the system in the file, as text GDAL understands; None if it says nothing
    trusted  whether plain WGS-84 in the file is a statement; in GeoJSON, KML and CSV it is a habit
    sample   some coordinates as they stand in the file; where all are wrong, the whole file is refused
    towgs84  three or seven parameters of the datum's shift, as surveyors give them
    """
    stated = system_of(own) if own else None
    plain = stated is None or (stated.geographic and _is_worldwide(stated))
    if crs and datum:
        raise _wrong("crs", crs, _("Give either --crs or --datum: a reference system has its own datum."))
    if crs:
        frame = Frame(text="", system=system_of(crs, towgs84), exchange=exchange)
        if stated is not None and frame.system is not None and not plain and not _same(stated, frame.system):
            frame.notes.append(
                _("The file itself says %(own)s; it was read as declared, in %(crs)s.")
                % {"own": _title(stated), "crs": _title(frame.system)}
            )
    elif datum:
        if not plain:
            assert stated is not None
            raise _wrong(
                "datum",
                datum,
                _("%(file)s says that it is in %(own)s, which has its own datum.")
                % {"file": name, "own": _title(stated)},
                _("Leave out --datum, or say --crs if the file is mistaken."),
            )
        frame = Frame(text=_datum_words(datum_of(datum)), datum=datum_of(datum), exchange=exchange)
    elif stated is not None and (trusted or not plain):
        frame = Frame(text="", system=system_of(own, towgs84) if own else stated, exchange=exchange)
    else:
        good = sample[np.isfinite(sample).all(axis=1)]
        order = good[:, ::-1] if exchange else good
        raise UndeclaredDatum(name, [(float(lon), float(lat)) for lon, lat in order[:1000].tolist()])
    if frame.system is not None:
        _measurable(frame.system)
        frame.text = _title(frame.system)
    if towgs84 and frame.system is None:
        raise _wrong("towgs84", towgs84, _("--towgs84 belongs to a reference system: say --crs as well."))
    _look(frame, name, sample, towgs84)
    return frame


def system_of(text: str, towgs84: str | None = None) -> SpatialReference:
    """The reference system that a text names: EPSG:2436, ESRI:102696, a bare EPSG number, WKT or PROJ."""
    given = f"EPSG:{text.strip()}" if text.strip().isdigit() else text.strip()
    try:
        with _silent():
            system = SpatialReference(given)
            if towgs84:
                system = SpatialReference(f"{_without_shift(system.proj)} +towgs84={_parameters(towgs84)}")
    except (GDALException, ValueError, TypeError) as fault:
        if isinstance(fault, PlaceError):
            raise
        raise _wrong(
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
    with _silent():
        _transform(
            way.ptr, count, xs.ctypes.data_as(_DOUBLES), ys.ctypes.data_as(_DOUBLES), None,
            good.ctypes.data_as(_INTS),
        )  # fmt: skip
    out = np.column_stack([xs, ys])
    out[good == 0] = np.inf
    return out


def _from_datum(points: Points, datum: Datum) -> Points:
    """Degrees of a datum in STORE; a shared vertex is converted once, so it stays shared."""
    if datum is Datum.WGS84 or not len(points):
        return points.copy()
    once, back = np.unique(points, axis=0, return_inverse=True)
    converted = np.array([_one(lon, lat, datum) for lon, lat in once.tolist()])
    return converted[back.ravel()]


def _one(lon: float, lat: float, datum: Datum) -> tuple[float, float]:
    try:
        return to_store(lon, lat, datum)
    except PlaceError:
        return math.inf, math.inf


def _look(frame: Frame, name: str, sample: Points, towgs84: str | None) -> None:
    """Refuse a file of which most places are impossible, and note how its datum is brought into ours."""
    finite = sample[np.isfinite(sample).all(axis=1)]
    if not len(finite):
        return
    places = frame.places(finite)
    faults = [frame.fault(row, place) for row, place in zip(finite, places, strict=True)]
    bad = [fault for fault in faults if fault is not None]
    if len(bad) * 2 > len(finite):
        worst = bad[len(bad) // 2]
        raise PlaceError(
            _("%(file)s: %(bad)s of the first %(looked)s places cannot be right. %(what)s")
            % {"file": name, "bad": len(bad), "looked": len(finite), "what": worst.message},
            field=worst.field,
            value=worst.value,
            mend=worst.mend,
        )
    if frame.system is None:
        return
    good = places[[fault is None for fault in faults]]
    middle = np.median(good, axis=0)
    if towgs84:
        frame.notes.append(_("Datum shift as given: towgs84 %(shift)s.") % {"shift": _parameters(towgs84)})
        return
    note = _shift_note(frame.system, float(middle[0]), float(middle[1]))
    if note:
        frame.notes.append(note)


def _shift_note(system: SpatialReference, lon: float, lat: float) -> str:
    """How GDAL came from the system's datum to WGS-84 at a place, and how well; empty if they are one."""
    if _is_worldwide(system):
        return ""
    base = SpatialReference(_geographic_wkt(system))
    moved = through(np.array([[lon, lat]]), CoordTransform(base, SpatialReference(STORE)))[0]
    code = base.auth_code(None) if base.auth_name(None) == "EPSG" else None
    known = _published(code, lon, lat) if code else []
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


def _zone_advice(system: SpatialReference, easting: float) -> str:
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


def _is_worldwide(system: SpatialReference) -> bool:
    """WGS-84 or CGCS2000, which agree within centimetres."""
    name = (system["DATUM"] or "").lower().replace(" ", "_")
    return name.startswith(
        ("wgs_1984", "world_geodetic_system_1984", "china_2000", "d_wgs_1984", "d_china_2000")
    )


def _same(one: SpatialReference, other: SpatialReference) -> bool:
    return bool(one.name == other.name or one.proj == other.proj)


def _measurable(system: SpatialReference) -> None:
    if not (system.geographic or system.projected):
        raise _wrong(
            "crs",
            system.name or "",
            _("“%(crs)s” is a local system that is tied to no place on earth.") % {"crs": system.name},
            _("Ask the surveyors for the file in CGCS2000, or for the definition of their system."),
        )


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


def _title(system: SpatialReference) -> str:
    authority, code = system.auth_name(None), system.auth_code(None)
    return f"{system.name} ({authority}:{code})" if authority and code else str(system.name)


def _datum_words(datum: Datum) -> str:
    return {
        Datum.WGS84: _("WGS-84, as declared"),
        Datum.GCJ02: _("GCJ-02, as declared, converted to WGS-84"),
        Datum.BD09: _("BD-09, as declared, converted to WGS-84"),
    }[datum]


def _without_shift(proj: str) -> str:
    return " ".join(
        word for word in proj.split() if not word.startswith(("+towgs84", "+datum", "+nadgrids", "+type"))
    )


def _parameters(text: str) -> str:
    """Three or seven numbers, as PROJ takes them."""
    try:
        numbers = [float(part) for part in text.split(",")]
        if len(numbers) not in (3, 7) or not all(map(math.isfinite, numbers)):
            raise ValueError(text)
    except ValueError:
        raise _wrong(
            "towgs84",
            text,
            _("“%(text)s” are no parameters of a datum shift.") % {"text": text},
            _("Write dx,dy,dz in metres, or seven numbers dx,dy,dz,rx,ry,rz (arc-seconds),scale (ppm)."),
        ) from None
    return ",".join(f"{number:g}" for number in numbers)


def _wrong(field_name: str, value: object, message: str, mend: str = "") -> PlaceError:
    return PlaceError(message, field=field_name, value=value, mend=mend)


@contextmanager
def _silent() -> Iterator[None]:
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
