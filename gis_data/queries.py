"""Reads about places: which cell covers a point, what stands near it, which classes there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, floor, log2, radians
from typing import Any, Final

from django.db.models import Case, CharField, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Replace
from django.utils import timezone
from django.utils.translation import get_language

from gis_data.crs import checked
from gis_data.models import ProblemClass
from gis_data.sql import rows

NEAR_M: Final = 50.0
NEAR_AT_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Named:
    """An area or grid by code and name; `name_en` is empty where none was delivered."""

    code: str
    name: str
    name_en: str = ""

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name, self.name_en)


@dataclass(frozen=True, slots=True)
class NearComponent:
    """A component near a point; `distance_m` on the ellipsoid."""

    id: int
    code: str
    class_id: int
    class_code: str
    name: str
    name_en: str
    owner_code: str
    distance_m: float
    lon: float
    lat: float

    @property
    def title(self) -> str:
        """The class's name in the reader's language."""
        return in_language(self.name, self.name_en)


@dataclass(frozen=True, slots=True)
class Located:
    """A point with the cell that covers it and all above; components nearest first."""

    lon: float
    lat: float
    cell_id: int
    cell_code: str
    grid: Named | None
    community: Named
    street: Named
    district: Named
    components: tuple[NearComponent, ...] = ()


def locate(lon: float, lat: float, class_id: int | None = None, *, near_m: float = NEAR_M) -> Located | None:
    """Where a point lies, with up to 5 components of a class (or of any) around it; None outside the city.

    point   crs.STORE (EPSG:4326, lon/lat in degrees)
    border  a point on a shared edge belongs to the cell with the smaller code
    near_m  how far components are looked for; 0 saves looking
    cost    one indexed query
    source  GB/T 30428.1, unit grid (clause not yet checked)
    """
    return _locate([(lon, lat)], class_id=class_id, radius_m=near_m)[0]


def locate_many(points: Iterable[tuple[float, float]], class_id: int | None = None) -> list[Located | None]:
    """`locate` for many points in one query, in their order; components only if a class is named."""
    return _locate(list(points), class_id=class_id, radius_m=0.0 if class_id is None else NEAR_M)


def search_classes(q: str = "") -> QuerySet[ProblemClass]:
    """Active classes of the current edition by code, name, pinyin or initials; all of them for empty `q`.

    Best first: exactly `q`; code or initials begin with it; the name does; it occurs anywhere.
    """
    found = ProblemClass.objects.filter(edition__current=True, active=True).select_related("edition")
    words = " ".join(q.split())
    if not words:
        return found.order_by("kind", "code")
    joined = words.replace(" ", "")
    spelt = Q(name=joined) | Q(name_en__iexact=words) | Q(pinyin_joined__iexact=joined)
    exact = Q(code=joined) | Q(initials__iexact=joined) | spelt
    starts = Q(code__startswith=joined) | Q(initials__istartswith=joined)
    named = Q(name__istartswith=words) | Q(pinyin__istartswith=words) | Q(name_en__istartswith=words)
    inside = (
        Q(name__icontains=joined)
        | Q(name_en__icontains=words)
        | Q(pinyin__icontains=words)
        | Q(pinyin_joined__icontains=joined)
        | Q(initials__icontains=joined)
    )
    rank = Case(
        When(exact, then=Value(0)),
        When(starts, then=Value(1)),
        When(named, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return (
        found.alias(pinyin_joined=Replace("pinyin", Value(" "), Value(""), output_field=CharField()))
        .filter(starts | named | inside)
        .alias(rank=rank)
        .order_by("rank", "kind", "code")
    )


def _locate(
    points: Sequence[tuple[float, float]], *, class_id: int | None, radius_m: float
) -> list[Located | None]:
    if not points:
        return []
    good = [checked(lon, lat) for lon, lat in points]
    found = rows(
        "locate",
        lons=[lon for lon, _ in good],
        lats=[lat for _, lat in good],
        class_id=class_id,
        radius_m=radius_m,
        at_most=NEAR_AT_MOST,
        today=timezone.localdate(),
    )
    return [_located(lon, lat, row) for (lon, lat), row in zip(good, found, strict=True)]


def _located(lon: float, lat: float, row: tuple[Any, ...]) -> Located | None:
    if row[1] is None:
        return None
    return Located(
        lon=lon,
        lat=lat,
        cell_id=row[1],
        cell_code=row[2],
        grid=Named(row[3], row[4]) if row[3] else None,
        community=Named(*row[5:8]),
        street=Named(*row[8:11]),
        district=Named(*row[11:14]),
        components=tuple(
            NearComponent(**{**found, "distance_m": float(found["distance_m"])}) for found in row[14] or ()
        ),
    )


def in_language(name: str, name_en: str) -> str:
    """The one of two names that the reader reads."""
    return name if not name_en or (get_language() or "zh").startswith("zh") else name_en


@dataclass(frozen=True, slots=True)
class MapView:
    """Where a map of the city opens; bounds are west, south, east, north in degrees."""

    center: tuple[float, float]
    zoom: int
    bounds: tuple[float, float, float, float]
    generated: bool


# Without any district in force the map opens on the whole country.
_CHINA: Final = MapView(center=(104.0, 35.0), zoom=4, bounds=(73.0, 3.0, 136.0, 54.0), generated=False)


def map_view(district_code: str = "") -> MapView:
    """A district in one view of about a thousand pixels; all of them where it is not in force. One query."""
    west, south, east, north, generated = rows("city_bounds", district_code=district_code)[0]
    if west is None:
        return _CHINA
    span = max((east - west) / cos(radians((south + north) / 2)), north - south, 1e-6)
    # 256 pixels show 360 degrees at zoom 0
    zoom = max(1, min(18, floor(log2(360 * 1000 / 256 / span))))
    return MapView(
        center=((west + east) / 2, (south + north) / 2),
        zoom=zoom,
        bounds=(west, south, east, north),
        generated=bool(generated),
    )
