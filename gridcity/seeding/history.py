"""Lives of reports played through the move table and the clocks, and written in bulk, in journal order.

Nothing of the journey is said twice: legality is `moves.check_move`, clocks are `clocks.apply`, cards are
`cards.bare_card`, bodies and hashes are the journal's. What is here is the order of things: a heap gives
the earliest step of all living cases, so the stream is sorted by time; a chunk is hashed and written by
COPY while the stream's head is locked, so no live writer gets in between.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from casework import clocks as clockwork
from casework import journal
from casework.flows import Flow, flow_of
from casework.models import Attachment, Case, CaseClock
from casework.moves import Moving, check_move
from dispatch.actions.base import WAS
from dispatch.cards import bare_card
from dispatch.limits import note_lateness
from dispatch.models import Report, RoutingDecision, Task
from dispatch.workflow import KIND, MOVES
from gridcity.seeding.bulk import Maker, Spot, Table, copy_rows, ids_of, numbers
from gridcity.seeding.effects import EFFECTS, Deeds, Life
from gridcity.seeding.lives import Step, begins_of, draw_source, standing_life, whole_life
from gridcity.seeding.pictures import Pictures
from gridcity.seeding.world import World

CHUNK: Final = 20_000  # entries written in one transaction; about 60 MB on the way
DEGREE_M: Final = 111_320.0
ENTRY_COLUMNS: Final = (
    "stream_id", "seq", "recorded_at", "case_id", "case_seq", "kind", "verb", "at", "actor_id", "post_id",
    "state_from", "state_to", "facts", "card", "prev_hash", "hash",
)  # fmt: skip


@dataclass(slots=True)
class _Pending:
    """An entry made, but not yet numbered and hashed."""

    case: Case
    case_seq: int
    made: Moving
    state_to: str
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
        self.cases = self.entries = 0
        self._pending: list[_Pending] = []
        self._heap: list[tuple[datetime, int, Life, Step]] = []
        self._born = 0
        self._stored_version: dict[UUID, int] = {}
        self._tables: dict[type, Table[Any]] = {
            model: Table(model) for model in (Case, Report, CaseClock, Task, RoutingDecision, Attachment)
        }
        self._make_case, self._make_report = Maker(Case), Maker(Report)
        self._make_clock = Maker(CaseClock)
        self._next_clock_id = ids_of(CaseClock)
        self._deeds = Deeds(world, self._tables, pictures, rng=self.rng, ids=self.ids)
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
        problem, place = world.problem_at(at, rng)
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
        at = max(step.at, case.moved_at)
        if move.target is not None:
            case.state = move.target
        made = Moving(case, move, step.by, at, life.clocks, state_from, lambda *_: {})
        for clock in move.starts:
            if clock in self.world.limits:
                made.allow(clock, self.world.limits[clock])
        before = case.card
        EFFECTS[step.verb](self._deeds, life, made, step.given)
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
            extends=made.extends,
            final=final,
            make=self._make_clock,
        )
        if acts:
            made.note(clocks=acts)
        for clock_row in changed:
            if clock_row.pk is None:
                clock_row.pk = next(self._next_clock_id)
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
        self._pending.append(_Pending(case, case.version, made, case.state, body, facts, shown))

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
                made.actor.person_id, made.actor.post_id, made.state_from, entry.state_to, entry.facts,
                entry.card, prev, case.chain_hash,
            )  # fmt: skip


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
