"""Bring another system's history into the journal as imported facts: dry run unless --commit."""

from __future__ import annotations

import csv
import json
import re
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from casework.errors import Invalid
from dispatch.imported import Fault
from dispatch.importers.reports_load import ReportImport
from dispatch.importers.reports_mapping import Mapping, read_mapping
from dispatch.importers.reports_outcome import Outcome
from dispatch.importers.reports_page import Page
from dispatch.importers.reports_rows import Told, disarmed
from gis_data.progress import Meter

DISTRICT: Final = re.compile(r"\d{6}")
EXTRA: Final = ("_line", "_outcome", "_reasons")


class Command(BaseCommand):
    help = (
        "Bring another system's cases (CSV, plain or gzip, read by a mapping file) into the journal as "
        "imported facts, with their own times and with their faults marked. They are shown and counted as "
        "imported, and reach no desk. Importing a file again changes nothing; a newer file adds what is "
        "new and corrects what changed. Without --commit nothing is written. Exit status: 0 done, 1 the "
        "file cannot be used or rows were refused, 2 wrong use."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv[.gz]")
        parser.add_argument(
            "--mapping", type=Path, required=True, metavar="FILE.toml", help="how to read it; TOML or JSON"
        )
        parser.add_argument(
            "--district", required=True, metavar="CODE", help="six digits: whose history it is"
        )
        parser.add_argument("--commit", action="store_true", help="write; otherwise only say what would come")
        parser.add_argument(
            "--make-departments",
            action="store_true",
            help="make an organisation without posts for each department that is unknown here",
        )
        parser.add_argument(
            "--reasons",
            type=Path,
            metavar="FILE.csv",
            help="write the refused and marked rows here, with reasons; mended, the file can be imported",
        )
        parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a report with map here")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if not DISTRICT.fullmatch(options["district"]):
            raise CommandError(_("--district is the six digits of a district."), returncode=2)
        began = time.monotonic()
        meter = Meter(self.stderr)
        try:
            mapping = read_mapping(options["mapping"])
            page = Page(options["district"], mapping.origin, options["file"].name)
            with reasons_file(options["reasons"], mapping) as reasons:

                def heard(told: Told) -> None:
                    page.hear(told)
                    reasons(told, job.reader.heading)

                job = ReportImport(
                    options["file"],
                    mapping,
                    options["district"],
                    commit=options["commit"],
                    make_departments=options["make_departments"],
                    heard=heard,
                )
                for _outcome in job.run():
                    share = job.reader.bytes_read / max(job.reader.total_bytes, 1)
                    meter.rows(job.outcome.rows, min(share, 1.0))
        except OSError as fault:
            raise CommandError(
                _("%(file)s cannot be read or written: %(why)s")
                % {"file": fault.filename or options["file"], "why": fault.strerror or fault},
                returncode=2,
            ) from fault
        except Invalid as fault:
            meter.end()
            self.refuse(fault, as_json=options["json"])
            sys.exit(1)
        meter.end()
        seconds = time.monotonic() - began
        if options["report"]:
            options["report"].write_text(
                page.html(job.outcome, counted(job.outcome), committed=options["commit"]), encoding="utf-8"
            )
        if options["json"]:
            told = {
                "committed": options["commit"],
                "district": options["district"],
                "origin": mapping.origin,
                "stream": job.stream,
                **job.outcome.json(),
                "rows_per_second": round(job.outcome.rows / seconds),
            }
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.tell(job, seconds, committed=options["commit"])
        if job.outcome.refused:
            sys.exit(1)

    def refuse(self, fault: Invalid, *, as_json: bool) -> None:
        """A fault of the file or of the mapping: nothing was written."""
        if as_json:
            told = {
                "committed": False,
                "counts": {},
                "faults": [{"field": fault.field, "value": str(fault.value)[:200],
                            "message": str(fault.message), "mend": str(fault.mend)}],
            }  # fmt: skip
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        self.stderr.write(f"{fault.message} {fault.mend}".strip())

    def tell(self, job: ReportImport, seconds: float, *, committed: bool) -> None:
        out = job.outcome
        write = self.stdout.write
        write(
            _("%(origin)s → district %(district)s: %(rows)s rows in %(seconds)s s")
            % {"origin": job.mapping.origin, "district": job.district, "rows": f"{out.rows:,}",
               "seconds": f"{seconds:,.1f}"}
        )  # fmt: skip
        for words, count in counted(out):
            write(f"  {count:>9,}  {words}")
        if not job.borders:
            write(_("No areas of this district are in force: nothing was located in an area."))
        if out.faults:
            write(_("Faults (rows):"))
            for code, count in sorted(out.faults.items(), key=lambda item: (-item[1], item[0])):
                write(f"  {count:>9,}  {Fault(code).label}  [{code}]")
        if not committed:
            write(_("Nothing was written. Add --commit to do it."))


def counted(out: Outcome) -> list[tuple[str, int]]:
    """The counts in words."""
    return [
        (_("new cases"), out.new),
        (_("corrected cases"), out.corrected),
        (_("unchanged"), out.unchanged),
        (_("repeats within the file"), out.repeated),
        (_("refused"), out.refused),
        (_("taken with marks"), out.marked),
        (_("located in an area"), out.located),
        (_("organisations made"), out.organisations),
    ]


@contextmanager
def reasons_file(path: Path | None, mapping: Mapping) -> Iterator[Callable[[Told, list[str]], None]]:
    """What writes a faulty row as the file spells it, and behind it line, outcome and reasons."""
    if path is None:
        yield lambda told, heading: None
        return
    with path.open("w", encoding=mapping.encoding, errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, delimiter=mapping.delimiter)
        begun = False

        def write(told: Told, heading: list[str]) -> None:
            nonlocal begun
            if not begun:
                begun = True
                writer.writerow([*(name for name in heading if name not in EXTRA), *EXTRA])
            if told.flaws:
                kept = [
                    cell
                    for name, cell in zip(heading, padded(told, heading), strict=True)
                    if name not in EXTRA
                ]
                reasons = "; ".join(
                    f"{flaw.fault.label}" + (f" ({flaw.field}: {flaw.value})" if flaw.value else "")
                    for flaw in told.flaws
                )
                writer.writerow(
                    [
                        *map(disarmed, kept),
                        told.line,
                        "refused" if told.refused else "marked",
                        disarmed(reasons),
                    ]
                )

        yield write


def padded(told: Told, heading: list[str]) -> list[str]:
    """The row's cells, as many as the heading names; a longer row loses its end, which no column names."""
    return [*told.cells, *[""] * len(heading)][: len(heading)]
