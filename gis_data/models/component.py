"""What stands in the city: coded components (部件)."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE
from gis_data.models.classes import ProblemClass


class Component(models.Model):
    """A component with its 16-digit code (district 6 + class 4 + sequence 6) and survey attributes.

    The three organisations are kept as the codes the survey delivered; `dispatch` joins them to
    organisations, `check_city` lists those that match none. `cell_code` is the cell in which the
    representative point `place` lies.
    """

    class State(models.TextChoices):
        INTACT = "intact", _("intact")
        DAMAGED = "damaged", _("damaged")
        LOST = "lost", _("lost")
        ABANDONED = "abandoned", _("abandoned")

    code = models.CharField(_("component code"), max_length=18)
    district_code = models.CharField(_("district code"), max_length=6)
    problem_class = models.ForeignKey(ProblemClass, on_delete=models.PROTECT, related_name="components")
    place = models.PointField(_("place"), srid=STORE, spatial_index=False)
    outline = models.GeometryField(_("outline"), srid=STORE, null=True, blank=True, spatial_index=False)
    cell_code = models.CharField(_("unit grid cell"), max_length=15)
    authority_code = models.CharField(_("authority in charge"), max_length=40, blank=True)
    owner_code = models.CharField(_("owner"), max_length=40, blank=True)
    maintainer_code = models.CharField(_("maintainer"), max_length=40, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.INTACT)
    initial_on = models.DateField(_("initial date"), null=True, blank=True)
    changed_on = models.DateField(_("date of change"), null=True, blank=True)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)
    data_source = models.CharField(_("data source"), max_length=60, blank=True)
    note = models.TextField(_("note"), blank=True)
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)

    class Meta:
        verbose_name = _("component")
        verbose_name_plural = _("components")
        # Plain indexes: unique=True and db_index=True would each add a second one for LIKE.
        constraints = (models.UniqueConstraint(fields=["code"], name="component_code_once"),)
        indexes = (
            models.Index(fields=["cell_code"], name="component_cell"),
            GistIndex(fields=["place"], name="component_place"),
            # btree_gist carries the class beside the point: "the nearest lamps" is one index scan.
            GistIndex(fields=["problem_class", "place"], name="component_class_place"),
        )

    def __str__(self) -> str:
        return self.code
