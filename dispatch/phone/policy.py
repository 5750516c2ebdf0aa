"""What a city has settled about its phones and patrols."""

from __future__ import annotations

from dispatch.models import PatrolPolicy


def patrol_policy(stream: str) -> PatrolPolicy:
    """The stream's own row, or the defaults. One query."""
    return PatrolPolicy.objects.filter(stream_id=stream).first() or PatrolPolicy(stream_id=stream)
