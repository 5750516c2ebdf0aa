"""What the paper map shows beneath the work: streets, water, green, buildings."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GistIndex
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE


class BaseFeature(models.Model):
    """A shape of the base map; `rank` is the width class of a street (1 widest … 4 lane)."""

    class Kind(models.TextChoices):
        STREET = "street", _("street")
        WATER = "water", _("water")
        GREEN = "green", _("green space")
        BUILDING = "building", _("building")
        PLACE = "place", _("place name")

    district_code = models.CharField(_("district code"), max_length=6)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    rank = models.PositiveSmallIntegerField(_("rank"), default=3)
    name = models.CharField(_("name"), max_length=100, blank=True)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)
    shape = models.GeometryField(_("shape"), srid=STORE, spatial_index=False)
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)

    class Meta:
        verbose_name = _("base map feature")
        verbose_name_plural = _("base map features")
        indexes = (GistIndex(fields=["shape"], name="base_feature_shape"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class LayerVersion(models.Model):
    """Counts the changes of one tile layer; a trigger on the layer's tables raises it.

    Tiles carry it as their ETag, and caches use it in their keys, so a stale tile cannot be served.
    """

    layer = models.CharField(_("layer"), max_length=12, primary_key=True)
    version = models.BigIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("version of a layer")
        verbose_name_plural = _("versions of layers")

    def __str__(self) -> str:
        return f"{self.layer} {self.version}"
