"""What the rules propose for a filed report, as a dispatcher reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casework.models import Organisation
from dispatch.models import Report
from dispatch.routing import Outcome, route, titled
from dispatch.rules import active_rules, facts_of


@dataclass(frozen=True)
class Choice:
    """An organisation and why it is offered."""

    organisation: Organisation
    why: str


@dataclass(frozen=True)
class Proposal:
    """The rules' answer: where to and why, or why not, with what lost and what else could be chosen."""

    outcome: Outcome
    reason: str
    organisation: Organisation | None
    rule_id: int | None
    rule: str
    lost: tuple[tuple[str, str], ...]
    alternatives: tuple[Choice, ...]


def propose(report: Report, *, at: datetime) -> Proposal:
    """Route the report by the rules in force at that instant. Three queries, whatever the rules."""
    decision = route(facts_of(report, at), active_rules(report.case.stream_id, at))
    wanted = {choice.organisation_id for choice in decision.alternatives}
    if decision.organisation_id is not None:
        wanted.add(decision.organisation_id)
    known = Organisation.objects.in_bulk(wanted)
    return Proposal(
        outcome=decision.outcome,
        reason=decision.reason,
        organisation=known[decision.organisation_id] if decision.organisation_id is not None else None,
        rule_id=decision.rule.id if decision.rule else None,
        rule=titled(decision.rule) if decision.rule else "",
        lost=tuple((titled(rule), why) for rule, why in decision.lost),
        alternatives=tuple(
            Choice(known[choice.organisation_id], choice.why) for choice in decision.alternatives
        ),
    )
