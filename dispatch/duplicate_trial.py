"""How well duplicates are proposed, on a labelled set made from the simulation. Pure but for `drawn`.

A problem is a report of the simulated history, at its place and time, of its class and component; it is there
until that case ended. The history puts many on one point: what it tells of the same class on that point while
the first is open is left out. People who tell of a problem again meanwhile stand some metres off, come some
hours later, may not name the component, may choose another class. Beside some problems lies another of the
same class: near, soon, and not the same. Read in the order of time, each report is offered the earlier ones
still open that `likeness` calls the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import cos, radians
from random import Random
from typing import Any

from dispatch.duplicates import BoundOf, sight_of
from dispatch.likeness import Sight, most_alike
from dispatch.models import Report

METRES_A_DEGREE = 111_195
SQUARE = 0.005  # degrees: wider than any threshold
LISTED = 3


@dataclass(frozen=True)
class Parameters:
    """How the labelled set is made; printed with every result.

    repeated      share of problems that are told again, and how often on average
    gps_m         standard deviation of each coordinate of a repeated report
    later_h       mean of the exponential time until it is told again
    names         share of reports that name the component, where there is one
    other_class   share of repeats under another class of the same kind
    beside        share of problems with another of the same class `beside_m` away, within the same hours
    """

    seed: int = 1
    problems: int = 2000
    repeated: float = 0.3
    times: float = 1.5
    gps_m: float = 8
    later_h: float = 30
    names: float = 0.6
    other_class: float = 0.03
    beside: float = 0.3
    beside_m: tuple[float, float] = (10, 60)


@dataclass(frozen=True)
class Told:
    """A report of the labelled set; `problem` is the truth, and its case is open until then (None: still)."""

    problem: int
    sight: Sight
    until: datetime | None = None


@dataclass
class Score:
    """right, wrong   first offers that were, and were not, the same thing
    missed    reports of something told before, to which nothing, or something else, was offered first
    listed    of those told before: the same thing was among the first three offers
    """

    reports: int = 0
    told_before: int = 0
    right: int = 0
    wrong: int = 0
    listed: int = 0

    def as_dict(self) -> dict[str, Any]:
        offered = self.right + self.wrong
        return {
            "reports": self.reports,
            "told_before": self.told_before,
            "right": self.right,
            "wrong": self.wrong,
            "missed": self.told_before - self.right,
            "precision": round(self.right / offered, 4) if offered else None,
            "recall": round(self.right / self.told_before, 4) if self.told_before else None,
            "recall_of_three": round(self.listed / self.told_before, 4) if self.told_before else None,
        }


def drawn(stream: str, parameters: Parameters) -> list[tuple[Sight, datetime | None]]:
    """So many reports of the stream, by chance; the same ones for the same seed and the same city."""
    pks = list(
        Report.objects.filter(case__stream_id=stream)
        .order_by("reported_at", "pk")
        .values_list("pk", flat=True)
    )
    chosen = Random(parameters.seed).sample(pks, min(parameters.problems, len(pks)))
    found = Report.objects.filter(pk__in=chosen).select_related("problem_class", "case")
    return [(sight_of(report), report.case.ended_at) for report in found.order_by("reported_at", "pk")]


def labelled(problems: Sequence[tuple[Sight, datetime | None]], parameters: Parameters) -> list[Told]:
    """The problems, what was told of them again, and what lies beside them, in the order of time."""
    chance = Random(parameters.seed + 1)
    by_kind: dict[str, list[str]] = defaultdict(list)
    for problem, _until in problems:
        by_kind[problem.class_kind].append(problem.class_code)
    found: list[Told] = []
    standing: dict[tuple[str, str, float, float], datetime | None] = {}
    for n, (problem, until) in enumerate(problems):
        point = (problem.class_kind, problem.class_code, round(problem.lon, 6), round(problem.lat, 6))
        stands = standing.get(point, problem.at)
        if stands is None or stands > problem.at:
            continue
        standing[point] = until
        found.append(Told(n, _named(problem, chance, parameters), until))
        if chance.random() < parameters.repeated:
            for _ in range(1 + _poisson(chance, parameters.times - 1)):
                again = _again(problem, chance, parameters, by_kind)
                if until is None or again.at < until:  # later it would be another problem
                    found.append(Told(n, again, until))
        if chance.random() < parameters.beside:
            beside = _beside(problem, chance, parameters)
            found.append(Told(-1 - n, beside, beside.at + (until - problem.at) if until else None))
    return sorted(found, key=lambda told: told.sight.at)


def trial(told: Iterable[Told], bound_of: BoundOf) -> dict[str, Score]:
    """Offer to each report the earlier ones; by kind of class and in all."""
    scores = {"component": Score(), "event": Score(), "all": Score()}
    earlier: dict[tuple[int, int], list[Told]] = defaultdict(list)
    known: set[int] = set()
    for one in told:
        bound = bound_of(one.sight.class_kind, one.sight.class_code)
        offers = [problem for problem, _like in most_alike(one.sight, _around(one.sight, earlier), bound)]
        for score in (scores[one.sight.class_kind], scores["all"]):
            score.reports += 1
            score.told_before += one.problem in known
            score.right += offers[:1] == [one.problem]
            score.wrong += offers[:1] not in ([], [one.problem])
            score.listed += one.problem in offers[:LISTED]
        known.add(one.problem)
        earlier[_square(one.sight)].append(one)
    return scores


def _square(sight: Sight) -> tuple[int, int]:
    return int(sight.lon / SQUARE), int(sight.lat / SQUARE)


def _around(sight: Sight, earlier: dict[tuple[int, int], list[Told]]) -> list[tuple[int, Sight]]:
    x, y = _square(sight)
    near = (each for dx in (-1, 0, 1) for dy in (-1, 0, 1) for each in earlier.get((x + dx, y + dy), ()))
    return [(each.problem, each.sight) for each in near if each.until is None or each.until > sight.at]


def _named(sight: Sight, chance: Random, parameters: Parameters) -> Sight:
    return sight if chance.random() < parameters.names else replace(sight, component_code="")


def _again(problem: Sight, chance: Random, parameters: Parameters, by_kind: dict[str, list[str]]) -> Sight:
    moved = _moved(problem, chance.gauss(0, parameters.gps_m), chance.gauss(0, parameters.gps_m))
    code = problem.class_code
    if chance.random() < parameters.other_class:
        code = chance.choice(by_kind[problem.class_kind])
    later = timedelta(hours=chance.expovariate(1 / parameters.later_h))
    return _named(replace(moved, class_code=code, at=problem.at + later), chance, parameters)


def _beside(problem: Sight, chance: Random, parameters: Parameters) -> Sight:
    low, high = parameters.beside_m
    metres = chance.uniform(low, high)
    moved = _moved(problem, metres, 0) if chance.random() < 0.5 else _moved(problem, 0, metres)
    other = f"{problem.component_code}'" if problem.component_code else ""
    later = timedelta(hours=chance.expovariate(1 / parameters.later_h))
    return _named(replace(moved, component_code=other, at=problem.at + later), chance, parameters)


def _moved(sight: Sight, east_m: float, north_m: float) -> Sight:
    lon = sight.lon + east_m / (METRES_A_DEGREE * cos(radians(sight.lat)))
    return replace(sight, lon=lon, lat=sight.lat + north_m / METRES_A_DEGREE)


def _poisson(chance: Random, mean: float) -> int:
    """How many events until their exponential gaps fill one unit of time."""
    count, passed = 0, chance.expovariate(mean) if mean > 0 else 2.0
    while passed < 1:
        count += 1
        passed += chance.expovariate(mean)
    return count


def with_least(bound_of: BoundOf, least: float) -> Callable[[str, str], Any]:
    """The same thresholds with another least score, to draw precision against recall."""
    return lambda kind, code: replace(bound_of(kind, code), least_score=least)
