"""The socket of positions, with a real server: while on duty, for those who may know, no longer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from casework.access import Actor
from casework.models import Holding, Token
from dispatch import positions_live
from dispatch.patrol import Fix, switch, take_track
from tests.casework.test_live import PATIENCE, key_of
from tests.factories.people import Town, small_town
from tests.factories.served import served

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def town(transactional_db: None) -> Town:
    return small_town()


@pytest.fixture
def city(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(positions_live, "EVERY_SECONDS", 0.05)
    with served() as address:
        yield address


def watch(city: str, actor: Actor | None) -> ClientConnection:
    headers = {"Authorization": f"Bearer {key_of(actor)}"} if actor else {}
    return connect(
        f"{city.replace('http', 'ws')}/ws/positions",
        origin=Origin(city),
        additional_headers=headers,
        legacy=True,
    )


def until(wire: ClientConnection, wanted: Any) -> dict[str, Any]:
    """The first message that is as wanted."""
    while True:
        message: dict[str, Any] = json.loads(wire.recv(timeout=PATIENCE))
        if wanted([item["person_id"] for item in message["items"]]):
            return message


def go(town: Town, who: Actor, cell: int = 0) -> UUID:
    now, shift = timezone.now(), uuid4()
    switch(who, on=True, shift_id=shift, device_at=now, sent_at=now)
    lon, lat = town.city.inside(cell)
    take_track(who, batch_id=uuid4(), sent_at=now, fixes=[Fix(now, lon, lat, 8)])
    return shift


def closed_with(wire: ClientConnection) -> int | None:
    try:
        while True:
            wire.recv(timeout=PATIENCE)
    except ConnectionClosed as ended:
        return ended.rcvd.code if ended.rcvd else None


def test_a_dispatcher_sees_who_comes_on_duty_moves_and_goes_off(city: str, town: Town) -> None:
    with watch(city, town.bo) as bo, watch(city, town.mo) as mo:
        assert until(bo, lambda people: people == [])["type"] == "positions"
        shift = go(town, town.alice)
        alice = town.alice.person_id
        seen = until(bo, lambda people: people == [alice])["items"][0]
        assert (seen["name"], seen["age_s"]) == ("Alice", 0)
        assert until(mo, lambda people: people == [alice])["items"] != []
        now = timezone.now()
        lon, lat = town.city.inside(1)
        take_track(town.alice, batch_id=uuid4(), sent_at=now, fixes=[Fix(now, lon, lat, 8)])
        while seen["lon"] != round(lon, 6):
            seen = until(bo, lambda people: people == [alice])["items"][0]
        switch(town.alice, on=False, shift_id=shift, device_at=now, sent_at=now)
        until(bo, lambda people: people == [])


def test_who_may_not_know_is_refused_at_the_door(city: str, town: Town) -> None:
    go(town, town.alice)
    assert closed_with(watch(city, None)) == 4401
    for actor in (town.alice, town.ava, town.chen):
        assert closed_with(watch(city, actor)) == 4403


def test_a_post_ended_or_a_key_dropped_ends_the_socket(city: str, town: Town) -> None:
    bo, lei = watch(city, town.bo), watch(city, town.lei)
    go(town, town.alice)
    for wire in (bo, lei):
        until(wire, lambda people: people == [town.alice.person_id])
    Holding.objects.filter(person_id=town.bo.person_id).update(until=timezone.now() - timedelta(seconds=1))
    Token.objects.filter(person_id=town.lei.person_id).delete()
    assert closed_with(bo) == 4401
    assert closed_with(lei) == 4401


def test_another_district_sees_its_own_inspectors_only(city: str, town: Town) -> None:
    from casework.roles import Role
    from tests.factories.people import holder, organisation

    beyond = organisation("110105-ALL", "朝阳", "Chaoyang")
    there = holder("nora", "Nora", Role.DISPATCHER, beyond, "110105")
    ina = holder("ina", "Ina", Role.INSPECTOR, beyond, "110105")
    go(town, town.alice)
    go(town, ina, cell=4)
    with watch(city, there) as wire:
        until(wire, lambda people: people == [ina.person_id])
