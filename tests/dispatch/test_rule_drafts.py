"""The craft of routing: each rule's accuracy, the matrix, and drafts replayed before they take force."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from casework import journal
from casework.models import Case, Organisation
from casework.roles import Role
from dispatch.accuracy import accuracy_of_rules
from dispatch.models import RoutingRule, RuleDraft
from dispatch.suggestions import LEAST_CASES, learn
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, holder, organisation
from tests.factories.ways import WAYS, move, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(town: Town) -> Caller:
    """The system administrator."""
    return Caller(holder("ada", "Ada", Role.SYSTEM_ADMIN, organisation("110000-IT", "信息中心", "")))


def drafted(ada: Caller, changes: list[dict[str, Any]]) -> dict[str, Any]:
    made = ada.post("/routing/drafts", {"name": "autumn"}).json()
    saved = ada.call("PUT", f"/routing/drafts/{made['id']}", {"version": made["version"], "changes": changes})
    assert saved.status_code == 200, saved.content
    body: dict[str, Any] = saved.json()
    return body


def instead(town: Town, **changes: Any) -> dict[str, Any]:
    """The water company's rule, to the lighting company."""
    rule = {
        "name": "covers to lighting",
        "organisation_code": town.dai.organisation_code,
        "class_kind": "component",
    }
    return {"rule_id": town.water_rule.pk, "rule": {**rule, **changes}}


def test_every_return_names_the_rule_and_counts_against_it(town: Town, ada: Caller) -> None:
    stayed, back = walk(town, WAYS["closed"]), walk(town, WAYS["dispatched"])
    move(back.pk, "return", town.chen, reason="not ours")
    line = journal.of_case(back.pk)[-1]
    assert (line.facts["rule_id"], line.facts["rule"]) == (town.water_rule.pk, town.water_rule.name)
    move(back.pk, "dispatch", town.bo, organisation_code=town.dai.organisation_code)
    counted = accuracy_of_rules("110101", timezone.now() - timedelta(days=1))
    found = counted[town.water_rule.pk]
    assert (found.sent, found.returned, found.elsewhere, found.share) == (2, 1, 1, 0.5)
    shown = {one["id"]: one for one in ada.get("/routing/rules").json()["items"]}
    assert shown[town.water_rule.pk]["accuracy"] == 0.5
    assert [one["accuracy"] for pk, one in shown.items() if pk != town.water_rule.pk] == [None, None]
    assert stayed.state == "closed"


def test_the_matrix_shows_organisations_gaps_and_conflicts_of_class_area_owner(
    town: Town, ada: Caller
) -> None:
    def cell(matrix: dict[str, Any], code: str) -> dict[str, int]:
        row = next(row for row in matrix["rows"] if (row["kind"], row["code"]) == ("component", code))
        return {key: sum(cell.get(key, 0) for cell in row["cells"]) for cell in row["cells"] for key in cell}

    now = ada.get("/routing/matrix").json()
    manhole = cell(now, town.city.manhole.code)
    assert manhole[town.chen.organisation_code] > 0  # where the water company owns one
    assert manhole["gap"] > 0  # a report that names no component
    assert now["gaps"]
    draft = drafted(ada, [{"rule_id": None, "rule": instead(town)["rule"]}])
    then = ada.get(f"/routing/matrix?draft={draft['id']}").json()
    assert "gap" not in cell(then, town.city.manhole.code)
    assert set(then["organisations"]) >= {town.chen.organisation_code, town.dai.organisation_code}
    twin = instead(town, owner_code=town.chen.organisation_code)
    rival = drafted(ada, [{"rule_id": None, "rule": twin["rule"]}])
    assert ada.get(f"/routing/matrix?draft={rival['id']}").json()["conflicts"]


def test_a_draft_is_replayed_over_past_cases_and_changes_nothing(town: Town, ada: Caller) -> None:
    """Three covers and a heap of litter: the draft sends the covers elsewhere, which is worse for two."""
    for way in (WAYS["closed"], WAYS["closed"], WAYS["dispatched"]):
        walk(town, way)
    lon, lat = town.city.inside(1)
    litter = walk(town, (), class_id=town.city.litter.pk, component_code="", lon=lon, lat=lat)
    move(litter.pk, "file", town.lei, condition_id=town.litter_heap.pk)
    move(litter.pk, "dispatch", town.bo)
    draft = drafted(ada, [instead(town)])
    head = journal.head("110101")
    effect = ada.get(f"/routing/drafts/{draft['id']}/effect?days=7").json()
    assert (effect["cases"], effect["elsewhere"]) == (4, 3)
    assert (effect["known"], effect["right"]) == (2, [2, 0])
    assert (effect["gaps"], effect["conflicts"]) == ([0, 0], [0, 0])
    loads = {one["code"]: (one["before"], one["after"]) for one in effect["loads"]}
    assert loads[town.chen.organisation_code] == (3, 0)
    assert loads[town.dai.organisation_code] == (0, 3)
    assert len(effect["examples"]) == 3
    assert "covers to lighting" in effect["examples"][0]["after"]["rule"]
    gone = drafted(ada, [{"rule_id": town.water_rule.pk, "rule": None}])
    assert ada.get(f"/routing/drafts/{gone['id']}/effect").json()["gaps"] == [0, 3]
    with time_machine.travel(timezone.now() + timedelta(days=10)):
        assert ada.get(f"/routing/drafts/{draft['id']}/effect?days=7").json()["cases"] == 0
    assert journal.head("110101") == head
    assert RoutingRule.objects.count() == 3


def test_a_scheduled_draft_takes_force_at_its_time_and_not_before(town: Town, ada: Caller) -> None:
    draft = drafted(ada, [instead(town)])
    at = timezone.now() + timedelta(days=3)
    answer = ada.post(f"/routing/drafts/{draft['id']}/schedule", {"at": at.isoformat()})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["state"], answer.json()["effect"]["cases"]) == ("scheduled", 0)
    before = walk(town, WAYS["dispatched"])
    with time_machine.travel(at + timedelta(minutes=1)):
        after = walk(town, WAYS["dispatched"])
    assert Case.objects.get(pk=before.pk).organisation_id == town.chen.organisation_id
    assert Case.objects.get(pk=after.pk).organisation_id == town.dai.organisation_id
    for path, body in (("schedule", {"at": at.isoformat()}), ("discard", {})):
        assert refusal(ada.post(f"/routing/drafts/{draft['id']}/{path}", body))["field"] == "state"


def test_what_could_never_match_or_was_saved_meanwhile_is_refused(town: Town, ada: Caller) -> None:
    draft = drafted(ada, [instead(town)])
    path = f"/routing/drafts/{draft['id']}"
    for field, change in {
        "organisation_code": instead(town, organisation_code="nobody"),
        "area_code": instead(town, area_code="110105001"),
        "class_kind": instead(town, class_kind="", class_code="01"),
        "to_hour": instead(town, from_hour="08:00"),
        "unit": instead(town, quota="4"),
        "rule": instead(town, quota="much", unit="working_hour"),
        "rule_id": {"rule_id": 999_999, "rule": None},
    }.items():
        answer = ada.call("PUT", path, {"version": draft["version"], "changes": [change]})
        assert refusal(answer, codes={422})["field"] == f"changes.0.{field}"
    stale = ada.call("PUT", path, {"version": draft["version"] - 1, "changes": []})
    assert refusal(stale, codes={409})["code"] == "stale"
    twice = ada.call("PUT", path, {"version": draft["version"], "changes": [instead(town), instead(town)]})
    refusal(twice, codes={422})
    past = ada.post(f"{path}/schedule", {"at": (timezone.now() - timedelta(hours=1)).isoformat()})
    assert refusal(past, codes={422})["field"] == "at"
    assert RuleDraft.objects.get().version == draft["version"]
    assert RoutingRule.objects.count() == 3


def test_where_the_rules_leave_a_choice_history_ranks_it_and_never_routes(town: Town, ada: Caller) -> None:
    for _ in range(LEAST_CASES):
        walk(town, WAYS["handled"])
    RoutingRule.objects.filter(pk=town.water_rule.pk).update(valid_to=timezone.now())
    case = walk(town, WAYS["filed"])
    path = f"/cases/{case.pk}/proposal"
    assert Caller(town.bo).get(path).json()["alternatives"] == []
    table = learn("110101")
    assert table is not None
    assert table.cases == LEAST_CASES
    told = Caller(town.bo).get(path).json()
    assert (told["outcome"], told["organisation"]) == ("none", None)
    assert told["alternatives"][0]["organisation"]["code"] == town.chen.organisation_code
    assert told["alternatives"][0]["share"] > 0
    assert told["alternatives"][0]["cases"] == LEAST_CASES
    # it is only shown: without a choice of hers nothing is sent
    answer = Caller(town.bo).post(f"/cases/{case.pk}/moves/dispatch", {"version": case.version})
    assert refusal(answer, codes={422})["field"] == "organisation_code"
    Organisation.objects.filter(code=town.chen.organisation_code).update(
        valid_to=timezone.localdate() - timedelta(days=1)
    )
    assert Caller(town.bo).get(path).json()["alternatives"] == []
