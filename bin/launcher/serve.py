"""The city's processes: web workers on one socket, a worker for jobs; each is restarted by itself."""

import contextlib
import ctypes
import http.client
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.say import Failure, say

PATIENCE = 25  # seconds for requests under way when stopping
PR_SET_PDEATHSIG = 1


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, taken before any long work, so that a port in use is known at once."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise Failure(f"{host!r} is not an address of this machine. Try --host 127.0.0.1") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(512)
    except PermissionError:
        raise Failure(
            f"Port {port} needs more rights than we have. Choose one above 1023: --port 8000"
        ) from None
    except OSError as fault:
        if fault.errno == 98 or "in use" in str(fault):
            raise Failure(
                f"Port {port} on {host} is taken by another program, which we leave alone.\n"
                f"Choose another: --port {port + 1 if port < 65535 else 8000}"
            ) from None
        raise Failure(f"Cannot listen on {host} port {port}: {fault.strerror}.") from None
    return listener


def stop_signals() -> list[signal.Signals]:
    """What ends us besides Ctrl-C; under nohup a closed terminal does not."""
    hangup = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGTERM, *hangup]


def die_with_parent() -> None:
    """In the child before it runs: if the launcher is killed, its children are told to stop."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process that is started again when it dies, ever more slowly while it keeps dying."""

    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str]
    fds: tuple[int, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0
    pause: float = 0
    again_at: float = field(default=0)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=dict(self.env),
            pass_fds=self.fds,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def look(self) -> None:
        """Notices a death and starts a successor when its time has come."""
        now = time.monotonic()
        if self.process and self.process.poll() is not None:
            self.pause = 0.2 if now - self.started > 10 else min(10, max(0.2, self.pause * 2))
            self.again_at = now + self.pause
            end = ending(self.process.returncode)
            say(f"{self.name} ended ({end}); starting it again in {self.pause:.1f} s")
            self.process = None
        if self.process is None and now >= self.again_at:
            self.start()


def ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"


class Supervisor:
    """Keeps the children alive, and through `look_after` what else they stand on."""

    def __init__(self, children: Sequence[Child], look_after: Callable[[], None] = lambda: None) -> None:
        self.children = children
        self.look_after = look_after
        self.stopping = False

    def run(self, *, ready: Callable[[], None], is_ready: Callable[[], bool], patience: float = 180) -> None:
        """Until Ctrl-C or TERM. `ready` is called once, when the city answers for the first time."""
        for number in (signal.SIGINT, *stop_signals()):
            signal.signal(number, self._stop)
        try:
            began = time.monotonic()
            answered = False
            for tick in itertools.count():
                if self.stopping:
                    break
                if tick % 10 == 0:
                    self.look_after()
                for child in self.children:
                    child.look()
                if not answered and is_ready():
                    answered = True
                    ready()
                if not answered and time.monotonic() - began > patience:
                    raise Failure(
                        f"The city did not answer within {patience:.0f} s; its own words are above."
                    )
                time.sleep(0.1)
        finally:
            self.stop()

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def stop(self) -> None:
        """Requests under way are finished first; who does not end in time is killed."""
        running = [child.process for child in self.children if child.process]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(host: str, port: int, path: str) -> bool:
    """Whether a page comes; a server's own fault counts as not yet."""
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def signals_to(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """While a command runs, TERM goes on to it; Ctrl-C reaches it from the terminal by itself."""
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def call(command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None) -> int:
    """Runs a command in the foreground; its exit status, as a shell would give it."""
    process = subprocess.Popen(command, env=dict(env), cwd=cwd)
    with signals_to(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


def environment(root: Path, var: Path, database: str) -> dict[str, str]:
    """What every process of the city runs under."""
    return {
        **os.environ,
        "PYTHONPATH": str(root),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "gridcity.settings",
        "GRIDCITY_VAR": str(var),
        "GRIDCITY_DATABASE": database,
    }
