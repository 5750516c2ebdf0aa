"""Take back one's own last move within ten seconds: a move of its own in the journal.

An undoable move leaves an image of what it found (`keep`); undoing puts state, holder, report, clocks and
routing decisions back as they were, exactly: a clock that was stopped runs on as if it never had been.
What ends a case, sends somebody out or binds evidence is not undoable; the table says which moves are.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import NotAllowed, WrongState
from casework.models import CaseClock, Entry
from casework.moves import Moving, open_clocks
from dispatch import undoing
from dispatch.actions.base import reporting
from dispatch.models import Report, RoutingDecision, UndoImage
from dispatch.undoing import WRITTEN_ONCE
from dispatch.workflow import MOVES


def undo_move(case_id: UUID, *, actor: Actor, seen: int | None) -> Report:
    """Undo (撤销) the caller's own last move.

    raises  NotAllowed for somebody else's move; WrongState when it cannot be undone, or is older than that;
            Stale when somebody has moved the case on
    """
    with reporting(case_id, "undo", actor=actor, seen=seen) as (move, report):
        kept = _undoable(move)
        image: dict[str, Any] = kept.image
        move.case.state = image["state"]
        move.hand_to(image["organisation_id"])
        for field in Report._meta.concrete_fields:
            if not field.primary_key and field.column not in WRITTEN_ONCE:
                setattr(report, field.attname, field.to_python(image["report"][field.column]))
        _put_back(RoutingDecision, case_id, image["decisions"])
        _put_back(CaseClock, case_id, image["clocks"])
        move.clocks = open_clocks(case_id)
        kept.delete()
        move.note(undone=kept.version, undone_verb=kept.verb)
    return report


def _undoable(move: Moving) -> UndoImage:
    """The image of the last move, if this caller may undo it now. Quiet moves since do not count."""
    quiet = [row.verb for row in MOVES if row.quiet]
    last = Entry.objects.filter(case_id=move.case.id).exclude(verb__in=quiet).latest("case_seq")
    if last.actor_id != move.actor.person_id:
        raise NotAllowed(
            _("Only who made a move may undo it."),
            field="verb",
            value="undo",
            mend=_("Ask the one who made it, or move the case on."),
        )
    kept = UndoImage.objects.filter(case_id=move.case.id, version=last.case_seq).first()
    if kept is None:
        raise WrongState(
            _("“%(move)s” cannot be undone.") % {"move": MOVES[last.verb].label},
            field="verb",
            value=last.verb,
            mend=_("Move the case on from where it stands."),
        )
    if not is_young(kept.made_at, move.at):
        raise WrongState(
            _("More than %(n)s seconds have passed.") % {"n": undoing.SECONDS},
            field="verb",
            value="undo",
            mend=_("Move the case on from where it stands."),
        )
    return kept


def is_young(made_at: datetime, now: datetime) -> bool:
    return now - made_at <= timedelta(seconds=undoing.SECONDS)


def _put_back(model: type[Model], case_id: UUID, rows: list[dict[str, Any]]) -> None:
    """The case's rows of a table as they were: new ones go, the others get their old values."""
    with connection.cursor() as cursor:
        ids = [row["id"] for row in rows]
        cursor.execute(
            f"DELETE FROM {model._meta.db_table} WHERE case_id = %s AND id <> ALL(%s)", [case_id, ids]
        )
    fields = model._meta.concrete_fields
    model._default_manager.bulk_create(
        [
            model(**{field.attname: field.to_python(row[str(field.column)]) for field in fields})
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[field.name for field in fields if not field.primary_key],
    )
