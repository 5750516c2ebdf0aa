"""One report that is two problems (拆分): a second case, linked to the first; both journaled at one go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid
from casework.models import Case, CaseClock, CaseLink
from casework.moves import NEXT_NUMBER, opening
from dispatch.actions.base import reporting
from dispatch.cards import bare_card
from dispatch.limits import step_limit
from dispatch.models import Report
from dispatch.models.report import SPLIT
from dispatch.workflow import KIND, Clock
from gis_data.models import ProblemClass

# what the two problems share: where, when, who told of them and by which door
SHARED = (
    "source", "place", "given_lon", "given_lat", "given_datum", "accuracy_m", "cell_code", "address",
    "reporter_id", "party_id", "device_at",
)  # fmt: skip


def split_report(
    case_id: UUID, *, actor: Actor, seen: int | None, class_id: int | None, note: str = ""
) -> Report:
    """Open a case for the other problem that this report tells of; it begins as reported.

    class_id  what the other problem is; note: its own words, else those of the report
    returns   the report split; photographs stay with it, where they are evidence
    """
    with reporting(case_id, "split", actor=actor, seen=seen, given={"class_id": class_id}) as (move, report):
        problem_class = ProblemClass.objects.filter(
            pk=class_id or 0, active=True, edition__current=True
        ).first()
        if problem_class is None:
            raise Invalid(
                _("There is no class %(id)s in the edition in use.") % {"id": class_id},
                field="class_id",
                value=class_id,
                mend=_("Choose a class from the list."),
            )
        other = _split_off(report, problem_class, actor, note.strip())
        CaseLink.objects.create(source_id=case_id, target_id=other.pk, kind=SPLIT)
        move.note(split_off=str(other.pk), number=other.case.number, class_id=problem_class.pk)
    return report


def _split_off(report: Report, problem_class: ProblemClass, actor: Actor, note: str) -> Report:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NEXT_NUMBER}")
        running = int(cursor.fetchone()[0])
    other: Report | None = None

    def card_of(case: Case, clocks: Mapping[str, CaseClock]) -> dict[str, Any]:
        assert other is not None
        return bare_card(other, clocks)

    new_id = uuid4()
    with opening(new_id, "split_off", kind=KIND, running=running, actor=actor, card_of=card_of) as move:
        shared = {name: getattr(report, name) for name in SHARED}
        other = Report(
            **shared,
            case=move.case,
            problem_class=problem_class,
            text=note or report.text,
            fingerprint=hashlib.sha256(new_id.bytes).digest(),
            reported_at=move.case.opened_at,
        )
        move.insert(other)
        move.allow(Clock.ACCEPTING, step_limit(Clock.ACCEPTING))
        move.note(
            source=other.source,
            class_id=problem_class.pk,
            cell_code=other.cell_code,
            split_from=str(report.case_id),
            number=report.case.number,
        )
    return other
