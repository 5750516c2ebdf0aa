"""The routing rules in force, read from their rows; what stands between the table and `dispatch.routing`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import connection
from django.utils.timezone import localdate, localtime

from dispatch.models import Report, RoutingRule
from dispatch.routing import Facts, Rule

# Every change gives a row another transaction or place in the table, so the sums change in whatever order
# changes are committed; a highest number would miss an older transaction that commits later.
_VERSION = """
SELECT count(*), sum(hashtextextended(rule.xmin::text || rule.ctid::text, 0)),
    sum(hashtextextended(organisation.xmin::text || organisation.ctid::text, 0))
FROM dispatch_routingrule rule
JOIN casework_organisation organisation ON organisation.id = rule.organisation_id
WHERE rule.district_code = %s
"""

Version = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A rule and when it holds: the row's own validity, and the last day of its organisation."""

    rule: Rule
    since: datetime
    until: datetime | None
    last_day: date | None

    def at(self, at: datetime) -> Rule | None:
        if at < self.since or (self.until is not None and at >= self.until):
            return None
        if self.last_day is not None and localdate(at) > self.last_day:
            return replace(self.rule, ended=True)
        return self.rule


@dataclass(frozen=True, slots=True)
class _Known:
    """All rules of a district as they stood in a version of the table, and for how long each is valid."""

    version: Version
    rows: tuple[_Row, ...]


_known: dict[str, _Known] = {}


def active_rules(district_code: str, at: datetime) -> tuple[Rule, ...]:
    """The rules of a district in force at an instant, those of ended organisations marked so.

    cost   one small query for the version; the rows are read again only when it changed
    """
    known = _known.get(district_code)
    version = _version_of(district_code)
    if known is None or known.version != version:
        known = _known[district_code] = _Known(version, tuple(_read(district_code)))
    return tuple(rule for row in known.rows if (rule := row.at(at)) is not None)


def facts_of(report: Report, at: datetime) -> Facts:
    """What routing asks about a report. `report.problem_class` should be loaded."""
    return Facts(
        class_kind=report.problem_class.kind,
        class_code=report.problem_class.code,
        cell_code=report.cell_code,
        owner_code=report.owner_code,
        at=localtime(at).time(),
    )


def _read(district_code: str) -> Iterator[_Row]:
    rows = RoutingRule.objects.filter(district_code=district_code).select_related("organisation")
    for row in rows.order_by("id"):
        hours = (row.from_hour, row.to_hour) if row.from_hour and row.to_hour else None
        rule = Rule(
            id=row.pk,
            name=row.name,
            organisation_id=row.organisation_id,
            organisation=row.organisation.name,
            class_kind=row.class_kind,
            class_code=row.class_code,
            area_code=row.area_code,
            owner_code=row.owner_code,
            hours=hours,
            priority=row.priority,
            quota=row.quota if row.unit else None,
            unit=row.unit,
        )
        yield _Row(rule, row.valid_from, row.valid_to, row.organisation.valid_to)


def _version_of(district_code: str) -> Version:
    with connection.cursor() as cursor:
        cursor.execute(_VERSION, [district_code])
        return tuple(cursor.fetchone())
