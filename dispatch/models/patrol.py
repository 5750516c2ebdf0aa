"""Inspectors on patrol: shifts, tracks, visits of cells, and for how long each is kept."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE


class PatrolPolicy(models.Model):
    """What a city has settled about patrols; a stream without a row uses the defaults of these fields.

    keep_track_days   positions are deleted so many days after they were received
    keep_visits_days  which cell was visited when (no positions) is kept longer, for the figures
    visit_accuracy_m  a position less certain than this visits no cell
    missed_hours      a problem confirmed by others is missed (漏报) by whoever visited its cell within so
                      many hours before it was reported
    far_m             an answer given farther from the place is marked
    photo_far_m       a photograph whose own position lies farther from the place is marked
    join_m, join_days which open cases are offered as "the same thing"
    """

    stream = models.OneToOneField(
        "casework.Stream", on_delete=models.PROTECT, primary_key=True, related_name="patrol_policy"
    )
    keep_track_days = models.PositiveSmallIntegerField(_("days to keep positions"), default=30)
    keep_visits_days = models.PositiveSmallIntegerField(_("days to keep visits of cells"), default=400)
    visit_accuracy_m = models.FloatField(_("worst accuracy of a visit in m"), default=100)
    missed_hours = models.PositiveSmallIntegerField(_("hours in which a problem is missed"), default=4)
    far_m = models.FloatField(_("far from the place in m"), default=100)
    photo_far_m = models.FloatField(_("photograph far from the place in m"), default=200)
    join_m = models.FloatField(_("same thing within m"), default=50)
    join_days = models.PositiveSmallIntegerField(_("same thing within days"), default=7)
    fix_every_s = models.PositiveSmallIntegerField(_("seconds between positions"), default=30)
    fix_least_m = models.PositiveSmallIntegerField(_("metres between positions"), default=15)

    class Meta:
        verbose_name = _("policy of patrols")
        verbose_name_plural = _("policies of patrols")
        constraints = (
            models.CheckConstraint(condition=Q(keep_track_days__gte=1), name="tracks_are_kept_a_day"),
            models.CheckConstraint(
                condition=Q(keep_visits_days__gte=F("keep_track_days")), name="visits_outlive_tracks"
            ),
        )

    def __str__(self) -> str:
        return str(self.stream_id)


class Shift(models.Model):
    """From "on duty" to "off duty". Positions are taken and shown only within one.

    id          made by the phone when she switches on; `began_at` and `ended_at` are the server's time,
                corrected by how far the device's clock was off when it said so
    last_*      the last position, shown to the centres while the shift lasts; emptied when it ends
    """

    id = models.UUIDField(primary_key=True, editable=False)
    stream = models.ForeignKey("casework.Stream", on_delete=models.PROTECT, related_name="shifts")
    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="shifts")
    began_at = models.DateTimeField(_("began at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    last_place = models.PointField(_("last position"), srid=STORE, null=True, blank=True, spatial_index=False)
    last_accuracy_m = models.FloatField(_("accuracy in m"), null=True, blank=True)
    last_at = models.DateTimeField(_("time of the last position"), null=True, blank=True)

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints = (
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at__isnull=True), name="one_open_shift_a_person"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")),
                name="shift_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(last_place__isnull=True),
                name="no_position_after_the_shift",
            ),
        )
        indexes = (
            models.Index(fields=["person", "-began_at"], name="shift_of_person"),
            models.Index(fields=["stream"], condition=Q(ended_at__isnull=True), name="shift_open_of_stream"),
        )

    def __str__(self) -> str:
        return f"{self.person_id} {self.began_at}"


class Track(models.Model):
    """A batch of positions of a shift, as one phone sent it. Deleted when `delete_on` has come.

    id     made by the phone; with the person it tells a repeat
    ats    server's time of each position; lons, lats in crs.STORE; accuracies in metres
    """

    pk = models.CompositePrimaryKey("person_id", "id")
    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="tracks")
    id = models.UUIDField(editable=False)
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, null=True, related_name="tracks")
    received_at = models.DateTimeField(_("received at"))
    delete_on = models.DateField(_("to be deleted on"))
    ats = ArrayField(models.DateTimeField())
    lons = ArrayField(models.FloatField())
    lats = ArrayField(models.FloatField())
    accuracies = ArrayField(models.FloatField())

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        indexes = (
            models.Index(fields=["delete_on"], name="track_to_delete"),
            models.Index(fields=["shift"], name="track_of_shift"),
        )

    def __str__(self) -> str:
        return f"{self.person_id} {self.received_at}"


class CellVisit(models.Model):
    """An inspector was in a cell from `came_at` to `left_at`; holes up to ten minutes are one visit."""

    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="visits")
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="visits")
    cell_code = models.CharField(_("unit grid cell"), max_length=15)
    came_at = models.DateTimeField(_("came at"))
    left_at = models.DateTimeField(_("left at"))
    delete_on = models.DateField(_("to be deleted on"))

    class Meta:
        verbose_name = _("visit of a cell")
        verbose_name_plural = _("visits of cells")
        constraints = (
            models.CheckConstraint(condition=Q(left_at__gte=F("came_at")), name="visit_ends_after_it_began"),
        )
        indexes = (
            models.Index(fields=["cell_code", "-left_at"], name="visit_of_cell"),
            models.Index(fields=["person", "came_at"], name="visit_of_person"),
            models.Index(fields=["delete_on"], name="visit_to_delete"),
        )

    def __str__(self) -> str:
        return f"{self.person_id} {self.cell_code}"
