"""Is the city's ground in order? Topology and codes of the active generation; the roof adds organisations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gis_data import codes
from gis_data.errors import CodeError
from gis_data.generations import metric_of
from gis_data.models import Area, Cell, Component, Generation
from gis_data.sql import rows

TOLERANCE_M2: Final = 0.01
SHOWN: Final = 20

KINDS: Final[dict[str, Any]] = {
    "code": gettext_lazy("code that does not follow its grammar"),
    "parent": gettext_lazy("code that does not begin with the code of the area above"),
    "shape": gettext_lazy("shape that is not valid"),
    "size": gettext_lazy("stated area differs from the measured one (m²)"),
    "gap": gettext_lazy("area not covered by its parts (m²)"),
    "crossing": gettext_lazy("parts that reach outside their area (m²)"),
    "overlap": gettext_lazy("cells that overlap (m²)"),
    "component_cell": gettext_lazy("component that names another cell than the one it stands in"),
    "no_grid": gettext_lazy("cell in no responsibility grid"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something out of order; `kind` is a key of KINDS."""

    kind: str
    code: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {KINDS[self.kind]} {self.detail}".rstrip()


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at in one district, and all that is out of order."""

    district_code: str
    counts: dict[str, int]
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return not self.faults


def check_district(generation: Generation) -> Check:
    """Check areas, cells and components of a district's generation; reads only."""
    found = [*_codes(generation), *_topology(generation)]
    cells = Cell.objects.filter(generation=generation)
    if generation.state == Generation.State.ACTIVE:
        found += [Fault("no_grid", code) for code in _without_grid(generation)]
    return Check(
        district_code=generation.district_code,
        counts={
            "areas": Area.objects.filter(generation=generation).count(),
            "cells": cells.count(),
            "components": Component.objects.filter(district_code=generation.district_code).count(),
        },
        faults=found,
    )


def summary(check: Check) -> str:
    """The check in words, with the first faults of each kind."""
    lines = [
        _("%(district)s: %(areas)s areas, %(cells)s cells, %(components)s components; %(faults)s faults")
        % {"district": check.district_code, **check.counts, "faults": len(check.faults)}
    ]
    for kind, words in KINDS.items():
        of_kind = [fault for fault in check.faults if fault.kind == kind]
        if of_kind:
            lines.append(f"  {len(of_kind)} × {words}")
            lines += [f"    {fault.code} {fault.detail}".rstrip() for fault in of_kind[:SHOWN]]
    return "\n".join(lines)


def _codes(generation: Generation) -> Iterator[Fault]:
    kinds = {"district": codes.Kind.DISTRICT, "street": codes.Kind.STREET, "community": codes.Kind.COMMUNITY}
    areas = Area.objects.filter(generation=generation).values_list("level", "code", "parent__code")
    cells = Cell.objects.filter(generation=generation).values_list("code", "community__code")
    standing = Component.objects.filter(district_code=generation.district_code, retired_on=None)
    for level, code, above in areas:
        yield from _code(kinds[level], code, above or "")
    for code, above in cells:
        yield from _code(codes.Kind.CELL, code, above, codes.OLD if len(code) == 14 else codes.CURRENT)
    for code, class_code in standing.values_list("code", "problem_class__code").iterator():
        edition = codes.CURRENT if len(class_code) == 4 else codes.DRAFT
        yield from _code(codes.Kind.COMPONENT, code, generation.district_code + class_code, edition)


def _code(kind: codes.Kind, code: str, above: str, edition: str = codes.CURRENT) -> Iterator[Fault]:
    try:
        codes.parse(kind, code, edition)
    except CodeError as fault:
        yield Fault("code", code, str(fault.message))
    else:
        if not code.startswith(above):
            yield Fault("parent", code, above)


def _topology(generation: Generation) -> Iterator[Fault]:
    arguments = {
        "generation_id": generation.pk,
        "district_code": generation.district_code,
        "tolerance_m2": TOLERANCE_M2,
        "metric": metric_of(generation),
    }
    for name in ("check_shapes", "check_nesting", "check_overlaps", "check_components"):
        for kind, code, detail in rows(name, **arguments):
            yield Fault(kind, code, detail)


def _without_grid(generation: Generation) -> Iterator[str]:
    lonely = Cell.objects.filter(generation=generation, grids=None).order_by("code")
    return lonely.values_list("code", flat=True).iterator()
