"""The edge of editing on the map: each in the own district. The roof lets system administrators through."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import BaseModel, Field

from gis_data.editing import direct, drafts
from gis_data.editing.verbs import Wanted
from gis_data.errors import PlaceError
from gis_data.models import Cell, Draft, Generation, MapEdit
from gis_data.sql import rows

router = Router(tags=["Editing"])

CELLS_AT_MOST: Final = 5_000
COMPONENTS_AT_MOST: Final = 3_000
LISTED_AT_MOST: Final = 500

LonLat = tuple[
    Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)],
    Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)],
]
Code = Annotated[str, Field(max_length=20, pattern=r"^[0-9A-Za-z._-]*$")]
Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class BeginIn(BaseModel):
    """Copy what is in force, or take up a draft that was loaded from files."""

    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    generation_id: int | None = None


class VersionIn(BaseModel):
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class EditIn(VersionIn):
    """`kind` says which of the others are needed; see gis_data/editing/verbs.py."""

    kind: Annotated[str, Field(max_length=20, pattern=r"^[a-z_]+$")]
    at: LonLat | None = None
    to: LonLat | None = None
    line: Annotated[list[LonLat], Field(max_length=500)] = []
    ring: Annotated[list[LonLat], Field(max_length=2_000)] = []
    codes: Annotated[list[Code], Field(max_length=2_000)] = []
    into: Code = ""
    code: Code = ""
    name: Name = ""
    name_en: Name = ""
    outer: bool = False


class GridIn(BaseModel):
    name: Name
    code: Code = ""


class CellsIn(BaseModel):
    """`grid` empty: the cells are taken out of theirs."""

    grid: Code = ""
    cells: Annotated[list[Code], Field(min_length=1, max_length=2_000)]


class ComponentIn(BaseModel):
    class_code: Code
    lon: float
    lat: float
    owner_code: Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")] = ""
    note: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""


class PlaceIn(BaseModel):
    lon: float
    lat: float


class LoggedOut(Schema):
    id: int
    kind: str
    subject: str
    state: str
    at: Any
    by: str


class DraftOut(Schema):
    """`begun`: it is edited on the map; a draft from files is not until somebody takes it up."""

    id: int
    title: str
    begun: bool
    version: int
    by: str
    at: Any
    cells: int
    edits: list[LoggedOut]
    can_undo: bool
    can_redo: bool


class DraftsOut(Schema):
    items: list[DraftOut]
    active: dict[str, Any] | None


class DoneOut(Schema):
    draft: DraftOut
    edit: LoggedOut


class DifferenceOut(Schema):
    table: str
    level: str
    code: str
    name: str
    change: str
    before_m2: float | None
    after_m2: float | None
    bounds: tuple[float, float, float, float]


class DifferencesOut(Schema):
    count: int
    items: list[DifferenceOut]
    faults: list[dict[str, str]]


class GridOut(Schema):
    code: str
    name: str
    cells: int


def editor_of(request: HttpRequest) -> drafts.Editor:
    editor: drafts.Editor = request.auth  # type: ignore[attr-defined]  # set by the router's auth
    return editor


# --- drafts ----------------------------------------------------------------------------------------------


@router.get("/edit/drafts", response=DraftsOut)
def list_drafts(request: HttpRequest) -> dict[str, Any]:
    """What waits to come into force, the newest first, and what is in force."""
    district = editor_of(request).stream
    active = Generation.objects.filter(district_code=district, state=Generation.State.ACTIVE).first()
    return {
        "items": [_draft(one, getattr(one, "draft", None)) for one in drafts.drafts_of(district)],
        "active": {"id": active.pk, "title": active.title} if active else None,
    }


@router.post("/edit/drafts", response=DraftOut)
def begin(request: HttpRequest, body: BeginIn) -> dict[str, Any]:
    """Begin to edit."""
    draft = drafts.begin(editor_of(request), body.title, body.generation_id)
    return _draft(draft.generation, draft)


@router.get("/edit/drafts/{int:draft_id}", response=DraftOut)
def one_draft(request: HttpRequest, draft_id: int) -> dict[str, Any]:
    """A draft with its last edits."""
    draft = drafts.draft_of(editor_of(request).stream, draft_id)
    return _draft(draft.generation, draft)


@router.get("/edit/drafts/{int:draft_id}/shapes")
def draft_shapes(request: HttpRequest, draft_id: int, bbox: str) -> HttpResponse:
    """Cells and areas of the draft in a box (west,south,east,north)."""
    drafts.draft_of(editor_of(request).stream, draft_id)
    return _shapes(draft_id, bbox, active=False)


@router.post("/edit/drafts/{int:draft_id}/edits", response=DoneOut)
def edit(request: HttpRequest, draft_id: int, body: EditIn) -> dict[str, Any]:
    """One edit, all or nothing; 409 if somebody else edited since, 422 with the reason if borders break."""
    wanted = Wanted(
        at=body.at,
        to=body.to,
        line=tuple(body.line),
        ring=tuple(body.ring),
        codes=tuple(body.codes),
        into=body.into,
        code=body.code,
        name=body.name,
        name_en=body.name_en,
        outer=body.outer,
    )
    return _done(*drafts.edit(editor_of(request), draft_id, body.version, body.kind, wanted))


@router.post("/edit/drafts/{int:draft_id}/undo", response=DoneOut)
def undo(request: HttpRequest, draft_id: int, body: VersionIn) -> dict[str, Any]:
    return _done(*drafts.undo(editor_of(request), draft_id, body.version))


@router.post("/edit/drafts/{int:draft_id}/redo", response=DoneOut)
def redo(request: HttpRequest, draft_id: int, body: VersionIn) -> dict[str, Any]:
    return _done(*drafts.redo(editor_of(request), draft_id, body.version))


@router.get("/edit/drafts/{int:draft_id}/differences", response=DifferencesOut)
def differences(request: HttpRequest, draft_id: int, check: bool = False) -> dict[str, Any]:
    """What is not as it is in force; with `check` also what would keep the draft from coming into force."""
    draft = drafts.draft_of(editor_of(request).stream, draft_id)
    found = drafts.differences(draft)
    faults = drafts.faults(draft) if check else []
    return {
        "count": len(found),
        "items": found[:LISTED_AT_MOST],
        "faults": [{"kind": one.kind, "code": one.code, "text": str(one)} for one in faults[:LISTED_AT_MOST]],
    }


@router.post("/edit/drafts/{int:draft_id}/activate")
def bring_into_force(request: HttpRequest, draft_id: int, body: VersionIn) -> dict[str, Any]:
    """The draft takes the place of what is in force; old cases keep their old cells."""
    return drafts.bring_into_force(editor_of(request), draft_id, body.version).as_json()


@router.post("/edit/drafts/{int:draft_id}/discard")
def discard(request: HttpRequest, draft_id: int, body: VersionIn) -> dict[str, Any]:
    drafts.discard(editor_of(request), draft_id, body.version)
    return {"discarded": draft_id}


# --- what is in force ------------------------------------------------------------------------------------


@router.get("/edit/grids", response=list[GridOut])
def grids(request: HttpRequest) -> list[dict[str, Any]]:
    """Responsibility grids that hold cells of the district or bear its code, and how many cells each has."""
    district = editor_of(request).stream
    found = rows("edit_grids", district_code=district, today=timezone.localdate())
    return [{"code": code, "name": name, "cells": count} for code, name, count in found]


@router.post("/edit/grids", response=LoggedOut)
def make_grid(request: HttpRequest, body: GridIn) -> dict[str, Any]:
    return _logged(direct.make_grid(editor_of(request), body.name, body.code))


@router.get("/edit/ground")
def ground(request: HttpRequest, bbox: str) -> HttpResponse:
    """Cells and areas in force in a box, each cell with its grids."""
    district = editor_of(request).stream
    active = Generation.objects.filter(district_code=district, state=Generation.State.ACTIVE).first()
    return _shapes(active.pk if active else 0, bbox, active=True)


@router.post("/edit/cells", response=LoggedOut)
def assign_cells(request: HttpRequest, body: CellsIn) -> dict[str, Any]:
    """Give cells to a responsibility grid."""
    return _logged(direct.assign_cells(editor_of(request), body.grid, body.cells))


@router.get("/edit/components")
def components(request: HttpRequest, bbox: str) -> HttpResponse:
    """Components in a box, at most 3,000."""
    box = _box(bbox)
    found = rows(
        "edit_components", district_code=editor_of(request).stream, at_most=COMPONENTS_AT_MOST, **box
    )
    return HttpResponse(found[0][0], content_type="application/json")


@router.post("/edit/components", response=LoggedOut)
def add_component(request: HttpRequest, body: ComponentIn) -> dict[str, Any]:
    done = direct.add_component(
        editor_of(request), body.class_code, body.lon, body.lat, owner_code=body.owner_code, note=body.note
    )
    return _logged(done)


@router.post("/edit/components/{code}/move", response=LoggedOut)
def move_component(request: HttpRequest, code: str, body: PlaceIn) -> dict[str, Any]:
    return _logged(direct.move_component(editor_of(request), code, body.lon, body.lat))


@router.post("/edit/components/{code}/retire", response=LoggedOut)
def retire_component(request: HttpRequest, code: str) -> dict[str, Any]:
    return _logged(direct.retire_component(editor_of(request), code))


@router.get("/edit/log", response=list[LoggedOut])
def log(
    request: HttpRequest, limit: Annotated[int, Query(ge=1, le=direct.LOG_AT_MOST)] = 50
) -> list[dict[str, Any]]:
    """The last edits of grids and components."""
    return [_logged(one) for one in direct.log_of(editor_of(request), limit)]


@router.post("/edit/log/{int:edit_id}/undo", response=LoggedOut)
def undo_logged(request: HttpRequest, edit_id: int) -> dict[str, Any]:
    return _logged(direct.undo(editor_of(request), edit_id))


# --- shapes ----------------------------------------------------------------------------------------------


def _shapes(generation_id: int, bbox: str, *, active: bool) -> HttpResponse:
    found = rows(
        "edit_shapes",
        generation_id=generation_id,
        active=active,
        at_most=CELLS_AT_MOST,
        today=timezone.localdate(),
        **_box(bbox),
    )
    return HttpResponse(found[0][0], content_type="application/json")


def _box(text: str) -> dict[str, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        good = all(map(math.isfinite, (west, south, east, north)))
        if not (good and -180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError
    except ValueError:
        raise PlaceError(
            _("“%(value)s” is no box.") % {"value": text[:80]},
            field="bbox",
            value=text[:80],
            mend=_("Give west,south,east,north in degrees."),
        ) from None
    return {"west": west, "south": south, "east": east, "north": north}


def _draft(generation: Generation, draft: Draft | None) -> dict[str, Any]:
    edits = list(generation.edits.defer("before", "after").order_by("-pk")[:50]) if draft else []
    states = {one.state for one in edits}
    return {
        "id": generation.pk,
        "title": generation.title,
        "begun": draft is not None,
        "version": draft.version if draft else 0,
        "by": draft.begun_by_name if draft else "",
        "at": draft.begun_at if draft else generation.loaded_at,
        "cells": Cell.objects.filter(generation=generation).count(),
        "edits": [_logged(one) for one in edits],
        "can_undo": MapEdit.State.DONE in states,
        "can_redo": MapEdit.State.UNDONE in states,
    }


def _done(draft: Draft, edit: MapEdit) -> dict[str, Any]:
    return {"draft": _draft(draft.generation, draft), "edit": _logged(edit)}


def _logged(edit: MapEdit) -> dict[str, Any]:
    return {
        "id": edit.pk,
        "kind": edit.kind,
        "subject": edit.subject,
        "state": edit.state,
        "at": edit.at,
        "by": edit.by_name,
    }
