"""Telling those who reported a problem what becomes of it: all of them, also of its duplicates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from casework.models import Notice, Party
from casework.moves import Moving
from casework.notices import notify, tell_phone
from dispatch.models import Joining, Report

# What ends a report or begins it anew is told; what a desk does in between shows in the app.
TOLD = {
    "decline": "report_declined",
    "close": "report_closed",
    "force_close": "report_ended",
    "void": "report_ended",
    "rework": "report_reopened",
}


def tell_all(move: Moving, report: Report) -> None:
    """After a move of a report: its reporters, and those of every report that was merged into it."""
    template = TOLD.get(move.move.verb)
    if template is None:
        return
    told = [report]
    if report.duplicate_count:
        told += Report.objects.filter(main_id=report.pk).select_related("case", "party", "problem_class")
    for each in told:
        tell_reporters(move, each, template, reason=str(move.facts.get("reason", "")))


def tell_reporters(move: Moving, report: Report, template: str, **context: Any) -> None:
    """Everybody who told of this report: citizens by text message, inspectors on their phones."""
    told = {
        "number": report.case.number,
        "subject": {"zh-hans": report.problem_class.name, "en": report.problem_class.name_en},
        "url": f"/inspector/#case-{report.pk}",
        **context,
    }
    key = f"{template}/{report.pk}/{move.case.version + 1}"
    for party in _parties(report):
        notify(
            key=f"{key}/{party.pk}",
            channel=Notice.Channel.SMS,
            template=template,
            context=told,
            case_id=report.pk,
            address=party.phone,
        )
    joined = Joining.objects.filter(case_id=report.pk, party=None).values_list("person_id", flat=True)
    inspectors = {report.reporter_id, *joined}
    for person_id in sorted(pk for pk in inspectors if pk and pk != move.actor.person_id):
        tell_phone(person_id, key=f"{key}/{person_id}", template=template, context=told, case_id=report.pk)


def _parties(report: Report) -> Iterable[Party]:
    """Citizens with a telephone who told of it, each number once."""
    joinings = Joining.objects.filter(case_id=report.pk, party__isnull=False)
    joined = Party.objects.filter(pk__in=joinings.values("party_id"))
    found = [*([report.party] if report.party else []), *joined]
    return {party.phone: party for party in found if party.phone}.values()
