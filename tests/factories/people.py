"""The people of the small city: Alice reports, Bo dispatches, Chen handles, and the others around them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.utils import timezone

from casework.access import Actor, actors_of
from casework.models import Attachment, Holding, Organisation, Person, Post, Stream
from casework.roles import Role
from dispatch.actions import NewReport
from dispatch.models import FilingCondition, GridDuty, RoutingRule, SourcePolicy
from dispatch.models.report import Source
from tests.factories.city import LIGHTING, SANITATION, WATER, SmallCity, small_city

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PASSWORD = "small city, long password"


@dataclass(frozen=True)
class Town:
    """The small city with its people, organisations, rules and conditions."""

    city: SmallCity
    alice: Actor  # inspector of all cells of Dongcheng
    ava: Actor  # another inspector, with no grid
    amy: Actor  # acceptor
    lei: Actor  # shift leader
    bo: Actor  # dispatcher
    bea: Actor  # another dispatcher
    chen: Actor  # desk of the water company
    dai: Actor  # desk of the lighting company
    mo: Actor  # manager
    missing_cover: FilingCondition
    litter_heap: FilingCondition
    water_rule: RoutingRule

    @property
    def everybody(self) -> dict[str, Actor]:
        return {k: v for k, v in vars(self).items() if isinstance(v, Actor)}

    def report_of(self, **changes: object) -> NewReport:
        """A manhole without its cover in the first cell, as Alice's phone would send it."""
        lon, lat = self.city.inside(0)
        sent: dict[str, object] = {
            "id": uuid4(),
            "class_id": self.city.manhole.pk,
            "lon": lon,
            "lat": lat,
            "datum": "wgs84",
            "source": Source.INSPECTOR,
            "device_at": timezone.now(),
            "component_code": self.city.manholes[0].code,
        }
        return NewReport(**{**sent, **changes})  # type: ignore[arg-type]


def organisation(
    code: str, name: str, name_en: str, kind: str = Organisation.Kind.DEPARTMENT
) -> Organisation:
    return Organisation.objects.get_or_create(
        code=code, defaults={"name": name, "name_en": name_en, "kind": kind}
    )[0]


def holder(username: str, name: str, role: Role, at: Organisation, stream: str = "110101") -> Actor:
    """A person with a post, ready to act."""
    person = Person.objects.create_user(username=username, password=PASSWORD, name=name, language="en")
    post, _ = Post.objects.get_or_create(
        organisation=at, role=role, title=str(Role(role).value), stream_id=stream
    )
    Holding.objects.create(post=post, person=person, since=LONG_AGO)
    return actors_of(person.pk)[0]


def photo_of(actor: Actor) -> UUID:
    """An uploaded photograph, without its bytes: what moves need of it is the row."""
    return Attachment.objects.create(
        id=uuid4(),
        kind=Attachment.Kind.OTHER,
        sha256="0" * 64,
        byte_size=1,
        content_type="image/jpeg",
        width=1,
        height=1,
        uploaded_by_id=actor.person_id,
        uploaded_at=timezone.now(),
    ).pk


def small_town() -> Town:
    """Build the small city and everybody in it."""
    city = small_city()
    for code, name in (("110101", "东城区"), ("110105", "朝阳区")):
        Stream.objects.get_or_create(code=code, defaults={"name": name})
    centre = organisation("110101-SUP", "监督中心", "Supervision Centre", Organisation.Kind.SUPERVISION)
    command = organisation("110101-CMD", "指挥中心", "Command Centre", Organisation.Kind.COMMAND)
    water = organisation(WATER, "自来水集团", "Water Company")
    lighting = organisation(LIGHTING, "路灯管理中心", "Street Lighting")
    sanitation = organisation(SANITATION, "环卫中心", "Sanitation")
    holder("dirk", "Dirk", Role.DEPARTMENT, sanitation)
    alice = holder("alice", "Alice", Role.INSPECTOR, centre)
    GridDuty.objects.create(person_id=alice.person_id, grid=city.grids[0], valid_from=date(2020, 1, 1))
    rules = [
        RoutingRule.objects.create(
            name=name, district_code="110101", organisation=org, valid_from=LONG_AGO, **asks
        )
        for name, org, asks in (
            ("covers of the water company", water, {"class_kind": "component", "owner_code": WATER}),
            ("lamps", lighting, {"class_kind": "component", "owner_code": LIGHTING}),
            ("litter", sanitation, {"class_kind": "event", "class_code": "01"}),
        )
    ]
    for source in Source.values:
        SourcePolicy.objects.get_or_create(
            source=source, defaults={"verify_first": source in (Source.HOTLINE, Source.WEB, Source.MEDIA)}
        )
    return Town(
        city=city,
        alice=alice,
        ava=holder("ava", "Ava", Role.INSPECTOR, centre),
        amy=holder("amy", "Amy", Role.ACCEPTOR, centre),
        lei=holder("lei", "Lei", Role.SHIFT_LEADER, centre),
        bo=holder("bo", "Bo", Role.DISPATCHER, command),
        bea=holder("bea", "Bea", Role.DISPATCHER, command),
        chen=holder("chen", "Chen", Role.DEPARTMENT, water),
        dai=holder("dai", "Dai", Role.DEPARTMENT, lighting),
        mo=holder("mo", "Mo", Role.MANAGER, command),
        missing_cover=FilingCondition.objects.create(
            problem_class=city.manhole,
            ordinal=1,
            text="盖体丢失",
            text_en="Cover missing",
            quota=Decimal(2),
            unit="continuous_hour",
            closing="恢复",
            closing_en="Restored",
        ),
        litter_heap=FilingCondition.objects.create(
            problem_class=city.litter,
            ordinal=1,
            text="暴露垃圾",
            text_en="Refuse lying open",
            quota=Decimal(4),
            unit="working_hour",
            closing="清除",
            closing_en="Removed",
        ),
        water_rule=rules[0],
    )
