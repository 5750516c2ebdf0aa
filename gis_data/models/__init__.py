"""One module a noun; import them from here."""

from gis_data.models.address import Address
from gis_data.models.area import Area, AreaLineage, Generation
from gis_data.models.basemap import BaseFeature, LayerVersion
from gis_data.models.cell import Cell, CellLineage, ResponsibilityGrid
from gis_data.models.classes import ClassEdition, ProblemClass
from gis_data.models.component import Component, ComponentDelivery
from gis_data.models.edit import Draft, GridPlan, MapEdit

__all__ = [
    "Address",
    "Area",
    "AreaLineage",
    "BaseFeature",
    "Cell",
    "CellLineage",
    "ClassEdition",
    "Component",
    "ComponentDelivery",
    "Draft",
    "Generation",
    "GridPlan",
    "LayerVersion",
    "MapEdit",
    "ProblemClass",
    "ResponsibilityGrid",
]
