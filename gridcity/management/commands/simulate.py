"""bin/gridcity simulate: the city lives. In bulk, N days at once; or live, through the API, at some speed."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from casework.errors import Invalid
from gridcity.seeding import live
from gridcity.seeding.city import demo_password, write_history
from gridcity.seeding.history import HistoryInterrupted
from gridcity.seeding.orgs import DISTRICT

MOST_DAYS = 3660


class Command(BaseCommand):
    help = (
        "With --days: writes the lives of N days up to now into the journal in bulk, through the move table "
        "and the clocks; the same seed gives the same lives. A dry run unless --commit. Nobody should work "
        "in the city meanwhile. With --speed: plays inspectors, citizens, desks and departments through the "
        "API of a running city (bin/run) until it is stopped with Ctrl-C."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--days", type=int, metavar="N", help="write N days in bulk")
        what.add_argument("--speed", type=float, metavar="X", help="live: X times as fast as a real day")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="of chance (1)")
        parser.add_argument("--cases-per-day", type=float, default=120, metavar="M", help="on average (120)")
        parser.add_argument("--commit", action="store_true", help="with --days: write")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", metavar="URL", help="%(default)s")
        parser.add_argument("--minutes", type=float, metavar="M", help="live: stop after M minutes")

    def handle(self, *args: Any, **options: Any) -> None:
        done = self._live(options) if options["days"] is None else self._bulk(options)
        if options["json"]:
            self.stdout.write(json.dumps(done, ensure_ascii=False))

    def _bulk(self, options: dict[str, Any]) -> dict[str, Any]:
        days, per_day = options["days"], options["cases_per_day"]
        if not 1 <= days <= MOST_DAYS or not 0 < per_day <= 100_000:
            raise CommandError(
                f"From 1 to {MOST_DAYS} days, and more than 0 and at most 100000 cases a day.", returncode=2
            )
        if not options["commit"]:
            expected = {"days": days, "expected_cases": round(days * per_day), "committed": False}
            if not options["json"]:
                self.stdout.write(
                    f"About {expected['expected_cases']} cases would be written. Nothing was. "
                    "Add --commit to do it."
                )
            return expected
        began = time.monotonic()

        def progress(what: str) -> None:
            self.stderr.write(f"{time.monotonic() - began:6.1f} s  {what}", style_func=str)

        try:
            written = write_history(
                days=days, seed=options["seed"], per_day=per_day, until=timezone.now(), progress=progress
            )
        except Invalid as fault:
            raise CommandError(f"{fault.message} {fault.mend}") from fault
        except HistoryInterrupted as fault:
            raise CommandError(str(fault)) from fault
        seconds = time.monotonic() - began
        done = {
            "stream": DISTRICT,
            "days": days,
            "seed": options["seed"],
            "cases": written.cases,
            "entries": written.entries,
            "seconds": round(seconds, 2),
            "cases_per_second": round(written.cases / seconds, 1),
            "committed": True,
        }
        if not options["json"]:
            self.stdout.write(
                f"{written.cases} cases with {written.entries} entries in {seconds:.1f} s: "
                f"{done['cases_per_second']} cases a second."
            )
        return done

    def _live(self, options: dict[str, Any]) -> dict[str, Any]:
        if not 0 < options["speed"] <= 10_000:
            raise CommandError("The speed is a number above 0.", returncode=2)
        tell = (lambda line: None) if options["json"] else self.stdout.write
        try:
            return live.play(
                options["base_url"],
                password=demo_password(),
                speed=options["speed"],
                minutes=options["minutes"],
                per_day=options["cases_per_day"],
                seed=options["seed"],
                tell=tell,
            )
        except live.CityGone as gone:
            raise CommandError(str(gone)) from gone
