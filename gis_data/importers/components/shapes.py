"""Shapes of an inventory: the place and the outline of each component, as the database reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _

from gis_data.crs import STORE
from gis_data.importers.components.faults import Fault
from gis_data.importers.source import Feature

NULL_ISLAND: Final = 1e-6
# As COPY writes a null: the inventory does not say.
UNKNOWN: Final = r"\N"


@dataclass(frozen=True, slots=True)
class Shapes:
    """Places and outlines of a batch as the database reads them, and by index what is wrong with a shape."""

    lon: Any
    lat: Any
    places: list[str]
    outlines: list[str]
    faults: dict[int, Fault]


def shapes_of(features: list[Feature]) -> Shapes:
    """What a batch's shapes come to.

    The place of a line is its middle, of an area a point inside.
    """
    shapes = np.array([feature.shape for feature in features], dtype=object)
    kinds = shapely.get_type_id(shapes)
    outlines, places = shapes.copy(), np.full(len(shapes), None, dtype=object)
    outlines[kinds == _POINT], places[kinds == _POINT] = None, shapes[kinds == _POINT]
    alone = (kinds == _MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    places[alone], outlines[alone] = shapely.get_geometry(shapes[alone], 0), None
    lines = np.isin(kinds, _LINES)
    places[lines] = [_middle(line) for line in shapes[lines]]
    areas = np.isin(kinds, _AREAS)
    areas[areas] = shapely.is_valid(shapes[areas])
    places[areas] = shapely.point_on_surface(shapes[areas])
    lon, lat = shapely.get_x(places), shapely.get_y(places)
    with np.errstate(invalid="ignore"):
        good = (np.abs(lon) >= NULL_ISLAND) | (np.abs(lat) >= NULL_ISLAND)
    faults = {at: _shape_fault(features[at], places[at]) for at in np.flatnonzero(~good).tolist()}
    return Shapes(lon, lat, _points(lon, lat), _stored(outlines), faults)


_POINT, _MULTIPOINT, _LINES, _AREAS = 0, 4, (1, 2, 5), (3, 6)


def _middle(line: Any) -> Any:
    """The point half along a line, or along its longest part."""
    parts = shapely.get_parts(line)
    longest = parts[int(np.argmax(shapely.length(parts)))]
    return shapely.line_interpolate_point(longest, 0.5, normalized=True)


def _shape_fault(feature: Feature, place: Any) -> Fault:
    """Why a row has no place, or none that can be right."""
    if feature.fault is not None:
        fault = feature.fault
        return Fault("place", fault.field, str(fault.value or ""), str(fault.message), str(fault.mend))
    shape: Any = feature.shape
    if shape is None or shape.is_empty:
        return Fault("blank", "geometry", "", _("The row has no place."), _("Write its coordinates."))
    if place is not None:
        return Fault(
            "zero", "geometry", "0, 0", _("Its place is (0, 0), which means that nobody measured it."),
            _("Write its coordinates."),
        )  # fmt: skip
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return Fault(
            "shape", "geometry", shape.geom_type,
            _("The outline is not valid: %(why)s.") % {"why": shapely.is_valid_reason(shape)},
            _("Redraw the outline."),
        )  # fmt: skip
    return Fault(
        "shape", "geometry", shape.geom_type,
        _("A component is one point, a line or an area, not a %(type)s.") % {"type": shape.geom_type},
        _("Divide it into components of their own."),
    )  # fmt: skip


# EWKB of a point: little endian, point with SRID, SRID, two doubles
_EWKB_POINT: Final = np.dtype(
    [("order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("lon", "<f8"), ("lat", "<f8")]
)
_POINT_WITH_SRID: Final = 0x20000001


def _points(lon: Any, lat: Any) -> list[str]:
    """Points as hexadecimal EWKB, UNKNOWN where there is none; at once, where shapely would copy each."""
    made = np.empty(len(lon), dtype=_EWKB_POINT)
    made["order"], made["type"], made["srid"], made["lon"], made["lat"] = 1, _POINT_WITH_SRID, STORE, lon, lat
    text, width = made.tobytes().hex(), 2 * _EWKB_POINT.itemsize
    found = [text[at : at + width] for at in range(0, len(text), width)]
    for at in np.flatnonzero(np.isnan(lon)).tolist():
        found[at] = UNKNOWN
    return found


def _stored(shapes: Any) -> list[str]:
    """Shapes as hexadecimal EWKB, UNKNOWN where there is none."""
    texts = [UNKNOWN] * len(shapes)
    there = np.flatnonzero(~shapely.is_missing(shapes))
    stored = shapely.to_wkb(shapely.set_srid(shapes[there], STORE), hex=True, include_srid=True)
    for at, text in zip(there.tolist(), stored.tolist(), strict=True):
        texts[at] = str(text)
    return texts
