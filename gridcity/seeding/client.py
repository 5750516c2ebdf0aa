"""One person's browser, as far as the API goes: a kept connection, cookies, the CSRF token."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

API: Final = "/api/v1"
PATIENCE_SECONDS: Final = 30


class Refused(RuntimeError):
    """The API said no, in its own words."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(f"{status} {error.get('code', '')}: {error.get('message', '')}")
        self.status = status
        self.code = str(error.get("code", ""))


class NoAnswer(ConnectionError):
    """Nobody listens at the address, or the connection broke."""


class Caller:
    """Speaks to the API as one person; signs in when first needed, and again when the session has gone."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{base_url!r} is no address such as http://127.0.0.1:8000")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.username = username
        self._password = password
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._connection = kind(parts.hostname, parts.port, timeout=PATIENCE_SECONDS)
        self._cookies: dict[str, str] = {}
        self._csrf = ""

    def get(self, path: str, **query: Any) -> Any:
        return self._signed_in("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._signed_in("POST", path, json.dumps(body).encode(), "application/json")

    def put(self, path: str, data: bytes, content_type: str) -> Any:
        return self._signed_in("PUT", path, data, content_type)

    def close(self) -> None:
        self._connection.close()

    def _signed_in(self, method: str, path: str, data: bytes = b"", content_type: str = "") -> Any:
        if not self._csrf:
            self._sign_in()
        try:
            return self._send(method, path, data, content_type)
        except Refused as refused:
            if refused.status != 401:
                raise
        self._sign_in()
        return self._send(method, path, data, content_type)

    def _sign_in(self) -> None:
        self._csrf = self._send("GET", "/session")["csrf"]
        body = json.dumps({"username": self.username, "password": self._password}).encode()
        self._csrf = self._send("POST", "/session", body, "application/json")["csrf"]

    def _send(self, method: str, path: str, data: bytes = b"", content_type: str = "") -> Any:
        headers = {
            "Accept": "application/json",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "X-CSRFToken": self._csrf,
            "Origin": self._origin,
            "Referer": f"{self._origin}/",
        }
        if content_type:
            headers["Content-Type"] = content_type
        response = self._exchange(method, f"{API}{path}", data, headers)
        text = response.read()
        for line in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        if response.status >= 400:
            raise Refused(response.status, _error_in(text))
        return json.loads(text) if text else None

    def _exchange(self, method: str, path: str, data: bytes, headers: dict[str, str]) -> HTTPResponse:
        """Send, once more on a fresh connection when the kept one had been closed meanwhile."""
        for is_last in (False, True):
            try:
                self._connection.request(method, path, data or None, headers)
                return self._connection.getresponse()
            except (HTTPException, OSError) as broken:
                self._connection.close()
                # Only what can be repeated is repeated: a move carries its version, a report its own id.
                if is_last:
                    raise NoAnswer(f"{self._origin}: {broken}") from broken
        raise AssertionError("the second try returns or raises")


def _error_in(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        return {"message": text[:200].decode("utf-8", "replace")}
    return dict(found) if isinstance(found, dict) else {"message": str(found)}
