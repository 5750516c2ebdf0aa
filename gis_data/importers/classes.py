"""Class tables from CSV into ClassEdition and ProblemClass; running it again changes nothing.

Columns: edition, kind, major_code, major_zh, major_en, code, name_zh, name_en, pinyin, initials, geometry,
note, source. Key: edition, kind, code. A faulty row stops the load and is named by its line.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from gis_data import codes
from gis_data.errors import CodeError, PlaceError
from gis_data.models import ClassEdition, ProblemClass

FILE: Final = Path(__file__).resolve().parents[2] / "fixtures" / "categories" / "classes.csv"
CURRENT_EDITION: Final = "GB/T 30428.2-2013"
COLUMNS: Final = [
    "edition",
    "kind",
    "major_code",
    "major_zh",
    "major_en",
    "code",
    "name_zh",
    "name_en",
    "pinyin",
    "initials",
    "geometry",
    "note",
    "source",
]
_UPDATED: Final = [
    "name", "name_en", "major_code", "major", "major_en", "pinyin", "initials", "geometry_kind", "note",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """What a load of class tables found in its file."""

    editions: int
    components: int
    events: int


@transaction.atomic
def load_classes(path: Path = FILE, current: str = CURRENT_EDITION) -> ClassCounts:
    """Load or refresh all editions of a file and make `current` the one in use for new reports."""
    rows = _read(path)
    digits = {edition: len(code) for edition, _kind, code in rows}
    if current not in digits:
        raise PlaceError(
            _("%(file)s has no edition “%(edition)s”.") % {"file": path.name, "edition": current},
            field="edition",
            value=current,
            mend=_("Name an edition of the file as the current one."),
        )
    ClassEdition.objects.exclude(code=current).filter(current=True).update(current=False)
    editions = {
        code: ClassEdition.objects.update_or_create(
            code=code, defaults={"title": code, "class_digits": width, "current": code == current}
        )[0]
        for code, width in digits.items()
    }
    ProblemClass.objects.bulk_create(
        [_problem_class(editions[key[0]], row) for key, row in rows.items()],
        update_conflicts=True,
        unique_fields=["edition", "kind", "code"],
        update_fields=_UPDATED,
    )
    kinds = [kind for _edition, kind, _code in rows]
    return ClassCounts(
        editions=len(editions),
        components=kinds.count(ProblemClass.Kind.COMPONENT),
        events=kinds.count(ProblemClass.Kind.EVENT),
    )


def _read(path: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    """Checked rows by key."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise PlaceError(
                _("%(file)s lacks the columns %(columns)s.")
                % {"file": path.name, "columns": ", ".join(missing)},
                field="columns",
                value=missing,
                mend=_("The first line must name: %(columns)s.") % {"columns": ", ".join(COLUMNS)},
            )
        for row in reader:
            key = _key(row, f"{path.name}:{reader.line_num}")
            if key in rows:
                raise _fault(
                    f"{path.name}:{reader.line_num}", "code", row["code"], _("The class occurs twice.")
                )
            rows[key] = row
    return rows


def _key(row: dict[str, str], where: str) -> tuple[str, str, str]:
    edition = codes.DRAFT if "draft" in row["edition"] else codes.CURRENT
    try:
        parsed = codes.parse(codes.Kind.CLASS, row["code"], edition)
    except CodeError as fault:
        raise _fault(where, "code", row["code"], str(fault)) from fault
    if parsed.major != row["major_code"]:
        raise _fault(where, "major_code", row["major_code"], _("A class code begins with its major class."))
    if row["kind"] not in ProblemClass.Kind.values:
        raise _fault(where, "kind", row["kind"], _("The kind is component or event."))
    if not row["edition"] or not row["name_zh"] or not row["name_en"]:
        raise _fault(where, "name_zh", row["name_zh"], _("Edition and both names are needed."))
    return row["edition"], row["kind"], row["code"]


def _fault(where: str, field: str, value: str, message: str) -> PlaceError:
    return PlaceError(
        f"{where}: {message}", field=field, value=value, mend=_("Mend the line and load again.")
    )


def _problem_class(edition: ClassEdition, row: dict[str, str]) -> ProblemClass:
    return ProblemClass(
        edition=edition,
        kind=row["kind"],
        code=row["code"],
        name=row["name_zh"],
        name_en=row["name_en"],
        major_code=row["major_code"],
        major=row["major_zh"],
        major_en=row["major_en"],
        pinyin=row["pinyin"],
        initials=row["initials"],
        geometry_kind=row["geometry"],
        note=row["note"],
    )
