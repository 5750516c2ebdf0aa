"""Sweep the running clocks; compare every due date with what its calendar says now, and mend it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from casework import settling, sweep
from casework.models import Stream


class Command(BaseCommand):
    help = (
        "Notes the thresholds that clocks have reached, as the worker does every minute, and lists the "
        "running clocks whose due date is no longer what limit, spans and calendar give, because a year's "
        "plan was published or a day was entered by hand. --commit computes these anew, each case with an "
        "entry in the journal and a notice; the worker does so by itself within minutes. Exit status 1 when "
        "some are left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--commit", action="store_true", help="compute anew what has moved")
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: object, **options: Any) -> None:
        noted = sweep.sweep_due(limit=1_000_000)
        checked, moved = settling.due_dates_that_moved()
        if options["commit"]:
            for stream in Stream.objects.order_by("code").values_list("code", flat=True):
                settling.recompute_stream(stream)
        if options["json"]:
            found = {
                "noted": noted,
                "checked": checked,
                "moved": [asdict(row) for row in moved],
                "committed": options["commit"],
            }
            self.stdout.write(json.dumps(found, cls=DjangoJSONEncoder))
        else:
            for row in moved:
                self.stdout.write(f"{row.case} {row.clock}: {row.was} → {row.now}")
            self.stdout.write(
                f"{noted} thresholds reached; {len(moved)} of {checked} due dates are not the calendar's"
                + (", and were set anew." if options["commit"] else ".")
            )
        if moved and not options["commit"]:
            raise SystemExit(1)
