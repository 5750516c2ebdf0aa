"""Where a person's browsers take messages (Web Push)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PushSubscription(models.Model):
    """One browser of one person. Written by `push.subscribe()`, dropped when its service says it is gone.

    endpoint   address at the push service, which the city must have named (settings.PUSH_SERVICES)
    p256dh, auth   the browser's key and secret, base64url: only it can read what we send (RFC 8291)
    """

    person = models.ForeignKey("casework.Person", on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.CharField(_("address"), max_length=500, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")

    def __str__(self) -> str:
        return f"{self.person_id} {self.endpoint[:40]}"
