"""bin/gridcity activate_generation: a draft of borders takes the place of the one in force."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from gis_data.check import Check, check_district, summary
from gis_data.errors import PlaceError
from gis_data.generations import Activation, activate, counts_in_words, counts_of
from gis_data.importers.refusal import refuse
from gis_data.models import Generation


class Command(BaseCommand):
    help = (
        "Put a draft generation of borders in force: old cases keep their old cells, lineage says which old "
        "cells became which new ones and by how much ground, responsibility grids, components and addresses "
        "follow to the new cells. A retired generation can be put back in the same way. Without --commit it "
        "is rehearsed and undone; without GENERATION all are listed. Exit status: 0 done, 1 something is "
        "lacking, 2 wrong use."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "generation", metavar="GENERATION", nargs="?", help="its number, or a district code for its draft"
        )
        parser.add_argument(
            "--carry",
            action="store_true",
            help="communities and cells it lacks are taken from the one in force",
        )
        parser.add_argument("--incomplete", action="store_true", help="also without communities or cells")
        parser.add_argument(
            "--check", action="store_true", help="look for faults as check_city does, and stop at any"
        )
        parser.add_argument("--commit", action="store_true", help="do it; otherwise only rehearse")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, generation: str | None, **options: Any) -> None:
        if generation is None:
            self._list(as_json=options["json"])
            return
        found = _found(generation)
        check: Check | None = None
        try:
            with transaction.atomic():
                if options["check"]:
                    check = check_district(found)
                    if not check.is_ok:
                        raise PlaceError(summary(check), field="generation", value=found.pk)
                done = activate(found, carry=options["carry"], incomplete=options["incomplete"])
                if not options["commit"]:
                    transaction.set_rollback(True)
        except PlaceError as fault:
            refuse(self, fault, as_json=options["json"], counts=counts_of(found))
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(done, committed=options["commit"]), ensure_ascii=False))
        else:
            self.stdout.write(_told(done, committed=options["commit"]))

    def _list(self, *, as_json: bool) -> None:
        rows: list[dict[str, Any]] = [
            {
                "generation": one.pk, "district": one.district_code, "title": one.title, "state": one.state,
                "counts": counts_of(one),
            }
            for one in Generation.objects.order_by("district_code", "pk")
        ]  # fmt: skip
        if as_json:
            self.stdout.write(json.dumps({"ok": True, "generations": rows}, ensure_ascii=False))
            return
        for row in rows:
            counts = counts_in_words(row["counts"])
            state = Generation.State(row["state"]).label
            self.stdout.write(f"{row['generation']}\t{row['district']}\t{state}\t{counts}\t{row['title']}")
        if not rows:
            self.stdout.write(_("There are no generations of borders yet: import_areas makes the first."))


def _found(text: str) -> Generation:
    """The generation a number means, or the newest draft of a district."""
    if text.isdigit() and len(text) == 6:
        drafts = Generation.objects.filter(district_code=text, state=Generation.State.DRAFT)
        if (draft := drafts.order_by("-pk").first()) is not None:
            return draft
    found = Generation.objects.filter(pk=int(text)).first() if text.isdigit() and len(text) < 18 else None
    if found is None:
        raise CommandError(
            _("There is no generation “%s”, and no draft of such a district.") % text, returncode=2
        )
    return found


def _as_json(done: Activation, *, committed: bool) -> dict[str, Any]:
    told = done.as_json()
    return {
        "ok": True,
        "committed": committed,
        "generation": told.pop("generation_id"),
        "district": told.pop("district_code"),
        "replaces": told.pop("replaces"),
        "carried": told.pop("carried"),
        "counts": {**told.pop("levels"), **told},
        "figures": {},
        "faults": [],
    }


def _told(done: Activation, *, committed: bool) -> str:
    lines = [
        _("Generation %(pk)s of district %(district)s: %(counts)s.")
        % {
            "pk": done.generation_id,
            "district": done.district_code,
            "counts": counts_in_words(done.levels),
        }
    ]
    if done.carried:
        lines.append(_("Taken over from the one in force: %s.") % counts_in_words(done.carried))
    if done.replaces is not None:
        lines.append(
            _("It replaces generation %(old)s: lineage of %(areas)s areas and %(cells)s cells.")
            % {"old": done.replaces, "areas": done.area_lineage, "cells": done.cell_lineage}
        )
        lines.append(
            _("Responsibility grids took over %(carried)s cells; %(bare)s cells are in none.")
            % {"carried": done.grids_carried, "bare": done.cells_without_grid}
        )
    lines.append(
        _(
            "%(moved)s components changed their cell, %(outside)s stand outside all; "
            "%(addresses)s addresses changed."
        )
        % {
            "moved": done.components_moved,
            "outside": done.components_outside,
            "addresses": done.addresses_moved,
        }
    )
    if not committed:
        lines.append(_("It was rehearsed and undone. Add --commit to do it."))
    return "\n".join(lines)
