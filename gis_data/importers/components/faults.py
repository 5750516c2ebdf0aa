"""What is wrong with a row of an inventory."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """Why a row is refused; `kind` is stable, for counting and for programs."""

    kind: str
    field: str
    value: str
    reason: str
    mend: str
