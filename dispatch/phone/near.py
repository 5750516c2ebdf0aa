"""Open cases near a place: is it the same thing? What an inspector may know of cases that are not hers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from casework.access import Actor
from dispatch.cards import dress
from dispatch.duplicates import bounds, box_around
from dispatch.models import Report
from dispatch.queries import metres_between
from gis_data.models import ProblemClass

NEAR_AT_MOST = 10
OPEN_AT_MOST = 500
SHOWN = (
    "id", "number", "class_id", "class_code", "class_name", "class_name_en", "state", "lon", "lat",
    "cell_code", "reported_at", "photo",
)  # fmt: skip


def near_cases(actor: Actor, lon: float, lat: float, class_id: int) -> list[dict[str, Any]]:
    """Open cases of a class around a place (crs.STORE), nearest first: within the metres and days that the
    city calls the same thing, class by class. Four queries.
    """
    asked = ProblemClass.objects.filter(pk=class_id).first()
    if asked is None:
        return []
    bound = bounds(actor.stream)(asked.kind, asked.code)
    box = box_around(lon, lat, bound.metres)
    since = timezone.now() - timedelta(days=bound.days)
    found = []
    for report in _open(actor).filter(
        problem_class_id=class_id, reported_at__gte=since, place__bboverlaps=box
    ):
        metres = metres_between((lon, lat), (report.place.x, report.place.y))
        if metres <= bound.metres:
            found.append((metres, _face(report, metres)))
    found.sort(key=lambda one: (one[0], one[1]["number"]))
    return [face for _metres, face in found[:NEAR_AT_MOST]]


def open_in(actor: Actor, cells: Collection[str]) -> list[dict[str, Any]]:
    """Open cases of some cells, newest first, for the strip of a phone without a network. One query."""
    return [
        _face(report, None)
        for report in _open(actor).filter(cell_code__in=cells).order_by("-reported_at")[:OPEN_AT_MOST]
    ]


def _open(actor: Actor) -> QuerySet[Report]:
    return (
        Report.objects.filter(is_open=True, case__stream_id=actor.stream)
        .select_related("case")
        .annotate(joined=Count("case__joinings"))
    )


def _face(report: Any, metres: float | None) -> dict[str, Any]:
    card = dress(report.case.card)
    return {
        **{key: card.get(key) for key in SHOWN},
        "address": report.address,
        "joined": report.joined,
        "distance_m": None if metres is None else round(metres, 1),
    }
