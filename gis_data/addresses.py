"""Geocoding, both ways: a name or an address to its place, a place to the address people would call it.

Whoever asks sees the names of one district. GB/T 30428.3 (clause not read) asks for names by characters and
by pinyin, and for a place without a number to be told by direction and distance from one that has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from gis_data.crs import checked
from gis_data.models import Address
from gis_data.queries import in_language
from gis_data.spelling import Asked, asked
from gis_data.sql import rows

AT_MOST: Final = 50
# A name that everybody types the beginning of has many bearers: so many are weighed, no more.
CAP: Final = 2_000
STREETS_AT_MOST: Final = 10
WITHIN_M: Final = 300.0
NEAR_AT_MOST: Final = 5
# Closer than this one stands before the door.
HERE_M: Final = 15.0
# A name shorter than this is not looked for by likeness: everything looks like it.
LIKE_FROM: Final = 3

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A place with a name; `code` only of areas, cells and components, `bounds` of what has an extent."""

    id: int
    kind: str
    name: str
    name_en: str
    code: str
    community: str
    street: str
    lon: float
    lat: float
    bounds: tuple[float, float, float, float] | None
    distance_m: float | None
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Near:
    """An address beside a place; the bearing leads from the address to the place, degrees from north."""

    id: int
    kind: str
    name: str
    name_en: str
    lon: float
    lat: float
    distance_m: float
    bearing: float

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name, self.name_en)

    @property
    def direction(self) -> str:
        """The bearing in words: one of eight."""
        return _eight_winds()[round(self.bearing / 45) % 8]

    @property
    def text(self) -> str:
        """How one says where the place is: the address itself, or so far from it in that direction."""
        if self.distance_m <= HERE_M:
            return self.title
        step = 5 if self.distance_m < 100 else 10
        return _("about %(metres)s m %(direction)s of %(address)s") % {
            "metres": round(self.distance_m / step) * step,
            "direction": self.direction,
            "address": self.title,
        }


def search(q: str, *, district_code: str, near: Place | None = None, at_most: int = 20) -> list[Found]:
    """Names, addresses and codes of a district that fit what somebody typed, best first.

    q         characters, pinyin with or without blanks, initials, English, with or without a house number;
              a whole code of an area, cell or component
    near      of equals the nearer one comes first
    fallback  if nothing fits, what looks like it: a slip of the finger, a character of the same sound
    cost      a query, one more for doors, two more where nothing fits as it stands
    """
    wanted = asked(q)
    if not wanted.words:
        return []
    at_most = min(at_most, AT_MOST)
    lon, lat = checked(*near) if near else (None, None)
    common = {"district_code": district_code, "lon": lon, "lat": lat, "today": timezone.localdate()}
    streets = _names(asked(wanted.street), common, AT_MOST) if wanted.number else []
    found = _by_code(wanted, district_code) + _doors(streets, wanted.number, common, at_most)
    found += _names(wanted, common, at_most, alike=not wanted.number)
    if not found:
        found = streets  # no such number: at least its street
    return found[:at_most]


def nearest(
    lon: float, lat: float, *, district_code: str, at_most: int = NEAR_AT_MOST, within_m: float = WITHIN_M
) -> list[Near]:
    """Addresses of a district around a point, nearest first; none where nothing has a number or a name.

    point   crs.STORE (EPSG:4326, lon/lat in degrees)
    cost    one query, nearest first from the index
    """
    lon, lat = checked(lon, lat)
    found = rows(
        "nearest_addresses",
        lon=lon,
        lat=lat,
        district_code=district_code,
        within_m=within_m,
        at_most=min(at_most, AT_MOST),
        today=timezone.localdate(),
    )
    return [Near(*row) for row in found]


def _by_code(wanted: Asked, district_code: str) -> list[Found]:
    code = wanted.words.replace(" ", "")
    if not (code.isascii() and code.isdigit() and 6 <= len(code) <= 18):
        return []
    return [_found(row) for row in rows("search_codes", district_code=district_code, code=code)]


def _doors(streets: list[Found], number: str, common: dict[str, Any], at_most: int) -> list[Found]:
    """Doors with the number, on the streets that fit best."""
    named = list(dict.fromkeys(one.name for one in streets if one.kind == Address.Kind.STREET))
    if not named:
        return []
    doors = rows("search_doors", **common, streets=named[:STREETS_AT_MOST], number=number, at_most=at_most)
    return [_found(row) for row in doors]


def _names(wanted: Asked, common: dict[str, Any], at_most: int, *, alike: bool = True) -> list[Found]:
    """Names that fit; if none does and `alike`, those that look or sound like it."""
    arguments = {**common, "forms": list(wanted.forms), "cap": CAP, "at_most": at_most}
    found = rows(
        "search_addresses",
        **arguments,
        patterns=list(wanted.patterns),
        like_words=None,
        like_sound=None,
    )
    if not found and alike and len(wanted.sound) >= LIKE_FROM:
        rows("set_likeness")
        found = rows(
            "search_addresses",
            **arguments,
            patterns=[],
            like_words=wanted.words,
            like_sound=None if wanted.sound == wanted.words else wanted.sound,
        )
    return [_found(row) for row in found]


def _found(row: Sequence[Any]) -> Found:
    bounds = None if row[11] is None else (row[11], row[12], row[13], row[14])
    return Found(
        id=row[0],
        kind=row[1],
        name=row[2],
        name_en=row[3],
        code=row[4],
        community=in_language(row[5] or "", row[6] or ""),
        street=in_language(row[7] or "", row[8] or ""),
        lon=row[9],
        lat=row[10],
        bounds=bounds,
        distance_m=row[15],
        synthetic=row[16],
    )


def _eight_winds() -> tuple[str, ...]:
    return (
        pgettext("side of", "north"),
        pgettext("side of", "north-east"),
        pgettext("side of", "east"),
        pgettext("side of", "south-east"),
        pgettext("side of", "south"),
        pgettext("side of", "south-west"),
        pgettext("side of", "west"),
        pgettext("side of", "north-west"),
    )
