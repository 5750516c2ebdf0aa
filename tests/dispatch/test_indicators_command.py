"""The figures on the command line: numbers, one JSON object, exit status."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.timezone import localdate

from casework.models import Stream
from dispatch.metrics import Period, Scope, board_of
from tests.factories.city import LIGHTING, WATER
from tests.factories.journeys import Journey
from tests.factories.people import Town, small_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    town = small_town()
    Journey(town).file().dispatch(WATER).handle().check().close()
    Journey(town, cell=2).file().dispatch(WATER).give_back().dispatch(LIGHTING)
    Journey(town, source="hotline", cell=3).verify().file()
    return town


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("indicators", *arguments, stdout=out, **options)
    return out.getvalue()


def test_json_is_one_object_that_agrees_with_the_board(town: Town) -> None:
    told = json.loads(run("--stream", "110101", "--json"))
    today = localdate()
    assert told["to"] == str(today)
    board = board_of(Scope("110101", Period(date.fromisoformat(told["from"]), today)))
    assert len(list(board.scope.period.days())) == 30
    assert [(f["key"], f["numerator"], f["denominator"], f["value"]) for f in told["figures"]] == [
        ("discovery_rate", 2, 3, 66.67),
        ("dispatch_accuracy", 1, 2, 50.0),
        ("mean_resolution_hours", board.figures[2].numerator, 1, board.figures[2].value),
    ]
    assert told["definitions"]["accuracy"] == "never_redirected"
    assert set(told["figures"][0]["definitions"]) == {"en", "zh-hans"}
    assert told["by_department"] == [
        {"code": WATER, "name": "自来水集团", "name_en": "Water Company",
         "dispatch_accuracy": {"numerator": 1, "denominator": 2, "value": 50.0},
         "mean_resolution_hours": {"numerator": board.figures[2].numerator, "denominator": 1,
                                   "value": board.figures[2].value}},
    ]  # fmt: skip
    assert told["trend"][-1]["day"] == str(today)
    assert told["trend"][-1]["dispatch_accuracy"]["denominator"] == 2


def test_an_area_narrows_and_names_its_own_district(town: Town) -> None:
    told = json.loads(run("--area", "110101001002", "--json"))
    assert (told["stream"], told["area"]) == ("110101", "110101001002")
    assert [(f["numerator"], f["denominator"]) for f in told["figures"]] == [(1, 2), (0, 1), (0, 0)]
    assert told["figures"][2]["value"] is None


def test_people_read_the_fraction_beside_the_rate(town: Town) -> None:
    told = run("--stream", "110101")
    assert "Dispatch accuracy: 50.00 % (1 / 2)   (Dongcheng: 98 %)" in told
    assert "never sent on to another department" in told
    assert "自来水集团" in told


def test_the_only_district_needs_no_naming(town: Town) -> None:
    with pytest.raises(CommandError, match="Name a district") as failed:
        run()
    assert failed.value.returncode == 2
    Stream.objects.filter(code="110105").delete()
    assert json.loads(run("--json"))["stream"] == "110101"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--from", "yesterday"], 2, "no day"),
        (["--stream", "110101", "--from", "2026-03-02", "--to", "2026-03-01"], 2, "ends before"),
        (["--stream", "110101", "--area", "1101"], 2, "no code of an area"),
        (["--stream", "110101", "--area", "110105001"], 2, "outside district"),
        (["--area", "310101"], 1, "no stream 310101"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_status(
    town: Town, arguments: list[str], status: int, words: str
) -> None:
    with pytest.raises(CommandError, match=words) as failed:
        run(*arguments)
    assert failed.value.returncode == status


def test_all_indicators_by_department_from_sums_that_are_up_to_the_journal(town: Town) -> None:
    told = json.loads(run("--stream", "110101", "--by", "department", "--json"))
    assert told["figures"][1]["denominator"] == 2
    table = told["table"]
    assert table["reached"]["behind"] == 0
    assert table["whole"]["rates"]["dispatch_accuracy"] == {"numerator": 1, "denominator": 2, "value": 50.0}
    assert {row["code"] for row in table["rows"]} == {"", WATER, LIGHTING}
    spoken = run("--stream", "110101", "--by", "department")
    assert "Closing rate (%)" in spoken
    assert "100.00  (1 / 1)" in spoken


def test_what_was_counted_is_verified_and_what_was_changed_is_named(town: Town) -> None:
    told = StringIO()
    call_command("roll_up", "--json", stdout=told)
    assert [each["stream"] for each in json.loads(told.getvalue())["streams"]] == ["110101", "110105"]
    fine = StringIO()
    call_command("verify_indicators", "--json", stdout=fine)
    found = json.loads(fine.getvalue())
    assert (found["ok"], found["differences"], found["streams"][0]["cases"]) == (True, 0, 3)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE indicators_rollup SET c0 = 99 WHERE grain = 'm' AND width = 9 AND dim = ''")
    wrong = StringIO()
    with pytest.raises(CommandError, match="1 number") as failed:
        call_command("verify_indicators", "--stream", "110101", stdout=wrong)
    assert failed.value.returncode == 1
    assert "sum 110101001" in wrong.getvalue()
    assert "reports_inspector: expected 2, found 99" in wrong.getvalue()
    call_command("roll_up", "--rebuild", "--stream", "110101", stdout=StringIO())
    call_command("verify_indicators", stdout=StringIO())
    with pytest.raises(CommandError, match="no stream") as failed:
        call_command("roll_up", "--stream", "999999", stdout=StringIO())
    assert failed.value.returncode == 2
