"""One move of many cases: each is decided by itself, in a transaction of its own, and answered by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import GridCityError, Invalid, NotAllowed, error_face
from casework.models import Case
from dispatch.queries import case_seen_by
from dispatch.workflow import MOVES
from gis_data.errors import PlaceError


@dataclass(frozen=True, slots=True)
class Bulked:
    """What became of one case; `error` in the one shape of refusals, None when it was done."""

    id: UUID
    number: str
    done: bool
    state: str
    version: int
    error: dict[str, Any] | None


def move_each(
    verb: str, items: Sequence[tuple[UUID, int]], *, actor: Actor, act: Callable[[UUID, int], object]
) -> list[Bulked]:
    """Make the move on each case that still stands at the version seen; a refusal stops none of the rest.

    act     makes the move of one case at its version
    raises  NotAllowed or Invalid where the move suits no case of this caller
    """
    check_bulk(verb, actor)
    errors: dict[int, dict[str, Any] | None] = {}
    seen: set[UUID] = set()
    for n, (case_id, version) in enumerate(items):
        try:
            case_seen_by(actor, case_id)
            seen.add(case_id)
            act(case_id, version)
            errors[n] = None
        except (GridCityError, PlaceError) as error:
            details = getattr(error, "details", None)
            errors[n] = error_face(
                error.code,
                error.message,
                field=error.field,
                value=error.value,
                mend=error.mend,
                details=details,
            )
    # a department that returned a case no longer sees it: it learns what became of it all the same
    stand = Case.objects.in_bulk(seen)
    return [
        Bulked(
            id=case_id,
            number=stand[case_id].number if case_id in stand else "",
            done=errors[n] is None,
            state=stand[case_id].state if case_id in stand else "",
            version=stand[case_id].version if case_id in stand else version,
            error=errors[n],
        )
        for n, (case_id, version) in enumerate(items)
    ]


def check_bulk(verb: str, actor: Actor) -> None:
    """Refuse at once what would be refused for every case."""
    if verb not in MOVES or not MOVES[verb].sources:
        known = ", ".join(row.verb for row in MOVES if suits_many(row.verb))
        raise Invalid(f"“{verb}”?", field="verb", value=verb, mend=known)
    if actor.role not in MOVES[verb].by:
        raise NotAllowed(
            _("Your post may not do “%(move)s”.") % {"move": MOVES[verb].label}, field="verb", value=verb
        )
    if not suits_many(verb):
        raise Invalid(
            _("“%(move)s” needs photographs of each case.") % {"move": MOVES[verb].label},
            field="verb",
            value=verb,
            mend=_("Do it case by case."),
        )


def suits_many(verb: str) -> bool:
    """Can its arguments be the same for many cases? Photographs show one."""
    return bool(MOVES[verb].sources) and "photos" not in MOVES[verb].asks
