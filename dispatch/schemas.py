"""Shapes at the edge of reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, Field

from casework.schemas import EntryOut, In, NamedOut, Out
from dispatch.actions.intake import NewReport


class ReporterIn(In):
    name: str = Field("", max_length=60)
    phone: str = Field("", max_length=40)


class ReportIn(In):
    id: UUID = Field(description="Made by the sender; the same report sent again under it changes nothing.")
    class_id: int
    condition_id: int | None = None
    lon: float = Field(description="Degrees in `datum`.", allow_inf_nan=False)
    lat: float = Field(description="Degrees in `datum`.", allow_inf_nan=False)
    datum: str = Field(description="wgs84 | gcj02 | bd09; never guessed.")
    accuracy_m: float | None = Field(None, ge=0, le=100_000, allow_inf_nan=False)
    component_code: str = Field("", max_length=18)
    text: str = Field("", max_length=4000)
    address: str = Field("", max_length=200)
    photos: list[UUID] = Field(default=[], description="Photographs sent before, at most nine.")
    voice: UUID | None = Field(None, description="A voice note sent before.")
    source: str = Field(max_length=10)
    device_at: AwareDatetime
    reporter: ReporterIn | None = None


def report_of(sent: ReportIn) -> NewReport:
    """What the action takes, from what was sent; what a longer form adds is left to its reader."""
    told = sent.model_dump(include=set(ReportIn.model_fields) - {"reporter", "photos"})
    reporter = sent.reporter
    return NewReport(
        **told,
        photos=tuple(sent.photos),
        reporter_name=reporter.name if reporter else "",
        reporter_phone=reporter.phone if reporter else "",
    )


class MoveIn(In):
    """The arguments of all moves; each move's description says which it needs."""

    version: int = Field(description="The version of the case that the caller looked at.")
    id: UUID | None = Field(
        None, description="answer, join, message: made by the sender, so that a repeat is known."
    )
    reason: str = Field("", max_length=2000)
    note: str = Field("", max_length=2000)
    result: str = Field("", max_length=11)
    closing: str = Field("", max_length=2000)
    handler: str = Field("", max_length=60)
    condition_id: int | None = None
    class_id: int | None = Field(None, description="split: what the other problem is.")
    main_id: UUID | None = Field(None, description="mark_duplicate: the case that this one is the same as.")
    inspector_id: int | None = None
    days: int | None = Field(None, description="ask_hang: for how many days.")
    kind: str = Field("", max_length=9, description="supervise: leader or important.")
    limit_type: str = Field(
        "", max_length=4, description="file: A, B or C, where the condition offers types."
    )
    organisation_code: str = Field("", max_length=40)
    photos: list[UUID] = Field(default=[])
    lon: float | None = Field(None, allow_inf_nan=False)
    lat: float | None = Field(None, allow_inf_nan=False)
    datum: str = "wgs84"


class ReliefOut(Out):
    """What the department has asked for (extension, hanging, appeal) and which role decides next."""

    kind: str
    does: str
    by: str


class MainOut(Out):
    id: UUID
    number: str
    state: str


class CardOut(Out):
    """A case as lists and the map show it."""

    id: UUID
    number: str
    version: int
    state: str
    class_id: int
    class_code: str = ""
    class_name: str = ""
    class_name_en: str = ""
    kind: str = ""
    condition_id: int | None
    condition: str = ""
    condition_en: str = ""
    source: str
    lon: float
    lat: float
    cell_code: str
    community: NamedOut | None
    street: NamedOut | None
    organisation: NamedOut | None
    department: NamedOut | None
    reported_at: datetime
    moved_at: datetime
    due_at: datetime | None
    clock: str | None
    clock_started_at: datetime | None
    paused: bool
    stage: str | None = None
    relief: ReliefOut | None = None
    supervised: str = Field("", description="timeout, leader or important; empty: it is not")
    late: bool = False
    appeal: str = Field("", description="pending, granted or refused; empty: there was none")
    photo: UUID | None
    main: MainOut | None = Field(None, description="Of a duplicate: the case that it follows.")
    duplicates: int = Field(0, description="How many cases are duplicates of this one.")
    voice: UUID | None = None


class CardPage(Out):
    items: list[CardOut]
    next: str | None


class SnapshotOut(Out):
    stream: str
    head: int
    count: int
    states: list[str]
    items: list[CardOut]


class QueueOut(Out):
    label: str
    count: int
    overdue: int
    states: list[str]
    own: bool


class SummaryOut(Out):
    stream: str
    head: int
    queues: dict[str, QueueOut]


class MoveOut(Out):
    verb: str
    label: str
    asks: list[str]
    target: str | None = Field(
        description="The state afterwards; null where it stays or is not known before."
    )
    primary: bool


class ClockOut(Out):
    name: str
    label: str
    state: str
    limit_text: str
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    provisional: bool


class CasePhotoOut(Out):
    id: UUID
    kind: str
    taken_at: datetime | None
    uploaded_at: datetime
    width: int
    height: int
    source: str = Field("", description="camera or gallery, as the phone says; empty: it did not")
    off_m: float | None = Field(None, description="From its own position to the place claimed, in metres.")
    off: bool = Field(False, description="Farther than the city allows.")


class CaseVoiceOut(Out):
    id: UUID
    seconds: float
    uploaded_at: datetime


class TaskOut(Out):
    id: int
    kind: str
    inspector: str
    state: str
    result: str
    note: str
    sent_at: datetime
    done_at: datetime | None
    distance_m: float | None
    far: bool = Field(False, description="Answered farther from the place than the city allows.")


class JoiningOut(Out):
    source: str
    note: str
    person: str
    joined_at: datetime
    distance_m: float | None


class ComponentOut(Out):
    code: str
    class_code: str
    name: str
    owner: NamedOut | None


class ConditionOut(Out):
    id: int
    text: str
    closing: str
    limit_text: str


class PersonOut(Out):
    name: str
    phone: str = ""


class CaseOut(CardOut):
    text: str
    address: str
    accuracy_m: float | None
    datum: str
    device_at: datetime
    component: ComponentOut | None
    reporter: PersonOut | None
    verify_result: str
    check_result: str
    closing: str
    must_verify: bool
    conditions: list[ConditionOut]
    photos: list[CasePhotoOut]
    voices: list[CaseVoiceOut]
    tasks: list[TaskOut]
    joinings: list[JoiningOut]
    clocks: list[ClockOut]
    moves: list[MoveOut]
    handler: str = Field(description="To whom the department has assigned it.")
    undo_until: datetime | None = Field(description="Until when the caller may undo the last move.")
    history: list[EntryOut]


class ChoiceOut(Out):
    """`share`: a suggestion from history, among those listed; null where a rule named it and nothing more."""

    organisation: NamedOut
    why: str
    share: float | None = None
    cases: int | None = Field(None, description="How many handled cases the share was learnt from.")


class LostOut(Out):
    rule: str
    why: str


class ProposalOut(Out):
    outcome: str
    reason: str
    organisation: NamedOut | None
    rule_id: int | None
    rule: str
    limit_text: str
    closing: str
    lost: list[LostOut]
    alternatives: list[ChoiceOut]


class MapOut(Out):
    """`side` of the squares in which cases are counted together, in degrees; states at `rest` are out."""

    stream: str
    head: int
    side: float
    rest: list[str]
    clusters: list[dict[str, Any]]
    items: list[CardOut]


class ClassOut(Out):
    id: int
    edition: str
    kind: str
    code: str
    major_code: str
    major: str
    name: str
    name_zh: str
    name_en: str
    initials: str
    conditions: list[ConditionOut]


class ClassesOut(Out):
    items: list[ClassOut]


class AlikeOut(Out):
    card: CardOut
    score: float = Field(description="0 to 1; see `dispatch.likeness`.")
    metres: float
    hours: float
    same_component: bool | None = Field(description="Null where one of the two names none.")
    older: bool = Field(description="It was reported before this one.")


class DuplicatesOut(Out):
    proposed: list[AlikeOut]
    merged: list[CardOut]


class OrganisationsOut(Out):
    items: list[NamedOut]


class FigureOut(Out):
    key: str
    title: str
    numerator: float
    denominator: int
    value: float | None
    unit: str
    claim: str
    definition: str
    definitions: dict[str, str]


class BoardOut(Out):
    """The headline figures and their parts; each row also holds a tally under every figure's key."""

    stream: str
    first: str = Field(alias="from")
    to: str
    area: str | None
    imported: str
    definitions: dict[str, Any]
    figures: list[FigureOut]
    by_area: list[dict[str, Any]]
    by_department: list[dict[str, Any]]
    trend: list[dict[str, Any]]


class ImportedOut(Out):
    """What another system told of a case, as it spelt it; times by stage, faults by keys and in words."""

    origin: str
    ref: str
    stood: str
    stood_label: str
    department: str
    status: str
    address: str
    zone: str
    times: dict[str, datetime]
    faults: list[str]
    fault_labels: list[str]


class ToldCardOut(CardOut):
    """A card that may be an imported one: without a class of ours, without a place."""

    class_id: int | None  # type: ignore[assignment]
    lon: float | None  # type: ignore[assignment]
    lat: float | None  # type: ignore[assignment]
    imported: ImportedOut | None = None


class CountedOut(ToldCardOut):
    counted_at: datetime
    amount: float


class ImportedCaseOut(ToldCardOut):
    """An imported case in full: every entry with all that was told, and from which line of which file."""

    history: list[EntryOut]


class CountedPage(Out):
    items: list[CountedOut]
    next: str | None
