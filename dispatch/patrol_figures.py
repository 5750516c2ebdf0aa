"""Figures of patrols, from tracks and the journal: coverage, missed reports, settled on the spot.

coverage      cell-days: on each day on which an inspector was on duty, the cells that she walks; above
              the line those in which she was seen that day
missed        漏报: first filings of what the public told of (sources: `IndicatorPolicy`), not undone
              since; above the line those in whose cell an inspector was within the last n hours before it
              was reported, without having reported or joined it
self_handled  reports of inspectors in the period; above the line those settled on the spot (自处置)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.models import Person
from dispatch.counted import APART, stands
from dispatch.definitions import definitions_for
from dispatch.metrics import SLACK, Scope
from dispatch.models.report import Source
from dispatch.phone.policy import patrol_policy
from dispatch.workflow import KIND


class PatrolKey(StrEnum):
    COVERAGE = "patrol_coverage"
    MISSED = "missed_reports"
    SELF_HANDLED = "self_handled_share"


@dataclass(frozen=True)
class Fraction:
    """A figure with all that is needed to believe it; no value where nothing was counted."""

    key: PatrolKey
    title: str
    numerator: int
    denominator: int
    definition: str

    @property
    def value(self) -> float | None:
        return round(100 * self.numerator / self.denominator, 2) if self.denominator else None


@dataclass(frozen=True)
class PatrolBoard:
    scope: Scope
    figures: tuple[Fraction, ...]
    by_inspector: tuple[dict[str, Any], ...]


# Every day of a shift × every cell walked on that day, and whether she was seen in it.
_COVERAGE = """
WITH on_duty AS (
    SELECT DISTINCT shift.person_id, day::date AS day
    FROM dispatch_shift AS shift
    CROSS JOIN LATERAL generate_series(
        (shift.began_at AT TIME ZONE %(zone)s)::date,
        (coalesce(shift.ended_at, %(now)s) AT TIME ZONE %(zone)s)::date, interval '1 day') AS day
    WHERE shift.stream_id = %(stream)s AND day::date BETWEEN %(first)s AND %(last)s
), walked AS (
    SELECT DISTINCT on_duty.person_id, on_duty.day, cell.code
    FROM on_duty
    JOIN dispatch_gridduty AS duty ON duty.person_id = on_duty.person_id AND duty.valid_from <= on_duty.day
        AND (duty.valid_to IS NULL OR duty.valid_to >= on_duty.day)
    JOIN gis_data_responsibilitygrid_cells AS link ON link.responsibilitygrid_id = duty.grid_id
    JOIN gis_data_cell AS cell ON cell.id = link.cell_id AND cell.active
    WHERE starts_with(cell.code, %(area)s)
)
SELECT walked.person_id, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM dispatch_cellvisit AS visit
    WHERE visit.person_id = walked.person_id AND visit.cell_code = walked.code
        AND (visit.came_at AT TIME ZONE %(zone)s)::date <= walked.day
        AND (visit.left_at AT TIME ZONE %(zone)s)::date >= walked.day))
FROM walked GROUP BY walked.person_id
"""

# First filings of what others told of, each with those who had just been in its cell and said nothing.
_TOLD = f"""
WITH told AS (
    SELECT e.case_id, e.card->>'cell_code' AS cell, (e.card->>'reported_at')::timestamptz AS reported_at
    FROM casework_entry AS e
    WHERE e.stream_id = %(stream)s AND e.kind = %(kind)s AND e.verb = 'file'
        AND e.at >= %(starts)s AND e.at < %(ends)s AND e.recorded_at >= %(starts)s - %(slack)s::interval
        AND e.card->>'source' = ANY(%(sources)s) AND starts_with(e.card->>'cell_code', %(area)s)
        AND NOT EXISTS (SELECT FROM casework_entry AS p
            WHERE p.case_id = e.case_id AND p.case_seq < e.case_seq AND p.verb = 'file' AND {stands("p")})
        AND {stands("e")}
        AND NOT EXISTS (SELECT FROM casework_entry AS n
            WHERE n.case_id = e.case_id AND n.case_seq > e.case_seq
            AND n.verb IN ('void', 'decline', 'withdraw'))
        AND {APART}
)
SELECT told.case_id, told.reported_at, coalesce(array_agg(DISTINCT visit.person_id)
    FILTER (WHERE visit.person_id IS NOT NULL), '{{}}')
FROM told
LEFT JOIN dispatch_cellvisit AS visit ON visit.cell_code = told.cell
    AND visit.left_at >= told.reported_at - %(hours)s::interval AND visit.came_at <= told.reported_at
    AND NOT EXISTS (SELECT FROM dispatch_joining AS joining
        WHERE joining.case_id = told.case_id AND joining.person_id = visit.person_id)
GROUP BY told.case_id, told.reported_at
"""

_SETTLED = """
SELECT e.actor_id, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM casework_entry AS n WHERE n.case_id = e.case_id AND n.verb = 'self_handle'))
FROM casework_entry AS e
WHERE e.stream_id = %(stream)s AND e.kind = %(kind)s AND e.verb = 'report'
    AND e.at >= %(starts)s AND e.at < %(ends)s AND e.recorded_at >= %(starts)s - %(slack)s::interval
    AND e.card->>'source' = %(inspector)s AND starts_with(e.card->>'cell_code', %(area)s)
GROUP BY e.actor_id
"""


def patrol_board(scope: Scope) -> PatrolBoard:
    """The three figures, and each inspector's share in them. Six queries."""
    values = _values(scope)
    covered = {person: (walked, seen) for person, walked, seen in _rows(_COVERAGE, values)}
    told = _rows(_TOLD, values)
    settled = {person: (reported, own) for person, reported, own in _rows(_SETTLED, values)}
    missed: dict[int, int] = {}
    for _case, _at, people in told:
        for person in people:
            missed[person] = missed.get(person, 0) + 1
    names = Person.objects.in_bulk({*covered, *missed, *settled} - {None})
    figures = (
        Fraction(
            PatrolKey.COVERAGE,
            _("Patrol coverage"),
            sum(seen for _walked, seen in covered.values()),
            sum(walked for walked, _seen in covered.values()),
            _(
                "Cells in which the inspector was seen on a day, divided by the cells that she walks, summed "
                "over the days on which she was on duty."
            ),
        ),
        Fraction(
            PatrolKey.MISSED,
            _("Missed reports"),
            sum(1 for _case, _at, people in told if people),
            len(told),
            ngettext(
                "Problems that the public told of, filed for the first time in the period and not undone "
                "since; missed are those in whose cell an inspector had been within %(n)s hour before, "
                "without having reported it.",
                "Problems that the public told of, filed for the first time in the period and not undone "
                "since; missed are those in whose cell an inspector had been within %(n)s hours before, "
                "without having reported it.",
                values["n"],
            )
            % {"n": values["n"]},
        ),
        Fraction(
            PatrolKey.SELF_HANDLED,
            _("Settled on the spot"),
            sum(own for _reported, own in settled.values()),
            sum(reported for reported, _own in settled.values()),
            _(
                "Reports of inspectors in the period; above the line those that she settled herself. "
                "They are never filed and count in no other figure."
            ),
        ),
    )
    by_inspector = tuple(
        {
            "person_id": person.pk,
            "name": str(person),
            "coverage": {
                "numerator": covered.get(pk, (0, 0))[1],
                "denominator": covered.get(pk, (0, 0))[0],
            },
            "missed": missed.get(pk, 0),
            "reported": settled.get(pk, (0, 0))[0],
            "self_handled": settled.get(pk, (0, 0))[1],
        }
        for pk, person in sorted(names.items(), key=lambda one: str(one[1]))
    )
    return PatrolBoard(scope, figures, by_inspector)


def missed_cases(scope: Scope) -> dict[Any, list[int]]:
    """The cases above the line of `missed`, each with who had been there. One query."""
    return {case_id: list(people) for case_id, _at, people in _rows(_TOLD, _values(scope)) if people}


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _values(scope: Scope) -> dict[str, Any]:
    hours = patrol_policy(scope.stream).missed_hours
    zone = timezone.get_default_timezone()
    return {
        "stream": scope.stream,
        "kind": KIND,
        "first": scope.period.first,
        "last": scope.period.last,
        "starts": datetime.combine(scope.period.first, time.min, zone),
        "ends": datetime.combine(scope.period.last + timedelta(days=1), time.min, zone),
        "slack": SLACK,
        "area": scope.area,
        "zone": timezone.get_default_timezone_name(),
        "now": timezone.now(),
        "n": hours,
        "hours": timedelta(hours=hours),
        "inspector": Source.INSPECTOR.value,
        "sources": list(definitions_for(scope.stream, scope.period.last).missed_sources),
    }
