"""Reads of surveys: what is out, what an inspector has still to count, and the table of results."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Missing
from casework.journal import instant
from casework.models import Case
from casework.roles import Role
from dispatch.models import Survey, SurveyCell
from dispatch.survey_flow import KIND, SURVEY_MOVES, SurveyState, dress, sees
from gis_data.models import Area, Component

LISTED_AT_MOST = 200
TASKS_AT_MOST = 400


def surveys_seen_by(actor: Actor) -> list[dict[str, Any]]:
    """Surveys of the stream, newest first; for an inspector only the open ones in which she counts."""
    rows = Case.objects.filter(kind=KIND, stream_id=actor.stream)
    if actor.role == Role.INSPECTOR:
        rows = rows.filter(ended_at__isnull=True)
    cards = rows.order_by("-opened_at", "-pk").values_list("card", flat=True)
    return [dress(card) for card in cards[:LISTED_AT_MOST] if sees(actor, card)]


def survey_seen_by(actor: Actor, survey_id: UUID) -> Survey:
    """The survey, if it is there and this post may see it."""
    survey = (
        Survey.objects.select_related("case", "problem_class")
        .filter(pk=survey_id, case__stream_id=actor.stream)
        .first()
    )
    if survey is None or not sees(actor, survey.case.card):
        raise Missing(
            _("There is no such survey, or your post may not see it."), field="survey_id", value=survey_id
        )
    return survey


def survey_face(actor: Actor, survey: Survey) -> dict[str, Any]:
    """A survey with its table: a row a cell, and the totals. Three queries."""
    cells = list(SurveyCell.objects.filter(survey=survey).select_related("inspector"))
    names = dict(
        Area.objects.filter(
            generation__state="active", code__in={cell.cell_code[:12] for cell in cells}
        ).values_list("code", "name")
    )
    rows = [_row(cell, names) for cell in cells]
    states = Counter(row["state"] for row in rows)
    counts = ("expected", "present", "damaged", "missing", "extra", "counted")
    return {
        **dress(survey.case.card),
        "version": survey.case.version,
        "note": survey.note,
        "kind": survey.problem_class.kind,
        "class_code": survey.problem_class.code,
        "class_name": survey.problem_class.name,
        "class_name_en": survey.problem_class.name_en,
        "moves": [
            {"verb": m.verb, "label": str(m.label), "asks": list(m.asks), "primary": m.primary}
            for m in SURVEY_MOVES.legal(survey.case.state, [actor.role])
            if m.verb != "count_cell"
        ],
        "totals": {
            **{key: sum(row[key] or 0 for row in rows) for key in counts},
            "counted_cells": states[SurveyCell.State.COUNTED],
            "cannot_tell": states[SurveyCell.State.CANNOT_TELL],
            "open": states[SurveyCell.State.OPEN],
        },
        "rows": rows,
    }


def _row(cell: SurveyCell, names: Mapping[str, str]) -> dict[str, Any]:
    ticks = Counter(cell.ticks.values())
    return {
        "id": cell.pk,
        "cell_code": cell.cell_code,
        "community": names.get(cell.cell_code[:12], ""),
        "inspector": str(cell.inspector),
        "state": cell.state,
        "expected": cell.expected,
        "present": ticks["present"],
        "damaged": ticks["damaged"],
        "missing": ticks["missing"],
        "extra": cell.extra,
        "counted": cell.counted,
        "note": cell.note,
        "answered_at": cell.answered_at,
        "distance_m": cell.distance_m,
    }


def open_cells_of(actor: Actor) -> list[dict[str, Any]]:
    """The cells that this inspector has still to count, with what the inventory says stands there."""
    cells = list(
        SurveyCell.objects.filter(
            inspector_id=actor.person_id,
            state=SurveyCell.State.OPEN,
            survey__case__stream_id=actor.stream,
            survey__case__state=SurveyState.SURVEYING,
        )
        .select_related("survey__case", "survey__problem_class")
        .order_by("survey__due_at", "survey_id", "cell_code")[:TASKS_AT_MOST]
    )
    if not cells:
        return []
    middles = _middles([cell.cell_code for cell in cells])
    standing = _standing(cells)
    return [
        {
            "id": cell.pk,
            "survey_id": str(cell.survey_id),
            "number": cell.survey.case.number,
            "title": cell.survey.title,
            "note": cell.survey.note,
            "class_id": cell.survey.problem_class_id,
            "class_name": cell.survey.problem_class.name,
            "class_name_en": cell.survey.problem_class.name_en,
            "kind": cell.survey.problem_class.kind,
            "cell_code": cell.cell_code,
            "due_at": instant(cell.survey.due_at) if cell.survey.due_at else None,
            "lon": middles.get(cell.cell_code, (None, None))[0],
            "lat": middles.get(cell.cell_code, (None, None))[1],
            "components": standing[cell.survey.problem_class_id, cell.cell_code],
        }
        for cell in cells
    ]


def _standing(cells: Sequence[SurveyCell]) -> dict[tuple[int, str], list[dict[str, Any]]]:
    wanted = Q(pk__in=[])
    for class_id in {cell.survey.problem_class_id for cell in cells}:
        codes = [cell.cell_code for cell in cells if cell.survey.problem_class_id == class_id]
        wanted |= Q(problem_class_id=class_id, cell_code__in=codes)
    found: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for code, class_id, cell_code, place in (
        Component.objects.filter(wanted, retired_on=None)
        .order_by("code")
        .values_list("code", "problem_class_id", "cell_code", "place")
    ):
        found[class_id, cell_code].append({"code": code, "lon": round(place.x, 7), "lat": round(place.y, 7)})
    return found


def _middles(codes: Sequence[str]) -> dict[str, tuple[float, float]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, ST_X(p), ST_Y(p) FROM (SELECT code, ST_PointOnSurface(border) AS p"
            " FROM gis_data_cell WHERE active AND code = ANY(%s)) AS cell",
            [list(set(codes))],
        )
        return {code: (round(lon, 7), round(lat, 7)) for code, lon, lat in cursor.fetchall()}
