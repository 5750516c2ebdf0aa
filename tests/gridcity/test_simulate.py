"""Bulk history is history: the same chains, clocks, cards and facts that the actions leave behind."""

import json
import threading
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from casework import calendars, journal
from casework.clocks import limit_of, spans_of
from casework.models import Attachment, Case, CaseClock, Person, Stream
from casework.models.calendar import calendar_for
from casework.photos import is_intact
from casework.verify import verify_stream
from dispatch import actions
from dispatch.actions.site import Answer
from dispatch.models import Report, RoutingDecision, Task
from dispatch.workflow import MOVES, State
from gridcity.seeding import history as history_module
from gridcity.seeding import live, orgs, rules
from gridcity.seeding.effects import EFFECTS
from gridcity.seeding.history import History, HistoryInterrupted, Written
from gridcity.seeding.lives import STANDING, begins_of, road_to
from gridcity.seeding.pictures import Pictures
from gridcity.seeding.world import read_world
from tests.factories.city import small_city
from tests.factories.people import Town, photo_of, small_town

STREAM = "110101"
NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)  # a Friday afternoon in the city


@pytest.fixture(autouse=True)
def _media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def town(db: None) -> Town:
    made = small_town()
    Person.objects.update(demo=True)
    return made


def write(*, days: int = 3, per_day: float = 25, seed: int = 1, standing=STANDING) -> list[Written]:
    made = History(read_world(STREAM, NOW), seed=seed, pictures=Pictures())
    return list(made.write(days=days, per_day=per_day, until=NOW, standing=standing))


class TestHistory:
    def test_the_journal_is_whole_and_sorted_by_time(self, town: Town) -> None:
        done = write()[-1]
        verdict = verify_stream(STREAM)
        assert verdict.faults == ()
        assert (verdict.cases, verdict.entries) == (done.cases, done.entries)
        times = [line.at for line in journal.walk(STREAM)]
        assert times == sorted(times)
        assert times[-1] <= NOW

    def test_cases_stand_in_every_open_state_and_reach_every_usual_end(self, town: Town) -> None:
        write(days=6, per_day=60)
        states = Counter(Case.objects.values_list("state", flat=True))
        assert all(states[state] >= count for state, count in STANDING.items())
        assert states[State.CLOSED] > 100
        assert states[State.DECLINED] > 0
        verbs = Counter(line.verb for line in journal.walk(STREAM))
        assert {"return", "rework", "send_verify"} <= verbs.keys()

    def test_the_same_seed_gives_the_same_lives_and_another_gives_others(self, town: Town) -> None:
        def lives(seed: int) -> list[tuple[object, ...]]:
            with transaction.atomic():
                write(seed=seed)
                found: list[tuple[object, ...]] = [
                    (
                        line.case_id,
                        line.at,
                        line.verb,
                        line.actor_id,
                        line.card["class_id"],
                        line.card["due_at"],
                    )
                    for line in journal.walk(STREAM)
                ]
                transaction.set_rollback(True)
            return found

        first = lives(1)
        assert first == lives(1)
        assert first != lives(2)

    def test_a_second_history_goes_on_where_the_first_ended(self, town: Town) -> None:
        once = write(standing={})[-1]
        twice = write(standing={})[-1]
        assert (once.cases, once.entries) == (twice.cases, twice.entries)
        verdict = verify_stream(STREAM)
        assert verdict.ok
        assert verdict.entries == once.entries + twice.entries

    def test_written_in_many_chunks_it_is_the_same(self, town: Town, monkeypatch) -> None:
        with transaction.atomic():
            write()
            whole = list(Case.objects.order_by("id").values_list("id", "state", "version", "due_at"))
            transaction.set_rollback(True)
        monkeypatch.setattr(history_module, "CHUNK", 40)
        assert len(write()) > 5
        assert list(Case.objects.order_by("id").values_list("id", "state", "version", "due_at")) == whole
        assert verify_stream(STREAM).faults == ()
        assert Stream.objects.get(code=STREAM).head == sum(row[2] for row in whole)

    def test_a_case_moved_by_somebody_meanwhile_stops_the_history(self, town: Town, monkeypatch) -> None:
        monkeypatch.setattr(history_module, "CHUNK", 40)
        made = History(read_world(STREAM, NOW), seed=1, pictures=Pictures())
        chunks = made.write(days=3, per_day=25, until=NOW, standing={})
        next(chunks)
        Case.objects.filter(ended_at=None).update(version=99)
        with pytest.raises(HistoryInterrupted):
            list(chunks)

    def test_reports_agree_with_their_entries(self, town: Town) -> None:
        write(days=4, per_day=40)
        when: dict[str, dict[str, datetime]] = defaultdict(dict)
        verbs: dict[str, Counter[str]] = defaultdict(Counter)
        for line in journal.walk(STREAM):
            when[str(line.case_id)][line.verb] = line.at
            verbs[str(line.case_id)][line.verb] += 1
        for report in Report.objects.select_related("case"):
            last, count = when[str(report.pk)], verbs[str(report.pk)]
            assert report.reported_at == report.case.opened_at == last["report"]
            assert report.filed_at == last.get("file")
            assert report.dispatched_at == last.get("dispatch")
            assert report.closed_at == last.get("close", last.get("force_close"))
            assert report.dispatch_count == count["dispatch"]
            assert report.return_count == count["return"]
            assert report.rework_count == count["rework"]
            assert report.is_open == (report.case.ended_at is None)
            assert RoutingDecision.objects.filter(case=report.case).count() == count["dispatch"]
            returned = RoutingDecision.objects.filter(case=report.case, returned_at__isnull=False)
            assert returned.count() == count["return"]

    def test_clocks_are_what_their_spans_say(self, town: Town) -> None:
        write()
        calendar = calendar_for(STREAM)
        running = 0
        for clock in CaseClock.objects.select_related("case"):
            due = calendars.due_at(calendar, limit_of(clock), spans_of(clock))
            if clock.state == CaseClock.State.RUNNING:
                running += 1
                assert clock.due_at == due.at
                assert clock.case.ended_at is None
            if clock.state == CaseClock.State.STOPPED:
                assert clock.spans[-1][1] is not None
        assert running == Case.objects.filter(ended_at=None).count()

    def test_photographs_are_there_and_intact(self, town: Town) -> None:
        write(days=1)
        photos = list(Attachment.objects.all())
        assert photos
        assert all(is_intact(photo) for photo in photos)
        assert {photo.kind for photo in photos} == {"report", "finish"}

    def test_each_verb_leaves_the_facts_that_its_action_leaves(self, town: Town) -> None:
        """The effects in bulk stand beside the actions; this holds them together."""
        write(days=6, per_day=50)
        in_bulk: dict[str, set[str]] = defaultdict(set)
        for line in journal.walk(STREAM):
            in_bulk[line.verb] |= line.facts.keys() - {"was"}
        before = journal.head(STREAM)
        every_verb_by_its_action(town)
        by_action: dict[str, set[str]] = defaultdict(set)
        for line in journal.read(STREAM, after=before):
            by_action[line.verb] |= line.facts.keys() - {"was"}
        compared = in_bulk.keys() & by_action.keys()
        assert {"report", "file", "dispatch", "return", "finish", "send_check", "rework", "close"} <= compared
        assert {verb: in_bulk[verb] for verb in compared} == {verb: by_action[verb] for verb in compared}

    def test_a_case_left_open_is_moved_on_by_its_desk(self, town: Town) -> None:
        write()
        filed = Case.objects.filter(state=State.FILED).first()
        assert filed is not None
        actions.dispatch_report(filed.pk, actor=town.bo, seen=filed.version)
        task = Task.objects.filter(
            state=Task.State.OPEN, kind=Task.Kind.CHECK, inspector_id=town.alice.person_id
        )
        checking = Case.objects.get(pk=task.values_list("case_id", flat=True)[:1].get())
        actions.answer_check(checking.pk, Answer(result="pass"), actor=town.alice, seen=checking.version)
        assert verify_stream(STREAM).faults == ()


def every_verb_by_its_action(town: Town) -> None:
    """Two reports through all the moves that bulk history makes, by the actions."""

    def seen() -> int:
        return Case.objects.get(pk=pk).version

    def file_and_dispatch() -> None:
        actions.file_report(pk, actor=town.amy, seen=seen(), condition_id=town.missing_cover.pk)
        actions.dispatch_report(pk, actor=town.bo, seen=seen())

    spot = Answer(result="pass", lon=town.city.inside(0)[0], lat=town.city.inside(0)[1])
    new = town.report_of(photos=(photo_of(town.alice),))
    pk = new.id
    actions.report_problem(new, actor=town.alice)
    actions.file_report(pk, actor=town.amy, seen=seen(), condition_id=town.missing_cover.pk)
    actions.send_back(pk, actor=town.bo, seen=seen(), reason="unclear")
    file_and_dispatch()
    actions.return_report(pk, actor=town.chen, seen=seen(), reason="not ours")
    actions.dispatch_report(pk, actor=town.bo, seen=seen())
    actions.cancel_dispatch(pk, actor=town.bo, seen=seen(), reason="wrong")
    actions.dispatch_report(pk, actor=town.bo, seen=seen())
    for result in ("fail", "pass"):
        actions.accept_report(pk, actor=town.chen, seen=seen())
        actions.finish_report(pk, actor=town.chen, seen=seen(), photos=[photo_of(town.chen)])
        actions.send_check(pk, actor=town.amy, seen=seen())
        actions.answer_check(
            pk, Answer(result=result, lon=spot.lon, lat=spot.lat), actor=town.alice, seen=seen()
        )
        if result == "fail":
            actions.send_back_for_rework(pk, actor=town.amy, seen=seen(), reason="still there")
    actions.close_report(pk, actor=town.lei, seen=seen(), closing="restored")
    for end in (actions.void_report, actions.force_close_report):
        new = town.report_of()
        pk = new.id
        actions.report_problem(new, actor=town.alice)
        file_and_dispatch()
        end(pk, actor=town.lei, seen=seen(), reason="twice")
    new = town.report_of(source="hotline")
    pk = new.id
    actions.report_problem(new, actor=town.amy)
    actions.send_verify(pk, actor=town.amy, seen=seen())
    answer = Answer(result="not_exists", lon=spot.lon, lat=spot.lat)
    actions.answer_verify(pk, answer, actor=town.alice, seen=seen())
    actions.decline_report(pk, actor=town.amy, seen=seen(), reason="not there")


class TestLives:
    def test_every_effect_is_a_move_of_the_table(self) -> None:
        assert EFFECTS.keys() <= {move.verb for move in MOVES}

    @pytest.mark.parametrize("public", [False, True])
    def test_the_road_to_each_state_is_legal(self, public: bool) -> None:
        for state in STANDING:
            if state in (State.VERIFYING, State.VERIFIED) and not public:
                continue
            at = ""
            for verb in road_to(state, public=public):
                move = MOVES[verb]
                assert at in move.sources if at else not move.sources
                at = move.target or at
            assert at == state

    def test_a_weekend_has_fewer_reports_and_the_mean_is_kept(self) -> None:
        from random import Random

        rng = Random(5)
        monday = datetime(2026, 11, 15, 16, tzinfo=UTC)
        days = [len(begins_of(monday + timedelta(days=n), n % 7, 120, rng)) for n in range(70)]
        week = [count for n, count in enumerate(days) if n % 7 < 5]
        weekend = [count for n, count in enumerate(days) if n % 7 >= 5]
        assert sum(weekend) / len(weekend) < 0.75 * sum(week) / len(week)
        assert sum(days) / len(days) == pytest.approx(120, rel=0.05)


class TestCommand:
    def run(self, *args: str) -> dict[str, object]:
        out = StringIO()
        call_command("simulate", *args, "--json", stdout=out, stderr=StringIO())
        found: dict[str, object] = json.loads(out.getvalue())
        return found

    def test_without_commit_nothing_is_written(self, town: Town) -> None:
        assert self.run("--days", "2") == {"days": 2, "expected_cases": 240, "committed": False}
        assert not Case.objects.exists()

    def test_with_commit_it_says_what_was_written(self, town: Town) -> None:
        found = self.run("--days", "1", "--cases-per-day", "20", "--seed", "9", "--commit")
        assert found["cases"] == Case.objects.count() > 0
        assert found["entries"] == journal.head(STREAM)
        assert found["committed"] is True

    @pytest.mark.parametrize(
        "args",
        [
            ("--days", "0"),
            ("--days", "2", "--cases-per-day", "0"),
            ("--speed", "0"),
            ("--speed", "1", "--base-url", "nowhere"),
            ("--speed", "1", "--base-url", "http://127.0.0.1:1"),
        ],
    )
    def test_wrong_use_and_a_silent_address_are_told(self, db: None, args: tuple[str, ...]) -> None:
        with pytest.raises(CommandError):
            self.run(*args)

    def test_an_empty_city_is_told_what_to_do(self, db: None) -> None:
        orgs.make_stream()
        with pytest.raises(CommandError, match="seed_city"):
            self.run("--days", "1", "--commit")


@pytest.mark.slow
def test_everybody_plays_through_the_api(live_city: str, settings) -> None:
    """A case goes from report to closing by the players alone, and nobody is refused for good."""
    city = small_city()
    orgs.make_stream()
    orgs.make_organisations()
    orgs.make_people("gridcity-demo")
    rules.make_rules()
    people_of_the_small_city(city)
    told: list[str] = []
    stop = threading.Event()

    def tell(line: str) -> None:
        told.append(line)
        if " close " in line:
            stop.set()

    players = live.Players(live_city, password="gridcity-demo", speed=20_000, seed=3, tell=tell)
    players.run(stop, per_day=8, until=time.monotonic() + 120)
    verbs = {line.verb for line in journal.walk(STREAM)}
    assert {"report", "file", "dispatch", "accept", "finish", "send_check", "answer_check", "close"} <= verbs
    assert players.done.moves == Counter(line.verb for line in journal.walk(STREAM))
    assert verify_stream(STREAM).faults == ()
    assert len(told) == players.done.moves.total() + players.done.refused.total()


def people_of_the_small_city(city) -> None:
    """What the sample city has and the small one has not: conditions, and somebody who walks the grid."""
    from datetime import date
    from decimal import Decimal

    from dispatch.importers.conditions import load_defaults
    from dispatch.models import FilingCondition, GridDuty

    load_defaults()
    for problem in (city.manhole, city.lamp, city.bin, city.litter, city.vendor):
        FilingCondition.objects.create(
            problem_class=problem,
            ordinal=1,
            text="破损",
            quota=Decimal(4),
            unit="working_hour",
            closing="恢复",
        )
    GridDuty.objects.create(
        person=Person.objects.get(username="inspector01"), grid=city.grids[0], valid_from=date(2020, 1, 1)
    )
