"""Messages to a phone that is asleep (Web Push): sealed for one browser, signed by this city.

Off until the city names the push services that it allows (settings.PUSH_SERVICES): an address comes from a
browser, and we send nothing to an address of anybody's choosing. Bodies are sealed after RFC 8291
(aes128gcm), our signature is VAPID (RFC 8292); the key is made at set-up (push_key.py).
"""

from __future__ import annotations

import base64
import json
import os
import struct
import time
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from casework import push_key
from casework.errors import Invalid, NotAllowed
from casework.models.push import PushSubscription

RECORD = 4096
SAID_AT_MOST = 3000  # bytes; services take 4096 of a sealed message
SIGNED_SECONDS = 12 * 3600
KEPT_SECONDS = 4 * 3600  # how long a service keeps a message for a phone that is off
TIMEOUT_SECONDS = 10
SUBSCRIPTIONS_AT_MOST = 5


class Gone(Exception):
    """The browser is no longer there; forget its subscription."""


def is_on() -> bool:
    return bool(settings.PUSH_SERVICES)


# --- keys ----------------------------------------------------------------------------------------------


@cache
def _own_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The city's key. Set-up makes it; a city that was set up without gets it at the first need."""
    push_key.keep(path)
    return push_key.read(path)


def own_key() -> ec.EllipticCurvePrivateKey:
    return _own_key(Path(settings.PUSH_KEY))


def public_key() -> str:
    """What a browser needs to subscribe (applicationServerKey)."""
    return to_text(_point(own_key().public_key()))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def to_text(data: bytes) -> str:
    """base64url without padding, as the web writes keys."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- subscriptions -------------------------------------------------------------------------------------


def subscribe(person_id: int, endpoint: str, p256dh: str, auth: str) -> bool:
    """Remember a browser; True when it is new. The oldest of more than five is forgotten."""
    if not is_on():
        raise NotAllowed(
            _("This city sends no messages to phones."),
            field="endpoint",
            mend=_("The system administrator can name push services."),
        )
    if not is_allowed(endpoint):
        raise Invalid(
            _("This push service is not among those that the city allows."),
            field="endpoint",
            value=endpoint[:100],
            mend=_("The system administrator can name it in GRIDCITY_PUSH_SERVICES."),
        )
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(p256dh))
        if len(to_bytes(auth)) != 16:
            raise ValueError
    except ValueError as fault:
        raise Invalid(
            _("The keys of the browser cannot be read."), field="keys", mend=_("Subscribe again.")
        ) from fault
    _row, is_new = PushSubscription.objects.update_or_create(
        endpoint=endpoint, defaults={"person_id": person_id, "p256dh": p256dh, "auth": auth}
    )
    mine = PushSubscription.objects.filter(person_id=person_id).order_by("-created_at", "-pk")
    PushSubscription.objects.filter(
        pk__in=list(mine.values_list("pk", flat=True)[SUBSCRIPTIONS_AT_MOST:])
    ).delete()
    return is_new


def unsubscribe(person_id: int, endpoint: str) -> None:
    PushSubscription.objects.filter(person_id=person_id, endpoint=endpoint).delete()


def is_allowed(endpoint: str) -> bool:
    """Does the address lie at a service that the city has named? `https://*.host` means all below a host."""
    try:
        asked = urlsplit(endpoint)
        return any(_same_origin(asked, urlsplit(service)) for service in settings.PUSH_SERVICES)
    except ValueError:
        return False


def _same_origin(asked: SplitResult, allowed: SplitResult) -> bool:
    host, wanted = asked.hostname or "", allowed.hostname or ""
    same = host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted
    return (
        same
        and bool(host)
        and not asked.username
        and (asked.scheme, asked.port)
        == (
            allowed.scheme,
            allowed.port,
        )
    )


# --- sealing, signing, sending -------------------------------------------------------------------------


def _mac(key: bytes, data: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


def sealed(
    said: bytes,
    p256dh: str,
    auth: str,
    *,
    salt: bytes | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """A message that only one browser can read (RFC 8291). `salt` and `key` are made anew but in tests."""
    salt = salt or os.urandom(16)
    key = key or ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(p256dh))
    ours = _point(key.public_key())
    first = _mac(to_bytes(auth), key.exchange(ec.ECDH(), theirs))
    ikm = _mac(first, b"WebPush: info\0" + to_bytes(p256dh) + ours + b"\x01")
    prk = _mac(salt, ikm)
    content_key = _mac(prk, b"Content-Encoding: aes128gcm\0\x01")[:16]
    nonce = _mac(prk, b"Content-Encoding: nonce\0\x01")[:12]
    head = salt + struct.pack(">IB", RECORD, len(ours)) + ours
    return head + AESGCM(content_key).encrypt(nonce, said + b"\x02", None)


def signature_for(endpoint: str, *, now: float | None = None) -> str:
    """The Authorization header by which the service knows us (RFC 8292)."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now or time.time()) + SIGNED_SECONDS),
        "sub": settings.PUSH_CONTACT,
    }
    head = {"typ": "JWT", "alg": "ES256"}
    body = ".".join(to_text(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    r, s = decode_dss_signature(own_key().sign(body.encode(), ec.ECDSA(hashes.SHA256())))
    signed = to_text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={body}.{signed}, k={public_key()}"


def send(subscription: PushSubscription, message: dict[str, Any], *, topic: str) -> str:
    """Hand a message to the service; the address that it gave the message.

    raises  Gone; HTTPError or OSError when it may be tried again
    """
    said = json.dumps(message, ensure_ascii=False).encode()
    if len(said) > SAID_AT_MOST:
        said = json.dumps({**message, "body": ""}, ensure_ascii=False).encode()
    if not is_allowed(subscription.endpoint):
        raise Gone  # the city has taken the service off its list
    request = urllib.request.Request(
        subscription.endpoint,
        data=sealed(said, subscription.p256dh, subscription.auth),
        headers={
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "high",
            "Topic": topic,
            "Authorization": signature_for(subscription.endpoint),
        },
        method="POST",
    )
    try:
        with _plain.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return str(answer.headers.get("Location", ""))[:100]
    except urllib.error.HTTPError as fault:
        if fault.code in (404, 410):
            raise Gone from fault
        raise


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The service named is the only one that hears of us."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_plain = urllib.request.build_opener(_NoRedirect)
