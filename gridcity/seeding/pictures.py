"""Plausible photographs, drawn: houses, ground, an object in the colour of its class, and its name."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final
from uuid import uuid4

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 640, 480
FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)
SKIES: Final = ((198, 214, 226), (214, 217, 214), (186, 204, 222), (224, 214, 196))
GROUNDS: Final = ((112, 110, 106), (134, 128, 120), (96, 98, 102), (146, 138, 124))
OBJECTS: Final = {"01": (150, 84, 60), "02": (84, 110, 140), "03": (88, 124, 92), "04": (70, 128, 76)}
MENDED: Final = (120, 150, 126)


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG by its hash."""

    sha256: str
    byte_size: int
    width: int
    height: int


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for path in FONTS:
        if Path(path).exists():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)


def draw_picture(code: str, name: str, kind: str, seed: object) -> bytes:
    """A JPEG of a street corner with the problem on it, or mended when `kind` is finish or check."""
    rng = Random(f"{code}/{kind}/{seed}")
    is_mended = kind in ("finish", "check")
    image = Image.new("RGB", (WIDTH, HEIGHT), rng.choice(SKIES))
    draw = ImageDraw.Draw(image)
    horizon = rng.randint(170, 230)
    left = 0
    while left < WIDTH:  # houses
        width, top = rng.randint(70, 150), rng.randint(40, horizon - 40)
        shade = rng.randint(120, 190)
        draw.rectangle((left, top, left + width, horizon), fill=(shade, shade - 8, shade - 16))
        for x in range(left + 10, left + width - 18, 26):
            for y in range(top + 12, horizon - 20, 30):
                draw.rectangle((x, y, x + 12, y + 16), fill=(shade - 50, shade - 44, shade - 36))
        left += width + rng.randint(0, 12)
    draw.rectangle((0, horizon, WIDTH, HEIGHT), fill=rng.choice(GROUNDS))
    draw.polygon(
        ((0, horizon + 60), (WIDTH, horizon + 20), (WIDTH, horizon + 34), (0, horizon + 84)),
        fill=(168, 164, 156),
    )
    middle, low = rng.randint(230, 410), rng.randint(340, 400)
    colour = MENDED if is_mended else OBJECTS.get(code[:2], (130, 100, 100))
    draw.ellipse((middle - 110, low - 40, middle + 110, low + 40), fill=colour, outline=(50, 50, 50), width=4)
    for _ in range(2 if is_mended else 26):
        east, down = rng.gauss(middle, 80), rng.gauss(low, 26)
        bit, shade = rng.uniform(4, 16), rng.randint(30, 220)
        draw.polygon(
            ((east, down - bit), (east + bit, down), (east - bit / 2, down + bit)),
            fill=(shade, shade, shade - 20),
        )
    draw.rectangle((0, HEIGHT - 46, WIDTH, HEIGHT), fill=(28, 32, 36))
    draw.text((14, HEIGHT - 40), f"{code} {name}", font=_font(24), fill=(240, 240, 240))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=72)
    return out.getvalue()


class Pictures:
    """One original a class and kind, kept in the media folder under its hash, drawn at first need."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Picture] = {}

    def of(self, code: str, name: str, class_kind: str, kind: str) -> Picture:
        key = (code, class_kind, kind)
        found = self._known.get(key)
        if found is None:
            data = draw_picture(code, name, kind, class_kind)
            found = self._known[key] = Picture(hashlib.sha256(data).hexdigest(), len(data), WIDTH, HEIGHT)
            _keep(found.sha256, data)
        return found


def _keep(sha256: str, data: bytes) -> None:
    path = Path(settings.MEDIA_ROOT, "originals", sha256[:2], sha256[2:4], sha256)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{sha256}.{uuid4().hex}")
    part.write_bytes(data)
    os.replace(part, path)
