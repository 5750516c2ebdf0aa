"""The pack: all that a phone needs for a day without a network, small, and only what has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import shapely
from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import get_language

from casework import sounds
from casework.access import Actor
from casework.journal import dumps, instant
from casework.models import Attachment
from dispatch import queries
from dispatch.actions.base import PHOTOS_AT_MOST
from dispatch.cards import dress
from dispatch.faces import condition_face
from dispatch.models import CellVisit, FilingCondition, GridDuty, PatrolPolicy, RankingTable, Report, Task
from dispatch.phone import chips
from dispatch.phone.limits import BATCH_BYTES, BATCH_ITEMS, FIXES_AT_MOST
from dispatch.phone.near import open_in
from dispatch.phone.policy import patrol_policy
from dispatch.surveys import open_cells_of
from gis_data.models import Component, LayerVersion
from gis_data.queries import search_classes
from gis_data.sql import rows

UNIT: Final = 1e-6  # degrees: a tenth of a metre
CELLS_AT_MOST: Final = 900
COMPONENTS_AT_MOST: Final = 12_000
BASE_AT_MOST: Final = 4_000
SIMPLIFY: Final = 1e-5
LAYERS: Final = ("base", "cells", "components", "grids")
PARTS: Final = ("ground", "classes", "ranking")


@dataclass(frozen=True)
class Pack:
    """The ETag, equal for equal contents in one language whenever they were put together; and the contents,
    None where the caller has them already.
    """

    etag: str
    contents: dict[str, Any] | None


def pack_for(actor: Actor, have: Mapping[str, str], *, known: str = "") -> Pack:
    """What this inspector's phone is given now.

    have    a part whose version she has comes as its version alone
    known   the ETags that she has, as If-None-Match tells them
    """
    walked = walked_cells(actor.person_id)
    around = rows("walked_cells", codes=walked, at_most=CELLS_AT_MOST) if walked else []
    codes = [str(row[0]) for row in around]
    classes = _classes()
    versions = {
        "ground": _ground_version(walked),
        "classes": str(classes["version"]),
        "ranking": _ranking_version(actor.stream),
    }
    light = {
        "stream": actor.stream,
        "language": get_language() or settings.LANGUAGE_CODE,
        "me": {"id": actor.person_id, "name": actor.name},
        "settings": phone_settings(patrol_policy(actor.stream)),
        "tasks": task_cards(actor),
        "surveys": open_cells_of(actor),
        "open": open_in(actor, codes),
        "visits": last_visits(walked),
    }
    wanted = [part for part in PARTS if have.get(part) != versions[part]]
    version = hashlib.sha256(dumps([_texts(light), versions, wanted]).encode()).hexdigest()[:24]
    etag = f'"{version}"'
    if etag in known:
        return Pack(etag, None)
    parts: dict[str, dict[str, Any]] = {part: {"version": versions[part]} for part in PARTS}
    if "ground" in wanted:
        parts["ground"].update(_ground(around))
    if "classes" in wanted:
        parts["classes"] = classes
    if "ranking" in wanted:
        parts["ranking"] = chips.table_for(actor.stream, codes)
    return Pack(etag, {"version": version, "made_at": instant(timezone.now()), **light, **parts})


def phone_settings(policy: PatrolPolicy) -> dict[str, Any]:
    """What the phone must know of the city's rules."""
    return {
        "far_m": policy.far_m,
        "join_m": policy.join_m,
        "join_days": policy.join_days,
        "photo_far_m": policy.photo_far_m,
        "photos_at_most": PHOTOS_AT_MOST,
        "voice_s": sounds.SECONDS,
        "voice_bytes": sounds.MAX_BYTES,
        "batch_items_at_most": BATCH_ITEMS,
        "batch_bytes_at_most": BATCH_BYTES,
        "track": {
            "every_s": policy.fix_every_s,
            "least_m": policy.fix_least_m,
            "worst_accuracy_m": policy.visit_accuracy_m,
            "fixes_at_most": FIXES_AT_MOST,
            "keep_days": policy.keep_track_days,
        },
        "push_key": push_key(),
    }


def push_key() -> str | None:
    from casework import push

    return push.public_key() if push.is_on() else None


def walked_cells(person_id: int) -> list[str]:
    """Codes of the cells in force that this person walks today. One query."""
    today = localdate()
    return list(
        GridDuty.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            Q(grid__valid_from__isnull=True) | Q(grid__valid_from__lte=today),
            Q(grid__valid_to__isnull=True) | Q(grid__valid_to__gte=today),
            person_id=person_id,
            valid_from__lte=today,
            grid__cells__active=True,
        )
        .order_by("grid__cells__code")
        .values_list("grid__cells__code", flat=True)
        .distinct()
    )


def last_visits(cells: Sequence[str]) -> dict[str, str]:
    """When anybody was last seen in each of some cells. One query."""
    since = timezone.now() - timedelta(days=90)
    found = (
        CellVisit.objects.filter(cell_code__in=cells, left_at__gte=since)
        .values_list("cell_code")
        .annotate(last=Max("left_at"))
    )
    return {cell: instant(last) for cell, last in found}


def task_cards(actor: Actor) -> list[dict[str, Any]]:
    """The inspector's open errands with what she needs on site: words, and the pictures from before."""
    tasks = queries.open_tasks(actor)
    cases = [task.case_id for task in tasks]
    reports = {
        report.case_id: report
        for report in Report.objects.filter(pk__in=cases).only("case_id", "text", "address", "component_code")
    }
    before: dict[Any, list[str]] = {}
    wanted = (Attachment.Kind.REPORT, Attachment.Kind.FINISH)
    for case_id, pk, kind in (
        Attachment.objects.filter(case_id__in=cases, kind__in=wanted)
        .order_by("uploaded_at", "pk")
        .values_list("case_id", "pk", "kind")
    ):
        before.setdefault((case_id, kind), []).append(str(pk))
    return [_task_card(task, reports[task.case_id], before) for task in tasks]


def _task_card(task: Task, report: Report, before: Mapping[Any, list[str]]) -> dict[str, Any]:
    return {
        "id": task.pk,
        "kind": task.kind,
        "sent_at": instant(task.sent_at),
        "due_at": instant(task.case.due_at) if task.case.due_at else None,
        "case": dress(task.case.card),
        "text": report.text,
        "address": report.address,
        "component_code": report.component_code,
        "before": before.get((task.case_id, "report"), []),
        "handled": before.get((task.case_id, "finish"), []),
    }


# --- parts ----------------------------------------------------------------------------------------------


def _ground_version(walked: Sequence[str]) -> str:
    layers = dict(LayerVersion.objects.filter(layer__in=LAYERS).values_list("layer", "version"))
    told = dumps([sorted(layers.items()), list(walked)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _ranking_version(stream: str) -> str:
    return RankingTable.objects.filter(stream_id=stream).values_list("version", flat=True).first() or "none"


def _ground(around: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Cells, components and base map in whole millionths of a degree from their south-western corner."""
    empty: dict[str, Any] = {"origin": [0, 0], "unit": UNIT, "truncated": False}
    if not around:
        return {**empty, "cells": [], "components": [], "base": []}
    borders = shapely.from_wkb([bytes(row[2]) for row in around])
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(borders))
    origin = (round(west, 6), round(south, 6))
    codes = [row[0] for row in around]
    components = list(
        Component.objects.filter(cell_code__in=codes, retired_on=None)
        .order_by("code")
        .values_list("code", "problem_class_id", "place", "owner_code")[: COMPONENTS_AT_MOST + 1]
    )
    base = rows(
        "base_in_box",
        west=west,
        south=south,
        east=east,
        north=north,
        tolerance=SIMPLIFY,
        at_most=BASE_AT_MOST,
    )
    return {
        "origin": list(origin),
        "unit": UNIT,
        "truncated": len(components) > COMPONENTS_AT_MOST or len(around) == CELLS_AT_MOST,
        "cells": [
            {"code": row[0], "own": row[1], "shape": _whole(shapely.get_coordinates(border.exterior), origin)}
            for row, border in zip(around, borders, strict=True)
        ],
        "components": [
            [code, class_id, *_whole([(place.x, place.y)], origin), owner]
            for code, class_id, place, owner in components[:COMPONENTS_AT_MOST]
        ],
        "base": [part for row in base for part in _drawn(row, origin)],
    }


def _drawn(row: tuple[Any, ...], origin: tuple[float, float]) -> Iterable[list[Any]]:
    kind, rank, name, name_en, wkb = row
    shape: Any = shapely.from_wkb(bytes(wkb))
    if shape.geom_type == "Polygon":
        yield [kind, rank, name, name_en, "area", _whole(shapely.get_coordinates(shape.exterior), origin)]
    elif shape.geom_type in ("LineString", "LinearRing"):
        yield [kind, rank, name, name_en, "line", _whole(shapely.get_coordinates(shape), origin)]
    elif shape.geom_type == "Point":
        yield [kind, rank, name, name_en, "point", _whole([(shape.x, shape.y)], origin)]


def _whole(points: Any, origin: tuple[float, float]) -> list[int]:
    return [
        number
        for lon, lat in points
        for number in (round((float(lon) - origin[0]) / UNIT), round((float(lat) - origin[1]) / UNIT))
    ]


def _classes() -> dict[str, Any]:
    """The classes in use with their conditions, in both languages; three queries."""
    conditions: dict[int, list[FilingCondition]] = {}
    for condition in FilingCondition.objects.filter(active=True):
        conditions.setdefault(condition.problem_class_id, []).append(condition)
    items = [
        {
            "id": c.pk, "kind": c.kind, "code": c.code, "major_code": c.major_code, "major": c.major,
            "major_en": c.major_en, "name": c.name, "name_en": c.name_en, "pinyin": c.pinyin,
            "initials": c.initials,
            "conditions": [
                {
                    "id": one.pk,
                    "text": one.text,
                    "text_en": one.text_en or one.text,
                    "limit_text": condition_face(one)["limit_text"],
                }
                for one in conditions.get(c.pk, [])
            ],
        }
        for c in search_classes()
    ]  # fmt: skip
    return {"version": hashlib.sha256(dumps(items).encode()).hexdigest()[:16], "items": items}


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _texts(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(one) for one in value]
    return value if isinstance(value, int | float | bool | None) else str(value)
