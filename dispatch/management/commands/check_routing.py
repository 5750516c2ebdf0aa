"""bin/gridcity check_routing: do the rules send every problem of the city to exactly one organisation?"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from dispatch.routing_check import Check, check_routing
from gis_data.models import Generation


class Command(BaseCommand):
    help = (
        "Walk every class × street × owner that exists in the city through the routing rules; list gaps, "
        "conflicts, rules that never win, rules whose organisation has ended. Exit status 1 if any is found."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--district", metavar="CODE", help="district code; all active ones otherwise")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, district: str | None, json: bool, **options: Any) -> None:
        active = Generation.objects.filter(state=Generation.State.ACTIVE)
        known = sorted(active.values_list("district_code", flat=True))
        if district and district not in known:
            raise CommandError(
                _("No boundaries of district %(code)s are active.") % {"code": district}, returncode=2
            )
        checks = [check_routing(code, timezone.now()) for code in ([district] if district else known)]
        self.stdout.write(_as_json(checks) if json else _as_text(checks))
        if not checks or not all(check.is_ok for check in checks):
            sys.exit(1)


def _as_json(checks: list[Check]) -> str:
    found = [check.as_dict() for check in checks]
    return json.dumps(
        {
            "ok": bool(checks) and all(check.is_ok for check in checks),
            "checked": sum(check.checked for check in checks),
            "rules": sum(check.rules for check in checks),
            **{key: [item for one in found for item in one[key]] for key in Check.LISTS},
        },
        ensure_ascii=False,
    )


def _as_text(checks: list[Check]) -> str:
    if not checks:
        return _("No district is active: there is nothing to check.")
    return "\n".join(check.as_text() for check in checks)
