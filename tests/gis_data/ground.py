"""A piece of ground to edit: 6 × 6 crooked cells in four communities of two streets, all borders shared.

```
        street 001              street 002
     ┌──────────────┐┌──────────────┐
     │ community 001││ community 001│   columns 0 1 2 | 3 4 5, rows 5 4 3
     ├──────────────┤├──────────────┤
     │ community 002││ community 002│   rows 2 1 0
     └──────────────┘└──────────────┘
```
"""

from __future__ import annotations

import random
from typing import Any

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.utils import timezone

from gis_data import codes
from gis_data.bulk import stored_shape
from gis_data.crs import METRIC, STORE
from gis_data.models import Area, Cell, Generation
from gis_data.project import project

DISTRICT = "110101"
WEST, SOUTH, SIDE, COUNT = 116.40, 39.92, 0.0012, 6


def corner(column: int, row: int) -> tuple[float, float]:
    """A crossing of the grid, pushed about by up to a fifth of a cell; the rim stays straight."""
    chance = random.Random(f"{column} {row}")
    push = [chance.uniform(-0.2, 0.2) if 0 < n < COUNT else 0.0 for n in (column, row)]
    return round(WEST + SIDE * (column + push[0]), 8), round(SOUTH + SIDE * (row + push[1]), 8)


def cell_shape(column: int, row: int) -> shapely.Polygon:
    return shapely.Polygon(
        [corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)]
    )


def _stored(shape: Any) -> Any:
    return GEOSGeometry(stored_shape(shape, STORE))


def make_ground() -> Generation:
    """The generation in force."""
    generation = Generation.objects.create(
        district_code=DISTRICT, title="crooked", state=Generation.State.ACTIVE, activated_at=timezone.now()
    )
    shapes = {(c, r): cell_shape(c, r) for c in range(COUNT) for r in range(COUNT)}
    district = _area(generation, DISTRICT, "东城区", None, list(shapes.values()))
    for street in (1, 2):
        columns = range(3 * street - 3, 3 * street)
        above = _area(
            generation, f"{DISTRICT}{street:03d}", f"{street}街道", district,
            [shapes[c, r] for c in columns for r in range(COUNT)],
        )  # fmt: skip
        for number, rows in ((1, range(5, 2, -1)), (2, range(2, -1, -1))):
            own = [(c, r) for r in rows for c in columns]
            community = _area(
                generation,
                f"{above.code}{number:03d}",
                f"{street}-{number}社区",
                above,
                [shapes[at] for at in own],
            )
            Cell.objects.bulk_create(
                Cell(
                    generation=generation,
                    community=community,
                    code=codes.cell_code(community.code, sequence),
                    border=_stored(shapes[at]),
                    area_m2=project(shapes[at], STORE, METRIC).area,
                    active=True,
                )
                for sequence, at in enumerate(own, start=1)
            )
    return generation


def _area(
    generation: Generation, code: str, name: str, parent: Area | None, parts: list[shapely.Polygon]
) -> Area:
    shape = shapely.union_all(parts)
    return Area.objects.create(
        generation=generation,
        level={6: Area.Level.DISTRICT, 9: Area.Level.STREET, 12: Area.Level.COMMUNITY}[len(code)],
        code=code,
        name=name,
        parent=parent,
        border=_stored(shapely.multipolygons([shape])),
        area_m2=project(shape, STORE, METRIC).area,
    )
