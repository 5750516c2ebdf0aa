"""How far a command is: how much is done, how fast, and the time left; on a terminal only."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

from django.utils.translation import gettext as _

# How much is done (rows, cells), and the share of the whole; 0 where that cannot be told.
Progress = Callable[[int, float], None]

AGAIN_S: Final = 0.5


class Stream(Protocol):
    """What of a command's stderr is needed."""

    def isatty(self) -> bool: ...

    def write(self, msg: str, *, ending: str) -> object: ...

    def flush(self) -> None: ...


def silent(_done: int, _share: float) -> None:
    """Progress that nobody looks at."""


class Meter:
    """One line of a terminal, written anew twice a second: done, a second, percent, time left."""

    def __init__(self, stream: Stream, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._is_shown = bool(stream.isatty())
        self._began = self._last = clock()
        self._first: tuple[int, float] | None = None
        self._is_line_open = False

    def rows(self, done: int, share: float) -> None:
        """So many rows are read."""
        self._show(done, share, _("%(done)s rows, %(rate)s a second"))

    def cells(self, done: int, share: float) -> None:
        """So many cells are cut."""
        self._show(done, share, _("%(done)s cells, %(rate)s a second"))

    def areas(self, done: int, share: float) -> None:
        """So many areas are checked or loaded."""
        self._show(done, share, _("%(done)s areas, %(rate)s a second"))

    def say(self, what: str) -> None:
        """What is being done now; what follows is measured from here."""
        self._first = None
        self._line(f"{what} …")

    def end(self) -> None:
        """Leave the line."""
        if self._is_line_open:
            self._stream.write("", ending="\n")
            self._is_line_open = False

    def _show(self, done: int, share: float, words: str) -> None:
        now = self._clock()
        if self._first is None:
            # what an earlier run had done already says nothing about the speed of this one
            self._first, self._began, self._last = (done, share), now, now
        if not self._is_shown or (now - self._last < AGAIN_S and share < 1):
            return
        self._last = now
        passed = max(now - self._began, 0.001)
        text = words % {"done": f"{done:,}", "rate": f"{(done - self._first[0]) / passed:,.0f}"}
        if self._first[1] < share < 1:
            left = passed * (1 - share) / (share - self._first[1])
            text += _(", %(percent)s %%, %(left)s left") % {
                "percent": f"{share * 100:.0f}",
                "left": f"{left // 60:.0f}:{left % 60:02.0f}",
            }
        self._line(text)

    def _line(self, words: str) -> None:
        if self._is_shown:
            self._stream.write(f"\r\x1b[K{words}", ending="")
            self._stream.flush()
            self._is_line_open = True
