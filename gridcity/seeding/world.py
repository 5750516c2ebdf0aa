"""What a generated life needs to know of the city, read once: problems, places, people, limits, rules."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from itertools import accumulate
from random import Random
from typing import Final, Generic, TypeVar

from django.db import connection
from django.utils import translation

from casework.access import Actor
from casework.calendars import Limit, WorkCalendar
from casework.models import Holding, Organisation
from casework.models.calendar import calendar_for
from casework.roles import Role
from dispatch.limits import DEFAULTS, clock_policy, step_limit
from dispatch.models import ClockPolicy, FilingCondition, GridDuty, SourcePolicy
from dispatch.models.report import Source
from dispatch.routing import Decision, Facts, Rule, route
from dispatch.rules import active_rules
from gis_data.models import Area, ProblemClass
from gridcity.seeding.bulk import Spot
from gridcity.seeding.habits import (
    HOT_SHARE,
    SAME_AGAIN,
    WORN_FAULTS,
    WORN_SHARE,
    Habit,
    grounds,
    habit_of,
    usual_share,
)

EVENT, COMPONENT = ProblemClass.Kind.EVENT, ProblemClass.Kind.COMPONENT

# How often a class occurs, of a thousand of its kind; the others share what is left. Guessed from what city
# reports call frequent: litter, flyposting, street trade, bicycles; covers, lamps, bins, footways.
OFTEN: Final[dict[tuple[str, str], int]] = {
    (EVENT, "0110"): 120, (EVENT, "0201"): 110, (EVENT, "0410"): 90, (EVENT, "0406"): 85, (EVENT, "0112"): 80,
    (EVENT, "0136"): 75, (EVENT, "0405"): 60, (EVENT, "0401"): 55, (EVENT, "0192"): 50, (EVENT, "0493"): 45,
    (EVENT, "0111"): 35, (EVENT, "0107"): 30, (EVENT, "0113"): 30, (EVENT, "0117"): 20, (EVENT, "0114"): 18,
    (EVENT, "0301"): 15, (EVENT, "0306"): 12, (EVENT, "0304"): 10,
    (COMPONENT, "0102"): 110, (COMPONENT, "0103"): 90, (COMPONENT, "0101"): 80, (COMPONENT, "0104"): 80,
    (COMPONENT, "0305"): 95, (COMPONENT, "0137"): 70, (COMPONENT, "0284"): 70, (COMPONENT, "0402"): 55,
    (COMPONENT, "0497"): 40, (COMPONENT, "0212"): 30, (COMPONENT, "0217"): 30, (COMPONENT, "0286"): 30,
    (COMPONENT, "0111"): 25, (COMPONENT, "0204"): 20, (COMPONENT, "0221"): 20,
}  # fmt: skip
EVENTS_IN_TEN: Final = 7
# Sources of a thousand reports (metrics.md 3.1: about 95 % of what is filed comes from collectors).
SOURCES: Final[dict[str, int]] = {
    Source.INSPECTOR: 900, Source.HOTLINE: 55, Source.WEB: 20, Source.MAILBOX: 5, Source.VIDEO: 8,
    Source.MEDIA: 3, Source.SUPERIOR: 4, Source.TRANSFER: 5,
}  # fmt: skip

T = TypeVar("T")


class Lot(Generic[T]):
    """A bag from which things are drawn by weight."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self.things = things
        self._sums = list(accumulate(weights))

    def draw(self, rng: Random) -> T:
        return rng.choices(self.things, cum_weights=self._sums)[0]

    def at(self, share: float) -> T:
        """The thing that lies at a share from 0 to 1 of all weights."""
        return self.things[bisect(self._sums, share * self._sums[-1], hi=len(self.things) - 1)]


@dataclass(slots=True, eq=False)
class Place:
    """Where a component stands, and whose it is. Events are put at such places too: it is on a street.

    spot   the place as a shape, made when first needed
    """

    class_id: int
    code: str
    owner_code: str
    cell_code: str
    lon: float
    lat: float
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A class with the conditions under which it is filed, how common it is, and its habit.

    share   of a thousand reports, whenever they come
    worn    of a component, those that break again and again
    drawn   of an event, the places that draw it (empty: none do)
    """

    id: int
    kind: str
    code: str
    name: str
    conditions: Lot[FilingCondition]
    share: float
    habit: Habit
    worn: Sequence[Place] = ()
    drawn: Sequence[Place] = ()

    def condition_in(self, cell_code: str, rng: Random) -> FilingCondition:
        """Mostly the one usual for the cell: what went wrong there goes wrong there again."""
        if rng.random() < SAME_AGAIN:
            return self.conditions.at(usual_share(cell_code, self.code))
        return self.conditions.draw(rng)


@dataclass
class World:
    """The city as generated lives see it."""

    stream: str
    calendar: WorkCalendar
    problems: list[Problem]
    places: list[Place]
    grounds: dict[str, list[Place]]
    of_class: dict[int, list[Place]]
    people: dict[Role, list[Actor]]
    desks: dict[int, Actor]
    organisations: dict[int, Organisation]
    walks: dict[str, Actor]
    names: dict[str, str]
    limits: dict[str, Limit]
    policy: ClockPolicy
    verify_first: frozenset[str]
    sources: Lot[str]
    rules: tuple[Rule, ...]
    _decided: dict[tuple[object, ...], Decision] = field(default_factory=dict)
    _lots: dict[tuple[int, int], Lot[Problem]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._area_digits = max((len(rule.area_code) for rule in self.rules), default=0)
        self._hours = sorted({moment for rule in self.rules for moment in rule.hours or ()})

    def decide(self, facts: Facts) -> Decision:
        """`route()`, remembered for all facts that no rule can tell apart."""
        part = sum(1 for moment in self._hours if moment <= facts.at)
        area = facts.cell_code[: self._area_digits]
        key = (facts.class_kind, facts.class_code, area, facts.owner_code, part)
        decision = self._decided.get(key)
        if decision is None:
            with translation.override("zh-hans"):
                decision = self._decided[key] = route(facts, self.rules)
        return decision

    def problem_at(self, at: datetime, rng: Random) -> tuple[Problem, Place]:
        """What goes wrong at an instant, and where: by hour, month, and the places that draw it."""
        local = at.astimezone(self.calendar.zone)
        problem = self._lot(local.hour, local.month).draw(rng)
        habit = problem.habit
        if problem.kind == COMPONENT:
            worn = rng.random() < WORN_FAULTS
            return problem, rng.choice(problem.worn if worn else self.of_class[problem.id])
        if problem.drawn and rng.random() < habit.drawn:
            return problem, rng.choice(problem.drawn)
        ground, there = (habit.ground, habit.there) if habit.ground else ("hot", HOT_SHARE)
        return problem, rng.choice(self.grounds[ground] if rng.random() < there else self.places)

    def _lot(self, hour: int, month: int) -> Lot[Problem]:
        """The problems with their weights at that time."""
        lot = self._lots.get((hour, month))
        if lot is None:
            lot = self._lots[hour, month] = Lot(
                self.problems,
                [
                    one.share * one.habit.at_hour(hour + 0.5) * one.habit.in_month(month)
                    for one in self.problems
                ],
            )
        return lot

    def inspector_of(self, cell_code: str, rng: Random) -> Actor:
        return self.walks.get(cell_code) or rng.choice(self.people[Role.INSPECTOR])

    def address_of(self, cell_code: str) -> str:
        return self.names.get(cell_code[:9], "") + self.names.get(cell_code[:12], "")


def read_world(stream: str, at: datetime) -> World:
    """Everything by a handful of queries. The city must have been seeded with people."""
    places = _places(stream)
    of_class: dict[int, list[Place]] = {}
    for place in places:
        of_class.setdefault(place.class_id, []).append(place)
    people, desks = _people(stream)
    return World(
        stream=stream,
        calendar=calendar_for(stream),
        problems=_problems(of_class),
        places=places,
        grounds=_grounds(places),
        of_class=of_class,
        people=people,
        desks=desks,
        organisations={one.pk: one for one in Organisation.objects.all()},
        walks=_walks(stream, people[Role.INSPECTOR]),
        names=dict(
            Area.objects.filter(generation__state="active", generation__district_code=stream).values_list(
                "code", "name"
            )
        ),
        limits={clock: step_limit(clock) for clock in DEFAULTS},
        policy=clock_policy(stream),
        verify_first=frozenset(
            SourcePolicy.objects.filter(verify_first=True).values_list("source", flat=True)
        ),
        sources=Lot(list(SOURCES), list(SOURCES.values())),
        rules=active_rules(stream, at),
    )


def facts_for(problem: Problem, place: Place, moment: time) -> Facts:
    owner = place.owner_code if problem.kind == COMPONENT else ""
    return Facts(problem.kind, problem.code, place.cell_code, owner, moment)


def _places(stream: str) -> list[Place]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT problem_class_id, code, owner_code, cell_code, st_x(place), st_y(place)
               FROM gis_data_component WHERE district_code = %s AND retired_on IS NULL ORDER BY code""",
            [stream],
        )
        return [Place(*row) for row in cursor.fetchall()]


def _grounds(places: list[Place]) -> dict[str, list[Place]]:
    """The places in the cells of each kind."""
    kinds = grounds(sorted({place.cell_code for place in places}))
    return {kind: [place for place in places if place.cell_code in cells] for kind, cells in kinds.items()}


def _worn(places: Sequence[Place]) -> Sequence[Place]:
    """Some of the components of a class, the same in every run."""
    return Random(7).sample(places, max(1, int(len(places) * WORN_SHARE))) if places else ()


def _problems(of_class: dict[int, list[Place]]) -> list[Problem]:
    conditions: dict[int, list[FilingCondition]] = {}
    for condition in FilingCondition.objects.filter(active=True).order_by("problem_class_id", "ordinal"):
        conditions.setdefault(condition.problem_class_id, []).append(condition)
    classes = [
        one
        for one in ProblemClass.objects.filter(edition__current=True, active=True).order_by("kind", "code")
        if one.pk in conditions and (one.kind == EVENT or one.pk in of_class)
    ]
    share = {EVENT.value: EVENTS_IN_TEN / 10, COMPONENT.value: 1 - EVENTS_IN_TEN / 10}
    named = {
        kind: sum(OFTEN.get((kind, one.code), 0) for one in classes if one.kind == kind) for kind in share
    }
    rare = {
        kind: sum(1 for one in classes if one.kind == kind and (kind, one.code) not in OFTEN)
        for kind in share
    }
    stands = {one.code: of_class.get(one.pk, []) for one in classes if one.kind == COMPONENT}
    problems = []
    for one in classes:
        habit = habit_of(one.kind, one.code)
        weight = OFTEN.get((one.kind, one.code), (1000 - named[one.kind]) / max(1, rare[one.kind]))
        problems.append(
            Problem(
                id=one.pk,
                kind=one.kind,
                code=one.code,
                name=one.name,
                conditions=Lot(conditions[one.pk], [1 / (n + 1) for n in range(len(conditions[one.pk]))]),
                share=share[one.kind] * weight,
                habit=habit,
                worn=_worn(of_class.get(one.pk, [])) if one.kind == COMPONENT else (),
                drawn=[place for code in habit.beside for place in stands.get(code, [])],
            )
        )
    return problems


def _people(stream: str) -> tuple[dict[Role, list[Actor]], dict[int, Actor]]:
    people: dict[Role, list[Actor]] = {role: [] for role in Role}
    desks: dict[int, Actor] = {}
    holdings = Holding.objects.filter(post__stream_id=stream, person__demo=True, until=None)
    for holding in holdings.select_related("person", "post__organisation").order_by("person__username"):
        person, post = holding.person, holding.post
        actor = Actor(
            person_id=person.pk,
            name=str(person),
            language=person.language,
            post_id=post.pk,
            role=Role(post.role),
            organisation_id=post.organisation_id,
            organisation_code=post.organisation.code,
            stream=stream,
        )
        people[actor.role].append(actor)
        if actor.role == Role.DEPARTMENT:
            desks.setdefault(actor.organisation_id, actor)
    return people, desks


def _walks(stream: str, inspectors: list[Actor]) -> dict[str, Actor]:
    by_id = {actor.person_id: actor for actor in inspectors}
    rows = GridDuty.objects.filter(
        grid__cells__code__startswith=stream, grid__cells__active=True, valid_to=None
    ).values_list("grid__cells__code", "person_id")
    return {cell: by_id[person] for cell, person in rows if person in by_id}
