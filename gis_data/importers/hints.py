"""Where the places of a file without a datum would fall under each choice, so that somebody can tell."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from django.contrib.gis.gdal import CoordTransform, SpatialReference
from django.utils.translation import gettext as _

from gis_data.crs import CHINA_LAT, CHINA_LON, STORE, Datum, to_store
from gis_data.errors import PlaceError
from gis_data.importers.frame import UndeclaredDatum
from gis_data.importers.systems import system_of, through, zone_codes
from gis_data.sql import rows

LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """A declaration that could be made, and where the first places of the file would then be.

    east_m, north_m   from where they would be if read as WGS-84 (0 for surveyed systems)
    inside, of        how many would lie in a district in force or in a draft, of how many looked at
    area              the street or district in which most would lie; empty if in none
    """

    option: str
    lon: float
    lat: float
    east_m: float = 0.0
    north_m: float = 0.0
    inside: int = 0
    of: int = 0
    area: str = ""

    def __str__(self) -> str:
        where = f"{self.option}: {self.lon:.6f}, {self.lat:.6f}"
        if self.east_m or self.north_m:
            where += " " + _("(%(east)+.0f m east, %(north)+.0f m north of WGS-84)") % {
                "east": self.east_m,
                "north": self.north_m,
            }
        return where + "; " + (
            _("%(inside)s of %(of)s in a district known here, most in %(area)s")
            % {"inside": self.inside, "of": self.of, "area": self.area}
            if self.inside
            else _("none in a district known here")
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def choices(fault: UndeclaredDatum) -> list[Choice]:
    """What could be declared of the file, each with where its places would fall."""
    sample = fault.sample[:: max(1, len(fault.sample) // LOOKED_AT)][:LOOKED_AT]
    if not sample:
        return []
    if any(abs(lon) > 180 or abs(lat) > 90 for lon, lat in sample):
        found = [_surveyed(code, sample) for code in _systems(sample)]
        return sorted((one for one in found if one is not None), key=lambda one: -one.inside)
    found = [_plain(datum, sample) for datum in Datum]
    return [one for one in found if one is not None]


def told(fault: UndeclaredDatum) -> str:
    """The refusal with its hints in words."""
    lines = [str(fault)]
    hints = choices(fault)
    if hints:
        lines.append(_("The first places would fall:"))
        lines += [f"  {one}" for one in hints]
    elif any(abs(lon) > 180 for lon, _lat in fault.sample):
        lines.append(
            _(
                "They are metres without a zone's number (easting %s): the central meridian must be known. "
                "At 117° E it is EPSG:4548 (CGCS2000), EPSG:2384 (Xian 1980) or EPSG:2436 (Beijing 1954)."
            )
            % f"{fault.sample[0][0]:,.0f}"
        )
    if len(hints) == 1 and hints[0].option.endswith(Datum.WGS84):
        lines.append(_("GCJ-02 and BD-09 do not exist where these places are: outside China."))
    return "\n".join(lines)


def _plain(datum: Datum, sample: list[tuple[float, float]]) -> Choice | None:
    if datum is not Datum.WGS84 and not all(
        CHINA_LON[0] <= lon <= CHINA_LON[1] and CHINA_LAT[0] <= lat <= CHINA_LAT[1] for lon, lat in sample
    ):
        return None
    try:
        places = [to_store(lon, lat, datum) for lon, lat in sample]
    except PlaceError:
        return None
    (lon, lat), (first_lon, first_lat) = places[0], sample[0]
    return Choice(
        f"--datum {datum}",
        round(lon, 6),
        round(lat, 6),
        round((lon - first_lon) * 111_320 * math.cos(math.radians(lat)), 1),
        round((lat - first_lat) * 111_132, 1),
        *_inside(places),
    )


def _surveyed(code: str, sample: list[tuple[float, float]]) -> Choice | None:
    way = CoordTransform(system_of(code), SpatialReference(STORE))
    moved = through(np.array(sample), way)
    places = [(float(lon), float(lat)) for lon, lat in moved[np.isfinite(moved).all(axis=1)].tolist()]
    if not places:
        return None
    return Choice(f"--crs {code}", round(places[0][0], 6), round(places[0][1], 6), 0.0, 0.0, *_inside(places))


def _systems(sample: list[tuple[float, float]]) -> list[str]:
    """China's systems in metres that eastings like these can be in, near the districts known here."""
    easting = sample[0][0]
    prefix = int(easting // 1_000_000)
    if 13 <= prefix <= 45:
        return zone_codes(zone=prefix)
    meridians = {3 * round(lon / 3) for (lon,) in rows("district_longitudes")}
    return [code for meridian in sorted(meridians) for code in zone_codes(meridian=meridian)]


def _inside(places: list[tuple[float, float]]) -> tuple[int, int, str]:
    """How many lie in a district in force or in a draft, of how many, and where most of them."""
    found = Counter(
        name
        for (name,) in rows("areas_of_points", lons=[p[0] for p in places], lats=[p[1] for p in places])
        if name
    )
    return sum(found.values()), len(places), found.most_common(1)[0][0] if found else ""
