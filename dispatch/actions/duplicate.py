"""Two reports of one problem: merged, kept apart in every detail, and taken apart again.

The duplicate keeps its number, photographs, clocks and journal; its clocks pause, and whatever happens to the
main case is entered in its journal too (`dispatch.following`), so that its reporters see it. Taking it apart
puts it back where it stood: the clocks that were paused then go on, with the time they had left.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid
from casework.flows import flow_of
from casework.models import Case, CaseClock, Entry
from casework.moves import locked
from dispatch.actions.base import reporting
from dispatch.following import enter_follow
from dispatch.models import Report
from dispatch.telling import tell_reporters
from dispatch.workflow import KIND, OPEN

RUNNING = CaseClock.State.RUNNING


def mark_duplicate(
    case_id: UUID, *, actor: Actor, seen: int | None, main_id: UUID | None, note: str = ""
) -> Report:
    """This case is the same thing as the main one (重复案件); from now on it follows that.

    raises  Invalid when the main case is not open, is a duplicate itself, or when others follow this one
    """
    with _one_merger_at_a_time(actor.stream):
        found = _locked_main(case_id, main_id, actor)
        with reporting(case_id, "mark_duplicate", actor=actor, seen=seen, given={"main_id": main_id}) as (
            move,
            report,
        ):
            main = _fit_for_main(found, main_id)
            if report.duplicate_count:
                raise Invalid(
                    _("Other cases are duplicates of this one."),
                    field="main_id",
                    value=main_id,
                    mend=_("Merge the other case into this one, or take its duplicates off first."),
                )
            paused = sorted(name for name, clock in move.clocks.items() if clock.state == RUNNING)
            move.move = replace(move.move, pauses=tuple(paused))
            report.main = main.case
            move.note(main_id=str(main.pk), main_number=main.case.number, paused=paused)
            if note.strip():
                move.note(note=note.strip())
            tell_reporters(move, report, "report_merged", main=main.case.number)
        Report.objects.filter(pk=main.pk).update(duplicate_count=F("duplicate_count") + 1)
        enter_follow(main.case, actor, {"duplicate": report.case.number})
    return report


def unmark_duplicate(case_id: UUID, *, actor: Actor, seen: int | None, reason: str) -> Report:
    """It is something else after all: back to where it stood before it was merged, clocks and all."""
    with _one_merger_at_a_time(actor.stream):
        main_id = Report.objects.filter(pk=case_id).values_list("main_id", flat=True).first()
        main = (
            locked(main_id) if main_id else None
        )  # before the duplicate, as every move of the main case does
        with reporting(case_id, "unmark_duplicate", actor=actor, seen=seen, given={"reason": reason}) as (
            move,
            report,
        ):
            marked = Entry.objects.filter(case_id=case_id, verb="mark_duplicate").latest("case_seq")
            move.case.state = marked.state_from
            move.move = replace(move.move, resumes=tuple(marked.facts["paused"]))
            move.note(reason=reason.strip(), unmarks=marked.case_seq, main_number=marked.facts["main_number"])
            report.main = None
            tell_reporters(move, report, "report_parted", main=marked.facts["main_number"])
        if main is not None:
            Report.objects.filter(pk=main.pk).update(duplicate_count=F("duplicate_count") - 1)
            enter_follow(main, actor, {"duplicate": report.case.number, "parted": True})
    return report


@contextmanager
def _one_merger_at_a_time(stream: str) -> Iterator[None]:
    """Two who merge A into B and B into A would wait for each other's rows for ever."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"duplicates/{stream}"])
        yield


def _locked_main(case_id: UUID, main_id: UUID | None, actor: Actor) -> Case | None:
    """The other case, its row locked before this one's, as every move of a main case does; None if none."""
    others = Case.objects.filter(kind=KIND, stream_id=actor.stream).exclude(pk=case_id)
    return locked(main_id) if main_id and others.filter(pk=main_id).exists() else None


def _fit_for_main(case: Case | None, main_id: UUID | None) -> Report:
    """The report of a case that others can be merged into; asked only of who may merge this one now."""
    if case is None:
        raise Invalid(
            _("There is no such case to merge into."),
            field="main_id",
            value=main_id,
            mend=_("Choose another open case of your district."),
        )
    if case.state not in OPEN:
        raise Invalid(
            _("Case %(number)s is “%(state)s”: nothing can be merged into it.")
            % {"number": case.number, "state": flow_of(case.kind).state_label(case.state)},
            field="main_id",
            value=main_id,
            mend=_("Choose the case on which the work is done."),
        )
    report = Report.objects.get(pk=case.pk)
    report.case = case
    return report
