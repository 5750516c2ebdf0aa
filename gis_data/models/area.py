"""Districts, streets and communities, in dated generations."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE


class Generation(models.Model):
    """One delivery of boundaries for one district; at most one a district is active.

    New boundaries are loaded into a draft, looked at, then activated; the old generation keeps its
    cells, so that old cases stay on the cells of their day (idea of MapIt's Generation). A code in a case
    means the cell of the generation that was active when it was reported: `activated_at` to `retired_at`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    district_code = models.CharField(_("district code"), max_length=6)
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    source = models.TextField(_("source and licence"), blank=True)
    # by level: {"from": "file" | "carried" | "union" | "filled" | "cut", …}, written by who made the level
    levels = models.JSONField(_("what it is made of"), default=dict, blank=True)
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)
    loaded_at = models.DateTimeField(_("loaded at"), auto_now_add=True)
    activated_at = models.DateTimeField(_("activated at"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    class Meta:
        verbose_name = _("generation of boundaries")
        verbose_name_plural = _("generations of boundaries")
        constraints = (
            models.UniqueConstraint(
                fields=["district_code"],
                condition=models.Q(state="active"),
                name="one_active_generation_a_district",
            ),
        )

    def __str__(self) -> str:
        return f"{self.district_code} {self.title}"


class Area(models.Model):
    """A district (6 digits), street (9) or community (12) of GB/T 2260 and GB/T 10114.

    `border` is in crs.STORE (EPSG:4326, lon/lat degrees); `area_m2` was measured in crs.METRIC.
    """

    class Level(models.TextChoices):
        DISTRICT = "district", _("district")
        STREET = "street", _("street")
        COMMUNITY = "community", _("community")

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="areas")
    level = models.CharField(_("level"), max_length=9, choices=Level.choices)
    code = models.CharField(_("code"), max_length=12)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    border = models.MultiPolygonField(_("border"), srid=STORE, spatial_index=False)
    area_m2 = models.FloatField(_("area in m²"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(fields=["generation", "code"], name="area_code_once_a_generation"),
        )
        indexes = (
            models.Index(fields=["code"], name="area_by_code"),
            GistIndex(fields=["border"], name="area_border"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class Lineage(models.Model):
    """How much of an old area or cell lies in a new one; written when a generation is activated.

    `overlap_m2` in the city's metric system; `share` is the part of the old one's ground. Ground that no new
    one covers has no row, so the shares of an old one add up to at most 1.
    """

    overlap_m2 = models.FloatField(_("common area in m²"))
    share = models.FloatField(_("share of the old one"))

    class Meta:
        abstract = True


class AreaLineage(Lineage):
    """A district, street or community of one generation and what became of it in the next."""

    old = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="became", verbose_name=_("old"))
    new = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="came_from", verbose_name=_("new"))

    class Meta:
        verbose_name = _("lineage of an area")
        verbose_name_plural = _("lineage of areas")
        constraints = (models.UniqueConstraint(fields=["old", "new"], name="area_lineage_once"),)

    def __str__(self) -> str:
        return f"{self.old_id} → {self.new_id}"
