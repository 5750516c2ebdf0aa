"""What is to be cut: areas with their codes, from any survey file or from a generation, in metres."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gis_data import codes
from gis_data.crs import STORE, metric_at
from gis_data.errors import CodeError, PlaceError
from gis_data.generations import metric_of
from gis_data.importers import topology
from gis_data.importers.areas import WIDEST_DEG
from gis_data.importers.matching import Fields, choose_fields
from gis_data.importers.source import Source, read_all
from gis_data.models import Area, Generation
from gis_data.progress import Progress, silent
from gis_data.project import project

Shapes = NDArray[Any]

PLAIN_CODES: Final = ("code", "代码", "编码", "编号")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with an area or a cell, by code. `excused`: it could not be otherwise."""

    kind: str
    code: str
    value: float | None = None
    detail: str = ""
    excused: bool = False


@dataclass(slots=True)
class Ground:
    """Areas in order of their codes; `shapes` are valid (multi)polygons in metres of `srid`."""

    srid: int
    codes: list[str]
    names: list[str]
    shapes: Shapes
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_ground(
    source: Source, code_field: str | None, name_field: str | None, progress: Progress = silent
) -> Ground:
    """The polygons of a file by code; rows of one code are parts of one area. Bad rows become faults."""
    features = read_all(source, progress)
    fields = _fields(source, [feature.fields for feature in features], code_field, name_field)
    faults: list[Fault] = []
    parts: dict[str, list[Any]] = defaultdict(list)
    names: dict[str, str] = {}
    for feature in features:
        code = feature.fields.get(fields.code, "").strip()
        label = code or _("row %s") % feature.number
        shape, reason, _lost = topology.polygonal(feature.shape)
        if not code:
            faults.append(Fault("no_code", label))
        elif shape is None:
            faults.append(Fault("no_area", label, detail=str(feature.fault or "")))
        else:
            west, south, east, north = shape.bounds
            if max(east - west, north - south) > WIDEST_DEG:
                faults.append(Fault("too_wide", code, round(max(east - west, north - south), 1)))
                continue
            if reason:
                faults.append(Fault("repaired", code, detail=reason, excused=True))
            parts[code].append(shape)
            names.setdefault(code, feature.fields.get(fields.name, "").strip())
    for code, shapes in parts.items():
        if len(shapes) > 1:
            faults.append(Fault("several_rows", code, float(len(shapes)), excused=True))
        try:
            codes.parse(codes.Kind.COMMUNITY, code)
        except CodeError as fault:
            faults.append(Fault("foreign_code", code, detail=str(fault.message), excused=True))
    stored = {code: _whole(shapes) for code, shapes in sorted(parts.items())}
    if not stored:
        middle = (0.0, 0.0)
    else:
        west, south, east, north = shapely.total_bounds(np.array(list(stored.values()), dtype=object))
        middle = (west + east) / 2, (south + north) / 2
    srid = metric_at(*middle)
    ground = Ground(
        srid,
        list(stored),
        [names[code] for code in stored],
        _solid(project(np.array(list(stored.values()), dtype=object), STORE, srid)),
        len(features),
        faults,
        [*source.notes, *fields.said],
    )
    ground.faults += _overlaps(ground)
    return ground


def ground_of(generation: Generation) -> Ground:
    """The communities of a generation."""
    rows = list(
        Area.objects.filter(generation=generation, level=Area.Level.COMMUNITY)
        .order_by("code")
        .values_list("code", "name", "border")
    )
    if not rows:
        raise PlaceError(
            _("Generation %s has no communities to cut.") % generation.pk,
            field="generation",
            value=generation.pk,
            mend=_("Import them first: import_areas --level community, or split_streets."),
        )
    srid = metric_of(generation)
    stored = [shapely.from_wkb(bytes(border.wkb)) for _code, _name, border in rows]
    ground = Ground(
        srid,
        [code for code, _name, _border in rows],
        [name for _code, name, _border in rows],
        _solid(project(np.array(stored, dtype=object), STORE, srid)),
        len(rows),
    )
    ground.faults += _overlaps(ground)
    return ground


def read_shapes(source: Source, srid: int) -> Shapes:
    """Whatever shapes a file has, in metres; points say nothing about borders and are left out."""
    stored = np.array([one.shape for one in source if one.shape is not None], dtype=object)
    shapes = project(stored, STORE, srid) if len(stored) else stored
    kept: Shapes = shapes[shapely.get_dimensions(shapes) > 0]
    return kept


def _fields(
    source: Source, rows: list[dict[str, str]], code_field: str | None, name_field: str | None
) -> Fields:
    """The declared fields, else the guess for communities, else what is plainly called a code."""
    refused: PlaceError | None = None
    for level in ("community", "street", "district"):
        try:
            return choose_fields(
                level, rows, source.fields,
                code_field=code_field, name_field=name_field, parent="", needs_code=True,
            )  # fmt: skip
        except PlaceError as fault:
            refused = refused or fault
    plain = [one for one in source.fields if one.lower() in PLAIN_CODES]
    if code_field or len(plain) != 1:
        assert refused is not None
        raise refused
    return _fields(source, rows, plain[0], name_field)


def _whole(shapes: list[Any]) -> Any:
    return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)


def _solid(shapes: Shapes) -> Shapes:
    """Valid in metres too: what only just is in degrees may not be here."""
    solid = [topology.polygonal(shape)[0] or shapely.MultiPolygon() for shape in shapes]
    return np.array(solid, dtype=object)


def _overlaps(ground: Ground) -> list[Fault]:
    """Ground that two areas share: their own fault, which their cells inherit."""
    return [
        Fault(
            "areas_overlap",
            " ".join(ground.codes[at] for at in spot.of),
            round(float(spot.shape.area), 3),
            excused=topology.is_sliver(spot.shape),
        )
        for spot in topology.overlaps(ground.shapes)
        if spot.shape.area > 0.001
    ]
