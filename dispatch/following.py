"""What happens at one end of a link between two cases is entered at the other: main case and duplicates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from casework.access import Actor
from casework.flows import flow_of
from casework.models import Case
from casework.moves import Moving, finish, locked, open_clocks
from dispatch.cards import bare_card
from dispatch.models import Report
from dispatch.workflow import MOVES


def follow_main(move: Moving, report: Report) -> None:
    """Enter in each duplicate's journal where its main case stands after a move; nothing where it stayed.

    The main case's row is locked, its entry written; duplicates follow in the same transaction.
    """
    if not report.duplicate_count or move.case.state == move.state_from:
        return
    facts = {
        "main_number": move.case.number,
        "main_verb": move.move.verb,
        "main_state": move.case.state,
    }
    for pk in Report.objects.filter(main_id=report.pk).order_by("pk").values_list("pk", flat=True):
        enter_follow(locked(pk), move.actor, facts)


def enter_follow(case: Case, actor: Actor, facts: Mapping[str, Any]) -> None:
    """An entry that no post makes by itself; the case's row is locked. It changes the card alone."""
    report = Report.objects.select_related("main").get(pk=case.pk)
    report.case = case
    made = Moving(
        case=case,
        move=MOVES["follow"],
        actor=actor,
        at=max(timezone.now(), case.moved_at),
        clocks=open_clocks(case.pk),
        state_from=case.state,
        card_of=lambda _case, clocks: bare_card(report, clocks),
    )
    made.note(**facts)
    finish(made, flow_of(case.kind))
