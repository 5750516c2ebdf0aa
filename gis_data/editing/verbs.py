"""What can be done to a draft on the map. Each verb works on a Sheet and says in words whom it concerned.

Codes  what is split, merged or drawn ends, and its parts get codes that were never used before (DB11: a void
       code stays on record); sequence numbers go from west to east.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from django.db.models import Max
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.editing import shapes
from gis_data.editing.sheet import Row, Sheet
from gis_data.errors import CodeError, EditRefused
from gis_data.models import Area, Cell

LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an edit asks for; which parts it needs is the verb's business."""

    at: LonLat | None = None
    to: LonLat | None = None
    line: tuple[LonLat, ...] = ()
    ring: tuple[LonLat, ...] = ()
    codes: tuple[str, ...] = ()
    into: str = ""
    code: str = ""
    name: str = ""
    name_en: str = ""
    outer: bool = False


def move_vertex(sheet: Sheet, wanted: Wanted) -> str:
    """Move a point of a border, a corner or any point of an edge, for everybody who shares it."""
    at, to = _point("at", wanted.at), _point("to", wanted.to)
    rows = _touching(sheet, at)
    cells = [row for row in rows if isinstance(row, Cell)]
    if not wanted.outer and _is_rim(sheet, rows):
        raise EditRefused(
            _("This point lies on the rim of the district."),
            field="at",
            value=f"{at[0]:.6f}, {at[1]:.6f}",
            mend=_("The district's own border is moved only if you say so (outer)."),
        )
    for row in rows:
        sheet.put(row, shapes.moved(sheet.shape(row), at, to))
    return _told(cells or rows)


def remove_vertex(sheet: Sheet, wanted: Wanted) -> str:
    """Take a corner out of a border that only two sides share."""
    at = _point("at", wanted.at)
    rows = _touching(sheet, at)
    ways = {frozenset(way) for row in rows for way in shapes.beside(sheet.shape(row), at)}
    if len(ways) != 1:
        raise EditRefused(
            _("Several borders meet at this point."),
            field="at",
            value=f"{at[0]:.6f}, {at[1]:.6f}",
            mend=_("Move it, or merge the cells around it."),
        )
    if not wanted.outer and _is_rim(sheet, rows):
        raise EditRefused(_("This point lies on the rim of the district."), field="at", mend="")
    for row in rows:
        sheet.put(row, shapes.without(sheet.shape(row), at))
    return _told([row for row in rows if isinstance(row, Cell)] or rows)


def split_cell(sheet: Sheet, wanted: Wanted) -> str:
    """Cut a cell in two along a line that crosses it from border to border."""
    cell = sheet.cell(_one("code", (wanted.code, *wanted.codes)))
    parts = shapes.pieces(sheet.shape(cell), _line(wanted.line))
    if len(parts) != 2:
        raise EditRefused(
            _("The line cuts the cell into %(count)s parts, not two.") % {"count": len(parts)},
            field="line",
            value=cell.code,
            mend=_("Draw it once across the cell, from border to border."),
        )
    made = _replace_cell(sheet, cell, parts)
    sheet.node(_new_points(sheet, [cell], made))
    return f"{cell.code} → {', '.join(one.code for one in made)}"


def merge_cells(sheet: Sheet, wanted: Wanted) -> str:
    """Make one cell of neighbours in one community."""
    cells = [sheet.cell(code) for code in dict.fromkeys(wanted.codes)]
    if len(cells) < 2:
        raise _asks("codes", _("Choose at least two cells."))
    if len({cell.community_id for cell in cells}) != 1:
        raise _asks("codes", _("The cells belong to several communities; a cell lies in one."))
    together = shapes.joined([sheet.shape(cell) for cell in cells])
    if together.geom_type != "Polygon":
        raise _asks("codes", _("The cells are no neighbours: they share no border."))
    largest = max(cells, key=lambda cell: cell.area_m2)
    for cell in cells:
        sheet.drop(cell)
    (made,) = _new_cells(sheet, largest, [together])
    return f"{', '.join(cell.code for cell in cells)} → {made.code}"


def draw_cell(sheet: Sheet, wanted: Wanted) -> str:
    """Draw a cell into a community: what it covers of others is taken from them."""
    ring = _ring(wanted.ring)
    community = sheet.area(_one("into", (wanted.into,)))
    if community.level != Area.Level.COMMUNITY:
        raise _asks("into", _("A cell is drawn into a community."))
    ground = sheet.shape(community)
    if sheet.square_metres([shapely.difference(ring, ground)])[0] > 1:
        raise _asks("ring", _("The drawn cell reaches beyond the community."))
    ring = shapes.single(shapely.intersection(ring, ground))
    inner: list[Any] = []
    pattern: Cell | None = None
    ended: list[Cell] = []
    for row in sheet.children(community):
        if not isinstance(row, Cell) or not _overlap(sheet.shape(row), ring):
            continue
        pattern = pattern or row
        ended.append(row)
        parts = _parts_by(sheet.shape(row), ring)
        inner += parts[True]
        if parts[False]:
            _replace_cell(sheet, row, parts[False])
        else:
            sheet.drop(row)
    free = (
        shapely.difference(ring, shapely.union_all([sheet.shape(cell) for cell in ended])) if ended else ring
    )
    inner += [part for part in shapely.get_parts(free) if sheet.square_metres([part])[0] > 1]
    together = shapes.joined(inner)
    if together.geom_type != "Polygon":
        raise _asks("ring", _("The drawn cell would fall into parts."))
    pattern = pattern or Cell(generation=sheet.generation, community=community, code=community.code + "000")
    (made,) = _new_cells(sheet, pattern, [together])
    sheet.node(_new_points(sheet, ended, [row for row, _shape in sheet.made if isinstance(row, Cell)]))
    return f"{', '.join(cell.code for cell in ended)} → {made.code}".removeprefix(" → ")


def split_area(sheet: Sheet, wanted: Wanted) -> str:
    """Cut a community along a line, cells that lie across it with it; or a street between its communities.

    The smaller side becomes the new area, with the code and name given.
    """
    area = sheet.area(_one("code", wanted.codes))
    sides = shapes.pieces(sheet.shape(area), _line(wanted.line))
    if len(sides) != 2:
        raise EditRefused(
            _("The line cuts the area into %(count)s parts, not two.") % {"count": len(sides)},
            field="line",
            value=area.code,
            mend=_("Draw it once across the area, from border to border."),
        )
    smaller = min(sides, key=lambda side: side.area)
    return _set_apart(sheet, area, smaller, wanted)


def draw_area(sheet: Sheet, wanted: Wanted) -> str:
    """Draw a new community inside one, or a new street of a street's communities; cells across it are cut."""
    return _set_apart(sheet, sheet.area(_one("code", wanted.codes)), _ring(wanted.ring), wanted)


def merge_areas(sheet: Sheet, wanted: Wanted) -> str:
    """Join neighbouring communities or streets into the first; what lay in the others gets its codes."""
    areas = [sheet.area(code) for code in dict.fromkeys(wanted.codes)]
    if len(areas) < 2:
        raise _asks("codes", _("Choose at least two areas."))
    first, *others = areas
    if len({(area.level, area.parent_id) for area in areas}) != 1 or first.level == Area.Level.DISTRICT:
        raise _asks("codes", _("Only communities of one street, or streets of one district, can be merged."))
    together = shapes.joined([sheet.shape(area) for area in areas])
    if together.geom_type != "Polygon" and all(sheet.shape(area).geom_type == "Polygon" for area in areas):
        raise _asks("codes", _("The areas are no neighbours: they share no border."))
    for other in others:
        _adopt(sheet, sheet.children(other), first)
        sheet.drop(other)
    sheet.put(first, together)
    return f"{', '.join(area.code for area in areas)} → {first.code}"


def move_cells(sheet: Sheet, wanted: Wanted) -> str:
    """Give cells to another community, so that its border moves around them."""
    into = sheet.area(_one("into", (wanted.into,)))
    cells = [sheet.cell(code) for code in dict.fromkeys(wanted.codes)]
    if not cells or into.level != Area.Level.COMMUNITY:
        raise _asks("codes", _("Choose cells, and the community they go to."))
    cells = [cell for cell in cells if cell.community_id != into.pk]
    if not cells:
        raise _asks("codes", _("The cells belong to this community already."))
    before = ", ".join(cell.code for cell in cells)
    losers = list({cell.community_id: _community(sheet, cell) for cell in cells}.values())
    for community in [*losers, into]:
        _check_covered(sheet, community)
    _adopt(sheet, list(cells), into)
    _settle(sheet, [*losers, into])
    return f"{before} → {into.code}"


def rename_area(sheet: Sheet, wanted: Wanted) -> str:
    """Another name."""
    area = sheet.area(_one("code", wanted.codes))
    area.name, area.name_en = _named(wanted.name), wanted.name_en.strip()[:100]
    sheet.touch(area)
    return f"{area.code} {area.name}"


VERBS: Final[Mapping[str, Callable[[Sheet, Wanted], str]]] = {
    "move_vertex": move_vertex,
    "remove_vertex": remove_vertex,
    "split_cell": split_cell,
    "merge_cells": merge_cells,
    "draw_cell": draw_cell,
    "split_area": split_area,
    "draw_area": draw_area,
    "merge_areas": merge_areas,
    "move_cells": move_cells,
    "rename_area": rename_area,
}
# Verbs after which the ground as a whole may be another.
FREE: Final = frozenset({"draw_cell"})


# --- areas -----------------------------------------------------------------------------------------------


def _set_apart(sheet: Sheet, area: Area, ground: Any, wanted: Wanted) -> str:
    """The part of an area that lies in `ground` as an area of its own beside it."""
    if area.level == Area.Level.DISTRICT:
        raise _asks("codes", _("A district is not split here: its code and seat are given from above."))
    code = _new_code(sheet, area, wanted.into)
    new = Area(
        generation=sheet.generation, level=area.level, code=code, name=_named(wanted.name),
        name_en=wanted.name_en.strip()[:100], parent=sheet.parent(area), valid_from=timezone.localdate(),
        synthetic=area.synthetic,
    )  # fmt: skip
    children = sheet.children(area)
    if not children:
        parts = _parts_by(sheet.shape(area), ground)
        if not parts[True] or not parts[False]:
            raise _asks("ring", _("Nothing would be left of one of the two areas."))
        sheet.make(new, shapes.joined(parts[True]))
        sheet.put(area, shapes.joined(parts[False]))
        sheet.node(shapes.vertices(sheet.shape(new)))
        return f"{area.code} → {area.code}, {code}"
    _check_covered(sheet, area)
    inside: list[Row] = []
    cut: list[Cell] = []
    for child in children:
        parts = _parts_by(sheet.shape(child), ground)
        if not isinstance(child, Cell):
            # communities are official: a street is divided between them, never through one
            if sum(part.area for part in parts[True]) > sheet.shape(child).area / 2:
                inside.append(child)
        elif parts[True] and parts[False]:
            cut.append(child)
            made = _replace_cell(sheet, child, [*parts[True], *parts[False]])
            inside += [
                one for one in made if shapely.covers(ground, shapely.point_on_surface(sheet.shape(one)))
            ]
        elif parts[True]:
            inside.append(child)
    if not inside or len(inside) == len(sheet.children(area)):
        raise _asks("ring", _("Nothing would be left of one of the two areas."))
    made_cells = [row for row, _shape in sheet.made if isinstance(row, Cell)]
    sheet.make(new, shapes.joined([sheet.shape(row) for row in inside]))
    _adopt(sheet, inside, new)
    _settle(sheet, [area, new])
    sheet.node(_new_points(sheet, cut, made_cells))
    return f"{area.code} → {area.code}, {code}"


def _adopt(sheet: Sheet, children: Iterable[Row], parent: Area) -> None:
    """Rows into another area, with codes of it."""
    for child in _west_to_east(sheet, children):
        if isinstance(child, Cell):
            child.community = parent
            child.code = _next_codes(sheet, parent.code, len(child.code), 1)[0]
            sheet.touch(child)
            continue
        child.parent = parent
        child.code = _next_codes(sheet, parent.code, 12, 1, first=601)[0]
        sheet.touch(child)
        for cell in sheet.children(child):
            assert isinstance(cell, Cell)
            cell.code = child.code + cell.code[12:]
            sheet.touch(cell)


def _settle(sheet: Sheet, areas: Sequence[Area]) -> None:
    """Borders of communities (and of the streets above them) after cells changed hands; empty ones end."""
    for area in areas:
        if sheet.children(area):
            sheet.reborder(area)
        else:
            sheet.drop(area)
    above = {parent.code: parent for area in areas if (parent := sheet.parent(area)) is not None}
    if len(above) > 1:
        for street in above.values():
            _check_covered_now(sheet, street)
            sheet.reborder(street)


def _check_covered(sheet: Sheet, area: Area) -> None:
    """Only what its cells cover whole can be given a border from its cells."""
    children = sheet.children(area)
    if not children:
        return
    whole, *parts = sheet.square_metres([sheet.shape(area), *(sheet.shape(child) for child in children)])
    if abs(whole - sum(parts)) > max(1.0, whole * 1e-6):
        raise _asks(
            "codes",
            _("The parts of %(code)s do not cover it: %(m2)s m² are missing.")
            % {"code": area.code, "m2": f"{whole - sum(parts):.1f}"},
            _("Draw or cut its cells first."),
        )


def _check_covered_now(sheet: Sheet, street: Area) -> None:
    if not sheet.children(street):
        raise _asks("codes", _("Nothing would be left of one of the two areas."))


def _new_code(sheet: Sheet, area: Area, wished: str) -> str:
    """The code of a new area beside another: the one given, else the next free one (CJ/T 349: 601 and up)."""
    width = len(area.code)
    if not wished:
        parent = sheet.parent(area)
        return _next_codes(sheet, (parent.code if parent else area.code[: width - 3]), width, 1, first=601)[0]
    kind = codes.Kind.STREET if width == 9 else codes.Kind.COMMUNITY
    try:
        codes.parse(kind, wished)
    except CodeError as fault:
        raise _asks("into", str(fault.message), str(fault.mend)) from fault
    if not wished.startswith(area.code[: width - 3]):
        raise _asks("into", _("The code must begin with %(code)s.") % {"code": area.code[: width - 3]})
    if Area.objects.filter(generation=sheet.generation, code=wished).exists():
        raise _asks("into", _("The code %(code)s is taken.") % {"code": wished})
    return wished


# --- cells -----------------------------------------------------------------------------------------------


def _replace_cell(sheet: Sheet, cell: Cell, parts: Sequence[Any]) -> list[Cell]:
    sheet.drop(cell)
    return _new_cells(sheet, cell, parts)


def _new_cells(sheet: Sheet, pattern: Cell, parts: Sequence[Any]) -> list[Cell]:
    """Cells with new codes that are otherwise like a pattern."""
    community = _community(sheet, pattern)
    numbers = _next_codes(sheet, community.code, len(pattern.code), len(parts))
    made = []
    for code, part in zip(numbers, _in_order(parts), strict=True):
        cell = Cell(
            generation=sheet.generation, community=community, code=code, active=False,
            valid_from=timezone.localdate(), land_use_code=pattern.land_use_code,
            management_grade=pattern.management_grade, responsible_subject=pattern.responsible_subject,
            synthetic=pattern.synthetic,
        )  # fmt: skip
        sheet.make(cell, part)
        made.append(cell)
    return made


def _next_codes(sheet: Sheet, above: str, width: int, count: int, *, first: int = 1) -> list[str]:
    """Codes under another that no generation and no row of the sheet has had; refused when used up."""
    model: Any = Cell if width > 12 else Area
    digits = width - len(above)
    used = (
        model.objects.annotate(width=Length("code"))
        .filter(code__startswith=above, width=width)
        .aggregate(last=Max("code"))["last"]
    )
    held = [row.code for row in [*sheet.rows.values(), *(row for row, _shape in sheet.made)]]
    taken = [code for code in held if code.startswith(above) and len(code) == width]
    last = max([above + "0" * digits, *taken, *([used] if used else [])])
    start = max(int(last[len(above) :]) + 1, first)
    if start + count - 1 > 10**digits - 1:
        raise _asks(
            "code",
            _("All %(most)s numbers under %(code)s are used up.") % {"most": 10**digits - 1, "code": above},
            _("Split the community; used numbers do not come back."),
        )
    return [f"{above}{number:0{digits}d}" for number in range(start, start + count)]


def _community(sheet: Sheet, cell: Cell) -> Area:
    named = cell._state.fields_cache.get("community")
    found = named if named is not None else sheet.parent(cell)
    assert isinstance(found, Area)
    return found


# --- geometry --------------------------------------------------------------------------------------------


def _touching(sheet: Sheet, at: LonLat) -> list[Row]:
    """Rows whose border runs through a point; refused where none does."""
    spot = shapely.Point(at)
    found = [
        row
        for row in sheet.around(spot)
        if shapely.distance(shapely.boundary(sheet.shape(row)), spot) <= shapes.TOUCH
    ]
    if not found:
        raise EditRefused(
            _("No border runs through this point."),
            field="at",
            value=f"{at[0]:.6f}, {at[1]:.6f}",
            mend=_("Load the draft again: somebody may have changed it."),
        )
    return found


def _is_rim(sheet: Sheet, rows: Sequence[Row]) -> bool:
    return any(isinstance(row, Area) and row.level == Area.Level.DISTRICT for row in rows)


def _overlap(one: Any, other: Any) -> bool:
    return bool(shapely.relate_pattern(one, other, "2********"))


def _parts_by(shape: Any, ground: Any) -> dict[bool, list[Any]]:
    """A shape cut along the border of a ground: what lies inside it (True) and outside (False)."""
    if shapely.covers(ground, shape):
        return {True: [shape], False: []}
    if not _overlap(shape, ground):
        return {True: [], False: [shape]}
    web = shapely.union_all([shapely.boundary(shape), shapely.boundary(ground)])
    found: dict[bool, list[Any]] = {True: [], False: []}
    for face in shapely.get_parts(shapely.polygonize([web])):
        middle = shapely.point_on_surface(face)
        if shapely.covers(shape, middle):
            found[bool(shapely.covers(ground, middle))].append(face)
    return {
        side: list(shapely.get_parts(shapes.joined(faces))) if faces else [] for side, faces in found.items()
    }


def _new_points(sheet: Sheet, old: Iterable[Cell], made: Iterable[Row]) -> set[LonLat]:
    """Vertices that the new rows have and the old ones had not: neighbours must get them too."""
    known: set[LonLat] = set()
    for cell in old:
        known |= shapes.vertices(sheet.shapes[("cell", cell.pk)])
    return {point for row in made for point in shapes.vertices(sheet.shape(row))} - known


def _west_to_east(sheet: Sheet, rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (-round(sheet.shape(row).bounds[3], 4), sheet.shape(row).bounds[0]))


def _in_order(parts: Sequence[Any]) -> list[Any]:
    return sorted(parts, key=lambda part: (-round(part.bounds[3], 4), part.bounds[0]))


# --- what was asked --------------------------------------------------------------------------------------


def _point(field: str, value: LonLat | None) -> LonLat:
    if value is None:
        raise _asks(field, _("A point is missing."))
    return value


def _line(points: Sequence[LonLat]) -> Any:
    if len(points) < 2 or len(set(points)) < 2:
        raise _asks("line", _("A line has at least two points."))
    return shapely.linestrings(points)


def _ring(points: Sequence[LonLat]) -> Any:
    if len(set(points)) < 3:
        raise _asks("ring", _("An area has at least three points."))
    ring = shapely.Polygon(points)
    if not shapely.is_valid(ring):
        raise _asks("ring", _("The drawn border crosses itself."))
    return ring


def _one(field: str, values: Sequence[str]) -> str:
    given = [value for value in values if value]
    if len(given) != 1:
        raise _asks(field, _("Exactly one code is needed."))
    return given[0]


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise _asks("name", _("A name is needed."))
    return name[:100]


def _told(rows: Sequence[Row]) -> str:
    shown = ", ".join(row.code for row in rows[:6])
    return shown + (" …" if len(rows) > 6 else "")


def _asks(field: str, message: str, mend: str = "") -> EditRefused:
    return EditRefused(message, field=field, mend=mend or _("Choose again."))
