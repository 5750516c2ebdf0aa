"""Patrol: positions only while on duty, kept as long as the city says, seen by whom it concerns."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import patrol
from dispatch.metrics import Period, Scope
from dispatch.models import CellVisit, PatrolPolicy, Shift, Track
from dispatch.patrol import HOLE, Fix, stays, switch, take_track
from dispatch.patrol_figures import PatrolKey, missed_cases, patrol_board
from tests.factories.calls import Caller, refusal
from tests.factories.journeys import Journey
from tests.factories.people import Town, photo_of

pytestmark = pytest.mark.django_db

NINE = datetime.fromisoformat("2026-03-02T09:00:00+08:00")


class Phone:
    """Alice's phone, whose clock may be wrong; `at` is minutes after nine by the right clock."""

    def __init__(self, town: Town, *, wrong: timedelta = timedelta()) -> None:
        self.town, self.wrong = town, wrong
        self.shift = uuid4()
        self.caller = Caller(town.alice)

    def clock(self, at: float) -> datetime:
        return NINE + timedelta(minutes=at) + self.wrong

    def duty(self, on: bool, at: float, *, sent: float | None = None, shift: UUID | None = None) -> Any:
        with time_machine.travel(NINE + timedelta(minutes=at if sent is None else sent), tick=False):
            body = {
                "on": on, "id": str(shift or self.shift), "device_at": self.clock(at).isoformat(),
                "sent_at": self.clock(at if sent is None else sent).isoformat(),
            }  # fmt: skip
            response = self.caller.call("PUT", "/patrol/shift", body)
        assert response.status_code == 200, response.content
        return response.json()

    def walk(self, *steps: tuple[float, int], sent: float, batch: UUID | None = None, **more: Any) -> Any:
        """Positions in cells at minutes, sent at a minute."""
        with time_machine.travel(NINE + timedelta(minutes=sent), tick=False):
            fixes = []
            for at, cell in steps:
                lon, lat = self.town.city.inside(cell)
                fix = {"at": self.clock(at).isoformat(), "lon": lon, "lat": lat, "accuracy_m": 8}
                fixes.append({**fix, **more})
            body = {"id": str(batch or uuid4()), "sent_at": self.clock(sent).isoformat(), "fixes": fixes}
            response = self.caller.post("/patrol/track", body)
        assert response.status_code == 200, response.content
        return response.json()


@pytest.fixture
def phone(town: Town) -> Phone:
    return Phone(town)


def visits() -> list[tuple[str, float, float]]:
    """Cell, and minutes after nine."""
    return [
        (v.cell_code[-6:], (v.came_at - NINE).total_seconds() / 60, (v.left_at - NINE).total_seconds() / 60)
        for v in CellVisit.objects.order_by("came_at", "cell_code")
    ]


# --- the switch --------------------------------------------------------------------------------------------


def test_on_and_off_and_every_repeat_is_harmless(phone: Phone) -> None:
    first, again = phone.duty(True, 0), phone.duty(True, 0)
    assert first["on"]
    assert first["shift"] == again["shift"]
    off = [phone.duty(False, 60) for _ in range(2)]
    assert [one["on"] for one in off] == [False, False]
    phone.duty(True, 0)  # the first message arrives once more, late: the shift stays ended
    shift = Shift.objects.get()
    assert (shift.began_at, shift.ended_at) == (NINE, NINE + timedelta(hours=1))


def test_a_new_shift_ends_one_that_was_forgotten(phone: Phone) -> None:
    phone.duty(True, 0)
    phone.duty(True, 100, shift=uuid4())
    assert Shift.objects.filter(ended_at=None).count() == 1
    assert Shift.objects.get(pk=phone.shift).ended_at == NINE + timedelta(minutes=100)


def test_the_database_knows_no_two_open_shifts_and_no_position_after_one(town: Town) -> None:
    make = {"stream_id": "110101", "person_id": town.alice.person_id, "began_at": NINE}
    shift = Shift.objects.create(id=uuid4(), **make)
    with pytest.raises(IntegrityError), transaction.atomic():
        Shift.objects.create(id=uuid4(), **make)
    with pytest.raises(IntegrityError), transaction.atomic():
        Shift.objects.filter(pk=shift.pk).update(ended_at=NINE, last_place="SRID=4326;POINT(116.4 39.9)")


def test_a_switch_touched_without_a_network_counts_from_when_it_was_touched(town: Town) -> None:
    phone = Phone(town, wrong=timedelta(hours=-2))
    phone.duty(True, 0, sent=45)
    assert Shift.objects.get().began_at == NINE


def test_somebody_elses_shift_is_hers(town: Town, phone: Phone) -> None:
    phone.duty(True, 0)
    body = {"on": False, "id": str(phone.shift), "device_at": NINE.isoformat()}
    error = refusal(Caller(town.ava).call("PUT", "/patrol/shift", body), codes={422})
    assert error["code"] == "conflict"
    assert Shift.objects.get().ended_at is None


def test_a_shift_nobody_ended_ends_itself(phone: Phone) -> None:
    phone.duty(True, 0)
    phone.walk((5, 0), sent=6)
    assert patrol.end_forgotten(NINE + timedelta(hours=15)) == 0
    assert patrol.end_forgotten(NINE + timedelta(hours=17)) == 1
    shift = Shift.objects.get()
    assert (shift.ended_at, shift.last_place) == (NINE + timedelta(minutes=5), None)


# --- the track ---------------------------------------------------------------------------------------------


def test_positions_become_visits_and_a_batch_sent_twice_is_one(phone: Phone) -> None:
    phone.duty(True, 0)
    batch = uuid4()
    steps = ((1, 0), (2, 0), (5, 0), (6, 1), (7, 1))
    assert phone.walk(*steps, sent=8, batch=batch)["kept"] == 5
    again = phone.walk(*steps, sent=9, batch=batch)
    assert (again["kept"], again["repeated"]) == (5, True)
    assert visits() == [("001001", 1, 5), ("001002", 6, 7)]
    assert Track.objects.count() == 1


def test_a_hole_of_more_than_ten_minutes_makes_two_visits_and_a_late_batch_closes_it(phone: Phone) -> None:
    phone.duty(True, 0)
    phone.walk((1, 0), (2, 0), sent=3)
    phone.walk((20, 0), (21, 0), sent=22)
    assert visits() == [("001001", 1, 2), ("001001", 20, 21)]
    phone.walk((11, 0), sent=30)  # was sent late
    assert visits() == [("001001", 1, 21)]


def test_outside_every_shift_nothing_is_kept(phone: Phone) -> None:
    assert phone.walk((1, 0), (2, 1), sent=3) | {"id": ""} == {
        "id": "", "kept": 0, "dropped": 2, "repeated": False,
    }  # fmt: skip
    phone.duty(True, 10)
    phone.duty(False, 20)
    kept = phone.walk((1, 0), (15, 1), (30, 2), sent=31)
    assert (kept["kept"], kept["dropped"]) == (1, 2)
    assert visits() == [("001002", 15, 15)]
    assert [len(track.ats) for track in Track.objects.order_by("received_at")] == [0, 1]


def test_the_clock_of_the_phone_may_be_two_hours_wrong(town: Town) -> None:
    for n, wrong in enumerate((timedelta(hours=2), timedelta(hours=-2))):
        phone = Phone(town, wrong=wrong)
        start = 100 * n
        phone.duty(True, start)
        phone.walk((start + 5, 0), sent=start + 30)
        phone.duty(False, start + 40)
    assert [(came, left) for _, came, left in visits()] == [(5, 5), (105, 105)]


def test_an_unsure_position_is_kept_but_visits_no_cell(phone: Phone) -> None:
    phone.duty(True, 0)
    assert phone.walk((1, 0), sent=2, accuracy_m=500)["kept"] == 1
    assert visits() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"accuracy_m": -1}, 422), ({"accuracy_m": "nan"}, 422), ({"lon": 200.0}, 422), ({"at": "now"}, 422),
        ({"at": "2026-03-02T09:00:00"}, 422), ({"datum": "mars"}, 422),
    ],
)  # fmt: skip
def test_positions_that_cannot_be_are_refused_and_nothing_is_kept(
    town: Town, phone: Phone, change: dict[str, Any], status: int
) -> None:
    phone.duty(True, 0)
    lon, lat = town.city.inside(0)
    good = {"at": NINE.isoformat(), "lon": lon, "lat": lat, "accuracy_m": 8}
    body = {"id": str(uuid4()), "sent_at": NINE.isoformat(), "fixes": [good, {**good, **change}]}
    refusal(Caller(town.alice).post("/patrol/track", body), codes={status})
    assert Track.objects.count() == CellVisit.objects.count() == 0


def test_more_than_five_hundred_positions_come_in_two(town: Town) -> None:
    lon, lat = town.city.inside(0)
    fix = {"at": NINE.isoformat(), "lon": lon, "lat": lat, "accuracy_m": 8}
    body = {"id": str(uuid4()), "sent_at": NINE.isoformat(), "fixes": [fix] * 501}
    refusal(Caller(town.alice).post("/patrol/track", body), codes={422})


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ab")), max_size=60))
@settings(max_examples=200, deadline=None)
def test_stays_cover_every_position_and_end_at_holes(seen: list[tuple[int, str]]) -> None:
    instants = sorted((NINE + timedelta(minutes=minute), cell) for minute, cell in seen)
    found = stays(instants)
    for at, cell in instants:
        assert any(c == cell and came <= at <= left for c, came, left in found)
    for cell in "ab":
        own = sorted((came, left) for c, came, left in found if c == cell)
        own_instants = [at for at, c in instants if c == cell]
        for (_, left), (came, _) in pairwise(own):
            assert came - left > HOLE
        for came, left in own:
            inside = [at for at in own_instants if came <= at <= left]
            assert inside[0] == came
            assert inside[-1] == left
            assert all(b - a <= HOLE for a, b in pairwise(inside))


# --- who sees what -----------------------------------------------------------------------------------------


def positions(who: Any) -> list[dict[str, Any]]:
    response = Caller(who).get("/patrol/positions")
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["items"]
    return found


def test_the_centres_see_a_position_only_while_on_duty_with_its_age(town: Town, phone: Phone) -> None:
    phone.duty(True, 0)
    assert positions(town.bo) == []  # on duty, but nothing sent yet
    phone.walk((1, 0), (3, 1), sent=4)
    with time_machine.travel(NINE + timedelta(minutes=13), tick=False):
        for who in (town.bo, town.lei, town.amy, town.mo):
            (seen,) = positions(who)
            assert (seen["name"], seen["age_s"]) == ("Alice", 600)
            assert (seen["lon"], seen["lat"]) == tuple(round(n, 6) for n in town.city.inside(1))
        for who in (town.alice, town.ava, town.chen):
            refusal(Caller(who).get("/patrol/positions"), codes={403})
    phone.walk((2, 2), sent=14)  # an older one comes late: the newest stays
    assert positions(town.bo)[0]["lon"] == round(town.city.inside(1)[0], 6)
    phone.duty(False, 15)
    assert positions(town.bo) == []


def test_she_sees_what_is_stored_about_her_and_until_when(town: Town, phone: Phone) -> None:
    phone.duty(True, 0)
    phone.walk((1, 0), (2, 0), sent=3)
    mine = phone.caller.get("/patrol/mine").json()
    assert (mine["fixes"], mine["visits"], mine["keep_days"]) == (2, 1, 30)
    assert mine["deleted_by"] == "2026-04-01"
    assert mine["shifts"][0]["fixes"] == 2
    track = phone.caller.get(f"/patrol/mine/{phone.shift}").json()["fixes"]
    assert [fix[:3] for fix in track] == [[*town.city.inside(0), 8.0]] * 2
    refusal(Caller(town.ava).get(f"/patrol/mine/{phone.shift}"), codes={404})
    assert Caller(town.ava).get("/patrol/mine").json()["fixes"] == 0
    with time_machine.travel(NINE + timedelta(days=1), tick=False):
        duty = phone.caller.get("/patrol/shift").json()
    assert {cell["code"]: cell["visited_at"] is not None for cell in duty["cells"]} == {
        cell.code: n == 0 for n, cell in enumerate(town.city.cells[:4])
    }
    assert duty["watched_by"]


def test_what_is_due_is_deleted_and_nothing_else(town: Town, phone: Phone) -> None:
    phone.duty(True, 0)
    phone.walk((1, 0), sent=2)
    due = NINE.date() + timedelta(days=30)
    assert patrol.forget_due(due - timedelta(days=1)).tracks == 0
    assert patrol.forget_due(due).tracks == 1
    assert phone.caller.get(f"/patrol/mine/{phone.shift}").json()["fixes"] == []
    assert CellVisit.objects.count() == 1
    assert patrol.forget_due(NINE.date() + timedelta(days=400)).visits == 1
    assert Shift.objects.count() == 1  # that she worked is no position


def test_a_shorter_time_holds_for_what_is_stored_already(town: Town, phone: Phone) -> None:
    phone.duty(True, 0)
    phone.walk((1, 0), sent=2)
    PatrolPolicy.objects.create(stream_id="110101", keep_track_days=3, keep_visits_days=5)
    assert patrol.forget_due(NINE.date() + timedelta(days=2)).tracks == 0
    assert Track.objects.get().delete_on == NINE.date() + timedelta(days=3)
    assert patrol.forget_due(NINE.date() + timedelta(days=3)).tracks == 1
    assert patrol.forget_due(NINE.date() + timedelta(days=5)).visits == 1


def test_positions_stand_nowhere_but_in_tracks_and_shifts(phone: Phone) -> None:
    """No position of hers stays in any other table once tracks are deleted and the shift has ended."""
    phone.duty(True, 0)
    phone.walk((1, 0), sent=2)
    phone.duty(False, 3)
    patrol.forget_due(NINE.date() + timedelta(days=30))
    with connection.cursor() as cursor:
        for table in ("dispatch_track", "dispatch_shift", "dispatch_cellvisit"):
            cursor.execute(f"SELECT string_agg(row::text, '') FROM {table} AS row")
            assert "116.41" not in (cursor.fetchone()[0] or "")
        cursor.execute("SELECT count(*) FROM dispatch_shift WHERE last_place IS NOT NULL")
        assert cursor.fetchone()[0] == 0


# --- figures -----------------------------------------------------------------------------------------------


def figures(town: Town) -> dict[PatrolKey, tuple[int, int]]:
    day = NINE.date()
    board = patrol_board(Scope("110101", Period(day, day)))
    return {figure.key: (figure.numerator, figure.denominator) for figure in board.figures}


def test_coverage_counts_cells_seen_of_cells_walked_on_days_on_duty(town: Town, phone: Phone) -> None:
    assert figures(town)[PatrolKey.COVERAGE] == (0, 0)
    phone.duty(True, 0)
    phone.walk((1, 0), (2, 2), (3, 5), sent=4)  # the last one is not hers to walk
    phone.duty(False, 60)
    assert figures(town)[PatrolKey.COVERAGE] == (2, 4)


@pytest.mark.parametrize(
    ("story", "missed"),
    [("just before", 1), ("long before", 0), ("after", 0), ("another cell", 0), ("she joined it", 0)],
)
def test_missed_is_what_the_public_told_of_where_an_inspector_had_just_been(
    town: Town, phone: Phone, story: str, missed: int
) -> None:
    """Filed at eleven o'clock, told by a citizen at half past ten."""
    at = {"long before": -300, "after": 95}.get(story, 60)
    phone.duty(True, -400)
    phone.walk((at, 1 if story == "another cell" else 0), sent=max(at, 0) + 1)
    with time_machine.travel(NINE + timedelta(minutes=90), tick=False):
        journey = Journey(town, source="hotline")
    if story == "she joined it":
        with time_machine.travel(NINE + timedelta(minutes=91), tick=False):
            body = {"id": str(uuid4()), "photos": [str(photo_of(town.alice))]}
            assert Caller(town.alice).post(f"/cases/{journey.id}/join", body).status_code == 201
    with time_machine.travel(NINE + timedelta(minutes=120), tick=False):
        journey.verify().file()
    assert figures(town)[PatrolKey.MISSED] == (missed, 1)
    scope = Scope("110101", Period(NINE.date(), NINE.date()))
    assert missed_cases(scope) == ({journey.id: [town.alice.person_id]} if missed else {})


def test_what_inspectors_found_and_what_was_undone_is_never_missed(town: Town, phone: Phone) -> None:
    phone.duty(True, 0)
    phone.walk((1, 0), sent=2)
    with time_machine.travel(NINE + timedelta(minutes=10), tick=False):
        Journey(town).file()
        Journey(town, source="hotline").verify().file().void()
        Journey(town, source="hotline").decline()
    assert figures(town)[PatrolKey.MISSED] == (0, 0)


def test_the_hours_are_the_citys(town: Town, phone: Phone) -> None:
    PatrolPolicy.objects.create(stream_id="110101", missed_hours=1)
    phone.duty(True, 0)
    phone.walk((1, 0), sent=2)
    with time_machine.travel(NINE + timedelta(minutes=90), tick=False):
        Journey(town, source="hotline").verify().file()
    assert figures(town)[PatrolKey.MISSED] == (0, 1)
    PatrolPolicy.objects.update(missed_hours=2)
    assert figures(town)[PatrolKey.MISSED] == (1, 1)


def test_the_board_names_definition_and_shares(town: Town) -> None:
    now = timezone.now()
    shift = uuid4()
    switch(town.alice, on=True, shift_id=shift, device_at=now, sent_at=now)
    lon, lat = town.city.inside(0)
    take_track(town.alice, batch_id=uuid4(), sent_at=now, fixes=[Fix(now, lon, lat, 5)])
    board = Caller(town.mo).get("/patrol/figures").json()
    assert [figure["key"] for figure in board["figures"]] == [key.value for key in PatrolKey]
    for figure in board["figures"]:
        assert figure["definition"]
    (alice,) = board["by_inspector"]
    assert (alice["name"], alice["coverage"]) == ("Alice", {"numerator": 1, "denominator": 4})
