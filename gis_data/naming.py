"""The names of streets and communities in force as place names, so that the search of a map finds them."""

from __future__ import annotations

from typing import Any, Final

import shapely
from django.contrib.gis.geos import GEOSGeometry, Point, Polygon
from django.utils import timezone

from gis_data import spelling
from gis_data.crs import STORE
from gis_data.models import Address, Area, Generation

PREFIX: Final = "area:"
CHANGED: Final = (
    "name", "name_en", "former", "pinyin", "initials", "spelt", "place", "outline", "area_code", "source",
    "synthetic", "valid_to",
)  # fmt: skip


def name_areas(generation: Generation) -> int:
    """Bring the names of a generation's streets and communities up to date; how many there are now.

    What is no longer there ends today; a former name is still found.
    """
    held = {
        one.key: one
        for one in Address.objects.filter(
            district_code=generation.district_code, kind=Address.Kind.AREA, key__startswith=PREFIX
        )
    }
    areas = list(generation.areas.exclude(level=Area.Level.DISTRICT))
    new: list[Address] = []
    known: list[Address] = []
    for area in areas:
        row = held.pop(PREFIX + area.code, None)
        if row is None:
            row = Address(
                district_code=generation.district_code,
                key=PREFIX + area.code,
                code=area.code,
                kind=Address.Kind.AREA,
            )
            new.append(row)
        else:
            known.append(row)
        if row.name and row.name != area.name:
            row.former = "；".join(filter(None, [row.former, row.name]))
        row.name, row.name_en, row.valid_to = area.name, area.name_en, None
        row.pinyin = spelling.pinyin(area.name)
        row.initials = spelling.initials(row.pinyin)
        row.spelt = spelling.spellings([area.name, area.name_en, *spelling.names(row.former)], row.pinyin)
        shape = shapely.from_wkb(bytes(area.border.wkb))
        middle = shapely.point_on_surface(shape)
        row.place = Point(middle.x, middle.y, srid=STORE)
        row.outline = _box(shape)
        row.area_code = area.code
        row.source, row.synthetic = generation.title[:200], area.synthetic
    Address.objects.bulk_create(new)
    Address.objects.bulk_update(known, CHANGED)
    gone = [row.pk for row in held.values()]
    Address.objects.filter(pk__in=gone, valid_to=None).update(valid_to=timezone.localdate())
    return len(areas)


def _box(shape: Any) -> GEOSGeometry:
    box = Polygon.from_bbox(shape.bounds)
    box.srid = STORE
    return box
