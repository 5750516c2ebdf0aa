"""At which shares of a limit somebody is told: rows of the city, or the sourced defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from time import monotonic

from casework import calendars
from casework.calendars import Limit, Span, Unit, WorkCalendar

REREAD_AFTER_SECONDS = 60.0


@dataclass(frozen=True)
class Step:
    """A threshold; the fields of `models.Threshold`."""

    key: str
    share: Decimal
    reach: int = 0
    channels: tuple[str, ...] = ("live",)
    supervises: bool = False
    mutable: bool = True


# workflow.md §7.3: yellow from 80 % of the limit, red beyond it; §6: 督办 for timeout, its instant inferred
DEFAULTS: tuple[Step, ...] = (
    Step("warning", Decimal("0.8"), 0, ("live",)),
    Step("overdue", Decimal(1), 1, ("live", "email")),
    Step("supervision", Decimal("1.5"), 2, ("live", "email", "sms"), supervises=True, mutable=False),
)

_known: tuple[float, tuple[Step, ...]] | None = None


def steps() -> tuple[Step, ...]:
    """The thresholds in force, lowest first; read at most once a minute."""
    global _known
    if _known is None or monotonic() - _known[0] >= REREAD_AFTER_SECONDS:
        from casework.models import Threshold

        rows = tuple(
            Step(row.step, row.share, row.reach, tuple(row.channels), row.supervises, row.mutable)
            for row in Threshold.objects.order_by("share")
        )
        _known = monotonic(), rows or DEFAULTS
    return _known[1]


def forget_steps() -> None:
    """Read the thresholds again at the next need, in this process."""
    global _known
    _known = None


def reached_at(calendar: WorkCalendar, limit: Limit, spans: Sequence[Span], share: Decimal) -> datetime:
    """When so much of a limit is used: the due date's own arithmetic with a part of the limit."""
    quota = limit.quota * share
    if limit.unit is Unit.LEGAL_DAY:
        quota = quota.to_integral_value(ROUND_FLOOR)
    return calendars.due_at(calendar, Limit(quota, limit.unit), spans).at
