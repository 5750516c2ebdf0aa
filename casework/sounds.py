"""What a file that calls itself a voice note really is: bytes in, kind and length out.

Phones record WebM (Chrome, Firefox), MP4 (Safari) or Ogg. The container is walked from its first byte to its
last: one track, of sound, and nothing that has no business in a recording. The length is what the frames add
up to, not what a header says. Nothing is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from casework.errors import Invalid
from casework.images import what_it_is

MAX_BYTES: Final = 2 * 1024 * 1024
SECONDS: Final = 60  # phones stop recording here
_SLACK_SECONDS: Final = 5  # for one that stopped late
_PARTS_AT_MOST: Final = 40_000  # of one file; a minute of sound has a few thousand


@dataclass(frozen=True)
class Sound:
    content_type: str
    seconds: float


def listen_to(data: bytes) -> Sound:
    """The facts of a recording; Invalid says what is wrong with anything else."""
    if len(data) > MAX_BYTES:
        raise _refused(
            _("The voice note is too large: %(size)s MB.") % {"size": round(len(data) / 1024**2, 1)},
            "too large",
            _("At most %(most)s MB. Record it shorter.") % {"most": MAX_BYTES // 1024**2},
        )
    reader: Callable[[bytes], float]
    if data[:4] == b"\x1a\x45\xdf\xa3":
        content_type, reader = "audio/webm", _webm
    elif data[4:8] == b"ftyp":
        content_type, reader = "audio/mp4", _mp4
    elif data[:4] == b"OggS":
        content_type, reader = "audio/ogg", _ogg
    else:
        what = what_it_is(data)
        raise _refused(
            _("This is no voice note in WebM, MP4 or Ogg but %(what)s, whatever its name says.")
            % {"what": what},
            what,
            _("Record it in the app."),
        )
    try:
        seconds = reader(data)
    except (IndexError, struct.error, ValueError) as fault:
        raise _refused(
            _("The voice note is damaged, or not sound alone."),
            str(fault) or "damaged",
            _("Record it again in the app: one track of sound, without pictures or attached files."),
        ) from fault
    if not 0 < seconds <= SECONDS + _SLACK_SECONDS:
        raise _refused(
            _("The voice note lasts %(seconds)s seconds.") % {"seconds": round(seconds, 1)},
            round(seconds, 1),
            _("More than 0 and at most %(most)s seconds.") % {"most": SECONDS},
        )
    return Sound(content_type, round(seconds, 2))


def _refused(message: str, value: object, mend: str) -> Invalid:
    return Invalid(message, field="voice", value=value, mend=mend)


class _Budget:
    """A small file can be cut into very many parts: reading stops before that costs."""

    def __init__(self) -> None:
        self.left = _PARTS_AT_MOST

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ValueError("too many parts")


# --- WebM (EBML) -------------------------------------------------------------------------------------------

_SEGMENT, _CLUSTER, _TRACKS, _INFO, _TRACK = 0x18538067, 0x1F43B675, 0x1654AE6B, 0x1549A966, 0xAE
_VOID, _CRC = 0xEC, 0xBF
_SEEK_HEAD, _CUES, _TAGS = 0x114D9B74, 0x1C53BB6B, 0x1254C367
_OF_SEGMENT = frozenset({_SEEK_HEAD, _INFO, _TRACKS, _CLUSTER, _CUES, _TAGS, _VOID, _CRC})
_OF_CLUSTER = frozenset({0xE7, 0xA3, 0xA0, 0xAB, 0xA7, _VOID, _CRC})
_OPEN_END = -1


def _webm(data: bytes) -> float:
    budget = _Budget()
    _head, start, end = _element(data, 0, len(data))
    if dict(_leaves(data, start, end, budget)).get(0x4282, b"").rstrip(b"\0") != b"webm":
        raise ValueError("another document in EBML than WebM")
    segment, at, stop = _element(data, end, len(data))
    stop = len(data) if stop == _OPEN_END else stop
    if segment != _SEGMENT or stop != len(data):
        raise ValueError("something else behind the recording")
    scale, track, last = 1_000_000, -1, 0.0
    while at < stop:
        budget.spend()
        name, start, end = _element(data, at, stop)
        if name not in _OF_SEGMENT:
            raise ValueError(f"element {name:x} in a recording")
        if name == _CLUSTER:
            times, end = _cluster(data, start, stop if end == _OPEN_END else end, track, budget)
            last = max(last, *times)
        elif end == _OPEN_END:
            raise ValueError("an element without an end")
        elif name == _INFO:
            scale = int.from_bytes(dict(_leaves(data, start, end, budget)).get(0x2AD7B1, b"\x0f\x42\x40"))
        elif name == _TRACKS:
            track = _only_track(data, start, end, budget, known=track)
        at = end
    return last * scale / 1e9


def _only_track(data: bytes, start: int, end: int, budget: _Budget, *, known: int) -> int:
    tracks = [body for name, body in _leaves(data, start, end, budget) if name == _TRACK]
    if len(tracks) != 1 or known != -1:
        raise ValueError("not one track")
    found = dict(_leaves(tracks[0], 0, len(tracks[0]), budget))
    if found.get(0x83) != b"\x02" or 0xE0 in found:
        raise ValueError("a track that is not sound")
    if found.get(0x86, b"").rstrip(b"\0") not in (b"A_OPUS", b"A_VORBIS"):
        raise ValueError("a codec of no phone")
    return int.from_bytes(found[0xD7]) if 0xD7 in found else 1


def _cluster(data: bytes, at: int, stop: int, track: int, budget: _Budget) -> tuple[list[float], int]:
    """Times of its blocks in ticks, 0 among them; one without a stated end reaches to the next part."""
    base, times = 0, [0.0]
    while at < stop:
        budget.spend()
        name, start, end = _element(data, at, stop)
        if name not in _OF_CLUSTER:
            if name in _OF_SEGMENT:
                break
            raise ValueError(f"element {name:x} among the sound")
        if end == _OPEN_END:
            raise ValueError("an element without an end")
        if name == 0xE7:
            base = int.from_bytes(data[start:end])
        elif name in (0xA3, 0xA0):
            if name == 0xA0:
                start = _one(list(_elements(data, start, end, budget)), 0xA1)[0]
            number, after = _number(data, start)
            if number != track:
                raise ValueError("sound of another track")
            times.append(base + struct.unpack_from(">h", data, after)[0])
        at = end
    return times, at


def _leaves(data: bytes, at: int, stop: int, budget: _Budget) -> Iterator[tuple[int, bytes]]:
    return ((name, data[start:end]) for name, start, end in _elements(data, at, stop, budget))


def _elements(data: bytes, at: int, stop: int, budget: _Budget) -> Iterator[tuple[int, int, int]]:
    while at < stop:
        budget.spend()
        name, start, end = _element(data, at, stop)
        if end == _OPEN_END:
            raise ValueError("an element without an end")
        yield name, start, end
        at = end


def _element(data: bytes, at: int, stop: int) -> tuple[int, int, int]:
    """Name, and where the content lies; `_OPEN_END` where it is not stated."""
    length = 9 - data[at].bit_length()
    if length > 4:
        raise ValueError("no element")
    name = int.from_bytes(data[at : at + length])
    size, start = _number(data, at + length)
    if size == _OPEN_END:
        return name, start, _OPEN_END
    if start + size > stop:
        raise ValueError("cut off")
    return name, start, start + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends."""
    length = 9 - data[at].bit_length()
    raw = data[at : at + length]
    if length > 8 or len(raw) < length:
        raise ValueError("no number")
    value = int.from_bytes(raw) & ((1 << 7 * length) - 1)
    return (_OPEN_END if value == (1 << 7 * length) - 1 else value), at + length


# --- MP4 (ISO base media) ----------------------------------------------------------------------------------

_AT_TOP = frozenset({b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"sidx", b"mfra"})

_Boxes = list[tuple[bytes, int, int]]
_Part = TypeVar("_Part", bytes, int)


def _mp4(data: bytes) -> float:
    budget = _Budget()
    top = _boxes(data, 0, len(data), budget)
    if unknown := [name for name, _s, _e in top if name not in _AT_TOP]:
        raise ValueError(f"box {unknown[0].decode('latin-1')} in a recording")
    movie = _one(top, b"moov")
    inside = _boxes(data, *movie, budget)
    media = _boxes(data, *_one(_boxes(data, *_one(inside, b"trak"), budget), b"mdia"), budget)
    handler = _one(media, b"hdlr")[0]
    if data[handler + 8 : handler + 12] != b"soun":
        raise ValueError("a track that is not sound")
    table = _boxes(data, *_one(_boxes(data, *_one(media, b"minf"), budget), b"stbl"), budget)
    described = _boxes(data, _one(table, b"stsd")[0] + 8, _one(table, b"stsd")[1], budget)
    if [name for name, _s, _e in described] not in ([b"mp4a"], [b"Opus"]):
        raise ValueError("a codec of no phone")
    header = _one(media, b"mdhd")[0]
    (rate,) = struct.unpack_from(">I", data, header + (20 if data[header] == 1 else 12))
    if not rate:
        raise ValueError("no clock")
    usual = 0
    for name, start, end in inside:
        if name == b"mvex":
            (usual,) = struct.unpack_from(">I", data, _one(_boxes(data, start, end, budget), b"trex")[0] + 12)
    ticks = _listed(data, _one(table, b"stts")[0])
    for name, start, end in top:
        if name == b"moof":
            ticks += _fragment(
                data, _boxes(data, *_one(_boxes(data, start, end, budget), b"traf"), budget), usual
            )
    return float(ticks / rate)


def _listed(data: bytes, at: int) -> int:
    """Ticks of the samples in a table of times."""
    (count,) = struct.unpack_from(">I", data, at + 4)
    if count > _PARTS_AT_MOST:
        raise ValueError("too many parts")
    pairs = struct.unpack_from(f">{2 * count}I", data, at + 8)
    return sum(n * each for n, each in zip(pairs[::2], pairs[1::2], strict=True))


def _fragment(data: bytes, boxes: _Boxes, usual: int) -> int:
    """Ticks of the samples in one fragment."""
    head = _one(boxes, b"tfhd")[0]
    flags = int.from_bytes(data[head + 1 : head + 4])
    if flags & 0x8:
        (usual,) = struct.unpack_from(
            ">I", data, head + 8 + (8 if flags & 0x1 else 0) + (4 if flags & 0x2 else 0)
        )
    ticks = 0
    for name, at, _end in boxes:
        if name != b"trun":
            continue
        flags = int.from_bytes(data[at + 1 : at + 4])
        (count,) = struct.unpack_from(">I", data, at + 4)
        if count > _PARTS_AT_MOST:
            raise ValueError("too many parts")
        if not flags & 0x100:
            ticks += count * usual
            continue
        each = 4 * bin(flags & 0xF00).count("1")
        first = at + 8 + (4 if flags & 0x1 else 0) + (4 if flags & 0x4 else 0)
        ticks += sum(struct.unpack_from(">I", data, first + i * each)[0] for i in range(count))
    return ticks


def _boxes(data: bytes, at: int, stop: int, budget: _Budget) -> _Boxes:
    found: _Boxes = []
    while at < stop:
        budget.spend()
        size, name = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        end = stop if size == 0 else at + size
        if not start <= end <= stop:
            raise ValueError("cut off")
        found.append((name, start, end))
        at = end
    return found


def _one(parts: list[tuple[_Part, int, int]], wanted: _Part) -> tuple[int, int]:
    found = [(start, end) for name, start, end in parts if name == wanted]
    if len(found) != 1:
        raise ValueError(f"{len(found)} parts {wanted!r}, not one")
    return found[0]


# --- Ogg ---------------------------------------------------------------------------------------------------


def _ogg(data: bytes) -> float:
    budget = _Budget()
    at, stream, last, rate, skip = 0, b"", 0, 0, 0
    for page in range(_PARTS_AT_MOST):
        if at == len(data):
            break
        budget.spend()
        mark, version, flags, granule, serial, number, _crc, count = struct.unpack_from(
            "<4sBBq4sIIB", data, at
        )
        body = at + 27 + count
        end = body + sum(data[at + 27 : body])
        begins = bool(flags & 2)
        if mark != b"OggS" or version or end > len(data) or number != page or begins != (page == 0):
            raise ValueError("not one stream")
        if begins:
            stream, (rate, skip) = serial, _spoken(data[body:end])
        elif serial != stream:
            raise ValueError("not one stream")
        last = max(last, granule)
        at = end
    return max(0, last - skip) / rate if rate else 0.0


def _spoken(first: bytes) -> tuple[int, int]:
    """Ticks a second and ticks to leave out, from the first packet of a codec of sound."""
    if first[:8] == b"OpusHead":
        return 48_000, struct.unpack_from("<H", first, 10)[0]
    if first[:7] == b"\x01vorbis":
        return struct.unpack_from("<I", first, 12)[0], 0
    raise ValueError("a codec of no phone")
