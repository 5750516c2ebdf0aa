"""The inspector's phone page."""

from __future__ import annotations

from django.contrib.gis.db.models import Extent
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from casework.access import actor_of
from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page
from gis_data.models import Cell


def inspector(request: HttpRequest) -> HttpResponse:
    """Own cells on the map, tasks, reports and their outbox."""
    actor = actor_of(request)
    own = own_cells(actor.person_id) if actor is not None and actor.role == Role.INSPECTOR else {}
    return open_page(
        request, "inspector", "frontend/inspector.html", layers=layers_for(Role.INSPECTOR), own=own
    )


def own_cells(person_id: int) -> dict[str, object]:
    """Codes of the cells an inspector walks today, and the box around them (west, south, east, north)."""
    today = timezone.localdate()
    cells = Cell.objects.filter(
        active=True, grids__duties__person_id=person_id, grids__duties__valid_from__lte=today
    ).exclude(grids__duties__valid_to__lt=today)
    return {
        "codes": sorted(set(cells.values_list("code", flat=True))),
        "bounds": cells.aggregate(box=Extent("border"))["box"],
    }
