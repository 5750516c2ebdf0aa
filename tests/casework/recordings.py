"""Voice notes made for tests, as browsers write them and as nobody should."""

from __future__ import annotations

import struct

FRAME = b"\xf8\xff\xfe"  # Opus: twenty milliseconds of silence


def element(name: int, content: bytes, *, open_end: bool = False) -> bytes:
    """An EBML element; `open_end`: its size is not stated, as in what is written live."""
    size = b"\x01" + b"\xff" * 7 if open_end else (len(content) | 1 << 28).to_bytes(4)
    return name.to_bytes((name.bit_length() + 7) // 8) + size + content


def webm(
    seconds: float = 2.0, *, track_type: int = 2, codec: bytes = b"A_OPUS", doc: bytes = b"webm",
    more: bytes = b"", tracks: int = 1, live: bool = True,
) -> bytes:  # fmt: skip
    """As Chrome and Firefox record: clusters of a second, without stated ends where `live`."""
    entry = element(0xAE, element(0xD7, b"\x01") + element(0x83, bytes([track_type])) + element(0x86, codec))
    info = element(0x1549A966, element(0x2AD7B1, (1_000_000).to_bytes(3)))
    sound = b""
    times = list(range(0, int(seconds * 1000) + 1, 20))
    for first in range(0, len(times), 50):
        inside = element(0xE7, times[first].to_bytes(4))
        for time in times[first : first + 50]:
            inside += element(0xA3, b"\x81" + struct.pack(">hB", time - times[first], 0x80) + FRAME)
        sound += element(0x1F43B675, inside, open_end=live)
    head = element(0x1A45DFA3, element(0x4282, doc))
    return head + element(
        0x18538067, info + element(0x1654AE6B, entry * tracks) + more + sound, open_end=live
    )


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def mp4(
    seconds: float = 2.0, *, handler: bytes = b"soun", codec: bytes = b"mp4a", more: bytes = b"",
    tracks: int = 1, fragments: bool = True,
) -> bytes:  # fmt: skip
    """As Safari (in one piece) and Chrome (in fragments) record: 48 kHz, frames of 20 ms."""
    frames = int(seconds * 50)
    listed = struct.pack(">I", 0) if fragments else struct.pack(">III", 1, frames, 960)
    table = box(
        b"stbl",
        box(b"stsd", bytes(4) + struct.pack(">I", 1) + box(codec, bytes(28)))
        + box(b"stts", bytes(4) + listed),
    )
    media = (
        box(b"mdhd", bytes(4) + struct.pack(">IIII", 0, 0, 48_000, 0) + bytes(4))
        + box(b"hdlr", bytes(8) + handler + bytes(13))
        + box(b"minf", table)
    )
    extends = box(b"mvex", box(b"trex", bytes(4) + struct.pack(">IIIII", 1, 1, 960, 0, 0)))
    movie = box(b"moov", box(b"trak", box(b"mdia", media)) * tracks + (extends if fragments else b""))
    made = box(b"ftyp", b"isom" + bytes(4)) + movie + more
    if not fragments:
        return made + box(b"mdat", FRAME * frames)
    half = frames // 2
    usual = box(b"tfhd", struct.pack(">II", 0x020000, 1)) + box(b"trun", struct.pack(">II", 0, half))
    given = box(b"tfhd", struct.pack(">III", 0x8, 1, 960)) + box(
        b"trun", struct.pack(">II", 0x100, frames - half) + struct.pack(">I", 960) * (frames - half)
    )
    for run in (usual, given):
        made += box(b"moof", box(b"traf", run)) + box(b"mdat", FRAME * half)
    return made


def page(number: int, granule: int, content: bytes, *, flags: int = 0, serial: int = 7) -> bytes:
    table = bytes([255] * (len(content) // 255) + [len(content) % 255])
    return (
        struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(table)) + table + content
    )


def ogg(seconds: float = 2.0, *, head: bytes = b"OpusHead", serial: int = 7, more: bytes = b"") -> bytes:
    """As Firefox records."""
    first = head + struct.pack("<BBHIHB", 1, 1, 312, 48_000, 0, 0)
    made = page(0, 0, first, flags=2) + page(1, 0, b"OpusTags" + bytes(8))
    return made + page(2, int(seconds * 48_000) + 312, FRAME * 40, serial=serial, flags=4) + more
