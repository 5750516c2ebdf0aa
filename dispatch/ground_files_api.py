"""The edge of the files of components and cells: picked on a map, each in the own district."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router

from casework.api import caller, signed_in
from casework.schemas import Out
from dispatch import ground_files
from dispatch.schemas import CardOut

router = Router(tags=["Ground"], auth=signed_in)


class PartOut(Out):
    """Who is what to it: an organisation of a component, a responsibility grid of a cell."""

    role: str
    code: str
    name: str


class RuleOut(Out):
    """`wins` is empty where it depends on what is reported."""

    title: str
    organisation: str
    wins: bool | None
    why: str


class YearOut(Out):
    year: int
    count: int


class FileOut(Out):
    """`count` of all reports the caller may see; the newest fifty are listed."""

    code: str
    kind: str
    name: str
    name_en: str
    state: str
    since: date | None
    until: date | None
    lon: float
    lat: float
    cell_code: str
    area_m2: float | None
    synthetic: bool
    people: list[PartOut]
    rules: list[RuleOut]
    count: int
    open: int
    years: list[YearOut]
    reports: list[CardOut]


@router.get("/components/{code}/file", response=FileOut)
def component_file(request: HttpRequest, code: str) -> dict[str, Any]:
    """What a component is, its three organisations, all that was ever reported of it, and its rules."""
    return ground_files.component_file(caller(request), code)


@router.get("/cells/{code}/file", response=FileOut)
def cell_file(request: HttpRequest, code: str) -> dict[str, Any]:
    """A cell with its responsibility grids, all that was ever reported in it, and the rules of its ground."""
    return ground_files.cell_file(caller(request), code)
