"""Photographs and voice notes of a case. Bytes lie in the private media folder, named by their own hash."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Attachment(models.Model):
    """One photograph or voice note, kept byte for byte as evidence. Written by `photos.take_photo()`.

    id        the UUID its maker chose; sent again with the same bytes, it finds the same row
    case      null until a report or a move names the photograph
    sha256    hex digest of the original, and the name of its file
    width, height   in pixels, upright as a person sees it; 0 of a voice note
    seconds         how long a voice note lasts; null of a photograph
    taken_at, exif_lon, exif_lat   what the camera wrote, WGS-84; null when it wrote nothing usable
    exif_declared   the phone read these from the original before it shrank the picture
    original_sha256 hex digest of what the camera made, when the phone sends a smaller picture
    source          camera or gallery, as the phone declares it: it cannot be proved
    off_m           how far `exif_lon, exif_lat` lie from the place that the case claims, in metres
    """

    class Source(models.TextChoices):
        CAMERA = "camera", _("camera")
        GALLERY = "gallery", _("gallery")
        UNKNOWN = "", _("not told")

    class Kind(models.TextChoices):
        REPORT = "report", _("report")
        VERIFY = "verify", _("verification")
        FINISH = "finish", _("handling finished")
        CHECK = "check", _("check on site")
        OTHER = "other", _("other")
        VOICE = "voice", _("voice note")

    id = models.UUIDField(primary_key=True, editable=False)
    case = models.ForeignKey(
        "casework.Case",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="attachments",
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name shown"), max_length=100, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    byte_size = models.PositiveIntegerField(_("size in bytes"))
    content_type = models.CharField(_("content type"), max_length=20)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    seconds = models.FloatField(_("length in seconds"), null=True, blank=True)
    taken_at = models.DateTimeField(_("taken at"), null=True, blank=True)
    exif_lon = models.FloatField(_("longitude in the photograph"), null=True, blank=True)
    exif_lat = models.FloatField(_("latitude in the photograph"), null=True, blank=True)
    exif_declared = models.BooleanField(_("position told by the phone"), default=False)
    original_sha256 = models.CharField(_("SHA-256 of the original"), max_length=64, blank=True)
    source = models.CharField(_("source"), max_length=7, choices=Source.choices, blank=True)
    off_m = models.FloatField(_("metres from the place claimed"), null=True, blank=True)
    uploaded_by = models.ForeignKey(
        "casework.Person",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    uploaded_at = models.DateTimeField(_("uploaded at"))

    repeated = False  # of what `photos.take_photo()` answers: it had been sent before

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = (
            models.CheckConstraint(
                condition=Q(exif_lon__isnull=True, exif_lat__isnull=True)
                | Q(
                    exif_lon__gte=-180,
                    exif_lon__lte=180,
                    exif_lat__gte=-90,
                    exif_lat__lte=90,
                ),
                name="exif_position_on_earth_or_none",
            ),
            models.CheckConstraint(
                condition=Q(kind="voice", seconds__gt=0, width=0)
                | (~Q(kind="voice") & Q(seconds__isnull=True)),
                name="attachment_seconds_of_voice_alone",
            ),
        )
        indexes = (
            models.Index(fields=["sha256"], name="attachment_by_content"),
            # What no case claimed: `photos.forget_unclaimed()` looks here.
            models.Index(
                fields=["uploaded_at"],
                condition=Q(case__isnull=True),
                name="attachment_unclaimed",
            ),
        )

    def __str__(self) -> str:
        return self.name or str(self.id)

    @property
    def original(self) -> PurePosixPath:
        """Where the bytes lie, relative to the media folder. Private: served to nobody by path."""
        return PurePosixPath("originals", self.sha256[:2], self.sha256[2:4], self.sha256)
