"""Editing on the map: a draft being worked on, and every edit with what was there before and after."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from gis_data.models.area import Generation


class Draft(models.Model):
    """A draft generation that is edited on the map; `version` counts all that was done to it, undoing too."""

    generation = models.OneToOneField(
        Generation, on_delete=models.CASCADE, primary_key=True, related_name="draft"
    )
    base = models.ForeignKey(
        Generation, on_delete=models.SET_NULL, null=True, blank=True, related_name="drafts"
    )
    version = models.PositiveIntegerField(_("version"), default=0)
    begun_at = models.DateTimeField(_("begun at"), auto_now_add=True)
    begun_by_id = models.BigIntegerField(_("begun by"))
    begun_by_name = models.CharField(_("begun by"), max_length=100)

    class Meta:
        verbose_name = _("draft on the map")
        verbose_name_plural = _("drafts on the map")

    def __str__(self) -> str:
        return str(self.generation)


class MapEdit(models.Model):
    """One edit: of a draft, or at once of grids and components in force (then `generation` is empty).

    before, after   the rows it took away and the rows it left, by table and key; undoing puts `before` back
    The log outlives its draft: a discarded one leaves its edits with an empty `generation`.
    """

    class State(models.TextChoices):
        DONE = "done", _("done")
        UNDONE = "undone", _("undone")
        DROPPED = "dropped", _("undone for good")

    district_code = models.CharField(_("district code"), max_length=6)
    generation = models.ForeignKey(
        Generation, on_delete=models.SET_NULL, null=True, blank=True, related_name="edits"
    )
    kind = models.CharField(_("kind"), max_length=20)
    subject = models.CharField(_("what was edited"), max_length=300)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.DONE)
    at = models.DateTimeField(_("at"), auto_now_add=True)
    by_id = models.BigIntegerField(_("by"))
    by_name = models.CharField(_("by"), max_length=100)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        verbose_name = _("edit on the map")
        verbose_name_plural = _("edits on the map")
        ordering = ("id",)
        indexes = (
            models.Index(fields=["generation", "state", "id"], name="map_edit_of_draft"),
            models.Index(fields=["district_code", "-id"], name="map_edit_of_district"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class GridPlan(models.Model):
    """Proposed responsibility grids of a district while they are looked at and changed on the map.

    names    of the grids, in their order
    cells    [code, grid, minutes a day, reports, components, metres to walk] of every cell
    beside   pairs of cells (their places in `cells`) that touch
    done, undone   moves that can be undone and done again: {"to", "cells": [[cell, grid before], …], "by"}
    """

    district_code = models.CharField(_("district code"), max_length=6, primary_key=True)
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="grid_plans")
    version = models.PositiveIntegerField(_("version"), default=0)
    begun_at = models.DateTimeField(_("begun at"), auto_now_add=True)
    begun_by_name = models.CharField(_("begun by"), max_length=100)
    balance_now = models.FloatField(null=True)
    names = models.JSONField(default=list)
    cells = models.JSONField(default=list)
    beside = models.JSONField(default=list)
    done = models.JSONField(default=list)
    undone = models.JSONField(default=list)

    class Meta:
        verbose_name = _("proposed grids")
        verbose_name_plural = _("proposed grids")

    def __str__(self) -> str:
        return f"{self.district_code}: {len(self.names)}"
