"""The same thing, seen by somebody else: joined to the open case instead of becoming a second one."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from dispatch.models.report import Source
from gis_data.crs import STORE


class Joining(models.Model):
    """One further sighting of a case (附议). The case's journal has an entry for each.

    id          made by the phone; sent again, it finds the same row
    person      the inspector who saw it, or the acceptor who took it down
    party       the citizen who told of it
    distance_m  from the place of the report
    """

    id = models.UUIDField(primary_key=True, editable=False)
    case = models.ForeignKey("casework.Case", on_delete=models.PROTECT, related_name="joinings")
    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(
        "casework.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    note = models.TextField(_("note"), blank=True)
    place = models.PointField(_("seen from"), srid=STORE, null=True, blank=True, spatial_index=False)
    accuracy_m = models.FloatField(_("accuracy in m"), null=True, blank=True)
    distance_m = models.FloatField(_("distance to the place in m"), null=True, blank=True)
    device_at = models.DateTimeField(_("time of the device"), null=True, blank=True)
    joined_at = models.DateTimeField(_("joined at"))

    class Meta:
        verbose_name = _("further sighting")
        verbose_name_plural = _("further sightings")

    def __str__(self) -> str:
        return f"{self.case_id} {self.source}"
