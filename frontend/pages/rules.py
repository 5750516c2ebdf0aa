"""The routing rules: what they do, and drafts of others; for the system administrator."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from frontend.pages.frame import open_page


def rules(request: HttpRequest) -> HttpResponse:
    return open_page(request, "rules", "frontend/rules.html", layers=[])
