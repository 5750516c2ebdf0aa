"""bin/gridcity import_classes: the classes of problems (大类、小类) by which a city reports, from a table."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.importers.classes import CURRENT_EDITION, FILE, load_classes
from gis_data.importers.refusal import refuse


class Command(BaseCommand):
    help = (
        "Load or refresh the classes of components and events: those of the standards that come with "
        "GridCity, or a city's own table with the same columns. One edition is in use for new reports. "
        "Shows what it would do; --commit does it. Exit status: 0 done, 1 refused, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", metavar="CSV", type=Path, nargs="?", default=FILE, help="another table than ours"
        )
        parser.add_argument(
            "--edition", metavar="CODE", default=CURRENT_EDITION, help="the one in use (%(default)s)"
        )
        parser.add_argument("--commit", action="store_true", help="load; otherwise only say what would be")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                counts = load_classes(options["file"], options["edition"])
                if not options["commit"]:
                    transaction.set_rollback(True)
        except OSError as fault:
            unread = PlaceError(
                _("%(file)s cannot be read: %(why)s.")
                % {"file": options["file"].name, "why": fault.strerror},
                field="file",
                value=options["file"].name,
            )
            refuse(self, unread, as_json=options["json"])
        except PlaceError as fault:
            refuse(self, fault, as_json=options["json"])
        if options["json"]:
            body = {
                "ok": True, "committed": options["commit"], "counts": asdict(counts), "figures": {},
                "faults": [], "edition": options["edition"],
            }  # fmt: skip
            self.stdout.write(json.dumps(body, ensure_ascii=False))
            return
        self.stdout.write(
            _("%(components)s classes of components and %(events)s of events in %(editions)s editions.")
            % asdict(counts)
        )
        if not options["commit"]:
            self.stdout.write(_("Nothing was written. Add --commit to do it."))
