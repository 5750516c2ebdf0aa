"""Supervisor's, dispatcher's and department's desk: one component, each with its own queues."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page

Queues = tuple[tuple[str, str | Promise], ...]

SUPERVISION: Queues = (
    ("verify_file", gettext_lazy("To verify and file")),
    ("check_close", gettext_lazy("To check and close")),
    ("on_site", gettext_lazy("Out on site")),
    ("open", gettext_lazy("All open")),
)
DISPATCH: Queues = (
    ("dispatch", gettext_lazy("To dispatch")),
    ("with_departments", gettext_lazy("With departments")),
    ("open", gettext_lazy("All open")),
)
DEPARTMENT: Queues = (("department", gettext_lazy("To handle")),)


def _desk(request: HttpRequest, name: str, kind: str, role: Role, queues: Queues) -> HttpResponse:
    return open_page(
        request,
        name,
        "frontend/desk.html",
        kind=kind,
        layers=layers_for(role),
        queues=[{"id": id, "title": str(title)} for id, title in queues],
    )


def supervision(request: HttpRequest) -> HttpResponse:
    return _desk(request, "desk-supervision", "supervision", Role.SHIFT_LEADER, SUPERVISION)


def dispatch(request: HttpRequest) -> HttpResponse:
    return _desk(request, "desk-dispatch", "dispatch", Role.DISPATCHER, DISPATCH)


def department(request: HttpRequest) -> HttpResponse:
    return _desk(request, "desk-department", "department", Role.DEPARTMENT, DEPARTMENT)
