"""In which system a file's coordinates are, and how they come into STORE. Nothing is guessed.

A file is read either in a reference system (its own or the declared one) or in a declared datum of plain
longitude and latitude. Where neither stands, `UndeclaredDatum` carries a sample of the places, so that the
caller can show where they would fall under each choice (importers/hints.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from django.contrib.gis.gdal import CoordTransform, SpatialReference
from django.utils.translation import gettext as _

from gis_data.crs import CHINA_LAT, CHINA_LON, STORE, Datum, datum_of
from gis_data.errors import PlaceError
from gis_data.importers.systems import (
    Points,
    area_of_use,
    is_same,
    is_worldwide,
    parameters,
    shift_note,
    system_of,
    through,
    title_of,
    wrong,
    zone_advice,
)
from gis_data.shifts import from_bd, from_gcj

# A place may lie this many degrees outside the area in which its system is used, before it is refused.
MARGIN: Final = 3.0
# An edge of surveyed metres longer than this is divided.
LONGEST_M: Final = 100.0


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

    def straight(self, shapes: Any) -> Any:
        """Shapes of the file with vertices every 100 m, so that surveyed straight lines stay where they are.

        A line that is straight in metres is bent in degrees, by 16 mm on a kilometre at Beijing. Equal edges
        get equal vertices whatever their direction. Degrees are left as they are.
        """
        if self.system is None or not self.system.projected:
            return shapes
        most = LONGEST_M / float(self.system.linear_units)
        return _divided(shapes, most)

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
            advice = zone_advice(self.system, float(one[0]))
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
    plain = stated is None or (stated.geographic and is_worldwide(stated))
    if crs and datum:
        raise wrong("crs", crs, _("Give either --crs or --datum: a reference system has its own datum."))
    if crs:
        frame = Frame(text="", system=system_of(crs, towgs84), exchange=exchange)
        if (
            stated is not None
            and frame.system is not None
            and not plain
            and not is_same(stated, frame.system)
        ):
            frame.notes.append(
                _("The file itself says %(own)s; it was read as declared, in %(crs)s.")
                % {"own": title_of(stated), "crs": title_of(frame.system)}
            )
    elif datum:
        if not plain:
            assert stated is not None
            raise wrong(
                "datum",
                datum,
                _("%(file)s says that it is in %(own)s, which has its own datum.")
                % {"file": name, "own": title_of(stated)},
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
        frame.text = title_of(frame.system)
    if towgs84 and frame.system is None:
        raise wrong("towgs84", towgs84, _("--towgs84 belongs to a reference system: say --crs as well."))
    _look(frame, name, sample, towgs84)
    return frame


def _divided(shapes: Any, most: float) -> Any:
    """Polygons (an array of them, or of collections) without an edge longer than `most`."""

    def ring(line: Any) -> Points:
        points = shapely.get_coordinates(line)
        start, end = points[:-1], points[1:]
        # from the smaller end, whatever the ring's direction: both neighbours compute the same vertices
        turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
        pieces = np.maximum(1, np.ceil(np.hypot(*(end - start).T) / most)).astype(int)
        if (pieces == 1).all():
            return points
        steps = np.concatenate([np.arange(count) for count in pieces])
        of = np.repeat(np.arange(len(pieces)), pieces)
        share = np.where(turned[of], pieces[of] - steps, steps) / pieces[of]
        low, high = (
            np.where(turned[of, None], end[of], start[of]),
            np.where(turned[of, None], start[of], end[of]),
        )
        made = low + (high - low) * share[:, None]
        made[steps == 0] = start
        return np.concatenate([made, points[-1:]])

    def one(shape: Any) -> Any:
        if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
            return shape
        if shape.geom_type == "Polygon" and not shape.is_empty:
            return shapely.Polygon(ring(shape.exterior), [ring(hole) for hole in shape.interiors])
        if shape.geom_type in ("MultiPolygon", "GeometryCollection") and not shape.is_empty:
            return type(shape)([one(part) for part in shape.geoms])
        return shape

    made = np.empty(len(shapes), dtype=object)
    made[:] = [one(shape) for shape in shapes]
    return made


def _from_datum(points: Points, datum: Datum) -> Points:
    """Degrees of a datum in STORE; infinite outside of where GCJ-02 and BD-09 are defined."""
    if datum is Datum.WGS84:
        return points.copy()
    lon, lat = points[:, 0], points[:, 1]
    defined = (lon >= CHINA_LON[0]) & (lon <= CHINA_LON[1]) & (lat >= CHINA_LAT[0]) & (lat <= CHINA_LAT[1])
    places = np.full_like(points, np.inf)
    places[defined] = (from_gcj if datum is Datum.GCJ02 else from_bd)(points[defined])
    return places


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
        frame.notes.append(_("Datum shift as given: towgs84 %(shift)s.") % {"shift": parameters(towgs84)})
        return
    note = shift_note(frame.system, float(middle[0]), float(middle[1]))
    if note:
        frame.notes.append(note)


def _measurable(system: SpatialReference) -> None:
    if not (system.geographic or system.projected):
        raise wrong(
            "crs",
            system.name or "",
            _("“%(crs)s” is a local system that is tied to no place on earth.") % {"crs": system.name},
            _("Ask the surveyors for the file in CGCS2000, or for the definition of their system."),
        )


def _datum_words(datum: Datum) -> str:
    return {
        Datum.WGS84: _("WGS-84, as declared"),
        Datum.GCJ02: _("GCJ-02, as declared, converted to WGS-84"),
        Datum.BD09: _("BD-09, as declared, converted to WGS-84"),
    }[datum]
