"""A day on patrol in a real browser: counting on order, walking on duty, and everything without a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from uuid import uuid4

from playwright.sync_api import Page, expect

from casework import journal
from casework.models import Attachment, Case
from casework.verify import verify_stream
from dispatch.models import CellVisit, Joining, PatrolPolicy, Report, Shift, SurveyCell, Task, Track
from tests.browser.conftest import Opened
from tests.browser.phones import (
    Camera,
    Phones,
    all_sent,
    content_of,
    home,
    report,
    submit,
    take,
    until,
)
from tests.browser.test_phone import Hand
from tests.factories.calls import Caller
from tests.factories.people import Town
from tests.factories.ways import arguments, move, usual, walk
from tests.factories.weather import Weather

# The places that the phone has noted and not sent yet: opened with its own key.
NOTED = """
async (person) => {
  const name = `track-${person}`;
  const db = await new Promise((done) => {
    const open = indexedDB.open("gridcity-outbox");
    open.onsuccess = () => done(open.result);
  });
  const kept = (under) => new Promise((done) => {
    const asked = db.transaction("kept").objectStore("kept").get(under);
    asked.onsuccess = () => done(asked.result);
  });
  const [key, sealed] = [await kept("key"), await kept(name)];
  db.close();
  if (!sealed) return [];
  const how = { name: "AES-GCM", iv: sealed.iv, additionalData: new TextEncoder().encode(name) };
  const plain = await crypto.subtle.decrypt(how, key, sealed.data);
  return JSON.parse(new TextDecoder().decode(plain)).fixes.map((fix) => [fix.lon, fix.lat]);
}
"""
HERE = (
    "new Promise((done) => navigator.geolocation.getCurrentPosition((here) => done(here.coords.longitude)))"
)


def order_survey(town: Town) -> None:
    order = {"id": str(uuid4()), "title": "bins", "class_id": town.city.bin.pk, "grids": ["DC001"]}
    assert Caller(town.lei).post("/surveys", order).status_code == 201


def walks_often() -> None:
    """A position each second, so that nobody has to wait for it."""
    PatrolPolicy.objects.update_or_create(stream_id="110101", defaults={"fix_every_s": 1, "fix_least_m": 5})


def walk_to(page: Page, town: Town, cell: int) -> None:
    """Until the phone has noted a position there, or has told the city of it already."""
    (place,) = places(town, [cell])

    def noted() -> bool:
        page.context.set_geolocation({"longitude": place[0], "latitude": place[1], "accuracy": 5})
        found = [(round(lon, 6), round(lat, 6)) for lon, lat in page.evaluate(NOTED, town.alice.person_id)]
        return place in found or way()[-1:] == [place]

    until(page, noted)


def way() -> list[tuple[float, float]]:
    """The places of all positions that the city keeps, in their order; each is noted once.

    Who stands still is noted now and then: that is one place here.
    """
    found = sorted(
        (at, lon, lat)
        for track in Track.objects.all()
        for at, lon, lat in zip(track.ats, track.lons, track.lats, strict=True)
    )
    assert len({at for at, *_place in found}) == len(found), "a position twice"
    places = [(round(lon, 6), round(lat, 6)) for _at, lon, lat in found]
    return [place for place, _ in groupby(places)]


def told(page: Page) -> list[tuple[float, float]]:
    """The same, after the page has been looked at: then it sends what it has noted."""
    page.evaluate("dispatchEvent(new Event('focus'))")
    return way()


def places(town: Town, cells: Sequence[int]) -> list[tuple[float, float]]:
    return [(round(lon, 6), round(lat, 6)) for lon, lat in (town.city.inside(cell) for cell in cells)]


def count_cell(page: Page, hand: Hand) -> None:
    hand.tap(page.locator("[data-survey]").first)
    hand.tap(page.get_by_role("button", name="1 stands here: present"))
    hand.tap(page.get_by_role("button", name="One more"))
    expect(page.locator(".counted")).to_contain_text("2 counted")
    hand.tap(page.get_by_role("button", name="Send count"))


def test_a_cell_is_counted_in_four_taps(town: Town, phones: Phones, weather: Weather) -> None:
    order_survey(town)
    page = home(phones(), weather)
    expect(page.locator("[data-survey]")).to_have_count(4)
    hand = Hand(page)
    count_cell(page, hand)
    all_sent(page)
    assert hand.taps == 4
    counted = SurveyCell.objects.get(counted__isnull=False)
    assert counted.cell_code == town.city.cells[0].code
    assert (counted.counted, counted.extra) == (2, 1)
    assert counted.distance_m is not None
    expect(page.locator("[data-survey]")).to_have_count(3)


def test_what_is_damaged_or_missing_is_ticked_one_by_one(
    town: Town, phones: Phones, weather: Weather
) -> None:
    order_survey(town)
    page = home(phones(), weather)
    page.locator("[data-survey]").first.tap()
    expect(page.get_by_role("button", name="Send count")).to_be_disabled()
    expect(page.locator(".counted")).to_contain_text("1 not looked at yet")
    page.get_by_role("radio", name="missing").tap()
    page.get_by_role("button", name="Send count").tap()
    all_sent(page)
    counted = SurveyCell.objects.get(counted__isnull=False)
    assert counted.counted == 0
    assert counted.ticks == {town.city.bins[0].code: "missing"}


def test_positions_are_kept_and_shown_on_duty_only_and_she_sees_what_is_kept(
    town: Town, phones: Phones, weather: Weather, window: Opened
) -> None:
    walks_often()
    page = home(phones(), weather)
    desk = window("bo", "/desk/dispatch/")
    page.get_by_role("button", name="Off duty").tap()
    expect(page.get_by_role("button", name="On duty")).to_have_attribute("aria-pressed", "true")
    walk_to(page, town, 1)
    walk_to(page, town, 2)
    until(page, lambda: told(page) == places(town, [0, 1, 2]))
    pin = desk.locator(".inspector-pin")
    expect(pin).to_have_count(1)
    expect(pin).to_have_attribute("title", re.compile("Alice, position .+, open tasks: 0"))
    page.get_by_role("button", name="On duty").tap()
    expect(page.get_by_role("button", name="Off duty")).to_be_visible()
    expect(pin).to_have_count(0)
    shift = Shift.objects.get()
    assert shift.ended_at is not None
    assert shift.last_place is None
    # off duty nothing is noted, wherever she goes
    lon, lat = town.city.inside(3)
    page.context.set_geolocation({"longitude": lon, "latitude": lat, "accuracy": 5})
    assert round(page.evaluate(HERE), 6) == round(lon, 6)
    assert told(page) == places(town, [0, 1, 2])
    assert sorted(CellVisit.objects.values_list("cell_code", flat=True)) == [
        cell.code for cell in town.city.cells[:3]
    ]
    page.locator("[data-menu]").tap()
    page.get_by_role("button", name="Look").tap()
    stored = page.locator("dialog")
    count = sum(len(track.ats) for track in Track.objects.all())
    expect(stored).to_contain_text(f"{count} positions, noted while you were on duty")
    expect(stored).to_contain_text("deleted after 30 days")
    expect(stored.locator(".list-row")).to_have_count(1)
    expect(stored.locator(".list-row")).to_contain_text("deleted on")
    assert way() == places(town, [0, 1, 2])


def ask_alice(town: Town, case: Case, verb: str) -> None:
    move(case.pk, verb, town.lei, **{**arguments(town, verb, town.lei), "inspector_id": town.alice.person_id})


def test_a_whole_day_with_and_without_a_network_loses_and_doubles_nothing(
    town: Town, phones: Phones, weather: Weather, camera: Camera
) -> None:
    """Every kind of thing she makes, first with no network at all, then with one that loses answers."""
    walks_often()
    order_survey(town)
    verified, doubled = walk(town, ()), walk(town, ("file",))
    photographs_before = Attachment.objects.count()
    ask_alice(town, verified, "send_verify")
    context = phones()
    page = home(context, weather)
    page.evaluate("navigator.serviceWorker.ready")
    page.get_by_role("button", name="Off duty").tap()
    walk_to(page, town, 0)

    # the morning: in a basement without signal, and the app is opened anew there
    weather.storm()
    context.set_offline(True)
    page.reload()
    expect(page.locator("[data-task]")).to_have_count(1)
    walk_to(page, town, 1)
    reported = [(camera(), camera()), (camera(),)]
    for photos in reported:
        report(page, *photos)
    settled = (camera(), camera())
    take(page, settled[0])
    page.locator("summary").tap()
    page.get_by_label("I have fixed it myself").tap()
    page.locator("#gallery-finish").set_input_files(settled[1])
    expect(page.locator(".of-finish img")).to_have_count(1)
    page.get_by_role("button", name="Submit as fixed").tap()
    answered = [camera()]
    page.locator("[data-task]").tap()
    page.locator("#gallery-verify").set_input_files(answered[0])
    expect(page.locator(".pictures img")).to_have_count(1)
    page.get_by_role("button", name="It is there", exact=True).tap()
    count_cell(page, Hand(page))
    walk_to(page, town, 2)
    expect(page.locator(".outbox")).to_contain_text("5 to send")
    assert Case.objects.filter(report__isnull=False).count() == 2, "the two of before"
    page.reload()
    expect(page.locator(".outbox")).to_contain_text("5 to send")

    # noon: signal again, but the first answer of the city gets lost after it has entered everything
    weather.clear()
    weather.lost = b"POST /api/v1/reports"
    context.set_offline(False)
    until(page, lambda: weather.losses)
    weather.clear()
    all_sent(page)
    until(page, lambda: told(page) == places(town, [0, 1, 2]))

    # the afternoon: with a network
    for verb in ("file", "dispatch", "accept", "finish"):
        actor = usual(town, verb)
        move(verified.pk, verb, actor, **arguments(town, verb, actor))
    photographs_before += 1  # the department's
    ask_alice(town, verified, "send_check")
    page.locator("[data-task]").tap()
    answered.append(camera())
    page.locator("#gallery-check").set_input_files(answered[1])
    expect(page.locator(".now .pictures img")).to_have_count(1)
    page.get_by_role("button", name="Mended", exact=True).tap()
    until(page, lambda: Task.objects.filter(result="pass").exists())
    walk_to(page, town, 0)
    joined = camera()
    take(page, joined)
    page.locator(".same li", has_text=doubled.number).get_by_role("button", name="Same: join").tap()
    until(page, Joining.objects.exists)
    reported.append((camera(),))
    take(page, *reported[-1])
    submit(page)
    until(page, lambda: Report.objects.count() == 6)
    page.get_by_role("button", name="On duty").tap()
    until(page, lambda: not Shift.objects.filter(ended_at=None).exists())
    all_sent(page)
    expect(page.locator(".outbox")).to_contain_text("0 to send")

    # the evening: what the city has is what was made, each once
    assert Report.objects.count() == 2 + len(reported) + 1
    assert Case.objects.filter(state="self_handled").count() == 1
    assert [(task.kind, task.result) for task in Task.objects.order_by("pk")] == [
        ("verify", "exists"),
        ("check", "pass"),
    ]
    assert Joining.objects.get().case_id == doubled.pk
    assert SurveyCell.objects.filter(counted__isnull=False).count() == 1
    assert Shift.objects.count() == 1
    assert way() == places(town, [0, 1, 2, 0])
    made = [*answered, joined, *settled, *(photo for photos in reported for photo in photos)]
    kept = [one.sha256 for one in Attachment.objects.exclude(sha256="0" * 64)]
    assert sorted(kept) == sorted(content_of(path) for path in made)
    assert Attachment.objects.filter(case=None).count() == 0
    assert Attachment.objects.count() == photographs_before + len(made)
    verbs = [line.verb for line in journal.of_case(verified.pk)]
    assert verbs == [
        "report", "send_verify", "answer_verify", "file", "dispatch", "accept", "finish", "send_check",
        "answer_check",
    ]  # fmt: skip
    assert verify_stream("110101").faults == ()
