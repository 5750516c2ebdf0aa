"""From ASGI to WSGI: synchronous views on lasting threads, with one step to the thread and one back.

The general bridges cross between loop and thread for every piece of a request; that cost report intake as
much as all its statements together (docs/adr/0006). Here the loop takes in the whole body, a thread makes
the whole answer, and only a long answer is passed on piece by piece.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
WsgiApplication: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# A body beyond this waits in a file, an answer beyond it is sent while it is made.
IN_MEMORY: Final = 256 * 1024


class Gone(Exception):
    """The client went away before it had sent all it announced."""


class TooLarge(Exception):
    """The body is longer than this city takes; only seen here when it came without a length."""


@dataclass
class Answer:
    """What the application has said so far; `body` is what was not sent yet."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    begun: bool = False

    def start(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
        """The `start_response` of PEP 3333; nothing here uses the writer that it may return."""
        self.status = int(status.partition(" ")[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    def messages(self, body: bytes, *, more: bool) -> list[dict[str, Any]]:
        """What goes to the client for this piece; the head first, once."""
        piece = {"type": "http.response.body", "body": body, "more_body": more}
        if self.begun:
            return [piece]
        self.begun = True
        return [{"type": "http.response.start", "status": self.status, "headers": self.headers}, piece]


class Bridge:
    """An ASGI application for `http` scopes over a WSGI application, on `threads` lasting threads.

    at_most  bytes of a body; raises TooLarge, before anything was answered
    """

    def __init__(self, application: WsgiApplication, *, threads: int, at_most: int) -> None:
        self.application = application
        self.at_most = at_most
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                size = await _take_in(receive, body, self.at_most)
            except Gone:
                return
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(
                self.threads, self._answer, environ_of(scope, body, size), send, loop
            )
        for message in answer.messages(answer.body, more=False):
            await send(message)

    def _answer(self, environ: dict[str, Any], send: Send, loop: asyncio.AbstractEventLoop) -> Answer:
        """Runs on a thread: make the answer, and send all but its last piece if it is long."""
        answer = Answer()
        pieces: list[bytes] = []
        waiting = 0
        made = self.application(environ, answer.start)
        try:
            for piece in made:
                pieces.append(piece)
                waiting += len(piece)
                if waiting > IN_MEMORY:
                    for message in answer.messages(b"".join(pieces), more=True):
                        asyncio.run_coroutine_threadsafe(_sent(send, message), loop).result()
                    pieces, waiting = [], 0
        except OSError:
            if not answer.begun:
                raise  # a fault of ours; once begun, the client has gone and wants no more
        finally:
            # on this thread, which holds the request's database connection
            close = getattr(made, "close", None)
            if close is not None:
                close()
        answer.body = b"".join(pieces)
        return answer


async def _sent(send: Send, message: dict[str, Any]) -> None:
    await send(message)


async def _take_in(receive: Receive, body: Any, at_most: int) -> int:
    """Write the whole body and wind back; its size in bytes."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        size += len(piece)
        if size > at_most:
            raise TooLarge
        body.write(piece)
        if not message.get("more_body", False):
            body.seek(0)
            return size


def environ_of(scope: Scope, body: Any, size: int) -> dict[str, Any]:
    """The environment of PEP 3333 for an ASGI scope and a body of that many bytes."""
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", "").encode().decode("latin-1"),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("ascii"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = scope["client"][0], str(scope["client"][1])
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        if name == "CONTENT_LENGTH":
            continue
        if name != "CONTENT_TYPE":
            name = f"HTTP_{name}"
        if name in environ:
            value = f"{environ[name]}{'; ' if name == 'HTTP_COOKIE' else ','}{value}"
        environ[name] = value
    return environ
