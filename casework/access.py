"""Who is calling, by which post. Rights come from the post held now, read anew with every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from casework.models import Holding, Person, Token
from casework.roles import Role

POST_KEY = "post_id"


@dataclass(frozen=True)
class Actor:
    """A person acting by a post at this moment."""

    person_id: int
    name: str
    language: str
    post_id: int
    role: Role
    organisation_id: int
    organisation_code: str
    stream: str


def _held_posts() -> Any:
    return (
        Holding.objects.filter(since__lte=timezone.now(), person__is_active=True)
        .exclude(until__lte=timezone.now())
        .select_related("person", "post", "post__organisation")
        .order_by("since", "id")
    )


def actor_from(holding: Holding) -> Actor:
    person, post = holding.person, holding.post
    return Actor(
        person_id=person.pk,
        name=str(person),
        language=person.language,
        post_id=post.pk,
        role=Role(post.role),
        organisation_id=post.organisation_id,
        organisation_code=post.organisation.code,
        stream=post.stream_id,
    )


def holdings_of(person_id: int) -> list[Holding]:
    """The posts a person holds now, oldest first. One query."""
    return list(_held_posts().filter(person_id=person_id))


def _chosen(holdings: list[Holding], post_id: object) -> Actor | None:
    for holding in holdings:
        if holding.post_id == post_id:
            return actor_from(holding)
    return actor_from(holdings[0]) if holdings else None


def actor_of(request: HttpRequest) -> Actor | None:
    """The caller, from the `Authorization: Bearer` key or the session; None for a stranger.

    A person without a post is a stranger to cases. Costs two queries with a session, one with a key;
    remembered for the request.
    """
    if not hasattr(request, "_gridcity_actor"):
        found = actor_by(request.headers.get("Authorization", ""), getattr(request, "session", None))
        request._gridcity_actor = found  # type: ignore[attr-defined]
    actor: Actor | None = request._gridcity_actor  # type: ignore[attr-defined]
    return actor


def actor_by(authorization: str, session: Any) -> Actor | None:
    """As `actor_of`, from the header and the session themselves; sockets have no request."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() == "bearer" and key:
        digest = Token.digest_of(key.strip())
        return _chosen(list(_held_posts().filter(person__tokens__digest=digest)), None)
    if session is None or SESSION_KEY not in session:
        return None
    holdings = holdings_of(int(session[SESSION_KEY]))
    if not holdings:
        return None
    person: Person = holdings[0].person
    # as django.contrib.auth.get_user does: a changed password ends all sessions
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash()):
        return None
    return _chosen(holdings, session.get(POST_KEY))
