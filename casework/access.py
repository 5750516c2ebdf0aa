"""Who is calling, by which post. Rights come from the post held now, read anew with every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
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

    @property
    def is_city(self) -> bool:
        """Nobody: what the city does by itself when a time has come."""
        return not self.person_id


def the_city(stream: str) -> Actor:
    """The actor of moves that nobody makes: a calendar that changed, a limit that ran out."""
    return Actor(0, "", settings.LANGUAGE_CODE, 0, Role.MANAGER, 0, "", stream)


# One statement for every request of everybody: compiled by hand, it costs a third of the query set's.
_HELD = """
SELECT person.id, coalesce(nullif(person.name, ''), person.username), person.language, post.id, post.role,
    organisation.id, organisation.code, post.stream_id, person.password
FROM casework_person person
JOIN casework_holding holding ON holding.person_id = person.id
JOIN casework_post post ON post.id = holding.post_id
JOIN casework_organisation organisation ON organisation.id = post.organisation_id
WHERE person.is_active AND holding.since <= statement_timestamp()
    AND (holding.until IS NULL OR holding.until > statement_timestamp()) AND {who}
ORDER BY holding.since, holding.id
"""
_BY_PERSON = _HELD.format(who="person.id = %s")
_BY_TOKEN = _HELD.format(who="person.id = (SELECT person_id FROM casework_token WHERE digest = %s)")


def _held(sql: str, key: int | bytes) -> tuple[list[Actor], str]:
    """The posts held now, oldest first, and the person's stored password hash."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        rows = cursor.fetchall()
    actors = [
        Actor(
            person_id=row[0],
            name=row[1],
            language=row[2],
            post_id=row[3],
            role=Role(row[4]),
            organisation_id=row[5],
            organisation_code=row[6],
            stream=row[7],
        )
        for row in rows
    ]
    return actors, rows[0][8] if rows else ""


def holdings_of(person_id: int) -> list[Holding]:
    """The posts a person holds now, oldest first, with their organisations. One query."""
    now = timezone.now()
    return list(
        Holding.objects.filter(person_id=person_id, since__lte=now, person__is_active=True)
        .exclude(until__lte=now)
        .select_related("person", "post", "post__organisation")
        .order_by("since", "id")
    )


def actors_of(person_id: int) -> list[Actor]:
    """What a person may act as now."""
    return _held(_BY_PERSON, person_id)[0]


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
        actors, _hash = _held(_BY_TOKEN, Token.digest_of(key.strip()))
        return actors[0] if actors else None
    if session is None or SESSION_KEY not in session:
        return None
    actors, password = _held(_BY_PERSON, int(session[SESSION_KEY]))
    # as django.contrib.auth.get_user does: a changed password ends all sessions
    if not actors or not constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), Person(password=password).get_session_auth_hash()
    ):
        return None
    wanted = session.get(POST_KEY)
    return next((actor for actor in actors if actor.post_id == wanted), actors[0])
