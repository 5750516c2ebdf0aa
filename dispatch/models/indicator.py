"""How a city counts its figures: what live systems differ in, as dated rows."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dispatch.models.report import Source


def public_sources() -> list[str]:
    """Doors by which the public tells of what an inspector should have seen first."""
    return [Source.HOTLINE, Source.WEB, Source.MAILBOX, Source.MEDIA, Source.PETITION]


class IndicatorPolicy(models.Model):
    """The definition of the headline figures in force from a day on. Figures of a period use the row in
    force on its last day; a stream without a row uses the defaults of these fields.

    missed_sources   a filed report from one of these counts as missed (漏报) by the inspectors
    accuracy         what makes a dispatch accurate; two live systems differ
    """

    class Accuracy(models.TextChoices):
        NEVER_REDIRECTED = "never_redirected", _("never sent on to another department")
        NEVER_REWORKED = "never_reworked", _("never sent back for rework")

    stream = models.ForeignKey("casework.Stream", on_delete=models.PROTECT, related_name="indicator_policies")
    valid_from = models.DateField(_("valid from"))
    missed_sources = ArrayField(
        models.CharField(max_length=10, choices=Source.choices),
        verbose_name=_("sources of missed problems"),
        default=public_sources,
    )
    accuracy = models.CharField(
        _("an accurate dispatch is"),
        max_length=16,
        choices=Accuracy.choices,
        default=Accuracy.NEVER_REDIRECTED,
    )
    count_forced = models.BooleanField(_("count cases closed by force as closed"), default=False)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("definition of the figures")
        verbose_name_plural = _("definitions of the figures")
        ordering = ("stream", "-valid_from")
        constraints = (
            models.UniqueConstraint(fields=["stream", "valid_from"], name="one_definition_a_day"),
            # what inspectors found cannot also be what they missed
            models.CheckConstraint(
                condition=~Q(missed_sources__contains=[Source.INSPECTOR]), name="found_is_not_missed"
            ),
        )

    def __str__(self) -> str:
        return f"{self.stream_id} {self.valid_from}"
