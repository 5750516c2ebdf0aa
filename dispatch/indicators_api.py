"""The edge of the indicators: a scope's table in one round trip, and the cases behind each of its numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext as _
from ninja import Field, Router
from ninja.params.functions import Query

from casework.api import caller, signed_in
from casework.errors import Invalid
from casework.schemas import Out
from dispatch.cards import dress
from dispatch.definitions import Imported
from dispatch.figures_api import scope_asked
from dispatch.indicators.behind import counters_behind, facts_behind, walk
from dispatch.indicators.tables import Asked, by_named, only_of, table_of
from dispatch.indicators.told import table_json, words_of_counters
from dispatch.metrics import Scope
from dispatch.schemas import CardOut

router = Router(tags=["Figures"], auth=signed_in)


class IndicatorTableOut(Out):
    """Sums, rates and scores of a scope and of each group in it; the words say what each of them means."""

    stream: str
    first: str = Field(alias="from")
    to: str
    area: str | None
    by: str
    only: dict[str, int]
    definitions: dict[str, Any]
    reached: dict[str, Any] = Field(
        description="How far the journal is counted; `behind` entries are not yet."
    )
    closed: list[str] = Field(description="Months that stand as they were when they were closed.")
    adjustments: dict[str, int] = Field(description="What has come to these months since, by counter.")
    counters: dict[str, str]
    indicators: list[dict[str, Any]]
    grades: list[dict[str, Any]]
    whole: dict[str, Any]
    rows: list[dict[str, Any]]
    top_share: dict[str, Any] | None


class CountedFactOut(CardOut):
    counter: str
    day: date
    amount: int = Field(description="What this case adds to the number: ones, or microseconds.")


class CountedFactPage(Out):
    items: list[CountedFactOut]
    next: str | None


@router.get("/indicators/table", response=IndicatorTableOut, by_alias=True)
def table(
    request: HttpRequest,
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    area: str = "",
    by: str = "area",
    department: int | None = None,
    post: int | None = None,
    person: int | None = None,
    class_id: int | None = None,
) -> dict[str, Any]:
    """All indicators of a scope, grouped by area, department, post, person, class, kind or a span of time."""
    scope = _scope(request, first, last, area)
    only = _only(department, post, person, class_id)
    return table_json(table_of(Asked(scope, by_named(by), only)))


@router.get("/indicators/behind", response=CountedFactPage)
def cases(
    request: HttpRequest,
    counter: str = "",
    indicator: str = "",
    part: str = "denominator",
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    area: str = "",
    department: int | None = None,
    post: int | None = None,
    person: int | None = None,
    class_id: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    """The cases behind a counter, or numerator or denominator of an indicator, as they are counted now."""
    scope = _scope(request, first, last, area)
    counters = counters_behind(scope, counter=counter, indicator=indicator, part=part)
    page = facts_behind(scope, counters, _only(department, post, person, class_id), after=after or None)
    return {"items": [dress(card) for card in page.items], "next": page.next}


@router.get("/indicators/behind.csv", response={200: None})
def cases_csv(
    request: HttpRequest,
    counter: str = "",
    indicator: str = "",
    part: str = "denominator",
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    area: str = "",
    department: int | None = None,
    post: int | None = None,
    person: int | None = None,
    class_id: int | None = None,
) -> StreamingHttpResponse:
    """The same cases as a CSV file, whatever their number: sent while they are read."""
    scope = _scope(request, first, last, area)
    counters = counters_behind(scope, counter=counter, indicator=indicator, part=part)
    only = _only(department, post, person, class_id)
    answer = StreamingHttpResponse(_csv(scope, counters, only), content_type="text/csv; charset=utf-8")
    name = f"{counter or indicator}-{scope.period.first}-{scope.period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class _Line:
    """What the csv module writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(scope: Scope, counters: list[int], only: dict[str, int]) -> Iterator[bytes]:
    words = words_of_counters()
    writer = csv.writer(_Line())
    head = [
        _("case number"), _("state"), _("counted as"), _("day"), _("amount"), _("class"), _("area"),
        _("department"), _("reported at"),
    ]  # fmt: skip
    yield "\ufeff".encode() + writer.writerow(head).encode()  # the mark tells spreadsheets that it is UTF-8
    for item in walk(scope, counters, only):
        card = dress(item)
        department = card["department"] or {}
        row = [
            card["number"], card["state"], words[card["counter"]], card["day"], card["amount"],
            card["class_name"], card["cell_code"], department.get("name", ""), card["reported_at"],
        ]  # fmt: skip
        yield writer.writerow([_plain(value) for value in row]).encode()


def _plain(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is kept a text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _scope(request: HttpRequest, first: date | None, last: date | None, area: str) -> Scope:
    return scope_asked(caller(request), first, last, area, Imported.EXCLUDE)


def _only(
    department: int | None, post: int | None, person: int | None, class_id: int | None
) -> dict[str, int]:
    only = only_of(department=department, post=post, person=person, **{"class": class_id})
    wrong = next((name for name, key in only.items() if not 0 <= key < 2**63), None)
    if wrong:
        raise Invalid(_("There is no such key."), field=wrong, value=only[wrong])
    return only
