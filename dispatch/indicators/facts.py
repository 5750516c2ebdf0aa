"""One case's journal entries → its facts. Pure: no database, no clock, no order but that of the entries.

A move that was undone is not there. What depends on time passing, a deadline reached with nobody acting, is
counted as of a moment that the caller names; `ripens_at` says when the same entries will give other facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from casework.journal import Line
from dispatch.indicators.counters import PUBLIC, REPORTS, VALID
from dispatch.workflow import MOVES, WITH_DEPARTMENT, Clock, State

# changes when the same entries come to give other facts: then all sums are made anew
VERSION: Final = 1

INVALID: Final = frozenset({State.VOID, State.DECLINED, State.WITHDRAWN})
_MICROSECOND: Final = timedelta(microseconds=1)


class Step(NamedTuple):
    """What a fold needs of a journal entry."""

    seq: int
    case_seq: int
    verb: str
    at: datetime
    actor_id: int
    post_id: int
    state_to: str
    undone: int | None
    organisation_id: int
    result: str
    inspector_id: int
    clocks: Mapping[str, Mapping[str, Any]]
    cell: str
    class_id: int
    source: str

    @classmethod
    def of_line(cls, line: Line) -> Step:
        facts, card = line.facts, line.card
        return cls(
            line.seq, line.case_seq, line.verb, line.at, line.actor_id or 0, line.post_id or 0,
            line.state_to, facts.get("undone"), facts.get("organisation_id") or 0, facts.get("result") or "",
            facts.get("inspector_id") or 0, facts.get("clocks") or {},
            card["cell_code"], card["class_id"], card["source"],
        )  # fmt: skip


class Fact(NamedTuple):
    """So much of a counter on a day of the city, with who answers for it; 0 where nobody does."""

    counter: str
    day: date
    department_id: int
    post_id: int
    person_id: int


@dataclass(frozen=True)
class Folded:
    """The facts of a case, each with its amount; where and what it is; when time alone will change them."""

    cell: str
    class_id: int
    facts: Mapping[Fact, int]
    ripens_at: datetime | None


def standing(steps: Iterable[Step]) -> list[Step]:
    """The moves that were not taken back, first to last."""
    every = sorted(steps, key=lambda step: step.case_seq)
    undone = {step.undone for step in every if step.verb == "undo"}
    kept = [step for step in every if step.verb != "undo" and step.case_seq not in undone]
    # a word said between a move and its undoing stands, in a state that does not: the last entry knows
    kept[-1] = kept[-1]._replace(state_to=every[-1].state_to)
    return kept


def fold(steps: Iterable[Step], zone: tzinfo, as_of: datetime) -> Folded:
    """Count one case: all its entries so far, in any order."""
    moves = standing(steps)
    case = _Case(moves, zone, as_of)
    if is_merged(moves):
        case.merged()
    else:
        case.intake()
        case.tasks()
        case.filing()
        case.dispatching()
        case.handling()
        case.beside()
    facts = {fact: amount for fact, amount in case.counted.items() if amount}
    return Folded(moves[0].cell, moves[0].class_id, facts, min(case.ripening, default=None))


def is_merged(moves: Sequence[Step]) -> bool:
    """Is the case a duplicate, as things stand? Then it counts with its main case and not by itself."""
    links = [step.verb for step in moves if step.verb in ("mark_duplicate", "unmark_duplicate")]
    return links[-1:] == ["mark_duplicate"]


class _Deadlines:
    """When each running clock is due, as the entries tell."""

    def __init__(self) -> None:
        self.due: dict[str, datetime] = {}

    def apply(self, acts: Mapping[str, Mapping[str, Any]]) -> None:
        for name, act in acts.items():
            if act["does"] in ("stop", "pause"):
                self.due.pop(name, None)
            elif due := act.get("due_at"):
                self.due[name] = datetime.fromisoformat(due)

    def __getitem__(self, names: Sequence[str]) -> datetime | None:
        """Of the first of these clocks that is running."""
        return next((self.due[name] for name in names if name in self.due), None)


@dataclass
class _Task:
    """An inspector is sent out: by whom, in time or not, until when, and what she answers."""

    sent: Step
    in_time: bool
    due: datetime | None
    answer: Step | None = None
    over: bool = False  # recalled, or the case went on without


# whose deadline is kept by which move; a bundled clock stands for handling where the city has one
_INTAKE = (Clock.FILING.value, Clock.ACCEPTING.value)
_HANDLING = (Clock.BUNDLED.value, Clock.HANDLING.value)
_TASKS: Final = {
    "send_verify": ("answer_verify", "recall_verify", Clock.VERIFYING.value),
    "send_check": ("answer_check", "recall_check", Clock.CHECKING.value),
}


@dataclass
class _Case:
    moves: Sequence[Step]
    zone: tzinfo
    as_of: datetime
    counted: Counter[Fact] = field(default_factory=Counter)
    ripening: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Walk the moves once: which deadlines each of them met, which tasks there were, what stands."""
        self.report, self.state = self.moves[0], self.moves[0].state_to
        self.first: dict[str, Step] = {}
        self.met: dict[int, _Met] = {}
        self.verifies: list[_Task] = []
        self.checks: list[_Task] = []
        self.sent_to: list[Step] = []
        self.finish: Step | None = None
        self.department = 0
        self.exempted = False
        deadlines, pending = _Deadlines(), None
        for step in self.moves:
            verb = step.verb
            met = self.met[step.case_seq] = _Met(
                deadlines[_INTAKE], deadlines[(Clock.DISPATCHING,)], deadlines[_HANDLING],
                deadlines[(Clock.CLOSING,)],
            )  # fmt: skip
            self.first.setdefault(verb, step)
            if pending is not None and verb in _TASKS[pending.sent.verb][:2]:
                pending.due = deadlines[_TASKS[pending.sent.verb][2:]] or pending.due
                pending.answer = step if verb.startswith("answer") else None
                pending.over, pending = verb.startswith("recall"), None
            deadlines.apply(step.clocks)
            if verb in _TASKS:
                kept = met.intake if verb == "send_verify" else met.closing
                pending = _Task(step, _in_time(step, kept), deadlines[_TASKS[verb][2:]])
                (self.verifies if verb == "send_verify" else self.checks).append(pending)
            elif verb == "dispatch":
                self.sent_to.append(step)
                self.department = step.organisation_id
            elif verb == "succeed" and self.department:  # its successor took over the open case
                self.department = step.organisation_id
            elif verb == "finish":
                self.finish = step
                self.checks.append(_END_OF_STAGE)
            elif verb == "rework":
                self.finish = None
                self.checks.append(_END_OF_STAGE)
            elif verb == "exempt":
                self.exempted = True
            self.state = step.state_to
            if self.state in MOVES.final and pending is not None:
                pending.over, pending = True, None
        if pending is not None and (due := deadlines[_TASKS[pending.sent.verb][2:]]):
            pending.due = due
        self.running = deadlines
        self.valid = self.state not in INVALID

    # --- counting -------------------------------------------------------------------------------------------

    def count(
        self, counter: str, at: datetime, by: Step | None, *, department: int = 0, amount: int = 1
    ) -> None:
        day = at.astimezone(self.zone).date()
        post, person = (by.post_id, by.actor_id) if by else (0, 0)
        self.counted[Fact(counter, day, department, post, person)] += amount

    def lasted(self, counter: str, since: Step, until: Step, *, department: int = 0) -> None:
        self.count(
            counter, until.at, until, department=department, amount=(until.at - since.at) // _MICROSECOND
        )

    def has_passed(self, due: datetime | None) -> bool:
        """Is that deadline over with nobody acting? If not yet, it will be."""
        if due is None:
            return False
        if due <= self.as_of:
            return True
        self.ripening.append(due)
        return False

    # --- stages ---------------------------------------------------------------------------------------------

    def merged(self) -> None:
        """By itself a duplicate is a further sighting and nothing else."""
        marked = next(step for step in reversed(self.moves) if step.verb == "mark_duplicate")
        self.count("joined", marked.at, self.report)

    def intake(self) -> None:
        report = self.report
        self.count(REPORTS[report.source], report.at, report)
        if self.state not in MOVES.final:
            self.count("still_open", report.at, report, department=self.department)
        for verb, counter in (
            ("decline", "declined"), ("withdraw", "withdrawn"), ("self_handle", "self_handled"),
        ):  # fmt: skip
            if step := self.first.get(verb):
                self.count(counter, step.at, step)
        taken = [self.first[verb] for verb in ("send_verify", "file") if verb in self.first]
        if taken:
            accepted = min(taken, key=lambda step: step.case_seq)
            self.count("accepted", accepted.at, accepted)
            if _in_time(accepted, self.met[accepted.case_seq].intake):
                self.count("accepted_on_time", accepted.at, accepted)
            if self.valid:
                self.count("accepted_accurate", accepted.at, accepted)

    def tasks(self) -> None:
        for task in self.verifies:
            self._task("verify", task)
        for task in _last_of_each_stage(self.checks):
            self._task("check", task)
            if task.answer and task.answer.result in ("pass", "fail"):
                counter = "checks_passed" if task.answer.result == "pass" else "checks_failed"
                self.count(counter, task.answer.at, task.answer, department=self.department)
        for task in self.verifies:
            answer = task.answer
            if answer and answer.result == "exists" and self.report.source in PUBLIC:
                self.count("verified_public", answer.at, answer)
                break

    def _task(self, kind: str, task: _Task) -> None:
        if task.over:
            return
        self.count(f"{kind}_issued", task.sent.at, task.sent)
        if task.in_time:
            self.count(f"{kind}_issued_on_time", task.sent.at, task.sent)
        if answer := task.answer:
            day = _need(answer.at, task.due)
            self.count(f"{kind}_due", day, answer)
            self.count(f"{kind}_done", day, answer)
            if _in_time(answer, task.due):
                self.count(f"{kind}_on_time", day, answer)
        elif task.due and self.has_passed(task.due):
            # nobody's post yet, but it is known who was asked
            asked = task.sent._replace(post_id=0, actor_id=task.sent.inspector_id)
            self.count(f"{kind}_due", task.due, asked)

    def filing(self) -> None:
        if filed := self.first.get("file"):
            self.count("filed", filed.at, filed, department=self.department)
            self.lasted("file_us", self.report, filed)
            if _in_time(filed, self.met[filed.case_seq].intake):
                self.count("filed_on_time", filed.at, filed)
            if self.valid:
                self.count("filed_accurate", filed.at, filed)
                self.count(VALID[self.report.source], filed.at, self.report)
        if void := self.first.get("void"):
            self.count("voided", void.at, void, department=self.department)

    def dispatching(self) -> None:
        if not self.sent_to:
            due = self.running[(Clock.DISPATCHING,)]
            if self.state == State.FILED and due and self.has_passed(due):
                self.count("to_dispatch", due, None)
            return
        sent = self.sent_to[0]
        to = sent.organisation_id
        due = self.met[sent.case_seq].dispatching
        day = _need(sent.at, due)
        self.count("to_dispatch", day, sent, department=to)
        if _in_time(sent, due):
            self.count("dispatch_on_time", day, sent, department=to)
        self.count("dispatched", sent.at, sent, department=to)
        self.lasted("dispatch_us", self.first["file"], sent, department=to)
        other = next((again for again in self.sent_to if again.organisation_id != to), None)
        if other is None:
            self.count("dispatched_direct", sent.at, sent, department=to)
        else:
            self.count("redirected", other.at, other, department=to)
        if "rework" not in self.first:
            self.count("dispatched_unreworked", sent.at, sent, department=to)

    def handling(self) -> None:
        done, department = self.finish, self.department
        if not self.valid:
            return
        if done is None:
            due = self.running[_HANDLING]
            if self.state in WITH_DEPARTMENT and due and self.has_passed(due):
                for counter in ("to_handle", "handle_overdue", "to_close"):
                    self.count(counter, due, None, department=department)
            return
        due = self.met[done.case_seq].handling
        day = _need(done.at, due)
        how = (
            "handle_on_time" if _in_time(done, due)
            else "handle_exempted" if self.exempted
            else "handle_late"
        )  # fmt: skip
        for counter, at in (("to_handle", day), (how, day), ("handled", done.at)):
            self.count(counter, at, done, department=department)
        self.lasted("handle_us", self.sent_to[0], done, department=department)
        self._closing(done, day, "close_late" if how == "handle_late" else "close_on_time")

    def _closing(self, done: Step, day: datetime, how: str) -> None:
        closed, forced = self.first.get("close"), self.first.get("force_close")
        self.count("to_close", day, closed or forced, department=self.department)
        if closed:
            self.count(how, day, closed, department=self.department)
            self.lasted("check_us", done, closed, department=self.department)
        elif forced:
            self.count("close_forced", day, forced, department=self.department)

    def beside(self) -> None:
        if closed := self.first.get("close"):
            self.count("closed", closed.at, closed, department=self.department)
            self.lasted("closed_us", self.report, closed, department=self.department)
        if forced := self.first.get("force_close"):
            self.count("forced", forced.at, forced, department=self.department)
            self.lasted("forced_us", self.report, forced, department=self.department)
        again = False
        for step in self.moves:
            if step.verb == "rework":
                counter, again = ("reworked_again" if again else "reworked"), True
                self.count(counter, step.at, step, department=step.organisation_id or self.department)
            elif step.verb == "return":
                self.count("returned", step.at, step, department=step.organisation_id or self.department)
            elif step.verb == "join":
                self.count("joined", step.at, step)
            elif step.verb in ("hang", "extend"):
                counter = "hung" if step.verb == "hang" else "extended"
                self.count(counter, step.at, step, department=self.department)
        if supervised := self.first.get("supervise"):
            self.count("supervised", supervised.at, supervised, department=self.department)


class _Met(NamedTuple):
    """The deadlines that ran when a move was made."""

    intake: datetime | None
    dispatching: datetime | None
    handling: datetime | None
    closing: datetime | None


_EARLIEST = Step(0, 0, "", datetime.min.replace(tzinfo=UTC), 0, 0, "", None, 0, "", 0, {}, "", 0, "")
_END_OF_STAGE = _Task(_EARLIEST, False, None)


def _in_time(step: Step, due: datetime | None) -> bool:
    """Without a deadline nothing is late."""
    return due is None or step.at <= due


def _need(done: datetime, due: datetime | None) -> datetime:
    """When it had to be reckoned with: done or due, whichever came first."""
    return done if due is None else min(done, due)


def _last_of_each_stage(tasks: Sequence[_Task]) -> list[_Task]:
    """Only the last check of each checking stage counts (metrics.md §1); one recalled was none."""
    kept: list[_Task] = []
    last: _Task | None = None
    for task in (*tasks, _END_OF_STAGE):
        if task is _END_OF_STAGE:
            kept += [last] if last else []
            last = None
        elif not task.over:
            last = task
    return kept
