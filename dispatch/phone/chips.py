"""The table of the chips: made from what was filed, measured on days held out, kept one a stream."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from django.utils import timezone
from django.utils.timezone import localtime

from casework.journal import dumps, instant
from dispatch.models import RankingTable, Report
from dispatch.models.report import Source
from dispatch.ranking import BANDS_M, SHOWN, Chip, Features, rank, table_of
from gis_data.models import ProblemClass
from gis_data.sql import rows

DAYS: Final = 180
SAMPLES_AT_MOST: Final = 50_000
CHUNK: Final = 2000
EMPTY: Final[dict[str, Any]] = {"n": 0, "chips": [], "hour": [], "season": [], "near": {}, "beside": {}}


@dataclass(frozen=True)
class Evaluation:
    """How often the inspector's choice stood first, or among the six, on days the table has not seen."""

    learnt_from: int
    held_out: int
    from_day: str
    top_1: float
    top_6: float
    commonest_1: float
    commonest_6: float


def learnt(stream: str, *, upto: datetime, days: int = DAYS) -> list[Report]:
    """What inspectors found and supervision filed in the days before an instant, newest first."""
    found = Report.objects.filter(
        case__stream_id=stream,
        source=Source.INSPECTOR,
        filed_at__isnull=False,
        condition__isnull=False,
        reported_at__gte=upto - timedelta(days=days),
        reported_at__lt=upto,
    ).only("case_id", "problem_class_id", "condition_id", "reported_at", "place", "cell_code", "accuracy_m")
    return list(found.order_by("-reported_at")[:SAMPLES_AT_MOST])


def samples(reports: Sequence[Report], *, blur: bool = False) -> Iterator[tuple[Chip, Features]]:
    """Each report as the ranking saw it, or would have: what was chosen, and what was known before.

    blur   move each place by as much as the phone was unsure of it, always alike for the same report:
           generated reports lie exactly on their components, as no phone ever does
    """
    for start in range(0, len(reports), CHUNK):
        part = reports[start : start + CHUNK]
        places = [_blurred(report) if blur else (report.place.x, report.place.y) for report in part]
        near = near_classes(places)
        for report, classes in zip(part, near, strict=True):
            at = localtime(report.reported_at)
            assert report.condition_id is not None, "learnt() asks for reports with a condition"
            yield (
                (report.problem_class_id, report.condition_id),
                Features(at.hour, at.month, classes, report.cell_code),
            )


def near_classes(places: Sequence[tuple[float, float]]) -> list[dict[int, float]]:
    """For each lon/lat the component classes within 50 m and the metres to the nearest. One query."""
    found = rows(
        "near_classes", lons=[lon for lon, _ in places], lats=[lat for _, lat in places], radius_m=BANDS_M[-1]
    )
    return [{int(class_id): float(metres) for class_id, metres in classes.items()} for _n, classes in found]


def component_classes() -> frozenset[int]:
    return frozenset(ProblemClass.objects.filter(kind="component").values_list("pk", flat=True))


def make_table(stream: str, *, upto: datetime | None = None, blur: bool = False) -> dict[str, Any]:
    """The table from everything up to an instant, now by default."""
    found = learnt(stream, upto=upto or timezone.now())
    if not found:
        return {**EMPTY, "own": {}}
    return table_of(samples(found, blur=blur), component_classes=component_classes())


def keep_table(stream: str, table: dict[str, Any]) -> RankingTable:
    """Store it; the version changes only with the contents."""
    shared = {key: value for key, value in table.items() if key != "own"}
    version = hashlib.sha256(dumps(table).encode()).hexdigest()[:16]
    return RankingTable.objects.update_or_create(
        stream_id=stream,
        defaults={"version": version, "table": shared, "own": table["own"], "made_at": timezone.now()},
    )[0]


def table_for(stream: str, cells: Sequence[str] | None = None) -> dict[str, Any]:
    """The kept table as the phone gets it, with the history of these cells only (None: of all)."""
    kept = RankingTable.objects.filter(stream_id=stream).first()
    if kept is None:
        return {"version": "none", "made_at": None, **EMPTY, "own": {}}
    own = kept.own if cells is None else {cell: kept.own[cell] for cell in cells if cell in kept.own}
    return {"version": kept.version, "made_at": instant(kept.made_at), **kept.table, "own": own}


def evaluate(stream: str, *, days: int, blur: bool) -> Evaluation | None:
    """Learn from all but the last days, rank each report of those; None when one of the two is empty."""
    cut = localtime(timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    before = learnt(stream, upto=cut)
    after = [r for r in learnt(stream, upto=timezone.now(), days=days + 1) if r.reported_at >= cut]
    if not before or not after:
        return None
    table = table_of(samples(before, blur=blur), component_classes=component_classes())
    common = [tuple(chip[:2]) for chip in table["chips"][:SHOWN]]
    hits: Counter[str] = Counter()
    for chip, features in samples(after, blur=blur):
        ranked = [(one.class_id, one.condition_id) for one in rank(table, features)]
        hits["top_1"] += ranked[:1] == [chip]
        hits["top_6"] += chip in ranked
        hits["commonest_1"] += common[:1] == [chip]
        hits["commonest_6"] += chip in common
    return Evaluation(
        learnt_from=len(before),
        held_out=len(after),
        from_day=f"{cut:%Y-%m-%d}",
        top_1=round(hits["top_1"] / len(after), 4),
        top_6=round(hits["top_6"] / len(after), 4),
        commonest_1=round(hits["commonest_1"] / len(after), 4),
        commonest_6=round(hits["commonest_6"] / len(after), 4),
    )


def _blurred(report: Report) -> tuple[float, float]:
    """The place as a phone would have read it: two thirds of all readings lie within `accuracy_m`."""
    rng = Random(report.case_id.int)
    sigma = (report.accuracy_m or 8.0) / 1.515
    north, east = rng.gauss(0, sigma), rng.gauss(0, sigma)
    lon, lat = report.place.x, report.place.y
    return lon + east / (111_320 * math.cos(math.radians(lat))), lat + north / 111_320
