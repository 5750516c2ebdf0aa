"""Windows of the small town's people, side by side, each signed in and at the size of its trade."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.factories.people import PASSWORD, Town, small_town

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
        page.wait_for_url(f"**{path}*")
        pages.append(page)
        return page

    expect.set_options(timeout=15_000)
    yield opened
    for page in pages:
        page.context.close()
    assert not faults
