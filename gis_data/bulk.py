"""Many rows at once: COPY, shapes as the database reads them, indexes built after the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

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
def indexes_built_after(model: type[Model], adding: int | None = None) -> Iterator[None]:
    """Drop a table's indexes, its key's apart, and build them when its rows are in.

    Inside the caller's transaction: others wait, and after a failure the indexes are there as before.

    adding   so many rows come: worth it when they are more than stand there; None: only for an empty table
    """
    standing = model._default_manager.count() if adding is not None else int(model._default_manager.exists())
    if standing > (adding or 0):
        yield
        return
    table = model._meta.db_table
    with connection.cursor() as cursor:
        _settle(cursor)
        cursor.execute(_UNIQUE, [table])
        unique = cursor.fetchall()
        for name, _definition in unique:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(_INDEXES, [table])
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        _settle(cursor)
        for _name, definition in indexes:
            cursor.execute(definition)
        for name, definition in unique:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


_UNIQUE: Final = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype = 'u' ORDER BY conname
"""
_INDEXES: Final = """
    SELECT class.relname, pg_get_indexdef(index.indexrelid)
    FROM pg_index AS index JOIN pg_class AS class ON class.oid = index.indexrelid
    WHERE index.indrelid = %s::regclass AND NOT index.indisprimary ORDER BY class.relname
"""


def _settle(cursor: Any) -> None:
    """Indexes can be neither dropped nor made while checks of foreign keys are pending."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def stored_shapes(shapes: Any, srid: int = METRIC) -> list[str]:
    """An array of shapes of a reference system as hexadecimal EWKB in STORE."""
    stored = shapely.set_srid(project(shapes, srid, STORE), STORE)
    return list(shapely.to_wkb(stored, hex=True, include_srid=True))


def stored_shape(shape: Any, srid: int = METRIC) -> str:
    """One shape as hexadecimal EWKB in STORE."""
    return stored_shapes(np.array([shape]), srid)[0]
