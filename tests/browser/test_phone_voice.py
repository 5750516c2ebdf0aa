"""A voice note: spoken into the phone, kept through a restart, heard at the desk; a report without one."""

from __future__ import annotations

from hashlib import sha256

import pytest
from playwright.sync_api import Page, expect

from casework.models import Attachment
from casework.photos import original_path
from dispatch.models import Report
from tests.browser.conftest import Opened
from tests.browser.phones import Camera, Phones, all_sent, home, submit, take
from tests.browser.test_phone import look
from tests.factories.weather import Weather

HEARING = ("geolocation", "microphone")
# What the page has recorded, for comparison.
SPOKEN = """
globalThis.spoken = [];
const plain = URL.createObjectURL;
URL.createObjectURL = (made) => {
  if (made.type.startsWith("audio/")) spoken.push(made);
  return plain(made);
};
"""
HASH = """
async () => [...new Uint8Array(await crypto.subtle.digest("SHA-256", await spoken[0].arrayBuffer()))]
  .map((byte) => byte.toString(16).padStart(2, "0")).join("")
"""
NO_MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("none", "NotFoundError"); };
"""
SHORT_MINUTE = (
    "globalThis.performance.now = ((real) => () => real() * 20)(performance.now.bind(performance));"
)
# Playing is what shows that the bytes are sound: time goes on only while something is decoded.
PLAYS = "(player) => { player.muted = true; return player.play().then(() => player.duration > 0); }"


def speak(page: Page, until: str = "0:02") -> None:
    page.get_by_role("button", name="Add a voice note").tap()
    expect(page.get_by_role("timer")).to_contain_text(until)
    page.get_by_role("button", name="Stop recording").tap()
    expect(page.locator(".voice audio")).to_be_visible()


def plays(page: Page, player: str) -> None:
    assert page.locator(player).evaluate(PLAYS)
    page.wait_for_function("(player) => document.querySelector(player).currentTime > 0.2", arg=player)


def test_a_voice_note_lives_through_a_restart_and_is_heard_at_the_desk(
    phones: Phones, weather: Weather, camera: Camera, window: Opened
) -> None:
    page = home(phones(SPOKEN, may=HEARING), weather)
    photo = camera()
    take(page, photo)
    speak(page)
    hashed = page.evaluate(HASH)
    weather.storm()
    submit(page)
    expect(page.locator(".outbox")).to_contain_text("1 to send")
    expect(page.locator(".outbox")).to_contain_text("1 photo")
    page.get_by_role("button", name="Voice note").tap()
    plays(page, "dialog audio")
    page.context.close()
    weather.clear()
    page = home(phones(), weather)
    all_sent(page)

    kept = Attachment.objects.get(kind="voice")
    assert sha256(original_path(kept).read_bytes()).hexdigest() == kept.sha256 == hashed
    assert kept.seconds == pytest.approx(2.2, abs=0.8)
    stored = Report.objects.select_related("case").get()
    assert kept.case_id == stored.case_id
    assert sha256(photo.read_bytes()).hexdigest() == Attachment.objects.get(kind="report").sha256

    page.locator("section[aria-label='My reports']").get_by_role("button", name="Voice note").tap()
    plays(page, "dialog audio")

    desk = window("lei", "/desk/supervision/")
    desk.get_by_role("option").first.click()
    plays(desk, ".voices audio")


def test_the_note_is_part_of_the_draft_and_may_be_removed(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = home(phones(may=HEARING), weather)
    take(page, camera())
    speak(page, "0:01")
    page.get_by_role("button", name="Back").tap()
    page.get_by_role("button", name="Go on").tap()
    expect(page.locator(".voice audio")).to_be_visible()
    page.get_by_role("button", name="Remove the voice note").tap()
    expect(page.get_by_role("button", name="Add a voice note")).to_be_focused()
    submit(page)
    all_sent(page)
    assert not Attachment.objects.filter(kind="voice").exists()
    assert Report.objects.count() == 1


def test_submitting_while_speaking_keeps_what_was_said(
    phones: Phones, weather: Weather, camera: Camera
) -> None:
    page = home(phones(may=HEARING), weather)
    take(page, camera())
    page.get_by_role("button", name="Add a voice note").tap()
    expect(page.get_by_role("timer")).to_contain_text("0:01")
    submit(page)
    all_sent(page)
    assert Attachment.objects.get(kind="voice").case == Report.objects.get().case


def test_a_recording_ends_by_itself_after_a_minute(phones: Phones, weather: Weather, camera: Camera) -> None:
    page = home(phones(SHORT_MINUTE, may=HEARING), weather)
    take(page, camera())
    page.get_by_role("button", name="Add a voice note").tap()
    expect(page.locator(".voice audio")).to_be_visible()
    expect(page.locator(".voice")).to_contain_text("1:00")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", "may not use the microphone"),
        (NO_MICROPHONE, "no microphone"),
        ("delete globalThis.MediaRecorder;", "records no sound"),
    ],
)
def test_without_a_microphone_that_is_said_and_the_report_goes_out(
    phones: Phones, weather: Weather, camera: Camera, script: str, words: str
) -> None:
    page = home(phones(script), weather)
    take(page, camera())
    page.get_by_role("button", name="Add a voice note").tap()
    expect(page.locator(".voice [role=alert]")).to_contain_text(words)
    expect(page.locator(".voice [role=alert]")).to_contain_text("complete without it")
    submit(page)
    all_sent(page)
    assert Report.objects.count() == 1


@pytest.mark.parametrize("size", [(360, 740), (390, 844)])
def test_recording_and_hearing_fit_thumb_and_reader(
    phones: Phones, weather: Weather, camera: Camera, size: tuple[int, int]
) -> None:
    page = home(phones(may=HEARING), weather)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    take(page, camera())
    page.get_by_role("button", name="Add a voice note").tap()
    expect(page.get_by_role("timer")).to_contain_text("0:01")
    faults = look(page, f"voice-recording-{size[0]}")
    page.get_by_role("button", name="Stop recording").tap()
    expect(page.locator(".voice audio")).to_be_visible()
    faults += look(page, f"voice-recorded-{size[0]}")
    assert not faults, "\n".join(faults)
