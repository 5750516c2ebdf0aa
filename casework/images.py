"""What a file that calls itself a photograph really is, and how it is shown: bytes in, facts or bytes out.

Nothing here believes a name or a declared type. Sizes are read from the header by ourselves before a decoder
sees the file, so that a small file cannot make it fill the memory.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from io import BytesIO
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import ExifTags, Image

from casework.errors import Invalid

MAX_BYTES = 12 * 1024 * 1024
MAX_PIXELS = 40_000_000
# Each scan of a progressive JPEG goes over the whole picture: a few megabytes could hold years of work.
MAX_SCANS = 64
QUALITY = 82

FORMATS = ("JPEG", "PNG", "WEBP")
# Decoding takes memory by pixels; this many at a time in one process.
_decoders = BoundedSemaphore(2)

_FAULTS_OF_DECODERS = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip

# What people send under .jpg: (offset, bytes, what it is)
_OTHERS: tuple[tuple[int, bytes, str | Promise], ...] = (
    (8, b"heic", gettext_lazy("a HEIC picture")),
    (8, b"heix", gettext_lazy("a HEIC picture")),
    (8, b"hevc", gettext_lazy("a HEIC picture")),
    (8, b"heim", gettext_lazy("a HEIC picture")),
    (8, b"mif1", gettext_lazy("a HEIC picture")),
    (8, b"msf1", gettext_lazy("a HEIC picture")),
    (8, b"avif", gettext_lazy("an AVIF picture")),
    (4, b"ftyp", gettext_lazy("a video")),
    (0, b"II*\0", gettext_lazy("a TIFF or camera raw picture")),
    (0, b"MM\0*", gettext_lazy("a TIFF or camera raw picture")),
    (0, b"GIF8", gettext_lazy("a GIF picture")),
    (0, b"BM", gettext_lazy("a BMP picture")),
    (0, b"%PDF", gettext_lazy("a PDF document")),
    (0, b"PK\x03\x04", gettext_lazy("a ZIP archive or an office document")),
    (0, b"<", gettext_lazy("a text such as SVG or HTML")),
)

# From the orientation a camera notes (EXIF 0x0112) to what turns the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)


@dataclass(frozen=True)
class Picture:
    """Facts of a photograph that was found sound. Width and height are those of the upright picture.

    lon, lat   WGS-84, as cameras write it; None when the camera had no fix
    """

    content_type: str
    width: int
    height: int
    taken_at: datetime | None = None
    lon: float | None = None
    lat: float | None = None


class _Frame(NamedTuple):
    """What the header and the structure say: size in pixels as stored, and where the picture ends."""

    format: str
    width: int
    height: int
    end: int


def look_at(data: bytes, *, zone: tzinfo) -> Picture:
    """The facts of a JPEG, PNG or WebP photograph; Invalid says what is wrong with anything else.

    zone   of a camera that notes the time without an offset
    """
    if len(data) > MAX_BYTES:
        raise _refused(
            _("The photograph is too large: %(size)s MB.") % {"size": round(len(data) / 1024**2, 1)},
            "too large",
            _("At most %(most)s MB. Choose a smaller picture size in the camera.")
            % {"most": MAX_BYTES // 1024**2},
        )
    frame = _frame_of(data)
    if not 0 < frame.width * frame.height <= MAX_PIXELS:
        raise _refused(
            _("The photograph has %(width)s × %(height)s pixels.")
            % {"width": frame.width, "height": frame.height},
            f"{frame.width}x{frame.height}",
            _("At most %(most)s million pixels.") % {"most": MAX_PIXELS // 1_000_000},
        )
    _check_rest(data, frame)
    with _decoders:
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                if image.size != (frame.width, frame.height):
                    raise ValueError("two sizes in one file")
                # An eighth in each direction still reads every coded byte, at a third of the time.
                image.draft(None, (max(1, frame.width // 8), max(1, frame.height // 8)))
                image.load()
                exif = _exif_of(image)
        except _FAULTS_OF_DECODERS as fault:
            raise _damaged() from fault
    lying = exif.get(ExifTags.Base.Orientation) in _LYING
    lon, lat = position_of(exif)
    return Picture(
        content_type=f"image/{frame.format.lower()}",
        width=frame.height if lying else frame.width,
        height=frame.width if lying else frame.height,
        taken_at=time_of(exif, zone),
        lon=lon,
        lat=lat,
    )


def shown(original: Path, long_side: int) -> bytes:
    """The photograph as others see it: a JPEG, upright, no side longer than asked, free of metadata."""
    with _decoders, Image.open(original, formats=FORMATS) as image:
        orientation = _exif_of(image).get(ExifTags.Base.Orientation)
        image.thumbnail((long_side, long_side))
        turned = image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image
        if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
            layers = turned.convert("RGBA")
            plain = Image.new("RGB", turned.size, "white")
            plain.paste(layers, mask=layers)
        else:
            # A new picture, so that nothing hangs on it that the encoder would write.
            plain = Image.new("RGB", turned.size)
            plain.paste(turned.convert("RGB"))
    out = BytesIO()
    plain.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


# --- structure ---------------------------------------------------------------------------------------------


def _frame_of(data: bytes) -> _Frame:
    """Which of the three formats the bytes are, walked to the end of the picture."""
    reader: Callable[[bytes], _Frame]
    if data[:3] == b"\xff\xd8\xff":
        reader = _jpeg
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        reader = _png
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        reader = _webp
    else:
        what = what_it_is(data)
        raise _refused(
            _("This is no JPEG, PNG or WebP photograph but %(what)s, whatever its name says.")
            % {"what": what},
            what,
            _("Send a JPEG. On an iPhone: Settings, Camera, Formats, Most Compatible."),
        )
    try:
        return reader(data)
    except (IndexError, struct.error, ValueError) as fault:
        raise _damaged() from fault


def what_it_is(data: bytes) -> str:
    """A few words for bytes that are none of our formats."""
    if not data:
        return _("an empty file")
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n") if data[:1] in b"\xef \t\r\n" else data
    for offset, mark, name in _OTHERS:
        if start[offset : offset + len(mark)] == mark:
            return str(name)
    return _("a file of unknown kind")


_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # neither a stuffed zero, a restart, nor fill


def _jpeg(data: bytes) -> _Frame:
    """Segments up to the end marker, which a file that was cut off does not have."""
    position, scans, size = 2, 0, (0, 0)
    while found := _MARKER.search(data, position):
        position, marker = found.end(), data[found.end() - 1]
        if marker == 0xD9:
            return _Frame("JPEG", *size, position)
        if marker in (0x01, 0xD8):
            continue
        (length,) = struct.unpack_from(">H", data, position)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, position + 3)
            size = (width, height)
        scans += marker == 0xDA
        if scans > MAX_SCANS:
            raise ValueError("too many scans")
        position += length
    raise ValueError("no end")


def _png(data: bytes) -> _Frame:
    width, height = struct.unpack_from(">II", data, 16)
    position = 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        position += 12 + length
        if position > len(data):
            raise ValueError("no end")
        if kind == b"IEND":
            return _Frame("PNG", width, height, position)


def _webp(data: bytes) -> _Frame:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise ValueError("no end")
    kind = data[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise ValueError("no picture")
    return _Frame("WEBP", width, height, end)


def _check_rest(data: bytes, frame: _Frame) -> None:
    """Refuse what hides behind the picture.

    Phones do append to a JPEG: further pictures (gain maps, depth), a short video, Samsung's own block; and
    padding. Those stay in the original, which nobody is served. Anything else makes one file two things.
    """
    rest = data[frame.end :]
    start = rest.lstrip(b"\0")
    if not start:
        return
    by_a_phone = frame.format == "JPEG" and (
        start.startswith(b"\xff\xd8\xff") or b"ftyp" in start[:8] or start.endswith(b"SEFT")
    )
    if not by_a_phone or b"PK\x05\x06" in start:
        raise _refused(
            _("Behind the picture the file goes on with something else (%(count)s bytes).")
            % {"count": len(rest)},
            what_it_is(start),
            _("Send the photograph as the camera made it."),
        )


def _damaged() -> Invalid:
    return _refused(
        _("The photograph is damaged or was cut off on its way."),
        "damaged",
        _("Send it again, or take it again."),
    )


def _refused(message: str, value: object, mend: str) -> Invalid:
    return Invalid(message, field="photo", value=value, mend=mend)


# --- what the camera wrote ---------------------------------------------------------------------------------


def _exif_of(image: Image.Image) -> dict[int, Any]:
    """EXIF by tag, the camera's block and the position's under their pointers; empty if broken."""
    try:
        exif = image.getexif()
        found: dict[int, Any] = dict(exif)
        for block in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            found[block] = dict(exif.get_ifd(block))
    except _FAULTS_OF_DECODERS:
        return {}
    return found


def position_of(exif: Mapping[int, Any]) -> tuple[float, float] | tuple[None, None]:
    """Longitude and latitude, or neither: blocks may be empty, denominators zero, references missing."""
    gps = exif.get(ExifTags.IFD.GPSInfo)
    if not isinstance(gps, Mapping):
        return None, None
    lat = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "NS", 90)
    lon = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "EW", 180)
    # Cameras without a fix write zeros.
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return None, None
    return lon, lat


def _degrees(parts: Any, reference: Any, signs: str, most: int) -> float | None:
    if isinstance(reference, bytes):
        reference = reference.decode("ascii", "replace")
    sign = str(reference or "").strip("\0 ").upper()
    if sign not in tuple(signs):
        return None
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found) or not 0 <= found <= most:
        return None
    return -found if sign == signs[1] else found


def time_of(exif: Mapping[int, Any], zone: tzinfo) -> datetime | None:
    """When the shutter opened, in UTC; None when the camera's clock was never set."""
    camera = exif.get(ExifTags.IFD.Exif)
    camera = camera if isinstance(camera, Mapping) else {}
    for text, offset in (
        (camera.get(ExifTags.Base.DateTimeOriginal), camera.get(ExifTags.Base.OffsetTimeOriginal)),
        (exif.get(ExifTags.Base.DateTime), camera.get(ExifTags.Base.OffsetTime)),
    ):
        try:
            wall = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  (zone below)
            # A clock that was never set says 1970, 1980 or 2000.
            if 2001 <= wall.year < 2200:
                return wall.replace(tzinfo=_offset(offset) or zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _offset(text: Any) -> tzinfo | None:
    found = re.fullmatch(r"([+-])(\d\d):(\d\d)", str(text or "").strip("\0 "))
    if not found:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))
