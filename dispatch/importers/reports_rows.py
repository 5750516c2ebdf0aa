"""Rows of another system's CSV, read by a mapping: what each tells, and what is wrong with it. No database.

The file is a stream from the first to the last row, so memory stays flat. A fault of the file (encoding,
CSV, columns) is Invalid and names the line; a fault of a row stays with the row.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from casework.errors import Invalid
from dispatch.imported import REFUSED, Fault, Stood
from dispatch.importers.reports_mapping import ISO, PLACE, TEXTS, TIMES, Mapping

LONGEST_CELL: Final = 16_000_000  # beyond that a quote was surely never closed
LONGEST: Final = {"text": 4000, "title": 500, "address": 200}
LONGEST_WORD: Final = 200
LONGEST_ID: Final = 60
EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
GUESSES: Final = ("utf-8", "gb18030", "cp1252", "big5")


@dataclass(slots=True)
class Flaw:
    """A fault of one row: which, in which field, what stood there."""

    fault: Fault
    field: str = ""
    value: str = ""


@dataclass(slots=True)
class Told:
    """What one row tells. Times are instants as told, even impossible ones: the flaws say which. `place` (in
    crs.STORE) is found later."""

    line: int
    cells: Sequence[str]
    ref: str = ""
    times: dict[str, datetime] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    stood: Stood = Stood.UNKNOWN
    source: str = ""
    given: tuple[str, str] | None = None
    place: tuple[float, float] | None = None
    flaws: list[Flaw] = field(default_factory=list)

    def flaw(self, fault: Fault, field: str = "", value: str = "") -> None:
        self.flaws.append(Flaw(fault, field, value[:LONGEST_WORD]))

    @property
    def refused(self) -> bool:
        return any(flaw.fault in REFUSED for flaw in self.flaws)


class Reader:
    """Reads one file by one mapping. `heading` is there once `rows()` has begun."""

    def __init__(self, path: Path, mapping: Mapping, now: datetime) -> None:
        self.path, self.mapping, self.now = path, mapping, now
        self.heading: list[str] = []
        self.total_bytes = max(path.stat().st_size, 1)
        self.bytes_read = 0
        self._formats = mapping.times
        self._text_columns: list[tuple[str, int, int]] = []
        self._time_columns: list[tuple[str, int]] = []
        self._id = 0
        self._place: tuple[int, int] | None = None

    def check(self) -> None:
        """Is the file whole, CSV and in its encoding to the end, with the columns? Invalid if not."""
        for _line in self._lines():
            pass
        self.bytes_read = 0

    def rows(self) -> Iterator[Told]:
        """Every row but empty ones, in order; Invalid for a fault of the file."""
        for line, cells in self._lines():
            yield self._told(line, cells)

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        """Where each row begins, and its cells."""
        with _opened(self.path) as (unpacked, packed), _long_cells():
            text = io.TextIOWrapper(unpacked, encoding=self.mapping.encoding, newline="")
            lines = csv.reader(text, delimiter=self.mapping.delimiter, strict=True)
            line = 0
            try:
                self._columns(next(lines, None))
                line = lines.line_num
                for cells in lines:
                    if cells:
                        yield line + 1, cells
                    line = lines.line_num
                    self.bytes_read = packed.tell()
            except UnicodeError as fault:
                raise self._unusable(
                    _("Line %(line)s is not %(encoding)s.")
                    % {"line": self._undecodable(line + 1), "encoding": self._encoding},
                    self._encoding_hint(),
                ) from fault
            except csv.Error as fault:
                raise self._unusable(
                    _("Line %(line)s is not CSV: %(why)s.") % {"line": line + 1, "why": fault},
                    _("Mend the quotes on that line."),
                ) from fault
            except (EOFError, gzip.BadGzipFile, zlib.error) as fault:
                raise self._unusable(
                    _("The file is damaged after line %(line)s: %(why)s.") % {"line": line, "why": fault},
                    _("Fetch it again."),
                ) from fault

    def _columns(self, heading: list[str] | None) -> None:
        """Where the mapping's columns stand."""
        names = [name.strip() for name in heading or []]
        wanted = self.mapping.columns
        lacking = sorted({column for column in wanted.values() if column not in names})
        if lacking:
            raise self._unusable(
                _("The file has no column %(columns)s.") % {"columns": ", ".join(lacking)},
                _("Its columns are: %(columns)s.") % {"columns": ", ".join(names)[:500] or "–"},
            )
        double = sorted({column for column in wanted.values() if names.count(column) > 1})
        if double:
            raise self._unusable(
                _("The file has the column %(columns)s more than once.") % {"columns": ", ".join(double)},
                _("Give each column a name of its own."),
            )
        self.heading = names
        at = {name: names.index(column) for name, column in wanted.items()}
        self._id = at["id"]
        self._time_columns = [(name, at[name]) for name in TIMES if name in at]
        self._text_columns = [
            (name, at[name], LONGEST.get(name, LONGEST_WORD)) for name in TEXTS if name in at
        ]
        self._place = (at["x"], at["y"]) if PLACE[0] in at else None

    def _told(self, line: int, cells: list[str]) -> Told:
        told = Told(line, cells)
        if len(cells) != len(self.heading):
            told.flaw(Fault.RAGGED, "", f"{len(cells)} / {len(self.heading)}")
            return told
        told.ref = armed(cells[self._id].strip())
        if not told.ref:
            told.flaw(Fault.NO_ID, "id")
        elif len(told.ref) > LONGEST_ID or NO_TEXT.search(told.ref) or "\n" in told.ref:
            told.flaw(Fault.BAD_ID, "id", NO_TEXT.sub("", told.ref))
        for name, at, longest in self._text_columns:
            value = cells[at].strip()
            if value:
                told.texts[name] = self._clean(told, name, value, longest)
        for name, at in self._time_columns:
            value = cells[at].strip()
            if value:
                self._time(told, name, value)
        if self._place:
            x, y = (NO_TEXT.sub("", cells[at]).strip() for at in self._place)
            if x or y:
                told.given = x[:40], y[:40]
            else:
                told.flaw(Fault.NO_PLACE, "place")
        self._judge_times(told)
        self._judge_words(told)
        return told

    def _clean(self, told: Told, name: str, value: str, longest: int) -> str:
        value = armed(value)
        if NO_TEXT.search(value):
            value = NO_TEXT.sub("", value).strip()
            told.flaw(Fault.CONTROL, name, value)
        if len(value) > longest:
            told.flaw(Fault.TOO_LONG, name, f"{len(value):,}")
            value = value[:longest]
        return value

    def _time(self, told: Told, name: str, value: str) -> None:
        at = self._read(value)
        if at is None:
            told.flaw(Fault.BAD_OPENED if name == "opened" else Fault.BAD_TIME, name, NO_TEXT.sub("", value))
            return
        if at.tzinfo is None:
            zone = self.mapping.zone
            at = at.replace(tzinfo=zone)
            if at.utcoffset() != at.replace(fold=1).utcoffset():
                told.flaw(Fault.CLOCK_CHANGE, name, value)
        at = at.astimezone(UTC)
        if at < EARLIEST:
            told.flaw(Fault.BAD_OPENED if name == "opened" else Fault.BAD_TIME, name, value)
            return
        told.times[name] = at

    def _read(self, value: str) -> datetime | None:
        for form in self._formats:
            try:
                read = datetime.fromisoformat(value) if form == ISO else datetime.strptime(value, form)  # noqa: DTZ007
            except ValueError:
                continue
            # the ends of the calendar cannot be brought into another zone
            return read if 1 < read.year < 9999 else None
        return None

    def _judge_times(self, told: Told) -> None:
        times, now = told.times, self.now
        opened = times.get("opened")
        if opened is None:
            if not any(flaw.fault == Fault.BAD_OPENED for flaw in told.flaws):
                told.flaw(Fault.NO_OPENED, "opened")
            return
        if opened > now:
            told.flaw(Fault.OPENED_IN_FUTURE, "opened", opened.isoformat())
            return
        for name, before in BEFORE_OPENED.items():
            at = times.get(name)
            if at is not None:
                if at < opened:
                    told.flaw(before, name, at.isoformat())
                elif name != "due" and at > now:
                    told.flaw(Fault.IN_FUTURE, name, at.isoformat())

    def _judge_words(self, told: Told) -> None:
        mapping, texts = self.mapping, told.texts
        status = texts.get("status", "")
        if "status" not in mapping.columns:
            # without a status the times tell how it stood
            cancelled, closed = "cancelled" in told.times, "closed" in told.times
            told.stood = Stood.CANCELLED if cancelled else Stood.CLOSED if closed else Stood.OPEN
        elif not status:
            told.flaw(Fault.NO_STATUS, "status")
        elif status in mapping.states:
            told.stood = mapping.states[status]
        else:
            told.flaw(Fault.UNKNOWN_STATUS, "status", status)
        if "closed" in mapping.columns:
            if told.stood == Stood.CLOSED and "closed" not in told.times:
                told.flaw(Fault.CLOSED_WITHOUT_TIME, "closed")
            elif told.stood == Stood.OPEN and "closed" in told.times:
                told.flaw(Fault.OPEN_BUT_CLOSED, "closed", told.times["closed"].isoformat())
        if "address" in mapping.columns and "address" not in texts:
            told.flaw(Fault.NO_ADDRESS, "address")
        if "department" in mapping.columns and "department" not in texts:
            told.flaw(Fault.NO_DEPARTMENT, "department")
        told.source = mapping.sources.get(texts.get("source", ""), "")

    def _unusable(self, message: str, mend: str) -> Invalid:
        return Invalid(message, field="file", value=self.path.name, mend=mend)

    @property
    def _encoding(self) -> str:
        return self.mapping.encoding.removesuffix("-sig")

    def _undecodable(self, line: int) -> int:
        """The first line that cannot be decoded; decoding runs ahead of the rows, by a block."""
        if self._encoding.startswith(("utf-16", "utf-32")):
            return line
        with _opened(self.path) as (unpacked, _packed):
            for number, raw in enumerate(unpacked, start=1):
                if not _decodes(raw, self._encoding, whole=True):
                    return number
        return line

    def _encoding_hint(self) -> str:
        """Which encodings could read the beginning of the file."""
        with _opened(self.path) as (unpacked, _packed):
            head = unpacked.read(1 << 20)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            fits = ["utf-16"]
        else:
            fits = [name for name in GUESSES if name != self._encoding and _decodes(head, name)]
        if not fits:
            return _("Save it in UTF-8.")
        return _('Write encoding = "%(fits)s" in the mapping, if the words then read right.') % {
            "fits": '" / "'.join(fits)
        }


BEFORE_OPENED: Final = {
    "closed": Fault.CLOSED_BEFORE_OPENED,
    "cancelled": Fault.CANCELLED_BEFORE_OPENED,
    "inspected": Fault.INSPECTED_BEFORE_OPENED,
    "due": Fault.DUE_BEFORE_OPENED,
}


def armed(value: str) -> str:
    """Without the mark that `disarmed()` set, so that a mended file of reasons can be fed again."""
    return value[1:] if len(value) > 1 and value[0] == "'" and value[1] in "=+-@" else value


def disarmed(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if value[:1] in ("=", "+", "-", "@") and not re.fullmatch(r"[+-]?[\d.,]+", value):
        return "'" + value
    return value


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file's bytes, unpacked if it is gzip, and the file itself, which knows how far it has been read."""
    with path.open("rb", buffering=0) as packed:
        is_gzip = packed.read(2) == b"\x1f\x8b"
        packed.seek(0)
        source: Any = gzip.GzipFile(fileobj=packed) if is_gzip else packed
        yield io.BufferedReader(source, buffer_size=1 << 16), packed


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _decodes(head: bytes, name: str, *, whole: bool = False) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True
