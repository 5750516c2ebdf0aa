"""The filing standard: conditions with limits, and the limits and policies of the other steps."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dispatch.models.report import Source


class LimitUnit(models.TextChoices):
    """Units of the filing standards (workflow.md §7.1) and the clock each runs on."""

    CONTINUOUS_HOUR = "continuous_hour", _("urgent working hours")  # 紧急工作时
    WORKING_HOUR = "working_hour", _("working hours")  # 工作时
    WORKING_DAY = "working_day", _("working days")  # 工作日


class FilingCondition(models.Model):
    """A condition under which a class is filed, its limit, and what must be true to close (GB/T 30428.8).

    The limit belongs to the condition, not to the class.

    stages  a staged limit: [{name_zh, name_en, limit_value, limit_unit}, …], each from dispatch on, the last
            one equal to the limit itself
    types   limits to choose from (可选处置时限): {"A": ["2", "working_hour"], …}; see LimitType
    season  key of a Season: the limit is counted within it only
    """

    problem_class = models.ForeignKey(
        "gis_data.ProblemClass", on_delete=models.PROTECT, related_name="conditions"
    )
    ordinal = models.PositiveSmallIntegerField(_("number"))
    text = models.TextField(_("filing condition"))
    text_en = models.TextField(_("filing condition in English"), blank=True)
    quota = models.DecimalField(_("limit"), max_digits=8, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=16, choices=LimitUnit.choices)
    stages = models.JSONField(_("stages"), default=list, blank=True)
    types = models.JSONField(_("limits by type"), default=dict, blank=True)
    season = models.CharField(_("season"), max_length=60, blank=True)
    closing = models.TextField(_("closing condition"), blank=True)
    closing_en = models.TextField(_("closing condition in English"), blank=True)
    note = models.TextField(_("note"), blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("filing condition")
        verbose_name_plural = _("filing conditions")
        ordering = ("problem_class", "ordinal")
        constraints = (
            models.UniqueConstraint(fields=["problem_class", "ordinal"], name="condition_once_a_class"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.text if _chinese() or not self.text_en else self.text_en

    @property
    def closing_title(self) -> str:
        return self.closing if _chinese() or not self.closing_en else self.closing_en


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


class StepLimit(models.Model):
    """How long a step of the centres and inspectors may take; a row for each clock but handling."""

    clock = models.CharField(_("clock"), max_length=16, unique=True)
    quota = models.DecimalField(_("limit"), max_digits=8, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=16, choices=LimitUnit.choices)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("limit of a step")
        verbose_name_plural = _("limits of steps")

    def __str__(self) -> str:
        return self.clock


class SourcePolicy(models.Model):
    """What a source implies: must an inspector verify on site before the case is filed?"""

    source = models.CharField(_("source"), max_length=10, choices=Source.choices, unique=True)
    verify_first = models.BooleanField(_("verify on site before filing"))

    class Meta:
        verbose_name = _("policy of a source")
        verbose_name_plural = _("policies of sources")

    def __str__(self) -> str:
        return self.source
