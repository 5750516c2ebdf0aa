"""One way to read any survey file: every row with its words, its shape in STORE, or why it has none.

    with open_source(path, crs="EPSG:2436", encoding="gbk") as source:
        for feature in source: ...

Formats  GeoJSON (also one feature a line), Shapefile, GeoPackage, KML, FlatGeobuf, CSV with WKT or with two
         columns of coordinates; each also inside .zip or .gz. Told by content, not by name.
Memory   flat: rows come in batches; `share` says how much of the file was read.
Faults   of the file: PlaceError from open_source or from the iteration (text that cannot be decoded, a file
         cut off). Of a row: `Feature.fault`, and the shape is None; the row still comes.
Datum    never guessed: UndeclaredDatum (importers/frame.py) where neither file nor caller says it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import shapely
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.importers.frame import Frame, UndeclaredDatum, frame_of
from gis_data.importers.geojson import GeoJson
from gis_data.importers.ogr import OgrLayer
from gis_data.importers.rows import BATCH, Reader, Row
from gis_data.importers.table import CsvTable
from gis_data.importers.unpack import Format, Plain, unpack
from gis_data.progress import Progress, silent

__all__ = ["Feature", "Source", "UndeclaredDatum", "open_source"]

# So many rows are looked at before a file is believed.
LOOKED_AT: Final = 1000


@dataclass(slots=True)
class Feature:
    """A row: number from 1 in the order of the file, its words, its shape in STORE (two dimensions).

    `fault` says why a row that has a geometry has no shape; a row without geometry has neither.
    """

    number: int
    fields: dict[str, str] = field(default_factory=dict)
    shape: shapely.Geometry | None = None
    fault: PlaceError | None = None


class Source:
    """An opened file. May be iterated more than once; each time it is read anew."""

    def __init__(
        self, plain: Plain, reader: Reader, frame: Frame, folder: Any, *, straight: bool = False
    ) -> None:
        self._straight = straight
        self._reader, self._frame, self._folder = reader, frame, folder
        self.name = plain.name
        self.format = str(plain.format)
        self.fields: list[str] = reader.fields
        # Rows as the file states them; None for GeoJSON and CSV, which do not.
        self.count: int | None = reader.count
        # The system or datum in words, and what else every report must say of it.
        self.crs: str = frame.text
        self.notes: list[str] = list(frame.notes)

    @property
    def share(self) -> float:
        """How much of the file the present iteration has read, from 0 to 1."""
        return self._reader.share

    def __iter__(self) -> Iterator[Feature]:
        for batch in self.batches():
            yield from batch

    def batches(self, size: int = BATCH) -> Iterator[list[Feature]]:
        """The features, some thousands at a time."""
        for rows in self._reader.batches(size):
            yield _features(rows, self._frame, straight=self._straight)

    def close(self) -> None:
        """Remove what was unpacked."""
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(
    path: Path | str,
    *,
    crs: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    layer: str | None = None,
    towgs84: str | None = None,
    exchange_axes: bool = False,
    lon_field: str | None = None,
    lat_field: str | None = None,
    straight: bool = False,
) -> Source:
    """Open a survey file; PlaceError says what is wrong with it or with what was declared of it.

    crs            the system of the coordinates, over the file's own: EPSG:4548, ESRI:102696, WKT, PROJ
    datum          wgs84, gcj02 or bd09, for plain longitude and latitude
    encoding       of the words, over what the file says
    layer          where a file or zip holds several
    towgs84        dx,dy,dz[,rx,ry,rz,scale] of the datum, as the surveyors give it
    exchange_axes  the file has northing (latitude) first
    straight       borders: edges of surveyed metres stay straight where they are longer than 100 m
    lon_field, lat_field   columns of a CSV that hold the coordinates
    """
    folder = tempfile.TemporaryDirectory(prefix="gridcity-")
    try:
        plain = unpack(Path(path), Path(folder.name), layer)
        reader = _reader(plain, encoding, layer, lon_field, lat_field)
        frame = frame_of(
            plain.name,
            crs=crs,
            datum=datum,
            own=reader.own,
            trusted=reader.trusted,
            sample=_sample(reader),
            towgs84=towgs84,
            exchange=exchange_axes,
        )
    except BaseException:
        folder.cleanup()
        raise
    return Source(plain, reader, frame, folder, straight=straight)


def read_all(source: Source, progress: Progress = silent) -> list[Feature]:
    """Every feature of a file that is not too large to be held."""
    features: list[Feature] = []
    for batch in source.batches():
        features += batch
        progress(len(features), source.share)
    if not features:
        raise PlaceError(
            _("%s holds no rows.") % source.name,
            field="file",
            value=source.name,
            mend=_("Hand in the file with its features, or name another --layer."),
        )
    return features


def _reader(
    plain: Plain, encoding: str | None, layer: str | None, lon_field: str | None, lat_field: str | None
) -> Reader:
    if plain.format is Format.GEOJSON:
        return GeoJson(plain.path, plain.name, encoding)
    if plain.format is Format.CSV:
        return CsvTable(plain.path, plain.name, encoding, lon_field, lat_field)
    return OgrLayer(plain.path, plain.format, plain.name, encoding, layer)


def _sample(reader: Reader) -> Any:
    """One coordinate of each of the first rows."""
    first = next(reader.batches(LOOKED_AT), [])
    shapes = [row.shape for row in first if row.shape is not None and not row.shape.is_empty]
    return np.array([shapely.get_coordinates(shape)[0] for shape in shapes], dtype=np.float64).reshape(-1, 2)


def _features(rows: list[Row], frame: Frame, *, straight: bool) -> list[Feature]:
    """A batch brought into STORE at once; rows of which a vertex is impossible get a fault instead."""
    shapes = np.array([row.shape for row in rows], dtype=object)
    shapes[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = None
    if straight:
        shapes = frame.straight(shapes)
    given, owners = shapely.get_coordinates(shapes, return_index=True)
    places = frame.places(given)
    west, south, east, north = frame.reach
    with np.errstate(invalid="ignore"):
        good = np.isfinite(given).all(axis=1) & np.isfinite(places).all(axis=1)
        good &= (
            (places[:, 0] >= west)
            & (places[:, 0] <= east)
            & (places[:, 1] >= south)
            & (places[:, 1] <= north)
        )
    faults: dict[int, PlaceError | None] = {}
    for at in np.flatnonzero(~good).tolist():
        owner = int(owners[at])
        if owner not in faults:
            faults[owner] = frame.fault(given[at], places[at])
    for owner in faults:
        shapes[owner] = None
    stored = shapes
    if faults or shapely.has_z(shapes).any() or not np.array_equal(given, places):
        kept = good & ~np.isin(owners, list(faults))
        stored = shapely.set_coordinates(shapely.force_2d(shapes), places[kept])
    # shapes with a fault are None by now
    return [
        Feature(row.number, row.fields, shape, row.fault or faults.get(index))
        for index, (row, shape) in enumerate(zip(rows, stored.tolist(), strict=True))
    ]
