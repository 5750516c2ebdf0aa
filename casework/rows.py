"""Rows as the database holds them: plain inserts for the hot path, and reads as of one instant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection, transaction
from django.db.models import Model


@cache
def columns_of(model: type[Model]) -> tuple[Any, ...]:
    """The fields that a new row brings along: all but a key that the database makes."""
    made = model._meta.auto_field
    return tuple(field for field in model._meta.local_concrete_fields if field is not made)


@cache
def insert_of(model: type[Model], name: str) -> str:
    """The INSERT of one row of a model, which comes as the JSON of `row_of()` under that name.

    As one value, because a statement of fifty and more would be taken apart anew at each use.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in columns_of(model))
    return (
        f"INSERT INTO {table} ({columns}) "
        f"SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %({name})s::jsonb)"
    )


def row_of(instance: Model) -> str:
    """A new row as JSON, each value as PostgreSQL reads it from text."""
    values = {field.column: field.pre_save(instance, add=True) for field in columns_of(type(instance))}
    return json.dumps(values, default=_spelled, ensure_ascii=False)


def _spelled(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, GEOSGeometry):
        return str(value.hexewkb.decode())
    if isinstance(value, UUID | Decimal | date):
        return str(value)
    raise TypeError(f"a row cannot hold {value!r}")


def insert_row(instance: Model) -> None:
    """`instance.save(force_insert=True)` for a new row of a model without defaults of the database."""
    made = type(instance)._meta.auto_field
    sql = insert_of(type(instance), "row") + (f" RETURNING {made.column}" if made else "")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"row": row_of(instance)})
        if made:
            setattr(instance, made.attname, cursor.fetchone()[0])
    instance._state.adding, instance._state.db = False, connection.alias


def is_there(model: type[Model], key: Any) -> bool:
    """Whether a row has that key, for hot paths: a query set would be compiled anew each time."""
    table = connection.ops.quote_name(model._meta.db_table)
    column = connection.ops.quote_name(str(model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE {column} = %s)", [key])
        return bool(cursor.fetchone()[0])


def insert_unless_there(instance: Model) -> bool:
    """Write a new row whose key its maker chose, in one statement; False if the key is taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            insert_of(type(instance), "row") + " ON CONFLICT DO NOTHING", {"row": row_of(instance)}
        )
        made = bool(cursor.rowcount)
    if made:
        instance._state.adding, instance._state.db = False, connection.alias
    return made


@contextmanager
def one_view() -> Iterator[None]:
    """All that is read inside is as of one instant, while the city goes on writing.

    Inside a transaction that has begun already, its own view holds.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
