"""Everything that a desk shows of one case, in one answer: the case, the proposal, and what is around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.gis.db.models.functions import GeometryDistance
from django.contrib.gis.geos import Polygon
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casework.access import Actor
from casework.models import Case, CaseLink
from dispatch import faces
from dispatch.cards import dress
from dispatch.limits import handling_limit
from dispatch.models import Report, RoutingRule
from dispatch.models.report import SPLIT
from dispatch.policy import sees, visible
from dispatch.proposals import Proposal, propose
from dispatch.queries import metres_between, report_in_full
from dispatch.routing import Outcome
from dispatch.suggestions import suggested
from gis_data import crs

NEAR_M = 150.0
OF_EACH_KIND = 5
SUGGESTED_AT_MOST = 5
METRES_A_DEGREE = 111_320.0  # of latitude; of longitude fewer, so that the box is never too small


class Why(StrEnum):
    """Why another case is shown beside this one; a case is shown once, for the first that holds."""

    COMPONENT = "component"  # the same component, whatever became of it
    NEAR = "near"  # open, within NEAR_M
    CELL = "cell"  # the same cell, the latest


@dataclass(frozen=True, slots=True)
class Around:
    """Another case beside the one in hand."""

    why: Why
    card: dict[str, Any]
    distance_m: float


def around(actor: Actor, report: Report) -> list[Around]:
    """Earlier cases of the same component and cell, and open ones near by: what the actor may see of them.

    Three indexed queries of a few rows each; the same component first, then the nearest, then the latest.
    """
    here = (report.place.x, report.place.y)
    found: dict[UUID, Around] = {}
    for why, pk, card in _beside(actor, report):
        if pk not in found:
            away = metres_between(here, (card["lon"], card["lat"]))
            if why != Why.NEAR or away <= NEAR_M:
                found[pk] = Around(why, card, round(away, 1))
    return list(found.values())


def _beside(actor: Actor, report: Report) -> Iterator[tuple[Why, UUID, dict[str, Any]]]:
    others = Case.objects.filter(visible(actor)).exclude(pk=report.case_id)
    by_kind = {
        Why.NEAR: others.filter(
            report__is_open=True, ended_at__isnull=True, report__place__bboverlaps=_box(report)
        ).order_by(GeometryDistance("report__place", report.place)),
        Why.CELL: others.filter(report__cell_code=report.cell_code).order_by("-report__reported_at"),
    }
    if report.component_code:
        same = others.filter(report__component_code=report.component_code)
        by_kind = {Why.COMPONENT: same.order_by("-report__reported_at"), **by_kind}
    for why, rows in by_kind.items():
        for pk, card in rows.values_list("pk", "card")[:OF_EACH_KIND]:
            yield why, pk, card


LINKS = {"split_off": _("split off from this case"), "split_from": _("the case it was split from")}


def links_of(actor: Actor, case_id: UUID) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases that this one was split into or from, in words, with their cards. One query."""
    found = CaseLink.objects.filter(Q(source_id=case_id) | Q(target_id=case_id), kind=SPLIT)
    for link in found.select_related("source", "target").order_by("pk"):
        off = link.source_id == case_id
        other = link.target if off else link.source
        if sees(actor, other.card):
            yield str(LINKS["split_off" if off else "split_from"]), other.card


def _box(report: Report) -> Polygon:
    lon, lat, off = report.place.x, report.place.y, 2 * NEAR_M / METRES_A_DEGREE
    box = Polygon.from_bbox((lon - off, lat - off, lon + off, lat + off))
    box.srid = crs.STORE
    return box


def proposal_face(report: Report) -> dict[str, Any]:
    """What the rules propose for a filed report: to whom, in what time, until what is reached, and why."""
    found: Proposal = propose(report, at=timezone.now())
    condition = report.condition
    rule = RoutingRule.objects.filter(pk=found.rule_id).first() if found.rule_id else None
    return {
        "outcome": found.outcome.value,
        "reason": found.reason,
        "organisation": faces.named(found.organisation),
        "rule_id": found.rule_id,
        "rule": found.rule,
        "limit_text": faces.limit_text(handling_limit(condition, rule)) if condition else "",
        "closing": condition.closing_title if condition else "",
        "lost": [{"rule": name, "why": why} for name, why in found.lost],
        "alternatives": _alternatives(report, found),
    }


def _alternatives(report: Report, found: Proposal) -> list[dict[str, Any]]:
    """Whom else to send it to. Where the rules leave a choice, history ranks what they leave; it says so."""
    named = {choice.organisation.code: choice for choice in found.alternatives}
    told: list[dict[str, Any]] = [
        {"organisation": faces.named(choice.organisation), "why": choice.why, "share": None, "cases": None}
        for choice in named.values()
    ]
    if found.outcome == Outcome.MATCHED:
        return told
    history = suggested(report, report.case.stream_id, among=list(named))
    ranked = [
        {
            "organisation": faces.named(one.organisation),
            "why": named[one.organisation.code].why if one.organisation.code in named else "",
            "share": one.share,
            "cases": one.cases,
        }
        for one in history[:SUGGESTED_AT_MOST]
    ]
    shown = {one.organisation.code for one in history[:SUGGESTED_AT_MOST]}
    return [*ranked, *(choice for choice in told if (choice["organisation"] or {}).get("code") not in shown)]


def desk_face(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """One case as its desk shows it. Rights to see it are checked before; a fixed number of queries."""
    report = report_in_full(case_id)
    case = faces.case_face(actor, case_id, report)
    dispatches = any(move["verb"] == "dispatch" for move in case["moves"])
    return {
        "case": case,
        "proposal": proposal_face(report) if dispatches else None,
        "links": [{**dress(card), "label": label} for label, card in links_of(actor, case_id)],
        "around": [
            {**dress(other.card), "why": other.why.value, "distance_m": other.distance_m}
            for other in around(actor, report)
        ],
    }
