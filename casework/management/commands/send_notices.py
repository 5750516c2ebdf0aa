"""Send the notices that are due, list those given up, give one a new start."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casework import notices


class Command(BaseCommand):
    help = (
        "Sends the notices that are due, as the worker does every minute. Those that could not be delivered "
        "after all attempts are listed by --given-up; --retry KEY gives one of them a new start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--given-up", action="store_true", help="list what never reached its recipient")
        what.add_argument("--retry", metavar="KEY", help="try a given-up notice again")
        parser.add_argument(
            "--limit", type=int, default=500, help="send at most this many (default %(default)s)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object on standard output")

    def handle(self, *args: object, **options: Any) -> None:
        if options["given_up"]:
            self.list_given_up(as_json=options["json"])
            return
        if options["retry"] and not notices.try_again(options["retry"]):
            raise CommandError(f"No notice with the key {options['retry']} was given up.")
        round_ = notices.deliver_due(options["limit"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(round_)))
        else:
            self.stdout.write(
                f"Sent {round_.sent}; to be tried again: {round_.failed}; given up: {round_.given_up}."
            )

    def list_given_up(self, *, as_json: bool) -> None:
        rows = [
            {
                "key": notice.key,
                "channel": notice.channel,
                "to": notice.address or str(notice.recipient),
                "attempts": notice.attempts,
                "created_at": notice.created_at.isoformat(),
                "last_error": notice.last_error,
            }
            for notice in notices.given_up()
        ]
        if as_json:
            self.stdout.write(json.dumps({"given_up": len(rows), "notices": rows}, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write("{created_at:.16}  {channel:7}  {to}  {key}: {last_error}".format(**row))
        self.stdout.write(f"{len(rows)} given up.")
