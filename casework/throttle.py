"""Failed sign-ins are counted in the database, by name and by address, so that all processes see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.errors import TooMany
from casework.models.person import FailedLogin

FAILURES_A_NAME = 5
FAILURES_AN_ADDRESS = 30
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class Attempts:
    """The failed attempts that this one adds to."""

    username: str
    address: str

    def count(self) -> None:
        FailedLogin.objects.create(username=self.username, address=self.address)

    def forget(self) -> None:
        FailedLogin.objects.filter(username=self.username).delete()


def slow_down(request: HttpRequest, username: str) -> Attempts:
    """Refuse (TooMany) after too many failures within ten minutes; else the counter to report to."""
    name = username.strip().lower()[:150]
    address = request.META.get("REMOTE_ADDR", "")[:45]
    recent = FailedLogin.objects.filter(at__gt=timezone.now() - WINDOW)
    if (
        recent.filter(username=name).count() >= FAILURES_A_NAME
        or recent.filter(address=address).count() >= FAILURES_AN_ADDRESS
    ):
        seconds = int(WINDOW.total_seconds())
        raise TooMany(
            _("Too many failed attempts."),
            field="username",
            value=username,
            mend=_("Wait ten minutes, or ask the security administrator."),
            retry_after=seconds,
        )
    return Attempts(name, address)
