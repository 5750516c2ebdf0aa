"""Reports that may be the same thing, and those that have been found to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from math import cos, radians
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Polygon
from django.db.models import Q, QuerySet

from casework.access import Actor
from casework.models import Case
from dispatch.likeness import Bound, Sight, most_alike
from dispatch.models import DuplicateRule, Report
from dispatch.phone.policy import patrol_policy
from dispatch.policy import visible
from gis_data import crs

LEAST_SCORE = 0.5
PROPOSED_AT_MOST = 10

BoundOf = Callable[[str, str], Bound]


def bounds(stream: str) -> BoundOf:
    """The thresholds in force, by kind and code of a class. Two queries, however many classes are asked."""
    rows = sorted(
        DuplicateRule.objects.filter(stream_id=stream), key=lambda row: len(row.class_code), reverse=True
    )
    policy = patrol_policy(stream)
    default = Bound(policy.join_m, policy.join_days, LEAST_SCORE)

    def bound_of(kind: str, code: str) -> Bound:
        for row in sorted(rows, key=lambda row: (len(row.class_code), bool(row.class_kind)), reverse=True):
            if row.class_kind in ("", kind) and code.startswith(row.class_code):
                return Bound(row.metres, row.days, row.least_score)
        return default

    return bound_of


def box_around(lon: float, lat: float, metres: float) -> Polygon:
    """A box that holds everything within so many metres; crs.STORE."""
    tall = metres / 110_500
    wide = tall / max(cos(radians(lat)), 0.01)
    box = Polygon.from_bbox((lon - wide, lat - tall, lon + wide, lat + tall))
    box.srid = crs.STORE
    return box


def sight_of(report: Report) -> Sight:
    """`report.problem_class` should be loaded."""
    return Sight(
        report.problem_class.kind,
        report.problem_class.code,
        report.place.x,
        report.place.y,
        report.reported_at,
        report.component_code,
    )


def proposed(report: Report, stream: str) -> list[dict[str, Any]]:
    """Other open reports that may be the same thing, the likeliest first, each with its card and why.

    Three queries. The right to see them is the caller's to check: whoever decides sees the whole stream.
    """
    sight = sight_of(report)
    bound = bounds(stream)(sight.class_kind, sight.class_code)
    since, until = (report.reported_at + sign * timedelta(days=bound.days) for sign in (-1, 1))
    same = Q(problem_class_id=report.problem_class_id)
    if report.component_code:
        same |= Q(component_code=report.component_code)
    near = (
        Report.objects.filter(
            same,
            is_open=True,
            case__stream_id=stream,
            place__bboverlaps=box_around(sight.lon, sight.lat, bound.metres),
            reported_at__range=(since, until),
        )
        .exclude(pk=report.pk)
        .select_related("case", "problem_class")
    )
    others = {other.pk: other for other in near}
    alike = most_alike(sight, ((pk, sight_of(other)) for pk, other in others.items()), bound)
    return [
        {
            "card": others[pk].case.card,
            "score": like.score,
            "metres": round(like.metres, 1),
            "hours": round(like.hours, 1),
            "same_component": like.same_component,
            "older": others[pk].reported_at < report.reported_at,
        }
        for pk, like in alike[:PROPOSED_AT_MOST]
    ]


def merged_into(case_id: UUID) -> QuerySet[Report]:
    """The reports that count as duplicates of this case now."""
    return Report.objects.filter(main_id=case_id).select_related("case").order_by("pk")


def linked_cards(actor: Actor, case_id: UUID) -> list[dict[str, Any]]:
    """The cards of a case's duplicates that this actor may see, first reported first. One query."""
    rows = Case.objects.filter(visible(actor), report__main_id=case_id).order_by("opened_at", "pk")
    return list(rows.values_list("card", flat=True))
