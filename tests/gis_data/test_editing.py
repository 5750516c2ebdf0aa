"""Editing a draft on the map: neighbours move together, nothing is lost, everything can be undone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
import shapely

from gis_data.addresses import search
from gis_data.check import border_faults
from gis_data.editing import drafts, shapes
from gis_data.editing.verbs import Wanted
from gis_data.errors import EditRefused, PlaceError, StaleDraft
from gis_data.models import Area, Cell, CellLineage, Draft, Generation, MapEdit
from tests.gis_data.ground import COUNT, DISTRICT, SIDE, SOUTH, WEST, corner, make_ground


@dataclass(frozen=True)
class Admin:
    person_id: int = 7
    name: str = "Ada"
    stream: str = DISTRICT


ADA = Admin()


class Desk:
    """Ada at her map: keeps the version she saw."""

    def __init__(self, draft: Draft) -> None:
        self.id, self.version = draft.pk, draft.version
        self.generation = draft.generation

    def do(self, kind: str, **asked: Any) -> MapEdit:
        draft, done = drafts.edit(ADA, self.id, self.version, kind, Wanted(**asked))
        self.version = draft.version
        return done

    def undo(self) -> MapEdit:
        draft, done = drafts.undo(ADA, self.id, self.version)
        self.version = draft.version
        return done

    def redo(self) -> MapEdit:
        draft, done = drafts.redo(ADA, self.id, self.version)
        self.version = draft.version
        return done

    def cells(self) -> dict[str, Any]:
        return {one.code: shape_of(one) for one in Cell.objects.filter(generation=self.generation)}

    def areas(self) -> dict[str, Any]:
        return {one.code: shape_of(one) for one in Area.objects.filter(generation=self.generation)}

    def state(self) -> dict[str, str]:
        """Everything of the draft, to the last bit."""
        return {code: shape.wkb_hex for code, shape in {**self.cells(), **self.areas()}.items()}

    def faults(self) -> list[str]:
        return [str(one) for one in border_faults(self.generation)]


def shape_of(row: Any) -> Any:
    return shapes.single(shapely.from_wkb(bytes(row.border.wkb)))


@pytest.fixture
def desk(db: None) -> Desk:
    make_ground()
    return Desk(drafts.begin(ADA))


def across(column: int, row: int) -> tuple[tuple[float, float], ...]:
    """A line from below a cell to above it, a little past both borders."""
    x = WEST + SIDE * (column + 0.5)
    return (x, SOUTH + SIDE * (row - 0.3)), (x, SOUTH + SIDE * (row + 1.3))


FIRST = f"{DISTRICT}001001"  # columns 0–2, rows 5–3; its first cell is column 0, row 5


# --- beginning -------------------------------------------------------------------------------------------


def test_a_draft_begins_as_a_copy_and_changes_nothing_in_force(desk: Desk) -> None:
    active = Generation.objects.get(state=Generation.State.ACTIVE)
    assert Cell.objects.filter(generation=active, active=True).count() == COUNT * COUNT
    assert len(desk.cells()) == COUNT * COUNT
    assert len(desk.areas()) == 7
    assert desk.faults() == []
    assert drafts.differences(drafts.draft_of(DISTRICT, desk.id)) == []
    desk.do("split_cell", code=f"{FIRST}001", line=across(0, 5))
    assert Cell.objects.filter(generation=active).count() == COUNT * COUNT
    assert {
        one.parent.generation_id for one in Area.objects.filter(generation=desk.generation) if one.parent
    } == {desk.id}


def test_without_borders_in_force_there_is_nothing_to_edit(db: None) -> None:
    with pytest.raises(EditRefused, match="No boundaries"):
        drafts.begin(ADA)


def test_a_draft_of_another_district_is_not_there(desk: Desk) -> None:
    with pytest.raises(PlaceError) as refused:
        drafts.draft_of("110105", desk.id)
    assert refused.value.code == "missing"


# --- moving ----------------------------------------------------------------------------------------------


def test_moving_a_corner_moves_it_for_all_four_neighbours(desk: Desk) -> None:
    at = corner(1, 4)
    to = (at[0] + 0.0002, at[1] + 0.0001)
    desk.do("move_vertex", at=at, to=to)
    holders = [code for code, shape in desk.cells().items() if to in shapes.vertices(shape)]
    assert len(holders) == 4
    assert not [code for code, shape in desk.cells().items() if at in shapes.vertices(shape)]
    assert desk.faults() == []


def test_moving_a_corner_of_streets_moves_the_borders_of_areas_too(desk: Desk) -> None:
    at = corner(3, 3)
    to = (at[0] - 0.0002, at[1])
    desk.do("move_vertex", at=at, to=to)
    assert (
        sum(to in shapes.vertices(shape) for shape in desk.areas().values()) == 6
    )  # 4 communities, 2 streets
    assert desk.faults() == []


def test_a_point_of_an_edge_becomes_a_corner_of_both_sides(desk: Desk) -> None:
    (ax, ay), (bx, by) = corner(1, 4), corner(1, 5)
    at, to = ((ax + bx) / 2, (ay + by) / 2), ((ax + bx) / 2 + 0.0002, (ay + by) / 2)
    desk.do("move_vertex", at=at, to=to)
    assert sum(to in shapes.vertices(shape) for shape in desk.cells().values()) == 2
    assert desk.faults() == []
    desk.do("remove_vertex", at=to)
    assert sum(to in shapes.vertices(shape) for shape in desk.cells().values()) == 0
    assert desk.faults() == []


def test_a_corner_where_borders_meet_cannot_be_taken_out(desk: Desk) -> None:
    with pytest.raises(EditRefused, match="Several borders meet"):
        desk.do("remove_vertex", at=corner(2, 2))


def test_a_move_that_would_fold_a_cell_over_is_refused_and_nothing_is_written(desk: Desk) -> None:
    before = desk.state()
    with pytest.raises(EditRefused) as refused:
        desk.do("move_vertex", at=corner(1, 4), to=corner(3, 2))
    assert refused.value.mend
    assert desk.state() == before
    assert Draft.objects.get().version == 0


def test_the_rim_of_the_district_is_moved_only_on_purpose(desk: Desk) -> None:
    at = corner(0, 2)
    to = (at[0] - 0.0003, at[1])
    with pytest.raises(EditRefused, match="rim"):
        desk.do("move_vertex", at=at, to=to)
    desk.do("move_vertex", at=at, to=to, outer=True)
    assert desk.faults() == []


def test_where_no_border_runs_nothing_can_be_moved(desk: Desk) -> None:
    with pytest.raises(EditRefused, match="No border"):
        desk.do("move_vertex", at=(WEST + SIDE / 2, SOUTH + SIDE / 2), to=(WEST, SOUTH))


# --- splitting and merging -------------------------------------------------------------------------------


def test_a_split_cell_ends_and_its_parts_have_new_codes_from_west_to_east(desk: Desk) -> None:
    before = desk.cells()[f"{FIRST}001"]
    desk.do("split_cell", code=f"{FIRST}001", line=across(0, 5))
    cells = desk.cells()
    assert f"{FIRST}001" not in cells
    west, east = cells[f"{FIRST}010"], cells[f"{FIRST}011"]
    assert west.centroid.x < east.centroid.x
    assert shapely.union(west, east).area == pytest.approx(before.area)
    # the neighbour below has the new corner in its border
    cut = next(
        point for point in shapes.vertices(west) & shapes.vertices(east) if point[1] < SOUTH + 5.5 * SIDE
    )
    assert cut in shapes.vertices(cells[f"{FIRST}004"])
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (((WEST + 0.4 * SIDE, SOUTH + 5.4 * SIDE), (WEST + 0.6 * SIDE, SOUTH + 5.6 * SIDE)), "1 parts"),
        (((WEST, SOUTH), (WEST, SOUTH)), "two points"),
        (
            ((WEST + 0.4 * SIDE, SOUTH + 4 * SIDE), (WEST + 0.4 * SIDE, SOUTH + 7 * SIDE),
             (WEST + 0.7 * SIDE, SOUTH + 7 * SIDE), (WEST + 0.7 * SIDE, SOUTH + 4 * SIDE)), "3 parts",
        ),
        (((WEST + 0.01 * SIDE, SOUTH + 4 * SIDE), (WEST + 0.001 * SIDE, SOUTH + 7 * SIDE)), "would be left"),
    ],
    ids=["inside", "no line", "twice", "sliver"],
)  # fmt: skip
def test_a_line_that_makes_not_two_cells_is_refused(desk: Desk, line: Any, why: str) -> None:
    with pytest.raises(EditRefused, match=why):
        desk.do("split_cell", code=f"{FIRST}001", line=line)


def test_a_line_that_ends_just_short_of_the_border_cuts_all_the_same(desk: Desk) -> None:
    x = WEST + 0.5 * SIDE
    desk.do("split_cell", code=f"{FIRST}001", line=((x, SOUTH + 6 * SIDE - 1e-5), (x, SOUTH + 4 * SIDE)))
    assert len(desk.cells()) == COUNT * COUNT + 1
    assert desk.faults() == []


def test_merged_neighbours_are_one_cell_with_a_new_code(desk: Desk) -> None:
    desk.do("merge_cells", codes=(f"{FIRST}001", f"{FIRST}002"))
    cells = desk.cells()
    assert len(cells) == COUNT * COUNT - 1
    assert f"{FIRST}010" in cells
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ((f"{FIRST}001",), "at least two"),
        ((f"{FIRST}001", f"{FIRST}009"), "no neighbours"),
        ((f"{FIRST}003", f"{DISTRICT}002001001"), "several communities"),
        ((f"{FIRST}001", "999"), "has no"),
    ],
)
def test_what_is_no_pair_of_neighbours_is_not_merged(desk: Desk, codes: Any, why: str) -> None:
    with pytest.raises(EditRefused, match=why):
        desk.do("merge_cells", codes=codes)


def test_codes_are_never_used_again_and_run_out_with_a_reason(desk: Desk) -> None:
    desk.do("merge_cells", codes=(f"{FIRST}008", f"{FIRST}009"))
    desk.do("merge_cells", codes=(f"{FIRST}007", f"{FIRST}010"))
    assert f"{FIRST}011" in desk.cells()
    Cell.objects.filter(generation=desk.generation, code=f"{FIRST}001").update(code=f"{FIRST}999")
    with pytest.raises(EditRefused, match="used up"):
        desk.do("split_cell", code=f"{FIRST}002", line=across(1, 5))


def test_a_drawn_cell_takes_its_ground_from_the_others(desk: Desk) -> None:
    x, y, half = WEST + SIDE, SOUTH + 5 * SIDE, SIDE / 2
    ring = ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))
    desk.do("draw_cell", ring=ring, into=FIRST)
    cells = desk.cells()
    drawn = [shape for shape in cells.values() if shape.centroid.distance(shapely.Point(x, y)) < 1e-5]
    assert len(drawn) == 1
    assert drawn[0].area == pytest.approx(SIDE**2)
    assert len(cells) == COUNT * COUNT + 1
    assert desk.faults() == []


def test_a_cell_is_not_drawn_beyond_its_community(desk: Desk) -> None:
    ring = ((WEST, SOUTH), (WEST + 6 * SIDE, SOUTH), (WEST + 6 * SIDE, SOUTH + 6 * SIDE))
    with pytest.raises(EditRefused, match="beyond the community"):
        desk.do("draw_cell", ring=ring, into=FIRST)


# --- areas -----------------------------------------------------------------------------------------------


def test_a_community_cut_by_a_line_gives_a_new_one_with_whole_cells(desk: Desk) -> None:
    x = WEST + 0.5 * SIDE
    line = ((x, SOUTH + 2.5 * SIDE), (x, SOUTH + 6.5 * SIDE))
    desk.do("split_area", codes=(FIRST,), line=line, into=f"{DISTRICT}001601", name="新社区", name_en="New")
    areas, cells = desk.areas(), desk.cells()
    assert len(areas) == 8
    assert areas[f"{DISTRICT}001601"].area + areas[FIRST].area == pytest.approx(9 * SIDE**2, rel=0.1)
    assert sum(code.startswith(f"{DISTRICT}001601") for code in cells) == 3
    assert len(cells) == COUNT * COUNT + 3
    assert Area.objects.get(generation=desk.generation, code=f"{DISTRICT}001601").name == "新社区"
    assert desk.faults() == []


def test_a_drawn_area_takes_the_cells_inside_it(desk: Desk) -> None:
    x, y = WEST + 1.5 * SIDE, SOUTH + 4.5 * SIDE
    ring = ((WEST - SIDE, y), (x, y), (x, SOUTH + 7 * SIDE), (WEST - SIDE, SOUTH + 7 * SIDE))
    desk.do("draw_area", codes=(FIRST,), ring=ring, name="北角社区")
    assert f"{DISTRICT}001601" in desk.areas()
    assert desk.faults() == []


def test_merged_communities_are_one_and_their_cells_bear_its_code(desk: Desk) -> None:
    desk.do("merge_areas", codes=(FIRST, f"{DISTRICT}001002"))
    assert sorted(desk.areas()) == [DISTRICT, f"{DISTRICT}001", FIRST, f"{DISTRICT}002", f"{DISTRICT}002001",
                                    f"{DISTRICT}002002"]  # fmt: skip
    assert sum(code.startswith(FIRST) for code in desk.cells()) == 18
    assert desk.faults() == []


def test_merged_streets_take_their_communities_along(desk: Desk) -> None:
    desk.do("merge_areas", codes=(f"{DISTRICT}001", f"{DISTRICT}002"))
    assert f"{DISTRICT}001601" in desk.areas()
    assert all(code.startswith(f"{DISTRICT}001") for code in desk.cells())
    assert desk.faults() == []


def test_a_street_is_divided_between_its_communities(desk: Desk) -> None:
    y = SOUTH + 3.2 * SIDE
    line = ((WEST - SIDE, y), (WEST + 7 * SIDE, y))
    desk.do("split_area", codes=(f"{DISTRICT}001",), line=line, into=f"{DISTRICT}003", name="新街道")
    assert f"{DISTRICT}003" in desk.areas()
    assert desk.faults() == []


def test_cells_given_to_another_community_take_its_border_along(desk: Desk) -> None:
    other = f"{DISTRICT}002001"
    before = desk.areas()
    desk.do("move_cells", codes=(f"{FIRST}003",), into=other)
    areas = desk.areas()
    assert areas[other].area > before[other].area
    assert areas[f"{DISTRICT}002"].area > before[f"{DISTRICT}002"].area, "the street's border moved as well"
    assert f"{other}010" in desk.cells()
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("code", "why"),
    [("110101001002", "taken"), ("110101002009", "begin with"), ("12", "digits")],
)
def test_a_code_that_does_not_fit_is_refused(desk: Desk, code: str, why: str) -> None:
    x = WEST + SIDE
    line = ((x, SOUTH + 2.5 * SIDE), (x, SOUTH + 6.5 * SIDE))
    with pytest.raises(EditRefused, match=why):
        desk.do("split_area", codes=(FIRST,), line=line, into=code, name="新")


# --- undoing, sharing, coming into force -----------------------------------------------------------------


def test_every_edit_can_be_undone_to_the_last_bit_and_done_again(desk: Desk) -> None:
    states = [desk.state()]
    for kind, asked in (
        ("split_cell", {"code": f"{FIRST}001", "line": across(0, 5)}),
        ("move_vertex", {"at": corner(3, 3), "to": (corner(3, 3)[0], corner(3, 3)[1] + 0.0001)}),
        ("merge_cells", {"codes": (f"{FIRST}002", f"{FIRST}003")}),
        ("merge_areas", {"codes": (FIRST, f"{DISTRICT}001002")}),
        ("move_cells", {"codes": (f"{DISTRICT}002001001",), "into": FIRST}),
        ("rename_area", {"codes": (FIRST,), "name": "别名社区"}),
    ):
        desk.do(kind, **asked)
        states.append(desk.state())
    for state in reversed(states[:-1]):
        desk.undo()
        assert desk.state() == state
    with pytest.raises(EditRefused, match="nothing to undo"):
        desk.undo()
    for state in states[1:]:
        desk.redo()
        assert desk.state() == state
    with pytest.raises(EditRefused, match="nothing to do again"):
        desk.redo()


def test_after_a_new_edit_what_was_undone_stays_undone(desk: Desk) -> None:
    desk.do("merge_cells", codes=(f"{FIRST}001", f"{FIRST}002"))
    desk.undo()
    desk.do("rename_area", codes=(FIRST,), name="别名社区")
    with pytest.raises(EditRefused, match="nothing to do again"):
        desk.redo()


def test_an_edit_of_what_somebody_else_changed_is_refused(desk: Desk) -> None:
    other = Desk(Draft.objects.select_related("generation").get())
    desk.do("merge_cells", codes=(f"{FIRST}001", f"{FIRST}002"))
    with pytest.raises(StaleDraft, match="Ada"):
        other.do("rename_area", codes=(FIRST,), name="别名社区")
    assert Draft.objects.get().version == 1


def test_the_log_says_who_did_what_and_outlives_the_draft(desk: Desk) -> None:
    done = desk.do("merge_cells", codes=(f"{FIRST}001", f"{FIRST}002"))
    assert (done.by_name, done.subject) == ("Ada", f"{FIRST}001, {FIRST}002 → {FIRST}010")
    assert len(done.before["cell"]) == 2
    assert len(done.after["cell"]) == 1
    drafts.discard(ADA, desk.id, desk.version)
    assert not Generation.objects.filter(pk=desk.id).exists()
    assert list(MapEdit.objects.values_list("kind", flat=True)) == ["begin", "merge_cells", "discard"]


def test_an_activated_draft_keeps_old_cells_and_writes_what_became_of_them(desk: Desk) -> None:
    old = Generation.objects.get(state=Generation.State.ACTIVE)
    desk.do("split_cell", code=f"{FIRST}001", line=across(0, 5))
    changes = {(one.code, one.change) for one in drafts.differences(drafts.draft_of(DISTRICT, desk.id))}
    assert (f"{FIRST}001", "gone") in changes
    assert {(f"{FIRST}010", "new"), (f"{FIRST}011", "new")} < changes
    done = drafts.bring_into_force(ADA, desk.id, desk.version)
    assert done.replaces == old.pk
    assert Cell.objects.filter(generation=old, active=False).count() == COUNT * COUNT
    became = CellLineage.objects.filter(old__code=f"{FIRST}001").values_list("new__code", flat=True)
    assert sorted(became) == [f"{FIRST}010", f"{FIRST}011"]
    with pytest.raises(PlaceError):
        desk.do("rename_area", codes=(FIRST,), name="x")


def test_names_of_areas_in_force_are_found_and_former_ones_too(desk: Desk) -> None:
    def found(name: str) -> list[str]:
        return [one.name for one in search(name, district_code=DISTRICT)]

    drafts.bring_into_force(ADA, desk.id, desk.version)
    assert found("1-1社区") == ["1-1社区"]
    desk = Desk(drafts.begin(ADA))
    desk.do("rename_area", codes=(FIRST,), name="钟鼓社区")
    desk.do("merge_areas", codes=(f"{DISTRICT}002001", f"{DISTRICT}002002"))
    drafts.bring_into_force(ADA, desk.id, desk.version)
    assert found("钟鼓") == found("zgsq") == ["钟鼓社区"]
    assert found("1-1社区")[:1] == ["钟鼓社区"]
    assert "2-2社区" not in found("2-2社区")


def test_a_draft_with_a_gap_does_not_come_into_force(desk: Desk) -> None:
    Cell.objects.filter(generation=desk.generation, code=f"{FIRST}005").delete()
    with pytest.raises(EditRefused, match="faults"):
        drafts.bring_into_force(ADA, desk.id, desk.version)
    assert Generation.objects.get(pk=desk.id).state == Generation.State.DRAFT


# --- whatever is done, in whatever order -----------------------------------------------------------------


def some_edit(chance: random.Random, desk: Desk) -> tuple[str, dict[str, Any]]:
    """Anything an administrator might try, sensible or not."""
    cells, areas = desk.cells(), desk.areas()
    code = chance.choice(sorted(cells))
    shape = cells[code]
    near = sorted(other for other, one in cells.items() if other != code and one.intersects(shape))
    communities = sorted(one for one in areas if len(one) == 12)
    west, south, east, north = shape.bounds
    x, y = (chance.uniform(west, east), chance.uniform(south, north))
    turn = chance.uniform(-0.001, 0.001)
    kind = chance.choice(
        [
            "move",
            "move",
            "edge",
            "split",
            "split",
            "merge",
            "draw",
            "give",
            "cut area",
            "join areas",
            "undo",
            "redo",
        ]
    )
    if kind == "move":
        at = chance.choice(sorted(shapes.vertices(shape)))
        return "move_vertex", {"at": at, "to": (at[0] + turn / 2, at[1] + chance.uniform(-5e-4, 5e-4))}
    if kind == "edge":
        on = shapely.line_interpolate_point(shape.exterior, chance.random(), normalized=True)
        return "move_vertex", {"at": (on.x, on.y), "to": (on.x + turn / 2, on.y + turn / 3)}
    if kind == "split":
        return "split_cell", {"code": code, "line": ((x - turn, south - 1e-3), (x + turn, north + 1e-3))}
    if kind == "merge":
        return "merge_cells", {"codes": (code, chance.choice(near or [code]))}
    if kind == "draw":
        half = SIDE / 3
        ring = ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))
        return "draw_cell", {"ring": ring, "into": code[:12]}
    if kind == "give":
        return "move_cells", {"codes": (code,), "into": chance.choice(communities)}
    if kind == "cut area":
        area = areas[code[:12]]
        line = ((x - turn, area.bounds[1] - 1e-3), (x + turn, area.bounds[3] + 1e-3))
        return "split_area", {"codes": (code[:12],), "line": line, "name": "切出"}
    if kind == "join areas":
        return "merge_areas", {"codes": (code[:12], chance.choice(communities))}
    return kind, {}


@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_edits_keeps_the_ground_whole(desk: Desk, seed: int) -> None:
    """No gap, no overlap, no cell across a community, the same sum; and undone, all is as it was."""
    chance = random.Random(seed)
    first = desk.state()
    whole = shapely.union_all(list(desk.cells().values())).area
    done = 0
    for _n in range(40):
        kind, asked = some_edit(chance, desk)
        try:
            if kind in ("undo", "redo"):
                desk.undo() if kind == "undo" else desk.redo()
                continue
            desk.do(kind, **asked)
        except EditRefused:
            continue
        done += 1
    assert done >= 10, "most of what was tried was refused"
    cells = desk.cells()
    assert sum(shape.area for shape in cells.values()) == pytest.approx(whole, rel=1e-9)
    assert shapely.union_all(list(cells.values())).area == pytest.approx(whole, rel=1e-9)
    assert desk.faults() == []
    while MapEdit.objects.filter(generation=desk.generation, state=MapEdit.State.DONE).exists():
        desk.undo()
    assert desk.state() == first
