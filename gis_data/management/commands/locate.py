"""bin/gridcity locate: in which cell, grid, community, street and district does a place lie?"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils.translation import gettext as _

from gis_data.crs import Datum
from gis_data.errors import PlaceError
from gis_data.importers.points import Row, read_points, row_of
from gis_data.models import ProblemClass
from gis_data.placing import Above, Ground
from gis_data.queries import Located, NearComponent, locate, locate_many

AT_ONCE: Final = 10_000
BY_THE_DATABASE: Final = 1_000  # so few places are not worth reading all cells

PARTS_AT_ONCE: Final = 4_000

Found = tuple[Above, tuple[NearComponent, ...]]


class Command(BaseCommand):
    help = (
        "Tell the unit grid cell, responsibility grid, community, street and district of a place, and the "
        "components of a class within 50 m. One place by --lon and --lat, or many from a CSV file with the "
        "columns lon, lat and datum (without that column --datum holds for all). A place outside the city "
        "has no codes. Exit status: 0 done, 1 a row is faulty, 2 wrong use."
    )

    requires_system_checks = ()  # they read every address of the API first, which takes longer than the work

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
        if options["file"] is None:
            if options["lon"] is None or options["lat"] is None:
                raise CommandError(_("Give --lon and --lat, or --file with a CSV file."), returncode=2)
            row = row_of(1, options["lon"], options["lat"], options["datum"])
            place = locate(*row.place, class_id=class_id) if row.place else None
            if not options["json"]:
                self.stdout.write(_in_full(row, place))
            else:
                _print_json(self.stdout, [(row, _of(place))])
            if row.fault:
                sys.exit(1)
            return
        if options["lon"] is not None or options["lat"] is not None:
            raise CommandError(_("Give either --file or --lon and --lat, not both."), returncode=2)
        try:
            found = self._find(options["file"], options["datum"], class_id)
            faulty = (_print_json if options["json"] else _print_text)(self.stdout, found)
        except OSError as fault:
            raise CommandError(
                _("%(file)s cannot be read: %(why)s") % {"file": options["file"], "why": fault.strerror},
                returncode=2,
            ) from fault
        if faulty:
            sys.exit(1)

    def _find(self, path: Path, datum: str, class_id: int | None) -> Iterator[tuple[Row, Found | None]]:
        """Every row with what was found, a batch at a time; a file that cannot be used is one faulty row."""
        rows = read_points(path, datum)
        began, done, ground = time.monotonic(), 0, None
        try:
            while batch := list(islice(rows, AT_ONCE)):
                points = [row.place for row in batch if row.place]
                found: Iterable[Found | None]
                if class_id is not None or (ground is None and len(points) <= BY_THE_DATABASE):
                    found = map(_of, locate_many(points, class_id))
                else:
                    ground = ground or Ground()
                    found = ((above, ()) if above else None for above in ground.locate(points))
                each = iter(found)
                yield from ((row, next(each) if row.place else None) for row in batch)
                done += len(batch)
                self._progress(done, began)
        except PlaceError as fault:
            yield Row(1, None, fault), None

    def _progress(self, done: int, began: float) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} rows, {done / (time.monotonic() - began):,.0f}/s  ", ending="")
            self.stderr.flush()


def _of(found: Located | None) -> Found | None:
    if found is None:
        return None
    grid = found.grid.code if found.grid else None
    above = Above(found.cell_code, grid, found.community.code, found.street.code, found.district.code)
    return above, found.components


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


# --- many places, as a stream: nothing is kept but counts; faults wait in a file


def _print_json(out: OutputWrapper, found: Iterable[tuple[Row, Found | None]]) -> int:
    """One JSON object; how many rows were faulty."""
    rows = inside = faulty = 0
    codes: dict[str, str] = {}
    with TemporaryFile("w+", encoding="utf-8") as faults:
        parts = ['{"points": [']
        separator = ""
        for row, place in found:
            rows += 1
            inside += place is not None
            if row.fault:
                faults.write(", " * bool(faulty) + json.dumps(_fault_json(row), ensure_ascii=False))
                faulty += 1
                if row.fault.field == "file":
                    continue
            parts += separator, _point_json(row, place, codes)
            separator = ", "
            if len(parts) > PARTS_AT_ONCE:
                out.write("".join(parts), ending="")
                parts.clear()
        counts = {"rows": rows, "inside": inside, "outside": rows - inside - faulty, "faulty": faulty}
        parts.append(f'], "counts": {json.dumps(counts)}, "faults": [')
        out.write("".join(parts), ending="")
        for text in _again(faults):
            out.write(text, ending="")
        out.write("]}")
    return faulty


def _again(file: IO[str]) -> Iterator[str]:
    file.seek(0)
    return iter(lambda: file.read(1 << 16), "")


def _point_json(row: Row, place: Found | None, known: dict[str, str]) -> str:
    """A point as JSON. `known` keeps the codes of each cell: a file has few cells and many points."""
    above, components = place or (None, ())
    cell = above.cell if above else ""
    codes = known.get(cell)
    if codes is None:
        codes = known[cell] = ", ".join(
            f'"{name}": {json.dumps(getattr(above, name, None))}'
            for name in ("cell", "grid", "community", "street", "district")
        )
    lon, lat = row.place or ("null", "null")
    near = [
        {"code": one.code, "class_code": one.class_code, "distance_m": round(one.distance_m, 2)}
        for one in components
    ]
    shown = json.dumps(near) if near else "[]"
    return f'{{"line": {row.line}, "lon": {lon}, "lat": {lat}, {codes}, "components": {shown}}}'


def _fault_json(row: Row) -> dict[str, Any]:
    fault = row.fault
    assert fault is not None
    return {
        "line": row.line,
        "field": fault.field,
        "value": None if fault.value is None else str(fault.value),
        "message": str(fault.message),
        "mend": str(fault.mend),
    }


def _print_text(out: OutputWrapper, found: Iterable[tuple[Row, Found | None]]) -> int:
    """A line a row; how many were faulty."""
    faulty = 0
    for row, place in found:
        if row.fault:
            faulty += 1
            out.write((_("line %(line)s: ") % {"line": row.line}) + str(row.fault))
            continue
        assert row.place
        where = f"{row.line}: {row.place[0]:.6f}, {row.place[1]:.6f}: "
        out.write(where + (f"{place[0].cell} {place[0].grid or '-'}" if place else _("outside the city")))
    return faulty


# --- one place


def _in_full(row: Row, found: Located | None) -> str:
    if row.fault:
        return str(row.fault)
    assert row.place
    if found is None:
        return _("%s lies outside the city.") % f"{row.place[0]:.6f}, {row.place[1]:.6f}"
    areas = ((_("community"), found.community), (_("street"), found.street), (_("district"), found.district))
    lines = chain(
        [
            (_("cell"), found.cell_code, ""),
            (
                _("responsibility grid"),
                found.grid.code if found.grid else "-",
                found.grid.title if found.grid else "",
            ),
        ],
        ((label, area.code, area.title) for label, area in areas),
        ((_("component"), near.code, f"{near.title} {near.distance_m:.1f} m") for near in found.components),
    )
    return "\n".join(f"{label}: {code} {name}".rstrip() for label, code, name in lines)
