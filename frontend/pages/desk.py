"""Supervisor's, dispatcher's and department's desk: one component, each with its own queues."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from casework.access import actor_of
from casework.roles import Role
from dispatch.queues import QUEUES
from dispatch.workflow import MOVES
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
        person_id=actor.person_id if (actor := actor_of(request)) else None,
        bulk={id: for_many(id) for id, _title in queues},
        queues=[{"id": id, "title": str(title)} for id, title in queues],
    )


def for_many(queue: str) -> list[dict[str, object]]:
    """The moves that many cases of a queue may be given at once: their arguments can be the same for all."""
    states = QUEUES[queue].states
    return [
        {"verb": move.verb, "label": str(move.label), "asks": list(move.asks), "target": move.target}
        for move in MOVES
        if move.sources & states
        and move.by & QUEUES[queue].roles
        and set(move.asks) <= {"reason", "closing", "handler"}
        and not (move.back or move.quiet)
        and (move.target is not None or move.asks)
    ]


def supervision(request: HttpRequest) -> HttpResponse:
    return _desk(request, "desk-supervision", "supervision", Role.SHIFT_LEADER, SUPERVISION)


def dispatch(request: HttpRequest) -> HttpResponse:
    return _desk(request, "desk-dispatch", "dispatch", Role.DISPATCHER, DISPATCH)


def department(request: HttpRequest) -> HttpResponse:
    return _desk(request, "desk-department", "department", Role.DEPARTMENT, DEPARTMENT)
