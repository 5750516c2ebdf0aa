"""The socket `/ws/positions`: where the inspectors on duty are, for those who may know, while it is true.

Positions are not entries of the journal and are not replayed: each message is the whole picture as of now,
and one that is lost is made good by the next. One reader a process and stream asks the database while anybody
listens. Who may know is judged when a socket opens and again before every message.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, cast

from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.urls import path
from django.utils import timezone

from casework.access import Actor
from casework.hub import Socket, still_allowed
from casework.journal import instant
from casework.live import NOT_ALLOWED, NOT_SIGNED_IN, JournalConsumer
from dispatch import patrol

log = logging.getLogger(__name__)

EVERY_SECONDS = 3.0
WHOLE_EVERY = 10  # messages: ages go on even where nobody moves


class Watch:
    """Those who watch one stream, and the task that tells them. It ends when the last one leaves."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.sockets: set[Socket] = set()
        self.task: asyncio.Task[None] | None = None
        self.last = ""
        self.count = 0

    def join(self, socket: Socket) -> None:
        self.sockets.add(socket)
        self.last = ""  # the newcomer needs the picture at once
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())

    def leave(self, socket: Socket) -> None:
        self.sockets.discard(socket)

    async def _run(self) -> None:
        while self.sockets:
            try:
                await self.tell()
            except Exception:
                # the database is away for a moment: the next picture makes it good
                log.warning("positions of %s were not told", self.stream, exc_info=True)
            await asyncio.sleep(EVERY_SECONDS)

    async def tell(self) -> None:
        """Tell everybody who still may know, if anything has changed."""
        await self._dismiss()
        if not self.sockets:
            return
        items = await _positions(self.stream)
        picture = json.dumps([{**item, "age_s": 0} for item in items], ensure_ascii=False)
        self.count += 1
        if picture == self.last and self.count % WHOLE_EVERY:
            return
        self.last = picture
        text = json.dumps(
            {"type": "positions", "at": instant(timezone.now()), "items": items}, ensure_ascii=False
        )
        for socket in list(self.sockets):
            socket.push(text)

    async def _dismiss(self) -> None:
        """Close the sockets of posts no longer held and of sessions that have ended."""
        asked = list(self.sockets)  # who comes while the database is asked has been judged at the door
        posts = {(s.actor.person_id, s.actor.post_id) for s in asked}
        held, living = await still_allowed(posts, {s.session_key for s in asked if s.session_key})
        for socket in asked:
            gone = socket.session_key and socket.session_key not in living
            if gone or (socket.actor.person_id, socket.actor.post_id) not in held:
                self.leave(socket)
                socket.close(NOT_SIGNED_IN)


_positions = database_sync_to_async(patrol.positions_of)
_watches: dict[str, Watch] = {}


def watch_of(stream: str) -> Watch:
    """This process's watch of a stream."""
    return _watches.setdefault(stream, Watch(stream))


class PositionsConsumer(JournalConsumer):
    """Carries one socket. close: 4401 not (or no longer) signed in · 4403 not for this post"""

    async def websocket_connect(self, event: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        actor, session_key = await self._caller()
        if actor is None:
            return await self._refuse(NOT_SIGNED_IN)
        if not patrol.may_watch(actor):
            return await self._refuse(NOT_ALLOWED)
        self._watch(actor, session_key)
        return None

    def _watch(self, actor: Actor, session_key: str) -> None:
        self.socket = Socket(actor, session_key, 0, cast(Any, self.base_send))
        watch_of(actor.stream).join(self.socket)

    async def websocket_disconnect(self, event: dict[str, Any]) -> None:
        if self.socket is not None:
            watch_of(self.socket.actor.stream).leave(self.socket)
        raise StopConsumer


routes = [path("ws/positions", cast(Any, PositionsConsumer.as_asgi()))]
