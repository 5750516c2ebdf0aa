"""A proposal of grids changed on the map before it is in force: moved, undone, refused when stale."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from casework.models import Stream
from casework.roles import Role
from dispatch import grid_plans
from gis_data.models import Generation, GridPlan, MapEdit, ResponsibilityGrid
from tests.factories.calls import Caller
from tests.factories.people import holder, organisation
from tests.gis_data.ground import make_ground

PLAN = "/grids/plan"


@pytest.fixture
def ground(db: None) -> Generation:
    """36 cells in force, none in a grid."""
    Stream.objects.get_or_create(code="110101", defaults={"name": "东城区"})
    return make_ground()


@pytest.fixture
def admin(ground: Generation) -> Caller:
    return Caller(holder("ada", "Ada", Role.SYSTEM_ADMIN, organisation("110101-IT", "信息中心", "IT")))


def send(caller: Caller, path: str = "", status: int = 200, /, **body: Any) -> dict[str, Any]:
    answer = caller.post(f"{PLAN}{path}", body)
    assert answer.status_code == status, answer.content
    told: dict[str, Any] = answer.json()
    return told


def groups_of(told: dict[str, Any]) -> dict[str, int]:
    return {code: group for code, (group, _minutes) in told["cells"].items()}


def test_cells_move_between_proposed_grids_and_the_balance_follows(admin: Caller, ground: Generation) -> None:
    first = send(admin, count=3)
    assert (first["version"], len(first["groups"]), len(first["cells"])) == (0, 3, 36)
    assert all(group["pieces"] == 1 for group in first["groups"])
    giver = [code for code, group in groups_of(first).items() if group == 0]
    moved = send(admin, "/moves", version=0, group=1, cells=giver[:4])
    assert {code: groups_of(moved)[code] for code in giver[:4]} == dict.fromkeys(giver[:4], 1)
    assert groups_of(moved) == groups_of(first) | dict.fromkeys(giver[:4], 1)
    # what is stated is what the cells say
    for number, group in enumerate(moved["groups"]):
        minutes = [one for at, one in moved["cells"].values() if at == number]
        assert group["cells"] == len(minutes)
        assert group["minutes"] == pytest.approx(sum(minutes))
    loads = [group["minutes"] for group in moved["groups"]]
    assert moved["figures"]["balance"] == pytest.approx(max(loads) / (sum(loads) / 3), abs=1e-4)
    assert moved["figures"]["balance"] > first["figures"]["balance"]
    # nothing is in force yet
    assert not ResponsibilityGrid.objects.filter(cells__generation=ground).exists()


def test_moves_are_undone_and_done_again_in_order(admin: Caller) -> None:
    first = send(admin, count=3)
    codes = list(first["cells"])
    one = send(admin, "/moves", version=0, group=2, cells=[codes[0]])
    two = send(admin, "/moves", version=1, group=1, cells=codes[:2])
    back = send(admin, "/undo", version=2)
    assert groups_of(back) == groups_of(one)
    assert groups_of(send(admin, "/undo", version=3)) == groups_of(first)
    send(admin, "/undo", 422, version=4)
    assert groups_of(send(admin, "/redo", version=4)) == groups_of(one)
    again = send(admin, "/redo", version=5)
    assert groups_of(again) == groups_of(two)
    assert (again["can_undo"], again["can_redo"]) == (True, False)
    # another move forgets what was undone
    send(admin, "/undo", version=6)
    other = send(admin, "/moves", version=7, group=0, cells=[codes[-1]])
    assert not other["can_redo"]
    send(admin, "/redo", 422, version=8)


def test_whoever_looked_at_an_older_draft_is_refused(admin: Caller) -> None:
    first = send(admin, count=3)
    codes = list(first["cells"])
    send(admin, "/moves", version=0, group=2, cells=[codes[0]])
    for path, body in (
        ("/moves", {"group": 1, "cells": [codes[1]]}),
        ("/undo", {}),
        ("/activate", {}),
        ("/discard", {}),
        ("", {"count": 5}),
    ):
        told = send(admin, path, 409, version=0, **body)
        assert told["error"]["code"] == "stale"
    assert GridPlan.objects.get().version == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"group": 9, "cells": ["110101001001001"]}, "group"),
        ({"group": 0, "cells": ["990101001001001"]}, "cells"),
    ],
)
def test_what_is_not_of_the_proposal_is_refused(admin: Caller, body: dict[str, Any], field: str) -> None:
    first = send(admin, count=2)
    if field == "group":
        body = body | {"cells": list(first["cells"])[:1]}
    told = send(admin, "/moves", 422, version=0, **body)
    assert told["error"]["field"] == field
    assert GridPlan.objects.get().version == 0


def test_a_grid_that_falls_apart_is_told(admin: Caller) -> None:
    """A cell from the far end given to a grid stands alone in it."""
    first = send(admin, count=3)
    of = groups_of(first)
    giver = next(code for code, group in of.items() if group == 0)
    far = send(admin, "/moves", version=0, group=2, cells=[giver])
    assert far["groups"][2]["pieces"] == 2


def test_the_changed_proposal_is_what_comes_into_force(admin: Caller, ground: Generation) -> None:
    first = send(admin, count=3)
    codes = [code for code, group in groups_of(first).items() if group == 0]
    moved = send(admin, "/moves", version=0, group=1, cells=codes[:2])
    made = send(admin, "/activate", version=1)["codes"]
    held = {
        grid.code: set(grid.cells.values_list("code", flat=True))
        for grid in ResponsibilityGrid.objects.filter(code__in=made)
    }
    wanted = [{code for code, at in groups_of(moved).items() if at == number} for number in range(3)]
    assert sorted(map(sorted, held.values())) == sorted(map(sorted, wanted))
    assert not GridPlan.objects.exists()
    assert admin.get(PLAN).json() is None
    assert set(MapEdit.objects.values_list("kind", flat=True)) == {"propose_grids", "put_grids"}


def test_an_emptied_grid_is_not_made(admin: Caller, ground: Generation) -> None:
    first = send(admin, count=3)
    codes = [code for code, group in groups_of(first).items() if group == 2]
    told = send(admin, "/moves", version=0, group=1, cells=codes)
    assert (told["groups"][2]["cells"], told["figures"]["grids"]) == (0, 2)
    assert len(send(admin, "/activate", version=1)["codes"]) == 2


def test_a_discarded_proposal_leaves_everything_as_it_was(admin: Caller, ground: Generation) -> None:
    send(admin, count=3)
    send(admin, "/discard", version=0)
    assert not GridPlan.objects.exists()
    assert not ResponsibilityGrid.objects.filter(cells__generation=ground).exists()


def test_the_command_leaves_a_draft_for_the_map(admin: Caller) -> None:
    out = io.StringIO()
    call_command("propose_grids", "--district=110101", "--count=4", "--draft", "--json", stdout=out)
    assert json.loads(out.getvalue())["committed"] is False
    told = admin.get(PLAN).json()
    assert (len(told["groups"]), told["by"]) == (4, "propose_grids")
    assert grid_plans.as_plan(GridPlan.objects.get()).figures() == told["figures"]
