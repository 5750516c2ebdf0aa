"""The edge of conversations: messages on a case, how far one has read, and all that is new."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from ninja.params.functions import Query
from pydantic import Field

from casework.api import caller, signed_in
from casework.schemas import In, Out
from dispatch import conversations, queries
from dispatch.actions.message import NewMessage, send_message
from dispatch.cards import dress
from dispatch.schemas import CardOut

router = Router(tags=["Conversation"], auth=signed_in)


class MessageIn(In):
    id: UUID = Field(description="Made by the sender; the same message sent again changes nothing.")
    text: str = Field("", max_length=2000)
    photos: list[UUID] = Field(default=[], description="Photographs sent before, at most nine.")
    mentions: list[int] = Field(default=[], description="From `/cases/{id}/people`.")


class SignatureOut(Out):
    name: str = Field(description="Empty for readers outside the centres and the own organisation.")
    post: str
    organisation: str


class NameableOut(SignatureOut):
    id: int


class PeopleOut(Out):
    items: list[NameableOut]


class MessageOut(Out):
    id: UUID
    case_seq: int
    at: datetime
    by: SignatureOut
    own: bool
    text: str
    photos: list[UUID]
    mentions: list[SignatureOut]
    mentions_me: bool


class MessagePage(Out):
    items: list[MessageOut] = Field(description="Oldest first.")
    next: int | None = Field(description="`before` of the page with what was said earlier.")
    unread: int
    read_upto: int


class ReadIn(In):
    upto: int = Field(ge=0, lt=2**31, description="`case_seq` of the last message seen.")


class ConversationOut(Out):
    card: CardOut
    unread: int
    naming_me: int
    last: MessageOut


class ConversationPage(Out):
    unread: int
    naming_me: int
    items: list[ConversationOut]
    next: str | None


@router.get("/cases/{uuid:case_id}/messages", response=MessagePage)
def messages(
    request: HttpRequest,
    case_id: UUID,
    before: int | None = Query(None, ge=0, lt=2**31),
    after: int = Query(0, ge=0, lt=2**31),
    limit: int = Query(conversations.PAGE, ge=1, le=conversations.PAGE_AT_MOST),
) -> dict[str, Any]:
    """What was said on a case, newest page first; `before` the `next` of a page leads further back."""
    who = caller(request)
    queries.case_seen_by(who, case_id)
    return conversations.messages_of(who, case_id, before=before, after=after, limit=limit)


@router.post("/cases/{uuid:case_id}/messages", response={201: MessageOut, 200: MessageOut})
def say(request: HttpRequest, case_id: UUID, body: MessageIn) -> Status[dict[str, Any]]:
    """Say something on an open case: 201 when it is new, 200 when it was sent before under this id."""
    who = caller(request)
    queries.case_seen_by(who, case_id)
    new = NewMessage(id=body.id, text=body.text, photos=body.photos, mentions=body.mentions)
    message, is_new = send_message(case_id, new, actor=who)
    return Status(201 if is_new else 200, conversations.faces(who, [message])[0])


@router.post("/cases/{uuid:case_id}/messages/read", response={204: None})
def read(request: HttpRequest, case_id: UUID, body: ReadIn) -> Status[None]:
    """I have seen the messages up to there."""
    who = caller(request)
    queries.case_seen_by(who, case_id)
    conversations.mark_read(who, case_id, body.upto)
    return Status(204, None)


@router.get("/cases/{uuid:case_id}/people", response=PeopleOut)
def people(request: HttpRequest, case_id: UUID, q: str = Query("", max_length=60)) -> dict[str, Any]:
    """Who may see the case: whom a message can name."""
    who = caller(request)
    return {"items": conversations.nameable(who, queries.case_seen_by(who, case_id), wanted=q)}


@router.get("/conversations", response=ConversationPage)
def all_conversations(
    request: HttpRequest,
    after: str | None = None,
    limit: int = Query(conversations.PAGE, ge=1, le=conversations.PAGE_AT_MOST),
    unread: bool = False,
) -> dict[str, Any]:
    """Conversations that concern me, newest word first, and how much of them I have not read."""
    found = conversations.conversations(caller(request), after=after, limit=limit, unread_only=unread)
    return {**found, "items": [{**one, "card": dress(one["card"])} for one in found["items"]]}
