"""A voice note from the phone to the desk: bound to one case, heard by those who see it, else refused."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from casework import journal
from casework.models import Attachment, Case
from casework.photos import original_path, take_photo
from tests.casework.pictures import jpeg
from tests.casework.recordings import mp4, webm
from tests.dispatch.test_phone import form
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def spoken(who: Any, data: bytes | None = None) -> UUID:
    return take_photo(uuid4(), data or webm(), kind="voice", by=who.person_id).pk


def test_a_note_goes_up_in_pieces_with_its_report_and_is_heard_on_the_desk(town: Town) -> None:
    alice, voice, data = Caller(town.alice), uuid4(), webm(3)
    half = len(data) // 2
    for offset, piece, status in ((0, data[:half], 200), (half, data[half:], 201)):
        about = f"kind=voice&offset={offset}&total={len(data)}"
        assert alice.call("PUT", f"/photos/{voice}/parts?{about}", piece).status_code == status
    made = alice.post("/reports", form(town, voice=str(voice))).json()
    assert made["voice"] == str(voice)
    assert alice.get("/cases?queue=mine").json()["items"][0]["voice"] == str(voice)
    case = Caller(town.lei).get(f"/cases/{made['id']}").json()
    assert [(one["id"], one["seconds"]) for one in case["voices"]] == [(str(voice), 3.0)]
    assert str(voice) not in {photo["id"] for photo in case["photos"]}
    assert journal.of_case(UUID(made["id"]))[0].facts["voice"] == str(voice)
    heard = Caller(town.lei).get(f"/voices/{voice}")
    assert heard.content == data == original_path(Attachment.objects.get(pk=voice)).read_bytes()
    assert heard["Content-Type"] == "audio/webm"
    assert heard["X-Content-Type-Options"] == "nosniff"
    assert heard["Content-Disposition"].startswith("inline")
    assert "private" in heard["Cache-Control"]


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-1", 206, 0, 1),
        ("bytes=10-", 206, 10, -1),
        ("bytes=-5", 206, -5, -1),
        ("bytes=0-99999999", 206, 0, -1),
        ("bytes=99999999-", 416, None, None),
        ("bytes=5-2", 416, None, None),
        ("bytes=-", 200, 0, -1),
        ("bytes=0-1,4-5", 200, 0, -1),
        ("lines=0-1", 200, 0, -1),
    ],
)
def test_a_player_may_ask_for_a_range(
    town: Town, asked: str, status: int, first: int | None, last: int | None
) -> None:
    data, voice = mp4(), spoken(town.alice, mp4())
    answer = Caller(town.alice).call("GET", f"/voices/{voice}", range=asked)
    assert answer.status_code == status
    if first is None or last is None:
        assert answer["Content-Range"] == f"bytes */{len(data)}"
        return
    begin, end = first % len(data), last % len(data)
    assert answer.content == data[begin : end + 1]
    assert answer["Content-Type"] == "audio/mp4"
    if status == 206:
        assert answer["Content-Range"] == f"bytes {begin}-{end}/{len(data)}"


def test_the_same_report_again_is_one_and_another_note_is_another_report(town: Town) -> None:
    alice, body = Caller(town.alice), form(town, voice=str(spoken(town.alice)))
    assert alice.post("/reports", body).status_code == 201
    assert alice.post("/reports", body).status_code == 200
    refusal(alice.post("/reports", {**body, "voice": str(spoken(town.alice))}), codes={409, 422})
    assert Case.objects.count() == 1


def test_a_note_that_has_not_come_is_named(town: Town) -> None:
    missing = str(uuid4())
    for voice in (
        missing,
        str(spoken(town.ava)),
        str(take_photo(uuid4(), jpeg(), kind="report", by=town.alice.person_id).pk),
    ):
        face = refusal(Caller(town.alice).post("/reports", form(town, voice=voice)), codes={422})
        assert (face["field"], face["value"]) == ("voice", voice)
        assert face["mend"]
    assert not Case.objects.exists()


def test_a_note_is_no_photograph_and_a_photograph_no_note(town: Town) -> None:
    alice, voice = Caller(town.alice), spoken(town.alice)
    face = refusal(alice.post("/reports", form(town, photos=[str(voice)])), codes={422})
    assert face["field"] == "photos"
    refusal(alice.get(f"/photos/{voice}/full"), codes={404})
    for kind, data, field in (("voice", jpeg(), "voice"), ("report", webm(), "photo")):
        refused = refusal(alice.call("PUT", f"/photos/{uuid4()}?kind={kind}", data), codes={422})
        assert refused["field"] == field


def test_a_note_joins_an_open_case_with_the_sighting(town: Town) -> None:
    case, voice = walk(town, WAYS["filed"]), spoken(town.ava)
    joined = Caller(town.ava).post(f"/cases/{case.pk}/join", {"id": str(uuid4()), "voice": str(voice)})
    assert joined.status_code == 201, joined.content
    assert Attachment.objects.get(pk=voice).case_id == case.pk
    assert journal.of_case(case.pk)[-1].facts["voice"] == str(voice)
    refusal(Caller(town.ava).post(f"/cases/{case.pk}/join", {"id": str(uuid4())}), codes={422})


def test_only_its_maker_hears_an_unclaimed_note(town: Town) -> None:
    voice = spoken(town.alice)
    assert Caller(town.alice).get(f"/voices/{voice}").status_code == 200
    refusal(Caller(town.lei).get(f"/voices/{voice}"), codes={404})
