"""An administrator edits borders on the map: split, undo, merge, into force; the page on phone and desk."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.gis.geos import Point
from playwright.sync_api import Page, expect

from casework.models import Person
from casework.roles import Role
from gis_data.models import Address, Cell, Component, Generation, GridPlan
from gis_data.spelling import spellings
from tests.browser.conftest import Opened
from tests.factories.city import SIDE, SOUTH
from tests.factories.people import Town, holder, organisation

ZOOM = 18  # at which one arrives at a cell of this size


@pytest.fixture
def administrator(town: Town) -> Town:
    holder("ada", "Ada", Role.SYSTEM_ADMIN, organisation("110101-IT", "信息中心", "IT"))
    return town


@pytest.fixture
def editor(administrator: Town, window: Opened) -> Page:
    page = window("ada", "/editor/")
    page.get_by_role("button", name="Begin editing").click()
    expect(page.locator("[data-tool=choose]")).to_be_visible()
    return page


def spot(page: Page) -> Callable[[float, float], tuple[float, float]]:
    """Fly to the first cell; `at(cells from the west, cells from the south)` is a point on the screen."""
    first = "110101001001001"
    page.get_by_role("button", name="Find a place").click()
    page.get_by_role("combobox", name="Find a place").fill(first)
    expect(page.get_by_role("option", name=first)).to_be_visible()
    with page.expect_response(lambda answer: "/shapes?" in answer.url or "/ground?" in answer.url):
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")  # the box closes
    page.wait_for_load_state("networkidle")
    box: Any = page.locator(".leaflet-container").bounding_box()
    across = SIDE * 256 * 2**ZOOM / 360
    up = across / math.cos(math.radians(SOUTH + SIDE / 2))

    def at(east: float, north: float) -> tuple[float, float]:
        x = box["x"] + box["width"] / 2 + (east - 0.5) * across
        return x, box["y"] + box["height"] / 2 - (north - 0.5) * up

    return at


def codes(generation: Generation) -> list[str]:
    return sorted(Cell.objects.filter(generation=generation).values_list("code", flat=True))


def test_a_cell_is_split_undone_merged_and_the_draft_comes_into_force(editor: Page) -> None:
    draft = Generation.objects.get(state="draft")
    first = codes(draft)
    at = spot(editor)

    # split: choose, draw across, Enter
    editor.mouse.click(*at(0.5, 0.5))
    expect(editor.locator(".editor-panel")).to_contain_text(first[0])
    editor.keyboard.press("s")
    editor.mouse.click(*at(0.45, -0.4))
    editor.mouse.click(*at(0.55, 1.4))
    with editor.expect_response(lambda answer: answer.url.endswith("/edits")) as answered:
        editor.keyboard.press("Enter")
    assert answered.value.status == 200, answered.value.text()
    expect(editor.locator(".edit-list")).to_contain_text("Cell split")
    assert codes(draft) == sorted([*first[1:], "110101001001003", "110101001001004"])

    # undo by key
    with editor.expect_response(lambda answer: "/shapes?" in answer.url):
        editor.keyboard.press("Control+z")
    expect(editor.locator(".edit-list li.undone")).to_have_count(1)
    assert codes(draft) == first

    # merge two neighbours
    editor.locator("[data-tool=merge]").click()
    editor.mouse.click(*at(0.5, 0.5))
    editor.mouse.click(*at(1.5, 0.5))
    editor.locator("[data-do=merge]").click()
    expect(editor.locator(".edit-list")).to_contain_text("Cells merged")
    assert len(codes(draft)) == len(first) - 1

    # into force
    editor.get_by_role("button", name="Bring into force").click()
    editor.locator("[data-do=activate]").click()
    expect(editor.get_by_role("button", name="Begin editing")).to_be_visible()
    draft.refresh_from_db()
    assert draft.state == "active"
    assert Cell.objects.filter(active=True, code__startswith="110101").count() == len(first) - 1


def test_a_dragged_corner_moves_for_both_cells(editor: Page) -> None:
    at = spot(editor)
    editor.mouse.click(*at(0.5, 0.5))
    editor.locator("[data-tool=corners]").click()
    # the middle of the border between the first two cells
    editor.mouse.move(*at(1, 0.5))
    editor.mouse.down()
    editor.mouse.move(*at(1.1, 0.5))
    editor.mouse.move(*at(1.2, 0.5))
    with editor.expect_response(lambda answer: answer.url.endswith("/edits")) as answered:
        editor.mouse.up()
    assert answered.value.status == 200, answered.value.text()
    draft = Generation.objects.get(state="draft")
    west, east = Cell.objects.filter(generation=draft, code__in=["110101001001001", "110101001001002"])
    assert west.border.num_coords == east.border.num_coords == 6
    assert west.area_m2 > east.area_m2


def test_a_refused_edit_says_why_and_leaves_the_map_as_it_was(editor: Page) -> None:
    at = spot(editor)
    editor.mouse.click(*at(0.5, 0.5))
    editor.keyboard.press("s")
    editor.mouse.click(*at(0.3, 0.3))
    editor.mouse.click(*at(0.6, 0.6))
    editor.keyboard.press("Enter")
    expect(editor.locator(".toast.fault")).to_contain_text("not two")
    expect(editor.locator(".edit-list li")).to_have_count(0)


def test_cells_are_given_to_a_grid_and_a_component_is_placed(administrator: Town, window: Opened) -> None:
    page = window("ada", "/editor/")
    page.get_by_role("tab", name="Responsibility grids").click()
    page.locator("#grid-name").fill("New one")
    page.get_by_role("button", name="New grid").click()
    expect(page.locator(".edit-list").first).to_contain_text("New one")
    at = spot(page)
    page.mouse.click(*at(0.5, 0.5))
    page.mouse.click(*at(1.5, 0.5))
    page.locator("[data-do=assign]").click()
    expect(page.locator(".toast").last).to_contain_text("Cells assigned")
    assert Cell.objects.filter(grids__name="New one").count() == 2

    page.get_by_role("tab", name="Components").click()
    page.locator("#component-class").fill("0137")
    page.locator("[data-do=place]").click()
    before = Component.objects.count()
    page.mouse.click(*at(0.8, 0.8))
    expect(page.locator(".toast").last).to_contain_text("Component added")
    assert Component.objects.count() == before + 1


def test_a_proposal_is_changed_on_the_map_before_it_comes_into_force(
    administrator: Town, window: Opened, tmp_path: Path
) -> None:
    page = window("ada", "/editor/")
    page.get_by_role("tab", name="Responsibility grids").click()
    page.locator("#grid-count").fill("2")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("[data-group]")).to_have_count(2)
    at = spot(page)
    proposed = GridPlan.objects.get()
    first = next(row for row in proposed.cells if row[0].endswith("001001001"))
    balance = page.locator("[data-balance]").inner_text()

    # the other grid, then a cell: what it would do is said before it is done
    page.locator(f"[data-group='{1 - first[1]}']").click()
    page.mouse.click(*at(0.5, 0.5))
    considered = page.locator("[data-considered]")
    expect(considered).to_contain_text("would be")
    said = considered.inner_text().split()[-4]
    page.locator("[data-do=move]").click()
    expect(page.locator("[data-balance]")).to_contain_text(said)
    assert page.locator("[data-balance]").inner_text() != balance
    moved = {row[0]: row[1] for row in GridPlan.objects.get().cells}
    assert moved[first[0]] == 1 - first[1]
    page.screenshot(path=tmp_path / "plan.png")

    # undone by key, done again by button
    page.keyboard.press("Control+z")
    expect(page.locator("[data-balance]")).to_have_text(balance)
    page.locator("[data-do=redo]").click()
    expect(page.locator("[data-balance]")).to_contain_text(said)

    page.locator("[data-do=apply]").click()
    expect(page.locator(".toast").last).to_contain_text("in force")
    assert not GridPlan.objects.exists()
    held = dict(
        Cell.objects.filter(active=True, grids__code__startswith="110101-G").values_list("code", "grids")
    )
    assert {code for code, group in moved.items() if group == moved[first[0]]} == {
        code for code, grid in held.items() if grid == held[first[0]]
    }


def test_the_search_box_of_a_map_flies_to_an_address(town: Town, window: Opened) -> None:
    lon, lat = town.city.inside(2)
    Address.objects.create(
        district_code="110101",
        key="x",
        kind="poi",
        name="钟楼",
        name_en="Bell Tower",
        area_code="110101001002",
        spelt=spellings(["钟楼", "Bell Tower"]),
        place=Point(lon, lat, srid=4326),
    )
    page = window("bo", "/desk/dispatch/")
    page.get_by_role("button", name="Find a place").click()
    page.get_by_role("combobox", name="Find a place").fill("zhonglou")
    option = page.get_by_role("option", name="Bell Tower")
    expect(option).to_contain_text("Yinzha Community")
    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-tooltip")).to_have_text("Bell Tower")
    box: Any = page.locator(".leaflet-container").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2 + 60, box["y"] + box["height"] / 2 + 60)
    expect(page.locator(".whereabouts")).to_contain_text("Bell Tower")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_editor_is_accessible_in_every_mode(
    administrator: Town, window: Opened, language: str, phone: bool
) -> None:
    Person.objects.filter(username="ada").update(language=language)
    page = window("ada", "/editor/", phone=phone, language=language)
    page.wait_for_load_state("networkidle")
    page.locator(".editor-panel button.primary").first.click()
    expect(page.locator("[data-tool=choose]")).to_be_visible()
    for mode in ("borders", "grids", "components"):
        page.locator(f"#mode-{mode}").click()
        page.wait_for_load_state("networkidle")
        found = Axe().run(page).response["violations"]
        serious = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in found
                   if v["impact"] in ("serious", "critical")]  # fmt: skip
        assert not serious, mode
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), "scrolls sideways"
