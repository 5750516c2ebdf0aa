"""CSV with a column of WKT or with columns of longitude and latitude (easting and northing)."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.importers.rows import BATCH, Row
from gis_data.importers.text import codec_of, codec_of_mark, undecodable

# "wkt_wgs84": how files of refused rows (importers/components/reasons.py) carry shapes
WKT_NAMES: Final = ("wkt_wgs84", "wkt", "geometry", "geom", "the_geom", "shape", "图形", "几何")
LON_NAMES: Final = ("lon", "lng", "long", "longitude", "x", "easting", "经度", "东坐标")
LAT_NAMES: Final = ("lat", "latitude", "y", "northing", "纬度", "北坐标")
_LONGEST_FIELD: Final = 64 * 1024 * 1024


class CsvTable:
    """A CSV file; its first line names the columns. Comma, semicolon or tab, told by that line."""

    own: str | None = None
    trusted = False
    count: int | None = None

    def __init__(
        self,
        path: Path,
        name: str,
        encoding: str | None,
        lon_field: str | None = None,
        lat_field: str | None = None,
    ) -> None:
        self.path, self.name, self.share = path, name, 0.0
        with path.open("rb") as file:
            mark = codec_of_mark(file.read(4))
        self.codec = codec_of(encoding) if encoding and mark != "utf-16" else mark
        self._declared = encoding is not None
        self._size = max(path.stat().st_size, 1)
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
        with path.open("rb") as file:
            self.delimiter, self.fields = self._header(file)
        self.places = place_columns(name, self.fields, lon_field, lat_field)
        next(self.batches(size=1000), None)

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]:
        """Rows in the order of the file."""
        batch: list[Row] = []
        line = 1
        try:
            with self.path.open("rb") as file:
                self._header(file)
                file.seek(0)
                text = TextIOWrapper(file, encoding=self.codec, newline="")
                reader = csv.reader(text, delimiter=self.delimiter, strict=True)
                next(reader)
                number = 0
                for values in reader:
                    line = reader.line_num
                    if not any(values):
                        continue
                    number += 1
                    batch.append(self._row(number, values))
                    if len(batch) >= size:
                        self.share = file.tell() / self._size
                        yield self._shaped(batch)
                        batch = []
        except UnicodeDecodeError as fault:
            raise undecodable(
                self.name, self.codec, _("after line %s") % line, declared=self._declared
            ) from fault
        except csv.Error as fault:
            raise PlaceError(
                _("%(file)s, after line %(line)s: not CSV (%(why)s).")
                % {"file": self.name, "line": line, "why": fault},
                field="file",
                value=self.name,
                mend=_("Mend the quotes on that line."),
            ) from fault
        if batch:
            self.share = 1.0
            yield self._shaped(batch)

    def _header(self, file: IO[bytes]) -> tuple[str, list[str]]:
        start = file.read(_LONGEST_FIELD if self.codec == "utf-16" else 65536)
        try:
            # a character may be cut at the end of what was read; only the first line matters
            line = start.decode(self.codec, "strict" if b"\n" not in start else "ignore").splitlines()[0]
            if self.codec != "utf-16":
                start.split(b"\n", 1)[0].decode(self.codec)
        except UnicodeDecodeError as fault:
            raise undecodable(self.name, self.codec, _("line 1"), declared=self._declared) from fault
        except IndexError:
            line = ""
        delimiter = max((",", ";", "\t"), key=line.count)
        names = [one.strip() for one in next(csv.reader([line], delimiter=delimiter), [])]
        twice = sorted({one for one in names if one and names.count(one) > 1})
        if not any(names) or twice:
            raise PlaceError(
                _("%(file)s names a column twice: %(names)s.")
                % {"file": self.name, "names": ", ".join(twice)}
                if twice
                else _("%(file)s does not name its columns in the first line.") % {"file": self.name},
                field="columns",
                value=twice,
                mend=_("Give every column a name of its own in the first line."),
            )
        return delimiter, names

    def _row(self, number: int, values: list[str]) -> Row:
        row = Row(number, dict(zip(self.fields, values, strict=False)))
        if len(values) == len(self.fields):
            return row
        for name in self.fields[len(values) :]:
            row.fields[name] = ""
        if any(values[len(self.fields) :]):
            row.fault = PlaceError(
                _("The row has %(values)s values for %(columns)s columns.")
                % {"values": len(values), "columns": len(self.fields)},
                field="columns",
                value=len(values),
                mend=_("Put values that hold a comma in quotes."),
            )
        return row

    def _shaped(self, rows: list[Row]) -> list[Row]:
        good = [row for row in rows if row.fault is None]
        if isinstance(self.places, str):
            _from_wkt(good, self.places)
        else:
            _from_numbers(good, *self.places)
        return rows


def place_columns(
    name: str, fields: list[str], lon_field: str | None, lat_field: str | None
) -> str | tuple[str, str]:
    """The column of WKT, or the two of coordinates."""
    if lon_field or lat_field:
        for field in (lon_field, lat_field):
            if field not in fields:
                raise _no_column(name, fields, str(field or ""))
        return str(lon_field), str(lat_field)
    by_name = {field.lower(): field for field in reversed(fields)}
    for wkt in WKT_NAMES:
        if wkt in by_name:
            return by_name[wkt]
    lons = [by_name[one] for one in LON_NAMES if one in by_name]
    lats = [by_name[one] for one in LAT_NAMES if one in by_name]
    if not lons or not lats:
        raise _no_column(name, fields, "")
    # the first of each list that belong together: lon with lat, x with y
    pairs = (("经度", "纬度"), ("x", "y"), ("easting", "northing"), ("东坐标", "北坐标"))
    for lon, lat in pairs:
        if lons[0].lower() == lon and lat in by_name:
            return lons[0], by_name[lat]
    return lons[0], lats[0]


def _no_column(name: str, fields: list[str], wanted: str) -> PlaceError:
    return PlaceError(
        _("%(file)s has no column “%(wanted)s”; it has: %(columns)s.")
        % {"file": name, "wanted": wanted or "wkt, lon + lat, x + y", "columns": ", ".join(fields)[:300]},
        field="columns",
        value=fields,
        mend=_(
            "Name a column wkt, or two columns lon and lat (x and y); or say --lon-field and --lat-field."
        ),
    )


def _from_wkt(rows: list[Row], column: str) -> None:
    texts = [row.fields[column].strip() for row in rows]
    plain = [text.split(";", 1)[1] if text[:5].upper() == "SRID=" and ";" in text else text for text in texts]
    shapes = shapely.from_wkt(np.array(plain, dtype=object), on_invalid="ignore")
    for row, text, shape in zip(rows, plain, shapes, strict=True):
        row.shape = shape
        if text and shape is None:
            row.fault = PlaceError(
                _("“%(text)s” is no WKT.") % {"text": text[:60]},
                field=column,
                value=text[:60],
                mend=_("Write POLYGON ((…)), MULTIPOLYGON (((…))) or POINT (…)."),
            )


def _from_numbers(rows: list[Row], lon: str, lat: str) -> None:
    texts = [(row.fields[lon], row.fields[lat]) for row in rows]
    try:
        pairs = [(float(one), float(other)) for one, other in texts if "_" not in one and "_" not in other]
    except ValueError:
        pairs = []
    points = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    if len(points) != len(rows) or not np.isfinite(points).all():
        rows, points = _good_numbers(rows, lon, lat)
    made: Any = shapely.points(points)
    for row, shape in zip(rows, made.tolist(), strict=True):
        row.shape = shape


def _good_numbers(rows: list[Row], lon: str, lat: str) -> tuple[list[Row], Any]:
    """One by one: the rows that have two numbers, and these; the others get their fault."""
    pairs: list[tuple[float, float]] = []
    placed: list[Row] = []
    for row in rows:
        try:
            pairs.append((_number(row, lon), _number(row, lat)))
        except PlaceError as fault:
            row.fault = fault
        else:
            placed.append(row)
    return placed, np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _number(row: Row, name: str) -> float:
    text = row.fields[name].strip()
    try:
        number = float(text)
        if math.isfinite(number) and "_" not in text:
            return number
    except ValueError:
        pass
    raise PlaceError(
        _("%(field)s “%(value)s” is not a number.") % {"field": name, "value": text[:40]}
        if text
        else _("%(field)s is empty.") % {"field": name},
        field=name,
        value=text[:40],
        mend=_("Give degrees with decimals, like 116.3975, or metres of the declared system."),
    )


def columns_of(source: Any) -> tuple[str, ...]:
    """The columns that hold the place, which are no attributes."""
    places = getattr(source, "places", ())
    return (places,) if isinstance(places, str) else tuple(places)
