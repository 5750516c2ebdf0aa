"""bin/gridcity check_city: topology and codes of the areas, cells and components in force."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from gis_data.check import Check, check_district, summary
from gis_data.models import Generation


class Command(BaseCommand):
    help = (
        "Look for gaps, overlaps, cells that cross their community, codes against the grammar, components in "
        "another cell than they name, cells that nobody patrols. Reads only. Exit status: 0 in order, "
        "1 something is not, 2 wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--district", metavar="CODE", help="district code; all active ones otherwise")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, district: str | None, **options: Any) -> None:
        active = Generation.objects.filter(state=Generation.State.ACTIVE).order_by("district_code")
        if district:
            active = active.filter(district_code=district)
            if not active:
                raise CommandError(
                    _("No boundaries of district %(code)s are active.") % {"code": district}, returncode=2
                )
        checks = [check_district(generation) for generation in active]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(checks), ensure_ascii=False))
        elif not checks:
            self.stdout.write(_("No district is active: there is nothing to check."))
        for check in [] if options["json"] else checks:
            self.stdout.write(summary(check))
        if not checks or not all(check.is_ok for check in checks):
            sys.exit(1)


def _as_json(checks: list[Check]) -> dict[str, Any]:
    return {
        "ok": bool(checks) and all(check.is_ok for check in checks),
        "districts": [
            {"code": check.district_code, **check.counts, "figures": asdict(check.figures)}
            for check in checks
        ],
        "faults": [
            {"kind": fault.kind, "code": fault.code, "detail": fault.detail}
            for check in checks
            for fault in check.faults
        ],
        "gaps": [
            {"kind": gap.kind, "code": gap.code, "detail": gap.detail}
            for check in checks
            for gap in check.gaps
        ],
    }
