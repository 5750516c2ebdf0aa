"""What the ground must know of reports."""

from __future__ import annotations

from casework.flows import Flow
from dispatch.cards import dress
from dispatch.policy import audience, compares, facts_for, sees
from dispatch.workflow import MOVES, State

KIND = "report"


def state_label(state: str) -> str:
    return str(State(state).label)


REPORT_FLOW = Flow(
    kind=KIND,
    moves=MOVES,
    sees=sees,
    audience=audience,
    dress=dress,
    facts_for=facts_for,
    state_label=state_label,
    compares=compares,
)
