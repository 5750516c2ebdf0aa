"""A report arrives: by an inspector's phone, or taken down by the supervision centre."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import connection
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.calendars import Limit, Unit
from casework.errors import Conflict, Invalid, NotAllowed
from casework.journal import dumps, instant
from casework.models import Attachment, Case, CaseClock, Entry, Party
from casework.moves import NEXT_NUMBER, Repeated, opening
from casework.roles import SUPERVISION, Role
from dispatch.actions.base import attach_photos, attach_voice, check_device_time
from dispatch.cards import bare_card
from dispatch.limits import DEFAULTS
from dispatch.models import Report
from dispatch.models.report import Source
from dispatch.workflow import KIND, Clock
from gis_data import crs
from gis_data.errors import OutsideCity
from gis_data.sql import SYSTEMS, statement

TEXT_AT_MOST = 4000
SOURCES = frozenset(Source.values)


@dataclass(frozen=True)
class NewReport:
    """What a reporter sends. `id` is made by the sender and makes a repeat harmless.

    lon, lat     degrees in `datum` (wgs84 | gcj02 | bd09); never guessed
    device_at    the device's own time; the server keeps its own beside it
    """

    id: UUID
    class_id: int
    lon: float
    lat: float
    datum: str
    source: str
    device_at: datetime
    condition_id: int | None = None
    accuracy_m: float | None = None
    component_code: str = ""
    text: str = ""
    address: str = ""
    photos: tuple[UUID, ...] = ()
    voice: UUID | None = None
    reporter_name: str = ""
    reporter_phone: str = ""

    def fingerprint(self) -> bytes:
        """SHA-256 over what was sent, to tell a repeat from another report under the same id."""
        sent: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        sent["photos"] = [str(photo) for photo in self.photos]
        # left out where there is none: reports from before there were voice notes keep their fingerprint
        if sent.pop("voice"):
            sent["voice"] = str(self.voice)
        sent["id"], sent["device_at"] = str(self.id), instant(self.device_at)
        return hashlib.sha256(dumps(sent).encode()).digest()


def report_problem(new: NewReport, *, actor: Actor) -> tuple[Report, bool]:
    """Take in a report; return it and whether it is new. The same report again changes nothing.

    raises  Conflict (id used for another report), PlaceError / OutsideCity, Invalid, NotAllowed
    """
    check_device_time(new.device_at)
    _check_source(new.source, actor)
    if len(new.text) > TEXT_AT_MOST:
        raise Invalid(
            _("The text has more than %(most)s characters.") % {"most": TEXT_AT_MOST},
            field="text",
            value=len(new.text),
            mend=_("Shorten it."),
        )
    lon, lat = crs.to_store(new.lon, new.lat, new.datum)
    facts = _facts(new, lon, lat)
    if facts.taken:
        return _repeated(new, actor), False
    _check(new, facts, actor)
    report: Report | None = None

    def card_of(case: Case, clocks: Mapping[str, CaseClock]) -> dict[str, Any]:
        assert report is not None
        return bare_card(report, clocks)

    try:
        with opening(
            new.id, "report", kind=KIND, running=facts.running, actor=actor, card_of=card_of
        ) as move:
            report = _build(new, move.case, lon, lat, facts, actor)
            move.insert(report)
            photos = attach_photos(report, new.photos, actor=actor, kind=Attachment.Kind.REPORT)
            move.case.card["photo"] = photos[0] if photos else None
            if voice := attach_voice(report, new.voice, actor=actor):
                move.case.card["voice"] = voice
                move.note(voice=voice)
            move.allow(Clock.ACCEPTING, facts.limit)
            move.note(
                source=report.source,
                class_id=report.problem_class_id,
                cell_code=report.cell_code,
                device_at=instant(new.device_at),
                photos=photos,
            )
        return report, True
    except Repeated:
        return _repeated(new, actor), False
    except Invalid:
        # the same report, sent twice at once: the other has just bound the photographs
        if (new.photos or new.voice) and Case.objects.filter(pk=new.id).exists():
            return _repeated(new, actor), False
        raise


def _check_source(source: str, actor: Actor) -> None:
    if source not in SOURCES:
        raise Invalid(
            _("“%(source)s” is no source of reports.") % {"source": source},
            field="source",
            value=source,
            mend=_("One of: %(sources)s.") % {"sources": ", ".join(Source.values)},
        )
    if source == Source.INSPECTOR and actor.role != Role.INSPECTOR:
        raise NotAllowed(
            _("Only an inspector reports from patrol."), field="source", value=source,
            mend=_("Choose the door by which the report came in."),
        )  # fmt: skip
    if source != Source.INSPECTOR and actor.role not in SUPERVISION:
        raise NotAllowed(
            _("Reports from outside are taken down by the supervision centre."), field="source", value=source,
            mend=_("Report it as an inspector."),
        )  # fmt: skip


# All that the tables must say of a report before it is written, in one statement.
_FACTS = f"""
SELECT EXISTS (SELECT FROM casework_case WHERE id = %(id)s),
    class.code,
    EXISTS (SELECT FROM dispatch_filingcondition
        WHERE id = %(condition)s AND problem_class_id = %(class)s AND active),
    (SELECT ARRAY[code, owner_code]::text[] FROM gis_data_component
        WHERE code = %(component)s AND retired_on IS NULL),
    (SELECT ARRAY[quota::text, unit]::text[] FROM dispatch_steplimit WHERE clock = 'accepting'),
    cell.code,
    CASE WHEN cell.code IS NOT NULL AND class.code IS NOT NULL THEN {NEXT_NUMBER} END
FROM (SELECT) AS once
LEFT JOIN ({statement("cell_at")}) AS cell ON true
LEFT JOIN (
    SELECT class.code FROM gis_data_problemclass class JOIN gis_data_classedition edition
    ON edition.id = class.edition_id WHERE class.id = %(class)s AND class.active AND edition.current
) AS class ON true
"""


@dataclass(frozen=True)
class _Facts:
    """What the tables say of a new report.

    taken       its id is a case already
    class_code  None where the edition in use has no such class; cell_code None outside the city
    component   the component's code and its owner's, where one was given and stands
    limit       to accept it; running: the case's running number
    """

    taken: bool
    class_code: str | None
    condition_fits: bool
    component: tuple[str, str] | None
    limit: Limit
    cell_code: str | None
    running: int


def _facts(new: NewReport, lon: float, lat: float) -> _Facts:
    with connection.cursor() as cursor:
        cursor.execute(
            _FACTS,
            {
                "id": new.id,
                "class": new.class_id,
                "condition": new.condition_id,
                "component": new.component_code or None,
                "lon": lon,
                "lat": lat,
                **SYSTEMS,
            },
        )
        taken, class_code, fits, component, limit, cell_code, running = cursor.fetchone()
    return _Facts(
        taken,
        class_code,
        fits,
        component,
        Limit(Decimal(limit[0]), Unit(limit[1])) if limit else DEFAULTS[Clock.ACCEPTING],
        cell_code,
        running,
    )


def _check(new: NewReport, facts: _Facts, actor: Actor) -> None:
    """Refuse what the tables do not know."""
    if facts.class_code is None:
        raise Invalid(
            _("There is no class %(id)s in the edition in use.") % {"id": new.class_id},
            field="class_id",
            value=new.class_id,
            mend=_("Choose a class from the list."),
        )
    if new.condition_id is not None and not facts.condition_fits:
        raise Invalid(
            _("Condition %(id)s does not belong to class %(code)s.")
            % {"id": new.condition_id, "code": facts.class_code},
            field="condition_id",
            value=new.condition_id,
            mend=_("Choose a condition of the class, or leave it out."),
        )
    if new.component_code and facts.component is None:
        raise Invalid(
            _("There is no component %(code)s.") % {"code": new.component_code},
            field="component_code",
            value=new.component_code,
            mend=_("Choose one from the map, or leave it out."),
        )
    if facts.cell_code is None or not facts.cell_code.startswith(actor.stream):
        raise OutsideCity(
            _("The place lies outside this city's grid."),
            field="lon",
            value=f"{new.lon}, {new.lat} ({new.datum})",
            mend=_("Move the pin into the city, or check the datum."),
        )


def _build(new: NewReport, case: Case, lon: float, lat: float, facts: _Facts, actor: Actor) -> Report:
    party = None
    if new.reporter_name or new.reporter_phone:
        party = Party.objects.create(name=new.reporter_name[:60], phone=new.reporter_phone[:40])
    return Report(
        case=case,
        source=new.source,
        problem_class_id=new.class_id,
        condition_id=new.condition_id,
        place=Point(lon, lat, srid=crs.STORE),
        given_lon=new.lon,
        given_lat=new.lat,
        given_datum=new.datum,
        accuracy_m=new.accuracy_m,
        cell_code=facts.cell_code or "",  # checked before
        component_code=new.component_code,
        owner_code=facts.component[1] if facts.component else "",
        address=new.address[:200],
        text=new.text,
        reporter_id=actor.person_id if actor.role == Role.INSPECTOR else None,
        party=party,
        device_at=new.device_at,
        fingerprint=new.fingerprint(),
        reported_at=case.opened_at,
    )


def _repeated(new: NewReport, actor: Actor) -> Report:
    """The report that is stored under this id, if it is the same and from the same person."""
    stored = Report.objects.select_related("case").filter(pk=new.id).first()
    own = Entry.objects.filter(case_id=new.id, case_seq=1, actor_id=actor.person_id).exists()
    if stored is None or not own or bytes(stored.fingerprint) != new.fingerprint():
        raise Conflict(
            _("Another report was sent under this id."),
            field="id",
            value=new.id,
            mend=_("Give the changed report a new id."),
        )
    return stored
