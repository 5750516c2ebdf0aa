"""A word on a case (消息): from inspector, desk or department, with photographs, naming people if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Conflict, Invalid, Missing, NotAllowed
from casework.models import Attachment, Case, Mention, Message, Notice, Person
from casework.moves import Moving
from casework.notices import notify, tell_phone
from dispatch.actions.base import attach_photos, reporting
from dispatch.conversations import people_of
from dispatch.models import Report
from dispatch.policy import sees
from dispatch.workflow import MOVES

MENTIONS_AT_MOST = 20
QUOTED = 80


@dataclass(frozen=True)
class NewMessage:
    """What somebody says. `id` is made by the sender; text or photographs, both if need be.

    mentions   people who may see the case; each gets a notice
    """

    id: UUID
    text: str = ""
    photos: Sequence[UUID] = ()
    mentions: Sequence[int] = ()


def send_message(
    case_id: UUID, new: NewMessage, *, actor: Actor, seen: int | None = None
) -> tuple[Message, bool]:
    """Enter a message on an open case that the actor may see; return it and whether it is new.

    raises  Conflict when the id stands for another message; Missing when the case has gone out of sight
    """
    if actor.role not in MOVES["message"].by:
        raise NotAllowed(
            _("Your post may not do “%(move)s”.") % {"move": MOVES["message"].label},
            field="verb",
            value="message",
        )
    if repeated := _repeated(case_id, new, actor):
        return repeated, False
    text = new.text.strip()
    try:
        with reporting(
            case_id, "message", actor=actor, seen=seen, given={"note": text or list(new.photos)}
        ) as (move, report):
            named = _named(move.case, new.mentions)
            message = Message(
                id=new.id,
                case_id=case_id,
                case_seq=move.case.version + 1,
                person_id=actor.person_id,
                post_id=actor.post_id,
                text=text,
                photos=list(dict.fromkeys(new.photos)),
                sent_at=move.at,
            )
            with transaction.atomic():
                message.save(force_insert=True)
            Mention.objects.bulk_create(Mention(message=message, person=person) for person in named)
            photos = attach_photos(report, new.photos, actor=actor, kind=Attachment.Kind.OTHER)
            move.note(message_id=str(new.id))
            if text:
                move.note(note=text)
            if photos:
                move.note(photos=photos)
            if named:
                move.note(mentions=[person.pk for person in named])
                _tell(named, move, report, message)
    except IntegrityError:
        # the same message, sent twice at once
        if repeated := _repeated(case_id, new, actor):
            return repeated, False
        raise
    return message, True


def _named(case: Case, mentions: Sequence[int]) -> list[Person]:
    wanted = list(dict.fromkeys(mentions))
    if len(wanted) > MENTIONS_AT_MOST:
        raise Invalid(
            _("At most %(most)s people can be named.") % {"most": MENTIONS_AT_MOST},
            field="mentions",
            value=len(wanted),
            mend=_("Leave some out."),
        )
    found = {holding.person_id: holding.person for holding in people_of(case, among=wanted)}
    stranger = next((person_id for person_id in wanted if person_id not in found), None)
    if stranger is not None:
        raise Invalid(
            _("This person may not see the case."),
            field="mentions",
            value=stranger,
            mend=_("Name somebody from the list."),
        )
    return [found[person_id] for person_id in wanted]


def _tell(named: Sequence[Person], move: Moving, report: Report, message: Message) -> None:
    quoted = message.text if len(message.text) <= QUOTED else message.text[: QUOTED - 1] + "…"
    context = {
        "number": move.case.number,
        "subject": {"zh-hans": report.problem_class.name, "en": report.problem_class.name_en},
        "text": quoted or _("a photograph"),
        "url": f"/inspector/#case-{move.case.id}",
    }
    for person in named:
        if person.pk == message.person_id:
            continue
        key = f"message/{message.id}/{person.pk}"
        notify(
            key=key,
            channel=Notice.Channel.LIVE,
            template="mentioned",
            context=context,
            case_id=move.case.id,
            person=person,
        )
        tell_phone(person.pk, key=f"{key}/phone", template="mentioned", context=context, case_id=move.case.id)


def _repeated(case_id: UUID, new: NewMessage, actor: Actor) -> Message | None:
    stored = Message.objects.select_related("case").filter(pk=new.id).first()
    if stored is None:
        return None
    if stored.person_id != actor.person_id or stored.case_id != case_id or stored.text != new.text.strip():
        raise Conflict(
            _("Another message was sent under this id."),
            field="id",
            value=new.id,
            mend=_("Send it under a new id."),
        )
    if not sees(actor, stored.case.card):
        raise Missing(_("There is no such case, or your post may not see it."), field="case_id")
    return stored
