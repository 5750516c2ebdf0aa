"""Who may open which page, where everybody begins, and what a page must never contain."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from casework.access import Actor
from casework.models import Person
from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import PAGES, home_of
from gis_data.tiles import LAYERS
from tests.factories.people import Town, small_town

OWN_PAGES = [page for page in PAGES if not page.name.startswith("admin")]
HOMES = {
    "alice": "/inspector/",
    "amy": "/desk/supervision/",
    "lei": "/desk/supervision/",
    "bo": "/desk/dispatch/",
    "chen": "/desk/department/",
    "mo": "/board/",
}


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


def signed_in(actor: Actor, language: str = "en") -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(Person.objects.get(pk=actor.person_id))
    client.cookies["django_language"] = language
    return client


def told(content: bytes) -> dict[str, object]:
    """What the page's script is told."""
    found = re.search(rb'<script id="context" type="application/json">(.*?)</script>', content, re.S)
    assert found, "the page has no context element"
    context: dict[str, object] = json.loads(found[1])
    return context


@pytest.mark.parametrize(("name", "home"), HOMES.items())
def test_everybody_begins_on_the_own_page(town: Town, name: str, home: str) -> None:
    client = signed_in(town.everybody[name])
    assert client.get("/").headers["Location"] == home
    assert client.get(home).status_code == 200


@pytest.mark.parametrize("page", OWN_PAGES, ids=lambda page: page.name)
def test_a_page_opens_for_its_posts_only(town: Town, page: object) -> None:
    for name, actor in town.everybody.items():
        response = signed_in(actor).get(reverse(page.name))  # type: ignore[attr-defined]
        allowed = actor.role in page.roles  # type: ignore[attr-defined]
        assert response.status_code == (200 if allowed else 403), name
        if not allowed:
            assert b"This page is not for your post" in response.content


@pytest.mark.parametrize("page", [*OWN_PAGES, *PAGES[:1]], ids=lambda page: page.name)
def test_a_stranger_is_asked_to_sign_in_and_brought_back(db: None, page: object) -> None:
    address = reverse(page.name)  # type: ignore[attr-defined]
    response = Client().get(address, {"case": "1"})
    assert response.status_code == 302
    assert response.headers["Location"] == f"/login/?next={address.replace('/', '%2F')}%3Fcase%3D1"


def test_every_role_has_a_home() -> None:
    for role in Role:
        assert any(role in page.roles for page in PAGES), role
    assert home_of(Role.DISPATCHER) == "/desk/dispatch/"


def test_signing_in_leads_only_to_our_own_addresses(db: None) -> None:
    assert told(Client().get("/login/?next=/board/").content)["next"] == "/board/"
    for foreign in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
        assert told(Client().get("/login/", {"next": foreign}).content)["next"] == ""


def test_who_is_signed_in_does_not_sign_in_again(town: Town) -> None:
    assert signed_in(town.bo).get("/login/").headers["Location"] == "/desk/dispatch/"


def test_the_script_is_told_who_acts_and_for_whom(town: Town) -> None:
    context = told(signed_in(town.chen).get("/desk/department/").content)
    assert context["role"] == "department"
    assert context["stream"] == "110101"
    assert context["organisation"] == town.chen.organisation_code
    assert [queue["id"] for queue in context["queues"]] == ["department"]  # type: ignore[attr-defined]


def test_the_phone_is_told_who_holds_it(town: Town) -> None:
    context = told(signed_in(town.alice).get("/inspector/").content)
    assert (context["person_id"], context["username"]) == (town.alice.person_id, "alice")
    assert context["worker"] == "/sw.js"


def test_the_service_worker_names_files_that_are_there(client: Client) -> None:
    if finders.find("gridcity/sw.js") is None:
        pytest.skip("the front end is not built: bin/run or bin/test builds it")
    response = client.get("/sw.js")
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Cache-Control"] == "no-cache"
    found = re.match(rb"self\.SHELL = (\{.*?\});\n", response.content)
    assert found, response.content[:200]
    shell = json.loads(found[1])
    assert shell["page"] == "/inspector/"
    assert any("pages/inspector" in name for name in shell["files"])
    for name in shell["files"]:
        assert client.get(name).status_code == 200, name


def test_scripts_are_kept_under_the_names_by_which_they_call_each_other(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    """With hashed names, as a city is served: what is asked for by another name is not there offline."""
    if finders.find("gridcity/sw.js") is None:
        pytest.skip("the front end is not built: bin/run or bin/test builds it")
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "gridcity.storage.HashedStaticFiles"},
    }
    call_command("collectstatic", "--noinput", "-v0")
    found = re.match(rb"self\.SHELL = (\{.*?\});\n", client.get("/sw.js").content)
    assert found
    files = json.loads(found[1])["files"]
    kept = {name.removeprefix("/static/"): tmp_path / name.removeprefix("/static/") for name in files}
    for name, path in kept.items():
        assert path.is_file(), name
        if path.suffix == ".js":
            for called in re.findall(r'(?:from|import)\s*\(?"(\.[^"]+\.js)"', path.read_text("utf-8")):
                wanted = os.path.normpath(Path(name).parent / called)
                assert wanted in kept, f"{name} asks for {called}"


@pytest.mark.parametrize(("language", "name"), [("en", "On patrol"), ("zh-hans", "巡查")])
def test_the_app_presents_itself_in_the_readers_language(client: Client, language: str, name: str) -> None:
    told = client.get("/inspector/manifest.webmanifest", headers={"accept-language": language}).json()
    assert name in told["short_name"]
    assert (told["start_url"], told["scope"], told["display"]) == ("/inspector/", "/inspector/", "standalone")
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}


@pytest.mark.parametrize("address", ["/login/", "/inspector/", "/desk/dispatch/", "/board/", "/help/keys"])
@pytest.mark.parametrize(("language", "word"), [("en", b"Sign"), ("zh-hans", "登".encode())])
def test_no_page_has_inline_script_or_style(town: Town, address: str, language: str, word: bytes) -> None:
    by = {"/inspector/": town.alice, "/desk/dispatch/": town.bo, "/board/": town.mo, "/help/keys": town.bo}
    client = (
        signed_in(by[address], language) if address in by else Client(headers={"accept-language": language})
    )
    content = client.get(address).content
    assert not re.search(rb"<style|\sstyle=|\son[a-z]+=", content)
    for attributes, body in re.findall(rb"<script([^>]*)>(.*?)</script>", content, re.S):
        assert b"application/json" in attributes or not body.strip(), attributes
    assert f'<html lang="{language}">'.encode() in content
    if address == "/login/":
        assert word in content


def test_the_language_can_be_changed_before_signing_in(db: None) -> None:
    client = Client()
    page = client.get("/login/", headers={"accept-language": "zh-hans"})
    assert b'value="en"' in page.content
    changed = client.post("/i18n/setlang/", {"language": "en", "next": "/login/"})
    assert changed.status_code == 302
    assert b"Sign in to your post" in client.get("/login/").content


def test_what_is_not_there_says_so_in_the_frame(db: None) -> None:
    response = Client(headers={"accept-language": "en"}).get("/no/such/page/")
    assert response.status_code == 404
    assert b"There is nothing at this address" in response.content


def test_layers_are_declared_with_a_drawing_function() -> None:
    shown = layers_for(Role.DISPATCHER)
    assert [layer["id"] for layer in shown] == [*LAYERS, "heat-work", "heat-time"]
    for layer in shown:
        assert "{z}/{x}/{y}" in str(layer["url"]) or layer["style"] == "heat"
    assert [layer["id"] for layer in layers_for(Role.INSPECTOR)] == list(LAYERS)


@pytest.mark.parametrize(
    "name",
    ["css/app.css", "icons.svg", "i18n/zh-hans.js", "images/mark.svg"]
    + [f"pages/{page}.js" for page in ("login", "inspector", "desk", "board", "wall", "plain")],
)
def test_the_build_made_every_file_that_templates_name(name: str) -> None:
    if finders.find("gridcity/icons.svg") is None:
        pytest.skip("the front end is not built: bin/run or bin/test builds it")
    assert finders.find(f"gridcity/{name}"), name
