"""Signing in: the form goes to the API (POST /api/v1/session); a sample city offers one login a post."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string

from casework.access import actor_of
from frontend.pages.frame import home_of, script_context


def login(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    wanted = request.GET.get("next", "")
    ours = {request.get_host()}
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=ours, require_https=request.is_secure()):
        wanted = ""
    if actor is not None:
        return redirect(wanted or home_of(actor.role))
    context = script_context(request, "login", next=wanted)
    found = {"demo": demo_logins("DEMO_LOGINS"), "everybody": demo_logins("DEMO_EVERYBODY")}
    return render(request, "frontend/login.html", {"context": context, **found})


def demo_logins(setting: str) -> Sequence[object]:
    """The sample city's logins, by the function that the setting names; in demo mode only."""
    name = getattr(settings, setting, "")
    if not settings.DEMO or not name:
        return ()
    logins: Callable[[], Sequence[object]] = import_string(name)
    return logins()
