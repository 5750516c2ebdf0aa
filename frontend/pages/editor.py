"""Editing the ground on the map: for the system administrator."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page

# The editor draws borders, cells and components itself.
BENEATH = frozenset({"base"})


def editor(request: HttpRequest) -> HttpResponse:
    layers = [layer for layer in layers_for(Role.SYSTEM_ADMIN) if layer["id"] in BENEATH]
    return open_page(request, "editor", "frontend/editor.html", layers=layers)
