"""What a file of areas brings to a district: its entries, and every fault by code and ground.

Refused   no polygon, no code, a code against the grammar or twice, an impossible place, a cell of two parts.
          A delivery with refused rows is not loaded: a cover with a hole is no cover.
Listed    repaired rings, overlaps, gaps, ground outside the parent, parts without a name, cells against the
          rules of grid/rules.py. They are loaded as surveyed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy

KINDS: Final[dict[str, Any]] = {
    "unreadable": gettext_lazy("row whose geometry cannot be used (refused)"),
    "no_polygon": gettext_lazy("row without any area (refused)"),
    "too_wide": gettext_lazy("area wider than any district (refused)"),
    "no_code": gettext_lazy("row without a code (refused)"),
    "bad_code": gettext_lazy("code that does not follow its grammar (refused)"),
    "double_code": gettext_lazy("code that occurs more than once (refused)"),
    "split_cell": gettext_lazy("cell of several parts (refused)"),
    "no_parent": gettext_lazy("code whose parent is not there (refused)"),
    "no_name": gettext_lazy("area without a name; its code stands for it"),
    "repaired": gettext_lazy("invalid rings, repaired"),
    "lost_parts": gettext_lazy("points and lines among the areas, left out"),
    "overlap": gettext_lazy("overlap of two areas"),
    "gap": gettext_lazy("ground that no area covers"),
    "outside": gettext_lazy("ground outside the area above"),
    "apart": gettext_lazy("area far from all others of the file"),
    "small": gettext_lazy("cell of less than 5,000 m²"),
    "large": gettext_lazy("cell of more than 20,000 m²"),
    "thin": gettext_lazy("sliver of a cell (compactness)"),
    "order": gettext_lazy("cell that is numbered against west to east, north to south"),
}
REFUSING: Final = frozenset(
    ["unreadable", "no_polygon", "too_wide", "no_code", "bad_code", "double_code", "no_parent", "split_cell"]
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: of which code (or rows of the file), how much ground, and where (in metres)."""

    kind: str
    code: str
    detail: str = ""
    area_m2: float | None = None
    shape: Any = None

    @property
    def refuses(self) -> bool:
        """Whether the delivery cannot be loaded with it."""
        return self.kind in REFUSING


@dataclass(slots=True)
class Entry:
    """One area or cell on its way: `border` in STORE, `metric` the same in metres."""

    row: int
    code: str
    name: str
    border: Any
    name_en: str = ""
    parent_name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    metric: Any = None


@dataclass(slots=True)
class Delivery:
    """What a file brings to one district, measured in `srid`; `notes` are said in every report.

    parents   surveyed borders of the level above, by code, in STORE
    """

    level: str
    district_code: str
    srid: int
    entries: list[Entry]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0
    slivers: int = 0
    sliver_m2: float = 0.0
    repaired: int = 0
    in_range: float | None = None
    parents: dict[str, Any] = field(default_factory=dict)

    @property
    def is_loadable(self) -> bool:
        return bool(self.entries) and not any(fault.refuses for fault in self.faults)

    def total(self, kind: str) -> float:
        """Ground of all listed faults of a kind."""
        return sum(fault.area_m2 or 0.0 for fault in self.faults if fault.kind == kind)

    def counts(self) -> dict[str, int]:
        """How many rows came, and what became of them."""
        kinds = [fault.kind for fault in self.faults]
        return {
            "features": self.rows,
            "areas": len(self.entries),
            "refused": sum(fault.refuses for fault in self.faults),
            "repaired": self.repaired,
            "multipart": sum(len(entry.border.geoms) > 1 for entry in self.entries),
            "overlaps": kinds.count("overlap"),
            "gaps": kinds.count("gap"),
            "outside": kinds.count("outside"),
            "apart": kinds.count("apart"),
            "slivers": self.slivers,
        }

    def figures(self) -> dict[str, float]:
        """Ground in m², measured in the zone of the district."""
        areas = [float(entry.metric.area) for entry in self.entries]
        share = {} if self.in_range is None else {"in_range_share": round(self.in_range, 4)}
        return {
            **share,
            "area_m2": round(sum(areas), 2),
            "smallest_m2": round(min(areas, default=0.0), 2),
            "largest_m2": round(max(areas, default=0.0), 2),
            "overlap_m2": round(self.total("overlap"), 2),
            "gap_m2": round(self.total("gap"), 2),
            "outside_m2": round(self.total("outside"), 2),
            "sliver_m2": round(self.sliver_m2, 4),
        }
