"""The edge of notices: what I was told, and what I do not want to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from ninja.params.functions import Query
from pydantic import Field

from casework import notices, thresholds
from casework.api import caller, signed_in
from casework.errors import Invalid
from casework.models import Mute, Notice
from casework.schemas import In, Out

router = Router(tags=["Notices"], auth=signed_in)
MOST = 100


class NoticeOut(Out):
    id: UUID
    case_id: UUID | None
    template: str
    subject: str
    text: str
    at: datetime
    seen_at: datetime | None


class NoticesOut(Out):
    items: list[NoticeOut]
    unseen: int


class SeenIn(In):
    upto: datetime = Field(description="`at` of the newest notice that was shown.")


class MuteIn(In):
    step: str = Field(max_length=40)
    channel: str = Field("", max_length=8, description="live, email, sms or push; empty: all of them")


class StepOut(Out):
    step: str
    share: float
    channels: list[str]
    mutable: bool


class MutesIn(In):
    muted: list[MuteIn] = Field(max_length=50)


class MutesOut(Out):
    steps: list[StepOut]
    muted: list[dict[str, str]]


@router.get("/notices", response=NoticesOut)
def mine(request: HttpRequest, limit: int = Query(30, ge=1, le=MOST)) -> dict[str, Any]:
    """The caller's own notices on the desk, newest first, in the language each was written in."""
    own = Notice.objects.filter(recipient_id=caller(request).person_id, channel=Notice.Channel.LIVE)
    rows = own.order_by("-created_at", "-pk")[:limit]
    return {
        "items": [_face(notice) for notice in rows],
        "unseen": own.filter(seen_at__isnull=True).count(),
    }


def _face(notice: Notice) -> dict[str, Any]:
    subject, text = notices.rendered(notice.template, notice.context, notice.language)
    return {
        "id": notice.pk,
        "case_id": notice.case_id,
        "template": notice.template,
        "subject": subject,
        "text": text,
        "at": notice.created_at,
        "seen_at": notice.seen_at,
    }


@router.post("/notices/seen", response=NoticesOut)
def seen(request: HttpRequest, body: SeenIn) -> dict[str, Any]:
    """Mark what was shown as seen; answers the list as it stands then."""
    Notice.objects.filter(
        recipient_id=caller(request).person_id,
        channel=Notice.Channel.LIVE,
        seen_at__isnull=True,
        created_at__lte=body.upto,
    ).update(seen_at=timezone.now())
    return mine(request, 30)


@router.get("/notices/mutes", response=MutesOut)
def mutes(request: HttpRequest) -> dict[str, Any]:
    """The thresholds in force, and which of them the caller has muted for herself."""
    own = Mute.objects.filter(person_id=caller(request).person_id).order_by("step", "channel")
    return {
        "steps": [
            {"step": s.key, "share": float(s.share), "channels": list(s.channels), "mutable": s.mutable}
            for s in thresholds.steps()
        ],
        "muted": list(own.values("step", "channel")),
    }


@router.put("/notices/mutes", response=MutesOut)
def mute(request: HttpRequest, body: MutesIn) -> dict[str, Any]:
    """Replace the caller's own mutes. Colleagues are told as before, and the record says who had muted."""
    steps = {step.key: step for step in thresholds.steps()}
    for wanted in body.muted:
        step = steps.get(wanted.step)
        if step is None or not step.mutable:
            mutable = ", ".join(key for key, each in steps.items() if each.mutable)
            raise Invalid(
                _("“%(step)s” cannot be muted.") % {"step": wanted.step},
                field="muted",
                value=wanted.step,
                mend=_("One of: %(known)s.") % {"known": mutable},
            )
        if wanted.channel and wanted.channel not in Notice.Channel.values:
            raise Invalid(
                _("“%(value)s” is not known here.") % {"value": wanted.channel},
                field="muted",
                value=wanted.channel,
                mend=_("One of: %(known)s.") % {"known": ", ".join(Notice.Channel.values)},
            )
    person_id = caller(request).person_id
    with transaction.atomic():
        Mute.objects.filter(person_id=person_id).delete()
        Mute.objects.bulk_create(
            [
                Mute(person_id=person_id, step=step, channel=channel)
                for step, channel in sorted({(wanted.step, wanted.channel) for wanted in body.muted})
            ]
        )
    return mutes(request)
