"""Rows of models into their tables by COPY: new ones appended, changed ones replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from struct import pack
from typing import Any, Generic, TypeVar

from django.contrib.gis.db.models import GeometryField
from django.contrib.gis.geos import Point
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import JSONField, Model
from django.db.models.base import ModelState

from casework.journal import dumps
from gis_data.crs import STORE

M = TypeVar("M", bound=Model)
Convert = Callable[[Any], Any]
AT_ONCE = 1000


class Spot(Point):
    """A point of crs.STORE that knows its numbers and its bytes, and nothing else: there is no GEOS object
    behind it. Making and asking one costs more than all the rest of a card. Only for rows written by `Table`.
    """

    def __init__(self, lon: float, lat: float) -> None:
        self._place = (lon, lat)

    @property  # type: ignore[misc]  # nobody moves a spot
    def x(self) -> float:
        return self._place[0]

    @property  # type: ignore[misc]
    def y(self) -> float:
        return self._place[1]

    @property
    def hexewkb(self) -> bytes:
        lon, lat = self._place
        return pack("<BIIdd", 1, 0x20000001, STORE, lon, lat).hex().encode()  # as PostGIS reads it


class Maker(Generic[M]):
    """Makes many rows of a model quickly: copies of an empty one, with values by attribute of the column.

    `Model.__init__` takes longer than everything else that is done with such a row. What could be changed
    inside (lists, dictionaries) is not copied and must be given.
    """

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._usual = {
            key: value
            for key, value in vars(model()).items()
            if key != "_state" and not isinstance(value, list | dict)
        }

    def __call__(self, **values: Any) -> M:
        row = self._model.__new__(self._model)
        row.__dict__ = {"_state": ModelState(), **self._usual, **values}
        return row


class Table(Generic[M]):
    """What has been made or changed since the last `write()`, each object once.

    Django's own mark tells which rows are there already: `_state.adding` is cleared when a row is written.
    """

    def __init__(self, model: type[M]) -> None:
        self.name = model._meta.db_table
        fields = model._meta.concrete_fields
        self.key = str(model._meta.pk.column)
        self.columns = [str(field.column) for field in fields]
        self._read: list[tuple[str, Convert | None]] = [
            (field.attname, _convert_of(field)) for field in fields
        ]
        self._touched: dict[int, M] = {}

    def touch(self, *rows: M) -> None:
        """These are to be written."""
        for row in rows:
            self._touched[id(row)] = row

    @property
    def stored(self) -> list[M]:
        """Those to be written that are in the table already."""
        return [row for row in self._touched.values() if not row._state.adding]

    def write(self, cursor: CursorWrapper) -> None:
        """Changed rows first: a clock must stop before another of its name may start."""
        stored = self.stored
        if stored:
            self._replace(cursor, stored)
        fresh = [row for row in self._touched.values() if row._state.adding]
        copy_rows(cursor, self.name, self.columns, map(self._values, fresh))
        for row in fresh:
            row._state.adding = False
        self._touched.clear()

    def _values(self, row: M) -> list[Any]:
        return [
            getattr(row, name) if convert is None else convert(getattr(row, name))
            for name, convert in self._read
        ]

    def _replace(self, cursor: CursorWrapper, rows: list[M]) -> None:
        aside = f"changed_{self.name}"
        cursor.execute(f'CREATE TEMPORARY TABLE "{aside}" (LIKE "{self.name}") ON COMMIT DROP')
        copy_rows(cursor, aside, self.columns, map(self._values, rows))
        changes = ", ".join(
            f'"{column}" = changed."{column}"' for column in self.columns if column != self.key
        )
        cursor.execute(
            f'UPDATE "{self.name}" AS kept SET {changes} FROM "{aside}" AS changed '
            f'WHERE kept."{self.key}" = changed."{self.key}"'
        )
        cursor.execute(f'DROP TABLE "{aside}"')


def copy_rows(
    cursor: CursorWrapper, table: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]
) -> None:
    names = ", ".join(f'"{column}"' for column in columns)
    with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def numbers(sequence: str) -> Iterator[int]:
    """Numbers from a sequence of the database, taken a thousand at a time; live writers take from it too."""
    for _ in count():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, AT_ONCE])
            taken = [int(number) for (number,) in cursor.fetchall()]
        yield from taken


def ids_of(model: type[Model]) -> Iterator[int]:
    """Primary keys of a model from its own sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [model._meta.db_table, model._meta.pk.column])
        return numbers(cursor.fetchone()[0])


def _convert_of(field: Any) -> Convert | None:
    if isinstance(field, JSONField):
        return dumps
    if isinstance(field, GeometryField):
        return lambda shape: None if shape is None else shape.hexewkb.decode()
    return None
