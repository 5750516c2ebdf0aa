"""The journey of a special survey (专项普查): ordered, counted cell by cell, closed. A flow of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from casework.access import Actor
from casework.flows import Flow
from casework.roles import COMMAND, SUPERVISION, Role
from casework.workflow import Move, Moves
from dispatch.policy import SEES_ALL

KIND = "survey"


class SurveyState(TextChoices):
    SURVEYING = "surveying", _("being counted")  # 普查中
    SURVEYED = "surveyed", _("count finished")  # 普查完成
    CANCELLED = "cancelled", _("count cancelled")  # 普查取消


S = SurveyState
SURVEY_MOVES = Moves(
    rows=(
        Move("open_survey", frozenset(), S.SURVEYING, SUPERVISION, _("Order a survey")),
        Move("count_cell", frozenset({S.SURVEYING}), None, frozenset({Role.INSPECTOR}), _("Count a cell")),
        Move("close_survey", frozenset({S.SURVEYING}), S.SURVEYED, SUPERVISION, _("Close the survey")),
        Move("cancel_survey", frozenset({S.SURVEYING}), S.CANCELLED, SUPERVISION, _("Cancel the survey"),
             asks=("reason",)),
    ),
    final=frozenset({S.SURVEYED, S.CANCELLED}),
)  # fmt: skip
HIDDEN = frozenset({"inspector_ids"})


def sees(actor: Actor, card: Mapping[str, Any]) -> bool:
    """The centres see all; an inspector those in which she counts."""
    if actor.role in SUPERVISION | COMMAND | {Role.MANAGER}:
        return True
    return actor.role == Role.INSPECTOR and actor.person_id in card["inspector_ids"]


def audience(actor: Actor) -> Any:
    return "all" if actor.role in SEES_ALL else ("person", actor.person_id)


def dress(card: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in card.items() if key not in HIDDEN}


SURVEY_FLOW = Flow(
    kind=KIND,
    moves=SURVEY_MOVES,
    sees=sees,
    audience=audience,
    dress=dress,
    facts_for=lambda actor, facts: {key: value for key, value in facts.items() if key not in HIDDEN},
    state_label=lambda state: str(SurveyState(state).label),
)
