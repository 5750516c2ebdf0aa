"""Place names and addresses from a file: every row taken or refused with its reason, all in one transaction.

What a row must say: a name, or a street and a number; and a shape. The kind comes from its column, from
`kind`, or is told by the row: a number makes a door, a line a street, an area a named area, else a point of
interest. A row is the same place as before by its own code, else by kind, name and cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data import spelling
from gis_data.bulk import stored_shapes
from gis_data.crs import STORE
from gis_data.errors import OutsideCity, PlaceError
from gis_data.importers.source import Feature, Source
from gis_data.models import Address
from gis_data.placing import metres_between
from gis_data.sql import rows

# What of an address a column may hold, and how files call it.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "standard_name", "address", "full_address", "名称", "标准名称", "地名", "地址"),
    "name_en": ("name_en", "name:en", "english", "英文名称", "英文名"),
    "alias": ("alias", "alt_name", "别名", "简称", "曾用名"),
    "kind": ("kind", "type", "类型", "类别", "地名类型"),
    "street": ("street", "addr:street", "road", "街巷", "街路巷", "道路", "道路名称"),
    "number": ("number", "addr:housenumber", "housenumber", "house_number", "门牌号", "门楼牌号", "号码"),
    "pinyin": ("pinyin", "拼音", "罗马字母拼写"),
    "code": ("code", "id", "标识码", "地名代码", "地址代码", "编码"),
    "valid_from": ("valid_from", "initial_date", "初始时间", "设立日期"),
    "valid_to": ("valid_to", "termination_date", "终止日期", "废止日期"),
}
# Words for the kinds as GB/T 30428.3 and files of place names use them.
KINDS: Final[Mapping[str, str]] = {
    **{kind.value: kind.value for kind in Address.Kind},
    "区域": "area", "地片": "area", "区片": "area", "行政区": "area", "社区": "area",
    "街巷": "street", "街路巷": "street", "道路": "street", "street or lane": "street",
    "门牌": "door", "楼牌": "door", "门楼牌": "door", "门（楼）牌": "door",
    "门(楼)牌": "door", "地址": "door",
    "兴趣点": "poi", "point of interest": "poi", "标志物": "landmark", "地标": "landmark",
}  # fmt: skip
_WIDTHS: Final = {"name": 200, "name_en": 200, "alias": 200, "street": 200, "number": 40, "code": 60}
_COPIED: Final = (
    "district_code", "key", "code", "kind", "name", "name_en", "alias", "street", "number", "pinyin",
    "initials", "spelt", "place", "outline", "area_code", "cell_code", "source", "valid_from", "valid_to",
)  # fmt: skip
_STAGE: Final = """
DROP TABLE IF EXISTS pg_temp.address_incoming;
CREATE TEMPORARY TABLE address_incoming (LIKE gis_data_address) ON COMMIT DROP;
ALTER TABLE address_incoming DROP COLUMN id, DROP COLUMN former, DROP COLUMN synthetic;
"""

# Two rows of one name and cell no farther apart than this speak of one place.
SAME_M: Final = 30.0
Seen = dict[tuple[str, str], tuple[float, float, int]]
Progress = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken: its number, its own words and why."""

    number: int
    fields: Mapping[str, str]
    fault: PlaceError


@dataclass(slots=True)
class Outcome:
    """What a load did, or would do."""

    read: int = 0
    taken: int = 0
    repeated: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    streets: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    districts: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def same(self) -> int:
        return self.taken - self.new - self.changed


@dataclass(slots=True)
class _Row:
    """A row that says enough; where it lies is not known yet."""

    feature: Feature
    kind: str
    words: dict[str, str]
    valid_from: date | None
    valid_to: date | None
    place: shapely.Point
    outline: Any


def load_addresses(
    source: Source,
    *,
    called: str,
    columns: Mapping[str, str],
    kind: str = "",
    retire: bool = False,
    commit: bool = False,
    progress: Progress = lambda _read, _share: None,
) -> Outcome:
    """Load a file of names and addresses whole, or with `commit` false only find out what it would do.

    called    the source's name: a newer file of the same source tells what is gone
    columns   part of an address → column, as `columns_of` gives it
    kind      of rows that do not say theirs
    retire    what the source no longer has ends today; otherwise it is only counted
    """
    outcome = Outcome()
    seen: Seen = {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_STAGE)
        for batch in source.batches():
            _stage(_good(batch, columns, kind, outcome), called, seen, outcome)
            progress(outcome.read, source.share)
        if outcome.taken:
            ((outcome.new, outcome.changed),) = rows("merge_addresses")
            outcome.streets = _name_streets(called)
            outcome.districts = sorted({district for district, _key in seen})
            ((outcome.gone,),) = rows(
                "gone_addresses",
                source=called,
                districts=outcome.districts,
                retire=retire,
                today=timezone.localdate(),
            )
        if not commit:
            transaction.set_rollback(True)
    outcome.refused.sort(key=lambda one: one.number)
    return outcome


def columns_of(fields: Sequence[str], declared: Mapping[str, str]) -> dict[str, str]:
    """Which column holds which part: as declared, else by the usual names; PlaceError if one is not there."""
    for part, column in declared.items():
        if part not in COLUMNS:
            raise PlaceError(
                _("“%(part)s” is no part of an address.") % {"part": part},
                field="field",
                value=part,
                mend=_("Parts: %(parts)s.") % {"parts": ", ".join(COLUMNS)},
            )
        if column not in fields:
            raise PlaceError(
                _("The file has no column “%(column)s”.") % {"column": column},
                field="field",
                value=column,
                mend=_("Its columns: %(columns)s.") % {"columns": ", ".join(fields)},
            )
    usual = {name.casefold(): name for name in reversed(fields)}
    found = {
        part: usual[next(name for name in names if name in usual)]
        for part, names in COLUMNS.items()
        if any(name in usual for name in names)
    }
    found |= declared
    if "name" not in found and not {"street", "number"} <= found.keys():
        raise PlaceError(
            _("The file has neither a column of names nor one of streets and one of numbers."),
            field="field",
            value=", ".join(fields),
            mend=_("Say which columns they are: --field name=COLUMN, or --field street=… --field number=…"),
        )
    return found


def _good(batch: list[Feature], columns: Mapping[str, str], kind: str, outcome: Outcome) -> Iterator[_Row]:
    for feature in batch:
        outcome.read += 1
        try:
            yield _row(feature, columns, kind)
        except PlaceError as fault:
            outcome.refused.append(Refused(feature.number, feature.fields, fault))


def _row(feature: Feature, columns: Mapping[str, str], kind: str) -> _Row:
    if feature.fault is not None:
        raise feature.fault
    if feature.shape is None:
        raise _fault("shape", "", _("The row has no place."), _("Give it coordinates."))
    words = {part: " ".join(feature.fields.get(column, "").split()) for part, column in columns.items()}
    place, outline = _place(feature.shape)
    told = _kind(words, kind, feature.shape)
    if told == Address.Kind.DOOR:
        _complete_door(words)
    if not words.get("name"):
        raise _fault("name", "", _("The row has no name."), _("Give it a name, or a street and a number."))
    for part, width in _WIDTHS.items():
        if len(words.get(part, "")) > width:
            text = _("“%(part)s” has more than %(width)s characters.") % {"part": part, "width": width}
            raise _fault(part, words[part][:60] + "…", text, _("Shorten it."))
    since, until = (_day(part, words.get(part, "")) for part in ("valid_from", "valid_to"))
    if since and until and until < since:
        raise _fault("valid_to", str(until), _("It ends before it begins."), _("Mend one of the two dates."))
    return _Row(feature, told, words, since, until, place, outline)


def _kind(words: Mapping[str, str], given: str, shape: Any) -> str:
    said = words.get("kind", "").casefold()
    if said in KINDS:
        return KINDS[said]
    if given:
        return given
    if words.get("number") or (spelling.door(words.get("name", ""))[1] and shape.geom_type == "Point"):
        return Address.Kind.DOOR
    return {0: Address.Kind.POI, 1: Address.Kind.STREET, 2: Address.Kind.AREA}[shapely.get_dimensions(shape)]


def _complete_door(words: dict[str, str]) -> None:
    """Street, number and name of a door, whichever of them the row leaves out."""
    street, number = words.get("street", ""), spelling.number(words.get("number", ""))
    if not (street and number):
        told = spelling.door(words.get("name", ""))
        street, number = street or told[0], number or told[1]
    if not (street and number):
        raise _fault(
            "number",
            words.get("number") or words.get("name", ""),
            _("The address has no house number that can be told from its street."),
            _("Give street and number in columns of their own, or say another kind."),
        )
    words |= {"street": street, "number": number}
    if not words.get("name"):
        words["name"] = f"{street}{number}号" if spelling.is_han(street) else f"{number} {street}"


def _place(shape: Any) -> tuple[Any, Any]:
    """The point where a name is shown, and the outline of what is more than a point."""
    if shape.geom_type == "Point":
        return shape, None
    dimensions = shapely.get_dimensions(shape)
    if dimensions == 1:
        longest = max(shapely.get_parts(shape), key=shapely.length)
        return shapely.line_interpolate_point(longest, 0.5, normalized=True), shape
    if dimensions == 2:
        whole = shape if shape.is_valid else shapely.make_valid(shape)
        return shapely.point_on_surface(whole), shape
    return shapely.get_parts(shape)[0], shape


def _day(part: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError:
        message = _("“%(value)s” is no day.") % {"value": text}
        raise _fault(part, text, message, _("Write it as 2026-11-30.")) from None


def _stage(good: Iterator[_Row], called: str, seen: Seen, outcome: Outcome) -> None:
    """Rows of a batch into the temporary table, those outside the city and those that come twice apart."""
    batch = list(good)
    if not batch:
        return
    points = shapely.get_coordinates([row.place for row in batch])
    lies = rows("place_of", lons=points[:, 0].tolist(), lats=points[:, 1].tolist())
    places = stored_shapes(np.array([row.place for row in batch]), STORE)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY address_incoming ({', '.join(_COPIED)}) FROM STDIN") as copy,
    ):
        for row, place, (district, area, cell) in zip(batch, places, lies, strict=True):
            try:
                key = _key(row, district, cell, seen)
            except PlaceError as fault:
                outcome.refused.append(Refused(row.feature.number, row.feature.fields, fault))
                continue
            if key is None:
                outcome.repeated += 1
                continue
            outcome.taken += 1
            outcome.kinds[row.kind] = outcome.kinds.get(row.kind, 0) + 1
            outline = None if row.outline is None else stored_shapes(np.array([row.outline]), STORE)[0]
            copy.write_row((
                district, key, *_spelt(row), place, outline, area or "", cell or "", called, row.valid_from,
                row.valid_to,
            ))  # fmt: skip


def _key(row: _Row, district: str | None, cell: str | None, seen: Seen) -> str | None:
    """What makes a row the same place in the next file; None if an earlier row said the same of one place."""
    if district is None:
        raise OutsideCity(
            _("The place lies outside every area in force."),
            field="place",
            value=f"{row.place.x:.6f}, {row.place.y:.6f}",
            mend=_("Mend the coordinates; check the datum; load the areas first."),
        )
    code = row.words.get("code", "")
    key = code or f"{row.kind}:{row.words['name']}:{cell or ''}"
    before = seen.setdefault((district, key), (row.place.x, row.place.y, row.feature.number))
    if before[2] != row.feature.number:
        apart = metres_between(before[:2], (row.place.x, row.place.y))
        if not code and apart <= SAME_M:
            return None
        raise _fault(
            "code" if code else "name",
            code or row.words["name"],
            _("The same code stands in the file twice.")
            if code
            else _("The same name stands in the same cell twice."),
            _("Take one of the rows out, or give each a code of its own."),
        )
    return key


def _spelt(row: _Row) -> tuple[str, ...]:
    """code, kind, name, name_en, alias, street, number, pinyin, initials, spelt."""
    words = row.words
    is_door = row.kind == Address.Kind.DOOR
    sound = spelling.normal(words.get("pinyin", "")) or ("" if is_door else spelling.pinyin(words["name"]))
    alias = "；".join(spelling.names(words.get("alias", "")))
    spelt = ""
    if not is_door:
        every = [words["name"], words.get("name_en", ""), *spelling.names(alias)]
        spelt = spelling.spellings(every, sound)
    return (
        words.get("code", ""), row.kind, words["name"], words.get("name_en", ""), alias,
        words.get("street", "") if is_door else "", words.get("number", "") if is_door else "", sound,
        spelling.initials(sound), spelt,
    )  # fmt: skip


def _name_streets(called: str) -> int:
    """A street that only its doors speak of gets a row of its own, so that it can be found."""
    made = []
    for district, street, place, area, cell in rows("nameless_streets"):
        sound = spelling.pinyin(street)
        made.append(
            Address(
                district_code=district,
                key=f"street:{street}",
                kind=Address.Kind.STREET,
                name=street,
                pinyin=sound,
                initials=spelling.initials(sound),
                spelt=spelling.spellings([street], sound),
                place=place,
                area_code=area,
                cell_code=cell,
                source=_("doors of %(source)s") % {"source": called},
            )
        )
    Address.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def _fault(part: str, value: str, message: str, mend: str) -> PlaceError:
    return PlaceError(message, field=part, value=value, mend=mend)
