"""The shape of a table at the edges: one for the API and the command line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _

from dispatch.indicators.counters import REPORTS, VALID
from dispatch.indicators.rates import Indicator, Rate
from dispatch.indicators.scores import DEFAULT
from dispatch.indicators.tables import Row, Table
from dispatch.models.report import Source


def table_json(table: Table) -> dict[str, Any]:
    asked, chosen, scope = table.asked, table.chosen, table.asked.scope
    scoring = chosen.scoring
    return {
        "from": str(scope.period.first),
        "to": str(scope.period.last),
        "stream": scope.stream,
        "area": scope.area or None,
        "by": str(asked.by),
        "only": dict(asked.only),
        "definitions": {
            "valid_from": _day(chosen.definitions.valid_from),
            "missed_sources": [str(source) for source in chosen.definitions.missed_sources],
            "accuracy": str(chosen.definitions.accuracy),
            "count_forced": chosen.definitions.count_forced,
            "rework_over": chosen.rework_over,
            "scoring_valid_from": _day(scoring.valid_from if scoring else None),
        },
        "reached": {
            "seq": table.reached.seq,
            "behind": table.reached.behind,
            "as_of": table.reached.as_of.isoformat() if table.reached.as_of else None,
        },
        "closed": [str(month) for month in table.closed],
        "adjustments": dict(table.adjustments),
        "counters": words_of_counters(),
        "indicators": [indicator_json(each) for each in table.indicators],
        "grades": list(((scoring and scoring.rules) or DEFAULT)["grades"]),
        "whole": row_json(table.whole),
        "rows": [row_json(row) for row in table.rows],
        "top_share": rate_json(table.top_share) if table.top_share else None,
    }


def _day(day: Any) -> str | None:
    return str(day) if day else None


def indicator_json(each: Indicator) -> dict[str, Any]:
    return {
        "key": each.key, "title": each.title, "definition": each.words, "unit": each.unit,
        "better": each.better, "numerator": list(each.above), "denominator": list(each.below),
        "less": list(each.less),
    }  # fmt: skip


def row_json(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "code": row.named.code,
        "name": row.named.name,
        "name_en": row.named.name_en,
        "counters": dict(row.sums),
        "rates": {key: rate_json(rate) for key, rate in row.rates.items()},
        "score": asdict(row.score) if row.score else None,
    }


def rate_json(rate: Rate) -> dict[str, Any]:
    return {"numerator": rate.numerator, "denominator": rate.denominator, "value": rate.value}


def words_of_counters() -> dict[str, str]:
    """What each counter is called, in the reader's language."""
    words = {REPORTS[s]: _("Reports: %(source)s") % {"source": Source(s).label} for s in REPORTS}
    words |= {VALID[s]: _("Valid reports: %(source)s") % {"source": Source(s).label} for s in VALID}
    return words | {
        "still_open": _("Still open"),
        "declined": _("Not filed"),
        "withdrawn": _("Withdrawn"),
        "self_handled": _("Settled on the spot"),
        "joined": _("Further sightings"),
        "accepted": _("Accepted"),
        "accepted_on_time": _("Accepted in time"),
        "accepted_accurate": _("Accurately accepted"),
        "verify_issued": _("Verifications sent"),
        "verify_issued_on_time": _("Verifications sent in time"),
        "verify_due": _("Verifications due"),
        "verify_done": _("Verified"),
        "verify_on_time": _("Verified in time"),
        "verified_public": _("Verified public reports"),
        "filed": _("Filed"),
        "filed_on_time": _("Filed in time"),
        "filed_accurate": _("Accurately filed"),
        "voided": _("Voided"),
        "to_dispatch": _("To dispatch"),
        "dispatch_on_time": _("Dispatched in time"),
        "dispatched": _("Dispatched"),
        "dispatched_direct": _("Never sent on"),
        "dispatched_unreworked": _("Never reworked"),
        "redirected": _("Sent on to another"),
        "returned": _("Returned"),
        "to_handle": _("To handle"),
        "handle_on_time": _("Handled in time"),
        "handle_late": _("Handled late"),
        "handle_exempted": _("Late and exempted"),
        "handle_overdue": _("Overdue and not handled"),
        "handled": _("Handled"),
        "check_issued": _("Checks sent"),
        "check_issued_on_time": _("Checks sent in time"),
        "check_due": _("Checks due"),
        "check_done": _("Checked"),
        "check_on_time": _("Checked in time"),
        "checks_passed": _("Checks passed"),
        "checks_failed": _("Checks failed"),
        "reworked": _("Reworked"),
        "reworked_again": _("Reworked again"),
        "to_close": _("To close"),
        "close_on_time": _("Closed in time"),
        "close_late": _("Closed late"),
        "close_forced": _("Handled, closed by force"),
        "closed": _("Closed"),
        "closed_us": _("Time from report to closing"),
        "forced": _("Closed by force"),
        "forced_us": _("Time from report to forced closing"),
        "hung": _("Hung"),
        "extended": _("Extended"),
        "supervised": _("Supervised"),
        "file_us": _("Time from report to filing"),
        "dispatch_us": _("Time from filing to dispatch"),
        "handle_us": _("Time from dispatch to handled"),
        "check_us": _("Time from handled to closing"),
    }
