"""One delivery of borders takes the place of another: in one transaction, with the old cells kept.

Old cases stay on their old cells (their code means the generation of their day). Lineage says which old cells
became which new ones; responsibility grids, components and addresses follow to the new cells.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data.bulk import analyze
from gis_data.crs import metric_at
from gis_data.errors import PlaceError
from gis_data.models import (
    Area,
    AreaLineage,
    Cell,
    CellLineage,
    Component,
    Generation,
    ResponsibilityGrid,
)
from gis_data.naming import name_areas
from gis_data.sql import SYSTEMS, rows, statement

# Common ground of no more than this is the inaccuracy of two surveys, no lineage.
LEAST_M2: Final = 1.0
LEVELS: Final = (Area.Level.DISTRICT, Area.Level.STREET, Area.Level.COMMUNITY)


class NotReady(PlaceError):
    """A generation that cannot be activated as it is."""

    code = "not_ready"


@dataclass(slots=True)
class Activation:
    """What took the place of what; numbers of rows."""

    generation_id: int
    district_code: str
    replaces: int | None
    levels: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    area_lineage: int = 0
    cell_lineage: int = 0
    grids_carried: int = 0
    cells_without_grid: int = 0
    components_moved: int = 0
    components_outside: int = 0
    addresses_moved: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def metric_of(generation: Generation) -> int:
    """The SRID in which a generation is measured."""
    west, south, east, north = rows("generation_bounds", generation_id=generation.pk)[0]
    if west is None:
        return SYSTEMS["metric"]
    return metric_at((west + east) / 2, (south + north) / 2)


def counts_of(generation: Generation) -> dict[str, int]:
    """How many areas and cells a generation has, by level."""
    found = {str(level): generation.areas.filter(level=level).count() for level in LEVELS}
    return {**found, "cell": generation.cells.count()}


def counts_in_words(counts: dict[str, int]) -> str:
    """Such as: district 1, street 17, community 169, unit grid cell 4160."""
    names = {str(level): str(level.label) for level in LEVELS} | {"cell": str(Cell._meta.verbose_name)}
    return ", ".join(f"{names[level]} {number}" for level, number in counts.items())


@transaction.atomic
def activate(generation: Generation, *, carry: bool = False, incomplete: bool = False) -> Activation:
    """Make a draft (or a retired generation) the one in force; NotReady says what it lacks.

    carry        communities and cells that it lacks are taken over from the generation in force
    incomplete   without communities or cells
    The caller's transaction may be rolled back: a rehearsal is an activation that is not committed.
    """
    held = {
        one.pk: one
        for one in Generation.objects.select_for_update().filter(district_code=generation.district_code)
    }
    generation = held[generation.pk]
    active = next((one for one in held.values() if one.state == Generation.State.ACTIVE), None)
    if active is not None and active.pk == generation.pk:
        raise NotReady(
            _("Generation %s is in force already.") % generation.pk, field="generation", value=generation.pk
        )
    done = Activation(generation.pk, generation.district_code, active.pk if active else None)
    if carry and active is not None:
        done.carried = _carry(active, generation)
    done.levels = counts_of(generation)
    _complete(generation, done.levels, incomplete=incomplete, replaces=active)
    if active is not None:
        # before the switch: the partial index holds the old cells
        done.area_lineage = _lineage("area", active, generation, "new.level = old.level")
        done.cell_lineage = _lineage("cell", active, generation, "old.active")
        active.state, active.retired_at = Generation.State.RETIRED, timezone.now()
        active.save(update_fields=["state", "retired_at"])
        active.cells.update(active=False)
    generation.state = Generation.State.ACTIVE
    generation.activated_at, generation.retired_at = timezone.now(), None
    generation.save(update_fields=["state", "activated_at", "retired_at"])
    generation.cells.update(active=True)
    analyze(Area, Cell)
    if active is not None:
        between = {"old_id": active.pk, "new_id": generation.pk}
        done.grids_carried = _run("carry_grids", **between)
        ResponsibilityGrid.cells.through.objects.filter(cell__generation=active).delete()
    name_areas(generation)
    done.cells_without_grid = generation.cells.filter(grids=None).count()
    if done.levels["cell"]:
        where = {"district_code": generation.district_code, "new_id": generation.pk}
        done.components_moved = _run("replace_component_cells", **where)
        done.addresses_moved = _run("replace_address_cells", **where)
        done.components_outside = (
            Component.objects.filter(district_code=generation.district_code, retired_on=None)
            .exclude(cell_code__in=generation.cells.values("code"))
            .count()
        )
    return done


def _complete(
    generation: Generation, levels: dict[str, int], *, incomplete: bool, replaces: Generation | None
) -> None:
    """Refuse a generation that lacks levels, or whose areas lack their parts."""
    needed = [Area.Level.DISTRICT, Area.Level.STREET] if incomplete else list(LEVELS)
    lacking = [str(Area.Level(level).label) for level in needed if not levels[level]]
    if not incomplete and not levels["cell"]:
        lacking.append(str(Cell._meta.verbose_name))
    bare = [] if incomplete else _bare(generation)
    if not lacking and not bare:
        return
    message = (
        _("Generation %(pk)s has no: %(levels)s.") % {"pk": generation.pk, "levels": ", ".join(lacking)}
        if lacking
        else _("Areas without any part: %(codes)s.") % {"codes": ", ".join(bare[:10])}
    )
    mend = _("Import them (import_areas), cut the cells (cut_grid), or activate with --incomplete.")
    if replaces is not None:
        mend += " " + _("Or keep those in force, where they still fit, with --carry.")
    raise NotReady(message, field="levels", value=lacking or bare, mend=mend)


def _bare(generation: Generation) -> list[str]:
    """Streets without a community and communities without a cell."""
    streets = generation.areas.filter(level=Area.Level.STREET, children=None)
    communities = generation.areas.filter(level=Area.Level.COMMUNITY, cells=None)
    return sorted([*streets.values_list("code", flat=True), *communities.values_list("code", flat=True)])


def _carry(old: Generation, new: Generation) -> dict[str, int]:
    """Copy communities and cells that the new generation lacks; all must have their parent in it."""
    carried: dict[str, int] = {}
    if not new.areas.filter(level=Area.Level.COMMUNITY).exists():
        communities = list(old.areas.filter(level=Area.Level.COMMUNITY).select_related("parent"))
        parents = dict(new.areas.filter(level=Area.Level.STREET).values_list("code", "pk"))
        _all_have_parents([(one.code, one.code[:9]) for one in communities], parents)
        for area in communities:
            area.pk, area.generation, area.parent_id = None, new, parents[area.code[:9]]
        Area.objects.bulk_create(communities)
        carried["community"] = len(communities)
        new.levels["community"] = {"from": "carried", "generation": old.pk}
    if not new.cells.exists():
        cells = list(old.cells.all())
        parents = dict(new.areas.filter(level=Area.Level.COMMUNITY).values_list("code", "pk"))
        _all_have_parents([(one.code, one.code[:12]) for one in cells], parents)
        for cell in cells:
            cell.pk, cell.generation, cell.community_id = None, new, parents[cell.code[:12]]
            cell.active = False
        Cell.objects.bulk_create(cells, batch_size=2000)
        carried["cell"] = len(cells)
        new.levels["cell"] = {"from": "carried", "generation": old.pk}
    new.save(update_fields=["levels"])
    return carried


def _all_have_parents(codes: list[tuple[str, str]], parents: dict[str, int]) -> None:
    orphans = [code for code, parent in codes if parent not in parents]
    if orphans:
        raise NotReady(
            _("%(count)s areas or cells in force have no parent in the new generation: %(codes)s.")
            % {"count": len(orphans), "codes": ", ".join(orphans[:10])},
            field="carry",
            value=orphans[:100],
            mend=_("Import new ones, or cut the cells anew (cut_grid)."),
        )


def _lineage(noun: str, old: Generation, new: Generation, alike: str) -> int:
    """Write what became of the old; a second activation between the same two replaces what was written."""
    model: Any = AreaLineage if noun == "area" else CellLineage
    model.objects.filter(old__generation=old, new__generation=new).delete()
    sql = statement("lineage").replace("{noun}", noun).replace("{alike}", alike)
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"old_id": old.pk, "new_id": new.pk, "metric": metric_of(new), "least_m2": LEAST_M2},
        )
        return int(cursor.rowcount)


def _run(name: str, **arguments: Any) -> int:
    """Run a statement that changes rows; how many it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), {**SYSTEMS, **arguments})
        return int(cursor.rowcount)
