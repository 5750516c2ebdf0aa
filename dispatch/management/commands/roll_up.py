"""Count what the journal has grown by, or make all facts and sums anew."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dispatch.indicators import rollup
from dispatch.management.streams import progress_to, streams_named


class Command(BaseCommand):
    help = (
        "Brings the indicators up to the journal, as the worker does every minute. --rebuild throws facts "
        "and sums away and makes them anew in one transaction; months that were closed keep their figures. "
        "Exit status: 0 done, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", help="this district only (default: all)")
        parser.add_argument("--rebuild", action="store_true", help="make facts and sums anew")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: object, **options: Any) -> None:
        told = []
        for code in streams_named(options["stream"]):
            progress = progress_to(self.stderr)
            done = (rollup.rebuild if options["rebuild"] else rollup.catch_up)(code, progress)
            told.append({"stream": code, **asdict(done)})
        if options["json"]:
            self.stdout.write(json.dumps({"streams": told}))
            return
        for each in told:
            self.stdout.write(
                f"{each['stream']}: {each['entries']:,} entries, {each['cases']:,} cases counted"
            )
