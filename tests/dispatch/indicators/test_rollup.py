"""The sums follow the journal: entry by entry, taken back, ripened by time, rebuilt, and proved."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction

from dispatch import actions
from dispatch.indicators.counters import COUNTERS, NUMBER
from dispatch.indicators.models import ClosedMonth, Reach
from dispatch.indicators.rollup import catch_up, last_to_close, rebuild, roll_up
from dispatch.indicators.verify import verify_indicators
from tests.factories.city import LIGHTING, WATER
from tests.factories.journeys import Journey
from tests.factories.people import Town

pytestmark = pytest.mark.django_db

CITY = ZoneInfo("Asia/Shanghai")
STREAM = "110101"


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=CITY)


def sums(grain: str = "m", dim: str = "", area: str = STREAM, key: int = 0) -> dict[str, int]:
    """Every counter that is not zero, of all days or months."""
    columns = ", ".join(f"coalesce(sum(c{number}), 0)::bigint" for number in range(len(COUNTERS)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {columns} FROM indicators_rollup
                WHERE stream_id = %s AND grain = %s AND dim = %s AND area = %s AND key = %s""",
            [STREAM, grain, dim, area, key],
        )
        row = cursor.fetchone()
    return {name: amount for name, amount in zip(COUNTERS, row, strict=True) if amount}


def proved() -> None:
    verdict = verify_indicators(STREAM)
    assert verdict.differences == []
    assert verdict.behind == 0


def test_a_journey_is_counted_once_each_step(town: Town) -> None:
    with time_machine.travel(at(2, 9), tick=False) as clock:
        case = Journey(town, source="hotline").verify().file()
        clock.move_to(at(2, 10))
        case.dispatch(WATER)
        clock.move_to(at(2, 11))
        case.handle().check().close()
        catch_up(STREAM)
        found = sums()
        hour = 3_600_000_000
        assert {name: found[name] for name in ("dispatch_us", "handle_us", "closed_us")} == {
            "dispatch_us": hour, "handle_us": hour, "closed_us": 2 * hour,
        }  # fmt: skip
        for once in (
            "reports_hotline", "valid_hotline", "accepted", "verify_issued", "verify_due", "verify_done",
            "verified_public", "filed", "filed_accurate", "to_dispatch", "dispatched", "dispatched_direct",
            "to_handle", "handled", "check_due", "check_done", "checks_passed", "to_close", "closed",
        ):  # fmt: skip
            assert found[once] == 1, once
        assert "still_open" not in found
        assert sums("d") == found
        assert sums(area="110101001001001") == found
        assert sums(dim="department", key=town.chen.organisation_id or 0)["handled"] == 1
        proved()


def test_entry_by_entry_gives_what_all_at_once_gives(town: Town) -> None:
    with time_machine.travel(at(2, 9), tick=False) as clock:
        first = Journey(town).file().dispatch(WATER).give_back().dispatch(LIGHTING)
        clock.move_to(at(3, 9))
        Journey(town, source="web", cell=2).verify("not_exists").decline()
        first.handle().check("fail").rework().handle().check().close()
        Journey(town, cell=3).file().dispatch().void()
        steps = 0
        while (done := roll_up(STREAM, at_most=1)) and done.behind:
            steps += 1
        assert steps > 20
        proved()
        one_by_one = sums("d"), sums("m"), sums("d", "department", key=town.chen.organisation_id or 0)
        rebuild(STREAM)
        again = sums("d"), sums("m"), sums("d", "department", key=town.chen.organisation_id or 0)
        assert again == one_by_one
        proved()


def test_undoing_and_voiding_move_the_numbers_back(town: Town) -> None:
    with time_machine.travel(at(2, 9), tick=False) as clock:
        case = Journey(town).file()
        catch_up(STREAM)
        filed = sums()
        case.dispatch(WATER)
        catch_up(STREAM)
        assert sums()["dispatched"] == 1
        clock.shift(5)
        actions.undo_move(case.id, actor=town.bo, seen=case.seen)
        catch_up(STREAM)
        assert sums() == filed
        case.dispatch(WATER).void()
        catch_up(STREAM)
        assert {sums().get(gone) for gone in ("valid_inspector", "filed_accurate", "still_open")} == {None}
        assert sums()["voided"] == 1
        proved()


def test_a_deadline_that_passes_is_counted_though_nobody_acts(town: Town) -> None:
    with time_machine.travel(at(2, 9), tick=False) as clock:
        Journey(town).file().dispatch(WATER)  # two hours, nights included
        catch_up(STREAM)
        assert "to_handle" not in sums()
        clock.move_to(at(2, 11, 1))
        done = catch_up(STREAM)
        assert (done.entries, done.cases) == (0, 1)
        assert sums()["handle_overdue"] == sums()["to_handle"] == 1
        assert catch_up(STREAM).cases == 0
        proved()


def test_a_closed_month_stands_and_what_comes_later_is_an_adjustment(town: Town) -> None:
    with time_machine.travel(at(30, 9), tick=False) as clock:
        case = Journey(town).file().dispatch(WATER)
        clock.move_to(at(5, 9, month=4))
        catch_up(STREAM)
        assert not ClosedMonth.objects.exists()
        clock.move_to(at(6, 0, 30, month=4))
        catch_up(STREAM)
        assert [each.month for each in ClosedMonth.objects.all()] == [date(2026, 3, 1)]
        stood = sums("f")
        assert stood["handle_overdue"] == 1
        case.handle().check().close()
        catch_up(STREAM)
        assert sums("f") == stood
        assert (sums()["handle_late"], sums().get("handle_overdue")) == (1, None)
        proved()
        rebuild(STREAM)
        assert sums("f") == stood
        proved()


def test_months_close_a_few_days_after_their_end() -> None:
    assert last_to_close(date(2026, 4, 5), 5) == date(2026, 2, 1)
    assert last_to_close(date(2026, 4, 6), 5) == date(2026, 3, 1)
    assert last_to_close(date(2026, 1, 1), 0) == date(2025, 12, 1)


def test_what_fails_half_way_leaves_nothing_and_is_counted_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object) -> None:
        raise RuntimeError("killed")

    Journey(town).file().dispatch(WATER)
    monkeypatch.setattr("dispatch.indicators.rollup._keep_ripening", killed)
    with pytest.raises(RuntimeError, match="killed"), transaction.atomic():
        roll_up(STREAM)
    monkeypatch.undo()
    assert not Reach.objects.exists()
    assert sums() == {}
    catch_up(STREAM)
    once = sums()
    catch_up(STREAM)
    assert sums() == once
    proved()


def test_another_version_of_the_fold_counts_all_anew(town: Town) -> None:
    Journey(town).file().dispatch(WATER)
    catch_up(STREAM)
    before = sums()
    Reach.objects.update(version=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE indicators_counted SET amount = 7 WHERE counter = %s", [NUMBER["filed"]])
    assert catch_up(STREAM).rebuilt
    assert sums() == before
    proved()


TAMPERINGS = {
    "a fact more": (
        "fact",
        "INSERT INTO indicators_counted SELECT case_id, counter, day + 1, department_id, post_id, person_id,"
        " stream_id, cell, class_id, amount FROM indicators_counted LIMIT 1",
    ),
    "a fact less": ("fact", "DELETE FROM indicators_counted WHERE counter = 45"),
    "a fact of no case": ("fact", "UPDATE indicators_counted SET case_id = gen_random_uuid()"),
    "another amount": ("fact", "UPDATE indicators_counted SET amount = 2 WHERE counter = 0"),
    "another department": ("fact", "UPDATE indicators_counted SET department_id = 1 WHERE department_id > 1"),
    "a sum": ("sum", "UPDATE indicators_rollup SET c0 = c0 + 1 WHERE grain = 'd' AND dim = 'class'"),
    "a sum from nothing": ("sum", "UPDATE indicators_rollup SET c60 = 1 WHERE grain = 'm' AND width = 15"),
    "a row of sums less": ("sum", "DELETE FROM indicators_rollup WHERE grain = 'm' AND dim = 'post'"),
    "a row of sums more": (
        "sum",
        "INSERT INTO indicators_rollup (stream_id, grain, dim, width, area, bucket, key, c1)"
        " VALUES ('110101', 'd', '', 6, '110101', '2020-01-01', 0, 1)",
    ),
    "a closed month": ("closed month", "UPDATE indicators_rollup SET c0 = 9 WHERE grain = 'f' AND width = 9"),
    "a closed month less": ("closed month", "DELETE FROM indicators_rollup WHERE grain = 'f' AND width = 12"),
    "what is to ripen": ("ripening", "UPDATE indicators_ripening SET at = at + interval '1 second'"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_found(town: Town, name: str) -> None:
    what, sql = TAMPERINGS[name]
    with time_machine.travel(at(30, 9), tick=False) as clock:
        Journey(town).file().dispatch(WATER).handle().check().close()
        clock.move_to(at(8, 9, month=4))
        Journey(town, cell=1).file().dispatch(WATER)
        catch_up(STREAM)
        proved()
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.rowcount > 0
        verdict = verify_indicators(STREAM)
        assert verdict.count > 0
        assert what in {each.what for each in verdict.differences}
        assert all(isinstance(each.counter, str) for each in verdict.differences)
