"""Which field of a file is the code and which the name, and how what lacks them is matched by a CSV.

A field is guessed only where one alone fits, and the guess is said. A code is the full code of its level, the
same with the zeros of the levels below (as the Bureau of Statistics writes it), or, under a parent that the
caller names, a city's own number of 1 to 999.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.errors import CodeError, PlaceError
from gis_data.importers.text import codec_of, codec_of_mark, undecodable

LEVELS: Final = ("district", "street", "community", "cell")
WIDTH: Final = {"district": 6, "street": 9, "community": 12, "cell": 15}

_EXACT_CODES: Final = (
    "code", "代码", "编码", "编号", "标识码", "区划代码", "行政区划代码", "adcode", "xzqdm", "dm", "bgid",
    "gridcode", "objcode",
)  # fmt: skip
_EXACT_NAMES: Final = ("name", "名称", "xzqmc", "mc", "title")
_ENGLISH: Final = ("name_en", "english", "english_name", "英文名称", "英文名")
_LEVEL_WORDS: Final = {
    "district": ("district", "county", "区县", "区", "qx"),
    "street": ("street", "subdistrict", "town", "街道", "jd"),
    "community": ("community", "neighborhood", "neighbourhood", "nhd", "社区", "sq"),
    "cell": ("cell", "grid", "网格", "wg"),
}
# Attributes of a unit cell after DB11, and how files call them.
_CELL_ATTRIBUTES: Final = {
    "land_use_code": ("land_use_code", "用地类别代码", "用地类别", "ydlb"),
    "management_grade": ("management_grade", "管理等级代码", "管理等级", "gldj"),
    "responsible_subject": ("responsible_subject", "责任主体", "zrzt"),
}
_CODE_ENDS: Final = ("code", "代码", "编码", "编号", "标识码", "dm", "bm", "num", "no", "number", "id")
_NAME_ENDS: Final = ("name", "名称", "mc")
_PINYIN_ENDS: Final = frozenset(["dm", "bm", "mc"])


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a file that are read; empty where there is none. `said` tells guesses in words."""

    code: str = ""
    name: str = ""
    name_en: str = ""
    parent_name: str = ""
    said: tuple[str, ...] = ()


@dataclass(slots=True)
class Names:
    """A list of codes and names from a CSV: found by code, by name, or by a field it has with the file."""

    key: str = ""
    by_key: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    by_code: dict[str, tuple[str, str]] = field(default_factory=dict)
    by_name: dict[str, list[str]] = field(default_factory=dict)

    def all_names(self) -> dict[str, str]:
        """Every name by its code."""
        return {code: name for code, (name, _english) in self.by_code.items()}


def choose_fields(
    level: str, rows: Sequence[Mapping[str, str]], fields: Sequence[str], *,
    code_field: str | None, name_field: str | None, parent: str, needs_code: bool,
) -> Fields:  # fmt: skip
    """The declared fields, or those that alone can be meant; PlaceError where several could."""
    for wanted, option in ((code_field, "code_field"), (name_field, "name_field")):
        if wanted and wanted not in fields:
            raise _no_field(option, wanted, fields)
    said: list[str] = []
    code = code_field or _guess_code(level, rows, fields, parent)
    if code and not code_field:
        said.append(_("Codes are read from the field “%s”.") % code)
    if not code and needs_code:
        raise _no_field("code_field", "", fields)
    name = name_field or _guess_name(level, [one for one in fields if one != code])
    if name and not name_field:
        said.append(_("Names are read from the field “%s”.") % name)
    english = next((one for one in fields if one.lower() in _ENGLISH), "")
    above = LEVELS[LEVELS.index(level) - 1] if level != "district" else ""
    of_parent = next(
        (
            one
            for one in fields
            if one.lower() in (*_LEVEL_WORDS.get(above, ()), f"{above}_name", f"{above}名称")
        ),
        "",
    )
    return Fields(code, name, english, of_parent if of_parent not in (code, name) else "", tuple(said))


def code_of(level: str, text: str, parent: str = "") -> str:
    """The code of an area or cell as our grammar has it; CodeError says what is wrong."""
    width = WIDTH[level]
    plain = text.strip()
    if parent and plain.isascii() and plain.isdigit() and len(plain) <= 3:
        if level == "district":
            raise CodeError(_("A district has no number under a parent."), field="code", value=plain)
        plain = parent + f"{int(plain):03d}"
    elif (
        level in ("district", "street")
        and len(plain) == 12
        and plain.isdigit()
        and not plain[width:].strip("0")
    ):
        plain = plain[:width]
    codes.parse(codes.Kind(level), plain)
    if parent and not plain.startswith(parent):
        raise CodeError(
            _("“%(code)s” does not begin with %(parent)s.") % {"code": plain, "parent": parent},
            field="code",
            value=plain,
            mend=_("Leave out --parent, or name the right one."),
        )
    return plain


def attributes_of(row: Mapping[str, str]) -> dict[str, str]:
    """What a row of cells says beside its code, by the name of our field."""
    found = {}
    for ours, theirs in _CELL_ATTRIBUTES.items():
        # a Shapefile cuts names at 10 bytes: three signs of UTF-8
        fitting = (
            value.strip()
            for name, value in row.items()
            if name.lower() in theirs or (len(name.encode()) >= 9 and theirs[1].startswith(name))
        )
        found[ours] = next(filter(None, fitting), "")
    return found


def read_names(path: Path, fields: Iterable[str], level: str, encoding: str | None = None) -> Names:
    """A CSV with the columns code and name (名称, 代码), for rows that lack either.

    A column that the file has as well (other than code and name) is the key; else name leads to code and
    code to name. A column `level` (级别) keeps only this level for the way from name to code.
    """
    table, rows = _csv(path, encoding)
    code_column = next((one for one in table if one.lower() in _EXACT_CODES), "")
    name_column = next((one for one in table if one.lower() in _EXACT_NAMES), "")
    english = next((one for one in table if one.lower() in _ENGLISH), "")
    of_level = next((one for one in table if one.lower() in ("level", "级别")), "")
    if not code_column:
        raise PlaceError(
            _("%(file)s has no column “code”; it has: %(columns)s.")
            % {"file": path.name, "columns": ", ".join(table)},
            field="names",
            value=path.name,
            mend=_("The first line must name code, name and, if wanted, a field of the survey file as key."),
        )
    known = set(fields)
    key = next((one for one in table if one in known and one not in (code_column, name_column, english)), "")
    names = Names(key=key if key != of_level else "")
    for row in rows:
        code, name, name_en = (row.get(one, "").strip() for one in (code_column, name_column, english))
        if names.key:
            names.by_key[row[names.key].strip()] = (code, name, name_en)
        names.by_code.setdefault(code, (name, name_en))
        if not of_level or row[of_level].strip() == level:
            names.by_name.setdefault(name, []).append(code)
    return names


def matched(names: Names, row: Mapping[str, str], code: str, name: str) -> tuple[str, str, str]:
    """Code, name and English name of a row, with what the list adds; what it does not know stays empty."""
    if names.key and (found := names.by_key.get(row.get(names.key, "").strip())):
        return found[0] or code, found[1] or name, found[2]
    if not code and name:
        possible = list(dict.fromkeys(names.by_name.get(name, ())))
        code = possible[0] if len(possible) == 1 else ""
    if code and (known := names.by_code.get(code)):
        return code, name or known[0], known[1]
    return code, name, ""


def _guess_code(level: str, rows: Sequence[Mapping[str, str]], fields: Sequence[str], parent: str) -> str:
    """The one field whose name says code and whose values are codes of the level."""
    exact = [one for one in fields if one.lower() in _EXACT_CODES]
    named = exact or [one for one in fields if _ends(one, _CODE_ENDS)]
    fitting = [one for one in named if _share(level, rows, one, parent) > 0.5]
    if not fitting and not parent:
        # no name says so, but only codes of this level look like them
        fitting = [one for one in fields if _share(level, rows, one, "") > 0.9]
    if len(fitting) > 1:
        own = [one for one in fitting if any(word in one.lower() for word in _LEVEL_WORDS[level])]
        fitting = own if len(own) == 1 else fitting
    if len(fitting) > 1:
        raise _ambiguous("code_field", fitting)
    return fitting[0] if fitting else ""


def _guess_name(level: str, fields: Sequence[str]) -> str:
    exact = [one for one in fields if one.lower() in _EXACT_NAMES]
    named = exact or [one for one in fields if _ends(one, _NAME_ENDS) and one.lower() not in _ENGLISH]
    if len(named) > 1:
        own = [one for one in named if any(word in one.lower() for word in _LEVEL_WORDS[level])]
        named = own if len(own) == 1 else named
    if not named:
        named = [one for one in fields if one.lower() in _LEVEL_WORDS[level]]
    if len(named) > 1:
        raise _ambiguous("name_field", named)
    return named[0] if named else ""


def _share(level: str, rows: Sequence[Mapping[str, str]], name: str, parent: str) -> float:
    """Which part of the rows has a code of the level in a field."""
    good = 0
    for row in rows:
        try:
            code_of(level, row.get(name, ""), parent)
            good += 1
        except CodeError:
            continue
    return good / len(rows) if rows else 0.0


def _ends(name: str, ends: tuple[str, ...]) -> bool:
    """Whether the last word of a field's name is one of these."""
    lower = name.lower()
    last = re.split(r"[^0-9a-z一-鿿]+", lower)[-1]
    if last in ends or any(lower.endswith(end) for end in ends if len(end) > 2 or not end.isascii()):
        return True
    # initials of pinyin, written together: JDMC 街道名称, XZDM 行政代码
    return bool(re.fullmatch("[a-z]{1,5}", lower[:-2])) and lower[-2:] in _PINYIN_ENDS & set(ends)


def _csv(path: Path, encoding: str | None) -> tuple[list[str], list[dict[str, str]]]:
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise PlaceError(
            _("%(file)s cannot be read: %(why)s.") % {"file": path.name, "why": fault.strerror},
            field="names",
            value=path.name,
        ) from fault
    codec = codec_of(encoding) if encoding else codec_of_mark(raw[:4])
    try:
        text = raw.decode(codec).lstrip("\ufeff")
    except UnicodeDecodeError as fault:
        raise undecodable(path.name, codec, _("at byte %s") % fault.start, declared=bool(encoding)) from fault
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
        rows = [{str(key): value or "" for key, value in row.items() if key} for row in reader]
    except csv.Error as fault:
        raise PlaceError(
            _("%(file)s is no CSV: %(why)s.") % {"file": path.name, "why": fault},
            field="names",
            value=path.name,
        ) from fault
    return [name for name in reader.fieldnames or () if name], rows


def _no_field(option: str, wanted: str, fields: Sequence[str]) -> PlaceError:
    said = "--" + option.replace("_", "-")
    return PlaceError(
        _("The file has no field “%(wanted)s”; it has: %(fields)s.")
        % {"wanted": wanted, "fields": ", ".join(fields)}
        if wanted
        else _("No field of the file holds codes of this level; it has: %(fields)s.")
        % {"fields": ", ".join(fields) or "-"},
        field=option,
        value=wanted,
        mend=_(
            "Name one with %(option)s, or match names to codes by a CSV (--names), or number the rows under "
            "a parent (--parent CODE --number). Numbers of a city's own need --parent as well."
        )
        % {"option": said},
    )


def _ambiguous(option: str, found: Sequence[str]) -> PlaceError:
    return PlaceError(
        _("Several fields could be meant: %(fields)s.") % {"fields": ", ".join(found)},
        field=option,
        value=list(found),
        mend=_("Name the one with --%(option)s.") % {"option": option.replace("_", "-")},
    )
