"""Rows as the database holds them: plain inserts for the hot path, and reads as of one instant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Model


@cache
def _insert_of(model: type[Model]) -> tuple[str, tuple[Any, ...], Any]:
    """The INSERT of a model, its fields, and its key if the database makes it."""
    made = model._meta.auto_field
    fields = tuple(field for field in model._meta.local_concrete_fields if field is not made)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    # geometries come as EWKB, which PostGIS reads by itself
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"
    return (f"{sql} RETURNING {quote(str(made.column))}" if made else sql), fields, made


def insert_row(instance: Model) -> None:
    """`instance.save(force_insert=True)` for a new row of a model without defaults of the database.

    The model's own columns and conversions, without compiling a query each time.
    """
    sql, fields, made = _insert_of(type(instance))
    values = [field.get_db_prep_save(field.pre_save(instance, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if made:
            setattr(instance, made.attname, cursor.fetchone()[0])
    instance._state.adding, instance._state.db = False, connection.alias


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
