"""The administration's front door: open to the three administrators, by the post held, through our login."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from casework.access import actor_of
from casework.roles import ADMINISTRATORS, Role


class GridCityAdminSite(AdminSite):
    site_title = _("GridCity administration")
    site_header = _("GridCity administration")
    index_title = _("What you may look at and change")
    site_url = "/"
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """By the post, never by `is_staff`; a key for programs does not open pages."""
        actor = actor_of(request) if request.user.is_authenticated else None
        return actor is not None and actor.role in ADMINISTRATORS and actor.person_id == request.user.pk

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one login page for everybody; whoever is signed in and no administrator is refused."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
            wanted = reverse("admin:index")
        if self.has_permission(request):
            return redirect(wanted)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect(f"{reverse('login')}?{urlencode({'next': wanted})}")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        actor = actor_of(request) if request.user.is_authenticated else None
        return {
            **super().each_context(request),
            "role": actor.role.label if actor else "",
            "keeps_the_map": actor is not None and actor.role == Role.SYSTEM_ADMIN,
        }
