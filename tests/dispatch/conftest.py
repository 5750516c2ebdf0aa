"""A town built once for a whole module: each test leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from tests.factories.people import Town, small_town


@pytest.fixture(scope="module")
def standing_town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """The small town, in a transaction that lasts as long as the module and is then undone."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            yield small_town()
            transaction.set_rollback(True)
        connection.close()


@pytest.fixture
def town(standing_town: Town, db: None) -> Town:
    """The standing town; whatever the test does to it is undone."""
    return standing_town
