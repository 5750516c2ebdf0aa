"""Every operation of the API × every role: one table. An operation without a row fails the test.

Then what rows cannot say: who does not see a case neither lists it nor fetches it, its photographs and
its place on the map, in whatever state it is and whoever asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casework.access import Actor
from casework.models import Attachment, Case, Person, Token
from casework.photos import take_photo
from casework.roles import Role
from dispatch.models import Report
from dispatch.queues import QUEUES, queues_of
from gridcity.api import api
from tests.casework.pictures import jpeg
from tests.casework.recordings import webm
from tests.dispatch.test_api_input import good_report
from tests.dispatch.test_matrix import may_see, people
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town
from tests.factories.told import told_case
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db

R = Role
ALL = frozenset(Role)
CENTRES = frozenset({R.ACCEPTOR, R.SHIFT_LEADER, R.DISPATCHER, R.MANAGER})
SEERS = CENTRES | {R.DEPARTMENT, R.INSPECTOR}  # of the case at hand: its own inspector and department
Path = Callable[["World"], str]


@dataclass(frozen=True)
class World:
    """What paths and bodies speak of: Alice's case, handled by Chen's company."""

    town: Town
    case: Case
    photo: str
    voice: str


@dataclass(frozen=True)
class Rule:
    """Who gets through; `refused` is the status for everybody else who is signed in, `but` for one."""

    may: frozenset[Role]
    path: Path
    body: Callable[[World], Any] = lambda world: None
    refused: int = 403
    stranger: int = 401
    fine: frozenset[int] = frozenset({200})
    but: Callable[[str, Actor], int | None] = lambda name, actor: None  # another status for somebody


def one(path: str) -> Path:
    return lambda world: path


def of_case(tail: str = "") -> Path:
    return lambda world: f"/cases/{world.case.pk}{tail}"


def inspectors(status: int) -> Callable[[str, Actor], int | None]:
    """They come further than others, and are refused for another reason."""
    return lambda name, actor: status if actor.role == R.INSPECTOR else None


def colleagues(status: int) -> Callable[[str, Actor], int | None]:
    return lambda name, actor: status if name == "other inspector" else None


def neighbours(role: Role | None, status: int) -> Callable[[str, Actor], int | None]:
    """What those of another district get who have this post; None: whatever their post."""
    return lambda name, actor: status if role in (None, actor.role) and actor.stream != "110101" else None


def now() -> str:
    return timezone.now().isoformat()


INSPECTORS = frozenset({R.INSPECTOR})

TABLE: Mapping[tuple[str, str], Rule] = {
    ("GET", "/session"): Rule(ALL, one("/session"), stranger=200),
    ("POST", "/session"): Rule(
        frozenset(), one("/session"), lambda w: {"username": uuid4().hex, "password": "x"}, refused=401
    ),
    ("DELETE", "/session"): Rule(ALL, one("/session"), stranger=204, fine=frozenset({204})),
    ("GET", "/me"): Rule(ALL, one("/me")),
    ("PATCH", "/me"): Rule(ALL, one("/me"), lambda w: {"language": "en"}),
    ("POST", "/tokens"): Rule(ALL, one("/tokens"), lambda w: {"label": "key"}, fine=frozenset({201})),
    ("DELETE", "/tokens/{token_id}"): Rule(frozenset(), one("/tokens/1"), refused=404),
    ("PUT", "/photos/{photo_id}"): Rule(
        ALL, lambda w: f"/photos/{uuid4()}", lambda w: jpeg(), fine=frozenset({201})
    ),
    # an inspector who finds something looks whether it is this open case
    ("GET", "/photos/{photo_id}/{size}"): Rule(
        SEERS, lambda w: f"/photos/{w.photo}/thumb", refused=404, but=colleagues(200)
    ),
    ("GET", "/photos/{photo_id}"): Rule(ALL, lambda w: f"/photos/{w.photo}"),
    # her voice is for those who see the case, not for those who compare it
    ("GET", "/voices/{voice_id}"): Rule(
        SEERS, lambda w: f"/voices/{w.voice}", refused=404, but=colleagues(404), fine=frozenset({200})
    ),
    ("PUT", "/photos/{photo_id}/parts"): Rule(
        ALL, lambda w: f"/photos/{uuid4()}/parts?offset=0&total=10", lambda w: b"first"
    ),
    ("POST", "/push/subscriptions"): Rule(
        frozenset(),  # off until the city names push services
        one("/push/subscriptions"),
        lambda w: {"endpoint": "https://push.example/1", "keys": {"p256dh": "x", "auth": "y"}},
    ),
    ("DELETE", "/push/subscriptions"): Rule(
        ALL, one("/push/subscriptions"), lambda w: {"endpoint": "https://x.example"}, fine=frozenset({204})
    ),
    ("GET", "/notices"): Rule(ALL, one("/notices")),
    ("POST", "/notices/seen"): Rule(ALL, one("/notices/seen"), lambda w: {"upto": now()}),
    ("GET", "/notices/mutes"): Rule(ALL, one("/notices/mutes")),
    ("PUT", "/notices/mutes"): Rule(ALL, one("/notices/mutes"), lambda w: {"muted": [{"step": "warning"}]}),
    ("GET", "/cases/{case_id}/deadlines"): Rule(SEERS, of_case("/deadlines"), refused=404),
    ("GET", "/phone/pack"): Rule(INSPECTORS, one("/phone/pack")),
    ("GET", "/phone/ranking"): Rule(INSPECTORS, one("/phone/ranking?lon=116.4105&lat=39.9205")),
    # each item is judged by itself: test_batch.py
    ("POST", "/reports/batch"): Rule(ALL, one("/reports/batch"), lambda w: {"items": [1]}),
    ("POST", "/reports/self-handled"): Rule(
        frozenset(),
        one("/reports/self-handled"),
        lambda w: {**good_report(w.town), "after_photos": []},
        but=lambda name, actor: (
            (422 if actor.stream == "110101" else 404) if actor.role == R.INSPECTOR else None
        ),
    ),
    ("GET", "/cases/near"): Rule(INSPECTORS, one("/cases/near?lon=116.4105&lat=39.9205&class_id=1")),
    ("POST", "/cases/{case_id}/join"): Rule(
        INSPECTORS,
        of_case("/join"),
        lambda w: {"id": str(uuid4()), "text": "still there"},
        but=lambda name, actor: (
            neighbours(R.INSPECTOR, 404)(name, actor)
            or neighbours(R.SHIFT_LEADER, 404)(name, actor)
            or colleagues(201)(name, actor)
        ),
        fine=frozenset({201}),
    ),
    ("POST", "/tasks/{task_id}/answer"): Rule(
        frozenset(), one("/tasks/999/answer"), lambda w: {"id": str(uuid4()), "result": "pass"}, refused=404
    ),
    ("GET", "/patrol/shift"): Rule(INSPECTORS, one("/patrol/shift")),
    ("PUT", "/patrol/shift"): Rule(
        INSPECTORS, one("/patrol/shift"), lambda w: {"on": True, "id": str(uuid4()), "device_at": now()}
    ),
    ("POST", "/patrol/track"): Rule(
        INSPECTORS, one("/patrol/track"), lambda w: {"id": str(uuid4()), "sent_at": now(), "fixes": []}
    ),
    ("GET", "/patrol/mine"): Rule(INSPECTORS, one("/patrol/mine")),
    ("GET", "/patrol/mine/{shift_id}"): Rule(
        frozenset(), lambda w: f"/patrol/mine/{uuid4()}", but=inspectors(404)
    ),
    ("GET", "/patrol/positions"): Rule(CENTRES, one("/patrol/positions")),
    ("GET", "/patrol/figures"): Rule(CENTRES, one("/patrol/figures")),
    ("GET", "/surveys"): Rule(ALL, one("/surveys")),
    ("POST", "/surveys"): Rule(
        frozenset({R.ACCEPTOR, R.SHIFT_LEADER}),
        one("/surveys"),
        lambda w: {"id": str(uuid4()), "title": "bins", "class_id": w.town.city.bin.pk, "grids": ["DC001"]},
        fine=frozenset({201}),
        but=neighbours(R.SHIFT_LEADER, 422),  # that grid is not in her district
    ),
    ("GET", "/surveys/tasks"): Rule(ALL, one("/surveys/tasks")),
    ("POST", "/surveys/tasks/{cell_id}/count"): Rule(
        frozenset(),
        one("/surveys/tasks/999/count"),
        lambda w: {"id": str(uuid4()), "counted": 1},
        refused=404,
    ),
    ("GET", "/surveys/{survey_id}"): Rule(frozenset(), lambda w: f"/surveys/{uuid4()}", refused=404),
    ("POST", "/surveys/{survey_id}/moves/{verb}"): Rule(
        frozenset(),
        lambda w: f"/surveys/{uuid4()}/moves/close_survey",
        lambda w: {"version": 1},
        refused=404,
    ),
    ("GET", "/locate"): Rule(ALL, one("/locate?lon=116.4105&lat=39.9205")),
    ("GET", "/addresses"): Rule(ALL, one("/addresses?q=dsbdj%2012")),
    ("GET", "/addresses/nearest"): Rule(ALL, one("/addresses/nearest?lon=116.4105&lat=39.9205")),
    **{
        (method, path): Rule(
            frozenset({R.SYSTEM_ADMIN}),
            one(path.replace("{draft_id}", "0").replace("{edit_id}", "0").replace("{code}", "0") + query),
            lambda w, body=body: body,  # type: ignore[misc]
            fine=frozenset({status}),
        )
        for method, path, query, body, status in (
            ("GET", "/edit/drafts", "", None, 200),
            ("POST", "/edit/drafts", "", {"generation_id": 0}, 404),
            ("GET", "/edit/drafts/{draft_id}", "", None, 404),
            ("GET", "/edit/drafts/{draft_id}/shapes", "?bbox=116,39,117,40", None, 404),
            ("POST", "/edit/drafts/{draft_id}/edits", "", {"version": 0, "kind": "rename_area"}, 404),
            ("POST", "/edit/drafts/{draft_id}/undo", "", {"version": 0}, 404),
            ("POST", "/edit/drafts/{draft_id}/redo", "", {"version": 0}, 404),
            ("GET", "/edit/drafts/{draft_id}/differences", "", None, 404),
            ("POST", "/edit/drafts/{draft_id}/activate", "", {"version": 0}, 404),
            ("POST", "/edit/drafts/{draft_id}/discard", "", {"version": 0}, 404),
            ("GET", "/routing/rules", "", None, 200),
            ("GET", "/routing/matrix", "", None, 200),
            ("GET", "/routing/drafts", "", None, 200),
            ("POST", "/routing/drafts", "", {"name": "draft"}, 201),
            ("PUT", "/routing/drafts/{draft_id}", "", {"version": 1, "changes": []}, 404),
            ("GET", "/routing/drafts/{draft_id}/effect", "", None, 404),
            ("POST", "/routing/drafts/{draft_id}/schedule", "", {"at": "2099-01-01T00:00:00Z"}, 404),
            ("POST", "/routing/drafts/{draft_id}/discard", "", {}, 404),
            ("GET", "/grids/proposal", "?count=2", None, 200),
            ("POST", "/grids/proposal", "", {"count": 2}, 200),
            ("GET", "/grids/gaps", "", None, 200),
            ("POST", "/grids/plan", "", {"count": 2}, 200),
            ("GET", "/grids/plan", "", None, 200),
            ("POST", "/grids/plan/moves", "", {"version": 0, "group": 0, "cells": ["x"]}, 404),
            ("POST", "/grids/plan/undo", "", {"version": 0}, 404),
            ("POST", "/grids/plan/redo", "", {"version": 0}, 404),
            ("POST", "/grids/plan/activate", "", {"version": 0}, 404),
            ("POST", "/grids/plan/discard", "", {"version": 0}, 404),
            ("GET", "/edit/grids", "", None, 200),
            ("POST", "/edit/grids", "", {"name": "new"}, 200),
            ("GET", "/edit/ground", "?bbox=116,39,117,40", None, 200),
            ("POST", "/edit/cells", "", {"cells": ["x"]}, 422),
            ("GET", "/edit/components", "?bbox=116,39,117,40", None, 200),
            ("POST", "/edit/components", "", {"class_code": "x", "lon": 116.4105, "lat": 39.9205}, 422),
            ("POST", "/edit/components/{code}/move", "", {"lon": 116.4105, "lat": 39.9205}, 404),
            ("POST", "/edit/components/{code}/retire", "", {}, 404),
            ("GET", "/edit/log", "", None, 200),
            ("POST", "/edit/log/{edit_id}/undo", "", {}, 404),
        )
    },
    ("GET", "/tiles/{layer}/{z}/{x}/{y}.mvt"): Rule(
        ALL, one("/tiles/areas/10/0/0.mvt"), fine=frozenset({200, 204})
    ),
    ("GET", "/map/settings"): Rule(ALL, one("/map/settings")),
    ("POST", "/reports"): Rule(
        frozenset({R.INSPECTOR}), one("/reports"), lambda w: good_report(w.town), fine=frozenset({201})
    ),
    ("GET", "/cases"): Rule(ALL, one("/cases")),
    ("GET", "/cases/summary"): Rule(ALL, one("/cases/summary")),
    ("GET", "/snapshot"): Rule(CENTRES, one("/snapshot?queue=open")),
    ("GET", "/cases/{case_id}"): Rule(SEERS, of_case(), refused=404),
    # which role may make which move in which state: test_matrix.py
    ("POST", "/cases/{case_id}/moves/{verb}"): Rule(
        frozenset(), of_case("/moves/teleport"), lambda w: {"version": w.case.version}, refused=404
    ),
    ("GET", "/cases/{case_id}/messages"): Rule(SEERS, of_case("/messages"), refused=404),
    ("POST", "/cases/{case_id}/messages"): Rule(
        SEERS - {R.MANAGER},  # she sees it, but holds no post in it
        of_case("/messages"),
        lambda w: {"id": str(uuid4()), "text": "which side of the road?"},
        refused=404,
        but=lambda name, actor: 403 if name == "manager" else None,
        fine=frozenset({201}),
    ),
    ("POST", "/cases/{case_id}/messages/read"): Rule(
        SEERS, of_case("/messages/read"), lambda w: {"upto": 1}, refused=404, fine=frozenset({204})
    ),
    ("GET", "/cases/{case_id}/people"): Rule(SEERS, of_case("/people"), refused=404),
    ("GET", "/conversations"): Rule(ALL, one("/conversations")),
    ("GET", "/cases/{case_id}/desk"): Rule(SEERS, of_case("/desk"), refused=404),
    ("PUT", "/desk/leases"): Rule(
        frozenset({R.ACCEPTOR, R.SHIFT_LEADER, R.DISPATCHER, R.DEPARTMENT}),
        one("/desk/leases"),
        lambda w: {"desk": str(uuid4()), "case_id": str(w.case.pk)},
    ),
    # each case is judged by itself: test_bulk.py
    ("POST", "/cases/bulk"): Rule(
        frozenset({R.DISPATCHER}),
        one("/cases/bulk"),
        lambda w: {"verb": "dispatch", "items": [{"id": str(w.case.pk), "version": 1}]},
    ),
    ("GET", "/cases/{case_id}/duplicates"): Rule(
        frozenset({R.ACCEPTOR, R.SHIFT_LEADER, R.DISPATCHER}),
        of_case("/duplicates"),
        but=lambda name, actor: (
            neighbours(R.SHIFT_LEADER, 404)(name, actor) or neighbours(R.DISPATCHER, 404)(name, actor)
        ),
    ),
    ("GET", "/cases/{case_id}/proposal"): Rule(SEERS, of_case("/proposal"), refused=404),
    ("GET", "/tasks"): Rule(ALL, one("/tasks")),
    ("GET", "/map/cases"): Rule(ALL, one("/map/cases?bbox=116.4,39.9,116.5,40&zoom=18")),
    ("GET", "/components/{code}/file"): Rule(
        ALL, one("/components/1101010137000001/file"), but=neighbours(None, 404)
    ),
    ("GET", "/cells/{code}/file"): Rule(ALL, one("/cells/110101001001001/file"), but=neighbours(None, 404)),
    ("GET", "/classes"): Rule(ALL, one("/classes?q=jg")),
    ("GET", "/organisations"): Rule(ALL, one("/organisations")),
    ("GET", "/indicators"): Rule(CENTRES, one("/indicators")),
    ("GET", "/indicators/{key}/cases"): Rule(CENTRES, one("/indicators/discovery_rate/cases")),
    ("GET", "/indicators/table"): Rule(CENTRES, one("/indicators/table?by=post")),
    ("GET", "/indicators/behind"): Rule(CENTRES, one("/indicators/behind?indicator=filing_rate")),
    ("GET", "/indicators/behind.csv"): Rule(CENTRES, one("/indicators/behind.csv?counter=filed")),
    ("GET", "/imported/{case_id}"): Rule(CENTRES, lambda w: f"/imported/{told_case()}", refused=404),
}


@pytest.fixture
def world(town: Town, settings: Any, tmp_path: Any) -> World:
    settings.MEDIA_ROOT = tmp_path
    photo = take_photo(uuid4(), jpeg(), kind="report", by=town.alice.person_id)
    voice = take_photo(uuid4(), webm(), kind="voice", by=town.alice.person_id)
    case = walk(town, ("send_verify", "answer_verify", *WAYS["handling"]), photos=(photo.pk,), voice=voice.pk)
    return World(town, case, str(photo.pk), str(voice.pk))


def operations() -> set[tuple[str, str]]:
    schema = api.get_openapi_schema()
    prefix = "/api/v1"
    return {
        (method.upper(), path.removeprefix(prefix))
        for path, methods in schema["paths"].items()
        for method in methods
    }


def test_every_operation_has_its_row_and_every_row_its_operation() -> None:
    assert operations() == set(TABLE)


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_an_operation_lets_through_whom_its_row_names(world: World, method: str, path: str) -> None:
    rule = TABLE[method, path]
    stranger = Caller(None).call(method, rule.path(world), rule.body(world))
    assert stranger.status_code == rule.stranger
    if stranger.status_code >= 400:
        refusal(stranger)
    for name, actor in people(world.town).items():
        role_may = actor.role in rule.may
        mine = actor.stream == "110101" and name not in ("other inspector", "other department")
        about_the_case = any(word in path for word in ("{case_id}", "{size}", "{voice_id}"))
        response = Caller(actor).call(method, rule.path(world), rule.body(world))
        status = rule.but(name, actor)
        if status is not None:
            assert response.status_code == status, (name, response.status_code, response.content[:200])
        elif path == "/cases/{case_id}/moves/{verb}" and actor.role in SEERS and mine:
            refusal(response, codes={422})
        elif path == "/reports" and actor.role == R.INSPECTOR and actor.stream != "110101":
            refusal(response, codes={404})  # her own district ends before this place
        elif role_may and (mine or not about_the_case):
            assert response.status_code in rule.fine, (name, response.status_code, response.content[:200])
        else:
            refusal(response, codes={rule.refused})


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer " + "x" * 4000])
def test_a_key_that_is_none_opens_nothing(town: Town, key: str) -> None:
    response = Caller(None).call("GET", "/me", authorization=key)
    assert refusal(response, codes={401})["code"] == "not_signed_in"


def test_a_key_dropped_a_post_ended_an_account_closed_open_nothing(town: Town) -> None:
    from django.utils import timezone

    from casework.models import Holding

    bo, bea, mo = (Caller(actor) for actor in (town.bo, town.bea, town.mo))
    assert {caller.get("/me").status_code for caller in (bo, bea, mo)} == {200}
    Token.objects.filter(person_id=town.bo.person_id).delete()
    Holding.objects.filter(person_id=town.bea.person_id).update(until=timezone.now() - timedelta(hours=1))
    Person.objects.filter(pk=town.mo.person_id).update(is_active=False)
    for caller in (bo, bea, mo):
        refusal(caller.get("/me"), codes={401})


# --- who does not see a case, sees it nowhere -----------------------------------------------------------


@pytest.mark.parametrize("state", ["reported", "verifying", "filed", "handling", "checking", "closed"])
def test_what_one_may_not_see_is_neither_listed_nor_fetched_nor_drawn(
    town: Town, state: str, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    photo = take_photo(uuid4(), jpeg(), kind="report", by=town.alice.person_id)
    case = walk(town, WAYS[state], photos=(photo.pk,))
    report = Report.objects.select_related("case").get(pk=case.pk)
    for name, actor in people(town).items():
        caller, sees = Caller(actor), may_see(actor, report)
        listed = caller.get("/cases").json()["items"]
        assert (str(case.pk) in {card["id"] for card in listed}) == sees, name
        assert caller.get(f"/cases/{case.pk}").status_code == (200 if sees else 404), name
        compares = actor.role == R.INSPECTOR and actor.stream == "110101" and case.ended_at is None
        assert caller.get(f"/photos/{photo.pk}/thumb").status_code == (200 if sees or compares else 404), name
        drawn = caller.get("/map/cases?bbox=116.4,39.9,116.5,40&zoom=18").json()
        shown = str(case.pk) in {card["id"] for card in drawn["items"]} or bool(drawn["clusters"])
        assert shown == (sees and case.ended_at is None), name
        far = caller.get("/map/cases?bbox=116.4,39.9,116.5,40&zoom=3").json()
        count = sum(cluster["count"] for cluster in far["clusters"]) + len(far["items"])
        assert count == int(shown), name
        in_queues = queues_with(caller, actor.role, case)
        assert in_queues == {
            queue.key
            for queue in QUEUES.values()
            if sees and actor.role in queue.roles and state in queue.states
            and (not queue.own or case.organisation_id == actor.organisation_id)
        }, name  # fmt: skip
        counts = caller.get("/cases/summary").json()["queues"]
        assert {key for key, queue in counts.items() if queue["count"]} == in_queues, name
        tasks = caller.get("/tasks").json()["items"]
        assert bool(tasks) == (name == "sent out" and state in ("verifying", "checking")), name


def queues_with(caller: Caller, role: Role, case: Case) -> set[str]:
    """The queues of the caller's in which the case stands; as a page and as a snapshot alike."""
    found = set()
    for queue in queues_of(role):
        page = caller.get(f"/cases?queue={queue.key}").json()
        assert page["items"] == caller.get(f"/snapshot?queue={queue.key}").json()["items"]
        if str(case.pk) in {card["id"] for card in page["items"]}:
            found.add(queue.key)
    return found


def test_a_queue_of_another_desk_is_refused(town: Town) -> None:
    for name, actor in people(town).items():
        caller, own = Caller(actor), {queue.key for queue in queues_of(actor.role)}
        for key in QUEUES:
            for path in (f"/cases?queue={key}", f"/snapshot?queue={key}"):
                assert caller.get(path).status_code == (200 if key in own else 403), (name, path)


def test_an_unclaimed_photograph_is_its_makers_alone(town: Town, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    photo = take_photo(uuid4(), jpeg(), kind="report", by=town.alice.person_id)
    for name, actor in people(town).items():
        assert Caller(actor).get(f"/photos/{photo.pk}/full").status_code == (
            200 if name == "reporter" else 404
        )
    assert Attachment.objects.get().case is None


def test_names_and_numbers_stay_where_they_belong(town: Town) -> None:
    """A citizen's telephone is for supervision, inspectors' names for the centres, keys for nobody."""
    body = {**good_report(town), "source": "hotline", "reporter": {"name": "张三", "phone": "13800138000"}}
    made = Caller(town.amy).post("/reports", body).json()
    for version, who, verb, more in (
        (1, town.amy, "send_verify", {"inspector_id": town.ava.person_id}),
        (2, town.ava, "answer_verify", {"result": "exists"}),
        (3, town.lei, "file", {"condition_id": town.missing_cover.pk}),
        (4, town.bo, "dispatch", {}),
    ):
        moved = Caller(who).post(f"/cases/{made['id']}/moves/{verb}", {"version": version, **more})
        assert moved.status_code == 200
    for name, actor in town.everybody.items():
        response = Caller(actor).get(f"/cases/{made['id']}")
        if response.status_code == 404:
            continue
        text = json.dumps(response.json(), ensure_ascii=False)
        assert ("13800138000" in text) == (actor.role in (R.ACCEPTOR, R.SHIFT_LEADER)), name
        assert ("Ava" in text) == (actor.role in CENTRES or name == "ava"), name
        assert "inspector_id" not in text
        assert "reporter_id" not in text


# --- what a list costs ----------------------------------------------------------------------------------

COSTS = {
    "/cases": 2,
    "/cases?queue=dispatch": 2,
    "/cases/summary": 5,
    "/snapshot?queue=dispatch": 5,
    "/map/cases?bbox=116.4,39.9,116.5,40&zoom=18": 5,
    "/map/cases?bbox=116.4,39.9,116.5,40&zoom=3": 5,
    "/tasks": 4,
    "/phone/pack": 12,  # for one who walks no cell; with cells, the ground, the open cases and the visits
    "/patrol/positions": 2,
    "/surveys": 2,
    "/addresses?q=wangfujing": 4,
    "/addresses?q=wangfujing%2012": 5,
    "/addresses/nearest?lon=116.4105&lat=39.9205": 2,
    "/indicators/dispatch_accuracy/cases": 4,
}


def asked(actor: Actor, path: str) -> list[str]:
    caller = Caller(actor)
    caller.get(path)  # names are read once in a while
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert caller.get(path).status_code == 200
    return [query["sql"] for query in queries]


@pytest.mark.parametrize("path", COSTS)
def test_a_list_of_twenty_costs_as_many_queries_as_one_of_two(town: Town, path: str) -> None:
    phone = path in ("/tasks", "/phone/pack")
    actor = town.ava if phone else town.bo
    way = WAYS["verifying"] if phone else WAYS["dispatched"] if "indicators" in path else WAYS["filed"]
    few = 0
    for n in range(20):
        walk(town, way)
        if n == 1:
            few = len(asked(actor, path))
    queries = asked(actor, path)
    assert few == len(queries) == COSTS[path], "\n".join(queries)


@pytest.mark.parametrize("state", ["reported", "closed"])
def test_a_case_in_full_costs_the_same_whatever_its_history(town: Town, state: str) -> None:
    case = walk(town, WAYS[state])
    queries = asked(town.lei, f"/cases/{case.pk}")
    assert len(queries) <= 16, "\n".join(queries)
