"""A bare hub: one LISTEN a process, one set of sockets, the notice to all. No rights, no journal, no cursor.
`uvicorn bench.floor.hub:app`; publish with NOTIFY floor_hub, '<text>'."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import psycopg

SENDS: set[Any] = set()
feeding: asyncio.Task[None] | None = None


async def feed() -> None:
    connection = await psycopg.AsyncConnection.connect(os.environ["GRIDCITY_DATABASE"], autocommit=True)
    await connection.execute("LISTEN floor_hub")
    async for notice in connection.notifies():
        message = {"type": "websocket.send", "text": notice.payload}
        for send in list(SENDS):
            await send(message)


async def app(scope: Any, receive: Any, send: Any) -> None:
    global feeding
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    if feeding is None:
        feeding = asyncio.create_task(feed())
    await receive()
    await send({"type": "websocket.accept"})
    SENDS.add(send)
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        SENDS.discard(send)
