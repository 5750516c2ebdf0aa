"""What is taken for a photograph, what is not, and what others see of it."""

from __future__ import annotations

import os
import struct
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from casework import images
from casework.errors import Invalid
from casework.images import Picture, look_at, shown
from tests.casework.pictures import CORNERS, Block, encoded, jpeg, scene, turned, with_exif

CHINA = ZoneInfo("Asia/Shanghai")
SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "photos"

ZIP = b"PK\x03\x04" + b"\0" * 60 + b"PK\x05\x06" + b"\0" * 18
PLACE: Block = {
    1: "N",
    2: ((39, 1), (54, 1), (3000, 100)),
    3: "E",
    4: ((116, 1), (24, 1), (0, 1)),
}


def look(data: bytes) -> Picture:
    return look_at(data, zone=CHINA)


def refusal(data: bytes) -> Invalid:
    with translation.override("en"), pytest.raises(Invalid) as refused:
        look(data)
    assert refused.value.field == "photo"
    assert refused.value.mend
    return refused.value


class TestSound:
    @pytest.mark.parametrize(("form", "kind"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
    def test_formats(self, form: str, kind: str) -> None:
        assert look(encoded(scene(), form)) == Picture(f"image/{kind}", 640, 480)

    @pytest.mark.parametrize(
        "options", [{"lossless": True}, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}]
    )
    def test_other_kinds_of_webp(self, options: dict[str, Any]) -> None:
        assert look(encoded(scene(301, 203), "WEBP", **options)) == Picture("image/webp", 301, 203)

    @pytest.mark.parametrize("mode", ["L", "CMYK", "P", "RGBA", "I;16", "1"])
    def test_modes(self, mode: str, tmp_path: Path) -> None:
        form = "JPEG" if mode in ("L", "CMYK") else "PNG"
        data = encoded(scene().convert("I").convert(mode) if mode == "I;16" else scene().convert(mode), form)
        assert look(data).width == 640
        (tmp_path / "original").write_bytes(data)
        assert Image.open(BytesIO(shown(tmp_path / "original", 320))).mode == "RGB"

    def test_progressive(self) -> None:
        assert look(jpeg(progressive=True)) == Picture("image/jpeg", 640, 480)

    @pytest.mark.parametrize(
        "tail", [b"\0" * 512, jpeg(64, 64), b"\0\0\0\x18ftypmp42" + b"v" * 200, b"block of the maker SEFT"]
    )
    def test_what_phones_append(self, tail: bytes) -> None:
        assert look(jpeg() + tail).width == 640

    def test_a_damaged_block_of_metadata_does_not_matter(self) -> None:
        broken = with_exif(gps=PLACE).replace(b"II*\0\x08\0\0\0", b"II*\0\xff\xff\xff\x7f")
        assert look(broken) == Picture("image/jpeg", 640, 480)


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"", "an empty file"),
            (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic" + b"\0" * 64, "a HEIC picture"),
            (b"\0\0\0\x1cftypmif1\0\0\0\0heic" + b"\0" * 64, "a HEIC picture"),
            (b"\0\0\0\x1cftypavif\0\0\0\0mif1" + b"\0" * 64, "an AVIF picture"),
            (b"\0\0\0\x18ftypmp42" + b"\0" * 64, "a video"),
            (encoded(scene(), "TIFF"), "a TIFF or camera raw picture"),
            (encoded(scene(), "GIF"), "a GIF picture"),
            (encoded(scene(), "BMP"), "a BMP picture"),
            (ZIP, "a ZIP archive or an office document"),
            (b"%PDF-1.7", "a PDF document"),
            (b"\xef\xbb\xbf\n<svg xmlns='http://www.w3.org/2000/svg'/>", "a text such as SVG or HTML"),
            (b"hello", "a file of unknown kind"),
        ],
    )
    def test_other_things_are_named(self, data: bytes, what: str) -> None:
        refused = refusal(data)
        assert refused.value == what
        assert what in str(refused)

    def test_too_many_bytes(self) -> None:
        assert refusal(jpeg() + b"\0" * images.MAX_BYTES).value == "too large"

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
    def test_cut_off(self, form: str, part: float) -> None:
        data = encoded(scene(), form)
        assert refusal(data[: int(len(data) * part)]).value in ("damaged", "a file of unknown kind")

    def test_cut_off_with_an_end_put_behind(self) -> None:
        noisy = Image.effect_noise((640, 480), 90).convert("RGB")
        data = encoded(noisy, "PNG")
        assert refusal(data[: len(data) // 2] + data[-12:]).value == "damaged"

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
    @pytest.mark.parametrize("tail", [ZIP, b"<script>alert(1)</script>", b"%PDF-1.7\n", b"\0\0MZ\x90"])
    def test_two_things_in_one_file(self, form: str, tail: bytes) -> None:
        assert "goes on with something else" in str(refusal(encoded(scene(), form) + tail))

    def test_an_archive_behind_a_second_picture(self) -> None:
        assert "goes on" in str(refusal(jpeg() + jpeg(32, 32) + ZIP))

    def test_bomb_is_refused_before_it_is_decoded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "open", None)
        side = 30_000
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        body = zlib.compress(b"\0" * (side + 1) * 100, 9)
        png = b"\x89PNG\r\n\x1a\n"
        for kind, content in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b"")):
            png += struct.pack(">I", len(content)) + kind + content
            png += struct.pack(">I", zlib.crc32(kind + content))
        assert refusal(png).value == "30000x30000"
        wide = bytearray(jpeg())
        at = wide.index(b"\xff\xc0")
        wide[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
        assert refusal(bytes(wide)).value == "65000x65000"

    def test_just_over_the_limit_is_an_error_too(self) -> None:
        assert refusal(encoded(Image.new("1", (8000, 5001)), "PNG")).value == "8000x5001"
        assert look(encoded(Image.new("1", (8000, 5000)), "PNG")).height == 5000

    def test_a_jpeg_of_endless_scans(self) -> None:
        data = jpeg(progressive=True)
        start = data.rindex(b"\xff\xda")
        assert refusal(data[:-2] + data[start:-2] * images.MAX_SCANS + data[-2:]).value == "damaged"

    def test_two_sizes_in_one_file(self) -> None:
        data = jpeg()
        at = data.index(b"\xff\xc0")
        (length,) = struct.unpack_from(">H", data, at + 2)
        frame = bytearray(data[at : at + 2 + length])
        frame[5:9] = struct.pack(">HH", 16, 16)
        assert refusal(data[:at] + bytes(frame) + data[at:]).value == "damaged"

    @settings(max_examples=300, deadline=None)
    @given(
        form=st.sampled_from(["JPEG", "PNG", "WEBP"]),
        faults=st.lists(
            st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), min_size=1, max_size=6
        ),
    )
    def test_bytes_changed_anywhere_are_taken_or_refused_but_never_fail(
        self, form: str, faults: list[tuple[float, bytes]]
    ) -> None:
        data = bytearray(encoded(scene(64, 48), form))
        for where, what in faults:
            at = int(where * (len(data) - 1))
            data[at : at + len(what)] = what
        try:
            found = look(bytes(data))
        except Invalid:
            return
        assert 0 < found.width * found.height <= images.MAX_PIXELS


class TestWhatTheCameraWrote:
    def test_position(self) -> None:
        found = look(with_exif(gps=PLACE))
        assert found.lon == 116.4
        assert found.lat == pytest.approx(39.908333333)

    def test_south_and_west(self) -> None:
        found = look(with_exif(gps={**PLACE, 1: "S", 3: "W"}))
        assert found.lon == -116.4
        assert found.lat == pytest.approx(-39.908333333)

    @pytest.mark.parametrize(
        "gps",
        [
            {},
            {1: "N", 3: "E"},
            {**PLACE, 2: ((39, 0), (54, 0), (30, 0))},
            {**PLACE, 4: ((0, 0), (0, 0), (0, 0))},
            {**PLACE, 1: "?"},
            {**PLACE, 2: ((39, 1), (54, 1))},
            {**PLACE, 2: ((399, 1), (0, 1), (0, 1))},
            {**PLACE, 2: ((0, 1), (0, 1), (0, 1)), 4: ((0, 1), (0, 1), (0, 1))},
        ],
    )
    def test_no_usable_position(self, gps: Block) -> None:
        found = look(with_exif(gps=gps))
        assert (found.lon, found.lat) == (None, None)

    @pytest.mark.parametrize(
        ("camera", "expected"),
        [
            ({0x9003: "2026:11:20 08:30:00"}, datetime(2026, 11, 20, 0, 30, tzinfo=UTC)),
            ({0x9003: "2026:11:20 08:30:00", 0x9011: "+09:00"}, datetime(2026, 11, 19, 23, 30, tzinfo=UTC)),
            ({0x9003: "2026:11:20 08:30:00", 0x9011: "-03:30"}, datetime(2026, 11, 20, 12, 0, tzinfo=UTC)),
            ({0x9003: "0000:00:00 00:00:00"}, None),
            ({0x9003: "1970:01:01 00:00:00"}, None),
            ({0x9003: "yesterday"}, None),
            ({}, None),
        ],
    )
    def test_time(self, camera: dict[int, str], expected: datetime | None) -> None:
        assert look(with_exif(camera=camera)).taken_at == expected

    @pytest.mark.skipif(not SHARED.is_dir(), reason="the shared photographs are not here")
    def test_real_cameras(self) -> None:
        found = look((SHARED / "DSCN0010.jpg").read_bytes())
        assert found.lon == pytest.approx(11.88513, abs=1e-5)
        assert found.lat == pytest.approx(43.46745, abs=1e-5)
        assert found.taken_at is not None
        lying = look((SHARED / "landscape_6.jpg").read_bytes())
        assert lying.width > lying.height
        assert look((SHARED / "image01713.jpg").read_bytes()).width > 0


class TestShown:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_upright_and_without_metadata(self, orientation: int, tmp_path: Path) -> None:
        original = tmp_path / "original"
        original.write_bytes(turned(orientation))
        found = look(original.read_bytes())
        assert (found.width, found.height) == (640, 480)
        with Image.open(BytesIO(shown(original, 320))) as image:
            assert image.size == (320, 240)
            assert not image.getexif()
            assert set(image.info) <= {
                "jfif",
                "jfif_version",
                "jfif_unit",
                "jfif_density",
                "progressive",
                "progression",
            }
            for corner, colour in CORNERS.items():
                place = (280 if "right" in corner else 40, 200 if "bottom" in corner else 40)
                pixel = image.getpixel(place)
                assert isinstance(pixel, tuple)
                assert all(abs(a - b) < 12 for a, b in zip(pixel, colour, strict=True)), corner

    def test_nothing_of_the_camera_is_left(self, tmp_path: Path) -> None:
        original = tmp_path / "original"
        secret = b"taken by Zhang San at home"
        original.write_bytes(
            encoded(
                scene(),
                exif=with_exif(gps=PLACE)[6:200],
                comment=secret,
                icc_profile=secret * 9,
                xmp=b"<x:xmpmeta>" + secret + b"</x:xmpmeta>",
            )
        )
        assert secret in original.read_bytes()
        for side in (320, 1600):
            data = shown(original, side)
            assert secret not in data
            assert b"Exif" not in data

    def test_never_larger_than_the_original(self, tmp_path: Path) -> None:
        original = tmp_path / "original"
        original.write_bytes(jpeg(100, 80))
        assert Image.open(BytesIO(shown(original, 1600))).size == (100, 80)

    def test_transparency_becomes_white(self, tmp_path: Path) -> None:
        original = tmp_path / "original"
        original.write_bytes(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
        assert Image.open(BytesIO(shown(original, 320))).getpixel((25, 25)) == (255, 255, 255)
