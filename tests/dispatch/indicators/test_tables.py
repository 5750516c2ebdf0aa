"""Rates, scores and tables: known reports, the headline figures, and parts that add up."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError

from casework.errors import Invalid
from dispatch.definitions import Definitions
from dispatch.indicators.behind import counters_behind, facts_behind, walk
from dispatch.indicators.counters import COUNTERS, NUMBER
from dispatch.indicators.facts import fold
from dispatch.indicators.models import Scoring
from dispatch.indicators.periods import By, Pieces, pieces_of
from dispatch.indicators.rates import Chosen, Rate, chosen_for, indicators, rate_of
from dispatch.indicators.rollup import catch_up
from dispatch.indicators.scores import DEFAULT, band_points, check_rules, score_of
from dispatch.indicators.tables import Asked, Table, table_of
from dispatch.metrics import Period, Scope, board_of
from dispatch.models import IndicatorPolicy
from tests.factories.calls import Caller
from tests.factories.city import LIGHTING, WATER
from tests.factories.entries import CITY, Entries
from tests.factories.journeys import Journey
from tests.factories.people import Town

STREAM = "110101"
DEFAULTS = Chosen(Definitions(), "to_close", None)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo("Asia/Shanghai"))


def rates(sums: dict[str, int], chosen: Chosen = DEFAULTS) -> dict[str, Rate]:
    return {each.key: rate_of(each, sums) for each in indicators(chosen)}


# --- Tianmen, December 2016 (a published report) ------------------------------------------------------------


def tianmen(*, filed: int, to_close: int, closed: int, on_time: int, by_public: int) -> dict[str, int]:
    """Cases made one by one whose journals must give the figures of the report."""
    first, as_of = datetime(2016, 12, 1, 9, tzinfo=CITY), datetime(2016, 12, 31, 12, tzinfo=CITY)
    total: dict[str, int] = {}
    for number in range(filed):
        source = "hotline" if number < by_public else "inspector"
        case = Entries(source, at=first + timedelta(minutes=number)).file()
        # in time; late; overdue and open; not due yet
        due = 24 if number < to_close else 24 * 60
        case.dispatch(due=due)
        if number < closed:
            case.finish(hours=5 if number < on_time else 30).check().close()
        for fact, amount in fold(case.steps, CITY, as_of).facts.items():
            assert fact.day.month == 12
            total[fact.counter] = total.get(fact.counter, 0) + amount
    return total


def test_tianmen_all_cases() -> None:
    sums = tianmen(filed=996, to_close=972, closed=911, on_time=737, by_public=43)
    found = rates(sums)
    assert found["closing_rate"] == Rate(911, 972, 93.72)
    assert found["close_on_time_rate"] == Rate(737, 972, 75.82)
    assert found["missed_report_rate"] == Rate(43, 996, 4.32)
    assert (sums["valid_inspector"], sums["filed"]) == (953, 996)
    assert found["discovery_rate"] == Rate(953, 996, 95.68)


@pytest.mark.parametrize(
    ("filed", "to_close", "closed", "rate"), [(971, 956, 902, 94.35), (25, 16, 9, 56.25)]
)
def test_tianmen_events_and_components(filed: int, to_close: int, closed: int, rate: float) -> None:
    sums = tianmen(filed=filed, to_close=to_close, closed=closed, on_time=closed, by_public=0)
    assert rates(sums)["closing_rate"] == Rate(closed, to_close, rate)


# --- formulas -----------------------------------------------------------------------------------------------


def test_every_counter_of_every_formula_exists_and_nothing_is_divided_by_nothing() -> None:
    for each in indicators(DEFAULTS):
        assert {*each.above, *each.below, *each.less} <= set(COUNTERS), each.key
        assert rate_of(each, {}) == Rate(0, 0, None)


def test_what_differs_between_cities_changes_the_formula_and_its_words() -> None:
    sums = {
        "dispatched": 10, "dispatched_direct": 8, "dispatched_unreworked": 9, "to_close": 20, "handled": 10,
        "reworked": 1, "closed": 5, "forced": 5, "valid_inspector": 6, "valid_hotline": 2, "valid_sensor": 2,
    }  # fmt: skip
    other = Chosen(Definitions(("sensor",), "never_reworked", True), "handled", None)
    mine, theirs = rates(sums), rates(sums, other)
    changed = {key for key in mine if mine[key] != theirs[key]}
    assert changed >= {"dispatch_accuracy", "rework_rate", "mean_resolution_hours"}
    assert (mine["dispatch_accuracy"].value, theirs["dispatch_accuracy"].value) == (80.0, 90.0)
    assert (mine["rework_rate"].value, theirs["rework_rate"].value) == (5.0, 10.0)
    words = {each.key: each.words for each in indicators(DEFAULTS)}
    for each in indicators(other):
        if each.key in ("dispatch_accuracy", "rework_rate", "discovery_rate"):
            assert each.words != words[each.key]


# --- scores -------------------------------------------------------------------------------------------------


def test_bands_are_those_of_the_source() -> None:
    def points(band: str, counter: str, numbers: list[int]) -> list[float]:
        return [float(band_points(DEFAULT["bands"][band], {counter: n}) or 0) for n in numbers]

    assert points("accepted", "accepted", [100, 101, 301, 501, 1201, 2000, 2001]) == [
        0,
        40,
        60,
        75,
        90,
        90,
        100,
    ]
    assert points("filed_department", "filed", [50, 51, 101, 500, 1000, 1001]) == [100, 90, 75, 60, 40, 0]
    assert points("filed_area", "filed", [0, 1, 2, 3, 6, 8, 9]) == [100, 90, 90, 75, 60, 40, 0]
    assert band_points(DEFAULT["bands"]["public"], {"verified_public": 3}) is None


def test_a_department_by_the_source_and_what_is_left_out() -> None:
    sums = {"filed": 60, "to_close": 50, "close_on_time": 40, "close_late": 5, "to_handle": 50,
            "handle_on_time": 40, "handle_late": 5, "reworked": 2}  # fmt: skip
    score = score_of("department", DEFAULT, sums, rates(sums))
    assert score is not None
    # 90 × 10 + 90 × 30 + 80 × 30 + (100 − 4) × 30
    assert (score.value, score.grade, score.weight) == (88.8, "B", 100.0)
    area = score_of("area", DEFAULT, sums, rates(sums))
    assert area is not None
    assert area.weight == 90.0  # the source gives no table for the public band
    assert area.value == round((0 * 20 + 90 * 30 + 80 * 40) / 90, 2)
    nothing = score_of("dispatcher", DEFAULT, {}, rates({}))
    assert nothing is not None
    assert (nothing.value, nothing.grade, nothing.weight) == (None, "", 0.0)


def test_rules_that_cannot_be_applied_are_refused() -> None:
    keys = [each.key for each in indicators(DEFAULTS)]
    check_rules(DEFAULT, keys)
    wrong = [
        {},
        {**DEFAULT, "composites": {"mayor": []}},
        {**DEFAULT, "composites": {"area": [{"rate": "closing_rate", "weight": 90}]}},
        {**DEFAULT, "composites": {"area": [{"rate": "luck", "weight": 100}]}},
        {**DEFAULT, "bands": {**DEFAULT["bands"], "public": {"counter": "luck"}}},
        {**DEFAULT, "grades": [{"from": 0, "grade": "E"}, {"from": 90, "grade": "A"}]},
        [],
    ]
    for rules in wrong:
        with pytest.raises(ValidationError):
            check_rules(rules, keys)


# --- periods ------------------------------------------------------------------------------------------------


def test_a_period_is_whole_months_and_the_days_at_its_edges() -> None:
    assert pieces_of(MARCH) == Pieces((date(2026, 3, 1),), ())
    assert pieces_of(Period(date(2026, 2, 28), date(2026, 4, 1))) == Pieces(
        (date(2026, 3, 1),),
        ((date(2026, 2, 28), date(2026, 2, 28)), (date(2026, 4, 1), date(2026, 4, 1))),
    )
    assert pieces_of(Period(date(2025, 12, 2), date(2026, 2, 28))).months == (
        date(2026, 1, 1),
        date(2026, 2, 1),
    )
    assert pieces_of(MARCH, in_days=True) == Pieces((), ((MARCH.first, MARCH.last),))


# --- tables over a city -------------------------------------------------------------------------------------


@pytest.fixture
def march(town: Town) -> Town:
    with time_machine.travel(at(2, 9), tick=False) as clock:
        Journey(town).file().dispatch(WATER).handle().check().close()
        clock.move_to(at(3, 9))
        Journey(town, source="hotline", cell=2).verify().file().dispatch(WATER).give_back().dispatch(LIGHTING)
        clock.move_to(at(4, 9))
        late = Journey(town, cell=3).file().dispatch(LIGHTING)
        clock.move_to(at(5, 9))
        late.handle().check("fail").rework().handle().check().close()
        Journey(town, source="web", cell=1).verify("not_exists").decline()
        clock.move_to(at(31, 23))
        Journey(town, cell=1).file().dispatch(WATER).void()
        catch_up(STREAM)
    return town


def table(by: By, area: str = "", period: Period = MARCH, **only: int) -> Table:
    return table_of(Asked(Scope(STREAM, period, area), by, only))


@pytest.mark.django_db
@pytest.mark.parametrize("accuracy", ["never_redirected", "never_reworked"])
def test_the_headline_figures_are_the_same_by_both_ways(march: Town, accuracy: str) -> None:
    IndicatorPolicy.objects.create(
        stream_id=STREAM, valid_from=date(2020, 1, 1), accuracy=accuracy, count_forced=True
    )
    for period in (MARCH, Period(date(2026, 3, 3), date(2026, 3, 5))):
        for area in ("", "110101001", "110101001002", "110101001001002"):
            found = table(By.DEPARTMENT, area, period)
            for figure in board_of(Scope(STREAM, period, area)).figures:
                rate = found.whole.rates[figure.key]
                assert (rate.numerator, rate.denominator, rate.value) == (
                    figure.numerator, figure.denominator, figure.value,
                ), (figure.key, period, area)  # fmt: skip


@pytest.mark.django_db
def test_parts_add_up_to_the_whole_by_every_dimension(march: Town) -> None:
    whole = table(By.AREA).whole.sums
    assert whole["filed"] == 4
    for by in By:
        assert table(by).whole.sums == whole, by
    for area in ("110101001", "110101001002", "110101001002002"):
        wholes = [table(by, area).whole.sums for by in By]
        assert all(each == wholes[0] for each in wholes), area
    free = Period(date(2026, 3, 3), date(2026, 4, 2))
    assert len({tuple(sorted(table(by, period=free).whole.sums.items())) for by in By}) == 1


@pytest.mark.django_db
def test_a_filter_narrows_whatever_is_grouped(march: Town) -> None:
    water = march.chen.organisation_id or 0
    of_water = {row.named.code: row for row in table(By.DEPARTMENT).rows}[WATER].sums
    for by in (By.AREA, By.CLASS, By.POST, By.DAY, By.MONTH):
        assert table(by, department=water).whole.sums == of_water, by
    both = table(By.CLASS, department=water, post=march.bo.post_id).whole.sums
    assert set(both) == {"to_dispatch", "dispatched", "dispatched_direct", "dispatched_unreworked",
                         "dispatch_on_time", "redirected"}  # fmt: skip


@pytest.mark.django_db
def test_rows_are_named_and_scored(march: Town) -> None:
    departments = {row.named.code: row for row in table(By.DEPARTMENT).rows}
    assert departments[LIGHTING].named.name_en == "Street Lighting"
    assert departments[LIGHTING].rates["rework_rate"] == Rate(1, 2, 50.0)
    assert departments[LIGHTING].rates["handle_on_time_rate"] == Rate(1, 2, 50.0)
    score = departments[WATER].score
    assert score is not None
    assert score.grade == "A"
    posts = {row.named.name_en: row for row in table(By.POST).rows}
    assert posts["Command Centre dispatcher"].rates["dispatch_accuracy"] == Rate(3, 4, 75.0)
    assert posts["Command Centre dispatcher"].score is not None
    assert [row.key for row in table(By.DAY).rows] == [f"2026-03-{day:02}" for day in (2, 3, 4, 5, 31)]
    assert [row.key for row in table(By.QUARTER).rows] == ["2026-01-01"]
    assert {row.key for row in table(By.KIND).rows} == {"component"}
    assert table(By.CLASS).top_share == Rate(4, 4, 100.0)


@pytest.mark.django_db
def test_behind_every_number_are_the_cases_that_make_it(march: Town) -> None:
    scope = Scope(STREAM, MARCH)
    whole = table(By.AREA).whole.sums
    for name in COUNTERS:
        items = list(walk(scope, [NUMBER[name]], {}))
        assert sum(item["amount"] for item in items) == whole.get(name, 0), name
    lighting = march.dai.organisation_id or 0
    row = {row.named.code: row for row in table(By.DEPARTMENT).rows}[LIGHTING]
    behind = list(walk(scope, counters_behind(scope, indicator="closing_rate"), {"department": lighting}))
    assert len(behind) == row.rates["closing_rate"].denominator == 2
    assert {item["counter"] for item in behind} == {"to_close"}


@pytest.mark.django_db
def test_pages_of_cases_follow_one_another_without_loss(march: Town) -> None:
    scope = Scope(STREAM, MARCH)
    counters = [NUMBER[name] for name in ("dispatched", "filed", "to_dispatch", "returned", "checks_passed")]
    whole = [(i["id"], i["counter"]) for i in facts_behind(scope, counters, {}, limit=200).items]
    assert len(whole) == len(set(whole)) == 15
    for limit in (1, 3, 7):
        paged: list[tuple[str, str]] = []
        after: str | None = None
        while True:
            page = facts_behind(scope, counters, {}, after=after, limit=limit)
            paged += [(item["id"], item["counter"]) for item in page.items]
            if (after := page.next) is None:
                break
        assert paged == whole


@pytest.mark.django_db
def test_wrong_questions_are_refused_in_words(march: Town) -> None:
    scope = Scope(STREAM, MARCH)
    asked = [
        ("counter", lambda: counters_behind(scope, counter="luck")),
        ("indicator", lambda: counters_behind(scope, indicator="luck")),
        ("part", lambda: counters_behind(scope, indicator="closing_rate", part="rest")),
        ("after", lambda: facts_behind(scope, [0], {}, after="%%")),
        ("after", lambda: facts_behind(scope, [0], {}, after="W10")),
    ]
    for field, ask in asked:
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.field == field


@pytest.mark.django_db
def test_a_closed_month_is_shown_as_it_stood_with_what_came_later_beside(town: Town) -> None:
    with time_machine.travel(at(30, 9), tick=False) as clock:
        case = Journey(town).file().dispatch(WATER)
        clock.move_to(at(10, 9, month=4))
        catch_up(STREAM)
        case.void()
        catch_up(STREAM)
        found = table(By.DEPARTMENT)
        assert found.closed == (date(2026, 3, 1),)
        assert found.whole.sums["valid_inspector"] == found.whole.sums["handle_overdue"] == 1
        assert {name: found.adjustments[name] for name in ("valid_inspector", "handle_overdue")} == {
            "valid_inspector": -1, "handle_overdue": -1,
        }  # fmt: skip
        assert "filed" not in found.adjustments
        days = table(By.DAY)
        assert days.closed == ()
        assert "valid_inspector" not in days.whole.sums


@pytest.mark.django_db
def test_the_scoring_in_force_on_the_last_day_counts(march: Town) -> None:
    rules = {**DEFAULT, "composites": {"department": [{"rate": "closing_rate", "weight": 100}]}}
    Scoring.objects.create(stream_id=STREAM, valid_from=date(2026, 3, 31), rework_over="handled", rules=rules)
    assert chosen_for(STREAM, date(2026, 3, 30)).rework_over == "to_close"
    row = {row.named.code: row for row in table(By.DEPARTMENT).rows}[WATER]
    assert row.score is not None
    assert row.score.value == row.rates["closing_rate"].value


# --- the edge -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_round_trip_tells_numbers_words_and_how_far_they_reach(march: Town) -> None:
    ask = Caller(march.mo)
    told = ask.get("/indicators/table?from=2026-03-01&to=2026-03-31&by=department").json()
    assert told["reached"]["behind"] == 0
    assert told["whole"]["counters"]["filed"] == 4
    keys = {each["key"] for each in told["indicators"]}
    assert all(set(row["rates"]) == keys for row in told["rows"])
    assert {each["key"] for each in told["indicators"] if not each["definition"]} == set()
    assert set(told["counters"]) == set(COUNTERS)
    page = ask.get("/indicators/behind?from=2026-03-01&to=2026-03-31&counter=redirected").json()
    assert [(item["counter"], item["day"], item["amount"]) for item in page["items"]] == [
        ("redirected", "2026-03-03", 1)
    ]


@pytest.mark.django_db
def test_the_cases_as_a_file(march: Town) -> None:
    answer = Caller(march.mo).get(
        "/indicators/behind.csv?from=2026-03-01&to=2026-03-31&indicator=filing_rate&part=numerator"
    )
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1 + 4
    assert len({row[0] for row in rows[1:]}) == 4
