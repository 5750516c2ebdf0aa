"""Every clock once more, from the journal alone: what `verify_clocks` compares the rows with.

An entry says what was done to which clock (`clocks.Acts`); here the same functions do it again. A due date is
computed under the version of the calendar that the entry names, so an ended clock keeps the date of its day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from casework import clocks, journal
from casework.calendars import WorkCalendar
from casework.journal import Line, instant
from casework.models import Case, CaseClock, Stream
from casework.models.calendar import calendar_at, calendar_for
from casework.rows import one_view

CASES_AT_ONCE = 300
NAMED_AT_MOST = 50
# what of a clock the journal determines
COMPARED = (
    "name", "quota", "extended", "unit", "season", "organisation_id", "state", "started_at", "stopped_at",
    "exempt", "spans", "due_at",
)  # fmt: skip

CalendarOf = Callable[[int], WorkCalendar | None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a clock and its journal disagree.

    what  a field of the row; `entry`: the entry's own due is not what its calendar gives; `calendar`: a
          running clock is not yet computed under the calendar in force; `missing`, `extra`: a clock too few
          or too many; `case`, `card`: the step's due on the case or its card
    """

    case: str
    clock: str
    what: str
    expected: str
    found: str


@dataclass
class Replayed:
    """The clocks of a case in the order in which they were started, and what was odd on the way.

    versions  of the calendar by which each clock's last due was set, by its place among the clocks
    """

    clocks: list[CaseClock] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    odd: list[tuple[str, str, str, str]] = field(default_factory=list)

    def in_order(self) -> list[tuple[CaseClock, int | None]]:
        """The clocks as `rows_in_order()` has their rows, each with its version."""
        pairs = [(clock, self.versions.get(n)) for n, clock in enumerate(self.clocks)]
        return sorted(pairs, key=lambda pair: _place(pair[0]))

    def open(self) -> dict[str, CaseClock]:
        return {clock.name: clock for clock in self.clocks if clock.state != CaseClock.State.STOPPED}


def _place(clock: CaseClock) -> tuple[datetime, str]:
    """Clocks that one move started are told apart by name: JSON keeps no order."""
    return clock.started_at, clock.name


def rows_in_order(rows: Iterable[CaseClock]) -> list[CaseClock]:
    """Rows as they were written, in the order of `Replayed.in_order()`."""
    return sorted(sorted(rows, key=lambda row: row.pk), key=_place)


def replay(lines: Sequence[Line], calendar_of: CalendarOf) -> Replayed:
    """Make the clocks of one case from its entries; a move taken back has never touched them."""
    made = Replayed()
    undone = {line.facts["undone"] for line in lines if "undone" in line.facts}
    before: dict[int, list[CaseClock]] = {}
    for line in lines:
        if line.case_seq in undone:
            before[line.case_seq] = deepcopy(made.clocks)
        if "undone" in line.facts:
            made.clocks = before.get(line.facts["undone"], made.clocks)
        for name, act in line.facts.get("clocks", {}).items():
            _do(made, name, act, line, calendar_of)
    return made


def _do(made: Replayed, name: str, act: dict[str, Any], line: Line, calendar_of: CalendarOf) -> None:
    does, at = act["does"], line.at
    calendar = calendar_of(act.get("calendar", 0))
    clock = made.open().get(name)
    if does == "reopen" or does == "exempt":
        clock = next((each for each in reversed(made.clocks) if each.name == name), None)
    if does == "start":
        if clock is not None:
            clocks.stop(clock, at)
        clock = CaseClock(
            case_id=line.case_id,
            name=name,
            quota=Decimal(act["quota"]),
            unit=act["unit"],
            organisation_id=act.get("organisation_id"),
            season=act.get("season", ""),
            spans=[[instant(at), None]],
            started_at=at,
        )
        made.clocks.append(clock)
    if clock is None:
        made.odd.append((name, "entry", f"{does} of a clock that is there", f"none in entry {line.case_seq}"))
        return
    if does == "stop":
        clocks.stop(clock, at)
    elif does == "pause":
        clocks.pause(clock, at)
    elif does in ("resume", "reopen"):
        clock.spans.append([instant(at), None])
        clock.state, clock.stopped_at = CaseClock.State.RUNNING, None
    elif does == "extend":
        clock.extended += Decimal(act["by"])
    elif does == "hand_over":
        clock.organisation_id = act["organisation_id"]
    elif does == "exempt":
        clock.exempt = True
    if "due_at" not in act:
        return
    made.versions[made.clocks.index(clock)] = act["calendar"]
    if calendar is None:  # a version that is not kept any more: the entry's word must do
        clock.due_at = datetime.fromisoformat(act["due_at"])
        return
    clocks.set_due(clock, calendar)
    found = instant(clock.due_at) if clock.due_at else "–"
    if found != act["due_at"]:
        made.odd.append((name, "entry", found, f"{act['due_at']} in entry {line.case_seq}"))


# --- comparing ----------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What the comparison of one stream came to. `older`: cases from before the journal kept clocks."""

    stream: str
    cases: int = 0
    clocks: int = 0
    running: int = 0
    older: int = 0
    count: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, difference: Difference) -> None:
        self.count += 1
        if len(self.differences) < NAMED_AT_MOST:
            self.differences.append(difference)


def verify_clocks(stream: str, progress: Progress = lambda done, total: None) -> Verdict:
    """Compute every clock of a stream from the journal and compare; reads only, as of one moment."""
    code = Stream.objects.values_list("calendar_code", flat=True).get(pk=stream)
    known: dict[int, WorkCalendar | None] = {}

    def calendar_of(version: int) -> WorkCalendar | None:
        if version not in known:
            known[version] = calendar_at(code, version)
        return known[version]

    verdict = Verdict(stream)
    with one_view():
        now = calendar_for(stream)
        total = Case.objects.filter(stream_id=stream).count()
        for cases in _cases(stream):
            ids = [case.pk for case in cases]
            rows: dict[UUID, list[CaseClock]] = {pk: [] for pk in ids}
            for row in rows_in_order(CaseClock.objects.filter(case_id__in=ids)):
                rows[row.case_id].append(row)
            lines = {
                pk: list(own) for pk, own in groupby(journal.of_cases(ids), key=lambda line: line.case_id)
            }
            for case in cases:
                _compare(verdict, case, rows[case.pk], lines.get(case.pk, []), calendar_of, now)
            progress(verdict.cases, total)
    return verdict


def _cases(stream: str) -> Iterator[list[Case]]:
    every = Case.objects.filter(stream_id=stream).order_by("pk")
    rows = list(every[:CASES_AT_ONCE])
    while rows:
        yield rows
        rows = list(every.filter(pk__gt=rows[-1].pk)[:CASES_AT_ONCE])


def _compare(
    verdict: Verdict,
    case: Case,
    rows: Sequence[CaseClock],
    lines: Sequence[Line],
    calendar_of: CalendarOf,
    now: WorkCalendar,
) -> None:
    def differ(clock: str, what: str, expected: object, found: object) -> None:
        verdict.add(Difference(case.number, clock, what, str(expected), str(found)))

    verdict.cases += 1
    if rows and not any("clocks" in line.facts for line in lines):
        verdict.older += 1
        return
    made = replay(lines, calendar_of)
    for name, what, expected, found in made.odd:
        differ(name, what, expected, found)
    verdict.clocks += len(made.clocks)
    if len(rows) != len(made.clocks):
        shown = [", ".join(clock.name for clock in some) or "none" for some in (made.clocks, rows)]
        differ("", "missing" if len(rows) < len(made.clocks) else "extra", *shown)
        return
    for (wanted, _version), row in zip(made.in_order(), rows, strict=True):
        for name in COMPARED:
            expected, found = getattr(wanted, name), getattr(row, name)
            if expected != found:
                differ(row.name, name, expected, found)
        if row.state == CaseClock.State.RUNNING:
            verdict.running += 1
            clocks.set_due(wanted, now)
            if (wanted.due_at, wanted.provisional) != (row.due_at, row.provisional):
                differ(row.name, "calendar", wanted.due_at, row.due_at)
    first = clocks.next_due(made.clocks)
    due = first.due_at if first else None
    if case.due_at != due:
        differ(first.name if first else "", "case", due, case.due_at)
    told = instant(due) if due else None
    if case.card.get("due_at") != told and case.kind != "survey":
        differ(first.name if first else "", "card", told, case.card.get("due_at"))
