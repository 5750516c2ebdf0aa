"""A period in whole months and the days at its edges: months are summed already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from dispatch.metrics import Period


class By(StrEnum):
    """What sums are grouped by."""

    AREA = "area"
    DEPARTMENT = "department"
    POST = "post"
    PERSON = "person"
    CLASS = "class"
    KIND = "kind"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


IN_TIME = frozenset({By.DAY, By.WEEK, By.MONTH, By.QUARTER, By.YEAR})
BY_DAYS = frozenset({By.DAY, By.WEEK})


@dataclass(frozen=True)
class Pieces:
    """Months of which all days are meant, and ranges of days for the rest."""

    months: tuple[date, ...]
    days: tuple[tuple[date, date], ...]


def pieces_of(period: Period, *, in_days: bool = False) -> Pieces:
    if in_days:
        return Pieces((), ((period.first, period.last),))
    months: list[date] = []
    days: list[tuple[date, date]] = []
    day = period.first
    while day <= period.last:
        end = last_of(day)
        if day.day == 1 and end <= period.last:
            months.append(day)
        else:
            days.append((day, min(end, period.last)))
        day = end + timedelta(days=1)
    return Pieces(tuple(months), tuple(days))


def last_of(day: date) -> date:
    """The last day of that month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
