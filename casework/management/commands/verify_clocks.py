"""Compute every clock again from the journal alone, and name each that is not what stands in its row."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casework.models import Stream
from casework.replay import Progress, Verdict, verify_clocks


class Command(BaseCommand):
    help = (
        "Computes every clock from the journal alone, with the calendar that each entry names, and running "
        "ones with the calendar in force, and reports each difference to the rows. Reads only. Exit status: "
        "0 none, 1 a difference was found, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", help="check this stream only (a district's code); default: all")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: object, **options: Any) -> None:
        codes = list(Stream.objects.order_by("code").values_list("code", flat=True))
        if options["stream"]:
            if options["stream"] not in codes:
                known = ", ".join(codes) or "none"
                raise CommandError(f"There is no stream {options['stream']}; known: {known}.", returncode=2)
            codes = [options["stream"]]
        verdicts = [verify_clocks(code, self.progress(code)) for code in codes]
        total = sum(verdict.count for verdict in verdicts)
        if options["json"]:
            found = {"ok": not total, "differences": total, "streams": [asdict(each) for each in verdicts]}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for verdict in verdicts:
                self.tell(verdict)
        if total:
            raise CommandError(f"{total} difference(s) between clocks and journal.", returncode=1)

    def progress(self, code: str) -> Progress:
        """A line on a terminal, nothing elsewhere."""
        if not self.stderr.isatty():
            return lambda done, total: None

        def show(done: int, total: int) -> None:
            self.stderr.write(f"\r{code}: {done:,} of {total:,} cases", ending="\n" if done >= total else "")
            self.stderr.flush()

        return show

    def tell(self, verdict: Verdict) -> None:
        word = f"{verdict.count} DIFFERENCE(S)" if verdict.count else "all agree"
        older = f"; {verdict.older:,} cases from before clocks were kept" if verdict.older else ""
        self.stdout.write(
            f"{verdict.stream}: {word}; {verdict.clocks:,} clocks of {verdict.cases:,} cases, "
            f"{verdict.running:,} running{older}"
        )
        for each in verdict.differences:
            self.stdout.write(
                f"  {each.case} {each.clock} {each.what}: expected {each.expected}, found {each.found}"
            )
