"""Indicators: sums of counters over sums of counters, under the definitions that a city has chosen.

Formulas and names: the domain notes on evaluation (public notes of a vendor system, an operator's platform, a
city's system); what differs between them is a setting, and the words beside a figure say which is in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from django.utils.translation import gettext as _

from dispatch.definitions import Accuracy, Definitions, definitions_for
from dispatch.indicators.counters import REPORTS, VALID
from dispatch.indicators.models import Scoring
from dispatch.models.report import Source

Sums = Mapping[str, int]
HOUR_US: Final = Decimal(3_600_000_000)


@dataclass(frozen=True)
class Chosen:
    """What a city has settled: whom it counts, and what is divided by what."""

    definitions: Definitions
    rework_over: str
    scoring: Scoring | None

    @property
    def missed(self) -> tuple[str, ...]:
        return tuple(VALID[source] for source in self.definitions.missed_sources if source in VALID)


def chosen_for(stream: str, on: date) -> Chosen:
    """In force in a stream on a day. Two queries."""
    scoring = Scoring.objects.filter(stream_id=stream, valid_from__lte=on).order_by("-valid_from").first()
    over = scoring.rework_over if scoring else Scoring.ReworkOver.TO_CLOSE
    return Chosen(definitions_for(stream, on), str(over), scoring)


@dataclass(frozen=True)
class Indicator:
    """A rate in per cent, or a mean in hours: the sum of `above` over the sum of `below` less `less`."""

    key: str
    title: str
    words: str
    above: tuple[str, ...]
    below: tuple[str, ...]
    less: tuple[str, ...] = ()
    unit: str = "%"
    better: str = "high"

    def part(self, name: str) -> tuple[str, ...]:
        """The counters of numerator or denominator, whose cases are behind it."""
        return self.above if name == "numerator" else self.below + self.less


@dataclass(frozen=True)
class Rate:
    """A fraction and its value; none when the denominator is 0."""

    numerator: float
    denominator: int
    value: float | None


def rate_of(indicator: Indicator, sums: Sums) -> Rate:
    above = sum(sums.get(name, 0) for name in indicator.above)
    below = sum(sums.get(name, 0) for name in indicator.below)
    below -= sum(sums.get(name, 0) for name in indicator.less)
    if indicator.unit == "h":
        hours = Decimal(above) / HOUR_US
        return Rate(rounded(hours, 4), below, rounded(hours / below, 2) if below > 0 else None)
    return Rate(above, below, rounded(Decimal(100 * above) / below, 2) if below > 0 else None)


def rounded(number: Decimal, places: int) -> float:
    """Halves up, as the reports of cities are."""
    return float(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def indicators(chosen: Chosen) -> tuple[Indicator, ...]:
    """All of them, in the order of a case's way; titles and words in the reader's language."""
    reports, valid = tuple(REPORTS.values()), tuple(VALID.values())
    inspectors = (VALID[Source.INSPECTOR],)
    in_time = ("handle_on_time", "handle_exempted")
    forced = chosen.definitions.count_forced
    closed = ("close_on_time", "close_late", *(("close_forced",) if forced else ()))
    accurate, accurate_words = {
        Accuracy.NEVER_REDIRECTED: (
            "dispatched_direct",
            _("Dispatched and never sent on to another department, over dispatched."),
        ),
        Accuracy.NEVER_REWORKED: (
            "dispatched_unreworked",
            _("Dispatched and never sent back for rework, over dispatched."),
        ),
    }[Accuracy(chosen.definitions.accuracy)]
    missed_words = ", ".join(str(Source(s).label) for s in chosen.definitions.missed_sources) or "–"
    over_handled = chosen.rework_over == Scoring.ReworkOver.HANDLED
    due = _("A case counts on the day on which it was handled or fell due, whichever came first.")
    return (
        # found and reported
        Indicator("valid_report_rate", _("Valid reports"),
                  _("Reports filed and not voided, declined or withdrawn since, over all reports."),
                  valid, reports),
        Indicator("discovery_rate", _("Discovery rate"),
                  _("Valid reports of inspectors, over those and the missed ones, that came by: %(sources)s.")
                  % {"sources": missed_words}, inspectors, inspectors + chosen.missed),
        Indicator("missed_report_rate", _("Missed reports"),
                  _("Valid reports that came by %(sources)s, over filed cases.") % {"sources": missed_words},
                  chosen.missed, ("filed",), better="low"),
        Indicator("public_report_rate", _("Verified public reports"),
                  _("Reports of the public that an inspector confirmed on site, over filed cases."),
                  ("verified_public",), ("filed",), better="low"),
        Indicator("self_handled_rate", _("Settled on the spot"),
                  _("Settled by the inspector herself, over reports of inspectors."),
                  ("self_handled",), (REPORTS[Source.INSPECTOR],)),
        Indicator("repetition_rate", _("Repeated problems"),
                  _("Further sightings that joined an open case, over all reports and sightings."),
                  ("joined",), (*reports, "joined"), better="low"),
        # intake and tasks on site
        Indicator("accept_on_time_rate", _("Accepted in time"),
                  _("Taken up by the supervision desk before its deadline, over taken up."),
                  ("accepted_on_time",), ("accepted",)),
        Indicator("accept_accuracy", _("Accurately accepted"),
                  _("Taken up and not declined, withdrawn or voided since, over taken up."),
                  ("accepted_accurate",), ("accepted",)),
        Indicator("verify_issue_rate", _("Verification sent in time"),
                  _("Verification tasks sent before the desk's deadline, over those sent."),
                  ("verify_issued_on_time",), ("verify_issued",)),
        Indicator("verify_on_time_rate", _("Verified in time"),
                  _("Verification tasks answered in time, over those answered or overdue."),
                  ("verify_on_time",), ("verify_due",)),
        Indicator("check_issue_rate", _("Check sent in time"),
                  _("Check tasks sent before the desk's deadline, over those sent; the last of each stage."),
                  ("check_issued_on_time",), ("check_issued",)),
        Indicator("check_on_time_rate", _("Checked in time"),
                  _("Check tasks answered in time, over those answered or overdue; the last of each stage."),
                  ("check_on_time",), ("check_due",)),
        Indicator("check_pass_rate", _("Checks passed"),
                  _("Checks that found it mended, over checks that could tell."),
                  ("checks_passed",), ("checks_passed", "checks_failed")),
        # filing
        Indicator("filing_rate", _("Filing rate"), _("Filed cases, over reports."), ("filed",), reports),
        Indicator("file_on_time_rate", _("Filed in time"),
                  _("Filed before the desk's deadline, over filed."), ("filed_on_time",), ("filed",)),
        Indicator("filing_accuracy", _("Filing accuracy"),
                  _("Filed and not voided, declined or withdrawn since, over filed."),
                  ("filed_accurate",), ("filed",)),
        # dispatching
        Indicator("dispatch_on_time_rate", _("Dispatched in time"),
                  _("Dispatched in time, over cases dispatched or overdue for it."),
                  ("dispatch_on_time",), ("to_dispatch",)),
        Indicator("dispatch_accuracy", _("Dispatch accuracy"), accurate_words, (accurate,), ("dispatched",)),
        Indicator("return_rate", _("Returned"),
                  _("Times that a department handed a case back, over dispatched cases."),
                  ("returned",), ("dispatched",), better="low"),
        # handling
        Indicator("handling_rate", _("Handling rate"),
                  _("Handled, over cases handled or overdue.") + " " + due,
                  (*in_time, "handle_late"), ("to_handle",)),
        Indicator("handle_on_time_rate", _("Handled in time"),
                  _("Handled in time or exempted on appeal, over cases handled or overdue.") + " " + due,
                  in_time, ("to_handle",)),
        Indicator("handle_late_rate", _("Handled late"),
                  _("Handled late and not exempted, over cases handled or overdue.") + " " + due,
                  ("handle_late",), ("to_handle",), better="low"),
        Indicator("rework_rate", _("Rework rate"),
                  _("Cases sent back to the same department, over cases handled.") if over_handled
                  else _("Cases sent back to the same department, over cases to close."),
                  ("reworked",), ("handled" if over_handled else "to_close",), better="low"),
        # closing
        Indicator("closing_rate", _("Closing rate"),
                  _("Closed, over cases handled or overdue for it.") + " " + due, closed, ("to_close",)),
        Indicator("close_on_time_rate", _("Closed in time"),
                  _("Closed, having been handled in time or exempted, over cases to close.") + " " + due,
                  ("close_on_time",), ("to_close",)),
        Indicator("close_late_rate", _("Closed late"),
                  _("Closed, having been handled late, over cases to close.") + " " + due,
                  ("close_late",), ("to_close",), better="low"),
        Indicator("open_rate", _("Still open"), _("Reports of the period not ended yet, over reports."),
                  ("still_open",), reports, better="low"),
        Indicator("completion_rate", _("Completion rate"),
                  _("Cases closed in the period, over reports less those declined."),
                  ("closed", *(("forced",) if forced else ())), reports, ("declined",)),
        # hours
        Indicator("mean_resolution_hours", _("Mean resolution time"),
                  _("Hours from report to closing, nights and holidays included, over cases closed."),
                  ("closed_us", *(("forced_us",) if forced else ())),
                  ("closed", *(("forced",) if forced else ())), unit="h", better="low"),
        Indicator("mean_filing_hours", _("Report to filing"),
                  _("Hours from report to first filing, over filed cases."),
                  ("file_us",), ("filed",), unit="h", better="low"),
        Indicator("mean_dispatching_hours", _("Filing to dispatch"),
                  _("Hours from first filing to first dispatch, over dispatched cases."),
                  ("dispatch_us",), ("dispatched",), unit="h", better="low"),
        Indicator("mean_handling_hours", _("Dispatch to handled"),
                  _("Hours from first dispatch to the last handling, over handled cases."),
                  ("handle_us",), ("handled",), unit="h", better="low"),
        Indicator("mean_closing_hours", _("Handled to closed"),
                  _("Hours from the last handling to closing, over closed cases."),
                  ("check_us",), ("closed",), unit="h", better="low"),
    )  # fmt: skip


KEYS: Final = tuple(each.key for each in indicators(Chosen(Definitions(), "to_close", None)))
