"""Relief from deadlines, supervision, bundles, stages, types, seasons; and what the API says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from casework import journal
from casework.clocks import spans_of
from casework.errors import GridCityError
from casework.models import CalendarDay, CalendarRecord, CaseClock, Notice, Person, WorkingCalendar
from casework.models.calendar import forget_calendars
from casework.replay import verify_clocks
from casework.settling import SETTLED_AFTER, settle_calendars
from casework.sweep import sweep_due
from casework.verify import verify_stream
from dispatch.models import ClockPolicy, FilingCondition, LimitType, Report, Season
from gis_data.models import Cell
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, holder
from tests.factories.ways import RELIEF, TWO_STAGES, WAYS, go_on, move, stand, usual, walk

pytestmark = pytest.mark.django_db

STREAM = "110101"
MONDAY = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


@pytest.fixture(autouse=True)
def _a_monday_morning() -> Iterator[None]:
    forget_calendars()
    with time_machine.travel(MONDAY, tick=False) as clock:
        _a_monday_morning.clock = clock  # type: ignore[attr-defined]
        yield
    forget_calendars()


def later(**by: float) -> None:
    _a_monday_morning.clock.shift(timedelta(**by))  # type: ignore[attr-defined]


def clock(case_id: UUID, name: str = "handling") -> CaseClock:
    return CaseClock.objects.filter(case_id=case_id, name=name).latest("pk")


def all_is_whole() -> None:
    assert verify_clocks(STREAM).differences == []
    assert verify_stream(STREAM).faults == ()


def working(town: Town, hours: int = 8) -> None:
    FilingCondition.objects.filter(pk=town.missing_cover.pk).update(quota=hours, unit="working_hour")


# --- extension ----------------------------------------------------------------------------------------------


def test_an_extension_adds_the_original_limit_after_two_levels(town: Town) -> None:
    working(town)
    case = walk(town, RELIEF["more time asked"])
    due = clock(case.pk).due_at
    assert (clock(case.pk).due_at, case.card["relief"]["by"]) == (due, "department")
    go_on(town, case.pk, ("approve",))
    assert clock(case.pk).due_at == due, "the first level changes nothing yet"
    go_on(town, case.pk, ("extend",))
    found = clock(case.pk)
    assert (found.quota, found.extended) == (Decimal(8), Decimal(8))
    assert due == MONDAY + timedelta(days=1)
    assert found.due_at == MONDAY + timedelta(days=2), "one working day later"
    case.refresh_from_db()
    assert "relief" not in case.card
    assert case.due_at == found.due_at
    all_is_whole()


def test_extensions_are_counted_and_refusals_are_not(town: Town) -> None:
    working(town, 80)
    case = walk(town, RELIEF["more time asked"])
    move(case.pk, "refuse", town.chen, reason="not now")
    for _ in range(2):
        go_on(town, case.pk, ("ask_extension", "approve", "extend"))
    with pytest.raises(GridCityError, match="2 times already"):
        go_on(town, case.pk, ("ask_extension",))
    assert Report.objects.get(pk=case.pk).extensions == 2


def test_relief_is_asked_for_in_time_unless_the_city_says_otherwise(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    later(hours=3)
    for verb in ("ask_extension", "ask_hang"):
        with pytest.raises(GridCityError, match="over already"):
            go_on(town, case.pk, (verb,))
    ClockPolicy.objects.create(stream_id=STREAM, in_time_only=False)
    go_on(town, case.pk, ("ask_extension", "approve", "extend"))
    assert clock(case.pk).due_at == MONDAY + timedelta(hours=4)


def test_who_asked_does_not_decide_where_the_city_wants_four_eyes(town: Town) -> None:
    ClockPolicy.objects.create(stream_id=STREAM, four_eyes=True)
    case = walk(town, RELIEF["more time asked"])
    with pytest.raises(GridCityError, match="not yours"):
        move(case.pk, "approve", town.chen)
    colleague = holder("cho", "Cho", town.chen.role, Report.objects.get(pk=case.pk).department)  # type: ignore[arg-type]
    move(case.pk, "approve", colleague)
    assert Report.objects.get(pk=case.pk).relief["does"] == "extend"  # type: ignore[index]


def test_levels_are_the_citys(town: Town) -> None:
    ClockPolicy.objects.create(stream_id=STREAM, extension_levels=["shift_leader"])
    case = walk(town, RELIEF["more time asked"])
    assert case.card["relief"] == {"kind": "extension", "does": "extend", "by": "shift_leader"}
    move(case.pk, "extend", town.lei)
    assert clock(case.pk).extended == 2


def test_what_was_asked_lapses_with_the_assignment(town: Town) -> None:
    case = walk(town, RELIEF["more time asked"])
    move(case.pk, "cancel_dispatch", town.bo, reason="wrong")
    assert Report.objects.get(pk=case.pk).relief is None
    assert journal.of_case(case.pk)[-1].facts["lapsed"] == "extension"


def test_thresholds_that_an_extension_takes_back_are_reached_again(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    go_on(town, case.pk, ("ask_extension", "approve"))
    later(hours=1, minutes=50)
    assert sweep_due() >= 1
    go_on(town, case.pk, ("extend",))
    assert (clock(case.pk).level, clock(case.pk).epoch) == (0, 1)
    later(hours=2)
    sweep_due()
    told = Notice.objects.filter(template="clock_warning", recipient_id=town.chen.person_id)
    assert told.count() == 2


# --- hanging ------------------------------------------------------------------------------------------------


def test_a_hung_case_rests_and_goes_on_by_itself(town: Town) -> None:
    working(town)
    case = walk(town, WAYS["dispatched"])
    later(hours=2)  # 11:00: two of eight hours are gone
    go_on(town, case.pk, ("ask_hang", "approve", "hang"))
    case.refresh_from_db()
    assert (case.state, case.card["clock"], clock(case.pk).state) == ("hung", "hanging", "paused")
    assert clock(case.pk, "hanging").due_at == timezone.now() + timedelta(days=30)
    for verb in ("finish", "accept", "return", "ask_extension"):
        with pytest.raises(GridCityError):
            go_on(town, case.pk, (verb,))
    later(days=30, minutes=1)
    sweep_due()
    case.refresh_from_db()
    assert case.state == "dispatched"
    last = journal.of_case(case.pk)[-1]
    assert (last.verb, last.actor_id, last.post_id) == ("resume", None, None)
    # Wednesday 1 April, 11:01: six hours of eight are left
    assert clock(case.pk).due_at == datetime.fromisoformat("2026-04-02T09:01:00+08:00")
    with pytest.raises(GridCityError, match="1 times already"):
        go_on(town, case.pk, ("ask_hang",))
    assert sweep_due() == 0
    all_is_whole()


@pytest.mark.parametrize("days", [0, 366, -1])
def test_a_year_is_the_most(town: Town, days: int) -> None:
    case = walk(town, WAYS["handling"])
    response = Caller(town.chen).post(
        f"/cases/{case.pk}/moves/ask_hang", {"version": case.version, "reason": "frost", "days": days}
    )
    assert refusal(response, codes={422})["field"] == "days"


def test_the_dispatcher_may_resume_early(town: Town) -> None:
    case = walk(town, WAYS["hung"])
    later(days=1)
    move(case.pk, "resume", town.bo)
    assert clock(case.pk).state == "running"
    assert clock(case.pk, "hanging").state == "stopped"


# --- appeal -------------------------------------------------------------------------------------------------


def test_an_appeal_exempts_and_the_fact_stays(town: Town) -> None:
    case = stand(town, "appeal, approved once")
    ended = case.ended_at
    go_on(town, case.pk, ("exempt",))
    case.refresh_from_db()
    late = clock(case.pk)
    assert late.exempt
    assert late.due_at is not None
    assert late.stopped_at is not None
    assert late.stopped_at > late.due_at, "that it was late stays"
    assert (case.ended_at, case.state, case.card["appeal"], case.card["late"]) == (
        ended, "closed", "granted", True,
    )  # fmt: skip
    with pytest.raises(GridCityError):
        move(case.pk, "appeal", town.chen, reason="once more")
    all_is_whole()


def test_an_appeal_that_was_refused_is_over(town: Town) -> None:
    case = stand(town, "appealed")
    move(case.pk, "refuse", town.bo, reason="no")
    assert Report.objects.get(pk=case.pk).appeal == "refused"
    assert not clock(case.pk).exempt
    with pytest.raises(GridCityError):
        move(case.pk, "appeal", town.chen, reason="once more")


# --- supervision --------------------------------------------------------------------------------------------


def test_a_case_long_overdue_is_supervised_by_itself_once(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    version = case.version
    later(hours=3, minutes=1)  # half a limit over
    sweep_due()
    case.refresh_from_db()
    assert (case.state, case.card["supervised"]) == ("handling", "timeout")
    last = journal.of_case(case.pk)[-1]
    assert (last.verb, last.actor_id, last.facts["clock"]) == ("supervise", None, "handling")
    told = set(Notice.objects.filter(template="clock_supervised").values_list("recipient_id", flat=True))
    assert told == {town.chen.person_id, town.bo.person_id, town.bea.person_id, town.mo.person_id}
    later(days=1)
    sweep_due()
    assert [line.verb for line in journal.of_case(case.pk)].count("supervise") == 1
    move(case.pk, "finish", town.chen, version=version, photos=[_photo(town)])
    all_is_whole()


def _photo(town: Town) -> str:
    from tests.factories.people import photo_of

    return str(photo_of(town.chen))


@pytest.mark.parametrize(("who", "kind"), [("mo", "leader"), ("lei", "important")])
def test_a_leader_supervises_and_the_department_is_told(town: Town, who: str, kind: str) -> None:
    case = walk(town, WAYS["handling"])
    move(case.pk, "supervise", town.everybody[who], reason="school next door")
    case.refresh_from_db()
    assert case.card["supervised"] == kind
    assert Notice.objects.filter(template="case_supervised", recipient_id=town.chen.person_id).count() == 1


# --- stages, bundle, rework, types, seasons -----------------------------------------------------------------


def test_stages_run_beside_each_other_from_dispatch_on(town: Town) -> None:
    FilingCondition.objects.filter(pk=town.missing_cover.pk).update(stages=TWO_STAGES)
    case = walk(town, WAYS["handling"])
    assert (case.card["clock"], case.card["stage"]) == ("stage1", "stage1")
    assert clock(case.pk, "stage1").due_at == MONDAY + timedelta(hours=1)
    assert clock(case.pk).due_at == MONDAY + timedelta(hours=2)
    shown = Caller(town.chen).get(f"/cases/{case.pk}").json()
    assert {c["name"]: c["label"] for c in shown["clocks"]}["stage1"] == "Arrival"
    later(minutes=30)
    move(case.pk, "return", town.chen, reason="not ours")
    later(hours=5)
    move(case.pk, "dispatch", town.bo)
    move(case.pk, "accept", town.chen)
    assert clock(case.pk, "stage1").due_at == MONDAY + timedelta(hours=6), "paused with the handling"
    move(case.pk, "reach_stage", town.chen, note="there")
    assert clock(case.pk, "stage1").state == "stopped"
    case.refresh_from_db()
    assert "stage" not in case.card
    assert case.card["clock"] == "handling"
    all_is_whole()


def test_a_bundle_runs_from_filing_to_closing(town: Town) -> None:
    ClockPolicy.objects.create(stream_id=STREAM, bundled=True)
    working(town, 8)
    case = walk(town, WAYS["handling"])
    bundle = clock(case.pk, "bundled")
    # 8 hours of handling, 15 minutes of dispatch, 30 of closing, 60 of the check
    assert (bundle.quota, bundle.unit) == (Decimal("9.75"), "working_hour")
    go_on(town, case.pk, ("finish", "send_check", "answer_check"))
    assert clock(case.pk, "bundled").state == "running"
    go_on(town, case.pk, ("close",))
    assert clock(case.pk, "bundled").state == "stopped"
    all_is_whole()


@pytest.mark.parametrize(("rule", "left"), [("restart", 2), ("go_on", 1)])
def test_rework_starts_again_or_goes_on(town: Town, rule: str, left: int) -> None:
    ClockPolicy.objects.create(stream_id=STREAM, rework=rule)
    case = walk(town, WAYS["handling"])
    later(hours=1)
    go_on(town, case.pk, ("finish", "send_check", "answer_check"))
    later(hours=7)
    go_on(town, case.pk, ("rework",))
    assert clock(case.pk).due_at == timezone.now() + timedelta(hours=left)
    assert len(spans_of(clock(case.pk))) == (1 if rule == "restart" else 2)
    all_is_whole()


def test_a_type_of_limit_is_chosen_or_follows_the_grade_of_the_cell(town: Town) -> None:
    FilingCondition.objects.filter(pk=town.missing_cover.pk).update(
        types={"A": ["1", "natural_hour"], "B": ["4", "working_hour"]}
    )
    plain = walk(town, WAYS["dispatched"])
    assert clock(plain.pk).quota == 2, "no type: the condition's own limit"
    chosen = walk(town, ())
    move(chosen.pk, "file", town.lei, condition_id=town.missing_cover.pk, limit_type="B")
    move(chosen.pk, "dispatch", town.bo)
    assert (clock(chosen.pk).quota, clock(chosen.pk).unit) == (Decimal(4), "working_hour")
    LimitType.objects.create(code="A", name="核心区", name_en="core zone", grades=["core"])
    Cell.objects.filter(code=Report.objects.get(pk=plain.pk).cell_code).update(management_grade="core")
    graded = walk(town, WAYS["dispatched"])
    assert clock(graded.pk).quota == 1
    assert Report.objects.get(pk=graded.pk).limit_type == "A"


def test_a_seasonal_limit_waits_for_its_season(town: Town) -> None:
    Season.objects.create(key="planting_season", name="种植季节", days="03-15/04-30")
    FilingCondition.objects.filter(pk=town.missing_cover.pk).update(
        quota=1, unit="working_day", season="planting_season"
    )
    case = walk(town, WAYS["dispatched"])
    assert clock(case.pk).due_at == datetime.fromisoformat("2026-03-16T18:00:00+08:00"), "a Monday in season"
    why = Caller(town.chen).get(f"/cases/{case.pk}/deadlines").json()["clocks"][-1]
    assert "season" in {piece["piece"] for piece in why["pieces"]}
    all_is_whole()


def test_acceptance_ends_where_filing_begins(town: Town) -> None:
    case = walk(town, WAYS["verifying"])
    assert clock(case.pk, "accepting").state == "paused"
    go_on(town, case.pk, ("answer_verify",))
    assert (clock(case.pk, "accepting").state, clock(case.pk, "filing").state) == ("stopped", "running")


# --- a calendar that changes --------------------------------------------------------------------------------


def test_a_new_day_off_moves_running_clocks_writes_it_down_and_tells(town: Town) -> None:
    calendar = WorkingCalendar.objects.create(code="china", name="全国")
    forget_calendars()
    working(town)
    case, ended = walk(town, WAYS["handling"]), walk(town, WAYS["handled"])
    was, kept = clock(case.pk).due_at, clock(ended.pk).due_at
    assert was == MONDAY + timedelta(days=1)
    CalendarDay.objects.create(calendar=calendar, day=date(2026, 3, 3), is_working=False, note="停电")
    moved = settle_calendars()
    assert [(row.case, row.clock, row.was, row.now) for row in moved] == [
        (case.number, "handling", was, MONDAY + timedelta(days=2))
    ]
    case.refresh_from_db()
    assert case.due_at == MONDAY + timedelta(days=2)
    last = journal.of_case(case.pk)[-1]
    assert (last.verb, last.actor_id) == ("recompute", None)
    assert last.facts["clocks"]["handling"]["was"] == journal.instant(was)
    assert clock(ended.pk).due_at == kept, "an ended clock keeps the date of its day"
    notice = Notice.objects.get(template="deadline_moved")
    assert notice.recipient_id == town.chen.person_id
    all_is_whole()
    move(case.pk, "finish", town.chen, version=case.version - 1, photos=[_photo(town)])
    assert settle_calendars() == []
    assert CalendarRecord.objects.filter(settled_at__isnull=True).exists(), (
        "others may still hold the old one"
    )
    later(seconds=SETTLED_AFTER.total_seconds() + 3600 * 24 * 365)
    settle_calendars()
    assert not CalendarRecord.objects.filter(settled_at__isnull=True).exists()


def test_an_import_shows_the_deadlines_it_would_move(town: Town, tmp_path: Path) -> None:
    WorkingCalendar.objects.create(code="china", name="全国")
    forget_calendars()
    working(town)
    case = walk(town, WAYS["handling"])
    file = tmp_path / "days.csv"
    file.write_text("day,is_working,slots,note,note_en,status\n2026-03-03,0,,停电,power cut,published\n")
    for option, expected in (((), MONDAY + timedelta(days=1)), (("--commit",), MONDAY + timedelta(days=2))):
        out = StringIO()
        call_command("import_calendar", "--file", str(file), "--json", *option, stdout=out)
        found = json.loads(out.getvalue())
        assert [row["case"] for row in found["deadlines"]] == [case.number]
        assert found["deadlines"][0]["now"] == "2026-03-04T01:00:00Z"
        settle_calendars()
        assert clock(case.pk).due_at == expected, option


def test_an_ended_clock_is_explained_by_the_calendar_of_its_day(town: Town) -> None:
    calendar = WorkingCalendar.objects.create(code="china", name="全国")
    CalendarRecord.objects.update(made_by=0)  # by a transaction before: of one, only the last version is kept
    forget_calendars()
    working(town)
    ended = walk(town, WAYS["handling"])
    later(hours=25)
    go_on(town, ended.pk, ("finish",))
    CalendarDay.objects.create(calendar=calendar, day=date(2026, 3, 3), is_working=False, note="停电")
    forget_calendars()
    why = Caller(town.lei).get(f"/cases/{ended.pk}/deadlines").json()
    handling = next(c for c in why["clocks"] if c["name"] == "handling")
    counted = sum(piece["hours"] for piece in handling["pieces"] if piece["piece"] == "counted")
    assert (counted, handling["due_at"]) == (8.0, "2026-03-03T01:00:00Z")


# --- why, and a check that finds what is wrong --------------------------------------------------------------


@pytest.mark.parametrize(("language", "word"), [("en", "Limit: 8 working hours"), ("zh-hans", "时限")])
def test_why_in_words_and_pieces(town: Town, language: str, word: str) -> None:
    working(town)
    case = walk(town, WAYS["handling"])
    later(hours=8)
    Person.objects.filter(pk=town.chen.person_id).update(language=language)
    why = Caller(town.chen).get(f"/cases/{case.pk}/deadlines").json()
    handling = next(c for c in why["clocks"] if c["name"] == "handling")
    assert handling["words"][0].startswith(word)
    pieces = handling["pieces"]
    assert [piece["piece"] for piece in pieces] == ["counted", "night", "counted", "night", "counted"]
    assert sum(piece["hours"] for piece in pieces) == 8.0
    assert pieces[0]["from_at"] == handling["started_at"]
    assert pieces[-1]["to_at"] == handling["due_at"]
    assert [day["counted_hours"] for day in handling["days"]] == [7.0, 1.0]


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ({"due_at": MONDAY}, "due_at"),
        ({"quota": 3}, "quota"),
        ({"spans": [["2026-03-02T00:00:00.000000Z", None]]}, "spans"),
        ({"exempt": True}, "exempt"),
        ({"state": "stopped"}, "state"),
    ],
)
def test_verify_clocks_finds_what_was_changed_by_hand(town: Town, spoil: dict[str, Any], what: str) -> None:
    case = walk(town, WAYS["handling"])
    CaseClock.objects.filter(case=case, name="handling").update(**spoil)
    found = verify_clocks(STREAM)
    assert what in {difference.what for difference in found.differences}
    assert {difference.case for difference in found.differences} == {case.number}


def test_verify_clocks_misses_a_clock(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    CaseClock.objects.filter(case=case, name="accepting").delete()
    assert [difference.what for difference in verify_clocks(STREAM).differences] == ["missing"]


# --- notices ------------------------------------------------------------------------------------------------


def test_a_person_sees_her_notices_and_mutes_her_own(town: Town) -> None:
    chen = Caller(town.chen)
    walk(town, WAYS["handling"])
    later(hours=1, minutes=40)
    sweep_due()
    page = chen.get("/notices").json()
    assert (page["unseen"], page["items"][0]["template"]) == (1, "clock_warning")
    assert chen.post("/notices/seen", {"upto": page["items"][0]["at"]}).json()["unseen"] == 0
    assert (
        refusal(chen.call("PUT", "/notices/mutes", {"muted": [{"step": "supervision"}]}), codes={422})[
            "field"
        ]
        == "muted"
    )
    chosen = chen.call("PUT", "/notices/mutes", {"muted": [{"step": "overdue"}]}).json()
    assert chosen["muted"] == [{"step": "overdue", "channel": ""}]
    later(minutes=30)
    sweep_due()
    assert chen.get("/notices").json()["unseen"] == 0
    told = Notice.objects.filter(template="case_overdue")
    assert set(told.values_list("recipient_id", flat=True)) == {town.bo.person_id, town.bea.person_id}
    assert usual(town, "dispatch") == town.bo
