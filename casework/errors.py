"""What can be refused, once for all flows. Actions raise; `gridcity.api` and the sockets translate.

Every refusal says what is wrong (`message`), where (`field`, `value`) and what to do (`mend`), in the
reader's language: pass lazy or already translated text. `code` is stable and safe to program against.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise

Text = str | Promise


class GridCityError(Exception):
    """Base of all refusals; never raised itself."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self, message: Text, *, field: str = "", value: object = "", mend: Text = "", **details: Any
    ) -> None:
        super().__init__(str(message))
        self.message = message
        self.field = field
        self.value = value
        self.mend = mend
        self.details = details


class Invalid(GridCityError):
    """A value that cannot be accepted, whoever sends it."""

    code = "invalid"
    status = 422


class Conflict(GridCityError):
    """The same identifier was used before for something else."""

    code = "conflict"
    status = 422


class NotSignedIn(GridCityError):
    code = "not_signed_in"
    status = 401


class NotAllowed(GridCityError):
    """The caller's post does not allow this."""

    code = "not_allowed"
    status = 403


class Missing(GridCityError):
    """It does not exist, or the caller may not know that it does."""

    code = "missing"
    status = 404


class WrongState(GridCityError):
    """The case has left the state from which this move is legal."""

    code = "wrong_state"
    status = 409


class MovedOn(GridCityError):
    """What the caller was asked to do, or wanted to add to, has gone on without her; `details` say where."""

    code = "moved_on"
    status = 409


class Stale(GridCityError):
    """Somebody changed the case since the caller looked."""

    code = "stale"
    status = 409


class TooMany(GridCityError):
    """Too many requests; `details['retry_after']` says how many seconds to wait."""

    code = "too_many"
    status = 429


class Busy(GridCityError):
    """The city is busy with others just now; `details['retry_after']` says how many seconds to wait."""

    code = "busy"
    status = 503


class TooLarge(GridCityError):
    """More bytes at once than are taken."""

    code = "too_large"
    status = 413


def error_face(
    code: str, message: object, *, field: str = "", value: object = "", mend: object = "", details: Any = None
) -> dict[str, Any]:
    """An error in the one shape that every caller sees; the value is shown no longer than 200 characters."""
    return {
        "code": code,
        "message": str(message),
        "field": field,
        "value": "" if value is None else str(value)[:200],
        "mend": str(mend),
        "details": details or {},
    }
