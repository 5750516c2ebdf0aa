"""The outbox: written with the change, sent once or more, never forgotten."""

from __future__ import annotations

import json
import smtplib
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any, ClassVar

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from pytest_django import Settings

from casework import notices
from casework.models import Notice, Person
from casework.notices import (
    LEASE,
    MOST_ATTEMPTS,
    RETRY_AFTER,
    TEMPLATES,
    Delivery,
    deliver_due,
    notify,
    rendered,
)

pytestmark = pytest.mark.django_db
State = Notice.State
CONTEXT = {
    "task": "verify on site",
    "place": "Donghuamen",
    "title": "bins",
    "cells": 12,
    "number": "110101-1",
    "subject": {"zh-hans": "上水井盖", "en": "water manhole cover"},
    "reason": "无此事",
    "clock": "handling",
    "due_at": "2026-11-23T10:00:00.000000Z",
    "was_at": "2026-11-23T08:00:00.000000Z",
    "main": "110101-2",
    "text": "which side?",
    "what": "extension",
    "outcome": "granted",
    "count": 2,
    "stream": "110101",
}
ABOUT_NO_CASE = {"clocks_differ"}


@pytest.fixture
def chen() -> Person:
    return Person.objects.create(
        username="chen", name="陈", email="chen@example.org", phone="+86 138-0000-0001", language="en"
    )


def write(key: str = "k", channel: str = "email", **more: Any) -> None:
    notify(**{"key": key, "channel": channel, "template": "case_overdue", "context": CONTEXT, **more})


def only() -> Notice:
    return Notice.objects.get()


class Gateway(BaseHTTPRequestHandler):
    """A provider that answers as told and remembers what it was asked."""

    answers: ClassVar[list[tuple[int, str]]]
    asked: ClassVar[list[tuple[dict[str, str], dict[str, str]]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((dict(self.headers), body))
        status, answer = self.answers.pop(0) if self.answers else (200, '{"id": "77"}')
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer.encode())

    def do_GET(self) -> None:
        raise AssertionError("a redirect was followed")

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def gateway(settings: Settings) -> Iterator[type[Gateway]]:
    Gateway.answers, Gateway.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{server.server_port}/send"
    settings.SMS_GATEWAY_TOKEN = "secret"
    yield Gateway
    server.shutdown()
    server.server_close()
    thread.join()


class TestWriting:
    def test_belongs_to_the_callers_transaction(self, chen: Person) -> None:
        def change_that_fails() -> None:
            with transaction.atomic():
                write(person=chen)
                raise LookupError

        with pytest.raises(LookupError):
            change_that_fails()
        assert not Notice.objects.exists()

    def test_the_same_key_is_one_notice(self, chen: Person) -> None:
        write(person=chen)
        write(person=chen, address="other@example.org")
        assert only().address == ""

    def test_faults_of_ours_are_found_at_once(self, chen: Person) -> None:
        with pytest.raises(KeyError):
            write(person=chen, context={"number": "1"})
        with pytest.raises(KeyError):
            write(person=chen, template="no such")
        with pytest.raises(ValueError, match="person or an address"):
            write()
        with pytest.raises(ValueError, match="pigeon"):
            write(person=chen, channel="pigeon")

    def test_the_database_wants_a_recipient_too(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.create(key="k", channel="sms", template="case_overdue", language="en")

    @pytest.mark.parametrize("template", sorted(TEMPLATES))
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_every_template_can_be_read(self, template: str, language: str) -> None:
        subject, text = rendered(template, CONTEXT, language)
        assert template in ABOUT_NO_CASE or "110101-1" in subject
        assert "%" not in subject + text
        if "subject" in str(TEMPLATES[template].text):
            assert CONTEXT["subject"][language] in text  # type: ignore[index]

    def test_instants_are_shown_in_local_time(self) -> None:
        assert "2026-11-23 18:00" in rendered("case_overdue", CONTEXT, "en")[1]

    def test_nothing_gets_a_line_of_its_own_into_the_subject(self) -> None:
        subject, _text = rendered("case_overdue", {**CONTEXT, "number": "1\nBcc: all@example.org"}, "en")
        assert "\n" not in subject


class TestDelivering:
    def test_email(self, chen: Person) -> None:
        write(person=chen)
        assert deliver_due() == Delivery(sent=1)
        assert deliver_due() == Delivery()
        (message,) = mail.outbox
        assert message.to == ["chen@example.org"]
        assert "overdue since 2026-11-23 18:00" in message.body
        assert str(only().pk) in message.extra_headers["Message-ID"]
        assert only().state == State.SENT
        assert only().sent_at is not None

    def test_given_address_comes_before_the_persons_own(self, chen: Person) -> None:
        write(person=chen, address="desk@example.org")
        deliver_due()
        assert mail.outbox[0].to == ["desk@example.org"]

    def test_sms(self, chen: Person, gateway: type[Gateway]) -> None:
        write(person=chen, channel="sms")
        assert deliver_due() == Delivery(sent=1)
        ((headers, body),) = gateway.asked
        assert body["to"] == "+8613800000001"
        assert body["id"] == headers["Idempotency-Key"] == str(only().pk)
        assert headers["Authorization"] == "Bearer secret"
        assert "110101-1" in body["text"]
        assert only().provider_id == "77"

    @pytest.mark.parametrize("channel", ["live", "console"])
    def test_in_the_house(self, channel: str, chen: Person) -> None:
        write(person=chen, channel=channel)
        assert deliver_due() == Delivery(sent=1)

    def test_oldest_first_and_no_more_than_asked(self, chen: Person) -> None:
        for minute in (3, 1, 2):
            write(key=str(minute), person=chen, channel="live")
            Notice.objects.filter(key=str(minute)).update(
                next_try_at=timezone.now() - timedelta(minutes=minute)
            )
        assert deliver_due(limit=2).sent == 2
        assert only_keys(State.WAITING) == ["1"]


def only_keys(state: str) -> list[str]:
    return sorted(Notice.objects.filter(state=state).values_list("key", flat=True))


class TestFailing:
    def test_tries_again_after_5_then_30_minutes_and_gives_up_in_the_end(
        self, chen: Person, gateway: type[Gateway]
    ) -> None:
        gateway.answers = [(503, "")] * 10
        start = timezone.now()
        write(person=chen, channel="sms")
        with time_machine.travel(start + timedelta(seconds=1), tick=False) as clock:
            for number, wait in enumerate(RETRY_AFTER, start=1):
                assert deliver_due() == Delivery(failed=1)
                assert (only().state, only().attempts) == (State.FAILED, number)
                clock.shift(wait - timedelta(seconds=1))
                assert deliver_due() == Delivery(), "not before its time"
                clock.shift(timedelta(seconds=1))
            assert deliver_due() == Delivery(given_up=1)
            clock.shift(timedelta(days=30))
            assert deliver_due() == Delivery()
        assert [notice.key for notice in notices.given_up()] == ["k"]
        assert "503" in only().last_error
        assert len({body["id"] for _headers, body in gateway.asked}) == 1, "one message to the provider"
        assert RETRY_AFTER[:2] == (timedelta(minutes=5), timedelta(minutes=30))

    @pytest.mark.parametrize("status", [302, 401, 429, 500])
    def test_what_may_be_mended_is_tried_again(
        self, status: int, chen: Person, gateway: type[Gateway]
    ) -> None:
        gateway.answers = [(status, "")]
        write(person=chen, channel="sms")
        assert deliver_due() == Delivery(failed=1)

    @pytest.mark.parametrize("status", [400, 404, 422])
    def test_what_is_refused_is_not(self, status: int, chen: Person, gateway: type[Gateway]) -> None:
        gateway.answers = [(status, "")]
        write(person=chen, channel="sms")
        assert deliver_due() == Delivery(given_up=1)

    @pytest.mark.parametrize(
        ("channel", "address"), [("email", "nobody"), ("sms", "110 or so"), ("email", "a@b.cn\nBcc: c@d.cn")]
    )
    def test_addresses_that_are_none(self, channel: str, address: str, chen: Person) -> None:
        write(channel=channel, address=address)
        assert deliver_due() == Delivery(given_up=1)
        assert only().last_error

    def test_a_gateway_that_is_not_there(self, chen: Person, settings: Settings) -> None:
        settings.SMS_GATEWAY_URL = "http://127.0.0.1:9/"
        write(person=chen, channel="sms")
        assert deliver_due() == Delivery(failed=1)

    def test_without_a_gateway_nothing_is_called_sent_outside_the_demo(
        self, chen: Person, settings: Settings
    ) -> None:
        settings.SMS_GATEWAY_URL, settings.DEMO = "", False
        write(person=chen, channel="sms")
        assert deliver_due() == Delivery(failed=1)
        assert "GRIDCITY_SMS_GATEWAY_URL" in only().last_error
        settings.DEMO = True
        write(key="demo", person=chen, channel="sms")
        assert deliver_due() == Delivery(sent=1)

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            (smtplib.SMTPServerDisconnected("gone"), Delivery(failed=1)),
            (TimeoutError("slow"), Delivery(failed=1)),
            (smtplib.SMTPRecipientsRefused({"chen@example.org": (550, b"unknown")}), Delivery(given_up=1)),
            (smtplib.SMTPRecipientsRefused({"chen@example.org": (450, b"busy")}), Delivery(failed=1)),
            (RuntimeError("a fault of ours"), Delivery(failed=1)),
        ],
    )
    def test_mail_servers(
        self, fault: Exception, expected: Delivery, chen: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def send(message: EmailMessage) -> None:
            raise fault

        monkeypatch.setattr(EmailMessage, "send", send)
        write(person=chen)
        assert deliver_due() == expected
        assert only().last_error

    def test_one_bad_notice_does_not_hold_up_the_others(self, chen: Person) -> None:
        write(key="bad", person=chen)
        Notice.objects.update(template="withdrawn")
        write(key="good", person=chen)
        assert deliver_due() == Delivery(sent=1, failed=1)


class TestCrash:
    def test_a_sender_that_died_is_replaced_when_its_lease_is_over(self, chen: Person) -> None:
        write(person=chen)
        claimed = notices._claim()
        assert claimed is not None
        assert deliver_due() == Delivery(), "it may be alive still"
        with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
            assert deliver_due() == Delivery(sent=1)

    def test_a_late_sender_does_not_undo_what_its_successor_did(self, chen: Person) -> None:
        write(person=chen)
        late = notices._claim()
        assert late is not None
        with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
            deliver_due()
        notices._record_failure(late, "too late", Delivery())
        assert only().state == State.SENT

    def test_a_notice_that_kills_its_senders_is_given_up(self, chen: Person) -> None:
        write(person=chen)
        now: datetime = timezone.now()
        for attempt in range(MOST_ATTEMPTS):
            with time_machine.travel(now + attempt * (LEASE + timedelta(seconds=1)), tick=False):
                assert notices._claim()
        with time_machine.travel(now + timedelta(days=1)):
            assert deliver_due() == Delivery(given_up=1)
        assert not mail.outbox


@pytest.mark.django_db(transaction=True)
def test_several_senders_share_the_work(gateway: type[Gateway]) -> None:
    for number in range(40):
        write(key=str(number), channel="sms", address=f"1380000{number:04}")
    start, sent = threading.Barrier(4), []

    def send() -> None:
        try:
            start.wait()
            sent.append(deliver_due().sent)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 40
    assert len({body["id"] for _headers, body in gateway.asked}) == len(gateway.asked) == 40


class TestCommand:
    def run(self, *args: str) -> str:
        out = StringIO()
        call_command("send_notices", *args, stdout=out)
        return out.getvalue()

    def test_sends(self, chen: Person) -> None:
        write(person=chen)
        assert json.loads(self.run("--json")) == {"sent": 1, "failed": 0, "given_up": 0}

    def test_lists_and_retries(self, chen: Person) -> None:
        write(key="lost", channel="email", address="nobody")
        deliver_due()
        assert "lost" in self.run("--given-up")
        assert json.loads(self.run("--given-up", "--json"))["given_up"] == 1
        Notice.objects.update(address="somebody@example.org")
        assert "Sent 1" in self.run("--retry", "lost")
        with pytest.raises(CommandError, match="was given up"):
            self.run("--retry", str(uuid.uuid4()))
