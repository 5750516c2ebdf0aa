"""Random journeys of several cases by several people, legal and illegal moves mixed.

After each step the journal is dense and chained, the case row is its last entry, the card is what the rows
say, and each clock is due when the pure arithmetic says. At the end the three figures, counted from the
journal once more in plain Python, are those of `dispatch.metrics`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from django.utils.timezone import localdate
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from casework import calendars, journal
from casework.access import Actor
from casework.clocks import limit_of, next_due, spans_of
from casework.errors import GridCityError, Stale
from casework.journal import Line
from casework.models import Case, CaseClock
from casework.models.calendar import calendar_for
from casework.replay import verify_clocks
from casework.verify import verify_stream
from dispatch import actions, metrics
from dispatch.cards import bare_card
from dispatch.definitions import Key
from dispatch.models import Report, Task
from dispatch.workflow import AT_REST, MOVES, OPEN
from tests.factories.people import Town, photo_of
from tests.factories.ways import RELIEF, WAYS, arguments, move, usual

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STREAM = "110101"
START = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
VERBS = [row.verb for row in MOVES if row.sources and row.by]
RESULTS = {
    "answer_verify": ["exists", "not_exists", "cannot_tell"],
    "answer_check": ["pass", "fail", "cannot_tell"],
}
BEGINNINGS = [way for state, way in WAYS.items() if state not in AT_REST]
BEGINNINGS += [way for way in RELIEF.values() if "close" not in way]
SOURCES = ["inspector", "inspector", "sensor", "hotline"]


class Journeys(RuleBasedStateMachine):
    """The town's people at work; time passes between their moves."""

    town: Town
    seen_moves: set[str]

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.now = self.clock.start()
        self.cases: list[UUID] = []
        self.head = journal.head(STREAM)
        self.walked: dict[UUID, list[Line]] = {}

    def teardown(self) -> None:
        try:
            if self.cases:
                self.figures_are_the_journals()
                assert verify_stream(STREAM).faults == ()
        finally:
            self.clock.stop()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    # --- what people do ---------------------------------------------------------------------------------

    @initialize(way=st.sampled_from(BEGINNINGS))
    def a_case_on_its_way(self, way: tuple[str, ...]) -> None:
        """The first case has gone some way, so that short walks come by late states too."""
        self.report("inspector", 0)
        for verb in way:
            actor = usual(self.town, verb, Case.objects.get(pk=self.cases[0]))
            self.now.shift(timedelta(minutes=5))
            move(self.cases[0], verb, actor, **arguments(self.town, verb, actor))
            self.head += 1
            self.seen_moves.add(verb)

    @precondition(lambda self: len(self.cases) < 4)
    @rule(source=st.sampled_from(SOURCES), cell=st.integers(0, 3))
    def report(self, source: str, cell: int) -> None:
        town = self.town
        lon, lat = town.city.inside(cell)
        by = town.alice if source == "inspector" else town.amy
        component = town.city.manholes[cell].code
        new = town.report_of(
            id=uuid4(), lon=lon, lat=lat, source=source, component_code=component,
            device_at=self.clock_now(), photos=(photo_of(by),),
        )  # fmt: skip
        made, is_new = actions.report_problem(new, actor=by)
        assert is_new
        assert actions.report_problem(new, actor=by)[1] is False
        self.cases.append(made.pk)
        self.head += 1

    @rule(data=st.data())
    def a_legal_move(self, data: st.DataObject) -> None:
        self.legal_move(data)

    def legal_move(self, data: st.DataObject) -> None:
        """One that the table offers from here; refused only for what the rules say beyond the table."""
        case = self.pick(data)
        verbs = [row.verb for row in MOVES if case.state in row.sources and row.by]
        if not verbs:
            return
        report = Report.objects.get(pk=case.pk)
        granted = [verb for verb in verbs if not self.is_not_granted(case, verb, report)]
        verb = data.draw(st.one_of(st.sampled_from(granted or verbs), st.sampled_from(verbs)), "verb")
        if verb == "undo":
            return self.undo_last(case)
        actor = usual(self.town, verb, case)
        if verb in ("accept", "return", "finish", "reach_stage", "ask_extension", "ask_hang", "assign"):
            desks = {desk.organisation_id: desk for desk in (self.town.chen, self.town.dai)}
            actor = desks[case.organisation_id or 0]
        if verb in ("withdraw", "self_handle") and case.card["reporter_id"] is None:
            return self.refused(case, verb, actor, {})
        given = self.arguments(data, verb, actor)
        unmended = verb == "close" and report.check_result != "pass"
        unverified = verb == "file" and report.source == "hotline" and report.verify_result != "exists"
        if unmended or unverified or self.is_not_granted(case, verb, report):
            return self.refused(case, verb, actor, given)
        if verb == "mark_duplicate" and not self.may_follow(report, given["main_id"]):
            return self.refused(case, verb, actor, given)
        self.made(case, verb, actor, given)
        last = journal.of_case(case.pk)[-1]
        assert (last.verb, last.actor_id, last.at) == (verb, actor.person_id, self.clock_now())
        self.seen_moves.add(verb)
        return None

    def is_not_granted(self, case: Case, verb: str, report: Report) -> bool:
        """What the table offers and the city's policy or the case itself does not: see test_deadlines.py."""
        relief = report.relief
        if verb in ("approve", "extend", "hang", "exempt", "refuse"):
            wrong_desk = (
                relief is not None
                and relief["by"] == "department"
                and case.organisation_id not in (self.town.chen.organisation_id,)
            )
            return relief is None or verb not in (relief["does"], "refuse") or wrong_desk
        if verb == "appeal":
            ours = report.department_id == self.town.chen.organisation_id
            return not report.late or bool(report.appeal) or not ours
        if verb == "reach_stage":
            return "stage" not in case.card
        if verb in ("ask_extension", "ask_hang"):
            had = report.extensions >= 2 if verb == "ask_extension" else report.hangs >= 1
            handling = CaseClock.objects.get(case=case, name="handling", state="running")
            over = handling.due_at is not None and handling.due_at < self.clock_now()
            return relief is not None or had or over
        return False

    def undo_last(self, case: Case) -> None:
        """By whom the last move was made: everything stands as before it, if it was made just now."""
        lines = journal.of_case(case.pk)
        last = next(line for line in reversed(lines) if not MOVES[line.verb].quiet)
        actor = next(who for who in self.town.everybody.values() if who.person_id == last.actor_id)
        young = (self.clock_now() - last.at).total_seconds() <= 10
        if not (MOVES[last.verb].undoable and young):
            return self.refused(case, "undo", actor, {})
        self.made(case, "undo", actor, {})
        now = Case.objects.get(pk=case.pk)
        kept = {"version", "moved_at", "duplicates"}  # a case may have been merged into it meanwhile
        assert {k: v for k, v in now.card.items() if k not in kept} == {
            k: v for k, v in lines[last.case_seq - 2].card.items() if k not in kept
        }
        self.seen_moves.add("undo")
        return None

    # the same rule twice more: half of all steps should lead somewhere
    second_legal_move = rule(data=st.data())(lambda self, data: self.legal_move(data))
    third_legal_move = rule(data=st.data())(lambda self, data: self.legal_move(data))

    @rule(data=st.data(), verb=st.sampled_from(VERBS))
    def any_move_by_anybody(self, data: st.DataObject, verb: str) -> None:
        """Mostly nonsense: either refused without a trace, or legal by the table and written once."""
        case = self.pick(data)
        who = data.draw(st.sampled_from(sorted(self.town.everybody)), "who")
        actor = self.town.everybody[who]
        given = self.arguments(data, verb, actor)
        row = MOVES[verb]
        if case.state not in row.sources or actor.role not in row.by:
            return self.refused(case, verb, actor, given)
        try:
            with transaction.atomic():
                self.made(case, verb, actor, given)
        except GridCityError:
            self.untouched(case)
        return None

    @rule(data=st.data(), off=st.sampled_from([-1, 1, 7]))
    def a_stale_move(self, data: st.DataObject, off: int) -> None:
        case = self.pick(data)
        if off < 0 and MOVES[journal.of_case(case.pk)[-1].verb].quiet:
            off = case.version  # nothing that matters happened since: only what never was is refused
        row = data.draw(st.sampled_from([row for row in MOVES if row.sources and row.by]), "move")
        actor = usual(self.town, row.verb)
        given = self.arguments(data, row.verb, actor)
        with pytest.raises(Stale), transaction.atomic():
            move(case.pk, row.verb, actor, **given, version=case.version + off)
        self.untouched(case)

    @rule(minutes=st.sampled_from([1, 20, 300, 3 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.now.shift(timedelta(minutes=minutes))

    # --- helpers ----------------------------------------------------------------------------------------

    def clock_now(self) -> datetime:
        return timezone.now()

    def pick(self, data: st.DataObject) -> Case:
        return Case.objects.get(pk=self.cases[data.draw(st.integers(0, len(self.cases) - 1), "case")])

    def arguments(self, data: st.DataObject, verb: str, actor: Actor) -> dict[str, Any]:
        if verb == "mark_duplicate":
            return {"main_id": str(data.draw(st.sampled_from(self.cases), "main"))}
        given = arguments(self.town, verb, actor)
        if verb in RESULTS:
            given["result"] = data.draw(st.sampled_from(RESULTS[verb]), "result")
        if verb == "dispatch" and data.draw(st.booleans(), "by hand"):
            given["organisation_code"] = self.town.dai.organisation_code
        return given

    def made(self, case: Case, verb: str, actor: Actor, given: dict[str, Any]) -> None:
        """One entry, and one at the other end of each link: the main case's or the duplicates'."""
        followers = Report.objects.get(pk=case.pk).duplicate_count
        move(case.pk, verb, actor, **given)
        now = Case.objects.get(pk=case.pk)
        self.head += 1 + (followers if now.state != case.state else 0)
        self.head += verb in ("mark_duplicate", "unmark_duplicate", "split")

    def may_follow(self, report: Report, main_id: str) -> bool:
        main = Case.objects.get(pk=main_id)
        return main.pk != report.pk and main.state in OPEN and report.duplicate_count == 0

    def refused(self, case: Case, verb: str, actor: Actor, given: dict[str, Any]) -> None:
        with pytest.raises(GridCityError), transaction.atomic():
            move(case.pk, verb, actor, **{**arguments(self.town, verb, actor), **given})
        self.untouched(case)

    def untouched(self, case: Case) -> None:
        assert journal.head(STREAM) == self.head
        now = Case.objects.get(pk=case.pk)
        assert [getattr(now, f.attname) for f in Case._meta.fields] == [
            getattr(case, f.attname) for f in Case._meta.fields
        ]

    # --- what must always hold --------------------------------------------------------------------------

    @invariant()
    def nothing_is_out_of_joint(self) -> None:
        assert verify_clocks(STREAM).differences == [], "the journal alone gives every clock"
        self.the_journal_is_dense_and_chained()
        self.each_case_is_its_last_entry_and_its_rows_say_the_same()

    def the_journal_is_dense_and_chained(self) -> None:
        lines = list(journal.walk(STREAM))
        assert [line.seq for line in lines] == list(range(1, self.head + 1))
        assert journal.head(STREAM) == self.head
        self.walked = {case_id: [line for line in lines if line.case_id == case_id] for case_id in self.cases}
        for own in self.walked.values():
            before = journal.GENESIS
            for n, line in enumerate(own, 1):
                assert (line.case_seq, line.prev_hash, line.hash) == (n, before, journal.hash_of(line))
                assert line.at >= own[max(n - 2, 0)].at
                before = line.hash

    def each_case_is_its_last_entry_and_its_rows_say_the_same(self) -> None:
        calendar = calendar_for(STREAM)
        reports = Report.objects.select_related("case").in_bulk(self.cases)
        for case_id in self.cases:
            report, last = reports[case_id], self.walked[case_id][-1]
            case = report.case
            assert (case.state, case.version, case.moved_at) == (last.state_to, last.case_seq, last.at)
            assert (bytes(case.chain_hash), case.card) == (last.hash, last.card)
            every = list(CaseClock.objects.filter(case=case))
            still = {clock.name: clock for clock in every if clock.state != "stopped"}
            stamp = {"version": case.version, "moved_at": journal.instant(case.moved_at)}
            assert case.card == {**bare_card(report, still), **stamp}
            self.clocks_are_right(every, calendar)
            first = next_due(still.values())
            assert case.due_at == (first.due_at if first else None)
            assert bool(case.ended_at) == (case.state in MOVES.final)
            assert report.is_open == (case.state not in AT_REST)
            tasks = Task.objects.filter(case=case, state=Task.State.OPEN).count()
            assert tasks == (1 if case.state in ("verifying", "checking") else 0)
            if case.ended_at:
                assert not still

    def clocks_are_right(self, clocks: list[CaseClock], calendar: Any) -> None:
        for clock in clocks:
            spans = spans_of(clock)
            ends = [end for _, end in spans]
            assert all(end is not None for end in ends[:-1])
            assert (ends[-1] is None) == (clock.state == "running")
            flat = [instant for span in spans for instant in span if instant]
            assert flat == sorted(flat)
            if clock.state == "running":
                due = calendars.due_at(calendar, limit_of(clock), spans)
                assert (clock.due_at, clock.provisional) == (due.at, due.provisional)
            elif clock.state == "paused":
                assert clock.due_at is None

    def figures_are_the_journals(self) -> None:
        """Counted again, case by case, by somebody who knows only what the figures claim."""
        found = plain_figures(self.walked.values())
        period = metrics.Period(localdate(START), localdate(self.clock_now()))
        for figure in metrics.figures_of(metrics.Scope(STREAM, period)):
            numerator, denominator = found[figure.key]
            assert figure.denominator == denominator, figure.key
            assert figure.numerator == pytest.approx(numerator, abs=1e-3), figure.key


def plain_figures(cases: Any) -> dict[Key, tuple[float, int]]:
    """The three figures from bare entries."""
    found: dict[Key, list[float]] = {key: [] for key in Key}
    for every in cases:
        taken_back = {line.facts["undone"] for line in every if line.verb == "undo"}
        lines = [line for line in every if line.case_seq not in taken_back]
        verbs = [line.verb for line in lines]
        door = lines[0].facts["source"]
        links = [verb for verb in verbs if verb in ("mark_duplicate", "unmark_duplicate")]
        merged = bool(links) and links[-1] == "mark_duplicate"
        undone = merged or lines[-1].state_to in ("void", "declined", "withdrawn")
        if "file" in verbs and not undone and door in ("inspector", "hotline"):
            found[Key.DISCOVERY].append(float(door == "inspector"))
        sent = [line.facts["organisation_id"] for line in lines if line.verb == "dispatch"]
        if sent and not merged:
            found[Key.ACCURACY].append(float(len(set(sent)) == 1))
        for line in lines:
            if line.verb == "close":
                found[Key.RESOLUTION].append((line.at - lines[0].at).total_seconds() / 3600)
    return {key: (sum(amounts), len(amounts)) for key, amounts in found.items()}


@pytest.fixture
def machine(town: Town) -> type[Journeys]:
    Journeys.town, Journeys.seen_moves = town, set()
    return Journeys


def test_random_journeys(machine: type[Journeys]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=35,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # the matrix makes every move; this walk mixes them, and must come by many
    assert len(machine.seen_moves) > len(VERBS) * 2 / 5, sorted(set(VERBS) - machine.seen_moves)
