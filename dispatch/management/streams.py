"""What commands over streams share: which ones, and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError

from casework.models import Stream
from gis_data.progress import Meter


def streams_named(code: str | None) -> list[str]:
    """All streams, or the one named; ends the command when there is none of that name."""
    codes = list(Stream.objects.order_by("code").values_list("code", flat=True))
    if not code:
        return codes
    if code not in codes:
        raise CommandError(f"There is no stream {code}; known: {', '.join(codes) or 'none'}.", returncode=2)
    return [code]


def progress_to(stderr: Any) -> Callable[[int, int], None]:
    """Rate and time left on a terminal, nothing elsewhere."""
    meter = Meter(stderr)

    def show(done: int, total: int) -> None:
        meter.rows(done, done / total if total else 1)
        if done >= total:
            meter.end()

    return show
