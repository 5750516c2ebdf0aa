"""A journey as a table of legal moves: pure, no database.

A flow (`dispatch`, `hall`) writes its table once; `moves.moving()` enforces it, the API offers it, the
matrix test walks every role × move × state of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.functional import Promise

from casework.roles import Role


@dataclass(frozen=True)
class Move:
    """One verb: from which states, to which state, by whom, and what it does to the clocks.

    verb      stable key, also the path of the API
    sources   states in which it is legal; empty for the move that opens a case
    target    the state afterwards; None when the state stays
    by        roles that may do it; who exactly (own report, own department) is the flow's policy
    asks      arguments that must be given and not empty
    stops, pauses, starts, resumes
              names of clocks; `starts` begins afresh, `resumes` goes on where it was paused
    primary   the usual next step, first on a desk
    undoable  who made it may take it back shortly after; it then changed nothing that cannot be put back
    back      leads to where the case stood before the move that the entry's `undone` or `unmarks` names
    quiet     changes nothing that others decide on: what they looked at before it is still true
    by_itself the city may make it when its time has come; with nobody in `by`, nobody else may
    """

    verb: str
    sources: frozenset[str]
    target: str | None
    by: frozenset[Role]
    label: str | Promise = ""
    asks: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    primary: bool = False
    undoable: bool = False
    back: bool = False
    quiet: bool = False
    by_itself: bool = False


@dataclass(frozen=True)
class Moves:
    """The table. Verbs are unique; from a `final` state no move leads on, it can only be corrected."""

    rows: tuple[Move, ...]
    final: frozenset[str]
    _by_verb: dict[str, Move] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.verb in self._by_verb:
                raise ValueError(f"two moves are called {row.verb}")
            if row.sources & self.final and row.target is not None and row.target not in self.final:
                raise ValueError(f"{row.verb} would leave a final state")
            self._by_verb[row.verb] = row

    def __iter__(self) -> Iterator[Move]:
        return iter(self.rows)

    def __getitem__(self, verb: str) -> Move:
        """The move of that name; KeyError when the table has none."""
        return self._by_verb[verb]

    def __contains__(self, verb: object) -> bool:
        return verb in self._by_verb

    @property
    def states(self) -> frozenset[str]:
        found: set[str] = set(self.final)
        for row in self.rows:
            found |= row.sources
            if row.target:
                found.add(row.target)
        return frozenset(found)

    def legal(self, state: str, roles: Iterable[Role]) -> tuple[Move, ...]:
        """The moves that one of `roles` may make from `state`, in table order."""
        mine = frozenset(roles)
        return tuple(row for row in self.rows if state in row.sources and row.by & mine)
