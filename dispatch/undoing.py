"""Until when a move may be undone, and the image of what it found. Used by every move (`actions/base.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from casework.journal import Line
from casework.moves import Moving
from dispatch.models import UndoImage
from dispatch.workflow import MOVES

SECONDS = 10
# of a report: no move changes these
WRITTEN_ONCE = (
    "main_id",
    "duplicate_count",
    "place",
    "given_lon",
    "given_lat",
    "given_datum",
    "text",
    "address",
    "device_at",
    "fingerprint",
)

_KEEP = """
INSERT INTO dispatch_undoimage (case_id, version, verb, person_id, made_at, image)
SELECT id, %(version)s, %(verb)s, %(person)s, %(at)s, jsonb_build_object(
    'state', state,
    'organisation_id', organisation_id,
    'report', (SELECT to_jsonb(r) - %(once)s::text[] FROM dispatch_report AS r WHERE r.case_id = c.id),
    'clocks', (SELECT coalesce(jsonb_agg(to_jsonb(k) ORDER BY k.id), '[]')
               FROM casework_caseclock AS k WHERE k.case_id = c.id),
    'decisions', (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.id), '[]')
                  FROM dispatch_routingdecision AS d WHERE d.case_id = c.id))
FROM casework_case AS c WHERE id = %(case)s
ON CONFLICT (case_id) DO UPDATE SET version = excluded.version, verb = excluded.verb,
    person_id = excluded.person_id, made_at = excluded.made_at, image = excluded.image
"""


def keep(move: Moving) -> None:
    """Remember how the case stands, before the move changes it. One statement; the row is locked already."""
    values: dict[str, Any] = {
        "case": move.case.id,
        "version": move.case.version + 1,
        "verb": move.move.verb,
        "person": move.actor.person_id,
        "at": move.at,
        "once": list(WRITTEN_ONCE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)


def forget_old() -> int:
    """Delete images of moves that can be undone no more."""
    return UndoImage.objects.filter(made_at__lt=timezone.now() - timedelta(hours=1)).delete()[0]


def undo_until(person_id: int, lines: Sequence[Line]) -> datetime | None:
    """Until when this person may undo the case's last move; None when that is not possible (any more).

    lines   the case's entries; quiet ones after the move do not count
    """
    last = next((line for line in reversed(lines) if not MOVES[line.verb].quiet), None)
    if last is None or last.actor_id != person_id or not MOVES[last.verb].undoable:
        return None
    until = last.at + timedelta(seconds=SECONDS)
    return until if timezone.now() <= until else None
