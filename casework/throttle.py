"""Slowing down: failed sign-ins, counted in the database so that all processes see them; and a door for
heavy calls, so that light ones still get through when everybody comes at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.errors import Busy, TooMany
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


@dataclass
class Door:
    """So many heavy calls at a time in one process; the others are told when to come back.

    Each who is turned away is given a time of her own: one call's length, shared among the places, after the
    one before. So a crowd comes back one after the other, not all at once.
    """

    places: int
    most_seconds: int = 60
    _inside: int = 0
    _mean_seconds: float = 0.5
    _given: float = 0.0  # the last time given
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Go through, or raise Busy."""
        self._enter()
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                self._mean_seconds += 0.1 * (time.monotonic() - began - self._mean_seconds)

    def _enter(self) -> None:
        with self._lock:
            if self._inside < self.places:
                self._inside += 1
                return
            now = time.monotonic()
            after = max(self._given, now) + self._mean_seconds / self.places
            self._given = min(after, now + self.most_seconds)
            seconds = max(1, min(self.most_seconds, math.ceil(self._given - now)))
        raise Busy(
            _("Many phones are sending just now."),
            mend=_("What you have sent before is stored; send the rest in %(seconds)s seconds.")
            % {"seconds": seconds},
            retry_after=seconds,
        )


@dataclass
class Pace:
    """So many calls a person within a time, in one process."""

    calls: int
    seconds: int
    _made: dict[int, list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, person_id: int) -> None:
        """Count a call, or raise TooMany."""
        now = time.monotonic()
        with self._lock:
            if len(self._made) > 10_000:  # of those who have been quiet, nothing needs to be known
                self._made = {who: made for who, made in self._made.items() if made[-1] > now - self.seconds}
            recent = [at for at in self._made.get(person_id, []) if at > now - self.seconds]
            if len(recent) < self.calls:
                self._made[person_id] = [*recent, now]
                return
            wait = math.ceil(recent[0] + self.seconds - now)
        raise TooMany(
            _("You are sending too fast."),
            mend=_("Send the rest in %(seconds)s seconds.") % {"seconds": wait},
            retry_after=max(1, wait),
        )
