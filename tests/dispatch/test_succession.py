"""Organisations that merge or split take rules, open work and clocks along, by rows and without code."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.utils import timezone
from django.utils.timezone import localdate

from casework import journal
from casework.access import Actor
from casework.hub import shown_to
from casework.models import Case, CaseClock, Organisation, Succession
from casework.replay import verify_clocks
from casework.roles import Role
from casework.verify import verify_stream
from dispatch import succession
from dispatch.models import Report, RoutingRule
from dispatch.rules import active_rules
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, holder, organisation
from tests.factories.ways import WAYS, arguments, move, usual, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def eve(town: Town) -> Actor:
    """The desk of the new utilities company."""
    return holder("eve", "Eve", Role.DEPARTMENT, organisation("110101-NEW", "市政集团", "Utilities"))


def row(town: Town, eve: Actor, predecessor: str = "", **more: Any) -> Succession:
    old = Organisation.objects.get(code=predecessor or town.chen.organisation_code)
    values = {"on": localdate(), **more}
    return Succession.objects.create(predecessor=old, successor_id=eve.organisation_id, **values)


def test_open_work_rules_and_clocks_go_along_and_closed_work_stays(town: Town, eve: Actor) -> None:
    closed, waiting = walk(town, WAYS["closed"]), walk(town, WAYS["dispatched"])
    handling, filed = walk(town, WAYS["handling"]), walk(town, WAYS["filed"])
    clocks = {clock.pk: clock for clock in CaseClock.objects.filter(case__in=[waiting, handling])}
    taken = row(town, eve)
    assert succession.preview(taken) == succession.HandedOver(1, 2)
    assert succession.carry_out_due() == 1
    for case, state in ((waiting, "dispatched"), (handling, "handling")):
        now = Case.objects.get(pk=case.pk)
        assert (now.state, now.organisation_id, now.due_at) == (state, eve.organisation_id, case.due_at)
        line = journal.of_case(case.pk)[-1]
        assert (line.verb, line.actor_id, line.facts["predecessor"]) == ("succeed", None, "自来水集团")
        gone, shown = shown_to(line, town.chen), shown_to(line, eve)
        assert gone is not None
        assert gone["gone"]
        assert shown is not None
        assert shown["card"]["department"]["code"] == "110101-NEW"
    for clock in CaseClock.objects.filter(case__in=[waiting, handling]):
        was = clocks[clock.pk]
        assert (clock.due_at, clock.spans, clock.state) == (was.due_at, was.spans, was.state)
        open_theirs = was.state != "stopped" and was.organisation_id == town.chen.organisation_id
        assert clock.organisation_id == (eve.organisation_id if open_theirs else was.organisation_id)
    assert Report.objects.get(pk=closed.pk).department_id == town.chen.organisation_id
    # what is filed is sent to the successor now, by the same rule under its name
    move(filed.pk, "dispatch", town.bo)
    assert Case.objects.get(pk=filed.pk).organisation_id == eve.organisation_id
    # and her desk works on, while the old one sees nothing of it any more
    move(handling.pk, "finish", eve, **arguments(town, "finish", eve))
    refusal(Caller(town.chen).get(f"/cases/{waiting.pk}"), codes={404})
    taken.refresh_from_db()
    assert (taken.moved, bool(taken.carried_out_at)) == ({"rules": 1, "cases": 2}, True)
    assert succession.carry_out_due() == 0
    assert verify_stream("110101").faults == ()
    assert verify_clocks("110101").differences == []


def test_a_return_after_the_succession_resumes_the_same_clock(town: Town, eve: Actor) -> None:
    case = walk(town, WAYS["handling"])
    row(town, eve)
    succession.carry_out_due()
    move(case.pk, "return", eve, reason="not ours either")
    move(case.pk, "dispatch", town.bo, organisation_code="110101-NEW")
    handling = CaseClock.objects.filter(case=case, name="handling")
    assert handling.count() == 1
    assert handling.get().state == "running"


def test_two_that_merge_become_one(town: Town, eve: Actor) -> None:
    row(town, eve), row(town, eve, town.dai.organisation_code)
    assert succession.carry_out_due() == 2
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        names = {
            rule.organisation
            for rule in active_rules("110101", timezone.now())
            if rule.class_kind == "component"
        }
    assert names == {"市政集团"}


def test_a_split_goes_by_areas_and_what_is_left(town: Town, eve: Actor) -> None:
    """One cell's work goes to the new company, the rest stays: a narrower rule stands beside the old."""
    here = walk(town, WAYS["dispatched"])
    part = Report.objects.get(pk=here.pk).cell_code
    elsewhere = next(n for n in range(1, 4) if town.city.manholes[n].cell_code != part)
    lon, lat = town.city.inside(elsewhere)
    there = walk(
        town, WAYS["dispatched"], lon=lon, lat=lat, component_code=town.city.manholes[elsewhere].code
    )
    row(town, eve, area_code=part)
    assert succession.carry_out_due() == 1
    assert Case.objects.get(pk=here.pk).organisation_id == eve.organisation_id
    assert Case.objects.get(pk=there.pk).organisation_id == town.chen.organisation_id
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        here2, there2 = (
            walk(town, WAYS["filed"]),
            walk(town, WAYS["filed"], lon=lon, lat=lat, component_code=town.city.manholes[elsewhere].code),
        )
        for case in (here2, there2):
            move(case.pk, "dispatch", usual(town, "dispatch"))
    assert Case.objects.get(pk=here2.pk).organisation_id == eve.organisation_id
    assert Case.objects.get(pk=there2.pk).organisation_id == town.chen.organisation_id


def test_nothing_happens_before_the_day_nor_to_a_successor_without_a_desk(town: Town, eve: Actor) -> None:
    case = walk(town, WAYS["dispatched"])
    later = row(town, eve, on=localdate() + timedelta(days=5))
    bare = Organisation.objects.create(code="110101-X", name="无岗", kind="company")
    early = Succession.objects.create(
        predecessor_id=town.chen.organisation_id, successor=bare, on=localdate()
    )
    assert succession.carry_out_due() == 0
    early.refresh_from_db()
    assert (early.carried_out_at, early.moved) == (None, {})
    assert RoutingRule.objects.filter(organisation=bare).count() == 0
    early.delete()
    with time_machine.travel(timezone.now() + timedelta(days=5, hours=1)):
        assert succession.carry_out_due() == 1
    assert Case.objects.get(pk=case.pk).organisation_id == eve.organisation_id
    later.refresh_from_db()
    assert later.carried_out_at is not None


def test_interrupted_it_goes_on_where_it_was(town: Town, eve: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [walk(town, WAYS["dispatched"]) for _ in range(3)]
    taken = row(town, eve)
    done: list[UUID] = []
    real = succession._hand_over_case

    def dies_at_the_second(case_id: UUID, which: Succession) -> int:
        if len(done) == 1:
            raise RuntimeError("power cut")
        done.append(case_id)
        return real(case_id, which)

    monkeypatch.setattr(succession, "_hand_over_case", dies_at_the_second)
    with pytest.raises(RuntimeError):
        succession.carry_out(taken)
    monkeypatch.setattr(succession, "_hand_over_case", real)
    succession.carry_out_due()
    for case in cases:
        assert [line.verb for line in journal.of_case(case.pk)].count("succeed") == 1
    assert RoutingRule.objects.filter(organisation_id=eve.organisation_id).count() == 1
