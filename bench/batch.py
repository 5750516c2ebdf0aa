"""After an outage every phone sends its day at once: `bench/run batch [--phones N] [--queue N] [--batch N]`

floor      bare SQL: a statement and a commit a report (bench/floor/schema.sql), eight connections, no HTTP
GridCity   POST /api/v1/reports/batch on the processes that bin/run starts, N phones at once; a phone that is
           told Retry-After waits that long and a random half of it more, as the product's phones do
goals      ≥ 0.25 of the floor's rate; the last phone done within 4 × the floor's time for all; every report
           stored exactly once
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from bench import common
from bench.common import BENCH, gridcity, verdict
from bench.intake import class_id, points_file

CONNECTIONS = 8
PATIENCE_SECONDS = 600


@dataclass
class Phone:
    """One phone with its day's queue, and what became of it."""

    key: str
    items: list[dict[str, object]]
    size: int
    acknowledged: set[str] = field(default_factory=set)
    told_to_wait: int = 0
    waited: float = 0.0
    took: list[float] = field(default_factory=list)
    done_at: float = 0.0
    fault: str = ""

    def send_all(self, port: int, start: threading.Event) -> None:
        rng = random.Random(self.key)
        start.wait()
        began = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while len(self.acknowledged) < len(self.items):
            if time.monotonic() - began > PATIENCE_SECONDS:
                self.fault = f"{len(self.items) - len(self.acknowledged)} items are still waiting"
                return
            waiting = [item for item in self.items if item["id"] not in self.acknowledged][: self.size]
            sent = time.monotonic()
            try:
                link.request(
                    "POST", "/api/v1/reports/batch", json.dumps({"items": waiting}),
                    {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"},
                )  # fmt: skip
                answer = link.getresponse()
                body = answer.read()
            except OSError:
                link.close()
                continue
            if answer.status in (429, 503):
                self.told_to_wait += 1
                pause = int(answer.headers["Retry-After"]) * (1 + rng.random() / 2)
                self.waited += pause
                time.sleep(pause)
                continue
            if answer.status != 200:
                self.fault = body[:300].decode(errors="replace")
                return
            self.took.append(time.monotonic() - sent)
            for item in json.loads(body)["items"]:
                if item["status"] in (200, 201):
                    self.acknowledged.add(item["id"])
                elif item["status"] not in (429, 500, 503):
                    self.fault = str(item)
                    return
        self.done_at = time.monotonic()


def keys(count: int) -> list[str]:
    """Keys of inspectors, one a phone; where there are fewer inspectors than phones they carry several."""
    from casework.models import Holding, Token

    people = [
        holding.person
        for holding in Holding.objects.filter(post__role="inspector", until=None).select_related("person")
    ]
    if not people:
        sys.exit(
            "Nobody lives in this city yet: GRIDCITY_VAR=var/bench bin/gridcity seed_city --demo --commit"
        )
    return [Token.make(people[n % len(people)], "bench")[1] for n in range(count)]


def queue_of(places: Sequence[tuple[float, float]], problem: int, length: int) -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for _ in range(length):
        lon, lat = random.choice(places)
        name = str(uuid4())
        body = {
            "id": name, "class_id": problem, "lon": lon, "lat": lat, "datum": "wgs84", "source": "inspector",
            "accuracy_m": 6, "text": "broken cover near the gate", "photos": [],
            "device_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        made.append({"kind": "report", "id": name, "body": body})
    return made


def floor_seconds(places: Sequence[tuple[float, float]], count: int) -> tuple[float, float]:
    """How long bare SQL takes for so many reports, and the p99 of one statement in ms."""
    import psycopg
    from django.conf import settings

    from casework.hub import listen_parameters

    assert settings.DATABASES
    todo = iter(range(count))
    lock, took = threading.Lock(), []
    call = "SELECT floor.file_report(%s, %s, %s, 7, 'broken cover near the gate', %s, %s::uuid)"

    def work() -> None:
        with psycopg.connect(**listen_parameters(), autocommit=True) as connection:
            while True:
                with lock:
                    if next(todo, None) is None:
                        return
                lon, lat = random.choice(places)
                name = str(uuid4())
                began = time.monotonic()
                connection.execute(call, [lon, lat, random.randrange(200), name, name])
                took.append(time.monotonic() - began)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began, 1000 * quantile(took, 0.99)


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def storm(port: int, phones: Sequence[Phone]) -> float:
    """All phones at once; the seconds until the last one is done."""
    start = threading.Event()
    threads = [threading.Thread(target=phone.send_all, args=(port, start)) for phone in phones]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    start.set()
    for thread in threads:
        thread.join()
    for phone in phones:
        phone.done_at -= began
    return time.monotonic() - began


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.batch", description=__doc__)
    parser.add_argument("--phones", type=int, default=200)
    parser.add_argument("--queue", type=int, default=50, help="reports a phone")
    parser.add_argument("--batch", type=int, default=25, help="reports a call")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    common.set_up()
    from django.db import connection

    from casework.models import Case

    with connection.cursor() as cursor:
        cursor.execute((BENCH / "floor/schema.sql").read_text())
        cursor.execute("SET search_path = public")
    count = asked.phones * asked.queue
    print(f"{asked.phones} phones × {asked.queue} reports, {asked.batch} a call", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        lines = points_file(Path(folder)).read_text().splitlines()
    places = [(float(line.split()[0]), float(line.split()[1])) for line in lines]
    problem, signed = class_id(), keys(asked.phones)
    ratios, tails, good = [], [], True
    for number in range(asked.rounds):
        bare, bare_p99 = floor_seconds(places, count)
        phones = [Phone(key, queue_of(places, problem, asked.queue), asked.batch) for key in signed]
        with gridcity() as port:
            ours = storm(port, phones)
        connection.close()
        stored = Case.objects.filter(pk__in=[UUID(str(i["id"])) for p in phones for i in p.items]).count()
        faults = [phone.fault for phone in phones if phone.fault]
        done = [phone.done_at for phone in phones]
        took = [seconds for phone in phones for seconds in phone.took]
        ratios.append(bare / ours)
        tails.append(max(done) / bare)
        good &= stored == count and not faults
        print(f"  round {number + 1}: floor {count / bare:.0f}/s in {bare:.1f} s, p99 {bare_p99:.0f} ms")
        print(
            f"    GridCity {count / ours:.0f}/s in {ours:.1f} s; a call p50 {quantile(took, 0.5):.2f} s, "
            f"p99 {quantile(took, 0.99):.2f} s"
        )
        print(
            f"    phones done p50 {quantile(done, 0.5):.1f} s, p99 {quantile(done, 0.99):.1f} s, last "
            f"{max(done):.1f} s; told to wait {sum(p.told_to_wait for p in phones)} times, "
            f"{statistics.mean(p.waited for p in phones):.1f} s a phone"
        )
        print(f"    stored {stored} of {count}", *faults[:1], flush=True)
    if not good:
        print("NOT MET  every report stored exactly once")
    met = verdict("rate of a day's queues, of bare SQL", statistics.median(ratios), 0.25)
    met &= verdict("the last phone, of bare SQL's time for all", statistics.median(tails), 4, at_most=True)
    return 0 if met and good else 1


if __name__ == "__main__":
    sys.exit(main())
