"""The socket, with real servers: within a second, in order, once, and only to whom it concerns."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from casework import hub, journal
from casework.access import Actor, actors_of
from casework.hub import QUEUE, Socket, shown_to
from casework.models import Holding, Person, Token
from tests.dispatch.test_matrix import people
from tests.factories.fold import Desk
from tests.factories.people import Town, small_town
from tests.factories.served import served
from tests.factories.ways import WAYS, arguments, move, usual, walk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENCE = 10.0


@pytest.fixture
def town(transactional_db: None) -> Town:
    return small_town()


@pytest.fixture
def city(town: Town) -> Iterator[str]:
    with served() as address:
        yield address


def key_of(actor: Actor) -> str:
    return Token.make(Person.objects.get(pk=actor.person_id), "live")[1]


def session_of(actor: Actor) -> str:
    person = Person.objects.get(pk=actor.person_id)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    assert session.session_key
    return session.session_key


class Follower:
    """A desk on the wire: keeps its cursor as the pages do and refuses a gap."""

    def __init__(self, city: str, actor: Actor | None, cursor: int | None = None, **more: str) -> None:
        self.headers = {"Authorization": f"Bearer {key_of(actor)}"} if actor and "Cookie" not in more else {}
        self.headers |= {name: value for name, value in more.items() if name in ("Cookie", "Authorization")}
        self.origin = more.get("origin", city)
        self.stream = more.get("stream", "110101")
        self.address = f"{city.replace('http', 'ws')}/ws/journal?stream={self.stream}"
        self.items: list[dict[str, Any]] = []
        self.resets = 0
        self.open(more.get("raw_cursor") or ("" if cursor is None else str(cursor)))

    def open(self, cursor: str) -> None:
        self.wire: ClientConnection = connect(
            f"{self.address}&cursor={cursor}",
            origin=Origin(self.origin),
            additional_headers=self.headers,
            max_size=None,
            legacy=True,
        )
        hello = self.receive()
        if hello["type"] == "reset":
            self.resets += 1
            hello = self.receive()
        assert hello["type"] == "hello"
        self.cursor = hello["cursor"]

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.wire.recv(timeout=PATIENCE))
        return message

    def until(self, seq: int) -> list[dict[str, Any]]:
        """Take messages until everything up to that number is covered; what came."""
        came: list[dict[str, Any]] = []
        while self.cursor < seq:
            message = self.receive()
            if message["type"] != "entries":
                continue
            assert message["from"] <= self.cursor, "a gap"
            came += [item for item in message["items"] if item["seq"] > self.cursor]
            self.cursor = message["upto"]
        self.items += came
        return came

    def quiet(self, seconds: float) -> None:
        """Nothing but beats comes for a while."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = json.loads(self.wire.recv(timeout=left))
            except TimeoutError:
                return
            assert message["type"] == "beat", message

    def closed_with(self) -> int:
        """Wait until the server closes; its code."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.wire.recv(timeout=max(deadline - time.monotonic(), 0))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006


def head() -> int:
    return journal.head("110101")


def test_a_desk_hears_of_every_move_within_a_second_in_order_and_once(town: Town, city: str) -> None:
    desk = Follower(city, town.lei)
    slowest = 0.0
    case = walk(town, ())
    desk.until(head())
    for verb in WAYS["closed"]:
        actor = usual(town, verb)
        given = arguments(town, verb, actor)
        move(case.pk, verb, actor, **given)
        began = time.monotonic()
        desk.until(head())
        slowest = max(slowest, time.monotonic() - began)
    assert [item["verb"] for item in desk.items] == ["report", *WAYS["closed"]]
    assert [item["seq"] for item in desk.items] == list(range(1, head() + 1))
    assert slowest < 1.0
    desk.quiet(1.2)


def test_without_the_hint_the_poll_delivers(town: Town, city: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "hint", lambda: None)
    desk = Follower(city, town.lei)
    walk(town, WAYS["filed"])
    assert [item["verb"] for item in desk.until(head())] == ["report", "file"]


def test_after_a_lost_connection_it_goes_on_from_its_cursor(town: Town, city: str) -> None:
    desk = Follower(city, town.bo)
    case = walk(town, WAYS["filed"])
    desk.until(head())
    desk.wire.close()
    move(case.pk, "dispatch", town.bo)
    move(case.pk, "accept", town.chen)
    desk.open(str(desk.cursor))
    assert desk.resets == 0
    assert [item["verb"] for item in desk.until(head())] == ["dispatch", "accept"]
    assert [item["seq"] for item in desk.items] == list(range(1, head() + 1))


def test_a_server_that_was_restarted_is_followed_from_the_cursor(town: Town) -> None:
    with served() as city:
        port = int(city.rpartition(":")[2])
        desk = Follower(city, town.lei)
        case = walk(town, WAYS["filed"])
        desk.until(head())
    assert desk.closed_with() in (1001, 1006, 1012)
    move(case.pk, "dispatch", town.bo)
    with served(port):
        desk.open(str(desk.cursor))
        move(case.pk, "accept", town.chen)
        desk.until(head())
    assert [item["verb"] for item in desk.items] == ["report", "file", "dispatch", "accept"]


def test_a_snapshot_and_what_follows_are_a_fresh_snapshot(town: Town, city: str) -> None:
    case = walk(town, WAYS["filed"])
    list_ = Desk.opened(town.bo, "dispatch")
    move(case.pk, "dispatch", town.bo)  # between the snapshot and the socket
    desk = Follower(city, town.bo, cursor=list_.head)
    walk(town, WAYS["filed"])
    move(case.pk, "return", town.chen, reason="not ours")
    desk.until(head())
    list_.apply(desk.items)
    assert list_.cards == Desk.opened(town.bo, "dispatch").cards


@pytest.mark.parametrize("cursor", ["999", "9" * 30, "²", "-5", "abc", "1e3"])
def test_a_cursor_that_was_never_given_is_told_to_begin_anew(town: Town, city: str, cursor: str) -> None:
    walk(town, WAYS["filed"])
    desk = Follower(city, town.lei, raw_cursor=quote(cursor))
    assert desk.resets == 1
    assert desk.cursor == head()


def test_each_hears_only_of_what_he_may_see(town: Town, city: str) -> None:
    """Every role at a socket, over journeys that change hands; nothing about a case reaches the others."""
    everybody = people(town)
    working = {name: actor for name, actor in everybody.items() if not actor.role.endswith("_admin")}
    desks = {name: Follower(city, actor, stream=actor.stream) for name, actor in working.items()}
    case = walk(town, WAYS["handling"])
    move(case.pk, "return", town.chen, reason="not ours")
    move(case.pk, "dispatch", town.bo, organisation_code=town.dai.organisation_code)
    walk(town, WAYS["closed"])
    walk(town, WAYS["verified"])
    lines = journal.read("110101", after=0)
    for name, desk in desks.items():
        actor = working[name]
        wanted = [entry for line in lines if actor.stream == line.stream and (entry := shown_to(line, actor))]
        if wanted:
            desk.until(wanted[-1]["seq"])
        assert [(item["seq"], item.get("gone", False)) for item in desk.items] == [
            (entry["seq"], entry.get("gone", False)) for entry in wanted
        ], name
    for name in ("other inspector", *(name for name in desks if name.startswith("neighbour's"))):
        assert desks[name].items == []
        desks[name].quiet(0.05)
    assert desks["other department"].items
    assert any(item.get("gone") for item in desks["department"].items)
    assert len(desks["shift leader"].items) == len(lines)


def test_strangers_other_streams_and_administrators_are_turned_away(town: Town, city: str) -> None:
    turned_away = {
        4401: [{}, {"Authorization": "Bearer nobody"}, {"Cookie": "session=nothing"}],
        4403: [
            {"Authorization": f"Bearer {key_of(actor)}", "stream": stream}
            for actor, stream in [
                (people(town)["system_admin"], "110101"),
                (people_again(town, "audit_admin"), "110101"),
                (town.bo, "110105"),
                (town.bo, "no such stream"),
            ]
        ],
    }
    for code, callers in turned_away.items():
        for caller in callers:
            stream = caller.pop("stream", "110101")
            wire = connect(
                f"{city.replace('http', 'ws')}/ws/journal?stream={stream.replace(' ', '+')}&cursor=0",
                origin=Origin(city),
                legacy=True,
                additional_headers=caller,
            )
            with pytest.raises(ConnectionClosed) as closed:
                wire.recv(timeout=PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code


def people_again(town: Town, role: str) -> Actor:
    """Somebody whom `people` has made already."""
    return actors_of(Person.objects.get(username=role).pk)[0]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_another_sites_page_is_turned_away(town: Town, city: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Follower(city, None, Cookie=f"session={session_of(town.lei)}", origin=origin)
    assert refused.value.response.status_code == 403


def end_post(town: Town, key: str) -> None:
    Holding.objects.filter(person_id=town.lei.person_id).update(until=timezone.now() - timedelta(seconds=1))


def close_account(town: Town, key: str) -> None:
    Person.objects.filter(pk=town.lei.person_id).update(is_active=False)


def sign_out(town: Town, key: str) -> None:
    SessionStore(key).delete()


def drop_key(town: Town, key: str) -> None:
    Token.objects.filter(person_id=town.lei.person_id).delete()


def change_password(town: Town, key: str) -> None:
    lei = Person.objects.get(pk=town.lei.person_id)
    lei.set_password("another-password-2026")
    lei.save()


@pytest.mark.parametrize("end", [end_post, close_account, sign_out, drop_key, change_password])
def test_a_socket_ends_with_the_right_to_it(town: Town, city: str, end: Callable[[Town, str], None]) -> None:
    key = session_of(town.lei)
    desk = Follower(city, town.lei) if end is drop_key else Follower(city, None, Cookie=f"session={key}")
    other = Follower(city, town.amy)
    walk(town, ())
    desk.until(head())
    end(town, key)
    assert desk.closed_with() == 4401
    walk(town, ())
    assert [item["seq"] for item in other.until(head())] == [1, 2], "others hear on"


# --- who is too slow ----------------------------------------------------------------------------------------


def test_who_cannot_keep_up_is_closed_and_not_cheated(town: Town) -> None:
    """The queue is bounded: one too many closes with 1013; what was sent before is whole and in order."""

    async def drive() -> list[dict[str, Any]]:
        arrived: list[dict[str, Any]] = []
        network = asyncio.Event()

        async def send(message: dict[str, Any]) -> None:
            await network.wait()
            arrived.append(message)

        socket = Socket(town.lei, "", 0, send)
        for n in range(QUEUE + 1):
            socket.push(str(n))
        assert socket.is_open
        socket.push("one too many")
        assert not socket.is_open
        socket.push("after the end")
        network.set()
        while socket.draining is not None:
            await asyncio.sleep(0)
        return arrived

    arrived = asyncio.run(drive())
    assert arrived[-1] == {"type": "websocket.close", "code": 1013}
    texts = [message["text"] for message in arrived[:-1]]
    assert texts == [str(n) for n in range(len(texts))], "no hole before the end"


def test_a_desk_that_comes_back_after_being_closed_has_missed_nothing(
    town: Town, city: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "QUEUE", 0)  # as if every socket were too slow
    desk = Follower(city, town.lei)
    stuck = next(iter(hub._readers["110101"].sockets))
    for _ in range(3):
        walk(town, WAYS["filed"])
    assert desk.closed_with() == 1013
    assert not stuck.is_open
    monkeypatch.undo()
    back = Follower(city, town.lei, cursor=0)
    assert [item["seq"] for item in back.until(head())] == list(range(1, head() + 1))
