"""Which column of an inventory says what, and what a city's own words mean. Pure."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from gis_data.errors import PlaceError

# Names by which columns are known, in order of preference: ours, the data interfaces of GB/T 30428.2 systems,
# Chinese headings. Case does not count. Coordinates are columns too, but importers/table.py knows those.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "source_id": ("source_id", "id", "osm_id", "编号"),
    "code": ("code", "component_code", "objid", "标识码", "部件标识码", "部件编码"),
    "class": ("class", "class_code", "小类代码", "部件小类代码", "部件小类"),
    "authority": ("authority", "authority_code", "deptcode1", "主管部门代码"),
    "owner": ("owner", "owner_code", "deptcode2", "权属单位代码"),
    "maintainer": ("maintainer", "maintainer_code", "deptcode3", "养护单位代码"),
    "state": ("state", "objstate", "状态"),
    "initial_on": ("initial_on", "ordate", "初始时间", "初始日期"),
    "changed_on": ("changed_on", "chdate", "变更时间", "变更日期"),
    "data_source": ("data_source", "datasource", "数据来源"),
    "note": ("note", "备注"),
    "tags": ("tags",),
}
COLUMNS: Final = ["field", "column", "value", "to"]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A city's declarations; what they leave open is found by the known names.

    columns    field → column of the file
    constants  field → one value for all rows
    values     field → {word in the file → word here}
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def with_columns(self, columns: Mapping[str, str | None]) -> Mapped:
        """Declarations of the command line stand over those of a file."""
        chosen = {name: column for name, column in columns.items() if column}
        _known_fields(chosen)
        return Mapped({**self.columns, **chosen}, self.constants, self.values)

    def with_constants(self, constants: Mapping[str, str]) -> Mapped:
        _known_fields(constants)
        return Mapped(self.columns, {**self.constants, **constants}, self.values)

    def resolve(self, fields: Sequence[str]) -> dict[str, str]:
        """Field → column of a file that has these columns; PlaceError for a column it does not have."""
        by_name = {name.lower(): name for name in reversed(fields)}
        found: dict[str, str] = {}
        for name, aliases in NAMES.items():
            declared = self.columns.get(name)
            if declared is not None:
                if declared not in fields:
                    raise _no_column(name, declared, fields)
                found[name] = declared
            elif name not in self.constants:
                alias = next((one for one in aliases if one in by_name), None)
                if alias is not None:
                    found[name] = by_name[alias]
        return found

    def as_dict(self) -> dict[str, Any]:
        """For comparing two declarations."""
        return {
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "values": {name: dict(words) for name, words in self.values.items()},
        }


def read_mapping(path: Path) -> Mapped:
    """A mapping from JSON (columns, constants, values) or from CSV (field, column, value, to).

    A line of the CSV with a column names it; with value and to it says what a word means; with to alone it
    gives one value for all rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise _unusable(
            path, _("%(file)s cannot be read: %(why)s.") % {"file": path.name, "why": fault.strerror}
        ) from fault
    except UnicodeDecodeError as fault:
        raise _unusable(path, _("%(file)s is not UTF-8.") % {"file": path.name}) from fault
    found = _from_json(path, text) if text.lstrip().startswith("{") else _from_csv(path, text.splitlines())
    _known_fields([*found.columns, *found.constants, *found.values])
    return found


def _from_json(path: Path, text: str) -> Mapped:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as fault:
        raise _unusable(
            path, _("%(file)s is no JSON: %(why)s.") % {"file": path.name, "why": fault}
        ) from fault
    parts = {name: body.pop(name, {}) for name in ("columns", "constants", "values")}
    flat = all(_is_words(parts[name]) for name in ("columns", "constants"))
    deep = isinstance(parts["values"], dict) and all(_is_words(words) for words in parts["values"].values())
    if body or not flat or not deep:
        raise _unusable(
            path,
            _("%(file)s must hold columns, constants and values, with texts in them.") % {"file": path.name},
        )
    return Mapped(**parts)


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _from_csv(path: Path, lines: Iterable[str]) -> Mapped:
    reader = csv.DictReader(lines)
    if reader.fieldnames != COLUMNS:
        raise _unusable(
            path,
            _("%(file)s must name the columns %(columns)s.")
            % {"file": path.name, "columns": ", ".join(COLUMNS)},
        )
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for row in reader:
        name, column, value, to = (row[one] or "" for one in COLUMNS)
        if column and not value and not to:
            columns[name] = column
        elif value and to and not column:
            values.setdefault(name, {})[value] = to
        elif to and not value and not column:
            constants[name] = to
        else:
            raise _unusable(
                path,
                _("%(file)s, line %(line)s: give a column, a value and what it means, or one value for all.")
                % {"file": path.name, "line": reader.line_num},
            )
    return Mapped(columns, constants, values)


def _known_fields(names: Iterable[str]) -> None:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise PlaceError(
            _("A component has no field “%(name)s”.") % {"name": unknown[0]},
            field="mapping",
            value=unknown[0],
            mend=_("The fields are: %(fields)s.") % {"fields": ", ".join(NAMES)},
        )


def _no_column(name: str, column: str, fields: Sequence[str]) -> PlaceError:
    return PlaceError(
        _("The file has no column “%(column)s” for %(field)s.") % {"column": column, "field": name},
        field="columns",
        value=column,
        mend=_("It has: %(columns)s.") % {"columns": ", ".join(fields)[:300]},
    )


def _unusable(path: Path, message: str) -> PlaceError:
    return PlaceError(message, field="mapping", value=path.name, mend=_("See docs/import_components.md."))
