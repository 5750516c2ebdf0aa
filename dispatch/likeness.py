"""How alike are two reports: by class, component, distance and time. Pure, no database.

A report is proposed as the same thing as another when it is of the same class, or names the same component,
lies within the metres and days of its class, and its score reaches the least of its class:

    near = 1 - metres / bound.metres        soon = 1 - days / bound.days
    score = 0.75 near + 0.25 soon
    both name the same component            score moves half the way up to 1
    both name different components          a quarter of the score is left

A person decides; the score only ranks. How well it does is measured by `check_duplicates`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import asin, cos, radians, sin, sqrt
from typing import TypeVar

Key = TypeVar("Key")

NEAR, SOON = 0.75, 0.25
OTHER_COMPONENT = 0.25
EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class Sight:
    """What likeness asks about a report; lon and lat in degrees (crs.STORE)."""

    class_kind: str
    class_code: str
    lon: float
    lat: float
    at: datetime
    component_code: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a city calls the same thing, for a class."""

    metres: float
    days: float
    least_score: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """same_component   None where one of the two names none"""

    score: float
    metres: float
    hours: float
    same_component: bool | None


def likeness(one: Sight, other: Sight, bound: Bound) -> Likeness | None:
    """How alike they are; None when they are not to be taken for the same thing."""
    named = bool(one.component_code and other.component_code)
    same_component = one.component_code == other.component_code if named else None
    if (one.class_kind, one.class_code) != (other.class_kind, other.class_code) and not same_component:
        return None
    metres = metres_between(one, other)
    days = abs((one.at - other.at).total_seconds()) / 86400
    if metres > bound.metres or days > bound.days:
        return None
    score = NEAR * (1 - metres / bound.metres) + SOON * (1 - days / bound.days)
    if same_component:
        score = (1 + score) / 2
    elif same_component is False:
        score *= OTHER_COMPONENT
    if score < bound.least_score:
        return None
    return Likeness(round(score, 3), metres, days * 24, same_component)


def most_alike(one: Sight, others: Iterable[tuple[Key, Sight]], bound: Bound) -> list[tuple[Key, Likeness]]:
    """Those that may be the same thing, the likeliest first."""
    found = [(key, like) for key, other in others if (like := likeness(one, other, bound))]
    return sorted(found, key=lambda pair: (-pair[1].score, pair[1].metres))


def metres_between(a: Sight, b: Sight) -> float:
    """Great-circle distance; good to 0.5 %."""
    lon_a, lat_a, lon_b, lat_b = map(radians, (a.lon, a.lat, b.lon, b.lat))
    h = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(h))
