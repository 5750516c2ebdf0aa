"""The socket `/ws/journal`: a desk follows the journal from its cursor on. No channel layer is involved."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.urls import path
from django.utils import timezone

from casework.access import Actor, actor_by
from casework.hub import TOO_FAR_BEHIND, Socket, reader_of
from casework.journal import instant
from casework.roles import ADMINISTRATORS

NOT_SIGNED_IN = 4401
NOT_ALLOWED = 4403


class JournalConsumer(AsyncConsumer):
    """Carries one socket; every rule is in the hub and the flows.

    query    cursor=<seq>: the last number the desk has applied; without it, from now on
    close    4401 not (or no longer) signed in · 4403 not this stream · 1013 too slow, come back
    """

    socket: Socket | None = None
    writer: asyncio.Task[None] | None = None

    async def websocket_connect(self, event: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        asked = {key: values[-1] for key, values in parse_qs(self.scope["query_string"].decode("latin-1")).items()}
        session = self.scope.get("session")
        actor = await self._actor(session)
        if actor is None:
            return await self._refuse(NOT_SIGNED_IN)
        if actor.role in ADMINISTRATORS or asked.get("stream", actor.stream) != actor.stream:
            return await self._refuse(NOT_ALLOWED)
        self.writer = asyncio.create_task(self._follow(actor, getattr(session, "session_key", None) or "", asked))
        return None

    async def _follow(self, actor: Actor, session_key: str, asked: dict[str, str]) -> None:
        reader = reader_of(actor.stream)
        await reader.ready.wait()
        cursor = int(asked["cursor"]) if asked.get("cursor", "").isdigit() else reader.last
        if cursor > reader.last:
            # a desk may know an entry a moment before this process's reader does
            await reader.catch_up(cursor)
        if cursor > reader.last or reader.last - cursor > TOO_FAR_BEHIND:
            await self.send_json({"type": "reset", "head": reader.last})
            cursor = reader.last
        await self.send_json({"type": "hello", "head": reader.last, "cursor": cursor, "at": instant(timezone.now())})
        self.socket = Socket(actor, session_key, cursor)
        await reader.join(self.socket, self.send)
        while True:
            message = await self.socket.queue.get()
            await self.send(message)
            if message["type"] == "websocket.close":
                reader.leave(self.socket)
                return

    async def websocket_receive(self, event: dict[str, Any]) -> None:
        """Desks only listen; what they do goes through the API."""

    async def websocket_disconnect(self, event: dict[str, Any]) -> None:
        if self.socket is not None:
            reader_of(self.socket.actor.stream).leave(self.socket)
        if self.writer is not None:
            self.writer.cancel()
        raise StopConsumer

    async def send_json(self, message: dict[str, Any]) -> None:
        await self.send({"type": "websocket.send", "text": json.dumps(message)})

    async def _refuse(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})

    @database_sync_to_async
    def _actor(self, session: Any) -> Actor | None:
        headers = dict(self.scope["headers"])
        return actor_by(headers.get(b"authorization", b"").decode("latin-1"), session)


routes = [path("ws/journal", JournalConsumer.as_asgi())]
