"""Routing rules of the sample city: 部件先属主后属地，事件先属地后属主, said by the priorities of rows.

Components go to their owner (30); without one, to whoever owns or is in charge of that class (10). Events go
to the street office (10), unless a trade of its own is named for the class in `rules.csv` (20).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from typing import Any, Final

from casework.models import Organisation
from dispatch.models import DuplicateRule, RoutingRule
from gis_data.models import Area, Component, ProblemClass
from gridcity.seeding.orgs import BEGAN, DISTRICT, rows_of

COMPONENT, EVENT = ProblemClass.Kind.COMPONENT, ProblemClass.Kind.EVENT
OWNER_FIRST: Final = 30
STREET: Final = "street"  # in owners.csv: the office of the street it stands in


def make_rules() -> int:
    """All rules, unless the district has some already; returns how many were made."""
    if RoutingRule.objects.filter(district_code=DISTRICT).exists():
        return 0
    organisations = {one.code: one for one in Organisation.objects.all()}
    rules = [
        RoutingRule(
            district_code=DISTRICT,
            valid_from=BEGAN,
            organisation=organisations[code],
            **asks,
        )
        for code, asks in (*_owners(organisations), *_classes(organisations), *_streets(), *_trades())
    ]
    return len(RoutingRule.objects.bulk_create(rules))


def make_duplicate_rules() -> int:
    """What the sample city calls the same thing, unless it has said so already."""
    if DuplicateRule.objects.filter(stream_id=DISTRICT).exists():
        return 0
    rows = [
        DuplicateRule(
            stream_id=DISTRICT,
            class_kind=row["class_kind"],
            class_code=row["class_code"],
            metres=float(row["metres"]),
            days=float(row["days"]),
            least_score=float(row["least_score"]),
        )
        for row in rows_of("duplicates.csv")
    ]
    return len(DuplicateRule.objects.bulk_create(rows))


Asked = Iterator[tuple[str, dict[str, Any]]]


def _owners(organisations: dict[str, Organisation]) -> Asked:
    """A rule for each organisation that owns a component here."""
    owners = Component.objects.filter(district_code=DISTRICT).values_list("owner_code", flat=True)
    for code in sorted(set(owners.distinct()) & organisations.keys()):
        yield (
            code,
            {
                "name": f"{organisations[code].name}的部件",
                "class_kind": COMPONENT,
                "owner_code": code,
                "priority": OWNER_FIRST,
                "note": "部件先属主",
            },
        )


def _classes(organisations: dict[str, Organisation]) -> Asked:
    """For components reported without a code: who usually owns that class, else who is in charge."""
    for row in rows_of("owners.csv"):
        code = row["authority"] if row["owner"] == STREET else row["owner"]
        yield (
            code,
            {
                "name": f"部件{row['class_prefix']}类：{organisations[code].name}",
                "class_kind": COMPONENT,
                "class_code": row["class_prefix"],
                "priority": 10,
            },
        )


def _streets() -> Asked:
    streets = Area.objects.filter(
        generation__state="active", generation__district_code=DISTRICT, level=Area.Level.STREET
    )
    for street in streets:
        yield (
            f"{DISTRICT}-S{street.code[6:]}",
            {
                "name": f"{street.name}的事件",
                "class_kind": EVENT,
                "area_code": street.code,
                "priority": 10,
                "note": "事件先属地",
            },
        )


def _trades() -> Asked:
    for row in rows_of("rules.csv"):
        yield (
            row["organisation_code"],
            {
                "name": row["name"],
                "class_kind": row["class_kind"],
                "class_code": row["class_code"],
                "area_code": row["area_code"],
                "from_hour": time.fromisoformat(row["from_hour"]) if row["from_hour"] else None,
                "to_hour": time.fromisoformat(row["to_hour"]) if row["to_hour"] else None,
                "priority": int(row["priority"]),
                "quota": Decimal(row["quota"]) if row["quota"] else None,
                "unit": row["unit"],
                "note": row["note"],
            },
        )
