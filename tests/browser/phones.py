"""What a test does with an inspector's phone, and what it finds in the city afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import BrowserContext, Page, expect

from casework.models import Attachment, Case, Person
from casework.photos import original_path
from dispatch.models import Report
from tests.factories.weather import Weather

Phones = Callable[..., BrowserContext]
Camera = Callable[[], Path]

# The page counts its finished writes of the outbox and stands still after one, as if the power had gone.
COUNT_WRITES = """
let left = Infinity;
globalThis.stopAfter = (n) => { left = n; };
const plain = IDBDatabase.prototype.transaction;
IDBDatabase.prototype.transaction = function (names, mode, options) {
  const made = plain.call(this, names, mode, options);
  if (mode === "readwrite" && [names].flat().some((name) => name === "items" || name === "photos")) {
    made.addEventListener("complete", () => {
      left -= 1;
      if (left === 0) { console.log("stands still"); for (;;); }
    });
  }
  return made;
};
delete ServiceWorkerRegistration.prototype.sync;
"""
WRONG_CLOCK = """
const Real = Date, off = %d * 3600e3;
globalThis.Date = class extends Real {
  constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
  static now() { return Real.now() + off; }
};
"""
DENIED = 'IDBFactory.prototype.open = () => { throw new DOMException("denied", "SecurityError"); };'
FULL = """
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
  if (globalThis.full && this.name !== "kept") throw new DOMException("no room", "QuotaExceededError");
  return put.apply(this, given);
};
navigator.storage.estimate = async () => ({ quota: 1e9, usage: globalThis.full ? 1e9 - 1e6 : 0 });
"""


# As the app of the first issue kept a report: whole, in the clear, in version 1 of the same database.
OLD_OUTBOX = """
([bytes, class_id, lon, lat]) => new Promise((done, fail) => {
  const open = indexedDB.open("gridcity-outbox", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("items", { keyPath: "id" });
  open.onerror = () => fail(open.error);
  open.onsuccess = () => {
    const [id, photo, at] = [crypto.randomUUID(), crypto.randomUUID(), new Date().toISOString()];
    const type = "image/jpeg";
    const write = open.result.transaction("items", "readwrite");
    write.objectStore("items").put({
      id, task: "report", path: "/reports", title: "manhole", state: "sending", saved_at: at,
      photos: [{ id: photo, kind: "report", blob: new Blob([new Uint8Array(bytes)], { type }) }],
      form: {
        id, class_id, lon, lat, condition_id: null, datum: "wgs84", accuracy_m: 5,
        component_code: "", text: "",
        photos: [photo], source: "inspector", device_at: at,
      },
    });
    write.oncomplete = () => { open.result.close(); done(); };
  };
})
"""


def cookie_of(username: str, weather: Weather) -> Any:
    """A session of that person."""
    person = Person.objects.get(username=username)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    assert session.session_key
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": weather.address}


def kill(profile: Path) -> None:
    """End the browser of a profile as a dead battery would."""
    for found in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (found / "cmdline").read_bytes().split(b"\0")
            if f"--user-data-dir={profile}".encode() in words:
                with suppress(ProcessLookupError):
                    os.kill(int(found.name), signal.SIGKILL)


def home(context: BrowserContext, weather: Weather) -> Page:
    page = context.pages[0]
    page.goto(f"{weather.address}/inspector/")
    expect(page.locator(".outbox-line")).to_be_visible()
    expect(page.locator("section[aria-label=Tasks]")).to_contain_text("Tasks")
    return page


def take(page: Page, *photos: Path) -> None:
    """Photographs, and the class; the place comes by itself."""
    page.locator("#gallery").set_input_files(list(photos))
    choose(page)


def choose(page: Page) -> None:
    expect(page.locator(".place-line")).to_contain_text("Cell")
    page.locator(".class-chip", has_text="manhole").first.click()


def submit(page: Page) -> None:
    page.get_by_role("button", name="Submit").click()


def report(page: Page, *photos: Path) -> None:
    take(page, *photos)
    submit(page)
    expect(page.locator(".outbox-line")).to_be_visible()


def until(page: Page, happened: Callable[[], object]) -> None:
    """Let the page go on until something has happened outside it."""
    for _ in range(300):
        if happened():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within 15 s")


def finish_drafts(page: Page) -> None:
    """What was in hand when the phone died is taken up again and submitted."""
    if page.get_by_role("button", name="Go on").count():
        page.get_by_role("button", name="Go on").click()
        choose(page)
        submit(page)


def all_sent(page: Page) -> None:
    """Wait until nothing is on its way any more, and nothing needs her."""
    expect(page.locator(".outbox")).to_contain_text("Last sent", timeout=60_000)
    expect(page.locator(".outbox")).not_to_contain_text("draft")


def content_of(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def assert_each_once(*made: tuple[Path, ...]) -> None:
    """The city has these reports and no others, each once, with these very photographs."""
    assert Report.objects.count() == Case.objects.count() == len(made)
    stored: dict[Any, list[str]] = {}
    for photo in Attachment.objects.all():
        assert photo.case_id is not None, "a photograph without its report"
        content = original_path(photo).read_bytes()
        assert sha256(content).hexdigest() == photo.sha256
        stored.setdefault(photo.case_id, []).append(photo.sha256)
    wanted = [sorted(content_of(path) for path in photos) for photos in made]
    assert sorted(sorted(of) for of in stored.values()) == sorted(wanted)
