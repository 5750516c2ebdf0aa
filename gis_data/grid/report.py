"""The result of a cutting as files: cells, areas, faults, figures, and a page with a picture.

Nothing in them depends on the day or the machine: the same input gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gis_data.crs import STORE
from gis_data.grid.coverage import with_vertices
from gis_data.grid.ground import Fault
from gis_data.grid.limits import compactness
from gis_data.grid.run import KINDS, REFUSING, Result
from gis_data.project import project

Shapes = NDArray[Any]

# Pixels for the side of a cell, as long as the picture stays below the widest.
CELL_PX: Final = 26.0
WIDEST_PX: Final = 6000.0
NARROWEST_PX: Final = 900.0
MARGIN_PX: Final = 12.0
LISTED: Final = 2000
NUMBERED: Final = 20_000
BAR_PX: Final = 120.0


def write_files(result: Result, folder: Path, title: str) -> list[Path]:
    """Write cells.geojson, areas.geojson, faults.csv, figures.json and report.html into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "cells.geojson": cells_geojson(result),
        "areas.geojson": areas_geojson(result),
        "faults.csv": faults_csv(result),
        "figures.json": json.dumps(as_json(result), ensure_ascii=False, indent=1) + "\n",
        "report.html": page(result, title),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def as_json(result: Result) -> dict[str, Any]:
    """Counts, figures and faults; those excused stand apart."""
    return {
        "ok": result.is_ok,
        "counts": result.counts(),
        "figures": result.figures(),
        "faults": [_fault(fault) for fault in result.faults if not fault.excused],
        "excused": [_fault(fault) for fault in result.faults if fault.excused],
        "refused": result.refused,
        "notes": result.ground.notes,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {**asdict(fault), "refused": fault.kind in REFUSING}


def cells_geojson(result: Result) -> str:
    """The cells in longitude and latitude (WGS-84), with code, area and compactness."""
    sizes = shapely.area(result.cells.shapes)
    compact = compactness(result.cells.shapes)
    return _collection(
        result.stored,
        (
            {
                "code": code,
                "community": result.ground.codes[of],
                "community_name": result.ground.names[of],
                "sequence": number,
                "area_m2": round(size, 2),
                "compactness": round(round_, 4),
            }
            for code, of, number, size, round_ in zip(
                result.codes, result.cells.of.tolist(), result.cells.number.tolist(), sizes.tolist(),
                compact.tolist(), strict=True,
            )
        ),
    )  # fmt: skip


def noded_areas(result: Result) -> Shapes:
    """The areas in degrees, with the vertices of their cells: the same border in any projection."""
    shapes = with_vertices(result.ground.shapes, result.cells.shapes)
    projected: Shapes = project(shapes, result.ground.srid, STORE)
    return projected


def areas_geojson(result: Result) -> str:
    many = np.bincount(result.cells.of, minlength=len(result.ground.codes)).tolist()
    sizes = shapely.area(result.ground.shapes).tolist()
    return _collection(
        noded_areas(result),
        (
            {"code": code, "name": name, "area_m2": round(size, 2), "cells": count}
            for code, name, size, count in zip(
                result.ground.codes, result.ground.names, sizes, many, strict=True
            )
        ),
    )


def faults_csv(result: Result) -> str:
    """One line a fault, those excused last."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["kind", "code", "value", "detail", "excused", "words"])
    for fault in sorted(result.faults, key=lambda fault: fault.excused):
        value = "" if fault.value is None else f"{fault.value:g}"
        table.writerow(
            [fault.kind, fault.code, value, fault.detail, "yes" if fault.excused else "no", KINDS[fault.kind]]
        )
    return text.getvalue()


def facts(result: Result) -> list[tuple[str, str]]:
    """The counts and figures that people ask for, in words."""
    counts, figures = result.counts(), result.figures()
    told = [
        (_("areas"), f"{counts['areas']:,}"),
        (_("cells"), f"{counts['cells']:,}"),
        (_("total area"), f"{figures['area_m2'] / 1e6:,.3f} km²"),
        (
            _("%(least)s to %(most)s m²")
            % {"least": f"{figures['least_m2']:,.0f}", "most": f"{figures['most_m2']:,.0f}"},
            f"{figures['in_range_share']:.1%}",
        ),
        (
            _("smallest · median · largest"),
            " · ".join(f"{figures[f'{name}_m2']:,.0f}" for name in ("smallest", "median", "largest")) + " m²",
        ),
        (
            _("compactness: least · median (slivers below %s)") % f"{figures['compact_floor']:g}",
            f"{figures['least_compact']:.2f} · {figures['median_compact']:.2f}",
        ),
        (_("largest difference of cells and area"), f"{figures['sum_error']:.0e}"),
    ]
    if figures["lines_followed"] is not None:
        told.append((_("lines that are borders"), f"{figures['lines_followed']:.1%}"))
    told.append((_("faults"), f"{counts['faults']:,}"))
    told.append((_("excused"), f"{counts['excused']:,}"))
    return told


def page(result: Result, title: str) -> str:
    """The report in the reader's language: figures, histogram, picture, faults."""
    faults = sorted(result.faults, key=lambda fault: fault.excused)
    return render_to_string(
        "gis_data/grid_report.html",
        {
            "language": get_language() or "en",
            "title": title,
            "facts": [{"words": words, "value": value} for words, value in facts(result)],
            "notes": result.ground.notes,
            "words": {
                "sizes": _("Cells by size"),
                "map": _("The cells"),
                "faults": _("Faults"),
                "kind": _("Fault"),
                "code": _("Code"),
                "value": _("Value"),
                "detail": _("Detail"),
                "excused": _("excused: it could not be otherwise"),
                "none": _("No faults."),
                "more": _("The first %(shown)s of %(all)s; all of them are in faults.csv.")
                % {"shown": LISTED, "all": len(faults)}
                if len(faults) > LISTED
                else "",
                "cell": _("unit grid cell"),
                "area": _("border of an area"),
                "line": _("given line"),
                "building": _("building"),
                "bad": _("cell with a fault"),
            },
            "bars": _bars(result),
            "rows": [
                {
                    "words": KINDS[fault.kind],
                    "code": fault.code,
                    "value": "" if fault.value is None else f"{fault.value:,g}",
                    "detail": fault.detail,
                    "excused": fault.excused,
                }
                for fault in faults[:LISTED]
            ],
            **_picture(result),
        },
    )


def _bars(result: Result) -> list[dict[str, Any]]:
    steps = result.histogram()
    most = max((int(step["cells"] or 0) for step in steps), default=0) or 1
    bars = []
    for step in steps:
        count = int(step["cells"] or 0)
        low, high = step["from_m2"] or 0.0, step["to_m2"]
        inside = low >= result.limits.least and high is not None and high <= result.limits.most
        height = BAR_PX * count / most
        bars.append(
            {
                "count": f"{count:,}",
                "height": f"{height:.1f}",
                "top": f"{BAR_PX - height:.1f}",
                "words": f"{low:,.0f}–{high:,.0f}" if high is not None else f"> {low:,.0f}",
                "inside": inside,
            }
        )
    return bars


def _picture(result: Result) -> dict[str, Any]:
    drawn = [*result.ground.shapes, *result.cells.shapes]
    if not drawn:
        return {}
    west, south, east, north = shapely.total_bounds(np.array(drawn, dtype=object))
    widest = max(east - west, north - south, 1.0)
    scale = CELL_PX / np.sqrt(result.limits.target)
    scale = min(max(scale, NARROWEST_PX / widest), WIDEST_PX / widest)

    def drawing(shapes: Shapes) -> list[str]:
        return list(_paths(shapes, west, north, scale))

    bad = {code for fault in result.faults if not fault.excused for code in fault.code.split()}
    middle = shapely.centroid(result.cells.shapes)
    beside = ~shapely.contains(result.cells.shapes, middle)
    middle[beside] = shapely.point_on_surface(result.cells.shapes[beside])
    centres = shapely.get_coordinates(middle)
    cells = [
        {
            "path": path,
            "bad": code in bad,
            "title": f"{code} · {size:,.0f} m²",
            "number": f"{number:03d}" if len(result.codes) <= NUMBERED else "",
            "left": f"{MARGIN_PX + (x - west) * scale:.0f}",
            "top": f"{MARGIN_PX + (north - y) * scale + 3:.0f}",
        }
        for path, code, size, number, (x, y) in zip(
            drawing(result.cells.shapes), result.codes, shapely.area(result.cells.shapes).tolist(),
            result.cells.number.tolist(), centres.tolist(), strict=True,
        )
    ]  # fmt: skip
    areas = [
        {"path": path, "title": f"{code} {name}".strip()}
        for path, code, name in zip(
            drawing(result.ground.shapes), result.ground.codes, result.ground.names, strict=True
        )
    ]
    frame = shapely.box(west, south, east, north)
    return {
        "width": f"{2 * MARGIN_PX + (east - west) * scale:.0f}",
        "height": f"{2 * MARGIN_PX + (north - south) * scale:.0f}",
        "cells": cells,
        "areas": areas,
        "lines": drawing(result.lines[shapely.intersects(result.lines, frame)]),
        "buildings": drawing(result.buildings[shapely.intersects(result.buildings, frame)]),
    }


def _paths(shapes: Shapes, west: float, north: float, scale: float) -> Iterator[str]:
    """Rings and lines as SVG paths, thinned to what can be seen."""
    thin = shapely.simplify(shapes, 0.3 / scale)
    for shape, thinned in zip(shapes, thin, strict=True):
        drawn = shape if shapely.is_empty(thinned) else thinned
        parts = []
        for ring in _rings(drawn):
            points = (shapely.get_coordinates(ring) - (west, north)) * (scale, -scale) + MARGIN_PX
            closed = "Z" if ring.is_ring else ""
            parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points.tolist()) + closed)
        yield "".join(parts)


def _rings(shape: Any) -> Iterator[Any]:
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            yield part.exterior
            yield from part.interiors
        elif part.geom_type in ("LineString", "LinearRing"):
            yield part
        elif part.geom_type not in ("Point", "MultiPoint"):
            yield from _rings(part)


def _collection(shapes: Shapes, properties: Iterator[dict[str, Any]]) -> str:
    """GeoJSON with one feature a line."""
    features = (
        '{"type": "Feature", "properties": '
        + json.dumps(words, ensure_ascii=False)
        + ', "geometry": '
        + geometry
        + "}"
        for words, geometry in zip(properties, shapely.to_geojson(shapes).tolist(), strict=True)
    )
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n"
