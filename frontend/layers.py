"""Map layers for pages: those of gis_data.tiles, for the posts that may see them.

The style is the name of a drawing function in src/map/layers/; the browser draws only what is declared.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from casework.roles import Role
from dispatch.policy import SEES_ALL
from gis_data.tiles import LAYERS

TILES = "/api/v1/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"
# Drawn from the numbers of open cases that the caller may see, not from tiles: id, title, address.
HEAT: Final = (
    ("heat-work", _("Heat: open work"), "/api/v1/map/cases?of=work"),
    ("heat-time", _("Heat: past the deadline"), "/api/v1/map/cases?of=time"),
)
# Layers that not everybody sees who may open a page with a map.
ONLY_FOR: Final[dict[str, frozenset[Role]]] = {}


def layers_for(role: Role) -> list[dict[str, object]]:
    """The layers a post may see, as the pages read them. Zooms are the map's: tiles are 512 pixels wide."""
    tiles: list[dict[str, object]] = [
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
    heat: list[dict[str, object]] = [
        {"id": id_, "title": str(title), "url": url, "style": "heat", "min_zoom": 9, "on": False}
        for id_, title, url in HEAT
        if role in SEES_ALL
    ]
    return [*tiles, *heat]
