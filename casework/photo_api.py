"""The edge of photographs and voice notes: sent under an id of the sender's making, for who sees the case."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from casework import photos
from casework.access import Actor
from casework.api import caller, signed_in
from casework.errors import Missing
from casework.flows import flow_of
from casework.models import Attachment
from casework.schemas import Out, PhotoOut

router = Router(tags=["Photographs"], auth=signed_in)


class ToldIn(Schema):
    """What the phone says of a picture: as a query, for the body is the file itself."""

    kind: str = "report"
    source: str = Field("", max_length=10, description="camera, gallery, or unknown")
    original_sha256: str = Field(
        "", max_length=64, description="Of what the camera made, if this is smaller."
    )
    lon: float | None = Field(None, allow_inf_nan=False, description="Where the camera was, WGS-84.")
    lat: float | None = Field(None, allow_inf_nan=False)
    taken_at: AwareDatetime | None = None

    def told(self) -> photos.Told:
        return photos.Told(
            source="" if self.source == "unknown" else self.source,
            original_sha256=self.original_sha256.lower(),
            lon=self.lon,
            lat=self.lat,
            taken_at=self.taken_at,
        )


class ReceivedOut(Out):
    received: int
    complete: bool


@router.put("/photos/{uuid:photo_id}", response={201: PhotoOut, 200: PhotoOut})
def put_photo(request: HttpRequest, photo_id: UUID, sent: Query[ToldIn]) -> Status[dict[str, Any]]:
    """Send a photograph under an id of your own making; the body is the file itself. A repeat is harmless.

    A voice note (kind=voice: WebM, MP4 or Ogg, one track of sound, a minute) goes the same way.

    A phone that sends a smaller picture tells what the camera wrote: original_sha256, lon, lat, taken_at.
    """
    data, by = photos.read_body(request), caller(request).person_id
    return _kept(photo_id, data, sent, by)


@router.get("/photos/{uuid:photo_id}", response=ReceivedOut)
def how_far(request: HttpRequest, photo_id: UUID) -> dict[str, Any]:
    """How much of a photograph of your own has arrived: 0 of one that nobody has begun to send."""
    size, complete = photos.received(photo_id, caller(request).person_id)
    return {"received": size, "complete": complete}


@router.put("/photos/{uuid:photo_id}/parts", response={201: PhotoOut, 200: ReceivedOut})
def put_part(
    request: HttpRequest, photo_id: UUID, offset: int, total: int, sent: Query[ToldIn]
) -> Status[dict[str, Any]]:
    """Send a photograph piece by piece, at most 1 MB each, in order; the last one is answered 201.

    409 `offset` says in details.received where to go on.
    """
    by = caller(request).person_id
    size, complete = photos.received(photo_id, by)
    if complete:
        return Status(200, {"received": size, "complete": True})
    data = photos.take_part(photo_id, photos.read_body(request), offset=offset, total=total, by=by)
    if data is None:
        return Status(200, {"received": photos.received(photo_id, by)[0], "complete": False})
    try:
        return Status(201, _kept(photo_id, data, sent, by).value)
    finally:
        photos.forget_parts(photo_id, by)


def _kept(photo_id: UUID, data: bytes, sent: ToldIn, by: int) -> Status[dict[str, Any]]:
    photo = photos.take_photo(photo_id, data, kind=sent.kind, by=by, told=sent.told())
    shown = {
        "id": photo.pk,
        "sha256": photo.sha256,
        "byte_size": photo.byte_size,
        "width": photo.width,
        "height": photo.height,
        "seconds": photo.seconds,
        "taken_at": photo.taken_at,
        "lon": photo.exif_lon,
        "lat": photo.exif_lat,
        "source": photo.source,
    }
    return Status(200 if photo.repeated else 201, shown)


@router.get("/photos/{uuid:photo_id}/{size}", include_in_schema=True)
def photo(request: HttpRequest, photo_id: UUID, size: str) -> FileResponse:
    """A photograph without its metadata, `thumb` or `full`, for those who may see its case."""
    actor = caller(request)
    found = Attachment.objects.select_related("case").filter(pk=photo_id).first()
    if found is None or found.kind == Attachment.Kind.VOICE or not _visible(found, actor):
        raise Missing(
            _("There is no such photograph, or your post may not see it."), field="photo_id", value=photo_id
        )
    response = FileResponse(photos.derivative(found, size).open("rb"), content_type="image/jpeg")
    # private: the next person at this browser must ask again
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Disposition"] = "inline"
    return response


@router.get("/voices/{uuid:voice_id}")
def voice(request: HttpRequest, voice_id: UUID) -> HttpResponse:
    """A voice note as it was recorded, for those who may see its case; players may ask for a range of it."""
    actor = caller(request)
    found = Attachment.objects.select_related("case").filter(pk=voice_id, kind=Attachment.Kind.VOICE).first()
    if found is None or not _visible(found, actor):
        raise Missing(
            _("There is no such voice note, or your post may not hear it."), field="voice_id", value=voice_id
        )
    response = _ranged(request.headers.get("Range", ""), photos.original_path(found).read_bytes())
    response["Content-Type"] = found.content_type
    response["Content-Disposition"] = f"inline; filename=voice.{found.content_type.partition('/')[2]}"
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _ranged(asked: str, data: bytes) -> HttpResponse:
    """The whole, or the one range that was asked for: some players do not start without."""
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", asked)
    if not found or not any(found.groups()):
        whole = HttpResponse(data)
        whole["Accept-Ranges"] = "bytes"
        return whole
    if found[1]:
        first, last = int(found[1]), min(int(found[2] or len(data)), len(data) - 1)
    else:
        first, last = max(0, len(data) - int(found[2])), len(data) - 1
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(data)}"})
    part = HttpResponse(data[first : last + 1], status=206)
    part["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    part["Accept-Ranges"] = "bytes"
    return part


def _visible(photo: Attachment, actor: Actor) -> bool:
    """Whoever sees the case sees its pictures; of the others, who must know whether it is the same thing."""
    if photo.case is None:
        return photo.uploaded_by_id == actor.person_id
    if photo.case.stream_id != actor.stream:
        return False
    flow, card = flow_of(photo.case.kind), photo.case.card
    return flow.sees(actor, card) or (photo.kind == Attachment.Kind.REPORT and flow.compares(actor, card))
