"""One row of an inventory: a component as it would be stored, or all that is wrong with it. No database.

Nothing is put where the file is silent: a column that is not there leaves None (an update keeps what the city has),
a blank where a value is owed is refused, and so is every word that means nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import numpy as np
import orjson
import shapely
from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.crs import STORE
from gis_data.importers.components.mapping import Mapped
from gis_data.importers.components.opening import Inventory
from gis_data.importers.components.tags import TagTable
from gis_data.importers.source import Feature
from gis_data.models import Component

# Values that a component owes wherever its inventory has the column; `may_be_blank` excuses some.
OWED: Final = ("authority", "owner", "maintainer", "state")
MOST: Final = {"source_id": 100, "data_source": 60}
STATES: Final = {
    **{state.value: state.value for state in Component.State},
    "完好": "intact",
    "破损": "damaged",
    "丢失": "lost",
    "废弃": "abandoned",
}
NULL_ISLAND: Final = 1e-6
FIRST_DAY: Final = date(1900, 1, 1)
_DAY: Final = re.compile(r"(\d{4})([-/.年]?)(\d{1,2})(?:\2|月)(\d{1,2})日?(?:[ T]\d{1,2}:\d{2}.*)?", re.ASCII)


class Fault(NamedTuple):
    """Why a row is refused; `kind` is stable, for counting and for programs."""

    kind: str
    field: str
    value: str
    reason: str
    mend: str


class Staged(NamedTuple):
    """A row as it waits in the staging table; the names are its columns. None: the inventory does not say."""

    number: int
    source_id: str
    code: str | None
    class_id: int | None
    class_code: str | None
    place: str | None
    outline: str | None
    authority_code: str | None
    owner_code: str | None
    maintainer_code: str | None
    state: str | None
    initial_on: date | None
    changed_on: date | None
    data_source: str | None
    note: str | None
    kind: str | None
    original: str
    faults: str | None


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of components in the edition in use."""

    id: int
    code: str
    drawn_as: str


@dataclass(frozen=True)
class Rules:
    """What rows are held against.

    classes         by code and, where it is the name of one class only, by Chinese and English name
    organisations   codes that exist; None: nobody can tell, any good code will do
    may_be_blank    fields of OWED in which a blank is an answer: nobody owns it
    day_format      how dates are written, for strptime; None: year first
    """

    district_code: str
    classes: Mapping[str, ClassRow]
    class_digits: int
    tags: TagTable
    organisations: Container[str] | None
    mapped: Mapped = field(default_factory=Mapped)
    may_be_blank: frozenset[str] = frozenset()
    day_format: str | None = None
    today: date = field(default_factory=date.today)


class Checker:
    """Turns rows of one inventory into staged ones."""

    def __init__(self, rules: Rules, inventory: Inventory) -> None:
        self.rules, self.inventory = rules, inventory
        found = rules.mapped.resolve(list(inventory.columns))
        self._column = {name: inventory.columns[column] for name, column in found.items()}
        self._called = found
        self._known: dict[tuple[str, str], tuple[Any, Fault | None]] = {}

    @property
    def names_rows(self) -> bool:
        """Does a column say which component a row is?"""
        return "source_id" in self._column or "code" in self._column

    @property
    def tells_class(self) -> bool:
        says = {*self._column, *self.rules.mapped.constants}
        return bool(says & {"class", "tags", "code"})

    def column_of(self, name: str) -> str | None:
        """How the original calls a field."""
        return self._called.get(name)

    def check(self, features: list[Feature]) -> list[Staged]:
        """Rows of a batch, in its order."""
        places, outlines, faults = _shapes(features)
        return [
            self._row(feature, place, outline, fault)
            for feature, place, outline, fault in zip(features, places, outlines, faults, strict=True)
        ]

    def _row(self, feature: Feature, place: str | None, outline: str | None, fault: Fault | None) -> Staged:
        faults = [fault] if fault else []
        words = self._words(feature.fields)
        code = self._once("code", words.get("code"), self._code, faults)
        source_id = words.get("source_id") or code or words.get("code") or ""
        if not source_id:
            faults.append(self._blank("source_id" if "source_id" in self._column else "code"))
        elif len(source_id) > MOST["source_id"]:
            faults.append(self._long("source_id", source_id))
        kind, class_row = self._class(words, code, faults)
        organisations = [
            self._once(name, words.get(name), self._organisation, faults)
            for name in ("authority", "owner", "maintainer")
        ]
        state = self._once("state", words.get("state"), self._state, faults)
        initial_on = self._once("initial_on", words.get("initial_on"), self._day, faults)
        changed_on = self._once("changed_on", words.get("changed_on"), self._day, faults)
        if initial_on and changed_on and changed_on < initial_on:
            faults.append(
                Fault(
                    "date",
                    "changed_on",
                    str(changed_on),
                    _("Changed before it was there."),
                    _("Mend one of the two dates."),
                )
            )
        data_source = words.get("data_source")
        if data_source and len(data_source) > MOST["data_source"]:
            faults.append(self._long("data_source", data_source))
        return Staged(
            feature.number, source_id, code,
            class_row.id if class_row else None, class_row.code if class_row else None, place, outline,
            *organisations, state, initial_on, changed_on, data_source, words.get("note"), kind,
            orjson.dumps(self.inventory.original(feature.fields)).decode(),
            json.dumps(faults, ensure_ascii=False) if faults else None,
        )  # fmt: skip

    def _words(self, fields: Mapping[str, str]) -> dict[str, str]:
        """What the row says, field by field, in this city's words."""
        words = {
            name: fields.get(column, "").replace("\0", "").strip() for name, column in self._column.items()
        }
        words.update(self.rules.mapped.constants)
        for name, meanings in self.rules.mapped.values.items():
            if name in words:
                words[name] = meanings.get(words[name], words[name])
        return words

    def _once(
        self,
        name: str,
        text: str | None,
        judge: Callable[[str, str], tuple[Any, Fault | None]],
        faults: list[Fault],
    ) -> Any:
        """The judgement of a word, remembered: inventories repeat a few words a million times."""
        if text is None:
            return None
        if name == "code":
            value, fault = judge(name, text)
        else:
            try:
                value, fault = self._known[name, text]
            except KeyError:
                value, fault = self._known[name, text] = judge(name, text)
                if len(self._known) > 100_000:
                    self._known.clear()
        if fault:
            faults.append(fault)
        return value

    def _code(self, name: str, text: str) -> tuple[str | None, Fault | None]:
        if not text:
            return None, None
        width = 6 + self.rules.class_digits
        if not (text.isascii() and text.isdigit() and len(text) == 16):
            why = _("A component code has 16 digits: district 6, class and sequence; “%(code)s” is none.") % {
                "code": text
            }
        elif not text.startswith(self.rules.district_code):
            why = _("“%(code)s” is a code of district %(other)s.") % {"code": text, "other": text[:6]}
        elif not text[width:].strip("0"):
            why = _("“%(code)s” has the sequence number 0; numbering begins at 1.") % {"code": text}
        else:
            return text, None
        return None, Fault(
            "code",
            self._called[name],
            text,
            why,
            _("Mend the code, or leave it blank: the next free one is given."),
        )

    def _class(
        self, words: Mapping[str, str], code: str | None, faults: list[Fault]
    ) -> tuple[str | None, ClassRow | None]:
        """The kind that tags tell (for counting) and the class: by its column, else by tags, else by the code."""
        text, said = words.get("class"), words.get("tags")
        if text:
            row = self._once("class", text, self._named_class, faults)
            if row and code and code[6 : 6 + len(row.code)] != row.code:
                faults.append(
                    Fault(
                        "code", self._called["code"], code,
                        _("The code is one of class %(code)s, the row says %(class)s.")
                        % {"code": code[6 : 6 + len(row.code)], "class": row.code},
                        _("Mend the class or the code."),
                    )
                )  # fmt: skip
            return None, row
        if said:
            return self._tagged(said, faults)
        if code:
            return None, self._once("class", code[6 : 6 + self.rules.class_digits], self._named_class, faults)
        if not any(one.kind == "code" for one in faults):
            faults.append(
                self._blank(
                    "class" if "class" in self._column else "tags" if "tags" in self._column else "code"
                )
            )
        return None, None

    def _tagged(self, said: str, faults: list[Fault]) -> tuple[str | None, ClassRow | None]:
        column = self._called.get("tags", "tags")
        try:
            tags = orjson.loads(said)
            if not isinstance(tags, dict):
                raise ValueError
        except ValueError:
            faults.append(
                Fault(
                    "class",
                    column,
                    said,
                    _("The tags are no JSON object."),
                    _('Write {"highway": "street_lamp"}.'),
                )
            )
            return None, None
        kind = self.rules.tags.kind_of({str(key): str(value) for key, value in tags.items()})
        if kind is not None and kind.class_code in self.rules.classes:
            return kind.name, self.rules.classes[kind.class_code]
        name = kind.name if kind else ""
        if kind is None:
            reason = _("None of the tags says what it is.")
        elif kind.passed:
            reason = _("The tag table says that %(kind)s is no component.") % {"kind": name}
        elif kind.class_code:
            reason = _("%(kind)s is class %(code)s, which the edition in use does not have.") % {
                "kind": name,
                "code": kind.class_code,
            }
        else:
            reason = _("The tag table has no class for %(kind)s.") % {"kind": name}
        faults.append(
            Fault(
                "unmapped",
                column,
                name or said,
                reason,
                _("Add a line to the tag table, or write a column class."),
            )
        )
        return name, None

    def _named_class(self, name: str, text: str) -> tuple[ClassRow | None, Fault | None]:
        row = self.rules.classes.get(text)
        if row is not None:
            return row, None
        return None, Fault(
            "class", self._called.get(name, name), text,
            _("The edition in use has no class of components “%(class)s”.") % {"class": text},
            _("Write the class code, with its leading zero, or its full name; a mapping can say what the word means."),
        )  # fmt: skip

    def _organisation(self, name: str, text: str) -> tuple[str | None, Fault | None]:
        if not text:
            return (text, None) if name in self.rules.may_be_blank else (None, self._blank(name))
        try:
            codes.parse(codes.Kind.ORGANISATION, text)
        except codes.CodeError as fault:
            return None, Fault(
                "organisation", self._called.get(name, name), text, str(fault.message), str(fault.mend)
            )
        if self.rules.organisations is not None and text not in self.rules.organisations:
            return None, Fault(
                "organisation", self._called.get(name, name), text,
                _("No organisation has the code “%(code)s”.") % {"code": text},
                _("Mend the code, enter the organisation first, or let a mapping say which one is meant."),
            )  # fmt: skip
        return text, None

    def _state(self, name: str, text: str) -> tuple[str | None, Fault | None]:
        if not text:
            return (text, None) if name in self.rules.may_be_blank else (None, self._blank(name))
        state = STATES.get(text.lower())
        if state is not None:
            return state, None
        return None, Fault(
            "state", self._called.get(name, name), text,
            _("“%(state)s” is no state of a component.") % {"state": text},
            _("Write intact 完好, damaged 破损, lost 丢失 or abandoned 废弃, or map the word to one of them."),
        )  # fmt: skip

    def _day(self, name: str, text: str) -> tuple[date | None, Fault | None]:
        if not text:
            return None, None
        day = self._read_day(text)
        if day is not None and FIRST_DAY <= day <= self.rules.today:
            return day, None
        return None, Fault(
            "date", self._called.get(name, name), text,
            _("“%(day)s” is no date.") % {"day": text} if day is None
            else _("%(day)s lies in the future.") % {"day": day} if day > self.rules.today
            else _("%(day)s is too long ago.") % {"day": day},
            _("Write year, month, day, like 2012-03-31, or say --date-format."),
        )  # fmt: skip

    def _read_day(self, text: str) -> date | None:
        try:
            if self.rules.day_format:
                return datetime.strptime(text, self.rules.day_format).date()  # noqa: DTZ007 (a day has no zone)
            found = _DAY.fullmatch(text)
            return date(int(found[1]), int(found[3]), int(found[4])) if found and _is_whole(found) else None
        except ValueError:
            return None

    def _blank(self, name: str) -> Fault:
        return Fault(
            "blank", self._called.get(name, name), "",
            _("%(field)s is blank.") % {"field": self._called.get(name, name)},
            _("Write what is so; if a blank is an answer here, say --may-be-blank %(field)s.") % {"field": name}
            if name in OWED
            else _("Every component needs it."),
        )  # fmt: skip

    def _long(self, name: str, text: str) -> Fault:
        return Fault(
            "long", self._called.get(name, name), text[:200],
            _("%(field)s has %(length)s characters; %(most)s fit.")
            % {"field": self._called.get(name, name), "length": len(text), "most": MOST[name]},
            _("Shorten it."),
        )  # fmt: skip


def _is_whole(found: re.Match[str]) -> bool:
    """20120331 is a date, 2012331 is not: without signs between them months and days have two digits."""
    return bool(found[2]) or len(found[3]) == len(found[4]) == 2


def _shapes(features: list[Feature]) -> tuple[list[str | None], list[str | None], list[Fault | None]]:
    """Representative places and outlines as the database reads them, and what is wrong with each shape."""
    shapes = np.array([feature.shape for feature in features], dtype=object)
    kinds = shapely.get_type_id(shapes)
    outlines = np.full(len(shapes), None, dtype=object)
    places = np.full(len(shapes), None, dtype=object)
    points = np.isin(kinds, (0, 4))
    single = points & (shapely.get_num_geometries(shapes) == 1)
    places[single] = shapely.get_geometry(shapes[single], 0)
    lines = np.isin(kinds, (1, 2, 5))
    outlines[lines] = shapes[lines]
    places[lines] = [_middle(line) for line in shapes[lines]]
    areas = np.isin(kinds, (3, 6))
    outlines[areas] = shapes[areas]
    valid = areas & shapely.is_valid(shapes)
    places[valid] = shapely.point_on_surface(shapes[valid])
    faults = [_shape_fault(feature, place) for feature, place in zip(features, places.tolist(), strict=True)]
    # what cannot be a component keeps its shape, so that it can be written out and mended
    odd = ~(points | lines | areas) & (kinds >= 0) | points & ~single
    outlines[odd] = shapes[odd]
    return _stored(places), _stored(outlines), faults


def _middle(line: Any) -> Any:
    """The point half along a line, or along its longest part."""
    parts = shapely.get_parts(line)
    longest = parts[int(np.argmax(shapely.length(parts)))] if len(parts) else line
    return shapely.line_interpolate_point(longest, 0.5, normalized=True)


def _shape_fault(feature: Feature, place: Any) -> Fault | None:
    if feature.fault is not None:
        fault = feature.fault
        return Fault("place", fault.field, str(fault.value or ""), str(fault.message), str(fault.mend))
    shape = feature.shape
    if shape is None or shape.is_empty:
        return Fault("blank", "geometry", "", _("The row has no place."), _("Write its coordinates."))
    if place is None:
        invalid = shape.geom_type in ("Polygon", "MultiPolygon")
        return Fault(
            "shape", "geometry", shape.geom_type,
            _("The outline is not valid: %(why)s.") % {"why": shapely.is_valid_reason(shape)} if invalid
            else _("A component is one point, a line or an area, not a %(type)s.") % {"type": shape.geom_type},
            _("Redraw the outline.") if invalid else _("Divide it into components of their own."),
        )  # fmt: skip
    if abs(place.x) < NULL_ISLAND and abs(place.y) < NULL_ISLAND:
        return Fault(
            "zero", "geometry", "0, 0", _("Its place is (0, 0), which means that nobody measured it."),
            _("Write its coordinates."),
        )  # fmt: skip
    return None


def _stored(shapes: Any) -> list[str | None]:
    texts = shapely.to_wkb(shapely.set_srid(shapes, STORE), hex=True, include_srid=True)
    return [None if text is None else str(text) for text in texts.tolist()]
