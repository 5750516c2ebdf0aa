"""The sample city as `bin/run` loads it: complete, legal, ready for every kind of post to sign in."""

import json
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.utils import timezone

from casework.models import Case, CaseClock, Holding, Organisation, Person
from casework.replay import verify_clocks
from casework.roles import Role
from casework.verify import verify_stream
from dispatch.models import FilingCondition, GridDuty, RoutingRule, SourcePolicy, StepLimit
from dispatch.policy import NO_DECISION
from dispatch.routing_check import check_routing
from dispatch.workflow import MOVES, State
from gis_data.models import Cell, Component, ProblemClass
from gridcity.seeding import city, orgs
from gridcity.seeding.city import DEMO_PASSWORD

pytestmark = pytest.mark.slow


def seed(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command("seed_city", *args, "--json", stdout=out, stderr=StringIO())
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.fixture(scope="module")
def seeded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """The sample city with two days of history, for this module, undone after it."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media):
        with transaction.atomic():
            yield seed("--demo", "--days", "2", "--commit")
            transaction.set_rollback(True)
        connection.close()


@pytest.fixture
def sample(seeded: dict[str, Any], db: None) -> dict[str, Any]:
    return seeded


def test_without_commit_nothing_is_written(db: None) -> None:
    found = seed("--demo")
    assert found["committed"] is False
    assert not any(found["standing"].values())
    assert not Component.objects.exists()
    assert not Person.objects.exists()


def test_a_number_of_days_that_makes_no_sense_is_wrong_use(db: None) -> None:
    with pytest.raises(CommandError) as refused:
        seed("--demo", "--days", "-1", "--commit")
    assert refused.value.returncode == 2


def test_it_holds_what_the_issue_promises(sample: dict[str, Any]) -> None:
    kinds = Counter(Organisation.objects.values_list("kind", flat=True))
    assert kinds["street"] == 17
    assert kinds["department"] + kinds["company"] == 20
    assert kinds["supervision"] == kinds["command"] == 1
    roles = Counter(Holding.objects.filter(until=None).values_list("post__role", flat=True))
    assert roles[Role.INSPECTOR] == 60
    assert roles[Role.DEPARTMENT] == 37
    assert all(roles[role] for role in Role)
    assert sample["standing"]["components"] >= 60_000
    assert sample["new_entries"] == sample["standing"]["entries"] > sample["new_cases"] > 200


def test_every_cell_is_walked_by_an_inspector(sample: dict[str, Any]) -> None:
    walked = set(GridDuty.objects.filter(valid_to=None).values_list("grid__cells__code", flat=True))
    assert walked == set(Cell.objects.filter(active=True).values_list("code", flat=True))
    loads = Counter(GridDuty.objects.values_list("person_id", flat=True))
    assert len(loads) == 60
    assert max(loads.values()) - min(loads.values()) <= 1


def test_the_rules_have_no_gap_conflict_or_dead_row(sample: dict[str, Any]) -> None:
    found = check_routing(orgs.DISTRICT, timezone.now())
    assert found.is_ok, found.as_text()
    assert found.checked > 10_000


def test_no_person_files_and_dispatches(sample: dict[str, Any]) -> None:
    command = {move.verb for move in MOVES if Role.DISPATCHER in move.by} - NO_DECISION
    supervision = {move.verb for move in MOVES if Role.SHIFT_LEADER in move.by} - NO_DECISION
    for person in Person.objects.filter(demo=True):
        roles = set(person.holdings.values_list("post__role", flat=True))
        verbs = {move.verb for move in MOVES if move.by & roles}
        assert not (verbs & command and verbs & supervision), person.username


def test_the_standard_is_loaded_with_its_units(sample: dict[str, Any]) -> None:
    active = FilingCondition.objects.filter(active=True)
    assert active.count() == 519
    assert not active.filter(problem_class__edition__code__startswith="Sample").exists()
    manhole = FilingCondition.objects.filter(
        problem_class__edition__current=True, problem_class__kind="component", problem_class__code="0101"
    )
    limits = [(int(c.quota), c.unit) for c in manhole.order_by("ordinal")]
    assert limits == [(2, "continuous_hour"), (4, "working_hour"), (2, "working_day"), (5, "working_day")]
    with_conditions = set(active.values_list("problem_class_id", flat=True))
    known = ProblemClass.objects.filter(edition__current=True).values_list("pk", flat=True)
    assert len(set(known) - with_conditions) == 16  # the source names no condition for these
    assert StepLimit.objects.count() == 6
    assert SourcePolicy.objects.get(source="hotline").verify_first
    assert not SourcePolicy.objects.get(source="inspector").verify_first


def test_the_history_is_whole_and_the_desks_have_work(sample: dict[str, Any]) -> None:
    verdict = verify_stream(orgs.DISTRICT)
    assert verdict.faults == ()
    assert verdict.entries == sample["new_entries"]
    standing = Counter(Case.objects.filter(ended_at=None).values_list("state", flat=True))
    assert set(standing) == MOVES.states - MOVES.final - {State.DUPLICATE}
    clocks = verify_clocks(orgs.DISTRICT)
    assert (clocks.count, clocks.older) == (0, 0), clocks.differences[:3]
    assert clocks.clocks == CaseClock.objects.count()
    overdue = Case.objects.filter(ended_at=None, due_at__lt=timezone.now()).count()
    assert 0 < overdue < sum(standing.values()) / 3


def test_a_login_of_each_kind_opens_its_page(sample: dict[str, Any]) -> None:
    out = StringIO()
    call_command("seed_city", "--logins", "--json", stdout=out)
    logins = json.loads(out.getvalue())
    assert [login["username"] for login in logins] == [name for name, _role in orgs.LOGINS]
    for login in logins:
        client = Client()
        assert client.login(username=login["username"], password=DEMO_PASSWORD), login
        assert client.get(login["path"]).status_code == 200, login


def test_the_department_that_is_printed_has_work(sample: dict[str, Any]) -> None:
    desk = Holding.objects.get(person__username="dept-sanitation").post.organisation
    assert Case.objects.filter(organisation=desk, ended_at=None).exists()


def test_seeding_again_changes_nothing(sample: dict[str, Any]) -> None:
    before = (city.standing(), RoutingRule.objects.count(), Case.objects.count())
    again = seed("--demo", "--days", "2", "--commit")
    assert (city.standing(), RoutingRule.objects.count(), Case.objects.count()) == before
    assert again["places"]["loaded"] is False
    assert {key: again[key] for key in again if key.startswith("new_")} == {
        "new_conditions": 0, "new_organisations": 0, "new_rules": 0, "new_people": 0, "new_duties": 0,
        "new_thresholds": 0,
    }  # fmt: skip


def test_what_the_city_switched_off_stays_off(sample: dict[str, Any]) -> None:
    condition = FilingCondition.objects.filter(active=True).first()
    assert condition is not None
    FilingCondition.objects.filter(pk=condition.pk).update(active=False)
    seed("--commit")
    condition.refresh_from_db()
    assert condition.active is False


def test_all_names_of_the_fixture_are_distinct_and_real_posts() -> None:
    people = list(orgs.rows_of("people.csv"))
    assert len({row["username"] for row in people}) == len({row["name"] for row in people}) == len(people)
    codes = {row["code"] for name in ("centres.csv", "departments.csv") for row in orgs.rows_of(name)}
    assert {row["organisation_code"] for row in people} <= codes
    assert {row["role"] for row in people} == set(Role.values)
    assert {row["organisation_code"] for row in orgs.rows_of("rules.csv")} <= codes
