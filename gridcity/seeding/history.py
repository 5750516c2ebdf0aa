"""Lives of reports played through the move table and the clocks, and written in bulk, in journal order.

Nothing of the journey is said twice: legality is `moves.check_move`, clocks are `clocks.apply`, cards are
`cards.bare_card`, bodies and hashes are the journal's. What is here is the order of things: a heap gives
the earliest step of all living cases, so the stream is sorted by time; a chunk is hashed and written by
COPY while the stream's head is locked, so no live writer gets in between.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from heapq import heappop, heappush
from math import cos, radians
from random import Random
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from casework import clocks as clockwork
from casework import journal
from casework.access import Actor
from casework.flows import Flow, flow_of
from casework.models import Attachment, Case, CaseClock
from casework.moves import Moving, check_move
from dispatch.actions.base import WAS
from dispatch.cards import bare_card
from dispatch.flow import KIND
from dispatch.limits import go_on_handling, handling_limit, note_lateness, start_handling
from dispatch.models import FilingCondition, Report, RoutingDecision, Task
from dispatch.queries import metres_between
from dispatch.workflow import MOVES, Clock
from gridcity.seeding.bulk import Maker, Spot, Table, copy_rows, ids_of, numbers
from gridcity.seeding.lives import Step, begins_of, draw_source, standing_life, whole_life
from gridcity.seeding.pictures import Pictures
from gridcity.seeding.world import Place, Problem, World, facts_for

CHUNK: Final = 20_000  # entries written in one transaction; about 60 MB on the way
DEGREE_M: Final = 111_320.0
ENTRY_COLUMNS: Final = (
    "stream_id", "seq", "recorded_at", "case_id", "case_seq", "kind", "verb", "at", "actor_id", "post_id",
    "state_from", "state_to", "facts", "card", "prev_hash", "hash",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Life:
    """A case on its way: its rows, its open clocks, and the steps still to come."""

    case: Case
    report: Report
    problem: Problem
    place: Place
    inspector: Actor
    reporter: Actor | None
    clocks: dict[str, CaseClock] = field(default_factory=dict)
    steps: Iterator[Step] = field(default_factory=lambda: iter(()))
    condition: FilingCondition | None = None
    task: Task | None = None
    decision: RoutingDecision | None = None
    desk: Actor = field(init=False)


@dataclass(slots=True)
class _Pending:
    """An entry made, but not yet numbered and hashed."""

    case: Case
    case_seq: int
    made: Moving
    body: str
    facts: str
    card: str


@dataclass(frozen=True, slots=True)
class Written:
    """How far the history is."""

    cases: int
    entries: int
    upto: datetime


class HistoryInterrupted(RuntimeError):
    """Somebody moved a case between two chunks of the history that was still making it."""


class History:
    """Writes lives into one stream. One use; `cases` and `entries` count what is written."""

    def __init__(self, world: World, *, seed: int, pictures: Pictures) -> None:
        self.world = world
        self.flow: Flow = flow_of(KIND)
        self.rng = Random(f"{seed}")
        # Another history on the same stream gets other ids, though its lives may be the same.
        self.ids = Random(f"{seed}/{journal.head(world.stream)}")
        self.pictures = pictures
        self.cases = self.entries = 0
        self._pending: list[_Pending] = []
        self._heap: list[tuple[datetime, int, Life, Step]] = []
        self._born = 0
        self._stored_version: dict[UUID, int] = {}
        self._tables: dict[type, Table[Any]] = {
            model: Table(model) for model in (Case, Report, CaseClock, Task, RoutingDecision, Attachment)
        }
        self._make_case, self._make_report, self._make_task = Maker(Case), Maker(Report), Maker(Task)
        self._make_clock = Maker(CaseClock)
        self._make_decision, self._make_photo = Maker(RoutingDecision), Maker(Attachment)
        self._next_id = {model: ids_of(model) for model in (CaseClock, Task, RoutingDecision)}
        self._next_number = numbers("casework_case_number")

    @property
    def tables(self) -> list[str]:
        """Where the rows are written."""
        return [table.name for table in self._tables.values()] + ["casework_entry"]

    def write(
        self, *, days: int, per_day: float, until: datetime, standing: Mapping[str, int]
    ) -> Iterator[Written]:
        """The lives of so many days up to an instant, and cases that stand in given states by then.

        Yields after every chunk that has been committed.
        """
        with _uncollected():
            yield from self._write(days, per_day, until, standing)

    def _write(
        self, days: int, per_day: float, until: datetime, standing: Mapping[str, int]
    ) -> Iterator[Written]:
        zone = self.world.calendar.zone
        today = until.astimezone(zone).date()
        journal.ensure_partitions(today - timedelta(days=days + 1), today)
        for back in range(days, -1, -1):
            day = today - timedelta(days=back)
            began = datetime.combine(day, time(), zone).astimezone(UTC)
            if back == 0:
                self._stand(until, standing)
            for at in begins_of(began, day.weekday(), per_day, self.rng):
                if until - timedelta(days=days) <= at <= until:
                    life = self._born_at(at, "")
                    life.steps = whole_life(life, self.world, self.rng, at)
                    self._go_on(life, until)
            end = min(until, began + timedelta(days=1))
            while self._heap and self._heap[0][0] <= end:
                _at, _number, life, step = heappop(self._heap)
                self._play(life, step)
                self._go_on(life, until)
                if len(self._pending) >= CHUNK:
                    yield self._flush(end)
        yield self._flush(until)

    def _stand(self, until: datetime, standing: Mapping[str, int]) -> None:
        """Cases that will stand in their states at the end."""
        for state, count in standing.items():
            for _ in range(count):
                life = self._born_at(until, state)
                begin, life.steps = standing_life(life, self.world, self.rng, until, state)
                life.report.reported_at = life.case.opened_at = life.case.moved_at = begin
                self._go_on(life, until)

    def _go_on(self, life: Life, until: datetime) -> None:
        """Let the life wait for its next step; what lies after the end is not taken."""
        step = next(life.steps, None)
        if step is not None and step.at <= until:
            self._born += 1  # only to tell two steps of one instant apart
            heappush(self._heap, (step.at, self._born, life, step))

    def _born_at(self, at: datetime, state: str) -> Life:
        world, rng = self.world, self.rng
        problem, place = world.problem_at(rng)
        source = draw_source(world, rng, state=state)
        case = self._make_case(
            id=UUID(int=self.ids.getrandbits(128), version=4),
            kind=KIND,
            stream_id=world.stream,
            state="",
            chain_hash=journal.GENESIS,
            opened_at=at,
            moved_at=at,
            card={},
        )
        inspector = world.inspector_of(place.cell_code, rng)
        is_component = problem.kind == "component"
        if place.spot is None:
            place.spot = Spot(place.lon, place.lat)
        report = self._make_report(
            case_id=case.id,
            source=source,
            problem_class_id=problem.id,
            place=place.spot,
            given_lon=place.lon,
            given_lat=place.lat,
            given_datum="wgs84",
            accuracy_m=round(rng.uniform(3, 15), 1) if source == "inspector" else None,
            cell_code=place.cell_code,
            component_code=place.code if is_component else "",
            owner_code=place.owner_code if is_component else "",
            address=world.address_of(place.cell_code),
            text=problem.name,
            reporter_id=inspector.person_id if source == "inspector" else None,
            fingerprint=hashlib.sha256(case.id.bytes).digest(),
            reported_at=at,
        )
        report._state.fields_cache["case"] = case  # without the way back: no circle, nothing to collect
        return Life(case, report, problem, place, inspector, inspector if source == "inspector" else None)

    def _play(self, life: Life, step: Step) -> None:
        """One move, as `moves.moving()` would make it."""
        case, report = life.case, life.report
        state_from = case.state
        if state_from:
            move = check_move(self.flow, case, step.verb, step.by, None)
        else:
            move = MOVES[step.verb]
            assert not move.sources, f"{step.verb} does not open a case"
            assert step.by.role in move.by, f"{step.by.role} may not {step.verb}"
            self._open(life, step.at)
        assert move.target is not None, "every move of a report leads to a state"
        at = max(step.at, case.moved_at)
        case.state = move.target
        made = Moving(case, move, step.by, at, life.clocks, state_from, lambda *_: {})
        for clock in move.starts:
            if clock in self.world.limits:
                made.allow(clock, self.world.limits[clock])
        before = case.card
        EFFECTS[step.verb](self, life, made, step.given)
        final = case.state in self.flow.moves.final
        note_lateness(report, made)
        report.is_open = not final
        was = {
            key: before.get(key)
            for key, now in zip(WAS, (report.department_id, report.inspector_id), strict=True)
            if before.get(key) not in (None, now)
        }
        if was:
            made.note(was=was)
        changed, acts = clockwork.apply(
            made.move,
            life.clocks,
            case=case,
            at=at,
            terms=made.terms,
            calendar=self.world.calendar,
            final=final,
            make=self._make_clock,
        )
        if acts:
            made.note(clocks=acts)
        for clock_row in changed:
            if clock_row.pk is None:
                clock_row.pk = next(self._next_id[CaseClock])
        self._tables[CaseClock].touch(*changed)
        self._enter(life, made, final=final)

    def _open(self, life: Life, at: datetime) -> None:
        local = at.astimezone(self.world.calendar.zone)
        life.case.number = f"{self.world.stream}{local:%Y%m%d}{next(self._next_number):06d}"
        life.report.device_at = at - timedelta(seconds=self.rng.randint(4, 90))
        self.cases += 1

    def _enter(self, life: Life, made: Moving, *, final: bool) -> None:
        """The entry, and the case row brought up to it."""
        case = life.case
        case.ended_at = made.at if final else None
        next_clock = clockwork.next_due(life.clocks.values())
        case.due_at = next_clock.due_at if next_clock else None
        case.moved_at = made.at
        card = bare_card(life.report, life.clocks)
        card["version"], card["moved_at"] = case.version + 1, journal.instant(made.at)
        case.version, case.card = case.version + 1, card
        facts = journal.dumps(made.facts)
        shown = journal.dumps(card)
        body = journal.body_of_texts(
            case_id=case.id,
            case_seq=case.version,
            kind=case.kind,
            verb=made.move.verb,
            at=made.at,
            actor_id=made.actor.person_id,
            post_id=made.actor.post_id,
            state_from=made.state_from,
            state_to=case.state,
            facts=facts,
            card=shown,
        )
        self._tables[Case].touch(case)
        self._tables[Report].touch(life.report)
        self._pending.append(_Pending(case, case.version, made, body, facts, shown))

    def _flush(self, upto: datetime) -> Written:
        """Number, hash and write what is pending, in one transaction that holds the head."""
        stream = self.world.stream
        with transaction.atomic(), connection.cursor() as cursor:
            self._lock(cursor)
            cursor.execute("SELECT head FROM casework_stream WHERE code = %s FOR UPDATE", [stream])
            first = int(cursor.fetchone()[0]) + 1
            lines = list(self._numbered(first))
            for table in self._tables.values():
                table.write(cursor)
            copy_rows(cursor, "casework_entry", ENTRY_COLUMNS, lines)
            cursor.execute(
                "UPDATE casework_stream SET head = %s WHERE code = %s", [first + len(lines) - 1, stream]
            )
            transaction.on_commit(journal.hint, robust=True)
        for entry in self._pending:
            if entry.case.ended_at is None:
                self._stored_version[entry.case.id] = entry.case.version
            else:
                self._stored_version.pop(entry.case.id, None)
        self.entries += len(lines)
        self._pending.clear()
        return Written(self.cases, self.entries, upto)

    def _lock(self, cursor: CursorWrapper) -> None:
        """Lock the cases of earlier chunks that go on, before the head, as live writers do."""
        mine = {case.id: self._stored_version[case.id] for case in self._tables[Case].stored}
        if not mine:
            return
        cursor.execute(
            "SELECT id, version FROM casework_case WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
            [list(mine)],
        )
        for case_id, version in cursor.fetchall():
            if mine[case_id] != version:
                raise HistoryInterrupted(f"case {case_id} was moved by somebody else meanwhile")

    def _numbered(self, first: int) -> Iterator[tuple[Any, ...]]:
        stream = self.world.stream
        for seq, entry in enumerate(self._pending, start=first):
            made, case = entry.made, entry.case
            prev = bytes(case.chain_hash)
            case.chain_hash = journal.link_hash(prev, entry.body, stream, seq)
            yield (
                stream, seq, made.at, case.id, entry.case_seq, case.kind, made.move.verb, made.at,
                made.actor.person_id, made.actor.post_id, made.state_from, made.move.target, entry.facts,
                entry.card, prev, case.chain_hash,
            )  # fmt: skip

    def photograph(self, life: Life, kind: str, by: Actor, at: datetime) -> str:
        """A photograph of the problem, bound to the case; returns its id as the journal keeps it."""
        picture = self.pictures.of(life.problem.code, life.problem.name, life.problem.kind, kind)
        photo = self._make_photo(
            id=UUID(int=self.ids.getrandbits(128), version=4),
            case_id=life.case.id,
            kind=kind,
            sha256=picture.sha256,
            byte_size=picture.byte_size,
            content_type="image/jpeg",
            width=picture.width,
            height=picture.height,
            taken_at=at,
            uploaded_by_id=by.person_id,
            uploaded_at=at,
        )
        self._tables[Attachment].touch(photo)
        return str(photo.id)

    def send_task(self, life: Life, made: Moving, kind: str) -> None:
        inspector = life.inspector
        life.report.inspector_id = inspector.person_id
        task = self._make_task(
            id=next(self._next_id[Task]),
            case_id=life.case.id,
            kind=kind,
            inspector_id=inspector.person_id,
            sent_at=made.at,
            sent_by_id=made.actor.person_id,
        )
        life.task = task
        self._tables[Task].touch(task)
        made.note(task_id=task.pk, inspector_id=inspector.person_id, inspector=inspector.name)

    def answer_task(self, life: Life, made: Moving, result: str) -> None:
        task = life.task
        assert task is not None, "a task is sent before it is answered"
        lon = life.place.lon + self.rng.gauss(0, 8) / (DEGREE_M * cos(radians(life.place.lat)))
        lat = life.place.lat + self.rng.gauss(0, 8) / DEGREE_M
        task.state, task.done_at, task.result = Task.State.DONE, made.at, result
        vars(task)["place"] = Spot(lon, lat)  # past the field's own check, which asks GEOS
        task.distance_m = metres_between((lon, lat), (life.place.lon, life.place.lat))
        self._tables[Task].touch(task)
        made.note(result=result, task_id=task.pk, distance_m=round(task.distance_m, 1))

    def decide(self, life: Life, made: Moving, *, elsewhere: bool) -> None:
        """Dispatch by the rules, or by hand to somebody else."""
        world, report = self.world, life.report
        moment = made.at.astimezone(world.calendar.zone).time()
        decision = world.decide(facts_for(life.problem, life.place, moment))
        rule = None if elsewhere else decision.rule
        if rule is not None:
            organisation_id, reason = rule.organisation_id, decision.reason
        else:
            others = [choice.organisation_id for choice in decision.alternatives] or list(world.desks)
            organisation_id = self.rng.choice(
                [one for one in others if one != report.department_id] or list(world.desks)
            )
            reason = "派遣员按退回意见改派" if elsewhere else "派遣员指定"
        organisation = world.organisations[organisation_id]
        handling = made.clocks.get(Clock.HANDLING)
        assert life.condition is not None, "a filed case has its condition"
        if handling is not None and handling.organisation_id == organisation_id:
            go_on_handling(made)
        else:
            limit = (rule and rule.limit) or handling_limit(life.condition)
            start_handling(made, life.condition, limit, organisation_id=organisation_id)
        life.decision = self._make_decision(
            id=next(self._next_id[RoutingDecision]),
            case_id=life.case.id,
            rule_id=rule.id if rule else None,
            organisation_id=organisation_id,
            by_hand=rule is None,
            reason=reason,
            decided_at=made.at,
        )
        self._tables[RoutingDecision].touch(life.decision)
        life.desk = world.desks[organisation_id]
        report.department_id, report.dispatched_at = organisation_id, made.at
        report.dispatch_count += 1
        made.hand_to(organisation_id)
        made.note(
            organisation_id=organisation_id,
            organisation_code=organisation.code,
            organisation=organisation.name,
            rule_id=rule.id if rule else None,
            by_hand=rule is None,
            reason=reason,
        )

    def send_back(self, life: Life, made: Moving, reason: str) -> None:
        """Returned by the department: counts against the rule that sent it."""
        decision = life.decision
        assert decision is not None, "only what was dispatched is returned"
        decision.returned_at, decision.return_reason = made.at, reason
        self._tables[RoutingDecision].touch(decision)
        life.report.return_count += 1
        made.note(reason=reason, organisation_id=life.report.department_id, rule_id=decision.rule_id)
        made.hand_to(None)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of circles, which would walk the whole city again and again, and find none."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


# --- what each verb does to the report, as the actions of `dispatch` do it ---------------------------

Given = Mapping[str, Any]
Effect = Callable[[History, Life, Moving, Given], None]


def _report(history: History, life: Life, made: Moving, given: Given) -> None:
    report = life.report
    photos = [history.photograph(life, Attachment.Kind.REPORT, made.actor, made.at)] if life.reporter else []
    life.case.card = {"photo": photos[0] if photos else None}
    made.note(
        source=report.source,
        class_id=report.problem_class_id,
        cell_code=report.cell_code,
        device_at=journal.instant(report.device_at),
        photos=photos,
    )


def _file(history: History, life: Life, made: Moving, given: Given) -> None:
    life.condition = life.condition or life.problem.conditions.draw(history.rng)
    life.report.condition_id, life.report.filed_at = life.condition.pk, made.at
    life.report.text = f"{life.problem.name}：{life.condition.text}"
    made.note(condition_id=life.condition.pk)


def _answer_verify(history: History, life: Life, made: Moving, given: Given) -> None:
    life.report.verified_at, life.report.verify_result = made.at, given["result"]
    history.answer_task(life, made, given["result"])


def _answer_check(history: History, life: Life, made: Moving, given: Given) -> None:
    life.report.checked_at, life.report.check_result = made.at, given["result"]
    history.answer_task(life, made, given["result"])


def _send_check(history: History, life: Life, made: Moving, given: Given) -> None:
    life.report.check_result = ""
    history.send_task(life, made, Task.Kind.CHECK)


def _finish(history: History, life: Life, made: Moving, given: Given) -> None:
    life.report.handled_at = made.at
    made.note(photos=[history.photograph(life, Attachment.Kind.FINISH, made.actor, made.at)])
    made.hand_to(None)


def _close(history: History, life: Life, made: Moving, given: Given) -> None:
    assert life.condition is not None, "a closed case was filed under a condition"
    life.report.closed_at = made.at
    life.report.closing = life.condition.closing or "已恢复"
    made.note(closing=life.report.closing)


def _rework(history: History, life: Life, made: Moving, given: Given) -> None:
    assert life.condition is not None, "a handled case was filed under a condition"
    report = life.report
    report.rework_count += 1
    report.handled_at = report.checked_at = None
    report.check_result = ""
    made.hand_to(report.department_id)
    limit = handling_limit(life.condition)
    start_handling(made, life.condition, limit, organisation_id=report.department_id)
    made.note(reason=given["reason"], organisation_id=report.department_id)


def _cancel(history: History, life: Life, made: Moving, given: Given) -> None:
    made.note(reason=given["reason"], organisation_id=life.report.department_id)
    made.hand_to(None)


def _force_close(history: History, life: Life, made: Moving, given: Given) -> None:
    life.report.closed_at = made.at
    _with_reason(history, life, made, given)


def _with_reason(history: History, life: Life, made: Moving, given: Given) -> None:
    made.hand_to(None)
    made.note(reason=given["reason"])


EFFECTS: Final[dict[str, Effect]] = {
    "report": _report,
    "send_verify": lambda history, life, made, given: history.send_task(life, made, Task.Kind.VERIFY),
    "answer_verify": _answer_verify,
    "file": _file,
    "decline": _with_reason,
    "withdraw": _with_reason,
    "dispatch": lambda history, life, made, given: history.decide(
        life, made, elsewhere=bool(given.get("elsewhere"))
    ),
    "send_back": _with_reason,
    "cancel_dispatch": _cancel,
    "accept": lambda history, life, made, given: None,
    "return": lambda history, life, made, given: history.send_back(life, made, given["reason"]),
    "finish": _finish,
    "send_check": _send_check,
    "answer_check": _answer_check,
    "close": _close,
    "rework": _rework,
    "void": _with_reason,
    "force_close": _force_close,
}
