"""No entry is ever missed: eight writers commit out of order and roll back while readers follow the cursor.

The control is the cursor that everybody writes first, `id > last` over a sequence: it must miss entries.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from casework import journal
from casework.models import Case, Stream
from casework.verify import verify_stream

T = TypeVar("T")
WRITERS, EACH, STREAM = 8, 40, "proof"


class Undone(Exception):
    """A writer changes its mind after everything was written."""


@pytest.fixture
def stream(transactional_db: None) -> str:
    Stream.objects.create(code=STREAM, name="proof")
    return STREAM


def write(stream: str, *, before: float = 0, after: float = 0, undo: bool = False) -> None:
    """A case of one entry; waits before the number is taken and before the commit."""
    now = timezone.now()
    with transaction.atomic():
        case = Case(
            id=uuid4(), kind="report", stream_id=stream, number=uuid4().hex[:30], state="reported",
            opened_at=now, moved_at=now, chain_hash=journal.GENESIS,
        )  # fmt: skip
        case.save(force_insert=True)
        time.sleep(before)
        journal.append(
            case, verb="report", at=now, actor_id=None, post_id=None, state_from="", facts={}, card={}
        )
        time.sleep(after)
        if undo:
            raise Undone


def on_own_connection(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()


def follow(read: Callable[[int], list[int]], done: threading.Event) -> list[int]:
    """Read on from the last number seen, as a desk does, until the writers are done and nothing is new."""
    seen: list[int] = []
    while True:
        last_look = done.is_set()
        found = read(seen[-1] if seen else 0)
        seen += found
        if not found and last_look:
            return seen


def test_readers_miss_nothing_while_writers_overtake_each_other(stream: str) -> None:
    done = threading.Event()

    def read(after: int) -> list[int]:
        return [line.seq for line in journal.read(stream, after=after, limit=7)]

    def writer(number: int) -> int:
        dice = random.Random(number)
        kept = 0
        for _ in range(EACH):
            undo = dice.random() < 0.25
            try:
                write(stream, before=dice.random() / 300, after=dice.random() / 600, undo=undo)
                kept += 1
            except Undone:
                pass
        return kept

    with ThreadPoolExecutor(WRITERS + 3) as pool:
        readers = [pool.submit(on_own_connection, lambda: follow(read, done)) for _ in range(3)]
        writers = [pool.submit(on_own_connection, lambda n=n: writer(n)) for n in range(WRITERS)]
        try:
            kept = sum(each.result(60) for each in writers)
        finally:
            done.set()
        assert 0 < kept < WRITERS * EACH, "some must have been rolled back, some not"
        for reader in readers:
            assert reader.result(60) == list(range(1, kept + 1))
    assert journal.head(stream) == kept
    faults = {fault.code for fault in verify_stream(stream).faults}
    assert not faults & {"gap", "twice", "head", "stray", "chain", "hash"}


def test_a_number_is_visible_only_after_all_before_it(stream: str) -> None:
    """The same interleaving that breaks the naive cursor below: here the second writer waits."""
    first_has_written, first_may_commit = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            write(stream)
            first_has_written.set()
            assert first_may_commit.wait(30)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(on_own_connection, first)
        assert first_has_written.wait(30)
        two = pool.submit(on_own_connection, lambda: write(stream))
        until(lambda: waiting_for_a_lock() == 1, "the second writer does not wait")
        assert not two.done()
        assert journal.read(stream, after=0) == []
        first_may_commit.set()
        one.result(30)
        two.result(30)
    assert [line.seq for line in journal.read(stream, after=0)] == [1, 2]


def test_a_rollback_gives_its_number_back(stream: str) -> None:
    write(stream)
    with pytest.raises(Undone):
        write(stream, undo=True)
    write(stream)
    assert [line.seq for line in journal.read(stream, after=0)] == [1, 2]


@pytest.fixture
def naive(transactional_db: None) -> Iterator[None]:
    """A table numbered by a sequence, as a first draft would have it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_journal (id bigserial PRIMARY KEY)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE naive_journal")


def naive_read(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM naive_journal WHERE id > %s ORDER BY id", [after])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.usefixtures("naive")
def test_the_control_a_naive_cursor_misses_what_commits_late() -> None:
    first_has_written, first_may_commit = threading.Event(), threading.Event()

    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO naive_journal DEFAULT VALUES")

    def first() -> None:
        with transaction.atomic():
            insert()
            first_has_written.set()
            assert first_may_commit.wait(30)

    with ThreadPoolExecutor(1) as pool:
        one = pool.submit(on_own_connection, first)
        assert first_has_written.wait(30)
        insert()  # overtakes: id 2 is there before id 1
        seen = naive_read(0)
        first_may_commit.set()
        one.result(30)
    seen += naive_read(seen[-1])
    stored = naive_read(0)
    assert stored == [1, 2]
    assert seen == [2], "the control must fail: id 1 is never read"


@pytest.mark.usefixtures("naive")
def test_the_control_under_the_same_load_is_not_dense() -> None:
    def insert(undo: bool) -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO naive_journal DEFAULT VALUES")
                if undo:
                    raise Undone
        except Undone:
            pass

    for undo in (False, True, False):
        insert(undo)
    assert naive_read(0) == [1, 3]


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def until(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
