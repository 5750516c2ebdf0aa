"""The flows that stand on this ground, registered at start, so that the ground need not know them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from casework.workflow import Moves

if TYPE_CHECKING:
    from casework.access import Actor

Card = Mapping[str, Any]


@dataclass(frozen=True)
class Flow:
    """What the ground must know of a flow.

    kind   value of Case.kind
    moves  its table
    sees   may this actor see a case that looks like this card? Judged at every delivery.
    state_label   a state in the reader's words
    """

    kind: str
    moves: Moves
    sees: Callable[[Actor, Card], bool]
    state_label: Callable[[str], str]


_flows: dict[str, Flow] = {}


def register(flow: Flow) -> None:
    """Called once by each flow's AppConfig.ready()."""
    _flows[flow.kind] = flow


def flow_of(kind: str) -> Flow:
    return _flows[kind]


def all_flows() -> tuple[Flow, ...]:
    return tuple(_flows.values())
