"""bin/gridcity locate: in which cell, grid, community, street and district does a place lie?"""

from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from gis_data.crs import Datum, to_store
from gis_data.errors import PlaceError
from gis_data.models import ProblemClass
from gis_data.queries import Located, locate, locate_many

AT_ONCE: Final = 5_000


@dataclass(slots=True)
class Row:
    """A line of the file (or the one point asked for): what it said, and its place or its fault."""

    line: int
    given: tuple[object, object, object]
    place: tuple[float, float] | None = None
    fault: PlaceError | None = None
    found: Located | None = None


class Command(BaseCommand):
    help = (
        "Tell the unit grid cell, responsibility grid, community, street and district of a place, and the "
        "components of a class within 50 m. One place by --lon and --lat, or many from a CSV file with the "
        "columns lon, lat and datum (without that column --datum holds for all). A place outside the city "
        "has no codes. Exit status: 0 done, 1 a row is faulty, 2 wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lon", metavar="DEGREES", help="longitude, about 116.4 in Beijing")
        parser.add_argument("--lat", metavar="DEGREES", help="latitude, about 39.9 in Beijing")
        parser.add_argument(
            "--datum",
            choices=[datum.value for datum in Datum],
            default=Datum.WGS84.value,
            help="how the place was read: GPS wgs84 (default), Amap or Tencent gcj02, Baidu bd09",
        )
        parser.add_argument("--file", metavar="CSV", type=Path, help="many places: columns lon, lat, datum")
        parser.add_argument(
            "--class-code", metavar="CODE", help="components of this class of the current edition"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        class_id = _component_class(options["class_code"])
        if options["file"] is not None:
            if options["lon"] is not None or options["lat"] is not None:
                raise CommandError(_("Give either --file or --lon and --lat, not both."), returncode=2)
            try:
                rows = list(self._read(options["file"], options["datum"]))
            except PlaceError as fault:
                rows = [Row(1, (None, None, None), fault=fault)]
            self._find_many(rows, class_id)
        elif options["lon"] is None or options["lat"] is None:
            raise CommandError(_("Give --lon and --lat, or --file with a CSV file."), returncode=2)
        else:
            row = _place(Row(1, (options["lon"], options["lat"], options["datum"])))
            if row.place:
                row.found = locate(*row.place, class_id=class_id)
            rows = [row]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(rows), ensure_ascii=False))
        else:
            for row in rows:
                self.stdout.write(_as_text(row, many=options["file"] is not None))
        if any(row.fault for row in rows):
            sys.exit(1)

    def _read(self, path: Path, datum: str) -> Iterator[Row]:
        """Rows of the file; PlaceError if it is no such CSV file, wrong use if it cannot be opened."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                columns = reader.fieldnames or []
                lacking = [name for name in ("lon", "lat") if name not in columns]
                if lacking:
                    raise _unusable(
                        path,
                        _("The file has no column %(columns)s.") % {"columns": ", ".join(lacking)},
                        _("The first line must name lon, lat and datum."),
                    )
                for record in reader:
                    given = (record["lon"], record["lat"], record["datum"] if "datum" in columns else datum)
                    yield _place(Row(reader.line_num, given))
        except OSError as fault:
            raise CommandError(
                _("%(file)s cannot be read: %(why)s") % {"file": path, "why": fault.strerror}, returncode=2
            ) from fault
        except UnicodeDecodeError as fault:
            raise _unusable(path, _("The file is not UTF-8."), _("Save it as CSV in UTF-8.")) from fault
        except csv.Error as fault:
            raise _unusable(
                path,
                _("Line %(line)s is not CSV: %(why)s.") % {"line": reader.line_num, "why": fault},
                _("Mend the quotes on that line."),
            ) from fault

    def _find_many(self, rows: list[Row], class_id: int | None) -> None:
        good = [row for row in rows if row.place]
        for start in range(0, len(good), AT_ONCE):
            some = good[start : start + AT_ONCE]
            for row, found in zip(
                some, locate_many([row.place for row in some if row.place], class_id), strict=True
            ):
                row.found = found
            if self.stderr.isatty():
                self.stderr.write(f"\r{start + len(some):,} of {len(good):,}", ending="")
                self.stderr.flush()


def _unusable(path: Path, message: str, mend: str) -> PlaceError:
    return PlaceError(message, field="file", value=path.name, mend=mend)


def _place(row: Row) -> Row:
    try:
        row.place = to_store(*row.given)
    except PlaceError as fault:
        row.fault = fault
    return row


def _component_class(code: str | None) -> int | None:
    if not code:
        return None
    found = ProblemClass.objects.filter(
        edition__current=True, kind=ProblemClass.Kind.COMPONENT, code=code
    ).first()
    if found is None:
        raise CommandError(
            _("The current edition has no component class “%(code)s”.") % {"code": code}, returncode=2
        )
    return found.pk


def _as_json(rows: list[Row]) -> dict[str, Any]:
    faults = [
        {
            "line": row.line,
            "field": row.fault.field,
            "value": None if row.fault.value is None else str(row.fault.value),
            "message": str(row.fault.message),
            "mend": str(row.fault.mend),
        }
        for row in rows
        if row.fault
    ]
    return {
        "points": [_point_json(row) for row in rows if not (row.fault and row.fault.field == "file")],
        "counts": {
            "rows": len(rows),
            "inside": sum(row.found is not None for row in rows),
            "outside": sum(row.found is None and row.fault is None for row in rows),
            "faulty": len(faults),
        },
        "faults": faults,
    }


def _point_json(row: Row) -> dict[str, Any]:
    found = row.found
    return {
        "line": row.line,
        "lon": row.place[0] if row.place else None,
        "lat": row.place[1] if row.place else None,
        "cell": found.cell_code if found else None,
        "grid": found.grid.code if found and found.grid else None,
        "community": found.community.code if found else None,
        "street": found.street.code if found else None,
        "district": found.district.code if found else None,
        "components": [
            {"code": near.code, "class_code": near.class_code, "distance_m": round(near.distance_m, 2)}
            for near in (found.components if found else ())
        ],
    }


def _as_text(row: Row, *, many: bool) -> str:
    if row.fault:
        return (_("line %(line)s: ") % {"line": row.line} if many else "") + str(row.fault)
    assert row.place
    where = f"{row.place[0]:.6f}, {row.place[1]:.6f}"
    if row.found is None:
        return (
            f"{row.line}: {where}: " + _("outside the city")
            if many
            else _("%s lies outside the city.") % where
        )
    found = row.found
    if many:
        return f"{row.line}: {where}: {found.cell_code} {found.grid.code if found.grid else '-'}"
    lines = [
        (_("cell"), found.cell_code, ""),
        (
            _("responsibility grid"),
            found.grid.code if found.grid else "-",
            found.grid.title if found.grid else "",
        ),
        (_("community"), found.community.code, found.community.title),
        (_("street"), found.street.code, found.street.title),
        (_("district"), found.district.code, found.district.title),
        *((_("component"), near.code, f"{near.title} {near.distance_m:.1f} m") for near in found.components),
    ]
    return "\n".join(f"{label}: {code} {name}".rstrip() for label, code, name in lines)
