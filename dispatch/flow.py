"""What the ground must know of reports."""

from __future__ import annotations

from casework.flows import Flow
from dispatch.policy import sees
from dispatch.workflow import MOVES, State

KIND = "report"


def state_label(state: str) -> str:
    return str(State(state).label)


REPORT_FLOW = Flow(kind=KIND, moves=MOVES, sees=sees, state_label=state_label)
