"""The file of a component or a cell: what it is, who owns it, all that was ever reported there, its rules."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from casework.access import Actor
from casework.errors import Missing
from casework.models import Case, Organisation
from dispatch.cards import dress
from dispatch.policy import visible
from dispatch.routing import Facts, matches, route, titled
from dispatch.rules import active_rules
from gis_data.models import Area, Cell, Component, ResponsibilityGrid

SHOWN: Final = 50


def component_file(actor: Actor, code: str, *, at: datetime | None = None) -> dict[str, Any]:
    """A component of the actor's district with its owners, its reports and where a report of it would go."""
    found = Component.objects.filter(code=code, district_code=actor.stream).select_related("problem_class")
    one = found.first()
    if one is None:
        raise Missing(_("There is no component “%(code)s”.") % {"code": code}, field="code", value=code)
    facts = Facts(
        class_kind=one.problem_class.kind,
        class_code=one.problem_class.code,
        cell_code=one.cell_code,
        owner_code=one.owner_code,
    )
    names = dict(
        Organisation.objects.filter(
            code__in={one.authority_code, one.owner_code, one.maintainer_code} - {""}
        ).values_list("code", "name")
    )
    return {
        "code": one.code,
        "kind": "component",
        "name": one.problem_class.name,
        "name_en": one.problem_class.name_en,
        "state": str(Component.State(one.state).label) if one.state else "",
        "since": one.initial_on,
        "until": one.retired_on,
        "lon": one.place.x,
        "lat": one.place.y,
        "cell_code": one.cell_code,
        "area_m2": None,
        "synthetic": one.synthetic,
        "people": [
            {"role": role, "code": held, "name": names.get(held, held)}
            for role, held in (
                (_("authority"), one.authority_code),
                (_("owner"), one.owner_code),
                (_("maintainer"), one.maintainer_code),
            )
            if held
        ],
        "rules": _rules(actor, facts, at or timezone.now()),
        **_reports(actor, report__component_code=code),
    }


def cell_file(actor: Actor, code: str, *, at: datetime | None = None) -> dict[str, Any]:
    """A cell in force of the actor's district: its grids, its reports, the rules that name its ground."""
    one = Cell.objects.filter(code=code, active=True, generation__district_code=actor.stream).first()
    if one is None:
        raise Missing(_("There is no cell “%(code)s” in force.") % {"code": code}, field="code", value=code)
    at = at or timezone.now()
    names = dict(
        Area.objects.filter(generation_id=one.generation_id, code__in=[code[:12], code[:9]]).values_list(
            "code", "name"
        )
    )
    grids = ResponsibilityGrid.objects.filter(cells=one).order_by("code").values_list("code", "name")
    here = [
        rule for rule in active_rules(actor.stream, at) if rule.area_code and code.startswith(rule.area_code)
    ]
    return {
        "code": one.code,
        "kind": "cell",
        "name": " · ".join(names[held] for held in (code[:9], code[:12]) if held in names),
        "name_en": "",
        "state": "",
        "since": one.valid_from,
        "until": one.valid_to,
        "lon": one.border.point_on_surface.x,
        "lat": one.border.point_on_surface.y,
        "cell_code": one.code,
        "area_m2": round(one.area_m2, 1),
        "synthetic": one.synthetic,
        "people": [{"role": _("responsibility grid"), "code": grid, "name": name} for grid, name in grids],
        "rules": [
            {"title": titled(rule), "organisation": rule.organisation, "wins": None, "why": ""}
            for rule in sorted(here, key=lambda rule: (-len(rule.area_code), rule.id))[:SHOWN]
        ],
        **_reports(actor, report__cell_code=code),
    }


def _rules(actor: Actor, facts: Facts, at: datetime) -> list[dict[str, Any]]:
    """The rules that fit, the one that would win first, each loser with why."""
    rules = active_rules(actor.stream, at)
    decision = route(facts, rules)
    lost = {rule.id: why for rule, why in decision.lost}
    fitting = [rule for rule in rules if matches(rule, facts)]
    winner = decision.rule.id if decision.rule else None
    fitting.sort(key=lambda rule: (rule.id != winner, rule.id))
    return [
        {
            "title": titled(rule),
            "organisation": rule.organisation,
            "wins": rule.id == winner,
            "why": decision.reason if rule.id == winner else lost.get(rule.id, ""),
        }
        for rule in fitting[:SHOWN]
    ]


def _reports(actor: Actor, **where: str) -> dict[str, Any]:
    """All that was ever reported there and that the actor may see: the newest cards, and counts by year."""
    rows = Case.objects.filter(visible(actor), report__isnull=False, **where)
    years = Counter(
        timezone.localtime(moment).year for moment in rows.values_list("report__reported_at", flat=True)
    )
    newest = rows.order_by("-report__reported_at", "-pk").values_list("card", flat=True)[:SHOWN]
    return {
        "count": sum(years.values()),
        "open": rows.filter(report__is_open=True, ended_at__isnull=True).count(),
        "years": [{"year": year, "count": years[year]} for year in sorted(years, reverse=True)],
        "reports": [dress(card) for card in newest],
    }
