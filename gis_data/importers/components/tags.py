"""From OpenStreetMap's tags to classes of components, by a table that a city can change. Pure.

Columns: tags, class_code, note. `tags` are patterns that must all hold, with spaces between: `key=value`,
`key=*` (any value), `!key` (no such key). The first line that fits decides. A line without a class says: no
component of the city, pass over. What carries a key of the table and fits no line is refused: nothing is
lost unseen.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from gis_data.errors import PlaceError

FILE: Final = Path(__file__).resolve().parents[3] / "fixtures" / "categories" / "osm_tags.csv"
COLUMNS: Final = ["tags", "class_code", "note"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What tags say a thing is: `name` for counting, `class_code` empty if unknown, `passed` if not ours."""

    name: str
    class_code: str = ""
    passed: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    pairs: tuple[tuple[str, str], ...]
    absent: tuple[str, ...]
    class_code: str

    def fits(self, tags: Mapping[str, str]) -> bool:
        return all(
            (said := tags.get(key)) is not None and value in ("*", said) for key, value in self.pairs
        ) and not any(key in tags for key in self.absent)


class TagTable:
    """The lines of a table, found by the first key and value they ask for."""

    def __init__(self, lines: list[_Line], text: str) -> None:
        self.text = text
        self.keys = list(dict.fromkeys(line.pairs[0][0] for line in lines))
        self.class_codes = frozenset(line.class_code for line in lines if line.class_code)
        self._by_key: dict[str, list[tuple[int, _Line]]] = {key: [] for key in self.keys}
        for rank, line in enumerate(lines):
            self._by_key[line.pairs[0][0]].append((rank, line))

    def kind_of(self, tags: Mapping[str, str]) -> Kind | None:
        """What a thing is; None if it carries no key of the table."""
        carried = [key for key in self.keys if key in tags]
        if not carried:
            return None
        fitting = ((rank, line) for key in carried for rank, line in self._by_key[key] if line.fits(tags))
        found = min(fitting, key=lambda one: one[0], default=None)
        if found is None:
            return Kind(f"{carried[0]}={tags[carried[0]]}")
        line = found[1]
        name = " ".join(f"{key}={tags[key]}" for key, _value in line.pairs)
        return Kind(name, line.class_code, passed=not line.class_code)


def read_tags(path: Path = FILE) -> TagTable:
    """The table of a file; PlaceError names the first line that cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise _fault(path, 0, str(fault)) from fault
    reader = csv.DictReader(text.splitlines())
    if reader.fieldnames != COLUMNS:
        raise _fault(path, 1, _("the columns must be %(columns)s") % {"columns": ", ".join(COLUMNS)})
    return TagTable(list(_lines(path, reader)), text)


def _lines(path: Path, reader: csv.DictReader[str]) -> Iterator[_Line]:
    for row in reader:
        pairs: list[tuple[str, str]] = []
        absent: list[str] = []
        for pattern in (row["tags"] or "").split():
            key, equals, value = pattern.partition("=")
            if equals and key and value:
                pairs.append((key, value))
            elif not equals and key.startswith("!") and len(key) > 1:
                absent.append(key[1:])
            else:
                raise _fault(path, reader.line_num, _("“%(text)s” is no pattern") % {"text": pattern})
        if not pairs:
            raise _fault(path, reader.line_num, _("there is no key=value"))
        yield _Line(tuple(pairs), tuple(absent), (row["class_code"] or "").strip())


def _fault(path: Path, line: int, what: str) -> PlaceError:
    return PlaceError(
        _("%(file)s, line %(line)s: %(what)s.") % {"file": path.name, "line": line, "what": what},
        field="tags",
        value=path.name,
        mend=_("A line holds patterns such as “man_made=manhole !manhole”, a class code or nothing, a note."),
    )
