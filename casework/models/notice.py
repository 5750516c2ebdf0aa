"""The transactional outbox: what is to be told, to whom, by which channel, and how far that is."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One message to one recipient. Written by `notices.notify()` in the caller's transaction.

    id           also the idempotency key a provider gets: a message sent twice is one message to it
    key          of the caller; the same key again finds the same notice
    address      e-mail address or telephone number; empty means: the person's own
    template     key of `notices.TEMPLATES`; rendered in `language` when it is sent
    next_try_at  waiting, failed: not before; sending: the sender is taken for dead after it
    """

    class Channel(models.TextChoices):
        CONSOLE = "console", _("log of the server")
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("text message")
        LIVE = "live", _("on the desk")
        PUSH = "push", _("on the phone")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed, will be tried again")
        GIVEN_UP = "given_up", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(_("key"), max_length=120, unique=True)
    case = models.ForeignKey(
        "casework.Case",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    recipient = models.ForeignKey(
        "casework.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    address = models.CharField(_("address"), max_length=254, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    template = models.CharField(_("template"), max_length=40)
    context = models.JSONField(_("values of the template"), default=dict, blank=True)
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True, default=timezone.now)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)
    provider_id = models.CharField(_("number given by the provider"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        constraints = (
            models.CheckConstraint(
                condition=Q(recipient__isnull=False) | ~Q(address=""),
                name="notice_has_a_recipient",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("sent", "given_up"), next_try_at__isnull=True)
                | Q(
                    state__in=("waiting", "sending", "failed"),
                    next_try_at__isnull=False,
                ),
                name="notice_waits_or_is_done",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=("waiting", "sending", "failed")),
                name="notice_due_next",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(state="given_up"),
                name="notice_given_up",
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.template} {self.key}"
