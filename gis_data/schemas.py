"""Shapes of the answers about places."""

from __future__ import annotations

from ninja import Schema


class NamedOut(Schema):
    """A cell, grid or area."""

    code: str
    name: str = ""
    name_en: str = ""


class NearOut(Schema):
    """A component near the point; `owner` is an organisation code."""

    code: str
    class_code: str
    name: str
    name_en: str
    owner: str
    distance_m: float
    lon: float
    lat: float


class LocatedOut(Schema):
    """Where a point lies; lon and lat in WGS-84 whatever datum was asked in."""

    lon: float
    lat: float
    cell: NamedOut
    grid: NamedOut | None
    community: NamedOut
    street: NamedOut
    district: NamedOut
    components: list[NearOut]


class AddressOut(Schema):
    """A name that fits; `code` of areas, cells and components; `bounds` are west, south, east, north."""

    id: int
    kind: str
    kind_label: str
    name: str
    name_en: str
    code: str
    community: str
    street: str
    lon: float
    lat: float
    bounds: tuple[float, float, float, float] | None
    distance_m: float | None


class AddressesOut(Schema):
    items: list[AddressOut]


class NearAddressOut(Schema):
    """An address beside a place; the bearing leads from the address to the place, degrees from north."""

    id: int
    kind: str
    name: str
    name_en: str
    lon: float
    lat: float
    distance_m: float
    bearing: float
    text: str


class NearestOut(Schema):
    """`text` says where the place is, ready for a report; empty where nothing near has a name."""

    lon: float
    lat: float
    text: str
    items: list[NearAddressOut]


class LayerOut(Schema):
    """A layer of our own tiles; zooms are the tile's own."""

    id: str
    title: str
    url: str
    style: str
    min_zoom: int
    max_zoom: int
    on: bool


class BaseLayerOut(Schema):
    """A base map from outside that the city has configured, with the datum its tiles are drawn in."""

    id: str
    title: str
    url: str
    datum: str
    attribution: str


class MapSettingsOut(Schema):
    """How a map of this city begins. `generated`: its shapes are not surveyed, and the map must say so."""

    center: tuple[float, float]
    zoom: int
    bounds: tuple[float, float, float, float]
    layers: list[LayerOut]
    base_layers: list[BaseLayerOut]
    generated: bool
