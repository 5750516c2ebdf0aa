"""Areas, grid, classes and components in the administration. Shapes come by import and are only shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from gis_data.drawing import drawing
from gis_data.models import (
    Address,
    Area,
    Cell,
    ClassEdition,
    Component,
    Generation,
    ProblemClass,
    ResponsibilityGrid,
)

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Generation)
class GenerationAdmin(ModelAdmin):
    list_display = ("district_code", "title", "state", "synthetic", "loaded_at", "activated_at")
    list_filter = ("state", "district_code")
    search_fields = ("district_code", "title")
    fields = ("district_code", "title", "state", "synthetic", "source", "loaded_at", "activated_at")
    readonly_fields = fields


@admin.register(Area)
class AreaAdmin(ModelAdmin):
    list_display = ("code", "name", "name_en", "level", "parent", "hectares", "generation", "synthetic")
    list_filter = ("level", "generation__state", "generation")
    search_fields = ("code", "name", "name_en")
    list_select_related = ("parent", "generation")
    fields = (
        "code", "name", "name_en", ("valid_from", "valid_to"), "level", "parent", "hectares", "shape",
        "generation", "synthetic",
    )  # fmt: skip
    readonly_fields = ("code", "level", "parent", "hectares", "shape", "generation", "synthetic")

    @admin.display(description=_("hectares"), ordering="area_m2")
    def hectares(self, area: Area) -> str:
        return f"{area.area_m2 / 10_000:,.1f}"

    @admin.display(description=_("border"))
    def shape(self, area: Area) -> SafeString:
        return drawing(area.border, within=area.parent.border if area.parent else None)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Area]:
        rows = super().get_queryset(request)
        return rows if _shows_one(request) else rows.defer("border", "parent__border")


@admin.register(Cell)
class CellAdmin(ModelAdmin):
    list_display = ("code", "community", "square_metres", "management_grade", "responsible_subject", "active")
    list_filter = ("active", "management_grade", "generation")
    search_fields = ("code", "responsible_subject")
    list_select_related = ("community",)
    fields = (
        "code", "community", "land_use_code", "management_grade", "responsible_subject",
        ("valid_from", "valid_to"), "square_metres", "active", "shape", "generation", "synthetic",
    )  # fmt: skip
    readonly_fields = ("code", "community", "square_metres", "active", "shape", "generation", "synthetic")
    show_full_result_count = False

    @admin.display(description=_("square metres"), ordering="area_m2")
    def square_metres(self, cell: Cell) -> str:
        return f"{cell.area_m2:,.0f}"

    @admin.display(description=_("border"))
    def shape(self, cell: Cell) -> SafeString:
        return drawing(cell.border, within=cell.community.border)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cell]:
        rows = super().get_queryset(request)
        return rows if _shows_one(request) else rows.defer("border", "community__border")


@admin.register(ResponsibilityGrid)
class ResponsibilityGridAdmin(ModelAdmin):
    list_display = ("code", "name", "cell_count", "valid_from", "valid_to")
    search_fields = ("code", "name")
    autocomplete_fields = ("cells",)

    @admin.display(description=_("cells"), ordering="cell_total")
    def cell_count(self, grid: ResponsibilityGrid) -> int:
        total: int = grid.cell_total  # type: ignore[attr-defined]  # annotated below
        return total

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResponsibilityGrid]:
        rows: QuerySet[ResponsibilityGrid] = super().get_queryset(request).annotate(cell_total=Count("cells"))
        return rows


@admin.register(ClassEdition)
class ClassEditionAdmin(ModelAdmin):
    list_display = ("code", "title", "current", "class_digits", "valid_from", "valid_to")
    search_fields = ("code", "title")
    readonly_fields = ("code", "class_digits")


@admin.register(ProblemClass)
class ProblemClassAdmin(ModelAdmin):
    list_display = ("code", "name", "name_en", "kind", "major", "edition", "active")
    list_filter = ("edition", "kind", "active", "major")
    search_fields = ("code", "name", "name_en", "pinyin", "initials")
    list_select_related = ("edition",)

    def get_readonly_fields(self, request: HttpRequest, obj: ProblemClass | None = None) -> tuple[str, ...]:
        """A code means something only with its edition: neither changes once reports may cite it."""
        return ("edition", "kind", "code", "major_code") if obj else ()


@admin.register(Component)
class ComponentAdmin(ModelAdmin):
    list_display = ("code", "problem_class", "cell_code", "owner_code", "state", "synthetic")
    list_filter = ("state", "problem_class__major", "synthetic")
    search_fields = ("=code", "=cell_code", "=owner_code")
    search_help_text = _("A whole code of a component, cell or owner")
    list_select_related = ("problem_class",)
    show_full_result_count = False
    fields = (
        "code", "problem_class", "district_code", "cell_code", "authority_code", "owner_code",
        "maintainer_code", "state", ("initial_on", "changed_on", "retired_on"), "position", "shape",
        "data_source", "note", "synthetic",
    )  # fmt: skip
    readonly_fields = (
        "code", "problem_class", "district_code", "cell_code", "authority_code", "owner_code",
        "maintainer_code", "state", "initial_on", "changed_on", "retired_on", "position", "shape",
        "data_source", "note", "synthetic",
    )  # fmt: skip

    @admin.display(description=_("position, WGS-84"))
    def position(self, component: Component) -> str:
        return f"{component.place.x:.6f}, {component.place.y:.6f}"

    @admin.display(description=_("place in its cell"))
    def shape(self, component: Component) -> SafeString:
        cell = Cell.objects.filter(code=component.cell_code, active=True).first()
        return drawing(component.outline or component.place, within=cell.border if cell else None)


@admin.register(Address)
class AddressAdmin(ModelAdmin):
    list_display = ("name", "name_en", "kind", "cell_code", "source", "valid_to", "synthetic")
    list_filter = ("kind", "synthetic", "district_code")
    search_fields = ("name", "=code", "=cell_code")
    show_full_result_count = False
    fields = (
        "name", "name_en", "alias", "former", "kind", "street", "number", "pinyin", "initials", "code",
        "district_code", "area_code", "cell_code", "shape", "source", ("valid_from", "valid_to"), "synthetic",
    )  # fmt: skip
    readonly_fields = (
        "name", "name_en", "alias", "former", "kind", "street", "number", "pinyin", "initials", "code",
        "district_code", "area_code", "cell_code", "shape", "source", "valid_from", "valid_to", "synthetic",
    )  # fmt: skip

    @admin.display(description=_("place in its cell"))
    def shape(self, address: Address) -> SafeString:
        cell = Cell.objects.filter(code=address.cell_code, active=True).first()
        return drawing(address.place, within=cell.border if cell else None)


def _shows_one(request: HttpRequest) -> bool:
    """Borders are large: lists do without them."""
    return request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
