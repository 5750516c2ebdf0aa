"""Organisations, posts and people of the sample city, from `fixtures/orgs/`; what is there already stays."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from casework.models import Holding, Organisation, Person, Post, Stream
from casework.roles import Role
from dispatch.models import GridDuty
from frontend.pages.frame import home_of
from gis_data.models import Area, ResponsibilityGrid

DISTRICT: Final = "110101"
FIRST_DAY: Final = date(2024, 1, 1)
BEGAN: Final = datetime(2023, 12, 31, 16, tzinfo=UTC)  # midnight of the first day in the city
FOLDER: Final = Path("fixtures") / "orgs"

# The one login of each kind that `bin/run` prints, with the page where its work lies.
LOGINS: Final = (
    ("inspector01", Role.INSPECTOR),
    ("leader", Role.SHIFT_LEADER),
    ("acceptor", Role.ACCEPTOR),
    ("dispatcher", Role.DISPATCHER),
    ("dept-sanitation", Role.DEPARTMENT),
    ("manager", Role.MANAGER),
    ("admin", Role.SYSTEM_ADMIN),
)


@dataclass(frozen=True, slots=True)
class Login:
    post: str
    post_en: str
    username: str
    password: str
    path: str


def rows_of(name: str) -> Iterator[dict[str, str]]:
    """The rows of a file in `fixtures/orgs/`."""
    with (Path(settings.BASE_DIR) / FOLDER / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def make_stream() -> Stream:
    return Stream.objects.get_or_create(
        code=DISTRICT,
        defaults={"name": "东城区", "name_en": "Dongcheng District", "calendar_code": "china"},
    )[0]


def make_organisations() -> int:
    """Government, the two centres, departments and street offices; returns how many are new."""
    made = Organisation.objects.bulk_create(
        [
            Organisation(
                code=row["code"],
                name=row["name_zh"],
                name_en=row["name_en"],
                kind=_kind(row),
                area_code=_area(row["code"]),
                valid_from=FIRST_DAY,
            )
            for name in ("centres.csv", "departments.csv")
            for row in _missing(name)
        ]
    )
    government = Organisation.objects.get(code=f"{DISTRICT}-Z01")
    Organisation.objects.filter(code__startswith=DISTRICT, parent=None).exclude(pk=government.pk).update(
        parent=government
    )
    return len(made)


@transaction.atomic
def make_people(password: str) -> int:
    """Everybody of `people.csv` with the posts they hold; returns how many are new.

    All share one password and therefore one hash of it: they are for demonstration, and marked so.
    """
    rows = list(rows_of("people.csv"))
    known = set(Person.objects.values_list("username", flat=True))
    encoded = make_password(password)
    made = Person.objects.bulk_create(
        [
            Person(
                username=row["username"],
                name=row["name"],
                password=encoded,
                language="zh-hans",
                demo=True,
            )
            for row in rows
            if row["username"] not in known
        ]
    )
    organisations = {one.code: one.pk for one in Organisation.objects.all()}
    posts: dict[tuple[str, str], Post] = {}
    for row in rows:
        key = (row["organisation_code"], row["role"])
        if key not in posts:
            posts[key] = Post.objects.get_or_create(
                organisation_id=organisations[row["organisation_code"]],
                role=row["role"],
                title=row["title"],
                defaults={"title_en": row["title_en"], "stream_id": DISTRICT},
            )[0]
    post_of = {row["username"]: posts[row["organisation_code"], row["role"]] for row in rows}
    Holding.objects.bulk_create(
        [Holding(post=post_of[person.username], person=person, since=BEGAN) for person in made]
    )
    return len(made)


def give_grids() -> int:
    """Let each inspector walk neighbouring responsibility grids, all about as many; returns new duties."""
    if GridDuty.objects.filter(grid__code__startswith=DISTRICT).exists():
        return 0
    inspectors = list(
        Person.objects.filter(demo=True, holdings__post__role=Role.INSPECTOR).order_by("username")
    )
    grids = list(ResponsibilityGrid.objects.filter(code__startswith=DISTRICT).order_by("code"))
    if not inspectors:
        return 0
    duties = [
        GridDuty(
            person=inspectors[number * len(inspectors) // len(grids)],
            grid=grid,
            valid_from=FIRST_DAY,
        )
        for number, grid in enumerate(grids)
    ]
    return len(GridDuty.objects.bulk_create(duties))


def logins(password: str) -> list[Login]:
    """One login of each kind that is there."""
    people = {row["username"]: row for row in rows_of("people.csv")}
    there = set(
        Person.objects.filter(demo=True, username__in=[name for name, _role in LOGINS]).values_list(
            "username", flat=True
        )
    )
    return [
        Login(people[name]["title"], people[name]["title_en"], name, password, home_of(role))
        for name, role in LOGINS
        if name in there
    ]


def everybody(password: str) -> list[Login]:
    """A login of every department's and street office's desk, and of every inspector, by name."""
    held = (
        Holding.objects.filter(
            person__demo=True, until=None, post__role__in=(Role.DEPARTMENT, Role.INSPECTOR)
        )
        .select_related("person", "post__organisation")
        .order_by("post__role", "post__organisation__code", "person__username")
    )
    return [
        Login(
            *(
                (str(holding.person), str(holding.person))
                if holding.post.role == Role.INSPECTOR
                else (holding.post.organisation.name, holding.post.organisation.name_en)
            ),
            holding.person.username,
            password,
            home_of(Role(holding.post.role)),
        )
        for holding in held
    ]


def _missing(name: str) -> Iterator[dict[str, str]]:
    known = set(Organisation.objects.values_list("code", flat=True))
    return (row for row in rows_of(name) if row["code"] not in known)


def _kind(row: dict[str, str]) -> str:
    kinds = Organisation.Kind
    if row["kind"] in kinds.values:
        return row["kind"]
    return kinds.COMPANY if row["name_zh"].endswith("公司") else kinds.DEPARTMENT


def _area(code: str) -> str:
    """110101-S001 serves street 110101001; the others serve the district."""
    street = DISTRICT + code.removeprefix(f"{DISTRICT}-S")
    return street if Area.objects.filter(code=street, level=Area.Level.STREET).exists() else DISTRICT
