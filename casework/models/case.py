"""The trunk of every numbered case. Only what *every* case has goes here."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Case(models.Model):
    """A numbered case, held by somebody, in a state of its flow.

    id          the UUID its maker chose; sent again, it finds the same case
    version     number of journal entries so far; what a caller saw, and must still be true to move it
    chain_hash  hash of the last journal entry: the next one is chained to it
    card        the case as desks show it, made by its flow: equal to the last journal entry's card, so
                that a list is one index scan and a snapshot agrees with the entries that led to it
    state, version and card are written by `journal.append()` alone.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12)
    # a stream's cases are found by the indexes below
    stream = models.ForeignKey(
        "casework.Stream", on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    number = models.CharField(_("case number"), max_length=30, unique=True)
    state = models.CharField(_("state"), max_length=16)
    organisation = models.ForeignKey(
        "casework.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    version = models.PositiveIntegerField(_("version"), default=0)
    chain_hash = models.BinaryField(max_length=32, default=bytes)
    opened_at = models.DateTimeField(_("opened at"))
    moved_at = models.DateTimeField(_("last moved at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    due_at = models.DateTimeField(_("step due at"), null=True, blank=True)
    card = models.JSONField(_("card"), default=dict)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = (
            # product.md 1.6: public 311 data is full of cases closed before they were opened
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("opened_at")),
                name="case_ends_after_it_opened",
            ),
        )
        indexes = (
            models.Index(
                fields=["kind", "stream", "state", "due_at", "id"],
                condition=Q(ended_at__isnull=True),
                name="case_desk_queue",
            ),
            models.Index(
                fields=["organisation", "state", "due_at", "id"],
                condition=Q(ended_at__isnull=True),
                name="case_department_queue",
            ),
            models.Index(fields=["kind", "stream", "-opened_at", "-id"], name="case_newest_first"),
        )

    def __str__(self) -> str:
        return self.number


class CaseLink(models.Model):
    """Two cases that belong together, of the same flow or of two."""

    source = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="links")
    target = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="linked_from")
    kind = models.CharField(_("kind"), max_length=16)

    class Meta:
        verbose_name = _("link of cases")
        verbose_name_plural = _("links of cases")
        constraints = (models.UniqueConstraint(fields=["source", "target", "kind"], name="case_link_once"),)

    def __str__(self) -> str:
        return f"{self.source_id} {self.kind} {self.target_id}"
