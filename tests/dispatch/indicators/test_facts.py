"""The pure fold: by example, by any order, and as if what was undone had never been."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.indicators.facts import Fact, Folded, fold
from dispatch.workflow import MOVES
from tests.factories.entries import CITY, Entries

MONDAY = datetime(2026, 3, 2, 9, tzinfo=CITY)
LATER = MONDAY + timedelta(days=60)


def counted(entries: Entries, as_of: datetime = LATER) -> Counter[str]:
    found: Counter[str] = Counter()
    for fact, amount in fold(entries.steps, CITY, as_of).facts.items():
        found[fact.counter] += amount
    return found


def day_of(entries: Entries, counter: str, as_of: datetime = LATER) -> date:
    (fact,) = (f for f in fold(entries.steps, CITY, as_of).facts if f.counter == counter)
    return fact.day


def test_a_report_that_nobody_has_looked_at() -> None:
    folded = fold(Entries(at=MONDAY).steps, CITY, LATER)
    person = (0, 101, 1)
    assert folded.facts == {
        Fact("reports_inspector", date(2026, 3, 2), *person): 1,
        Fact("still_open", date(2026, 3, 2), *person): 1,
    }
    assert (folded.cell, folded.class_id, folded.ripens_at) == ("110101001001001", 1, None)


def test_days_are_the_citys() -> None:
    assert day_of(Entries(at=datetime(2026, 3, 2, 23, 59, tzinfo=CITY)), "still_open") == date(2026, 3, 2)
    assert day_of(Entries(at=datetime(2026, 3, 3, 0, 0, tzinfo=CITY)), "still_open") == date(2026, 3, 3)


def test_in_time_and_late_are_judged_by_the_deadline_of_that_step() -> None:
    quick = Entries(at=MONDAY).file(hours=0.1).dispatch(hours=0.25, due=2).finish(hours=2)
    slow = Entries(at=MONDAY).file(hours=0.1).dispatch(hours=0.26, due=2).finish(hours=2.01)
    assert (counted(quick)["dispatch_on_time"], counted(slow)["dispatch_on_time"]) == (1, 0)
    assert (counted(quick)["handle_on_time"], counted(quick)["handle_late"]) == (1, 0)
    assert (counted(slow)["handle_on_time"], counted(slow)["handle_late"]) == (0, 1)
    for each in (quick, slow):
        found = counted(each)
        assert found["to_handle"] == found["handle_on_time"] + found["handle_late"] == found["to_close"] == 1


def test_what_is_late_belongs_to_the_day_on_which_it_fell_due() -> None:
    late = Entries(at=MONDAY).file().dispatch(due=24).finish(hours=80)
    assert day_of(late, "to_handle") == day_of(late, "handle_late") == date(2026, 3, 3)
    assert day_of(late, "handled") == date(2026, 3, 5)


def test_a_deadline_that_passes_changes_the_facts_without_an_entry() -> None:
    waiting = Entries(at=MONDAY).file().dispatch(due=24)
    due = waiting.at + timedelta(hours=24)
    before = fold(waiting.steps, CITY, due - timedelta(microseconds=1))
    assert before.ripens_at == due
    assert counted(waiting, due - timedelta(microseconds=1))["to_handle"] == 0
    after = fold(waiting.steps, CITY, due)
    assert after.ripens_at is None
    assert counted(waiting, due)["to_handle"] == counted(waiting, due)["handle_overdue"] == 1


def test_a_hung_case_is_left_out_while_it_hangs() -> None:
    hung = Entries(at=MONDAY).file().dispatch(due=24)
    hung.move("ask_hang").move("approve").move("hang", clocks={"handling": None})
    assert counted(hung)["to_handle"] == 0
    hung.move("resume", hours=100, clocks={"handling": 20})
    assert day_of(hung, "to_handle") == (hung.at + timedelta(hours=20)).date()


def test_a_bundled_deadline_is_the_one_that_counts() -> None:
    bundled = (
        Entries(at=MONDAY).file(clocks={"accepting": None, "bundled": 3}).dispatch(due=48).finish(hours=4)
    )
    assert counted(bundled)["handle_late"] == 1


def test_an_exempted_lateness_is_none_and_is_kept_apart() -> None:
    late = Entries(at=MONDAY).file().dispatch(due=1).finish(hours=9).check().close()
    assert counted(late)["close_late"] == 1
    late.move("appeal").move("exempt")
    found = counted(late)
    assert (found["handle_late"], found["handle_exempted"], found["close_on_time"], found["close_late"]) == (
        0, 1, 1, 0,
    )  # fmt: skip


def test_voided_after_filing_moves_the_numbers_back() -> None:
    case = Entries(at=MONDAY).file().dispatch().finish()
    assert {counted(case)[c] for c in ("valid_inspector", "filed_accurate", "to_handle", "to_close")} == {1}
    case.move("void")
    found = counted(case)
    assert {
        found[c] for c in ("valid_inspector", "filed_accurate", "to_handle", "to_close", "still_open")
    } == {0}
    assert found["filed"] == found["voided"] == found["dispatched"] == 1


def test_sent_on_to_another_department_is_not_direct_and_sent_again_is() -> None:
    other = Entries(at=MONDAY).file().dispatch(7).move("return", organisation_id=7).dispatch(8)
    same = Entries(at=MONDAY).file().dispatch(7).move("return", organisation_id=7).dispatch(7)
    assert (counted(other)["dispatched_direct"], counted(other)["redirected"]) == (0, 1)
    assert (counted(same)["dispatched_direct"], counted(same)["redirected"]) == (1, 0)
    assert counted(other)["returned"] == counted(same)["returned"] == counted(same)["dispatched"] == 1
    facts = fold(other.steps, CITY, LATER).facts
    assert {f.department_id for f in facts if f.counter == "dispatched"} == {7}
    assert {f.department_id for f in facts if f.counter == "filed"} == {8}


def test_rework_is_a_flag_and_repeats_are_counted_apart() -> None:
    case = Entries(at=MONDAY).file().dispatch().finish().check("fail")
    for _ in range(3):
        case.move("rework", organisation_id=7, clocks={"handling": 5}).finish().check("fail")
    found = counted(case)
    assert (found["reworked"], found["reworked_again"], found["dispatched_unreworked"]) == (1, 2, 0)
    assert found["handled"] == found["to_handle"] == 1
    assert found["checks_failed"] == found["check_done"] == 4


def test_only_the_last_check_of_a_stage_counts_and_a_recalled_one_never() -> None:
    case = Entries(at=MONDAY).file().dispatch().finish().check("cannot_tell").check("pass")
    assert (counted(case)["check_due"], counted(case)["checks_passed"]) == (1, 1)
    case.move("send_check", inspector_id=9).move("recall_check")
    assert (counted(case)["check_due"], counted(case)["checks_passed"]) == (1, 1)


def test_a_duplicate_is_a_further_sighting_until_it_is_taken_off_again() -> None:
    case = Entries(at=MONDAY).file().dispatch(due=2)
    before = counted(case)
    case.move("mark_duplicate", clocks={"handling": None})
    assert counted(case) == {"joined": 1}
    case.move("unmark_duplicate", back_to="dispatched", clocks={"handling": 2})
    assert counted(case) == before


def test_a_task_that_nobody_answers_falls_due_on_whom_it_was_given_to() -> None:
    case = Entries("web", at=MONDAY).move("send_verify", inspector_id=9, clocks={"verifying": 0.5})
    facts = fold(case.steps, CITY, LATER).facts
    assert {(f.counter, f.post_id, f.person_id) for f in facts if f.counter.startswith("verify_")} == {
        ("verify_issued", 101, 1), ("verify_issued_on_time", 101, 1), ("verify_due", 0, 9),
    }  # fmt: skip
    case.move("answer_verify", result="exists", by=9)
    found = counted(case)
    assert (found["verify_done"], found["verify_on_time"], found["verified_public"]) == (1, 0, 1)


# --- any case ----------------------------------------------------------------------------------------------

QUIET = {"message", "undo", "recompute", "follow"}


@st.composite
def journeys(draw: st.DrawFn) -> Entries:
    """Any legal way, with any deadlines, some moves taken back at once."""
    entries = Entries(draw(st.sampled_from(["inspector", "hotline", "video"])), at=MONDAY)
    for _ in range(draw(st.integers(0, 25))):
        open_to = [m.verb for m in MOVES if entries.state in m.sources and m.verb not in QUIET]
        if not open_to:
            break
        verb = draw(st.sampled_from(sorted(open_to)))
        if verb == "finish" and not any(step.verb == "dispatch" for step in entries.steps):
            continue
        clocks = draw(
            st.dictionaries(
                st.sampled_from(
                    ["accepting", "filing", "verifying", "dispatching", "handling", "closing", "checking"]
                ),
                st.one_of(st.none(), st.floats(0.1, 90)),
                max_size=3,
            )
        )
        back_to = {"back_to": entries.before_duplicate} if verb == "unmark_duplicate" else {}
        entries.move(
            verb,
            **back_to,
            hours=draw(st.floats(0, 30)),
            by=draw(st.integers(1, 4)),
            clocks=clocks,
            organisation_id=draw(st.sampled_from([7, 8])),
            result=draw(st.sampled_from(["pass", "fail", "exists", "not_exists", "cannot_tell"])),
            inspector_id=9,
        )
        if MOVES[verb].undoable and draw(st.booleans()):
            entries.undo(verb)
    return entries


@settings(max_examples=150, deadline=None)
@given(journeys(), st.integers(0, 90), st.randoms(use_true_random=False))
def test_the_order_of_reading_and_what_was_undone_make_no_difference(
    entries: Entries, days: int, chance: random.Random
) -> None:
    as_of = MONDAY + timedelta(days=days)
    whole = fold(entries.steps, CITY, as_of)
    mixed = list(entries.steps)
    chance.shuffle(mixed)
    assert fold(mixed, CITY, as_of) == whole
    undone = {step.undone for step in entries.steps}
    never = [s for s in entries.steps if s.verb != "undo" and s.case_seq not in undone]
    assert fold(never, CITY, as_of) == whole


@settings(max_examples=150, deadline=None)
@given(journeys(), st.integers(0, 90))
def test_what_must_be_true_of_every_case(entries: Entries, days: int) -> None:
    as_of = max(entries.at, MONDAY + timedelta(days=days))
    folded = fold(entries.steps, CITY, as_of)
    n: Counter[str] = Counter()
    for fact, amount in folded.facts.items():
        n[fact.counter] += amount
    assert all(amount > 0 for amount in folded.facts.values())
    assert (
        n["to_handle"] == n["handle_on_time"] + n["handle_late"] + n["handle_exempted"] + n["handle_overdue"]
    )
    assert n["handled"] == n["handle_on_time"] + n["handle_late"] + n["handle_exempted"]
    assert n["to_close"] == n["to_handle"] >= n["close_on_time"] + n["close_late"] + n["close_forced"]
    if entries.state == "duplicate":
        assert n == {"joined": 1}
        return
    assert n["to_dispatch"] >= n["dispatched"] >= n["dispatched_direct"]
    assert n["dispatched"] == n["dispatched_direct"] + n["redirected"]
    for kind in ("verify", "check"):
        assert n[f"{kind}_issued"] >= n[f"{kind}_due"] >= n[f"{kind}_done"] >= n[f"{kind}_on_time"]
    assert n["filed"] >= n["filed_accurate"] + n["voided"]
    assert sum(n[c] for c in n if c.startswith("reports_")) == 1
    assert folded.ripens_at is None or folded.ripens_at > as_of


@settings(max_examples=100, deadline=None)
@given(journeys(), st.integers(0, 40), st.integers(0, 40))
def test_nothing_changes_before_it_ripens(entries: Entries, days: int, more: int) -> None:
    """Between two moments with no deadline between them, time alone changes nothing."""
    as_of = entries.at + timedelta(days=days)
    folded = fold(entries.steps, CITY, as_of)
    then = as_of + timedelta(days=more)
    if folded.ripens_at is not None and folded.ripens_at <= then:
        assert fold(entries.steps, CITY, then) != folded
        then = folded.ripens_at - timedelta(microseconds=1)
    assert _without_ripening(fold(entries.steps, CITY, then)) == _without_ripening(folded)


def _without_ripening(folded: Folded) -> tuple[str, int, dict[Fact, int]]:
    return folded.cell, folded.class_id, dict(folded.facts)


@pytest.mark.parametrize("verb", sorted(m.verb for m in MOVES if m.undoable))
def test_every_undoable_move_can_be_undone_here(verb: str) -> None:
    ways = {
        "file": [], "send_back": ["file"], "dispatch": ["file"], "cancel_dispatch": ["file", "dispatch"],
        "accept": ["file", "dispatch"], "return": ["file", "dispatch"],
        "rework": ["file", "dispatch", "accept", "finish"],
    }  # fmt: skip
    entries = Entries(at=MONDAY)
    for step in ways[verb]:
        entries.move(step, organisation_id=7)
    before = fold(entries.steps, CITY, LATER)
    entries.move(verb, organisation_id=8)
    assert fold(entries.steps, CITY, LATER) != before or verb in ("accept", "cancel_dispatch", "send_back")
    entries.undo(verb)
    assert fold(entries.steps, CITY, LATER) == before
