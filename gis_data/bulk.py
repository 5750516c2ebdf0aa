"""Many rows at once: COPY, shapes as the database reads them, indexes built after the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import shapely
from django.db import connection
from django.db.models import Model

from gis_data.crs import METRIC, STORE
from gis_data.project import project


def copy_rows(model: type[Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows of columns into a model's table; keys come from its sequence."""
    names = ", ".join(columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def analyze(*models: type[Model]) -> None:
    """Fresh statistics: after a bulk load the planner would otherwise know nothing of the rows."""
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ANALYZE {model._meta.db_table}")


@contextmanager
def indexes_built_after(model: type[Model]) -> Iterator[None]:
    """Drop a model's declared indexes and build them when its rows are in; only worth it for an empty table.

    Inside the caller's transaction: others wait, and after a failure the indexes are there as before.
    """
    if model._default_manager.exists():
        yield
        return
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.remove_index(model, index)
    yield
    with connection.cursor() as cursor:
        # an index cannot be made while checks of foreign keys are pending
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.add_index(model, index)


def stored_shapes(shapes: Any, srid: int = METRIC) -> list[str]:
    """An array of shapes of a reference system as hexadecimal EWKB in STORE."""
    stored = shapely.set_srid(project(shapes, srid, STORE), STORE)
    return list(shapely.to_wkb(stored, hex=True, include_srid=True))


def stored_shape(shape: Any, srid: int = METRIC) -> str:
    """One shape as hexadecimal EWKB in STORE."""
    return stored_shapes(np.array([shape]), srid)[0]
