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
    representative point `place` lies. `source` and `source_id` name the inventory and the id there: a newer
    delivery finds its component again by them. Empty words are not known; nothing is put in their stead.
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
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.INTACT, blank=True
    )
    initial_on = models.DateField(_("initial date"), null=True, blank=True)
    changed_on = models.DateField(_("date of change"), null=True, blank=True)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)
    data_source = models.CharField(_("data source"), max_length=60, blank=True)
    note = models.TextField(_("note"), blank=True)
    # Defaults of the database too: bulk loads that know no inventory need not name the columns.
    source = models.CharField(_("inventory"), max_length=60, blank=True, default="", db_default="")
    source_id = models.CharField(
        _("id in its inventory"), max_length=100, blank=True, default="", db_default=""
    )
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)

    class Meta:
        verbose_name = _("component")
        verbose_name_plural = _("components")
        # Plain indexes: unique=True and db_index=True would each add a second one for LIKE.
        constraints = (
            models.UniqueConstraint(fields=["code"], name="component_code_once"),
            models.UniqueConstraint(
                fields=["district_code", "source", "source_id"],
                condition=models.Q(retired_on=None) & ~models.Q(source_id=""),
                name="component_source_id_once",
            ),
        )
        indexes = (
            models.Index(fields=["cell_code"], name="component_cell"),
            GistIndex(fields=["place"], name="component_place"),
            # btree_gist carries the class beside the point: "the nearest lamps" is one index scan.
            GistIndex(fields=["problem_class", "place"], name="component_class_place"),
        )

    def __str__(self) -> str:
        return self.code


class ComponentDelivery(models.Model):
    """One file of components on its way into a district; its checked rows wait in `staging_table`.

    digest        of the file and of all that decides how its rows are read: the same again goes on
    rows          how many the file has, known when all were read
    counts        what came of it; empty until loaded
    """

    district_code = models.CharField(_("district code"), max_length=6)
    source = models.CharField(_("inventory"), max_length=60)
    file_name = models.CharField(_("file"), max_length=255)
    digest = models.CharField(max_length=64)
    begun_at = models.DateTimeField(_("begun at"), auto_now_add=True)
    rows = models.PositiveIntegerField(_("rows"), null=True, blank=True)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    loaded_at = models.DateTimeField(_("loaded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery of components")
        verbose_name_plural = _("deliveries of components")
        constraints = (
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(loaded_at=None), name="delivery_once_under_way"
            ),
        )

    def __str__(self) -> str:
        return f"{self.district_code} {self.source} {self.file_name}"

    @property
    def staging_table(self) -> str:
        return f"gis_data_staged_component_{self.pk}"
