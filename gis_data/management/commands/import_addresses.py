"""bin/gridcity import_addresses: place names and addresses from a file. Dry run unless --commit."""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.importers.addresses import COLUMNS, Outcome, Refused, columns_of, load_addresses
from gis_data.importers.arguments import add_source_arguments, opened
from gis_data.importers.refusal import refuse
from gis_data.models import Address
from gis_data.progress import Meter

SHOWN: Final = 20


def part_and_column(text: str) -> tuple[str, str]:
    """name=DMMC"""
    part, sign, column = text.partition("=")
    if not sign or not part or not column:
        raise argparse.ArgumentTypeError(f"{text!r} is not PART=COLUMN")
    return part, column


class Command(BaseCommand):
    help = (
        "Loads place names and addresses (GB/T 30428.3) from GeoJSON, Shapefile, GeoPackage, KML, "
        "FlatGeobuf or CSV. Every row that is not taken is named with its reason; --refused writes those "
        "rows with their reasons into a CSV that can be mended and fed again. A newer file of the same "
        "--source changes what changed and counts what is gone; --retire ends it. Shows what it would do; "
        "--commit does it. Exit status: 0 done, 1 rows or the file refused, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_source_arguments(parser)
        parser.add_argument("--lon-field", metavar="F", help="column of longitude or easting")
        parser.add_argument("--lat-field", metavar="F", help="column of latitude or northing")
        parser.add_argument(
            "--field",
            type=part_and_column,
            action="append",
            default=[],
            metavar="PART=COLUMN",
            help=f"which column holds a part ({', '.join(COLUMNS)}); usual names are known",
        )
        parser.add_argument("--kind", choices=Address.Kind.values, help="of rows that do not say theirs")
        parser.add_argument("--source", help="name of the source; by default the file's")
        parser.add_argument("--retire", action="store_true", help="end what the source no longer has")
        parser.add_argument("--refused", type=Path, metavar="CSV", help="write refused rows and reasons here")
        parser.add_argument("--commit", action="store_true", help="write; otherwise only say what would be")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        meter = Meter(self.stderr)
        try:
            with opened(options, lon_field=options["lon_field"], lat_field=options["lat_field"]) as source:
                fields = source.fields
                outcome = load_addresses(
                    source,
                    called=(options["source"] or options["file"].name)[:200],
                    columns=columns_of(fields, dict(options["field"])),
                    kind=options["kind"] or "",
                    retire=options["retire"],
                    commit=options["commit"],
                    progress=meter.rows,
                )
        except PlaceError as fault:
            meter.end()
            refuse(self, fault, as_json=options["json"])
        meter.end()
        if options["refused"] is not None:
            try:
                _write(options["refused"], fields, outcome.refused)
            except OSError as fault:
                raise CommandError(f"{options['refused']}: {fault.strerror}", returncode=2) from fault
        seconds = time.monotonic() - began
        if options["json"]:
            told = _as_json(outcome, committed=options["commit"], seconds=seconds)
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.stdout.write(_as_text(outcome, committed=options["commit"], retired=options["retire"]))
        if outcome.refused:
            sys.exit(1)


def _write(path: Path, fields: Sequence[str], refused: Sequence[Refused]) -> None:
    """Refused rows as they stood, with row number and reason in front."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "reason", *fields])
        for one in refused:
            writer.writerow([one.number, str(one.fault), *(one.fields.get(name, "") for name in fields)])


def _fault(fault: PlaceError) -> dict[str, Any]:
    return {
        "code": fault.code,
        "field": fault.field,
        "value": None if fault.value is None else str(fault.value),
        "message": str(fault.message),
        "mend": str(fault.mend),
    }


def _as_json(outcome: Outcome, *, committed: bool, seconds: float) -> dict[str, Any]:
    counts: Mapping[str, int] = {
        "rows": outcome.read,
        "taken": outcome.taken,
        "repeated": outcome.repeated,
        "new": outcome.new,
        "changed": outcome.changed,
        "same": outcome.same,
        "gone": outcome.gone,
        "refused": len(outcome.refused),
        "streets_named": outcome.streets,
    }
    return {
        "committed": committed,
        "counts": counts,
        "kinds": outcome.kinds,
        "districts": outcome.districts,
        "faults": [{"row": one.number, **_fault(one.fault)} for one in outcome.refused],
        "figures": {
            "seconds": round(seconds, 2),
            "rows_per_second": round(outcome.read / max(seconds, 1e-9)),
        },
    }


def _as_text(outcome: Outcome, *, committed: bool, retired: bool) -> str:
    lines = [
        _("%(read)s rows read, %(taken)s taken: %(new)s new, %(changed)s changed, %(same)s the same.")
        % {
            "read": outcome.read,
            "taken": outcome.taken,
            "new": outcome.new,
            "changed": outcome.changed,
            "same": outcome.same,
        },
        *(f"  {Address.Kind(kind).label}: {count}" for kind, count in sorted(outcome.kinds.items())),
    ]
    if outcome.repeated:
        lines.append(_("%(count)s rows say what an earlier row said.") % {"count": outcome.repeated})
    if outcome.streets:
        lines.append(_("%(count)s streets named after their doors.") % {"count": outcome.streets})
    if outcome.gone:
        words = (
            _("%(count)s of this source are not in the file and end today.")
            if retired
            else _("%(count)s of this source are not in the file and stay; --retire ends them.")
        )
        lines.append(words % {"count": outcome.gone})
    if outcome.refused:
        lines.append(_("%(count)s rows refused:") % {"count": len(outcome.refused)})
        lines += [
            "  " + _("row %(number)s: %(why)s") % {"number": one.number, "why": one.fault}
            for one in outcome.refused[:SHOWN]
        ]
        if len(outcome.refused) > SHOWN:
            lines.append("  …")
    if not committed:
        lines.append(_("Nothing was written. Add --commit to do it."))
    return "\n".join(lines)
