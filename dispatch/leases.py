"""Who has which case open: a lease that others see by name, and that ends by itself.

A desk holds the case it shows and the one it takes next, so that two desks on one queue do not meet.
A lease stops nobody: whoever opens a case held by another is told, and versions decide (`casework.moves`).
The open desk renews it; a window closed, a machine dead or a server started anew ends it after `SECONDS`.
Leases are rows, so that all web processes agree, but no entries: nothing has happened to the case.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import NotAllowed
from casework.journal import CHANNEL
from casework.models import Case
from casework.roles import COMMAND, SUPERVISION, Role
from dispatch.models import Lease
from dispatch.policy import sees, visible

SECONDS = 45
RENEW_SECONDS = 20  # so that one renewal may be lost
HINT = "leases"
SIDES = {
    **dict.fromkeys(SUPERVISION, "supervision"),
    **dict.fromkeys(COMMAND, "command"),
    Role.DEPARTMENT: "department",
}

_LET_GO = "DELETE FROM dispatch_lease WHERE desk = %(desk)s AND case_id <> ALL(%(cases)s)"
# Taken where nobody holds it, where the lease has run out, from one's own other window, and from a desk
# that only meant to take it next.
_TAKE = """
INSERT INTO dispatch_lease AS held (case_id, side, desk, person_id, ahead, since, until)
SELECT wanted.case_id, %(side)s, %(desk)s, %(person)s, wanted.ahead, statement_timestamp(),
    statement_timestamp() + %(for)s * interval '1 s'
FROM unnest(%(cases)s::uuid[], %(ahead)s::bool[]) AS wanted (case_id, ahead)
ORDER BY wanted.case_id
ON CONFLICT (case_id, side) DO UPDATE SET desk = excluded.desk, person_id = excluded.person_id,
    ahead = excluded.ahead, until = excluded.until,
    since = CASE WHEN held.desk = excluded.desk AND held.ahead = excluded.ahead THEN held.since
        ELSE excluded.since END
WHERE held.desk = excluded.desk OR held.person_id = excluded.person_id OR held.until < statement_timestamp()
    OR (held.ahead AND NOT excluded.ahead)
RETURNING held.case_id, held.ahead, held.since = statement_timestamp()
"""
_HELD = """
SELECT lease.case_id, lease.side, lease.person_id, coalesce(nullif(person.name, ''), person.username),
    lease.ahead, lease.since, lease.until, jsonb_build_object('department_id', c.card->'department_id',
        'reporter_id', c.card->'reporter_id', 'inspector_id', c.card->'inspector_id')
FROM dispatch_lease AS lease
JOIN casework_case AS c ON c.id = lease.case_id
JOIN casework_person AS person ON person.id = lease.person_id
WHERE c.stream_id = %s AND lease.until > statement_timestamp()
ORDER BY lease.since, lease.id
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as others see it; `card` holds only what decides who may."""

    case_id: UUID
    side: str
    person_id: int
    name: str
    ahead: bool
    since: datetime
    until: datetime
    card: dict[str, Any]


def side_of(actor: Actor) -> str:
    """On whose side an actor works; refused to posts without a desk."""
    side = SIDES.get(actor.role)
    if side is None:
        raise NotAllowed(_("Your post has no desk."), field="role", value=actor.role)
    return side


def hold(actor: Actor, desk: UUID, case_id: UUID | None, next_id: UUID | None) -> list[Held]:
    """The desk now shows one case and takes another next: those leases it has, no others.

    What the actor may not see is passed over without a word. Not waited for by the disk: a lease lost with
    the machine is no loss.
    returns  all that the actor's side holds, as `held()`
    """
    side = side_of(actor)
    wanted = {pk: ahead for pk, ahead in ((next_id, True), (case_id, False)) if pk}
    seen = (
        set(Case.objects.filter(visible(actor), pk__in=wanted).values_list("pk", flat=True))
        if wanted
        else set()
    )
    cases = sorted(seen)
    values: dict[str, Any] = {
        "desk": desk,
        "side": side,
        "person": actor.person_id,
        "cases": cases,
        "ahead": [wanted[pk] for pk in cases],
        "for": SECONDS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_LET_GO, values)
        changed = cursor.rowcount > 0
        if cases:
            cursor.execute(_TAKE, values)
            changed = any(fresh for *_rest, fresh in cursor.fetchall()) or changed
        if changed:
            transaction.on_commit(hint, robust=True)
    return seen_by(actor, held(actor.stream))


def hint() -> None:
    """Tell the readers that leases have changed; see `casework.journal.hint`."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}, '{HINT}'")


def held(stream: str) -> list[Held]:
    """Every lease of a stream that has not run out. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [stream])
        rows = cursor.fetchall()
    return [Held(*(*row[:-1], _loaded(row[-1]))) for row in rows]


def _loaded(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else value  # type: ignore[no-any-return]


def seen_by(actor: Actor, leases: list[Held]) -> list[Held]:
    """Those of the actor's own side, of cases that the actor sees."""
    side = SIDES.get(actor.role)
    return [lease for lease in leases if lease.side == side and sees(actor, lease.card)]


def forget_ended() -> int:
    """Delete leases that ran out long ago; nobody sees them anyway."""
    return Lease.objects.filter(until__lt=timezone.now()).delete()[0]
