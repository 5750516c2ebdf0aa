"""The whole sample city, part by part; a part that is there already is left as it is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _

from casework import holidays
from casework.calendar_import import bring_in
from casework.errors import Invalid
from casework.models import Organisation, Person, Stream
from casework.models.calendar import PACKAGED_CODE
from casework.roles import Role
from dispatch.importers.conditions import load_conditions, load_defaults
from dispatch.models import FilingCondition, GridDuty, RoutingRule
from gis_data.models import Component
from gis_data.sample import load_sample_city
from gridcity.seeding import orgs, rules
from gridcity.seeding.history import History, Written
from gridcity.seeding.lives import STANDING
from gridcity.seeding.patrols import write_patrols
from gridcity.seeding.pictures import Pictures
from gridcity.seeding.world import read_world

Progress = Callable[[str], None]
DEMO_PASSWORD: Final = "gridcity-demo"


def demo_password() -> str:
    return os.environ.get("GRIDCITY_DEMO_PASSWORD") or DEMO_PASSWORD


def demo_logins() -> list[orgs.Login]:
    """One login of each kind of post, for the login page of the sample city (settings.DEMO_LOGINS)."""
    return orgs.logins(demo_password())


def demo_everybody() -> list[orgs.Login]:
    """Every desk and inspector of the sample city (settings.DEMO_EVERYBODY): whoever a case went to."""
    return orgs.everybody(demo_password())


def standing() -> dict[str, int]:
    """What of the sample city is there."""
    return {
        "components": Component.objects.filter(district_code=orgs.DISTRICT).count(),
        "conditions": FilingCondition.objects.filter(active=True).count(),
        "organisations": Organisation.objects.filter(code__startswith=orgs.DISTRICT).count(),
        "rules": RoutingRule.objects.filter(district_code=orgs.DISTRICT).count(),
        "people": Person.objects.filter(demo=True).count(),
        "entries": sum(Stream.objects.filter(code=orgs.DISTRICT).values_list("head", flat=True)),
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
        "new_thresholds": rules.make_duplicate_rules(),
    }
    if demo:
        progress("people")
        made["new_people"] = orgs.make_people(demo_password())
        made["new_duties"] = orgs.give_grids()
    return made


def write_history(
    *,
    days: int,
    seed: int,
    until: datetime,
    per_day: float,
    progress: Progress,
) -> Written:
    """Days of lives up to an instant, and cases that stand in every state by then."""
    world = read_world(orgs.DISTRICT, until)
    if not world.people[Role.INSPECTOR] or not world.places:
        raise Invalid(
            _("There is no sample city with people to live in it."),
            mend=_("Run: bin/gridcity seed_city --demo --commit"),
        )
    history = History(world, seed=seed, pictures=Pictures())
    began = time.monotonic()
    for written in history.write(days=days, per_day=per_day, until=until, standing=STANDING):
        rate = written.cases / max(time.monotonic() - began, 0.001)
        progress(f"history up to {written.upto:%Y-%m-%d}: {written.cases} cases, {rate:.0f} a second")
    shifts, visits = write_patrols(world, seed=seed, days=days, until=until)
    progress(f"patrols: {shifts} shifts, {visits} visits of cells")
    with connection.cursor() as cursor:
        for table in [*history.tables, "dispatch_shift", "dispatch_cellvisit"]:
            cursor.execute(f'ANALYZE "{table}"')
    return written
