"""How a city scores, and which months are closed, in the administration."""

from __future__ import annotations

from django.contrib import admin

from dispatch.admin import ModelAdmin
from dispatch.indicators.models import Scoring


@admin.register(Scoring)
class ScoringAdmin(ModelAdmin):
    list_display = ("stream", "valid_from", "rework_over", "closes_after", "note")
    list_filter = ("stream",)
    search_fields = ("note",)
