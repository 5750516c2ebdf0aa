"""bin/gridcity check_duplicates: how well duplicates are proposed, on a labelled set from the simulation."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from casework.models import Stream
from dispatch.duplicate_trial import Parameters, drawn, labelled, trial, with_least
from dispatch.duplicates import bounds

LEAST = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


class Command(BaseCommand):
    help = (
        "Draw reports of a district's history, let people tell of some again nearby and later, put other "
        "problems beside, and count how often the thresholds in force offer the right one first. Reads only, "
        "writes nothing. Exit status: 0 counted, 1 the district has no reports, 2 wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        default = Parameters()
        parser.add_argument("--district", metavar="CODE", required=True, help="district code")
        parser.add_argument("--seed", type=int, default=default.seed)
        parser.add_argument("--problems", type=int, default=default.problems, help="reports drawn")
        parser.add_argument("--gps-m", type=float, default=default.gps_m, help="spread of positions in m")
        parser.add_argument(
            "--later-h", type=float, default=default.later_h, help="mean hours until told again"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, district: str, **options: Any) -> None:
        if not Stream.objects.filter(pk=district).exists():
            raise CommandError(_("There is no district %(code)s.") % {"code": district}, returncode=2)
        if options["problems"] < 1 or options["gps_m"] < 0 or options["later_h"] <= 0:
            raise CommandError(_("Numbers must be above 0."), returncode=2)
        parameters = Parameters(
            seed=options["seed"],
            problems=options["problems"],
            gps_m=options["gps_m"],
            later_h=options["later_h"],
        )
        problems = drawn(district, parameters)
        if not problems:
            raise CommandError(
                _("District %(code)s has no reports yet: run `simulate` first.") % {"code": district},
                returncode=1,
            )
        told = labelled(problems, parameters)
        in_force = bounds(district)
        found = {kind: score.as_dict() for kind, score in trial(told, in_force).items()}
        curve = [
            {"least_score": least, **trial(told, with_least(in_force, least))["all"].as_dict()}
            for least in LEAST
        ]
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {"district": district, "parameters": asdict(parameters), "figures": found, "curve": curve}
                )
            )
            return
        self.stdout.write(
            _("%(problems)s problems, %(reports)s reports; parameters %(parameters)s")
            % {"problems": len(problems), "reports": len(told), "parameters": asdict(parameters)}
        )
        for kind, score in found.items():
            self.stdout.write(
                _("%(kind)s: precision %(precision)s, recall %(recall)s (%(right)s right, %(wrong)s wrong, ")
                % {"kind": kind, **score}
                + _("%(missed)s missed); among the first three %(recall_of_three)s") % score
            )
        for row in curve:
            self.stdout.write(
                _("least score %(least_score)s: precision %(precision)s, recall %(recall)s") % row
            )
