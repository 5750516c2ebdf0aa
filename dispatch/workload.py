"""What patrolling each cell costs, in minutes a day.

Its streets are walked once (without streets: once along and across), the reports of the last days taken, its
components looked at. The three prices are `Effort`; a city measures its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import shapely
from django.utils import timezone
from numpy.typing import NDArray

from dispatch.models import Report
from gis_data.crs import STORE
from gis_data.generations import metric_of
from gis_data.models import Generation
from gis_data.project import project, project_points
from gis_data.sql import rows

Floats = NDArray[np.float64]

DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Effort:
    """What patrolling costs: minutes a report, seconds a component, metres walked in a minute."""

    minutes_a_report: float = 10.0
    seconds_a_component: float = 2.0
    metres_a_minute: float = 60.0


@dataclass(slots=True)
class Burden:
    """What there is to do in each cell of a generation; lists run alike, by code of cell."""

    codes: list[str]
    shapes: NDArray[Any]
    reports: Floats
    components: Floats
    walk_m: Floats
    days: int

    def minutes(self, effort: Effort) -> Floats:
        """Minutes a day."""
        minutes: Floats = (
            self.reports / self.days * effort.minutes_a_report
            + self.components * effort.seconds_a_component / 60
            + self.walk_m / effort.metres_a_minute
        )
        return minutes


def burden_of(generation: Generation, days: int = DAYS) -> Burden:
    """Reports of the last days, components and streets of every cell."""
    srid = metric_of(generation)
    found = rows(
        "cell_burdens", generation_id=generation.pk, district_code=generation.district_code, metric=srid
    )
    shapes = project(shapely.from_wkb([row[1] for row in found]), STORE, srid)
    since = timezone.now() - timedelta(days=days)
    places = Report.objects.filter(
        reported_at__gte=since, cell_code__startswith=generation.district_code
    ).values_list("place", flat=True)
    points = np.array([place.coords for place in places.iterator()], dtype=np.float64).reshape(-1, 2)
    # a report on a border counts in both cells: both patrols see it
    at = shapely.STRtree(shapes).query(
        shapely.points(project_points(points, STORE, srid)), predicate="intersects"
    )[1]
    streets = np.array([row[3] for row in found], dtype=np.float64)
    return Burden(
        [row[0] for row in found],
        shapes,
        np.bincount(at, minlength=len(found)).astype(np.float64),
        np.array([row[2] for row in found], dtype=np.float64),
        np.where(streets > 0, streets, 2 * np.sqrt(shapely.area(shapes))),
        days,
    )
