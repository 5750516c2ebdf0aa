"""Place names and addresses: what people call a place (GB/T 30428.3, geocoding)."""

from __future__ import annotations

from typing import Final

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE


class Address(models.Model):
    """A basic place (基本地点): a named area, a street, a door, a point of interest, a landmark.

    Kinds follow GB/T 30428.3 as later texts quote it (clause not read). What is no longer called so keeps its
    row with `valid_to`; a name that was changed stays in `former`, so that old reports can still be found.

    key     what makes it the same place in the next file: its own code, else kind, name and cell
    spelt   all its spellings in lower case, written by gis_data.spelling; empty for doors, which are found
            by their street and number
    """

    class Kind(models.TextChoices):
        AREA = "area", _("named area")
        STREET = "street", _("street or lane")
        DOOR = "door", _("door plate")
        POI = "poi", _("point of interest")
        LANDMARK = "landmark", _("landmark")

    district_code = models.CharField(_("district code"), max_length=6)
    key = models.CharField(_("key"), max_length=300)
    code = models.CharField(_("code of the source"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=200)
    name_en = models.CharField(_("English name"), max_length=200, blank=True)
    alias = models.CharField(_("other names"), max_length=200, blank=True, help_text=_("separated by “;”"))
    former = models.TextField(_("former names"), blank=True)
    street = models.CharField(_("street of the door"), max_length=200, blank=True)
    number = models.CharField(_("number of the door"), max_length=40, blank=True)
    pinyin = models.CharField(_("pinyin"), max_length=600, blank=True)
    initials = models.CharField(_("initials"), max_length=200, blank=True)
    spelt = models.TextField(_("spellings"), blank=True, editable=False)
    # geography, so that the index gives the nearest in metres and not in degrees
    place = models.PointField(_("place"), srid=STORE, geography=True, spatial_index=False)
    outline = models.GeometryField(_("outline"), srid=STORE, null=True, blank=True, spatial_index=False)
    area_code = models.CharField(_("community"), max_length=12, blank=True)
    cell_code = models.CharField(_("unit grid cell"), max_length=15, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    synthetic = models.BooleanField(_("generated, not surveyed"), default=False)

    class Meta:
        verbose_name = _("address or place name")
        verbose_name_plural = _("addresses and place names")
        constraints = (models.UniqueConstraint(fields=["district_code", "key"], name="address_once"),)
        indexes = (
            GinIndex(
                OpClass("spelt", name="gin_trgm_ops"), name="address_spelt", condition=~models.Q(kind="door")
            ),
            models.Index(
                fields=["district_code", "street", "number"],
                name="address_door",
                condition=models.Q(kind="door"),
            ),
            # "the nearest of a district" is one walk down this tree
            GistIndex(
                fields=["district_code", "place"],
                name="address_place",
                condition=models.Q(kind__in=("door", "poi", "landmark")),
            ),
        )

    def __str__(self) -> str:
        return self.name


# Kinds that stand at a point: what a place can be described by.
POINTS: Final = (Address.Kind.DOOR, Address.Kind.POI, Address.Kind.LANDMARK)
