"""Refused rows: what is wrong with each, in words, and the file in which they can be mended and fed again."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import shapely
from django.db import connection
from django.utils.translation import gettext as _

from gis_data.errors import PlaceError
from gis_data.importers.components.faults import Fault
from gis_data.importers.components.opening import MARK, REASON_COLUMNS, WGS84_COLUMN, Inventory
from gis_data.importers.components.rows import Checker
from gis_data.models import ComponentDelivery
from gis_data.sql import statement

AT_ONCE: Final = 5_000
BETWEEN: Final = "; "


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not loaded; `original` are its words as the file has them, `wkt` its shape in STORE."""

    number: int
    original: dict[str, str]
    wkt: str
    faults: list[Fault]

    def joined(self, name: str) -> str:
        """All that one attribute of the faults says, each once."""
        return BETWEEN.join(dict.fromkeys(getattr(fault, name) for fault in self.faults))


def refused_rows(delivery: ComponentDelivery, checker: Checker) -> Iterator[Refused]:
    """The refused rows of an examined delivery, in the order of the file; streamed, inside its transaction.

    Their words and shapes are read from the file again, which is cheaper than staging all of a million rows.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement("refused_components").replace("STAGED", delivery.staging_table))
        features = (one for batch in checker.inventory.source.batches() for one in batch)
        while rows := cursor.fetchmany(AT_ONCE):
            for number, source_id, code, own, found in rows:
                feature = next(one for one in features if one.number == number)
                wkt = shapely.to_wkt(feature.shape, rounding_precision=-1) if feature.shape else ""
                faults = [Fault(*one) for one in json.loads(own)]
                faults += [
                    _found(kind, detail, source_id, code, wkt, checker) for kind, detail in json.loads(found)
                ]
                yield Refused(number, checker.inventory.original(feature.fields), wkt, faults)


class ReasonsFile(AbstractContextManager["ReasonsFile"]):
    """A CSV of refused rows: why, and all their columns. Mended, it is fed to the same command again.

    Shapes that stood in no column of their own are written in WGS-84. UTF-8 with a mark, for spreadsheets.
    """

    def __init__(self, path: Path, inventory: Inventory) -> None:
        self._columns = list(inventory.columns)
        self._shapes = not inventory.table
        try:
            self._file = path.open("w", encoding="utf-8-sig", newline="")
        except OSError as fault:
            raise PlaceError(
                _("%(file)s cannot be written: %(why)s.") % {"file": path, "why": fault.strerror},
                field="reasons",
                value=str(path),
                mend=_("Name another place for the refused rows."),
            ) from fault
        self._writer = csv.writer(self._file)
        marked = [name + MARK if name in REASON_COLUMNS else name for name in self._columns]
        self._writer.writerow([*REASON_COLUMNS, *marked, *([WGS84_COLUMN] if self._shapes else [])])

    def write(self, row: Refused) -> None:
        why = [row.joined(name) for name in ("field", "value", "reason", "mend")]
        words = [row.original.get(name, "") for name in self._columns]
        self._writer.writerow([row.number, *why, *words, *([row.wkt] if self._shapes else [])])

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _found(kind: str, detail: str, source_id: str, code: str | None, wkt: str, checker: Checker) -> Fault:
    """A fault that the whole file or the city shows, in words."""
    place = wkt[7:-1].replace(" ", ", ") if wkt.startswith("POINT (") else wkt[:60]
    named = checker.column_of("source_id") or checker.column_of("code") or "id"
    coded = checker.column_of("code") or "code"
    shown: dict[str, Any] = {
        "district": checker.rules.district_code,
        "detail": detail,
        "id": source_id,
        "code": code,
    }
    if kind == "stray":
        shown["km"] = f"{int(detail) / 1000:,.1f}"
        return Fault(
            kind, "geometry", place, _("Lies %(km)s km outside of district %(district)s.") % shown,
            _("Mend the coordinates; if all rows are so, declare another datum or reference system."),
        )  # fmt: skip
    if kind == "no_cell":
        return Fault(
            kind, "geometry", place,
            _("Lies in district %(district)s, but in no cell of the active generation.") % shown,
            _("Close the gap between the cells (check_city shows it), or mend the coordinates."),
        )  # fmt: skip
    if kind == "duplicate":
        return Fault(
            kind, named, source_id, _("Rows %(detail)s have the id “%(id)s” too.") % shown,
            _("Keep one of the rows, or give each its own id."),
        )  # fmt: skip
    if kind == "duplicate_code":
        return Fault(
            kind, coded, code or "", _("Rows %(detail)s have the code “%(code)s” too.") % shown,
            _("Keep one of the rows, or leave the code blank: the next free one is given."),
        )  # fmt: skip
    if kind == "taken":
        return Fault(
            kind, coded, code or "", _("Another component of the city has the code “%(code)s”.") % shown,
            _("Mend the code, or leave it blank; a code is never used twice."),
        )  # fmt: skip
    return Fault(
        kind, coded, code or "", _("In the city “%(id)s” has the code %(detail)s.") % shown,
        _("Write that code, or leave it blank."),
    )  # fmt: skip
