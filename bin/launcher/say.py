"""What a person sees: numbered steps with their seconds, and one sentence when something cannot be done.

Everything goes to standard error, so that standard output belongs to the command that was called.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Failure(Exception):
    """Something a person must decide or mend. The message is shown as it is, without a traceback."""


def say(line: str = "") -> None:
    print(line, file=sys.stderr, flush=True)


class Steps:
    """Counts the steps of one command. A quiet one speaks only when a step really has something to do."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.total = total
        self.quiet = quiet
        self.done = 0
        self.started = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        self.done += 1
        step = Step(f"[{self.done}/{self.total}] {title}", quiet=self.quiet)
        try:
            yield step
        except BaseException:
            step.end("stopped")
            raise
        step.end("")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Step:
    """One line on the screen; on a terminal its seconds run while it works."""

    def __init__(self, title: str = "", *, quiet: bool = True, silent: bool = False) -> None:
        self.title = title
        self.silent = silent  # of work behind another step's back
        self.detail = ""
        self.started = time.monotonic()
        self.announced = False
        self.live = sys.stderr.isatty()
        self.ended = threading.Event()
        if not quiet:
            self.work()

    def work(self, detail: str = "") -> None:
        """There is something to do: show the step, with what it is doing now."""
        self.detail = detail
        if self.silent:
            return
        line = f"{self.title}{': ' + detail if detail else ''}"
        if self.live and not self.announced:
            threading.Thread(target=self._tick, daemon=True).start()
        if not self.live and (detail or not self.announced):
            say(line + " …")
        self.line = line
        self.announced = True

    def _tick(self) -> None:
        while not self.ended.wait(0.5):
            print(
                f"\r\033[K{self.line} … {time.monotonic() - self.started:.0f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def end(self, remark: str) -> None:
        self.ended.set()
        if self.announced:
            seconds = time.monotonic() - self.started
            clear = "\r\033[K" if self.live else ""
            say(f"{clear}{self.title}: {remark or 'done'}, {seconds:.1f} s")
