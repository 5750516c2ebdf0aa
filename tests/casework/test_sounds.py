"""What is taken for a voice note, and what is not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from casework.errors import Invalid
from casework.sounds import MAX_BYTES, Sound, listen_to
from tests.casework.pictures import jpeg
from tests.casework.recordings import box, element, mp4, ogg, webm

MAKERS = [webm, mp4, ogg]


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (webm(), "audio/webm"),
        (webm(live=False), "audio/webm"),
        (webm(codec=b"A_VORBIS"), "audio/webm"),
        (webm(more=element(0xEC, bytes(50))), "audio/webm"),
        (mp4(), "audio/mp4"),
        (mp4(fragments=False), "audio/mp4"),
        (mp4(codec=b"Opus"), "audio/mp4"),
        (ogg(), "audio/ogg"),
    ],
)
def test_what_browsers_record_is_known_with_its_length(data: bytes, content_type: str) -> None:
    assert listen_to(data) == Sound(content_type, 2.0)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "an empty file"),
        (jpeg(), "a file of unknown kind"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<script>alert(1)</script>", "a text such as SVG or HTML"),
        (webm(track_type=1), "a track that is not sound"),
        (webm(codec=b"V_VP8"), "a codec of no phone"),
        (webm(tracks=2), "not one track"),
        (webm(doc=b"matroska"), "another document in EBML than WebM"),
        (webm(more=element(0x1941A469, b"#!/bin/sh")), "element 1941a469 in a recording"),
        (webm(more=element(0x1654AE6B, b"")), "not one track"),
        (webm(live=False) + b"PK\x05\x06", "something else behind the recording"),
        (mp4(handler=b"vide"), "a track that is not sound"),
        (mp4(codec=b"avc1"), "a codec of no phone"),
        (mp4(tracks=2), "2 parts b'trak', not one"),
        (mp4(more=box(b"uuid", b"hidden")), "box uuid in a recording"),
        (mp4() + b"PK\x05\x06" + bytes(20), "cut off"),
        (mp4()[:-1], "cut off"),
        (ogg(head=b"\x80theora\0"), "a codec of no phone"),
        (ogg(serial=8), "not one stream"),
        (ogg(more=ogg()), "not one stream"),
        (ogg() + b"<html>", "damaged"),
    ],
)
def test_anything_else_is_refused_with_field_value_and_mend(data: bytes, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        listen_to(data)
    assert refused.value.field == "voice"
    assert refused.value.mend
    assert why in str(refused.value.value) or (why == "damaged" and refused.value.value)


@pytest.mark.parametrize("make", MAKERS)
def test_no_longer_than_a_minute_and_not_nothing(make: Callable[[float], bytes]) -> None:
    assert listen_to(make(60)).seconds == pytest.approx(60, abs=0.1)
    for seconds in (0, 70):
        with pytest.raises(Invalid, match="lasts"):
            listen_to(make(seconds))


def test_no_larger_than_it_may_be() -> None:
    with pytest.raises(Invalid, match="too large"):
        listen_to(webm(more=element(0xEC, bytes(MAX_BYTES))))


@pytest.mark.parametrize("make", MAKERS)
def test_every_way_of_being_cut_off_or_spoilt_is_refused_or_known_never_a_fault(
    make: Callable[[], bytes],
) -> None:
    whole, chance = make(), random.Random(9)
    spoilt = [whole[:n] for n in range(0, len(whole), max(1, len(whole) // 400))]
    for _ in range(600):
        changed = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(min(len(changed), 400))] = chance.randrange(256)
        spoilt.append(bytes(changed))
    known = 0
    for data in spoilt:
        with suppress(Invalid):
            known += listen_to(data).seconds > 0
    assert known < len(spoilt) / 2


@pytest.mark.parametrize(
    "data",
    [
        webm(more=b"\xec\x80" * (MAX_BYTES // 2 - 4000)),
        mp4(more=box(b"free", b"") * (MAX_BYTES // 8 - 2000)),
    ],
)
def test_a_file_of_very_many_parts_costs_no_time(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Invalid, match="damaged"):
        listen_to(data)
    assert time.process_time() - began < 1
