"""Our PostGIS backend: spatial indexes over some rows, and connections that know when they have died."""

from __future__ import annotations

import pytest
from django.db import connection, connections

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("index", "rows"),
    [("report_open_on_map", "(place) WHERE is_open"), ("cell_border_in_force", "(border) WHERE active")],
)
def test_a_spatial_index_over_some_rows_holds_only_those(index: str, rows: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        assert cursor.fetchone()[0].endswith(f"USING gist {rows}")


@pytest.mark.django_db(transaction=True)
def test_a_connection_whose_server_has_died_is_not_usable() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    assert connection.is_usable()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
    assert not connection.is_usable()
    connection.close()
    assert connection.cursor().execute("SELECT 1")
