"""Keeping photographs and voice notes: the original byte for byte under its hash, its facts in a row.

The file is on the disk before the row is written, so a row always finds its file; a file without a row is
swept away. Names, types and paths sent by clients are never used.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from casework import images, sounds
from casework.errors import Conflict, GridCityError, Invalid, Missing, TooMany
from casework.models.attachment import Attachment
from casework.rows import insert_unless_there, is_there

SIZES: Final = {"thumb": 320, "full": 1600}
UNCLAIMED_AFTER = timedelta(days=30)
_FRESH_SECONDS = 24 * 3600
PART_BYTES: Final = 1024 * 1024
PARTS_AT_MOST: Final = 40  # photographs of one person half sent
PART_KEPT_SECONDS: Final = 7 * 24 * 3600


class Offset(GridCityError):
    """A part does not join what has arrived; `details['received']` says where to go on."""

    code = "offset"
    status = 409


def read_body(request: HttpRequest) -> bytes:
    """The body of a request, read no further than a photograph may be long."""
    return request.read(images.MAX_BYTES + 1)


@dataclass(frozen=True)
class Told:
    """What a phone says of a picture that it has made smaller: what the camera wrote is gone from the bytes.

    source            camera, gallery, or "" where the browser cannot tell
    original_sha256   hex digest of what the camera made
    lon, lat          where the camera was, WGS-84; taken_at: when
    """

    source: str = ""
    original_sha256: str = ""
    lon: float | None = None
    lat: float | None = None
    taken_at: datetime | None = None


def take_photo(
    photo_id: UUID, data: bytes, *, kind: str, by: int | None, name: str = "", told: Told | None = None
) -> Attachment:
    """Check a photograph or voice note, keep it, and return its row: the same for the same bytes under an id.

    by      the person who sends it
    told    what the phone says of it; what the bytes themselves say goes before
    raises  Invalid when it is no sound photograph or voice note; Conflict when the id stands for another one
    """
    told = told or Told()
    _check_told(told)
    if kind not in Attachment.Kind.values:
        raise Invalid(
            _("There is no kind of photograph “%(kind)s”.") % {"kind": kind},
            field="kind",
            value=kind,
            mend=_("One of: %(kinds)s.") % {"kinds": ", ".join(Attachment.Kind.values)},
        )
    sha256 = hashlib.sha256(data).hexdigest()
    if is_there(Attachment, photo_id):
        return _same(Attachment.objects.get(pk=photo_id), sha256, by)
    photo = Attachment(
        id=photo_id,
        kind=kind,
        name=name[:100],
        sha256=sha256,
        byte_size=len(data),
        uploaded_by_id=by,
        uploaded_at=timezone.now(),
        **(_of_voice(data) if kind == Attachment.Kind.VOICE else _of_picture(data, told)),
    )
    _keep(original_path(photo), data)
    if not insert_unless_there(photo):
        # Somebody was quicker with this id, most likely the same phone trying again.
        return _same(Attachment.objects.get(pk=photo_id), sha256, by)
    return photo


def _of_voice(data: bytes) -> dict[str, Any]:
    heard = sounds.listen_to(data)
    return {"content_type": heard.content_type, "seconds": heard.seconds, "width": 0, "height": 0}


def _of_picture(data: bytes, told: Told) -> dict[str, Any]:
    picture = images.look_at(data, zone=timezone.get_default_timezone())
    declared = picture.lon is None and told.lon is not None and told.lat is not None
    return {
        "content_type": picture.content_type,
        "width": picture.width,
        "height": picture.height,
        "taken_at": picture.taken_at or told.taken_at,
        "exif_lon": told.lon if declared else picture.lon,
        "exif_lat": told.lat if declared else picture.lat,
        "exif_declared": declared,
        "source": told.source,
        "original_sha256": told.original_sha256,
    }


def _check_told(told: Told) -> None:
    if told.source not in Attachment.Source.values:
        raise Invalid(
            _("There is no such source of photographs: “%(source)s”.") % {"source": told.source},
            field="source",
            value=told.source,
            mend=_("One of: %(sources)s.") % {"sources": "camera, gallery, unknown"},
        )
    if told.original_sha256 and not re.fullmatch("[0-9a-f]{64}", told.original_sha256):
        raise Invalid(
            _("This is no SHA-256 in hexadecimal digits."),
            field="original_sha256",
            value=told.original_sha256,
            mend=_("Send 64 digits 0-9 a-f, or leave it out."),
        )
    if (told.lon is None) != (told.lat is None) or not (
        -180 <= (told.lon or 0) <= 180 and -90 <= (told.lat or 0) <= 90
    ):
        raise Invalid(
            _("The position of the photograph is none."),
            field="lon",
            value=f"{told.lon}, {told.lat}",
            mend=_("Give both in degrees of WGS-84, or leave both out."),
        )


# --- in parts --------------------------------------------------------------------------------------------


def received(photo_id: UUID, by: int) -> tuple[int, bool]:
    """How many bytes of a photograph have arrived from this person, and whether it is whole."""
    known = (
        Attachment.objects.filter(pk=photo_id, uploaded_by_id=by).values_list("byte_size", flat=True).first()
    )
    if known is not None:
        return known, True
    try:
        return _part_path(photo_id, by).stat().st_size, False
    except FileNotFoundError:
        return 0, False


def take_part(photo_id: UUID, data: bytes, *, offset: int, total: int, by: int) -> bytes | None:
    """Add a piece to what has arrived; the whole once it is all there, None before.

    raises  Invalid for sizes that cannot be; Offset when the piece does not join what has arrived
    """
    fits = 0 <= offset <= total - len(data) and 0 < len(data) <= PART_BYTES
    if not fits or total > images.MAX_BYTES:
        raise Invalid(
            _("A part has 1 to %(most)s bytes and lies within its photograph of at most %(whole)s MB.")
            % {"most": PART_BYTES, "whole": images.MAX_BYTES // 1024**2},
            field="total",
            value=f"{offset} + {len(data)} / {total}",
            mend=_("Send smaller parts, or a smaller picture."),
        )
    path = _part_path(photo_id, by)
    _make_folders(path.parent)
    if not path.exists() and len(list(path.parent.iterdir())) >= PARTS_AT_MOST:
        raise TooMany(
            _("Too many photographs are half sent."),
            mend=_("Send the rest of one of them first."),
            retry_after=60,
        )
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file.fileno()).st_size
        if offset != size:
            raise Offset(
                _("%(size)s bytes of this photograph have arrived.") % {"size": size},
                field="offset",
                value=offset,
                mend=_("Go on from there."),
                received=size,
            )
        file.seek(offset)
        file.write(data)
        file.flush()
        if offset + len(data) < total:
            os.fsync(file.fileno())
            return None
        file.seek(0)
        return file.read()


def forget_parts(photo_id: UUID, by: int) -> None:
    """The photograph is whole, or no photograph: its parts are of no use any more."""
    _part_path(photo_id, by).unlink(missing_ok=True)


def _part_path(photo_id: UUID, by: int) -> Path:
    return Path(settings.MEDIA_ROOT, "parts", str(by), photo_id.hex)


def forget_old_parts() -> int:
    """Remove what was begun and not gone on with for a week."""
    forgotten = 0
    for path in Path(settings.MEDIA_ROOT, "parts").glob("*/*"):
        if time.time() - path.stat().st_mtime > PART_KEPT_SECONDS:
            path.unlink(missing_ok=True)
            forgotten += 1
    return forgotten


def _same(known: Attachment, sha256: str, by: int | None) -> Attachment:
    if known.sha256 != sha256 or known.uploaded_by_id != by:
        raise Conflict(
            _("This identifier already stands for another photograph."),
            field="id",
            value=known.pk,
            mend=_("Send the photograph under a new identifier."),
        )
    known.repeated = True
    return known


def original_path(photo: Attachment) -> Path:
    """The original, with everything the camera wrote: evidence, not for pages."""
    return Path(settings.MEDIA_ROOT) / photo.original


def is_intact(photo: Attachment) -> bool:
    """Whether the original still is what was sent."""
    try:
        with original_path(photo).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == photo.sha256
    except FileNotFoundError:
        return False


def derivative(photo: Attachment, size: str) -> Path:
    """The JPEG that others see, `thumb` or `full`: upright, without metadata; made at the first request."""
    if size not in SIZES:
        raise Missing(
            _("There is no size “%(size)s”.") % {"size": size},
            field="size",
            value=size,
            mend=_("One of: %(sizes)s.") % {"sizes": ", ".join(SIZES)},
        )
    path = Path(
        settings.MEDIA_ROOT, "shown", photo.sha256[:2], photo.sha256[2:4], f"{photo.sha256}-{size}.jpg"
    )
    if not path.exists():
        _keep(path, images.shown(original_path(photo), SIZES[size]), lasting=False)
    return path


def forget_unclaimed() -> int:
    """Remove photographs that no case took in a month, with their files; return how many."""
    forget_old_parts()
    forgotten = 0
    old = Attachment.objects.filter(case__isnull=True, uploaded_at__lt=timezone.now() - UNCLAIMED_AFTER)
    for photo in old.iterator():
        original = original_path(photo)
        # The same picture may be coming in just now under another id; then its file was touched.
        if original.exists() and time.time() - original.stat().st_mtime < _FRESH_SECONDS:
            continue
        gone, _rows = Attachment.objects.filter(pk=photo.pk, case__isnull=True).delete()
        forgotten += gone
        if gone and not Attachment.objects.filter(sha256=photo.sha256).exists():
            original.unlink(missing_ok=True)
            for size in SIZES:
                shown = Path(settings.MEDIA_ROOT, "shown", photo.sha256[:2], photo.sha256[2:4])
                (shown / f"{photo.sha256}-{size}.jpg").unlink(missing_ok=True)
    return forgotten


def _keep(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write a file whole or not at all; `lasting`: on the disk before this returns.

    A file gets its name first and is synced after, its folders last: on a journalling file system the first
    sync then carries all the others. Only after that does a row speak of it.
    """
    folders = _make_folders(path.parent)
    if path.exists() and path.read_bytes() == data:
        os.utime(path)
        handle = os.open(path, os.O_RDONLY)
    else:
        draft = path.with_name(f".{uuid4().hex}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(data)
            draft.replace(path)
        except BaseException:
            os.close(handle)
            draft.unlink(missing_ok=True)
            raise
    try:
        if lasting:
            os.fsync(handle)
            for folder in folders:
                _sync(folder)
    finally:
        os.close(handle)


def _make_folders(folder: Path) -> list[Path]:
    """Make what is missing of the way to a file; all that must be synced for it to last, innermost first."""
    if folder.is_dir():
        return [folder]
    above = _make_folders(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    return [folder, *above]


def _sync(folder: Path) -> None:
    """A new name in a folder survives a power cut only when the folder is written too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
