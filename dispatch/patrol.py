"""Patrol: shifts, positions while on duty, visits of cells, and the day on which each is forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.fields import IntegerField
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Conflict, Invalid, Missing, NotAllowed
from casework.journal import instant
from casework.models import Person
from casework.roles import Role
from dispatch.models import CellVisit, PatrolPolicy, Shift, Task, Track
from dispatch.phone.limits import FIXES_AT_MOST
from dispatch.phone.pack import last_visits, walked_cells
from dispatch.phone.policy import patrol_policy
from dispatch.policy import SEES_ALL
from gis_data import crs

HOLE: Final = timedelta(minutes=10)  # without a position; a longer one ends a visit
SLACK: Final = timedelta(minutes=2)  # a position may be this much outside its shift by the clocks
LONGEST_SHIFT: Final = timedelta(hours=16)
OLDEST: Final = timedelta(days=7)  # a phone may have been without a network so long


@dataclass(frozen=True)
class Fix:
    """One position: the device's time, degrees in `datum`, the radius in metres that it is sure of."""

    at: datetime
    lon: float
    lat: float
    accuracy_m: float
    datum: str = "wgs84"


@dataclass(frozen=True)
class Kept:
    """What became of a batch."""

    kept: int
    dropped: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    at: datetime
    lon: float
    lat: float
    accuracy_m: float


def inspectors_only(actor: Actor) -> None:
    if actor.role != Role.INSPECTOR:
        raise NotAllowed(
            _("Only inspectors go on patrol."), field="role", value=actor.role, mend=_("Change your post.")
        )


# --- shifts --------------------------------------------------------------------------------------------


def switch(
    actor: Actor, *, on: bool, shift_id: UUID, device_at: datetime, sent_at: datetime | None
) -> Shift | None:
    """Go on duty or off; the shift that is open afterwards. A repeat changes nothing.

    device_at   when she touched the switch, by her phone; sent_at, when that was sent, by the same clock:
                together they tell when it was by ours, even hours later
    """
    inspectors_only(actor)
    at = _ours(device_at, sent_at or device_at, timezone.now())
    with transaction.atomic():
        # one person's switch at a time, so that two phones do not open two shifts
        Person.objects.select_for_update(no_key=True).get(pk=actor.person_id)
        known = Shift.objects.filter(pk=shift_id).first()
        if known is not None and known.person_id != actor.person_id:
            raise Conflict(
                _("Another shift was sent under this id."),
                field="id",
                value=shift_id,
                mend=_("Give it a new id."),
            )
        if on and known is None:
            for still in Shift.objects.filter(person_id=actor.person_id, ended_at__isnull=True):
                _end(still, at)
            Shift.objects.create(id=shift_id, stream_id=actor.stream, person_id=actor.person_id, began_at=at)
        elif not on and known is not None and known.ended_at is None:
            _end(known, at)
    return open_shift(actor.person_id)


def _end(shift: Shift, at: datetime) -> None:
    shift.ended_at = max(at, shift.began_at, shift.last_at or shift.began_at)
    shift.last_place = shift.last_accuracy_m = shift.last_at = None
    shift.save()


def open_shift(person_id: int) -> Shift | None:
    return Shift.objects.filter(person_id=person_id, ended_at__isnull=True).first()


def end_forgotten(now: datetime | None = None) -> int:
    """End shifts that nobody has ended for sixteen hours: nobody is watched because she forgot a switch."""
    now = now or timezone.now()
    ended = 0
    for shift in Shift.objects.filter(ended_at__isnull=True, began_at__lt=now - LONGEST_SHIFT):
        _end(shift, shift.last_at or shift.began_at + LONGEST_SHIFT)
        ended += 1
    return ended


# --- positions -----------------------------------------------------------------------------------------


def take_track(actor: Actor, *, batch_id: UUID, sent_at: datetime, fixes: Sequence[Fix]) -> Kept:
    """Keep a batch of positions, once. Those outside every shift of hers are not kept at all."""
    inspectors_only(actor)
    if len(fixes) > FIXES_AT_MOST:
        raise Invalid(
            _("At most %(most)s positions at once.") % {"most": FIXES_AT_MOST},
            field="fixes",
            value=len(fixes),
            mend=_("Send the rest after these."),
        )
    now = timezone.now()
    if (known := _known_batch(actor, batch_id)) is not None:
        return Kept(len(known.ats), max(0, len(fixes) - len(known.ats)), repeated=True)
    policy = patrol_policy(actor.stream)
    seen = sorted((_seen(fix, sent_at, now) for fix in fixes), key=lambda one: one.at)
    shifts = _shifts_around(actor.person_id, seen)
    by_shift: dict[UUID, list[_Seen]] = {}
    for one in seen:
        shift = next((s for s in shifts if _within(one.at, s, now)), None)
        if shift is not None:
            by_shift.setdefault(shift.pk, []).append(one)
    kept = [one for some in by_shift.values() for one in some]
    with transaction.atomic():
        made, is_new = Track.objects.get_or_create(
            person_id=actor.person_id,
            id=batch_id,
            defaults={
                # one batch seldom spans two shifts; then it belongs to the later one
                "shift_id": next(reversed(by_shift), None),
                "received_at": now,
                "delete_on": localdate(now) + timedelta(days=policy.keep_track_days),
                "ats": [one.at for one in kept],
                "lons": [one.lon for one in kept],
                "lats": [one.lat for one in kept],
                "accuracies": [one.accuracy_m for one in kept],
            },
        )
        if not is_new:
            return Kept(len(made.ats), max(0, len(fixes) - len(made.ats)), repeated=True)
        for shift in shifts:
            if shift.pk in by_shift:
                _follow(shift, by_shift[shift.pk], policy)
    return Kept(len(kept), len(fixes) - len(kept), repeated=False)


def _known_batch(actor: Actor, batch_id: UUID) -> Track | None:
    return Track.objects.filter(person_id=actor.person_id, id=batch_id).first()


def _ours(device_at: datetime, sent_at: datetime, now: datetime) -> datetime:
    """A device's instant by our clock: as long ago as it was when it was sent."""
    ago = min(max(sent_at - device_at, timedelta()), OLDEST)
    return now - ago


def _seen(fix: Fix, sent_at: datetime, now: datetime) -> _Seen:
    lon, lat = crs.to_store(fix.lon, fix.lat, fix.datum)
    return _Seen(_ours(fix.at, sent_at, now), lon, lat, fix.accuracy_m)


def _shifts_around(person_id: int, seen: Sequence[_Seen]) -> list[Shift]:
    if not seen:
        return []
    return list(
        Shift.objects.filter(
            Q(ended_at__isnull=True) | Q(ended_at__gte=seen[0].at - SLACK),
            person_id=person_id,
            began_at__lte=seen[-1].at + SLACK,
        ).order_by("began_at")
    )


def _within(at: datetime, shift: Shift, now: datetime) -> bool:
    return shift.began_at - SLACK <= at <= (shift.ended_at or now) + SLACK


def _follow(shift: Shift, seen: Sequence[_Seen], policy: PatrolPolicy) -> None:
    """Bring the last position and the visits of cells up to these positions."""
    last = seen[-1]
    Shift.objects.filter(pk=shift.pk, ended_at__isnull=True).filter(
        Q(last_at__isnull=True) | Q(last_at__lt=last.at)
    ).update(
        last_place=Point(last.lon, last.lat, srid=crs.STORE), last_accuracy_m=last.accuracy_m, last_at=last.at
    )
    sure = [one for one in seen if one.accuracy_m <= policy.visit_accuracy_m]
    cells = cells_at([(one.lon, one.lat) for one in sure])
    for cell, came, left in stays([(one.at, cell) for one, cell in zip(sure, cells, strict=True) if cell]):
        _visit(shift, cell, came, left, policy)


def stays(seen: Sequence[tuple[datetime, str]]) -> list[tuple[str, datetime, datetime]]:
    """Instants in cells → cell, came, left: holes up to ten minutes in one cell are one stay. Pure."""
    found: list[tuple[str, datetime, datetime]] = []
    last: dict[str, int] = {}
    for at, cell in seen:
        n = last.get(cell)
        if n is not None and at - found[n][2] <= HOLE:
            found[n] = (cell, found[n][1], at)
        else:
            last[cell] = len(found)
            found.append((cell, at, at))
    return found


def _visit(shift: Shift, cell: str, came: datetime, left: datetime, policy: PatrolPolicy) -> None:
    """Enter a stay; it grows together with those it touches, in whatever order batches arrive."""
    touching = list(
        CellVisit.objects.select_for_update().filter(
            shift=shift, cell_code=cell, came_at__lte=left + HOLE, left_at__gte=came - HOLE
        )
    )
    came = min([came, *(visit.came_at for visit in touching)])
    left = max([left, *(visit.left_at for visit in touching)])
    if touching:
        CellVisit.objects.filter(pk__in=[visit.pk for visit in touching[1:]]).delete()
        CellVisit.objects.filter(pk=touching[0].pk).update(came_at=came, left_at=left)
    else:
        CellVisit.objects.create(
            person_id=shift.person_id,
            shift=shift,
            cell_code=cell,
            came_at=came,
            left_at=left,
            delete_on=localdate(left) + timedelta(days=policy.keep_visits_days),
        )


def cells_at(places: Sequence[tuple[float, float]]) -> list[str]:
    """The cell of each lon/lat, "" outside the city. One query."""
    if not places:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce((SELECT code FROM gis_data_cell AS cell
                   WHERE active AND ST_Intersects(border, ST_SetSRID(ST_MakePoint(lon, lat), %s))
                   ORDER BY code LIMIT 1), '')
               FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS given(lon, lat, n) ORDER BY n""",
            [crs.STORE, [lon for lon, _ in places], [lat for _, lat in places]],
        )
        return [row[0] for row in cursor.fetchall()]


# --- who may know --------------------------------------------------------------------------------------


def may_watch(actor: Actor) -> bool:
    """Positions are for the two centres and managers."""
    return actor.role in SEES_ALL


def watchers_only(actor: Actor) -> None:
    if not may_watch(actor):
        raise NotAllowed(
            _("Positions and figures of inspectors are for the two centres and the managers."),
            mend=_("Ask the command centre."),
        )


def positions(actor: Actor) -> list[dict[str, Any]]:
    """Where the inspectors of the stream are who are on duty now, each with the age of her position."""
    watchers_only(actor)
    return positions_of(actor.stream)


def positions_of(stream: str) -> list[dict[str, Any]]:
    """Rights are checked before. One query."""
    now = timezone.now()
    shifts = (
        Shift.objects.filter(stream_id=stream, ended_at__isnull=True, last_place__isnull=False)
        .select_related("person")
        .annotate(open_tasks=Count("person__tasks", filter=Q(person__tasks__state=Task.State.OPEN)))
        .order_by("person_id")
    )
    return [
        {
            "person_id": shift.person_id,
            "name": str(shift.person),
            "lon": round(shift.last_place.x, 6),
            "lat": round(shift.last_place.y, 6),
            "accuracy_m": shift.last_accuracy_m,
            "at": instant(shift.last_at),
            "age_s": max(0, round((now - shift.last_at).total_seconds())),
            "open_tasks": shift.open_tasks,
        }
        for shift in shifts
        if shift.last_place is not None and shift.last_at is not None
    ]


def duty_face(actor: Actor) -> dict[str, Any]:
    """The inspector's page of duty: the switch, her cells with the last visit, what is kept and how long."""
    inspectors_only(actor)
    shift = open_shift(actor.person_id)
    cells = walked_cells(actor.person_id)
    visits = last_visits(cells)
    policy = patrol_policy(actor.stream)
    return {
        "on": shift is not None,
        "shift": None
        if shift is None
        else {"id": shift.pk, "began_at": shift.began_at, "ended_at": shift.ended_at},
        "cells": [{"code": cell, "visited_at": visits.get(cell)} for cell in cells],
        "keep_days": policy.keep_track_days,
        "keep_visits_days": policy.keep_visits_days,
        "watched_by": [str(role.label) for role in sorted(SEES_ALL)],
    }


def stored_about(actor: Actor) -> dict[str, Any]:
    """What of her way is stored, since when, and when it will be gone."""
    inspectors_only(actor)
    policy = patrol_policy(actor.stream)
    tracks = Track.objects.filter(person_id=actor.person_id)
    whole = tracks.aggregate(
        fixes=Coalesce(Sum(_length()), 0), oldest=Min("received_at"), newest=Max("received_at"),
        gone=Max("delete_on"),
    )  # fmt: skip
    per_shift: Mapping[UUID | None, Any] = {
        row["shift_id"]: row
        for row in tracks.values("shift_id").annotate(fixes=Sum(_length()), delete_on=Max("delete_on"))
    }
    visits = CellVisit.objects.filter(person_id=actor.person_id)
    return {
        "keep_days": policy.keep_track_days,
        "keep_visits_days": policy.keep_visits_days,
        "fixes": whole["fixes"],
        "oldest_at": whole["oldest"],
        "newest_at": whole["newest"],
        "deleted_by": whole["gone"],
        "visits": visits.count(),
        "visits_deleted_by": visits.aggregate(gone=Max("delete_on"))["gone"],
        "shifts": [
            {
                "id": shift.pk,
                "began_at": shift.began_at,
                "ended_at": shift.ended_at,
                "fixes": per_shift.get(shift.pk, {}).get("fixes", 0),
                "delete_on": per_shift.get(shift.pk, {}).get("delete_on"),
            }
            for shift in Shift.objects.filter(person_id=actor.person_id).order_by("-began_at")[:100]
        ],
    }


def _length() -> Any:
    from django.db.models import Func

    return Func("ats", function="cardinality", output_field=IntegerField())


def own_track(actor: Actor, shift_id: UUID) -> list[tuple[float, float, float, str]]:
    """The positions stored of one of her own shifts, in order."""
    inspectors_only(actor)
    if not Shift.objects.filter(pk=shift_id, person_id=actor.person_id).exists():
        raise Missing(_("You have no such shift."), field="shift_id", value=shift_id)
    found = [
        (lon, lat, accuracy, instant(at))
        for track in Track.objects.filter(person_id=actor.person_id, shift_id=shift_id)
        for at, lon, lat, accuracy in zip(track.ats, track.lons, track.lats, track.accuracies, strict=True)
    ]
    return sorted(found, key=lambda one: one[3])


# --- forgetting ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forgotten:
    tracks: int
    visits: int
    shifts_ended: int


def forget_due(today: date | None = None) -> Forgotten:
    """Delete what is due; the nightly sweep. Shorter times settled since hold for what is stored already."""
    today = today or localdate()
    for policy in PatrolPolicy.objects.all():
        _shorten("dispatch_track", "received_at", policy.keep_track_days, policy.stream_id)
        _shorten("dispatch_cellvisit", "left_at", policy.keep_visits_days, policy.stream_id)
    tracks, _by_model = Track.objects.filter(delete_on__lte=today).delete()
    visits, _by_model = CellVisit.objects.filter(delete_on__lte=today).delete()
    return Forgotten(tracks, visits, end_forgotten())


def _shorten(table: str, since: str, days: int, stream: str) -> None:
    """Bring the day of deletion forward where the city keeps things a shorter time now."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {table} AS kept SET delete_on = ({since} AT TIME ZONE %(zone)s)::date + %(days)s
                FROM dispatch_shift AS shift
                WHERE shift.id = kept.shift_id AND shift.stream_id = %(stream)s
                    AND delete_on > ({since} AT TIME ZONE %(zone)s)::date + %(days)s""",
            {"zone": timezone.get_default_timezone_name(), "days": days, "stream": stream},
        )
