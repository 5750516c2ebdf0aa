"""Shapefile, GeoPackage, FlatGeobuf and KML through GDAL (pyogrio), a batch at a time."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyogrio
import shapely
from django.utils.translation import gettext as _
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from gis_data.errors import PlaceError
from gis_data.importers.rows import BATCH, Row, as_text
from gis_data.importers.text import codec_of, codec_of_dbf, undecodable
from gis_data.importers.unpack import Format

_FAULTS: Final = (
    CRSError,
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
    ValueError,
)
# Every byte is a character of it, so that words come through untouched and are decoded here, strictly.
_RAW: Final = "ISO-8859-1"
# Shorter words cannot have been cut off by the table.
_CUT_AT: Final = 10


class OgrLayer:
    """One layer of a file that GDAL reads."""

    def __init__(
        self, path: Path, kind: Format, name: str, encoding: str | None, layer: str | None = None
    ) -> None:
        # not a way for GDAL to the network or to packed files: an existing file, by its whole path
        self.path, self.kind, self.name, self.share = path.resolve(), kind, name, 0.0
        self.trusted = kind is not Format.KML
        self._recoded = kind is Format.SHAPEFILE
        self._declared = encoding is not None
        self.codec = codec_of(encoding) if encoding else "utf-8"
        if self._recoded:
            _whole_shapefile(self.path, name)
            self.codec = codec_of(encoding) if encoding else self._own_codec()
        with self._reading():
            self.layer = None if self._recoded else self._layer(layer)
            info = pyogrio.read_info(
                self.path,
                layer=self.layer,
                encoding=_RAW if self._recoded else None,
                force_feature_count=True,
            )
        self.count: int | None = int(info["features"])
        self.own: str | None = info["crs"] or None
        self._raw_fields = [str(one) for one in info["fields"]]
        self.fields = [self._decoded(one, _("the names of its columns")) for one in self._raw_fields]
        self._fid = str(info.get("fid_column") or "")

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]:
        """Rows in the order of the file; PlaceError where fewer come than the file promises."""
        done = 0
        last: int | None = None
        count = self.count or 0
        while done < count:
            # a GeoPackage finds the next row by its key; the others jump to it by number
            by_key = self.kind is Format.GEOPACKAGE and bool(self._fid)
            where = f'"{self._fid}" > {last}' if by_key and last is not None else None
            with self._reading():
                _meta, fids, shapes, columns = pyogrio.raw.read(
                    self.path,
                    layer=self.layer,
                    encoding=_RAW if self._recoded else None,
                    skip_features=0 if by_key else done,
                    max_features=size,
                    where=where,
                    return_fids=True,
                    datetime_as_string=True,
                )
            if not len(fids):
                raise self._broken(
                    _("it promises %(count)s rows and holds %(done)s") % {"count": count, "done": done}
                )
            yield self._rows(done, shapes, columns)
            done, last = done + len(fids), int(fids[-1])
            self.share = done / count

    def _rows(self, done: int, shapes: Any, columns: list[Any]) -> list[Row]:
        made = (
            np.full(len(columns[0]) if columns else 0, None)
            if shapes is None
            else shapely.from_wkb(shapes, on_invalid="ignore")
        )
        texts = [[as_text(value) for value in column.tolist()] for column in columns]
        rows = []
        for index, shape in enumerate(made.tolist()):
            number = done + index + 1
            row = Row(number, shape=shape)
            row.fields = {
                field: self._decoded(column[index], _("row %s") % number) if self._recoded else column[index]
                for field, column in zip(self.fields, texts, strict=True)
            }
            if shape is None and shapes is not None and shapes[index] is not None:
                row.fault = PlaceError(
                    _("The geometry cannot be read."),
                    field="geometry",
                    value=number,
                    mend=_("Mend the feature and load again."),
                )
            rows.append(row)
        return rows

    def _decoded(self, text: str, where: str) -> str:
        if not self._recoded or text.isascii():
            return text.strip()
        raw = text.encode(_RAW)
        try:
            return raw.decode(self.codec).strip()
        except UnicodeDecodeError as fault:
            # a table cuts names at 10 bytes and words at the column's width, also inside of a character
            if len(raw) - fault.start < 4 and len(raw) >= _CUT_AT:
                return raw[: fault.start].decode(self.codec).strip()
            raise undecodable(self.name, self.codec, where, declared=self._declared) from fault

    def _own_codec(self) -> str:
        """What the .cpg or the table says; UTF-8 where neither says anything."""
        cpg = _part(self.path, ".cpg")
        table = _part(self.path, ".dbf")
        page = table.read_bytes()[29:30] if table and table.stat().st_size < 30 else b""
        if table and not page:
            with table.open("rb") as file:
                page = file.read(30)[29:30]
        text = cpg.read_text("ascii", "ignore")[:40] if cpg else ""
        return codec_of_dbf(text, page[0] if page else 0) or "utf-8"

    def _layer(self, wanted: str | None) -> str | None:
        """The layer to read: the one named, or the only one with shapes."""
        layers = [(str(one), kind) for one, kind in pyogrio.list_layers(self.path).tolist()]
        drawn = [one for one, kind in layers if kind is not None] or [one for one, _kind in layers]
        if wanted is not None and wanted in [one for one, _kind in layers]:
            return wanted
        if len(drawn) > 1:
            filled = [
                one for one in drawn
                if pyogrio.read_info(self.path, layer=one, force_feature_count=True)["features"]
            ]  # fmt: skip
            drawn = filled or drawn[:1]
        if wanted is None and len(drawn) == 1:
            return drawn[0]
        if not layers:
            raise self._broken(_("it holds no layer"))
        raise PlaceError(
            _("%(file)s has the layers %(names)s.") % {"file": self.name, "names": ", ".join(drawn)[:300]},
            field="layer",
            value=wanted or "",
            mend=_("Name one with --layer."),
        )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """GDAL's complaints as PlaceError; what it only warns of is not said beside."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except PlaceError:
            raise
        except _FAULTS as fault:
            raise self._broken(str(fault)) from fault

    def _broken(self, why: str) -> PlaceError:
        # GDAL names files by where they were unpacked, which tells the reader nothing
        return PlaceError(
            _("%(file)s is no whole %(kind)s: %(why)s.")
            % {
                "file": self.name,
                "kind": self.kind,
                "why": why.replace(str(self.path), self.name).rstrip("."),
            },
            field="file",
            value=self.name,
            mend=_("Copy it again from its source; it may have been cut off."),
        )


def _part(path: Path, suffix: str) -> Path | None:
    """A part of a Shapefile, whatever the case of its suffix."""
    return next(
        (one for one in (path.with_suffix(suffix), path.with_suffix(suffix.upper())) if one.is_file()), None
    )


def _whole_shapefile(path: Path, name: str) -> None:
    """Compare the lengths that the parts state with what is there: GDAL reads what is left in silence."""
    short: str | None = None
    index, table = _part(path, ".shx"), _part(path, ".dbf")
    if index is None:
        raise _lacking(name, ".shx")
    for part in (path, index):
        with part.open("rb") as file:
            head = file.read(28)
        if len(head) < 28 or struct.unpack(">i", head[24:28])[0] * 2 > part.stat().st_size:
            short = part.suffix
    if table is not None:
        with table.open("rb") as file:
            head = file.read(12)
        if len(head) < 12:
            short = table.suffix
        else:
            rows, start, width = struct.unpack("<IHH", head[4:12])
            if start + rows * width > table.stat().st_size:
                short = table.suffix
    if short:
        raise PlaceError(
            _("%(file)s is cut off: its %(part)s is shorter than it says.") % {"file": name, "part": short},
            field="file",
            value=name,
            mend=_("Copy all parts of the Shapefile again from their source."),
        )


def _lacking(name: str, suffix: str) -> PlaceError:
    return PlaceError(
        _("%(file)s comes without its %(part)s.") % {"file": name, "part": suffix},
        field="file",
        value=name,
        mend=_("A Shapefile is several files: hand in .shp, .shx, .dbf and .prj together."),
    )
