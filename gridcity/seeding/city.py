"""The whole sample city, part by part; a part that is there already is left as it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from casework import holidays
from casework.calendar_import import bring_in
from casework.models import Organisation, Person
from casework.models.calendar import PACKAGED_CODE
from dispatch.importers.conditions import load_conditions, load_defaults
from dispatch.models import FilingCondition, GridDuty, RoutingRule
from gis_data.models import Component
from gis_data.sample import load_sample_city
from gridcity.seeding import orgs, rules

Progress = Callable[[str], None]
DEMO_PASSWORD: Final = "gridcity-demo"


def demo_password() -> str:
    return os.environ.get("GRIDCITY_DEMO_PASSWORD") or DEMO_PASSWORD


def demo_logins() -> list[orgs.Login]:
    """One login of each kind of post, for the login page of the sample city (settings.DEMO_LOGINS)."""
    return orgs.logins(demo_password())


def standing() -> dict[str, int]:
    """What of the sample city is there."""
    return {
        "components": Component.objects.filter(district_code=orgs.DISTRICT).count(),
        "conditions": FilingCondition.objects.filter(active=True).count(),
        "organisations": Organisation.objects.filter(code__startswith=orgs.DISTRICT).count(),
        "rules": RoutingRule.objects.filter(district_code=orgs.DISTRICT).count(),
        "people": Person.objects.filter(demo=True).count(),
        "duties": GridDuty.objects.filter(grid__code__startswith=orgs.DISTRICT).count(),
    }


def build(*, demo: bool, progress: Progress) -> dict[str, Any]:
    """Places, standard, calendar, organisations and rules; with `demo` also people with a known password."""
    progress("places")
    places = load_sample_city(progress=progress)
    progress("filing standard and calendar")
    conditions = load_conditions()
    load_defaults()
    special_days = holidays.packaged()
    years = {special.day.year for special in special_days}
    bring_in(PACKAGED_CODE, special_days, range(min(years), max(years) + 1), write=True)
    orgs.make_stream()
    progress("organisations and rules")
    made: dict[str, Any] = {
        "places": asdict(places),
        "new_conditions": conditions.new,
        "new_organisations": orgs.make_organisations(),
        "new_rules": rules.make_rules(),
    }
    if demo:
        progress("people")
        made["new_people"] = orgs.make_people(demo_password())
        made["new_duties"] = orgs.give_grids()
    return made
