"""What every page shares: who may open it, the frame around it, and what its script is told."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from casework.access import Actor, actor_of
from casework.roles import ADMINISTRATORS, COMMAND, SUPERVISION, Role


@dataclass(frozen=True)
class Page:
    """A page of the top bar; the first one a role may open is its home."""

    name: str
    title: str | Promise
    roles: frozenset[Role]


PAGES = (
    Page("inspector", _("On patrol"), frozenset({Role.INSPECTOR})),
    Page("desk-supervision", _("Supervision"), SUPERVISION),
    Page("desk-dispatch", _("Dispatch"), COMMAND),
    Page("desk-department", _("Department"), frozenset({Role.DEPARTMENT})),
    Page("board", _("Board"), frozenset({Role.MANAGER}) | SUPERVISION | COMMAND),
    Page("wall", _("Wall"), frozenset({Role.MANAGER}) | SUPERVISION | COMMAND),
    Page("admin:index", _("Administration"), ADMINISTRATORS),
    Page("editor", _("Map editor"), frozenset({Role.SYSTEM_ADMIN})),
    Page("rules", _("Routing rules"), frozenset({Role.SYSTEM_ADMIN})),
)


def pages_for(role: Role) -> list[Page]:
    return [page for page in PAGES if role in page.roles]


def home_of(role: Role) -> str:
    """The address where a post begins its day."""
    return reverse(next(page.name for page in PAGES if role in page.roles))


def to_login(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('login')}?{urlencode({'next': request.get_full_path()})}")


def script_context(request: HttpRequest, page: str, **more: object) -> dict[str, object]:
    """What the page's script reads from the `context` element."""
    return {
        "page": page,
        "language": get_language() or "en",
        "icons": static("gridcity/icons.svg"),
        "csrf": get_token(request),
        **more,
    }


def open_page(request: HttpRequest, name: str, template: str, **more: object) -> HttpResponse:
    """A page in its frame: a stranger is asked to sign in, a post without the right is refused."""
    actor = actor_of(request)
    if actor is None:
        return to_login(request)
    page = next(page for page in PAGES if page.name == name)
    if actor.role not in page.roles:
        raise PermissionDenied
    return render(request, template, frame_for(request, actor, page, **more))


def frame_for(request: HttpRequest, actor: Actor, page: Page, **more: object) -> dict[str, object]:
    return {
        "page": page,
        "actor": actor,
        "pages": pages_for(actor.role),
        "context": script_context(
            request,
            page.name,
            role=str(actor.role),
            person=actor.name,
            stream=actor.stream,
            organisation=actor.organisation_code,
            **more,
        ),
    }
