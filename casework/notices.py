"""Telling people: a notice is written with the change it tells of, and sent afterwards, at least once.

`notify()` writes into the caller's transaction, so no change is told that did not happen and none that did is
forgotten. `deliver_due()` sends what is due; a sender that dies is replaced when its lease is over, and the
provider gets the notice's own id, so that it can tell a repeat from a second message.
"""

from __future__ import annotations

import json
import logging
import re
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework import push
from casework.models.notice import Notice
from casework.models.person import Person
from casework.models.push import PushSubscription

log = logging.getLogger(__name__)

# FixMyStreet's rule for the first two; then longer, so that a night without a gateway loses nothing.
RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=3), timedelta(hours=12))
LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 2 * len(RETRY_AFTER)
SMS_TIMEOUT_SECONDS = 10

State = Notice.State
Context = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """Subject and text with %(name)s for the values of a context."""

    subject: str | Promise
    text: str | Promise


TEMPLATES: dict[str, Template] = {
    "report_received": Template(
        _("Report %(number)s has arrived"),
        _("Thank you. Your report %(number)s (%(subject)s) has arrived and will be looked at."),
    ),
    "report_declined": Template(
        _("Report %(number)s was not taken up"),
        _("Your report %(number)s (%(subject)s) was not taken up: %(reason)s"),
    ),
    "report_closed": Template(
        _("Report %(number)s is settled"),
        _("Your report %(number)s (%(subject)s) is settled and was checked on the spot. Thank you."),
    ),
    "report_ended": Template(
        _("Report %(number)s was ended"),
        _("Your report %(number)s (%(subject)s) was ended without being settled: %(reason)s"),
    ),
    "report_reopened": Template(
        _("Work on report %(number)s goes on"),
        _("What was done about your report %(number)s (%(subject)s) was not enough; the work goes on."),
    ),
    "report_merged": Template(
        _("Report %(number)s joins %(main)s"),
        _("Your report %(number)s (%(subject)s) is about the same as %(main)s. You will hear more."),
    ),
    "report_parted": Template(
        _("Report %(number)s is looked at by itself"),
        _("Your report %(number)s (%(subject)s) is not the same as %(main)s: it is looked at by itself."),
    ),
    "case_dispatched": Template(
        _("Case %(number)s is yours"),
        _("Case %(number)s (%(subject)s) was sent to you. It is due at %(due_at)s."),
    ),
    "clock_warning": Template(
        _("Case %(number)s is due soon"),
        _("Case %(number)s (%(subject)s), %(clock)s: due at %(due_at)s."),
    ),
    "case_overdue": Template(
        _("Case %(number)s is overdue"),
        _("Case %(number)s (%(subject)s), %(clock)s: overdue since %(due_at)s."),
    ),
    "clock_supervised": Template(
        _("Case %(number)s is under supervision"),
        _("Case %(number)s (%(subject)s), %(clock)s: long overdue, since %(due_at)s, and now supervised."),
    ),
    "case_supervised": Template(
        _("Case %(number)s is under supervision"),
        _("Case %(number)s (%(subject)s) is supervised: %(reason)s"),
    ),
    "deadline_moved": Template(
        _("Case %(number)s: the deadline has moved"),
        _("Case %(number)s (%(subject)s), %(clock)s: due at %(due_at)s, no longer at %(was_at)s."),
    ),
    "relief_asked": Template(
        _("Case %(number)s: %(what)s asked for"),
        _("Case %(number)s (%(subject)s), %(what)s: %(reason)s"),
    ),
    "relief_decided": Template(
        _("Case %(number)s: %(what)s, %(outcome)s"),
        _("Case %(number)s (%(subject)s), %(what)s: %(outcome)s. %(reason)s"),
    ),
    "clocks_differ": Template(
        _("%(count)s clocks differ from the journal"),
        _("The nightly check found %(count)s differences in %(stream)s. Run: bin/gridcity verify_clocks"),
    ),
    "task_sent": Template(
        _("New task: %(task)s, %(number)s"),
        _("%(subject)s, %(place)s."),
    ),
    "task_recalled": Template(
        _("Task recalled: %(number)s"),
        _("Case %(number)s needs no visit any more."),
    ),
    "mentioned": Template(
        _("You are named in a message: %(number)s"),
        _("%(subject)s: %(text)s"),
    ),
    "survey_ordered": Template(
        _("Survey %(number)s: %(title)s"),
        _("%(cells)s cells are yours to count."),
    ),
}


class Undeliverable(Exception):
    """Trying again will not help: wrong address, message refused."""


class Unreachable(Exception):
    """Try again later."""


def notify(
    *,
    key: str,
    channel: str,
    template: str,
    context: Context,
    case_id: UUID | None = None,
    person: Person | None = None,
    address: str = "",
    language: str | None = None,
) -> None:
    """Write a notice in the caller's transaction. The same key again changes nothing.

    person, address   one of them at least; without an address, the person's own is used when sending
    context           JSON values; a mapping by language is chosen from, `…_at` is an ISO instant shown
                      in local time
    language          default: the person's, else the city's
    raises            KeyError for an unknown template or a value it needs: a fault of ours, found at once
    """
    if person is None and not address:
        raise ValueError("a notice needs a person or an address")
    language = language or (person.language if person else settings.LANGUAGE_CODE)
    rendered(template, context, language)
    notice = Notice(
        key=key,
        case_id=case_id,
        recipient=person,
        address=address,
        channel=Notice.Channel(channel),
        template=template,
        context=dict(context),
        language=language,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)


def tell_phone(
    person_id: int, *, key: str, template: str, context: Context, case_id: UUID | None = None
) -> None:
    """A notice to a person's phone, if messages to phones are on and the phone asked for them.

    `context["url"]`, if there, is the page that a tap opens.
    """
    if not push.is_on() or not PushSubscription.objects.filter(person_id=person_id).exists():
        return
    notify(
        key=key,
        channel=Notice.Channel.PUSH,
        template=template,
        context=context,
        case_id=case_id,
        person=Person.objects.get(pk=person_id),
    )


def rendered(template: str, context: Context, language: str) -> tuple[str, str]:
    """Subject (one line) and text of a template in a language."""
    with translation.override(language):
        values = {name: _value(name, value, language) for name, value in context.items()}
        chosen = TEMPLATES[template]
        return " ".join((str(chosen.subject) % values).split()), str(chosen.text) % values


def _value(name: str, value: Any, language: str) -> str:
    if isinstance(value, Mapping):
        value = value.get(language) or next(iter(value.values()), "")
    if name.endswith("_at") and value:
        return f"{localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
    return str(value)


# --- sending -----------------------------------------------------------------------------------------------


@dataclass
class Delivery:
    """How many notices one round dealt with."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def deliver_due(limit: int = 500) -> Delivery:
    """Send what is due, oldest first, each in its own short transactions; any number may run at once."""
    round_ = Delivery()
    for _number in range(limit):
        notice = _claim()
        if notice is None:
            break
        try:
            provider_id = _send(notice)
        except Undeliverable as fault:
            _record_failure(notice, str(fault), round_, final=True)
        except Unreachable as fault:
            _record_failure(notice, str(fault), round_)
        except Exception as fault:
            # Whatever one notice does to us, the others must still go out.
            log.exception("notice %s could not be sent", notice.pk)
            _record_failure(notice, repr(fault), round_)
        else:
            Notice.objects.filter(pk=notice.pk).update(
                state=State.SENT,
                next_try_at=None,
                sent_at=timezone.now(),
                provider_id=provider_id,
                last_error="",
            )
            round_.sent += 1
    return round_


def _claim() -> Notice | None:
    """The next due notice, ours for the length of a lease."""
    now = timezone.now()
    with transaction.atomic():
        notice = (
            Notice.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(state__in=(State.WAITING, State.SENDING, State.FAILED), next_try_at__lte=now)
            .select_related("recipient")
            .order_by("next_try_at")
            .first()
        )
        if notice is None:
            return None
        notice.state, notice.next_try_at = State.SENDING, now + LEASE
        notice.attempts += 1
        notice.save(update_fields=["state", "next_try_at", "attempts"])
    return notice


def _record_failure(notice: Notice, error: str, round_: Delivery, *, final: bool = False) -> None:
    final = final or notice.attempts > len(RETRY_AFTER)
    if final:
        state, next_try_at = State.GIVEN_UP, None
        round_.given_up += 1
    else:
        state, next_try_at = State.FAILED, timezone.now() + RETRY_AFTER[notice.attempts - 1]
        round_.failed += 1
    # A sender that outlived its lease must not undo what its successor did.
    Notice.objects.filter(pk=notice.pk, state=State.SENDING, attempts=notice.attempts).update(
        state=state, next_try_at=next_try_at, last_error=error[:300]
    )


def given_up() -> list[Notice]:
    """What never reached its recipient, newest first: the list somebody must look at every day."""
    return list(
        Notice.objects.filter(state=State.GIVEN_UP).select_related("recipient").order_by("-created_at")
    )


def try_again(key: str) -> bool:
    """Give a given-up notice a new start; False when there is none under that key."""
    return bool(
        Notice.objects.filter(key=key, state=State.GIVEN_UP).update(
            state=State.WAITING, attempts=0, next_try_at=timezone.now()
        )
    )


def _send(notice: Notice) -> str:
    """Hand a notice to its channel; returns the number the provider gave it."""
    if notice.attempts > MOST_ATTEMPTS:
        raise Undeliverable(
            gettext("Each attempt ended without a result: %(last)s") % {"last": notice.last_error}
        )
    subject, text = rendered(notice.template, notice.context, notice.language)
    return _ADAPTERS[notice.channel](notice, subject, text)


def _console(notice: Notice, subject: str, text: str) -> str:
    log.warning("notice %s to %s: %s", notice.pk, notice.address or notice.recipient, text)
    return ""


def _live(notice: Notice, subject: str, text: str) -> str:
    # Being in the table is being delivered: the recipient's desk lists it.
    return ""


def _email(notice: Notice, subject: str, text: str) -> str:
    address = notice.address or (notice.recipient.email if notice.recipient else "")
    try:
        validate_email(address)
    except ValidationError as fault:
        raise Undeliverable(gettext("“%(address)s” is no e-mail address.") % {"address": address}) from fault
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend") and not settings.EMAIL_HOST:
        return _console_in_demo(notice, subject, text, "GRIDCITY_EMAIL_HOST")
    message = EmailMessage(subject, text, to=[address], headers={"Message-ID": f"<{notice.pk}@gridcity>"})
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as fault:
        if all(500 <= code < 600 for code, _why in fault.recipients.values()):
            raise Undeliverable(str(fault)) from fault
        raise Unreachable(str(fault)) from fault
    except (smtplib.SMTPException, OSError) as fault:
        raise Unreachable(str(fault) or repr(fault)) from fault
    return ""


def _sms(notice: Notice, subject: str, text: str) -> str:
    """POST {"id", "to", "text"} to the city's gateway, which answers {"id": its own number}."""
    number = re.sub(r"[ ()-]", "", notice.address or (notice.recipient.phone if notice.recipient else ""))
    if not re.fullmatch(r"\+?\d{5,15}", number):
        raise Undeliverable(gettext("“%(number)s” is no telephone number.") % {"number": number})
    if not settings.SMS_GATEWAY_URL:
        return _console_in_demo(notice, subject, text, "GRIDCITY_SMS_GATEWAY_URL")
    request = urllib.request.Request(
        settings.SMS_GATEWAY_URL,
        data=json.dumps({"id": str(notice.pk), "to": number, "text": text}, ensure_ascii=False).encode(),
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": str(notice.pk),
            **(
                {"Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}"}
                if settings.SMS_GATEWAY_TOKEN
                else {}
            ),
        },
        method="POST",
    )
    try:
        with _gateway.open(request, timeout=SMS_TIMEOUT_SECONDS) as answer:
            body = answer.read(10_000)
    except urllib.error.HTTPError as fault:
        why = f"{fault.code} {fault.reason}"
        # The message itself is refused; anything else, a wrong token above all, may be mended on our side.
        raise (Undeliverable if fault.code in (400, 404, 410, 422) else Unreachable)(why) from fault
    except (OSError, ValueError) as fault:
        raise Unreachable(str(fault) or repr(fault)) from fault
    try:
        return str(json.loads(body)["id"])[:100]
    except (ValueError, KeyError, TypeError):
        return ""  # accepted, but by a gateway that gives no numbers


def _push(notice: Notice, subject: str, text: str) -> str:
    """To every browser that the person has subscribed; one that takes it is enough."""
    message = {
        "id": str(notice.pk),
        "title": subject,
        "body": text,
        "tag": notice.key,
        "url": notice.context.get("url", "/inspector/"),
    }
    told: list[str] = []
    faults: list[str] = []
    for subscription in PushSubscription.objects.filter(person=notice.recipient or 0):
        try:
            told.append(push.send(subscription, message, topic=notice.pk.hex))
        except push.Gone:
            subscription.delete()
        except (OSError, ValueError) as fault:
            faults.append(str(fault) or repr(fault))
    if not told and faults:
        raise Unreachable(faults[0])
    if not told:
        raise Undeliverable(gettext("No browser of this person takes messages any more."))
    return told[0]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A gateway that sends us elsewhere is misconfigured: telephone numbers go nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_gateway = urllib.request.build_opener(_NoRedirect)


def _console_in_demo(notice: Notice, subject: str, text: str, missing: str) -> str:
    if not getattr(settings, "DEMO", False):
        raise Unreachable(gettext("%(setting)s is not set.") % {"setting": missing})
    return _console(notice, subject, text)


_ADAPTERS: dict[str, Callable[[Notice, str, str], str]] = {
    Notice.Channel.CONSOLE: _console,
    Notice.Channel.EMAIL: _email,
    Notice.Channel.SMS: _sms,
    Notice.Channel.LIVE: _live,
    Notice.Channel.PUSH: _push,
}
