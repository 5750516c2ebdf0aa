"""Looking over the running clocks: which reached a threshold, and whom that concerns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import override

from casework import clocks, thresholds
from casework.flows import Flow, flow_of
from casework.journal import instant
from casework.models import Alarm, Case, CaseClock, Holding, Mute, Person
from casework.models.calendar import calendar_for
from casework.notices import notify
from casework.thresholds import Step

# What is older, such as imported history, is noted but is no news.
NEWS = timedelta(days=1)


def sweep_due(limit: int = 500) -> int:
    """Note the thresholds that running clocks have reached and tell those concerned; return how many.

    Any number of sweeps may run at once: each takes a case that no other holds, and what is noted of it, told
    of it and done about it is one transaction. A sweep that dies has done nothing; the next one does it.
    """
    noted = 0
    for _ in range(limit):
        now = timezone.now()
        with transaction.atomic():
            case = _claim(now)
            if case is None:
                break
            noted += _ring(case, now)
    return noted


def _claim(now: datetime) -> Case | None:
    """A case with a clock that has reached a threshold, locked as every move locks it."""
    return (
        Case.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(clocks__next_alarm_at__lt=now)
        .order_by("clocks__next_alarm_at", "pk")
        .first()
    )


def _ring(case: Case, now: datetime) -> int:
    flow = flow_of(case.kind)
    calendar = calendar_for(case.stream_id)
    noted = 0
    then: list[tuple[str, dict[str, Any]]] = []
    for clock in CaseClock.objects.filter(case=case, next_alarm_at__lt=now).order_by("next_alarm_at", "pk"):
        wakes = flow.wakes.get(clock.name)
        fired: list[tuple[Alarm, Step]] = []
        for step, at in _reached(clock, now):
            alarm, is_new = Alarm.objects.get_or_create(
                clock=clock, step=step.key, epoch=clock.epoch, defaults={"at": at, "fired_at": now}
            )
            if is_new and not (wakes and step.share >= 1):
                fired.append((alarm, step))
        clocks.set_due(clock, calendar)
        clock.save(update_fields=["level", "next_alarm_at"])
        noted += len(fired)
        # one that was reached long ago, or together with a graver one, is noted but not told
        if fired and fired[-1][0].at > now - NEWS:
            alarm, step = fired[-1]
            alarm.told = _tell(flow, case, clock, alarm, step)
            alarm.save(update_fields=["told"])
            if step.supervises:
                then.append(("supervise", {"kind": "timeout", "clock": clock.name}))
        if wakes and clock.due_at and clock.due_at < now:
            then.append((wakes, {}))
    for verb, given in then:  # last, for they end with the head of the stream
        flow.by_itself(case.pk, verb, given)
    return noted


def _reached(clock: CaseClock, now: datetime) -> list[tuple[Step, datetime]]:
    """The thresholds reached since the last time, each with its instant; raises the clock's level."""
    calendar = calendar_for(clock.case.stream_id).within(clock.season)
    limit, spans, steps = clocks.limit_of(clock), clocks.spans_of(clock), thresholds.steps()
    found = []
    while clock.level < len(steps):
        step = steps[clock.level]
        at = thresholds.reached_at(calendar, limit, spans, step.share)
        if at >= now:
            break
        found.append((step, at))
        clock.level += 1
    return found


# --- whom it concerns ---------------------------------------------------------------------------------------


def _tell(flow: Flow, case: Case, clock: CaseClock, alarm: Alarm, step: Step) -> list[dict[str, Any]]:
    """Tell the chain of posts as they are held now; returns who was told how, and who had muted it."""
    muted = _muted(step) if step.mutable else set()
    told = []
    context = {**words_of(flow, case, clock), "due_at": instant(clock.due_at) if clock.due_at else ""}
    template = (
        "clock_supervised" if step.supervises else "clock_warning" if step.share < 1 else "case_overdue"
    )
    for holding in holders(case, clock, reach=step.reach):
        person = holding.person
        reachable = [
            channel
            for channel in step.channels
            if (channel != "email" or person.email) and (channel != "sms" or person.phone)
        ]
        silent = [c for c in reachable if {(person.pk, ""), (person.pk, c)} & muted]
        for channel in reachable:
            if channel not in silent:
                notify(
                    key=f"alarm:{clock.pk}:{step.key}:{alarm.epoch}:{person.pk}:{channel}",
                    channel=channel,
                    template=template,
                    context=context,
                    case_id=case.pk,
                    person=person,
                )
        told.append(
            {
                "person": person.pk,
                "post": holding.post_id,
                "channels": [channel for channel in reachable if channel not in silent],
                **({"muted": silent} if silent else {}),
            }
        )
    return told


def holders(case: Case, clock: CaseClock, *, reach: int) -> list[Holding]:
    """Who holds the posts of the chain up to a step at this moment, each person once, nearest first."""
    flow = flow_of(case.kind)
    found: dict[int, Holding] = {}
    for asked in flow.chain(case, clock)[: reach + 1]:
        for holding in held_now(asked):
            found.setdefault(holding.person_id, holding)
    return list(found.values())


def held_now(asked: Q) -> list[Holding]:
    """The posts that answer a condition, as they are held at this moment."""
    now = timezone.now()
    held = Holding.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now), asked, since__lte=now, person__is_active=True
    )
    return list(held.select_related("person", "post").order_by("person_id", "pk"))


def words_of(flow: Flow, case: Case, clock: CaseClock) -> dict[str, Any]:
    """What a notice says of a clock, in each language."""
    shown: Mapping[str, Any] = flow.dress(case.card) if case.card else {}
    subject = {"zh-hans": shown.get("class_name", ""), "en": shown.get("class_name_en", "")}
    return {"number": case.number, "subject": subject, "clock": _labels(flow, clock.name)}


def _labels(flow: Flow, name: str) -> dict[str, str]:
    found = {}
    for code, _language in settings.LANGUAGES:
        with override(code):
            found[code] = flow.clock_label(name)
    return found


def _muted(step: Step) -> set[tuple[int, str]]:
    return set(Mute.objects.filter(step=step.key).values_list("person_id", "channel"))


def people_of(case: Case, clock: CaseClock) -> list[Person]:
    """Who answers for a clock now."""
    return [holding.person for holding in holders(case, clock, reach=0)]
