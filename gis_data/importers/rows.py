"""A row as a reader hands it on: still in the file's own coordinates."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from gis_data.errors import PlaceError

BATCH: Final = 10_000


@dataclass(slots=True)
class Row:
    """Number from 1, what the row says in words, its shape in the file's coordinates or why it has none."""

    number: int
    fields: dict[str, str] = field(default_factory=dict)
    shape: Any = None
    fault: PlaceError | None = None


class Reader(Protocol):
    """One format. `own` is the system the file names; `share` how much was read, from 0 to 1."""

    fields: list[str]
    count: int | None
    own: str | None
    trusted: bool
    share: float

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]: ...


def as_text(value: Any) -> str:
    """A value as its owner would write it: no “.0” after whole numbers, nothing for nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip("\0")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
