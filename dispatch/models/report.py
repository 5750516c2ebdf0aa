"""What makes a case a report: a thing, a place, a reporter, and the times of its stages."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE

SPLIT = "split"  # CaseLink.kind: the source was split, the target was split off


class Source(models.TextChoices):
    """By which door a report came (workflow.md §3)."""

    INSPECTOR = "inspector", _("inspector on patrol")
    HOTLINE = "hotline", _("hotline 12319")
    WEB = "web", _("web or app")
    MAILBOX = "mailbox", _("leader's mailbox")
    MEDIA = "media", _("media")
    PETITION = "petition", _("petition")
    SUPERIOR = "superior", _("higher authority")
    VIDEO = "video", _("video")
    SENSOR = "sensor", _("sensor")
    TRANSFER = "transfer", _("transferred from another system")


class VerifyResult(models.TextChoices):
    EXISTS = "exists", _("exists")
    NOT_EXISTS = "not_exists", _("does not exist")
    CANNOT_TELL = "cannot_tell", _("cannot tell")


class CheckResult(models.TextChoices):
    PASS = "pass", _("pass")
    FAIL = "fail", _("fail")
    CANNOT_TELL = "cannot_tell", _("cannot tell")


class Appeal(models.TextChoices):
    """An appeal against lateness (超期申诉). Granted: exempt in the figures; the fact stays."""

    PENDING = "pending", _("pending")
    GRANTED = "granted", _("granted")
    REFUSED = "refused", _("refused")


class Supervised(models.TextChoices):
    """Why a case is under supervision (督办)."""

    TIMEOUT = "timeout", _("for timeout")
    LEADER = "leader", _("by a leader")
    IMPORTANT = "important", _("as important")


class Report(models.Model):
    """A report (案件): one-to-one on its Case, which has number, state, holder and version.

    place          crs.STORE (EPSG:4326); `given_lon/lat/datum` keep what was sent
    cell_code      the unit cell of the day of reporting; its prefixes are community, street, district
    department     who has or had to handle it; stays when the case goes back to supervision
    inspector      who was last asked to verify or check on site
    *_at           when the case last entered that stage, equal to the journal entry's `at`
    main           of a duplicate: the case that it is a duplicate of, and follows
    duplicate_count  how many cases are duplicates of this one now
    is_open        repeats that somebody works on the case, for the index behind the live map
    relief         what the department has asked for and is not decided: kind, reason, level, who decides next
    late           a handling clock ended after its due; `appeal` says what became of that
    supervised     under supervision (督办), for which reason
    fingerprint    SHA-256 of what was sent, so that a repeat is told from another report under one id
    """

    case = models.OneToOneField(
        "casework.Case", on_delete=models.PROTECT, primary_key=True, related_name="report"
    )
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    problem_class = models.ForeignKey("gis_data.ProblemClass", on_delete=models.PROTECT, related_name="+")
    condition = models.ForeignKey(
        "dispatch.FilingCondition",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    place = models.PointField(_("place"), srid=STORE, spatial_index=False)
    given_lon = models.FloatField(_("longitude as sent"))
    given_lat = models.FloatField(_("latitude as sent"))
    given_datum = models.CharField(_("datum as sent"), max_length=6)
    accuracy_m = models.FloatField(_("accuracy in m"), null=True, blank=True)
    cell_code = models.CharField(_("unit grid cell"), max_length=15)
    component_code = models.CharField(_("component"), max_length=18, blank=True)
    owner_code = models.CharField(_("owner of the component"), max_length=40, blank=True)
    address = models.CharField(_("address or relative description"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    reporter = models.ForeignKey(
        "casework.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        db_index=False,  # report_of_inspector finds them
    )
    party = models.ForeignKey(
        "casework.Party",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        db_index=False,
    )
    device_at = models.DateTimeField(_("time of the device"))
    fingerprint = models.BinaryField(max_length=32)

    department = models.ForeignKey(
        "casework.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    inspector = models.ForeignKey(
        "casework.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reported_at = models.DateTimeField(_("reported at"))
    verified_at = models.DateTimeField(_("verified at"), null=True, blank=True)
    verify_result = models.CharField(max_length=11, choices=VerifyResult.choices, blank=True)
    filed_at = models.DateTimeField(_("filed at"), null=True, blank=True)
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True, blank=True)
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    check_result = models.CharField(max_length=11, choices=CheckResult.choices, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closing = models.TextField(_("closing condition met"), blank=True)
    main = models.ForeignKey(
        "casework.Case",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        db_index=False,
    )
    duplicate_count = models.PositiveSmallIntegerField(default=0)
    is_open = models.BooleanField(_("open"), default=True)
    dispatch_count = models.PositiveSmallIntegerField(default=0)
    return_count = models.PositiveSmallIntegerField(default=0)
    rework_count = models.PositiveSmallIntegerField(default=0)
    extensions = models.PositiveSmallIntegerField(_("extensions"), default=0)
    hangs = models.PositiveSmallIntegerField(_("times hung"), default=0)
    relief = models.JSONField(_("relief asked for"), null=True, blank=True)
    late = models.BooleanField(_("handled late"), default=False)
    appeal = models.CharField(_("appeal"), max_length=7, choices=Appeal.choices, blank=True)
    supervised = models.CharField(_("supervised"), max_length=9, choices=Supervised.choices, blank=True)
    limit_type = models.CharField(_("type of limit"), max_length=4, blank=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = (
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(filed_at__isnull=False), name="closed_only_when_filed"
            ),
        )
        indexes = (
            GistIndex(fields=["place"], condition=Q(is_open=True), name="report_open_on_map"),
            models.Index(fields=["reporter", "-reported_at"], name="report_of_inspector"),
            models.Index(
                fields=["component_code"], condition=~Q(component_code=""), name="report_of_component"
            ),
            models.Index(fields=["main"], condition=Q(main__isnull=False), name="report_duplicate_of"),
            models.Index(fields=["cell_code", "-reported_at"], name="report_of_cell"),
            models.Index(fields=["filed_at"], name="report_filed"),
            models.Index(fields=["closed_at"], name="report_closed"),
            models.Index(fields=["dispatched_at"], name="report_dispatched"),
        )

    def __str__(self) -> str:
        return str(self.case_id)
