"""Map layers as data: what there is to show, from which zoom on, and who may see it.

The style is the name of a drawing function in src/map/layers/; the browser draws only what is declared here.
Zooms are the map's; a tile's own zoom is one less, because tiles are drawn 512 pixels wide.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.roles import Role

TILES = "/api/v1/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt"


@dataclass(frozen=True)
class Layer:
    """`roles` empty: everybody who may open a page with a map."""

    id: str
    title: str | Promise
    style: str
    min_zoom: int
    on: bool
    roles: frozenset[Role] = frozenset()

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "title": str(self.title),
            "url": TILES.format(layer=self.id),
            "style": self.style,
            "min_zoom": self.min_zoom,
            "on": self.on,
        }


LAYERS = (
    Layer("base", _("Paper map"), "base", 10, on=True),
    Layer("areas", _("Districts, streets, communities"), "areas", 10, on=True),
    Layer("cells", _("Unit grid cells"), "cells", 15, on=True),
    Layer("components", _("Components"), "components", 18, on=True),
)


def layers_for(role: Role) -> list[dict[str, object]]:
    """The layers a post may see, as the pages read them."""
    return [layer.as_json() for layer in LAYERS if not layer.roles or role in layer.roles]
