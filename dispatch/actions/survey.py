"""Special surveys (专项普查): a centre orders a count of a class, inspectors count cell by cell."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import connection
from django.db.models import Q
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Conflict, Invalid, Missing, NotAllowed, WrongState
from casework.journal import dumps, instant
from casework.models import Attachment, Case
from casework.moves import NEXT_NUMBER, Moving, Repeated, moving, opening, require
from casework.notices import tell_phone
from dispatch.actions.base import PHOTOS_AT_MOST, check_device_time, moved_on
from dispatch.models import GridDuty, Survey, SurveyCell
from dispatch.survey_flow import KIND, SURVEY_MOVES
from gis_data import crs
from gis_data.models import Cell, Component, ProblemClass

CELLS_AT_MOST = 2000
TICKS = ("present", "damaged", "missing")


@dataclass(frozen=True)
class NewSurvey:
    """What a centre orders, in areas, responsibility grids, or both. `id` is made by the sender."""

    id: UUID
    title: str
    class_id: int
    areas: Sequence[str] = ()
    grids: Sequence[str] = ()
    due_at: datetime | None = None
    note: str = ""

    def fingerprint(self) -> bytes:
        told = {key: str(value) for key, value in asdict(self).items()}
        return hashlib.sha256(dumps(told).encode()).digest()


@dataclass(frozen=True)
class Count:
    """What an inspector found in a cell. `id` is made by the phone; position in `datum`.

    counted      how many there are; told from the ticks and `extra` where components are ticked
    ticks        component code → present, damaged or missing
    extra        standing there, but not in the inventory
    cannot_tell  the cell could not be entered or seen
    """

    id: UUID
    counted: int | None = None
    ticks: Mapping[str, str] = field(default_factory=dict)
    extra: int = 0
    cannot_tell: bool = False
    note: str = ""
    photos: Sequence[UUID] = ()
    lon: float | None = None
    lat: float | None = None
    datum: str = "wgs84"
    accuracy_m: float | None = None
    device_at: datetime | None = None


def open_survey(new: NewSurvey, *, actor: Actor) -> tuple[Survey, bool]:
    """Order a survey; return it and whether it is new. Each cell goes to whoever walks it."""
    if (stored := _stored(new, actor)) is not None:
        return stored, False
    if actor.role not in SURVEY_MOVES["open_survey"].by:
        raise NotAllowed(
            _("Surveys are ordered by the supervision centre."), field="verb", value="open_survey"
        )
    found = ProblemClass.objects.filter(pk=new.class_id, active=True, edition__current=True).first()
    if found is None:
        raise Invalid(
            _("There is no class %(id)s in the edition in use.") % {"id": new.class_id},
            field="class_id",
            value=new.class_id,
            mend=_("Choose a class from the list."),
        )
    if not new.title.strip():
        raise Invalid(_("The survey has no title."), field="title", mend=_("Write what is counted and why."))
    codes = _cells(new, actor)
    walkers = _walkers(codes, actor.stream)
    expected = _inventory(found, codes)
    survey = Survey(
        case_id=new.id,
        title=new.title.strip(),
        problem_class=found,
        note=new.note.strip(),
        due_at=new.due_at,
        ordered_by_id=actor.person_id,
        fingerprint=new.fingerprint(),
    )
    everybody = sorted(set(walkers.values()))

    def card_of(case: Case, _clocks: Mapping[str, Any]) -> dict[str, Any]:
        return survey_card(case, survey, cells=len(codes), done=0, inspector_ids=everybody)

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NEXT_NUMBER}")
        running = int(cursor.fetchone()[0])
    try:
        with opening(new.id, "open_survey", kind=KIND, running=running, actor=actor, card_of=card_of) as move:
            survey.case = move.case
            move.insert(survey)
            SurveyCell.objects.bulk_create(
                SurveyCell(
                    survey_id=new.id, cell_code=code, inspector_id=walkers[code], expected=expected[code]
                )
                for code in codes
            )
            for person_id, share in sorted(Counter(walkers.values()).items()):
                tell_phone(
                    person_id,
                    key=f"survey/{new.id}/{person_id}",
                    template="survey_ordered",
                    context={"title": survey.title, "cells": share, "number": move.case.number},
                )
            move.note(class_id=found.pk, title=survey.title, cells=len(codes))
        return survey, True
    except Repeated:
        stored = _stored(new, actor)
        assert stored is not None, "the id is taken by a survey, or `_stored` has refused it"
        return stored, False


def count_cell(cell_id: int, count: Count, *, actor: Actor) -> tuple[SurveyCell, bool]:
    """Enter what was found in a cell; return it and whether the count is new. A later count replaces it.

    raises  MovedOn when the survey has been closed or cancelled meanwhile
    """
    cell = _own_cell(cell_id, actor)
    if cell.answer_id == count.id:
        return cell, False
    if count.device_at is not None:
        check_device_time(count.device_at)
    survey = cell.survey

    def card_of(case: Case, _clocks: Mapping[str, Any]) -> dict[str, Any]:
        done = SurveyCell.objects.filter(survey=survey).exclude(state=SurveyCell.State.OPEN).count()
        return {**case.card, **survey_state(case), "done": done}

    try:
        with moving(survey.case_id, "count_cell", actor=actor, seen=None, card_of=card_of) as move:
            cell = _own_cell(cell_id, actor)
            if cell.answer_id == count.id:
                raise _AlreadyCounted
            _enter(cell, count, move)
            photos = _bind(survey.case_id, count.photos, actor)
            move.note(
                cell_code=cell.cell_code,
                state=cell.state,
                counted=cell.counted,
                extra=cell.extra,
                **({"note": cell.note} if cell.note else {}),
                **({"photos": photos} if photos else {}),
                **({"distance_m": round(cell.distance_m, 1)} if cell.distance_m is not None else {}),
            )
    except _AlreadyCounted:
        return cell, False
    except WrongState as refused:
        raise moved_on(Case.objects.get(pk=survey.case_id)) from refused
    return cell, True


def end_survey(case_id: UUID, verb: str, *, actor: Actor, seen: int | None, reason: str = "") -> Survey:
    """Close a survey, or cancel it with a reason; what was counted stays."""
    survey = Survey.objects.select_related("case", "problem_class").filter(case_id=case_id).first()
    if survey is None or survey.case.stream_id != actor.stream:
        raise Missing(_("There is no such survey."), field="survey_id", value=case_id)

    def card_of(case: Case, _clocks: Mapping[str, Any]) -> dict[str, Any]:
        return {**case.card, **survey_state(case)}

    with moving(case_id, verb, actor=actor, seen=seen, card_of=card_of) as move:
        require(move.move, {"reason": reason})
        if reason.strip():
            move.note(reason=reason.strip())
    survey.case = move.case
    return survey


def survey_state(case: Case) -> dict[str, Any]:
    return {"state": case.state}


def survey_card(
    case: Case, survey: Survey, *, cells: int, done: int, inspector_ids: Sequence[int]
) -> dict[str, Any]:
    """A survey as the journal keeps it; `flow` tells it from a report's card."""
    return {
        "id": str(case.id),
        "flow": KIND,
        "number": case.number,
        **survey_state(case),
        "title": survey.title,
        "class_id": survey.problem_class_id,
        "due_at": instant(survey.due_at) if survey.due_at else None,
        "opened_at": instant(case.opened_at),
        "cells": cells,
        "done": done,
        "inspector_ids": list(inspector_ids),
    }


class _AlreadyCounted(Exception):
    """The same count was sent twice at once; the other one is stored."""


def _stored(new: NewSurvey, actor: Actor) -> Survey | None:
    """The survey that is stored under this id, if it is the same and from the same person."""
    if not Case.objects.filter(pk=new.id).exists():
        return None
    stored = Survey.objects.select_related("case", "problem_class").filter(pk=new.id).first()
    if (
        stored is None
        or stored.ordered_by_id != actor.person_id
        or bytes(stored.fingerprint) != new.fingerprint()
    ):
        raise Conflict(
            _("Something else was sent under this id."),
            field="id",
            value=new.id,
            mend=_("Give the changed survey a new id."),
        )
    return stored


def _cells(new: NewSurvey, actor: Actor) -> list[str]:
    wanted = Q(pk__in=[])
    for code in new.areas:
        if not code.isdigit() or not code.startswith(actor.stream):
            raise Invalid(
                _("Area %(code)s lies outside district %(stream)s.") % {"code": code, "stream": actor.stream},
                field="areas",
                value=code,
                mend=_("Choose an area of your own district."),
            )
        wanted |= Q(code__startswith=code)
    if new.grids:
        wanted |= Q(grids__code__in=list(new.grids))
    found = Cell.objects.filter(wanted, active=True, code__startswith=actor.stream)
    codes = list(found.order_by("code").values_list("code", flat=True).distinct()[: CELLS_AT_MOST + 1])
    if not codes or len(codes) > CELLS_AT_MOST:
        raise Invalid(
            _("A survey covers 1 to %(most)s cells; these are %(count)s.")
            % {"most": CELLS_AT_MOST, "count": len(codes) if codes else 0},
            field="areas",
            value=", ".join([*new.areas, *new.grids]),
            mend=_(
                "Name streets, communities, cells or responsibility grids; make two surveys of a big one."
            ),
        )
    return codes


def _walkers(codes: Sequence[str], stream: str) -> dict[str, int]:
    """Who counts each cell: who walks it today; else somebody who walks its community, then its street."""
    today = localdate()
    walked = (
        GridDuty.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            valid_from__lte=today,
            grid__cells__active=True,
            grid__cells__code__startswith=stream,
            person__is_active=True,
        )
        .order_by("grid__cells__code", "person_id")
        .values_list("grid__cells__code", "person_id")
    )
    by_prefix: dict[str, int] = {}
    for code, person_id in walked:
        for prefix in (code, code[:12], code[:9]):
            by_prefix.setdefault(prefix, person_id)
    found: dict[str, int] = {}
    for code in codes:
        person = next((by_prefix[p] for p in (code, code[:12], code[:9]) if p in by_prefix), None)
        if person is None:
            raise Invalid(
                _("No inspector walks cell %(cell)s.") % {"cell": code},
                field="areas",
                value=code,
                mend=_("Leave it out, or give the cell's responsibility grid to an inspector."),
            )
        found[code] = person
    return found


def _inventory(counted: ProblemClass, codes: Sequence[str]) -> Counter[str]:
    """How many components of the class stand in each cell by the inventory; none for events."""
    if counted.kind != ProblemClass.Kind.COMPONENT:
        return Counter()
    return Counter(
        Component.objects.filter(problem_class=counted, cell_code__in=codes, retired_on=None).values_list(
            "cell_code", flat=True
        )
    )


def _own_cell(cell_id: int, actor: Actor) -> SurveyCell:
    cell = (
        SurveyCell.objects.select_related("survey__case", "survey__problem_class")
        .filter(pk=cell_id, inspector_id=actor.person_id, survey__case__stream_id=actor.stream)
        .first()
    )
    if cell is None:
        raise Missing(
            _("There is no such task, or it is not yours."),
            field="task_id",
            value=cell_id,
            mend=_("Load the list of tasks again."),
        )
    return cell


def _enter(cell: SurveyCell, count: Count, move: Moving) -> None:
    _check(cell, count)
    there = sum(1 for tick in count.ticks.values() if tick != "missing") + count.extra
    cell.state = SurveyCell.State.CANNOT_TELL if count.cannot_tell else SurveyCell.State.COUNTED
    if count.cannot_tell:
        cell.counted = None
    else:
        cell.counted = there if count.ticks else count.counted
    cell.ticks, cell.extra, cell.note = dict(count.ticks), count.extra, count.note.strip()
    cell.answer_id, cell.answered_at, cell.device_at = count.id, move.at, count.device_at
    cell.accuracy_m = count.accuracy_m
    cell.place = cell.distance_m = None
    if count.lon is not None and count.lat is not None:
        lon, lat = crs.to_store(count.lon, count.lat, count.datum)
        cell.place = Point(lon, lat, srid=crs.STORE)
        cell.distance_m = _metres_to(cell.cell_code, lon, lat)
    cell.save()


def _check(cell: SurveyCell, count: Count) -> None:
    if not count.cannot_tell and count.counted is None and not count.ticks:
        raise Invalid(
            _("Nothing was counted."),
            field="counted",
            mend=_("Tick, count, or say that it cannot be told."),
        )
    wrong = next((tick for tick in count.ticks.values() if tick not in TICKS), None)
    if wrong is not None:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": wrong},
            field="ticks",
            value=wrong,
            mend=_("One of: %(known)s.") % {"known": ", ".join(TICKS)},
        )
    if not count.ticks:
        return
    known = set(
        Component.objects.filter(
            problem_class=cell.survey.problem_class, cell_code=cell.cell_code, code__in=list(count.ticks)
        ).values_list("code", flat=True)
    )
    stranger = next((code for code in count.ticks if code not in known), None)
    if stranger is not None:
        raise Invalid(
            _("There is no component %(code)s.") % {"code": stranger},
            field="ticks",
            value=stranger,
            mend=_("Count it as extra: it is not in the inventory of this cell."),
        )


def _metres_to(cell_code: str, lon: float, lat: float) -> float | None:
    """From a place to a cell; 0 inside."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_Distance(border::geography, ST_SetSRID(ST_MakePoint(%s, %s), %s)::geography)"
            " FROM gis_data_cell WHERE code = %s AND active",
            [lon, lat, crs.STORE, cell_code],
        )
        row = cursor.fetchone()
    return float(row[0]) if row else None


def _bind(case_id: UUID, photo_ids: Sequence[UUID], actor: Actor) -> list[str]:
    """Bind uploaded photographs to the survey."""
    wanted = list(dict.fromkeys(photo_ids))
    if len(wanted) > PHOTOS_AT_MOST:
        raise Invalid(
            _("At most %(most)s photographs.") % {"most": PHOTOS_AT_MOST},
            field="photos",
            value=len(wanted),
            mend=_("Leave some out."),
        )
    free = Attachment.objects.filter(
        pk__in=wanted, case__isnull=True, uploaded_by_id=actor.person_id, seconds__isnull=True
    )
    missing = set(wanted) - set(free.values_list("pk", flat=True))
    if missing:
        raise Invalid(
            _("Photograph %(id)s has not arrived, or belongs to another case.") % {"id": min(missing)},
            field="photos",
            value=min(missing),
            mend=_("Send the photograph first, then this again."),
        )
    free.update(case_id=case_id, kind=Attachment.Kind.OTHER)
    return [str(pk) for pk in wanted]
