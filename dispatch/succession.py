"""Organisations that merge or split: rules, open work and clocks go to the successor, by rows of Succession.

A merger is two rows to one successor; a split is a row for each area and one for what is left. On the day,
rules end and begin anew under the successor, and each open case gets an entry (`succeed`): its state stays,
its clocks run on. What is closed keeps the name under which it was done.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from casework.access import the_city
from casework.errors import GridCityError
from casework.models import CaseClock, Post, Succession
from casework.models.calendar import calendar_for
from casework.roles import Role
from dispatch.actions.base import reporting
from dispatch.models import Report, RoutingRule

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HandedOver:
    """How many rules and open cases go, or went, to the successor."""

    rules: int
    cases: int


def due() -> QuerySet[Succession]:
    """What is to be carried out today, parts of a split before what is left."""
    rows = Succession.objects.filter(carried_out_at__isnull=True, on__lte=timezone.localdate())
    return rows.select_related("predecessor", "successor").order_by("on", F("area_code").desc(), "pk")


def carry_out_due() -> int:
    """Carry out what is due; a succession whose successor has no desk yet waits, and the log says so."""
    done = 0
    for succession in due():
        try:
            carry_out(succession)
            done += 1
        except NoDesk as waits:
            log.warning("succession %s waits: %s has no desk", succession.pk, waits)
    return done


class NoDesk(Exception):
    """Nobody could work on what the successor takes over."""


def preview(succession: Succession) -> HandedOver:
    """What carrying it out would hand over now."""
    rules = [rule for rule in _rules(succession) if _part(rule.area_code, succession.area_code)]
    return HandedOver(len(rules), _open(succession).count())


def carry_out(succession: Succession) -> HandedOver:
    """Hand over rules, then each open case by itself. Interrupted, it goes on where it was.

    raises  NoDesk
    """
    streams = set(
        Post.objects.filter(organisation_id=succession.successor_id, role=Role.DEPARTMENT).values_list(
            "stream_id", flat=True
        )
    )
    work = _open(succession).values_list("case__stream_id", flat=True).distinct()
    if not streams.issuperset(set(work)) or not streams:
        raise NoDesk(succession.successor)
    with transaction.atomic():
        row = Succession.objects.select_for_update().get(pk=succession.pk)
        if "rules" not in row.moved:
            row.moved = {"rules": _hand_over_rules(succession), "cases": 0}
            row.save(update_fields=["moved"])
    cases = 0
    for case_id in _open(succession).order_by("pk").values_list("pk", flat=True):
        cases += _hand_over_case(case_id, succession)
    with transaction.atomic():
        row = Succession.objects.select_for_update().get(pk=succession.pk)
        row.moved = {**row.moved, "cases": row.moved["cases"] + cases}
        row.carried_out_at = timezone.now()
        row.save(update_fields=["moved", "carried_out_at"])
    return HandedOver(row.moved["rules"], row.moved["cases"])


# --- rules -----------------------------------------------------------------------------------------------


def _rules(succession: Succession) -> QuerySet[RoutingRule]:
    since = timezone.now()
    return RoutingRule.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=since), organisation_id=succession.predecessor_id
    )


def _part(rule_area: str, area: str) -> str:
    """whole: the rule lies in the part · some: the part lies in the rule's area · empty: neither"""
    if rule_area.startswith(area):
        return "whole"
    return "some" if area.startswith(rule_area) else ""


def _hand_over_rules(succession: Succession) -> int:
    """End the predecessor's rules that pass as a whole; what passes in part gets a narrower rule beside."""
    count = 0
    for rule in _rules(succession).select_for_update():
        part = _part(rule.area_code, succession.area_code)
        if not part:
            continue
        starts = max(_midnight(succession, rule.district_code), rule.valid_from, timezone.now())
        new = RoutingRule.objects.get(pk=rule.pk)
        new.pk, new.valid_from, new.organisation_id = None, starts, succession.successor_id
        new.note = f"{rule.pk}: {succession}"[:200]
        if part == "some":
            new.area_code = succession.area_code
        elif rule.valid_from >= starts:
            rule.delete()  # had not come into force
        else:
            rule.valid_to = starts
            rule.save(update_fields=["valid_to"])
        new.save(force_insert=True)
        count += 1
    return count


def _midnight(succession: Succession, district_code: str) -> datetime:
    return datetime.combine(succession.on, time.min, calendar_for(district_code).zone)


# --- open work -------------------------------------------------------------------------------------------


def _open(succession: Succession) -> QuerySet[Report]:
    """Cases that the predecessor has, or had last, and that have not ended."""
    return Report.objects.filter(
        Q(department_id=succession.predecessor_id) | Q(case__organisation_id=succession.predecessor_id),
        case__ended_at__isnull=True,
        cell_code__startswith=succession.area_code,
    )


class _Elsewhere(Exception):
    """Returned and sent to somebody else since the list was read."""


def _hand_over_case(case_id: UUID, succession: Succession) -> int:
    old, new = succession.predecessor, succession.successor
    report = Report.objects.select_related("case").get(pk=case_id)
    actor = the_city(report.case.stream_id)
    try:
        with reporting(report.pk, "succeed", actor=actor, seen=None) as (move, moved):
            if old.pk not in (moved.department_id, move.case.organisation_id):
                raise _Elsewhere
            if moved.department_id == old.pk:
                moved.department = new
            if move.case.organisation_id == old.pk:
                move.hand_to(new.pk)
            theirs = [clock for clock in move.clocks.values() if clock.organisation_id == old.pk]
            CaseClock.objects.filter(pk__in=[clock.pk for clock in theirs]).update(organisation_id=new.pk)
            for clock in theirs:
                clock.organisation_id = new.pk
            act = {"does": "hand_over", "organisation_id": new.pk}
            if theirs:
                move.note(clocks={clock.name: act for clock in theirs})
            move.note(
                organisation_id=new.pk,
                organisation=new.name,
                predecessor_id=old.pk,
                predecessor=old.name,
                basis=succession.basis,
            )
    except _Elsewhere:
        return 0
    except GridCityError:
        log.warning("case %s could not be handed over", case_id, exc_info=True)
        return 0
    return 1
