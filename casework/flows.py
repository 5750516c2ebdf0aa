"""The flows that stand on this ground, registered at start, so that the ground need not know them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q

from casework.workflow import Moves

if TYPE_CHECKING:
    from casework.access import Actor
    from casework.models import Case, CaseClock

Card = Mapping[str, Any]


def _nothing(case_id: UUID, verb: str, given: Mapping[str, Any]) -> None:
    """A flow that does nothing by itself."""


@dataclass(frozen=True)
class Flow:
    """What the ground must know of a flow.

    kind   value of Case.kind
    moves  its table
    sees   may this actor see a case that looks like this card? Judged at every delivery.
    audience   actors with equal audiences see the same cases and facts, so an entry is made ready once
    dress      a bare card with names, without what never leaves the server
    facts_for  what of an entry's facts an audience may read
    state_label   a state in the reader's words
    clock_label   a clock in the reader's words
    chain         who answers for a clock of a case, who is above her, and the head: conditions on Holding
    wakes         clocks at whose end the city makes a move by itself
    by_itself     makes a move that nobody makes: `wakes`, and `supervise` (督办) when a threshold says so
    compares   may this actor look at the pictures of a case it may not see, to tell whether it is the same?
    """

    kind: str
    moves: Moves
    sees: Callable[[Actor, Card], bool]
    audience: Callable[[Actor], Hashable]
    dress: Callable[[Card], dict[str, Any]]
    facts_for: Callable[[Actor, Mapping[str, Any]], dict[str, Any]]
    state_label: Callable[[str], str]
    compares: Callable[[Actor, Card], bool] = lambda actor, card: False
    clock_label: Callable[[str], str] = str
    chain: Callable[[Case, CaseClock], Sequence[Q]] = lambda case, clock: ()
    wakes: Mapping[str, str] = field(default_factory=dict)
    by_itself: Callable[[UUID, str, Mapping[str, Any]], None] = _nothing


_flows: dict[str, Flow] = {}


def register(flow: Flow) -> None:
    """Called once by each flow's AppConfig.ready()."""
    _flows[flow.kind] = flow


def flow_of(kind: str) -> Flow:
    return _flows[kind]


def all_flows() -> tuple[Flow, ...]:
    return tuple(_flows.values())
