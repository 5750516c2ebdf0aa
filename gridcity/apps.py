from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class GridCityConfig(AppConfig):
    name = "gridcity"
    default = True

    def ready(self) -> None:
        from gridcity import safety  # noqa: F401  (registers the deployment checks)


class AdministrationConfig(admin_apps.AdminConfig):
    """Django's administration, opened by posts instead of `is_staff`."""

    default = False
    default_site = "gridcity.admin_site.GridCityAdminSite"
