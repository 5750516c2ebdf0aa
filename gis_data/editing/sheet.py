"""The part of a draft that one edit touches: its rows and shapes, and the proof that the edit left no gap.

An edit loads what lies around it, puts new shapes and codes in place and calls `change()`, which checks and
writes. What it took away and what it left goes into the log, so that undoing is putting rows back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import GEOSGeometry, Polygon
from django.db import models
from django.utils.translation import gettext as _

from gis_data.bulk import stored_shape
from gis_data.crs import STORE
from gis_data.editing import shapes
from gis_data.errors import EditRefused
from gis_data.generations import metric_of
from gis_data.models import Area, Cell, Component, Generation, ResponsibilityGrid
from gis_data.project import project

# By how much the ground may change through rounding; and less than what is no cell.
TOLERANCE_M2: Final = 0.01
LEAST_CELL_M2: Final = 50.0
LEAST_WIDTH_M: Final = 3.0

Row = Area | Cell
Rows = dict[str, dict[str, dict[str, Any]]]
TABLES: Final[Mapping[str, type[models.Model]]] = {
    "area": Area,
    "cell": Cell,
    "grid": ResponsibilityGrid,
    "component": Component,
}


class Sheet:
    """Rows of a generation by key; shapes in crs.STORE."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
        self.metric = metric_of(generation)
        self.rows: dict[tuple[str, int], Row] = {}
        self.shapes: dict[tuple[str, int], Any] = {}
        self.before: dict[tuple[str, int], dict[str, Any]] = {}
        self.touched: set[tuple[str, int]] = set()
        self.dropped: set[tuple[str, int]] = set()
        self.made: list[tuple[Row, Any]] = []

    # --- looking ---------------------------------------------------------------------------------------

    def around(self, shape: Any) -> list[Row]:
        """Every row whose border reaches the shape's box, the shape's own included."""
        west, south, east, north = shapely.bounds(shape).tolist()
        box = Polygon.from_bbox((west - 1e-7, south - 1e-7, east + 1e-7, north + 1e-7))
        box.srid = STORE
        found: list[Row] = list(Cell.objects.filter(generation=self.generation, border__bboverlaps=box))
        found += list(Area.objects.filter(generation=self.generation, border__bboverlaps=box))
        return [self._held(row) for row in found if _key(row) not in self.dropped]

    def cell(self, code: str) -> Cell:
        found = Cell.objects.filter(generation=self.generation, code=code).first()
        if found is None:
            raise _missing("code", code)
        row = self._held(found)
        assert isinstance(row, Cell)
        return row

    def area(self, code: str) -> Area:
        found = Area.objects.filter(generation=self.generation, code=code).first()
        if found is None:
            raise _missing("code", code)
        row = self._held(found)
        assert isinstance(row, Area)
        return row

    def parent(self, row: Row) -> Area | None:
        key = row.community_id if isinstance(row, Cell) else row.parent_id
        if key is None:
            return None
        held = self.rows.get(("area", key)) or self._held(Area.objects.get(pk=key))
        assert isinstance(held, Area)
        return held

    def children(self, area: Area) -> list[Row]:
        """The cells of a community or the areas of a larger one, as they stand now."""
        if area.pk is None:
            stored: Iterable[Row] = ()
        elif area.level == Area.Level.COMMUNITY:
            stored = Cell.objects.filter(generation=self.generation, community_id=area.pk)
        else:
            stored = Area.objects.filter(generation=self.generation, parent_id=area.pk)
        for row in stored:
            self._held(row)
        known = [*self.rows.values(), *(row for row, _shape in self.made)]
        return [row for row in known if _is_child(row, area) and _key(row) not in self.dropped]

    def shape(self, row: Row) -> Any:
        for made, shape in self.made:
            if made is row:
                return shape
        return self.shapes[_key(row)]

    def square_metres(self, some: Iterable[Any]) -> list[float]:
        found = np.array(list(some), dtype=object)
        areas: list[float] = shapely.area(project(found, STORE, self.metric)).tolist() if len(found) else []
        return areas

    # --- changing --------------------------------------------------------------------------------------

    def put(self, row: Row, shape: Any) -> None:
        """A new shape for a row; for a made one too."""
        for n, (made, _old) in enumerate(self.made):
            if made is row:
                self.made[n] = (row, shape)
                return
        self.shapes[_key(row)] = shape
        self.touch(row)

    def touch(self, row: Row) -> None:
        """The row's own words were changed."""
        if not any(made is row for made, _shape in self.made):
            self.touched.add(_key(row))

    def drop(self, row: Row) -> None:
        """The row ends. Its code is not used again in what comes into force."""
        for n, (made, _shape) in enumerate(self.made):
            if made is row:
                del self.made[n]
                return
        self.dropped.add(_key(row))
        self.touched.discard(_key(row))

    def make(self, row: Row, shape: Any) -> Row:
        self.made.append((row, shape))
        return row

    def node(self, points: Iterable[shapes.LonLat]) -> None:
        """Put points into every border that runs through them, so that all neighbours share them."""
        wanted = list(points)
        if not wanted:
            return
        cloud = shapely.multipoints(wanted)
        around = [row for row in self.around(cloud) if _key(row) not in self.dropped]
        for row in [*around, *(row for row, _shape in self.made)]:
            old = self.shape(row)
            border = shapely.boundary(old)
            on = [point for point in wanted if border.distance(shapely.Point(point)) <= shapes.TOUCH]
            new = shapes.noded(old, on)
            if not shapely.equals_exact(old, new):
                self.put(row, new)

    def reborder(self, area: Area) -> None:
        """An area's border anew as the union of its parts, and so on upwards while anything changes."""
        parts = self.children(area)
        if not parts:
            return
        new = shapes.joined([self.shape(part) for part in parts])
        if shapely.equals(new, self.shape(area)) and len(shapes.vertices(new)) == len(
            shapes.vertices(self.shape(area))
        ):
            return
        self.put(area, new)

    # --- proving and writing ---------------------------------------------------------------------------

    def change(self, *, outer: bool = False) -> tuple[Rows, Rows]:
        """Check what was done, write it, and give the rows before and after.

        outer   the ground as a whole may have become larger or smaller (it is drawn, or the rim was moved)
        """
        self._check(outer=outer)
        before: Rows = {}
        for key in sorted(self.touched | self.dropped):
            before.setdefault(key[0], {})[str(key[1])] = self.before[key]
        for row, shape in self._changed():
            _dress(row, shape, self.square_metres([shape])[0])
        # areas first, from above: what lies in a new area needs its key
        after: Rows = {}
        for row, _shape in sorted(self.made, key=lambda made: (_table(made[0]), len(made[0].code))):
            _name_parent(row)
            row.save(force_insert=True)
            after.setdefault(_table(row), {})[str(row.pk)] = words_of(row)
        kept: Rows = {}
        for key in sorted(self.touched):
            _name_parent(self.rows[key])
            kept.setdefault(key[0], {})[str(key[1])] = words_of(self.rows[key])
        replace(before, kept)
        for table, rows in kept.items():
            after.setdefault(table, {}).update(rows)
        return before, after

    def _check(self, *, outer: bool) -> None:
        """Refuse shapes that are none, ground lost, gained or covered twice, cells across borders."""
        changed = [(self.rows[key], self.shapes[key]) for key in self.touched] + self.made
        for row, shape in changed:
            _whole(row, shape)
        cells = [(row, shape) for row, shape in changed if isinstance(row, Cell)]
        for row, shape in cells:
            self._check_size(row, shape)
        self._check_cover(outer=outer)
        self._check_nesting(cells)

    def _check_size(self, cell: Cell, shape: Any) -> None:
        """A new cell is no scrap and no strip, and an old one does not become one."""
        if cell.pk is not None:
            old = self._size_of(shapely.from_wkb(self.before[_key(cell)]["border"]))
            if old[0] < LEAST_CELL_M2 or old[1] < LEAST_WIDTH_M:
                return
        area_m2, width_m = self._size_of(shape)
        if area_m2 >= LEAST_CELL_M2 and width_m >= LEAST_WIDTH_M:
            return
        raise EditRefused(
            _("A cell of %(size)s m², %(width)s m wide, would be left.")
            % {"size": f"{area_m2:.0f}", "width": f"{width_m:.1f}"},
            field="shape",
            value=cell.code,
            mend=_("A cell has at least %(least)s m² and is %(wide)s m wide: move the line, or merge.")
            % {"least": f"{LEAST_CELL_M2:.0f}", "wide": f"{LEAST_WIDTH_M:.0f}"},
        )

    def _size_of(self, shape: Any) -> tuple[float, float]:
        """Square metres, and the width of a strip of that area and border."""
        flat = project(np.array([shape], dtype=object), STORE, self.metric)[0]
        return float(flat.area), float(2 * flat.area / max(flat.length, 1e-9))

    def _check_cover(self, *, outer: bool) -> None:
        """The changed rows of each level cover the ground they covered before, once."""
        for table in ("cell", "area"):
            for level in [None] if table == "cell" else Area.Level.values:
                old = [
                    shapely.from_wkb(self.before[key]["border"])
                    for key in self.touched | self.dropped
                    if key[0] == table and level in (None, self.before[key].get("level"))
                ]
                new = [
                    shape
                    for row, shape in self._changed()
                    if _table(row) == table and level in (None, getattr(row, "level", None))
                ]
                if not old and not new:
                    continue
                ground, now = (shapely.union_all(np.array(some, dtype=object)) for some in (old, new))
                twice = sum(self.square_metres(new)) - sum(self.square_metres([now]))
                if twice > TOLERANCE_M2:
                    raise self._refused(_("The borders would overlap by %(m2)s m²."), twice)
                if outer:
                    self._check_others(table, level, now)
                else:
                    lost = sum(self.square_metres([shapely.symmetric_difference(ground, now)]))
                    if lost > TOLERANCE_M2:
                        raise self._refused(_("The ground covered would change by %(m2)s m²."), lost)

    def _check_others(self, table: str, level: str | None, now: Any) -> None:
        """Ground that grew does not lie on rows that were not changed."""
        for row in self.around(now):
            key = _key(row)
            if (
                key in self.touched
                or _table(row) != table
                or level not in (None, getattr(row, "level", None))
            ):
                continue
            common = sum(self.square_metres([shapely.intersection(self.shapes[key], now)]))
            if common > TOLERANCE_M2:
                raise self._refused(_("The borders would overlap by %(m2)s m²."), common)

    def _check_nesting(self, cells: list[tuple[Cell, Any]]) -> None:
        for row, shape in cells:
            community = self._parent_now(row)
            outside = sum(self.square_metres([shapely.difference(shape, self.shape(community))]))
            if outside > TOLERANCE_M2:
                raise self._refused(
                    _("A cell would reach %(m2)s m² beyond its community."), outside, value=row.code
                )

    def _parent_now(self, cell: Cell) -> Area:
        named = _named_parent(cell)
        parent = named if named is not None else self.parent(cell)
        assert isinstance(parent, Area)
        return parent

    def _refused(self, message: str, m2: float, value: str = "") -> EditRefused:
        return EditRefused(
            message % {"m2": f"{m2:.2f}"},
            field="shape",
            value=value,
            mend=_("Move the point or the line so that no border crosses another."),
        )

    def _changed(self) -> list[tuple[Row, Any]]:
        return [(self.rows[key], self.shapes[key]) for key in sorted(self.touched)] + self.made

    def _held(self, row: Row) -> Row:
        key = _key(row)
        if key not in self.rows:
            self.rows[key] = row
            self.shapes[key] = shapes.single(shapely.from_wkb(bytes(row.border.wkb)))
            self.before[key] = words_of(row)
        return self.rows[key]


def _named_parent(row: Row) -> Area | None:
    """The parent that was set on the row, which need not be stored yet."""
    found: Area | None = row._state.fields_cache.get("community" if isinstance(row, Cell) else "parent")
    return found


def _name_parent(row: Row) -> None:
    """A parent that was stored since it was set has a key now."""
    parent = _named_parent(row)
    if parent is None:
        return
    if isinstance(row, Cell):
        row.community = parent
    else:
        row.parent = parent


def _is_child(row: Row, area: Area) -> bool:
    named = _named_parent(row)
    if named is not None:
        return named is area or (not area._state.adding and named.pk == area.pk)
    above = row.community_id if isinstance(row, Cell) else row.parent_id
    return not area._state.adding and above == area.pk


def words_of(row: models.Model) -> dict[str, Any]:
    """A row as the log keeps it: columns to values that JSON can hold."""
    return {field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def replace(before: Rows, after: Rows) -> None:
    """Take rows away and put others in their place; keys that are in both are changed where they are.

    Keys of other rows are looked at when the transaction ends, so the order does not matter to them.
    """
    for table, model in TABLES.items():
        old, new = before.get(table, {}), after.get(table, {})
        gone = [int(key) for key in old if key not in new]
        if gone:
            model._default_manager.filter(pk__in=gone)._raw_delete("default")
    for table, model in TABLES.items():
        old, new = before.get(table, {}), after.get(table, {})
        for key, words in new.items():
            row = model(**_values(model, words))
            row.save(force_update=key in old, force_insert=key not in old)


def _values(model: type[models.Model], words: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.attname not in words:  # a column younger than the log
            continue
        value = words[field.attname]
        if value is not None and isinstance(field, GeometryField):
            values[field.attname] = GEOSGeometry(value)
        else:
            values[field.attname] = field.to_python(value) if not field.is_relation else value
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, GEOSGeometry):
        return value.hexewkb.decode()
    return value.isoformat() if isinstance(value, date) else value


def _dress(row: Row, shape: Any, area_m2: float) -> None:
    """Shape and size into the row as it is stored."""
    if isinstance(row, Area):
        shape = shapely.multipolygons(shapely.get_parts(shape))
    border: Any = GEOSGeometry(stored_shape(shape, STORE))
    row.border = border
    row.area_m2 = area_m2


def _whole(row: Row, shape: Any) -> None:
    good = shapely.is_valid(shape) and not shapely.is_empty(shape)
    if good and (isinstance(row, Area) or shape.geom_type == "Polygon"):
        return
    why = shapely.is_valid_reason(shape) if not shapely.is_valid(shape) else _("it would fall into parts")
    raise EditRefused(
        _("%(code)s would have no proper border: %(why)s.") % {"code": row.code, "why": why},
        field="shape",
        value=row.code,
        mend=_("Move the point or the line so that no border crosses another."),
    )


def _table(row: models.Model) -> str:
    return "cell" if isinstance(row, Cell) else "area"


def _key(row: Row) -> tuple[str, int]:
    return _table(row), row.pk


def _missing(field: str, value: str) -> EditRefused:
    return EditRefused(
        _("The draft has no “%(code)s”.") % {"code": value},
        field=field,
        value=value,
        mend=_("Load the draft again: somebody may have changed it."),
    )
