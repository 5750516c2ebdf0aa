"""What every verb of a report has in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Invalid, MovedOn
from casework.flows import flow_of
from casework.journal import instant
from casework.models import Attachment, Case, CaseClock
from casework.moves import Moving, moving, require
from dispatch import undoing
from dispatch.cards import bare_card
from dispatch.following import follow_main
from dispatch.limits import DEFAULTS, note_lateness, step_limit
from dispatch.models import Report
from dispatch.policy import check_own
from dispatch.telling import tell_all
from dispatch.workflow import AT_REST, WITH_DEPARTMENT

PHOTOS_AT_MOST = 9
# The photograph's own position is compared with the place of the report, in the same statement.
# A voice note is bound as one and nothing else: `kind` stays what it was when it was looked into.
_BIND = """
UPDATE casework_attachment SET case_id = %(case)s, kind = %(kind)s,
    off_m = CASE WHEN exif_lon IS NOT NULL THEN ST_DistanceSphere(
        ST_MakePoint(%(lon)s::float8, %(lat)s::float8), ST_MakePoint(exif_lon, exif_lat)) END
WHERE id = ANY(%(photos)s) AND case_id IS NULL AND uploaded_by_id = %(by)s
    AND (kind = 'voice') = (%(kind)s = 'voice')
"""
WAS = ("department_id", "inspector_id")


@contextmanager
def reporting(
    case_id: UUID, verb: str, *, actor: Actor, seen: int | None, given: Mapping[str, Any] | None = None
) -> Iterator[tuple[Moving, Report]]:
    """`moving()` for a report: policy, compulsory arguments, step limits, and the report saved with it.

    Those who reported it are told, and its duplicates follow.

    given   the arguments of the move; those the table asks for must be there
    """
    with transaction.atomic():
        with _moving_report(case_id, verb, actor=actor, seen=seen, given=given) as (move, report):
            yield move, report
            tell_all(move, report)
        follow_main(move, report)


@contextmanager
def _moving_report(
    case_id: UUID, verb: str, *, actor: Actor, seen: int | None, given: Mapping[str, Any] | None
) -> Iterator[tuple[Moving, Report]]:
    report: Report | None = None

    def card_of(case: Case, clocks: Mapping[str, CaseClock]) -> dict[str, Any]:
        assert report is not None
        return bare_card(report, clocks)

    with moving(case_id, verb, actor=actor, seen=seen, card_of=card_of) as move:
        if not actor.is_city:
            check_own(actor, move.case, verb)
        require(move.move, given or {})
        report = Report.objects.select_related("main").get(pk=case_id)
        report.case = move.case
        before = move.case.card
        if move.move.undoable:
            undoing.keep(move)
        for clock in move.move.starts:
            if clock in DEFAULTS:
                move.allow(clock, step_limit(clock))
        yield move, report
        note_lateness(report, move)
        _lapse(move, report)
        report.is_open = move.case.state not in AT_REST
        report.save()
        # who saw it until now and may no longer must be told that it has gone; who did not and may now,
        # that it is new to her
        was = {
            key: before.get(key)
            for key, now in zip(WAS, (report.department_id, report.inspector_id), strict=True)
            if before.get(key) != now
        }
        if was:
            move.note(was=was)


def _lapse(move: Moving, report: Report) -> None:
    """What was asked for lapses with the assignment (workflow.md §6); an appeal is about an ended one."""
    if report.relief and report.relief["kind"] != "appeal" and move.case.state not in WITH_DEPARTMENT:
        move.note(lapsed=report.relief["kind"])
        report.relief = None


def attach_photos(report: Report, photo_ids: Sequence[UUID], *, actor: Actor, kind: str) -> list[str]:
    """Bind uploaded photographs to the report's case; they must be the caller's own and not yet in use.

    returns  their ids as the journal keeps them, in the order given
    """
    if len(photo_ids) > PHOTOS_AT_MOST:
        raise Invalid(
            _("At most %(most)s photographs.") % {"most": PHOTOS_AT_MOST},
            field="photos",
            value=len(photo_ids),
            mend=_("Leave some out."),
        )
    if not photo_ids:
        return []
    wanted = list(dict.fromkeys(photo_ids))
    if missing := _unbound(report, wanted, actor, kind):
        raise Invalid(
            _("Photograph %(id)s has not arrived, or belongs to another case.") % {"id": missing},
            field="photos",
            value=missing,
            mend=_("Send the photograph first, then this again."),
        )
    return [str(pk) for pk in wanted]


def attach_voice(report: Report, voice_id: UUID | None, *, actor: Actor) -> str | None:
    """Bind an uploaded voice note to the report's case; it must be the caller's own and not yet in use."""
    if voice_id is None:
        return None
    if missing := _unbound(report, [voice_id], actor, Attachment.Kind.VOICE):
        raise Invalid(
            _("Voice note %(id)s has not arrived, or belongs to another case.") % {"id": missing},
            field="voice",
            value=missing,
            mend=_("Send the voice note first, then this again."),
        )
    return str(voice_id)


def _unbound(report: Report, wanted: list[UUID], actor: Actor, kind: str) -> str | None:
    """Bind what was uploaded; the first that cannot be bound, None when all are."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BIND,
            {
                "case": report.case_id,
                "kind": kind,
                "photos": wanted,
                "by": actor.person_id,
                "lon": report.place.x,
                "lat": report.place.y,
            },
        )
        bound = cursor.rowcount
    if bound == len(wanted):
        return None
    usable = set(
        Attachment.objects.filter(pk__in=wanted, case_id=report.case_id).values_list("pk", flat=True)
    )
    # none missing: one belongs to this case already, from an earlier move
    return next((str(pk) for pk in wanted if pk not in usable), str(wanted[0]))


def moved_on(case: Case) -> MovedOn:
    """The refusal for somebody who comes too late: where the case stands now, and since when."""
    label = flow_of(case.kind).state_label(case.state)
    return MovedOn(
        _("Case %(number)s has gone on: it is “%(state)s” now.") % {"number": case.number, "state": label},
        field="state",
        value=case.state,
        mend=_("Nothing is left to do here; what you sent was not entered."),
        state=case.state,
        state_label=label,
        number=case.number,
        at=instant(case.moved_at),
    )


def check_device_time(device_at: Any) -> None:
    """A phone's clock may be wrong by hours; by years it is a fault."""
    off = abs((timezone.now() - device_at).total_seconds())
    if off > 400 * 86400:
        raise Invalid(
            _("The time of the device is more than a year off."),
            field="device_at",
            value=device_at,
            mend=_("Set the clock of the device."),
        )
