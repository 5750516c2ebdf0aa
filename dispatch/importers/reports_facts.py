"""An imported case as the journal keeps it: facts, card and number, made from what a row told. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from casework import journal
from casework.models import Organisation
from dispatch.imported import IMPORTED, Fault, Stood
from dispatch.importers.reports_mapping import Mapping
from dispatch.importers.reports_rows import Flaw, Told

LONGEST_NUMBER: Final = 30
FROM: Final = "from"  # the key of an entry's facts that tells the file and the line; no part of what was told
CHANGED: Final = "changed"
OF_BORDERS: Final = frozenset({Fault.OUTSIDE, Fault.FAR_AWAY, Fault.AREA_DIFFERS})


@dataclass(slots=True)
class Fact:
    """A row as it will stand in the journal."""

    told: Told
    id: UUID
    area: str = ""
    organisation: Organisation | None = None
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A case that is there already, with what was last told of it."""

    version: int
    chain_hash: bytes
    moved_at: datetime
    stream: str
    facts: dict[str, Any]


def ended_at(told: Told, now: datetime) -> datetime:
    """When it was over there, or the last that is known of it: never before the opening or after now."""
    opened = told.times["opened"]
    possible = {name: at for name, at in told.times.items() if name != "due" and opened <= at <= now}
    end = {Stood.CLOSED: "closed", Stood.CANCELLED: "cancelled"}.get(told.stood, "")
    return possible.get(end) or max(possible.values())


def facts_of(fact: Fact, mapping: Mapping) -> dict[str, Any]:
    """Everything the row told, in one shape whatever the file's; equal facts are equal rows."""
    told = fact.told
    facts: dict[str, Any] = {
        "origin": mapping.origin,
        "ref": told.ref,
        "stood": told.stood.value,
        "zone": mapping.zone.key,
        "times": {name: journal.instant(at) for name, at in told.times.items()},
        **told.texts,
    }
    # the texts keep their names; what is ours has names of its own
    facts["area_there"] = facts.pop("area", "")
    facts["source_there"] = facts.pop("source", "")
    facts["department_there"] = facts.pop("department", "")
    facts["source"], facts["area"] = told.source, fact.area
    if told.given and mapping.frame:
        facts["given"] = {"x": told.given[0], "y": told.given[1], "system": mapping.frame.text}
    if fact.told.place:
        facts["lon"], facts["lat"] = fact.told.place
    if fact.organisation is not None:
        facts["organisation_code"] = fact.organisation.code
    if told.flaws:
        facts["faults"] = [
            {"fault": flaw.fault.value, "field": flaw.field, "value": flaw.value}
            for flaw in sorted(told.flaws, key=lambda flaw: (flaw.fault, flaw.field))
        ]
    return {key: value for key, value in facts.items() if value not in ("", {})}


def keep_area(fact: Fact, before: Known, mapping: Mapping) -> dict[str, Any]:
    """Borders may have changed since: the same place stays in the area it was first found in."""
    if "lon" in before.facts:
        fact.told.place = before.facts["lon"], before.facts["lat"]
    fact.area = str(before.facts["area"])
    fact.told.flaws = [flaw for flaw in fact.told.flaws if flaw.fault not in OF_BORDERS] + [
        Flaw(Fault(flaw["fault"]), flaw["field"], flaw["value"])
        for flaw in before.facts.get("faults", [])
        if flaw["fault"] in OF_BORDERS
    ]
    return facts_of(fact, mapping)


def card_of(
    fact: Fact, told: dict[str, Any], *, number: str, class_id: int | None, version: int, at: datetime
) -> dict[str, Any]:
    """The keys of a report's card, so that lists can show both, and what only an imported case has."""
    times = told["times"]
    lon, lat = fact.told.place or (None, None)
    return {
        "id": str(fact.id),
        "number": number,
        "state": IMPORTED,
        "class_id": class_id,
        "condition_id": None,
        "source": fact.told.source,
        "lon": lon,
        "lat": lat,
        "cell_code": fact.area,
        "organisation_id": None,
        "department_id": fact.organisation.pk if fact.organisation else None,
        "reporter_id": None,
        "inspector_id": None,
        "reported_at": times["opened"],
        "photo": None,
        "due_at": times.get("due"),
        "clock": None,
        "clock_started_at": None,
        "paused": False,
        "version": version,
        "moved_at": journal.instant(at),
        "imported": {
            "origin": told["origin"],
            "ref": told["ref"],
            "stood": told["stood"],
            "class": told.get("title") or told.get("class") or told.get("group") or "",
            "department": told.get("department_there", ""),
            "status": told.get("status", ""),
            "address": told.get("address", ""),
            "zone": told["zone"],
            "times": times,
            "faults": sorted({flaw.fault.value for flaw in fact.told.flaws}),
        },
    }


def number_of(fact: Fact, prefix: str) -> str:
    """The other system's own number behind the mapping's prefix; a made one where theirs does not fit."""
    ref = fact.told.ref
    number = f"{prefix}-{ref}"
    if len(number) <= LONGEST_NUMBER and ref.isascii() and " " not in ref:
        return number
    return f"{prefix}~{fact.id.hex[:20]}"


def digest_of(told: Told) -> bytes:
    """Of everything the mapping reads from a row."""
    text = json.dumps(
        [sorted(told.texts.items()), sorted((k, v.isoformat()) for k, v in told.times.items()), told.given,
         [(flaw.fault, flaw.value) for flaw in told.flaws]]
    )  # fmt: skip
    return hashlib.sha256(text.encode(errors="replace")).digest()


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The names of what is told otherwise now."""
    keys = (before.keys() | now.keys()) - {FROM, CHANGED}
    return sorted(key for key in keys if before.get(key) != now.get(key))
