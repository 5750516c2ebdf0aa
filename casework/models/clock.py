"""Clocks: how much time a step may take, what of it is spent, when it is due, and who is told when."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casework.models.notice import Notice


class AbstractClock(models.Model):
    """A limit and the spans counted against it.

    quota     the limit it was given; `extended` is what extensions (延期) have added to it
    spans     [[start, end], …] ISO instants in UTC; the end of the last is null while the clock runs.
              `due_at` is a pure function of limit, spans and calendar (`casework.calendars.due_at`).
    season    MM-DD/MM-DD, where the limit is counted in a season only; empty: all the year
    exempt    it was late, and an appeal has taken that out of the figures; the lateness itself stays
    next_alarm_at   when the next threshold is reached (`casework.thresholds`); none while it does not run
    level, epoch    how many thresholds were reached, and how often an extension took that back
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
    extended = models.DecimalField(_("extended by"), max_digits=8, decimal_places=3, default=0)
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
    season = models.CharField(_("counted in the season"), max_length=11, blank=True)
    exempt = models.BooleanField(_("lateness exempted"), default=False)
    next_alarm_at = models.DateTimeField(_("next threshold at"), null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("thresholds reached"), default=0)
    epoch = models.PositiveSmallIntegerField(_("times the thresholds were set back"), default=0)

    class Meta:
        abstract = True


class CaseClock(AbstractClock):
    """A clock of a case's step; the flow names them (`dispatch.workflow.Clock`)."""

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
                fields=["next_alarm_at"],
                condition=Q(next_alarm_at__isnull=False),
                name="clock_alarm_next",
            ),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.name}"


class Alarm(models.Model):
    """A threshold of a clock that was reached: noted once, in the transaction that tells of it.

    at      when the threshold was reached; fired_at: when that was noticed
    told    who was told: [{"person": id, "post": id, "channels": […], "muted": […]}]
    """

    # a clock that an undone move had started is gone; that somebody was told of it is not
    clock = models.ForeignKey(
        CaseClock, on_delete=models.DO_NOTHING, related_name="alarms", db_constraint=False, db_index=False
    )
    step = models.CharField(_("threshold"), max_length=16)
    epoch = models.PositiveSmallIntegerField(_("time"), default=0)
    at = models.DateTimeField(_("reached at"))
    fired_at = models.DateTimeField(_("noticed at"))
    told = models.JSONField(_("told"), default=list)

    class Meta:
        verbose_name = _("threshold reached")
        verbose_name_plural = _("thresholds reached")
        constraints = (
            models.UniqueConstraint(fields=["clock", "step", "epoch"], name="a_threshold_fires_once"),
        )

    def __str__(self) -> str:
        return f"{self.clock_id} {self.step}"


class Threshold(models.Model):
    """At which share of a limit somebody is told, how far up the chain of posts, and by which channels.

    share   of the whole limit: 0.8 is the yellow lamp (workflow.md §7.3), 1 the due date, more is overdue
    reach   0 whoever answers for the clock, 1 her superior as well, 2 the head as well
    supervises   reaching it puts the case under supervision (督办, for timeout)
    mutable      may a person switch it off for herself?
    """

    step = models.CharField(_("threshold"), max_length=16, unique=True)
    share = models.DecimalField(_("share of the limit"), max_digits=5, decimal_places=3, unique=True)
    reach = models.PositiveSmallIntegerField(_("steps up the chain"), default=0)
    channels = ArrayField(
        models.CharField(max_length=8, choices=Notice.Channel.choices),
        verbose_name=_("channels"),
        default=list,
    )
    supervises = models.BooleanField(_("puts under supervision"), default=False)
    mutable = models.BooleanField(_("may be muted"), default=True)

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        ordering = ("share",)
        constraints = (
            models.CheckConstraint(condition=Q(share__gt=0), name="threshold_after_the_start"),
            models.CheckConstraint(condition=Q(reach__lte=2), name="chain_of_three"),
        )

    def __str__(self) -> str:
        return self.step


class Mute(models.Model):
    """What a person does not want to be told; her colleagues and the record are not touched.

    step      a threshold that may be muted, or the key of another template
    channel   empty: all of them
    """

    person = models.ForeignKey("casework.Person", on_delete=models.CASCADE, related_name="mutes")
    step = models.CharField(_("threshold"), max_length=40)
    channel = models.CharField(_("channel"), max_length=8, choices=Notice.Channel.choices, blank=True)

    class Meta:
        verbose_name = _("muted notice")
        verbose_name_plural = _("muted notices")
        constraints = (models.UniqueConstraint(fields=["person", "step", "channel"], name="muted_once"),)

    def __str__(self) -> str:
        return f"{self.person_id} {self.step} {self.channel}"
