"""The edge of photographs: sent under an id of the sender's making, shown to those who may see the case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Status

from casework import photos
from casework.api import caller, signed_in
from casework.errors import Missing
from casework.flows import flow_of
from casework.models import Attachment
from casework.schemas import PhotoOut

router = Router(tags=["Photographs"], auth=signed_in)


@router.put("/photos/{uuid:photo_id}", response={201: PhotoOut, 200: PhotoOut})
def put_photo(request: HttpRequest, photo_id: UUID, kind: str = "report") -> Status[dict[str, Any]]:
    """Send a photograph under an id of your own making; the body is the file itself. A repeat is harmless."""
    known = Attachment.objects.filter(pk=photo_id).exists()
    photo = photos.take_photo(photo_id, photos.read_body(request), kind=kind, by=caller(request).person_id)
    shown = {
        "id": photo.pk,
        "sha256": photo.sha256,
        "byte_size": photo.byte_size,
        "width": photo.width,
        "height": photo.height,
        "taken_at": photo.taken_at,
        "lon": photo.exif_lon,
        "lat": photo.exif_lat,
    }
    return Status(200 if known else 201, shown)


@router.get("/photos/{uuid:photo_id}/{size}", include_in_schema=True)
def photo(request: HttpRequest, photo_id: UUID, size: str) -> FileResponse:
    """A photograph without its metadata, `thumb` or `full`, for those who may see its case."""
    actor = caller(request)
    found = Attachment.objects.select_related("case").filter(pk=photo_id).first()
    visible = found is not None and (
        flow_of(found.case.kind).sees(actor, found.case.card) and found.case.stream_id == actor.stream
        if found.case
        else found.uploaded_by_id == actor.person_id
    )
    if found is None or not visible:
        raise Missing(
            _("There is no such photograph, or your post may not see it."), field="photo_id", value=photo_id
        )
    response = FileResponse(photos.derivative(found, size).open("rb"), content_type="image/jpeg")
    # private: the next person at this browser must ask again
    response["Cache-Control"] = "private, max-age=3600"
    response["Content-Disposition"] = "inline"
    return response
