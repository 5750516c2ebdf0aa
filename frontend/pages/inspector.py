from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page


def inspector(request: HttpRequest) -> HttpResponse:
    """The phone page: own cells, tasks, reports and their outbox."""
    return open_page(request, "inspector", "frontend/inspector.html", layers=layers_for(Role.INSPECTOR))
