"""People, organisations, calendars and cases in the administration. Cases and the journal are only shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from casework import journal, settling
from casework.flows import flow_of
from casework.models import (
    CalendarDay,
    CalendarYear,
    Case,
    CaseClock,
    FailedLogin,
    Holding,
    Notice,
    Organisation,
    Person,
    Post,
    Stream,
    Succession,
    Threshold,
    Token,
    WorkingCalendar,
)
from casework.models.calendar import forget_calendars

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    BaseUserAdmin = UserAdmin[Person]
    BaseUserForm = UserChangeForm[Person]
    BaseNewUserForm = AdminUserCreationForm[Person]
    ThresholdFormBase = forms.ModelForm[Threshold]
else:
    ModelAdmin, TabularInline, BaseUserAdmin = admin.ModelAdmin, admin.TabularInline, UserAdmin
    BaseUserForm, BaseNewUserForm = UserChangeForm, AdminUserCreationForm
    ThresholdFormBase = forms.ModelForm

admin.site.unregister(Group)  # registered by the import of UserAdmin; rights come from posts


class NeverChanged:
    """Shown only, whatever the rights say."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


# --- organisations ------------------------------------------------------------------------------------------


class SuccessorInline(TabularInline):
    model = Succession
    fk_name = "predecessor"
    autocomplete_fields = ("successor",)
    verbose_name_plural = _("taken over by")
    extra = 0


@admin.register(Organisation)
class OrganisationAdmin(ModelAdmin):
    list_display = ("code", "name", "name_en", "kind", "parent", "area_code", "valid_from", "valid_to")
    list_filter = ("kind",)
    search_fields = ("code", "name", "name_en")
    list_select_related = ("parent",)
    autocomplete_fields = ("parent",)
    inlines = (SuccessorInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> tuple[str, ...]:
        return ("code",) if obj else ()  # components and rules name organisations by code


@admin.register(Succession)
class SuccessionAdmin(ModelAdmin):
    list_display = ("on", "predecessor", "successor", "area_code", "basis", "carried_out_at", "moved")
    search_fields = ("predecessor__name", "successor__name", "basis")
    readonly_fields = ("carried_out_at", "moved")
    autocomplete_fields = ("predecessor", "successor")
    date_hierarchy = "on"


@admin.register(Stream)
class StreamAdmin(ModelAdmin):
    list_display = ("code", "name", "name_en", "calendar_code", "head")
    search_fields = ("code", "name", "name_en")
    readonly_fields = ("code", "head")


# --- people and posts ---------------------------------------------------------------------------------------


class HoldersInline(TabularInline):
    model = Holding
    extra = 0
    autocomplete_fields = ("person",)
    verbose_name_plural = _("who holds it, since when, until when")


@admin.register(Post)
class PostAdmin(ModelAdmin):
    list_display = ("title", "title_en", "role", "organisation", "stream")
    list_filter = ("role", "stream")
    search_fields = ("title", "title_en", "organisation__name", "organisation__code")
    list_select_related = ("organisation",)
    autocomplete_fields = ("organisation", "stream")
    inlines = (HoldersInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple[str, ...]:
        """Past cases say by which post they were moved: what it may do stays what it was."""
        return ("role", "stream") if obj else ()


@admin.register(Holding)
class HoldingAdmin(ModelAdmin):
    list_display = ("person", "post", "role", "since", "until")
    list_filter = ("post__role",)
    search_fields = ("person__username", "person__name", "post__title", "post__organisation__name")
    list_select_related = ("person", "post", "post__organisation")
    autocomplete_fields = ("person", "post")
    date_hierarchy = "since"

    @admin.display(description=_("role"), ordering="post__role")
    def role(self, holding: Holding) -> str:
        return str(holding.post.get_role_display())


class PersonForm(BaseUserForm):
    class Meta:
        model = Person
        fields = "__all__"


class NewPersonForm(BaseNewUserForm):
    class Meta:
        model = Person
        fields = ("username", "name", "language", "phone")


class PostsHeldInline(TabularInline):
    model = Holding
    extra = 0
    autocomplete_fields = ("post",)
    verbose_name_plural = _("posts held, since when, until when")


@admin.register(Person)
class PersonAdmin(BaseUserAdmin):
    """People are never deleted: whoever leaves is no longer active and holds no post."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = ("username", "name", "roles", "is_active", "demo", "last_login")
    list_filter = ("is_active", "demo", "holdings__post__role")
    search_fields = ("username", "name", "phone")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("demo", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("name", "language", "phone", "email")}),
        (_("Account"), {"fields": ("is_active", "demo", "last_login", "date_joined")}),
    )
    # For administrators who choose people but do not keep them: no telephone, no account.
    named_fieldsets = ((None, {"fields": ("username", "name", "is_active")}),)
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "username",
                    "name",
                    "language",
                    "phone",
                    "usable_password",
                    "password1",
                    "password2",
                )
            },
        ),
    )
    inlines = (PostsHeldInline,)

    @admin.display(description=_("posts"))
    def roles(self, person: Person) -> str:
        held = {holding.post.get_role_display() for holding in person.holdings.all() if holding.until is None}
        return ", ".join(sorted(map(str, held)))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        people: QuerySet[Person] = super().get_queryset(request).prefetch_related("holdings__post")
        return people

    def get_fieldsets(self, request: HttpRequest, obj: Person | None = None) -> Any:
        keeps = self.has_change_permission(request, obj) or request.user.has_perm("casework.view_token")
        return super().get_fieldsets(request, obj) if obj is None or keeps else self.named_fieldsets

    def get_inlines(self, request: HttpRequest, obj: Person | None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "language":
            return forms.ChoiceField(label=db_field.verbose_name, choices=settings.LANGUAGES)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return False


@admin.register(Token)
class TokenAdmin(ModelAdmin):
    """Keys can be looked at and revoked; the key itself was shown once, to its maker."""

    list_display = ("label", "person", "made_at")
    search_fields = ("label", "person__username", "person__name")
    list_select_related = ("person",)
    fields = ("label", "person", "made_at")
    readonly_fields = fields


@admin.register(FailedLogin)
class FailedLoginAdmin(ModelAdmin):
    list_display = ("at", "username", "address")
    search_fields = ("username", "address")
    date_hierarchy = "at"


# --- calendars ----------------------------------------------------------------------------------------------


class MovesDeadlines:
    """Says how many running deadlines a change of a calendar moves; the worker sets them anew."""

    def response_add(self, request: HttpRequest, obj: Model, *args: Any, **more: Any) -> HttpResponse:
        self._tell(request)
        return super().response_add(request, obj, *args, **more)  # type: ignore[misc, no-any-return]

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        self._tell(request)
        return super().response_change(request, obj)  # type: ignore[misc, no-any-return]

    def response_delete(self, request: HttpRequest, *args: Any) -> HttpResponse:
        self._tell(request)
        return super().response_delete(request, *args)  # type: ignore[misc, no-any-return]

    def _tell(self, request: HttpRequest) -> None:
        forget_calendars()
        moved = settling.due_dates_that_moved()[1]
        if moved:
            text = ngettext(
                "%(n)s running deadline moves; it is set anew within minutes; those concerned are told.",
                "%(n)s running deadlines move; they are set anew within minutes; those concerned are told.",
                len(moved),
            )
            messages.info(request, text % {"n": len(moved)})


class YearInline(TabularInline):
    model = CalendarYear
    extra = 0


@admin.register(WorkingCalendar)
class WorkingCalendarAdmin(MovesDeadlines, ModelAdmin):
    list_display = ("code", "name", "name_en", "district_code", "zone", "version")
    search_fields = ("code", "name", "name_en")
    readonly_fields = ("version",)
    inlines = (YearInline,)


@admin.register(CalendarYear)
class CalendarYearAdmin(MovesDeadlines, ModelAdmin):
    list_display = ("calendar", "year", "status", "notice_no")
    list_filter = ("calendar", "status")
    search_fields = ("notice_no",)


@admin.register(CalendarDay)
class CalendarDayAdmin(MovesDeadlines, ModelAdmin):
    list_display = ("day", "is_working", "note", "note_en", "slots", "calendar", "local")
    list_filter = ("calendar", "is_working", "local")
    search_fields = ("note", "note_en")
    date_hierarchy = "day"
    readonly_fields = ("local",)


class ThresholdForm(ThresholdFormBase):
    channels = forms.MultipleChoiceField(
        label=_("channels"), choices=Notice.Channel.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Threshold
        fields = "__all__"


@admin.register(Threshold)
class ThresholdAdmin(ModelAdmin):
    form = ThresholdForm
    list_display = ("step", "share", "reach", "channels", "supervises", "mutable")
    search_fields = ("step",)


# --- cases: to be looked at ---------------------------------------------------------------------------------


class ClockInline(NeverChanged, TabularInline):
    model = CaseClock
    fields = (
        "name",
        "state",
        "quota",
        "extended",
        "unit",
        "exempt",
        "started_at",
        "stopped_at",
        "due_at",
        "organisation",
    )
    readonly_fields = fields
    extra = 0


@admin.register(Case)
class CaseAdmin(NeverChanged, ModelAdmin):
    list_display = (
        "number",
        "state_word",
        "kind",
        "stream",
        "organisation",
        "opened_at",
        "due_at",
        "version",
    )
    list_filter = ("kind", "stream", "state")
    search_fields = ("number__startswith",)
    search_help_text = _("Beginning of a case number")
    list_select_related = ("organisation", "stream")
    ordering = ("-opened_at",)
    show_full_result_count = False
    fields = (
        "number", "id", "kind", "stream", "state_word", "organisation", "version", "hash_shown", "opened_at",
        "moved_at", "due_at", "ended_at", "entries", "card_shown",
    )  # fmt: skip
    readonly_fields = fields
    inlines = (ClockInline,)

    @admin.display(description=_("state"), ordering="state")
    def state_word(self, case: Case) -> str:
        return flow_of(case.kind).state_label(case.state)

    @admin.display(description=_("hash of the last entry"))
    def hash_shown(self, case: Case) -> str:
        return bytes(case.chain_hash).hex()

    @admin.display(description=_("card"))
    def card_shown(self, case: Case) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(case.card, ensure_ascii=False, indent=1))

    @admin.display(description=_("journal"))
    def entries(self, case: Case) -> SafeString:
        lines = journal.of_case(case.id)
        people = Person.objects.in_bulk({line.actor_id for line in lines if line.actor_id})
        rows = (
            (
                line.seq,
                localtime(line.at).strftime("%Y-%m-%d %H:%M:%S"),
                line.verb,
                line.state_to,
                people.get(line.actor_id, "–") if line.actor_id else "–",
                line.hash.hex()[:16],
            )
            for line in lines
        )
        return format_html(
            "<table>{}</table>",
            format_html_join(
                "",
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><code>{}</code></td></tr>",
                rows,
            ),
        )


@admin.register(Notice)
class NoticeAdmin(NeverChanged, ModelAdmin):
    list_display = (
        "created_at",
        "channel",
        "template",
        "recipient",
        "state",
        "attempts",
        "next_try_at",
        "sent_at",
    )
    list_filter = ("state", "channel", "template")
    search_fields = ("key", "case__number")
    list_select_related = ("recipient",)
    exclude = ("context", "address")  # may hold what is nobody's business here
    date_hierarchy = "created_at"
    show_full_result_count = False
