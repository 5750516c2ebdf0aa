"""From commit to the last of N sockets of one process, beside a bare hub: `bench/run fanout [--sockets N]`

floor      bench/floor/hub.py under uvicorn: NOTIFY carries the text, the process hands it to all
GridCity   a report is committed; the process's reader is told to look, reads the journal, judges who may
           see it, makes it ready and puts it into each socket's own queue
goal       p50 of the last socket ≤ 1.5 × the bare hub. Server on one core, clients and writer on the other.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import select
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator

from bench import common
from bench.common import gridcity, listening, running, verdict, wait_for

TEXT = (
    '{"i":%d,"case":{"no":"11010120261122000123","lon":116.4112345,"lat":39.9212345,"dept":12,"status":1,'
    '"class":"0203","cell":"110101001001045","title":"broken manhole cover near the gate",'
    '"due":"2026-11-23T08:00:00+08:00","x":"%s"}}'
)


class Crowd:
    """N sockets that only read."""

    def __init__(self, port: int, path: str, count: int, headers: str = "") -> None:
        self.epoll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", port))
            key = base64.b64encode(os.urandom(16)).decode()
            link.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                f"Sec-WebSocket-Version: 13\r\n{headers}\r\n".encode()
            )
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += link.recv(4096)
            if b" 101 " not in answer.split(b"\r\n")[0]:
                raise RuntimeError(answer.decode())
            link.setblocking(False)
            self.sockets[link.fileno()] = link
            self.epoll.register(link, select.EPOLLIN)

    def settle(self) -> None:
        """Read away greetings until nothing comes for half a second."""
        while events := self.epoll.poll(0.5):
            for number, _ in events:
                self.sockets[number].recv(65536)

    def wait_for_all(self, sign: bytes, timeout: float = 10) -> float:
        """The instant at which the last socket has got the sign."""
        missing, deadline = set(self.sockets), time.monotonic() + timeout
        while missing:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(missing)} sockets got nothing")
            for number, _ in self.epoll.poll(0.2):
                if sign in self.sockets[number].recv(65536):
                    missing.discard(number)
        return time.monotonic()

    def close(self) -> None:
        for link in self.sockets.values():
            link.close()
        self.epoll.close()


@contextlib.contextmanager
def bare_hub() -> Iterator[int]:
    with listening() as listener:
        port = listener.getsockname()[1]
    command = [
        "taskset",
        "-c",
        "0",
        sys.executable,
        "-m",
        "uvicorn",
        "--port",
        str(port),
        "--ws",
        "websockets-sansio",
    ]
    command += [
        "--ws-per-message-deflate",
        "false",
        "--no-access-log",
        "--log-level",
        "warning",
        "bench.floor.hub:app",
    ]
    with running(command):
        wait_for(port, "/", 1)
        yield port


def measure(
    crowd: Crowd, publish: Callable[[int], float], sign: Callable[[int], bytes], events: int
) -> list[float]:
    """Milliseconds from commit to the last socket, one event at a time."""
    crowd.settle()
    taken = []
    for number in range(events):
        committed = publish(number)
        taken.append((crowd.wait_for_all(sign(number)) - committed) * 1000)
    crowd.close()
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.fanout", description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--events", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    common.set_up()
    os.sched_setaffinity(0, {1 % (os.cpu_count() or 1)})
    from uuid import UUID, uuid4

    from django.db import connection, transaction
    from django.utils import timezone

    from bench.intake import class_id, key_of
    from casework.access import actors_of
    from casework.models import Holding
    from dispatch.actions import NewReport, report_problem
    from gis_data.models import Component

    key = key_of("dispatcher")
    inspector = actors_of(
        Holding.objects.filter(post__role="inspector").values_list("person_id", flat=True)[0]
    )[0]
    place, kind = Component.objects.values_list("place", flat=True)[0], class_id()
    last = {"id": ""}

    def report(number: int) -> float:
        stamp = []
        last["id"] = str(uuid4())
        with transaction.atomic():
            transaction.on_commit(lambda: stamp.append(time.monotonic()))  # runs before the hint goes out
            report_problem(
                NewReport(
                    id=UUID(last["id"]),
                    class_id=kind,
                    lon=place.x,
                    lat=place.y,
                    datum="wgs84",
                    source="inspector",
                    device_at=timezone.now(),
                ),
                actor=inspector,
            )
        return stamp[0]

    def notify(number: int) -> float:
        text = TEXT % (number, "-" * 60)
        at = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('floor_hub', %s)", [text])
        return at

    results: dict[str, list[float]] = {"bare hub": [], "GridCity": []}
    for number in range(asked.rounds):
        with bare_hub() as port:
            crowd = Crowd(port, "/ws", asked.sockets)
            taken = measure(crowd, notify, lambda n: b'"i":%d,' % n, asked.events)
        results["bare hub"] += taken
        with gridcity(processes=1, cpus=[0]) as port:
            crowd = Crowd(port, "/ws/journal", asked.sockets, f"Authorization: Bearer {key}\r\n")
            taken = measure(crowd, report, lambda n: last["id"].encode(), asked.events)
        results["GridCity"] += taken
        for name, values in results.items():
            shown = values[-asked.events :]
            print(
                f"  round {number + 1}: {name:<10} last of {asked.sockets}: "
                f"p50 {statistics.median(shown):6.1f} ms  max {max(shown):6.1f} ms"
            )
    p50 = {name: statistics.median(values) for name, values in results.items()}
    p99 = {name: sorted(values)[int(len(values) * 0.99)] for name, values in results.items()}
    print(f"p50 {p50}, p99 {p99}")
    return (
        0
        if verdict("last socket p50, of the bare hub", p50["GridCity"] / p50["bare hub"], 1.5, at_most=True)
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
