"""Writing and reading the journal (decision 11).

`append()` is the last statement of a transaction: it locks the stream's head, numbers the entry, chains
it to the case's last one and brings the case row up to date. Nothing slow may follow it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from casework.rows import insert_of, row_of

if TYPE_CHECKING:
    from casework.models import Case

log = logging.getLogger(__name__)

GENESIS = b""  # what the first entry of a case is chained to
CHANNEL = "gridcity_journal"

# What a move wrote anew is in before the head is asked for, and the case comes last. {rows} and {after} are
# the rows' own statements and the condition that makes the head wait for them.
_APPEND = """
WITH {rows}head AS (
    UPDATE casework_stream SET head = head + 1 WHERE code = %(stream)s{after} RETURNING head
), link AS (
    INSERT INTO casework_entry (stream_id, seq, recorded_at, case_id, case_seq, kind, verb, at, actor_id,
        post_id, state_from, state_to, facts, card, prev_hash, hash)
    SELECT %(stream)s, head, clock_timestamp(), %(case)s, %(case_seq)s, %(kind)s, %(verb)s, %(at)s, %(actor)s,
        %(post)s, %(from)s, %(to)s, %(facts)s::jsonb, %(card)s::jsonb, %(prev)s,
        sha256(%(prev)s::bytea || convert_to(%(body)s || '@' || %(stream)s || '/' || head, 'UTF8'))
    FROM head RETURNING seq, hash
)
"""

_MOVED = """
UPDATE casework_case SET state = %(to)s, organisation_id = %(organisation)s, version = %(case_seq)s,
    chain_hash = link.hash, moved_at = %(at)s, ended_at = %(ended)s, due_at = %(due)s, card = %(card)s::jsonb
FROM link WHERE id = %(case)s
RETURNING (SELECT seq FROM link), chain_hash
"""

_OPENED = """
INSERT INTO casework_case (id, kind, stream_id, number, state, organisation_id, version, chain_hash,
    opened_at, moved_at, ended_at, due_at, card)
SELECT %(case)s::uuid, %(kind)s, %(stream)s, %(number)s, %(to)s, %(organisation)s::bigint, %(case_seq)s,
    link.hash, %(opened)s::timestamptz, %(at)s::timestamptz, %(ended)s::timestamptz, %(due)s::timestamptz,
    %(card)s::jsonb
FROM link
RETURNING (SELECT seq FROM link), chain_hash
"""


@cache
def _statement(opens: bool, models: tuple[type[Model], ...]) -> str:
    """The one statement that appends an entry, with new rows of these models beside it."""
    rows = "".join(f"row{n} AS ({insert_of(m, f'row{n}')} RETURNING true), " for n, m in enumerate(models))
    after = "".join(f" AND EXISTS (SELECT FROM row{n})" for n in range(len(models)))
    return _APPEND.format(rows=rows, after=after) + (_OPENED if opens else _MOVED)


_READ = """
SELECT stream_id, seq, recorded_at, case_id, case_seq, kind, verb, at, actor_id, post_id, state_from,
    state_to, facts, card, prev_hash, hash
FROM casework_entry
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as read from the table; the fields of `models.Entry`."""

    stream: str
    seq: int
    recorded_at: datetime
    case_id: UUID
    case_seq: int
    kind: str
    verb: str
    at: datetime
    actor_id: int | None
    post_id: int | None
    state_from: str
    state_to: str
    facts: dict[str, Any]
    card: dict[str, Any]
    prev_hash: bytes
    hash: bytes

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Line:
        *plain, facts, card, prev_hash, hash_ = row
        fields: Any = (*plain, _loaded(facts), _loaded(card), bytes(prev_hash), bytes(hash_))
        return cls(*fields)


def _loaded(value: Any) -> dict[str, Any]:
    # Django's psycopg adapter hands jsonb over as text on raw cursors; psycopg itself as a dict
    loaded: dict[str, Any] = json.loads(value) if isinstance(value, str | bytes) else value
    return loaded


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def dumps(value: Any) -> str:
    """The one JSON spelling that is hashed: sorted keys, no spaces, characters as they are."""
    return _encode(value)


@lru_cache(maxsize=512)
def instant(at: datetime) -> str:
    """An instant as the journal spells it: UTC, always with microseconds."""
    in_utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")[:-6] + "Z"


def body_of(
    *,
    case_id: UUID,
    case_seq: int,
    kind: str,
    verb: str,
    at: datetime,
    actor_id: int | None,
    post_id: int | None,
    state_from: str,
    state_to: str,
    facts: Mapping[str, Any],
    card: Mapping[str, Any],
) -> str:
    """The text of an entry that its hash covers, without the number that the head gives it."""
    return body_of_texts(
        case_id=case_id,
        case_seq=case_seq,
        kind=kind,
        verb=verb,
        at=at,
        actor_id=actor_id,
        post_id=post_id,
        state_from=state_from,
        state_to=state_to,
        facts=dumps(facts),
        card=dumps(card),
    )


def body_of_texts(
    *,
    case_id: UUID,
    case_seq: int,
    kind: str,
    verb: str,
    at: datetime,
    actor_id: int | None,
    post_id: int | None,
    state_from: str,
    state_to: str,
    facts: str,
    card: str,
) -> str:
    """`body_of()` where facts and card are spelled by `dumps()` already, as they are for writing."""
    head = dumps([str(case_id), case_seq, kind, verb, instant(at), actor_id, post_id, state_from, state_to])
    return f"{head[:-1]},{facts},{card}]"


def link_hash(prev_hash: bytes, body: str, stream: str, seq: int) -> bytes:
    """SHA-256 of the previous hash, the body, and the place in the stream."""
    return hashlib.sha256(prev_hash + f"{body}@{stream}/{seq}".encode()).digest()


def hash_of(line: Line) -> bytes:
    """What the line's hash must be, recomputed from its columns."""
    body = body_of(
        case_id=line.case_id,
        case_seq=line.case_seq,
        kind=line.kind,
        verb=line.verb,
        at=line.at,
        actor_id=line.actor_id,
        post_id=line.post_id,
        state_from=line.state_from,
        state_to=line.state_to,
        facts=line.facts,
        card=line.card,
    )
    return link_hash(line.prev_hash, body, line.stream, line.seq)


def append(
    case: Case,
    *,
    verb: str,
    at: datetime,
    actor_id: int | None,
    post_id: int | None,
    state_from: str,
    facts: Mapping[str, Any],
    card: Mapping[str, Any],
    rows: Sequence[Model] = (),
) -> int:
    """Write the next entry of a case whose row this transaction holds locked; return its number.

    The case carries its new state, holder, due and end already (in memory); this writes them. A case
    that is new itself is inserted. `card` and `facts` must be JSON as they are. `rows` are new rows that
    go in with it. One statement; the hint to the readers goes out after the commit.
    """
    case_seq = case.version + 1
    opens = case._state.adding
    facts_text, card_text = dumps(facts), dumps(card)
    body = body_of_texts(
        case_id=case.id,
        case_seq=case_seq,
        kind=case.kind,
        verb=verb,
        at=at,
        actor_id=actor_id,
        post_id=post_id,
        state_from=state_from,
        state_to=case.state,
        facts=facts_text,
        card=card_text,
    )
    values: dict[str, Any] = {
        "stream": case.stream_id,
        "case": case.id,
        "case_seq": case_seq,
        "kind": case.kind,
        "verb": verb,
        "at": at,
        "actor": actor_id,
        "post": post_id,
        "from": state_from,
        "to": case.state,
        "facts": facts_text,
        "card": card_text,
        "prev": bytes(case.chain_hash),
        "body": body,
        "organisation": case.organisation_id,
        "ended": case.ended_at,
        "due": case.due_at,
    }
    if opens:
        values |= {"number": case.number, "opened": case.opened_at}
    for n, row in enumerate(rows):
        values[f"row{n}"] = row_of(row)
    with connection.cursor() as cursor:
        cursor.execute(_statement(opens, tuple(type(row) for row in rows)), values)
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"no stream {case.stream_id!r} or no case {case.id}: nothing was written")
    for each in (case, *rows):
        each._state.adding, each._state.db = False, connection.alias
    case.version, case.chain_hash, case.moved_at = case_seq, bytes(row[1]), at
    case.card = dict(card)
    transaction.on_commit(hint, robust=True)
    return int(row[0])


def hint() -> None:
    """Tell the readers to look. Only after a commit: inside, it would serialise all commits (decision 12)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
    except Exception:
        # A lost hint costs at most one second: the readers poll.
        log.warning("journal hint not sent", exc_info=True)


def read(stream: str, *, after: int, limit: int = 500) -> list[Line]:
    """Entries numbered after `after`, in order, without holes. One indexed query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _READ + "WHERE stream_id = %s AND seq > %s ORDER BY seq LIMIT %s", [stream, after, limit]
        )
        return [Line.of_row(row) for row in cursor.fetchall()]


def of_case(case_id: UUID) -> list[Line]:
    """A case's own entries, first to last."""
    with connection.cursor() as cursor:
        cursor.execute(_READ + "WHERE case_id = %s ORDER BY case_seq", [case_id])
        return [Line.of_row(row) for row in cursor.fetchall()]


def of_cases(case_ids: Sequence[UUID]) -> Iterator[Line]:
    """The entries of some cases, case by case, each first to last. One indexed query."""
    with connection.cursor() as cursor:
        cursor.execute(_READ + "WHERE case_id = ANY(%s) ORDER BY case_id, case_seq, seq", [list(case_ids)])
        yield from map(Line.of_row, cursor)


def walk(stream: str, *, chunk: int = 5000) -> Iterator[Line]:
    """The whole stream in order, a chunk at a time, so that memory stays flat."""
    after = 0
    while lines := read(stream, after=after, limit=chunk):
        yield from lines
        after = lines[-1].seq


def head(stream: str) -> int:
    """The number of the stream's last entry; 0 while it is empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT head FROM casework_stream WHERE code = %s", [stream])
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"no stream {stream!r}")
    return int(row[0])


def ensure_partitions(first: date, last: date) -> int:
    """Make the monthly partitions from `first` to `last`; return how many were missing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT casework_ensure_partitions(%s, %s)", [first, last])
        return int(cursor.fetchone()[0])
