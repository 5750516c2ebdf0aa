"""Bring what another system told into the journal: located, compared with what is there, written in bulk.

A row becomes one case of `dispatch.imported` with one `import` entry; the case's id is made from the other
system and its id, so a second import finds the same case: the same is left alone, other contents become a
`correct` entry. A batch is one transaction; interrupted, the next run goes on, for nothing is done twice.
Bodies and hashes are the journal's own (`casework/journal.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from casework import journal
from casework.errors import Invalid
from casework.models import Case, Organisation, Stream, WorkingCalendar
from casework.models.calendar import PACKAGED_CODE
from dispatch.imported import IMPORTED, KIND, Fault, Stood, stream_of
from dispatch.importers.reports_mapping import Mapping
from dispatch.importers.reports_rows import Flaw, Reader, Told
from gis_data.bulk import analyze, copy_rows
from gis_data.models import Area, ProblemClass
from gis_data.placing import Borders, Placed

BATCH: Final = 2_000
NAMESPACE: Final = UUID("6f1c3f8e-55a0-5d0b-9d43-1d1a4ce2a3b1")
LONGEST_NUMBER: Final = 30
FROM: Final = "from"  # the key of an entry's facts that tells the file and the line; no part of what was told
CHANGED: Final = "changed"
OF_BORDERS: Final = frozenset({Fault.OUTSIDE, Fault.FAR_AWAY, Fault.AREA_DIFFERS})
CASE_COLUMNS: Final = (
    "id", "kind", "stream_id", "number", "state", "organisation_id", "version", "chain_hash", "opened_at",
    "moved_at", "ended_at", "due_at", "card",
)  # fmt: skip
ENTRY_COLUMNS: Final = (
    "stream_id", "seq", "recorded_at", "case_id", "case_seq", "kind", "verb", "at", "actor_id", "post_id",
    "state_from", "state_to", "facts", "card", "prev_hash", "hash",
)  # fmt: skip


@dataclass
class Outcome:
    """What an import came to, or would come to. `faults` count rows, `cases` of them the first of each id."""

    rows: int = 0
    new: int = 0
    corrected: int = 0
    unchanged: int = 0
    repeated: int = 0
    refused: int = 0
    marked: int = 0
    located: int = 0
    organisations: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cases: Counter[str] = field(default_factory=Counter)
    stood: Counter[str] = field(default_factory=Counter)
    spellings: Counter[str] = field(default_factory=Counter)
    departments: Counter[str] = field(default_factory=Counter)
    first: datetime | None = None
    last: datetime | None = None

    def json(self) -> dict[str, Any]:
        return {
            "counts": {
                "rows": self.rows, "new": self.new, "corrected": self.corrected, "unchanged": self.unchanged,
                "repeated": self.repeated, "refused": self.refused, "marked": self.marked,
                "located": self.located, "organisations_made": self.organisations,
            },
            "faults": {
                code: {"rows": self.faults[code], "cases": self.cases[code], "what": str(Fault(code).label)}
                for code in sorted(self.faults, key=lambda code: (-self.faults[code], code))
            },
            "stood": dict(self.stood.most_common()),
            "status_spellings": dict(self.spellings.most_common()),
            "departments": dict(self.departments.most_common()),
            "opened": {
                "first": self.first.isoformat() if self.first else None,
                "last": self.last.isoformat() if self.last else None,
            },
        }  # fmt: skip


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


RowHeard = Callable[[Told], None]


class ReportImport:
    """One import of one file. `run()` yields after each batch; `outcome` is complete at the end.

    heard   called with every row once its faults are known, refused or not
    """

    def __init__(
        self,
        path: Path,
        mapping: Mapping,
        district: str,
        *,
        commit: bool,
        make_departments: bool = False,
        heard: RowHeard = lambda told: None,
    ) -> None:
        self.mapping, self.district, self.commit, self.heard = mapping, district, commit, heard
        self.make_departments = make_departments
        self.stream = stream_of(district)
        self.now = datetime.now(UTC)
        self.reader = Reader(path, mapping, self.now)
        self.outcome = Outcome()
        self.borders = Borders(district)
        self._codes = frozenset(self.borders.codes)
        self._file = {"file": path.name, "sha256": _digest(path)}
        self._organisations = _organisations(mapping)
        self._classes = _classes(mapping)
        self._check_prefix()

    def run(self) -> Iterator[Outcome]:
        """Read it once to know that the file is whole, then bring it in batch by batch."""
        if self.commit:
            self.reader.check()
            self._make_stream()
        with self._seen():
            rows = self.reader.rows()
            while batch := list(islice(rows, BATCH)):
                self._bring(batch)
                yield self.outcome
        if self.commit and self.outcome.new:
            analyze(Case)

    # --- one batch ---------------------------------------------------------------------------------------

    def _bring(self, batch: list[Told]) -> None:
        good = [Fact(told, self._id_of(told.ref)) for told in batch if not told.refused]
        self._mark_repeats(good)
        self._find_places(good)
        self._compare_areas(good)
        self._find_departments(good)
        fresh = [fact for fact in good if not fact.repeat and not fact.told.refused]
        with transaction.atomic(), connection.cursor() as cursor:
            head = self._head(cursor)
            known = self._known(cursor, fresh)
            lines = list(self._entries(fresh, known, head))
            if self.commit and lines:
                self._write(cursor, lines, head)
        self._count(batch, good)

    def _id_of(self, ref: str) -> UUID:
        return uuid5(NAMESPACE, f"{self.mapping.origin}\n{ref}")

    def _mark_repeats(self, facts: Sequence[Fact]) -> None:
        """Which ids stood in this file before? Remembered in the database, so that memory stays flat."""
        digests = [_told_digest(fact.told) for fact in facts]
        first: dict[UUID, bytes] = {}
        for fact, digest in zip(facts, digests, strict=True):
            first.setdefault(fact.id, digest)
        with connection.cursor() as cursor:
            cursor.execute(
                """WITH given AS (SELECT * FROM unnest(%s::uuid[], %s::bytea[]) AS given(id, digest)),
                   fresh AS (INSERT INTO import_seen SELECT * FROM given ON CONFLICT DO NOTHING RETURNING id)
                   SELECT seen.id, seen.digest FROM import_seen AS seen JOIN given USING (id)
                   WHERE seen.id NOT IN (SELECT id FROM fresh)""",
                [list(first), list(first.values())],
            )
            before = {pk: bytes(digest) for pk, digest in cursor.fetchall()}
        for fact, digest in zip(facts, digests, strict=True):
            if fact.id in before:
                fact.repeat = True
                if before[fact.id] != digest:
                    fact.told.flaw(Fault.DUPLICATE, "id", fact.told.ref)
            else:
                before[fact.id] = digest

    def _find_places(self, facts: Sequence[Fact]) -> None:
        given: list[tuple[Fact, float, float]] = []
        for fact in facts:
            if fact.told.given:
                try:
                    x, y = (float(value.replace(",", "")) for value in fact.told.given)
                except ValueError:
                    x = y = float("nan")
                given.append((fact, x, y))
        if not given or self.mapping.frame is None:
            return
        places = self.mapping.frame.places(np.array([(x, y) for _fact, x, y in given]))
        sound: list[tuple[Fact, tuple[float, float]]] = []
        for (fact, x, y), (lon, lat) in zip(given, places.tolist(), strict=True):
            told = f"{fact.told.given[0]}, {fact.told.given[1]}" if fact.told.given else ""
            if (x, y) == (0.0, 0.0) or not (-180 <= lon <= 180 and -90 <= lat <= 90):
                fact.told.flaw(Fault.BAD_PLACE, "place", told)
            else:
                sound.append((fact, (round(lon, 7), round(lat, 7))))
        for (fact, place), placed in zip(
            sound, self.borders.place([place for _fact, place in sound]), strict=True
        ):
            self._place(fact, place, placed)

    def _place(self, fact: Fact, place: tuple[float, float], placed: Placed) -> None:
        if placed.metres is not None and placed.metres > self.mapping.far_km * 1000:
            x, y = fact.told.given or ("", "")
            fact.told.flaw(Fault.FAR_AWAY, "place", f"{x}, {y}: {placed.metres / 1000:,.0f} km")
            return
        fact.told.place, fact.area = place, placed.code
        if placed.metres is not None:
            fact.told.flaw(Fault.OUTSIDE, "place", f"{placed.metres:,.0f} m")

    def _compare_areas(self, facts: Sequence[Fact]) -> None:
        """The area that is named, where theirs are numbers of ours: for want of a place, or to compare."""
        digits = self.mapping.area_digits
        for fact in facts if digits else ():
            named = fact.told.texts.get("area", "")
            code = f"{self.district}{named:0>{digits}}" if named.isdecimal() else ""
            if code and not fact.told.place and code in self._codes:
                fact.area = code
            elif named and fact.area and not fact.area.startswith(code or "?"):
                fact.told.flaw(Fault.AREA_DIFFERS, "area", f"{named}: {fact.area}")

    def _find_departments(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            name = fact.told.texts.get("department", "")
            if not name:
                continue
            found = self._organisations.get(name) or self._organisations.get(self._made_code(name))
            if found is None and self.make_departments:
                found = self._make_department(name)
            if found is None:
                fact.told.flaw(Fault.UNKNOWN_DEPARTMENT, "department", name)
            fact.organisation = found

    def _made_code(self, name: str) -> str:
        return f"{self.mapping.prefix}-{hashlib.sha256(name.encode()).hexdigest()[:10]}"

    def _make_department(self, name: str) -> Organisation:
        """An organisation that only history knows: it has no post, so nothing is ever sent to it."""
        code = self._made_code(name)
        title = name.strip(" ,;")[:100] or code
        if self.commit:
            made, new = Organisation.objects.get_or_create(
                code=code,
                defaults={"name": title, "name_en": title, "kind": Organisation.Kind.DEPARTMENT,
                          "area_code": self.district, "valid_to": self.now.date()},
            )  # fmt: skip
        else:
            made = Organisation.objects.filter(code=code).first() or Organisation(code=code, name=title)
            new = made.pk is None
        self.outcome.organisations += new
        self._organisations[name] = made
        return made

    # --- entries -----------------------------------------------------------------------------------------

    def _known(self, cursor: CursorWrapper, facts: Sequence[Fact]) -> dict[UUID, Known]:
        """What was last told of those of these cases that are there."""
        cursor.execute(
            """SELECT c.id, c.version, c.chain_hash, c.moved_at, c.stream_id, e.facts
               FROM casework_case AS c
               JOIN casework_entry AS e ON e.case_id = c.id AND e.case_seq = c.version
               WHERE c.id = ANY(%s)""",
            [[fact.id for fact in facts]],
        )
        return {
            pk: Known(version, bytes(chain), moved_at, stream, _loaded(facts))
            for pk, version, chain, moved_at, stream, facts in cursor.fetchall()
        }

    def _entries(
        self, facts: Sequence[Fact], known: dict[UUID, Known], head: int
    ) -> Iterator[tuple[Known | None, tuple[Any, ...], tuple[Any, ...]]]:
        """For each new or changed fact: what was known, its case row, its journal row."""
        seq = head
        for fact in facts:
            before = known.get(fact.id)
            if before is not None and before.stream != self.stream:
                fact.told.flaw(Fault.OTHER_DISTRICT, "id", before.stream)
                continue
            told = self._facts(fact)
            if (
                before is not None
                and before.facts.get("area")
                and before.facts.get("given") == told.get("given")
            ):
                told = self._kept(fact, before)
            if before is None:
                self.outcome.new += 1
            else:
                changed = _changed(before.facts, told)
                if not changed:
                    self.outcome.unchanged += 1
                    continue
                self.outcome.corrected += 1
                told[CHANGED] = changed
            seq += 1
            yield before, *self._rows(fact, told, before, seq)

    def _rows(
        self, fact: Fact, told: dict[str, Any], before: Known | None, seq: int
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        opened, at = fact.told.times["opened"], self._at(fact.told)
        version, prev, state_from, verb = 1, journal.GENESIS, "", "import"
        if before is not None:
            version, prev, state_from, verb = before.version + 1, before.chain_hash, IMPORTED, "correct"
            at = max(at, before.moved_at)
        number = self._number(fact)
        card = self._card(fact, told, number, version, at)
        facts_text = journal.dumps({**told, FROM: {**self._file, "line": fact.told.line}})
        card_text = journal.dumps(card)
        body = journal.body_of_texts(
            case_id=fact.id, case_seq=version, kind=KIND, verb=verb, at=at, actor_id=None, post_id=None,
            state_from=state_from, state_to=IMPORTED, facts=facts_text, card=card_text,
        )  # fmt: skip
        link = journal.link_hash(prev, body, self.stream, seq)
        due = fact.told.times.get("due")
        case = (
            fact.id, KIND, self.stream, number, IMPORTED, None, version, link, opened, at, at, due, card_text,
        )  # fmt: skip
        entry = (
            self.stream, seq, self.now, fact.id, version, KIND, verb, at, None, None, state_from, IMPORTED,
            facts_text, card_text, prev, link,
        )  # fmt: skip
        return case, entry

    def _at(self, told: Told) -> datetime:
        """When it was over there, or the last that is known of it: never before the opening or after now."""
        opened = told.times["opened"]
        possible = {name: at for name, at in told.times.items() if name != "due" and opened <= at <= self.now}
        end = {Stood.CLOSED: "closed", Stood.CANCELLED: "cancelled"}.get(told.stood, "")
        return possible.get(end) or max(possible.values())

    def _facts(self, fact: Fact) -> dict[str, Any]:
        """Everything the row told, in one shape whatever the file's; equal facts are equal rows."""
        told = fact.told
        facts: dict[str, Any] = {
            "origin": self.mapping.origin,
            "ref": told.ref,
            "stood": told.stood.value,
            "zone": self.mapping.zone.key,
            "times": {name: journal.instant(at) for name, at in told.times.items()},
            **told.texts,
        }
        # the texts keep their names; what is ours has names of its own
        facts["area_there"] = facts.pop("area", "")
        facts["source_there"] = facts.pop("source", "")
        facts["department_there"] = facts.pop("department", "")
        facts["source"], facts["area"] = told.source, fact.area
        if told.given and self.mapping.frame:
            facts["given"] = {"x": told.given[0], "y": told.given[1], "system": self.mapping.frame.text}
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

    def _kept(self, fact: Fact, before: Known) -> dict[str, Any]:
        """Borders may have changed since: the same place stays in the area it was first found in."""
        if "lon" in before.facts:
            fact.told.place = before.facts["lon"], before.facts["lat"]
        fact.area = str(before.facts["area"])
        fact.told.flaws = [flaw for flaw in fact.told.flaws if flaw.fault not in OF_BORDERS] + [
            Flaw(Fault(flaw["fault"]), flaw["field"], flaw["value"])
            for flaw in before.facts.get("faults", [])
            if flaw["fault"] in OF_BORDERS
        ]
        return self._facts(fact)

    def _card(
        self, fact: Fact, told: dict[str, Any], number: str, version: int, at: datetime
    ) -> dict[str, Any]:
        """The keys of a report's card, so that lists can show both, and what only an imported case has."""
        times = told["times"]
        lon, lat = fact.told.place or (None, None)
        return {
            "id": str(fact.id),
            "number": number,
            "state": IMPORTED,
            "class_id": self._classes.get(told.get("class", "")),
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

    def _number(self, fact: Fact) -> str:
        """The other system's own number behind the mapping's prefix; a made one where theirs does not fit."""
        ref = fact.told.ref
        number = f"{self.mapping.prefix}-{ref}"
        if len(number) <= LONGEST_NUMBER and ref.isascii() and " " not in ref:
            return number
        return f"{self.mapping.prefix}~{fact.id.hex[:20]}"

    # --- the database ------------------------------------------------------------------------------------

    def _head(self, cursor: CursorWrapper) -> int:
        """The last number of the imports' journal; held until the batch is written."""
        cursor.execute(
            f"SELECT head FROM casework_stream WHERE code = %s {'FOR UPDATE' if self.commit else ''}",
            [self.stream],
        )
        row = cursor.fetchone()
        return int(row[0]) if row else 0

    def _write(
        self,
        cursor: CursorWrapper,
        lines: Sequence[tuple[Known | None, tuple[Any, ...], tuple[Any, ...]]],
        head: int,
    ) -> None:
        copy_rows(Case, CASE_COLUMNS, (case for before, case, _entry in lines if before is None))
        for before, case, _entry in lines:
            if before is not None:
                cursor.execute(
                    """UPDATE casework_case SET version = %s, chain_hash = %s, opened_at = %s, moved_at = %s,
                           ended_at = %s, due_at = %s, card = %s::jsonb WHERE id = %s""",
                    [*case[6:], case[0]],
                )
        columns = ", ".join(ENTRY_COLUMNS)
        with cursor.copy(f"COPY casework_entry ({columns}) FROM STDIN") as copy:
            for _before, _case, entry in lines:
                copy.write_row(entry)
        cursor.execute(
            "UPDATE casework_stream SET head = %s WHERE code = %s", [head + len(lines), self.stream]
        )

    def _make_stream(self) -> None:
        journal.ensure_partitions(self.now.date(), self.now.date() + timedelta(days=1))
        home = Stream.objects.filter(code=self.district).first()
        area = Area.objects.filter(
            generation__district_code=self.district, generation__state="active", code=self.district
        ).first()
        name, name_en = (
            (home.name, home.name_en) if home else (area.name, area.name_en) if area else (self.district, "")
        )
        Stream.objects.get_or_create(
            code=self.stream,
            defaults={
                "name": f"{name[:50]}（导入）",
                "name_en": f"{(name_en or name)[:45]}, imported",
                "calendar_code": home.calendar_code if home else self._calendar(),
            },
        )

    def _calendar(self) -> str:
        """A working calendar of the other system's zone: figures count its days."""
        zone = self.mapping.zone.key
        found = WorkingCalendar.objects.filter(zone=zone).order_by("pk").first()
        if found is None and zone != settings.TIME_ZONE:
            found = WorkingCalendar.objects.create(
                code=zone[-20:], name=zone, district_code=self.district, zone=zone
            )
        return found.code if found else PACKAGED_CODE

    class _Seen:
        def __enter__(self) -> None:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS import_seen")
                cursor.execute(
                    "CREATE TEMPORARY TABLE import_seen (id uuid PRIMARY KEY, digest bytea NOT NULL)"
                )

        def __exit__(self, *_reason: object) -> None:
            if connection.connection is not None and not connection.needs_rollback:
                with connection.cursor() as cursor:
                    cursor.execute("DROP TABLE IF EXISTS import_seen")

    def _seen(self) -> _Seen:
        return self._Seen()

    def _check_prefix(self) -> None:
        """Two systems under one prefix would one day give two cases one number."""
        first = Case.objects.filter(kind=KIND, number__startswith=f"{self.mapping.prefix}-").first()
        if first is not None and first.card["imported"]["origin"] != self.mapping.origin:
            raise Invalid(
                _("The prefix %(prefix)s belongs to “%(origin)s” already.")
                % {"prefix": self.mapping.prefix, "origin": first.card["imported"]["origin"]},
                field="prefix",
                value=self.mapping.prefix,
                mend=_("Choose another prefix for this system, or give it the same origin."),
            )

    def _count(self, batch: Iterable[Told], good: Sequence[Fact]) -> None:
        outcome = self.outcome
        first = {id(fact.told) for fact in good if not fact.repeat}
        for told in batch:
            outcome.rows += 1
            codes = {flaw.fault.value for flaw in told.flaws}
            outcome.faults.update(codes)
            if told.refused:
                outcome.refused += 1
            elif codes:
                outcome.marked += 1
            if id(told) in first:
                outcome.cases.update(codes)
                outcome.stood[told.stood.value] += 1
                opened = told.times["opened"]
                outcome.first = min(outcome.first or opened, opened)
                outcome.last = max(outcome.last or opened, opened)
            if status := told.texts.get("status"):
                outcome.spellings[status] += 1
            if department := told.texts.get("department"):
                outcome.departments[department] += 1
            self.heard(told)
        outcome.repeated += sum(fact.repeat and not fact.told.refused for fact in good)
        outcome.located += sum(bool(fact.area) and not fact.repeat for fact in good)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told_digest(told: Told) -> bytes:
    """Of everything the mapping reads from a row."""
    text = json.dumps(
        [sorted(told.texts.items()), sorted((k, v.isoformat()) for k, v in told.times.items()), told.given,
         [(flaw.fault, flaw.value) for flaw in told.flaws]]
    )  # fmt: skip
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _changed(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The names of what is told otherwise now."""
    keys = (before.keys() | now.keys()) - {FROM, CHANGED}
    return sorted(key for key in keys if before.get(key) != now.get(key))


def _loaded(value: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(value) if isinstance(value, str | bytes) else value
    return loaded


def _organisations(mapping: Mapping) -> dict[str, Organisation]:
    """Every spelling that means an organisation here: the mapping's, then codes and names."""
    by_code = {one.code: one for one in Organisation.objects.all()}
    named: dict[str, set[str]] = {}
    for one in by_code.values():
        for name in {one.name, one.name_en} - {""}:
            named.setdefault(name, set()).add(one.code)
    # a name that two bear means neither
    found = {name: by_code[codes.pop()] for name, codes in named.items() if len(codes) == 1} | by_code
    for spelling, code in mapping.departments.items():
        if code not in by_code:
            raise Invalid(
                _("There is no organisation %(code)s.") % {"code": code},
                field="departments",
                value=code,
                mend=_("Make it first, or leave it out of the mapping: unknown departments are marked."),
            )
        found[spelling] = by_code[code]
    return found


def _classes(mapping: Mapping) -> dict[str, int]:
    """Their spelling → the key of our class."""
    if not mapping.classes:
        return {}
    edition = {"edition__code": mapping.edition} if mapping.edition else {"edition__current": True}
    keys = {(kind, code): pk for kind, code, pk in
            ProblemClass.objects.filter(**edition).values_list("kind", "code", "pk")}  # fmt: skip
    lacking = sorted({":".join(key) for key in mapping.classes.values() if key not in keys})
    if lacking:
        raise Invalid(
            _("The edition has no class %(codes)s.") % {"codes": ", ".join(lacking)},
            field="classes",
            value=mapping.edition,
            mend=_("Name the edition of these codes under [classes]."),
        )
    return {spelling: keys[key] for spelling, key in mapping.classes.items()}
