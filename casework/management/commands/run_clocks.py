"""Sweep the running clocks; compare every due date with what its calendar says now."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from casework import sweep


class Command(BaseCommand):
    help = (
        "Notes the clocks that passed their due, as the worker does every minute, and lists the running "
        "clocks whose due date is no longer what limit, spans and calendar give, because a year's plan was "
        "published or a day was entered by hand. Exit status 1 when there are such."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: object, **options: Any) -> None:
        noted = sweep.sweep_due(limit=1_000_000)
        checked, moved = sweep.due_dates_that_moved()
        if options["json"]:
            found = {"noted": noted, "checked": checked, "moved": [asdict(row) for row in moved]}
            self.stdout.write(json.dumps(found, cls=DjangoJSONEncoder))
        else:
            for row in moved:
                self.stdout.write(f"{row.case} {row.clock}: {row.was} stored, {row.now} by the calendar")
            self.stdout.write(
                f"{noted} clocks are overdue; {len(moved)} of {checked} due dates are not the calendar's."
            )
        if moved:
            raise SystemExit(1)
