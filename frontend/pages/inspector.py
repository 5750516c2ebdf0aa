"""The inspector's phone: its page, the service worker that keeps it, and the app once it is installed."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from casework.access import actor_of
from casework.models import Person
from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page


def inspector(request: HttpRequest) -> HttpResponse:
    """Tasks, reports and their outbox; everything else comes with the phone's pack."""
    actor = actor_of(request)
    username = Person.objects.values_list("username", flat=True).get(pk=actor.person_id) if actor else ""
    return open_page(
        request,
        "inspector",
        "frontend/inspector.html",
        layers=layers_for(Role.INSPECTOR),
        person_id=actor.person_id if actor else None,
        username=username,
        map_style=static("gridcity/css/phone-map.css"),
        worker=reverse("phone-worker"),
        preload=scripts_first(),
    )


def scripts_first() -> list[str]:
    """Modules that the page's script imports at once: asked for together with it, not one after the other."""
    try:
        return [address(name) for name in json.loads(built("shell.json"))["preload"][1:]]
    except Http404:
        return []


def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, told which files make up this version of the app. Any change of them changes it."""
    script, shell = built("sw.js"), json.loads(built("shell.json"))
    told = {
        "version": shell["version"],
        "page": reverse("inspector"),
        "files": [address(name) for name in shell["files"]],
    }
    response = HttpResponse(
        f"self.SHELL = {json.dumps(told)};\n{script}", content_type="text/javascript; charset=utf-8"
    )
    response["Cache-Control"] = "no-cache"
    return response


def manifest(request: HttpRequest) -> HttpResponse:
    """How the app presents itself once it is installed, in the reader's language."""
    icon = {"src": static("gridcity/images/app.svg"), "type": "image/svg+xml", "sizes": "any"}
    response = JsonResponse(
        {
            "name": _("GridCity: on patrol"),
            "short_name": _("On patrol"),
            "lang": get_language() or "en",
            "id": reverse("inspector"),
            "start_url": reverse("inspector"),
            "scope": reverse("inspector"),
            "display": "standalone",
            "orientation": "portrait",
            "background_color": "#f4f5f5",
            "theme_color": "#0f5e66",
            "icons": [{**icon, "purpose": "any"}, {**icon, "purpose": "maskable"}],
        },
        content_type="application/manifest+json",
    )
    response["Cache-Control"] = "no-cache"
    return response


def address(name: str) -> str:
    """Where a file of the build is served. Chunks bear their hash already; scripts name them by it."""
    path = f"gridcity/{name}"
    return f"{settings.STATIC_URL}{path}" if name.startswith("chunks/") else static(path)


def built(name: str) -> str:
    """A file of the front-end build: the collected one if there is one, for the storage knows its names."""
    collected = isinstance(staticfiles_storage, ManifestFilesMixin)
    path = staticfiles_storage.path(f"gridcity/{name}") if collected else finders.find(f"gridcity/{name}")
    if path is None or not Path(path).is_file():
        raise Http404(name)
    return _text(path, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _text(path: str, changed: int) -> str:
    return Path(path).read_text("utf-8")
