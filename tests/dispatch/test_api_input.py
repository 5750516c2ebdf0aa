"""Hostile and careless input to every endpoint that writes: refused in the one shape, and nothing written.

Each row is one thing wrong with an otherwise good call, and the status that it deserves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from casework.models import Case, Person
from tests.casework.pictures import jpeg
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, photo_of
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db

TABLES = (
    "casework_case", "casework_entry", "casework_caseclock", "casework_stream", "casework_attachment",
    "casework_party", "casework_person", "casework_token", "dispatch_report", "dispatch_task",
    "dispatch_routingdecision",
)  # fmt: skip
NUL, HALF = "井盖\u0000", "井盖\ud83d"  # neither can be stored as text
DEEP = "[" * 100_000
Broken = Callable[[Town], dict[str, Any]]


def everything() -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', count(*), md5(string_agg(row::text, '' ORDER BY row::text))"
                f" FROM {table} AS row"
                for table in TABLES
            )
        )
        return list(cursor.fetchall())


def good_report(town: Town) -> dict[str, Any]:
    new = town.report_of()
    return {
        "id": str(new.id), "class_id": new.class_id, "lon": new.lon, "lat": new.lat, "datum": "wgs84",
        "source": "inspector", "component_code": new.component_code, "device_at": new.device_at.isoformat(),
        "text": "井盖不见了 👷 — “公安部”", "address": "东华门大街１号", "photos": [],
    }  # fmt: skip


def wrong(caller: Caller, method: str, path: str, body: Any, statuses: set[int], field: str) -> None:
    """The call is refused, in both languages, and leaves every table as it was."""
    before = everything()
    texts = set()
    for language in ("en", "zh-hans"):
        response = caller.call(method, path, body, **{"accept-language": language})
        error = refusal(response, codes=statuses)
        if field:
            assert error["field"].split(".")[0] == field, error
        texts.add(error["message"])
    assert everything() == before, "something was written"


def test_answers_are_in_the_language_of_the_pages(town: Town) -> None:
    """A browser's language holds for the page and for what the page asks; a program gets its person's."""
    Person.objects.filter(pk=town.bo.person_id).update(language="zh-hans")
    case = walk(town, WAYS["filed"])
    label = {
        asked: next(
            move["label"]
            for move in Caller(town.bo).call("GET", f"/cases/{case.pk}", **headers).json()["moves"]
            if move["verb"] == "dispatch"
        )
        for asked, headers in {"en": {"accept-language": "en"}, "": {}}.items()
    }
    assert label == {"en": "Dispatch", "": "派遣"}


def test_the_good_ones_are_good(town: Town) -> None:
    """The control: what the rows below spoil is accepted as it is."""
    assert Caller(town.alice).post("/reports", good_report(town)).status_code == 201
    case = walk(town, WAYS["filed"])
    sent = {"version": case.version}
    assert Caller(town.bo).post(f"/cases/{case.pk}/moves/dispatch", sent).status_code == 200
    assert Caller(town.alice).call("PUT", f"/photos/{uuid4()}", jpeg()).status_code == 201


REPORTS: dict[str, tuple[Any, set[int], str]] = {
    "not JSON": ("{", {400}, "body"),
    "not UTF-8": (b'{"text": "\xff\xfe"}', {400}, "body"),
    "empty": ("", {400, 422}, ""),
    "nested to death": (DEEP, {400, 422}, ""),
    "a number of 5,000 digits": ('{"class_id": ' + "9" * 5000 + "}", {400, 422}, ""),
    "a list": ([], {422}, ""),
    "a text": ('"report"', {422}, ""),
    "null": ("null", {422}, ""),
    "no id": ({"id": None}, {422}, "id"),
    "a forged id": ({"id": "1; DROP TABLE casework_case"}, {422}, "id"),
    "class of the wrong type": ({"class_id": "manhole"}, {422}, "class_id"),
    "class as a list": ({"class_id": [1]}, {422}, "class_id"),
    "no such class": ({"class_id": 2**31}, {422}, "class_id"),
    "class beyond 64 bits": ({"class_id": 2**70}, {422}, "class_id"),
    "a negative class": ({"class_id": -1}, {422}, "class_id"),
    "no such condition": ({"condition_id": 2**40}, {422}, "condition_id"),
    "condition beyond 64 bits": ({"condition_id": 2**70}, {422}, "condition_id"),
    "no component of that code": ({"component_code": "1101010101000099"}, {422}, "component_code"),
    "component too long": ({"component_code": "1" * 19}, {422}, "component_code"),
    "NUL in the component": ({"component_code": "1\u0000"}, {422}, ""),
    "longitude is no number": ({"lon": "east"}, {422}, "lon"),
    "longitude is missing": ({"lon": None}, {422}, "lon"),
    "lon and lat exchanged": ({"lon": 39.9205, "lat": 116.4105}, {422}, "lat"),
    "beyond the pole": ({"lat": 91}, {422}, "lat"),
    "beyond all numbers": ({"lon": 1e308}, {422}, "lon"),
    "another city": ({"lon": 121.47, "lat": 31.23}, {404}, "lon"),
    "another district": ({"lon": 116.4145}, {404}, "lon"),
    "a datum that is none": ({"datum": "EPSG:4326"}, {422}, "datum"),
    "no datum": ({"datum": ""}, {422}, "datum"),
    "datum of the wrong type": ({"datum": {"wgs84": True}}, {422}, "datum"),
    "accuracy below nothing": ({"accuracy_m": -1}, {422}, "accuracy_m"),
    "text without end": ({"text": "长" * 4001}, {422}, "text"),
    "text of the wrong type": ({"text": {"$ne": ""}}, {422}, "text"),
    "NUL in the text": ({"text": NUL}, {422}, ""),
    "half a character in the text": ({"text": HALF}, {422}, ""),
    "NUL in the address": ({"address": NUL}, {422}, ""),
    "NUL in a name": ({"reporter": {"name": NUL}}, {422}, ""),
    "an address without end": ({"address": "路" * 201}, {422}, "address"),
    "a door that is none": ({"source": "rumour"}, {422}, "source"),
    "another's door": ({"source": "hotline"}, {403}, "source"),
    "ten photographs": ({"photos": [str(uuid4()) for _ in range(10)]}, {422}, "photos"),
    "a photograph that never came": ({"photos": [str(uuid4())]}, {422}, "photos"),
    "a photograph that is none": ({"photos": ["../../etc/passwd"]}, {422}, "photos"),
    "a time without a zone": ({"device_at": "2026-11-22T10:00:00"}, {422}, "device_at"),
    "a time that is none": ({"device_at": "yesterday"}, {422}, "device_at"),
    "a time in years": ({"device_at": "2036-11-22T10:00:00Z"}, {422}, "device_at"),
    "the last of all times": ({"device_at": "9999-12-31T23:59:59-14:00"}, {422}, "device_at"),
    "the first of all times": ({"device_at": "0001-01-01T00:00:00+14:00"}, {422}, "device_at"),
    "a reporter of the wrong type": ({"reporter": "Alice"}, {422}, "reporter"),
    "a name without end": ({"reporter": {"name": "王" * 61}}, {422}, "reporter"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report(town: Town, name: str) -> None:
    spoilt, statuses, field = REPORTS[name]
    body = {**good_report(town), **spoilt} if isinstance(spoilt, dict) else spoilt
    wrong(Caller(town.alice), "POST", "/reports", body, statuses, field)


def test_not_a_number_is_no_place(town: Town) -> None:
    for value in ("NaN", "Infinity", "-Infinity"):
        body = json.dumps({**good_report(town), "lon": 0}).replace('"lon": 0', f'"lon": {value}')
        assert value in body
        wrong(Caller(town.alice), "POST", "/reports", body, {400, 422}, "")


def test_somebody_elses_photograph(town: Town) -> None:
    for photo in (photo_of(town.chen), photo_of(town.ava)):
        body = {**good_report(town), "photos": [str(photo)]}
        wrong(Caller(town.alice), "POST", "/reports", body, {422}, "photos")


def test_a_photograph_of_another_case(town: Town) -> None:
    photo = photo_of(town.alice)
    walk(town, (), photos=(photo,))
    body = {**good_report(town), "photos": [str(photo)]}
    wrong(Caller(town.alice), "POST", "/reports", body, {422}, "photos")


def test_another_body_under_the_same_id(town: Town) -> None:
    body = good_report(town)
    caller = Caller(town.alice)
    assert caller.post("/reports", body).status_code == 201
    for change in ({"text": "else"}, {"lon": body["lon"] + 1e-6}, {"datum": "gcj02"}, {"component_code": ""}):
        wrong(caller, "POST", "/reports", {**body, **change}, {422}, "id")
    assert caller.post("/reports", body).status_code == 200


def test_the_same_report_by_somebody_else_is_not_hers(town: Town) -> None:
    """Who learns an id and its body cannot read another's case with them."""
    body = good_report(town)
    assert Caller(town.alice).post("/reports", body).status_code == 201
    wrong(Caller(town.ava), "POST", "/reports", body, {422}, "id")


MOVES: dict[str, tuple[str, str, Any, set[int], str]] = {
    "not JSON": ("filed", "dispatch", "{", {400}, "body"),
    "nested to death": ("filed", "dispatch", DEEP, {400, 422}, ""),
    "no version": ("filed", "dispatch", {"version": None}, {422}, "version"),
    "version of the wrong type": ("filed", "dispatch", {"version": "two"}, {422}, "version"),
    "a stale version": ("filed", "dispatch", {"version": 1}, {409}, "version"),
    "a version beyond 64 bits": ("filed", "dispatch", {"version": 2**70}, {409, 422}, "version"),
    "no such organisation": (
        "filed", "dispatch", {"organisation_code": "110101-X"}, {422}, "organisation_code",
    ),
    "NUL in an organisation": ("filed", "dispatch", {"organisation_code": "\u0000"}, {422}, ""),
    "an organisation without a desk": (
        "filed", "dispatch", {"organisation_code": "110101-SUP\u200b"}, {422}, "organisation_code",
    ),
    "NUL in a note": ("filed", "dispatch", {"note": NUL}, {422}, ""),
    "half a character in a note": ("filed", "dispatch", {"note": HALF}, {422}, ""),
    "a reason of spaces": ("filed", "send_back", {"reason": " \t　\n"}, {422}, "reason"),
    "a reason without end": ("filed", "send_back", {"reason": "因" * 2001}, {422}, "reason"),
    "NUL in a reason": ("filed", "send_back", {"reason": NUL}, {422}, ""),
    "no such condition": ("reported", "file", {"condition_id": 2**31}, {422}, "condition_id"),
    "condition beyond 64 bits": ("reported", "file", {"condition_id": 2**70}, {422}, "condition_id"),
    "condition of another class": ("reported", "file", {"condition_id": "litter"}, {422}, "condition_id"),
    "no such inspector": ("reported", "send_verify", {"inspector_id": 2**31}, {422}, "inspector_id"),
    "inspector beyond 64 bits": ("reported", "send_verify", {"inspector_id": 2**70}, {422}, "inspector_id"),
    "a dispatcher sent on site": ("reported", "send_verify", {"inspector_id": "bo"}, {422}, "inspector_id"),
    "no such result": ("verifying", "answer_verify", {"result": "perhaps"}, {422}, "result"),
    "the other kind's result": ("verifying", "answer_verify", {"result": "pass"}, {422}, "result"),
    "an answer from nowhere": (
        "verifying", "answer_verify", {"result": "exists", "lon": 39.9, "lat": 116.4}, {422}, "lat",
    ),
    "an answer in no datum": (
        "verifying", "answer_verify", {"result": "exists", "lon": 116.41, "lat": 39.92, "datum": "x"}, {422},
        "datum",
    ),
    "no photograph": ("handling", "finish", {"photos": []}, {422}, "photos"),
    "ten photographs": ("handling", "finish", {"photos": [str(uuid4()) for _ in range(10)]}, {422}, "photos"),
    "a photograph that never came": ("handling", "finish", {"photos": [str(uuid4())]}, {422}, "photos"),
    "the report's own photograph": ("handling", "finish", {"photos": "of the report"}, {422}, "photos"),
    "no closing words": ("checked", "close", {"closing": "  "}, {422}, "closing"),
    "closing of the wrong type": ("checked", "close", {"closing": 5}, {422}, "closing"),
}  # fmt: skip
WHO = {
    "dispatch": "bo", "send_back": "bo", "answer_verify": "ava", "finish": "chen", "close": "lei",
    "file": "lei", "send_verify": "lei",
}  # fmt: skip


@pytest.mark.parametrize("name", MOVES)
def test_a_move(town: Town, name: str) -> None:
    state, verb, spoilt, statuses, field = MOVES[name]
    photo = photo_of(town.alice)
    case = walk(town, WAYS[state], photos=(photo,))
    stand_in = {"litter": town.litter_heap.pk, "bo": town.bo.person_id, "of the report": [str(photo)]}
    body = spoilt
    if isinstance(spoilt, dict):
        spoilt = {key: stand_in.get(str(value), value) for key, value in spoilt.items()}
        body = {"version": case.version, **spoilt}
    caller = Caller(town.everybody[WHO[verb]])
    wrong(caller, "POST", f"/cases/{case.pk}/moves/{verb}", body, statuses, field)


def test_a_move_of_a_case_that_is_not_there(town: Town) -> None:
    wrong(Caller(town.bo), "POST", f"/cases/{uuid4()}/moves/dispatch", {"version": 1}, {404}, "case_id")


@pytest.mark.parametrize("verb", ["", "report", "DISPATCH", "dispatch ", "../file", "派遣", "x" * 300, "%00"])
def test_a_move_that_there_is_not(town: Town, verb: str) -> None:
    case = walk(town, WAYS["filed"])
    caller, before = Caller(town.bo), everything()
    response = caller.post(f"/cases/{case.pk}/moves/{verb}", {"version": case.version})
    assert 400 <= response.status_code < 500
    assert everything() == before


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/cases?after=!", {422}),
        ("/cases?after=WzEsMl0", {422}),  # [1,2]
        ("/cases?after=WyIyMDI2LTAxLTAxVDAwOjAwOjAwWiIsNV0", {422}),  # ["2026-01-01T00:00:00Z",5]
        (
            "/cases?after=WyIyMDI2LTAxLTAxIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0",
            {422},
        ),  # no zone
        ("/cases?after=" + "W" * 4000, {422}),
        ("/cases?after=%00", {422}),
        ("/cases?limit=0", {422}),
        ("/cases?limit=1e9", {422}),
        ("/cases?queue=nobodys", {422}),
        ("/cases?queue=%00", {422}),
        ("/cases?number=%00", {422}),
        ("/cases?area=%00", {422}),
        ("/cases?component=%00", {422}),
        ("/snapshot?queue=mine", {422}),
        ("/snapshot", {422}),
        ("/classes?q=%00", {422}),
        ("/classes?q=" + "x" * 61, {422}),
        ("/map/cases?bbox=1,2,3&zoom=3", {422}),
        ("/map/cases?bbox=nan,nan,nan,nan&zoom=3", {422}),
        ("/map/cases?bbox=117,39,116,40&zoom=3", {422}),
        ("/map/cases?bbox=116,39,117,40&zoom=99", {422}),
        ("/map/cases?bbox=116,39,117,40", {422}),
        ("/locate?lon=nan&lat=39.9", {422}),
        ("/locate?lon=116.4&lat=39.9&datum=x", {422}),
        ("/locate?lon=116.4&lat=39.9&class_code=%00", {422}),
        ("/cases/not-an-id", {404}),
        ("/nowhere", {404}),
    ],
)
def test_a_question_that_makes_no_sense(town: Town, path: str, statuses: set[int]) -> None:
    response = Caller(town.lei).get(path)
    assert response.status_code in statuses, (response.status_code, response.content[:300])
    if path not in ("/cases/not-an-id", "/nowhere"):  # no operation of the API at all
        refusal(response)


PHOTOS: dict[str, bytes] = {
    "nothing": b"",
    "text": b"<script>alert(1)</script>",
    "a cut one": jpeg()[:2000],
    "a TIFF's head": b"II*\x00" + bytes(64),
    "a HEIC's head": b"\x00\x00\x00\x18ftypheic" + bytes(64),
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photograph(town: Town, name: str) -> None:
    caller, before = Caller(town.alice), everything()
    refusal(caller.call("PUT", f"/photos/{uuid4()}", PHOTOS[name]), codes={422})
    assert everything() == before


def test_other_bytes_under_a_photographs_id(town: Town, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    caller, photo = Caller(town.alice), uuid4()
    assert caller.call("PUT", f"/photos/{photo}", jpeg()).status_code == 201
    assert caller.call("PUT", f"/photos/{photo}", jpeg()).status_code == 200
    error = refusal(caller.call("PUT", f"/photos/{photo}", jpeg(width=100)), codes={422})
    assert error["code"] == "conflict"
    refusal(Caller(town.ava).call("PUT", f"/photos/{photo}", jpeg()), codes={422})
    refusal(caller.call("PUT", f"/photos/{uuid4()}?kind=selfie", jpeg()), codes={422})


SESSIONS = {
    "not JSON": ("{", {400}),
    "no password": ({"username": "alice"}, {422}),
    "NUL in the name": ({"username": "alice\u0000", "password": "x"}, {422}),
    "half a character in the name": ({"username": HALF, "password": "x"}, {422}),
    "NUL in the password": ({"username": "alice", "password": "\u0000"}, {401, 422}),
    "the wrong one": ({"username": "alice", "password": "guess"}, {401}),
    "nobody's": ({"username": "nobody", "password": "guess"}, {401}),
    "wrong types": ({"username": ["alice"], "password": {"$gt": ""}}, {422}),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_signing_in(town: Town, name: str) -> None:
    body, statuses = SESSIONS[name]
    wrong(Caller(None), "POST", "/session", body, statuses, "")


@pytest.mark.parametrize(
    ("method", "path", "body", "statuses"),
    [
        ("PATCH", "/me", {"language": "fr"}, {422}),
        ("PATCH", "/me", {"language": NUL}, {422}),
        ("PATCH", "/me", {"post_id": 2**70}, {403, 422}),
        ("PATCH", "/me", {"post_id": "mine"}, {422}),
        ("POST", "/tokens", {"label": ""}, {422}),
        ("POST", "/tokens", {"label": NUL}, {422}),
        ("POST", "/tokens", {"label": "x" * 61}, {422}),
        ("DELETE", f"/tokens/{2**40}", None, {404}),
        ("DELETE", f"/tokens/{2**70}", None, {404, 422}),
    ],
)
def test_oneself(town: Town, method: str, path: str, body: Any, statuses: set[int]) -> None:
    wrong(Caller(town.alice), method, path, body, statuses, "")


def test_a_refusal_speaks_the_readers_language(town: Town) -> None:
    case: Case = walk(town, WAYS["filed"])
    caller = Caller(town.bo)
    texts = {}
    for language in ("en", "zh-hans"):
        assert caller.call("PATCH", "/me", {"language": language}).status_code == 200
        error = refusal(
            caller.post(f"/cases/{case.pk}/moves/send_back", {"version": case.version}), codes={422}
        )
        texts[language] = error["message"] + error["mend"]
    assert texts["en"].isascii() or "“" in texts["en"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in texts["zh-hans"]), texts


def test_a_session_without_its_csrf_token_may_read_but_not_write(town: Town) -> None:
    from django.test import Client

    from casework.models import Person

    case = walk(town, WAYS["filed"])
    client = Client(enforce_csrf_checks=True)
    client.force_login(Person.objects.get(pk=town.bo.person_id))
    assert client.get(f"/api/v1/cases/{case.pk}").status_code == 200
    path, body = f"/api/v1/cases/{case.pk}/moves/dispatch", json.dumps({"version": case.version})
    before = everything()
    error = refusal(client.post(path, body, content_type="application/json"), codes={403})
    assert error["field"] == "csrf"
    assert everything() == before
    token = client.get("/api/v1/session").json()["csrf"]
    sent = client.post(path, body, content_type="application/json", headers={"x-csrftoken": token})
    assert sent.status_code == 200
    assert UUID(sent.json()["id"]) == case.pk
