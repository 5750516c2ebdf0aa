"""What is drawn for the sample city depends on hour, season and place, and is the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from casework.models import Person
from dispatch.metrics import Period, Scope
from dispatch.models import CellVisit, Report, Shift
from dispatch.patrol_figures import PatrolKey, patrol_board
from gridcity.seeding.habits import EVENTS, HOURS, Habit, grounds, habit_of
from gridcity.seeding.patrols import joined, write_patrols
from gridcity.seeding.world import read_world
from tests.factories.people import Town, small_town
from tests.gridcity.test_simulate import write

NOON = datetime(2026, 11, 18, 4, tzinfo=UTC)


@pytest.fixture
def town(db: None) -> Town:
    made = small_town()
    Person.objects.update(demo=True)
    return made


@pytest.mark.parametrize("habit", [*EVENTS.values(), Habit()])
def test_a_habit_moves_reports_but_makes_no_more_of_them(habit: Habit) -> None:
    daily = sum(weight * habit.at_hour(hour + 0.5) for hour, weight in enumerate(HOURS)) / sum(HOURS)
    assert daily == pytest.approx(1)
    assert sum(habit.in_month(month) for month in range(1, 13)) / 12 == pytest.approx(1)


def test_stalls_come_in_the_evening_litter_in_the_morning_and_floods_in_summer() -> None:
    litter, stalls, floods = (habit_of("event", code) for code in ("0110", "0405", "0506"))
    assert litter.at_hour(7.5) > 2 * litter.at_hour(19)
    assert stalls.at_hour(19) > 2 * stalls.at_hour(8)
    assert floods.in_month(7) > 20 * floods.in_month(1)


def test_the_kinds_of_ground_do_not_overlap_and_are_the_same_in_every_run() -> None:
    cells = [f"110101001001{n:03}" for n in range(500)]
    found = grounds(cells)
    assert found == grounds(list(reversed(cells)))
    assert {kind: len(some) for kind, some in found.items()} == {
        "market": 10, "bars": 5, "site": 7, "homes": 25, "hot": 20,
    }  # fmt: skip
    assert len(frozenset[str]().union(*found.values())) == sum(map(len, found.values()))


def test_the_same_seed_draws_the_same_and_the_hour_matters(town: Town) -> None:
    def drawn(hour: int, seed: int) -> list[tuple[str, str]]:
        world, rng = read_world("110101", NOON), Random(seed)
        at = NOON.replace(hour=hour)
        return [
            (problem.code, place.code) for problem, place in (world.problem_at(at, rng) for _ in range(400))
        ]

    morning, evening = drawn(23, 1), drawn(11, 1)  # seven and nineteen o'clock in the city
    assert morning == drawn(23, 1)
    assert morning != drawn(23, 2)
    litter = [sum(code == "0110" for code, _place in some) for some in (morning, evening)]
    assert litter[0] > 1.3 * litter[1]


def test_what_touches_is_one_span() -> None:
    hours = [NOON + timedelta(hours=n) for n in range(6)]
    assert joined([(hours[3], hours[4]), (hours[0], hours[1]), (hours[1], hours[2])]) == [
        (hours[0], hours[2]),
        (hours[3], hours[4]),
    ]


def test_patrols_agree_with_the_reports_and_fill_the_figures(
    town: Town, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    write(days=4, per_day=30)
    until = Report.objects.latest("reported_at").reported_at + timedelta(hours=1)
    world = read_world("110101", until)
    shifts, visits = write_patrols(world, seed=1, days=4, until=until)
    assert (Shift.objects.count(), CellVisit.objects.count()) == (shifts, visits)
    assert not Shift.objects.filter(ended_at=None).exists()
    for visit in CellVisit.objects.select_related("shift"):
        assert visit.shift.began_at <= visit.came_at <= visit.left_at <= (visit.shift.ended_at or until)
    for report in Report.objects.exclude(reporter=None):
        assert CellVisit.objects.filter(
            person=report.reporter, cell_code=report.cell_code,
            came_at__lte=report.reported_at, left_at__gte=report.reported_at,
        ).exists()  # fmt: skip
    day = until.date()
    figures = {
        one.key: one for one in patrol_board(Scope("110101", Period(day - timedelta(days=4), day))).figures
    }
    assert figures[PatrolKey.COVERAGE].numerator > 0
    assert write_patrols(world, seed=1, days=4, until=until) == (0, 0), "they are there already"
