"""Prove that the journal is whole, or name the first link that is not."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casework.models import Stream
from casework.verify import Fault, Progress, Verdict, verify_stream


class Command(BaseCommand):
    help = (
        "Checks the journal: numbers without gaps, hash chains, legal moves, and case rows that agree with "
        "their last entry. Reads only. Exit status: 0 whole, 1 a fault was found, 2 wrong use."
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
        verdicts = [verify_stream(code, self.progress(code)) for code in codes]
        if options["json"]:
            self.stdout.write(json.dumps(as_json(verdicts), ensure_ascii=False))
        else:
            for verdict in verdicts:
                self.tell(verdict)
        broken = [verdict for verdict in verdicts if not verdict.ok]
        if broken:
            total = sum(verdict.fault_count for verdict in broken)
            raise CommandError(f"{total} fault(s); the first: {broken[0].faults[0]}", returncode=1)

    def progress(self, code: str) -> Progress:
        """A line on a terminal, nothing elsewhere."""
        if not self.stderr.isatty():
            return lambda done, total: None

        def show(done: int, total: int) -> None:
            end = "\n" if done >= total else ""
            self.stderr.write(f"\r{code}: {done:,} of {total:,} entries", ending=end)
            self.stderr.flush()

        return show

    def tell(self, verdict: Verdict) -> None:
        word = "whole" if verdict.ok else f"BROKEN, {verdict.fault_count} fault(s)"
        self.stdout.write(
            f"{verdict.stream}: {word}; {verdict.entries:,} entries of {verdict.cases:,} cases, "
            f"head {verdict.head:,}; {verdict.entries_per_second:,.0f} entries a second"
        )
        for fault in verdict.faults:
            self.stdout.write(f"  {fault}")


def as_json(verdicts: list[Verdict]) -> dict[str, Any]:
    entries = sum(verdict.entries for verdict in verdicts)
    seconds = sum(verdict.seconds for verdict in verdicts)
    return {
        "ok": all(verdict.ok for verdict in verdicts),
        "streams": [
            {
                "code": verdict.stream,
                "head": verdict.head,
                "entries": verdict.entries,
                "cases": verdict.cases,
                "ok": verdict.ok,
                "fault_count": verdict.fault_count,
                "faults": [fault_json(fault) for fault in verdict.faults],
            }
            for verdict in verdicts
        ],
        "entries_per_second": round(entries / seconds) if seconds else 0,
    }


def fault_json(fault: Fault) -> dict[str, Any]:
    return {
        "code": fault.code,
        "stream": fault.stream,
        "seq": fault.seq,
        "case_number": fault.case_number or None,
        "case_id": str(fault.case_id) if fault.case_id else None,
        "expected": fault.expected,
        "found": fault.found,
    }
