"""The three figures over a city small enough to count by hand, and against a second, plain-Python count."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import IntegrityError, transaction

from casework import journal
from casework.errors import Invalid
from casework.models import Case
from dispatch.definitions import Definitions, Key, definitions_for
from dispatch.metrics import Board, Period, Row, Scope, Tally, board_of, cases_behind, figures_of
from dispatch.models import IndicatorPolicy
from tests.factories.city import LIGHTING, WATER
from tests.factories.journeys import Journey
from tests.factories.people import Town, small_town

pytestmark = pytest.mark.django_db

CITY = ZoneInfo("Asia/Shanghai")
STREAM = "110101"
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
FIRST, SECOND = "110101001001", "110101001002"  # communities: cells 0-1 and 2-3


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CITY)


class Clock:
    """Sets the hour, so that a test reads like a diary."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self.traveller = traveller

    def __call__(self, day: int, hour: int, minute: int = 0, month: int = 3) -> None:
        self.traveller.move_to(at(day, hour, minute, month))


@pytest.fixture
def town() -> Town:
    return small_town()


@pytest.fixture
def diary(town: Town) -> dict[str, Journey]:
    """March 2026 in Dongcheng, with what lies just outside of it.

    case      source     cell  filed     dispatched             closed         hours
    early     inspector  0     28 Feb    1 Mar water            2 Mar 08:00    33 from 28 Feb 23:00
    plain     inspector  0     2 Mar     2 Mar water            2 Mar 12:00    4
    sent_on   inspector  1     3 Mar     3 Mar water, lighting  4 Mar 09:30    25.5
    again     hotline    2     5 Mar     5 Mar water, water     -
    reworked  web        2     6 Mar     6 Mar lighting         31 Mar 23:59   25 days 15:59
    voided    inspector  2     7 Mar     7 Mar water            void 2 Apr
    declined  inspector  3     8 Mar     -                      sent back, declined
    refiled   inspector  3     9 Mar     10 Mar water           forced 20 Mar  -
    sensor    sensor     3     11 Mar    -                      -
    late      inspector  3     1 Apr     1 Apr water            1 Apr
    """
    made: dict[str, Journey] = {}
    with time_machine.travel(at(28, 23, month=2), tick=False) as traveller:
        now = Clock(traveller)
        made["early"] = Journey(town, cell=0).file()
        now(1, 0)
        made["early"].dispatch()
        now(2, 8)
        made["early"].handle().check().close()
        made["plain"] = Journey(town, cell=0).file().dispatch().handle()
        now(2, 12)
        made["plain"].check().close()
        now(3, 8)
        made["sent_on"] = Journey(town, cell=1).file().dispatch(WATER).give_back().dispatch(LIGHTING)
        now(4, 9, 30)
        made["sent_on"].handle().check().close()
        now(5, 8)
        made["again"] = Journey(town, source="hotline", cell=2).verify().file()
        made["again"].dispatch(WATER).give_back().dispatch(WATER)
        now(6, 8)
        made["reworked"] = Journey(town, source="web", cell=2).verify().file().dispatch(LIGHTING)
        made["reworked"].handle().check("fail").rework()
        now(7, 8)
        made["voided"] = Journey(town, cell=2).file().dispatch()
        now(8, 8)
        made["declined"] = Journey(town, cell=3).file().send_back().decline()
        now(9, 8)
        made["refiled"] = Journey(town, cell=3).file().send_back()
        now(10, 8)
        made["refiled"].file().dispatch()
        now(11, 8)
        made["sensor"] = Journey(town, source="sensor", cell=3).file()
        now(20, 8)
        made["refiled"].force_close()
        now(31, 23, 59)
        made["reworked"].handle().check().close()
        now(1, 0, month=4)
        made["late"] = Journey(town, cell=3).file().dispatch().handle().check().close()
        now(2, 8, month=4)
        made["voided"].void()
    return made


def tally(board: Board, key: Key) -> tuple[float, int, float | None]:
    figure = next(figure for figure in board.figures if figure.key == key)
    return figure.numerator, figure.denominator, figure.value


def parts(rows: tuple[Row, ...], key: Key) -> dict[str, tuple[float, int]]:
    return {
        row.code: (row.tallies[key].numerator, row.tallies[key].denominator)
        for row in rows
        if key in row.tallies and row.tallies[key].denominator
    }


def test_the_figures_of_march_counted_by_hand(diary: dict[str, Journey]) -> None:
    board = board_of(Scope(STREAM, MARCH))
    # found: plain, sent_on, refiled; missed: again, reworked. early and late were filed outside, voided and
    # declined are not valid, a sensor counts on neither side.
    assert tally(board, Key.DISCOVERY) == (3, 5, 60.0)
    # dispatched: early, plain, sent_on, again, reworked, voided, refiled; only sent_on went to another
    assert tally(board, Key.ACCURACY) == (6, 7, 85.71)
    # early 33 h (28 Feb 23:00 to 2 Mar 08:00), plain 4 h, sent_on 25.5 h, reworked 25 days 15:59
    hours = 33 + 4 + 25.5 + (25 * 24 + 15 + 59 / 60)
    assert tally(board, Key.RESOLUTION) == (round(hours, 4), 4, round(hours / 4, 2))


def test_each_department_answers_for_what_was_first_sent_to_it_and_what_it_closed(
    diary: dict[str, Journey],
) -> None:
    board = board_of(Scope(STREAM, MARCH))
    assert parts(board.by_department, Key.ACCURACY) == {WATER: (5, 6), LIGHTING: (1, 1)}
    assert {row.code: row.tallies[Key.RESOLUTION].denominator for row in board.by_department} == {
        WATER: 2,
        LIGHTING: 2,
    }
    assert all(Key.DISCOVERY not in row.tallies for row in board.by_department)


def test_areas_by_prefix_and_the_level_below(diary: dict[str, Journey]) -> None:
    city = board_of(Scope(STREAM, MARCH))
    assert parts(city.by_area, Key.DISCOVERY) == {"110101001": (3, 5)}
    street = board_of(Scope(STREAM, MARCH, "110101001"))
    assert parts(street.by_area, Key.DISCOVERY) == {FIRST: (2, 2), SECOND: (1, 3)}
    assert [row.name_en for row in street.by_area] == ["Duofuxiang Community", "Yinzha Community"]
    community = board_of(Scope(STREAM, MARCH, SECOND))
    assert tally(community, Key.DISCOVERY) == (1, 3, 33.33)
    assert parts(community.by_area, Key.DISCOVERY) == {f"{SECOND}001": (0, 2), f"{SECOND}002": (1, 1)}
    cell = board_of(Scope(STREAM, MARCH, f"{SECOND}001"))
    assert tally(cell, Key.ACCURACY) == (3, 3, 100.0)
    assert tally(board_of(Scope("110105", MARCH)), Key.ACCURACY) == (0, 0, None)


def test_days_are_the_citys_days_and_all_of_them(diary: dict[str, Journey]) -> None:
    trend = board_of(Scope(STREAM, MARCH)).trend
    assert [row.code for row in trend] == [str(day) for day in MARCH.days()]
    assert parts(trend, Key.ACCURACY) == {
        f"2026-03-{day:02}": (int(day != 3), 1) for day in (1, 2, 3, 5, 6, 7, 10)
    }
    assert parts(trend, Key.RESOLUTION)["2026-03-31"][1] == 1


def test_a_period_ends_at_midnight_of_the_city(diary: dict[str, Journey]) -> None:
    """28 Feb 23:00 in the city is the same UTC day as 1 Mar 00:00; one minute before April is still March."""
    last_of_february = board_of(Scope(STREAM, Period(date(2026, 2, 28), date(2026, 2, 28))))
    assert tally(last_of_february, Key.DISCOVERY) == (1, 1, 100.0)
    assert tally(last_of_february, Key.ACCURACY) == (0, 0, None)
    first_of_april = board_of(Scope(STREAM, Period(date(2026, 4, 1), date(2026, 4, 1))))
    assert tally(first_of_april, Key.RESOLUTION) == (0.0, 1, 0.0)
    assert MARCH.starts_at(CITY).astimezone(UTC) == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert MARCH.ends_at(CITY) - MARCH.starts_at(CITY) == timedelta(days=31)


def test_the_parts_add_up_to_the_whole(diary: dict[str, Journey]) -> None:
    board = board_of(Scope(STREAM, MARCH, "110101001"))
    for key in Key:
        numerator, denominator, _value = tally(board, key)
        splits = [board.by_area, board.trend]
        if key != Key.DISCOVERY:
            splits.append(board.by_department)
        for rows in splits:
            assert sum(row.tallies[key].denominator for row in rows) == denominator
            assert sum(row.tallies[key].numerator for row in rows) == pytest.approx(numerator, abs=0.001)


# --- a second count, from the journal in plain Python -------------------------------------------------------


def recounted(period: Period, chosen: Definitions, area: str = "") -> dict[Key, tuple[float, int]]:
    """What the definitions say, read entry by entry: no SQL, no code in common but the journal's reader."""
    cases: dict[object, list[journal.Line]] = {}
    for line in journal.walk(STREAM):
        if line.card["cell_code"].startswith(area):
            cases.setdefault(line.case_id, []).append(line)

    def inside(line: journal.Line) -> bool:
        return period.first <= line.at.astimezone(CITY).date() <= period.last

    found = missed = accurate = dispatched = closed = 0
    hours = 0.0
    for every in cases.values():
        taken_back = {line.facts["undone"] for line in every if line.verb == "undo"}
        lines = [line for line in every if line.case_seq not in taken_back]
        filings = [line for line in lines if line.verb == "file"]
        ended_badly = lines[-1].state_to in ("void", "declined", "withdrawn")
        if filings and inside(filings[0]) and not ended_badly:
            found += lines[0].facts["source"] == "inspector"
            missed += lines[0].facts["source"] in chosen.missed_sources
        sent = [line for line in lines if line.verb == "dispatch"]
        if sent and inside(sent[0]):
            dispatched += 1
            if chosen.accuracy == "never_reworked":
                accurate += all(line.verb != "rework" for line in lines)
            else:
                accurate += len({line.facts["organisation_code"] for line in sent}) == 1
        for line in lines:
            if line.verb in chosen.closing_verbs and inside(line):
                closed += 1
                hours += (line.at - lines[0].at).total_seconds() / 3600
    return {
        Key.DISCOVERY: (found, found + missed),
        Key.ACCURACY: (accurate, dispatched),
        Key.RESOLUTION: (pytest.approx(hours, abs=0.001), closed),  # type: ignore[dict-item]
    }


PERIODS = (
    MARCH,
    Period(date(2026, 3, 3), date(2026, 3, 6)),
    Period(date(2026, 2, 1), date(2026, 4, 30)),
    Period(date(2026, 4, 1), date(2026, 4, 2)),
    Period(date(2025, 1, 1), date(2025, 12, 31)),
)


def test_the_figures_are_those_of_an_independent_count(diary: dict[str, Journey]) -> None:
    other = {"accuracy": "never_reworked", "count_forced": True, "missed_sources": ["sensor", "web"]}
    for policy in (None, other):
        if policy:
            IndicatorPolicy.objects.create(stream_id=STREAM, valid_from=date(2020, 1, 1), **policy)
        for period in PERIODS:
            chosen = definitions_for(STREAM, period.last)
            for area in ("", STREAM, SECOND, f"{FIRST}002"):
                wanted = recounted(period, chosen, area)
                for figure in figures_of(Scope(STREAM, period, area)):
                    told = (figure.numerator, figure.denominator)
                    assert told == wanted[figure.key], (figure.key, period, area, policy)


# --- definitions --------------------------------------------------------------------------------------------


def test_the_definition_in_force_on_the_last_day_counts_and_says_so(diary: dict[str, Journey]) -> None:
    IndicatorPolicy.objects.create(
        stream_id=STREAM, valid_from=date(2026, 3, 31), accuracy="never_reworked", count_forced=True
    )
    IndicatorPolicy.objects.create(stream_id=STREAM, valid_from=date(2026, 4, 1), missed_sources=[])
    board = board_of(Scope(STREAM, MARCH))
    assert tally(board, Key.ACCURACY) == (6, 7, 85.71)  # reworked instead of sent_on
    assert tally(board, Key.RESOLUTION)[1] == 5  # refiled, closed by force
    assert parts(board.by_department, Key.ACCURACY) == {WATER: (6, 6), LIGHTING: (0, 1)}
    assert board.definitions.valid_from == date(2026, 3, 31)
    april = board_of(Scope(STREAM, Period(date(2026, 3, 1), date(2026, 4, 1))))
    assert tally(april, Key.DISCOVERY) == (4, 4, 100.0)
    before = board_of(Scope(STREAM, Period(date(2026, 3, 1), date(2026, 3, 30))))
    assert before.definitions == Definitions()


def test_the_words_name_the_choices(db: None) -> None:
    from django.utils.translation import override

    from dispatch.definitions import words_of

    with override("en"):
        usual, other = Definitions(), Definitions(("media",), "never_reworked", True)
        assert "hotline 12319, web or app" in words_of(Key.DISCOVERY, usual)
        assert "came by: media." in words_of(Key.DISCOVERY, other)
        for key in Key:
            assert words_of(key, usual) != words_of(key, other)


def test_what_inspectors_found_cannot_be_what_they_missed(town: Town) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        IndicatorPolicy.objects.create(
            stream_id=STREAM, valid_from=date(2026, 1, 1), missed_sources=["web", "inspector"]
        )


# --- edges --------------------------------------------------------------------------------------------------


def test_nothing_counted_has_no_value_and_values_round_half_up() -> None:
    from decimal import Decimal

    assert Tally.of(Key.ACCURACY, Decimal(0), 0) == Tally(0, 0, None)
    assert Tally.of(Key.DISCOVERY, Decimal(911), 972).value == 93.72  # Tianmen, December 2016
    assert Tally.of(Key.ACCURACY, Decimal(1), 800).value == 0.13  # 0.125
    assert Tally.of(Key.RESOLUTION, Decimal(3600) * 27, 2) == Tally(27.0, 2, 13.5)


def test_wrong_questions_are_refused_in_words() -> None:
    asked: list[tuple[str, Callable[[], object]]] = [
        ("to", lambda: Period(date(2026, 3, 2), date(2026, 3, 1))),
        ("area", lambda: Scope(STREAM, MARCH, "1101")),
        ("area", lambda: Scope(STREAM, MARCH, "11010１")),
        ("area", lambda: Scope(STREAM, MARCH, "110105001")),
        ("key", lambda: cases_behind("closing_rate", "numerator", Scope(STREAM, MARCH))),
        ("part", lambda: cases_behind(Key.ACCURACY, "all", Scope(STREAM, MARCH))),
        ("after", lambda: cases_behind(Key.ACCURACY, "rest", Scope(STREAM, MARCH), after="%%")),
    ]
    for field, ask in asked:
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.field == field


# --- the cases behind ---------------------------------------------------------------------------------------


def ids(diary: dict[str, Journey], *names: str) -> list[str]:
    return [str(diary[name].id) for name in names]


def test_the_cases_behind_are_those_counted_latest_first(diary: dict[str, Journey]) -> None:
    scope = Scope(STREAM, MARCH)

    def behind(key: Key, part: str) -> list[str]:
        return [card["id"] for card in cases_behind(key, part, scope).items]

    assert behind(Key.DISCOVERY, "numerator") == ids(diary, "refiled", "sent_on", "plain")
    assert behind(Key.DISCOVERY, "rest") == ids(diary, "reworked", "again")
    assert behind(Key.ACCURACY, "rest") == ids(diary, "sent_on")
    assert behind(Key.RESOLUTION, "numerator") == behind(Key.RESOLUTION, "denominator")
    assert behind(Key.RESOLUTION, "denominator") == ids(diary, "reworked", "sent_on", "plain", "early")
    assert behind(Key.RESOLUTION, "rest") == []


def test_their_cards_are_todays_with_what_each_adds(diary: dict[str, Journey]) -> None:
    scope = Scope(STREAM, MARCH)
    items = cases_behind(Key.RESOLUTION, "denominator", scope).items
    assert [item["amount"] for item in items] == [pytest.approx(615.9833), 25.5, 4.0, 33.0]
    voided = next(i for i in cases_behind(Key.ACCURACY, "numerator", scope).items if i["state"] == "void")
    assert voided["counted_at"] == journal.instant(at(7, 8))
    assert {k: voided[k] for k in diary["voided"].case.card} == diary["voided"].case.card


def test_pages_follow_one_another_without_loss(town: Town) -> None:
    """All are counted at the same instant, so the id must break ties."""
    with time_machine.travel(at(5, 8), tick=False):
        made = [str(Journey(town).file().dispatch().id) for _ in range(7)]
    for limit in (1, 2, 3, 7, 100):
        paged: list[str] = []
        after: str | None = None
        while True:
            page = cases_behind(Key.ACCURACY, "denominator", Scope(STREAM, MARCH), after=after, limit=limit)
            paged += [card["id"] for card in page.items]
            after = page.next
            if after is None:
                break
            assert len(page.items) == limit
        assert paged == sorted(made, reverse=True)


def test_a_board_costs_the_same_queries_whatever_it_shows(
    diary: dict[str, Journey], django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    for scope in (Scope(STREAM, MARCH), Scope(STREAM, Period(date(2026, 3, 2), date(2026, 3, 2)))):
        with django_assert_num_queries(6):
            board_of(scope)
    with django_assert_num_queries(5):  # cells have no names
        board_of(Scope(STREAM, MARCH, SECOND))
    with django_assert_num_queries(3):
        cases_behind(Key.ACCURACY, "denominator", Scope(STREAM, MARCH))
    assert Case.objects.count() == len(diary)
