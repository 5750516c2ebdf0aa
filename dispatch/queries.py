"""Reads. Every function takes the actor and answers only what that post may see."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Polygon
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from casework import journal
from casework.access import Actor
from casework.errors import Invalid, Missing, NotAllowed
from casework.models import Case, Person
from casework.roles import Role
from casework.rows import one_view
from dispatch.models import Report, Task
from dispatch.policy import sees, visible
from dispatch.queues import QUEUES, Queue, queues_of
from dispatch.workflow import AT_REST
from gis_data import crs

PAGE = 50
PAGE_AT_MOST = 200
SNAPSHOT_AT_MOST = 500
EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True)
class Page:
    """Some rows and the cursor that continues after the last one; None at the end."""

    items: list[dict[str, Any]]
    next: str | None


# --- cursors -------------------------------------------------------------------------------------


def cursor_after(at: datetime, pk: UUID) -> str:
    """An opaque cursor for keyset pages ordered by an instant and the id."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), str(pk)]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, UUID]:
    try:
        at, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError("an instant without a zone")
        return instant, UUID(str(pk))
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid(
            _("This page mark cannot be read."),
            field="after",
            value=text,
            mend=_("Use `next` of the page before as it is."),
        ) from error


def keyset(rows: QuerySet[Case], *, by: str, after: str | None, limit: int, falling: bool = False) -> Page:
    """One page of cards in the order of `by` and id. One query whatever the depth."""
    if after:
        at, pk = read_cursor(after)
        # the plain comparison first: it is what the index is entered by
        beyond = "lte" if falling else "gte"
        strict = "lt" if falling else "gt"
        rows = rows.filter(**{f"{by}__{beyond}": at}).filter(
            Q(**{f"{by}__{strict}": at}) | Q(**{by: at, f"pk__{strict}": pk})
        )
    sign = "-" if falling else ""
    found = list(rows.order_by(f"{sign}{by}", f"{sign}pk").values_list("card", by, "pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return Page([card for card, *_ in found[:limit]], cursor_after(last[1], last[2]) if last else None)


# --- lists ---------------------------------------------------------------------------------------


def queue_named(key: str, actor: Actor) -> Queue:
    """The queue, if this post works it."""
    queue = QUEUES.get(key)
    if queue is None:
        raise Invalid(
            _("There is no list “%(key)s”.") % {"key": key},
            field="queue",
            value=key,
            mend=_("One of: %(keys)s.") % {"keys": ", ".join(q.key for q in queues_of(actor.role))},
        )
    if actor.role not in queue.roles:
        raise NotAllowed(_("Your post does not work this list."), field="queue", value=key)
    return queue


def in_queue(queue: Queue, actor: Actor) -> QuerySet[Case]:
    """The open cases of a queue; rights are those of the queue's roles and of the own organisation."""
    rows = Case.objects.filter(
        kind="report", stream_id=actor.stream, state__in=sorted(queue.states), ended_at__isnull=True
    )
    return rows.filter(organisation_id=actor.organisation_id) if queue.own else rows


def queue_page(key: str, actor: Actor, *, after: str | None = None, limit: int = PAGE) -> Page:
    """A page of a desk's queue, least time left first."""
    return keyset(
        in_queue(queue_named(key, actor), actor), by="due_at", after=after, limit=min(limit, PAGE_AT_MOST)
    )


def newest_page(
    actor: Actor,
    *,
    after: str | None = None,
    limit: int = PAGE,
    number: str = "",
    area: str = "",
    component: str = "",
    mine: bool = False,
) -> Page:
    """Cases of any state that the actor may see, newest first."""
    rows = Case.objects.filter(visible(actor))
    if mine:
        rows = rows.filter(report__reporter_id=actor.person_id)
    if number:
        rows = rows.filter(number__startswith=number)
    if area:
        rows = rows.filter(report__cell_code__startswith=area)
    if component:
        rows = rows.filter(report__component_code=component)
    return keyset(rows, by="opened_at", after=after, limit=min(limit, PAGE_AT_MOST), falling=True)


def snapshot(key: str, actor: Actor) -> dict[str, Any]:
    """A queue and the head of the journal as of one moment: entries after `head` lead on from `items`."""
    queue = queue_named(key, actor)
    with one_view():
        head = journal.head(actor.stream)
        rows = in_queue(queue, actor)
        items = list(rows.order_by("due_at", "pk").values_list("card", flat=True)[:SNAPSHOT_AT_MOST])
        count = len(items) if len(items) < SNAPSHOT_AT_MOST else rows.count()
    return {
        "stream": actor.stream,
        "head": head,
        "items": items,
        "count": count,
        "states": sorted(queue.states),
    }


def summary(actor: Actor) -> dict[str, Any]:
    """How many cases stand in each of the actor's queues, and how many of them are overdue. One query."""
    queues = queues_of(actor.role)
    now = timezone.now()
    mine = Q(organisation_id=actor.organisation_id)
    asked: dict[str, Any] = {}
    for queue in queues:
        held = Q(state__in=sorted(queue.states)) & (mine if queue.own else Q())
        asked[queue.key] = Count("pk", filter=held)
        asked[f"{queue.key}_overdue"] = Count("pk", filter=held & Q(due_at__lt=now))
    rows = Case.objects.filter(kind="report", stream_id=actor.stream, ended_at__isnull=True)
    if actor.role == Role.DEPARTMENT:
        rows = rows.filter(mine)
    with one_view():
        head = journal.head(actor.stream)
        counted = rows.aggregate(**asked) if asked else {}
    return {
        "stream": actor.stream,
        "head": head,
        "queues": {
            queue.key: {
                "label": str(queue.label),
                "count": counted[queue.key],
                "overdue": counted[f"{queue.key}_overdue"],
                "states": sorted(queue.states),
                "own": queue.own,
            }
            for queue in queues
        },
    }


# --- one case ------------------------------------------------------------------------------------


def case_seen_by(actor: Actor, case_id: UUID) -> Case:
    """The case, if it is there and this post may see it; Missing otherwise, without saying which."""
    case = Case.objects.filter(pk=case_id, kind="report", stream_id=actor.stream).first()
    if case is None or not sees(actor, case.card):
        raise Missing(
            _("There is no such case, or your post may not see it."),
            field="case_id",
            value=case_id,
            mend=_("Check the number; a case handed on is seen by its new department."),
        )
    return case


def report_in_full(case_id: UUID) -> Report:
    """The report with what its page shows. Rights are checked before."""
    return Report.objects.select_related(
        "case", "problem_class", "condition", "reporter", "party", "department"
    ).get(pk=case_id)


def open_tasks(actor: Actor) -> list[Task]:
    """The inspector's open errands, oldest first, with their cases."""
    return list(
        Task.objects.filter(inspector_id=actor.person_id, state=Task.State.OPEN)
        .select_related("case")
        .order_by("sent_at", "pk")
    )


# --- the map -------------------------------------------------------------------------------------


def cases_in_view(actor: Actor, box: tuple[float, float, float, float], zoom: int) -> dict[str, Any]:
    """Open cases in a box (west, south, east, north; crs.STORE): single ones near, clusters far.

    From zoom 17 on every case is itself. Below, cases of one square of the screen (64 px) are counted
    together; a square with one case shows that case. Counts, clusters and single cases come from one
    query, so they agree; from then on entries keep them true (frontend/src/map/squares.js): each says whether
    its reader saw the case before, so that a case is counted once in and once out.
    side   of a square in degrees, 0: none; rest   states in which a case is not on the map
    """
    side = 0 if zoom >= 17 else 360.0 / 2**zoom / 4
    view = {"stream": actor.stream, "side": side, "rest": sorted(AT_REST)}
    with one_view():
        head = journal.head(actor.stream)
        rows = Case.objects.filter(
            visible(actor), ended_at__isnull=True, report__is_open=True, report__place__bboverlaps=_box(box)
        )
        # box and rights come from the ORM, the grouping is plain SQL around it
        try:
            inner, parameters = rows.values("pk", "card", "due_at", "report__place").query.sql_with_params()
        except EmptyResultSet:  # a post that sees no case at all
            return {**view, "head": head, "clusters": [], "items": []}
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT count(*), count(*) FILTER (WHERE due_at < now()),
                           avg(ST_X(place)), avg(ST_Y(place)),
                           CASE WHEN count(*) = 1 THEN (array_agg(card))[1] END
                    FROM ({inner}) AS seen (pk, card, due_at, place)
                    GROUP BY CASE WHEN %s > 0
                        THEN floor(ST_X(place) / %s)::text || '/' || floor(ST_Y(place) / %s)::text
                                  ELSE pk::text END""",
                [*parameters, side, side or 1, side or 1],
            )
            found = cursor.fetchall()
    clusters = [
        {"lon": lon, "lat": lat, "count": count, "overdue": overdue}
        for count, overdue, lon, lat, card in found
        if card is None
    ]
    singles = [json.loads(card) if isinstance(card, str) else card for *_, card in found if card is not None]
    return {**view, "head": head, "clusters": clusters, "items": singles}


def _box(box: tuple[float, float, float, float]) -> Polygon:
    polygon = Polygon.from_bbox(box)
    polygon.srid = crs.STORE
    return polygon


def metres_between(a: Sequence[float], b: Sequence[float]) -> float:
    """Great-circle distance in metres between two lon/lat pairs; good to 0.5 %."""
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (*a, *b))
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(h))


# --- inspectors ----------------------------------------------------------------------------------


def _inspectors(stream: str) -> QuerySet[Person]:
    now = timezone.now()
    return (
        Person.objects.filter(
            is_active=True,
            holdings__post__role=Role.INSPECTOR,
            holdings__post__stream_id=stream,
            holdings__since__lte=now,
        )
        .exclude(holdings__until__lte=now)
        .distinct()
    )


def inspector_named(person_id: int, stream: str) -> Person | None:
    """That person, if an inspector of this stream."""
    return _inspectors(stream).filter(pk=person_id).first()


def inspector_for(cell_code: str, stream: str) -> Person | None:
    """Who walks the cell's responsibility grid today; of several, the one with the fewest open tasks.

    Where nobody does, an inspector of the same community, then of the same street.
    """
    today = timezone.localdate()
    for prefix in (cell_code, cell_code[:12], cell_code[:9]):
        walking = (
            _inspectors(stream)
            .filter(
                Q(duties__valid_to__isnull=True) | Q(duties__valid_to__gte=today),
                duties__valid_from__lte=today,
                duties__grid__cells__code__startswith=prefix,
            )
            .annotate(busy=Count("tasks", filter=Q(tasks__state=Task.State.OPEN), distinct=True))
            .order_by("busy", "pk")
            .first()
        )
        if walking is not None:
            return walking
    return None
