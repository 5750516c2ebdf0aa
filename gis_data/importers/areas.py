"""Reads areas and cells from a file: every row gets its code, is repaired where needed, and is checked.

Nothing is written here; importers/drafts.py loads what this found good.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.utils.translation import gettext as _

from gis_data.crs import STORE, metric_at
from gis_data.errors import CodeError, PlaceError
from gis_data.grid.rules import judge
from gis_data.importers import topology
from gis_data.importers.delivery import Delivery, Entry, Fault
from gis_data.importers.matching import (
    LEVELS,
    WIDTH,
    Fields,
    Names,
    attributes_of,
    choose_fields,
    code_of,
    matched,
)
from gis_data.importers.source import Feature, Source, read_all
from gis_data.progress import Meter, silent
from gis_data.project import project

# No district, street, community or cell is wider; metres of one zone would say nothing of it.
WIDEST_DEG: Final = 6.0
# A single area so far from every other of its file is likely to have a slip in its coordinates.
APART_M: Final = 5_000.0


@dataclass(frozen=True, slots=True)
class Declared:
    """What the caller says of the fields and codes of a file."""

    level: str
    code_field: str | None = None
    name_field: str | None = None
    parent: str = ""
    number: bool = False
    merge: bool = False
    district: str = ""
    mend_m: float = 0.0


# Borders of the level above that a district has already, by code, in STORE.
Parents = Callable[[str], Mapping[str, Any]]


def read_deliveries(
    source: Source, declared: Declared, names: Names | None, parents: Parents, meter: Meter | None = None
) -> list[Delivery]:
    """What a file brings to each of its districts, checked; PlaceError if its fields cannot be told."""
    features = read_all(source, meter.rows if meter else silent)
    words = [feature.fields for feature in features]
    fields = choose_fields(
        declared.level, words, source.fields,
        code_field=declared.code_field, name_field=declared.name_field, parent=declared.parent,
        needs_code=names is None and not declared.number,
    )  # fmt: skip
    faults: list[Fault] = []
    lost: list[Fault] = []
    entries: list[Entry] = []
    for feature in features:
        found = _entry(feature, declared, fields, names)
        if isinstance(found, Fault):
            faults.append(found)
        if found is None or isinstance(found, Fault):
            continue
        entry, left_out = found
        entries.append(entry)
        if left_out:
            lost.append(Fault("lost_parts", entry.code, _("%s parts") % left_out))
    if declared.number:
        _number(entries, declared, parents)
    entries, doubles = _once(entries, merge=declared.merge)
    deliveries = []
    if meter:
        meter.say(_("checking"))
    checked = 0
    for district, own in sorted(_by_district(entries).items()):
        checked += len(own)
        if declared.district and district != declared.district:
            continue
        delivery = _delivery(declared, district, own, parents)
        delivery.notes = [*source.notes, *fields.said, *delivery.notes]
        codes_here = {entry.code for entry in own}
        delivery.faults[:0] = [one for one in lost if one.code in codes_here]
        deliveries.append(delivery)
        if meter:
            meter.areas(checked, checked / len(entries))
    # rows without a district are refused with the first delivery: no part of their file is loaded
    first = (
        deliveries[0]
        if deliveries
        else Delivery(declared.level, declared.district or declared.parent[:6], STORE, [])
    )
    first.faults[:0] = faults + doubles
    first.rows += len(faults) + len(doubles)
    return deliveries or [first]


def _entry(
    feature: Feature, declared: Declared, fields: Fields, names: Names | None
) -> tuple[Entry, int] | Fault | None:
    """A row as an entry and how many of its parts were no area; why it is refused; None if not asked for."""
    row = _("row %s") % feature.number
    code = feature.fields.get(fields.code, "").strip()
    name = feature.fields.get(fields.name, "").strip()
    name_en = feature.fields.get(fields.name_en, "").strip()
    if names is not None:
        code, name, found_en = matched(names, feature.fields, code, name)
        name_en = name_en or found_en
    if declared.district and code and not code.startswith(declared.district):
        return None
    label = " ".join(part for part in (row, code, name) if part)
    if feature.fault is not None:
        return Fault("unreadable", label, str(feature.fault))
    border, _reason, lost = topology.polygonal(feature.shape)
    if border is None:
        kind = type(feature.shape).__name__ if feature.shape is not None else _("nothing")
        return Fault("no_polygon", label, kind)
    west, south, east, north = border.bounds
    if max(east - west, north - south) > WIDEST_DEG:
        return Fault("too_wide", label, _("%s degrees") % f"{max(east - west, north - south):.1f}")
    if not code and not declared.number:
        return Fault("no_code", label, _("Match it by a CSV (--names) or mend the row."))
    if not declared.number:
        try:
            code = code_of(declared.level, code, declared.parent)
        except CodeError as fault:
            return Fault("bad_code", label, str(fault))
    # the raw shape is kept until its repair can be measured in metres
    attributes = attributes_of(feature.fields) if declared.level == "cell" else {}
    entry = Entry(
        feature.number, code, name, feature.shape, name_en,
        feature.fields.get(fields.parent_name, "").strip(), attributes,
    )  # fmt: skip
    return entry, lost


def _number(entries: list[Entry], declared: Declared, parents: Parents) -> None:
    """Codes for rows that have none, in the order of the file: under a parent named or around them."""
    taken: dict[str, int] = defaultdict(int)
    above = dict(parents(declared.parent[:6])) if len(declared.parent) < WIDTH[_above(declared.level)] else {}
    for entry in entries:
        parent = declared.parent
        if above:
            shares = {
                code: shapely.intersection(_valid(entry.border), shape).area for code, shape in above.items()
            }
            parent = max(sorted(shares), key=lambda code: shares[code])
        if len(parent) != WIDTH[_above(declared.level)]:
            raise PlaceError(
                _("Rows of this level are numbered under a %(digits)s-digit parent.")
                % {"digits": WIDTH[_above(declared.level)]},
                field="parent",
                value=parent,
                mend=_("Name it with --parent, or import the level above first."),
            )
        taken[parent] += 1
        entry.code = code_of(declared.level, str(taken[parent]), parent)


def _once(entries: list[Entry], *, merge: bool) -> tuple[list[Entry], list[Fault]]:
    """Entries by code; rows of one code are refused, or joined into one area."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.code].append(entry)
    kept, faults = [], []
    for code, group in groups.items():
        if len(group) > 1 and merge:
            group[0].border = shapely.union_all([_valid(entry.border) for entry in group])
            kept.append(group[0])
        elif len(group) > 1:
            rows = ", ".join(str(entry.row) for entry in group)
            faults.append(
                Fault("double_code", code, _("Rows %s. If they are parts of one area, say --merge.") % rows)
            )
        else:
            kept.append(group[0])
    return kept, faults


def _delivery(declared: Declared, district: str, entries: list[Entry], parents: Parents) -> Delivery:
    """The entries of one district, repaired and measured, with all that is wrong between them."""
    entries = sorted(entries, key=lambda entry: entry.code)
    middle = shapely.get_coordinates([entry.border for entry in entries]).mean(axis=0)
    delivery = Delivery(
        declared.level, district, metric_at(float(middle[0]), float(middle[1])), entries, rows=len(entries)
    )
    _repair(delivery)
    if declared.mend_m > 0 and len(entries) > 1:
        _mend(delivery, declared.mend_m)
    for entry in entries:
        if not entry.name and declared.level != "cell":
            delivery.faults.append(Fault("no_name", entry.code))
            entry.name = entry.code
        if declared.level == "cell" and len(entry.border.geoms) > 1:
            delivery.faults.append(
                Fault("split_cell", entry.code, _("%s parts") % len(entry.border.geoms), None, entry.metric)
            )
    above = _above(declared.level)
    held = dict(parents(district)) if above else {}
    delivery.parents = held
    if above and held:
        missing = [entry for entry in entries if entry.code[: WIDTH[above]] not in held]
        delivery.faults += [Fault("no_parent", entry.code, entry.code[: WIDTH[above]]) for entry in missing]
    _cover(delivery)
    if declared.level == "cell":
        _judge(delivery)
    return delivery


def _repair(delivery: Delivery) -> None:
    for entry in delivery.entries:
        raw = entry.border
        border, reason, _lost = topology.polygonal(raw)
        entry.border = border
        entry.metric = project(border, STORE, delivery.srid)
        if reason:
            delivery.repaired += 1
            before = _stated_area(project(raw, STORE, delivery.srid))
            change = float(entry.metric.area) - before
            delivery.faults.append(
                Fault(
                    "repaired", entry.code,
                    _("%(reason)s: %(before)s m² before, %(after)s m² after")
                    % {"reason": reason, "before": f"{before:,.1f}", "after": f"{entry.metric.area:,.1f}"},
                    round(abs(change), 3), entry.metric,
                )
            )  # fmt: skip


def _mend(delivery: Delivery, width_m: float) -> None:
    """Close narrow gaps and overlaps, said with what it changed."""
    before = np.array([entry.metric for entry in delivery.entries], dtype=object)
    after = topology.cleaned(before, width_m)
    if any(shape is None for shape in after):
        raise PlaceError(
            _("Mending would leave nothing of an area that others cover."),
            field="mend", value=width_m, mend=_("Look at the overlaps first, without --mend."),
        )  # fmt: skip
    moved = float(shapely.area(shapely.symmetric_difference(before, after)).sum())
    for entry, shape, stored in zip(
        delivery.entries, after, project(after, delivery.srid, STORE), strict=True
    ):
        entry.metric, entry.border = shape, stored
    delivery.notes.append(
        _(
            "Overlaps were given to one neighbour and gaps narrower than %(width)s m closed; "
            "%(moved)s m² changed hands."
        )
        % {"width": f"{width_m:g}", "moved": f"{moved:,.1f}"}
    )


def _cover(delivery: Delivery) -> None:
    """Overlaps, gaps and ground outside the parents, the greatest first; slivers are only counted."""
    entries, parents = delivery.entries, delivery.parents
    shapes = np.array([entry.border for entry in entries], dtype=object)
    width = WIDTH[_above(delivery.level)] if _above(delivery.level) else 0
    above = [parents.get(entry.code[:width]) for entry in entries]
    spots = [("overlap", spot) for spot in topology.overlaps(shapes)]
    spots += [("outside", spot) for spot in topology.outside(shapes, above)]
    if delivery.level != "district":
        whole = shapely.union_all(list(parents.values())) if parents else None
        spots += [("gap", spot) for spot in topology.gaps(shapes, whole)]
    found = list(_apart(entries)) if delivery.level != "district" else []
    for kind, spot in spots:
        ground = project(spot.shape, STORE, delivery.srid)
        if topology.is_sliver(ground):
            delivery.slivers += 1
            delivery.sliver_m2 += float(ground.area)
            continue
        codes_of = [entries[at].code for at in spot.of]
        many = _("and %s more") % (len(codes_of) - 6) if len(codes_of) > 6 else ""
        code = " ".join(codes_of[:6]) or delivery.district_code
        found.append(Fault(kind, code, many, round(float(ground.area), 2), ground))
    delivery.faults += sorted(found, key=lambda fault: (fault.kind, -(fault.area_m2 or 0.0)))


def _apart(entries: list[Entry]) -> Iterator[Fault]:
    """Areas far from all others: islands, or slips of the pen."""
    shapes = np.array([entry.metric for entry in entries], dtype=object)
    if len(shapes) < 3:
        return
    of, away = shapely.STRtree(shapes).query_nearest(shapes, exclusive=True, return_distance=True)
    for at, metres in dict(zip(of[0].tolist(), away.tolist(), strict=True)).items():
        if metres > APART_M:
            far = _("%s km from the nearest other") % f"{metres / 1000:,.1f}"
            yield Fault("apart", entries[at].code, far, shape=entries[at].metric)


def _judge(delivery: Delivery) -> None:
    """Hold delivered cells against the same rules as cells that are cut here (grid/rules.py)."""
    cells = np.array([entry.metric for entry in delivery.entries], dtype=object)
    found, of = np.unique([entry.code[:12] for entry in delivery.entries], return_inverse=True)
    areas = [
        project(delivery.parents[code], STORE, delivery.srid)
        if code in delivery.parents
        else shapely.union_all(cells[of == number])
        for number, code in enumerate(found.tolist())
    ]
    codes_here = [entry.code for entry in delivery.entries]
    verdict = judge(cells, codes_here, of.astype(np.int64), np.array(areas, dtype=object), found.tolist())
    shapes = dict(zip(codes_here, cells, strict=True))
    delivery.in_range = verdict.figures.in_range_share
    for broken in verdict.faults:
        # what is between cells and communities was found already, with its ground
        if broken.kind in ("small", "large", "thin", "order"):
            size = broken.kind in ("small", "large")
            detail = broken.other if size else f"{broken.value:g} {broken.other}".strip()
            delivery.faults.append(
                Fault(
                    broken.kind, broken.code, detail, broken.value if size else None, shapes.get(broken.code)
                )
            )


def _by_district(entries: list[Entry]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.code[:6]].append(entry)
    return groups


def _above(level: str) -> str:
    """The level above; empty above a district."""
    return LEVELS[LEVELS.index(level) - 1] if level != "district" else ""


def _valid(shape: Any) -> Any:
    return shape if shape.is_valid else topology.polygonal(shape)[0]


def _stated_area(shape: Any) -> float:
    """What the rings say as they are, crossings and all."""
    polygons = [part for part in _parts(shape) if part.geom_type == "Polygon"]
    return float(sum(abs(part.area) for part in polygons))


def _parts(shape: Any) -> Iterator[Any]:
    for part in shapely.get_parts(shape):
        if part.geom_type.startswith(("Multi", "Geometry")):
            yield from _parts(part)
        else:
            yield part
