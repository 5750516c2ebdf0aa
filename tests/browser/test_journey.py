"""A newcomer's first hour: one report from phone to closure, the map changing before the dispatcher's eye."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from casework.models import Case
from tests.browser.conftest import Opened
from tests.factories.people import Town


def take(page: Page, verb: str) -> None:
    """Press the button of a move that asks nothing, or send its form; the server has answered after it."""
    with page.expect_response(f"**/moves/{verb}"):
        page.locator(
            f"form.move[data-verb={verb}] button:not([type=button]), button[data-verb={verb}]"
        ).first.click()


def state_of(case_id: str) -> str:
    return Case.objects.get(pk=case_id).state


def test_a_report_goes_from_the_phone_to_closure_in_three_windows(
    town: Town, window: Opened, photo: Path
) -> None:
    leader = window("lei", "/desk/supervision/")
    dispatcher = window("bo", "/desk/dispatch/")
    alice = window("alice", "/inspector/", phone=True)
    expect(dispatcher.locator(".leaflet-container")).to_be_visible()
    dispatcher.get_by_role("button", name="Farther").click()  # the district is wider than the pane
    expect(dispatcher.locator(".case-pin, .cluster")).to_have_count(0)

    # the inspector: photograph, class, submit
    alice.locator("#camera").set_input_files(photo)
    alice.locator(".class-chip", has_text="Water-supply manhole cover").click()
    alice.get_by_role("button", name="Submit").click()
    expect(alice.locator(".outbox")).to_contain_text("Last sent")
    case = Case.objects.get()

    # the dispatcher's map shows it at once, though it is not hers to move yet
    expect(dispatcher.locator(".case-pin")).to_have_count(1)

    # supervision files it
    leader.get_by_role("option").first.click()
    take(leader, "file")
    expect(dispatcher.locator("[data-pane=queue]")).to_contain_text("Water-supply manhole cover")
    assert state_of(str(case.pk)) == "filed"

    # the dispatcher takes the most urgent case and accepts the proposal with one key
    dispatcher.locator("body").press("ArrowDown")
    expect(dispatcher.get_by_role("region", name="Proposal")).to_contain_text("Water Company")
    with dispatcher.expect_response("**/moves/dispatch"):  # the next case shows before this one's answer
        dispatcher.locator("body").press("Enter")
    expect(dispatcher.locator("[data-pane=queue]")).not_to_contain_text("Water-supply manhole cover")
    assert state_of(str(case.pk)) == "dispatched"
    dispatcher.context.close()

    # the department accepts and finishes with a photograph
    department = window("chen", "/desk/department/")
    department.get_by_role("option").first.click()
    take(department, "accept")
    form = department.locator("form.move[data-verb=finish]")
    form.locator("input[type=file]").set_input_files(photo)
    with department.expect_response("**/moves/finish"):
        form.locator("button:not([type=button])").last.click()
    expect(department.get_by_role("option")).to_have_count(0)
    assert state_of(str(case.pk)) == "handled"

    # supervision sends it to check; the task appears on Alice's phone by itself
    leader.get_by_role("tab", name="To check and close").click()
    leader.get_by_role("option").first.click()
    take(leader, "send_check")
    task = alice.locator("[data-task]")
    expect(task).to_be_visible()
    task.click()
    alice.get_by_role("button", name="Mended", exact=True).click()

    # and the shift leader closes it, citing the closing condition
    leader.get_by_role("option").first.click()
    take(leader, "close")
    expect(leader.get_by_role("option")).to_have_count(0)
    assert state_of(str(case.pk)) == "closed"
