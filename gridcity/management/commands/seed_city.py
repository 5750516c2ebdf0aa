"""bin/gridcity seed_city: Dongcheng as a sample city, with people and recent weeks of its life."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from gridcity.seeding import city, orgs

CASES_PER_DAY = 120
MOST_DAYS = 366


class Command(BaseCommand):
    help = (
        "Loads the sample city: Dongcheng's areas, cells and components, the filing standard, calendar, "
        "organisations and routing rules; with --demo also people with a known password and recent weeks of "
        "history. What is there already stays. Shows what is there; --commit loads what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="people with a known password, and history")
        parser.add_argument("--days", type=int, default=21, metavar="N", help="days of history (21)")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the history (1)")
        parser.add_argument("--commit", action="store_true", help="write; otherwise only say what is there")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument("--logins", action="store_true", help="only list a login of each kind of post")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["logins"]:
            self._logins(as_json=options["json"])
            return
        if not 0 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"From 0 to {MOST_DAYS} days of history.", returncode=2)
        began = time.monotonic()

        def progress(what: str) -> None:
            self.stderr.write(f"{time.monotonic() - began:6.1f} s  {what}", style_func=str)

        made = {}
        if options["commit"]:
            made = city.build(demo=options["demo"], progress=progress)
            if options["demo"] and options["days"] and not city.standing()["entries"]:
                written = city.write_history(
                    days=options["days"],
                    seed=options["seed"],
                    per_day=CASES_PER_DAY,
                    until=timezone.now(),
                    progress=progress,
                )
                made["new_cases"], made["new_entries"] = written.cases, written.entries
        found = {**made, "standing": city.standing(), "committed": options["commit"]}
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        for name, count in found["standing"].items():
            self.stdout.write(f"{name:>14} {count:>8}")
        if not options["commit"]:
            self.stdout.write("Nothing was written. Add --commit to load what is missing.")

    def _logins(self, *, as_json: bool) -> None:
        found = orgs.logins(city.demo_password())
        if as_json:
            self.stdout.write(json.dumps([asdict(login) for login in found], ensure_ascii=False))
            return
        for login in found:
            self.stdout.write(f"{login.username:<18} {login.password:<16} {login.post} {login.post_en}")
