"""The indicators of a scope, grouped by one dimension: from the sums, in a handful of queries.

Months that were closed stand as they were; what has come to them since is told apart, as adjustments. A group
within a filter that the sums do not hold (a class of one department, departments of one cell) is summed from
the facts themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import override

from casework import journal
from casework.errors import Invalid
from casework.models import Holding, Organisation, Person, Post
from dispatch.indicators.counters import COUNTERS
from dispatch.indicators.cube import COLUMNS, DIMENSIONS
from dispatch.indicators.models import ClosedMonth, Reach
from dispatch.indicators.periods import BY_DAYS, IN_TIME, By, Pieces, pieces_of
from dispatch.indicators.rates import Chosen, Indicator, Rate, Sums, chosen_for, indicators, rate_of
from dispatch.indicators.scores import DEFAULT, SUBJECTS, Score, score_of
from dispatch.metrics import Scope
from gis_data.models import Area, ProblemClass

TOP_CLASSES: Final = 5


@dataclass(frozen=True)
class Asked:
    """A scope, what to group it by, and at most one of each: this department, class, post, person alone."""

    scope: Scope
    by: By
    only: Mapping[str, int]

    @property
    def dimension(self) -> str:
        """Which column of facts the group is; kinds are classes, put together afterwards."""
        return {By.KIND: "class"}.get(self.by, str(self.by))


@dataclass(frozen=True)
class Named:
    code: str
    name: str
    name_en: str
    subject: str = ""


@dataclass(frozen=True)
class Row:
    """The numbers of one area, department, class, post, person or span of time."""

    key: str
    named: Named
    sums: Sums
    rates: Mapping[str, Rate]
    score: Score | None


@dataclass(frozen=True)
class Reached:
    """How far the sums are: `behind` entries of the journal are not in them yet."""

    seq: int
    behind: int
    as_of: datetime | None


@dataclass(frozen=True)
class Table:
    asked: Asked
    chosen: Chosen
    indicators: tuple[Indicator, ...]
    whole: Row
    rows: tuple[Row, ...]
    adjustments: Sums
    closed: tuple[date, ...]
    reached: Reached
    top_share: Rate | None


def table_of(asked: Asked) -> Table:
    """Everything a page shows of a scope."""
    scope, by = asked.scope, asked.by
    chosen = chosen_for(scope.stream, scope.period.last)
    every = indicators(chosen)
    rules: Mapping[str, Any] = (chosen.scoring and chosen.scoring.rules) or DEFAULT
    pieces = pieces_of(scope.period, in_days=by in BY_DAYS)
    closed = _closed(scope.stream, pieces)
    found = _grouped(asked, pieces, closed)
    names = _names_of(asked, found)
    if by == By.KIND:
        found, names = _kinds(found, names)
    total = _together(found.values())

    def row(key: str, named: Named, sums: Sums) -> Row:
        rates = {each.key: rate_of(each, sums) for each in every}
        return Row(key, named, sums, rates, score_of(named.subject, rules, sums, rates))

    rows = [row(key, names.get(key) or Named(key, key, key), sums) for key, sums in found.items()]
    rows.sort(key=_order(by))
    return Table(
        asked=asked,
        chosen=chosen,
        indicators=every,
        whole=row("", Named("", "", "", "area"), total),
        rows=tuple(rows),
        adjustments=_adjustments(asked, closed) if closed else {},
        closed=closed,
        reached=reached_of(scope.stream),
        top_share=_top_share(found) if by == By.CLASS else None,
    )


def reached_of(stream: str) -> Reached:
    reach = Reach.objects.filter(pk=stream).first()
    try:
        head = journal.head(stream)
    except LookupError:  # a district of which only other systems told
        head = 0
    return Reached(reach.seq, head - reach.seq, reach.as_of) if reach else Reached(0, head, None)


def _together(parts: Any) -> dict[str, int]:
    total: dict[str, int] = {}
    for sums in parts:
        for name, amount in sums.items():
            total[name] = total.get(name, 0) + amount
    return total


def _order(by: By) -> Callable[[Row], Any]:
    if by in IN_TIME or by in (By.AREA, By.DEPARTMENT, By.KIND):
        return lambda row: (row.named.code, row.key)
    return lambda row: (-row.sums.get("filed", 0), -sum(row.sums.values()), row.key)


def _top_share(found: Mapping[str, Sums]) -> Rate:
    """高发占比: filed cases of the most frequent classes, over all."""
    filed = sorted((sums.get("filed", 0) for sums in found.values()), reverse=True)
    few = Indicator("", "", "", ("few",), ("all",))
    return rate_of(few, {"few": sum(filed[:TOP_CLASSES]), "all": sum(filed)})


# --- sums ---------------------------------------------------------------------------------------------------


def _closed(stream: str, pieces: Pieces) -> tuple[date, ...]:
    months = ClosedMonth.objects.filter(stream_id=stream, month__in=pieces.months)
    return tuple(sorted(months.values_list("month", flat=True)))


def _grouped(asked: Asked, pieces: Pieces, closed: tuple[date, ...]) -> dict[str, dict[str, int]]:
    sums = ", ".join(f"sum({column})::bigint" for column in COLUMNS)
    source, values = _summed(asked, pieces, closed) if _is_summed(asked) else _from_facts(asked)
    sql = f"SELECT {_group(asked)}, {sums} FROM ({source}) AS part GROUP BY 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    found = {
        str(key): {name: amount for name, amount in zip(COUNTERS, amounts, strict=True) if amount}
        for key, *amounts in rows
    }
    return {key: amounts for key, amounts in found.items() if amounts}


def _group(asked: Asked) -> str:
    if asked.by == By.AREA:
        return "area"
    if asked.by in IN_TIME:
        return f"date_trunc('{asked.by}', bucket)::date"
    return "key"


def _is_summed(asked: Asked) -> bool:
    """Do the sums hold this group within this filter?"""
    keys = {*asked.only, *({asked.dimension} & set(DIMENSIONS))}
    finest = asked.scope.parts_width if asked.by == By.AREA else len(asked.scope.area)
    return len(keys) <= 1 and not (asked.only and asked.dimension in DIMENSIONS) and (
        not keys or finest < 15
    )  # fmt: skip


def _summed(asked: Asked, pieces: Pieces, closed: tuple[date, ...]) -> tuple[str, dict[str, Any]]:
    """Rows of the sums: months, as they were when closed, and the days at the edges."""
    scope = asked.scope
    dim = next(iter(asked.only), asked.dimension if asked.dimension in DIMENSIONS else "")
    area = scope.area or scope.stream
    values: dict[str, Any] = {"stream": scope.stream, "dim": dim, "area": area}
    where = "stream_id = %(stream)s AND dim = %(dim)s"
    if asked.by == By.AREA:
        values |= {"width": scope.parts_width, "beyond": f"{area}:"}
        where += " AND width = %(width)s AND area >= %(area)s AND area < %(beyond)s"
    else:
        values["width"] = len(area)
        where += " AND width = %(width)s AND area = %(area)s"
    if asked.only:
        values["key"] = asked.only[dim]
        where += " AND key = %(key)s"
    spans: list[tuple[str, str, tuple[Any, ...]]] = [
        ("d", "bucket BETWEEN {0} AND {1}", days) for days in pieces.days
    ]
    now = [month for month in pieces.months if month not in closed]
    spans += [(grain, "bucket = ANY({0}::date[])", (list(some),))
              for grain, some in (("m", now), ("f", closed)) if some]  # fmt: skip
    parts = []
    for number, (grain, condition, given) in enumerate(spans):
        names = [f"t{number}_{place}" for place in range(len(given))]
        values |= dict(zip(names, given, strict=True))
        told = condition.format(*(f"%({name})s" for name in names))
        parts.append(f"SELECT * FROM indicators_rollup WHERE {where} AND grain = '{grain}' AND {told}")
    return " UNION ALL ".join(parts), values


def _from_facts(asked: Asked) -> tuple[str, dict[str, Any]]:
    """The same columns from the facts, for what the sums do not hold; always as it is now."""
    scope = asked.scope
    values: dict[str, Any] = {
        "stream": scope.stream, "area": scope.area, "first": scope.period.first, "last": scope.period.last,
        "width": scope.parts_width,
    }  # fmt: skip
    where = "stream_id = %(stream)s AND day BETWEEN %(first)s AND %(last)s AND starts_with(cell, %(area)s)"
    for dimension, one in asked.only.items():
        values[dimension] = one
        where += f" AND {dimension}_id = %({dimension})s"
    if len(scope.area) == 15:  # the index of a cell's reports leads to few facts
        where += " AND case_id IN (SELECT case_id FROM dispatch_report WHERE cell_code = %(area)s)"
    key = f"{asked.dimension}_id" if asked.dimension in DIMENSIONS else "0"
    columns = ", ".join(
        f"CASE WHEN counter = {number} THEN amount END AS {column}" for number, column in enumerate(COLUMNS)
    )
    return (
        f"""SELECT left(cell, %(width)s) AS area, day AS bucket, {key} AS key, {columns}
            FROM indicators_counted WHERE {where}""",
        values,
    )


def _adjustments(asked: Asked, closed: tuple[date, ...]) -> dict[str, int]:
    """What has come to the closed months since, over all groups."""
    if not _is_summed(asked):
        return {}
    whole = Asked(asked.scope, By.YEAR, asked.only)
    pieces = Pieces(closed, ())
    if not _is_summed(whole):
        return {}
    then = _together(_grouped(whole, pieces, closed).values())
    now = _together(_grouped(whole, pieces, ()).values())
    changed = {name: now.get(name, 0) - then.get(name, 0) for name in COUNTERS}
    return {name: amount for name, amount in changed.items() if amount}


# --- names --------------------------------------------------------------------------------------------------


def _names_of(asked: Asked, found: Mapping[str, Any]) -> dict[str, Named]:
    keys = [int(key) for key in found] if asked.dimension in DIMENSIONS else []
    nobody = {"0": Named("", *_nobody())} if keys else {}
    if asked.by == By.AREA:
        areas = Area.objects.filter(code__in=list(found)).exclude(generation__state="draft")
        ordered = areas.order_by("generation__activated_at", "pk")
        return {
            **{key: Named(key, key, key, "area") for key in found},
            **{
                code: Named(code, name, name_en or name, "area")
                for code, name, name_en in ordered.values_list("code", "name", "name_en")
            },
        }
    if asked.by == By.DEPARTMENT:
        departments = Organisation.objects.filter(pk__in=keys)
        return nobody | {
            str(o.pk): Named(o.code, o.name, o.name_en or o.name, "department") for o in departments
        }
    if asked.dimension == "class":
        classes = ProblemClass.objects.filter(pk__in=keys)
        return nobody | {str(c.pk): Named(c.code, c.name, c.name_en or c.name, str(c.kind)) for c in classes}
    if asked.by == By.POST:
        posts = Post.objects.filter(pk__in=keys).select_related("organisation")
        return nobody | {
            str(p.pk): Named(str(p.pk), f"{p.organisation.name} {p.title}",
                             f"{p.organisation.name_en or p.organisation.name} {p.title_en or p.title}",
                             _subject(p.role))
            for p in posts
        }  # fmt: skip
    if asked.by == By.PERSON:
        roles = dict(Holding.objects.filter(person_id__in=keys).values_list("person_id", "post__role"))
        return nobody | {
            str(p.pk): Named(str(p.pk), str(p), str(p), _subject(roles.get(p.pk, "")))
            for p in Person.objects.filter(pk__in=keys)
        }
    return {}


def _nobody() -> tuple[str, str]:
    with override("zh-hans"):
        zh = _("nobody yet")
    with override("en"):
        return zh, _("nobody yet")


def _subject(role: str) -> str:
    return role if role in SUBJECTS else ""


def _kinds(
    found: Mapping[str, Sums], names: Mapping[str, Named]
) -> tuple[dict[str, dict[str, int]], dict[str, Named]]:
    """Classes put together: components and events."""
    kinds: dict[str, list[Sums]] = {}
    for key, sums in found.items():
        kinds.setdefault(names[key].subject if key in names else "", []).append(sums)
    words: dict[str, Named] = {}
    for kind in kinds:
        label = ProblemClass.Kind(kind).label if kind else ""
        with override("zh-hans"):
            zh = str(label)
        with override("en"):
            words[kind] = Named(kind, zh, str(label))
    return {kind: _together(parts) for kind, parts in kinds.items()}, words


def only_of(**keys: int | None) -> dict[str, int]:
    """The filters that were given."""
    return {name: key for name, key in keys.items() if key is not None}


def by_named(text: str) -> By:
    try:
        return By(text)
    except ValueError as fault:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": text},
            field="by",
            value=text,
            mend=_("One of: %(known)s.") % {"known": ", ".join(By)},
        ) from fault
