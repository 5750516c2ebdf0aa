"""Cut cells into a generation: one transaction; the areas get the vertices of their cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from gis_data.bulk import analyze, copy_rows, stored_shapes
from gis_data.crs import STORE
from gis_data.errors import PlaceError
from gis_data.grid.coverage import with_vertices
from gis_data.grid.run import Result
from gis_data.importers import topology
from gis_data.models import Area, Cell, Generation
from gis_data.project import project

_COLUMNS = (
    "generation_id", "community_id", "code", "border", "area_m2", "active", "land_use_code",
    "management_grade", "responsible_subject", "synthetic",
)  # fmt: skip


def may_cut(generation: Generation, *, replace: bool) -> None:
    """PlaceError if cells may not be written into a generation: only drafts, and what has none."""
    if generation.state == Generation.State.RETIRED:
        raise _refused(generation, _("Generation %s is no longer in force."), _("Cut a draft."))
    if not generation.cells.exists():
        return
    if generation.state == Generation.State.ACTIVE:
        raise _refused(
            generation,
            _("Generation %s is in force and has cells; cases stand on them."),
            _("Make a draft first: import_areas, or begin one on the map."),
        )
    if not replace:
        raise _refused(generation, _("Draft %s has cells already."), _("Say --replace to cut them anew."))


@transaction.atomic
def store(result: Result, generation: Generation, about: dict[str, Any], *, replace: bool) -> int:
    """Write the cells of a result that is ok; how many. Old cells of the draft go."""
    generation = Generation.objects.select_for_update().get(pk=generation.pk)
    may_cut(generation, replace=replace)
    generation.cells.all().delete()
    _share_vertices(result, generation)
    communities = {
        code: (pk, synthetic)
        for code, pk, synthetic in generation.areas.filter(level=Area.Level.COMMUNITY).values_list(
            "code", "pk", "synthetic"
        )
    }
    owners = [communities[result.ground.codes[of]] for of in result.cells.of.tolist()]
    sizes = shapely.area(result.cells.shapes).tolist()
    active = generation.state == Generation.State.ACTIVE
    copy_rows(
        Cell,
        _COLUMNS,
        (
            (generation.pk, owner[0], code, border, size, active, "", "", "", owner[1])
            for owner, code, border, size in zip(
                owners, result.codes, stored_shapes(result.stored, STORE), sizes, strict=True
            )
        ),
    )
    generation.levels["cell"] = {"from": "cut", **about, "figures": result.figures()}
    generation.save(update_fields=["levels"])
    analyze(Cell)
    return len(result.codes)


def _share_vertices(result: Result, generation: Generation) -> None:
    """Borders of all areas with the vertices of the cells on them, so that no projection parts them."""
    areas = list(generation.areas.all())
    shapes = np.array([shapely.from_wkb(bytes(area.border.wkb)) for area in areas], dtype=object)
    srid = result.ground.srid
    noded = project(with_vertices(project(shapes, STORE, srid), result.cells.shapes), srid, STORE)
    for at in np.flatnonzero(~shapely.is_valid(noded)).tolist():
        # borders that all but touch themselves, as unions of uneven parts have them
        noded[at] = topology.polygonal(noded[at])[0]
    for area, border in zip(areas, stored_shapes(noded, STORE), strict=True):
        # the database reads EWKB as well as it reads a geometry object
        stored: Any = border
        area.border = stored
    Area.objects.bulk_update(areas, ["border"], batch_size=500)


def _refused(generation: Generation, message: str, mend: str) -> PlaceError:
    return PlaceError(message % generation.pk, field="generation", value=generation.pk, mend=mend)
