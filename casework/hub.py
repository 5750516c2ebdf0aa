"""One reader a process and stream: reads each journal entry once, makes it ready once for each audience,
and puts it into the queue of every socket that may see it (decision 12).

The journal's dense numbers carry the promise: a message covers (`from`, `upto`] completely for its
audience, so a desk whose cursor lies in between continues without a gap, and one whose cursor is older
sees the gap by itself and comes back. NOTIFY only says "look"; a poll each second is the floor.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import close_old_connections, connection
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare

from casework import journal
from casework.access import Actor
from casework.flows import Flow, all_flows, flow_of
from casework.journal import CHANNEL, Line, instant
from casework.models import Holding, Person, Token

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
BEAT_SECONDS = 15.0
RECHECK_SECONDS = 1.0
BATCH = 500
QUEUE = 256
TOO_FAR_BEHIND = 20_000
TOO_SLOW = 1013
TOKEN = "token "


class _Rest:
    """What remains of a coroutine that was begun outside a task and has come to wait for something."""

    def __init__(self, begun: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self.begun, self.waits_for = begun, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self.waits_for
        while True:
            yield waits_for
            try:
                waits_for = self.begun.send(None)
            except StopIteration:
                return


@dataclass(eq=False)
class Socket:
    """One open desk. What it cannot take at once waits in a bounded queue; beyond that it is closed and
    comes back with its cursor: nothing is ever dropped silently.

    A send is begun right here, without a task: as long as the network takes it, a thousand sockets cost a
    thousand writes and no switch between tasks.
    """

    actor: Actor
    session_key: str
    cursor: int
    send: Callable[[dict[str, Any]], Coroutine[Any, Any, None]]
    audience: Hashable = ()
    is_open: bool = True
    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    draining: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.audience = audience_of(self.actor)

    def push(self, text: str) -> None:
        """Hand over without waiting."""
        if self.is_open:
            if len(self.waiting) >= QUEUE:
                self.close(TOO_SLOW)
            else:
                self._hand_over({"type": "websocket.send", "text": text})

    def close(self, code: int) -> None:
        if self.is_open:
            self.is_open = False
            self.waiting.clear()
            self._hand_over({"type": "websocket.close", "code": code})

    def _hand_over(self, message: dict[str, Any]) -> None:
        if self.draining is not None:
            self.waiting.append(message)
            return
        begun = self.send(message)
        try:
            waits_for = begun.send(None)
        except StopIteration:
            return
        except Exception:
            self.is_open = False  # gone; its consumer hears of it by itself
            return
        self.draining = asyncio.create_task(self._drain(_Rest(begun, waits_for)))

    async def _drain(self, rest: _Rest) -> None:
        try:
            await rest
            while self.waiting:
                await self.send(self.waiting.popleft())
        except Exception:
            self.is_open = False
        finally:
            self.draining = None


def audience_of(actor: Actor) -> Hashable:
    """Two actors with equal audiences get the same text."""
    return (actor.stream, actor.language, *(flow.audience(actor) for flow in all_flows()))


# --- making entries ready: pure but for the names that cards are dressed with -----------------------


def shown_to(line: Line, actor: Actor) -> dict[str, Any] | None:
    """The entry as this actor may see it; a mere "gone" for a case just lost from sight; else None."""
    flow = flow_of(line.kind)
    if flow.sees(actor, line.card):
        move = flow.moves[line.verb]
        return {
            "stream": line.stream,
            "seq": line.seq,
            "case_id": str(line.case_id),
            "case_seq": line.case_seq,
            "verb": line.verb,
            "label": str(move.label),
            "at": instant(line.at),
            "from": line.state_from,
            "to": line.state_to,
            "facts": flow.facts_for(actor, line.facts),
            "had": line.case_seq > 1 and _saw(flow, actor, line),
            "card": flow.dress(line.card),
        }
    if line.facts.get("was") and _saw(flow, actor, line):
        # where it lies and how it stood she knew before; nothing of what it has become
        place: dict[str, Any] = {key: line.card[key] for key in ("lon", "lat") if key in line.card}
        return {
            "stream": line.stream, "seq": line.seq, "case_id": str(line.case_id), "gone": True, "had": True,
            "from": line.state_from, **place,
        }  # fmt: skip
    return None


def _saw(flow: Flow, actor: Actor, line: Line) -> bool:
    """Whether the actor saw the case as it was before the entry."""
    return flow.sees(actor, {**line.card, **line.facts.get("was", {})})


def make_ready(lines: Iterable[Line], actor: Actor) -> list[str]:
    """The entries that this actor sees, each as JSON text."""
    with translation.override(actor.language):
        seen = (shown_to(line, actor) for line in lines)
        return [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in seen if entry]


def message(start: int, upto: int, entries: list[str]) -> str:
    """Everything that the audience may see of (start, upto]."""
    return f'{{"type":"entries","from":{start},"upto":{upto},"items":[{",".join(entries)}]}}'


# --- the database's side, in a thread --------------------------------------------------------------


@database_sync_to_async
def read_and_make_ready(
    stream: str, after: int, audiences: dict[Hashable, Actor]
) -> tuple[int, dict[Hashable, list[str]]]:
    """Read once, make ready once an audience; the number read up to, and the texts."""
    lines = journal.read(stream, after=after, limit=BATCH)
    upto = lines[-1].seq if lines else after
    return upto, {audience: make_ready(lines, actor) for audience, actor in audiences.items()}


@database_sync_to_async
def read_head(stream: str) -> int:
    return journal.head(stream)


@database_sync_to_async
def still_allowed(posts: set[tuple[int, int]], keys: set[str]) -> tuple[set[tuple[int, int]], set[str]]:
    """Which of these (person, post) are still held, and which of these sessions and API keys still live."""
    now = timezone.now()
    held = (
        Holding.objects.filter(
            person_id__in={person for person, _ in posts}, person__is_active=True, since__lte=now
        )
        .exclude(until__lte=now)
        .values_list("person_id", "post_id", "person__password")
    )
    passwords = {person: password for person, _, password in held}
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
    signed_in = {
        key
        for key, data in sessions.values_list("session_key", "session_data")
        if _is_good(data, passwords.get(_opened_with(data)[0], ""))
    }
    digests = [bytes.fromhex(key.removeprefix(TOKEN)) for key in keys if key.startswith(TOKEN)]
    tokens = Token.objects.filter(digest__in=digests).values_list("digest", flat=True)
    living = {TOKEN + bytes(digest).hex() for digest in tokens}
    return posts & {(person, post) for person, post, _ in held}, living | signed_in


@lru_cache(maxsize=10_000)
def _opened_with(session_data: str) -> tuple[int, str]:
    """Whose session it is, and the mark of the password that it was opened with."""
    content = Session(session_data=session_data).get_decoded()
    return int(content.get(SESSION_KEY, 0)), content.get(HASH_SESSION_KEY, "")


@lru_cache(maxsize=10_000)
def _is_good(session_data: str, password: str) -> bool:
    """Whether a session was opened with the password that its person has now: a new one ends all sessions."""
    mark = Person(password=password).get_session_auth_hash()
    return constant_time_compare(_opened_with(session_data)[1], mark)


def token_of(authorization: str) -> str:
    """What a socket opened with an API key depends on, in place of a session's key."""
    return TOKEN + Token.digest_of(authorization.partition(" ")[2].strip()).hex()


def listen_parameters() -> dict[str, Any]:
    """How to reach the database beside the threads: LISTEN needs a connection of its own."""
    parameters = dict(connection.get_connection_params())
    for key in ("cursor_factory", "context", "prepare_threshold", "server_side_binding"):
        parameters.pop(key, None)
    return parameters


# What else runs beside each reader, told by hints of its own: registered at start, so the ground need not
# know it. It gets the reader, whose sockets it may push to.
_beside: list[Callable[[Reader], Coroutine[Any, Any, None]]] = []


def beside(part: Callable[[Reader], Coroutine[Any, Any, None]]) -> None:
    """Called once by each flow's AppConfig.ready()."""
    _beside.append(part)


# --- the reader --------------------------------------------------------------------------------------


class Reader:
    """Follows one stream for all sockets of this process."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.last = 0
        self.sockets: set[Socket] = set()
        self.sent: dict[Hashable, int] = {}
        self.hints: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.look = self.hints[""]
        self.rechecked_at = 0.0
        self.ready = asyncio.Event()
        self._tasks = [asyncio.create_task(part()) for part in (self._follow, self._listen, self._beat)]
        self._tasks += [asyncio.create_task(part(self)) for part in _beside]

    async def catch_up(self, cursor: int) -> None:
        """Wait until the reader has got to a number that a desk already knows, at most a few polls long."""
        for _ in range(3):
            self.look.set()
            if self.last >= cursor:
                return
            await asyncio.sleep(POLL_SECONDS / 4)

    async def join(self, socket: Socket) -> None:
        """Bring a socket up to where the reader stands, then let it take part. No await in between."""
        await self.ready.wait()
        while socket.cursor < self.last:
            upto, texts = await read_and_make_ready(
                self.stream, socket.cursor, {socket.audience: socket.actor}
            )
            if upto == socket.cursor:  # the reader knows numbers that this connection cannot read: look again
                await asyncio.sleep(0)
                continue
            text = message(socket.cursor, upto, texts[socket.audience])
            await socket.send({"type": "websocket.send", "text": text})
            socket.cursor = upto
        self.sockets.add(socket)
        self.sent.setdefault(socket.audience, self.last)

    def leave(self, socket: Socket) -> None:
        self.sockets.discard(socket)

    async def _follow(self) -> None:
        while True:
            try:
                if not self.ready.is_set():
                    self.last = await read_head(self.stream)
                    self.ready.set()
                while await self._deliver():
                    pass
            except asyncio.CancelledError:
                raise
            except Exception:
                # The database is away: cursors stand, so nothing is lost; look again in a second.
                log.warning("stream %s cannot be read", self.stream, exc_info=True)
                await sync_to_async(close_old_connections)()
                await asyncio.sleep(POLL_SECONDS)
            self.look.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.look.wait(), POLL_SECONDS)

    async def _deliver(self) -> bool:
        """Read and hand on one batch; was there more than nothing?"""
        await self._recheck()
        audiences = {socket.audience: socket.actor for socket in self.sockets}
        upto, texts = await read_and_make_ready(self.stream, self.last, audiences)
        if upto == self.last:
            return False
        # who joined while we read has an audience that was not made ready
        while missing := {s.audience: s.actor for s in self.sockets if s.audience not in texts}:
            lines_upto, more = await read_and_make_ready(self.stream, self.last, missing)
            if lines_upto != upto:  # entries came in between: start over with all
                return True
            texts.update(more)
        start, self.last = self.last, upto
        self._hand_on(start, upto, texts)
        return True

    def _hand_on(self, start: int, upto: int, texts: dict[Hashable, list[str]]) -> None:
        whole: dict[Hashable, str] = {}
        for audience, entries in texts.items():
            if entries:
                whole[audience] = message(self.sent.get(audience, start), upto, entries)
                self.sent[audience] = upto
        for socket in self.sockets:
            if text := whole.get(socket.audience):
                socket.push(text)
            socket.cursor = upto

    async def _recheck(self) -> None:
        """Close the sockets of posts no longer held and sessions ended; at most once a second."""
        now = asyncio.get_running_loop().time()
        if not self.sockets or now - self.rechecked_at < RECHECK_SECONDS:
            return
        self.rechecked_at = now
        asked = list(self.sockets)  # who comes while the database is asked has been judged at the door
        posts = {(s.actor.person_id, s.actor.post_id) for s in asked}
        held, living = await still_allowed(posts, {s.session_key for s in asked if s.session_key})
        for socket in asked:
            if (socket.actor.person_id, socket.actor.post_id) not in held or (
                socket.session_key and socket.session_key not in living
            ):
                self.leave(socket)
                socket.close(4401)

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **listen_parameters(), autocommit=True
                ) as heard:
                    await heard.execute(f"LISTEN {CHANNEL}")
                    async for hint in heard.notifies():
                        self.hints[hint.payload].set()
            except asyncio.CancelledError:
                raise
            except Exception:
                # without hints the poll goes on
                await asyncio.sleep(POLL_SECONDS)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            text = json.dumps({"type": "beat", "head": self.last, "at": instant(timezone.now())})
            for socket in list(self.sockets):
                socket.push(text)


_readers: dict[str, Reader] = {}


def reader_of(stream: str) -> Reader:
    """This process's reader of a stream; it runs as long as the process."""
    if stream not in _readers:
        _readers[stream] = Reader(stream)
    return _readers[stream]
