"""How a command says that a file is refused as a whole: in words, or as its one JSON object."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from gis_data.errors import PlaceError
from gis_data.importers import hints
from gis_data.importers.source import UndeclaredDatum


def refuse(
    command: BaseCommand, fault: PlaceError, *, as_json: bool, counts: Mapping[str, int] | None = None
) -> NoReturn:
    """Say why, with the choices where a datum is not declared, and end with 1; counts of what is there."""
    if not as_json:
        raise CommandError(
            hints.told(fault) if isinstance(fault, UndeclaredDatum) else str(fault), returncode=1
        )
    command.stdout.write(json.dumps(refusal(fault, counts or {}), ensure_ascii=False))
    sys.exit(1)


def refusal(fault: PlaceError, counts: Mapping[str, int]) -> dict[str, Any]:
    """The same as an object; nothing was written."""
    plain = isinstance(fault.value, str | int | float | list)
    body: dict[str, Any] = {
        "ok": False,
        "committed": False,
        "counts": dict(counts),
        "figures": {},
        "faults": [
            {
                "kind": fault.code,
                "code": fault.field,
                "field": fault.field,
                "value": fault.value if plain else str(fault.value or ""),
                "detail": str(fault.message),
                "mend": str(fault.mend),
                "area_m2": None,
                "refused": True,
            }
        ],
    }
    if isinstance(fault, UndeclaredDatum):
        body["choices"] = [one.as_json() for one in hints.choices(fault)]
    return body
