"""The few raw statements, one file each, documented like functions."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from django.db import connection
from psycopg import ClientCursor

from gis_data.crs import METRIC, STORE, TILE

FOLDER: Final = Path(__file__).parent
# Statements name reference systems by these, so that only crs.py knows the numbers.
SYSTEMS: Final = {"store": STORE, "tile": TILE, "metric": METRIC}


@cache
def statement(name: str) -> str:
    """The text of `name`.sql beside this file."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def rows(name: str, **arguments: Any) -> list[tuple[Any, ...]]:
    """Run a statement with its named arguments and fetch all it answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement(name), {**SYSTEMS, **arguments})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def run(name: str, staged: str, **arguments: Any) -> list[int]:
    """Run a script of several statements over a staging table (STAGED in its text); the rows each touched.

    Values are written into the text: what makes tables takes no arguments of the server.
    """
    connection.ensure_connection()
    bound = ClientCursor(connection.connection).mogrify(
        statement(name).replace("STAGED", staged), {**SYSTEMS, **arguments}
    )
    with connection.cursor() as cursor:
        cursor.cursor.execute(bound, prepare=False)
        touched = [cursor.rowcount]
        while cursor.nextset():
            touched.append(cursor.rowcount)
    return touched
