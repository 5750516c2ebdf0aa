"""What the yardsticks share: servers to start, loads to run, rounds to interleave, tables to print."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PROCESSES = 2


def set_up() -> None:
    """Django under the project's settings, with the demonstration's plain http."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcity.settings")
    os.environ["GRIDCITY_DEMO"] = "1"
    django.setup()


def need(program: str, package: str) -> str:
    """The path of a program that a yardstick drives; ends with a sentence when it is missing."""
    found = shutil.which(program)
    if not found:
        sys.exit(f"{program} is missing: apt-get install {package}")
    return found


@dataclass(frozen=True)
class Load:
    """What one run of wrk says."""

    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        yield listener


@contextlib.contextmanager
def gridcity(*, processes: int = PROCESSES, cpus: Sequence[int] = ()) -> Iterator[int]:
    """The product's own web processes, as bin/run starts them; gives the port."""
    with listening() as listener, contextlib.ExitStack() as stack:
        listener.set_inheritable(True)
        for _ in range(processes):
            command = [sys.executable, "-P", "-m", "gridcity.serve", "--fd", str(listener.fileno())]
            if cpus:
                command = ["taskset", "-c", ",".join(map(str, cpus)), *command]
            stack.enter_context(running(command, pass_fds=(listener.fileno(),)))
        port = listener.getsockname()[1]
        wait_for(port, "/api/v1/openapi.json", processes)
        yield port


@contextlib.contextmanager
def granian(app: str, *, workers: int = 4, env: Mapping[str, str] | None = None) -> Iterator[int]:
    """A WSGI application under granian, workers × 1 thread: the fastest server of the survey."""
    with listening() as listener:
        port = listener.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(workers),
        "--blocking-threads", "1", "--port", str(port), "--no-access-log", "--log-level", "warning", app,
    ]  # fmt: skip
    with running(command, env=env):
        wait_for(port, "/", workers)
        yield port


@contextlib.contextmanager
def running(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, ended with all its children."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=log,
            stderr=log,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        try:
            yield process
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-3000:].decode(errors="replace"))
            raise
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def wait_for(port: int, path: str, times: int) -> None:
    """Until the server has answered as often as it has processes (each loads its code at the first)."""
    import http.client

    answered, deadline = 0, time.monotonic() + 60
    while answered < times * 4:
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing answers on port {port}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            answered += 1
        except OSError:
            time.sleep(0.1)


def wrk(
    url: str,
    script: Path | None = None,
    *,
    seconds: float,
    clients: int = 8,
    env: Mapping[str, str] | None = None,
) -> Load:
    """Drive a URL with wrk. `script` prints `RESULT|per second|p50 ms|p99 ms|refused` at its end."""
    command = [need("wrk", "wrk"), "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "20s"]
    command += ["-s", str(script or BENCH / "plain.lua"), url]
    # a seed of its own for each run: two runs must not make the same identifiers
    seed = {"SEED": str(random.SystemRandom().randrange(1 << 30))}
    said = subprocess.run(
        command,
        env={**os.environ, **seed, **(env or {})},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    ).stdout
    found = re.search(r"RESULT\|([\d.]+)\|([\d.]+)\|([\d.]+)\|(\d+)", said)
    if not found:
        raise RuntimeError(f"wrk said nothing usable:\n{said}")
    return Load(float(found[1]), float(found[2]), float(found[3]), int(found[4]))


def interleaved(rounds: int, runs: Mapping[str, Callable[[], Load]]) -> dict[str, list[Load]]:
    """Each run once a round, so that the machine's moods fall on all alike."""
    results: dict[str, list[Load]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            results[name].append(run())
            load = results[name][-1]
            print(
                f"  round {number + 1}: {name:<34} {load.per_second:8.0f}/s  p50 {load.p50_ms:7.1f}  "
                f"p99 {load.p99_ms:7.1f} ms  refused {load.refused}",
                flush=True,
            )
    return results


def median(loads: Sequence[Load]) -> Load:
    def of(name: str) -> Any:
        return statistics.median(getattr(load, name) for load in loads)

    return Load(of("per_second"), of("p50_ms"), of("p99_ms"), sum(load.refused for load in loads))


def verdict(text: str, value: float, goal: float, *, at_most: bool = False) -> bool:
    """Print a ratio beside its goal; was it met?"""
    met = value <= goal if at_most else value >= goal
    print(f"{'met    ' if met else 'NOT MET'}  {text}: {value:.2f} (goal {'≤' if at_most else '≥'} {goal:g})")
    return met
