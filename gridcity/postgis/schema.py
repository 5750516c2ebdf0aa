"""Spatial indexes over some rows only, which Django drops the condition of without a word."""

from __future__ import annotations

from typing import Any

from django.contrib.gis.db.backends.postgis.schema import PostGISSchemaEditor


class SchemaEditor(PostGISSchemaEditor):
    """As PostGIS's, but an index with a condition keeps it: `GistIndex(fields=["place"], condition=…)`."""

    def _create_index_sql(self, model: Any, *, fields: Any = None, **options: Any) -> Any:
        chosen: Any = super() if options.get("condition") is None else super(PostGISSchemaEditor, self)
        return chosen._create_index_sql(model, fields=fields, **options)
