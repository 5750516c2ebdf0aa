"""Are the rules complete and free of contradiction? Every combination the city has is routed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, ClassVar

from django.db.models.functions import Left
from django.utils.translation import gettext as _

from casework.models import Organisation
from dispatch.routing import Facts, Outcome, Rule, asked, route, titled
from dispatch.rules import active_rules
from gis_data.models import Area, Component, ProblemClass

SHOWN = 20


@dataclass
class Check:
    """What was found in one district.

    checked    combinations of class × area × owner × time of day
    gaps       combinations that no rule matches
    conflicts  combinations for which the best rules name different organisations
    dead       rules that win nowhere; `ended`: rules whose organisation exists no more
    """

    LISTS: ClassVar[tuple[str, ...]] = ("gaps", "conflicts", "dead", "ended")

    district_code: str
    rules: int
    checked: int = 0
    gaps: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    dead: list[dict[str, Any]] = field(default_factory=list)
    ended: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return not any(getattr(self, name) for name in self.LISTS)

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        return {name: getattr(self, name) for name in self.LISTS}

    def as_text(self) -> str:
        lines = [
            _("District %(code)s: %(rules)s rules, %(checked)s combinations checked.")
            % {"code": self.district_code, "rules": self.rules, "checked": self.checked}
        ]
        titles = {
            "gaps": _("Gaps"),
            "conflicts": _("Conflicts"),
            "dead": _("Rules that never win"),
            "ended": _("Rules whose organisation has ended"),
        }
        for name, found in self.as_dict().items():
            lines.append(f"{titles[name]}: {len(found)}")
            lines += [f"  {item['reason']}" for item in found[:SHOWN]]
            if len(found) > SHOWN:
                lines.append(_("  … and %(n)s more") % {"n": len(found) - SHOWN})
        return "\n".join(lines)


def check_routing(district_code: str, at: datetime) -> Check:
    """Route every combination that exists under the rules in force at an instant."""
    return check_rules(district_code, active_rules(district_code, at))


def check_rules(district_code: str, rules: tuple[Rule, ...]) -> Check:
    """Route every combination that exists by these rules."""
    check = Check(district_code, len(rules))
    won: set[int] = set()
    for facts in _combinations(district_code, rules):
        check.checked += 1
        decision = route(facts, rules)
        if decision.rule is not None:
            won.add(decision.rule.id)
            continue
        found = {
            "kind": facts.class_kind,
            "class_code": facts.class_code,
            "area": facts.cell_code,
            "owner": facts.owner_code,
            "at": facts.at.strftime("%H:%M"),
            "reason": decision.reason,
        }
        if decision.outcome == Outcome.NONE:
            check.gaps.append(found)
        else:
            check.conflicts.append({**found, "rules": [rule.id for rule in decision.rivals]})
    for rule in rules:
        shown = {"id": rule.id, "name": rule.name, "organisation": rule.organisation}
        if rule.ended:
            check.ended.append({**shown, "reason": f"{titled(rule)}: {rule.organisation}"})
        elif rule.id not in won:
            check.dead.append({**shown, "reason": f"{titled(rule)}: {asked(rule)}"})
    return check


def _combinations(district_code: str, rules: tuple[Rule, ...]) -> Iterator[Facts]:
    """Each class in each street (and in each smaller area that a rule names), at each hour a rule turns on.

    Components come once for every owner they have there, and once without: a report need not name one.
    """
    areas = _areas(district_code, rules)
    hours = sorted({moment for rule in rules for moment in rule.hours or ()} | {time(12)})
    owners = _owners(district_code)
    classes = ProblemClass.objects.filter(edition__current=True, active=True).order_by("kind", "code")
    for pk, kind, code in classes.values_list("id", "kind", "code"):
        for area in areas:
            for owner in ("", *sorted(owners.get((pk, area[:9]), ()))):
                for moment in hours:
                    yield Facts(kind, code, area, owner, moment)


def _areas(district_code: str, rules: tuple[Rule, ...]) -> list[str]:
    streets = Area.objects.filter(
        generation__state="active", generation__district_code=district_code, level=Area.Level.STREET
    ).values_list("code", flat=True)
    smaller = {rule.area_code for rule in rules if len(rule.area_code) > 9}
    return sorted({*streets, *smaller})


def _owners(district_code: str) -> dict[tuple[int, str], set[str]]:
    found: dict[tuple[int, str], set[str]] = {}
    rows = (
        Component.objects.filter(district_code=district_code, retired_on__isnull=True)
        .exclude(owner_code="")
        .annotate(street=Left("cell_code", 9))
        .values_list("problem_class_id", "street", "owner_code")
        .order_by()
        .distinct()
    )
    for class_id, street, owner in rows:
        found.setdefault((class_id, street), set()).add(owner)
    return found


def matrix_of(district_code: str, rules: tuple[Rule, ...]) -> dict[str, Any]:
    """Classes × areas, and what comes out in each over owners and hours: organisations, gaps, conflicts.

    rows   a class each; `cells` by area: how often which outcome, by organisation's code, `gap`, `conflict`
    """
    codes = dict(Organisation.objects.values_list("pk", "code"))
    counted: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    for facts in _combinations(district_code, rules):
        decision = route(facts, rules)
        outcome = {Outcome.NONE: "gap", Outcome.CONFLICT: "conflict"}.get(
            decision.outcome, codes.get(decision.organisation_id or 0, "")
        )
        cells = counted.setdefault((facts.class_kind, facts.class_code), {})
        cells.setdefault(facts.cell_code, Counter())[outcome] += 1
    classes = {
        (one.kind, one.code): one for one in ProblemClass.objects.filter(edition__current=True, active=True)
    }
    areas = _areas(district_code, rules)
    names = {
        code: (name, name_en or name)
        for code, name, name_en in Area.objects.filter(
            generation__state="active", code__in=areas
        ).values_list("code", "name", "name_en")
    }
    shown = {outcome for cells in counted.values() for cell in cells.values() for outcome in cell}
    return {
        "areas": [
            dict(zip(("code", "name", "name_en"), (code, *names.get(code, (code, code))), strict=True))
            for code in areas
        ],
        "rows": [
            {
                "kind": kind,
                "code": code,
                "name": classes[kind, code].title,
                "cells": [dict(cells.get(area, {})) for area in areas],
            }
            for (kind, code), cells in counted.items()
        ],
        "organisations": {one.code: one.title for one in Organisation.objects.filter(code__in=shown)},
    }
