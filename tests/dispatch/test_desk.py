"""What a desk is shown of a case at one go: the proposal with its losers, and the cases around."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch.models import RoutingRule
from tests.factories.calls import Caller
from tests.factories.city import SANITATION, WATER
from tests.factories.people import LONG_AGO, Town
from tests.factories.ways import WAYS, move, walk

pytestmark = pytest.mark.django_db


def desk(town: Town, who: str, case: Any) -> Any:
    response = Caller(town.everybody[who]).get(f"/cases/{case.pk}/desk")
    assert response.status_code == 200, response.content
    return response.json()


def test_the_proposal_says_who_until_when_what_is_reached_and_why_the_others_lost(town: Town) -> None:
    sanitation = town.water_rule.organisation.__class__.objects.get(code=SANITATION)
    RoutingRule.objects.create(
        name="any component", district_code="110101", class_kind="component", organisation=sanitation,
        valid_from=LONG_AGO,
    )  # fmt: skip
    shown = desk(town, "bo", walk(town, WAYS["filed"]))["proposal"]
    assert shown["organisation"]["code"] == WATER
    assert shown["limit_text"] == "2 urgent working hours"
    assert shown["closing"] == "Restored"
    assert "covers of the water company" in shown["reason"]
    [lost] = shown["lost"]
    assert "any component" in lost["rule"]
    assert "narrower" in lost["why"]
    assert [choice["organisation"]["code"] for choice in shown["alternatives"]] == [SANITATION]


def test_there_is_a_proposal_only_for_who_may_dispatch_it_now(town: Town) -> None:
    filed, sent = walk(town, WAYS["filed"]), walk(town, WAYS["dispatched"])
    assert desk(town, "lei", filed)["proposal"] is None
    assert desk(town, "bo", sent)["proposal"] is None
    assert desk(town, "chen", sent)["proposal"] is None


def test_around_are_the_same_component_what_is_open_near_by_and_the_same_cell(town: Town) -> None:
    lon, lat = town.city.inside(0)
    lamp = town.city.lamps[0].code
    same = walk(town, (*WAYS["closed"],))
    near = walk(town, (), component_code=lamp, lon=lon + 0.0005, lat=lat)  # 43 m
    over_there = walk(town, (), component_code=town.city.lamps[1].code, lon=lon + 0.001, lat=lat)  # 85 m
    in_cell = walk(town, ("withdraw",), component_code=lamp, lon=lon - 0.0004, lat=lat)
    far = walk(town, (), component_code=town.city.lamps[3].code, lon=lon + 0.003, lat=lat)
    shown = desk(town, "bo", walk(town, WAYS["filed"]))["around"]
    assert [(each["id"], each["why"]) for each in shown] == [
        (str(same.pk), "component"),
        (str(near.pk), "near"),
        (str(over_there.pk), "near"),
        (str(in_cell.pk), "cell"),
    ]
    assert str(far.pk) not in {each["id"] for each in shown}
    assert 40 < shown[1]["distance_m"] < 46


def test_around_is_only_what_the_post_may_see(town: Town) -> None:
    walk(town, WAYS["filed"])
    theirs = walk(town, WAYS["handling"])
    case = walk(town, WAYS["dispatched"])
    assert [each["id"] for each in desk(town, "chen", case)["around"]] == [str(theirs.pk)]


def test_a_case_at_its_desk_costs_the_same_however_much_happens_around_it(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    few: list[str] = []
    for n in range(12):
        walk(town, WAYS["filed"])
        if n in (0, 11):
            desk(town, "bo", case)
            with CaptureQueriesContext(connection) as queries:
                desk(town, "bo", case)
            few = few or [query["sql"] for query in queries]
    assert len(queries) == len(few), "\n".join(query["sql"] for query in queries)
    assert len(few) <= 30, len(few)


def test_the_target_of_a_move_and_the_seconds_to_undo_it_are_said(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    moves = {each["verb"]: each for each in desk(town, "bo", case)["case"]["moves"]}
    assert moves["dispatch"]["target"] == "dispatched"
    assert "undo" not in moves
    move(case.pk, "dispatch", town.bo)
    shown = desk(town, "bo", case)["case"]
    assert shown["undo_until"] > shown["moved_at"]
    assert "undo" in {each["verb"] for each in shown["moves"]}
    assert desk(town, "bea", case)["case"]["undo_until"] is None
