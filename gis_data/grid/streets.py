"""Streets split into communities where a city has no borders of them; generated, and marked so. Pure but for
the last function.

The ground is cut into cells, and the cells are grouped into connected communities of about equal size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from django.db import transaction
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gis_data import codes
from gis_data.bulk import stored_shapes
from gis_data.crs import STORE
from gis_data.errors import PlaceError
from gis_data.generations import metric_of
from gis_data.grid.coverage import united, woven
from gis_data.grid.cut import cut
from gis_data.grid.limits import Limits
from gis_data.grid.patrols import neighbours_of, propose
from gis_data.models import Area, Cell, Generation
from gis_data.project import project

Shapes = NDArray[Any]

# A community of a city centre, where nobody says how many there are.
COMMUNITY_M2: Final = 200_000.0
MOST: Final = 999
# So many pieces a community are what its border may choose from.
GRAIN: Final = 30


@dataclass(frozen=True, slots=True)
class Community:
    """A generated community of a street, in metres."""

    street: str
    code: str
    name: str
    name_en: str
    shape: Any


def split(
    streets: Sequence[tuple[str, str, Any]], lists: Mapping[str, tuple[str, str]], size: float = COMMUNITY_M2
) -> list[Community]:
    """Communities of streets (code, name, shape in metres): those of the list, else one every `size` m².

    lists   names and English names by the communities' 12 digits; may be empty
    """
    made = []
    for street, street_name, shape in streets:
        listed = sorted(code for code in lists if len(code) == 12 and code.startswith(street))
        count = len(listed) or max(1, round(shape.area / size))
        if count > MOST:
            raise PlaceError(
                _("%(street)s would have %(count)s communities; three digits number 999.")
                % {"street": street, "count": count},
                field="area", value=size, mend=_("Ask for larger ones with --area."),
            )  # fmt: skip
        shapes = _pieces(shape, count)
        for number, piece in enumerate(shapes):
            code = listed[number] if listed else f"{street}{number + 1:03d}"
            codes.parse(codes.Kind.COMMUNITY, code)
            name, name_en = lists.get(code, (f"{street_name} {number + 1}", ""))
            made.append(Community(street, code, name, name_en, piece))
    # the same vertices on both sides, as far as the streets share theirs
    parts, of = shapely.get_parts(np.array([one.shape for one in made], dtype=object), return_index=True)
    whole: Shapes = np.asarray(shapely.multipolygons(woven(parts), indices=of))
    return [
        Community(one.street, one.code, one.name, one.name_en, shape)
        for one, shape in zip(made, whole, strict=True)
    ]


def _pieces(shape: Any, count: int) -> Shapes:
    """A street in connected pieces of about equal size, numbered from the north-west."""
    if count == 1:
        return np.array([shape], dtype=object)
    cells = cut([shape], limits=Limits(shape.area / count / GRAIN)).shapes
    centres = shapely.get_coordinates(shapely.centroid(cells))
    group = propose(centres, shapely.area(cells), neighbours_of(cells), count).group
    return np.array([united(cells[group == number]) for number in range(count)], dtype=object)


@transaction.atomic
def store_split(
    generation: Generation, lists: Mapping[str, tuple[str, str]], size: float, *, replace: bool, commit: bool
) -> list[Community]:
    """Split the streets of a draft and write the communities, or only say which."""
    generation = Generation.objects.select_for_update().get(pk=generation.pk)
    communities = generation.areas.filter(level=Area.Level.COMMUNITY)
    if generation.state != Generation.State.DRAFT:
        raise _refused(generation, _("Generation %s is not a draft."), _("Import the streets into a draft."))
    if communities.exists() and not replace:
        raise _refused(
            generation, _("Draft %s has communities already."), _("Say --replace to make them anew.")
        )
    streets = list(generation.areas.filter(level=Area.Level.STREET).order_by("code"))
    if not streets:
        raise _refused(
            generation, _("Draft %s has no streets."), _("Import them: import_areas --level street.")
        )
    srid = metric_of(generation)
    borders = np.array([shapely.from_wkb(bytes(street.border.wkb)) for street in streets], dtype=object)
    shapes = project(borders, STORE, srid)
    made = split(
        [(street.code, street.name, shape) for street, shape in zip(streets, shapes, strict=True)],
        lists,
        size,
    )
    if not commit:
        return made
    Cell.objects.filter(generation=generation).delete()
    communities.delete()
    by_code = {street.code: street for street in streets}
    stored = stored_shapes(np.array([one.shape for one in made], dtype=object), srid)
    Area.objects.bulk_create(
        _area(generation, by_code[one.street], one, border) for one, border in zip(made, stored, strict=True)
    )
    generation.levels.pop("cell", None)
    generation.levels["community"] = {"from": "split", "size_m2": size}
    generation.save(update_fields=["levels"])
    return made


def _area(generation: Generation, street: Area, one: Community, border: Any) -> Area:
    # the database reads EWKB as well as it reads a geometry object
    return Area(
        generation=generation, level=Area.Level.COMMUNITY, code=one.code, name=one.name[:100],
        name_en=one.name_en[:100], parent=street, border=border, area_m2=float(one.shape.area),
        synthetic=True,
    )  # fmt: skip


def _refused(generation: Generation, message: str, mend: str) -> PlaceError:
    return PlaceError(message % generation.pk, field="generation", value=generation.pk, mend=mend)
