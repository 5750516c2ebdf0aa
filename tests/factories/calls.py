"""Calling the API as one of the town's people."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from casework.access import Actor
from casework.models import Person, Token

API = "/api/v1"
ERROR_KEYS = {"code", "message", "field", "value", "mend", "details"}


class Caller:
    """One person's program: every call carries the person's key."""

    def __init__(self, actor: Actor | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers: dict[str, str] = {}
        if actor is not None:
            _, key = Token.make(Person.objects.get(pk=actor.person_id), "test")
            self.headers = {"authorization": f"Bearer {key}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The response; a body that is neither bytes nor text is sent as JSON."""
        data = body if isinstance(body, (bytes, str)) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method, API + path, data, content_type="application/json", headers={**self.headers, **headers}
        )

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, body)


def refusal(response: Any, *, codes: set[int] | None = None) -> dict[str, Any]:
    """The error of a refused call, which must have the one shape and be a refusal, not a crash."""
    assert 400 <= response.status_code < 500, (response.status_code, response.content[:300])
    if codes is not None:
        assert response.status_code in codes, (response.status_code, response.content[:300])
    body = response.json()
    assert set(body) == {"error"}, body
    error: dict[str, Any] = body["error"]
    assert set(error) == ERROR_KEYS, error
    assert error["code"]
    assert error["message"]
    return error
