"""One move of many cases: an answer for each, nobody's decision run over, nothing half done."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from casework import journal
from casework.models import Case
from dispatch.desk_schemas import BULK_AT_MOST
from tests.factories.calls import Caller, refusal
from tests.factories.city import LIGHTING, WATER
from tests.factories.people import Town
from tests.factories.ways import WAYS, arguments, move, walk

pytestmark = pytest.mark.django_db


def items(*cases: Case) -> list[dict[str, Any]]:
    return [{"id": str(case.pk), "version": case.version} for case in cases]


def test_each_case_is_decided_and_answered_by_itself(town: Town) -> None:
    fine, moved, elsewhere = (walk(town, WAYS["filed"]) for _ in range(3))
    done_before = walk(town, WAYS["dispatched"])
    sent = items(fine, moved, done_before, elsewhere)
    sent.append({"id": str(uuid4()), "version": 1})
    move(moved.pk, "send_back", town.bea, **arguments(town, "send_back", town.bea))
    answer = Caller(town.bo).post("/cases/bulk", {"verb": "dispatch", "items": sent}).json()
    assert (answer["done"], answer["refused"]) == (2, 3)
    assert [each["id"] for each in answer["items"]] == [each["id"] for each in sent]
    assert [(each["error"] or {}).get("code") for each in answer["items"]] == [
        None, "stale", "wrong_state", None, "missing",
    ]  # fmt: skip
    assert answer["items"][1]["error"]["details"]["changed_by"] == "Bea"
    assert [each["state"] for each in answer["items"]] == [
        "dispatched",
        "verified",
        "dispatched",
        "dispatched",
        "",
    ]
    for each in answer["items"][:4]:
        case = Case.objects.get(pk=each["id"])
        assert (each["number"], each["version"], each["state"]) == (case.number, case.version, case.state)
    assert {journal.of_case(case.pk)[-1].actor_id for case in (fine, elsewhere)} == {town.bo.person_id}


def test_without_an_organisation_each_goes_where_its_own_rules_say(town: Town) -> None:
    cover = walk(town, WAYS["filed"])
    lamp = walk(town, ("file",), component_code=town.city.lamps[0].code)
    Caller(town.bo).post("/cases/bulk", {"verb": "dispatch", "items": items(cover, lamp)})
    codes = [Case.objects.select_related("organisation").get(pk=c.pk).organisation for c in (cover, lamp)]
    assert [organisation.code for organisation in codes if organisation] == [WATER, LIGHTING]


def test_many_are_undone_at_one_go(town: Town) -> None:
    cases = [walk(town, WAYS["filed"]) for _ in range(3)]
    bo = Caller(town.bo)
    done = bo.post("/cases/bulk", {"verb": "dispatch", "items": items(*cases)}).json()["items"]
    again = [{"id": each["id"], "version": each["version"]} for each in done]
    assert bo.post("/cases/bulk", {"verb": "undo", "items": again}).json()["done"] == 3
    assert {Case.objects.get(pk=case.pk).state for case in cases} == {"filed"}


def test_a_department_is_told_what_became_of_what_it_returned(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    body = {"verb": "return", "reason": "not ours", "items": items(case)}
    assert Caller(town.chen).post("/cases/bulk", body).json()["items"][0]["state"] == "filed"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"verb": "teleport"}, 422, "verb"),
        ({"verb": "report"}, 422, "verb"),
        ({"verb": "file"}, 403, "verb"),
        ({"verb": "dispatch", "items": []}, 422, "items"),
        (
            {"verb": "dispatch", "items": [{"id": str(uuid4()), "version": 1}] * (BULK_AT_MOST + 1)},
            422,
            "items",
        ),
    ],
)
def test_what_suits_no_case_is_refused_at_once(
    town: Town, body: dict[str, Any], status: int, field: str
) -> None:
    case = walk(town, WAYS["filed"])
    head = journal.head("110101")
    error = refusal(Caller(town.bo).post("/cases/bulk", {"items": items(case), **body}), codes={status})
    assert field in error["field"]
    assert journal.head("110101") == head


def test_photographs_show_one_case(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    error = refusal(
        Caller(town.chen).post("/cases/bulk", {"verb": "finish", "items": items(case)}), codes={422}
    )
    assert error["field"] == "verb"
