"""Vector tiles of our own layers, made by the database and kept by version.

Where things are too many to be told apart a tile shows counts instead: components by squares, cells by
communities. A tile of components has the version of its own square of the map, raised by triggers in the very
transaction that changes something in it (sql/component_squares.sql); other layers, which change as a whole
when borders come into force, have one version each (LayerVersion). So a kept tile is never out of date, a
browser that has it is answered 304 without drawing, and a lamp that is moved costs two tiles of each zoom.
"""

from __future__ import annotations

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gis_data.errors import UnknownLayer
from gis_data.models import LayerVersion
from gis_data.sql import rows

MAX_ZOOM: Final = 20
COMPONENTS_AT_MOST: Final = 10_000
CONTENT_TYPE: Final = "application/vnd.mapbox-vector-tile"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of tiles, declared here and nowhere else; `style` is a drawing function of src/map/layers/.

    min_zoom   of the tile, below which it is empty; a map's zoom is one more, its tiles being 512 pixels wide
    things     the tile's zoom from which single things are drawn; counts before
    on         shown at first
    """

    id: str
    title: str | Promise
    min_zoom: int
    on: bool
    things: int = 0

    @property
    def style(self) -> str:
        return self.id


LAYERS: Final = {
    layer.id: layer
    for layer in (
        Layer("base", _("Paper map"), 8, on=True),
        Layer("areas", _("Districts, streets, communities"), 8, on=True),
        Layer("cells", _("Unit grid cells"), 9, on=True, things=13),
        Layer("grids", _("Responsibility grids"), 11, on=False),
        Layer("components", _("Components"), 8, on=False, things=15),
    )
}
# Zooms whose squares have versions; beyond the last, a tile goes by the square around it.
SQUARES: Final = range(8, 20)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is sent: gzip-compressed protobuf, b"" where the layer has nothing."""

    etag: str
    gzipped: bytes

    @property
    def plain(self) -> bytes:
        return gzip.decompress(self.gzipped) if self.gzipped else b""


class _Shelf:
    """The most recently used tiles of this process, up to a number of bytes."""

    def __init__(self, at_most: int) -> None:
        self._tiles: OrderedDict[tuple[str, int, int, int], Tile] = OrderedDict()
        self._bytes = 0
        self._at_most = at_most
        self._lock = Lock()

    def get(self, key: tuple[str, int, int, int], etag: str) -> Tile | None:
        """The kept tile if it is of this version."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is None or tile.etag != etag:
                return None
            self._tiles.move_to_end(key)
            return tile

    def put(self, key: tuple[str, int, int, int], tile: Tile) -> None:
        with self._lock:
            before = self._tiles.pop(key, None)
            self._bytes += len(tile.gzipped) - (len(before.gzipped) if before else 0)
            self._tiles[key] = tile
            while self._bytes > self._at_most:
                _key, dropped = self._tiles.popitem(last=False)
                self._bytes -= len(dropped.gzipped)


_shelf = _Shelf(settings.TILE_CACHE_MB * 1024 * 1024)


def etag_of(layer: str, z: int, x: int, y: int) -> str:
    """The ETag of a tile that exists; UnknownLayer for a layer or a place that does not."""
    if layer not in LAYERS:
        raise UnknownLayer(
            _("There is no map layer “%(layer)s”.") % {"layer": layer},
            field="layer",
            value=layer,
            mend=_("Layers: %(layers)s.") % {"layers": ", ".join(LAYERS)},
        )
    if not 0 <= z <= MAX_ZOOM or not (0 <= x < 2**z and 0 <= y < 2**z):
        raise UnknownLayer(
            _("There is no tile %(z)s/%(x)s/%(y)s.") % {"z": z, "x": x, "y": y},
            field="z",
            value=f"{z}/{x}/{y}",
            mend=_("Zoom runs from 0 to %(max)s, column and row from 0 to 2^zoom - 1.") % {"max": MAX_ZOOM},
        )
    if layer == "components":
        return f'"{layer}-{_square_version(z, x, y)}"'
    # no row: nothing of the layer was ever loaded
    version = LayerVersion.objects.filter(pk=layer).values_list("version", flat=True).first() or 0
    # responsibility grids come into force by date, without a change of rows
    return f'"{layer}-{version}-{timezone.localdate():%Y%m%d}"'


def _square_version(z: int, x: int, y: int) -> int:
    """When the components of a tile changed last; 0: none ever stood there."""
    beyond = max(z - SQUARES[-1], 0)
    found = rows("square_version", z=z - beyond, x=x >> beyond, y=y >> beyond)
    return int(found[0][0]) if found else 0


def tile(layer: str, z: int, x: int, y: int, etag: str) -> Tile:
    """The tile of the version that `etag_of` named, kept or made."""
    key = (layer, z, x, y)
    kept = _shelf.get(key, etag)
    if kept is not None:
        return kept
    made = _draw(layer, z, x, y)
    fresh = Tile(etag, gzip.compress(made, 6, mtime=0) if made else b"")
    _shelf.put(key, fresh)
    return fresh


def _draw(layer: str, z: int, x: int, y: int) -> bytes:
    if z < LAYERS[layer].min_zoom:
        return b""
    today = timezone.localdate()
    name = f"tile_{layer}" if z >= LAYERS[layer].things else f"tile_{layer.removesuffix('s')}_counts"
    drawn = rows(name, z=z, x=x, y=y, today=today, at_most=COMPONENTS_AT_MOST)
    return bytes(drawn[0][0]) if drawn and drawn[0][0] else b""
