"""Ports are taken politely; processes that die are started again; nobody outlives the launcher."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher import serve
from launcher.city import load_env_file
from launcher.run import names_of
from launcher.say import Failure
from launcher.serve import Child, Supervisor, listen


def until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_taken_port_is_told_with_a_free_choice() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Failure, match=rf"Port {port} on 127.0.0.1 is taken.*\n.*--port \d+"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no such host", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(Failure, match=host):
        listen(host, 0)


def test_names_under_which_a_browser_may_call() -> None:
    assert names_of("127.0.0.1") == ["localhost", "127.0.0.1", "[::1]"]
    assert "192.168.1.5" in names_of("192.168.1.5")
    assert "[fd00::1]" in names_of("fd00::1")
    assert "*" not in names_of("0.0.0.0")


SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


def test_a_killed_child_gets_a_successor() -> None:
    child = Child("sleeper", SLEEPER, dict(os.environ))
    supervisor = Supervisor([child])
    child.look()
    assert child.process
    first = child.process.pid
    os.kill(first, signal.SIGKILL)

    def successor() -> bool:
        child.look()
        return child.process is not None and child.process.pid != first

    until(successor, "nobody took the dead one's place")
    supervisor.stop()
    assert child.process.poll() is not None


def test_one_that_keeps_dying_is_started_ever_more_slowly() -> None:
    child = Child("broken", [sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ))
    pauses: list[float] = []
    while len(pauses) < 3:
        child.again_at = 0
        child.look()
        if child.process:
            child.process.wait()
            child.look()
            pauses.append(child.pause)
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[2] <= 10


def test_one_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PATIENCE", 0.5)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(600)"
    )
    child = Child("deaf", [sys.executable, "-c", deaf], dict(os.environ))
    child.process = subprocess.Popen(child.command, stdout=subprocess.PIPE)
    assert child.process.stdout
    child.process.stdout.readline()
    Supervisor([child]).stop()
    assert child.process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="a promise of Linux's kernel")
def test_children_do_not_outlive_a_killed_launcher() -> None:
    script = (
        "import sys, os, time; sys.path.insert(0, sys.argv[1]); from launcher.serve import Child\n"
        "child = Child('c', ['sleep', '600'], dict(os.environ)); child.start()\n"
        "print(child.process.pid, flush=True); time.sleep(600)"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", script, Path(serve.__file__).parents[1]], stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout
    child = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    until(lambda: not is_alive(child), "the child lives on")


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def test_it_stops_when_told_and_reports_once_when_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Callable[..., object]] = {}
    monkeypatch.setattr("launcher.serve.signal.signal", handlers.__setitem__)
    child = Child("sleeper", SLEEPER, dict(os.environ))
    supervisor = Supervisor([child])
    told = []

    def ready() -> None:
        told.append("ready")
        threading.Timer(0.3, lambda: handlers[signal.SIGTERM](signal.SIGTERM, None)).start()

    supervisor.run(ready=ready, is_ready=lambda: True)
    assert told == ["ready"]
    assert child.process
    assert child.process.returncode == -signal.SIGTERM


def test_a_city_that_never_answers_is_stopped_and_told() -> None:
    child = Child("sleeper", SLEEPER, dict(os.environ))
    with pytest.raises(Failure, match="did not answer"):
        Supervisor([child]).run(ready=lambda: None, is_ready=lambda: False, patience=0.3)
    assert child.process
    assert child.process.poll() is not None


def test_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text('# comment\nGRIDCITY_A=file\nGRIDCITY_B="quoted"\n\nnonsense\n')
    monkeypatch.setenv("GRIDCITY_A", "real")
    monkeypatch.delenv("GRIDCITY_B", raising=False)
    load_env_file(tmp_path)
    assert (os.environ["GRIDCITY_A"], os.environ["GRIDCITY_B"]) == ("real", "quoted")
    monkeypatch.delenv("GRIDCITY_B")
