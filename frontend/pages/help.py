from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from casework.access import actor_of
from frontend.pages.frame import Page, frame_for, to_login

KEYS = Page("help-keys", _("Keys"), frozenset())


def keys(request: HttpRequest) -> HttpResponse:
    """Every key of the desks, on paper; the desk itself shows its own on `?`."""
    actor = actor_of(request)
    if actor is None:
        return to_login(request)
    return render(request, "frontend/keys.html", frame_for(request, actor, KEYS))
