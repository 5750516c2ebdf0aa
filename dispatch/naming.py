"""Who did or said something, as a reader may know it: names stay inside, posts are for everybody."""

from __future__ import annotations

from django.utils.translation import get_language

from casework.access import Actor
from casework.models import Person, Post
from dispatch.policy import SEES_ALL


def signature(actor: Actor, person: Person | None, post: Post) -> dict[str, str]:
    """Name, post and organisation; the name only for the centres, the own organisation and oneself."""
    chinese = (get_language() or "zh").startswith("zh")
    own = person is not None and person.pk == actor.person_id
    inside = actor.role in SEES_ALL or post.organisation_id == actor.organisation_id or own
    return {
        "name": str(person) if inside and person is not None else "",
        "post": post.title if chinese or not post.title_en else post.title_en,
        "organisation": post.organisation.title,
    }
