from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from casework.access import actor_of
from frontend.pages.frame import home_of, to_login


def home(request: HttpRequest) -> HttpResponse:
    """The address without a path: everybody's own page."""
    actor = actor_of(request)
    return redirect(home_of(actor.role)) if actor else to_login(request)
