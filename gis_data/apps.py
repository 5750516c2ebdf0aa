from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GisDataConfig(AppConfig):
    """Where: areas, unit grid cells, components and their classes."""

    name = "gis_data"
    verbose_name = _("Areas, grid and components")
    default_auto_field = "django.db.models.BigAutoField"
