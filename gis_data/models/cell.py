"""Unit grid cells (GB/T 30428.1) and the responsibility grids that group them."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE
from gis_data.models.area import Area, Generation, Lineage


class Cell(models.Model):
    """A unit grid cell (单元网格): 15 digits = community 12 + sequence 3, about 10,000 m².

    Attributes of GB/T 30428.1 and Beijing DB11: code, area, initial and termination date, land use,
    management grade, responsible subject. `active` repeats that its generation is the active one, so
    that point → cell is one index scan.
    """

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="cells")
    community = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="cells")
    code = models.CharField(_("code"), max_length=15)
    border = models.PolygonField(_("border"), srid=STORE, spatial_index=False)
    area_m2 = models.FloatField(_("area in m²"))
    active = models.BooleanField(_("in force"), default=False)
    valid_from = models.DateField(_("initial date"), null=True, blank=True)
    valid_to = models.DateField(_("termination date"), null=True, blank=True)
    land_use_code = models.CharField(_("land-use code"), max_length=10, blank=True)
    management_grade = models.CharField(_("management grade"), max_length=10, blank=True)
    responsible_subject = models.CharField(_("responsible subject"), max_length=100, blank=True)
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)

    class Meta:
        verbose_name = _("unit grid cell")
        verbose_name_plural = _("unit grid cells")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["generation", "code"], name="cell_code_once_a_generation"),
        )
        indexes = (
            models.Index(fields=["code"], name="cell_by_code"),
            # Point → cell and cell tiles look only at cells in force.
            GistIndex(fields=["border"], name="cell_border_in_force", condition=models.Q(active=True)),
            # Editing looks at the neighbourhood of a point in one draft.
            GistIndex(
                fields=["generation", "border"],
                name="cell_border_in_draft",
                condition=models.Q(active=False),
            ),
        )

    def __str__(self) -> str:
        return self.code


class CellLineage(Lineage):
    """A unit cell of one generation and what became of it in the next."""

    old = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="became", verbose_name=_("old"))
    new = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="came_from", verbose_name=_("new"))

    class Meta:
        verbose_name = _("lineage of a cell")
        verbose_name_plural = _("lineage of cells")
        constraints = (models.UniqueConstraint(fields=["old", "new"], name="cell_lineage_once"),)

    def __str__(self) -> str:
        return f"{self.old_id} → {self.new_id}"


class ResponsibilityGrid(models.Model):
    """A responsibility grid (责任网格): the unit cells that one patrol walks. Local code."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    cells = models.ManyToManyField(Cell, related_name="grids", verbose_name=_("unit grid cells"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("responsibility grid")
        verbose_name_plural = _("responsibility grids")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.name} {self.code}"
