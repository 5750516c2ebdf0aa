"""Rate and time left on a terminal, and silence anywhere else."""

from __future__ import annotations

import io

from gis_data.progress import Meter


class Terminal(io.StringIO):
    """What a command's stderr is, on a terminal."""

    def isatty(self) -> bool:
        return True

    def write(self, msg: str, ending: str = "\n") -> int:
        return super().write(msg + ending)

    def lines(self) -> list[str]:
        return [line for line in self.getvalue().split("\r\x1b[K") if line]


class Pipe(Terminal):
    def isatty(self) -> bool:
        return False


class Watch:
    """A clock that is told how long things take."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_rate_and_time_left_follow_from_what_this_run_did() -> None:
    watch, terminal = Watch(), Terminal()
    meter = Meter(terminal, clock=watch)
    meter.rows(40_000, 0.4)  # an earlier run had come so far
    watch.at += 10
    meter.rows(50_000, 0.5)
    assert terminal.lines() == ["50,000 rows, 1,000 a second, 50 %, 0:50 left"]


def test_a_line_is_written_twice_a_second_at_most_and_at_the_end() -> None:
    watch, terminal = Watch(), Terminal()
    meter = Meter(terminal, clock=watch)
    for step in range(100):
        watch.at += 0.125
        meter.cells(step, step / 100)
    watch.at += 0.125
    meter.cells(100, 1.0)
    assert len(terminal.lines()) == 25
    assert terminal.lines()[-1] == "100 cells, 8 a second"
    meter.end()
    assert terminal.getvalue().endswith("\n")


def test_each_step_is_measured_by_itself() -> None:
    watch, terminal = Watch(), Terminal()
    meter = Meter(terminal, clock=watch)
    meter.rows(1, 0.0)
    watch.at += 50
    meter.say("checking")
    meter.areas(0, 0.0)
    watch.at += 1
    meter.areas(10, 0.25)
    assert terminal.lines() == ["checking …", "10 areas, 10 a second, 25 %, 0:03 left"]


def test_nothing_is_said_where_nobody_looks() -> None:
    watch, pipe = Watch(), Pipe()
    meter = Meter(pipe, clock=watch)
    meter.say("reading")
    watch.at += 60
    meter.rows(1_000, 0.5)
    meter.end()
    assert pipe.getvalue() == ""
