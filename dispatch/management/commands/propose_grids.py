"""bin/gridcity propose_grids: responsibility grids of equal workload out of a district's cells."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from casework.errors import Invalid
from dispatch import grid_plans
from dispatch.coverage import gaps_of
from dispatch.grids import Plan, apply_plan, plan_grids
from dispatch.workload import DAYS, Effort
from gis_data.models import Generation

SHOWN = 40


class Command(BaseCommand):
    help = (
        "Group the cells of a district into responsibility grids: each connected, all of about the same "
        "workload (reports of the last days, components, walking). States the balance: the heaviest grid "
        "over the mean. With --commit the new grids take the place of the old ones, whose inspectors come "
        "along; they can be edited on the map. Lists cells and shifts that nobody walks. "
        "Exit status: 0 done, 1 refused, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        effort = Effort()
        parser.add_argument("--district", metavar="CODE", required=True, help="the district of the cells")
        parser.add_argument("--count", metavar="N", type=int, required=True, help="how many grids")
        parser.add_argument(
            "--days", metavar="N", type=int, default=DAYS, help="reports of so many last days"
        )
        parser.add_argument(
            "--minutes-a-report", metavar="MIN", type=float, default=effort.minutes_a_report,
            help="what taking a report costs",
        )  # fmt: skip
        parser.add_argument(
            "--seconds-a-component", metavar="S", type=float, default=effort.seconds_a_component,
            help="what looking at a component costs",
        )  # fmt: skip
        parser.add_argument(
            "--metres-a-minute", metavar="M", type=float, default=effort.metres_a_minute, help="walking"
        )
        parser.add_argument("--commit", action="store_true", help="put the grids in force")
        parser.add_argument(
            "--draft",
            action="store_true",
            help="keep the proposal as the district's draft, to be changed on the map before it is in force",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        found = Generation.objects.filter(district_code=options["district"], state=Generation.State.ACTIVE)
        generation = found.first()
        if generation is None:
            raise CommandError(
                _("No boundaries of district %(code)s are active.") % {"code": options["district"]},
                returncode=2,
            )
        prices = {name: options[name] for name in asdict(Effort())}
        if min(prices.values()) < 0 or not prices["metres_a_minute"]:
            raise CommandError(_("Prices of effort are positive numbers."), returncode=2)
        if options["draft"] and options["commit"]:
            raise CommandError(_("Give either --draft or --commit."), returncode=2)
        try:
            plan = plan_grids(generation, options["count"], days=options["days"], effort=Effort(**prices))
        except Invalid as fault:
            self._refuse(options, fault)
        made = apply_plan(plan) if options["commit"] else []
        if options["draft"]:
            grid_plans.keep(plan, generation.district_code, "propose_grids")
        if options["json"]:
            self.stdout.write(json.dumps(self._as_json(plan, made, options), ensure_ascii=False))
        else:
            self._tell(plan, made, options)

    def _as_json(self, plan: Plan, made: list[str], options: dict[str, Any]) -> dict[str, Any]:
        gaps = gaps_of(options["district"])
        return {
            "ok": True,
            "committed": bool(made),
            "counts": {
                "grids": len(plan.groups),
                "cells": sum(len(group.cells) for group in plan.groups),
                "made": len(made),
                "cells_without_grid": len(gaps.cells),
                "grids_without_inspector": len(gaps.grids),
            },
            "figures": plan.figures(),
            "grids": [{**asdict(group), "minutes": round(group.minutes, 2)} for group in plan.groups],
            "codes": made,
            "faults": [
                *({"kind": "no_grid", "code": code, "detail": ""} for code in gaps.cells),
                *({"kind": "no_inspector", "code": code, "detail": shift} for code, shift in gaps.grids),
            ],
        }

    def _tell(self, plan: Plan, made: list[str], options: dict[str, Any]) -> None:
        figures = plan.figures()
        lines = [
            _("%(grids)s grids of %(cells)s cells; %(minutes)s minutes a day on average")
            % {"grids": figures["grids"], "cells": figures["cells"], "minutes": figures["mean_minutes"]},
            _("balance (heaviest over mean): %(balance)s; lightest over mean: %(lightest)s; bound: %(bound)s")
            % {name: f"{figures[name]:.3f}" for name in ("balance", "lightest", "bound")},
        ]
        if plan.balance_now is not None:
            lines.append(_("balance of the grids in force: %s") % f"{plan.balance_now:.3f}")
        for group in plan.groups[:SHOWN]:
            lines.append(
                "  "
                + _("%(name)s: %(cells)s cells, %(minutes)s min; %(reports)s reports, %(things)s components")
                % {
                    "name": group.name,
                    "cells": len(group.cells),
                    "minutes": f"{group.minutes:.1f}",
                    "reports": group.reports,
                    "things": group.components,
                }
            )
        if len(plan.groups) > SHOWN:
            lines.append("  " + _("… and %s more; --json lists all.") % (len(plan.groups) - SHOWN))
        gaps = gaps_of(options["district"])
        if gaps.cells:
            lines.append(_("Cells in no grid: %s") % len(gaps.cells))
        if gaps.grids:
            lines.append(_("Grids without an inspector on a shift: %s") % len(gaps.grids))
        lines.append(
            _("%s grids are in force.") % len(made)
            if made
            else _("The proposal waits on the map: /editor/, responsibility grids.")
            if options["draft"]
            else _("Nothing was written. Add --commit to do it.")
        )
        self.stdout.write("\n".join(lines))

    def _refuse(self, options: dict[str, Any], fault: Invalid) -> Any:
        if not options["json"]:
            raise CommandError(f"{fault.message} {fault.mend}".strip(), returncode=1)
        body = {
            "ok": False, "committed": False, "counts": {}, "figures": {},
            "faults": [{"kind": fault.code, "code": fault.field, "detail": str(fault.message)}],
        }  # fmt: skip
        self.stdout.write(json.dumps(body, ensure_ascii=False))
        sys.exit(1)
