"""Two at once, with real transactions: one wins, the other is told, nothing is written twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from casework import journal
from casework.errors import GridCityError, Stale, WrongState
from casework.models import Attachment, Case, Message
from dispatch import actions
from dispatch.models import Report, RoutingDecision, Task
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, photo_of, small_town
from tests.factories.ways import WAYS, arguments, move, walk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db: None) -> Town:
    return small_town()


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run them all from one starting shot, each on its own connection; results or refusals, in order."""
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            ready.wait(30)
            return work()
        except GridCityError as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [each.result(60) for each in [pool.submit(run, work) for work in works]]


def test_two_dispatchers_at_once_on_one_case(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    head = journal.head("110101")
    both = {town.bo: town.chen.organisation_code, town.bea: town.dai.organisation_code}
    results = together(
        *(
            lambda who=who, code=code: actions.dispatch_report(
                case.pk, actor=who, seen=case.version, organisation_code=code
            )
            for who, code in both.items()
        )
    )
    winners = [who for who, result in zip(both, results, strict=True) if isinstance(result, Report)]
    refused = [result for result in results if isinstance(result, Stale)]
    assert (len(winners), len(refused)) == (1, 1), results
    assert refused[0].details["changed_by"] == winners[0].name
    assert journal.head("110101") == head + 1
    assert RoutingDecision.objects.get(case_id=case.pk).organisation.code == both[winners[0]]
    assert Case.objects.get(pk=case.pk).organisation_id == Report.objects.get(pk=case.pk).department_id


def test_two_who_name_no_version_still_make_one_move(town: Town) -> None:
    case = walk(town, WAYS["reported"])
    results = together(
        *(
            lambda who=who: actions.file_report(
                case.pk, actor=who, seen=None, condition_id=town.missing_cover.pk
            )
            for who in (town.amy, town.lei)
        )
    )
    assert [type(result) for result in results if isinstance(result, GridCityError)] == [WrongState]
    assert [line.verb for line in journal.of_case(case.pk)] == ["report", "file"]


def test_different_moves_at_once_leave_one_story(town: Town) -> None:
    """Supervision voids while the department finishes and the dispatcher cancels: one of them happened."""
    case = walk(town, WAYS["handling"])
    verbs = {"void": town.lei, "finish": town.chen, "cancel_dispatch": town.bo, "return": town.chen}
    given = {verb: arguments(town, verb, who) for verb, who in verbs.items()}
    results = together(
        *(
            lambda verb=verb, who=who: move(case.pk, verb, who, **given[verb], version=case.version)
            for verb, who in verbs.items()
        )
    )
    done = [verb for verb, result in zip(verbs, results, strict=True) if result is None]
    assert len(done) == 1
    assert all(isinstance(result, Stale) for result in results if result is not None)
    lines = journal.of_case(case.pk)
    assert (lines[-1].verb, len(lines)) == (done[0], case.version + 1)
    assert Case.objects.get(pk=case.pk).card == lines[-1].card
    unclaimed = Attachment.objects.filter(case=None).count()
    assert unclaimed == (0 if done == ["finish"] else 1)


def test_an_inspector_is_sent_once(town: Town) -> None:
    case = walk(town, WAYS["handled"])
    together(
        *(
            lambda who=who: actions.send_check(case.pk, actor=who, seen=case.version)
            for who in (town.amy, town.lei)
        )
    )
    assert Task.objects.filter(case_id=case.pk).count() == 1


def body_of(town: Town, **changes: Any) -> dict[str, Any]:
    new = town.report_of()
    sent = {
        "id": str(new.id), "class_id": new.class_id, "lon": new.lon, "lat": new.lat, "datum": new.datum,
        "source": new.source, "component_code": new.component_code, "device_at": new.device_at.isoformat(),
        "photos": [], "text": "井盖不见了",
    }  # fmt: skip
    return {**sent, **changes}


def test_the_same_report_from_eight_threads_is_one_case_and_one_answer(town: Town) -> None:
    body = body_of(town, photos=[str(photo_of(town.alice))])
    caller = Caller(town.alice)
    answers = together(*(lambda: caller.post("/reports", body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert Case.objects.count() == journal.head("110101") == 1


def test_two_reports_under_one_id_at_once_keep_one_and_refuse_the_other(town: Town) -> None:
    first = body_of(town)
    second = {**first, "text": "something else"}
    caller = Caller(town.alice)
    answers = together(lambda: caller.post("/reports", first), lambda: caller.post("/reports", second))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    loser = next(answer for answer in answers if answer.status_code == 422)
    assert refusal(loser)["code"] == "conflict"
    winner = next(answer for answer in answers if answer.status_code == 201)
    assert Report.objects.get().text == (first if winner is answers[0] else second)["text"]


def test_one_photograph_goes_to_one_of_two_reports(town: Town) -> None:
    photo = str(photo_of(town.alice))
    bodies = [body_of(town, photos=[photo]) for _ in range(2)]
    caller = Caller(town.alice)
    answers = together(*(lambda body=body: caller.post("/reports", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert Case.objects.count() == journal.head("110101") == 1
    assert Attachment.objects.get().case_id == Case.objects.get().pk


def test_the_same_message_sent_at_the_same_moment_is_one(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    new = actions.NewMessage(id=uuid4(), text="at once")
    results = together(*(lambda: actions.send_message(case.pk, new, actor=town.chen) for _ in range(4)))
    assert sorted(is_new for _, is_new in results) == [False, False, False, True]
    assert Message.objects.get().text == "at once"
    assert [line.verb for line in journal.of_case(case.pk)].count("message") == 1
