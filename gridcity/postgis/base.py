"""Django's PostGIS backend, which sees without asking whether its connection is still good, and whose spatial
indexes keep their conditions.

A thread keeps its connection from request to request. Before each, Django asks the server whether it is still
there: a round trip, every time. A server that died has closed the socket, and the kernel knows: an idle
connection on which something can be read holds an end of file, or a notice, and only then is asking worth it.
"""

from __future__ import annotations

import select

from django.contrib.gis.db.backends.postgis.base import DatabaseWrapper as PostgisWrapper

from gridcity.postgis.schema import SchemaEditor


class DatabaseWrapper(PostgisWrapper):
    """As Django's, with a health check that costs no round trip while all is well."""

    SchemaEditorClass = SchemaEditor

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        idle = select.poll()
        idle.register(self.connection.fileno(), select.POLLIN)
        return not idle.poll(0) or bool(super().is_usable())
