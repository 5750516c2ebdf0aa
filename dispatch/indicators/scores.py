"""Scores from 0 to 100: rates and bands by weight, and the grade that a score has. All of it is data.

A part that cannot be told (a rate whose denominator is 0, a band without a table) is left out: the others
keep their weights, and the score says on how much of the weight it rests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dispatch.indicators.counters import COUNTERS
from dispatch.indicators.rates import Rate, Sums, rounded

SUBJECTS: Final = ("area", "department", "inspector", "acceptor", "shift_leader", "dispatcher")

# Composites and tables of a live vendor system; the weight 40 of the last part of an area is inferred (its
# source says 10, which sums to 70). It names the bands "missed", "dispatched" and "public" without a table.
DEFAULT: Final[Mapping[str, Any]] = {
    "composites": {
        "inspector": [
            {"rate": "valid_report_rate", "weight": 40}, {"band": "missed", "weight": 20},
            {"rate": "verify_on_time_rate", "weight": 20}, {"rate": "check_on_time_rate", "weight": 20},
        ],
        "acceptor": [
            {"band": "accepted", "weight": 25}, {"rate": "verify_issue_rate", "weight": 40},
            {"rate": "check_issue_rate", "weight": 35},
        ],
        "shift_leader": [
            {"rate": "file_on_time_rate", "weight": 25}, {"rate": "filing_accuracy", "weight": 40},
            {"rate": "close_on_time_rate", "weight": 35},
        ],
        "dispatcher": [
            {"band": "dispatched", "weight": 20}, {"rate": "dispatch_on_time_rate", "weight": 40},
            {"rate": "dispatch_accuracy", "weight": 40},
        ],
        "department": [
            {"band": "filed_department", "weight": 10}, {"rate": "closing_rate", "weight": 30},
            {"rate": "handle_on_time_rate", "weight": 30},
            {"rate": "rework_rate", "weight": 30, "inverse": True},
        ],
        "area": [
            {"band": "public", "weight": 10}, {"band": "filed_area", "weight": 20},
            {"rate": "closing_rate", "weight": 30}, {"rate": "close_on_time_rate", "weight": 40},
        ],
    },
    # the points of the first step that the counter reaches (at_least) or does not exceed (at_most)
    "bands": {
        "accepted": {
            "counter": "accepted",
            "at_least": [[2001, 100], [1201, 90], [501, 75], [301, 60], [101, 40], [0, 0]],
        },
        "filed_department": {
            "counter": "filed",
            "at_most": [[50, 100], [100, 90], [200, 75], [500, 60], [1000, 40], [None, 0]],
        },
        "filed_area": {
            "counter": "filed", "at_most": [[0, 100], [2, 90], [4, 75], [6, 60], [8, 40], [None, 0]],
        },
        "missed": {"counter": "verified_public", "at_most": []},
        "dispatched": {"counter": "dispatched", "at_least": []},
        "public": {"counter": "verified_public", "at_most": []},
    },
    # the colours are recalled, not confirmed
    "grades": [
        {"from": 90, "grade": "A", "colour": "green"}, {"from": 75, "grade": "B", "colour": "blue"},
        {"from": 60, "grade": "C", "colour": "yellow"}, {"from": 40, "grade": "D", "colour": "orange"},
        {"from": 0, "grade": "E", "colour": "red"},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Score:
    """0 to 100 with its grade; `weight`: how much of 100 it rests on; `parts`: what each part gave."""

    value: float | None
    grade: str
    colour: str
    weight: float
    parts: tuple[dict[str, Any], ...]


def score_of(subject: str, rules: Mapping[str, Any], sums: Sums, rates: Mapping[str, Rate]) -> Score | None:
    """The composite of a subject; None when the city has none for it."""
    composite: Sequence[Mapping[str, Any]] = rules["composites"].get(subject, ())
    if not composite:
        return None
    parts: list[dict[str, Any]] = []
    total = weights = Decimal(0)
    for part in composite:
        points = _points(part, rules, sums, rates)
        parts.append({**part, "points": None if points is None else float(points)})
        if points is not None:
            weight = Decimal(str(part["weight"]))
            total, weights = total + points * weight, weights + weight
    if not weights:
        return Score(None, "", "", 0.0, tuple(parts))
    value = total / weights
    grade: Mapping[str, Any] = next((g for g in rules["grades"] if value >= g["from"]), {})
    return Score(
        rounded(value, 2), grade.get("grade", ""), grade.get("colour", ""), float(weights), tuple(parts)
    )


def _points(
    part: Mapping[str, Any], rules: Mapping[str, Any], sums: Sums, rates: Mapping[str, Rate]
) -> Decimal | None:
    if "band" in part:
        return band_points(rules["bands"][part["band"]], sums)
    value = rates[part["rate"]].value
    if value is None:
        return None
    points = Decimal(str(value))
    points = 100 - points if part.get("inverse") else points
    return max(Decimal(0), min(Decimal(100), points))


def band_points(band: Mapping[str, Any], sums: Sums) -> Decimal | None:
    number = sums.get(band["counter"], 0)
    for least, points in band.get("at_least", ()):
        if number >= least:
            return Decimal(str(points))
    for most, points in band.get("at_most", ()):
        if most is None or number <= most:
            return Decimal(str(points))
    return None


def check_rules(rules: Any, rate_keys: Sequence[str]) -> None:
    """Refuse rules that could not be applied, in words; raises ValidationError."""
    try:
        bands, grades = rules["bands"], rules["grades"]
        for subject, composite in rules["composites"].items():
            if subject not in SUBJECTS:
                raise ValidationError(_("There is no subject “%(name)s”.") % {"name": subject})
            for part in composite:
                name = part.get("band") or part["rate"]
                if name not in (bands if "band" in part else rate_keys) or not 0 < part["weight"] <= 100:
                    raise ValidationError(_("“%(name)s” is no part of a score.") % {"name": name})
            if composite and sum(part["weight"] for part in composite) != 100:
                raise ValidationError(_("The weights of “%(name)s” do not sum to 100.") % {"name": subject})
        for name, band in bands.items():
            if band["counter"] not in COUNTERS:
                raise ValidationError(_("There is no counter “%(name)s”.") % {"name": band["counter"]})
            steps = [*band.get("at_least", ()), *band.get("at_most", ())]
            if not all(len(step) == 2 and 0 <= step[1] <= 100 for step in steps):
                raise ValidationError(_("“%(name)s” is no part of a score.") % {"name": name})
        cuts = [grade["from"] for grade in grades]
        if cuts != sorted(cuts, reverse=True) or not all(grade["grade"] for grade in grades):
            raise ValidationError(_("Grades go from the best to the worst."))
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValidationError(_("These are no rules of scores: %(why)s") % {"why": repr(fault)}) from fault
