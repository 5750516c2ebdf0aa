"""Map layers for pages: those of gis_data.tiles, for the posts that may see them.

The style is the name of a drawing function in src/map/layers/; the browser draws only what is declared.
"""

from __future__ import annotations

from typing import Final

from casework.roles import Role
from gis_data.tiles import LAYERS

TILES = "/api/v1/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"
# Layers that not everybody sees who may open a page with a map.
ONLY_FOR: Final[dict[str, frozenset[Role]]] = {}


def layers_for(role: Role) -> list[dict[str, object]]:
    """The layers a post may see, as the pages read them. Zooms are the map's: tiles are 512 pixels wide."""
    return [
        {
            "id": layer.id,
            "title": str(layer.title),
            "url": TILES.format(layer=layer.id),
            "style": layer.style,
            "min_zoom": layer.min_zoom + 1,
            "on": layer.on,
        }
        for layer in LAYERS.values()
        if layer.id not in ONLY_FOR or role in ONLY_FOR[layer.id]
    ]
