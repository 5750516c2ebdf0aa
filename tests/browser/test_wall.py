"""The command wall: views follow each other without hands, and the numbers with the journal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.factories.people import Town
from tests.factories.ways import WAYS, arguments, move, usual, walk


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_wall_turns_by_itself_and_counts_along(
    town: Town, window: Opened, tmp_path: Path, language: str
) -> None:
    first = walk(town, WAYS["filed"])
    page = window("mo", "/wall/?seconds=2", language=language)
    page.set_viewport_size({"width": 1920, "height": 1080})
    open_cases = page.locator("[data-figures] b").first
    expect(open_cases).to_have_text("1")
    expect(page.locator("[data-title]")).to_have_attribute("data-scene", "0")
    page.screenshot(path=tmp_path / f"wall-{language}.png")
    for scene in ("1", "2", "0"):
        expect(page.locator("[data-title]")).to_have_attribute("data-scene", scene, timeout=15_000)
    walk(town, ())
    expect(open_cases).to_have_text("2")
    move(first.pk, "void", usual(town, "void"), **arguments(town, "void", usual(town, "void")))
    expect(open_cases).to_have_text("1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    expect(page.locator("[data-title]")).to_have_text(re.compile(r"\S"))
