"""One module a noun; import them from here."""

from gis_data.models.address import Address
from gis_data.models.area import Area, Generation
from gis_data.models.basemap import BaseFeature, LayerVersion
from gis_data.models.cell import Cell, ResponsibilityGrid
from gis_data.models.classes import ClassEdition, ProblemClass
from gis_data.models.component import Component

__all__ = [
    "Address",
    "Area",
    "BaseFeature",
    "Cell",
    "ClassEdition",
    "Component",
    "Generation",
    "LayerVersion",
    "ProblemClass",
    "ResponsibilityGrid",
]
