"""Which class and condition is it, most likely? Six chips from counts of what was filed before. Pure.

A chip's score is a sum of few terms, so that each can be shown as the reason: how common the chip is, and by
how much hour, season, what stands here and what was found in this cell before make it likelier. Terms are
logarithms of ratios, shrunk towards "no effect" where counts are small (a naive Bayes with smoothing), kept
as whole hundredths: the phone ranks with the same integers (`frontend/src/phone/rank.js`).

    score(i) = base[i] + hour[i][slot] + season[i][season]
             + near[class of i][band of the nearest component of that class]     chips of components
             + beside[class of the very nearest component][i]                    chips of events
             + own[cell][i]
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SLOT_HOURS: Final = 4
SLOTS: Final = 24 // SLOT_HOURS
SEASONS: Final = 4
BANDS_M: Final = (8.0, 20.0, 50.0)  # band 3: farther, or none
FARTHEST: Final = len(BANDS_M)
BESIDE_M: Final = 20.0
CHIPS_AT_MOST: Final = 120
SHOWN: Final = 6
# imagined reports that say "no effect"; what they outweigh is not believed
WEIGHT: Final = 20.0
WEIGHT_OF_CELL: Final = 100.0
LEAST_TOLD: Final = 20  # hundredths: a smaller term is no reason

Chip = tuple[int, int]  # class and condition
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Features:
    """What is known before anything is chosen.

    hour, month   of the local clock
    near          component class → metres to the nearest of it, as far as 50 m
    cell_code     where it is
    """

    hour: int
    month: int
    near: Mapping[int, float]
    cell_code: str = ""

    @property
    def slot(self) -> int:
        return self.hour // SLOT_HOURS

    @property
    def season(self) -> int:
        """0 winter (December to February), 1 spring, 2 summer, 3 autumn."""
        return self.month % 12 // 3

    @property
    def beside(self) -> int | None:
        """The class of the very nearest component, if one stands within 20 m."""
        nearest = min(self.near, key=lambda class_id: (self.near[class_id], class_id), default=None)
        return nearest if nearest is not None and self.near[nearest] <= BESIDE_M else None

    def band(self, class_id: int) -> int:
        return band_of(self.near.get(class_id))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chip with its score and the term that speaks most for it (`common` when none does)."""

    class_id: int
    condition_id: int
    score: int
    why: str


def band_of(metres: float | None) -> int:
    return FARTHEST if metres is None else sum(metres > edge for edge in BANDS_M)


def rank(table: Table, features: Features, *, at_most: int = SHOWN) -> list[Ranked]:
    """The likeliest chips first; equal scores in the order of the table."""
    own: Mapping[str, int] = table.get("own", {}).get(features.cell_code, {})
    beside: Mapping[str, int] = table["beside"].get(str(features.beside), {})
    found: list[tuple[int, int, Ranked]] = []
    for i, (class_id, condition_id, base) in enumerate(table["chips"]):
        bands = table["near"].get(str(class_id))
        terms = {
            "near": bands[features.band(class_id)] if bands else 0,
            "own": own.get(str(i), 0),
            "beside": beside.get(str(i), 0),
            "hour": table["hour"][i][features.slot],
            "season": table["season"][i][features.season],
        }
        score = base + sum(terms.values())
        why = max(terms, key=lambda name: terms[name])
        found.append(
            (-score, i, Ranked(class_id, condition_id, score, why if terms[why] >= LEAST_TOLD else "common"))
        )
    return [ranked for _score, _i, ranked in sorted(found, key=lambda one: one[:2])[:at_most]]


def table_of(
    samples: Iterable[tuple[Chip, Features]], *, component_classes: frozenset[int]
) -> dict[str, Any]:
    """Count what was filed into a table for `rank()`; with `own` by cell.

    component_classes   classes whose chips are told by a component of the class standing near
    """
    counted = list(samples)
    total = len(counted)
    times = Counter(chip for chip, _ in counted)
    chips = [chip for chip, _ in sorted(times.items(), key=lambda one: (-one[1], one[0]))[:CHIPS_AT_MOST]]
    place = {chip: i for i, chip in enumerate(chips)}
    hours = _ratios(counted, place, SLOTS, lambda features: features.slot)
    seasons = _ratios(counted, place, SEASONS, lambda features: features.season)
    return {
        "n": total,
        "chips": [[*chip, _hundredths(math.log(times[chip] / total))] for chip in chips],
        "hour": hours,
        "season": seasons,
        "near": _near(counted, component_classes),
        "beside": _beside(counted, place, times, component_classes),
        "own": _own(counted, place, times),
    }


def _hundredths(value: float) -> int:
    return round(100 * value)


def _ratios(
    counted: Sequence[tuple[Chip, Features]], place: Mapping[Chip, int], width: int, part: Any
) -> list[list[int]]:
    """By how much each part of the day or year is likelier for a chip than for everything."""
    every: Counter[int] = Counter(part(features) for _, features in counted)
    own: dict[int, Counter[int]] = defaultdict(Counter)
    for chip, features in counted:
        if chip in place:
            own[place[chip]][part(features)] += 1
    total = len(counted)
    rows = []
    for i in range(len(place)):
        have = sum(own[i].values())
        rows.append(
            [
                _hundredths(
                    math.log((own[i][n] + WEIGHT * share) / (have + WEIGHT) / share)
                    if (share := every[n] / total)
                    else 0.0
                )
                for n in range(width)
            ]
        )
    return rows


def _near(
    counted: Sequence[tuple[Chip, Features]], component_classes: frozenset[int]
) -> dict[str, list[int]]:
    """How much likelier a class of components is with one of it at such a distance.

    A class with few reports borrows the bands of all.
    """
    seen: dict[int, Counter[int]] = defaultdict(Counter)  # bands when it was that class
    around: dict[int, Counter[int]] = defaultdict(Counter)  # nearer bands, whatever it was
    for (class_id, _condition), features in counted:
        if class_id in component_classes:
            seen[class_id][features.band(class_id)] += 1
        for other in features.near:
            around[other][features.band(other)] += 1
    pooled: Counter[int] = Counter()
    for bands in seen.values():
        pooled.update(bands)
    whole = sum(pooled.values())
    if not whole:
        return {}
    usual = [(pooled[band] + 1) / (whole + FARTHEST + 1) for band in range(FARTHEST + 1)]
    rows = {}
    for class_id, bands in sorted(seen.items()):
        have = sum(bands.values())
        common = around[class_id]
        common[FARTHEST] = len(counted) - sum(common[band] for band in range(FARTHEST))
        rows[str(class_id)] = [
            _hundredths(
                math.log(
                    (bands[band] + WEIGHT * usual[band])
                    / (have + WEIGHT)
                    / ((common[band] + 1) / (len(counted) + FARTHEST + 1))
                )
            )
            for band in range(FARTHEST + 1)
        ]
    return rows


def _beside(
    counted: Sequence[tuple[Chip, Features]],
    place: Mapping[Chip, int],
    times: Mapping[Chip, int],
    component_classes: frozenset[int],
) -> dict[str, dict[str, int]]:
    """What happens beside what: events by the component that stands nearest. Weak effects are left out."""
    total = len(counted)
    every: Counter[int | None] = Counter(features.beside for _, features in counted)
    both: Counter[tuple[int, int]] = Counter()
    for chip, features in counted:
        if chip in place and chip[0] not in component_classes and features.beside is not None:
            both[features.beside, place[chip]] += 1
    by_place = {i: times[chip] for chip, i in place.items()}
    rows: dict[str, dict[str, int]] = {}
    for (class_id, i), n in sorted(both.items()):
        share = every[class_id] / total
        term = _hundredths(math.log((n + WEIGHT * share) / (by_place[i] + WEIGHT) / share))
        if abs(term) >= LEAST_TOLD:
            rows.setdefault(str(class_id), {})[str(i)] = term
    return rows


def _own(
    counted: Sequence[tuple[Chip, Features]], place: Mapping[Chip, int], times: Mapping[Chip, int]
) -> dict[str, dict[str, int]]:
    """What has been found in a cell before."""
    total = len(counted)
    here: Counter[tuple[str, Chip]] = Counter(
        (features.cell_code, chip) for chip, features in counted if chip in place and features.cell_code
    )
    rows: dict[str, dict[str, int]] = {}
    for (cell, chip), n in sorted(here.items()):
        term = _hundredths(math.log(1 + n / (WEIGHT_OF_CELL * times[chip] / total)))
        rows.setdefault(cell, {})[str(place[chip])] = term
    return rows
