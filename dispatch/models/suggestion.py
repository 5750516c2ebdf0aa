"""What history says of who handles what, one table a stream, made anew each night."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SuggestionTable(models.Model):
    """The counts of `dispatch.suggest.Counted` over the cases handled in the last year."""

    stream = models.OneToOneField(
        "casework.Stream", on_delete=models.PROTECT, primary_key=True, related_name="suggestion"
    )
    cases = models.PositiveIntegerField(_("cases learnt from"))
    counts = models.JSONField(_("counts"))
    made_at = models.DateTimeField(_("made at"), default=timezone.now)

    class Meta:
        verbose_name = _("suggestion from history")
        verbose_name_plural = _("suggestions from history")

    def __str__(self) -> str:
        return f"{self.stream_id} {self.made_at}"
