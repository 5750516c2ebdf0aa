"""The ranking of the phone's chips: make the table, or say how good it is."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from casework.models import Stream
from dispatch.phone import chips


class Command(BaseCommand):
    help = (
        "Makes the table from which phones rank class and condition, from what inspectors found and "
        "supervision filed in the last 180 days. Nothing is stored without --commit. --evaluate learns from "
        "all but the last days and states how often the right chip stood first and among the six, beside "
        "the six commonest. Exit status: 0 done, 1 nothing to learn from, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stream", default="", help="district (default: all)")
        parser.add_argument("--evaluate", action="store_true", help="measure on days held out")
        parser.add_argument("--days", type=int, default=7, help="days held out by --evaluate (default 7)")
        parser.add_argument(
            "--blur",
            action="store_true",
            help="move places by the accuracy of the phone: generated reports lie exactly on components",
        )
        parser.add_argument("--commit", action="store_true", help="store the tables")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: object, **options: Any) -> None:
        streams = list(Stream.objects.order_by("code").values_list("code", flat=True))
        if options["stream"]:
            if options["stream"] not in streams:
                raise CommandError(
                    _("There is no district %(code)s.") % {"code": options["stream"]}, returncode=2
                )
            streams = [options["stream"]]
        if options["days"] < 1:
            raise CommandError(_("At least one day must be held out."), returncode=2)
        found = (self.measured if options["evaluate"] else self.made)(streams, options)
        if options["json"]:
            self.stdout.write(json.dumps({"streams": found}, ensure_ascii=False))
        if not found:
            raise CommandError(
                _("There are no filed reports to learn from; make some with simulate."), returncode=1
            )

    def measured(self, streams: list[str], options: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for stream in streams:
            result = chips.evaluate(stream, days=options["days"], blur=options["blur"])
            if result is None:
                continue
            found[stream] = {**asdict(result), "blur": options["blur"]}
            if not options["json"]:
                self.stdout.write(
                    _(
                        "%(stream)s: %(held)s reports since %(day)s, learnt from %(learnt)s before. First: "
                        "%(top1).1f %% (the commonest: %(c1).1f %%). Among six: %(top6).1f %% (the six "
                        "commonest: %(c6).1f %%)."
                    )
                    % {
                        "stream": stream,
                        "held": result.held_out,
                        "day": result.from_day,
                        "learnt": result.learnt_from,
                        "top1": 100 * result.top_1,
                        "c1": 100 * result.commonest_1,
                        "top6": 100 * result.top_6,
                        "c6": 100 * result.commonest_6,
                    }
                )
        return found

    def made(self, streams: list[str], options: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for stream in streams:
            table = chips.make_table(stream, blur=options["blur"])
            if not table["chips"]:
                continue
            shared = {key: value for key, value in table.items() if key != "own"}
            found[stream] = {
                "reports": table["n"], "chips": len(table["chips"]), "cells": len(table["own"]),
                "bytes": len(json.dumps(shared, separators=(",", ":"))), "stored": options["commit"],
            }  # fmt: skip
            if options["commit"]:
                found[stream]["version"] = chips.keep_table(stream, table).version
            if not options["json"]:
                self.stdout.write(
                    _("%(stream)s: %(chips)s chips from %(reports)s reports, %(bytes)s bytes.")
                    % {"stream": stream, **found[stream]}
                )
        if not options["commit"] and not options["json"]:
            self.stdout.write(_("Nothing was stored: add --commit."))
        return found
