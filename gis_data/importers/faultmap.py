"""The report of a delivery as one HTML file: a map of its faults and their list. Nothing is fetched by it.

Words of the file are escaped by the template; shapes are thinned to what a screen can show.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gis_data.crs import STORE
from gis_data.importers.delivery import KINDS, Delivery, Fault
from gis_data.importers.topology import SLIVER_M, SLIVER_M2
from gis_data.project import project

WIDTH: Final = 1000.0
MARGIN: Final = 14.0
# More than so many are listed in --json only.
DRAWN: Final = 2000
# So many faults are also drawn one by one.
CLOSE: Final = 100
CLOSE_SIZE: Final = 140.0


def write_report(path: Path, title: str, deliveries: Sequence[Delivery], notes: Sequence[str]) -> Path:
    """Write the report to a file, or as areas.html into a folder; where it stands."""
    target = path / "areas.html" if path.is_dir() or not path.suffix else path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report(title, deliveries, notes), encoding="utf-8")
    return target


def report(title: str, deliveries: Sequence[Delivery], notes: Sequence[str]) -> str:
    """The report in the reader's language."""
    return render_to_string(
        "gis_data/area_report.html",
        {
            "language": get_language() or "en",
            "title": title,
            "words": {
                "subtitle": sliver_words(),
                "number": _("No."),
                "fault": _("Fault"),
                "code": _("Code"),
                "detail": _("Detail"),
                "none": _("No faults."),
                "key": [
                    {"kind": kind, "words": KINDS[kind]} for kind in ("overlap", "gap", "outside", "repaired")
                ],
            },
            "parts": [_part(delivery, notes) for delivery in deliveries],
        },
    )


def sliver_words() -> str:
    """Below what a fault is not listed."""
    return _(
        "Faults of less than %(area)s m², or narrower than %(width)s cm, are counted as slivers, not listed."
    ) % {
        "area": f"{SLIVER_M2:g}",
        "width": f"{SLIVER_M * 100:g}",
    }


def facts(delivery: Delivery) -> list[tuple[str, str]]:
    """Counts and figures in words."""
    counts, figures = delivery.counts(), delivery.figures()
    told = [
        (_("rows"), f"{counts['features']:,}"),
        (_("areas"), f"{counts['areas']:,}"),
        (_("refused"), f"{counts['refused']:,}"),
        (_("repaired"), f"{counts['repaired']:,}"),
        (_("of several parts"), f"{counts['multipart']:,}"),
        (_("total area"), f"{figures['area_m2'] / 1e6:,.3f} km²"),
    ]
    for kind, words in (
        ("overlap", _("overlaps")),
        ("gap", _("gaps")),
        ("outside", _("outside the area above")),
    ):
        number = counts[f"{kind}s" if kind != "outside" else kind]
        told.append((words, f"{number:,} · {figures[f'{kind}_m2']:,.1f} m²"))
    if delivery.slivers:
        told.append((_("slivers"), f"{delivery.slivers:,} · {delivery.sliver_m2:,.3f} m²"))
    return told


def _part(delivery: Delivery, notes: Sequence[str]) -> dict[str, Any]:
    rows = [
        {
            "number": number,
            "words": KINDS[fault.kind],
            "code": fault.code,
            "area": "" if fault.area_m2 is None else f"{fault.area_m2:,.1f}",
            "detail": fault.detail,
            "refuses": fault.refuses,
            "close": _close(delivery, fault) if number <= CLOSE and fault.shape is not None else None,
        }
        for number, fault in enumerate(delivery.faults[:DRAWN], start=1)
    ]
    return {
        "heading": f"{delivery.district_code} · {_level(delivery.level)}",
        "facts": [{"words": words, "value": value} for words, value in facts(delivery)],
        "notes": [*notes, *delivery.notes],
        "rows": rows,
        **_map(delivery),
    }


def _map(delivery: Delivery) -> dict[str, Any]:
    shapes = [entry.metric for entry in delivery.entries if entry.metric is not None]
    shapes += [fault.shape for fault in delivery.faults if fault.shape is not None]
    if not shapes:
        return {}
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    scale = (WIDTH - 2 * MARGIN) / max(east - west, (north - south) * 0.7, 1.0)
    frame = _Frame(west, north, scale)
    marks = []
    for number, fault in enumerate(delivery.faults[:DRAWN], start=1):
        if fault.shape is not None:
            left, top = frame.at(shapely.point_on_surface(fault.shape))
            marks.append(
                {"left": f"{left:.1f}", "top": f"{top:.1f}", "down": f"{top + 3.5:.1f}", "number": number}
            )
    names = []
    for entry in delivery.entries:
        name = entry.name or entry.code
        low, _bottom, high, _top = entry.metric.bounds
        # a sign of Chinese is as wide as it is high, one of Latin half of that
        if sum(11 if ord(sign) > 0x2E7F else 6 for sign in name) <= (high - low) * scale:
            left, top = frame.at(shapely.point_on_surface(entry.metric))
            names.append({"left": f"{left:.1f}", "top": f"{top:.1f}", "name": name})
    return {
        "width": f"{2 * MARGIN + (east - west) * scale:.0f}",
        "height": f"{2 * MARGIN + (north - south) * scale:.0f}",
        "above": [frame.path(project(shape, STORE, delivery.srid)) for shape in delivery.parents.values()],
        "areas": [
            {"path": frame.path(entry.metric), "title": f"{entry.code} {entry.name}"}
            for entry in delivery.entries
        ],
        "drawn": [
            {
                "path": frame.path(fault.shape),
                "kind": fault.kind,
                "title": f"{KINDS[fault.kind]}: {fault.code}",
            }
            for fault in delivery.faults[:DRAWN]
            if fault.shape is not None
        ],
        "names": names,
        "marks": marks,
    }


def _close(delivery: Delivery, fault: Fault) -> dict[str, Any]:
    """A fault from near, with what lies around it; the window is at least 20 m wide."""
    west, south, east, north = fault.shape.bounds
    half = max(east - west, north - south, 12.0) * 0.8
    middle, centre = (west + east) / 2, (south + north) / 2
    window = (middle - half, centre - half, middle + half, centre + half)
    wider = (window[0] - half, window[1] - half, window[2] + half, window[3] + half)
    frame = _Frame(window[0], window[3], CLOSE_SIZE / (2 * half), margin=0.0)
    around = [
        # cut off outside of what is seen, so that the cut is not drawn
        frame.path(shapely.clip_by_rect(entry.metric, *wider))
        for entry in delivery.entries
        if entry.metric.intersects(shapely.box(*window))
    ]
    return {
        "areas": around,
        "kind": fault.kind,
        "path": frame.path(fault.shape),
        "metres": f"{2 * half:,.0f} m",
    }


class _Frame:
    """Metres on the ground to pixels of the drawing; north is up."""

    def __init__(self, west: float, north: float, scale: float, margin: float = MARGIN) -> None:
        self.west, self.north, self.scale, self.margin = west, north, scale, margin

    def at(self, point: Any) -> tuple[float, float]:
        left, down = (point.x - self.west) * self.scale, (self.north - point.y) * self.scale
        return self.margin + left, self.margin + down

    def path(self, shape: Any) -> str:
        """The rings of a shape as an SVG path, thinned to half a pixel; small ones stay as they are."""
        thin = shapely.simplify(shape, 0.5 / self.scale)
        drawn = shape if shapely.is_empty(thin) else thin
        return "".join(self._ring(ring) for ring in _rings(drawn))

    def _ring(self, ring: Any) -> str:
        to_pixels = np.array([self.scale, -self.scale])
        points = (shapely.get_coordinates(ring) - (self.west, self.north)) * to_pixels + self.margin
        return "M" + "L".join(f"{left:.1f} {top:.1f}" for left, top in points.tolist()) + "Z"


def _rings(shape: Any) -> Iterable[Any]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif part.geom_type.startswith(("Multi", "Geometry")):
            yield from _rings(part)


def _level(level: str) -> str:
    return {
        "district": _("district"),
        "street": _("street"),
        "community": _("community"),
        "cell": _("unit grid cell"),
    }[level]
