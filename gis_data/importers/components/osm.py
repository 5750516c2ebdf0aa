"""OpenStreetMap extracts (.osm, .osm.gz, .osm.bz2, .osm.pbf) object by object, through libosmium.

A row is what carries a key of the tag table and is not passed over by it. Nodes are points. Closed ways and
multipolygon relations are areas, unless their class is drawn as a line; other ways are lines. Ids read
`node/1`, `way/1`, `relation/1`, so that a newer extract finds its things again.
"""

from __future__ import annotations

import bz2
import gzip
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import osmium
import shapely
from django.utils.translation import gettext as _

from gis_data.crs import STORE
from gis_data.errors import PlaceError
from gis_data.importers.components.tags import Kind
from gis_data.importers.rows import BATCH, Row

FIELDS: Final = ["id", "tags"]
_SHAPES: Final = osmium.geom.WKBFactory()


def is_extract(path: Path) -> bool:
    """By content: the header of a PBF, or an <osm> element, packed or not."""
    with path.open("rb") as file:
        head = file.read(512)
    try:
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as packed:
                head = packed.read(512)
        elif head.startswith(b"BZh"):
            with bz2.open(path) as packed:
                head = packed.read(512)
    except (OSError, EOFError):
        return False
    return b"OSMHeader" in head[:64] or b"<osm" in head


class OsmExtract:
    """A reader of importers/rows.py. Places of nodes lie in a file while ways are read: memory stays flat."""

    own: str | None = f"EPSG:{STORE}"
    trusted = True
    count: int | None = None

    def __init__(
        self, path: Path, keys: list[str], kind_of: Callable[[Any], tuple[Kind | None, bool]]
    ) -> None:
        """`kind_of` tells of tags what a thing is and whether its class is drawn as a line."""
        self.path, self.keys, self.kind_of = path, keys, kind_of
        self.fields = list(FIELDS)
        self.share = 0.0

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]:
        """Rows in the order of the file."""
        batch: list[Row] = []
        for number, row in enumerate(self._rows(), start=1):
            row.number = number
            batch.append(row)
            if len(batch) >= size:
                yield _shaped(batch)
                batch = []
        self.share = 1.0
        if batch:
            yield _shaped(batch)

    def _rows(self) -> Iterator[Row]:
        wanted = osmium.filter.KeyFilter(*self.keys)
        with tempfile.TemporaryDirectory(prefix="gridcity-") as folder:
            try:
                objects = (
                    osmium.FileProcessor(str(self.path))
                    .with_locations(f"sparse_file_array,{folder}/places")
                    .with_areas(wanted)
                    .with_filter(wanted)
                )
                for one in objects:
                    row = self._row(one)
                    if row is not None:
                        yield row
            except RuntimeError as fault:
                raise PlaceError(
                    _("%(file)s breaks off or is no OpenStreetMap extract: %(why)s.")
                    % {"file": self.path.name, "why": str(fault)[:200]},
                    field="file",
                    value=self.path.name,
                    mend=_("Copy it again from its source."),
                ) from fault

    def _row(self, one: Any) -> Row | None:
        """An object as a row; None for what is no component and for the other half of a closed way."""
        if one.is_relation():
            return None  # multipolygons come again as areas; other relations have no place of their own
        tags = {tag.k: tag.v for tag in one.tags}
        kind, as_line = self.kind_of(tags)
        if kind is None or kind.passed:
            return None
        if one.is_area():
            if one.from_way() and as_line:
                return None
            id_ = f"{'way' if one.from_way() else 'relation'}/{one.orig_id()}"
        elif one.is_way():
            if not as_line and _becomes_area(one):
                return None
            id_ = f"way/{one.id}"
        else:
            id_ = f"node/{one.id}"
        row = Row(0, {"id": id_, "tags": json.dumps(tags, ensure_ascii=False)})
        try:
            row.shape = _wkb(one)
        except (RuntimeError, osmium.InvalidLocationError):
            row.fault = PlaceError(
                _("Not all points of %(id)s are in the extract, or it has too few.") % {"id": id_},
                field="geometry",
                value=id_,
                mend=_("Cut the extract so that it holds whole ways."),
            )
        return row


def _becomes_area(way: Any) -> bool:
    """Does libosmium make an area of it as well? Closed, of four points or more, and not said to be none."""
    return way.is_closed() and len(way.nodes) > 3 and way.tags.get("area") != "no"


def _wkb(one: Any) -> str:
    if one.is_area():
        return str(_SHAPES.create_multipolygon(one))
    if one.is_way():
        return str(_SHAPES.create_linestring(one))
    return str(_SHAPES.create_point(one))


def _shaped(rows: list[Row]) -> list[Row]:
    for row, shape in zip(rows, shapely.from_wkb([row.shape for row in rows]), strict=True):
        if shape is not None and shape.geom_type.startswith("Multi") and len(shape.geoms) == 1:
            shape = shape.geoms[0]
        row.shape = shape
    return rows
