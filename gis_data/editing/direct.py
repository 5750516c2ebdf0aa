"""Edits of what is in force, at once and logged: the cells of responsibility grids, and single components.

Each can be undone as long as nobody has changed the same rows since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.crs import STORE, checked
from gis_data.editing.drafts import Editor
from gis_data.editing.sheet import Rows, replace, words_of
from gis_data.errors import CodeError, EditRefused, OutsideCity, StaleDraft, UnknownLayer
from gis_data.models import Cell, Component, MapEdit, ProblemClass, ResponsibilityGrid
from gis_data.queries import locate

SOURCE: Final = "map"
LOG_AT_MOST: Final = 100


# --- responsibility grids --------------------------------------------------------------------------------


@transaction.atomic
def make_grid(editor: Editor, name: str, code: str = "") -> MapEdit:
    """A grid without cells; its code is given or the next free one of the district."""
    name = " ".join(name.split())[:100]
    if not name:
        raise _refused("name", "", _("A name is needed."))
    code = code.strip() or _next_grid_code(editor.stream)
    try:
        codes.parse(codes.Kind.ORGANISATION, code)
    except CodeError as fault:
        raise _refused("code", code, str(fault.message)) from fault
    if len(code) > 20 or ResponsibilityGrid.objects.filter(code=code).exists():
        raise _refused("code", code, _("The code %(code)s is taken or too long.") % {"code": code})
    grid = ResponsibilityGrid.objects.create(code=code, name=name, valid_from=timezone.localdate())
    return _log(editor, "make_grid", code, {}, {"grid": {str(grid.pk): words_of(grid)}})


@transaction.atomic
def assign_cells(editor: Editor, grid_code: str, cell_codes: Sequence[str]) -> MapEdit:
    """Give cells in force to a grid and take them out of every other; `""` only takes them out."""
    wanted = list(dict.fromkeys(cell_codes))
    cells = dict(
        Cell.objects.filter(
            active=True, code__in=wanted, generation__district_code=editor.stream
        ).values_list("code", "pk")
    )
    lost = [code for code in wanted if code not in cells]
    if lost or not wanted:
        raise _refused("cells", ", ".join(lost[:5]), _("These are no cells in force of your district."))
    grid = None
    if grid_code:
        grid = ResponsibilityGrid.objects.select_for_update().filter(code=grid_code).first()
        if grid is None:
            raise _refused("grid", grid_code, _("There is no such responsibility grid."))
    links = ResponsibilityGrid.cells.through.objects.filter(cell_id__in=cells.values())
    others = set(links.values_list("responsibilitygrid_id", flat=True)) | ({grid.pk} if grid else set())
    before = _members(others)
    (links.exclude(responsibilitygrid_id=grid.pk) if grid is not None else links).delete()
    if grid is not None:
        grid.cells.add(*cells.values())
    subject = f"{', '.join(wanted[:6])}{' …' if len(wanted) > 6 else ''} → {grid_code or '–'}"
    return _log(editor, "assign_cells", subject, before, _members(others))


# --- components ------------------------------------------------------------------------------------------


@transaction.atomic
def add_component(
    editor: Editor, class_code: str, lon: float, lat: float, *, owner_code: str = "", note: str = ""
) -> MapEdit:
    """A component that was not in the inventory; its code is made."""
    place, cell_code = _standing(editor, lon, lat)
    found = ProblemClass.objects.filter(
        edition__current=True, kind=ProblemClass.Kind.COMPONENT, code=class_code, active=True
    ).first()
    if found is None:
        raise _refused(
            "class_code",
            class_code,
            _("The current edition has no component class “%(code)s”.") % {"code": class_code},
        )
    row = Component.objects.create(
        code=_next_component_code(editor.stream, class_code),
        district_code=editor.stream,
        problem_class=found,
        place=place,
        cell_code=cell_code,
        authority_code=owner_code,
        owner_code=owner_code,
        maintainer_code=owner_code,
        initial_on=timezone.localdate(),
        data_source=SOURCE,
        note=note,
    )
    return _log(editor, "add_component", row.code, {}, _component(row))


@transaction.atomic
def move_component(editor: Editor, code: str, lon: float, lat: float) -> MapEdit:
    """Where it really stands; an outline moves along."""
    row = _own_component(editor, code)
    before = _component(row)
    place, row.cell_code = _standing(editor, lon, lat)
    if row.outline is not None:
        east, north = place.x - row.place.x, place.y - row.place.y
        row.outline = _shifted(row.outline, east, north)
    row.place, row.changed_on = place, timezone.localdate()
    row.save()
    return _log(editor, "move_component", code, before, _component(row))


@transaction.atomic
def retire_component(editor: Editor, code: str) -> MapEdit:
    """It stands there no longer; the row and its code stay."""
    row = _own_component(editor, code)
    before = _component(row)
    row.retired_on = row.changed_on = timezone.localdate()
    row.save()
    return _log(editor, "retire_component", code, before, _component(row))


# --- the log ---------------------------------------------------------------------------------------------


def log_of(editor: Editor, at_most: int = 50) -> list[MapEdit]:
    """The district's last edits of what is in force, the newest first."""
    edits = MapEdit.objects.filter(district_code=editor.stream, kind__in=KINDS).defer("before", "after")
    return list(edits.order_by("-pk")[: min(at_most, LOG_AT_MOST)])


@transaction.atomic
def undo(editor: Editor, edit_id: int) -> MapEdit:
    """Put back what one edit changed, if it is still as that edit left it."""
    edit = (
        MapEdit.objects.select_for_update()
        .filter(pk=edit_id, district_code=editor.stream, kind__in=KINDS, state=MapEdit.State.DONE)
        .first()
    )
    if edit is None:
        raise UnknownLayer(
            _("There is no such edit to undo."),
            field="edit",
            value=edit_id,
            mend=_("Look at the list again."),
        )
    before, after = dict(edit.before), dict(edit.after)
    members = {int(key): row["cells"] for key, row in (before.pop("members", {})).items()}
    left = after.pop("members", {})
    if _now(after) != after or _members([int(key) for key in left]).get("members", {}) != left:
        raise StaleDraft(
            _("It was changed again since."),
            field="edit",
            value=edit_id,
            mend=_("Undo the later edits first, the newest before the others."),
        )
    replace(after, before)
    for grid_id, cell_ids in members.items():
        ResponsibilityGrid.objects.get(pk=grid_id).cells.set(cell_ids)
    edit.state = MapEdit.State.UNDONE
    edit.save(update_fields=["state"])
    return edit


KINDS: Final = ("make_grid", "assign_cells", "add_component", "move_component", "retire_component")


def _now(rows: Rows) -> Rows:
    """The same rows as they stand now."""
    models: dict[str, Any] = {"grid": ResponsibilityGrid, "component": Component}
    return {
        table: {str(row.pk): words_of(row) for row in models[table].objects.filter(pk__in=list(held))}
        for table, held in rows.items()
    }


def _members(grid_ids: Iterable[int]) -> Rows:
    members: Rows = {"members": {str(pk): {"cells": []} for pk in grid_ids}}
    links = ResponsibilityGrid.cells.through.objects.filter(
        responsibilitygrid_id__in=[int(pk) for pk in members["members"]]
    )
    for grid_id, cell_id in links.order_by("cell_id").values_list("responsibilitygrid_id", "cell_id"):
        members["members"][str(grid_id)]["cells"].append(cell_id)
    return members


def _component(row: Component) -> Rows:
    return {"component": {str(row.pk): words_of(row)}}


def _standing(editor: Editor, lon: float, lat: float) -> tuple[Point, str]:
    x, y = checked(lon, lat)
    found = locate(x, y, near_m=0)
    if found is None or found.district.code != editor.stream:
        raise OutsideCity(
            _("This place lies outside your district."),
            field="lon",
            value=f"{x:.6f}, {y:.6f}",
            mend=_("Move the pin inside the district's border; check the datum."),
        )
    return Point(x, y, srid=STORE), found.cell_code


def _own_component(editor: Editor, code: str) -> Component:
    row = (
        Component.objects.select_for_update()
        .filter(code=code, district_code=editor.stream, retired_on=None)
        .first()
    )
    if row is None:
        raise UnknownLayer(
            _("No component of your district has the code “%(code)s”.") % {"code": code},
            field="code",
            value=code,
            mend=_("Look at the map again: it may have been retired."),
        )
    return row


def _next_component_code(district: str, class_code: str) -> str:
    last = Component.objects.filter(code__startswith=district + class_code).aggregate(last=Max("code"))[
        "last"
    ]
    return codes.component_code(
        district, class_code, int(last[len(district + class_code) :]) + 1 if last else 1
    )


def _next_grid_code(district: str) -> str:
    used = set(ResponsibilityGrid.objects.filter(code__startswith=district).values_list("code", flat=True))
    return next(code for n in range(1, 10**6) if (code := f"{district}-M{n:03d}") not in used)


def _shifted(outline: Any, east: float, north: float) -> Any:
    by = np.array([east, north])
    moved = shapely.transform(shapely.from_wkb(bytes(outline.wkb)), lambda points: points + by)
    return GEOSGeometry(memoryview(shapely.to_wkb(shapely.set_srid(moved, STORE), include_srid=True)))


def _log(editor: Editor, kind: str, subject: str, before: Rows, after: Rows) -> MapEdit:
    return MapEdit.objects.create(
        district_code=editor.stream,
        kind=kind,
        subject=subject[:300],
        by_id=editor.person_id,
        by_name=editor.name[:100],
        before=before,
        after=after,
    )


def _refused(field: str, value: str, message: str) -> EditRefused:
    return EditRefused(message, field=field, value=value, mend=_("Choose again."))
