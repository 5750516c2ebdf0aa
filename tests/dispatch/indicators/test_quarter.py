"""A quarter lived by the small town's people, and every number of it once more: from SQL over the journal."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from casework.errors import GridCityError
from casework.models import Case
from dispatch.api import MOVE_ACTIONS
from dispatch.indicators.counters import COUNTERS
from dispatch.indicators.models import Reach
from dispatch.indicators.rollup import catch_up
from dispatch.indicators.verify import verify_indicators
from dispatch.workflow import MOVES
from tests.factories.journeys import Journey
from tests.factories.people import Town
from tests.factories.ways import arguments, move, usual

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

STREAM = "110101"
CITY = ZoneInfo("Asia/Shanghai")
CASES, SITTINGS = 32, 4
RARE = {"void", "force_close", "withdraw", "decline", "self_handle", "mark_duplicate", "join", "supervise",
        "message", "ask_extension", "ask_hang", "recall_verify", "recall_check", "send_back",
        "cancel_dispatch"}  # fmt: skip
NEVER = {"undo", "follow", "recompute", "assign"}


def live(town: Town, chance: random.Random, clock: time_machine.Traveller) -> None:
    """Some thirty cases begin in the first weeks; then, again and again, somebody takes one up."""
    open_cases: list[UUID] = []
    for number in range(CASES):
        clock.shift(timedelta(hours=chance.uniform(0, 10)))
        source = chance.choice(["inspector", "inspector", "hotline", "web", "sensor"])
        open_cases.append(Journey(town, source=source, cell=number % 4).id)
        if number % 2:
            sitting(town, open_cases[-1], chance, clock)
    for _ in range(CASES * SITTINGS):
        clock.shift(timedelta(hours=chance.expovariate(1 / 7)))
        sitting(town, chance.choice(open_cases), chance, clock)


def sitting(town: Town, case_id: UUID, chance: random.Random, clock: time_machine.Traveller) -> None:
    for _ in range(chance.randint(4, 12)):
        clock.shift(timedelta(minutes=chance.expovariate(1 / 7)))
        do_something(town, case_id, chance, clock)


def do_something(town: Town, case_id: UUID, chance: random.Random, clock: time_machine.Traveller) -> None:
    case = Case.objects.get(pk=case_id)
    verbs = [m.verb for m in MOVES if case.state in m.sources and m.verb in MOVE_ACTIONS]
    weights = [0 if verb in NEVER else 1 if verb in RARE else 40 for verb in verbs]
    if not any(weights):
        return
    verb = chance.choices(verbs, weights)[0]
    if try_move(town, case, verb, chance) and MOVES[verb].undoable and chance.random() < 0.2:
        clock.shift(3)
        try_move(town, Case.objects.get(pk=case_id), "undo", chance, by=verb)


def try_move(town: Town, case: Case, verb: str, chance: random.Random, by: str = "") -> bool:
    """Make the move if the rules of the city let this case take it now."""
    actor = usual(town, by or verb, case)
    given: dict[str, Any] = arguments(town, verb, actor)
    if verb == "answer_check":
        given["result"] = chance.choice(["pass", "pass", "fail"])
    if verb == "answer_verify":
        given["result"] = chance.choice(["exists", "exists", "not_exists"])
    if verb == "dispatch" and chance.random() < 0.3:
        given["organisation_code"] = chance.choice([town.dai, town.chen]).organisation_code
    if case.organisation_id == town.dai.organisation_id and actor == town.chen:
        actor = town.dai
        given = arguments(town, verb, actor)
    try:
        with transaction.atomic():
            move(case.pk, verb, actor, **given)
    except GridCityError:
        return False
    return True


def test_a_script_of_sql_over_the_journal_gives_every_number(town: Town) -> None:
    chance = random.Random(20260101)
    with time_machine.travel(datetime(2026, 1, 5, 8, tzinfo=CITY), tick=False) as clock:
        live(town, chance, clock)
        assert timezone.localdate().month <= 3
        catch_up(STREAM)
        reach = Reach.objects.get(pk=STREAM)
        script = (Path(__file__).parent / "recount.sql").read_text()
        with connection.cursor() as cursor:
            values = {"stream": STREAM, "zone": "Asia/Shanghai", "as_of": reach.as_of}
            for statement in script.split(";\n"):
                if statement.strip():
                    cursor.execute(_spelled(statement, values))
            cursor.execute("SELECT counter, day, cell, class, dept, post, person, c, amount FROM recounted")
            expected = sorted(cursor.fetchall())
            cursor.execute(
                """SELECT counter, day, cell, class_id, department_id, post_id, person_id, case_id, amount
                    FROM indicators_counted WHERE stream_id = %s""",
                [STREAM],
            )
            found = sorted((COUNTERS[row[0]], *row[1:]) for row in cursor.fetchall())
        assert [row for row in expected if row not in found] == []
        assert [row for row in found if row not in expected] == []
        # and it was a quarter in which nearly everything happened
        seen = {row[0] for row in found}
        others = ("mailbox", "media", "petition", "superior", "video", "transfer")
        rare = {f"{kind}_{source}" for kind in ("reports", "valid") for source in others}
        rare |= {"handle_exempted", "close_forced", "forced", "forced_us", "hung", "extended", "withdrawn"}
        rare |= {"self_handled", "supervised", "joined", "declined", "reworked_again"}
        assert set(COUNTERS) - seen - rare == set()
        # every sum is the sum of these facts
        assert verify_indicators(STREAM).count == 0


def _spelled(statement: str, values: dict[str, Any]) -> str:
    """The script with its parameters written in, as one would run it by hand."""
    for name, value in values.items():
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        kind = "::timestamptz" if isinstance(value, datetime) else ""
        statement = statement.replace(f"%({name})s", f"'{text}'{kind}")
    return statement.replace("%%", "%")
