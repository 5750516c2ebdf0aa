"""bin/gridcity import_areas: borders of districts, streets, communities or cells from a survey file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.errors import CodeError, PlaceError
from gis_data.generations import Activation, activate
from gis_data.importers import drafts, faultmap, told
from gis_data.importers.areas import Declared, read_deliveries
from gis_data.importers.arguments import add_source_arguments, opened
from gis_data.importers.delivery import Delivery
from gis_data.importers.drafts import Loaded
from gis_data.importers.matching import LEVELS, Names, read_names
from gis_data.importers.refusal import refuse
from gis_data.importers.source import Source
from gis_data.models import Generation
from gis_data.progress import Meter


class Command(BaseCommand):
    help = (
        "Read the borders of districts, streets, communities or unit cells from a survey file, repair and "
        "check them, list every fault by code and area, and with --commit load them into the draft of their "
        "district. A draft may be built up by several files; activate_generation puts it in force. Without "
        "--commit nothing is written. Exit status: 0 done, 1 the file or a row was refused, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_source_arguments(parser)
        parser.add_argument("--level", choices=LEVELS, required=True, help="what the file holds")
        parser.add_argument("--code-field", metavar="F", help="of the code; guessed if one alone fits")
        parser.add_argument("--name-field", metavar="F", help="of the name; guessed if one alone fits")
        parser.add_argument(
            "--names",
            metavar="CSV",
            type=Path,
            help="columns code, name: for rows that lack either, by the other or by a field of both files",
        )
        parser.add_argument("--names-encoding", metavar="NAME", help="of that CSV; UTF-8 if not said")
        parser.add_argument(
            "--parent",
            metavar="CODE",
            default="",
            help="the area above: its code goes before a city's own numbers 1 to 999. A city without codes "
            "of GB/T 2260 takes a district code under 90",
        )
        parser.add_argument(
            "--parent-name", metavar="NAME", help="of the area above, where none is delivered"
        )
        parser.add_argument(
            "--number",
            action="store_true",
            help="number rows without codes in the order of the file, under --parent or the area around",
        )
        parser.add_argument("--district", metavar="CODE", default="", help="load only this district")
        parser.add_argument("--merge", action="store_true", help="rows of one code are parts of one area")
        parser.add_argument(
            "--mend",
            metavar="METRES",
            type=float,
            default=0.0,
            help="close gaps narrower than this, give overlaps to one neighbour; else all stays as it is",
        )
        parser.add_argument("--fill", action="store_true", help="streets: one community for each without any")
        parser.add_argument("--title", default="", help="of the draft; by default the name of the file")
        parser.add_argument("--source", default="", help="where the file comes from, and its licence")
        parser.add_argument(
            "--report", metavar="HTML", type=Path, help="write a page with a map of the faults"
        )
        parser.add_argument("--commit", action="store_true", help="load into the draft; otherwise only check")
        parser.add_argument("--activate", action="store_true", help="put the draft in force at once")
        parser.add_argument(
            "--incomplete", action="store_true", help="with --activate: also without communities or cells"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        _check_use(options)
        meter = Meter(self.stderr)
        try:
            with opened(options, straight=True) as source:
                names = (
                    read_names(options["names"], source.fields, options["level"], options["names_encoding"])
                    if options["names"]
                    else None
                )
                deliveries = read_deliveries(
                    source, _declared(options), names, self._borders(options["level"]), meter
                )
                loaded, activations = self._load(source, deliveries, names, options, meter)
                said = [_("Read as %(format)s in %(crs)s.") % {"format": source.format, "crs": source.crs}]
        except PlaceError as fault:
            meter.end()
            refuse(self, fault, as_json=options["json"])
        meter.end()
        report = None
        if options["report"]:
            report = faultmap.write_report(
                options["report"], options["title"] or options["file"].name, deliveries, said
            )
        if options["json"]:
            body = told.as_json(deliveries, loaded, activations, committed=options["commit"], report=report)
            self.stdout.write(json.dumps(body, ensure_ascii=False))
        else:
            self.stdout.write(
                told.as_text(
                    deliveries, loaded, activations, said, committed=options["commit"], report=report
                )
            )
        if not all(one.is_loadable for one in deliveries):
            sys.exit(1)

    def _borders(self, level: str) -> Any:
        return lambda district: drafts.borders_above(level, district)

    def _load(
        self,
        source: Source,
        deliveries: list[Delivery],
        names: Names | None,
        options: dict[str, Any],
        meter: Meter,
    ) -> tuple[list[Loaded], list[Activation]]:
        """Load and activate every district of the file or nothing; a dry run does the same and undoes it."""
        if not all(one.is_loadable for one in deliveries):
            return [], []
        loaded, activations = [], []
        parent_names = names.all_names() if names else {}
        if options["parent_name"]:
            parent_names[options["parent"] or deliveries[0].district_code] = options["parent_name"]
        meter.say(_("loading"))
        whole = sum(len(delivery.entries) for delivery in deliveries)
        done_areas = 0
        with transaction.atomic():
            for delivery in deliveries:
                meter.areas(done_areas, done_areas / whole)
                title = options["title"] or f"{source.name} {timezone.localdate()}"
                done = drafts.load(
                    delivery,
                    title=title[:200],
                    source=options["source"],
                    about={
                        "file": source.name,
                        "format": source.format,
                        "crs": source.crs,
                        "notes": source.notes,
                        "counts": delivery.counts(),
                        "figures": delivery.figures(),
                    },
                    fill=options["fill"],
                    parent_names=parent_names,
                )
                loaded.append(done)
                done_areas += len(delivery.entries)
                meter.areas(done_areas, done_areas / whole)
                if options["activate"]:
                    generation = Generation.objects.get(pk=done.generation_id)
                    activations.append(activate(generation, incomplete=options["incomplete"]))
            if not options["commit"]:
                transaction.set_rollback(True)
        return loaded, activations


def _check_use(options: dict[str, Any]) -> None:
    """Wrong use, told before the file is opened."""
    for name in ("parent", "district"):
        try:
            if options[name]:
                kind = {6: "district", 9: "street", 12: "community"}.get(len(options[name]), "district")
                codes.parse(codes.Kind(kind), options[name])
        except CodeError as fault:
            raise CommandError(f"--{name}: {fault}", returncode=2) from fault
    if options["fill"] and options["level"] != "street":
        raise CommandError(_("--fill goes with --level street."), returncode=2)
    if options["crs"] and options["datum"]:
        raise CommandError(
            _("Give either --crs or --datum: a reference system has its own datum."), returncode=2
        )
    if not 0 <= options["mend"] <= 50:
        raise CommandError(_("--mend takes 0 to 50 metres."), returncode=2)
    if options["parent_name"] and not options["parent"] and options["level"] != "street":
        raise CommandError(_("--parent-name needs --parent."), returncode=2)
    if options["incomplete"] and not options["activate"]:
        raise CommandError(_("--incomplete goes with --activate."), returncode=2)


def _declared(options: dict[str, Any]) -> Declared:
    return Declared(
        level=options["level"],
        code_field=options["code_field"],
        name_field=options["name_field"],
        parent=options["parent"],
        number=options["number"],
        merge=options["merge"],
        district=options["district"],
        mend_m=options["mend"],
    )
