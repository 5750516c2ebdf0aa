"""Workbooks (.xlsx) row by row, in flat memory; columns and coordinates as in importers/table.py."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from gis_data.errors import PlaceError
from gis_data.importers.rows import BATCH, Row, as_text
from gis_data.importers.table import CsvTable, place_columns

# Excel keeps 15 digits of a number; a code of 16 that was typed as a number has lost its last one.
EXACT: Final = 10**15
MOST_BYTES: Final = 4 * 1024**3
_OLD: Final = b"\xd0\xcf\x11\xe0"


def is_workbook(path: Path) -> bool:
    """By content; PlaceError for the old binary .xls."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == _OLD:
        raise _fault(
            path,
            _("%(file)s is a workbook of the old kind (.xls).") % {"file": path.name},
            _("Save it as .xlsx."),
        )
    if head != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(path) as packed:
            return "xl/workbook.xml" in packed.namelist()
    except zipfile.BadZipFile:
        return False


class Workbook(CsvTable):
    """One sheet, whose first row names the columns: the named one, or the only one that is not empty."""

    def __init__(
        self, path: Path, sheet: str | None = None, lon_field: str | None = None, lat_field: str | None = None
    ) -> None:
        self.path, self.name, self.share = path, path.name, 0.0
        with zipfile.ZipFile(path) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                raise _fault(
                    path, _("%(file)s unpacks to more than 4 GB.") % {"file": path.name}, _("Divide it.")
                )
        try:
            self._book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile) as fault:
            raise _fault(
                path, _("%(file)s cannot be opened: %(why)s.") % {"file": path.name, "why": fault}
            ) from fault
        self._sheet = self._chosen(sheet)
        self.fields = self._heading()
        self.places = place_columns(path.name, self.fields, lon_field, lat_field)

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]:
        """Rows in the order of the sheet; rows without any value are passed over."""
        batch: list[Row] = []
        number = 0
        rows = self._sheet.iter_rows(min_row=2, values_only=True)
        for index, values in enumerate(rows, start=2):
            if all(value is None or value == "" for value in values):
                continue
            number += 1
            batch.append(self._cells(number, values))
            if len(batch) >= size:
                self.share = min(index / (self._sheet.max_row or index), 1.0)
                yield self._shaped(batch)
                batch = []
        self.share = 1.0
        if batch:
            yield self._shaped(batch)

    def _cells(self, number: int, values: tuple[Any, ...]) -> Row:
        inexact = [
            (name, value)
            for name, value in zip(self.fields, values, strict=False)
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= EXACT
        ]
        row = self._row(number, [_words(value) for value in values[: len(self.fields)]])
        if inexact:
            name, value = inexact[0]
            row.fault = PlaceError(
                _("%(column)s is a number of more than 15 digits, of which a workbook keeps only 15.")
                % {"column": name},
                field=name,
                value=as_text(value),
                mend=_("Format the column as text and write the code again from its source."),
            )
        return row

    def _chosen(self, sheet: str | None) -> Any:
        names = self._book.sheetnames
        if sheet is not None:
            if sheet not in names:
                raise self._which(names)
            return self._book[sheet]
        filled = [
            one
            for one in self._book.worksheets
            if any(any(row) for row in one.iter_rows(max_row=2, values_only=True))
        ]
        if len(filled) != 1:
            raise self._which([one.title for one in filled] or names)
        return filled[0]

    def _which(self, names: list[str]) -> PlaceError:
        return PlaceError(
            _("%(file)s holds the sheets %(names)s.") % {"file": self.name, "names": ", ".join(names)},
            field="layer",
            value=self.name,
            mend=_("Name one that is not empty with --layer."),
        )

    def _heading(self) -> list[str]:
        first = next(self._sheet.iter_rows(max_row=1, values_only=True), ())
        names = [_words(value).strip() for value in first]
        while names and not names[-1]:
            names.pop()
        twice = sorted({one for one in names if one and names.count(one) > 1})
        if not names or twice:
            raise _fault(
                self.path,
                _("The first row of %(file)s does not give every column a name of its own.")
                % {"file": self.name},
                ", ".join(twice),
            )
        return names


def _words(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return as_text(value)


def _fault(path: Path, message: str, mend: str = "") -> PlaceError:
    return PlaceError(message, field="file", value=path.name, mend=mend)
