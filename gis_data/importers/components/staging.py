"""Checked rows on their way: by COPY into an unlogged table of their own, a batch a transaction.

A run that breaks off leaves its batches. The same file, read by the same rules, finds them by its digest and
goes on behind the last one. What a crash of the server emptied (unlogged tables) is read again. A newer file
of the same inventory drops them.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from psycopg.copy import QueuedLibpqWriter

from gis_data.errors import PlaceError
from gis_data.importers.components.opening import Inventory
from gis_data.importers.components.rows import COLUMNS, Checker
from gis_data.models import ComponentDelivery
from gis_data.sql import run

BATCH: Final = 10_000
# Raised whenever rows are checked differently: what an older version staged is read again.
VERSION: Final = 3
_LOCK: Final = 7_243_001

# rows read, share of the file (0 where unknown)
Progress = Callable[[int, float], None]


@contextmanager
def only_import_of(district_code: str) -> Iterator[None]:
    """One import a district at a time, else PlaceError. It ends with the session at the latest."""
    arguments = [_LOCK, int(district_code)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", arguments)
        if not cursor.fetchone()[0]:
            raise PlaceError(
                _("Components of district %(code)s are being imported already.") % {"code": district_code},
                field="district",
                value=district_code,
                mend=_("Wait until that import has ended."),
            )
        try:
            yield
        finally:
            # after a fault of the database the session ends, and the lock with it
            with suppress(DatabaseError):
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", arguments)


def digest_of(path: Path, *rules: Any) -> str:
    """Of the file's bytes and of everything that decides how its rows are read."""
    found = hashlib.sha256(json.dumps([VERSION, *rules], sort_keys=True, default=str).encode())
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            found.update(chunk)
    return found.hexdigest()


def delivery_of(district_code: str, source: str, path: Path, digest: str) -> ComponentDelivery:
    """The delivery under way of this very file, or a new one; others of the inventory are dropped."""
    under_way = ComponentDelivery.objects.filter(district_code=district_code, source=source, loaded_at=None)
    for other in under_way.exclude(digest=digest):
        drop(other)
        other.delete()
    return ComponentDelivery.objects.get_or_create(
        digest=digest,
        loaded_at=None,
        defaults={"district_code": district_code, "source": source, "file_name": path.name[:255]},
    )[0]


def stage(delivery: ComponentDelivery, inventory: Inventory, checker: Checker, progress: Progress) -> int:
    """Read what is not staged yet; gives the number of rows that an earlier run had staged."""
    staged = _staged(delivery)
    if delivery.rows is not None and staged == delivery.rows:
        progress(staged, 1.0)
        return staged
    done = staged
    with _no_collector(), _Copying(delivery.staging_table) as copying:
        for features in inventory.source.batches(BATCH):
            new = (
                features if features[0].number > staged else [one for one in features if one.number > staged]
            )
            if new:
                copying.put(checker.lines(new))
                done = new[-1].number
            progress(done, inventory.source.share)
    delivery.rows = done
    delivery.save(update_fields=["rows"])
    return staged


def drop(delivery: ComponentDelivery) -> None:
    """Forget the rows of a delivery."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {delivery.staging_table}")


@contextmanager
def _no_collector() -> Iterator[None]:
    """Rows hold no circles; the collector would walk all of a batch again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _staged(delivery: ComponentDelivery) -> int:
    """How many rows are there already; the table is made if need be."""
    run("stage_components", delivery.staging_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(number), 0) FROM {delivery.staging_table}")
        return int(cursor.fetchone()[0])


class _Copying(AbstractContextManager["_Copying"]):
    """COPY a batch at a time; while the server takes one in, the next is read and checked."""

    def __init__(self, table: str) -> None:
        self._statement = f"COPY {table} ({', '.join(COLUMNS)}) FROM STDIN"
        self._under_way = ExitStack()

    def put(self, lines: str) -> None:
        """Wait for the batch before, which is kept from then on, and begin this one."""
        self._under_way.close()
        cursor = self._under_way.enter_context(connection.cursor()).cursor
        copy = self._under_way.enter_context(cursor.copy(self._statement, writer=QueuedLibpqWriter(cursor)))
        copy.write(lines)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._under_way.close()
