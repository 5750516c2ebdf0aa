"""The cases behind every number: the facts that were summed, latest first, each with its case's card."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from casework.errors import Invalid
from casework.models import Case
from dispatch.indicators.counters import COUNTERS, NUMBER
from dispatch.indicators.rates import chosen_for, indicators
from dispatch.metrics import Scope
from dispatch.queries import PAGE, PAGE_AT_MOST, Page

PARTS: Final = ("numerator", "denominator")
_ORDER = "day, case_id, counter, department_id, post_id, person_id"
_FALLING = ", ".join(f"{name} DESC" for name in _ORDER.split(", "))
# one descent of the index a counter, whatever the depth
_BEHIND = f"""
SELECT f.day, f.case_id, f.counter, f.department_id, f.post_id, f.person_id, f.amount
FROM unnest(%(counters)s::smallint[]) AS wanted (counter)
CROSS JOIN LATERAL (
    SELECT {_ORDER}, amount FROM indicators_counted AS c
    WHERE c.stream_id = %(stream)s AND c.counter = wanted.counter AND c.day BETWEEN %(first)s AND %(last)s
        AND starts_with(c.cell, %(area)s) AND {{only}}
        AND (c.day, c.case_id) <= (%(day)s, %(case)s::uuid)
        AND ({_ORDER})
            < (%(day)s, %(case)s::uuid, %(counter)s::smallint, %(department)s, %(post)s, %(person)s)
    ORDER BY {_FALLING} LIMIT %(limit)s
) AS f
ORDER BY {_FALLING} LIMIT %(limit)s
"""
Mark = tuple[str, str, int, int, int, int]
_LAST_OF_ALL: Final[Mark] = ("9999-12-31", str(UUID(int=2**128 - 1)), 32767, 2**62, 2**62, 2**62)


def counters_behind(
    scope: Scope, *, counter: str = "", indicator: str = "", part: str = "denominator"
) -> list[int]:
    """The numbers of a counter, or of those that an indicator sums above or below its line."""
    if counter:
        if counter not in NUMBER:
            raise _unknown("counter", counter, COUNTERS)
        return [NUMBER[counter]]
    every = {each.key: each for each in indicators(chosen_for(scope.stream, scope.period.last))}
    if indicator not in every:
        raise _unknown("indicator", indicator, list(every))
    if part not in PARTS:
        raise _unknown("part", part, PARTS)
    return [NUMBER[name] for name in every[indicator].part(part)]


def facts_behind(
    scope: Scope,
    counters: Sequence[int],
    only: Mapping[str, int],
    *,
    after: str | None = None,
    limit: int = PAGE,
) -> Page:
    """One page; every item is a case's card with the counter, the day and the amount that it adds."""
    limit = max(1, min(limit, PAGE_AT_MOST))
    rows = _rows(scope, counters, only, _read_mark(after) if after else _LAST_OF_ALL, limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    cards = dict(Case.objects.filter(pk__in={row[1] for row in rows}).values_list("pk", "card"))
    items = [
        {**cards[row[1]], "counter": COUNTERS[row[2]], "day": row[0], "amount": row[6]}
        for row in rows
        if row[1] in cards
    ]
    return Page(items, _mark(rows[-1]) if more else None)


def walk(scope: Scope, counters: Sequence[int], only: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """All of them, a thousand at a time, so that memory stays flat."""
    after: str | None = None
    while True:
        page = facts_behind(scope, counters, only, after=after, limit=PAGE_AT_MOST)
        yield from page.items
        if page.next is None:
            return
        after = page.next


def _rows(
    scope: Scope, counters: Sequence[int], only: Mapping[str, int], mark: Mark, limit: int
) -> list[tuple[Any, ...]]:
    conditions = " AND ".join(f"c.{name}_id = %(only_{name})s" for name in only) or "true"
    day, case, counter, department, post, person = mark
    values: dict[str, Any] = {
        "counters": list(counters), "stream": scope.stream, "first": scope.period.first,
        "last": scope.period.last, "area": scope.area, "limit": limit, "day": date.fromisoformat(day),
        "case": case, "counter": counter, "department": department, "post": post, "person": person,
        **{f"only_{name}": key for name, key in only.items()},
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND.format(only=conditions), values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _mark(row: Sequence[Any]) -> str:
    mark = json.dumps([row[0].isoformat(), str(row[1]), *row[2:6]])
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def _read_mark(text: str) -> Mark:
    try:
        day, case, *numbers = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        counter, department, post, person = (int(number) for number in numbers)
        return date.fromisoformat(day).isoformat(), str(UUID(case)), counter, department, post, person
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise Invalid(
            _("This page mark cannot be read."),
            field="after",
            value=text,
            mend=_("Use `next` of the page before as it is."),
        ) from error


def _unknown(field: str, value: str, known: Sequence[str]) -> Invalid:
    return Invalid(
        _("“%(value)s” is not known here.") % {"value": value},
        field=field,
        value=value,
        mend=_("One of: %(known)s.") % {"known": ", ".join(known)},
    )
