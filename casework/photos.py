"""Keeping photographs: the original byte for byte under its hash, its facts in a row, smaller ones to show.

The file is on the disk before the row is written, so a row always finds its file; a file without a row is
swept away. Names, types and paths sent by clients are never used.
"""

from __future__ import annotations

import hashlib
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from casework import images
from casework.errors import Conflict, Invalid, Missing
from casework.models.attachment import Attachment

SIZES: Final = {"thumb": 320, "full": 1600}
UNCLAIMED_AFTER = timedelta(days=30)
_FRESH_SECONDS = 24 * 3600


def read_body(request: HttpRequest) -> bytes:
    """The body of a request, read no further than a photograph may be long."""
    return request.read(images.MAX_BYTES + 1)


def take_photo(photo_id: UUID, data: bytes, *, kind: str, by: int | None, name: str = "") -> Attachment:
    """Check a photograph, keep it, and return its row; the same bytes under the same id return the same row.

    by      the person who sends it
    raises  Invalid when it is no sound photograph; Conflict when the id stands for another one
    """
    if kind not in Attachment.Kind.values:
        raise Invalid(
            _("There is no kind of photograph “%(kind)s”.") % {"kind": kind},
            field="kind",
            value=kind,
            mend=_("One of: %(kinds)s.") % {"kinds": ", ".join(Attachment.Kind.values)},
        )
    sha256 = hashlib.sha256(data).hexdigest()
    if known := Attachment.objects.filter(pk=photo_id).first():
        return _same(known, sha256, by)
    picture = images.look_at(data, zone=timezone.get_default_timezone())
    photo = Attachment(
        id=photo_id,
        kind=kind,
        name=name[:100],
        sha256=sha256,
        byte_size=len(data),
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        taken_at=picture.taken_at,
        exif_lon=picture.lon,
        exif_lat=picture.lat,
        uploaded_by_id=by,
        uploaded_at=timezone.now(),
    )
    _keep(original_path(photo), data)
    try:
        with transaction.atomic():
            photo.save(force_insert=True)
    except IntegrityError:
        # Somebody was quicker with this id, most likely the same phone trying again.
        if known := Attachment.objects.filter(pk=photo_id).first():
            return _same(known, sha256, by)
        raise
    return photo


def _same(known: Attachment, sha256: str, by: int | None) -> Attachment:
    if known.sha256 != sha256 or known.uploaded_by_id != by:
        raise Conflict(
            _("This identifier already stands for another photograph."),
            field="id",
            value=known.pk,
            mend=_("Send the photograph under a new identifier."),
        )
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
    """Write a file whole or not at all; `lasting`: on the disk before this returns."""
    _make_folder(path.parent)
    if path.exists() and path.stat().st_size == len(data):
        os.utime(path)
    else:
        draft = path.with_name(f".{uuid4().hex}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                if lasting:
                    os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    if lasting:
        _sync(path.parent)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    """A new name in a folder survives a power cut only when the folder is written too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
