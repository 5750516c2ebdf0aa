"""Count every number again from the journal alone, and name each that differs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from dispatch.indicators.verify import Verdict, verify_indicators
from dispatch.management.streams import progress_to, streams_named


class Command(BaseCommand):
    help = (
        "Counts every fact and sum of the indicators again from the journal alone, closed months as of their "
        "closing, and reports each difference. Writes nothing. Entries not counted yet are no fault. "
        "Exit status: 0 none, 1 a difference was found, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", help="this district only (default: all)")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: object, **options: Any) -> None:
        verdicts = [
            verify_indicators(code, progress_to(self.stderr)) for code in streams_named(options["stream"])
        ]
        total = sum(verdict.count for verdict in verdicts)
        if options["json"]:
            found = {"ok": not total, "differences": total, "streams": [asdict(each) for each in verdicts]}
            self.stdout.write(json.dumps(found, ensure_ascii=False, cls=DjangoJSONEncoder))
        else:
            for verdict in verdicts:
                self.tell(verdict)
        if total:
            raise CommandError(
                f"{total} number(s) differ from the journal; mend: roll_up --rebuild", returncode=1
            )

    def tell(self, verdict: Verdict) -> None:
        word = f"{verdict.count} DIFFERENCE(S)" if verdict.count else "all agree"
        self.stdout.write(
            f"{verdict.stream}: {word}; {verdict.facts:,} facts of {verdict.cases:,} cases, "
            f"{verdict.sums:,} rows of sums, up to entry {verdict.seq:,} ({verdict.behind:,} to come)"
        )
        for each in verdict.differences:
            self.stdout.write(
                f"  {each.what} {each.where} {each.counter}: expected {each.expected}, found {each.found}"
            )
