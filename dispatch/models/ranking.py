"""The table from which the phone ranks its chips, one a stream, made anew each night."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RankingTable(models.Model):
    """What `dispatch.ranking.table_of()` made of the reports of the last months; it goes out as it is."""

    stream = models.OneToOneField(
        "casework.Stream", on_delete=models.PROTECT, primary_key=True, related_name="ranking"
    )
    version = models.CharField(_("version"), max_length=16)
    table = models.JSONField(_("table"))
    own = models.JSONField(_("history by cell"), default=dict)
    made_at = models.DateTimeField(_("made at"), default=timezone.now)

    class Meta:
        verbose_name = _("ranking of classes")
        verbose_name_plural = _("rankings of classes")

    def __str__(self) -> str:
        return f"{self.stream_id} {self.version}"
