"""The city played through its public API: inspectors, citizens, desks and departments, at some speed.

Knows nothing but what the API tells each of them, and obeys it: a case that somebody else has moved meanwhile
is left to them. Everybody's next move lies in one agenda, ordered by when it is due.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from random import Random
from typing import Any, Final
from uuid import uuid4

from dispatch.models.report import Source
from dispatch.workflow import State
from gridcity.seeding import orgs
from gridcity.seeding.client import Caller, NoAnswer, Refused
from gridcity.seeding.lives import (
    DECLINED,
    DECLINES,
    NOT_FOUND,
    NOT_THERE,
    RETURNED,
    RETURNS,
    REWORKED,
    REWORKS,
)
from gridcity.seeding.pictures import draw_picture
from gridcity.seeding.world import OFTEN, Lot

Tell = Callable[[str], object]
Case = dict[str, Any]

# Minutes of the city's day that pass before a case is taken up in a state, at speed 1.
PACE: Final[dict[str, tuple[float, float]]] = {
    State.REPORTED: (1, 6), State.VERIFYING: (6, 25), State.VERIFIED: (1, 5), State.FILED: (1, 6),
    State.DISPATCHED: (3, 25), State.HANDLING: (25, 150), State.HANDLED: (1, 8), State.CHECKING: (6, 35),
    State.CHECKED: (1, 8),
}  # fmt: skip
DESKS: Final = (("acceptor", "verify_file"), ("leader", "check_close"), ("dispatcher", "dispatch"))
LOOK_EVERY: Final = 5.0  # seconds between looks at the lists, for what others have moved
LOOKS_AT_ONCE: Final = 8
CITIZENS: Final = 0.1  # of the reports; the rest are found on patrol
DOORS: Final = (Source.HOTLINE, Source.HOTLINE, Source.WEB)
CITIZEN_NAMES: Final = ("王女士", "李先生", "张女士", "刘先生", "陈女士", "赵先生")
LONGEST_SILENCE: Final = 60.0


class CityGone(RuntimeError):
    """The address does not answer, or not any more."""


@dataclass
class _Done:
    moves: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


def play(
    base_url: str,
    *,
    password: str,
    speed: float,
    minutes: float | None,
    per_day: float,
    seed: int,
    tell: Tell,
) -> dict[str, Any]:
    """Play until the time is over or Ctrl-C; returns what was done."""
    try:
        city = Players(base_url, password=password, speed=speed, seed=seed, tell=tell)
    except ValueError as fault:
        raise CityGone(str(fault)) from fault
    with _stopped_by_signals() as stop:
        began = time.monotonic()
        city.run(stop, per_day=per_day, until=None if minutes is None else began + minutes * 60)
        seconds = time.monotonic() - began
    done = {
        "seconds": round(seconds, 1),
        "moves": dict(city.done.moves),
        "refused": dict(city.done.refused),
    }
    total = sum(city.done.moves.values())
    tell(
        f"{total} moves in {seconds:.0f} s: "
        + ", ".join(f"{verb} {count}" for verb, count in city.done.moves.most_common())
        + (f"; refused: {dict(city.done.refused)}" if city.done.refused else "")
    )
    return done


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Set when the process is asked to end; a move on its way is finished first."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    kept = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


class Players:
    """Everybody, with their agenda."""

    def __init__(self, base_url: str, *, password: str, speed: float, seed: int, tell: Tell) -> None:
        people = list(orgs.rows_of("people.csv"))
        self._callers: dict[str, Caller] = {}
        self._base_url, self._password = base_url, password
        self._as("acceptor")  # a malformed address is refused at once
        self._by_name = {row["name"]: row["username"] for row in people}
        self._inspectors = [row["username"] for row in people if row["role"] == "inspector"]
        self._desk_of = {
            row["organisation_code"]: row["username"] for row in people if row["role"] == "department"
        }
        self._speed = speed
        self._rng = Random(seed)
        self._tell = tell
        self._agenda: list[tuple[float, str, int, str]] = []
        self._planned: dict[str, int] = {}
        self._looks: list[tuple[str, str]] = []
        self.done = _Done()

    def run(self, stop: threading.Event, *, per_day: float, until: float | None) -> None:
        self._settle()
        report_at = look_at = time.monotonic()
        answered = time.monotonic()
        while not stop.is_set() and (until is None or time.monotonic() < until):
            now = time.monotonic()
            try:
                if now >= report_at:
                    report_at = now + self._rng.expovariate(per_day * self._speed / 86400)
                    self._report()
                if now >= look_at:
                    look_at = now + LOOK_EVERY
                    self._look_around()
                if self._agenda and self._agenda[0][0] <= now:
                    _at, case_id, version, username = heappop(self._agenda)
                    self._act(case_id, version, username)
                answered = time.monotonic()
            except Refused as refused:
                self.done.refused[refused.code or str(refused.status)] += 1
                self._tell(f"{self._clock()}  refused: {refused}")
            except NoAnswer as gone:
                if time.monotonic() - answered > LONGEST_SILENCE:
                    raise CityGone(f"No answer for {LONGEST_SILENCE:.0f} s: {gone}") from gone
                self._tell(f"{self._clock()}  no answer, trying again: {gone}")
                stop.wait(1)
            waiting = [report_at, look_at, *([self._agenda[0][0]] if self._agenda else [])]
            stop.wait(max(0.0, min(waiting) - time.monotonic()))
        for caller in self._callers.values():
            caller.close()

    def _settle(self) -> None:
        """Learn the classes and the city's bounds."""
        seat = self._as("acceptor")
        try:
            found = seat.get("/classes")["items"]
            self._bounds = seat.get("/map/settings")["bounds"]
            self._district = seat.get("/me")["stream"]
        except NoAnswer as gone:
            raise CityGone(f"{gone}. Is the city running? Start it with bin/run.") from gone
        except Refused as refused:
            raise CityGone(f"{refused}. The sample city's people are needed: bin/run.") from refused
        usable = [one for one in found if one["conditions"]]
        self._classes = {(one["kind"], one["code"]): one for one in usable}
        events = [one for one in usable if one["kind"] == "event"]
        self._events = Lot(events, [OFTEN.get((one["kind"], one["code"]), 3) for one in events])

    def _as(self, username: str) -> Caller:
        if username not in self._callers:
            self._callers[username] = Caller(self._base_url, username, self._password)
        return self._callers[username]

    # --- reports ---------------------------------------------------------------------------------

    def _report(self) -> None:
        rng = self._rng
        is_citizen = rng.random() < CITIZENS
        username = "acceptor" if is_citizen else rng.choice(self._inspectors)
        who = self._as(username)
        place = self._somewhere(who)
        near = next((c for c in place["components"] if ("component", c["class_code"]) in self._classes), None)
        component = near if near is not None and rng.random() < 0.4 else None
        found = self._classes["component", component["class_code"]] if component else self._events.draw(rng)
        name = found["name_zh"]
        body: dict[str, Any] = {
            "id": self._uuid(),
            "class_id": found["id"],
            "lon": component["lon"] if component else place["lon"],
            "lat": component["lat"] if component else place["lat"],
            "datum": "wgs84",
            "accuracy_m": round(rng.uniform(3, 15), 1),
            "component_code": component["code"] if component else "",
            "text": name,
            "address": place["street"]["name"] + place["community"]["name"],
            "source": rng.choice(DOORS) if is_citizen else Source.INSPECTOR,
            "device_at": datetime.now(UTC).isoformat(),
            "photos": [] if is_citizen else [self._photograph(who, found["code"], name, "report")],
        }
        if is_citizen:
            body["reporter"] = {
                "name": rng.choice(CITIZEN_NAMES),
                "phone": f"138{rng.randrange(10**8):08d}",
            }
        card = who.post("/reports", body)
        self._note("report", username, card)
        self._plan(card, "acceptor")

    def _somewhere(self, who: Caller) -> dict[str, Any]:
        west, south, east, north = self._bounds
        while True:
            lon, lat = self._rng.uniform(west, east), self._rng.uniform(south, north)
            try:
                found: dict[str, Any] = who.get("/locate", lon=f"{lon:.6f}", lat=f"{lat:.6f}")
            except Refused as refused:
                if refused.status != 404:
                    raise
                continue
            if found["district"]["code"] == self._district:
                return found

    def _photograph(self, who: Caller, code: str, name: str, kind: str) -> str:
        photo_id = self._uuid()
        who.put(f"/photos/{photo_id}?kind={kind}", draw_picture(code, name, kind, photo_id), "image/jpeg")
        return photo_id

    def _uuid(self) -> str:
        # not from the seed: a second run with it must not send the same ids again
        return str(uuid4())

    # --- what stands on the lists ----------------------------------------------------------------

    def _look_around(self) -> None:
        """Some lists at a time: the desks always, departments and inspectors in turn."""
        for username, queue in DESKS:
            for card in self._as(username).get("/cases", queue=queue, limit=100)["items"]:
                self._plan(card, username)
        if not self._looks:
            self._looks = [("department", name) for name in self._desk_of.values()]
            self._looks += [("inspector", name) for name in self._inspectors]
        for kind, username in self._looks[:LOOKS_AT_ONCE]:
            if kind == "department":
                cards = self._as(username).get("/cases", queue="department", limit=100)["items"]
            else:
                cards = [task["case"] for task in self._as(username).get("/tasks")["items"]]
            for card in cards:
                self._plan(card, username)
        del self._looks[:LOOKS_AT_ONCE]

    def _plan(self, card: Case, username: str) -> None:
        """Put the case's next move on the agenda, unless it is there: at a moment drawn for that version."""
        case_id, version, state = card["id"], card["version"], card["state"]
        if self._planned.get(case_id) == version or state not in PACE:
            return
        self._planned[case_id] = version
        low, high = PACE[state]
        wait = Random(f"{case_id}/{version}").uniform(low, high) * 60 / self._speed
        stood = (datetime.now(UTC) - datetime.fromisoformat(card["moved_at"])).total_seconds()
        # what has stood for long is not taken up all at once, or the desks would be empty at a blow
        wait = max(wait - stood, wait * self._rng.uniform(0.2, 1))
        heappush(self._agenda, (time.monotonic() + wait, case_id, version, username))

    # --- moves -----------------------------------------------------------------------------------

    def _act(self, case_id: str, version: int, username: str) -> None:
        """Look at the case as it stands now; if it stands where it stood, move it."""
        who = self._as(username)
        case = who.get(f"/cases/{case_id}")
        if case["version"] != version:
            self._planned.pop(case_id, None)
            return
        verb, given = self._choose(case, who)
        actor = username
        if verb == "close":
            who, actor = self._as("leader"), "leader"
        moved = who.post(f"/cases/{case_id}/moves/{verb}", {"version": version, **given})
        self._note(verb, actor, moved)
        if moved["state"] in PACE:
            next_one = self._whose(moved)
            if next_one:
                self._plan(moved, next_one)
        else:
            self._planned.pop(case_id, None)

    def _choose(self, case: Case, who: Caller) -> tuple[str, dict[str, Any]]:
        """The next move from where the case stands, as that post would make it."""
        rng, state = self._rng, case["state"]
        if state == State.REPORTED and case["must_verify"]:
            return "send_verify", {}
        if state in (State.REPORTED, State.VERIFIED):
            if case["verify_result"] == "not_exists":
                return "decline", {"reason": NOT_THERE}
            if state == State.VERIFIED and case["verify_result"] != "exists" and case["must_verify"]:
                return "send_verify", {}
            if state == State.REPORTED and rng.random() < DECLINED:
                return "decline", {"reason": rng.choice(DECLINES)}
            return "file", {"condition_id": case["condition_id"] or rng.choice(case["conditions"])["id"]}
        if state == State.VERIFYING:
            there = rng.random() >= NOT_FOUND
            return "answer_verify", {"result": "exists" if there else "not_exists", **self._standing_at(case)}
        if state == State.FILED:
            if who.get(f"/cases/{case['id']}/proposal")["organisation"] is None:
                return "dispatch", {"organisation_code": rng.choice(list(self._desk_of))}
            return "dispatch", {}
        if state == State.DISPATCHED:
            if rng.random() < RETURNED:
                return "return", {"reason": rng.choice(RETURNS)}
            return "accept", {}
        if state == State.HANDLING:
            shown = self._photograph(who, case["class_code"], case["class_name"], "finish")
            return "finish", {"photos": [shown]}
        if state == State.HANDLED:
            return "send_check", {}
        if state == State.CHECKING:
            passed = rng.random() >= REWORKED
            return "answer_check", {"result": "pass" if passed else "fail", **self._standing_at(case)}
        assert state == State.CHECKED, f"no move from {state} is played"
        if case["check_result"] == "pass":
            return "close", {"closing": case["closing"] or _closing_of(case)}
        if case["check_result"] == "fail":
            return "rework", {"reason": rng.choice(REWORKS)}
        return "send_check", {}

    def _standing_at(self, case: Case) -> dict[str, float]:
        """A few metres from the place."""
        off = self._rng.gauss
        return {"lon": case["lon"] + off(0, 8e-5), "lat": case["lat"] + off(0, 8e-5)}

    def _whose(self, case: Case) -> str | None:
        """Who moves the case next."""
        state = case["state"]
        if state in (State.VERIFYING, State.CHECKING):
            task = next((task for task in case["tasks"] if task["state"] == "open"), None)
            return self._by_name.get(task["inspector"]) if task else None
        if state in (State.DISPATCHED, State.HANDLING):
            return self._desk_of.get(case["organisation"]["code"]) if case["organisation"] else None
        if state == State.FILED:
            return "dispatcher"
        return "leader" if state == State.CHECKED else "acceptor"

    def _note(self, verb: str, username: str, case: Case) -> None:
        self.done.moves[verb] += 1
        self._tell(f"{self._clock()}  {username:<22} {verb:<14} {case['number']}  {case['class_name']}")

    @staticmethod
    def _clock() -> str:
        return datetime.now().astimezone().strftime("%H:%M:%S")


def _closing_of(case: Case) -> str:
    """The closing condition of the filed condition, as the page fills it in."""
    found = next((one for one in case["conditions"] if one["id"] == case["condition_id"]), None)
    return found["closing"] if found and found["closing"] else "已恢复"
