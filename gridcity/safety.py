"""A deployment that is not safe refuses to start, and says why. The demo is exempt, and says that too."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured

from gridcity.settings import NO_SECRET


@register(Tags.security, deploy=True)
def own_secret(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.SECRET_KEY == NO_SECRET or len(settings.SECRET_KEY) < 50:
        return [
            Error(
                "The secret key is absent, the default, or shorter than 50 characters.",
                hint="Set GRIDCITY_SECRET_KEY to a long random string of your own.",
                id="gridcity.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def no_debug(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if settings.DEBUG:
        return [
            Error(
                "Debug pages are on: they show settings and data to any caller.",
                hint="Set GRIDCITY_DEBUG=0.",
                id="gridcity.E002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def encrypted(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    if not settings.HTTPS:
        return [
            Error(
                "Sessions would travel over plain http.",
                hint="Set GRIDCITY_HTTPS=1 and put a TLS proxy in front (with GRIDCITY_BEHIND_PROXY=1).",
                id="gridcity.E003",
            )
        ]
    return []


def refuse_unsafe() -> None:
    """Raise with every reason at once when this process would serve a city unsafely."""
    if settings.DEMO:
        return
    faults = run_checks(tags=[Tags.security], include_deployment_checks=True)
    if faults:
        reasons = "\n".join(f"  - {fault.msg} {fault.hint or ''}".rstrip() for fault in faults)
        raise ImproperlyConfigured(
            f"GridCity refuses to serve outside demo mode:\n{reasons}\n"
            "(GRIDCITY_DEMO=1 is for trying it out only.)"
        )
