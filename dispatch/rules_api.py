"""The edge of the rule editor: rules with their accuracy, the matrix, and drafts that are replayed first.

The roof lets system administrators through; each works on the own district.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from casework.access import Actor
from casework.api import caller
from casework.models import Organisation
from casework.schemas import In, Out
from dispatch import drafts
from dispatch.accuracy import Accuracy, accuracy_of_rules
from dispatch.drafts import Asked, Change
from dispatch.models import RoutingRule, RuleDraft
from dispatch.replay import Effect, replay
from dispatch.routing import Rule
from dispatch.routing_check import check_rules, matrix_of
from dispatch.rules import active_rules

router = Router(tags=["Routing rules"])

DAYS = 90
DRAFTS_AT_MOST = 50
Days = Annotated[int, Field(ge=1, le=400)]


class RuleIn(In):
    name: str = Field(max_length=100)
    organisation_code: str = Field(max_length=40)
    class_kind: str = Field("", max_length=9)
    class_code: str = Field("", max_length=6)
    area_code: str = Field("", max_length=15)
    owner_code: str = Field("", max_length=40)
    from_hour: str = Field("", max_length=5)
    to_hour: str = Field("", max_length=5)
    priority: int = Field(0, ge=-1000, le=1000)
    quota: str = Field("", max_length=12)
    unit: str = Field("", max_length=16)
    note: str = Field("", max_length=200)


class ChangeIn(In):
    rule_id: int | None = Field(None, description="The rule that ends; null for an additional one.")
    rule: RuleIn | None = Field(None, description="What stands instead; null for nothing.")


class NewDraftIn(In):
    name: str = Field(min_length=1, max_length=100)


class ChangesIn(In):
    version: int
    changes: list[ChangeIn] = Field(max_length=500)


class ScheduleIn(In):
    at: AwareDatetime = Field(description="When the rules change; still to come.")


class RuleOut(Out):
    id: int
    name: str
    organisation_code: str
    organisation: str
    class_kind: str
    class_code: str
    area_code: str
    owner_code: str
    from_hour: str
    to_hour: str
    priority: int
    quota: str
    unit: str
    note: str
    valid_from: datetime
    valid_to: datetime | None
    sent: int
    returned: int
    elsewhere: int
    accuracy: float | None = Field(description="Of those sent, the share that stayed; null where none was.")


class RulesOut(Out):
    at: datetime
    days: int
    items: list[RuleOut]


class MatrixOut(Out):
    """Classes × areas; a cell counts what comes out over owners and hours: organisations, gap, conflict."""

    areas: list[dict[str, str]]
    rows: list[dict[str, Any]]
    organisations: dict[str, str]
    checked: int
    gaps: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    dead: list[dict[str, Any]]
    ended: list[dict[str, Any]]


class DraftOut(Out):
    id: int
    name: str
    state: str
    version: int
    changes: list[ChangeIn]
    takes_force_at: datetime | None
    made_at: datetime
    effect: dict[str, Any]


class DraftsOut(Out):
    items: list[DraftOut]


class LoadOut(Out):
    code: str
    name: str
    before: int
    after: int


class EffectOut(Out):
    """Over the cases dispatched in those days: old rules, then the draft's, in each pair."""

    days: int
    cases: int
    elsewhere: int
    gaps: tuple[int, int]
    conflicts: tuple[int, int]
    known: int
    right: tuple[int, int]
    loads: list[LoadOut]
    examples: list[dict[str, Any]]


@router.get("/routing/rules", response=RulesOut)
def rules(request: HttpRequest, days: Days = DAYS) -> dict[str, Any]:
    """Rules in force or still to come, each with how well it sent in the last days."""
    district, now = caller(request).stream, timezone.now()
    counted = accuracy_of_rules(district, now - timedelta(days=days))
    rows = RoutingRule.objects.filter(district_code=district).exclude(valid_to__lte=now)
    return {
        "at": now,
        "days": days,
        "items": [
            _rule_face(row, counted.get(row.pk, Accuracy())) for row in rows.select_related("organisation")
        ],
    }


@router.get("/routing/matrix", response=MatrixOut)
def matrix(request: HttpRequest, draft: int | None = None, at: datetime | None = None) -> dict[str, Any]:
    """Every class × area × owner routed, under the rules in force at an instant or with a draft's changes."""
    district = caller(request).stream
    when = at if at is not None and timezone.is_aware(at) else timezone.now()
    chosen = _rules_with(district, draft, when)
    check = check_rules(district, chosen)
    return {**matrix_of(district, chosen), "checked": check.checked, **check.as_dict()}


@router.get("/routing/drafts", response=DraftsOut)
def all_drafts(request: HttpRequest) -> dict[str, Any]:
    found = RuleDraft.objects.filter(district_code=caller(request).stream).order_by("-made_at", "-pk")
    return {"items": list(found[:DRAFTS_AT_MOST])}


@router.post("/routing/drafts", response={201: DraftOut})
def make_draft(request: HttpRequest, body: NewDraftIn) -> Status[RuleDraft]:
    actor = caller(request)
    made = RuleDraft.objects.create(name=body.name, district_code=actor.stream, made_by_id=actor.person_id)
    return Status(201, made)


@router.put("/routing/drafts/{int:draft_id}", response=DraftOut)
def save_draft(request: HttpRequest, draft_id: int, body: ChangesIn) -> RuleDraft:
    """Replace the draft's changes; 409 `stale` when somebody saved it since `version`."""
    changes = [
        Change(change.rule_id, Asked(**change.rule.model_dump()) if change.rule else None)
        for change in body.changes
    ]
    return drafts.save_draft(draft_id, caller(request).stream, version=body.version, changes=changes)


@router.get("/routing/drafts/{int:draft_id}/effect", response=EffectOut)
def effect(request: HttpRequest, draft_id: int, days: Days = DAYS) -> dict[str, Any]:
    """The cases of the last days once more, by the rules in force and by the draft's. Reads only."""
    return _effect(caller(request), draft_id, days)


@router.post("/routing/drafts/{int:draft_id}/schedule", response=DraftOut)
def schedule(request: HttpRequest, draft_id: int, body: ScheduleIn) -> RuleDraft:
    """Let the draft take force at a set time; what the replay says now is kept with it."""
    actor = caller(request)
    told = _effect(actor, draft_id, DAYS)
    kept = {key: value for key, value in told.items() if key != "examples"}
    return drafts.schedule(draft_id, actor.stream, at=body.at, effect=kept)


@router.post("/routing/drafts/{int:draft_id}/discard", response=DraftOut)
def discard(request: HttpRequest, draft_id: int) -> RuleDraft:
    return drafts.discard(draft_id, caller(request).stream)


def _rules_with(district: str, draft_id: int | None, at: datetime) -> tuple[Rule, ...]:
    if draft_id is None:
        return active_rules(district, at)
    return drafts.drafted_rules(drafts.draft_named(draft_id, district), at)


def _effect(actor: Actor, draft_id: int, days: int) -> dict[str, Any]:
    now = timezone.now()
    draft = drafts.draft_named(draft_id, actor.stream)
    found: Effect = replay(
        actor.stream,
        active_rules(actor.stream, now),
        drafts.drafted_rules(draft, now),
        since=now - timedelta(days=days),
        until=now,
    )
    names = Organisation.objects.in_bulk(found.loads)
    loads = [
        {"code": names[pk].code, "name": names[pk].title, "before": before, "after": after}
        for pk, (before, after) in found.loads.items()
    ]
    changed = sorted(loads, key=lambda one: (-abs(one["after"] - one["before"]), one["code"]))  # type: ignore[operator]
    return {"days": days, **asdict(found), "loads": changed}


def _rule_face(row: RoutingRule, counted: Accuracy) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "organisation_code": row.organisation.code,
        "organisation": row.organisation.title,
        "class_kind": row.class_kind,
        "class_code": row.class_code,
        "area_code": row.area_code,
        "owner_code": row.owner_code,
        "from_hour": f"{row.from_hour:%H:%M}" if row.from_hour else "",
        "to_hour": f"{row.to_hour:%H:%M}" if row.to_hour else "",
        "priority": row.priority,
        "quota": f"{row.quota.normalize():f}" if row.quota is not None else "",
        "unit": row.unit,
        "note": row.note,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "sent": counted.sent,
        "returned": counted.returned,
        "elsewhere": counted.elsewhere,
        "accuracy": counted.share,
    }
