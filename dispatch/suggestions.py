"""The suggestion from history: learnt each night, shown where the rules leave a choice, never routing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from casework.models import Organisation
from dispatch.models import Report, SuggestionTable
from dispatch.suggest import Counted, features

DAYS = 365
CASES_AT_MOST = 100_000
LEAST_CASES = 30  # fewer are no history


@dataclass(frozen=True)
class Suggested:
    """An organisation that handled the like, its share among those asked about, and from how many cases."""

    organisation: Organisation
    share: float
    cases: int


_kept: dict[str, tuple[datetime, Counted, int]] = {}


def facts_and_text(report: Report) -> Counter[str]:
    """`report.problem_class` should be loaded."""
    kind, code, cell = report.problem_class.kind, report.problem_class.code, report.cell_code
    known = {
        "class": f"{kind}{code}",
        "major": f"{kind}{code[:2]}",
        "street": cell[:9],
        "community": cell[:12],
        "owner": report.owner_code,
        "class_in_street": f"{kind}{code}/{cell[:9]}",
    }
    return features(known, report.text)


def learn(stream: str) -> SuggestionTable | None:
    """Count who handled what in the last year, newest cases first if there are too many; kept as one row."""
    since = timezone.now() - timedelta(days=DAYS)
    handled = (
        Report.objects.filter(
            case__stream_id=stream, handled_at__gte=since, department__isnull=False, main__isnull=True
        )
        .select_related("problem_class", "department")
        .order_by("-handled_at")[:CASES_AT_MOST]
    )
    examples = [(facts_and_text(report), report.department.code) for report in handled if report.department]
    if len(examples) < LEAST_CASES:
        return None
    return SuggestionTable.objects.update_or_create(
        stream_id=stream,
        defaults={
            "cases": len(examples),
            "counts": Counted.of(examples).as_json(),
            "made_at": timezone.now(),
        },
    )[0]


def suggested(report: Report, stream: str, *, among: Collection[str] = ()) -> list[Suggested]:
    """Organisations by how often they handled the like; of those named, or of all. Empty without history.

    cost   one small query, and one for the names; the table is read again only when it is newer
    """
    found = _table(stream)
    if found is None:
        return []
    counted, cases = found
    ranked = counted.ranked(facts_and_text(report), among=among or None)
    known = {one.code: one for one in Organisation.objects.filter(code__in=[code for code, _share in ranked])}
    return list(_named(ranked, known, cases))


def _named(
    ranked: list[tuple[str, float]], known: dict[str, Organisation], cases: int
) -> Iterator[Suggested]:
    today = timezone.localdate()
    for code, share in ranked:
        organisation = known.get(code)
        if organisation and (organisation.valid_to is None or organisation.valid_to >= today):
            yield Suggested(organisation, round(share, 3), cases)


def _table(stream: str) -> tuple[Counted, int] | None:
    made_at = SuggestionTable.objects.filter(stream_id=stream).values_list("made_at", flat=True).first()
    if made_at is None:
        return None
    if stream not in _kept or _kept[stream][0] != made_at:
        row = SuggestionTable.objects.get(stream_id=stream)
        _kept[stream] = row.made_at, Counted.from_json(row.counts), row.cases
    return _kept[stream][1:]
