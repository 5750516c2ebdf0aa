"""The socket `/ws/journal`: a desk follows the journal from its cursor on. No channel layer is involved."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, cast
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.http.cookie import parse_cookie
from django.urls import path
from django.utils import timezone

from casework.access import Actor, actor_by
from casework.hub import TOO_FAR_BEHIND, Socket, reader_of, token_of
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
    joining: asyncio.Task[None] | None = None

    async def websocket_connect(self, event: dict[str, Any]) -> None:
        await self.send({"type": "websocket.accept"})
        asked = {
            key: values[-1] for key, values in parse_qs(self.scope["query_string"].decode("latin-1")).items()
        }
        actor, session_key = await self._caller()
        if actor is None:
            return await self._refuse(NOT_SIGNED_IN)
        if actor.role in ADMINISTRATORS or asked.get("stream", actor.stream) != actor.stream:
            return await self._refuse(NOT_ALLOWED)
        self.joining = asyncio.create_task(self._follow(actor, session_key, asked))
        return None

    async def _follow(self, actor: Actor, session_key: str, asked: dict[str, str]) -> None:
        reader = reader_of(actor.stream)
        await reader.ready.wait()
        given = asked.get("cursor", str(reader.last))
        # what cannot be a cursor is treated as one that was never given out
        cursor = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else sys.maxsize
        if cursor > reader.last:
            # a desk may know an entry a moment before this process's reader does
            await reader.catch_up(cursor)
        if cursor > reader.last or reader.last - cursor > TOO_FAR_BEHIND:
            await self.send_json({"type": "reset", "head": reader.last})
            cursor = reader.last
        await self.send_json(
            {"type": "hello", "head": reader.last, "cursor": cursor, "at": instant(timezone.now())}
        )
        self.socket = Socket(actor, session_key, cursor, cast(Any, self.base_send))
        await reader.join(self.socket)

    async def websocket_receive(self, event: dict[str, Any]) -> None:
        """Desks only listen; what they do goes through the API."""

    async def websocket_disconnect(self, event: dict[str, Any]) -> None:
        if self.socket is not None:
            reader_of(self.socket.actor.stream).leave(self.socket)
        if self.joining is not None:
            self.joining.cancel()
        raise StopConsumer

    async def send_json(self, message: dict[str, Any]) -> None:
        await self.send({"type": "websocket.send", "text": json.dumps(message)})

    async def _refuse(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})

    @database_sync_to_async
    def _caller(self) -> tuple[Actor | None, str]:
        """Who connects, and the session or key that it depends on.

        Read here, since Channels' session middleware wraps every single send of the socket.
        """
        headers = {name: value.decode("latin-1") for name, value in self.scope["headers"]}
        key = parse_cookie(headers.get(b"cookie", "")).get(settings.SESSION_COOKIE_NAME)
        session = SessionStore(key) if key else None
        authorization = headers.get(b"authorization", "")
        actor = actor_by(authorization, session)
        return actor, token_of(authorization) if authorization else key or ""


routes = [path("ws/journal", cast(Any, JournalConsumer.as_asgi()))]
