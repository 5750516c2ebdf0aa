"""Another system's file for the small city, and its way into the journal."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from dispatch.importers.reports_load import ReportImport
from dispatch.importers.reports_mapping import mapping_of
from dispatch.importers.reports_outcome import Outcome

COLUMNS = (
    "id", "opened", "inspected", "due", "closed", "cancelled", "status", "department", "class", "title",
    "address", "source", "x", "y",
)  # fmt: skip
MAPPING: dict[str, Any] = {
    "origin": "Old hall",
    "prefix": "OLD",
    "zone": "Asia/Shanghai",
    "columns": {name: name for name in COLUMNS},
    "place": {"datum": "wgs84"},
    "status": {"open": ["open"], "closed": ["closed", "CLOSED"], "cancelled": ["cancelled"]},
    "sources": {"inspector": ["patrol"], "hotline": ["phone"]},
    "departments": {"110101-D01": ["waterworks"]},
}
USUAL = {
    "id": "1",
    "opened": "2025-03-03 08:00",
    "due": "2025-03-05 08:00",
    "closed": "2025-03-04 08:00",
    "status": "closed",
    "department": "waterworks",
    "class": "M-1",
    "title": "Manhole open",
    "address": "1 Long Lane",
    "source": "patrol",
    "x": "116.4105",
    "y": "39.9205",
}


def write(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """A CSV of rows that differ from the usual one by what is given."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number, row in enumerate(rows, start=1):
            writer.writerow({**USUAL, "id": str(number), **row})
    return path


def bring(
    rows: Iterable[Mapping[str, str]], *, commit: bool = True, district: str = "110101", **changes: Any
) -> Outcome:
    """Import those rows; `changes` are other keys of the mapping, or `make_departments`."""
    departments = changes.pop("make_departments", False)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "old.csv", rows)
        job = ReportImport(
            path, mapping_of({**MAPPING, **changes}), district, commit=commit, make_departments=departments
        )
        for _outcome in job.run():
            pass
    return job.outcome


def told_case() -> UUID:
    """One imported case of the small city."""
    from casework.models import Case

    bring([{}])
    return Case.objects.get(number="OLD-1").pk
