"""Nothing that an inspector made is lost or doubled: proofs in a real browser, against the real city.

Each ends alike: exactly the reports made, each once, their photographs byte for byte.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.gis.geos import LineString
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import ConsoleMessage, Error, expect

import frontend.pages.inspector
from casework.models import Case
from dispatch.models import Report
from gis_data.crs import STORE
from gis_data.models import BaseFeature
from tests.browser.phones import (
    COUNT_WRITES,
    DENIED,
    FULL,
    OLD_OUTBOX,
    WRONG_CLOCK,
    Camera,
    Phones,
    all_sent,
    assert_each_once,
    cookie_of,
    finish_drafts,
    home,
    kill,
    report,
    submit,
    take,
    until,
)
from tests.factories.people import PASSWORD, Town
from tests.factories.weather import Weather

# Is anything written on a canvas of names?
WRITTEN = """
() => [...document.querySelectorAll(".home-map canvas.labels")].some((canvas) => canvas.width > 0
  && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean))
"""


def test_a_phone_that_dies_after_any_write_loses_and_doubles_nothing(
    phones: Phones, weather: Weather, camera: Camera, tmp_path: Path
) -> None:
    made: list[tuple[Path, ...]] = []
    died: list[int] = []
    for writes in range(1, 30):
        context = phones(COUNT_WRITES)
        page = home(context, weather)
        finish_drafts(page)
        if made:
            all_sent(page)
        assert_each_once(*made)

        def fall_dead(said: ConsoleMessage) -> None:
            if said.text == "stands still":
                kill(tmp_path / "phone")

        page.on("console", fall_dead)
        page.evaluate("(n) => stopAfter(n)", writes)
        made.append((camera(), camera()))
        try:
            report(page, *made[-1])
            page.locator(f"[data-sent='{len(made)}']").wait_for()
        except (Error, AssertionError):
            died.append(writes)
        else:
            break
    assert_each_once(*made)
    assert died == list(range(1, len(made)))
    assert len(died) >= 7, "draft, class, submit, sending, two photographs, acknowledgement"


def test_an_answer_lost_after_the_city_committed_makes_no_second_report(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = home(phones(), weather)
    weather.lost = b"POST /api/v1/reports"
    made = (camera(), camera())
    report(page, *made)
    until(page, lambda: weather.losses)
    assert Case.objects.count() == 1
    expect(page.locator(".outbox")).to_contain_text("1 to send")
    weather.clear()
    page.get_by_role("button", name="Send now").click()
    all_sent(page)
    assert_each_once(made)
    expect(page.locator(".outbox")).to_contain_text(Case.objects.get().number)


def test_a_day_without_network_fifty_reports_with_a_hundred_photographs(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    context = phones()
    page = home(context, weather)
    page.evaluate("navigator.serviceWorker.ready")
    weather.storm()
    context.set_offline(True)
    page.reload()
    expect(page.locator("section[aria-label=Tasks]")).to_contain_text("Tasks")
    made = []
    for _ in range(50):
        made.append((camera(), camera()))
        report(page, *made[-1])
    expect(page.locator(".outbox")).to_contain_text("50 to send")
    assert Case.objects.count() == 0
    weather.clear()
    context.set_offline(False)
    all_sent(page)
    assert_each_once(*made)


def test_without_a_network_the_map_bears_the_names_of_streets(
    town: Town, phones: Phones, weather: Weather
) -> None:
    west, east = town.city.inside(0, 0.0, 0.3), town.city.inside(3, 1.0, 0.6)
    BaseFeature.objects.create(
        district_code="110101",
        kind="street",
        rank=1,
        name="王府井大街",
        shape=LineString(west, east, srid=STORE),
    )
    context = phones()
    page = home(context, weather)
    page.evaluate("navigator.serviceWorker.ready")
    # the map's own scripts lie on the phone, too
    weather.storm()
    context.set_offline(True)
    page.reload()
    page.get_by_role("button", name="Open the map").click()
    until(page, lambda: page.evaluate(WRITTEN))


def test_an_update_of_the_app_keeps_queue_and_draft(
    phones: Phones, weather: Weather, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = home(phones(), weather)
    first = page.evaluate("navigator.serviceWorker.ready.then(() => caches.keys())")
    weather.barred = b"POST /api/v1/reports"
    made = [(camera(),), (camera(), camera()), (camera(),)]
    for photos in made[:2]:
        report(page, *photos)
    take(page, *made[2])
    page.get_by_role("button", name="Back").click()
    expect(page.locator(".outbox")).to_contain_text("1 draft")

    plain = frontend.pages.inspector.built
    newer = json.dumps({**json.loads(plain("shell.json")), "version": "newer"})
    monkeypatch.setattr(
        "frontend.pages.inspector.built", lambda name: newer if name == "shell.json" else plain(name)
    )
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    page.get_by_role("button", name="Use it").click()
    page.wait_for_function("caches.keys().then((found) => found.includes('gridcity-files-newer'))")
    page.wait_for_function("(old) => caches.keys().then((found) => !found.includes(old))", arg=first[0])
    expect(page.locator(".outbox")).to_contain_text("2 to send")
    expect(page.locator(".outbox")).to_contain_text("1 draft")
    assert Case.objects.count() == 0
    weather.clear()
    finish_drafts(page)
    all_sent(page)
    assert_each_once(*made)


def test_the_outbox_of_the_first_version_is_taken_over(
    town: Town, phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = phones().pages[0]
    page.goto(f"{weather.address}/help/none")
    photo = camera()
    page.evaluate(OLD_OUTBOX, [list(photo.read_bytes()), town.city.manhole.pk, *town.city.inside(0)])
    page = home(page.context, weather)
    all_sent(page)
    assert_each_once((photo,))


@pytest.mark.parametrize("hours", [2, -2])
def test_a_clock_two_hours_wrong_changes_nothing_but_the_time_of_the_device(
    phones: Phones, weather: Weather, camera: Camera, hours: int
) -> None:
    page = home(phones(WRONG_CLOCK % hours), weather)
    made = [(camera(), camera()), (camera(),)]
    weather.storm()
    report(page, *made[0])
    weather.clear()
    report(page, *made[1])
    all_sent(page)
    assert_each_once(*made)
    for stored in Report.objects.all():
        off = (stored.device_at - stored.reported_at).total_seconds() / 3600
        assert abs(off - hours) < 0.1


def test_a_phone_that_keeps_nothing_says_so_and_sends_only_at_once(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = home(phones(DENIED), weather)
    expect(page.get_by_role("alert").first).to_contain_text("keeps nothing")
    made = [(camera(),), (camera(), camera())]
    report(page, *made[0])
    assert_each_once(made[0])
    weather.barred = b"POST /api/v1/reports"
    take(page, *made[1])
    submit(page)
    expect(page.locator(".toast.fault")).to_be_visible()
    expect(page.locator(".pictures img")).to_have_count(2)
    assert Case.objects.count() == 1
    weather.clear()
    submit(page)
    expect(page.locator(".outbox-line")).to_be_visible()
    assert_each_once(*made)


def test_a_full_phone_says_so_before_the_photo_and_loses_nothing_after_it(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = home(phones(FULL), weather)
    made = (camera(), camera())
    take(page, *made)
    page.evaluate("globalThis.full = true")
    submit(page)
    expect(page.locator(".toast.fault")).to_contain_text("full")
    expect(page.locator(".pictures img")).to_have_count(2)
    assert Case.objects.count() == 0
    page.evaluate("globalThis.full = false")
    submit(page)
    all_sent(page)
    assert_each_once(made)
    page.evaluate("globalThis.full = true; dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("alert").first).to_contain_text("full")
    expect(page.locator("#camera")).to_be_disabled()
    expect(page.locator("#gallery")).to_be_disabled()


def test_a_session_that_ended_asks_for_the_password_and_goes_on(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = home(phones(), weather)
    made = (camera(), camera())
    take(page, *made)
    SessionStore.get_model_class().objects.all().delete()
    submit(page)
    page.locator("#again-password").fill("wrong")
    page.get_by_role("button", name="Sign in and go on").click()
    expect(page.locator("dialog .fault")).to_be_visible()
    page.locator("#again-password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in and go on").click()
    all_sent(page)
    assert_each_once(made)


def test_what_one_inspector_made_is_never_sent_as_anothers(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    context = phones()
    page = home(context, weather)
    weather.barred = b"POST /api/v1/reports"
    made = (camera(),)
    report(page, *made)
    until(page, lambda: weather.bars)
    weather.clear()
    context.add_cookies([cookie_of("ava", weather)])
    page = home(context, weather)
    expect(page.locator(".outbox")).to_contain_text("somebody else")
    expect(page.locator(".outbox")).to_contain_text("0 to send")
    assert Case.objects.count() == 0
    context.add_cookies([cookie_of("alice", weather)])
    page = home(context, weather)
    all_sent(page)
    assert_each_once(made)
    assert Report.objects.get().reporter is not None
