"""Photographs on the disk and in their rows."""

from __future__ import annotations

import os
import stat
import threading
import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from casework import images, photos
from casework.errors import Conflict, Invalid, Missing
from casework.models import Attachment, Case, Person, Stream
from tests.casework.pictures import jpeg, turned, with_exif

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def alice() -> Person:
    return Person.objects.create(username="alice")


def files(media: Path) -> list[Path]:
    return sorted(path for path in media.rglob("*") if path.is_file())


def take(data: bytes, by: Person, photo_id: uuid.UUID | None = None) -> Attachment:
    return photos.take_photo(photo_id or uuid.uuid4(), data, kind="report", by=by.pk)


class TestTaking:
    def test_keeps_the_original_byte_for_byte(self, alice: Person, media: Path) -> None:
        data = with_exif(
            gps={1: "N", 2: ((39, 1), (54, 1), (30, 1)), 3: "E", 4: ((116, 1), (24, 1), (0, 1))},
            camera={0x9003: "2026:11:20 08:30:00"},
        )
        photo = take(data, alice)
        photo.refresh_from_db()
        assert photos.original_path(photo).read_bytes() == data
        assert photos.is_intact(photo)
        assert (photo.byte_size, photo.content_type, photo.width, photo.height) == (
            len(data),
            "image/jpeg",
            640,
            480,
        )
        assert photo.exif_lon == 116.4
        assert photo.exif_lat == pytest.approx(39.908333333)
        assert photo.taken_at is not None
        assert photo.taken_at.isoformat() == "2026-11-20T00:30:00+00:00"
        assert photo.uploaded_by == alice
        assert photo.case is None

    def test_only_the_owner_of_the_process_may_read_the_files(self, alice: Person, media: Path) -> None:
        photo = take(jpeg(), alice)
        path = photos.original_path(photo)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert all(
            stat.S_IMODE(folder.stat().st_mode) == 0o700
            for folder in path.relative_to(media).parents[:-1]
            for folder in [media / folder]
        )

    def test_the_same_again_is_the_same(self, alice: Person, media: Path) -> None:
        photo_id, data = uuid.uuid4(), jpeg()
        first = take(data, alice, photo_id)
        assert take(data, alice, photo_id) == first
        assert Attachment.objects.count() == 1
        assert len(files(media)) == 1

    def test_other_bytes_or_another_sender_under_one_id_are_refused(self, alice: Person) -> None:
        photo = take(jpeg(), alice)
        with pytest.raises(Conflict):
            take(jpeg(320, 200), alice, photo.pk)
        bo = Person.objects.create(username="bo")
        with pytest.raises(Conflict):
            take(jpeg(), bo, photo.pk)
        photo.refresh_from_db()
        assert photo.width == 640

    def test_the_same_bytes_under_two_ids_share_a_file(self, alice: Person, media: Path) -> None:
        assert take(jpeg(), alice).pk != take(jpeg(), alice).pk
        assert Attachment.objects.count() == 2
        assert len(files(media)) == 1

    @pytest.mark.parametrize("kind", ["", "REPORT", "../../etc"])
    def test_kinds(self, kind: str, alice: Person) -> None:
        with pytest.raises(Invalid) as refused:
            photos.take_photo(uuid.uuid4(), jpeg(), kind=kind, by=alice.pk)
        assert refused.value.field == "kind"

    def test_what_is_refused_leaves_nothing(self, alice: Person, media: Path) -> None:
        with pytest.raises(Invalid):
            take(jpeg()[:-200], alice)
        assert not Attachment.objects.exists()
        assert not media.exists()

    def test_a_hostile_name_is_only_shown(self, alice: Person, media: Path) -> None:
        name = "../../../../tmp/\0evil.jpg"
        photo = photos.take_photo(
            uuid.uuid4(), jpeg(), kind="report", by=alice.pk, name=name.replace("\0", "")
        )
        assert photos.original_path(photo).resolve().is_relative_to(media.resolve())
        assert "evil" not in str(files(media))

    def test_the_file_is_there_before_the_row(self, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        def full_disk(handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="No space"):
            take(jpeg(), alice)
        assert not Attachment.objects.exists()

    def test_a_failed_write_leaves_no_half_file(
        self, alice: Person, media: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        take(jpeg(320, 200), alice)  # so that the folders' own writes are not what fails
        before = files(media)

        def broken(self: Path, target: Path) -> Path:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(Path, "replace", broken)
        with pytest.raises(OSError, match="Input/output"):
            take(jpeg(), alice)
        assert files(media) == before

    def test_a_body_is_read_no_further_than_needed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(images, "MAX_BYTES", 1000)
        request = RequestFactory().put("/", data=b"x" * 5000, content_type="image/jpeg")
        assert len(photos.read_body(request)) == 1001


@pytest.mark.django_db(transaction=True)
def test_a_phone_that_tries_twice_at_once_has_one_photograph(alice: Person, media: Path) -> None:
    photo_id, data = uuid.uuid4(), jpeg(1200, 900)
    start, found = threading.Barrier(4), []

    def send() -> None:
        try:
            start.wait()
            found.append(take(data, alice, photo_id).sha256)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert Attachment.objects.count() == 1
    assert len(files(media)) == 1


class TestDerivatives:
    def test_are_made_once(self, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        photo = take(turned(6), alice)
        path = photos.derivative(photo, "thumb")
        with Image.open(BytesIO(path.read_bytes())) as image:
            assert (image.format, image.size) == ("JPEG", (320, 240))
            assert not image.getexif()
        monkeypatch.setattr(images, "shown", None)
        assert photos.derivative(photo, "thumb") == path

    def test_sizes(self, alice: Person) -> None:
        photo = take(jpeg(2400, 1800), alice)
        with Image.open(photos.derivative(photo, "full")) as image:
            assert image.size == (1600, 1200)
        for size in ("original", "../x", ""):
            with pytest.raises(Missing):
                photos.derivative(photo, size)


class TestEvidence:
    def test_a_changed_or_lost_file_is_noticed(self, alice: Person) -> None:
        photo = take(jpeg(), alice)
        path = photos.original_path(photo)
        path.write_bytes(path.read_bytes() + b"\0")
        assert not photos.is_intact(photo)
        path.unlink()
        assert not photos.is_intact(photo)


class TestForgetting:
    @pytest.fixture
    def old(self, alice: Person) -> Attachment:
        photo = take(jpeg(), alice)
        photos.derivative(photo, "thumb")
        self.age(photo)
        return photo

    @staticmethod
    def age(photo: Attachment) -> None:
        then = timezone.now() - photos.UNCLAIMED_AFTER - timedelta(days=1)
        Attachment.objects.filter(pk=photo.pk).update(uploaded_at=then)
        os.utime(photos.original_path(photo), (then.timestamp(), then.timestamp()))

    def test_nobody_claimed_it(self, old: Attachment, media: Path) -> None:
        assert photos.forget_unclaimed() == 1
        assert not Attachment.objects.exists()
        assert not files(media)

    def test_a_case_has_it(self, old: Attachment, media: Path) -> None:
        Stream.objects.create(code="990101", name="试验区")
        now = timezone.now()
        case = Case.objects.create(
            id=uuid.uuid4(),
            kind="report",
            stream_id="990101",
            number="1",
            state="reported",
            opened_at=now,
            moved_at=now,
        )
        Attachment.objects.filter(pk=old.pk).update(case=case)
        assert photos.forget_unclaimed() == 0
        assert len(files(media)) == 2

    def test_its_bytes_came_in_again(self, old: Attachment, alice: Person, media: Path) -> None:
        again = take(jpeg(), alice)
        assert photos.forget_unclaimed() == 0, "the file was touched just now"
        os.utime(photos.original_path(old), (0, 0))
        assert photos.forget_unclaimed() == 1
        assert photos.is_intact(again)
