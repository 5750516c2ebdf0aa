"""Photographs made for tests, as phones make them and as nobody should."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image

# Four corners that tell every turn and mirror apart.
CORNERS = {
    "top left": (255, 0, 0),
    "top right": (0, 255, 0),
    "bottom left": (0, 0, 255),
    "bottom right": (0, 0, 0),
}

Rational = tuple[int, int]
Block = Mapping[int, str | tuple[Rational, ...]]


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A picture with a colour in each corner."""
    image = Image.new("RGB", (width, height), "white")
    half = (width // 2, height // 2)
    for corner, colour in CORNERS.items():
        left = half[0] if "right" in corner else 0
        top = half[1] if "bottom" in corner else 0
        image.paste(colour, (left, top, left + half[0], top + half[1]))
    return image


def encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def jpeg(width: int = 640, height: int = 480, **options: Any) -> bytes:
    return encoded(scene(width, height), **options)


def turned(orientation: int) -> bytes:
    """The scene as a camera held that way stores it: upright only after the noted turn."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = scene()
    stored = image.transpose(undo[orientation]) if orientation in undo else image
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(stored, exif=exif.tobytes())


def with_exif(
    *,
    gps: Block | None = None,
    camera: Mapping[int, str] | None = None,
) -> bytes:
    """A JPEG whose EXIF block is laid out by hand, so that it can hold what no library would write."""
    image = jpeg()
    blocks = [(0x8825, gps), (0x8769, camera)]
    pointers = [(tag, block) for tag, block in sorted(blocks, key=lambda item: item[0]) if block is not None]
    offset = 8 + 2 + 12 * len(pointers) + 4
    first, bodies = b"", b""
    for tag, block in pointers:
        first += struct.pack("<HHII", tag, 4, 1, offset + len(bodies))
        bodies += _block(block, offset + len(bodies))
    tiff = b"II*\0" + struct.pack("<IH", 8, len(pointers)) + first + struct.pack("<I", 0) + bodies
    app1 = b"Exif\0\0" + tiff
    return image[:2] + b"\xff\xe1" + struct.pack(">H", len(app1) + 2) + app1 + image[2:]


def _block(entries: Block, offset: int) -> bytes:
    values_at = offset + 2 + 12 * len(entries) + 4
    table, values = struct.pack("<H", len(entries)), b""
    for tag, value in sorted(entries.items()):
        if isinstance(value, str):
            raw, kind, count = value.encode() + b"\0", 2, len(value) + 1
        else:
            raw, kind, count = b"".join(struct.pack("<II", *part) for part in value), 5, len(value)
        if len(raw) <= 4:
            table += struct.pack("<HHI4s", tag, kind, count, raw)
        else:
            table += struct.pack("<HHII", tag, kind, count, values_at + len(values))
            values += raw
    return table + struct.pack("<I", 0) + values
