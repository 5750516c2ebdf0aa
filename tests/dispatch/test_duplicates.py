"""Duplicates: what is proposed, what merging and taking apart do, who is told, and how figures count them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.timezone import localdate
from hypothesis import given, settings
from hypothesis import strategies as st

from casework import journal
from casework.models import Case, CaseClock, Notice
from casework.replay import verify_clocks
from casework.verify import verify_stream
from dispatch import metrics
from dispatch.definitions import Key
from dispatch.duplicate_trial import Parameters, Told, labelled, trial
from dispatch.likeness import Bound, Sight, likeness
from dispatch.models import DuplicateRule, Report
from dispatch.workflow import OPEN, State
from tests.dispatch.test_api_input import good_report
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town
from tests.factories.ways import WAYS, arguments, case_in, move, usual, walk

NOON = timezone.now()
BOUND = Bound(metres=50, days=7, least_score=0)
METRE = 1 / 111_195


def sight(metres: float = 0, hours: float = 0, component: str = "", code: str = "0101") -> Sight:
    return Sight("component", code, 116.4, 39.9 + metres * METRE, NOON - timedelta(hours=hours), component)


# --- likeness, pure --------------------------------------------------------------------------------------


@given(st.floats(0, 49), st.floats(0, 160), st.floats(0, 49), st.floats(0, 160))
@settings(max_examples=60)
def test_nearer_and_sooner_is_never_less_alike(m1: float, h1: float, m2: float, h2: float) -> None:
    one = likeness(sight(), sight(min(m1, m2), min(h1, h2)), BOUND)
    other = likeness(sight(), sight(max(m1, m2), max(h1, h2)), BOUND)
    assert one is not None
    assert other is not None
    assert 0 <= other.score <= one.score <= 1


def test_class_component_distance_and_time_each_decide() -> None:
    near = likeness(sight(), sight(10, 2), BOUND)
    assert near is not None
    assert near.metres == pytest.approx(10, abs=0.1)
    assert near.hours == pytest.approx(2)
    assert likeness(sight(), sight(51), BOUND) is None
    assert likeness(sight(), sight(0, 24 * 7 + 1), BOUND) is None
    assert likeness(sight(), sight(code="0102"), BOUND) is None
    same = likeness(sight(component="a"), sight(10, 2, component="a"), BOUND)
    other = likeness(sight(component="a"), sight(10, 2, component="b"), BOUND)
    assert same is not None
    assert other is not None
    assert other.score < near.score < same.score
    # the component says more than the class that somebody chose
    assert likeness(sight(component="a"), sight(component="a", code="0102"), BOUND) is not None
    assert likeness(sight(), sight(10, 2), Bound(50, 7, least_score=0.99)) is None


# --- proposals -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_likeliest_open_case_is_proposed_first_by_the_thresholds_of_its_class(town: Town) -> None:
    lon, lat = town.city.inside(0)
    anonymous = {"component_code": "", "lon": lon}
    here = walk(town, (), lat=lat, **anonymous)
    near, far, further = (
        walk(town, way, lat=lat + metres * METRE, **anonymous)
        for metres, way in ((5, WAYS["filed"]), (30, ()), (45, ()))
    )
    ended = walk(town, WAYS["withdrawn"], lat=lat, **anonymous)
    other_class = walk(town, (), lat=lat, lon=lon, class_id=town.city.litter.pk, component_code="")

    def proposed(case: Case) -> list[UUID]:
        answer = Caller(town.lei).get(f"/cases/{case.pk}/duplicates").json()
        scores = [one["score"] for one in answer["proposed"]]
        assert scores == sorted(scores, reverse=True)
        return [UUID(one["card"]["id"]) for one in answer["proposed"]]

    assert proposed(here)[:2] == [near.pk, far.pk]
    assert ended.pk not in proposed(here)
    assert proposed(other_class) == []
    rule = DuplicateRule.objects.create(
        stream_id="110101", class_kind="component", class_code="", metres=10, days=7, least_score=0.3
    )
    assert proposed(here) == [near.pk]
    DuplicateRule.objects.create(
        stream_id="110101", class_kind="component", class_code=town.city.manhole.code, metres=60, days=7,
        least_score=0,
    )  # fmt: skip
    assert proposed(here) == [near.pk, far.pk, further.pk]
    rule.delete()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        late = walk(town, (), lat=lat, **anonymous)
        assert proposed(late) == []


@pytest.mark.django_db
def test_what_a_phone_is_offered_follows_the_same_thresholds(town: Town) -> None:
    lon, lat = town.city.inside(0)
    walk(town, (), lon=lon, lat=lat + 30 * METRE, component_code="")
    asked = f"/cases/near?lon={lon}&lat={lat}&class_id={town.city.manhole.pk}"
    assert len(Caller(town.alice).get(asked).json()["items"]) == 1
    DuplicateRule.objects.create(stream_id="110101", class_kind="component", class_code="", metres=20, days=7)
    assert Caller(town.alice).get(asked).json()["items"] == []


# --- merging and taking apart ----------------------------------------------------------------------------


def clocks_of(case: Case) -> dict[str, Any]:
    return {
        clock.name: (clock.state, clock.quota, clock.unit, clock.organisation_id)
        for clock in CaseClock.objects.filter(case=case).exclude(state="stopped")
    }


MERGEABLE = sorted(OPEN - {State.VERIFYING, State.CHECKING})


@pytest.mark.django_db
@pytest.mark.parametrize("state", MERGEABLE)
def test_taking_apart_restores_state_holder_and_clocks_with_the_time_left(town: Town, state: str) -> None:
    """From every state: what stood before the merger stands again, and no clock has counted meanwhile."""
    start = timezone.now()
    with time_machine.travel(start, tick=False) as now:
        main, case = walk(town, ()), case_in(town, state)
        now.shift(timedelta(minutes=3))
        held, running, due = case.organisation_id, clocks_of(case), case.due_at
        report = Report.objects.get(pk=case.pk)
        move(case.pk, "mark_duplicate", town.lei, main_id=str(main.pk))
        case.refresh_from_db()
        assert (case.state, case.due_at, case.ended_at) == ("duplicate", None, None)
        assert {name: clock[0] for name, clock in clocks_of(case).items()} == dict.fromkeys(running, "paused")
        assert not Report.objects.get(pk=case.pk).is_open
        now.shift(timedelta(seconds=30))
        move(case.pk, "unmark_duplicate", town.bo, reason="another cover")
        case.refresh_from_db()
        after = Report.objects.get(pk=case.pk)
    assert (case.state, case.organisation_id, case.ended_at) == (state, held, None)
    assert clocks_of(case) == running
    assert after.is_open
    assert after.main_id is None
    for name in ("department_id", "condition_id", "filed_at", "dispatched_at", "handled_at", "checked_at"):
        assert getattr(after, name) == getattr(report, name), name
    assert verify_clocks("110101").differences == []
    if due is not None:
        assert case.due_at is not None
        assert case.due_at >= due  # the thirty seconds of the merger were not counted
        assert case.due_at - due <= timedelta(days=4)  # at most, over a night or a holiday
    assert verify_stream("110101").faults == ()


@pytest.mark.django_db
def test_in_continuous_hours_exactly_the_time_of_the_merger_is_added(town: Town) -> None:
    with time_machine.travel(timezone.now(), tick=False) as now:
        main, case = walk(town, ()), case_in(town, "handling")  # two urgent hours
        before = case.due_at
        move(case.pk, "mark_duplicate", town.bo, main_id=str(main.pk))
        now.shift(timedelta(hours=5))
        move(case.pk, "unmark_duplicate", town.bo, reason="another cover")
    case.refresh_from_db()
    assert before is not None
    assert case.due_at == before + timedelta(hours=5)


@pytest.mark.django_db
def test_what_happens_to_the_main_case_reaches_every_reporters_journal_and_list(town: Town) -> None:
    main = walk(town, ())
    second, third = walk(town, (), photos=()), walk(town, WAYS["handling"])
    for case in (second, third):
        move(case.pk, "mark_duplicate", town.lei, main_id=str(main.pk))
    assert Case.objects.get(pk=main.pk).card["duplicates"] == 2
    for verb in WAYS["closed"]:
        actor = usual(town, verb)
        move(main.pk, verb, actor, **arguments(town, verb, actor))
        stands = Case.objects.get(pk=main.pk).state
        for case in (second, third):
            case.refresh_from_db()
            line = journal.of_case(case.pk)[-1]
            assert (line.verb, line.facts["main_verb"], line.facts["main_state"]) == ("follow", verb, stands)
            assert case.card["main"] == {"id": str(main.pk), "number": main.number, "state": stands}
    mine = {card["id"]: card for card in Caller(town.alice).get("/cases?queue=mine").json()["items"]}
    assert {mine[str(case.pk)]["main"]["state"] for case in (second, third)} == {"closed"}
    assert verify_stream("110101").faults == ()
    # also when the main case has ended, a report that was something else comes back
    move(third.pk, "unmark_duplicate", town.bo, reason="another cover")
    third.refresh_from_db()
    assert (third.state, third.card["main"]) == ("handling", None)
    assert Case.objects.get(pk=main.pk).card["duplicates"] == 1


@pytest.mark.django_db
def test_every_citizen_who_told_of_it_hears_of_the_end_and_of_a_new_beginning(town: Town) -> None:
    def told(phone: str) -> Case:
        body = {**good_report(town), "source": "sensor", "reporter": {"name": "张三", "phone": phone}}
        made = Caller(town.amy).post("/reports", body)
        assert made.status_code == 201, made.content
        return Case.objects.get(pk=made.json()["id"])

    main, second, third = told("13800000001"), told("13800000002"), told("13800000003")
    Caller(town.amy).post(f"/cases/{main.pk}/moves/join", {"version": 1, "note": "still there"})
    move(second.pk, "mark_duplicate", town.lei, main_id=str(main.pk))
    move(third.pk, "mark_duplicate", town.lei, main_id=str(main.pk))
    move(third.pk, "unmark_duplicate", town.lei, reason="another cover")

    def heard(template: str) -> list[str]:
        return sorted(Notice.objects.filter(template=template).values_list("address", flat=True))

    assert heard("report_merged") == ["13800000002", "13800000003"]
    assert heard("report_parted") == ["13800000003"]
    both = ["13800000001", "13800000002"]
    for verb in ("file", "dispatch", "accept", "finish", "rework"):
        move(main.pk, verb, usual(town, verb), **arguments(town, verb, usual(town, verb)))
    assert heard("report_reopened") == both
    for verb in ("accept", "finish", "send_check", "answer_check", "close"):
        move(main.pk, verb, usual(town, verb), **arguments(town, verb, usual(town, verb)))
    assert heard("report_closed") == both


@pytest.mark.django_db
def test_what_cannot_be_merged_is_refused_by_name_and_leaves_nothing(town: Town) -> None:
    main, case, other = walk(town, ()), walk(town, ()), walk(town, WAYS["withdrawn"])
    move(case.pk, "mark_duplicate", town.lei, main_id=str(main.pk))
    free = walk(town, ())
    head = journal.head("110101")
    caller = Caller(town.lei)
    for asked, into in (
        (free, free.pk), (free, other.pk), (free, case.pk), (free, UUID(int=1)), (main, free.pk),
    ):  # fmt: skip
        version = Case.objects.get(pk=asked.pk).version
        response = caller.post(
            f"/cases/{asked.pk}/moves/mark_duplicate", {"version": version, "main_id": str(into)}
        )
        error = refusal(response, codes={422})
        assert error["field"] == "main_id"
        assert error["mend"]
    assert journal.head("110101") == head


@pytest.mark.django_db
def test_a_duplicate_counts_with_its_main_case_and_again_by_itself_when_taken_apart(town: Town) -> None:
    def figures() -> dict[str, tuple[float, int]]:
        period = metrics.Period(localdate() - timedelta(days=2), localdate() + timedelta(days=2))
        scope = metrics.Scope("110101", period)
        return {each.key: (each.numerator, each.denominator) for each in metrics.figures_of(scope)}

    main, case = walk(town, WAYS["handling"]), walk(town, WAYS["handling"])
    assert figures()[Key.DISCOVERY] == figures()[Key.ACCURACY] == (2, 2)
    move(case.pk, "mark_duplicate", town.bo, main_id=str(main.pk))
    assert figures()[Key.DISCOVERY] == figures()[Key.ACCURACY] == (1, 1)
    move(case.pk, "unmark_duplicate", town.bo, reason="another cover")
    assert figures()[Key.DISCOVERY] == figures()[Key.ACCURACY] == (2, 2)
    scope = metrics.Scope("110101", metrics.Period(localdate(), localdate()))
    for figure in metrics.figures_of(scope):
        assert "duplicate" in figure.definition


# --- how well it does ------------------------------------------------------------------------------------


def test_the_labelled_set_is_what_its_parameters_say_and_always_the_same() -> None:
    problems = [(replace(sight(n * 500, n), component_code=f"c{n}"), None) for n in range(400)]
    parameters = Parameters(repeated=0.5, times=2, beside=0.25, names=1, other_class=0, gps_m=5)
    told = labelled(problems, parameters)
    assert told == labelled(problems, parameters)
    assert told != labelled(problems, replace(parameters, seed=2))
    repeats = [one for one in told if one.problem >= 0]
    assert len({one.problem for one in repeats}) == 400
    assert pytest.approx(len(repeats), rel=0.15) == 400 + 400 * 0.5 * 2
    assert sum(one.problem < 0 for one in told) == pytest.approx(100, rel=0.3)
    assert [one.sight.at for one in told] == sorted(one.sight.at for one in told)


def test_precision_and_recall_count_first_offers_against_the_truth() -> None:
    """Three problems far apart: one is told again nearby, one too late, one has another beside it."""
    told = [
        Told(0, sight(0, 10)), Told(1, sight(5000, 9)), Told(2, sight(9000, 8)),
        Told(0, sight(5, 7)), Told(-3, sight(9010, 6)),
        Told(1, replace(sight(5000), at=NOON + timedelta(days=8))),
    ]  # fmt: skip
    # what has been put right is not offered any more
    mended = replace(told[0], until=NOON - timedelta(hours=8))
    assert trial([mended, *told[1:]], lambda kind, code: BOUND)["all"].right == 0
    score = trial(told, lambda kind, code: BOUND)["all"].as_dict()
    assert score == {
        "reports": 6, "told_before": 2, "right": 1, "wrong": 1, "missed": 1, "precision": 0.5, "recall": 0.5,
        "recall_of_three": 0.5,
    }  # fmt: skip


@pytest.mark.django_db
def test_the_command_prints_one_object_with_parameters_and_figures(town: Town, capsys: Any) -> None:
    with pytest.raises(CommandError) as nothing:
        call_command("check_duplicates", district="110101", json=True)
    assert nothing.value.returncode == 1
    with pytest.raises(CommandError) as wrong:
        call_command("check_duplicates", district="999999", json=True)
    assert wrong.value.returncode == 2
    for _ in range(3):
        walk(town, ())
    before = journal.head("110101")
    call_command("check_duplicates", district="110101", json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["parameters"]["gps_m"] == Parameters().gps_m
    assert set(told["figures"]) == {"component", "event", "all"}
    assert len(told["curve"]) > 5
    assert journal.head("110101") == before
