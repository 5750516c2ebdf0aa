"""bin/gridcity split_streets: communities for streets of which a city has no finer borders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.grid.streets import COMMUNITY_M2, Community, store_split
from gis_data.importers.drafts import draft_of
from gis_data.importers.matching import read_names
from gis_data.importers.refusal import refuse


class Command(BaseCommand):
    help = (
        "Split the streets of a district's draft into connected communities of about equal size: as many as "
        "a list of codes and names says, else one every 200,000 m². They are generated and marked so; where "
        "the city has surveyed communities, import those instead. "
        "Exit status: 0 done, 1 refused, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--district", metavar="CODE", required=True, help="the district of the draft")
        parser.add_argument(
            "--names", metavar="CSV", type=Path, help="columns code and name of the city's communities"
        )
        parser.add_argument("--names-encoding", metavar="NAME", help="of that CSV; UTF-8 if not said")
        parser.add_argument(
            "--area", metavar="M2", type=float, default=COMMUNITY_M2, help="size where no list says how many"
        )
        parser.add_argument("--replace", action="store_true", help="in place of the draft's communities")
        parser.add_argument("--commit", action="store_true", help="write into the draft; otherwise only say")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["area"] > 0:
            raise CommandError(_("--area takes a positive number of m²."), returncode=2)
        draft = draft_of(options["district"])
        if draft is None:
            raise CommandError(_("District %s has no draft.") % options["district"], returncode=2)
        try:
            lists = (
                read_names(options["names"], (), "community", options["names_encoding"]).by_code
                if options["names"]
                else {}
            )
            made = store_split(
                draft, lists, options["area"], replace=options["replace"], commit=options["commit"]
            )
        except PlaceError as fault:
            refuse(self, fault, as_json=options["json"])
        if options["json"]:
            body = {
                "ok": True,
                "committed": options["commit"],
                "generation": draft.pk,
                "counts": {"streets": len({one.street for one in made}), "communities": len(made)},
                "figures": _figures(made),
                "faults": [],
            }
            self.stdout.write(json.dumps(body, ensure_ascii=False))
            return
        figures = _figures(made)
        self.stdout.write(
            _("%(made)s communities of %(smallest)s to %(largest)s m².")
            % {
                "made": len(made),
                "smallest": f"{figures['smallest_m2']:,.0f}",
                "largest": f"{figures['largest_m2']:,.0f}",
            }
        )
        if not options["commit"]:
            self.stdout.write(_("Nothing was written. Add --commit to do it."))


def _figures(made: list[Community]) -> dict[str, float]:
    sizes = [float(one.shape.area) for one in made]
    return {
        "area_m2": round(sum(sizes), 2),
        "smallest_m2": round(min(sizes), 2),
        "largest_m2": round(max(sizes), 2),
    }
