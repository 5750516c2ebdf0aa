"""The report of one import as a page of its own: counts, faults with examples, and where the places lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from math import cos, radians
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dispatch.imported import REFUSED, Fault
from dispatch.importers.reports_outcome import Outcome
from dispatch.importers.reports_rows import Told
from gis_data.models import Area

EXAMPLES: Final = 10
DRAWN_AT_MOST: Final = 400  # areas
WIDE: Final = 900  # pixels of the map
STYLE: Final = """
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; margin: 2rem auto; max-width: 60rem;
       padding: 0 1rem; color: #1d2528 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem } .scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
td, th { padding: .3rem .6rem; border-bottom: 1px solid #d9e0e2; text-align: left; vertical-align: top }
td { overflow-wrap: anywhere; font-variant-numeric: tabular-nums } .quiet { color: #5b676b }
svg { width: 100%; max-height: 85vh; background: #f4f6f6 } .area { fill: #fff; stroke: #9aa7ab }
rect { fill: #1f6f8b } .bad { fill: #b3261e } summary { cursor: pointer; padding: .2rem 0 }
"""


class Page:
    """Hears every row and keeps of each fault a few examples, of the places the pixels they fall on."""

    def __init__(self, district: str, origin: str, file: str) -> None:
        self.district, self.origin, self.file = district, origin, file
        self._examples: dict[str, list[tuple[int, str, str, str]]] = {}
        self._areas = list(
            Area.objects.filter(generation__district_code=district, generation__state="active")
            .order_by("code")
            .values_list("border", flat=True)[:DRAWN_AT_MOST]
        )
        self._pixels: dict[tuple[int, int], bool] = {}
        self._scale = _Scale(shape.extent for shape in self._areas)

    def hear(self, told: Told) -> None:
        for flaw in told.flaws:
            kept = self._examples.setdefault(flaw.fault.value, [])
            if len(kept) < EXAMPLES:
                kept.append((told.line, told.ref, flaw.field, flaw.value))
        if told.place and self._areas:
            pixel = self._scale(told.place)
            bad = any(flaw.field in ("place", "area") for flaw in told.flaws)
            self._pixels[pixel] = self._pixels.get(pixel, False) or bad

    def html(self, outcome: Outcome, counts: Iterable[tuple[str, int]], *, committed: bool) -> str:
        return "".join(self._parts(outcome, counts, committed))

    def _parts(self, outcome: Outcome, counts: Iterable[tuple[str, int]], committed: bool) -> Iterator[str]:
        title = escape(_("Import of reports from %(origin)s") % {"origin": self.origin})
        yield f'<!doctype html><html lang="{get_language() or "en"}"><meta charset="utf-8">'
        yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
        yield f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"
        done = _("written") if committed else _("dry run: nothing was written")
        yield f'<p>{escape(self.file)} → {self.district} <span class="quiet">({escape(done)})</span></p>'
        rows = [(words, n(count)) for words, count in [(_("rows"), outcome.rows), *counts]]
        yield table((_("What"), _("Cases or rows")), rows)
        if outcome.first and outcome.last:
            days = f"{outcome.first:%Y-%m-%d} – {outcome.last:%Y-%m-%d}"
            yield f'<p class="quiet">{escape(_("Opened"))} {days}</p>'
        if self._pixels:
            yield f"<h2>{escape(_('Where the places lie'))}</h2>{self._map()}"
        yield f"<h2>{escape(_('Faults'))}</h2>"
        for code, count in sorted(outcome.faults.items(), key=lambda item: (-item[1], item[0])):
            word = _("refused") if Fault(code) in REFUSED else _("marked")
            yield f"<details><summary>{escape(str(Fault(code).label))}: {n(count)} "
            yield f'<span class="quiet">({escape(word)})</span></summary>'
            yield table(
                (_("Line"), _("Id"), _("Field"), _("Value")),
                [(n(line), *texts) for line, *texts in self._examples.get(code, [])],
            )
            yield "</details>"
        for heading, found in (
            (_("Departments as spelt there"), outcome.departments),
            (_("Status as spelt there"), outcome.spellings),
        ):
            yield f"<h2>{escape(heading)}</h2>"
            yield table((heading, _("Rows")), [(word, n(count)) for word, count in found.most_common(100)])

    def _map(self) -> str:
        paths = "".join(f'<path class="area" d="{self._scale.path(shape)}"/>' for shape in self._areas)
        dots = "".join(
            f'<rect x="{x - 1}" y="{y - 1}" width="3" height="3"{" class=bad" if bad else ""}/>'
            for (x, y), bad in sorted(self._pixels.items(), key=lambda item: item[1])
        )
        label = escape(_("Places of the imported cases"))
        box = f"0 0 {WIDE} {self._scale.high}"
        return f'<svg viewBox="{box}" role="img" aria-label="{label}">{paths}{dots}</svg>'


class _Scale:
    """Degrees → pixels of a map that shows these boxes."""

    def __init__(self, boxes: Iterable[tuple[float, float, float, float]]) -> None:
        sides = list(zip(*boxes, strict=True)) or [(0.0,), (0.0,), (1.0,), (1.0,)]
        self.west, south, east, self.north = min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])
        self.per_lon = (WIDE - 20) / max(east - self.west, 1e-9)
        self.per_lat = self.per_lon / max(cos(radians((south + self.north) / 2)), 0.01)
        self.high = int((self.north - south) * self.per_lat) + 20

    def __call__(self, place: tuple[float, float]) -> tuple[int, int]:
        """What lies beyond the map is drawn on its edge."""
        x = int((place[0] - self.west) * self.per_lon) + 10
        y = int((self.north - place[1]) * self.per_lat) + 10
        return min(max(x, 2), WIDE - 2), min(max(y, 2), self.high - 2)

    def path(self, shape: Any) -> str:
        """The rings of a polygon or several, a point a pixel at most."""
        rings = [ring for part in shape.coords for ring in part]
        text = []
        for ring in rings:
            points = list(dict.fromkeys(map(self, ring)))
            if len(points) > 2:
                text.append("M" + "L".join(f"{x} {y}" for x, y in points) + "Z")
        return "".join(text)


def n(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in heading)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
