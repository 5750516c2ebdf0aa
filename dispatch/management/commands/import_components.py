"""bin/gridcity import_components: an inventory of components (部件普查) into the city, row by row checked."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from casework.models import Organisation
from gis_data.errors import PlaceError
from gis_data.importers.arguments import add_source_arguments
from gis_data.importers.components.load import Order, Outcome, import_components
from gis_data.importers.components.mapping import NAMES, Mapped, read_mapping
from gis_data.importers.components.opening import Declared
from gis_data.importers.components.rows import OWED
from gis_data.importers.components.tags import FILE as TAGS_FILE
from gis_data.importers.refusal import refuse
from gis_data.progress import Meter

SHOWN: Final = 20
FIELD_OPTIONS: Final = {
    "id_field": "source_id",
    "code_field": "code",
    "class_field": "class",
    "authority_field": "authority",
    "owner_field": "owner",
    "maintainer_field": "maintainer",
    "state_field": "state",
    "tags_field": "tags",
}


def pair(text: str) -> tuple[str, str]:
    """FIELD=VALUE."""
    name, equals, value = text.partition("=")
    if name not in NAMES or not equals or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not FIELD=VALUE; fields: {', '.join(NAMES)}")
    return name, value


class Command(BaseCommand):
    help = (
        "Loads components from GeoJSON, Shapefile, GeoPackage, KML, FlatGeobuf, CSV, XLSX or OpenStreetMap "
        "extracts (.osm, .osm.gz, .osm.pbf). Every row is checked; what is wrong is refused with its reason, "
        "and nothing is put where the file is silent. Shows what is new, changed, gone; --commit loads it. "
        "A run that broke off goes on where it stopped. Exit status: 0 done, 1 rows were refused or the file "
        "cannot be used, 2 wrong use. See docs/import_components.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_source_arguments(parser)
        parser.add_argument(
            "--district", required=True, metavar="CODE", help="its boundaries and cells must be active"
        )
        parser.add_argument(
            "--source",
            default="survey",
            metavar="NAME",
            help="the inventory (default: %(default)s); a newer file is compared with what it brought before",
        )
        parser.add_argument(
            "--mapping", type=Path, metavar="FILE", help="columns, constants and words, JSON or CSV"
        )
        for option, name in FIELD_OPTIONS.items():
            parser.add_argument(
                f"--{option.replace('_', '-')}", metavar="COLUMN", help=f"the column of {name}"
            )
        parser.add_argument(
            "--column",
            action="append",
            type=pair,
            default=[],
            metavar="FIELD=COLUMN",
            help="the column of any field",
        )
        parser.add_argument(
            "--set",
            action="append",
            type=pair,
            default=[],
            metavar="FIELD=VALUE",
            help="one value for all rows",
        )
        parser.add_argument(
            "--may-be-blank",
            action="append",
            choices=OWED,
            default=[],
            help="a blank in it is an answer; repeatable",
        )
        parser.add_argument("--date-format", metavar="FORMAT", help="how dates are written, like %%d.%%m.%%Y")
        parser.add_argument("--edition", metavar="CODE", help="of the classes; default: the one in use")
        parser.add_argument(
            "--tags",
            type=Path,
            default=TAGS_FILE,
            metavar="CSV",
            help="which OpenStreetMap tags are which class",
        )
        parser.add_argument("--lon-field", metavar="COLUMN", help="longitude or easting")
        parser.add_argument("--lat-field", metavar="COLUMN", help="latitude or northing")
        parser.add_argument(
            "--partial", action="store_true", help="the file holds only some: nothing is gone"
        )
        parser.add_argument(
            "--reasons", type=Path, metavar="CSV", help="write refused rows here, to mend and feed again"
        )
        parser.add_argument("--retire", action="store_true", help="retire what is gone without asking")
        parser.add_argument(
            "--commit", action="store_true", help="load; otherwise only say what would happen"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options["json"]
        meter = Meter(self.stderr)
        asks = not as_json and not options["retire"] and sys.stdin.isatty() and self.stderr.isatty()
        try:
            outcome = import_components(
                _order(options),
                commit=options["commit"],
                retire=self._ask if asks else options["retire"],
                reasons=options["reasons"],
                progress=meter.rows,
                doing=meter.say,
            )
        except PlaceError as fault:
            meter.end()
            refuse(self, fault, as_json=as_json)
        meter.end()
        self.stdout.write(
            json.dumps(_as_json(outcome), ensure_ascii=False)
            if as_json
            else _as_text(outcome, options["reasons"])
        )
        if outcome.counts.refused:
            sys.exit(1)

    def _ask(self, found: Outcome) -> bool:
        """On a terminal: show what is gone, and ask."""
        self.stderr.write("")
        for line in _gone_lines(found):
            self.stderr.write(line)
        count = found.counts.gone + found.counts.waiting
        self.stderr.write(_("Retire these %(count)s components? [y/N] ") % {"count": f"{count:,}"}, ending="")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _order(options: dict[str, Any]) -> Order:
    mapped = read_mapping(options["mapping"]) if options["mapping"] else Mapped()
    mapped = mapped.with_columns({name: options[option] for option, name in FIELD_OPTIONS.items()})
    mapped = mapped.with_columns(dict(options["column"])).with_constants(dict(options["set"]))
    if not options["source"] or len(options["source"]) > 60:
        raise CommandError(_("An inventory has a name of 1 to 60 characters."), returncode=2)
    return Order(
        path=options["file"],
        district_code=options["district"],
        source=options["source"],
        declared=Declared(**{name: options[name] for name in Declared.__slots__}),
        mapped=mapped,
        tags_path=options["tags"],
        edition=options["edition"],
        may_be_blank=frozenset(options["may_be_blank"]),
        day_format=options["date_format"],
        partial=options["partial"],
        known=frozenset(Organisation.objects.values_list("code", flat=True)),
    )


def _as_json(outcome: Outcome) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "ok": not counts.refused,
        "committed": outcome.committed,
        "counts": asdict(counts),
        "faults_by_kind": dict(outcome.faults.most_common()),
        "unmapped": dict(outcome.unmapped.most_common()),
        "faults": [
            {"row": row.number, **{key: value for key, value in fault._asdict().items()}}
            for row in outcome.refused
            for fault in row.faults
        ],
        "gone": outcome.gone,
        "notes": outcome.notes,
        "figures": {
            "format": outcome.format,
            "crs": outcome.crs,
            "resumed_at": outcome.resumed_at,
            "read_s": round(outcome.staged_s, 3),
            "load_s": round(outcome.loaded_s, 3),
            "rows_per_second": round(counts.rows / max(outcome.staged_s + outcome.loaded_s, 0.001)),
        },
    }


def _as_text(outcome: Outcome, reasons: Path | None) -> str:
    counts = outcome.counts
    lines = [_("Read as %(format)s in %(crs)s.") % {"format": outcome.format, "crs": outcome.crs}]
    lines += outcome.notes
    if outcome.resumed_at:
        lines.append(_("Went on behind row %(row)s of an earlier run.") % {"row": f"{outcome.resumed_at:,}"})
    lines.append(
        _("%(rows)s rows: %(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(returned)s returned, "
          "%(refused)s refused.")
        % {name: f"{value:,}" for name, value in asdict(counts).items()}
    )  # fmt: skip
    lines += [f"  {number:,} × {kind}" for kind, number in outcome.faults.most_common()]
    lines += [f"    {number:,} × {kind}" for kind, number in outcome.unmapped.most_common(SHOWN)]
    for row in outcome.refused[:SHOWN]:
        lines.append(
            _("row %(row)s: %(reason)s %(mend)s")
            % {"row": row.number, "reason": row.joined("reason"), "mend": row.joined("mend")}
        )
    if counts.refused > SHOWN:
        lines.append(_("  … and %(n)s more") % {"n": f"{counts.refused - SHOWN:,}"})
    if counts.refused:
        lines.append(
            _("All refused rows are in %(file)s: mend them there and import that file.") % {"file": reasons}
            if reasons
            else _("--reasons FILE.csv writes the refused rows, to be mended and imported again.")
        )
    if counts.gone or counts.waiting:
        lines += _gone_lines(outcome)
        if counts.retired:
            lines.append(
                (_("%(count)s retired.") if outcome.committed else _("%(count)s would be retired."))
                % {"count": f"{counts.retired:,}"}
            )
        else:
            lines.append(_("None was retired: say --retire."))
    if not outcome.committed:
        lines.append(_("Nothing was written. Add --commit to do it."))
    return "\n".join(lines)


def _gone_lines(outcome: Outcome) -> list[str]:
    counts = outcome.counts
    lines = []
    if counts.gone:
        lines.append(
            _("%(count)s stand in the city and are not in the file any more:") % {"count": f"{counts.gone:,}"}
        )
        lines += [f"  {code}" for code in outcome.gone[:SHOWN]]
        if counts.gone > SHOWN:
            lines.append(_("  … and %(n)s more") % {"n": f"{counts.gone - SHOWN:,}"})
    if counts.waiting:
        lines.append(
            _("%(count)s have another class now: their old codes must be retired before they get new ones.")
            % {"count": f"{counts.waiting:,}"}
        )
    return lines
