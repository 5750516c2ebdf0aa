"""Messages to phones: sealed for one browser, signed so that the service knows us, never sent astray."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils import timezone

from casework import push
from casework.errors import Invalid, NotAllowed
from casework.models import Notice, PushSubscription
from casework.notices import deliver_due, tell_phone
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, small_town
from tests.factories.ways import WAYS, walk

# RFC 8291, appendix A: the keys of the example, its message and what it must look like when sealed
SAID = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK"
    "6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


class Browser:
    """A browser: its keys, and how it reads what only it can read. Written apart from the product's code."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        self.point = push._point(self.key.public_key())

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": push.to_text(self.point), "auth": push.to_text(self.secret)}

    def read(self, body: bytes) -> dict[str, Any]:
        salt, (record, length) = body[:16], struct.unpack(">IB", body[16:21])
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= record
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        )
        ikm = mac(mac(self.secret, shared), b"WebPush: info\0" + self.point + theirs + b"\1")
        prk = mac(salt, ikm)
        key = mac(prk, b"Content-Encoding: aes128gcm\0\1")[:16]
        nonce = mac(prk, b"Content-Encoding: nonce\0\1")[:12]
        plain = AESGCM(key).decrypt(nonce, sealed, None)
        assert plain[-1:] == b"\2"
        said: dict[str, Any] = json.loads(plain[:-1])
        return said


def mac(key: bytes, data: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


class Service(BaseHTTPRequestHandler):
    """A push service that keeps what it is sent and answers as it is told."""

    answers: list[int]
    asked: list[tuple[str, dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        type(self).asked.append((self.path, headers, body))
        status = type(self).answers.pop(0) if type(self).answers else 201
        self.send_response(status)
        self.send_header("Location", "/message/1" if status == 201 else "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def service(settings: Any, tmp_path: Path) -> Iterator[str]:
    Service.answers, Service.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    settings.PUSH_SERVICES, settings.PUSH_KEY = [address], tmp_path / "push_key.pem"
    yield address
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


def test_the_example_of_the_standard() -> None:
    key = ec.derive_private_key(int.from_bytes(push.to_bytes(SENDER), "big"), ec.SECP256R1())
    made = push.sealed(SAID, BROWSER, SECRET, salt=push.to_bytes(SALT), key=key)
    assert push.to_text(made) == SEALED


def test_the_signature_is_ours_for_that_service_and_for_hours_not_days(service: str) -> None:
    header = push.signature_for(f"{service}/p/1", now=1_000_000)
    token, key = (part.split("=", 1)[1] for part in header.removeprefix("vapid ").split(", "))
    assert key == push.public_key()
    head, claims, signature = token.split(".")
    assert json.loads(push.to_bytes(head)) == {"typ": "JWT", "alg": "ES256"}
    said = json.loads(push.to_bytes(claims))
    assert (said["aud"], said["sub"].split(":")[0]) == (service, "mailto")
    assert 0 < said["exp"] - 1_000_000 <= 24 * 3600
    raw = push.to_bytes(signature)
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), push.to_bytes(key))
    public.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


def test_set_up_makes_the_key_before_there_is_a_city(settings: Any, tmp_path: Path) -> None:
    settings.PUSH_KEY = tmp_path / "push_key.pem"
    for _ in range(2):
        subprocess.run([sys.executable, "-m", "casework.push_key", settings.PUSH_KEY], check=True)
        made = settings.PUSH_KEY.read_bytes()
        assert settings.PUSH_KEY.stat().st_mode & 0o777 == 0o600
    push._own_key.cache_clear()
    assert len(push.to_bytes(push.public_key())) == 65
    assert settings.PUSH_KEY.read_bytes() == made
    assert not push.is_on(), "off until the city names services"


def test_the_key_is_made_once_for_the_owners_eyes_only(settings: Any, tmp_path: Path) -> None:
    settings.PUSH_KEY = tmp_path / "new" / "push_key.pem"
    keys: list[str] = []
    threads = [threading.Thread(target=lambda: keys.append(push.public_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    push._own_key.cache_clear()
    assert {*keys, push.public_key()} == {keys[0]}
    assert settings.PUSH_KEY.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in settings.PUSH_KEY.parent.iterdir()] == ["push_key.pem"]


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://push.example/a", True), ("https://eu.notify.example/a", True),
        ("http://push.example/a", False), ("https://push.example:8443/a", False),
        ("https://push.example.evil.org/a", False), ("https://evilnotify.example/a", False),
        ("https://notify.example/a", False), ("https://user@push.example/a", False),
        ("https://127.0.0.1/a", False), ("file:///etc/passwd", False), ("https://[::1", False), ("", False),
        ("https://push.example@127.0.0.1/a", False),
    ],
)  # fmt: skip
def test_only_services_that_the_city_has_named_are_written_to(
    settings: Any, endpoint: str, allowed: bool
) -> None:
    settings.PUSH_SERVICES = ["https://push.example", "https://*.notify.example"]
    assert push.is_allowed(endpoint) is allowed


@pytest.mark.django_db
def test_off_until_a_service_is_named(town: Town, settings: Any) -> None:
    assert settings.PUSH_SERVICES == []
    with pytest.raises(NotAllowed):
        push.subscribe(town.alice.person_id, "https://push.example/1", **Browser().keys)
    walk(town, WAYS["verifying"])
    assert not Notice.objects.filter(channel="push").exists()
    assert Caller(town.alice).get("/phone/pack").json()["settings"]["push_key"] is None


@pytest.mark.django_db
def test_a_task_reaches_the_phone_sealed_and_a_recall_too(town: Town, service: str) -> None:
    browser = Browser()
    body = {"endpoint": f"{service}/ava", "keys": browser.keys}
    ava = Caller(town.ava)
    assert [ava.post("/push/subscriptions", body).status_code for _ in range(2)] == [201, 200]
    assert ava.get("/phone/pack").json()["settings"]["push_key"] == push.public_key()
    case = walk(town, (*WAYS["verifying"], "recall_verify"))
    assert deliver_due().sent == 2
    (path, headers, sealed), (_, _, recalled) = Service.asked
    assert path == "/ava"
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["authorization"].startswith("vapid t=")
    assert int(headers["ttl"]) > 0
    assert case.number.encode() not in sealed
    said = browser.read(sealed)
    assert case.number in said["title"]
    assert said["url"].startswith("/inspector/#task-")
    assert "Water-supply manhole cover" in said["body"]
    assert case.number in browser.read(recalled)["title"]
    assert ava.call("DELETE", "/push/subscriptions", {"endpoint": body["endpoint"]}).status_code == 204
    walk(town, WAYS["verifying"])
    assert deliver_due().sent == 0


@pytest.mark.django_db
def test_a_browser_that_is_gone_is_forgotten_and_a_service_that_is_down_is_tried_again(
    town: Town, service: str
) -> None:
    def tell(key: str) -> Notice:
        context = {"number": "1", "title": "t", "cells": 1}
        tell_phone(town.ava.person_id, key=key, template="survey_ordered", context=context)
        deliver_due()
        return Notice.objects.get(key=key)

    push.subscribe(town.ava.person_id, f"{service}/old", **Browser().keys)
    push.subscribe(town.ava.person_id, f"{service}/new", **Browser().keys)
    Service.answers = [410, 201]
    assert tell("a").state == Notice.State.SENT
    assert [one.endpoint for one in PushSubscription.objects.all()] == [f"{service}/new"]
    Service.answers = [503]
    assert tell("b").state == Notice.State.FAILED
    Notice.objects.filter(key="b").update(next_try_at=timezone.now())
    assert deliver_due().sent == 1
    Service.answers = [307]
    assert tell("c").state == Notice.State.FAILED  # a redirect is not followed
    Service.answers = [404, 201]
    assert tell("d").state == Notice.State.GIVEN_UP
    assert not PushSubscription.objects.exists()


@pytest.mark.django_db
def test_a_service_taken_off_the_list_hears_no_more_of_us(town: Town, service: str, settings: Any) -> None:
    push.subscribe(town.ava.person_id, f"{service}/1", **Browser().keys)
    settings.PUSH_SERVICES = ["https://push.example"]
    tell_phone(
        town.ava.person_id,
        key="k",
        template="survey_ordered",
        context={"number": "1", "title": "t", "cells": 1},
    )
    deliver_due()
    assert Service.asked == []
    assert not PushSubscription.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("keys", [{"p256dh": "x", "auth": "y"}, {"p256dh": BROWSER, "auth": "AAAA"}])
def test_keys_that_are_none_are_refused(town: Town, service: str, keys: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        push.subscribe(town.ava.person_id, f"{service}/1", **keys)
    refusal(Caller(town.ava).post("/push/subscriptions", {"endpoint": "https://evil.example", "keys": keys}))
    assert not PushSubscription.objects.exists()


@pytest.mark.django_db
def test_a_person_keeps_five_browsers_and_a_browser_one_person(town: Town, service: str) -> None:
    for n in range(7):
        push.subscribe(town.ava.person_id, f"{service}/{n}", **Browser().keys)
    assert PushSubscription.objects.count() == 5
    push.subscribe(town.alice.person_id, f"{service}/6", **Browser().keys)  # she signed in on this phone
    assert PushSubscription.objects.get(endpoint=f"{service}/6").person_id == town.alice.person_id
    assert PushSubscription.objects.filter(person_id=town.ava.person_id).count() == 4


def test_a_long_message_is_cut_to_what_services_take(service: str) -> None:
    browser = Browser()
    one = PushSubscription(endpoint=f"{service}/1", **browser.keys)
    push.send(one, {"id": "1", "title": "t", "body": "字" * 3000}, topic="t")
    sealed = Service.asked[0][2]
    assert len(sealed) <= 4096
    assert browser.read(sealed) == {"id": "1", "title": "t", "body": ""}
