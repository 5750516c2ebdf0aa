"""What can be wrong with a place or a code, said so that the reader can mend it.

The roof maps these to its answers; `gis_data` knows nothing of HTTP.
"""

from __future__ import annotations

from typing import Any


class PlaceError(ValueError):
    """A place, datum, code or file row that cannot be used.

    code    stable, for programs
    field   which input; value: what it held; mend: what to do about it
    Texts may be lazy translations; they become words when the error is shown.
    """

    code = "invalid"

    def __init__(self, message: Any, *, field: str, value: object = None, mend: Any = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class OutsideCity(PlaceError):
    """A good position that no cell of the active generation covers."""

    code = "outside"


class CodeError(PlaceError):
    """A code that does not follow the grammar of its kind."""

    code = "bad_code"


class UnknownLayer(PlaceError):
    """A tile of a layer or a place that does not exist."""

    code = "missing"


class EditRefused(PlaceError):
    """An edit on the map that would break what must hold: no gap, no overlap, cells within communities."""

    code = "edit_refused"


class StaleDraft(PlaceError):
    """The draft was changed since the caller looked at it."""

    code = "stale"
