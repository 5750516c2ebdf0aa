"""The door: what never reaches Django."""

import asyncio
from typing import Any

import pytest
from django.conf import LazySettings

from gridcity import asgi


def ask(
    *headers: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> tuple[int | None, list[tuple[bytes, bytes]]]:
    """The status the door itself answered with, and the headers it let through to Django."""
    let_through: list[tuple[bytes, bytes]] = []
    status: list[int] = []

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        let_through.extend(scope["headers"])

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    monkeypatch.setattr(asgi, "pages", pages)
    asyncio.run(asgi.application({"type": "http", "headers": list(headers)}, None, send))
    return (status[0] if status else None), let_through


def test_a_header_cannot_pose_as_the_proxys(monkeypatch: pytest.MonkeyPatch) -> None:
    status, through = ask((b"x_forwarded_proto", b"https"), (b"accept", b"*/*"), monkeypatch=monkeypatch)
    assert status is None
    assert through == [(b"accept", b"*/*")]


@pytest.mark.parametrize(
    ("length", "status"), [(b"99", None), (b"100", None), (b"101", 413), (b"-1", 413), (b"x", 413)]
)
def test_a_body_too_large_is_refused_before_it_is_read(
    length: bytes, status: int | None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.MAX_BODY_BYTES = 100
    assert ask((b"content-length", length), monkeypatch=monkeypatch)[0] == status
