"""The bridge passes on what was asked and what was answered, whole, and takes no more than it should."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from gridcity.bridge import IN_MEMORY, Bridge, TooLarge, environ_of

Start = Callable[..., Any]


def scope(**other: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/案件",
        "query_string": b"a=1&b=%E6%A1%88",
        "http_version": "1.1",
        "headers": [(b"host", b"city.example"), (b"content-type", b"text/plain")],
        "server": ("127.0.0.1", 8000),
        "client": ("10.0.0.7", 4321),
        **other,
    }


def ask(
    application: Callable[[dict[str, Any], Start], Iterable[bytes]],
    *pieces: bytes,
    asked: dict[str, Any] | None = None,
    at_most: int = 10**7,
    stays: bool = True,
) -> list[dict[str, Any]]:
    """What the client got; `stays` false: it went away before the end of its body."""
    coming: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    coming.append({"type": "http.request", "body": b""} if stays else {"type": "http.disconnect"})
    got: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: dict[str, Any]) -> None:
        got.append(message)

    asyncio.run(Bridge(application, threads=1, at_most=at_most)(asked or scope(), receive, send))
    return got


class Echo:
    """Answers with the body it was sent, in pieces; remembers what it saw."""

    def __init__(self, pieces: int = 1) -> None:
        self.pieces, self.closed_on, self.environ = pieces, "", dict[str, Any]()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        self.environ = environ
        start("201 Created", [("X-Thing", "å"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        self.body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        return self

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.pieces):
            yield self.body

    def close(self) -> None:
        self.closed_on = threading.current_thread().name


def test_a_short_answer_goes_out_in_one_piece_and_is_closed_on_its_thread() -> None:
    echo = Echo()
    start, body = ask(echo, b"lamp ", b"out")
    assert start["status"] == 201
    assert start["headers"] == [(b"x-thing", b"\xe5"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert body == {"type": "http.response.body", "body": b"lamp out", "more_body": False}
    assert echo.closed_on.startswith("page")


def test_a_long_answer_is_sent_while_it_is_made() -> None:
    whole = b"x" * (IN_MEMORY // 2)
    start, *pieces = ask(Echo(pieces=7), whole)
    assert start["type"] == "http.response.start"
    assert b"".join(piece["body"] for piece in pieces) == whole * 7
    assert [piece["more_body"] for piece in pieces] == [True, True, False]


def test_a_body_too_long_for_memory_arrives_whole() -> None:
    echo = Echo()
    ask(echo, *[b"y" * 100_000] * 9)
    assert echo.body == b"y" * 900_000


def test_a_body_without_a_length_is_cut_off_where_others_are() -> None:
    with pytest.raises(TooLarge):
        ask(Echo(), b"z" * 60, b"z" * 60, at_most=100)


def test_a_client_that_leaves_is_not_answered_and_asks_nothing() -> None:
    echo = Echo()
    assert ask(echo, b"half", stays=False) == []
    assert not echo.environ


def test_a_fault_of_the_application_is_not_swallowed() -> None:
    def broken(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        ask(broken)


def test_the_environment_is_as_written() -> None:
    headers = [(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y")]
    environ = environ_of(scope(headers=[*headers, (b"content-length", b"9")]), None, 3)
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/案件"
    assert environ["QUERY_STRING"] == "a=1&b=%E6%A1%88"
    assert (environ["HTTP_COOKIE"], environ["HTTP_ACCEPT"]) == ("a=1; b=2", "x,y")
    assert (environ["CONTENT_LENGTH"], environ["REMOTE_ADDR"]) == ("3", "10.0.0.7")
    assert "HTTP_CONTENT_LENGTH" not in environ
