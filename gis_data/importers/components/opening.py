"""Any inventory as a source of rows: files of importers/source.py, workbooks, OpenStreetMap, refused rows."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from gis_data.crs import Datum
from gis_data.importers.components.osm import OsmExtract, is_extract
from gis_data.importers.components.tags import Kind, TagTable
from gis_data.importers.components.workbook import Workbook, is_workbook
from gis_data.importers.frame import frame_of
from gis_data.importers.rows import Reader
from gis_data.importers.source import LOOKED_AT, Source, open_source
from gis_data.importers.table import WKT_NAMES
from gis_data.importers.unpack import Format, Plain

# The first columns of a file of refused rows; columns of the same name in the original get a mark.
REASON_COLUMNS: Final = ("row", "field", "value", "reason", "mend")
MARK: Final = " *"
WGS84_COLUMN: Final = WKT_NAMES[0]


@dataclass(frozen=True, slots=True)
class Declared:
    """What the caller says of a file; see open_source()."""

    crs: str | None = None
    datum: str | None = None
    encoding: str | None = None
    layer: str | None = None
    towgs84: str | None = None
    exchange_axes: bool = False
    lon_field: str | None = None
    lat_field: str | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """An opened file.

    columns  the names of its columns in the original → in this file; only a file of refused rows differs
    table    places stand in columns of its own, so that they need not be written beside them
    partial  it holds some of the rows only: what it lacks is not gone
    """

    source: Source
    columns: Mapping[str, str]
    table: bool
    partial: bool = False

    def original(self, fields: Mapping[str, str]) -> dict[str, str]:
        """A row's words under their original names."""
        return {name: fields.get(column, "") for name, column in self.columns.items()}


def open_inventory(path: Path, declared: Declared, tags: TagTable, line_classes: frozenset[str]) -> Inventory:
    """Open a file of whatever kind; PlaceError if it cannot be used.

    line_classes   codes of the classes that are drawn as lines: closed ways of OpenStreetMap stay lines then
    """
    if path.is_file():
        if is_extract(path):
            reader = OsmExtract(path, tags.keys, _telling(tags, line_classes))
            return _whole(_opened(reader, path, Format.OSM, Declared()), table=False)
        if is_workbook(path):
            book = Workbook(path, declared.layer, declared.lon_field, declared.lat_field)
            return _whole(_opened(book, path, Format.XLSX, declared), table=True)
        header = _reasons_header(path)
        if header:
            return _again(path, header, declared)
    source = open_source(path, **asdict(declared))
    return _whole(source, table=source.format == "CSV")


def _whole(source: Source, *, table: bool) -> Inventory:
    return Inventory(source, {name: name for name in source.fields if name != WGS84_COLUMN}, table)


def _reasons_header(path: Path) -> str:
    """The first line of a file of refused rows; nothing for any other file."""
    with path.open("rb") as file:
        line = file.readline(65536).removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
    start = ",".join(REASON_COLUMNS).encode()
    return line.decode("utf-8", "replace") if line.startswith(start) else ""


def _again(path: Path, header: str, declared: Declared) -> Inventory:
    """A file of refused rows: a part of the whole, its columns under their own names.

    Shapes written beside the columns are in WGS-84 already; coordinates in columns are as they were declared.
    """
    with path.open("rb") as file:
        marked = file.read(3) == codecs.BOM_UTF8
    table = WGS84_COLUMN not in header.split(",")
    known = replace(declared, encoding=None) if marked else declared
    if not table:
        known = Declared(datum=Datum.WGS84.value, encoding=known.encoding)
    source = open_source(path, **asdict(known))
    names = [name for name in source.fields[len(REASON_COLUMNS) :] if name != WGS84_COLUMN]
    return Inventory(source, {name.removesuffix(MARK): name for name in names}, table, partial=True)


def _opened(reader: Reader, path: Path, kind: Format, declared: Declared) -> Source:
    first = next(reader.batches(LOOKED_AT), [])
    shapes = [row.shape for row in first if row.shape is not None and not row.shape.is_empty]
    frame = frame_of(
        path.name,
        crs=declared.crs,
        datum=declared.datum,
        own=reader.own,
        trusted=reader.trusted,
        sample=np.array([shapely.get_coordinates(one)[0] for one in shapes], dtype=np.float64).reshape(-1, 2),
        towgs84=declared.towgs84,
        exchange=declared.exchange_axes,
    )
    return Source(
        Plain(path, kind, path.name), reader, frame, tempfile.TemporaryDirectory(prefix="gridcity-")
    )


def _telling(
    tags: TagTable, line_classes: frozenset[str]
) -> Callable[[dict[str, str]], tuple[Kind | None, bool]]:
    def kind_of(said: dict[str, str]) -> tuple[Kind | None, bool]:
        kind = tags.kind_of(said)
        return kind, kind is not None and kind.class_code in line_classes

    return kind_of
