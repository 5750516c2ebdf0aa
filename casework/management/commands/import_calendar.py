"""Load the special days of a working calendar: dry run unless --commit."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from casework import holidays
from casework.calendar_import import Changes, bring_in
from casework.errors import Invalid
from casework.models.calendar import PACKAGED_CODE, forget_calendars
from casework.settling import MovedDue, due_dates_that_moved

PACKAGED, LIBRARY = "packaged", "chinesecalendar"


def year_range(text: str) -> range:
    """2027 or 2004-2026."""
    first, _dash, last = text.partition("-")
    try:
        years = range(int(first), int(last or first) + 1)
    except ValueError:
        years = range(0)
    if not years or years.start < 1900 or years.stop > 2200:
        raise argparse.ArgumentTypeError(f"{text!r} is not a range of years such as 2004-2026")
    return years


class Command(BaseCommand):
    help = (
        "Loads holidays and swapped working days (调休) into a working calendar. Years whose plan the State "
        "Council has not published are marked provisional. Days entered by hand are left alone. Shows what "
        "would change; --commit does it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--calendar", default=PACKAGED_CODE, metavar="CODE", help="default: %(default)s")
        source = parser.add_mutually_exclusive_group()
        source.add_argument(
            "--from",
            dest="source",
            choices=(PACKAGED, LIBRARY),
            default=PACKAGED,
            help="the table shipped with GridCity (default), or the library; years that the library does "
            "not know come from the table, provisional",
        )
        source.add_argument(
            "--file", type=Path, metavar="CSV", help=f"columns {','.join(holidays.COLUMNS)}; UTF-8"
        )
        parser.add_argument(
            "--years", type=year_range, metavar="FROM-TO", help="only these years; default: all of the source"
        )
        parser.add_argument(
            "--commit", action="store_true", help="write; otherwise only say what would change"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: object, **options: Any) -> None:
        try:
            source = self.source(options["source"], options["file"])
        except Invalid as fault:
            raise CommandError(f"{fault.message} {fault.mend}") from fault
        if not source:
            raise CommandError("The source holds no days.")
        years = options["years"] or range(source[0].day.year, source[-1].day.year + 1)
        changes, moved = brought_in(options["calendar"], source, years, commit=options["commit"])
        if options["json"]:
            deadlines = [asdict(row) for row in moved]
            found = {**changes.as_json(), "deadlines": deadlines, "committed": options["commit"]}
            self.stdout.write(json.dumps(found, ensure_ascii=False, cls=DjangoJSONEncoder))
        else:
            self.stdout.write(told(changes, len(moved), committed=options["commit"]))

    @staticmethod
    def source(name: str, file: Path | None) -> list[holidays.SpecialDay]:
        """The days of the chosen source, in order."""
        if file is not None:
            try:
                with file.open(encoding="utf-8-sig", newline="") as opened:
                    days = list(holidays.read_csv(opened))
            except (OSError, UnicodeDecodeError) as fault:
                raise CommandError(f"{file} cannot be read: {fault}") from fault
        elif name == LIBRARY:
            days = list(holidays.from_library())
            known = {special.day.year for special in days}
            days += [special for special in holidays.packaged() if special.day.year not in known]
        else:
            days = list(holidays.packaged())
        return sorted(days, key=lambda special: special.day)


def brought_in(
    code: str, source: list[holidays.SpecialDay], years: range, *, commit: bool
) -> tuple[Changes, list[MovedDue]]:
    """Bring the days in and see which running deadlines that moves; all taken back unless `commit`.

    The worker writes the deadlines down, case by case (`casework.settling`).
    """
    with transaction.atomic():
        changes = bring_in(code, source, years, write=True)
        forget_calendars()
        moved = due_dates_that_moved(code)[1]
        if not commit:
            transaction.set_rollback(True)
    forget_calendars()
    return changes, moved


def told(changes: Changes, deadlines: int, *, committed: bool) -> str:
    """The changes in words."""
    lines = [
        f"Calendar {changes.calendar}: {changes.added} days added, {changes.changed} changed, "
        f"{changes.removed} removed.",
        f"Published: {spoken(changes.published)}. Provisional: {spoken(changes.provisional)}.",
    ]
    if changes.passed:
        lines.append(f"Left alone, published here already: {spoken(changes.passed)}.")
    if changes.kept:
        lines.append(f"Entered by hand and kept: {', '.join(changes.kept)}.")
    if deadlines:
        lines.append(
            f"Running deadlines that this moves: {deadlines}; the worker sets them anew within minutes."
        )
    if not committed:
        lines.append("Nothing was written. Add --commit to do it.")
    return "\n".join(lines)


def spoken(years: list[int]) -> str:
    """2004–2026, 2028; none."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs) or "none"
