"""What happens by itself: the sums follow the journal each minute. May run twice or late without harm."""

from __future__ import annotations

import logging

from casework.models import Stream
from casework.tasks import periodic
from dispatch.indicators import rollup, verify

log = logging.getLogger(__name__)


@periodic("* * * * *")
def roll_up() -> None:
    for stream in Stream.objects.order_by("code").values_list("code", flat=True):
        rollup.catch_up(stream)


@periodic("41 4 * * *")
def verify_indicators() -> None:
    """Every number once more from the journal; differences are told in the log."""
    for stream in Stream.objects.order_by("code").values_list("code", flat=True):
        verdict = verify.verify_indicators(stream)
        if verdict.count:
            log.error("%s numbers of %s differ: %s", verdict.count, stream, verdict.differences)
