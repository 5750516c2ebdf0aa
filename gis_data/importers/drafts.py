"""Loads a delivery into the draft of its district: one transaction, other levels kept or made.

A district has at most one draft; several files build it up. A level is replaced as a whole: areas of the same
code keep what lies below them, vanished ones go with all below. Levels above that nobody delivered are taken
from the active generation, or made as unions. What the draft is made of stands in `Generation.levels`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from gis_data.bulk import copy_rows, stored_shapes
from gis_data.crs import STORE
from gis_data.importers.delivery import Delivery
from gis_data.importers.matching import WIDTH
from gis_data.models import Area, Cell, Generation
from gis_data.project import project

ABOVE: Final = {"street": "district", "community": "street", "cell": "community"}
FILE, CARRIED, UNION, FILLED = "file", "carried", "union", "filled"


@dataclass(slots=True)
class Loaded:
    """What a load did: which draft, and how many areas or cells were made, changed, removed."""

    generation_id: int
    created: int = 0
    changed: int = 0
    removed: int = 0
    notes: list[str] = field(default_factory=list)


def draft_of(district_code: str) -> Generation | None:
    """The draft of a district, the newest if there are several."""
    drafts = Generation.objects.filter(district_code=district_code, state=Generation.State.DRAFT)
    return drafts.order_by("-pk").first()


def borders_above(level: str, district_code: str) -> Mapping[str, Any]:
    """Surveyed borders of the level above, by code, in STORE: of the draft, else of the active generation.

    Borders made as unions say nothing, and streets of a new draft are not held against an old district.
    """
    above = ABOVE.get(level)
    generation = draft_of(district_code)
    if above is None:
        return {}
    if generation is None:
        if level == "street":
            return {}
        generation = Generation.objects.filter(
            district_code=district_code, state=Generation.State.ACTIVE
        ).first()
    if generation is None or generation.levels.get(above, {}).get("from") == UNION:
        return {}
    rows = Area.objects.filter(generation=generation, level=above)
    return {area.code: shapely.from_wkb(bytes(area.border.wkb)) for area in rows}


@transaction.atomic
def load(
    delivery: Delivery, *, title: str, source: str, about: Mapping[str, Any], fill: bool = False,
    parent_names: Mapping[str, str] | None = None,
) -> Loaded:  # fmt: skip
    """Write a delivery that is loadable into the draft of its district, making the draft if there is none.

    about         what is kept of the file: its name, system, counts
    fill          one community a street where the delivery is of streets and there are none
    parent_names  names for areas made as unions, by code
    """
    generation = draft_of(delivery.district_code)
    if generation is None:
        generation = Generation.objects.create(
            district_code=delivery.district_code, title=title, source=source, levels={}
        )
    generation = Generation.objects.select_for_update().get(pk=generation.pk)
    loaded = Loaded(generation.pk)
    _levels_above(generation, delivery, loaded, parent_names or {})
    if delivery.level == "cell":
        _load_cells(generation, delivery, loaded)
    else:
        _load_areas(generation, delivery, loaded)
    generation.levels[delivery.level] = {"from": FILE, **about}
    if fill and delivery.level == "street":
        _fill(generation, delivery, loaded)
    _unions(generation, delivery.srid)
    generation.title, generation.source = title or generation.title, source or generation.source
    generation.save()
    return loaded


def _levels_above(
    generation: Generation, delivery: Delivery, loaded: Loaded, names: Mapping[str, str]
) -> None:
    """See that every entry has its parent: carried over from the active generation, or to be made a union."""
    chain = [level for level in ("district", "street", "community") if WIDTH[level] < WIDTH[delivery.level]]
    active = Generation.objects.filter(
        district_code=generation.district_code, state=Generation.State.ACTIVE
    ).first()
    said_names = {
        entry.code[: WIDTH[ABOVE[delivery.level]]]: entry.parent_name
        for entry in delivery.entries
        if delivery.level in ABOVE and entry.parent_name
    }
    for level in chain:
        if generation.areas.filter(level=level).exists():
            made = generation.levels.get(level, {}).get("from") == UNION
        elif active is not None and not (level == "district" and delivery.level == "street"):
            _copy_areas(active, generation, level)
            made = active.levels.get(level, {}).get("from") == UNION
            generation.levels[level] = {"from": UNION if made else CARRIED, "generation": active.pk}
            loaded.notes.append(
                _("%(level)s: carried over from generation %(pk)s.")
                % {"level": Area.Level(level).label, "pk": active.pk}
            )
        else:
            made = True
            generation.levels[level] = {"from": UNION}
            loaded.notes.append(
                _("%(level)s: made as the union of what lies in it.") % {"level": Area.Level(level).label}
            )
        if made:
            old = dict(active.areas.filter(level=level).values_list("code", "name")) if active else {}
            _make_parents(generation, level, delivery, {**old, **said_names, **names})


def _make_parents(generation: Generation, level: str, delivery: Delivery, names: Mapping[str, str]) -> None:
    """Areas of a level for all entries, with the border to come (`_unions`)."""
    width = WIDTH[level]
    held = set(generation.areas.filter(level=level).values_list("code", flat=True))
    above = dict(generation.areas.exclude(level=level).values_list("code", "pk"))
    grouped: dict[str, list[Any]] = defaultdict(list)
    for entry in delivery.entries:
        grouped[entry.code[:width]].append(entry.border)
    for area in generation.areas.filter(level=level, code__in=names).defer("border"):
        if area.name == area.code:
            area.name = names[area.code][:100]
            area.save(update_fields=["name"])
    for code in sorted(set(grouped) - held):
        Area.objects.create(
            generation=generation, level=level, code=code, name=names.get(code, code)[:100],
            parent_id=above[code[: WIDTH[ABOVE[level]]]] if level in ABOVE else None,
            border=_ewkb(_multi(shapely.union_all(grouped[code]))), area_m2=0.0,
        )  # fmt: skip


def _load_areas(generation: Generation, delivery: Delivery, loaded: Loaded) -> None:
    held = {area.code: area for area in generation.areas.filter(level=delivery.level).defer("border")}
    parents = dict(generation.areas.filter(level=ABOVE.get(delivery.level, "")).values_list("code", "pk"))
    new: list[Area] = []
    kept: list[Area] = []
    for entry in delivery.entries:
        area = held.pop(entry.code, None) or Area(
            generation=generation, level=delivery.level, code=entry.code
        )
        area.name, area.name_en = entry.name[:100], entry.name_en[:100]
        area.parent_id = (
            parents[entry.code[: WIDTH[ABOVE[delivery.level]]]] if delivery.level in ABOVE else None
        )
        area.border, area.area_m2 = _ewkb(entry.border), float(entry.metric.area)
        area.synthetic = False
        (kept if area.pk else new).append(area)
    Area.objects.bulk_create(new)
    Area.objects.bulk_update(kept, ["name", "name_en", "parent_id", "border", "area_m2", "synthetic"])
    loaded.created, loaded.changed = len(new), len(kept)
    if held:
        loaded.removed = len(held)
        below = _remove(generation, list(held))
        if below:
            loaded.notes.append(_("%s areas and cells below them were removed as well.") % below)


def _remove(generation: Generation, gone: list[str]) -> int:
    """Remove areas of a draft and all below; how many were below."""
    below = 0
    for code in gone:
        below += Cell.objects.filter(generation=generation, code__startswith=code).delete()[0]
        for level in ("community", "street", "district"):
            found = generation.areas.filter(level=level, code__startswith=code).exclude(code=code)
            below += found.delete()[0]
    generation.areas.filter(code__in=gone).delete()
    return below


def _load_cells(generation: Generation, delivery: Delivery, loaded: Loaded) -> None:
    communities = dict(generation.areas.filter(level=Area.Level.COMMUNITY).values_list("code", "pk"))
    loaded.removed = Cell.objects.filter(generation=generation).delete()[0]
    parts = [shapely.get_parts(entry.border) for entry in delivery.entries]
    borders = stored_shapes(np.array([one[0] for one in parts], dtype=object), STORE)
    copy_rows(
        Cell,
        (
            "generation_id", "community_id", "code", "border", "area_m2", "active", "land_use_code",
            "management_grade", "responsible_subject", "synthetic",
        ),
        (
            (
                generation.pk, communities[entry.code[:12]], entry.code, border, float(entry.metric.area),
                False, entry.attributes.get("land_use_code", "")[:10],
                entry.attributes.get("management_grade", "")[:10],
                entry.attributes.get("responsible_subject", "")[:100], False,
            )
            for entry, border in zip(delivery.entries, borders, strict=True)
        ),
    )  # fmt: skip
    loaded.created = len(delivery.entries)


def _fill(generation: Generation, delivery: Delivery, loaded: Loaded) -> None:
    """One community a street, generated, where the city has none."""
    with_some = set(
        generation.areas.filter(level=Area.Level.COMMUNITY, synthetic=False).values_list(
            "parent__code", flat=True
        )
    )
    streets = generation.areas.filter(level=Area.Level.STREET).exclude(code__in=with_some)
    held = dict(generation.areas.filter(level=Area.Level.COMMUNITY).values_list("code", "pk"))
    made = [
        Area(
            pk=held.get(f"{street.code}001"), generation=generation, level=Area.Level.COMMUNITY,
            code=f"{street.code}001", name=street.name, name_en=street.name_en, parent=street,
            border=street.border, area_m2=street.area_m2, synthetic=True,
        )
        for street in streets
    ]  # fmt: skip
    Area.objects.bulk_create([one for one in made if one.code not in held])
    Area.objects.bulk_update(
        [one for one in made if one.code in held], ["name", "name_en", "border", "area_m2"]
    )
    generation.levels.setdefault("community", {"from": FILLED})
    loaded.notes.append(
        _("%s communities were made, one a street; they are marked as generated.") % len(made)
    )


def _unions(generation: Generation, srid: int) -> None:
    """Borders of areas that are made as unions, from the lowest level upwards."""
    for level, below in (("street", "community"), ("district", "street")):
        if generation.levels.get(level, {}).get("from") != UNION:
            continue
        grouped: dict[int, list[Any]] = defaultdict(list)
        for parent_id, border in generation.areas.filter(level=below).values_list("parent_id", "border"):
            grouped[parent_id].append(shapely.from_wkb(bytes(border.wkb)))
        changed = []
        for area in generation.areas.filter(level=level, pk__in=grouped).defer("border"):
            whole = _multi(shapely.union_all(grouped[area.pk]))
            area.border, area.area_m2 = _ewkb(whole), float(project(whole, STORE, srid).area)
            changed.append(area)
        Area.objects.bulk_update(changed, ["border", "area_m2"])


def _copy_areas(old: Generation, new: Generation, level: str) -> None:
    """The areas of a level as they are, under the new generation."""
    parents = dict(new.areas.values_list("code", "pk"))
    copies = []
    for area in old.areas.filter(level=level).select_related("parent"):
        above = area.parent.code if area.parent else ""
        area.pk, area.generation, area.parent_id = None, new, parents.get(above)
        copies.append(area)
    Area.objects.bulk_create(copies)


def _multi(shape: Any) -> Any:
    return shapely.multipolygons(shapely.get_parts(shape))


def _ewkb(shape: Any) -> Any:
    # the database reads EWKB as well as it reads a geometry object
    return shapely.to_wkb(shapely.set_srid(shape, STORE), hex=True, include_srid=True)
