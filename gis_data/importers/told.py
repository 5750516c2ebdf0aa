"""The outcome of an import of areas, in words and as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from gis_data.generations import Activation
from gis_data.importers import faultmap
from gis_data.importers.delivery import KINDS, Delivery
from gis_data.importers.drafts import Loaded

SHOWN: Final = 20


def as_text(
    deliveries: Sequence[Delivery],
    loaded: Sequence[Loaded],
    activations: Sequence[Activation],
    said: Sequence[str],
    *,
    committed: bool,
    report: Path | None,
) -> str:
    """What was read, every kind of fault with its first cases, and what was written."""
    lines = [*said, *dict.fromkeys(note for delivery in deliveries for note in delivery.notes)]
    for delivery in deliveries:
        facts = ", ".join(f"{words} {value}" for words, value in faultmap.facts(delivery))
        lines += ["", f"{delivery.district_code}: {facts}", *_faults(delivery)]
    lines.append(faultmap.sliver_words())
    for done in loaded:
        lines.append(
            _("Draft generation %(pk)s: %(created)s new, %(changed)s changed, %(removed)s removed.")
            % {
                "pk": done.generation_id,
                "created": done.created,
                "changed": done.changed,
                "removed": done.removed,
            }
        )
        lines += done.notes
    lines += [_("Generation %s is in force.") % one.generation_id for one in activations]
    if report:
        lines.append(_("The map of the faults: %s") % report)
    if not all(one.is_loadable for one in deliveries):
        lines.append(_("Refused: mend the rows named above. Nothing was written."))
    elif not committed:
        lines.append(_("Nothing was written. Add --commit to do it."))
    return "\n".join(lines)


def as_json(
    deliveries: Sequence[Delivery],
    loaded: Sequence[Loaded],
    activations: Sequence[Activation],
    *,
    committed: bool,
    report: Path | None,
) -> dict[str, Any]:
    """Counts and figures of all districts together, then of each; every fault."""
    counts: dict[str, int] = {}
    figures: dict[str, float] = {}
    for delivery in deliveries:
        for key, number in delivery.counts().items():
            counts[key] = counts.get(key, 0) + number
        for key, value in delivery.figures().items():
            if not key.startswith(("smallest", "largest")):
                figures[key] = round(figures.get(key, 0.0) + value, 4)
    loadable = all(one.is_loadable for one in deliveries)
    counts["loaded"] = sum(one.created + one.changed for one in loaded) if committed else 0
    return {
        "ok": loadable,
        "committed": committed and loadable,
        "counts": counts,
        "figures": figures,
        "notes": list(dict.fromkeys(note for one in deliveries for note in one.notes)),
        "districts": [_district(one) for one in deliveries],
        "drafts": [
            {
                "generation": one.generation_id,
                "created": one.created,
                "changed": one.changed,
                "removed": one.removed,
                "notes": one.notes,
            }
            for one in loaded
        ],
        "activated": [one.as_json() for one in activations],
        "faults": [
            {
                "kind": fault.kind,
                "code": fault.code,
                "detail": fault.detail,
                "area_m2": fault.area_m2,
                "refused": fault.refuses,
            }
            for one in deliveries
            for fault in one.faults
        ],
        "report": str(report) if report else None,
    }


def _district(delivery: Delivery) -> dict[str, Any]:
    return {
        "code": delivery.district_code,
        "level": delivery.level,
        "measured_in": delivery.srid,
        "counts": delivery.counts(),
        "figures": delivery.figures(),
    }


def _faults(delivery: Delivery) -> Iterator[str]:
    for kind, words in KINDS.items():
        of_kind = [fault for fault in delivery.faults if fault.kind == kind]
        if not of_kind:
            continue
        yield f"  {len(of_kind)} × {words}"
        for fault in of_kind[:SHOWN]:
            area = "" if fault.area_m2 is None else f"{fault.area_m2:,.1f} m²"
            yield "    " + " ".join(part for part in (fault.code, area, fault.detail) if part)
        if len(of_kind) > SHOWN:
            yield "    " + _("… and %s more; --json lists all.") % (len(of_kind) - SHOWN)
