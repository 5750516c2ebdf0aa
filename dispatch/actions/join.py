"""The same thing again: a further sighting joins the open case, and no second case is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Conflict, Invalid, Missing, NotAllowed, WrongState
from casework.models import Attachment, Case, Party
from casework.roles import Role
from casework.rows import insert_row
from dispatch.actions.base import attach_photos, attach_voice, check_device_time, moved_on, reporting
from dispatch.models import Joining
from dispatch.models.report import Source
from dispatch.queries import metres_between
from dispatch.workflow import MOVES
from gis_data import crs


@dataclass(frozen=True)
class Sighting:
    """What somebody saw of a thing that is a case already; a note, a photograph or a voice note at least.

    id      made by the sender, so that the same sighting sent twice is one
    source  by which door it came; an inspector's own are always from patrol
    """

    id: UUID
    note: str = ""
    photos: Sequence[UUID] = ()
    voice: UUID | None = None
    lon: float | None = None
    lat: float | None = None
    datum: str = "wgs84"
    accuracy_m: float | None = None
    device_at: datetime | None = None
    source: str = Source.INSPECTOR
    reporter_name: str = ""
    reporter_phone: str = ""


def join_case(
    case_id: UUID, seen_by: Sighting, *, actor: Actor, seen: int | None = None
) -> tuple[Joining, bool]:
    """Add a sighting to an open case of the actor's stream; return it and whether it is new.

    raises  MovedOn when the case has ended meanwhile; Conflict when the id stands for another sighting
    """
    if actor.role not in MOVES["join"].by:
        raise NotAllowed(
            _("Your post may not do “%(move)s”.") % {"move": MOVES["join"].label}, field="verb", value="join"
        )
    if repeated := _repeated(case_id, seen_by, actor):
        return repeated, False
    case = Case.objects.filter(pk=case_id, kind="report", stream_id=actor.stream).first()
    if case is None:
        raise Missing(_("There is no such case."), field="case_id", value=case_id)
    _check(seen_by, actor)
    given = {"note": seen_by.note.strip() or list(seen_by.photos) or seen_by.voice}
    try:
        with reporting(case_id, "join", actor=actor, seen=seen, given=given) as (move, report):
            joining = _row(seen_by, case_id, actor, move.at, (report.place.x, report.place.y))
            with transaction.atomic():
                insert_row(joining)
            photos = attach_photos(report, seen_by.photos, actor=actor, kind=Attachment.Kind.OTHER)
            move.note(source=joining.source, photos=photos)
            if voice := attach_voice(report, seen_by.voice, actor=actor):
                move.note(voice=voice)
            if joining.note:
                move.note(note=joining.note)
            if joining.distance_m is not None:
                move.note(distance_m=round(joining.distance_m, 1))
    except WrongState as refused:
        case.refresh_from_db()
        raise moved_on(case) from refused
    except IntegrityError:
        # the same sighting, sent twice at once
        if repeated := _repeated(case_id, seen_by, actor):
            return repeated, False
        raise
    return joining, True


def _check(seen_by: Sighting, actor: Actor) -> None:
    if seen_by.device_at is not None:
        check_device_time(seen_by.device_at)
    patrol = seen_by.source == Source.INSPECTOR
    if seen_by.source not in Source.values:
        raise Invalid(
            _("“%(source)s” is no source of reports.") % {"source": seen_by.source},
            field="source",
            value=seen_by.source,
            mend=_("One of: %(sources)s.") % {"sources": ", ".join(Source.values)},
        )
    if patrol and actor.role != Role.INSPECTOR:
        raise NotAllowed(
            _("Only an inspector reports from patrol."),
            field="source",
            value=seen_by.source,
            mend=_("Choose the door by which the report came in."),
        )
    if actor.role == Role.INSPECTOR and not patrol:
        raise NotAllowed(
            _("Reports from outside are taken down by the supervision centre."),
            field="source",
            value=seen_by.source,
            mend=_("Report it as an inspector."),
        )


def _row(seen_by: Sighting, case_id: UUID, actor: Actor, at: datetime, where: tuple[float, float]) -> Joining:
    joining = Joining(
        id=seen_by.id,
        case_id=case_id,
        person_id=actor.person_id,
        source=seen_by.source,
        note=seen_by.note.strip(),
        accuracy_m=seen_by.accuracy_m,
        device_at=seen_by.device_at,
        joined_at=at,
    )
    if seen_by.reporter_name or seen_by.reporter_phone:
        joining.party = Party.objects.create(
            name=seen_by.reporter_name[:60], phone=seen_by.reporter_phone[:40]
        )
    if seen_by.lon is not None and seen_by.lat is not None:
        lon, lat = crs.to_store(seen_by.lon, seen_by.lat, seen_by.datum)
        joining.place = Point(lon, lat, srid=crs.STORE)
        joining.distance_m = metres_between((lon, lat), where)
    return joining


def _repeated(case_id: UUID, seen_by: Sighting, actor: Actor) -> Joining | None:
    stored = Joining.objects.select_related("case").filter(pk=seen_by.id).first()
    if stored is None:
        return None
    if stored.case_id != case_id or stored.person_id != actor.person_id:
        raise Conflict(
            _("Another sighting was sent under this id."),
            field="id",
            value=seen_by.id,
            mend=_("Send it under a new id."),
        )
    return stored
