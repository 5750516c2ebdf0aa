"""Signing in. The form goes to the API (POST /api/v1/session); in demo mode one login for each post is offered."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from casework.access import actor_of
from frontend.pages.frame import home_of, script_context


def login(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        wanted = ""
    if actor is not None:
        return redirect(wanted or home_of(actor.role))
    demo = demo_logins() if settings.DEMO else []
    return render(
        request, "frontend/login.html", {"context": script_context(request, "login", next=wanted), "demo": demo}
    )


def demo_logins() -> list[dict[str, str]]:
    return []
