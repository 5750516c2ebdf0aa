"""Routing rules as rows, and which rule sent which case."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class RoutingRule(models.Model):
    """To whom a problem of a class, in an area, on somebody's component, goes. Empty means any.

    class_code   prefix of the class code: major (2 digits) or class; with `class_kind`
    area_code    prefix of the cell code: district 6, street 9, community 12, cell 15
    The most specific rule wins, then the higher priority; see `dispatch.routing`.
    """

    name = models.CharField(_("name"), max_length=100)
    district_code = models.CharField(_("district code"), max_length=6)
    class_kind = models.CharField(_("components or events"), max_length=9, blank=True)
    class_code = models.CharField(_("class code begins with"), max_length=6, blank=True)
    area_code = models.CharField(_("area code begins with"), max_length=15, blank=True)
    owner_code = models.CharField(_("owner of the component"), max_length=40, blank=True)
    from_hour = models.TimeField(_("from this time of day"), null=True, blank=True)
    to_hour = models.TimeField(_("until this time of day"), null=True, blank=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    organisation = models.ForeignKey("casework.Organisation", on_delete=models.PROTECT, related_name="rules")
    quota = models.DecimalField(_("own limit"), max_digits=8, decimal_places=3, null=True, blank=True)
    unit = models.CharField(_("unit of the own limit"), max_length=16, blank=True)
    valid_from = models.DateTimeField(_("valid from"))
    valid_to = models.DateTimeField(_("valid to"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("routing rule")
        verbose_name_plural = _("routing rules")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="rule_ends_after_it_began",
            ),
        )

    def __str__(self) -> str:
        return self.name


class RoutingDecision(models.Model):
    """One dispatch: where to, by which rule or by hand, why; and whether it came back."""

    case = models.ForeignKey("casework.Case", on_delete=models.PROTECT, related_name="routing_decisions")
    rule = models.ForeignKey(
        RoutingRule, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    organisation = models.ForeignKey("casework.Organisation", on_delete=models.PROTECT, related_name="+")
    by_hand = models.BooleanField(_("by hand"))
    reason = models.TextField(_("reason"))
    decided_at = models.DateTimeField(_("decided at"))
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)
    return_reason = models.TextField(_("reason of the return"), blank=True)

    class Meta:
        verbose_name = _("routing decision")
        verbose_name_plural = _("routing decisions")
        indexes = (models.Index(fields=["case", "decided_at"], name="decision_of_case"),)

    def __str__(self) -> str:
        return f"{self.case_id} → {self.organisation_id}"
