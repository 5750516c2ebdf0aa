"""Windows of the small town's people, side by side, each signed in and at the size of its trade."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect

from tests.browser.phones import Camera, Phones, cookie_of
from tests.factories.people import PASSWORD, Town, small_town
from tests.factories.weather import Weather, weather_over

# Playwright's own loop runs in this thread; Django takes it for an asynchronous program.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}

Opened = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture
def town(transactional_db: None) -> Town:
    return small_town()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph as a camera would hand it over."""
    path = tmp_path / "manhole.jpg"
    picture = Image.frombytes("RGB", (320, 240), random.Random(4).randbytes(320 * 240 * 3))
    held = io.BytesIO()
    picture.save(held, "JPEG")
    path.write_bytes(held.getvalue())
    return path


@pytest.fixture
def window(town: Town, live_city: str, browser: Browser) -> Iterator[Opened]:
    """`window("alice", "/inspector/", phone=True)`: a window of its own; faults of the page fail the test."""
    pages: list[Page] = []
    faults: list[str] = []

    def opened(who: str, path: str, *, phone: bool = False, language: str = "en") -> Page:
        lon, lat = town.city.inside(0)
        context = browser.new_context(
            viewport=PHONE if phone else DESK,
            has_touch=phone,
            locale=language,
            timezone_id="Asia/Shanghai",
            geolocation={"longitude": lon, "latitude": lat, "accuracy": 5},
            permissions=["geolocation"],
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"{who} {path}: {error}"))
        page.goto(f"{live_city}/login/?next={path}")
        page.locator("input[name=username]").fill(who)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("form button.primary").click()
        page.wait_for_url(f"{live_city}{path}*")
        pages.append(page)
        return page

    expect.set_options(timeout=15_000)
    yield opened
    for page in pages:
        page.context.close()
    assert not faults


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def weather(live_city: str) -> Iterator[Weather]:
    with weather_over(live_city) as made:
        yield made


@pytest.fixture
def camera(tmp_path: Path) -> Camera:
    """A new photograph at every call."""
    taken: list[Path] = []

    def take() -> Path:
        path = tmp_path / f"{len(taken)}.jpg"
        picture = Image.frombytes("RGB", (64, 48), random.Random(len(taken)).randbytes(64 * 48 * 3))
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=90)
        path.write_bytes(held.getvalue())
        taken.append(path)
        return path

    return take


@pytest.fixture
def phones(
    town: Town,
    media: Path,
    weather: Weather,
    playwright: Playwright,
    browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
) -> Iterator[Phones]:
    """`phones(script)`: Alice's phone with its own disk; opened again, it is the same phone restarted.

    `may`: what its browser has been allowed; its microphone hears a beep each second.
    """
    opened: list[BrowserContext] = []
    lon, lat = town.city.inside(0)

    plain = {**browser_type_launch_args}
    flags = [*plain.pop("args"), "--use-fake-device-for-media-stream"]

    def phone(script: str = "", *, may: tuple[str, ...] = ("geolocation",)) -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "phone",
            **plain,
            args=flags,
            viewport=PHONE,
            has_touch=True,
            locale="en",
            timezone_id="Asia/Shanghai",
            geolocation={"longitude": lon, "latitude": lat, "accuracy": 5},
            permissions=list(may),
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        context.add_cookies([cookie_of("alice", weather)])
        if script:
            context.add_init_script(script)
        opened.append(context)
        return context

    yield phone
    for context in opened:
        with suppress(Exception):
            context.close()
