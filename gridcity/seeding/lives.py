"""How a report's life goes: which move comes next and when. No rows, no clocks, no database.

A life is a generator of steps. It looks at the report it drives (`life`), which the history has brought up to
date before it asks for the next step, so a return or a failed check leads where it would in the city.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from casework.access import Actor
from casework.roles import Role
from dispatch.models.report import CheckResult, Source, VerifyResult
from dispatch.workflow import Clock, State
from gridcity.seeding.habits import HOURS
from gridcity.seeding.world import Lot, World

if TYPE_CHECKING:
    from gridcity.seeding.effects import Life


@dataclass(frozen=True, slots=True)
class Step:
    """A move to be made: when, which, by whom, and what it is given."""

    at: datetime
    verb: str
    by: Actor
    given: dict[str, Any] = field(default_factory=dict)


# Shares of all cases that go another way (the last columns of `metrics.md` §5 give the order of size).
DECLINED: Final = 0.02
WITHDRAWN: Final = 0.004
SENT_BACK: Final = 0.004
RETURNED: Final = 0.03
CANCELLED: Final = 0.003
EXTENDED: Final = 0.01
OVERDUE: Final = 0.06
REWORKED: Final = 0.04
VOIDED: Final = 0.006
FORCED: Final = 0.002
NOT_FOUND: Final = 0.12  # of what citizens report

DECLINES: Final = ("不属于立案范围", "不符合立案标准", "重复上报，已有在办案件", "照片无法判断问题")
NOT_THERE: Final = "现场核实未发现该问题"
RETURNS: Final = ("非本单位权属", "现场属其他单位管养范围", "需产权单位先行处理", "位置不在本辖区")
SENT_BACKS: Final = ("立案条件引用有误，请重新核定", "位置描述不清，请补充")
CANCELS: Final = ("派遣单位有误，重新派遣",)
REWORKS: Final = ("现场核查仍有残留", "处置不彻底，请继续处置", "处置照片与现场不符")
VOIDS: Final = ("重复立案", "误立案")
FORCES: Final = ("纳入专项工程统一整治", "施工围挡内，由建设单位完工时恢复")
MORE_TIME: Final = ("需采购配件", "需占道施工审批", "雨天无法施工")
HANGINGS: Final = ("涉及管网改造工程，待立项", "非种植季节，待春季补植", "待产权单位资金落实")
WITHDRAWALS: Final = ("误报", "问题已现场解决")

MINUTE: Final = timedelta(minutes=1)


def minutes(rng: Random, low: float, high: float) -> timedelta:
    """Whole seconds between two numbers of minutes."""
    return timedelta(seconds=rng.randint(int(low * 60), int(high * 60)))


def usual(rng: Random, middle: float, spread: float = 0.6) -> timedelta:
    """A span around `middle` minutes, now and then much longer."""
    return timedelta(seconds=int(60 * middle * rng.lognormvariate(0, spread)) + 1)


def whole_life(life: Life, world: World, rng: Random, at: datetime) -> Iterator[Step]:
    """From the report to an end, at the pace of an ordinary day."""
    seat = rng.choice(world.people[Role.ACCEPTOR])
    leader = rng.choice(world.people[Role.SHIFT_LEADER])
    yield Step(at, "report", life.reporter or seat)
    if life.report.source in world.verify_first:
        at += minutes(rng, 1, 8)
        yield Step(at, "send_verify", seat, {"inspector": life.inspector})
        at += usual(rng, 14, 0.5)
        found = VerifyResult.NOT_EXISTS if rng.random() < NOT_FOUND else VerifyResult.EXISTS
        yield Step(at, "answer_verify", life.inspector, {"result": found})
        if found == VerifyResult.NOT_EXISTS:
            yield Step(at + minutes(rng, 1, 9), "decline", seat, {"reason": NOT_THERE})
            return
    elif rng.random() < WITHDRAWN:
        yield Step(at + minutes(rng, 1, 6), "withdraw", life.inspector, {"reason": rng.choice(WITHDRAWALS)})
        return
    elif rng.random() < DECLINED:
        yield Step(at + minutes(rng, 1, 12), "decline", seat, {"reason": rng.choice(DECLINES)})
        return
    at += usual(rng, 4)
    yield Step(at, "file", seat)
    by = rng.choice(world.people[Role.DISPATCHER])
    if rng.random() < SENT_BACK:
        at += minutes(rng, 1, 6)
        yield Step(at, "send_back", by, {"reason": rng.choice(SENT_BACKS)})
        at += minutes(rng, 2, 10)
        yield Step(at, "file", seat)
    if rng.random() < VOIDED:
        yield Step(at + minutes(rng, 1, 10), "void", leader, {"reason": rng.choice(VOIDS)})
        return
    at += usual(rng, 4)
    yield Step(at, "dispatch", by)
    if rng.random() < RETURNED:
        at += usual(rng, 25)
        yield Step(at, "return", life.desk, {"reason": rng.choice(RETURNS)})
        at += usual(rng, 6)
        yield Step(at, "dispatch", by, {"elsewhere": True})
    elif rng.random() < CANCELLED:
        at += minutes(rng, 2, 15)
        yield Step(at, "cancel_dispatch", by, {"reason": rng.choice(CANCELS)})
        at += minutes(rng, 1, 5)
        yield Step(at, "dispatch", by, {"elsewhere": True})
    if rng.random() < FORCED:
        yield Step(at + usual(rng, 600), "force_close", leader, {"reason": rng.choice(FORCES)})
        return
    while True:
        if rng.random() < EXTENDED:
            for step in _more_time(life, world, rng, at):
                at = step.at
                yield step
        done = _done_at(life, rng, at)
        yield Step(at + (done - at) * rng.uniform(0.03, 0.3), "accept", life.desk)
        yield Step(done, "finish", life.desk)
        at = done + usual(rng, 6)
        yield Step(at, "send_check", seat, {"inspector": life.inspector})
        at += usual(rng, 22, 0.5)
        passed = rng.random() >= REWORKED
        yield Step(
            at, "answer_check", life.inspector, {"result": CheckResult.PASS if passed else CheckResult.FAIL}
        )
        at += usual(rng, 5)
        if passed:
            yield Step(at, "close", leader)
            return
        yield Step(at, "rework", seat, {"reason": rng.choice(REWORKS)})


def _more_time(life: Life, world: World, rng: Random, at: datetime) -> Iterator[Step]:
    """Asked for by the department and granted, level by level, if there is time for that before the limit."""
    due = life.clocks[Clock.HANDLING].due_at
    assert due is not None, "the handling clock runs while the department has the case"
    part = (due - at) * 0.1
    levels = world.policy.extension_levels
    yield Step(at + part, "ask_extension", life.desk, {"reason": rng.choice(MORE_TIME)})
    for n, role in enumerate(levels, 2):
        by = life.desk if role == Role.DEPARTMENT else rng.choice(world.people[Role(role)])
        yield Step(at + n * part, "approve" if n <= len(levels) else "extend", by)


def _done_at(life: Life, rng: Random, at: datetime) -> datetime:
    """When the department reports it done: mostly within hours and by day, seldom after the limit."""
    due = life.clocks[Clock.HANDLING].due_at
    assert due is not None, "the handling clock runs while the department has the case"
    if rng.random() < OVERDUE:
        return due + usual(rng, 120, 0.8)
    latest = at + (due - at) * rng.uniform(0.6, 0.97)
    done = at + usual(rng, 240, 0.9)
    hour = (done.hour + 8) % 24  # in the city
    if not 7 <= hour < 21:
        done += timedelta(hours=(31 - hour) % 24) + minutes(rng, 0, 120)
    return min(done, latest)


# How many cases stand in each state on a desk one looks at in the middle of a day.
STANDING: Final[dict[str, int]] = {
    State.REPORTED: 10, State.VERIFYING: 5, State.VERIFIED: 4, State.FILED: 9, State.DISPATCHED: 14,
    State.HANDLING: 18, State.HANDLED: 7, State.CHECKING: 6, State.CHECKED: 6, State.HUNG: 3,
}  # fmt: skip
_ROAD: Final = ("report", "file", "dispatch", "accept", "finish", "send_check", "answer_check")
_ROAD_HUNG: Final = ("report", "file", "dispatch", "ask_hang", "approve", "hang")
_ROAD_PUBLIC: Final = ("report", "send_verify", "answer_verify", *_ROAD[1:])
_REACHES: Final = {
    State.REPORTED: "report", State.VERIFYING: "send_verify", State.VERIFIED: "answer_verify",
    State.FILED: "file", State.DISPATCHED: "dispatch", State.HANDLING: "accept", State.HANDLED: "finish",
    State.CHECKING: "send_check", State.CHECKED: "answer_check", State.HUNG: "hang",
}  # fmt: skip
# Minutes a case has stood in its state, against limits of 15, 30 and 60 minutes: most in time, some not.
_STOOD: Final[dict[str, tuple[float, float]]] = {
    State.REPORTED: (0.5, 17), State.VERIFYING: (2, 36), State.VERIFIED: (0.5, 12), State.FILED: (0.5, 17),
    State.DISPATCHED: (1, 60), State.HANDLING: (5, 240), State.HANDLED: (0.5, 35), State.CHECKING: (2, 70),
    State.CHECKED: (0.5, 26), State.HUNG: (60, 600),
}  # fmt: skip
_BEFORE: Final[dict[str, tuple[float, float]]] = {
    "file": (1, 5), "dispatch": (1, 6), "accept": (2, 30), "finish": (20, 150), "send_check": (1, 8),
    "answer_check": (5, 30), "send_verify": (1, 5), "answer_verify": (4, 20),
    "ask_hang": (1, 8), "approve": (1, 5), "hang": (1, 8),
}  # fmt: skip


def road_to(state: str, *, public: bool) -> tuple[str, ...]:
    """The moves that lead to a state the usual way."""
    road = _ROAD_PUBLIC if public else _ROAD
    if state == State.HUNG:
        road = (*(("report", "send_verify", "answer_verify") if public else ("report",)), *_ROAD_HUNG[1:])
    return road[: road.index(_REACHES[State(state)]) + 1]


def standing_life(
    life: Life, world: World, rng: Random, now: datetime, state: str
) -> tuple[datetime, Iterator[Step]]:
    """A life that stands in a state now: when it begins, and its steps so far."""
    road = road_to(state, public=life.report.source in world.verify_first)
    gaps = [minutes(rng, *_BEFORE[verb]) for verb in road[1:]]
    begin = now - minutes(rng, *_STOOD[State(state)]) - sum(gaps, timedelta())
    return begin, _standing(life, world, rng, begin, list(zip(road, [timedelta(), *gaps], strict=True)))


def _standing(
    life: Life, world: World, rng: Random, at: datetime, road: list[tuple[str, timedelta]]
) -> Iterator[Step]:
    seat = rng.choice(world.people[Role.ACCEPTOR])
    by = rng.choice(world.people[Role.DISPATCHER])
    for verb, gap in road:
        at += gap
        if verb == "report":
            yield Step(at, verb, life.reporter or seat)
        elif verb in ("send_verify", "send_check"):
            yield Step(at, verb, seat, {"inspector": life.inspector})
        elif verb == "answer_verify":
            yield Step(at, verb, life.inspector, {"result": VerifyResult.EXISTS})
        elif verb == "answer_check":
            passed = rng.random() > 0.2
            yield Step(at, verb, life.inspector, {"result": CheckResult.PASS if passed else CheckResult.FAIL})
        elif verb == "dispatch":
            yield Step(at, verb, by)
        elif verb == "ask_hang":
            told = {"reason": rng.choice(HANGINGS), "days": rng.choice((30, 60, 90))}
            yield Step(at, verb, life.desk, told)
        elif verb in ("approve", "hang"):
            levels = world.policy.hang_levels
            yield Step(at, verb, rng.choice(world.people[Role(levels[verb == "hang"])]))
        elif verb == "file":
            yield Step(at, verb, seat)
        else:
            yield Step(at, verb, life.desk)


_HOURS: Final = Lot(range(24), HOURS)
_WEEKEND: Final = 0.6


def begins_of(day_began: datetime, weekday: int, mean: float, rng: Random) -> list[datetime]:
    """When the reports of a day come in, in order; fewer at weekends, never quite the same number."""
    weekly = 7 / (5 + 2 * _WEEKEND)
    wanted = mean * weekly * (_WEEKEND if weekday >= 5 else 1) * rng.uniform(0.85, 1.15)
    count = int(wanted) + (rng.random() < wanted % 1)
    return sorted(
        day_began
        + timedelta(hours=_HOURS.draw(rng), seconds=rng.randrange(3600), microseconds=rng.randrange(10**6))
        for _ in range(count)
    )


def draw_source(world: World, rng: Random, *, state: str = "") -> str:
    """By which door it came; what stands before filing on site came from outside."""
    if state in (State.VERIFYING, State.VERIFIED):
        return rng.choice((Source.HOTLINE, Source.HOTLINE, Source.WEB))
    source = world.sources.draw(rng)
    return Source.INSPECTOR if state == State.REPORTED and source in world.verify_first else source
