"""What the three headline figures mean, in words and as settings. Sources: `docs/figures.md`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from dispatch.models import IndicatorPolicy
from dispatch.models.indicator import public_sources
from dispatch.models.report import Source

Accuracy = IndicatorPolicy.Accuracy


class Key(StrEnum):
    """The figures with which Dongcheng presented the method."""

    DISCOVERY = "discovery_rate"
    ACCURACY = "dispatch_accuracy"
    RESOLUTION = "mean_resolution_hours"


class Imported(StrEnum):
    """What becomes of the cases that another system told."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


UNITS = {Key.DISCOVERY: "%", Key.ACCURACY: "%", Key.RESOLUTION: "h"}


@dataclass(frozen=True)
class Definitions:
    """The choices in force; see `models.IndicatorPolicy`. Without `valid_from` these are the defaults."""

    missed_sources: tuple[str, ...] = tuple(public_sources())
    accuracy: str = Accuracy.NEVER_REDIRECTED
    count_forced: bool = False
    valid_from: date | None = None

    @property
    def closing_verbs(self) -> tuple[str, ...]:
        return ("close", "force_close") if self.count_forced else ("close",)


def definitions_for(stream: str, on: date) -> Definitions:
    """What is in force in a stream on a day. One query."""
    row = IndicatorPolicy.objects.filter(stream_id=stream, valid_from__lte=on).order_by("-valid_from").first()
    if row is None:
        return Definitions()
    return Definitions(tuple(row.missed_sources), row.accuracy, row.count_forced, row.valid_from)


def title_of(key: Key) -> str:
    return {
        Key.DISCOVERY: _("Discovery rate"),
        Key.ACCURACY: _("Dispatch accuracy"),
        Key.RESOLUTION: _("Mean resolution time"),
    }[key]


def claim_of(key: Key) -> str:
    """What Dongcheng claimed for the figure (metrics.md §5, not found in a primary source)."""
    return {
        Key.DISCOVERY: _("Dongcheng: more than 90 %"),
        Key.ACCURACY: _("Dongcheng: 98 %"),
        Key.RESOLUTION: _("Dongcheng: 13.5 hours"),
    }[key]


def words_of(key: Key, chosen: Definitions, imported: Imported = Imported.EXCLUDE) -> str:
    """The exact definition in force, in the reader's language, and what is done with imported cases."""
    return f"{_own_words(key, chosen)} {_duplicate_words(key)} {_imported_words(key, imported)}"


def _duplicate_words(key: Key) -> str:
    if key == Key.RESOLUTION:
        return _(
            "A case merged into another as its duplicate is closed with that one and not counted by itself."
        )
    return _("A case merged into another as its duplicate counts with that one and not by itself.")


def _imported_words(key: Key, imported: Imported) -> str:
    if imported == Imported.EXCLUDE:
        return _("Cases imported from other systems are left out.")
    how = {
        Key.DISCOVERY: _(
            "Cases imported from other systems count on the day they were opened there, unless they were "
            "cancelled."
        ),
        Key.ACCURACY: _(
            "Of cases imported from other systems it is not known whether they were sent on: none counts."
        ),
        Key.RESOLUTION: _(
            "Cases imported from other systems count when they were closed there, unless that is told of a "
            "time before the opening or still to come."
        ),
    }[key]
    return f"{how} {_('Only these are counted here.')}" if imported == Imported.ONLY else how


def _own_words(key: Key, chosen: Definitions) -> str:
    if key == Key.DISCOVERY:
        return _(
            "Problems found by inspectors on patrol, divided by those and the problems they missed. Counted: "
            "reports filed for the first time in the period and not voided, declined or withdrawn since. "
            "Missed are those that came by: %(sources)s. Other sources count on neither side."
        ) % {"sources": ", ".join(str(Source(source).label) for source in chosen.missed_sources) or "–"}
    if key == Key.ACCURACY:
        rule = {
            Accuracy.NEVER_REDIRECTED: _("Accurate: never sent on to another department."),
            Accuracy.NEVER_REWORKED: _("Accurate: never sent back for rework."),
        }[Accuracy(chosen.accuracy)]
        counted = _(
            "Accurately dispatched cases, divided by all cases dispatched for the first time in the period."
        )
        return f"{counted} {rule}"
    forced = (
        _("Cases closed by force are counted too.")
        if chosen.count_forced
        else _("Cases closed by force are left out.")
    )
    mean = _(
        "Hours from report to closing, nights and holidays included, divided by the number of cases closed "
        "in the period."
    )
    return f"{mean} {forced}"
