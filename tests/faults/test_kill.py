"""Kill -9 of the web processes and of the whole database under load: what was acknowledged is there, once.

Real processes on a cluster of their own. Four phones report and repeat each report under its id until it is
acknowledged. This shows the death of processes, not of power: the machine's memory lives on. The control,
with `synchronous_commit` off, must lose something, or the test could not see a loss.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from launcher.cluster import Cluster, live_processes_in
from launcher.say import Step
from launcher.serve import Child, environment, listen
from launcher.tree import Tree

pytestmark = pytest.mark.faults

PHONES, ROOT = 4, Path(__file__).parents[2]
SEED = """
import json, django; django.setup()
from casework.models import Person, Token
from dispatch.schemas import ReportIn
from tests.factories.people import small_town
town = small_town()
key = Token.make(Person.objects.get(pk=town.alice.person_id), "phone")[1]
new = town.report_of()
sent = set(ReportIn.model_fields) - {"id", "photos", "reporter"}
body = {name: getattr(new, name) for name in sent}
print(json.dumps({"key": key, "body": body}, default=lambda at: at.isoformat()))
"""


@dataclass
class City:
    """A cluster, two web processes on one port, and what a phone needs to report."""

    cluster: Cluster
    env: dict[str, str]
    listener: socket.socket
    web: list[Child]
    key: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", *arguments], env=self.env, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def sql(self, statement: str) -> list[str]:
        assert self.cluster.postgres
        done = subprocess.run(
            [self.cluster.postgres.bin / "psql", "-XAtq", self.cluster.url, "-c", statement],
            env={**os.environ, **self.cluster.postgres.env}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    def kill_web(self) -> None:
        for child in self.web:
            if child.process:
                child.process.kill()
                child.process.wait()

    def kill_database(self) -> None:
        """The postmaster and everything it started, at once."""
        for pid in live_processes_in(self.cluster.data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: not live_processes_in(self.cluster.data), "the database will not die")

    def look(self) -> None:
        for child in self.web:
            child.pause = 0  # killed on purpose: no need to wait before the next one
            child.look()


@dataclass
class Phones:
    """People who report without pause; `acked` is what they were told is safe."""

    city: City
    give_up: bool = False
    sent: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    troubles: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def at_work(self) -> Iterator[Phones]:
        threads = [threading.Thread(target=self.report_on) for _ in range(PHONES)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(60)

    def report_on(self) -> None:
        while not self.stop.is_set():
            body = json.dumps({**self.city.body, "id": str(uuid4())})
            self.sent.append(json.loads(body)["id"])
            while not self.acknowledged(body):
                self.troubles += 1
                if self.give_up or self.stop.wait(0.05):
                    return
            self.acked.append(json.loads(body)["id"])

    def acknowledged(self, body: str) -> bool:
        wire = http.client.HTTPConnection("127.0.0.1", self.city.port, timeout=5)
        head = {"Authorization": f"Bearer {self.city.key}", "Content-Type": "application/json"}
        try:
            wire.request("POST", "/api/v1/reports", body, head)
            response = wire.getresponse()
            response.read()
            assert response.status in (200, 201) or response.status >= 500, response.status
            return response.status in (200, 201)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            wire.close()

    def go_on(self, more: int) -> None:
        """Wait until so many more were acknowledged, while dead processes get their successors."""
        goal = len(self.acked) + more

        def reached() -> bool:
            self.city.look()
            return len(self.acked) >= goal

        until(reached, "no reports come through")


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    # the database may run as another user, whom pytest's own folders shut out
    with tempfile.TemporaryDirectory(prefix="gridcity-") as name:
        base = Path(name)
        base.chmod(0o755)
        yield from _running(base)


def _running(base: Path) -> Iterator[City]:
    cluster = Cluster(Tree(ROOT, base))
    running = Cluster(Tree.here())
    running.ensure_programs(Step())
    cluster.postgres = running.postgres
    with contextlib.ExitStack() as stack:
        stack.enter_context(cluster.using())
        env = {
            **environment(ROOT, base, cluster.url),
            "DJANGO_SETTINGS_MODULE": "gridcity.settings_test",
            "GRIDCITY_LOG_LEVEL": "ERROR",
        }
        listener = stack.enter_context(listen("127.0.0.1", 0))
        serve = [sys.executable, "-P", "-m", "gridcity.serve", "--fd", str(listener.fileno())]
        made = City(
            cluster, env, listener, [Child(f"web {n}", serve, env, (listener.fileno(),)) for n in (1, 2)]
        )
        made.python("-m", "gridcity", "migrate", "-v0")
        seeded = json.loads(made.python("-c", SEED).splitlines()[-1])
        made.key, made.body = seeded["key"], seeded["body"]
        stack.callback(made.kill_web)
        yield made
        made.kill_web()


def until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def stored(city: City) -> list[str]:
    """The reports that the journal holds, one line an entry."""
    return city.sql("SELECT case_id FROM casework_entry WHERE verb = 'report'")


def test_every_acknowledged_report_outlives_server_and_database_exactly_once(city: City) -> None:
    with Phones(city).at_work() as phones:
        phones.go_on(40)
        city.kill_web()
        phones.go_on(40)
        city.kill_database()
        city.cluster.bring_up()
        phones.go_on(40)
        city.kill_web()
        city.kill_database()
        city.cluster.bring_up()
        phones.go_on(40)
    assert phones.troubles >= PHONES, "nobody noticed: nothing was killed under load"
    assert len(phones.acked) == len(set(phones.acked)) >= 160
    held = stored(city)
    assert len(held) == len(set(held)), "doubled"
    assert set(phones.acked) <= set(held), "lost"
    assert set(held) <= set(phones.sent)
    rows = city.sql("SELECT count(*) FROM casework_case JOIN dispatch_report ON case_id = id")
    assert rows == [str(len(held))]
    verdict = json.loads(city.python("-m", "gridcity", "verify_journal", "--json"))
    assert verdict["ok"], verdict


def test_the_control_without_synchronous_commit_loses(city: City) -> None:
    """Same phones, same blow. Each round kills just after an acknowledgement; one loss is enough."""
    for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"):
        city.sql(f"ALTER SYSTEM SET {setting}")
    city.sql("SELECT pg_reload_conf()")
    city.kill_web()  # connections of before would go on with the old setting
    lost: set[str] = set()
    for round_ in itertools.count(1):
        phones = Phones(city)
        with phones.at_work():
            phones.go_on(30)
            phones.give_up = True
            city.kill_database()
        city.cluster.bring_up()
        lost = set(phones.acked) - set(stored(city))
        if lost or round_ == 5:
            break
    assert lost, "the control must lose something"
