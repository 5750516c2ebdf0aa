"""Clocks: how much time a step may take, what of it is spent, when it is due."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AbstractClock(models.Model):
    """A limit and the spans counted against it.

    spans   [[start, end], …] ISO instants in UTC; the end of the last is null while the clock runs.
            `due_at` is a pure function of limit, spans and calendar (`casework.calendars.due_at`).
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")

    class Unit(models.TextChoices):
        CONTINUOUS_HOUR = "continuous_hour", _("hours, nights and holidays included")
        WORKING_HOUR = "working_hour", _("working hours")
        WORKING_DAY = "working_day", _("working days of eight hours")
        LEGAL_DAY = "legal_day", _("whole working days")
        NATURAL_DAY = "natural_day", _("days")

    name = models.CharField(_("clock"), max_length=16)
    quota = models.DecimalField(_("limit"), max_digits=8, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=16, choices=Unit.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    # nobody looks for clocks by organisation; the index would only slow every move
    organisation = models.ForeignKey(
        "casework.Organisation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    spans = models.JSONField(_("counted spans"), default=list)
    started_at = models.DateTimeField(_("started at"))
    stopped_at = models.DateTimeField(_("stopped at"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    provisional = models.BooleanField(_("due in a year not yet published"), default=False)
    overdue_noted_at = models.DateTimeField(_("noted as overdue at"), null=True, blank=True)

    class Meta:
        abstract = True


class CaseClock(AbstractClock):
    """A clock of a case's step: accepting, verifying, dispatching, handling, closing, checking."""

    case = models.ForeignKey("casework.Case", on_delete=models.PROTECT, related_name="clocks")

    class Meta:
        verbose_name = _("clock of a case")
        verbose_name_plural = _("clocks of cases")
        constraints = (
            models.UniqueConstraint(
                fields=["case", "name"], condition=~Q(state="stopped"), name="one_open_clock_of_a_name"
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=Q(state="running", overdue_noted_at__isnull=True),
                name="clock_due_next",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.name}"
