"""Read-only edge about places: where a point lies, tiles, how the map begins. The roof asks who calls."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from gis_data import addresses, queries, tiles
from gis_data.crs import Datum, to_store
from gis_data.errors import OutsideCity, PlaceError
from gis_data.models import Address, ProblemClass
from gis_data.schemas import AddressesOut, LocatedOut, MapSettingsOut, NearestOut

router = Router(tags=["Places"])


class Caller(Protocol):
    """Who the roof has let through: all that this floor needs to know is whose city it is."""

    @property
    def stream(self) -> str: ...


def district_of(request: HttpRequest) -> str:
    """The caller's district: names and addresses of another are not shown."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by the router's auth
    return caller.stream


@router.get("/locate", response=LocatedOut)
def locate(
    request: HttpRequest, lon: float, lat: float, datum: str = Datum.WGS84, class_code: str = ""
) -> dict[str, Any]:
    """Cell, grid, community, street and district of a point, and up to five components within 50 m."""
    stored = to_store(lon, lat, datum)
    found = queries.locate(*stored, class_id=_component_class(class_code) if class_code else None)
    if found is None:
        raise OutsideCity(
            _("This place lies outside the city."),
            field="lon",
            value=f"{stored[0]:.6f}, {stored[1]:.6f}",
            mend=_("Move the pin inside the district's border; check the datum."),
        )
    return {
        "lon": found.lon,
        "lat": found.lat,
        "cell": {"code": found.cell_code},
        "grid": found.grid,
        "community": found.community,
        "street": found.street,
        "district": found.district,
        "components": [
            {
                "code": near.code,
                "class_code": near.class_code,
                "name": near.name,
                "name_en": near.name_en,
                "owner": near.owner_code,
                "distance_m": round(near.distance_m, 2),
                "lon": near.lon,
                "lat": near.lat,
            }
            for near in found.components
        ],
    }


@router.get("/addresses", response=AddressesOut)
def search_addresses(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=100)],
    lon: float | None = None,
    lat: float | None = None,
    limit: Annotated[int, Query(ge=1, le=addresses.AT_MOST)] = 20,
) -> dict[str, Any]:
    """Places by name, pinyin, initials or house number, and areas, cells and components by code; best first.

    With `lon` and `lat` (WGS-84) the nearer of two equals comes first. Only of the caller's district.
    """
    near = None if lon is None or lat is None else (lon, lat)
    found = addresses.search(q, district_code=district_of(request), near=near, at_most=limit)
    return {"items": [{**asdict(one), "kind_label": _kind_label(one.kind)} for one in found]}


@router.get("/addresses/nearest", response=NearestOut)
def nearest_addresses(
    request: HttpRequest,
    lon: float,
    lat: float,
    datum: str = Datum.WGS84,
    limit: Annotated[int, Query(ge=1, le=addresses.AT_MOST)] = addresses.NEAR_AT_MOST,
) -> dict[str, Any]:
    """The addresses around a point within 300 m, nearest first, and in words where the point is."""
    stored = to_store(lon, lat, datum)
    found = addresses.nearest(*stored, district_code=district_of(request), at_most=limit)
    return {
        "lon": stored[0],
        "lat": stored[1],
        "text": found[0].text if found else "",
        "items": [{**asdict(one), "text": one.text} for one in found],
    }


@router.get("/tiles/{layer}/{int:z}/{int:x}/{int:y}.mvt", include_in_schema=True)
def tile(request: HttpRequest, layer: str, z: int, x: int, y: int) -> HttpResponse:
    """A vector tile; 204 where the layer is empty, 304 if the caller's copy is still good."""
    etag = tiles.etag_of(layer, z, x, y)
    if etag in request.headers.get("If-None-Match", ""):
        response = HttpResponse(status=304)
    else:
        made = tiles.tile(layer, z, x, y, etag)
        if not made.gzipped:
            response = HttpResponse(status=204)
        elif "gzip" in request.headers.get("Accept-Encoding", ""):
            response = HttpResponse(made.gzipped, content_type=tiles.CONTENT_TYPE)
            response["Content-Encoding"] = "gzip"
        else:
            response = HttpResponse(made.plain, content_type=tiles.CONTENT_TYPE)
    response["ETag"] = etag
    response["Cache-Control"] = "private, max-age=60"
    response["Vary"] = "Accept-Encoding, Cookie"
    return response


@router.get("/map/settings", response=MapSettingsOut)
def map_settings(request: HttpRequest) -> dict[str, Any]:
    """Where the map opens (on the caller's own district), our layers and the city's base maps."""
    view = queries.map_view(district_of(request))
    address = request.path.removesuffix("/map/settings")
    return {
        "center": view.center,
        "zoom": view.zoom,
        "bounds": view.bounds,
        "layers": [
            {
                "id": layer.id,
                "title": str(layer.title),
                "url": f"{address}/tiles/{layer.id}/{{z}}/{{x}}/{{y}}.mvt",
                "style": layer.style,
                "min_zoom": layer.min_zoom,
                "max_zoom": tiles.MAX_ZOOM,
                "on": layer.on,
            }
            for layer in tiles.LAYERS.values()
        ],
        "base_layers": getattr(settings, "BASE_LAYERS", []),
        "generated": view.generated,
    }


def _kind_label(kind: str) -> str:
    if kind == "cell":
        return _("unit grid cell")
    return _("component") if kind == "component" else str(Address.Kind(kind).label)


def _component_class(code: str) -> int:
    """Key of a component class of the current edition."""
    found = ProblemClass.objects.filter(
        edition__current=True, kind=ProblemClass.Kind.COMPONENT, code=code
    ).values_list("pk", flat=True)
    if not found:
        raise PlaceError(
            _("The current edition has no component class “%(code)s”.") % {"code": code},
            field="class_code",
            value=code,
            mend=_("Look the code up in the list of classes."),
        )
    return found[0]
