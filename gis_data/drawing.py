"""A shape as a small drawing: inline SVG without style attributes, which a content policy drops. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SIZE = 320
MARGIN = 8
POINT_SPAN_DEG = 0.0005  # about 50 m around a lone point


def drawing(shape: GEOSGeometry | None, within: GEOSGeometry | None = None) -> SafeString:
    """The shape in the grid's magenta, and thinly what it lies within; north is up, lengths are true.

    shape, within   longitude and latitude in degrees; nothing is drawn of an empty shape
    """
    if shape is None or shape.empty:
        return SafeString("")
    west, south, east, north = (within or shape).extent
    if west == east and south == north:
        west, south, east, north = (
            west - POINT_SPAN_DEG, south - POINT_SPAN_DEG, east + POINT_SPAN_DEG, north + POINT_SPAN_DEG,
        )  # fmt: skip
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (SIZE - 2 * MARGIN) / max((east - west) * squeeze, north - south)

    def at(lon: float, lat: float) -> str:
        return f"{MARGIN + (lon - west) * squeeze * scale:.1f} {MARGIN + (north - lat) * scale:.1f}"

    def path(of: GEOSGeometry) -> str:
        return "".join(
            f"M{'L'.join(at(lon, lat) for lon, lat in line)}{'Z' if line[0] == line[-1] else ''}"
            for line in _lines(of)
        )

    layers = [(path(within), "none", "#8a949c", "1")] if within is not None else []
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        layers.append((path(shape), "#b0127b22", "#b0127b", "2"))
    elif shape.geom_type != "Point":
        layers.append((path(shape), "none", "#b0127b", "2"))
    centre = shape.centroid
    dot = at(centre.x, centre.y).split() if shape.geom_type == "Point" else None
    height = round(2 * MARGIN + (north - south) * scale)
    width = round(2 * MARGIN + (east - west) * squeeze * scale)
    return format_html(
        '<svg width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        "{paths}{dot}</svg>",
        w=width,
        h=height,
        label=f"{centre.x:.6f}, {centre.y:.6f}",
        paths=format_html_join(
            "", '<path d="{}" fill="{}" stroke="{}" stroke-width="{}" stroke-linejoin="round"/>', layers
        ),
        dot=format_html('<circle cx="{}" cy="{}" r="5" fill="#b0127b"/>', *dot) if dot else "",
    )


def _lines(shape: Any) -> Iterator[list[tuple[float, float]]]:
    """Every ring and line of a shape; a point has none."""
    if shape.geom_type in ("LineString", "LinearRing"):
        yield [point[:2] for point in shape.coords]
    elif shape.geom_type != "Point":
        for part in shape:  # rings of a polygon, members of a collection
            yield from _lines(part)
