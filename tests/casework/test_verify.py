"""Every way to tamper that the database owner has is found and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from casework import journal
from casework.models import Case, Entry, Stream
from casework.verify import NAMED_AT_MOST, Verdict, verify_stream
from tests.factories.journeys import Journey
from tests.factories.people import Town, small_town

pytestmark = pytest.mark.django_db

STREAM = "110101"


@pytest.fixture
def town() -> Town:
    return small_town()


@pytest.fixture
def journeys(town: Town) -> list[Journey]:
    """Three cases with interleaved entries: 8 + 6 + 2 = 16."""
    closed, wrong, reported = (Journey(town, cell=n) for n in range(3))
    wrong.file().dispatch()
    closed.file().dispatch().handle()
    wrong.give_back().dispatch("110101-D02")
    closed.check().close()
    reported.decline()
    wrong.handle()
    return [closed, wrong, reported]


@contextmanager
def tampering() -> Iterator[None]:
    """What only the owner of the table can do: the trigger that refuses change is off meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE casework_entry DISABLE TRIGGER casework_entry_final")
        yield
        cursor.execute("ALTER TABLE casework_entry ENABLE TRIGGER casework_entry_final")


def sql(text: str, *values: str | int | UUID) -> None:
    with tampering(), connection.cursor() as cursor:
        cursor.execute(text, values)
        assert cursor.rowcount == 1


def entry(journey: Journey, verb: str) -> Entry:
    return Entry.objects.filter(case_id=journey.id, verb=verb).order_by("seq")[0]


def found(verdict: Verdict) -> list[tuple[str, int | None, str]]:
    return [(fault.code, fault.seq, fault.case_number) for fault in verdict.faults]


def test_an_untouched_journal_is_whole(journeys: list[Journey]) -> None:
    seen: list[tuple[int, int]] = []
    verdict = verify_stream(STREAM, lambda done, total: seen.append((done, total)))
    entries = Entry.objects.count()
    assert verdict.ok
    assert (verdict.head, verdict.entries, verdict.cases) == (entries, entries, 3)
    assert seen[0] == (0, entries)
    assert seen[-1] == (entries, entries)


def test_an_empty_stream_is_whole_and_an_unknown_one_is_refused(town: Town) -> None:
    assert verify_stream("110105").ok
    with pytest.raises(LookupError):
        verify_stream("999999")


def test_the_database_refuses_what_these_tests_do_with_the_trigger_off(journeys: list[Journey]) -> None:
    for statement in ("UPDATE casework_entry SET facts = '{}'", "DELETE FROM casework_entry"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)


def test_changed_facts_break_the_hash_of_that_entry_only(journeys: list[Journey]) -> None:
    touched = entry(journeys[1], "return")
    sql(
        """UPDATE casework_entry SET facts = jsonb_set(facts, '{reason}', '"ours"')
           WHERE stream_id = %s AND seq = %s""",
        STREAM, touched.seq,
    )  # fmt: skip
    verdict = verify_stream(STREAM)
    assert found(verdict) == [("hash", touched.seq, journeys[1].case.number)]
    assert verdict.faults[0].found == bytes(touched.hash).hex()[:16]


@pytest.mark.parametrize("column", ["facts", "card", "at", "actor_id", "post_id", "verb", "state_to"])
def test_every_column_is_under_the_hash(journeys: list[Journey], column: str) -> None:
    touched = entry(journeys[0], "dispatch")
    new = {
        "facts": "'{}'::jsonb",
        "card": "jsonb_set(card, '{lon}', '1')",
        "at": "at - interval '1 microsecond'",
        "actor_id": "NULL",
        "post_id": "NULL",
        "verb": "'file'",
        "state_to": "'handling'",
    }[column]
    sql(f"UPDATE casework_entry SET {column} = {new} WHERE stream_id = %s AND seq = %s", STREAM, touched.seq)
    assert ("hash", touched.seq, journeys[0].case.number) in found(verify_stream(STREAM))


def test_a_removed_entry_is_a_gap_in_the_stream_and_in_its_case(journeys: list[Journey]) -> None:
    gone = entry(journeys[0], "accept")
    sql("DELETE FROM casework_entry WHERE stream_id = %s AND seq = %s", STREAM, gone.seq)
    verdict = verify_stream(STREAM)
    after = entry(journeys[0], "finish")
    assert verdict.faults[0].code == "gap"
    assert verdict.faults[0].seq == gone.seq
    assert {f.code for f in verdict.faults if f.seq == after.seq} == {"case_gap", "chain", "move"}


def test_a_removed_last_entry_is_missed_by_head_and_row(journeys: list[Journey]) -> None:
    last = Entry.objects.order_by("-seq")[0]
    sql("DELETE FROM casework_entry WHERE stream_id = %s AND seq = %s", STREAM, last.seq)
    verdict = verify_stream(STREAM)
    assert ("head", last.seq, "") in found(verdict)
    assert {f.expected.split()[0] for f in verdict.faults if f.code == "row"} == {
        "version", "chain_hash", "state", "moved_at", "card",
    }  # fmt: skip


def test_removing_the_last_entry_and_lowering_the_head_still_shows_in_the_row(
    journeys: list[Journey],
) -> None:
    last = Entry.objects.order_by("-seq")[0]
    sql("DELETE FROM casework_entry WHERE stream_id = %s AND seq = %s", STREAM, last.seq)
    Stream.objects.filter(code=STREAM).update(head=last.seq - 1)
    verdict = verify_stream(STREAM)
    assert {code for code, _seq, _number in found(verdict)} == {"row"}


def test_two_swapped_entries_are_both_named(journeys: list[Journey]) -> None:
    one, two = entry(journeys[0], "accept"), entry(journeys[0], "finish")
    for seq, to in ((one.seq, 10**6), (two.seq, one.seq), (10**6, two.seq)):
        sql("UPDATE casework_entry SET seq = %s WHERE stream_id = %s AND seq = %s", to, STREAM, seq)
    number = journeys[0].case.number
    assert {("hash", one.seq, number), ("hash", two.seq, number), ("order", one.seq, number)} <= set(
        found(verify_stream(STREAM))
    )


def test_an_entry_moved_to_another_stream_is_missed_here_and_named(journeys: list[Journey]) -> None:
    moved = entry(journeys[0], "accept")
    sql("UPDATE casework_entry SET stream_id = '110105' WHERE stream_id = %s AND seq = %s", STREAM, moved.seq)
    codes = {code for code, _seq, _number in found(verify_stream(STREAM))}
    assert {"gap", "stream", "hash"} <= codes
    assert "stray" in {code for code, _seq, _number in found(verify_stream("110105"))}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"state": "closed"}, "state"),
        ({"version": 3}, "version"),
        ({"chain_hash": b"x" * 32}, "chain_hash"),
        ({"card": {"lon": 0}}, "card"),
        ({"ended_at": None}, "ended_at"),
    ],
)
def test_a_changed_case_row_is_named(journeys: list[Journey], change: dict[str, object], word: str) -> None:
    declined = journeys[2].case
    Case.objects.filter(pk=declined.pk).update(**change)
    last = entry(journeys[2], "decline")
    verdict = verify_stream(STREAM)
    assert found(verdict) == [("row", last.seq, declined.number)]
    assert verdict.faults[0].expected.startswith(word)


def test_an_entry_added_without_the_head_is_named_though_its_chain_holds(journeys: list[Journey]) -> None:
    """Inserting is not refused by the trigger; a forger can even compute the right hash."""
    case = journeys[1].case
    last = journal.of_case(case.id)[-1]
    forged: dict[str, Any] = {
        "case_id": case.id, "case_seq": last.case_seq + 1, "kind": case.kind, "verb": "void", "at": last.at,
        "actor_id": None, "post_id": None, "state_from": last.state_to, "state_to": "void", "facts": {},
        "card": last.card,
    }  # fmt: skip
    seq = Stream.objects.get(pk=STREAM).head + 1
    Entry.objects.create(
        stream_id=STREAM, seq=seq, recorded_at=last.recorded_at, prev_hash=last.hash,
        hash=journal.link_hash(last.hash, journal.body_of(**forged), STREAM, seq), **forged,
    )  # fmt: skip
    verdict = verify_stream(STREAM)
    assert verdict.faults[0].code == "head"
    assert verdict.faults[0].seq == seq
    assert "row" in {fault.code for fault in verdict.faults}


def test_an_illegal_move_is_named_even_if_everything_else_was_forged_with_it(journeys: list[Journey]) -> None:
    """From reported straight to closed, through the journal's own writing function."""
    case = Journey(journeys[0].town).case
    with transaction.atomic():
        case.state, case.ended_at = "closed", case.moved_at
        card = {**case.card, "state": "closed"}
        seq = journal.append(
            case, verb="close", at=case.moved_at, actor_id=None, post_id=None, state_from="reported",
            facts={}, card=card,
        )  # fmt: skip
    verdict = verify_stream(STREAM)
    assert found(verdict) == [("move", seq, case.number)]


def test_a_case_whose_entries_are_all_gone_is_named(town: Town) -> None:
    journey = Journey(town)
    sql("DELETE FROM casework_entry WHERE case_id = %s", journey.id)
    assert ("empty", None, journey.case.number) in found(verify_stream(STREAM))


def test_many_faults_are_counted_and_the_first_are_named_in_order(town: Town) -> None:
    made = [Journey(town) for _ in range(NAMED_AT_MOST + 5)]
    with tampering(), connection.cursor() as cursor:
        cursor.execute("UPDATE casework_entry SET facts = '{}'")
    verdict = verify_stream(STREAM)
    assert verdict.fault_count == len(made)
    assert [fault.seq for fault in verdict.faults] == list(range(1, NAMED_AT_MOST + 1))


def test_more_cases_than_are_read_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.verify.CASES_AT_ONCE", 2)
    made = [Journey(town) for _ in range(5)]
    sql("UPDATE casework_entry SET facts = '{}' WHERE case_id = %s", made[-1].id)
    verdict = verify_stream(STREAM)
    assert (verdict.cases, verdict.fault_count) == (5, 1)


# --- the command --------------------------------------------------------------------------------------------


def test_the_command_prints_one_json_object_and_is_content(journeys: list[Journey]) -> None:
    out = StringIO()
    call_command("verify_journal", json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert [s["code"] for s in told["streams"]] == list(
        Stream.objects.order_by("code").values_list("code", flat=True)
    )
    mine = next(s for s in told["streams"] if s["code"] == STREAM)
    assert mine["ok"]
    assert mine["entries"] == mine["head"] == Entry.objects.count()
    assert mine["faults"] == []
    assert told["entries_per_second"] > 0


def test_the_command_fails_on_a_fault_and_names_it(journeys: list[Journey]) -> None:
    touched = entry(journeys[1], "return")
    sql("UPDATE casework_entry SET facts = '{}' WHERE stream_id = %s AND seq = %s", STREAM, touched.seq)
    out = StringIO()
    with pytest.raises(
        CommandError, match=f"{STREAM}/{touched.seq}, case {journeys[1].case.number}"
    ) as failed:
        call_command("verify_journal", stream=STREAM, json=True, stdout=out)
    assert failed.value.returncode == 1
    (stream,) = json.loads(out.getvalue())["streams"]
    assert not stream["ok"]
    assert (stream["faults"][0]["seq"], stream["faults"][0]["code"]) == (touched.seq, "hash")


def test_the_command_refuses_a_stream_it_does_not_know(town: Town) -> None:
    with pytest.raises(CommandError, match="no stream") as failed:
        call_command("verify_journal", stream="nowhere")
    assert failed.value.returncode == 2
