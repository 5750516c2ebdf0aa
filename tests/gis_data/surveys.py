"""Survey files as cities hand them in, written for a test: the small town's areas in many systems."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from django.contrib.gis.gdal import CoordTransform, SpatialReference

from gis_data.crs import STORE, from_store
from gis_data.importers.systems import through

Rows = Sequence[tuple[dict[str, Any], Any]]


def moved(shape: Any, crs: str) -> Any:
    """A shape of STORE in another system, by GDAL."""
    way = CoordTransform(SpatialReference(STORE), SpatialReference(crs))
    return shapely.transform(shape, lambda points: through(points, way))


def shifted(shape: Any, datum: str) -> Any:
    """A shape of STORE in GCJ-02 or BD-09."""
    return shapely.transform(
        shape, lambda points: np.array([from_store(lon, lat, datum) for lon, lat in points.tolist()])
    )


def geojson(path: Path, rows: Rows, **members: Any) -> Path:
    """A FeatureCollection; `members` beside its features."""
    features = [
        {
            "type": "Feature",
            "properties": fields,
            "geometry": None if shape is None else json.loads(str(shapely.to_geojson(shape))),
        }
        for fields, shape in rows
    ]
    path.write_text(
        json.dumps({"type": "FeatureCollection", **members, "features": features}, ensure_ascii=False),
        encoding="utf-8",
    )
    return path


def ogr(
    path: Path, rows: Rows, driver: str, crs: str | None, encoding: str | None = None, **options: Any
) -> Path:
    """A file written by GDAL; shapes as they are given."""
    names = list(rows[0][0])
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array([shape for _fields, shape in rows], dtype=object)),
        [np.array([fields[name] for fields, _shape in rows], dtype=object) for name in names],
        names,
        geometry_type=options.pop(
            "geometry_type", "Unknown" if driver in ("GPKG", "FlatGeobuf") else "Polygon"
        ),
        driver=driver,
        crs=crs,
        encoding=encoding,
        **options,
    )
    return path


def shapefile(path: Path, rows: Rows, crs: str | None, encoding: str = "utf-8", *, cpg: bool = True) -> Path:
    """A Shapefile; without .cpg it says nothing of its encoding, as old ones do."""
    ogr(path, rows, "ESRI Shapefile", crs, encoding)
    if not cpg:
        path.with_suffix(".cpg").unlink(missing_ok=True)
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = 0
        path.with_suffix(".dbf").write_bytes(table)
    return path


def csv_wkt(path: Path, rows: Rows, encoding: str = "utf-8", column: str = "wkt") -> Path:
    """A CSV with a column of WKT."""
    names = list(rows[0][0])
    lines = [",".join([*names, column])]
    for fields, shape in rows:
        lines.append(
            ",".join(
                [*(str(fields[name]) for name in names), f'"{shapely.to_wkt(shape, rounding_precision=9)}"']
            )
        )
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path
