"""How another system's columns and words are read: a small TOML or JSON file. No database here.

origin   = "St. Louis CSB"       # the other system, shown with every case: part of each case's identity
prefix   = "CSB"                 # before its ids in case numbers: CSB-344709
zone     = "America/Chicago"     # of times without an offset
times    = ["iso"]               # or strptime formats, tried in order
encoding = "utf-8"               # of the CSV
delimiter = ","

[columns]   id and opened are needed; inspected, due, closed, cancelled, status, department, group, class,
            title, text, address, area, source, x, y where the file has them
[place]     crs = "ESRI:102696"  or  datum = "wgs84" | "gcj02" | "bd09"; far_km = 30;
                area_digits = 3   where their area is a number that ends our code of a street
[status]    open = ["SCHEDULED"], closed = ["CLOSED"], cancelled = ["CANCEL", "Cancel"]
[sources]   hotline = ["PHONE"], web = ["WEB"]            # our key = their spellings
[departments]  "110101-D01" = ["WATER DIV,"]               # organisation code = their spellings
[classes]   edition = "…", "event:0110" = ["Trash"]       # our class = their spellings; others stay theirs
"""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from casework.errors import Invalid
from dispatch.imported import Stood
from dispatch.models.report import Source
from gis_data.crs import Datum, datum_of
from gis_data.errors import PlaceError
from gis_data.importers.frame import Frame
from gis_data.importers.systems import system_of

ISO: Final = "iso"
TIMES: Final = ("opened", "inspected", "due", "closed", "cancelled")
TEXTS: Final = ("status", "department", "group", "class", "title", "text", "address", "area", "source")
PLACE: Final = ("x", "y")
COLUMNS: Final = ("id", *TIMES, *TEXTS, *PLACE)
KEYS: Final = frozenset(
    {
        "origin", "prefix", "zone", "times", "encoding", "delimiter", "columns", "place", "status", "sources",
        "departments", "classes",
    }
)  # fmt: skip
FAR_KM: Final = 30.0
CLASS_KEY: Final = re.compile(r"(component|event):([0-9A-Za-z]{1,6})")


@dataclass(frozen=True)
class Mapping:
    """A mapping file that has been read and makes sense. Spellings are exact, but for blanks around them."""

    origin: str
    prefix: str
    zone: ZoneInfo
    times: tuple[str, ...]
    encoding: str
    delimiter: str
    columns: dict[str, str]
    frame: Frame | None
    far_km: float
    area_digits: int
    states: dict[str, Stood]
    sources: dict[str, str]
    departments: dict[str, str]
    edition: str
    classes: dict[str, tuple[str, str]] = field(default_factory=dict)


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file; Invalid says what is wrong with it, OSError that it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        told = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except UnicodeDecodeError as fault:
        raise _wrong("mapping", path.name, _("The mapping is not UTF-8."), _("Save it in UTF-8.")) from fault
    except (ValueError, RecursionError) as fault:
        raise _wrong(
            "mapping",
            path.name,
            _("The mapping cannot be read: %(why)s.") % {"why": fault},
            _("Write TOML, or JSON in a file called .json; docs/import_reports.md has an example."),
        ) from fault
    return mapping_of(told)


def mapping_of(told: Any) -> Mapping:
    """The mapping that a document tells."""
    if not isinstance(told, dict):
        raise _wrong("mapping", type(told).__name__, _("The mapping is no table of keys."))
    _only(told, KEYS, "")
    columns = _columns(_table(told, "columns"))
    place = _table(told, "place")
    frame, far_km = _place(place, columns)
    classes = dict(_table(told, "classes"))
    edition = _text(classes, "edition", "classes.edition", needed=False)
    classes.pop("edition", None)
    sources = _spelt(_table(told, "sources"), "sources")
    for key in set(sources.values()) - set(Source.values):
        raise _wrong(
            "sources", key, _("There is no source “%(key)s”.") % {"key": key}, _one_of(Source.values)
        )
    states = _spelt(_table(told, "status"), "status")
    for key in set(states.values()) - {Stood.OPEN, Stood.CLOSED, Stood.CANCELLED}:
        raise _wrong(
            "status",
            key,
            _("There is no state “%(key)s”.") % {"key": key},
            _one_of([Stood.OPEN, Stood.CLOSED, Stood.CANCELLED]),
        )
    return Mapping(
        origin=_text(told, "origin", "origin", most=60),
        prefix=_prefix(told),
        zone=_zone(told),
        times=_times(told),
        encoding=_encoding(told),
        delimiter=_delimiter(told),
        columns=columns,
        frame=frame,
        far_km=far_km,
        area_digits=_area_digits(place),
        states={spelling: Stood(key) for spelling, key in states.items()},
        sources=sources,
        departments=_spelt(_table(told, "departments"), "departments"),
        edition=edition,
        classes={spelling: _class(key) for spelling, key in _spelt(classes, "classes").items()},
    )


def _columns(table: AnyMapping[str, Any]) -> dict[str, str]:
    _only(table, frozenset(COLUMNS), "columns.")
    columns = {name: _text(table, name, f"columns.{name}") for name in table}
    for name in ("id", "opened"):
        if name not in columns:
            raise _wrong(
                f"columns.{name}",
                "",
                _("The mapping does not say which column is “%(name)s”.") % {"name": name},
                _("Name it under [columns]."),
            )
    if ("x" in columns) != ("y" in columns):
        raise _wrong("columns", "", _("x and y belong together: the mapping names only one of them."))
    return columns


def _place(table: AnyMapping[str, Any], columns: AnyMapping[str, str]) -> tuple[Frame | None, float]:
    _only(table, frozenset({"crs", "datum", "far_km", "area_digits"}), "place.")
    far_km = table.get("far_km", FAR_KM)
    if isinstance(far_km, bool) or not isinstance(far_km, int | float) or not 0 < far_km <= 1000:
        raise _wrong("place.far_km", far_km, _("far_km is a number of kilometres between 0 and 1,000."))
    if "x" not in columns:
        return None, float(far_km)
    if ("crs" in table) == ("datum" in table):
        raise _wrong(
            "place",
            "",
            _("The mapping does not say in which system its coordinates are, and none is guessed."),
            _("Write either crs, such as ESRI:102696, or datum: wgs84, gcj02 or bd09, under [place]."),
        )
    try:
        if "crs" in table:
            crs = _text(table, "crs", "place.crs")
            return Frame(text=crs, system=system_of(crs)), float(far_km)
        datum = datum_of(_text(table, "datum", "place.datum"))
        return Frame(text=Datum(datum).value, datum=datum), float(far_km)
    except PlaceError as fault:
        raise _wrong(f"place.{fault.field}", fault.value, str(fault.message), str(fault.mend)) from fault


def _area_digits(table: AnyMapping[str, Any]) -> int:
    digits = table.get("area_digits", 0)
    if isinstance(digits, bool) or digits not in (0, 3, 6, 9):
        raise _wrong(
            "place.area_digits",
            digits,
            _("area_digits says how many digits of our codes their area is: 3, 6 or 9."),
            _("3 where their numbers are those of our streets."),
        )
    return int(digits)


def _spelt(table: AnyMapping[str, Any], name: str) -> dict[str, str]:
    """Their spellings → our key; one spelling cannot mean two things."""
    found: dict[str, str] = {}
    for key, spellings in table.items():
        if isinstance(spellings, str):
            spellings = [spellings]
        if not isinstance(spellings, list) or not all(
            isinstance(one, str) and one.strip() for one in spellings
        ):
            raise _wrong(
                f"{name}.{key}", spellings, _("Write a list of spellings, as they stand in the file.")
            )
        for one in spellings:
            if found.setdefault(one.strip(), key) != key:
                raise _wrong(
                    f"{name}.{key}",
                    one,
                    _("“%(spelling)s” is named twice, with two meanings.") % {"spelling": one},
                )
    return found


def _class(key: str) -> tuple[str, str]:
    found = CLASS_KEY.fullmatch(key)
    if not found:
        raise _wrong(
            "classes",
            key,
            _("“%(key)s” is no class.") % {"key": key},
            _("Write kind:code, such as event:0110."),
        )
    return found[1], found[2]


def _prefix(told: AnyMapping[str, Any]) -> str:
    prefix = _text(told, "prefix", "prefix")
    if not re.fullmatch(r"[A-Z][A-Z0-9]{0,7}", prefix):
        raise _wrong(
            "prefix",
            prefix,
            _("“%(prefix)s” cannot begin case numbers.") % {"prefix": prefix},
            _("One to eight capital letters and digits, a letter first."),
        )
    return prefix


def _zone(told: AnyMapping[str, Any]) -> ZoneInfo:
    name = _text(told, "zone", "zone")
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as fault:
        raise _wrong(
            "zone",
            name,
            _("There is no time zone “%(name)s”.") % {"name": name},
            _("Such as America/Chicago."),
        ) from fault


def _times(told: AnyMapping[str, Any]) -> tuple[str, ...]:
    times = told.get("times", [ISO])
    if not isinstance(times, list) or not times or not all(isinstance(one, str) for one in times):
        raise _wrong(
            "times", times, _("times is a list of formats."), _('Such as ["iso"] or ["%m/%d/%Y %H:%M"].')
        )
    for one in times:
        if one != ISO and not all(part in one for part in ("%d", "%m")) and "%j" not in one:
            raise _wrong("times", one, _("The format names no day and month."), _("Such as %m/%d/%Y %H:%M."))
    return tuple(times)


def _encoding(told: AnyMapping[str, Any]) -> str:
    name = _text(told, "encoding", "encoding", needed=False) or "utf-8"
    try:
        found = codecs.lookup(name).name
        "".encode(found)
    except (LookupError, TypeError, ValueError) as fault:
        raise _wrong("encoding", name, _("There is no encoding “%(name)s”.") % {"name": name}) from fault
    return "utf-8-sig" if found == "utf-8" else found


def _delimiter(told: AnyMapping[str, Any]) -> str:
    delimiter = told.get("delimiter", ",")
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise _wrong(
            "delimiter", delimiter, _("The delimiter is one character."), _("Such as , or ; or a tab.")
        )
    return delimiter


def _table(told: AnyMapping[str, Any], name: str) -> AnyMapping[str, Any]:
    table = told.get(name, {})
    if not isinstance(table, dict):
        raise _wrong(name, table, _("“%(name)s” is a table in the mapping.") % {"name": name})
    return table


def _text(table: AnyMapping[str, Any], key: str, field: str, *, needed: bool = True, most: int = 200) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or (needed and not value.strip()) or len(value) > most or "\0" in value:
        raise _wrong(
            field, value, _("The mapping lacks “%(name)s”, or it is no short text.") % {"name": field}
        )
    return value.strip()


def _only(table: AnyMapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise _wrong(
                f"{where}{key}",
                key,
                _("The mapping knows no “%(key)s”.") % {"key": f"{where}{key}"},
                _one_of(known),
            )


def _one_of(known: Any) -> str:
    return _("One of: %(known)s.") % {"known": ", ".join(sorted(map(str, known)))}


def _wrong(field: str, value: object, message: str, mend: str = "") -> Invalid:
    return Invalid(message, field=field, value=value, mend=mend)
