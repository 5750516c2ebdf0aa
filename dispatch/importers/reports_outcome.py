"""What an import came to, counted row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.imported import Fault
from dispatch.importers.reports_rows import Told


@dataclass
class Outcome:
    """What an import came to, or would come to. `faults` count rows, `cases` of them the first of each id."""

    rows: int = 0
    new: int = 0
    corrected: int = 0
    unchanged: int = 0
    repeated: int = 0
    refused: int = 0
    marked: int = 0
    located: int = 0
    organisations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    stood: Counter[str] = field(default_factory=Counter)
    spellings: Counter[str] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def json(self) -> dict[str, Any]:
        return {
            "counts": {
                "rows": self.rows, "new": self.new, "corrected": self.corrected, "unchanged": self.unchanged,
                "repeated": self.repeated, "refused": self.refused, "marked": self.marked,
                "located": self.located, "organisations_made": self.organisations,
            },
            "faults": {
                code: {"rows": self.faults[code], "cases": self.cases[code], "what": str(Fault(code).label)}
                for code in sorted(self.faults, key=lambda code: (-self.faults[code], code))
            },
            "stood": dict(self.stood.most_common()),
            "status_spellings": dict(self.spellings.most_common()),
            "departments": dict(self.departments.most_common()),
            "opened": {
                "first": self.first.isoformat() if self.first else None,
                "last": self.last.isoformat() if self.last else None,
            },
        }  # fmt: skip

    def hear(self, told: Told, *, first: bool) -> None:
        """Count a row once its faults are known; `first` of its id, and to be taken."""
        self.rows += 1
        codes: Set[str] = {flaw.fault.value for flaw in told.flaws}
        self.faults.update(codes)
        if told.refused:
            self.refused += 1
        elif codes:
            self.marked += 1
        if first:
            self.cases.update(codes)
            self.stood[told.stood.value] += 1
            opened = told.times["opened"]
            self.first = min(self.first or opened, opened)
            self.last = max(self.last or opened, opened)
        if status := told.texts.get("status"):
            self.spellings[status] += 1
        if department := told.texts.get("department"):
            self.departments[department] += 1
