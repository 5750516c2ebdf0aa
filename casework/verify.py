"""Prove the journal: numbers without gaps, chains that hold, moves that were legal, rows that agree.

Two passes over one view of the database. The numbers are checked in SQL, in order of the stream. The
chains are checked case by case, a few hundred cases at a time, each beside its row; so memory stays flat
whatever the size of the city, and nothing is remembered but the faults. (Walking in order of the stream
would need a hash for every living case.)
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection

from casework import journal
from casework.flows import Flow, all_flows
from casework.journal import GENESIS, Line
from casework.models import Case
from casework.rows import one_view
from casework.workflow import Move

CASES_AT_ONCE = 300
NAMED_AT_MOST = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be so in a journal that nobody touched.

    code   gap, twice, head, stray  (numbers of the stream);
           case_gap, chain, hash, order, stream, move  (a link of a case);
           row  (the case row and its last entry differ);  empty  (a case without entries)
    seq    where in the stream; None for a case without entries
    """

    code: str
    stream: str
    seq: int | None
    expected: str
    found: str
    case_number: str = ""
    case_id: UUID | None = None

    def __str__(self) -> str:
        where = f"{self.stream}/{'–' if self.seq is None else self.seq}"
        case = f", case {self.case_number}" if self.case_number else ""
        return f"{where}{case}: {self.code}: expected {self.expected}, found {self.found}"

    @property
    def place(self) -> tuple[float, str]:
        return (float("inf") if self.seq is None else self.seq, self.case_number)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the proof of one stream came to. `faults` are the first of `fault_count`, in stream order."""

    stream: str
    head: int
    entries: int
    cases: int
    fault_count: int
    faults: tuple[Fault, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.fault_count

    @property
    def entries_per_second(self) -> float:
        return self.entries / self.seconds if self.seconds else 0.0


@dataclass
class _Faults:
    """The first faults by place in the stream, and how many there were."""

    count: int = 0
    first: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.count += 1
        self.first.append(fault)
        if len(self.first) >= 50 * NAMED_AT_MOST:
            self.first = self.named()

    def named(self) -> list[Fault]:
        return heapq.nsmallest(NAMED_AT_MOST, self.first, key=lambda fault: fault.place)


def verify_stream(stream: str, progress: Progress = lambda done, total: None) -> Verdict:
    """Check a whole stream; reads only.

    progress   called with entries checked so far and entries in all
    raises     LookupError when there is no such stream
    """
    began = time.monotonic()
    faults = _Faults()
    with one_view():
        head = journal.head(stream)
        entries = _check_numbers(stream, head, faults)
        cases = done = 0
        progress(0, entries)
        for rows in _cases(stream):
            cases += len(rows)
            done += _check_cases(stream, rows, faults)
            progress(done, entries)
        if done != entries:
            faults.add(
                Fault(
                    "stray",
                    stream,
                    None,
                    f"{entries} entries of its own cases",
                    f"{done}; others hold the rest",
                )
            )
    return Verdict(
        stream, head, entries, cases, faults.count, tuple(faults.named()), time.monotonic() - began
    )


def _check_numbers(stream: str, head: int, faults: _Faults) -> int:
    """1, 2, 3 … head: count, highest and every step. Returns how many entries there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(seq), 0) FROM casework_entry WHERE stream_id = %s", [stream]
        )
        count, highest = cursor.fetchone()
        cursor.execute(
            """SELECT before, seq FROM (
                   SELECT seq, lag(seq, 1, 0::bigint) OVER (ORDER BY seq) AS before
                   FROM casework_entry WHERE stream_id = %s
               ) AS step WHERE seq <> before + 1 ORDER BY seq LIMIT %s""",
            [stream, NAMED_AT_MOST],
        )
        for before, seq in cursor.fetchall():
            code = "twice" if seq == before else "gap"
            faults.add(Fault(code, stream, before + 1, f"number {before + 1}", f"number {seq} next"))
        if highest != head:
            faults.add(Fault("head", stream, min(highest, head) + 1, f"last number {head}", f"{highest}"))
    return int(count)


def _cases(stream: str) -> Iterator[list[Case]]:
    """The stream's case rows in order of their ids, some at a time."""
    every = Case.objects.filter(stream_id=stream).order_by("id")
    rows = list(every[:CASES_AT_ONCE])
    while rows:
        yield rows
        rows = list(every.filter(id__gt=rows[-1].id)[:CASES_AT_ONCE])


def _check_cases(stream: str, rows: Sequence[Case], faults: _Faults) -> int:
    """Check these cases and their entries; return how many entries of the stream they have."""
    flows = {flow.kind: flow for flow in all_flows()}
    with_entries = set()
    done = 0
    by_id = {row.id: row for row in rows}
    for case_id, lines in groupby(journal.of_cases(list(by_id)), key=lambda line: line.case_id):
        case = by_id[case_id]
        with_entries.add(case_id)
        before: list[Line] = []
        for line in lines:
            _check_link(case, before, line, flows.get(line.kind), faults)
            done += line.stream == stream
            before.append(line)
        _check_row(case, before, flows.get(case.kind), faults)
    for case in rows:
        if case.id not in with_entries:
            faults.add(Fault("empty", stream, None, f"{case.version} entries", "none", case.number, case.id))
    return done


def _check_link(case: Case, before: list[Line], line: Line, flow: Flow | None, faults: _Faults) -> None:
    """One entry against the case's entries before it: number, chain, hash, order, move."""
    last = before[-1] if before else None

    def fault(code: str, expected: object, found: object) -> None:
        faults.add(Fault(code, line.stream, line.seq, str(expected), str(found), case.number, case.id))

    if line.stream != case.stream_id:
        fault("stream", f"stream {case.stream_id}", f"stream {line.stream}")
    wanted_seq = last.case_seq + 1 if last else 1
    if line.case_seq != wanted_seq:
        fault("case_gap", f"entry {wanted_seq} of the case", f"entry {line.case_seq}")
    wanted_prev = last.hash if last else GENESIS
    if line.prev_hash != wanted_prev:
        fault("chain", f"previous hash {_short(wanted_prev)}", _short(line.prev_hash))
    computed = journal.hash_of(line)
    if line.hash != computed:
        fault("hash", f"hash {_short(computed)} of its contents", _short(line.hash))
    if last and (line.seq <= last.seq or line.at < last.at):
        fault("order", f"after {last.seq} of {_at(last.at)}", f"{line.seq} of {_at(line.at)}")
    wanted_from = last.state_to if last else ""
    if line.state_from != wanted_from or not _is_legal(flow, line, before):
        fault(
            "move",
            f"a legal move from “{wanted_from}”",
            f"{line.verb}: “{line.state_from}” → “{line.state_to}”",
        )


def _is_legal(flow: Flow | None, line: Line, before: list[Line]) -> bool:
    if flow is None or line.verb not in flow.moves:
        return False
    move: Move = flow.moves[line.verb]
    legal_from = line.state_from in move.sources if move.sources else line.state_from == ""
    if move.back:
        back_to = line.facts.get("undone", line.facts.get("unmarks"))
        undone = next((each for each in before if each.case_seq == back_to), None)
        if undone is None or undone.state_to not in move.sources:
            return False
        return legal_from and line.state_to == undone.state_from
    return legal_from and line.state_to == (move.target if move.target is not None else line.state_from)


def _check_row(case: Case, lines: list[Line], flow: Flow | None, faults: _Faults) -> None:
    """The case row shows what its last entry says; it ended when a move led to where it stands."""
    last = lines[-1]
    final = flow is not None and last.state_to in flow.moves.final
    led_here = (line for line in reversed(lines) if flow and _leads(flow, line.verb))
    ended = next(led_here, last)
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("kind", last.kind, case.kind),
        ("version", last.case_seq, case.version),
        ("chain_hash", _short(last.hash), _short(bytes(case.chain_hash))),
        ("state", last.state_to, case.state),
        ("moved_at", _at(last.at), _at(case.moved_at)),
        ("ended_at", _at(ended.at) if final else "–", _at(case.ended_at)),
        ("card", journal.dumps(last.card), journal.dumps(case.card)),
    )
    for name, expected, found in pairs:
        if expected != found:
            if name == "card":
                expected, found = _differing(last.card, case.card)
            faults.add(
                Fault("row", last.stream, last.seq, f"{name} {expected}", f"{found}", case.number, case.id)
            )


def _leads(flow: Flow, verb: str) -> bool:
    return verb in flow.moves and flow.moves[verb].target is not None


def _differing(expected: dict[str, Any], found: dict[str, Any]) -> tuple[str, str]:
    keys = sorted(k for k in expected.keys() | found.keys() if expected.get(k, ...) != found.get(k, ...))
    return tuple(  # type: ignore[return-value]  # two dictionaries in, two texts out
        journal.dumps({key: card[key] for key in keys if key in card}) for card in (expected, found)
    )


def _short(digest: bytes) -> str:
    return digest.hex()[:16] or "none"


def _at(at: datetime | None) -> str:
    return journal.instant(at) if at else "–"
