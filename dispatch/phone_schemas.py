"""Shapes at the edge of the phone: what it sends from the street, and what it is given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from casework.schemas import In, Out
from dispatch import actions
from dispatch.actions.site import Answer
from dispatch.actions.survey import Count
from dispatch.phone.limits import FIXES_AT_MOST
from dispatch.schemas import CardOut, ReportIn

MOST_COUNTED = 1_000_000


class Placed(In):
    """From where something was sent. Degrees in `datum`; a position is never compulsory."""

    lon: float | None = Field(None, allow_inf_nan=False)
    lat: float | None = Field(None, allow_inf_nan=False)
    datum: str = "wgs84"
    accuracy_m: float | None = Field(None, ge=0, le=100_000, allow_inf_nan=False)
    device_at: AwareDatetime | None = None
    photos: list[UUID] = Field(default=[], description="Photographs sent before.")


class SelfHandledIn(ReportIn):
    after_photos: list[UUID] = Field(description="Photographs sent before, of how it looks now.")
    done: str = Field("", max_length=2000)


class JoinIn(Placed):
    id: UUID = Field(description="Made by the sender; sent again under it, nothing changes.")
    voice: UUID | None = Field(None, description="A voice note sent before.")
    text: str = Field("", max_length=2000)
    source: str = Field("inspector", max_length=10)
    reporter_name: str = Field("", max_length=60)
    reporter_phone: str = Field("", max_length=40)


class AnswerIn(Placed):
    id: UUID = Field(description="Made by the phone; sent again under it, nothing changes.")
    result: str = Field(max_length=11)
    note: str = Field("", max_length=2000)


class CountIn(Placed):
    id: UUID = Field(description="Made by the phone; sent again under it, nothing changes.")
    counted: int | None = Field(None, ge=0, le=MOST_COUNTED)
    ticks: dict[str, str] = Field(default={}, max_length=2000)
    extra: int = Field(0, ge=0, le=MOST_COUNTED)
    cannot_tell: bool = False
    note: str = Field("", max_length=2000)


def sighting_of(sent: JoinIn) -> actions.Sighting:
    return actions.Sighting(
        note=sent.text, **{**sent.model_dump(exclude={"text", "photos"}), "photos": tuple(sent.photos)}
    )


def answer_of(task_id: int, sent: AnswerIn) -> Answer:
    return Answer(task_id=task_id, **{**sent.model_dump(exclude={"photos"}), "photos": tuple(sent.photos)})


def count_of(sent: CountIn) -> Count:
    return Count(**{**sent.model_dump(exclude={"photos"}), "photos": tuple(sent.photos)})


class PackOut(Out):
    """See docs/phone.md for the parts; coordinates are whole millionths of a degree from `ground.origin`."""

    version: str
    made_at: datetime
    stream: str
    language: str
    me: dict[str, Any]
    settings: dict[str, Any]
    tasks: list[dict[str, Any]]
    surveys: list[dict[str, Any]]
    open: list[dict[str, Any]]
    visits: dict[str, str]
    ground: dict[str, Any]
    classes: dict[str, Any]
    ranking: dict[str, Any]


class RankedOut(Out):
    class_id: int
    condition_id: int
    score: int
    why: str


class RankingOut(Out):
    items: list[RankedOut]


class NearOut(Out):
    id: UUID
    number: str
    class_id: int
    class_code: str
    class_name: str
    class_name_en: str
    state: str
    lon: float
    lat: float
    cell_code: str
    reported_at: datetime
    photo: UUID | None
    address: str
    joined: int
    distance_m: float | None


class NearPage(Out):
    items: list[NearOut]


class JoinedOut(Out):
    id: UUID
    case_id: UUID
    number: str
    joined: int
    distance_m: float | None


class AnsweredOut(Out):
    id: UUID | None
    task_id: int
    case_id: UUID
    number: str
    state: str
    distance_m: float | None
    far: bool
    repeated: bool


class BatchOut(Out):
    """Answers in the order of the items; `error` is in the one shape of errors."""

    items: list[BatchItemOut]


class BatchItemOut(Out):
    id: str
    status: int
    number: str | None
    case_id: UUID | None
    error: dict[str, Any] | None


class TaskCardOut(Out):
    id: int
    kind: str
    sent_at: datetime
    due_at: datetime | None
    case: CardOut
    text: str
    address: str
    component_code: str
    before: list[UUID] = Field(description="Photographs of the report.")
    handled: list[UUID] = Field(description="Photographs of the handling.")


class TasksOut(Out):
    items: list[TaskCardOut]


# --- patrol ----------------------------------------------------------------------------------------------


class SwitchIn(In):
    on: bool
    id: UUID = Field(description="Of the shift, made by the phone when it begins.")
    device_at: AwareDatetime = Field(description="When the switch was touched, by the phone's clock.")
    sent_at: AwareDatetime | None = Field(None, description="When this was sent, by the same clock.")


class FixIn(In):
    at: AwareDatetime
    lon: float = Field(allow_inf_nan=False)
    lat: float = Field(allow_inf_nan=False)
    accuracy_m: float = Field(ge=0, le=100_000, allow_inf_nan=False)
    datum: str = "wgs84"


class TrackIn(In):
    id: UUID = Field(description="Of the batch, made by the phone; sent again, nothing changes.")
    sent_at: AwareDatetime = Field(description="The phone's clock now: it tells how wrong that clock is.")
    fixes: list[FixIn] = Field(max_length=FIXES_AT_MOST)


class TrackKeptOut(Out):
    id: UUID
    kept: int
    dropped: int
    repeated: bool


class ShiftOut(Out):
    id: UUID
    began_at: datetime
    ended_at: datetime | None


class WalkedCellOut(Out):
    code: str
    visited_at: datetime | None


class DutyOut(Out):
    on: bool
    shift: ShiftOut | None
    cells: list[WalkedCellOut]
    keep_days: int
    keep_visits_days: int
    watched_by: list[str]


class StoredShiftOut(ShiftOut):
    fixes: int
    delete_on: date | None


class StoredOut(Out):
    keep_days: int
    keep_visits_days: int
    fixes: int
    oldest_at: datetime | None
    newest_at: datetime | None
    deleted_by: date | None
    visits: int
    visits_deleted_by: date | None
    shifts: list[StoredShiftOut]


class OwnTrackOut(Out):
    fixes: list[tuple[float, float, float, datetime]]


class PositionOut(Out):
    person_id: int
    name: str
    lon: float
    lat: float
    accuracy_m: float | None
    at: datetime
    age_s: int
    open_tasks: int


class PositionsOut(Out):
    items: list[PositionOut]


class PatrolFigureOut(Out):
    key: str
    title: str
    numerator: int
    denominator: int
    value: float | None
    unit: str
    definition: str


class PatrolRowOut(Out):
    person_id: int
    name: str
    coverage: dict[str, Any]
    missed: int
    reported: int


class PatrolFiguresOut(Out):
    first: date = Field(alias="from")
    to: date
    figures: list[PatrolFigureOut]
    by_inspector: list[PatrolRowOut]


# --- surveys ---------------------------------------------------------------------------------------------


class SurveyIn(In):
    id: UUID
    title: str = Field(min_length=1, max_length=100)
    class_id: int
    areas: list[str] = Field(default=[], max_length=200)
    grids: list[str] = Field(default=[], max_length=200)
    due_at: AwareDatetime | None = None
    note: str = Field("", max_length=2000)


class SurveyMoveIn(In):
    version: int
    reason: str = Field("", max_length=2000)


class SurveyCardOut(Out):
    id: UUID
    number: str
    state: str
    title: str
    class_id: int
    due_at: datetime | None
    opened_at: datetime
    cells: int
    done: int


class SurveysOut(Out):
    items: list[SurveyCardOut]


class SurveyOut(SurveyCardOut):
    version: int
    note: str
    kind: str
    class_code: str
    class_name: str
    class_name_en: str
    moves: list[dict[str, Any]]
    totals: dict[str, int]
    rows: list[dict[str, Any]]


class SurveyTasksOut(Out):
    items: list[dict[str, Any]]


class CountedCellOut(Out):
    id: UUID
    task_id: int
    survey_id: UUID
    number: str
    state: str
    counted: int | None
    distance_m: float | None
    repeated: bool
