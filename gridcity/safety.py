"""A deployment that is not safe refuses to start, and says why. The demo is exempt, and says that too."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError

from casework.models import Person
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


@register(Tags.database, deploy=True)
def no_demo_accounts(app_configs: Any, databases: Any = None, **kwargs: Any) -> Sequence[CheckMessage]:
    """Accounts of the sample city have passwords that anybody can read in our source."""
    try:
        found = Person.objects.filter(demo=True, is_active=True).count() if databases else 0
    except DatabaseError as fault:
        reason = str(fault).strip().splitlines()[0]
        return [
            Error(
                f"The database cannot be asked for demonstration accounts: {reason}",
                hint="Is it running and migrated (`migrate`), and is GRIDCITY_DATABASE right?",
                id="gridcity.E005",
            )
        ]
    if found:
        return [
            Error(
                f"The database holds {found} demonstration accounts, whose password is public.",
                hint="Start from an empty database (without `seed_city --demo`), or deactivate them.",
                id="gridcity.E004",
            )
        ]
    return []


def refuse_unsafe() -> None:
    """Raise with every reason at once when this process would serve a city unsafely."""
    if settings.DEMO:
        return
    faults = run_checks(
        tags=[Tags.security, Tags.database], include_deployment_checks=True, databases=["default"]
    )
    if faults:
        reasons = "\n".join(f"  - {fault.msg} {fault.hint or ''}".rstrip() for fault in faults)
        raise ImproperlyConfigured(
            f"GridCity refuses to serve outside demo mode:\n{reasons}\n"
            "(GRIDCITY_DEMO=1 is for trying it out only.)"
        )
