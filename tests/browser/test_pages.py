"""Every page, phone and desk, both languages: nothing serious for axe, nothing sideways, nothing foreign."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Opened
from tests.factories.people import Town

PAGES = [
    ("alice", "/inspector/"),
    ("lei", "/desk/supervision/"),
    ("bo", "/desk/dispatch/"),
    ("chen", "/desk/department/"),
    ("mo", "/board/"),
    ("mo", "/wall/"),
]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(("who", "path"), PAGES, ids=[path for _, path in PAGES])
def test_a_page_is_accessible_and_keeps_to_itself(
    town: Town, window: Opened, live_city: str, who: str, path: str, language: str, phone: bool
) -> None:
    from casework.models import Person

    Person.objects.filter(username=who).update(language=language)
    page = window(who, path, phone=phone, language=language)
    foreign: list[str] = []
    page.on(
        "request",
        lambda r: (
            foreign.append(r.url) if not r.url.startswith((live_city, "data:", "blob:", "ws")) else None
        ),
    )
    page.wait_for_load_state("networkidle")  # whatever the sign-in still loads
    page.reload(wait_until="networkidle")
    found = Axe().run(page).response["violations"]
    serious = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in found
               if v["impact"] in ("serious", "critical")]  # fmt: skip
    assert not serious
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), "scrolls sideways"
    assert page.evaluate("document.documentElement.lang").lower().startswith(language[:2])
    assert not foreign
