"""What is counted. A counter's place in `COUNTERS` is its number in the facts and its column in the sums.

Append only: a number that has been given is never given to something else. What each one means exactly is
said in `docs/indicators.md` and done in `facts.py`.

Counters ending in `_us` add microseconds; all others add ones. A step that has a deadline counts on the day
on which it was done or fell due, whichever came first (the `to_…` and `…_due` family), so that a rate over
them never exceeds 100 %; throughput (`handled`, `closed`, …) counts on the day on which it happened.
"""

from __future__ import annotations

from typing import Final

from dispatch.models.report import Source

SOURCES: Final = (
    Source.INSPECTOR, Source.HOTLINE, Source.WEB, Source.MAILBOX, Source.MEDIA, Source.PETITION,
    Source.SUPERIOR, Source.VIDEO, Source.SENSOR, Source.TRANSFER,
)  # fmt: skip
PUBLIC: Final = frozenset({Source.HOTLINE, Source.WEB, Source.MAILBOX, Source.MEDIA, Source.PETITION})

REPORTS: Final = {str(source): f"reports_{source}" for source in SOURCES}
VALID: Final = {str(source): f"valid_{source}" for source in SOURCES}

COUNTERS: Final[tuple[str, ...]] = (
    *REPORTS.values(),
    *VALID.values(),
    # intake
    "still_open", "declined", "withdrawn", "self_handled", "joined",
    "accepted", "accepted_on_time", "accepted_accurate",
    # on site, before filing
    "verify_issued", "verify_issued_on_time", "verify_due", "verify_done", "verify_on_time",
    "verified_public",
    # filing
    "filed", "filed_on_time", "filed_accurate", "voided",
    # dispatching
    "to_dispatch", "dispatch_on_time", "dispatched", "dispatched_direct", "dispatched_unreworked",
    "redirected", "returned",
    # handling
    "to_handle", "handle_on_time", "handle_late", "handle_exempted", "handle_overdue", "handled",
    # on site, after handling
    "check_issued", "check_issued_on_time", "check_due", "check_done", "check_on_time",
    "checks_passed", "checks_failed",
    "reworked", "reworked_again",
    # closing
    "to_close", "close_on_time", "close_late", "close_forced", "closed", "closed_us", "forced", "forced_us",
    # beside the way
    "hung", "extended", "supervised",
    # where time goes: of the filed, dispatched, handled and closed
    "file_us", "dispatch_us", "handle_us", "check_us",
)  # fmt: skip
NUMBER: Final = {name: number for number, name in enumerate(COUNTERS)}
