"""The desk by keyboard: one key for the usual case, two dispatchers on one queue, ten seconds to undo."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from casework import journal
from casework.models import Case
from tests.browser.conftest import Opened
from tests.factories.city import LIGHTING, WATER
from tests.factories.people import Town
from tests.factories.ways import WAYS, arguments, move, walk


def filed(town: Town) -> Case:
    return walk(town, WAYS["filed"], photos=())


def key(page: Page, name: str) -> None:
    page.locator("body").press(name)


def take_first(page: Page) -> None:
    """The most urgent case, once the queue is there."""
    expect(page.locator("[data-pane=queue] [role=option]").first).to_be_visible()
    key(page, "ArrowDown")
    expect(page.locator("[data-shown-case]")).to_be_visible()


def shown(page: Page) -> str:
    """The id of the case that the desk shows in full."""
    return page.locator("[data-shown-case]").get_attribute("data-shown-case") or ""


def wait_for_another(page: Page, than: str) -> None:
    page.wait_for_function(
        "than => !document.querySelector(`[data-shown-case='${than}']`)"
        " && !document.querySelector('[data-pane=case] .skeleton')",
        arg=than,
    )


def top_of(page: Page, case_id: str) -> float:
    box = page.locator(f"[data-pane=queue] [data-id='{case_id}']").bounding_box()
    assert box is not None
    return box["y"]


def test_the_chosen_row_stays_under_the_hand_whatever_comes_and_goes(town: Town, window: Opened) -> None:
    cases = [filed(town) for _ in range(6)]
    bo = window("bo", "/desk/dispatch/")
    rows = bo.locator("[data-pane=queue] [role=option]")
    expect(rows).to_have_count(6)
    for _ in range(4):
        key(bo, "ArrowDown")
    fourth = str(cases[3].pk)
    expect(bo.locator(f"[data-shown-case='{fourth}']")).to_be_visible()
    before = top_of(bo, fourth)
    # one leaves above it, and more come above it than stood there
    move(cases[0].pk, "send_back", town.bea, **arguments(town, "send_back", town.bea))
    expect(rows).to_have_count(5)
    assert top_of(bo, fourth) == before
    for _ in range(3):
        urgent = filed(town)
        Case.objects.filter(pk=urgent.pk).update(due_at="2020-01-01T00:00:00Z")
    expect(rows).to_have_count(8)
    assert top_of(bo, fourth) == before
    # its own case is taken by somebody else: the row stays, marked, and the case says what happened
    move(cases[3].pk, "dispatch", town.bea)
    expect(bo.locator(f"[data-id='{fourth}'].left")).to_be_visible()
    expect(bo.locator("[data-notice]")).to_contain_text("Meanwhile: Dispatch")
    assert top_of(bo, fourth) == before
    key(bo, "ArrowDown")
    expect(bo.locator(f"[data-id='{fourth}']")).to_have_count(0)


def test_a_decision_is_one_key_and_is_taken_back_by_another(town: Town, window: Opened) -> None:
    cases = [filed(town) for _ in range(3)]
    bo = window("bo", "/desk/dispatch/")
    take_first(bo)
    expect(bo.get_by_role("region", name="Proposal")).to_contain_text("Water Company")
    expect(bo.get_by_role("region", name="Proposal")).to_contain_text("Restored")
    first = shown(bo)
    assert first == str(cases[0].pk)
    key(bo, "Enter")
    wait_for_another(bo, first)
    expect(bo.locator("[data-undo]")).to_be_visible()
    assert (
        bo.locator(".queue-gap").evaluate("gap => gap.offsetHeight") == 0
    )  # her own decision closes the list up
    assert Case.objects.get(pk=first).state == "dispatched"
    key(bo, "u")
    expect(bo.locator(f"[data-shown-case='{first}']")).to_be_visible()
    assert [line.verb for line in journal.of_case(cases[0].pk)][-2:] == ["dispatch", "undo"]
    assert Case.objects.get(pk=first).state == "filed"
    # any department by a part of its name, and Enter
    key(bo, "i")
    bo.keyboard.type("light")
    bo.keyboard.press("Enter")
    bo.keyboard.press("Enter")
    wait_for_another(bo, first)
    expect(bo.locator("[data-undo]")).to_be_visible()
    assert Case.objects.select_related("organisation").get(pk=first).organisation.code == LIGHTING  # type: ignore[union-attr]


def test_the_next_case_is_there_before_the_server_has_answered(town: Town, window: Opened) -> None:
    cases = [filed(town) for _ in range(2)]
    bo = window("bo", "/desk/dispatch/")
    held: list[Route] = []
    with bo.expect_response(lambda response: response.url.endswith(f"{cases[1].pk}/desk")):
        take_first(bo)  # and the next one is read ahead
    bo.route("**/moves/dispatch", lambda route: held.append(route))
    key(bo, "Enter")
    expect(bo.locator(f"[data-shown-case='{cases[1].pk}']")).to_be_visible()
    expect(bo.locator(f"[data-id='{cases[0].pk}']")).to_have_count(0)
    assert Case.objects.get(pk=cases[0].pk).state == "filed"
    held[0].continue_()
    expect(bo.locator("[data-undo]")).to_be_visible()
    assert Case.objects.get(pk=cases[0].pk).state == "dispatched"


def test_who_has_a_case_open_is_seen_by_name_until_the_desk_is_left(town: Town, window: Opened) -> None:
    cases = [filed(town) for _ in range(3)]
    bo, bea = window("bo", "/desk/dispatch/"), window("bea", "/desk/dispatch/")
    take_first(bo)
    first = str(cases[0].pk)
    expect(bea.locator(f"[data-id='{first}'] .row-taken")).to_have_text("Bo · ")
    bea.locator(f"[data-id='{first}']").click()
    expect(bea.locator("[data-held]")).to_contain_text("Bo has this case open")
    # she may all the same, and he is told, once and by name
    key(bea, "Enter")
    expect(bo.locator("[data-notice]")).to_contain_text("Meanwhile: Dispatch")
    key(bo, "ArrowDown")
    expect(bea.locator(f"[data-id='{first}']")).to_have_count(0)


def test_two_decisions_at_once_give_one_winner_and_one_clear_word(town: Town, window: Opened) -> None:
    case = filed(town)
    bo = window("bo", "/desk/dispatch/")
    take_first(bo)
    expect(bo.locator("[data-accept]")).to_be_visible()

    # the other's decision is in before his page hears of it
    def after_bea(route: Route) -> None:
        move(case.pk, "dispatch", town.bea)
        route.continue_()

    bo.route("**/moves/dispatch", after_bea)
    key(bo, "Enter")
    expect(bo.locator(".toast.fault")).to_contain_text("Changed by Bea at")
    expect(bo.locator(".toast.fault")).to_contain_text("Nothing of yours was written")
    expect(bo.locator(".toast.fault")).to_have_count(1)
    assert [line.verb for line in journal.of_case(case.pk)].count("dispatch") == 1
    bo.locator(".toast.fault").get_by_role("button", name="Show the case").click()
    expect(bo.locator("[data-pane=case]")).to_contain_text("dispatched, to accept")


def test_many_at_once_have_a_result_each(town: Town, window: Opened) -> None:
    cases = [filed(town) for _ in range(4)]
    bo = window("bo", "/desk/dispatch/")
    expect(bo.get_by_role("option")).to_have_count(4)
    key(bo, "b")
    bo.locator("[data-pick=shown]").click()
    expect(bo.locator(".bulk")).to_contain_text("4 cases picked")
    bo.locator("[data-bulk=dispatch]").click()

    # one of them is decided by somebody else in the meantime
    def after_bea(route: Route) -> None:
        move(cases[1].pk, "send_back", town.bea, **arguments(town, "send_back", town.bea))
        route.continue_()

    bo.route(
        "**/cases/bulk",
        after_bea,
        times=1,
    )
    bo.locator("dialog form.move button:not([type=button])").click()
    expect(bo.locator(".bulk-results li.done")).to_have_count(3)
    expect(bo.locator(".bulk-results li.refused")).to_contain_text("Changed by Bea")
    bo.locator("[data-undo-all]").click()
    expect(bo.get_by_role("heading", name="Undo: 3 done, 0 refused")).to_be_visible()
    assert sorted(Case.objects.get(pk=case.pk).state for case in cases) == ["filed"] * 3 + ["verified"]


def test_a_line_on_the_map_picks_the_cases_within(town: Town, window: Opened) -> None:
    def at(cell: int) -> Any:
        lon, lat = town.city.inside(cell)
        return walk(
            town, ("file",), lon=lon, lat=lat, component_code=town.city.manholes[cell].code, photos=()
        )

    inside, outside = at(0), at(3)
    bo = window("bo", "/desk/dispatch/")
    expect(bo.get_by_role("option")).to_have_count(2)
    bo.locator(f"[data-id='{inside.pk}']").click()
    expect(bo.locator(".case-pin.selected")).to_be_visible()
    key(bo, "b")
    bo.locator("[data-pick=lasso]").click()
    expect(bo.locator(".map-box.drawing")).to_be_visible()
    pin = bo.locator(".case-pin.selected").bounding_box()
    assert pin is not None
    x, y = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
    bo.mouse.move(x - 40, y - 40)
    bo.mouse.down()
    for dx, dy in ((40, -40), (40, 40), (-40, 40), (-40, -38)):
        bo.mouse.move(x + dx, y + dy, steps=4)
    bo.mouse.up()
    expect(bo.locator(".bulk")).to_contain_text("1 case picked")
    expect(bo.locator(f"[data-id='{inside.pk}']")).to_have_attribute("aria-checked", "true")
    expect(bo.locator(f"[data-id='{outside.pk}']")).to_have_attribute("aria-checked", "false")


@pytest.mark.parametrize("who", ["bo", "lei", "chen"])
def test_every_key_of_a_case_has_its_button_and_the_desk_is_accessible(
    town: Town, window: Opened, who: str
) -> None:
    state, path = {
        "bo": ("filed", "/desk/dispatch/"),
        "lei": ("reported", "/desk/supervision/"),
        "chen": ("handling", "/desk/department/"),
    }[who]
    for _ in range(2):
        walk(town, WAYS[state], photos=())
    page = window(who, path)
    expect(page.get_by_role("option")).to_have_count(2)
    key(page, "ArrowDown")
    expect(page.locator("[data-shown-case]")).to_be_visible()
    buttons = page.locator(".act-others button[data-verb]")
    keys = [text.lower() for text in buttons.locator("kbd").all_inner_texts()]
    assert len(keys) == buttons.count() == len(set(keys))
    found = Axe().run(page).response["violations"]
    serious = [
        f"{v['id']}: {[n['target'] for n in v['nodes']][:3]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert not serious
    key(page, "?")
    listed = page.locator("dialog .keys")
    for letter in keys:
        expect(listed.locator("kbd", has_text=letter.upper()).first).to_be_visible()


def test_a_hundred_mixed_cases_go_through_the_desk_by_keyboard_alone(town: Town, window: Opened) -> None:
    """Two dispatchers on one queue: covers, lamps, cases that no rule knows, and some that must go back."""
    city = town.city
    for n in range(100):
        cell = n % 4
        lon, lat = city.inside(cell, east=0.2 + 0.006 * n)
        component = {0: city.manholes[cell].code, 1: city.lamps[cell].code}.get(n % 3, "")
        walk(town, ("file",), lon=lon, lat=lat, component_code=component, photos=())
    bo, bea = window("bo", "/desk/dispatch/"), window("bea", "/desk/dispatch/")
    seen: dict[str, str] = {}
    at_work = [("bo", bo), ("bea", bea)]
    take_first(bo)
    expect(bea.locator(".row-taken")).to_have_count(2)  # what he shows, and what he takes next
    take_first(bea)
    turn = 0
    while at_work:
        name, page = at_work[turn % len(at_work)]
        case_id = shown(page)
        assert case_id not in seen or seen[case_id] == name, "two dispatchers met on one case"
        seen[case_id] = name
        decide(page, turn)
        wait_for_another(page, case_id)
        if page.locator("[data-shown-case]").count() == 0:
            at_work.remove((name, page))
        turn += 1
        assert turn <= 110
    expect(bo.locator("[data-pane=queue]")).to_contain_text("The queue is empty")
    states = list(Case.objects.values_list("state", flat=True))
    assert len(states) == 100
    assert set(states) == {"dispatched", "verified"}
    made = [line for line in journal.walk("110101") if line.verb in ("dispatch", "send_back", "undo")]
    assert len(made) == 100
    assert {line.actor_id for line in made} == {town.bo.person_id, town.bea.person_id}
    assert {line.facts["organisation_code"] for line in made if line.verb == "dispatch"} == {WATER, LIGHTING}
    ms = sorted(
        each
        for page in (bo, bea)
        for each in page.evaluate("performance.getEntriesByName('desk-next').map((one) => one.duration)")
    )
    told = f"median {ms[len(ms) // 2]:.0f} ms, 95 % {ms[int(len(ms) * 0.95)]:.0f} ms, {len(ms)} decisions"
    print(f"\nfrom the key to the next case: {told}")
    ready = [
        one
        for page in (bo, bea)
        for one in page.evaluate("performance.getEntriesByName('desk-next').map((one) => one.detail.ready)")
    ]
    assert sum(ready) >= 0.8 * len(ready), "the next case was seldom read ahead"


def decide(page: Page, turn: int) -> None:
    """The keys of one decision: Enter for the proposal, I for a department by name, R to send it back."""
    accept = page.locator("[data-accept]")
    if turn % 10 == 9:
        key(page, "r")
        page.keyboard.type("the place is unclear")
        page.keyboard.press("Control+Enter")
    elif accept.inner_text().startswith("Choose"):
        key(page, "i")
        page.keyboard.type("Light")
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    else:
        key(page, "Enter")
