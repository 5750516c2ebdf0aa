"""The journal's own promises: written once, never altered, whatever becomes of the hint."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from casework import journal
from casework.models import Case
from casework.verify import verify_stream
from tests.factories.people import Town, small_town
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return small_town()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE casework_entry SET verb = 'void'",
        "UPDATE casework_entry SET facts = facts",
        "DELETE FROM casework_entry",
        "TRUNCATE casework_entry",
        "TRUNCATE casework_entry_other",
        "TRUNCATE casework_case CASCADE",
        "DELETE FROM casework_case",
    ],
)
def test_the_database_itself_refuses_to_alter_it(town: Town, statement: str) -> None:
    case = walk(town, WAYS["filed"])
    before = journal.of_case(case.pk)
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute(statement)
    assert journal.of_case(case.pk) == before
    assert verify_stream("110101").ok


def test_a_month_made_ahead_is_guarded_too(town: Town) -> None:
    assert journal.ensure_partitions(date(2099, 1, 1), date(2099, 2, 1)) == 2
    assert journal.ensure_partitions(date(2099, 1, 1), date(2099, 2, 1)) == 0
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE casework_entry_209901")


@pytest.mark.django_db(transaction=True)
def test_a_hint_that_cannot_be_sent_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The move is committed before the hint goes out; if that fails, the readers' poll finds it."""
    monkeypatch.setattr(journal, "CHANNEL", "no such; channel")
    case = walk(small_town(), WAYS["filed"])
    assert Case.objects.get(pk=case.pk).state == "filed"
    assert journal.head("110101") == 2


def test_nothing_is_written_for_a_stream_that_is_not_there(town: Town) -> None:
    case = walk(town, ())
    case.stream_id = "999999"
    with pytest.raises(LookupError):
        journal.append(
            case, verb="file", at=case.moved_at, actor_id=None, post_id=None, state_from="reported",
            facts={}, card={},
        )  # fmt: skip
    assert len(journal.of_case(case.pk)) == 1


def test_a_month_that_the_catch_all_holds_already_hinders_no_later_one(town: Town) -> None:
    report = walk(town, WAYS["filed"])
    before = journal.of_case(report.pk)
    month = f"casework_entry_{before[0].recorded_at:%Y%m}"
    with connection.cursor() as cursor:
        # as if this month had been forgotten: its entries lie in the catch-all
        cursor.execute(f"ALTER TABLE casework_entry DETACH PARTITION {month}")
        cursor.execute(f"INSERT INTO casework_entry_other SELECT * FROM {month}")
        cursor.execute(f"DROP TABLE {month}")
    assert journal.ensure_partitions(before[0].recorded_at.date(), date(2098, 1, 1)) > 0
    assert journal.of_case(report.pk) == before
