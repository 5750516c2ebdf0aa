from django.apps import AppConfig


class GridCityConfig(AppConfig):
    name = "gridcity"

    def ready(self) -> None:
        from gridcity import safety  # noqa: F401  (registers the deployment checks)
