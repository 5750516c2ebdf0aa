"""bin/gridcity cut_grid: communities, or any polygons, into unit cells of about 10,000 m²."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.grid.cut import NONE, Shapes
from gis_data.grid.ground import Ground, ground_of, read_ground, read_shapes
from gis_data.grid.limits import TARGET_M2, Limits
from gis_data.grid.report import as_json, facts, write_files
from gis_data.grid.run import KINDS, Result, run
from gis_data.grid.store import may_cut, store
from gis_data.importers.arguments import add_source_arguments, opened
from gis_data.importers.refusal import refuse
from gis_data.importers.source import UndeclaredDatum, open_source
from gis_data.models import Generation
from gis_data.progress import Meter

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Cut the communities of a district, or the polygons of a file, into unit cells of about 10,000 m² "
        "after GB/T 30428.1: along given lines, around given buildings, coded west to east, then north to "
        "south. Writes cells.geojson, areas.geojson, faults.csv, figures.json and report.html (picture, "
        "histogram, faults) into --out; with --commit the cells of a district go into its draft. "
        "Exit status: 0 done, 1 an area was refused or a cell breaks a rule, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_source_arguments(parser, required=False)
        parser.add_argument("--code-field", metavar="F", help="of the code; guessed if one alone fits")
        parser.add_argument("--name-field", metavar="F", help="of the name; guessed if one alone fits")
        parser.add_argument("--district", metavar="CODE", help="cut the communities of this district instead")
        parser.add_argument(
            "--generation",
            metavar="ID",
            type=int,
            help="of the district; otherwise its newest draft, or the one in force",
        )
        for name, what in (
            ("lines", "streets, walls, banks that borders should follow (polygons: their borders)"),
            ("buildings", "polygons that no border may cut"),
        ):
            parser.add_argument(
                f"--{name}", metavar="FILE", type=Path, nargs="+", action="extend", default=[], help=what
            )
            parser.add_argument(
                f"--{name}-crs", metavar="EPSG:N", help="of those files, where they do not say it themselves"
            )
            parser.add_argument(
                f"--{name}-datum", metavar="DATUM", help="of those files; otherwise as FILE's"
            )
        parser.add_argument(
            "--cell-area",
            metavar="M2",
            type=float,
            default=TARGET_M2,
            help="aim at this size instead of 10,000 m²; half to twice of it is in order",
        )
        parser.add_argument("--out", metavar="DIR", type=Path, help="folder for the files")
        parser.add_argument("--title", default="", help="of the report")
        parser.add_argument("--commit", action="store_true", help="with --district: load the cells")
        parser.add_argument(
            "--replace", action="store_true", help="with --commit: in place of a draft's cells"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        _check_use(options)
        meter = Meter(self.stderr)
        try:
            generation = _generation(options) if options["district"] else None
            if generation is not None and options["commit"]:
                may_cut(generation, replace=options["replace"])
            ground = self._ground(options, generation, meter)
            lines = _shapes("lines", options, ground.srid)
            buildings = _shapes("buildings", options, ground.srid)
        except PlaceError as fault:
            meter.end()
            refuse(self, fault, as_json=options["json"])
        limits = Limits(options["cell_area"])
        meter.say(_("cutting"))
        result = run(ground, lines, buildings, limits, meter.cells)
        meter.end()
        written = 0
        if generation is not None and options["commit"] and result.is_ok:
            about = {name: [path.name for path in options[name]] for name in ("lines", "buildings")}
            written = store(result, generation, about, replace=options["replace"])
        files = write_files(result, options["out"], _title(options)) if options["out"] else []
        if options["json"]:
            body = {**as_json(result), "committed": bool(written), "files": [str(path) for path in files]}
            body["generation"] = generation.pk if generation is not None else None
            self.stdout.write(json.dumps(body, ensure_ascii=False))
        else:
            self._tell(result, files, generation, written, options)
        if not result.is_ok:
            sys.exit(1)

    def _ground(self, options: dict[str, Any], generation: Generation | None, meter: Meter) -> Ground:
        if generation is not None:
            return ground_of(generation)
        with opened(options) as source:
            ground = read_ground(source, options["code_field"], options["name_field"], meter.rows)
            ground.notes.insert(
                0, _("Read as %(format)s in %(crs)s.") % {"format": source.format, "crs": source.crs}
            )
        if not ground.codes:
            raise PlaceError(
                _("%s has no polygon with a code.") % options["file"].name,
                field="file",
                value=options["file"].name,
                mend=_("Name the field of the code with --code-field."),
            )
        return ground

    def _tell(
        self,
        result: Result,
        files: list[Path],
        generation: Generation | None,
        written: int,
        options: dict[str, Any],
    ) -> None:
        lines = [*result.ground.notes, *(f"{words}: {value}" for words, value in facts(result))]
        for kind, words in KINDS.items():
            for excused in (False, True):
                found = [one for one in result.faults if one.kind == kind and one.excused == excused]
                if not found:
                    continue
                lines.append(f"  {len(found)} × {words}" + (" – " + _("excused") if excused else ""))
                if not excused:
                    for one in found[:SHOWN]:
                        value = "" if one.value is None else f"{one.value:,g}"
                        lines.append(
                            "    " + " ".join(part for part in (one.code, value, one.detail) if part)
                        )
                    if len(found) > SHOWN:
                        lines.append("    " + _("… and %s more; --json lists all.") % (len(found) - SHOWN))
        if any(one.kind == "too_many" for one in result.faults):
            lines.append(
                _(
                    "Three digits number the cells of a community: split it, or cut larger cells with "
                    "--cell-area."
                )
            )
        lines += [str(path) for path in files]
        if written and generation is not None:
            lines.append(
                _("%(cells)s cells stand in generation %(pk)s.") % {"cells": written, "pk": generation.pk}
            )
        elif generation is not None and not result.is_ok:
            lines.append(_("Nothing was written into the district."))
        elif generation is not None and not options["commit"]:
            lines.append(_("Nothing was written. Add --commit to do it."))
        self.stdout.write("\n".join(lines))


def _check_use(options: dict[str, Any]) -> None:
    """Wrong use, told before anything is opened."""
    if (options["file"] is None) == (options["district"] is None):
        raise CommandError(_("Give either a file with polygons or --district."), returncode=2)
    if options["file"] is not None and (options["commit"] or options["generation"]):
        raise CommandError(
            _("--commit and --generation go with --district; import the areas of a file first."), returncode=2
        )
    if options["replace"] and not options["commit"]:
        raise CommandError(_("--replace goes with --commit."), returncode=2)
    if options["crs"] and options["datum"]:
        raise CommandError(
            _("Give either --crs or --datum: a reference system has its own datum."), returncode=2
        )
    if not 100 <= options["cell_area"] <= 10_000_000:
        raise CommandError(_("--cell-area takes 100 to 10,000,000 m²."), returncode=2)


def _generation(options: dict[str, Any]) -> Generation:
    """The generation named, or the newest draft of the district, or the one in force."""
    found = Generation.objects.filter(district_code=options["district"])
    if options["generation"]:
        found = found.filter(pk=options["generation"])
    held = {one.state: one for one in found.order_by("pk")}
    for state in (Generation.State.DRAFT, Generation.State.ACTIVE, Generation.State.RETIRED):
        if state in held:
            return held[state]
    raise CommandError(_("There are no such boundaries of district %s.") % options["district"], returncode=2)


def _shapes(name: str, options: dict[str, Any], srid: int) -> Shapes:
    """The shapes of all files given under an option; read as FILE where they do not say otherwise."""
    found = []
    for path in options[name]:
        own = {"crs": options[f"{name}_crs"], "datum": options[f"{name}_datum"]}
        declared = own if any(own.values()) else {}
        try:
            source = open_source(path, encoding=options["encoding"], **declared)
        except UndeclaredDatum:
            if declared or not (options["crs"] or options["datum"]):
                raise
            source = open_source(
                path, encoding=options["encoding"], crs=options["crs"], datum=options["datum"]
            )
        with source:
            found.append(read_shapes(source, srid))
    return np.concatenate(found) if found else NONE


def _title(options: dict[str, Any]) -> str:
    return str(options["title"] or (options["file"].name if options["file"] else options["district"]))
