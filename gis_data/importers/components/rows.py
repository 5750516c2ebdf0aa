"""One row of an inventory: a component as it would be stored, or all that is wrong with it. No database.

Nothing is put where the file is silent: a column that is not there leaves a null (an update keeps what the
city has), a blank where a value is owed is refused, and so is every word that means nothing here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

import orjson
from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.errors import CodeError
from gis_data.importers.components.cells import Cells
from gis_data.importers.components.faults import Fault
from gis_data.importers.components.mapping import Mapped
from gis_data.importers.components.opening import Inventory
from gis_data.importers.components.shapes import UNKNOWN, shapes_of
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
# So many different words are remembered, that memory stays flat.
REMEMBERED: Final = 50_000
FIRST_DAY: Final = date(1900, 1, 1)
_DAY: Final = re.compile(r"(\d{4})([-/.年]?)(\d{1,2})(?:\2|月)(\d{1,2})日?(?:[ T]\d{1,2}:\d{2}.*)?", re.ASCII)


# The columns of a staging table (sql/stage_components.sql) in the order of a line.
COLUMNS: Final = (
    "number", "source_id", "code", "place", "outline", "cell_code", "initial_on", "changed_on", "note",
    "faults", "class_id", "class_code", "authority_code", "owner_code", "maintainer_code", "state",
    "data_source",
)  # fmt: skip
NO_CLASS: Final = f"{UNKNOWN}\t{UNKNOWN}"


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class of components in the edition in use."""

    id: int
    code: str
    drawn_as: str

    @property
    def columns(self) -> str:
        """In a line."""
        return f"{self.id}\t{self.code}"


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


class Judged(NamedTuple):
    """What a row's repeating words mean; inventories repeat a few combinations a million times.

    kind   what tags say it is; `said` the last columns of the line
    """

    kind: str | None
    class_row: ClassRow | None
    faults: tuple[Fault, ...]
    said: str


class Checker:
    """Turns rows of one inventory into staged ones."""

    # fields whose words are judged once for each combination; the others differ from row to row
    REPEATING: Final = ("class", "tags", "authority", "owner", "maintainer", "state", "data_source")

    def __init__(self, rules: Rules, inventory: Inventory, cells: Cells) -> None:
        self.rules, self.inventory, self.cells = rules, inventory, cells
        self._called = rules.mapped.resolve(list(inventory.columns))
        self._column = {name: inventory.columns[column] for name, column in self._called.items()}
        self._repeating = [name for name in self.REPEATING if name in self._column]
        self._repeating_columns = [self._column[name] for name in self._repeating]
        self._tells_code = "code" in self._column or "code" in rules.mapped.constants
        self._judged: dict[tuple[str | None, ...], Judged] = {}
        self._days: dict[str, str] = {}

    @property
    def names_rows(self) -> bool:
        """Does a column say which component a row is?"""
        return "source_id" in self._column or "code" in self._column

    @property
    def tells_class(self) -> bool:
        """Does a column, or the declaration, say what a row is?"""
        return bool({*self._column, *self.rules.mapped.constants} & {"class", "tags", "code"})

    def column_of(self, name: str) -> str | None:
        """How the original calls a field."""
        return self._called.get(name)

    def lines(self, features: list[Feature]) -> str:
        """Rows of a batch, in its order, as COPY reads them."""
        shapes = shapes_of(features)
        cells = self.cells.codes_at(shapes.lon, shapes.lat)
        rows = zip(features, shapes.places, shapes.outlines, cells, strict=True)
        return "".join(
            [
                self._line(one, place, outline, cell_code, shapes.faults.get(at))
                for at, (one, place, outline, cell_code) in enumerate(rows)
            ]
        )

    def _line(
        self, feature: Feature, place: str, outline: str, cell_code: str | None, fault: Fault | None
    ) -> str:
        fields = feature.fields
        key = tuple(map(fields.get, self._repeating_columns))
        judged = self._judged.get(key) or self._judge(key)
        class_row = judged.class_row
        faults = [*((fault,) if fault else ()), *judged.faults]
        code = self._code(fields, faults) if self._tells_code else None
        source_id = self._word("source_id", fields) or code or self._word("code", fields) or ""
        if not source_id:
            faults.append(self._blank("source_id" if "source_id" in self._column else "code"))
        elif len(source_id) > MOST["source_id"]:
            faults.append(self._long("source_id", source_id))
        if class_row is None and judged.kind is None and not judged.faults:
            class_row = self._class_of(code, faults)
        elif class_row is not None and code and code[6 : 6 + len(class_row.code)] != class_row.code:
            faults.append(self._other_class(code, class_row))
        initial_on, changed_on = (self._day(name, fields, faults) for name in ("initial_on", "changed_on"))
        if initial_on and changed_on and changed_on < initial_on:
            faults.append(
                Fault(
                    "date", self._called["changed_on"], changed_on, _("It changed before it was there."),
                    _("Mend one of the two dates."),
                )
            )  # fmt: skip
        note = self._word("note", fields)
        return (
            f"{feature.number}\t{_escaped(source_id)}\t{code or UNKNOWN}\t{place}\t{outline}\t"
            f"{cell_code or UNKNOWN}\t{initial_on or UNKNOWN}\t{changed_on or UNKNOWN}\t"
            f"{UNKNOWN if note is None else _escaped(note)}\t"
            f"{_escaped(json.dumps(faults, ensure_ascii=False)) if faults else UNKNOWN}\t"
            f"{class_row.columns if class_row else NO_CLASS}\t{judged.said}\n"
        )

    def _word(self, name: str, fields: Mapping[str, str]) -> str | None:
        """What a row says in one field, in this city's words; None where the inventory does not say it."""
        column = self._column.get(name)
        if column is None:
            return self.rules.mapped.constants.get(name)
        text = (fields.get(column) or "").strip()
        meanings = self.rules.mapped.values.get(name)
        return meanings.get(text, text) if meanings else text

    def _judge(self, key: tuple[str | None, ...]) -> Judged:
        """Judge a new combination of repeating words, and remember it."""
        fields = dict(
            zip(self._repeating_columns, ((text or "").replace("\0", "") for text in key), strict=True)
        )
        words = {name: text for name in self.REPEATING if (text := self._word(name, fields)) is not None}
        faults: list[Fault] = []
        kind, class_row = self._class(words, faults)
        authority, owner, maintainer = (
            self._organisation(name, words.get(name), faults) for name in ("authority", "owner", "maintainer")
        )
        state = self._state(words.get("state"), faults)
        data_source = words.get("data_source")
        if data_source and len(data_source) > MOST["data_source"]:
            faults.append(self._long("data_source", data_source))
        if len(self._judged) > REMEMBERED:
            self._judged.clear()
        words_said = (authority, owner, maintainer, state, data_source)
        said = "\t".join(UNKNOWN if one is None else _escaped(one) for one in words_said)
        judged = self._judged[key] = Judged(kind, class_row, tuple(faults), said)
        return judged

    def _code(self, fields: Mapping[str, str], faults: list[Fault]) -> str | None:
        text = self._word("code", fields)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) == 16):
            why = _("A component code has 16 digits: district 6, class and sequence; “%(code)s” is none.")
        elif not text.startswith(self.rules.district_code):
            why = _("“%(code)s” is a code of another district.")
        elif not text[6 + self.rules.class_digits :].strip("0"):
            why = _("“%(code)s” has the sequence number 0; numbering begins at 1.")
        else:
            return text
        faults.append(
            Fault(
                "code", self._called.get("code", "code"), text, why % {"code": text},
                _("Mend the code, or leave it blank: the next free one is given."),
            )
        )  # fmt: skip
        return None

    def _class(self, words: Mapping[str, str], faults: list[Fault]) -> tuple[str | None, ClassRow | None]:
        """The kind that tags tell, for counting, and the class: by its column, else by tags."""
        if words.get("class"):
            return None, self._named_class(words["class"], "class", faults)
        if words.get("tags"):
            return self._tagged(words["tags"], faults)
        return None, None

    def _class_of(self, code: str | None, faults: list[Fault]) -> ClassRow | None:
        """The class by the code, where no other column tells it."""
        if code:
            return self._named_class(code[6 : 6 + self.rules.class_digits], "code", faults)
        if not any(fault.kind == "code" for fault in faults):
            faults.append(
                self._blank(next((one for one in ("class", "tags") if one in self._column), "code"))
            )
        return None

    def _other_class(self, code: str, class_row: ClassRow) -> Fault:
        return Fault(
            "code", self._called.get("code", "code"), code,
            _("The code is one of class %(code)s, the row says %(class)s.")
            % {"code": code[6 : 6 + len(class_row.code)], "class": class_row.code},
            _("Mend the class or the code."),
        )  # fmt: skip

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

    def _named_class(self, text: str, name: str, faults: list[Fault]) -> ClassRow | None:
        row = self.rules.classes.get(text)
        if row is None:
            faults.append(
                Fault(
                    "class", self._called.get(name, name), text,
                    _("The edition in use has no class of components “%(class)s”.") % {"class": text},
                    _("Write its code with the leading zero, or its full name, or map the word to it."),
                )
            )  # fmt: skip
        return row

    def _organisation(self, name: str, text: str | None, faults: list[Fault]) -> str | None:
        if not text:
            if text is not None and name not in self.rules.may_be_blank:
                faults.append(self._blank(name))
            return text
        known = self.rules.organisations
        if known is not None and text in known:
            return text
        try:
            codes.parse(codes.Kind.ORGANISATION, text)
        except CodeError as fault:
            reason, mend = str(fault.message), str(fault.mend)
        else:
            if known is None:
                return text
            reason = _("No organisation has the code “%(code)s”.") % {"code": text}
            mend = _("Mend the code, enter the organisation first, or let a mapping say which one is meant.")
        faults.append(Fault("organisation", self._called.get(name, name), text, reason, mend))
        return None

    def _state(self, text: str | None, faults: list[Fault]) -> str | None:
        if not text:
            if text is not None and "state" not in self.rules.may_be_blank:
                faults.append(self._blank("state"))
            return text
        state = STATES.get(text.lower())
        if state is None:
            faults.append(
                Fault(
                    "state", self._called.get("state", "state"), text,
                    _("“%(state)s” is no state of a component.") % {"state": text},
                    _("Write intact 完好, damaged 破损, lost 丢失, abandoned 废弃, or map the word to one."),
                )
            )  # fmt: skip
        return state

    def _day(self, name: str, fields: Mapping[str, str], faults: list[Fault]) -> str | None:
        """A day of the row, year first."""
        text = self._word(name, fields)
        if not text:
            return None
        found = self._days.get(text)
        if found is None:
            day = self._read_day(text)
            if day is None or not FIRST_DAY <= day <= self.rules.today:
                faults.append(self._bad_day(name, text, day))
                return None
            if len(self._days) > REMEMBERED:
                self._days.clear()
            found = self._days[text] = day.isoformat()
        return found

    def _bad_day(self, name: str, text: str, day: date | None) -> Fault:
        if day is None:
            why = _("“%(day)s” is no date.") % {"day": text}
        elif day > self.rules.today:
            why = _("%(day)s lies in the future.") % {"day": day}
        else:
            why = _("%(day)s is too long ago.") % {"day": day}
        mend = _("Write year, month, day, like 2012-03-31, or say --date-format.")
        return Fault("date", self._called.get(name, name), text, why, mend)

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
            _("Write what is so; if a blank is an answer, say --may-be-blank %(field)s.") % {"field": name}
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


def _escaped(text: str) -> str:
    """Text as COPY reads it; what a database cannot hold is left out."""
    if "\\" not in text and text.isprintable():
        return text
    return (
        text.replace("\0", "")
        .replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
    )
