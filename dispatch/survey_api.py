"""The edge of special surveys: a centre orders and reads, inspectors count."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from casework.api import caller, signed_in
from casework.errors import Missing
from dispatch import actions, surveys
from dispatch.phone_schemas import (
    CountedCellOut,
    CountIn,
    SurveyIn,
    SurveyMoveIn,
    SurveyOut,
    SurveysOut,
    SurveyTasksOut,
    count_of,
)
from dispatch.survey_flow import SURVEY_MOVES

router = Router(tags=["Surveys"], auth=signed_in)


@router.get("/surveys", response=SurveysOut)
def listed(request: HttpRequest) -> dict[str, Any]:
    """Surveys, newest first; an inspector gets the open ones in which she counts."""
    return {"items": surveys.surveys_seen_by(caller(request))}


@router.post("/surveys", response={201: SurveyOut, 200: SurveyOut})
def order(request: HttpRequest, body: SurveyIn) -> Status[dict[str, Any]]:
    """Order a count of a class over areas and responsibility grids; each cell goes to whoever walks it."""
    actor = caller(request)
    survey, is_new = actions.open_survey(actions.NewSurvey(**body.model_dump()), actor=actor)
    return Status(201 if is_new else 200, surveys.survey_face(actor, survey))


@router.get("/surveys/tasks", response=SurveyTasksOut)
def tasks(request: HttpRequest) -> dict[str, Any]:
    """The cells that I have still to count, with what the inventory says stands there."""
    return {"items": surveys.open_cells_of(caller(request))}


@router.post("/surveys/tasks/{int:cell_id}/count", response=CountedCellOut)
def count(request: HttpRequest, cell_id: int, body: CountIn) -> dict[str, Any]:
    """Enter a count. 409 `moved_on` when the survey has been closed meanwhile; a later count replaces it."""
    cell, is_new = actions.count_cell(cell_id, count_of(body), actor=caller(request))
    return {
        "id": body.id,
        "task_id": cell.pk,
        "survey_id": cell.survey_id,
        "number": cell.survey.case.number,
        "state": cell.state,
        "counted": cell.counted,
        "distance_m": cell.distance_m,
        "repeated": not is_new,
    }


@router.get("/surveys/{uuid:survey_id}", response=SurveyOut)
def one(request: HttpRequest, survey_id: UUID) -> dict[str, Any]:
    """A survey with its table: a row a cell, and the totals."""
    actor = caller(request)
    return surveys.survey_face(actor, surveys.survey_seen_by(actor, survey_id))


@router.post("/surveys/{uuid:survey_id}/moves/{verb}", response=SurveyOut)
def move(request: HttpRequest, survey_id: UUID, verb: str, body: SurveyMoveIn) -> dict[str, Any]:
    """close_survey, or cancel_survey with a reason. What was counted stays."""
    actor = caller(request)
    surveys.survey_seen_by(actor, survey_id)
    if verb not in SURVEY_MOVES or verb in ("open_survey", "count_cell"):
        raise Missing(_("There is no move “%(verb)s”.") % {"verb": verb}, field="verb", value=verb)
    survey = actions.end_survey(survey_id, verb, actor=actor, seen=body.version, reason=body.reason)
    return surveys.survey_face(actor, survey)
