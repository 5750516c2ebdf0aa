"""A report as desks show it: the bare card of the journal, and the card dressed with names for a reader.

The bare card is small and holds codes and keys only, no names and nothing personal but two person keys
(`reporter_id`, `inspector_id`), which decide who may see it and never leave the server.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from casework import clocks as clockwork
from casework.journal import instant
from casework.models import Case, CaseClock, Organisation
from dispatch.models import FilingCondition, Report
from dispatch.workflow import STAGES
from gis_data.models import Area, ProblemClass

HIDDEN = ("reporter_id", "inspector_id", "relief_people")
KEEP_SECONDS = 30.0


def bare_card(report: Report, clocks: Mapping[str, CaseClock]) -> dict[str, Any]:
    """The card that the journal keeps. `version` and `moved_at` are added when it is written."""
    case: Case = report.case
    return {
        "id": str(case.id),
        "number": case.number,
        "state": case.state,
        "class_id": report.problem_class_id,
        "condition_id": report.condition_id,
        "source": report.source,
        "lon": round(report.place.x, 7),
        "lat": round(report.place.y, 7),
        "cell_code": report.cell_code,
        "organisation_id": case.organisation_id,
        "department_id": report.department_id,
        "reporter_id": report.reporter_id,
        "inspector_id": report.inspector_id,
        "reported_at": instant(report.reported_at),
        "photo": case.card.get("photo"),
        "main": main_face(report.main) if report.main_id and report.main else None,
        "duplicates": report.duplicate_count,
        **({"voice": case.card["voice"]} if "voice" in case.card else {}),
        **clockwork.face(clocks),
        **_deadline(report, clocks),
    }


def _deadline(report: Report, clocks: Mapping[str, CaseClock]) -> dict[str, Any]:
    """What a card says of relief, stages, lateness and supervision, where there is anything to say."""
    said: dict[str, Any] = {}
    if stage := next((name for name in STAGES if name in clocks), None):
        said["stage"] = stage.value
    if relief := report.relief:
        said["relief"] = {key: relief[key] for key in ("kind", "does", "by")}
        said["relief_people"] = relief["people"]
    for key in ("late", "appeal", "supervised"):
        if value := getattr(report, key):
            said[key] = value
    return said


def main_face(main: Case) -> dict[str, Any]:
    """What a duplicate's card says of the case that it follows."""
    return {"id": str(main.pk), "number": main.number, "state": main.state}


class _Names:
    """Names of classes, conditions, organisations and areas, read at most every 30 seconds."""

    def __init__(self) -> None:
        self.read_at = -KEEP_SECONDS
        self.classes: dict[int, dict[str, Any]] = {}
        self.conditions: dict[int, tuple[str, str]] = {}
        self.organisations: dict[int, dict[str, Any]] = {}
        self.areas: dict[str, dict[str, str]] = {}

    def fresh(self) -> _Names:
        if time.monotonic() - self.read_at > KEEP_SECONDS:
            self.refresh()
        return self

    def refresh(self) -> None:
        self.classes = {
            c.pk: {
                "class_code": c.code,
                "class_name": c.name,
                "class_name_en": c.name_en,
                "kind": c.kind,
            }
            for c in ProblemClass.objects.all()
        }
        self.conditions = {
            pk: (zh, en or zh) for pk, zh, en in FilingCondition.objects.values_list("id", "text", "text_en")
        }
        self.organisations = {
            o.pk: {"code": o.code, "name": o.name, "name_en": o.name_en or o.name}
            for o in Organisation.objects.all()
        }
        # of retired generations too, for cases on their old cells; the one in force comes last and counts
        self.areas = {
            code: {"code": code, "name": name, "name_en": name_en or name}
            for code, name, name_en in Area.objects.exclude(generation__state="draft")
            .order_by("generation__activated_at", "pk")
            .values_list("code", "name", "name_en")
        }
        self.read_at = time.monotonic()


_names = _Names()


def forget_names() -> None:
    """Read the names anew at the next use; for the administration and tests."""
    _names.read_at = -KEEP_SECONDS


def dress(card: Mapping[str, Any]) -> dict[str, Any]:
    """A bare card with names in both languages, without what is nobody's business."""
    names = _names.fresh()
    if (card["class_id"] and card["class_id"] not in names.classes) or (
        card["organisation_id"] and card["organisation_id"] not in names.organisations
    ):
        names.refresh()
    shown = {key: value for key, value in card.items() if key not in HIDDEN}
    shown.update(names.classes.get(card["class_id"], {}))
    text, text_en = names.conditions.get(card["condition_id"] or 0, ("", ""))
    shown["condition"], shown["condition_en"] = text, text_en
    cell = card["cell_code"]
    shown["community"] = names.areas.get(cell[:12]) if len(cell) >= 12 else None
    shown["street"] = names.areas.get(cell[:9]) if len(cell) >= 9 else None
    for key in ("organisation", "department"):
        shown[key] = names.organisations.get(shown.pop(f"{key}_id") or 0)
    return shown
