"""The three headline figures on the command line, counted from the journal."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localdate
from django.utils.translation import override

from casework.errors import Invalid
from casework.models import Stream
from dispatch.board import board_json
from dispatch.definitions import Imported, Key
from dispatch.imported import PAST
from dispatch.indicators.periods import By
from dispatch.indicators.rollup import catch_up
from dispatch.indicators.tables import Asked, Table, table_of
from dispatch.indicators.told import table_json
from dispatch.metrics import Board, Figure, Period, Row, Scope, board_of


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"“{text}” is no day; write YYYY-MM-DD.", returncode=2) from None


class Command(BaseCommand):
    help = (
        "Counts discovery rate, dispatch accuracy and mean resolution time from the journal, each with "
        "numerator, denominator and the definition in force. With --by, all indicators, rates and scores of "
        "the scope by area, department, post, person, class, kind, day, week, month, quarter or year, from "
        "sums that are first brought up to the journal. Exit status: 0 done, 1 no such area or stream, "
        "2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="first", help="first day, YYYY-MM-DD (default: 29 days before the last)"
        )
        parser.add_argument("--to", dest="last", help="last day, counted whole (default: today)")
        parser.add_argument("--area", default="", help="code of a district, street, community or cell")
        parser.add_argument(
            "--stream",
            default="",
            help="district whose journal is read (default: the area's, or the only one)",
        )
        parser.add_argument(
            "--imported",
            choices=[choice.value for choice in Imported],
            default=Imported.EXCLUDE.value,
            help="leave out what other systems told of the district (default), count it too, or alone",
        )
        parser.add_argument(
            "--by", choices=[by.value for by in By], help="all indicators, grouped by this, as `table`"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: object, **options: Any) -> None:
        last = day(options["last"]) if options["last"] else localdate()
        first = day(options["first"]) if options["first"] else last - timedelta(days=29)
        with override("en"):
            try:
                scope = Scope(
                    stream_for(options["stream"], options["area"]),
                    Period(first, last),
                    options["area"],
                    Imported(options["imported"]),
                )
            except Invalid as fault:
                raise CommandError(f"{fault.message} {fault.mend}", returncode=2) from fault
            board = board_of(scope)
            table = self.table(scope, options["by"])
            told = board_json(board) | ({"table": table_json(table)} if table else {})
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        self.tell(board)
        if table:
            self.tell_table(table)

    def table(self, scope: Scope, by: str | None) -> Table | None:
        if not by:
            return None
        if Stream.objects.filter(pk=scope.stream).exists():
            catch_up(scope.stream)
        return table_of(Asked(scope, By(by), {}))

    def tell_table(self, table: Table) -> None:
        rows = (table.whole, *table.rows)
        self.stdout.write(f"\nAll indicators by {table.asked.by}, up to entry {table.reached.seq:,}")
        for each in table.indicators:
            self.stdout.write(f"\n{each.title} ({each.unit}): {each.words}")
            for row in rows:
                rate = row.rates[each.key]
                value = "–" if rate.value is None else f"{rate.value:,.2f}"
                self.stdout.write(
                    f"  {value:>10}  ({rate.numerator:,.10g} / {rate.denominator:,})  "
                    f"{row.named.code or row.key or 'all'} {row.named.name}"
                )
        scored = [(row, row.score) for row in table.rows if row.score]
        for row, score in scored:
            told = "–" if score.value is None else f"{score.value:.2f} {score.grade}"
            self.stdout.write(f"Score {told} (on {score.weight:g} of 100): {row.named.code} {row.named.name}")
        if table.closed:
            months = ", ".join(f"{month:%Y-%m}" for month in table.closed)
            told = ", ".join(f"{name} {n:+,}" for name, n in table.adjustments.items()) or "none"
            self.stdout.write(f"Closed months: {months}; adjustments since: {told}")

    def tell(self, board: Board) -> None:
        scope = board.scope
        area = f", area {scope.area}" if scope.area else ""
        imported = {
            Imported.EXCLUDE: "without imported cases",
            Imported.INCLUDE: "with imported cases",
            Imported.ONLY: "imported cases alone",
        }[scope.imported]
        self.stdout.write(
            f"{scope.period.first} to {scope.period.last}, district {scope.stream}{area}, {imported}\n"
        )
        for figure in board.figures:
            self.stdout.write(f"\n{figure.title}: {spoken(figure)}   ({figure.claim})")
            self.stdout.write(f"  {figure.definition}")
        for heading, rows in (("By area", board.by_area), ("By department", board.by_department)):
            self.stdout.write(f"\n{heading}")
            for row in rows:
                self.stdout.write(
                    f"  {row.code:<16}"
                    + "".join(f"{fraction(row, key):>26}" for key in Key if key in row.tallies)
                    + f"  {row.name}"
                )


def stream_for(stream: str, area: str) -> str:
    """The stream named, or the area's district, or the only one there is."""
    # a district of which only other systems told has no journal of its own yet
    every = Stream.objects.order_by("code").values_list("code", flat=True)
    known = sorted({code.removesuffix(PAST) for code in every})
    wanted = stream or area[:6]
    if wanted:
        if wanted not in known:
            raise CommandError(
                f"There is no stream {wanted}; known: {', '.join(known) or 'none'}.", returncode=1
            )
        return wanted
    districts = [code for code in known if code.isdigit()]
    if len(districts) != 1:
        told = ", ".join(districts) or "none"
        raise CommandError(f"Name a district with --stream; known: {told}.", returncode=2 if districts else 1)
    return districts[0]


def spoken(figure: Figure) -> str:
    over = f"({figure.numerator:,} / {figure.denominator:,})"
    return f"– {over}" if figure.value is None else f"{figure.value:,.2f} {figure.unit} {over}"


def fraction(row: Row, key: Key) -> str:
    tally = row.tallies[key]
    value = "–" if tally.value is None else f"{tally.value:,.2f}"
    return f"{value} ({tally.numerator:,.10g}/{tally.denominator:,})"
