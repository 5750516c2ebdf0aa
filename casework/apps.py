from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CaseworkConfig(AppConfig):
    """Who, when, what happened, who is told."""

    name = "casework"
    verbose_name = _("People, cases and journal")
    default_auto_field = "django.db.models.BigAutoField"
