"""The three headline figures, counted from the journal alone.

Each figure is one relation of counted cases (`dispatch/counted.py`): the numerator is the sum of the amounts
(1 or 0 for a rate, seconds for the mean time), the denominator the number of rows; areas, departments, days
and the cases behind a figure are the same rows grouped or listed. So the parts always add up to the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from casework.errors import Invalid, Missing
from casework.journal import instant
from casework.models import Case, Organisation
from casework.models.calendar import calendar_for
from dispatch.counted import relation
from dispatch.definitions import (
    UNITS,
    Accuracy,
    Definitions,
    Imported,
    Key,
    claim_of,
    definitions_for,
    title_of,
    words_of,
)
from dispatch.imported import KIND as IMPORTED_KIND
from dispatch.imported import Stood, stream_of
from dispatch.models.report import Source
from dispatch.queries import PAGE, PAGE_AT_MOST, Page, cursor_after, read_cursor
from dispatch.workflow import KIND
from gis_data.models import Area

SLACK = "1 day"  # how far the clocks of the web and database machines may differ; generous
AREA_WIDTHS = (6, 9, 12, 15)  # district, street, community, cell: prefixes of a cell's code
PARTS = ("numerator", "denominator", "rest")


@dataclass(frozen=True)
class Period:
    """Whole days of the city, from 00:00 of the first to 24:00 of the last."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise Invalid(
                _("The period ends before it begins."),
                field="to",
                value=self.last,
                mend=_("Choose a later last day."),
            )

    def starts_at(self, zone: tzinfo) -> datetime:
        return datetime.combine(self.first, time.min, zone)

    def ends_at(self, zone: tzinfo) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time.min, zone)

    def days(self) -> Iterator[date]:
        for n in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=n)


@dataclass(frozen=True)
class Scope:
    """Which cases: of a stream, in a period, in an area (code of district, street, community or cell); and
    whether those count that another system told of the same district."""

    stream: str
    period: Period
    area: str = ""
    imported: Imported = Imported.EXCLUDE

    def __post_init__(self) -> None:
        area = self.area
        if area and not (area.isascii() and area.isdigit() and len(area) in AREA_WIDTHS):
            raise Invalid(
                _("“%(code)s” is no code of an area.") % {"code": area},
                field="area",
                value=area,
                mend=_("Give the 6, 9, 12 or 15 digits of a district, street, community or cell."),
            )
        if area and not area.startswith(self.stream):
            raise Invalid(
                _("Area %(code)s lies outside district %(stream)s.") % {"code": area, "stream": self.stream},
                field="area",
                value=area,
                mend=_("Choose an area of your own district."),
            )

    @property
    def zone(self) -> ZoneInfo:
        """Of the district's working calendar; of the installation where it has none."""
        for stream in (self.stream, stream_of(self.stream)):
            try:
                return calendar_for(stream).zone
            except Missing:
                continue
        return ZoneInfo(timezone.get_default_timezone_name())

    @property
    def parts_width(self) -> int:
        """Digits of the areas next below: streets of a district, communities of a street, then cells."""
        return {0: 9, 6: 9, 9: 12}.get(len(self.area), 15)


@dataclass(frozen=True)
class Tally:
    """A fraction and its value: per cent for a rate, hours for a time; None when nothing was counted."""

    numerator: float
    denominator: int
    value: float | None

    @classmethod
    def of(cls, key: Key, amount: Decimal, rows: int) -> Tally:
        if key == Key.RESOLUTION:
            hours = amount / 3600
            return cls(_rounded(hours, 4), rows, _rounded(hours / rows, 2) if rows else None)
        return cls(int(amount), rows, _rounded(100 * amount / rows, 2) if rows else None)


NOTHING = Tally(0, 0, None)


@dataclass(frozen=True)
class Figure:
    """A headline figure with all that is needed to believe it."""

    key: Key
    title: str
    numerator: float
    denominator: int
    value: float | None
    unit: str
    claim: str
    definition: str
    period: Period
    area: str


@dataclass(frozen=True)
class Row:
    """The figures of one area, department or day; `code` is its code or its date."""

    code: str
    name: str
    name_en: str
    tallies: Mapping[Key, Tally]


@dataclass(frozen=True)
class Board:
    """All that a manager's page shows for one scope. Departments find nothing: their rows lack discovery."""

    scope: Scope
    definitions: Definitions
    figures: tuple[Figure, ...]
    by_area: tuple[Row, ...]
    by_department: tuple[Row, ...]
    trend: tuple[Row, ...]


def _values(scope: Scope, chosen: Definitions) -> dict[str, Any]:
    zone = scope.zone
    return {
        "stream": scope.stream,
        "kind": KIND,
        "imported": IMPORTED_KIND,
        "past": stream_of(scope.stream),
        "cancelled": Stood.CANCELLED.value,
        "closed": Stood.CLOSED.value,
        "starts": scope.period.starts_at(zone),
        "ends": scope.period.ends_at(zone),
        "slack": SLACK,
        "area": scope.area,
        "inspector": Source.INSPECTOR,
        "sources": [Source.INSPECTOR, *chosen.missed_sources],
        "by_rework": chosen.accuracy == Accuracy.NEVER_REWORKED,
        "closing": list(chosen.closing_verbs),
        "zone": zone.key,
        "width": scope.parts_width,
    }


# --- figures ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tallies:
    whole: Tally
    by_area: dict[str, Tally]
    by_department: dict[int, Tally]
    by_day: dict[date, Tally]


def _tallies(key: Key, scope: Scope, chosen: Definitions) -> _Tallies:
    """One pass over the counted cases, grouped four ways."""
    tallies = _Tallies(NOTHING, {}, {}, {})
    whole = NOTHING
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT grouping(place, department, day), place, department, day,
                    coalesce(sum(amount), 0), count(*)
                FROM (SELECT left(cell, %(width)s) AS place, department,
                          (at AT TIME ZONE %(zone)s)::date AS day, amount
                      FROM ({relation(key, scope.imported)}) AS counted) AS placed
                GROUP BY GROUPING SETS ((), (place), (department), (day))""",
            _values(scope, chosen),
        )
        for level, place, department, day, amount, rows in cursor.fetchall():
            tally = Tally.of(key, Decimal(amount), rows)
            if level == 0b111:
                whole = tally
            elif level == 0b011:
                tallies.by_area[place] = tally
            elif level == 0b101 and department is not None:
                tallies.by_department[department] = tally
            elif level == 0b110:
                tallies.by_day[day] = tally
    return _Tallies(whole, tallies.by_area, tallies.by_department, tallies.by_day)


def figures_of(scope: Scope) -> tuple[Figure, ...]:
    """The three figures, in their usual order."""
    return board_of(scope).figures


def board_of(scope: Scope) -> Board:
    """The figures and their parts, under the definition in force on the last day. Six queries."""
    chosen = definitions_for(scope.stream, scope.period.last)
    found = {key: _tallies(key, scope, chosen) for key in Key}
    return Board(
        scope=scope,
        definitions=chosen,
        figures=tuple(_figure(key, found[key].whole, scope, chosen) for key in Key),
        by_area=_areas(scope, {key: found[key].by_area for key in Key}),
        by_department=_departments({key: found[key].by_department for key in Key}),
        trend=tuple(
            Row(str(day), str(day), str(day), {key: found[key].by_day.get(day, NOTHING) for key in Key})
            for day in scope.period.days()
        ),
    )


def _figure(key: Key, tally: Tally, scope: Scope, chosen: Definitions) -> Figure:
    return Figure(
        key=key,
        title=title_of(key),
        numerator=tally.numerator,
        denominator=tally.denominator,
        value=tally.value,
        unit=UNITS[key],
        claim=claim_of(key),
        definition=words_of(key, chosen, scope.imported),
        period=scope.period,
        area=scope.area,
    )


def _areas(scope: Scope, found: Mapping[Key, Mapping[str, Tally]]) -> tuple[Row, ...]:
    """The areas in force with their figures, and old ones that still have some."""
    width = scope.parts_width
    names: dict[str, tuple[str, str]] = {}
    if width < 15:
        level = {9: Area.Level.STREET, 12: Area.Level.COMMUNITY}[width]
        in_force = Area.objects.filter(
            generation__state="active", level=level, code__startswith=scope.area or scope.stream
        )
        names = {
            code: (name, name_en or name)
            for code, name, name_en in in_force.values_list("code", "name", "name_en")
        }
    with override("zh-hans"):
        nowhere = _("area not known")
    with override("en"):
        names[""] = nowhere, _("area not known")  # an imported case may lie in none
    codes = sorted((names.keys() - {""}) | {code for tallies in found.values() for code in tallies})
    return tuple(
        Row(code, *names.get(code, (code, code)), {key: found[key].get(code, NOTHING) for key in Key})
        for code in codes
    )


def _departments(found: Mapping[Key, Mapping[int, Tally]]) -> tuple[Row, ...]:
    keys = (Key.ACCURACY, Key.RESOLUTION)
    ids = {pk for key in keys for pk in found[key]}
    return tuple(
        Row(o.code, o.name, o.name_en or o.name, {key: found[key].get(o.pk, NOTHING) for key in keys})
        for o in Organisation.objects.filter(pk__in=ids).order_by("code")
    )


# --- the cases behind a figure ------------------------------------------------------------------------------


def cases_behind(key: str, part: str, scope: Scope, *, after: str | None = None, limit: int = PAGE) -> Page:
    """Cards of the cases that a figure counts, latest first, with what each adds.

    part    numerator, denominator, or rest: counted below the line but not above it (the missed, the wrong)
    items   cards as they stand now, with `counted_at` (what puts the case into the period) and `amount`
            (1 or 0; for the mean time hours)
    raises  Invalid for an unknown key or part, or a page mark that cannot be read
    """
    if key not in list(Key):
        raise _unknown("key", key, list(Key))
    if part not in PARTS:
        raise _unknown("part", part, PARTS)
    figure, limit = Key(key), max(1, min(limit, PAGE_AT_MOST))
    at, pk = read_cursor(after) if after else (scope.period.ends_at(scope.zone), UUID(int=2**128 - 1))
    # every case closed is in both parts of the mean, even one closed within the same microsecond
    wanted = {"numerator": "amount > 0", "denominator": "true", "rest": "amount = 0"}[part]
    if figure == Key.RESOLUTION:
        wanted = "false" if part == "rest" else "true"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT case_id, at, amount FROM ({relation(figure, scope.imported)}) AS counted
                WHERE {wanted} AND (at, case_id) < (%(after_at)s, %(after_id)s)
                ORDER BY at DESC, case_id DESC LIMIT %(limit)s""",
            {**_values(scope, definitions_for(scope.stream, scope.period.last)),
             "after_at": at, "after_id": pk, "limit": limit + 1},
        )  # fmt: skip
        rows = cursor.fetchall()
    more, rows = len(rows) > limit, rows[:limit]
    cards = dict(Case.objects.filter(pk__in=[row[0] for row in rows]).values_list("pk", "card"))
    items = [
        {**cards[case_id], "counted_at": instant(at), "amount": _amount(figure, amount)}
        for case_id, at, amount in rows
    ]
    return Page(items, cursor_after(rows[-1][1], rows[-1][0]) if more else None)


def _unknown(field: str, value: str, known: Any) -> Invalid:
    return Invalid(
        _("“%(value)s” is not known here.") % {"value": value},
        field=field,
        value=value,
        mend=_("One of: %(known)s.") % {"known": ", ".join(known)},
    )


def _amount(key: Key, amount: Decimal | int) -> float:
    return _rounded(Decimal(amount) / 3600, 4) if key == Key.RESOLUTION else int(amount)


def _rounded(number: Decimal, places: int) -> float:
    return float(number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
