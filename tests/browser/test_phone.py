"""The phone in the hand: taps counted by tapping, the same thing twice, photographs, what fits the thumb."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops, ImageDraw, ImageStat
from playwright.sync_api import Locator, Page, expect

from casework.models import Attachment, Case, Person
from casework.photos import original_path
from dispatch import actions
from dispatch.models import Report, Task
from tests.browser.conftest import Opened
from tests.browser.phones import all_sent
from tests.factories.people import Town
from tests.factories.ways import WAYS, walk


class Hand:
    """Counts what a thumb does. Accepting a photograph in the camera is a tap, too."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0
        self.keys = 0

    def tap(self, target: Locator) -> None:
        target.tap()
        self.taps += 1

    def photograph(self, camera: Locator, picture: Path) -> None:
        """One tap opens the camera, one accepts its picture."""
        with self.page.expect_file_chooser() as chooser:
            camera.tap()
        chooser.value.set_files(picture)
        self.taps += 2


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def phone(window: Opened, who: str = "alice") -> Page:
    page = window(who, "/inspector/", phone=True)
    expect(page.locator(".outbox-line")).to_be_visible()
    return page


def test_a_report_is_four_taps_and_no_typing(town: Town, window: Opened, photo: Path) -> None:
    alice = phone(window)
    hand = Hand(alice)
    hand.photograph(alice.locator("label[for=camera]"), photo)
    expect(alice.locator(".place-line")).to_contain_text("Cell")
    hand.tap(alice.get_by_role("radio", name="Water-supply manhole cover"))
    hand.tap(alice.get_by_role("button", name="Submit"))
    all_sent(alice)
    assert hand.taps == 4, "the promise is five"
    stored = Report.objects.get()
    assert stored.problem_class == town.city.manhole
    assert stored.condition == town.missing_cover
    assert stored.component_code == town.city.manholes[0].code, "the nearest fitting component"
    assert stored.accuracy_m == 5
    kept = Attachment.objects.get()
    assert original_path(kept).read_bytes() == photo.read_bytes()


def test_the_cells_are_seen_at_a_glance_and_a_tap_opens_the_map(town: Town, window: Opened) -> None:
    alice = phone(window)
    expect(alice.locator(".home-map")).to_contain_text("4 of 4 cells not visited for a day")
    colours = "(one) => new Set(one.getContext('2d').getImageData(0, 0, one.width, one.height).data).size"
    assert alice.locator("canvas.sketch").evaluate(colours) > 5
    alice.get_by_role("button", name="Open the map").tap()
    expect(alice.locator(".home-map .leaflet-overlay-pane path").first).to_be_attached()


def answered(town: Town, window: Opened, photo: Path, *, way: tuple[str, ...], word: str) -> Hand:
    walk(town, way)
    ava = phone(window, "ava")
    hand = Hand(ava)
    hand.tap(ava.locator("[data-task]"))
    hand.photograph(ava.locator(".picture-add label").first, photo)
    expect(ava.locator(".pictures img")).to_have_count(1)
    hand.tap(ava.get_by_role("button", name=word, exact=True))
    all_sent(ava)
    return hand


@pytest.mark.parametrize("word", ["It is there", "It is not there", "Cannot tell"])
def test_a_verification_is_four_taps(town: Town, window: Opened, photo: Path, word: str) -> None:
    hand = answered(town, window, photo, way=("send_verify",), word=word)
    assert hand.taps == 4
    task = Task.objects.get()
    assert task.state == Task.State.DONE
    assert {"It is there": "exists", "It is not there": "not_exists"}.get(word, "cannot_tell") == task.result
    assert task.distance_m is not None


def test_a_check_is_four_taps_with_the_photo_of_before_beside_the_camera(
    town: Town, window: Opened, photo: Path
) -> None:
    hand = answered(town, window, photo, way=WAYS["checking"], word="Not mended")
    assert hand.taps == 4
    assert Task.objects.get().result == "fail"


def test_an_answer_can_be_taken_back_for_a_moment(town: Town, window: Opened) -> None:
    walk(town, ("send_verify",))
    ava = phone(window, "ava")
    ava.locator("[data-task]").tap()
    ava.get_by_role("button", name="It is there", exact=True).tap()
    ava.get_by_role("button", name="Take back").tap()
    expect(ava.get_by_role("heading", name="Verification")).to_be_visible()
    ava.get_by_role("button", name="Cannot tell").tap()
    all_sent(ava)
    assert Task.objects.get().result == "cannot_tell"


def test_a_task_whose_case_moved_on_says_so_at_once(town: Town, window: Opened) -> None:
    case = walk(town, ("send_verify",))
    ava = phone(window, "ava")
    ava.locator("[data-task]").tap()
    expect(ava.get_by_role("button", name="It is there", exact=True)).to_be_enabled()
    actions.recall_verify(case.pk, actor=town.lei, seen=None)
    expect(ava.get_by_role("alert")).to_contain_text("moved on")
    expect(ava.get_by_role("button", name="It is there", exact=True)).to_be_disabled()


def test_the_same_thing_is_joined_with_one_tap(town: Town, window: Opened, photo: Path) -> None:
    case = walk(town, ())
    alice = phone(window)
    alice.locator("#gallery").set_input_files(photo)
    alice.get_by_role("radio", name="Water-supply manhole cover").tap()
    strip = alice.locator(".same")
    expect(strip).to_contain_text(case.number)
    strip.get_by_role("button", name="Same: join").tap()
    all_sent(alice)
    assert Case.objects.count() == 1
    taken = sha256(photo.read_bytes()).hexdigest()
    assert Attachment.objects.get(sha256=taken).case_id == case.pk


def test_outside_the_own_cells_is_marked_and_not_refused(town: Town, window: Opened, photo: Path) -> None:
    ava = phone(window, "ava")
    ava.locator("#gallery").set_input_files(photo)
    expect(ava.locator(".place-line .flag")).to_contain_text("outside your cells")
    ava.locator("summary").tap()
    ava.locator("#class-search").fill("ssjg")
    ava.locator(".found button").first.tap()
    ava.get_by_role("button", name="Submit").tap()
    all_sent(ava)
    assert Report.objects.get().problem_class == town.city.manhole


def test_what_is_mended_on_the_spot_has_its_own_short_way(town: Town, window: Opened, photo: Path) -> None:
    alice = phone(window)
    alice.locator("#gallery").set_input_files(photo)
    alice.get_by_role("radio", name="Water-supply manhole cover").tap()
    alice.locator("summary").tap()
    alice.get_by_label("I have fixed it myself").tap()
    alice.locator("#gallery-finish").set_input_files(other(photo))
    expect(alice.locator(".of-finish img")).to_have_count(1)
    alice.get_by_role("button", name="Submit as fixed").tap()
    all_sent(alice)
    assert Case.objects.get().state == "self_handled"
    assert sorted(Attachment.objects.values_list("kind", flat=True)) == ["finish", "report"]


def other(photo: Path) -> Path:
    path = photo.with_name("after.jpg")
    Image.open(photo).transpose(Image.Transpose.ROTATE_180).save(path, "JPEG")
    return path


def test_the_pin_is_dragged_while_the_other_pins_fade(town: Town, window: Opened, photo: Path) -> None:
    walk(town, ())
    alice = phone(window)
    alice.locator("#gallery").set_input_files(photo)
    alice.get_by_role("radio", name="Water-supply manhole cover").tap()
    alice.get_by_role("button", name="Change").tap()
    pin = alice.locator(".place-pin")
    expect(pin).to_be_visible()
    expect(alice.locator(".place-map .case-pin")).to_have_css("opacity", "0.3")
    box = pin.bounding_box()
    assert box
    alice.mouse.move(box["x"] + 20, box["y"] + 20)
    alice.mouse.down()
    alice.mouse.move(box["x"] + 60, box["y"] + 20, steps=4)
    alice.mouse.up()
    expect(alice.locator(".place-line")).to_contain_text("put by hand")
    alice.get_by_role("button", name="Submit").tap()
    all_sent(alice)
    east = Report.objects.latest("reported_at").place.x - town.city.inside(0)[0]
    assert 0.00001 < east < 0.001


def test_a_large_photograph_is_turned_shrunk_and_stays_readable(
    town: Town, window: Opened, tmp_path: Path
) -> None:
    """Taken 2 km away with the camera held sideways: upright, 2048 pixels long, its origin kept."""
    picture = Image.new("RGB", (3200, 2400), "#c8c4b8")
    ImageDraw.Draw(picture).text((1500, 1100), "Hydrant 42-B, water company", fill="black", font_size=56)
    exif = Image.Exif()
    exif[0x0112] = 6
    lon, lat = town.city.inside(0)
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (int(lat), (lat % 1) * 60, 0), 3: "E", 4: (int(lon), (lon % 1) * 60 + 1.5, 0)}
    )
    exif.get_ifd(0x8769)[0x9003] = "2026:11:20 08:30:00"
    path = tmp_path / "large.jpg"
    picture.save(path, "JPEG", quality=98, exif=exif)
    alice = phone(window)
    alice.locator("#gallery").set_input_files(path)
    expect(alice.locator(".picture-mark")).to_contain_text("km away")
    alice.get_by_role("radio", name="Water-supply manhole cover").tap()
    alice.get_by_role("button", name="Submit").tap()
    all_sent(alice)
    kept = Attachment.objects.get()
    assert (kept.width, kept.height) == (1536, 2048)
    assert kept.byte_size < path.stat().st_size / 2
    assert kept.original_sha256 == sha256(path.read_bytes()).hexdigest()
    assert kept.source == "gallery"
    assert abs((kept.exif_lon or 0) - lon - 1.5 / 60) < 0.001
    sent = Image.open(original_path(kept)).convert("L")
    wanted = picture.rotate(-90, expand=True).resize((1536, 2048), Image.Resampling.LANCZOS).convert("L")
    words = (750, 900, 900, 1600)
    apart = ImageStat.Stat(ImageChops.difference(sent.crop(words), wanted.crop(words))).rms[0]
    assert apart < 12, "the letters have smeared"


SMALL = """
() => [...document.querySelectorAll("button, a[href], input, select, textarea, summary, label.button")]
  .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((one) => !one.matches(".visually-hidden, .visually-hidden *, .skip, .leaflet-container *:not(a)"))
  .map((one) => [one.outerHTML.slice(0, 90), (one.closest("label") ?? one).getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.width < 43.5 || box.height < 43.5))
  .map(([html, box]) => `${Math.round(box.width)}×${Math.round(box.height)} ${html}`)
"""


@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [
        ("en", "light", (360, 740)),
        ("zh-hans", "dark", (360, 740)),
        ("en", "dark", (390, 844)),
        ("zh-hans", "light", (390, 844)),
    ],
)
def test_every_screen_fits_thumb_sun_and_reader(
    town: Town,
    window: Opened,
    photo: Path,
    language: str,
    scheme: Literal["light", "dark"],
    size: tuple[int, int],
) -> None:
    Person.objects.update(language=language)
    walk(town, ("send_verify",))
    page = window("ava", "/inspector/", phone=True, language=language)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    expect(page.locator("[data-task]")).to_be_visible()
    faults = look(page, f"home-{language}-{scheme}-{size[0]}")
    page.locator("[data-menu]").tap()
    faults += look(page, f"menu-{language}-{scheme}-{size[0]}")
    page.locator("dialog header button").tap()
    page.locator("[data-task]").tap()
    expect(page.locator(".answers")).to_be_visible()
    faults += look(page, f"task-{language}-{scheme}-{size[0]}")
    page.locator(".sub-head button").tap()
    page.locator("#gallery").set_input_files(photo)
    page.locator(".class-chip").first.tap()
    expect(page.locator(".pictures img")).to_have_count(1)
    faults += look(page, f"report-{language}-{scheme}-{size[0]}")
    page.locator("summary").tap()
    page.locator(".place-line button").tap()
    expect(page.locator(".place-pin")).to_be_visible()
    faults += look(page, f"more-{language}-{scheme}-{size[0]}")
    assert not faults, "\n".join(faults)


def look(page: Page, name: str) -> list[str]:
    """What is too small, too pale, without a name, or wider than the screen."""
    if folder := os.environ.get("GRIDCITY_SCREENS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
    faults = [f"{name}: small {one}" for one in page.evaluate(SMALL)]
    found = Axe().run(page, options={"rules": {"color-contrast-enhanced": {"enabled": True}}})
    for violation in found.response["violations"]:
        faults += [f"{name}: {violation['id']} {node['html'][:120]}" for node in violation["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        faults.append(f"{name}: wider than the screen")
    return faults
