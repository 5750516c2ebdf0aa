"""What a city calls the same thing, class by class."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DuplicateRule(models.Model):
    """Within how many metres and days two reports of a class may be one problem. Empty means any class.

    class_code   prefix of the class code, with `class_kind`; of several rows the longest prefix counts
    least_score  from 0 to 1: below it nothing is proposed; see `dispatch.likeness`
    Classes without a row follow the stream's policy of patrols (`join_m`, `join_days`).
    """

    stream = models.ForeignKey("casework.Stream", on_delete=models.PROTECT, related_name="duplicate_rules")
    class_kind = models.CharField(_("components or events"), max_length=9, blank=True)
    class_code = models.CharField(_("class code begins with"), max_length=6, blank=True)
    metres = models.FloatField(_("same thing within m"))
    days = models.FloatField(_("same thing within days"))
    least_score = models.FloatField(_("least score"), default=0.5)

    class Meta:
        verbose_name = _("threshold of duplicates")
        verbose_name_plural = _("thresholds of duplicates")
        ordering = ("stream", "class_kind", "class_code")
        constraints = (
            models.UniqueConstraint(
                fields=["stream", "class_kind", "class_code"], name="one_threshold_a_class"
            ),
            models.CheckConstraint(
                condition=Q(
                    metres__gt=0, metres__lte=1000, days__gt=0, least_score__gte=0, least_score__lte=1
                ),
                name="threshold_makes_sense",
            ),
            models.CheckConstraint(
                condition=Q(class_code="") | ~Q(class_kind=""), name="threshold_of_a_class_says_its_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.stream_id} {self.class_kind} {self.class_code}".strip()
