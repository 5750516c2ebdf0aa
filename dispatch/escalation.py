"""Who answers for which clock, who stands above her, and what the city does by itself in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from casework.access import the_city
from casework.models import Case, CaseClock, Organisation, Post
from casework.roles import ADMINISTRATORS, Role
from dispatch.workflow import HANDLINGS, Clock


def chain(case: Case, clock: CaseClock) -> Sequence[Q]:
    """Whoever answers for a clock, her superior, and the head, as conditions on Holding."""
    here = Q(post__stream_id=case.stream_id)

    def held_by(*roles: Role) -> Q:
        return here & Q(post__role__in=roles)

    head = held_by(Role.MANAGER)
    if clock.name in (*HANDLINGS, Clock.HANGING):
        department_id = clock.organisation_id or case.card.get("department_id")
        mine = here & Q(post__role=Role.DEPARTMENT, post__organisation_id=department_id)
        return mine, _above(department_id, case.stream_id) or held_by(Role.DISPATCHER), head
    if clock.name in (Clock.VERIFYING, Clock.CHECKING):
        sent_out = held_by(Role.INSPECTOR) & Q(person_id=case.card.get("inspector_id"))
        return sent_out, held_by(Role.SHIFT_LEADER), head
    if clock.name == Clock.DISPATCHING:
        return held_by(Role.DISPATCHER), head
    if clock.name == Clock.BUNDLED:
        return held_by(Role.SHIFT_LEADER), head
    return held_by(Role.ACCEPTOR), held_by(Role.SHIFT_LEADER), head


def _above(department_id: int | None, stream: str) -> Q | None:
    """The posts of the organisation above, where it has any."""
    above = Organisation.objects.filter(children=department_id or 0)
    posts = Post.objects.filter(organisation__in=above, stream_id=stream).exclude(role__in=ADMINISTRATORS)
    return Q(post__in=posts) if posts.exists() else None


def by_itself(case_id: UUID, verb: str, given: Mapping[str, Any]) -> None:
    """A move that nobody makes."""
    from dispatch import actions

    city = the_city(Case.objects.values_list("stream_id", flat=True).get(pk=case_id))
    if verb == "resume":
        actions.resume_hung(case_id, actor=city, seen=None)
    elif verb == "supervise":
        actions.supervise_case(case_id, actor=city, seen=None, **given)
    else:
        raise LookupError(f"the city does not {verb} by itself")
