"""The clocks of a case explained, each taken apart by the arithmetic that set its due, for the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from casework import journal
from casework.calendars import Limit, Unit, WorkCalendar
from casework.clocks import limit_of, spans_of
from casework.models import Alarm, Case, CaseClock, Stream
from casework.models.calendar import calendar_at, calendar_for
from casework.replay import replay, rows_in_order
from casework.why import Piece, Reckoning, Stretch, explain
from dispatch.faces import clock_label, limit_text
from dispatch.models import Report

State = CaseClock.State


def deadlines_face(case: Case) -> dict[str, Any]:
    """Every clock of a case, oldest first. Rights are checked before; a fixed number of queries."""
    now = timezone.now()
    condition = Report.objects.select_related("condition").get(pk=case.pk).condition
    rows = rows_in_order(CaseClock.objects.filter(case=case))
    alarms = list(Alarm.objects.filter(clock_id__in=[row.pk for row in rows]).order_by("at", "pk"))
    calendars = _Calendars(case)
    return {
        "case_id": case.pk,
        "number": case.number,
        "at": now,
        "zone": str(calendars.now.zone),
        "clocks": [
            {
                **_explained(row, calendars.of(number, row), now),
                "label": clock_label(row.name, condition),
                "alarms": [
                    {"step": alarm.step, "at": alarm.at, "fired_at": alarm.fired_at}
                    for alarm in alarms
                    if alarm.clock_id == row.pk
                ],
            }
            for number, row in enumerate(rows)
        ],
    }


class _Calendars:
    """The calendar by which each clock of a case was set: an ended one keeps the version of its day."""

    def __init__(self, case: Case) -> None:
        self.now = calendar_for(case.stream_id)
        self.code: str = Stream.objects.values_list("calendar_code", flat=True).get(pk=case.stream_id)
        self.versions = [v for _, v in replay(journal.of_case(case.pk), lambda version: None).in_order()]
        self.known: dict[int, WorkCalendar] = {self.now.version: self.now}

    def of(self, number: int, clock: CaseClock) -> WorkCalendar:
        version = self.versions[number] if number < len(self.versions) else None
        if clock.state == State.RUNNING or version is None:
            return self.now.within(clock.season)
        if version not in self.known:
            self.known[version] = calendar_at(self.code, version) or self.now
        return self.known[version].within(clock.season)


def _explained(clock: CaseClock, calendar: WorkCalendar, now: datetime) -> dict[str, Any]:
    at = clock.stopped_at if clock.state == State.STOPPED and clock.stopped_at else now
    found = explain(calendar, limit_of(clock), spans_of(clock), at)
    return {
        "id": clock.pk,
        "name": clock.name,
        "state": clock.state,
        "limit_text": limit_text(limit_of(clock)),
        "extended_text": limit_text(Limit(clock.extended, Unit(clock.unit))) if clock.extended else "",
        "started_at": clock.started_at,
        "stopped_at": clock.stopped_at,
        "due_at": clock.due_at,
        "provisional": clock.provisional,
        "exempt": clock.exempt,
        "words": _words(clock, found, at),
        "pieces": [_piece(each) for each in found.stretches],
        "days": [
            {
                "on": day.on,
                "counted_hours": float(day.counted),
                "pieces": [piece.value for piece in day.kinds],
                "swapped": day.swapped,
                "note": _in_language(day.note, day.note_en),
            }
            for day in found.days
        ],
    }


def _piece(each: Stretch) -> dict[str, Any]:
    return {
        "piece": each.piece.value,
        "label": piece_label(each),
        "from_at": each.start,
        "to_at": each.end,
        "hours": round(float(each.spent), 4),
        "swapped": each.swapped,
        "note": _in_language(each.note, each.note_en),
    }


def piece_label(each: Stretch) -> str:
    if each.swapped and each.piece == Piece.COUNTED:
        return pgettext("clock", "counted, make-up day")
    return {
        Piece.COUNTED: pgettext("clock", "counted"),
        Piece.PAUSED: pgettext("clock", "paused"),
        Piece.NIGHT: pgettext("clock", "out of hours"),
        Piece.WEEKEND: pgettext("clock", "weekend"),
        Piece.HOLIDAY: pgettext("clock", "holiday"),
        Piece.SEASON: pgettext("clock", "out of season"),
        Piece.OVER: pgettext("clock", "over the limit"),
    }[each.piece]


def _words(clock: CaseClock, found: Reckoning, at: datetime) -> list[str]:
    """The reckoning in a few sentences."""
    said = [
        _("Limit: %(limit)s, counted from %(start)s.")
        % {"limit": limit_text(found.limit), "start": _shown(clock.started_at)}
    ]
    if clock.extended:
        more = limit_text(Limit(clock.extended, Unit(clock.unit)))
        said.append(_("This includes %(more)s granted as an extension.") % {"more": more})
    if clock.unit in (Unit.CONTINUOUS_HOUR, Unit.NATURAL_DAY):
        said.append(_("Hours are counted without a break, nights and holidays included."))
    else:
        said.append(_("Only working hours are counted; nights, weekends and holidays are not."))
    pauses = [each for each in found.stretches if each.piece == Piece.PAUSED]
    if pauses:
        said.append(
            _("Paused: %(pauses)s.")
            % {"pauses": _("; ").join(f"{_shown(each.start)} – {_shown(each.end)}" for each in pauses)}
        )
    named = list(
        dict.fromkeys(_in_language(each.note, each.note_en) for each in found.stretches if each.note)
    )
    if named:
        said.append(_("Special days on the way: %(days)s.") % {"days": _(", ").join(named)})
    if clock.state == State.STOPPED and clock.due_at and clock.stopped_at:
        late = clock.stopped_at > clock.due_at
        text = (
            _("It was due at %(due)s and ended late, at %(end)s.")
            if late
            else _("It was due at %(due)s and ended in time, at %(end)s.")
        )
        said.append(text % {"due": _shown(clock.due_at), "end": _shown(clock.stopped_at)})
        if clock.exempt:
            said.append(_("On appeal, the lateness is exempt in the figures."))
    elif clock.state == State.PAUSED:
        said.append(_("It is paused now, and has no due date until it goes on."))
    elif clock.due_at:
        text = _("It was due at %(due)s.") if clock.due_at < at else _("So it is due at %(due)s.")
        said.append(text % {"due": _shown(clock.due_at)})
        if clock.provisional:
            said.append(_("The working days of a year on the way are not published yet; the date may move."))
    return said


def _shown(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"


def _in_language(chinese: str, english: str) -> str:
    return chinese if (get_language() or "zh").startswith("zh") or not english else english
