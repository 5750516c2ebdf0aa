"""What the ground must know of reports."""

from __future__ import annotations

from casework.flows import Flow
from dispatch.cards import dress
from dispatch.escalation import by_itself, chain
from dispatch.policy import audience, compares, facts_for, sees
from dispatch.workflow import KIND, MOVES, Clock, State


def state_label(state: str) -> str:
    return str(State(state).label)


def clock_label(clock: str) -> str:
    return str(Clock(clock).label)


REPORT_FLOW = Flow(
    kind=KIND,
    moves=MOVES,
    sees=sees,
    audience=audience,
    dress=dress,
    facts_for=facts_for,
    state_label=state_label,
    compares=compares,
    clock_label=clock_label,
    chain=chain,
    wakes={Clock.HANGING.value: "resume"},
    by_itself=by_itself,
)
