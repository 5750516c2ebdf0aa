"""A day's queue at once: each item answered on its own, in order, once; a crowd is told when to come back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from casework import journal
from casework.errors import Busy, TooMany
from casework.models import Case
from casework.throttle import Door, Pace
from casework.verify import verify_stream
from dispatch.models import SurveyCell, Task
from dispatch.phone import batch as batches
from dispatch.phone.limits import BATCH_BYTES, BATCH_ITEMS
from tests.dispatch.test_phone import answer, form, task_of
from tests.factories.calls import ERROR_KEYS, Caller, refusal
from tests.factories.people import Town, photo_of
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db


def report(town: Town, **changes: Any) -> dict[str, Any]:
    body = form(town, **changes)
    return {"kind": "report", "id": body["id"], "body": body}


def send(who: Any, items: list[Any]) -> list[dict[str, Any]]:
    response = Caller(who).post("/reports/batch", {"items": items})
    assert response.status_code == 200, response.content
    found: list[dict[str, Any]] = response.json()["items"]
    assert len(found) == len(items)
    for item in found:
        assert (item["error"] is None) == (item["status"] < 300)
        assert item["error"] is None or set(item["error"]) == ERROR_KEYS
    return found


@pytest.fixture(autouse=True)
def _nobody_has_sent_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "pace", Pace(calls=20, seconds=60))
    monkeypatch.setattr(batches, "door", Door(places=3))


def test_every_kind_of_item_in_one_batch_in_order(town: Town) -> None:
    verifying, open_case = walk(town, WAYS["verifying"]), walk(town, WAYS["filed"])
    Task.objects.update(inspector_id=town.alice.person_id)
    Case.objects.filter(pk=verifying.pk).update(card={**verifying.card, "inspector_id": town.alice.person_id})
    order = {"id": str(uuid4()), "title": "bins", "class_id": town.city.bin.pk, "grids": ["DC001"]}
    Caller(town.lei).post("/surveys", order)
    cell = SurveyCell.objects.order_by("cell_code").first()
    assert cell is not None
    settled = {**form(town), "after_photos": [str(photo_of(town.alice))]}
    said = answer()
    items = [
        report(town),
        {"kind": "self_handled", "id": settled["id"], "body": settled},
        {"kind": "join", "id": str(uuid4()), "case_id": str(open_case.pk), "body": {"text": "seen again"}},
        {"kind": "answer", "id": said["id"], "task_id": task_of(verifying).pk, "body": said},
        {"kind": "count", "id": str(uuid4()), "task_id": cell.pk, "body": {"counted": 2}},
    ]
    first, again = send(town.alice, items), send(town.alice, items)
    assert [item["status"] for item in first] == [201] * 5, first
    assert [item["status"] for item in again] == [200] * 5, again
    assert [item["id"] for item in first] == [item["id"] for item in items]
    assert [(i["number"], i["case_id"]) for i in first] == [(i["number"], i["case_id"]) for i in again]
    assert (first[2]["case_id"], first[3]["case_id"]) == (str(open_case.pk), str(verifying.pk))
    assert verify_stream("110101").faults == ()


def test_one_bad_item_costs_the_others_nothing(town: Town) -> None:
    good = [report(town) for _ in range(3)]
    bad: list[Any] = [
        7, None, [], {}, {"kind": "teleport", "id": "x", "body": {}}, {"kind": "report", "body": {"lon": 1}},
        {"kind": "report", "id": str(uuid4()), "body": form(town)}, report(town, lon=0.0, lat=0.0),
        report(town, class_id=10**9), report(town, photos=[str(uuid4())]), report(town, source="hotline"),
        {"kind": "answer", "id": str(uuid4()), "task_id": True, "body": answer()},
        {"kind": "join", "id": str(uuid4()), "case_id": "x", "body": {"text": "a"}},
        {**report(town), "body": {**form(town), "text": "\x00"}}, {"kind": ["report"], "body": {}},
    ]  # fmt: skip
    items = [good[0], *bad[:7], good[1], *bad[7:], good[2]]
    head = journal.head("110101")
    found = send(town.alice, items)
    taken = [n for n, item in enumerate(found) if item["status"] == 201]
    assert taken == [0, 8, len(items) - 1]
    assert all(400 <= item["status"] < 500 for n, item in enumerate(found) if n not in taken)
    assert journal.head("110101") == head + 3


def test_a_batch_sent_twice_makes_each_report_once_whatever_of_it_was_stored(town: Town) -> None:
    items = [report(town) for _ in range(10)]
    send(town.alice, items[:4])
    found = send(town.alice, items)
    assert [item["status"] for item in found] == [200] * 4 + [201] * 6
    assert Case.objects.filter(kind="report").count() == 10


def test_a_fault_of_ours_is_that_items_alone_and_passing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [report(town) for _ in range(3)]
    real = batches.KINDS["report"]

    def broken(item: Any, body: Any, actor: Any) -> Any:
        if item["id"] == items[1]["id"]:
            raise RuntimeError("a fault")
        return real(item, body, actor)

    monkeypatch.setitem(batches.KINDS, "report", broken)
    assert [item["status"] for item in send(town.alice, items)] == [201, 500, 201]
    monkeypatch.setitem(batches.KINDS, "report", real)
    assert [item["status"] for item in send(town.alice, items)] == [200, 201, 200]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "invalid"),
        ({"items": []}, 422, "invalid"),
        ({"items": [1] * (BATCH_ITEMS + 1)}, 422, "invalid"),
        ({"items": {}}, 422, "invalid"),
        ([], 422, "invalid"),
        (b"[" * 100_000, 422, "invalid"),
        (b" " * (BATCH_BYTES + 1), 413, "too_large"),
    ],
)
def test_what_is_no_batch_is_refused_whole(town: Town, body: Any, status: int, code: str) -> None:
    error = refusal(Caller(town.alice).post("/reports/batch", body), codes={status})
    assert error["code"] == code


def test_who_sends_too_fast_is_told_when_to_come_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "pace", Pace(calls=2, seconds=60))
    alice, ava = Caller(town.alice), Caller(town.ava)
    assert [alice.post("/reports/batch", {"items": [1]}).status_code for _ in range(2)] == [200, 200]
    refused = alice.post("/reports/batch", {"items": [1]})
    error = refusal(refused, codes={429})
    assert error["code"] == "too_many"
    assert 1 <= int(refused["Retry-After"]) == error["details"]["retry_after"] <= 60
    assert ava.post("/reports/batch", {"items": [1]}).status_code == 200


def test_a_full_door_says_busy_with_a_time_and_lets_in_again_when_somebody_leaves(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(places=1)
    monkeypatch.setattr(batches, "door", door)
    with door.passed():
        response = Caller(town.alice).post("/reports/batch", {"items": [report(town)]})
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "busy"
        assert int(response["Retry-After"]) >= 1
    assert send(town.alice, [report(town)])[0]["status"] == 201


def test_a_crowd_is_told_times_that_spread_it() -> None:
    door = Door(places=2)
    told = []
    with door.passed(), door.passed():
        for _ in range(40):
            with pytest.raises(Busy) as refused, door.passed():
                pass
            told.append(refused.value.details["retry_after"])
    assert told == sorted(told)
    assert told[0] < told[-1] <= door.most_seconds
    with door.passed():
        pass


def test_the_door_counts_threads_not_calls() -> None:
    door, inside, leave = Door(places=2), threading.Barrier(3), threading.Event()

    def hold() -> None:
        with door.passed():
            inside.wait(10)
            leave.wait(10)

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    with pytest.raises(Busy), door.passed():
        pass
    leave.set()
    for thread in threads:
        thread.join(10)
    with door.passed(), door.passed():
        pass


def test_pace_forgets_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("casework.throttle.time.monotonic", lambda: clock[0])
    pace = Pace(calls=1, seconds=10)
    pace.keep(1)
    with pytest.raises(TooMany) as refused:
        pace.keep(1)
    clock[0] += refused.value.details["retry_after"]
    pace.keep(1)


def test_the_devices_clock_may_be_wrong_by_hours_but_not_by_years(town: Town) -> None:
    now = timezone.now()
    items = [
        report(town, device_at=(now + timedelta(hours=hours)).isoformat()) for hours in (-2, 2, 24 * 500)
    ]
    assert [item["status"] for item in send(town.alice, items)] == [201, 201, 422]
