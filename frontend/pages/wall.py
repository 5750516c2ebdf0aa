"""The command wall: the whole city live on a screen that nobody touches."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page


def wall(request: HttpRequest) -> HttpResponse:
    return open_page(request, "wall", "frontend/wall.html", layers=layers_for(Role.DISPATCHER))
