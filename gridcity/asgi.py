"""One process, one port: HTTP goes to Django's WSGI application on lasting threads, sockets go to Channels.

Synchronous views under Django's own ASGI handler lose 3-8x: a fresh thread and connection each request.
"""

from typing import Any, cast

from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from gridcity.bridge import Bridge, TooLarge
from gridcity.wsgi import application as wsgi_application  # first: it loads the apps

from django.conf import settings  # isort: skip

from casework.live import routes as journal_routes  # isort: skip
from dispatch.positions_live import routes as position_routes  # isort: skip

# Django's annotations name its response class where WSGI's name an iterable of bytes; it is one.
pages = Bridge(cast(Any, wsgi_application), threads=settings.WEB_THREADS, at_most=settings.MAX_BODY_BYTES)
sockets = AllowedHostsOriginValidator(URLRouter(cast(Any, [*journal_routes, *position_routes])))


async def too_large(send: Any) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]})
    await send({"type": "http.response.body", "body": b""})


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await sockets(scope, receive, send)
    elif scope["type"] == "http":
        # WSGI turns both `-` and `_` into `_`: a header with `_` could pose as one only the proxy may set.
        scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if b"_" not in name]}
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > settings.MAX_BODY_BYTES:
            await too_large(send)
            return
        try:
            await pages(scope, receive, send)
        except TooLarge:
            await too_large(send)
