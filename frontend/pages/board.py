from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from casework.roles import Role
from frontend.layers import layers_for
from frontend.pages.frame import open_page


def board(request: HttpRequest) -> HttpResponse:
    """The manager's figures, each with its fraction, definition and cases."""
    return open_page(request, "board", "frontend/board.html", layers=layers_for(Role.MANAGER))
