"""The filing standard, rules, limits, duties and definitions in the administration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dispatch.limits import DEFAULTS
from dispatch.models import (
    ClockPolicy,
    DuplicateRule,
    DutyShift,
    FilingCondition,
    GridDuty,
    IndicatorPolicy,
    LimitType,
    PatrolPolicy,
    RoutingDecision,
    RoutingRule,
    Season,
    SourcePolicy,
    StepLimit,
)
from dispatch.models.report import Source
from dispatch.models.standard import LimitUnit
from dispatch.workflow import Clock
from gis_data.models import ProblemClass

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    RuleFormBase = forms.ModelForm[RoutingRule]
    LimitFormBase = forms.ModelForm[StepLimit]
    PolicyFormBase = forms.ModelForm[IndicatorPolicy]
    DuplicateFormBase = forms.ModelForm[DuplicateRule]
else:
    ModelAdmin = admin.ModelAdmin
    RuleFormBase = LimitFormBase = PolicyFormBase = DuplicateFormBase = forms.ModelForm

ANY = [("", _("any"))]


@admin.register(FilingCondition)
class FilingConditionAdmin(ModelAdmin):
    list_display = ("problem_class", "ordinal", "text", "text_en", "quota", "unit", "active")
    list_filter = ("active", "unit", "problem_class__kind", "problem_class__edition", "problem_class__major")
    search_fields = ("problem_class__code", "problem_class__name", "text", "text_en", "closing")
    list_select_related = ("problem_class",)
    autocomplete_fields = ("problem_class",)


class RuleForm(RuleFormBase):
    class_kind = forms.ChoiceField(
        label=_("components or events"), choices=[*ANY, *ProblemClass.Kind.choices], required=False
    )
    unit = forms.ChoiceField(
        label=_("unit of the own limit"), choices=[("", "–"), *LimitUnit.choices], required=False
    )

    class Meta:
        model = RoutingRule
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        """A rule that could never match, or half a limit, is refused before it is saved."""
        given = super().clean() or self.cleaned_data
        area, district = given.get("area_code", ""), given.get("district_code", "")
        if area and (len(area) not in (6, 9, 12, 15) or not area.isdigit()):
            self.add_error("area_code", ValidationError(_("6, 9, 12 or 15 digits.")))
        elif area and not area.startswith(district):
            self.add_error("area_code", ValidationError(_("This area lies outside the district.")))
        if given.get("class_code") and not given.get("class_kind"):
            self.add_error(
                "class_kind", ValidationError(_("Components and events share codes: say which is meant."))
            )
        if (given.get("quota") is None) != (not given.get("unit")):
            self.add_error("unit", ValidationError(_("An own limit has a number and a unit, or neither.")))
        if (given.get("from_hour") is None) != (given.get("to_hour") is None):
            self.add_error("to_hour", ValidationError(_("Give both times of day, or neither.")))
        return given


@admin.register(RoutingRule)
class RoutingRuleAdmin(ModelAdmin):
    form = RuleForm
    list_display = (
        "name", "organisation", "class_kind", "class_code", "area_code", "owner_code", "priority",
        "valid_from", "valid_to",
    )  # fmt: skip
    list_filter = ("district_code", "class_kind", ("organisation", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name", "class_code", "area_code", "owner_code", "organisation__name", "note")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation",)
    fieldsets = (
        (None, {"fields": ("name", "organisation", "priority", "note")}),
        (
            _("Applies to"),
            {
                "description": _("What is left empty matches anything. The most specific rule wins."),
                "fields": (
                    "district_code", ("class_kind", "class_code"), "area_code", "owner_code",
                    ("from_hour", "to_hour"),
                ),
            },
        ),
        (_("Own limit"), {"fields": (("quota", "unit"),)}),
        (_("In force"), {"fields": (("valid_from", "valid_to"),)}),
    )  # fmt: skip


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(ModelAdmin):
    list_display = ("decided_at", "case", "organisation", "rule", "by_hand", "returned_at")
    list_filter = ("by_hand", ("rule", admin.RelatedOnlyFieldListFilter))
    search_fields = ("case__number__startswith",)
    list_select_related = ("case", "organisation", "rule")
    date_hierarchy = "decided_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RoutingDecision | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: RoutingDecision | None = None) -> bool:
        return False


class LimitForm(LimitFormBase):
    clock = forms.ChoiceField(
        label=_("clock"), choices=[choice for choice in Clock.choices if choice[0] in DEFAULTS]
    )

    class Meta:
        model = StepLimit
        fields = "__all__"


@admin.register(StepLimit)
class StepLimitAdmin(ModelAdmin):
    form = LimitForm
    list_display = ("clock", "quota", "unit", "note")
    search_fields = ("clock", "note")


@admin.register(LimitType)
class LimitTypeAdmin(ModelAdmin):
    list_display = ("code", "name", "name_en", "grades")
    search_fields = ("code", "name", "name_en")


@admin.register(Season)
class SeasonAdmin(ModelAdmin):
    list_display = ("key", "name", "name_en", "days")
    search_fields = ("key", "name", "name_en")


@admin.register(ClockPolicy)
class ClockPolicyAdmin(ModelAdmin):
    list_display = (
        "stream", "extension_most", "extension_levels", "hang_most", "hang_days", "hang_levels",
        "appeal_levels", "in_time_only", "four_eyes", "rework", "bundled",
    )  # fmt: skip
    search_fields = ("stream__code",)


@admin.register(SourcePolicy)
class SourcePolicyAdmin(ModelAdmin):
    list_display = ("source", "verify_first")
    list_filter = ("verify_first",)
    search_fields = ("source",)


class PolicyForm(PolicyFormBase):
    missed_sources = forms.TypedMultipleChoiceField(
        label=_("sources of missed problems"),
        choices=[choice for choice in Source.choices if choice[0] != Source.INSPECTOR],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("A filed report from one of these counts as missed by the inspectors."),
    )

    class Meta:
        model = IndicatorPolicy
        fields = "__all__"


@admin.register(IndicatorPolicy)
class IndicatorPolicyAdmin(ModelAdmin):
    form = PolicyForm
    list_display = ("stream", "valid_from", "accuracy", "sources", "count_forced", "note")
    list_filter = ("stream",)
    search_fields = ("note",)

    @admin.display(description=_("sources of missed problems"))
    def sources(self, policy: IndicatorPolicy) -> str:
        return ", ".join(str(Source(source).label) for source in policy.missed_sources)


@admin.register(DutyShift)
class DutyShiftAdmin(ModelAdmin):
    list_display = ("code", "name", "starts_at", "ends_at", "in_use")
    search_fields = ("code", "name")


@admin.register(GridDuty)
class GridDutyAdmin(ModelAdmin):
    list_display = ("grid", "person", "shift", "valid_from", "valid_to")
    list_filter = ("shift",)
    search_fields = ("grid__code", "grid__name", "person__username", "person__name")
    list_select_related = ("grid", "person")
    autocomplete_fields = ("grid", "person")


@admin.register(PatrolPolicy)
class PatrolPolicyAdmin(ModelAdmin):
    list_display = ("stream", "keep_track_days", "keep_visits_days", "missed_hours", "far_m", "join_m")


class DuplicateForm(DuplicateFormBase):
    class_kind = forms.ChoiceField(
        label=_("components or events"), choices=[*ANY, *ProblemClass.Kind.choices], required=False
    )

    class Meta:
        model = DuplicateRule
        fields = "__all__"


@admin.register(DuplicateRule)
class DuplicateRuleAdmin(ModelAdmin):
    form = DuplicateForm
    list_display = ("stream", "class_kind", "class_code", "metres", "days", "least_score")
    list_editable = ("metres", "days", "least_score")
    list_filter = ("stream", "class_kind")
    search_fields = ("class_code",)
