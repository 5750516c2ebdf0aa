"""The edge of the figures: the board of a period and area, and the cases behind each number."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from ninja import Router
from ninja.params.functions import Query

from casework.access import Actor
from casework.api import caller, signed_in
from casework.errors import NotAllowed
from dispatch.board import board_json
from dispatch.definitions import Imported
from dispatch.imported import case_told, dress_told
from dispatch.metrics import Period, Scope, board_of, cases_behind
from dispatch.policy import SEES_ALL
from dispatch.schemas import BoardOut, CountedPage, ImportedCaseOut

router = Router(tags=["Figures"], auth=signed_in)


def scope_asked(actor: Actor, first: date | None, last: date | None, area: str, imported: Imported) -> Scope:
    """The period and area asked for; the last thirty days by default. Centres and managers only."""
    if actor.role not in SEES_ALL:
        raise NotAllowed(
            _("The figures are for the two centres and the managers."),
            mend=_("Ask your manager for a report."),
        )
    until = last or localdate()
    return Scope(actor.stream, Period(first or until - timedelta(days=29), until), area, imported)


@router.get("/indicators", response=BoardOut, by_alias=True)
def indicators(
    request: HttpRequest,
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    area: str = "",
    imported: Imported = Imported.EXCLUDE,
) -> dict[str, Any]:
    """Discovery rate, dispatch accuracy and mean resolution time, counted from the journal."""
    return board_json(board_of(scope_asked(caller(request), first, last, area, imported)))


@router.get("/indicators/{key}/cases", response=CountedPage)
def counted(
    request: HttpRequest,
    key: str,
    part: str = "denominator",
    first: date | None = Query(None, alias="from"),
    last: date | None = Query(None, alias="to"),
    area: str = "",
    imported: Imported = Imported.EXCLUDE,
    after: str | None = None,
) -> dict[str, Any]:
    """The cases that a figure counts: `part` is numerator, denominator or rest."""
    scope = scope_asked(caller(request), first, last, area, imported)
    page = cases_behind(key, part, scope, after=after or None)
    return {"items": [dress_told(card) for card in page.items], "next": page.next}


@router.get("/imported/{case_id}", response=ImportedCaseOut)
def imported_case(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """A case that another system kept, as it told it: times, words, faults, and from which file and line."""
    return case_told(caller(request), case_id)
