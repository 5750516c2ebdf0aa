from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DispatchConfig(AppConfig):
    """A report's journey: verify, file, dispatch, handle, check, close."""

    name = "dispatch"
    verbose_name = _("Reports and dispatch")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from casework import flows, hub
        from dispatch.coverage import unwalked
        from dispatch.flow import REPORT_FLOW
        from dispatch.imported import IMPORTED_FLOW
        from dispatch.leases_live import tell_leases
        from dispatch.survey_flow import SURVEY_FLOW
        from gis_data import check

        check.FURTHER.append(unwalked)
        flows.register(REPORT_FLOW)
        flows.register(SURVEY_FLOW)
        flows.register(IMPORTED_FLOW)
        hub.beside(tell_leases)
