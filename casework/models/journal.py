"""The journal: append-only, dense per stream, chained per case. Written by `journal.append()` alone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stream(models.Model):
    """A journal of its own, numbered without gaps: a district's reports, the approval hall.

    `head` is the number of the last entry. Its row is locked and incremented by the last statement of
    each writing transaction, so numbers become visible in order and a rollback gives its number back.
    """

    code = models.CharField(_("stream"), max_length=12, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    calendar_code = models.CharField(_("working calendar"), max_length=20, default="china")
    head = models.BigIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("stream of the journal")
        verbose_name_plural = _("streams of the journal")

    def __str__(self) -> str:
        return self.code


class Entry(models.Model):
    """One thing that happened to one case.

    The table is made by SQL (migration 0002): partitioned by month of `recorded_at`, update, delete
    and truncate refused by triggers.

    at           when it happened (UTC), equal to the stage time written on the case
    recorded_at  when the database wrote it; differs from `at` for what was entered late or imported
    facts        what the verb was given: reason, organisation, rule, result …
    card         the case as desks show it, after the move; `was` in facts of delivery is not stored
    prev_hash, hash   SHA-256 chain of the case
    """

    pk = models.CompositePrimaryKey("stream", "seq", "recorded_at")
    stream = models.ForeignKey(Stream, on_delete=models.DO_NOTHING, related_name="entries")
    seq = models.BigIntegerField()
    recorded_at = models.DateTimeField()
    case = models.ForeignKey("casework.Case", on_delete=models.DO_NOTHING, related_name="entries")
    case_seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    verb = models.CharField(max_length=24)
    at = models.DateTimeField()
    actor = models.ForeignKey("casework.Person", on_delete=models.DO_NOTHING, null=True, related_name="+")
    post = models.ForeignKey("casework.Post", on_delete=models.DO_NOTHING, null=True, related_name="+")
    state_from = models.CharField(max_length=16)
    state_to = models.CharField(max_length=16)
    facts = models.JSONField()
    card = models.JSONField()
    prev_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "casework_entry"
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")

    def __str__(self) -> str:
        return f"{self.stream_id}/{self.seq} {self.verb}"
