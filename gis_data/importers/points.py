"""A CSV file of places: columns lon, lat and, if it likes, datum. Read as a stream, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from gis_data.crs import Datum, to_store
from gis_data.errors import PlaceError


@dataclass(slots=True)
class Row:
    """A line of the file (or the one point asked for): its place, or its fault."""

    line: int
    place: tuple[float, float] | None = None
    fault: PlaceError | None = None


def read_points(path: Path, datum: str) -> Iterator[Row]:
    """The rows of a file that was found to be CSV in UTF-8 to its end; `datum` holds where none is named.

    raises   PlaceError before the first row where the file cannot be used; OSError where it cannot be opened
    """
    for _row in _lines(path):
        pass
    for line, lon, lat, declared in _lines(path):
        yield row_of(line, lon, lat, datum if declared is None else declared)


def row_of(line: int, lon: object, lat: object, datum: object) -> Row:
    """A row from what was given."""
    if datum == Datum.WGS84:
        try:
            x, y = float(lon), float(lat)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pass
        else:
            if -180 <= x <= 180 and -90 <= y <= 90:
                return Row(line, (x, y))
    try:
        return Row(line, to_store(lon, lat, datum))
    except PlaceError as fault:
        return Row(line, None, fault)


def _lines(path: Path) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    """Line, longitude, latitude and datum (None where the file has no such column)."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            heading = next(reader, [])
            lacking = [name for name in ("lon", "lat") if name not in heading]
            if lacking:
                raise _unusable(
                    path,
                    _("The file has no column %(columns)s.") % {"columns": ", ".join(lacking)},
                    _("The first line must name lon, lat and datum."),
                )
            lon, lat = heading.index("lon"), heading.index("lat")
            datum = heading.index("datum") if "datum" in heading else None
            most = max(lon, lat, datum or 0)
            for cells in reader:
                if len(cells) > most:
                    yield reader.line_num, cells[lon], cells[lat], None if datum is None else cells[datum]
                elif cells:
                    short = dict(enumerate(cells))
                    told = None if datum is None else short.get(datum, "")
                    yield reader.line_num, short.get(lon), short.get(lat), told
        except UnicodeDecodeError as fault:
            raise _unusable(path, _("The file is not UTF-8."), _("Save it as CSV in UTF-8.")) from fault
        except csv.Error as fault:
            raise _unusable(
                path,
                _("Line %(line)s is not CSV: %(why)s.") % {"line": reader.line_num, "why": fault},
                _("Mend the quotes on that line."),
            ) from fault


def _unusable(path: Path, message: str, mend: str) -> PlaceError:
    return PlaceError(message, field="file", value=path.name, mend=mend)
