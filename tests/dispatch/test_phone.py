"""What the phone sends: answers by task, joins, settled on the spot; each once, refusals with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from casework import journal
from casework.errors import MovedOn
from casework.models import Attachment, Case
from casework.photos import take_photo
from casework.verify import verify_stream
from dispatch import actions
from dispatch.actions.site import Answer
from dispatch.metrics import Period, Scope, figures_of
from dispatch.models import Joining, PatrolPolicy, Report, Task
from dispatch.patrol_figures import PatrolKey, patrol_board
from tests.casework.pictures import jpeg
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, photo_of
from tests.factories.ways import WAYS, arguments, move, usual, walk

pytestmark = pytest.mark.django_db


def form(town: Town, **changes: Any) -> dict[str, Any]:
    new = town.report_of()
    return {
        "id": str(uuid4()), "class_id": new.class_id, "lon": new.lon, "lat": new.lat, "datum": "wgs84",
        "source": "inspector", "device_at": timezone.now().isoformat(), "photos": [str(photo_of(town.alice))],
        **changes,
    }  # fmt: skip


def task_of(case: Case) -> Task:
    return Task.objects.get(case=case, state=Task.State.OPEN)


def answer(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "result": "exists", "device_at": timezone.now().isoformat(), **changes}


# --- tasks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "result"),
    [("verifying", r) for r in ("exists", "not_exists", "cannot_tell")]
    + [("checking", r) for r in ("pass", "fail", "cannot_tell")],
)
def test_each_answer_of_a_task_is_taken_by_its_number(town: Town, state: str, result: str) -> None:
    case = walk(town, WAYS[state])
    task, photo = task_of(case), photo_of(town.ava)
    said = Caller(town.ava).post(f"/tasks/{task.pk}/answer", answer(result=result, photos=[str(photo)]))
    assert said.status_code == 200, said.content
    assert said.json()["number"] == case.number
    task.refresh_from_db()
    assert (task.state, task.result) == ("done", result)
    line = journal.of_case(case.pk)[-1]
    assert (line.facts["result"], line.facts["photos"]) == (result, [str(photo)])
    assert "device_at" in line.facts


def test_an_answer_sent_twice_is_one(town: Town) -> None:
    task = task_of(walk(town, WAYS["verifying"]))
    ava, body = Caller(town.ava), answer()
    first = ava.post(f"/tasks/{task.pk}/answer", body).json()
    head = journal.head("110101")
    again = ava.post(f"/tasks/{task.pk}/answer", body)
    assert again.status_code == 200
    assert again.json() == {**first, "repeated": True}
    assert journal.head("110101") == head
    other = refusal(ava.post(f"/tasks/{task.pk}/answer", answer()), codes={409})
    assert other["code"] == "moved_on"  # the task is done, this is another answer


@pytest.mark.parametrize(
    ("state", "ends"),
    [("verifying", ("recall_verify",)), ("checking", ("recall_check",)), ("checking", ("void",)),
     ("checking", ("force_close",)), ("verifying", ("withdraw",)), ("verifying", ("recall_verify", "file"))],
)  # fmt: skip
def test_a_task_whose_case_has_gone_on_says_so_and_takes_nothing(
    town: Town, state: str, ends: tuple[str, ...]
) -> None:
    case = walk(town, WAYS[state])
    task = task_of(case)
    for verb in ends:
        move(case.pk, verb, usual(town, verb), **arguments(town, verb, usual(town, verb)))
    now, head = Case.objects.get(pk=case.pk), journal.head("110101")
    result = "exists" if state == "verifying" else "pass"
    error = refusal(Caller(town.ava).post(f"/tasks/{task.pk}/answer", answer(result=result)), codes={409})
    assert error["code"] == "moved_on"
    assert (error["details"]["state"], error["details"]["number"]) == (now.state, case.number)
    assert error["details"]["state_label"]
    assert journal.head("110101") == head


def test_an_answer_to_a_task_that_was_sent_anew_is_not_taken_for_the_new_one(town: Town) -> None:
    case = walk(town, WAYS["verifying"])
    old = task_of(case)
    for verb in ("recall_verify", "send_verify"):
        move(case.pk, verb, town.lei, **arguments(town, verb, town.lei))
    with pytest.raises(MovedOn):
        actions.answer_task(old.pk, Answer("exists", id=uuid4(), task_id=old.pk), actor=town.ava)
    assert task_of(case).pk != old.pk


def test_a_task_of_somebody_else_is_not_there(town: Town) -> None:
    task = task_of(walk(town, WAYS["verifying"]))
    for who in (town.alice, town.lei, town.chen):
        refusal(Caller(who).post(f"/tasks/{task.pk}/answer", answer()), codes={404})


def test_the_distance_is_kept_and_marked_and_never_refused(town: Town) -> None:
    for metres, far in ((50, False), (3000, True)):
        case = walk(town, WAYS["verifying"])
        lon, lat = town.city.inside(0)
        body = answer(lon=lon, lat=lat + metres / 111_195, datum="wgs84", accuracy_m=7)
        said = Caller(town.ava).post(f"/tasks/{task_of(case).pk}/answer", body).json()
        assert said["distance_m"] == pytest.approx(metres, rel=0.01)
        assert said["far"] is far
        shown = Caller(town.lei).get(f"/cases/{case.pk}").json()["tasks"][0]
        assert (shown["far"], round(shown["distance_m"])) == (far, round(said["distance_m"]))


# --- the same thing again ----------------------------------------------------------------------------------


def test_joining_adds_to_the_open_case_and_makes_no_second_one(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    lon, lat = town.city.inside(0)
    photo = photo_of(town.ava)
    body = {
        "id": str(uuid4()),
        "lon": lon,
        "lat": lat,
        "photos": [str(photo)],
        "device_at": form(town)["device_at"],
    }
    ava = Caller(town.ava)
    said = ava.post(f"/cases/{case.pk}/join", body)
    assert said.status_code == 201, said.content
    assert (said.json()["number"], said.json()["joined"]) == (case.number, 1)
    after = Case.objects.get(pk=case.pk)
    assert (after.state, after.version) == (case.state, case.version + 1)
    assert after.due_at == case.due_at
    assert Case.objects.filter(kind="report").count() == 1
    assert ava.post(f"/cases/{case.pk}/join", body).status_code == 200
    assert Case.objects.get(pk=case.pk).version == after.version
    line = journal.of_case(case.pk)[-1]
    assert (line.verb, line.actor_id, line.facts["photos"]) == ("join", town.ava.person_id, [str(photo)])
    face = Caller(town.bo).get(f"/cases/{case.pk}").json()
    assert [joining["person"] for joining in face["joinings"]] == ["Ava"]
    assert verify_stream("110101").faults == ()


def test_a_join_needs_something_to_show_and_an_open_case(town: Town) -> None:
    open_case, closed = walk(town, WAYS["filed"]), walk(town, WAYS["closed"])
    ava = Caller(town.ava)
    error = refusal(ava.post(f"/cases/{open_case.pk}/join", {"id": str(uuid4())}), codes={422})
    assert error["field"] == "note"
    error = refusal(ava.post(f"/cases/{closed.pk}/join", {"id": str(uuid4()), "text": "again"}), codes={409})
    assert (error["code"], error["details"]["state"]) == ("moved_on", "closed")
    one = {"id": str(uuid4()), "text": "seen"}
    assert ava.post(f"/cases/{open_case.pk}/join", one).status_code == 201
    other = walk(town, WAYS["filed"])
    assert refusal(ava.post(f"/cases/{other.pk}/join", one), codes={422})["code"] == "conflict"
    assert Joining.objects.count() == 1


def test_a_citizen_joins_through_the_acceptor(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    body = {"id": str(uuid4()), "text": "another caller", "source": "hotline", "reporter_name": "张三"}
    assert Caller(town.amy).post(f"/cases/{case.pk}/join", body).status_code == 201
    joining = Joining.objects.get()
    assert (joining.source, joining.party.name if joining.party else "") == ("hotline", "张三")
    refusal(
        Caller(town.amy).post(f"/cases/{case.pk}/join", {**body, "id": str(uuid4()), "source": "inspector"})
    )
    refusal(Caller(town.ava).post(f"/cases/{case.pk}/join", {**body, "id": str(uuid4())}), codes={403})


def test_near_are_open_cases_of_the_class_within_the_citys_metres_and_days(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    walk(town, WAYS["closed"])
    walk(town, (), class_id=town.city.litter.pk, component_code="")
    lon, lat = town.city.inside(0)
    ava = Caller(town.ava)

    def found(metres: float, class_id: int = town.city.manhole.pk) -> list[str]:
        path = f"/cases/near?lon={lon}&lat={lat + metres / 111_195}&class_id={class_id}"
        return [item["id"] for item in ava.get(path).json()["items"]]

    assert found(40) == [str(case.pk)]
    assert found(60) == []
    assert found(0, town.city.lamp.pk) == []
    PatrolPolicy.objects.create(stream_id="110101", join_m=80, join_days=1)
    assert found(60) == [str(case.pk)]
    Report.objects.filter(pk=case.pk).update(reported_at=timezone.now() - timedelta(days=2))
    assert found(0) == []
    shown = ava.get(f"/cases/near?lon={lon}&lat={lat}&class_id=1").content.decode()
    assert "reporter" not in shown


# --- settled on the spot -----------------------------------------------------------------------------------


def test_settled_on_the_spot_is_two_entries_and_ends_the_case(town: Town) -> None:
    body = {**form(town), "after_photos": [str(photo_of(town.alice))], "done": "put the lid back"}
    alice = Caller(town.alice)
    first, again = alice.post("/reports/self-handled", body), alice.post("/reports/self-handled", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["state"] == "self_handled"
    case = Case.objects.get(pk=body["id"])
    assert [line.verb for line in journal.of_case(case.pk)] == ["report", "self_handle"]
    assert case.ended_at is not None
    assert not Report.objects.get(pk=case.pk).is_open
    assert Caller(town.lei).get("/snapshot?queue=supervision").json()["items"] == []
    kinds = set(Attachment.objects.filter(case=case).values_list("kind", flat=True))
    assert kinds == {"report", "finish"}


@pytest.mark.parametrize("missing", ["photos", "after_photos"])
def test_settled_on_the_spot_needs_both_photographs_or_nothing_is_written(town: Town, missing: str) -> None:
    body = {**form(town), "after_photos": [str(photo_of(town.alice))], missing: []}
    head = journal.head("110101")
    error = refusal(Caller(town.alice).post("/reports/self-handled", body), codes={422})
    assert error["field"] == "photos"
    assert journal.head("110101") == head
    assert not Case.objects.filter(pk=body["id"]).exists()


def test_settled_too_late_says_where_the_case_is(town: Town) -> None:
    body = form(town)
    alice = Caller(town.alice)
    assert alice.post("/reports", body).status_code == 201
    move(body["id"], "file", town.lei, **arguments(town, "file", town.lei))
    late = {**body, "after_photos": [str(photo_of(town.alice))]}
    error = refusal(alice.post("/reports/self-handled", late), codes={409})
    assert (error["code"], error["details"]["state"]) == ("moved_on", "filed")


def test_settled_on_the_spot_is_counted_apart(town: Town) -> None:
    walk(town, WAYS["self_handled"])
    walk(town, WAYS["closed"])
    today = timezone.localdate()
    scope = Scope("110101", Period(today, today))
    assert [figure.denominator for figure in figures_of(scope)] == [1, 1, 1]
    own = {f.key: f for f in patrol_board(scope).figures}[PatrolKey.SELF_HANDLED]
    assert (own.numerator, own.denominator, own.value) == (1, 2, 50.0)


# --- photographs -------------------------------------------------------------------------------------------


def test_a_photograph_taken_elsewhere_is_marked_and_not_refused(
    town: Town, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    lon, lat = town.city.inside(0)
    ids = [str(uuid4()) for _ in range(3)]
    alice = Caller(town.alice)
    near, far = f"lon={lon}&lat={lat + 0.0005}", f"lon={lon}&lat={lat + 0.02}"
    for photo, told in zip(ids, (near, far, ""), strict=True):
        path = f"/photos/{photo}?source=gallery&original_sha256={'a' * 64}&{told}"
        assert alice.call("PUT", path, jpeg(comment=photo.encode())).status_code == 201
    made = alice.post("/reports", form(town, photos=ids))
    assert made.status_code == 201, made.content
    shown = {p["id"]: p for p in Caller(town.lei).get(f"/cases/{made.json()['id']}").json()["photos"]}
    assert [shown[photo]["off"] for photo in ids] == [False, True, False]
    assert shown[ids[1]]["off_m"] == pytest.approx(0.02 * 111_195, rel=0.02)
    assert shown[ids[2]]["off_m"] is None
    assert {p["source"] for p in shown.values()} == {"gallery"}
    assert Attachment.objects.get(pk=ids[1]).exif_declared


def test_what_is_told_of_a_photograph_must_make_sense(town: Town, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    alice = Caller(town.alice)
    for query, field in (
        ("source=scanner", "source"), ("original_sha256=xyz", "original_sha256"), ("lon=116", "lon"),
        ("lon=300&lat=0", "lon"), ("taken_at=2026-01-01T00:00:00", "taken_at"), ("lon=nan&lat=1", "lon"),
    ):  # fmt: skip
        error = refusal(alice.call("PUT", f"/photos/{uuid4()}?{query}", jpeg()), codes={422})
        assert error["field"].endswith(field), query
    assert Attachment.objects.count() == 0


def test_a_photograph_arrives_in_parts_and_goes_on_where_it_broke_off(
    town: Town, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    data, photo = jpeg(400, 300), uuid4()
    half, alice = len(data) // 2, Caller(town.alice)

    def part(offset: int, upto: int, who: Caller = alice) -> Any:
        path = f"/photos/{photo}/parts?offset={offset}&total={len(data)}&source=camera"
        return who.call("PUT", path, data[offset:upto])

    assert alice.get(f"/photos/{photo}").json() == {"received": 0, "complete": False}
    assert part(0, half).json() == {"received": half, "complete": False}
    error = refusal(part(half + 5, len(data)), codes={409})
    assert (error["code"], error["details"]["received"]) == ("offset", half)
    refusal(part(0, half), codes={409})  # the same part again: told where to go on
    assert Caller(town.ava).get(f"/photos/{photo}").json()["received"] == 0  # another's parts are another's
    done = part(half, len(data))
    assert done.status_code == 201, done.content
    assert done.json()["byte_size"] == len(data)
    assert alice.get(f"/photos/{photo}").json() == {"received": len(data), "complete": True}
    assert part(half, len(data)).json() == {"received": len(data), "complete": True}
    same = take_photo(photo, data, kind="report", by=town.alice.person_id)
    assert same.source == "camera"
    assert list((tmp_path / "parts").glob("*/*")) == []


def test_parts_that_make_no_photograph_are_refused_and_forgotten(
    town: Town, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    alice, photo = Caller(town.alice), uuid4()
    refusal(alice.call("PUT", f"/photos/{photo}/parts?offset=0&total=3", b"GIF"), codes={422})
    assert alice.get(f"/photos/{photo}").json() == {"received": 0, "complete": False}
    for query in ("offset=0&total=99999999999", "offset=-1&total=5", "offset=0&total=2"):
        refusal(alice.call("PUT", f"/photos/{photo}/parts?{query}", b"abc"))


def test_a_report_is_refused_while_a_photograph_is_half_there(town: Town) -> None:
    missing = str(uuid4())
    error = refusal(Caller(town.alice).post("/reports", form(town, photos=[missing])), codes={422})
    assert (error["field"], error["value"]) == ("photos", missing)
