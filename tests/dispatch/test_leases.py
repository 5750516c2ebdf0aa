"""Leases: who gets one, how it ends, who is told, over the API and over the socket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from casework.access import Actor
from casework.models import Entry
from dispatch import leases
from dispatch.leases_live import changes
from dispatch.models import Lease
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db


def holder_of(actor: Actor, case_id: UUID) -> str | None:
    return next(
        (h.name for h in leases.seen_by(actor, leases.held(actor.stream)) if h.case_id == case_id), None
    )


def test_the_first_who_opens_a_case_has_it_and_the_second_is_told(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    leases.hold(town.bo, uuid4(), case.pk, None)
    seen = leases.hold(town.bea, uuid4(), case.pk, None)
    assert [(each.case_id, each.name, each.ahead) for each in seen] == [(case.pk, "Bo", False)]
    assert Entry.objects.filter(case_id=case.pk).count() == case.version  # nothing has happened to the case


def test_a_desk_holds_what_it_shows_and_what_it_takes_next_and_no_more(town: Town) -> None:
    first, second, third = (walk(town, WAYS["filed"]) for _ in range(3))
    desk = uuid4()
    leases.hold(town.bo, desk, first.pk, second.pk)
    leases.hold(town.bo, desk, second.pk, third.pk)
    assert {h.case_id: h.ahead for h in leases.held("110101")} == {second.pk: False, third.pk: True}
    leases.hold(town.bo, desk, None, None)
    assert leases.held("110101") == []


def test_opening_a_case_goes_before_meaning_to_take_it_next(town: Town) -> None:
    first, second = (walk(town, WAYS["filed"]) for _ in range(2))
    leases.hold(town.bo, uuid4(), first.pk, second.pk)
    leases.hold(town.bea, uuid4(), None, second.pk)
    assert holder_of(town.bea, second.pk) == "Bo"
    leases.hold(town.bea, uuid4(), second.pk, None)
    assert holder_of(town.bo, second.pk) == "Bea"


def test_a_lease_ends_by_itself_and_is_renewed_by_the_open_desk(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    desk = uuid4()
    leases.hold(town.bo, desk, case.pk, None)
    lease = Lease.objects.get()
    assert lease.until - timezone.now() > timedelta(seconds=leases.SECONDS - 5)
    Lease.objects.update(until=timezone.now() + timedelta(seconds=1))
    leases.hold(town.bo, desk, case.pk, None)
    assert Lease.objects.get().until >= lease.until
    assert Lease.objects.get().since == lease.since
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))  # the window was closed long ago
    assert holder_of(town.bea, case.pk) is None
    leases.hold(town.bea, uuid4(), case.pk, None)
    assert holder_of(town.bo, case.pk) == "Bea"
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert leases.forget_ended() == 1


def test_ones_own_other_window_takes_over(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    before, now = uuid4(), uuid4()
    leases.hold(town.bo, before, case.pk, None)
    leases.hold(town.bo, now, case.pk, None)
    assert Lease.objects.get().desk == now


def test_each_side_has_its_own_lease_and_departments_see_only_theirs(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    for actor in (town.lei, town.bo, town.chen):
        leases.hold(actor, uuid4(), case.pk, None)
    assert {holder_of(actor, case.pk) for actor in (town.lei, town.bo, town.chen)} == {"Lei", "Bo", "Chen"}
    assert holder_of(town.dai, case.pk) is None


def test_nobody_leases_what_he_does_not_see(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    assert leases.hold(town.chen, uuid4(), case.pk, None) == []
    assert not Lease.objects.exists()
    body = {"desk": str(uuid4()), "case_id": str(case.pk)}
    for actor in (town.alice, town.mo):
        refusal(Caller(actor).call("PUT", "/desk/leases", body), codes={403})


def test_an_answer_names_who_has_what(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    leases.hold(town.bo, uuid4(), case.pk, None)
    answer = Caller(town.bea).call("PUT", "/desk/leases", {"desk": str(uuid4())}).json()
    assert [(each["case_id"], each["name"]) for each in answer["items"]] == [(str(case.pk), "Bo")]
    assert answer["renew_seconds"] * 2 < leases.SECONDS


def test_only_what_changed_is_told() -> None:
    def lease(name: str) -> dict[str, Any]:
        return {"case_id": name, "name": name}

    one, two = {"a": lease("a"), "b": lease("b")}, {"b": lease("b"), "c": lease("c")}
    assert changes(one, one) is None
    assert changes(one, two) == {"type": "leases", "set": [lease("c")], "gone": ["a"]}
    assert changes({}, one) == {"type": "leases", "set": list(one.values()), "gone": []}
