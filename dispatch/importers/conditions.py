"""The filing standard from CSV, and the defaults of the other steps; running it again changes nothing.

Columns: edition, kind, code, ordinal, condition_zh, condition_en, limit_value, limit_unit, clock,
closing_zh, closing_en, stages, season, note_zh, note_en, source. Key: the first four. Conditions of editions
called "Sample: …" are kept for reference and not offered. What a city switched on or off stays so.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from casework.errors import Invalid
from dispatch.limits import DEFAULTS, UNITS
from dispatch.models import FilingCondition, SourcePolicy, StepLimit
from dispatch.models.report import Source
from gis_data.models import ProblemClass

SAMPLE: Final = "Sample:"
# workflow.md §3; video, sensor and transfer are the city's to decide, and safe on this side
VERIFY_FIRST: Final = frozenset(
    {
        Source.HOTLINE,
        Source.WEB,
        Source.MAILBOX,
        Source.MEDIA,
        Source.PETITION,
        Source.VIDEO,
        Source.SENSOR,
        Source.TRANSFER,
    }
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows in the file, and how many of them are new."""

    conditions: int
    new: int


def conditions_file() -> Path:
    return Path(settings.BASE_DIR) / "fixtures" / "categories" / "conditions.csv"


@transaction.atomic
def load_conditions(path: Path | None = None) -> Loaded:
    """All conditions of a file; the classes must be there. Invalid names the first line that is faulty."""
    path = path or conditions_file()
    classes = {
        (edition, kind, code): pk
        for pk, edition, kind, code in ProblemClass.objects.values_list("id", "edition__code", "kind", "code")
    }
    before = FilingCondition.objects.count()
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(_read(csv.DictReader(file), classes, path.name))
    FilingCondition.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["problem_class", "ordinal"],
        update_fields=[
            "text", "text_en", "quota", "unit", "stages", "season", "closing", "closing_en", "note", "source",
        ],
    )  # fmt: skip
    return Loaded(len(rows), FilingCondition.objects.count() - before)


def load_defaults() -> None:
    """A row for every step limit and every source that has none yet."""
    for clock, limit in DEFAULTS.items():
        StepLimit.objects.get_or_create(
            clock=clock, defaults={"quota": limit.quota, "unit": limit.unit.value}
        )
    for source in Source:
        SourcePolicy.objects.get_or_create(source=source, defaults={"verify_first": source in VERIFY_FIRST})


def _read(
    reader: csv.DictReader[str], classes: dict[tuple[str, str, str], int], name: str
) -> Iterator[FilingCondition]:
    for row in reader:
        where = f"{name}:{reader.line_num}"
        key = (row["edition"], row["kind"], row["code"])
        if key not in classes:
            raise _fault(where, "code", row["code"], _("There is no such class; load the classes first."))
        if row["limit_unit"] not in UNITS:
            raise _fault(
                where, "limit_unit", row["limit_unit"], _("One of: %(units)s.") % {"units": ", ".join(UNITS)}
            )
        unit, times = UNITS[row["limit_unit"]]
        try:
            quota = Decimal(row["limit_value"]) * times
            stages = json.loads(row["stages"]) if row["stages"] else []
            ordinal = int(row["ordinal"])
        except (InvalidOperation, ValueError) as error:
            raise _fault(where, "limit_value", row["limit_value"], str(error)) from error
        if not quota.is_finite() or quota <= 0:
            raise _fault(where, "limit_value", row["limit_value"], _("A limit is more than nothing."))
        yield FilingCondition(
            problem_class_id=classes[key],
            ordinal=ordinal,
            text=row["condition_zh"],
            text_en=row["condition_en"],
            quota=quota,
            unit=unit,
            stages=stages,
            season=row["season"],
            closing=row["closing_zh"],
            closing_en=row["closing_en"],
            note=row["note_zh"],
            source=row["source"],
            active=not row["edition"].startswith(SAMPLE),
        )


def _fault(where: str, field: str, value: str, message: str) -> Invalid:
    return Invalid(f"{where}: {message}", field=field, value=value, mend=_("Mend the line and load again."))
