"""Special surveys: ordered by a centre, counted cell by cell, each role × move × state as the table says."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from casework import journal
from casework.hub import make_ready, shown_to
from casework.models import Case
from casework.roles import Role
from casework.verify import verify_stream
from dispatch.models import SurveyCell
from dispatch.survey_flow import SURVEY_MOVES, SurveyState
from dispatch.surveys import surveys_seen_by
from tests.dispatch.test_matrix import people
from tests.factories.calls import Caller, refusal
from tests.factories.fold import Desk
from tests.factories.people import Town, photo_of

pytestmark = pytest.mark.django_db

WAYS = {
    SurveyState.SURVEYING: (),
    SurveyState.SURVEYED: ("close_survey",),
    SurveyState.CANCELLED: ("cancel_survey",),
}


def order_of(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()), "title": "litter bins before winter", "class_id": town.city.bin.pk,
        "grids": ["DC001"], **changes,
    }  # fmt: skip


def ordered(town: Town, **changes: Any) -> dict[str, Any]:
    response = Caller(town.lei).post("/surveys", order_of(town, **changes))
    assert response.status_code == 201, response.content
    found: dict[str, Any] = response.json()
    return found


def end(town: Town, survey: dict[str, Any], verb: str) -> Any:
    version = Case.objects.get(pk=survey["id"]).version
    body = {"version": version, "reason": "ordered twice"}
    return Caller(town.lei).post(f"/surveys/{survey['id']}/moves/{verb}", body)


def count_of(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "counted": 3, **changes}


def mine(who: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Caller(who).get("/surveys/tasks").json()["items"]
    return found


def test_a_survey_is_ordered_counted_and_read(town: Town) -> None:
    survey = ordered(town)
    assert (survey["state"], survey["cells"], survey["done"]) == ("surveying", 4, 0)
    assert [row["expected"] for row in survey["rows"]] == [1, 1, 1, 1]
    tasks = mine(town.alice)
    assert [task["cell_code"] for task in tasks] == sorted(cell.code for cell in town.city.cells[:4])
    assert [len(task["components"]) for task in tasks] == [1, 1, 1, 1]
    assert mine(town.ava) == []
    alice = Caller(town.alice)
    lon, lat = town.city.inside(0)
    photo = photo_of(town.alice)
    ticked = count_of(
        counted=None,
        ticks={town.city.bins[0].code: "damaged"},
        extra=2,
        lon=lon,
        lat=lat,
        photos=[str(photo)],
    )
    said = alice.post(f"/surveys/tasks/{tasks[0]['id']}/count", ticked)
    assert said.status_code == 200, said.content
    assert (said.json()["counted"], said.json()["distance_m"]) == (3, 0)
    missing = count_of(counted=None, ticks={town.city.bins[1].code: "missing"}, lon=lon, lat=lat)
    said = alice.post(f"/surveys/tasks/{tasks[1]['id']}/count", missing).json()
    assert said["counted"] == 0
    assert said["distance_m"] == pytest.approx(42.7, rel=0.05)  # half a cell
    assert alice.post(f"/surveys/tasks/{tasks[2]['id']}/count", count_of(counted=None, cannot_tell=True))
    face = Caller(town.mo).get(f"/surveys/{survey['id']}").json()
    assert face["done"] == 3
    assert face["totals"] == {
        "expected": 4, "present": 0, "damaged": 1, "missing": 1, "extra": 2, "counted": 3,
        "open": 1, "cannot_tell": 1, "counted_cells": 2,
    }  # fmt: skip
    assert [task["cell_code"] for task in mine(town.alice)] == [town.city.cells[3].code]
    closed = end(town, survey, "close_survey").json()
    assert (closed["state"], closed["moves"]) == ("surveyed", [])
    assert mine(town.alice) == []
    verbs = [line.verb for line in journal.of_case(survey["id"])]
    assert verbs == ["open_survey", "count_cell", "count_cell", "count_cell", "close_survey"]
    assert verify_stream("110101").faults == ()


def test_the_same_order_and_the_same_count_are_one(town: Town) -> None:
    order = order_of(town)
    lei, alice = Caller(town.lei), Caller(town.alice)
    assert [lei.post("/surveys", order).status_code for _ in range(2)] == [201, 200]
    error = refusal(lei.post("/surveys", {**order, "title": "other"}), codes={422})
    assert error["code"] == "conflict"
    refusal(Caller(town.amy).post("/surveys", order), codes={422})
    task, body = mine(town.alice)[0], count_of()
    path = f"/surveys/tasks/{task['id']}/count"
    assert [alice.post(path, body).json()["repeated"] for _ in range(2)] == [False, True]
    assert len(journal.of_case(order["id"])) == 2
    assert alice.post(path, count_of(counted=5)).json()["counted"] == 5  # corrected: another entry
    assert len(journal.of_case(order["id"])) == 3


@pytest.mark.parametrize("verb", ["close_survey", "cancel_survey"])
def test_a_count_for_a_survey_that_has_ended_says_so(town: Town, verb: str) -> None:
    survey = ordered(town)
    task = mine(town.alice)[0]
    assert end(town, survey, verb).status_code == 200
    head = journal.head("110101")
    error = refusal(Caller(town.alice).post(f"/surveys/tasks/{task['id']}/count", count_of()), codes={409})
    assert (error["code"], error["details"]["number"]) == ("moved_on", survey["number"])
    assert journal.head("110101") == head
    assert SurveyCell.objects.get(pk=task["id"]).counted is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"class_id": 10**9}, "class_id"), ({"title": "  "}, "title"), ({"grids": [], "areas": []}, "areas"),
        ({"grids": [], "areas": ["110105001"]}, "areas"), ({"areas": ["x"]}, "areas"),
        ({"grids": ["NO"]}, "areas"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_is_refused_whole(town: Town, change: dict[str, Any], field: str) -> None:
    error = refusal(Caller(town.lei).post("/surveys", order_of(town, **change)), codes={422})
    assert error["field"] == field
    assert not Case.objects.filter(kind="survey").exists()
    assert not SurveyCell.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"counted": None}, "counted"), ({"counted": -1}, "counted"), ({"extra": -1}, "extra"),
        ({"ticks": {"1": "gone"}}, "ticks"), ({"ticks": {"1101010305000099": "present"}}, "ticks"),
        ({"photos": [str(uuid4())]}, "photos"), ({"lon": 500.0, "lat": 1.0}, "lon"),
    ],
)  # fmt: skip
def test_a_count_that_cannot_be_is_refused_whole(town: Town, change: dict[str, Any], field: str) -> None:
    survey = ordered(town)
    path = f"/surveys/tasks/{mine(town.alice)[0]['id']}/count"
    error = refusal(Caller(town.alice).post(path, count_of(**change)), codes={422})
    assert error["field"] == field
    assert len(journal.of_case(survey["id"])) == 1
    assert SurveyCell.objects.filter(state="open").count() == 4


def test_areas_and_grids_are_joined_and_other_districts_left_out(town: Town) -> None:
    assert ordered(town, grids=["CY001", "DC001"])["cells"] == 4
    assert ordered(town, grids=[], areas=[town.city.cells[0].code])["cells"] == 1
    assert ordered(town, grids=["DC001"], areas=[town.city.communities[0].code])["cells"] == 4


def test_an_event_has_no_inventory(town: Town) -> None:
    survey = ordered(town, class_id=town.city.litter.pk)
    assert survey["totals"]["expected"] == 0
    assert mine(town.alice)[0]["components"] == []


# --- role × move × state -----------------------------------------------------------------------------------


def test_the_table_reaches_every_state() -> None:
    assert set(WAYS) == SURVEY_MOVES.states


@pytest.mark.parametrize("state", WAYS)
def test_each_role_makes_exactly_the_moves_of_the_table(town: Town, state: str) -> None:
    survey = ordered(town)
    for verb in WAYS[SurveyState(state)]:
        assert end(town, survey, verb).status_code == 200
    case = Case.objects.get(pk=survey["id"])
    cell = SurveyCell.objects.order_by("cell_code")[0]
    wrong = []
    for name, actor in people(town).items():
        caller, own = Caller(actor), actor.stream == "110101"
        centre = own and actor.role in (Role.ACCEPTOR, Role.SHIFT_LEADER)
        sees = own and (centre or actor.role in (Role.DISPATCHER, Role.MANAGER) or name == "reporter")
        listed = {item["id"] for item in caller.get("/surveys").json()["items"]}
        in_list = sees and (actor.role != Role.INSPECTOR or state == SurveyState.SURVEYING)
        assert (survey["id"] in listed) == in_list, name
        assert caller.get(f"/surveys/{survey['id']}").status_code == (200 if sees else 404), name
        for verb in ("close_survey", "cancel_survey", "open_survey", "count_cell", "teleport"):
            wanted = (
                404 if not sees or verb not in ("close_survey", "cancel_survey")
                else 403 if not centre
                else 409 if state != SurveyState.SURVEYING
                else 422  # without its reason, or on an old version: nothing is written
            )  # fmt: skip
            seen = case.version if verb == "cancel_survey" else case.version - 1
            if wanted == 422 and verb == "close_survey":
                wanted = 409
            got = caller.post(f"/surveys/{survey['id']}/moves/{verb}", {"version": seen})
            if got.status_code != wanted:
                wrong.append(f"{name} · {verb}: {got.status_code} instead of {wanted}")
        counted = caller.post(f"/surveys/tasks/{cell.pk}/count", count_of(counted=None))
        wanted = (422 if state == SurveyState.SURVEYING else 409) if name == "reporter" else 404
        if counted.status_code != wanted:
            wrong.append(f"{name} · count_cell: {counted.status_code} instead of {wanted}")
    assert not wrong, "\n".join(wrong)
    assert Case.objects.get(pk=survey["id"]).version == case.version


# --- live ----------------------------------------------------------------------------------------------


def test_old_list_and_delivered_entries_are_the_fresh_list(town: Town) -> None:
    """For everybody and every verb; and desks of reports are not disturbed by entries of surveys."""
    desk = Desk.opened(town.lei, "open")
    lists: dict[str, dict[str, Any]] = {name: {} for name in town.everybody}
    head = journal.head("110101")

    def follow() -> None:
        nonlocal head
        lines = journal.read("110101", after=head)
        for name, actor in town.everybody.items():
            for entry in map(json.loads, make_ready(lines, actor)):
                card = entry["card"]
                if actor.role == Role.INSPECTOR and card["state"] != SurveyState.SURVEYING:
                    lists[name].pop(card["id"], None)
                else:
                    lists[name][card["id"]] = card
            fresh = {card["id"]: card for card in surveys_seen_by(actor)}
            assert lists[name] == fresh, name
        head = lines[-1].seq

    survey = ordered(town)
    follow()
    Caller(town.alice).post(f"/surveys/tasks/{mine(town.alice)[0]['id']}/count", count_of())
    follow()
    end(town, survey, "close_survey")
    follow()
    other = ordered(town)
    follow()
    end(town, other, "cancel_survey")
    follow()
    desk.follow()
    assert desk.cards == {}
    assert {name for name, cards in lists.items() if cards} == {"amy", "lei", "bo", "bea", "mo"}


def test_nobody_is_sent_a_survey_that_is_not_hers(town: Town) -> None:
    survey = ordered(town)
    (line,) = journal.of_case(survey["id"])
    shown = {name: entry for name, actor in town.everybody.items() if (entry := shown_to(line, actor))}
    assert set(shown) == {"alice", "amy", "lei", "bo", "bea", "mo"}
    assert "inspector_ids" not in json.dumps(shown)
