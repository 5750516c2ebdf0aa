"""GeoJSON read feature by feature in flat memory: FeatureCollection, one feature, or one a line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from shapely.errors import ShapelyError

from gis_data.errors import PlaceError
from gis_data.importers.rows import BATCH, Row, as_text
from gis_data.importers.text import codec_of, codec_of_mark, undecodable

_CHUNK: Final = 1024 * 1024
# A single feature longer than this is no feature but a file without an end.
_LONGEST: Final = 256 * 1024 * 1024
_SPACE: Final = re.compile(r"[ \t\r\n\ufeff\x1e]*")
_GEOMETRIES: Final = frozenset(
    ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]
)


class GeoJson:
    """A GeoJSON file; `own` is what its "crs" member says, wherever in the file that stands."""

    trusted = False
    count: int | None = None

    def __init__(self, path: Path, name: str, encoding: str | None) -> None:
        self.path, self.name = path, name
        with path.open("rb") as file:
            mark = codec_of_mark(file.read(4))
        self.codec = codec_of(encoding) if encoding else mark
        self._declared = encoding is not None
        self._size = max(path.stat().st_size, 1)
        self.share = 0.0
        self._crs: Any = None
        first = next(self.batches(size=1000), [])
        if self._crs is None:
            self._crs = self._crs_at_the_end()
        self.own = _crs_name(self._crs, name)
        self.fields = list(dict.fromkeys(field for row in first for field in row.fields))

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]:
        """Rows in the order of the file."""
        batch: list[Row] = []
        try:
            with self.path.open("rb") as file:
                for number, feature in enumerate(self._features(_Window(file, self.codec)), start=1):
                    batch.append(_row(number, feature))
                    if len(batch) >= size:
                        self.share = file.tell() / self._size
                        yield _shaped(batch)
                        batch = []
        except UnicodeDecodeError as fault:
            raise undecodable(
                self.name, self.codec, _("at byte %s") % fault.start, declared=self._declared
            ) from fault
        if batch:
            self.share = 1.0
            yield _shaped(batch)

    def _features(self, window: _Window) -> Iterator[Any]:
        """The features, or the one bare object; members of the collection are kept on the way."""
        number = 0
        try:
            if not window.peek():
                raise ValueError(_("it holds nothing"))
            while window.peek():
                whole: dict[str, Any] = {}
                window.expect("{")
                while window.peek() != "}":
                    key = window.value()
                    window.expect(":")
                    if key == "features" and window.peek() == "[":
                        window.expect("[")
                        while window.peek() != "]":
                            number += 1
                            yield window.value()
                            if window.peek() != "]":
                                window.expect(",")
                        window.expect("]")
                        whole[key] = None
                    else:
                        whole[str(key)] = window.value()
                        if key == "crs":
                            self._crs = whole[key]
                    if window.peek() != "}":
                        window.expect(",")
                window.expect("}")
                if "features" not in whole:
                    kind = str(whole.get("type"))[:40]
                    if kind != "Feature" and kind not in _GEOMETRIES:
                        raise ValueError(_("an object of type “%s” holds no features") % kind)
                    number += 1
                    yield whole
        except RecursionError as fault:
            raise self._broken(_("it is nested too deeply"), number) from fault
        except ValueError as fault:
            if isinstance(fault, UnicodeDecodeError | PlaceError):
                raise
            raise self._broken(str(fault), number) from fault

    def _broken(self, why: str, number: int) -> PlaceError:
        return PlaceError(
            _("%(file)s is no whole GeoJSON: after feature %(number)s, %(why)s.")
            % {"file": self.name, "number": number, "why": why},
            field="file",
            value=self.name,
            mend=_("Copy it again from its source; it may have been cut off."),
        )

    def _crs_at_the_end(self) -> Any:
        """A "crs" that stands after the features, in the last bytes of the file."""
        with self.path.open("rb") as file:
            file.seek(max(0, self._size - 4096))
            tail = file.read().decode("latin-1")
        found = list(re.finditer(r'\]\s*,\s*"crs"\s*:\s*(?=\{)', tail))
        if not found:
            return None
        try:
            return json.JSONDecoder().raw_decode(tail, found[-1].end())[0]
        except ValueError:
            return None


class _Window:
    """A piece of a long JSON text that moves along: reads one value at a time."""

    def __init__(self, file: IO[bytes], codec: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._json = json.JSONDecoder()
        self._text, self._at, self._ended = "", 0, False

    def peek(self) -> str:
        """The next sign that is no space; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def expect(self, sign: str) -> None:
        found = self.peek()
        if found != sign:
            raise ValueError(
                _("“%(sign)s” is missing before “%(found)s”") % {"sign": sign, "found": found}
                if found
                else _("the file ends where “%(sign)s” should stand") % {"sign": sign}
            )
        self._at += 1

    def value(self) -> Any:
        """The next whole value."""
        self.peek()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as fault:
                left = len(self._text) - self._at
                # a fault far before the end of what was read is no matter of reading on
                settled = fault.pos < len(self._text) - 64 and not fault.msg.startswith("Unterminated string")
                if settled or left > _LONGEST or not self._more():
                    if self._ended and not settled:
                        raise ValueError(_("the file ends in the middle")) from fault
                    around = self._text[max(self._at, fault.pos - 20) : fault.pos + 20]
                    raise ValueError(_("something that is not JSON near “%s”") % around) from fault
                continue
            # a number or word at the very end of what was read may go on
            if end < len(self._text) or not self._more():
                self._at = end
                return found

    def _more(self) -> bool:
        """Read on, at least as much again as is held, so that long values cost no more than twice."""
        if self._ended:
            return False
        held = self._text[self._at :]
        raw = self._file.read(max(_CHUNK, len(held)))
        self._ended = not raw
        self._text, self._at = held + self._decoder.decode(raw, final=not raw), 0
        return bool(raw) or len(self._text) > len(held)


def _row(number: int, feature: Any) -> Row:
    row = Row(number)
    if not isinstance(feature, dict):
        row.fault = _bad(_("The feature is no object."), "")
        return row
    bare = feature.get("type") in _GEOMETRIES
    properties = feature.get("properties")
    if isinstance(properties, dict) and not bare:
        row.fields = {str(key): as_text(value) for key, value in properties.items()}
    if "id" in feature and "id" not in row.fields:
        row.fields["id"] = as_text(feature["id"])
    row.shape = feature if bare else feature.get("geometry")
    return row


def _shaped(rows: list[Row]) -> list[Row]:
    """Rows with their shapes made; points, the usual case, all at once."""
    points = [
        row
        for row in rows
        if isinstance(row.shape, dict) and row.shape.get("type") == "Point" and _is_pair(row.shape)
    ]
    if points:
        made: Any = shapely.points(
            np.array([row.shape["coordinates"][:2] for row in points], dtype=np.float64)
        )
        for row, shape in zip(points, made, strict=True):
            row.shape = shape
    for row in rows:
        if isinstance(row.shape, dict):
            try:
                if row.shape.get("type") not in _GEOMETRIES:
                    raise ValueError(_("type “%s”") % str(row.shape.get("type"))[:40])
                if _holds_text(row.shape.get("coordinates")):
                    raise ValueError(_("coordinates are text, not numbers"))
                with np.errstate(invalid="ignore"):  # what is no number is told by its row
                    row.shape = shapely.geometry.shape(row.shape)
            except (
                ArithmeticError,
                AttributeError,
                LookupError,
                ShapelyError,
                TypeError,
                ValueError,
            ) as fault:
                row.shape, row.fault = (
                    None,
                    _bad(_("The geometry cannot be read: %s.") % str(fault)[:120], ""),
                )
        elif row.shape is not None and not isinstance(row.shape, shapely.Geometry):
            row.shape, row.fault = None, _bad(_("The geometry is no object."), str(row.shape)[:40])
    return rows


def _holds_text(coordinates: Any) -> bool:
    """Text among coordinates, which shapely would read as numbers."""
    return isinstance(coordinates, str) or (
        isinstance(coordinates, list) and any(map(_holds_text, coordinates))
    )


def _is_pair(shape: dict[str, Any]) -> bool:
    values = shape.get("coordinates")
    return (
        isinstance(values, list)
        and len(values) >= 2
        and all(
            isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e30
            for one in values[:2]
        )
    )


def _bad(message: str, value: str) -> PlaceError:
    return PlaceError(message, field="geometry", value=value, mend=_("Mend the feature and load again."))


def _crs_name(crs: Any, name: str) -> str | None:
    """The system a "crs" member names, after GeoJSON of 2008."""
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    named = properties.get("name") or properties.get("code") if isinstance(properties, dict) else None
    if isinstance(named, int):
        named = f"EPSG:{named}"
    if not isinstance(named, str) or not named.strip():
        raise PlaceError(
            _("%(file)s has a “crs” that names no system.") % {"file": name},
            field="crs",
            value=str(crs)[:80],
            mend=_("Say --crs or --datum; the member may be taken out of the file."),
        )
    return named
