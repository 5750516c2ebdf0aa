"""Which inspector walks which responsibility grid, on which shift."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class DutyShift(models.Model):
    """A shift (班次) in which every responsibility grid is to be walked; duties name it by its code.

    Without any there is one shift a day. What somebody really walked is `dispatch.Shift`.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    starts_at = models.TimeField(_("begins at"))
    ends_at = models.TimeField(_("ends at"))
    in_use = models.BooleanField(_("every grid needs an inspector"), default=True)

    class Meta:
        verbose_name = _("shift of duty")
        verbose_name_plural = _("shifts of duty")
        ordering = ("starts_at", "code")

    def __str__(self) -> str:
        return self.name


class GridDuty(models.Model):
    """Many to many between inspectors and responsibility grids, by shift and dates."""

    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="duties")
    grid = models.ForeignKey("gis_data.ResponsibilityGrid", on_delete=models.PROTECT, related_name="duties")
    shift = models.CharField(_("shift"), max_length=20, default="day")
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("grid duty")
        verbose_name_plural = _("grid duties")
        constraints = (
            models.UniqueConstraint(fields=["person", "grid", "shift", "valid_from"], name="duty_once"),
        )

    def __str__(self) -> str:
        return f"{self.person} {self.grid}"
