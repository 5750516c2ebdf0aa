"""Reading what is said on cases: pages of messages, who can be named, what a person has not read yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from casework.access import Actor
from casework.models import Case, Holding, Mention, Message, Reading
from casework.roles import Role
from dispatch.naming import signature
from dispatch.policy import seers, visible
from dispatch.queries import cursor_after, read_cursor
from dispatch.queues import queues_of

PAGE = 50
PAGE_AT_MOST = 200
PEOPLE_AT_MOST = 50
# Reading never goes back, whatever order two screens of one person report in.
_READ = """
INSERT INTO casework_reading (case_id, person_id, upto)
SELECT %(case)s, %(person)s, least(%(upto)s, max(case_seq)) FROM casework_message WHERE case_id = %(case)s
HAVING max(case_seq) IS NOT NULL
ON CONFLICT (person_id, case_id) DO UPDATE SET upto = greatest(casework_reading.upto, excluded.upto)
"""


# --- one case ------------------------------------------------------------------------------------


def messages_of(actor: Actor, case_id: UUID, *, before: int | None, after: int, limit: int) -> dict[str, Any]:
    """A page of a case's messages, oldest first, ending before a number; the newest without one.

    The right to see the case is checked before. Five queries, whatever the length.
    """
    rows = Message.objects.filter(case_id=case_id, case_seq__gt=after)
    if before is not None:
        rows = rows.filter(case_seq__lt=before)
    found = list(
        rows.select_related("person", "post__organisation").order_by("-case_seq")[
            : min(limit, PAGE_AT_MOST) + 1
        ]
    )
    page = found[: min(limit, PAGE_AT_MOST)]
    read = Reading.objects.filter(case_id=case_id, person_id=actor.person_id)
    upto = read.values_list("upto", flat=True).first() or 0
    unread = Message.objects.filter(case_id=case_id, case_seq__gt=upto).exclude(person_id=actor.person_id)
    return {
        "items": faces(actor, reversed(page)),
        "next": page[-1].case_seq if len(found) > len(page) else None,
        "unread": unread.count(),
        "read_upto": upto,
    }


def faces(actor: Actor, messages: Iterable[Message]) -> list[dict[str, Any]]:
    """Messages as this actor may read them. Two queries for all together."""
    found = list(messages)
    named: dict[UUID, list[int]] = {}
    for message_id, person_id in Mention.objects.filter(message_id__in=[m.pk for m in found]).values_list(
        "message_id", "person_id"
    ):
        named.setdefault(message_id, []).append(person_id)
    posts = _posts({person_id for people in named.values() for person_id in people}, actor.stream)
    return [
        {
            "id": m.pk,
            "case_seq": m.case_seq,
            "at": m.sent_at,
            "by": signature(actor, m.person, m.post),
            "own": m.person_id == actor.person_id,
            "text": m.text,
            "photos": m.photos,
            "mentions": [
                signature(actor, posts[p].person, posts[p].post) for p in named.get(m.pk, ()) if p in posts
            ],
            "mentions_me": actor.person_id in named.get(m.pk, ()),
        }
        for m in found
    ]


def _posts(people: Collection[int], stream: str) -> dict[int, Holding]:
    held = Holding.objects.filter(person_id__in=people, post__stream_id=stream) if people else ()
    if not held:
        return {}
    return {h.person_id: h for h in held.select_related("person", "post__organisation").order_by("since")}


def people_of(case: Case, *, among: Collection[int] | None = None) -> list[Holding]:
    """Who may see the case by a post held now: whom a message can name. One query."""
    now = timezone.now()
    held = Holding.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        seers(case.card, case.stream_id),
        since__lte=now,
        person__is_active=True,
    )
    if among is not None:
        held = held.filter(person_id__in=among)
    found = held.select_related("person", "post__organisation").order_by(
        "post__organisation_id", "post_id", "pk"
    )
    return list({holding.person_id: holding for holding in found}.values())


def nameable(actor: Actor, case: Case, *, wanted: str = "") -> list[dict[str, Any]]:
    """Whom this actor can name in a message, whose name, post or organisation holds the text."""
    people = [
        {"id": holding.person_id, **signature(actor, holding.person, holding.post)}
        for holding in people_of(case)
        if holding.person_id != actor.person_id
    ]
    sought = wanted.strip().lower()
    matching = [
        one for one in people if sought in f"{one['name']} {one['post']} {one['organisation']}".lower()
    ]
    return matching[:PEOPLE_AT_MOST]


def mark_read(actor: Actor, case_id: UUID, upto: int) -> None:
    """The person has seen the messages numbered up to there."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"case": case_id, "person": actor.person_id, "upto": upto})


# --- all cases -----------------------------------------------------------------------------------


def concerning(actor: Actor) -> QuerySet[Case]:
    """Cases whose conversation concerns a person: those in hand at the post, and those where she takes part.

    In hand: an inspector's own and errands, a department's, and for a centre those that stand in its lists.
    She takes part where she wrote or was named, also when the case has ended.
    """
    wrote = Message.objects.filter(case_id=OuterRef("pk"), person_id=actor.person_id)
    named = Mention.objects.filter(message__case_id=OuterRef("pk"), person_id=actor.person_id)
    in_hand = Q(pk__in=[])
    if actor.role in (Role.INSPECTOR, Role.DEPARTMENT):
        in_hand = Q(ended_at__isnull=True)
    elif states := {state for q in queues_of(actor.role) if q.key != "open" for state in q.states}:
        in_hand = Q(ended_at__isnull=True, state__in=sorted(states))
    return Case.objects.filter(visible(actor)).filter(in_hand | Exists(wrote) | Exists(named))


def conversations(
    actor: Actor, *, after: str | None = None, limit: int = PAGE, unread_only: bool = False
) -> dict[str, Any]:
    """Conversations that concern the actor, the one with the newest word first, with what is unread in each.

    returns  `unread` and `naming_me` are over all of them, the items are a page of cards
    """
    me = actor.person_id
    read = Reading.objects.filter(case_id=OuterRef("case_id"), person_id=me).values("upto")[:1]
    said = (
        Message.objects.filter(case_id__in=concerning(actor).values("pk"))
        .annotate(
            read_upto=Coalesce(Subquery(read), 0, output_field=IntegerField()),
            names_me=Exists(Mention.objects.filter(message_id=OuterRef("pk"), person_id=me)),
        )
        .order_by()
    )
    new = Q(case_seq__gt=F("read_upto")) & ~Q(person_id=me)
    by_case = said.values("case_id").annotate(
        last_at=Max("sent_at"),
        last_seq=Max("case_seq"),
        unread=Count("pk", filter=new),
        naming_me=Count("pk", filter=new & Q(names_me=True)),
    )
    total = said.filter(new).aggregate(unread=Count("pk"), naming_me=Count("pk", filter=Q(names_me=True)))
    rows = by_case.filter(unread__gt=0) if unread_only else by_case
    if after:
        at, pk = read_cursor(after)
        rows = rows.filter(Q(last_at__lt=at) | Q(last_at=at, case_id__lt=pk))
    found = list(rows.order_by("-last_at", "-case_id")[: limit + 1])
    page = found[:limit]
    cards = dict(Case.objects.filter(pk__in=[r["case_id"] for r in page]).values_list("pk", "card"))
    latest = {
        m.case_id: m
        for m in Message.objects.filter(_any((r["case_id"], r["last_seq"]) for r in page)).select_related(
            "person", "post__organisation"
        )
    }
    last = {m["id"]: m for m in faces(actor, latest.values())}
    return {
        **total,
        "items": [
            {
                "card": cards[row["case_id"]],
                "unread": row["unread"],
                "naming_me": row["naming_me"],
                "last": last[latest[row["case_id"]].pk],
            }
            for row in page
        ],
        "next": cursor_after(page[-1]["last_at"], page[-1]["case_id"]) if len(found) > len(page) else None,
    }


def _any(places: Iterable[tuple[UUID, int]]) -> Q:
    found = Q(pk__in=[])
    for case_id, case_seq in places:
        found |= Q(case_id=case_id, case_seq=case_seq)
    return found
