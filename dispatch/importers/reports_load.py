"""Bring what another system told into the journal: located, compared with what is there, written in bulk.

A row becomes one case of `dispatch.imported` with one `import` entry; the case's id is made from the other
system and its id, so a second import finds the same case: the same is left alone, other contents become a
`correct` entry. A batch is one transaction; interrupted, the next run goes on, for nothing is done twice.
Bodies and hashes are the journal's own (`casework/journal.py`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
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
from casework.models import Case, Stream, WorkingCalendar
from casework.models.calendar import PACKAGED_CODE
from dispatch.imported import IMPORTED, KIND, Fault, stream_of
from dispatch.importers.reports_facts import (
    CHANGED,
    FROM,
    Fact,
    Known,
    card_of,
    changes,
    digest_of,
    ended_at,
    facts_of,
    keep_area,
    number_of,
)
from dispatch.importers.reports_mapping import Mapping
from dispatch.importers.reports_outcome import Outcome
from dispatch.importers.reports_rows import Reader, Told
from dispatch.importers.reports_words import Departments, classes_of
from gis_data.bulk import analyze, copy_rows
from gis_data.models import Area
from gis_data.placing import Borders, Placed

BATCH: Final = 2_000
NAMESPACE: Final = UUID("6f1c3f8e-55a0-5d0b-9d43-1d1a4ce2a3b1")
CASE_COLUMNS: Final = (
    "id", "kind", "stream_id", "number", "state", "organisation_id", "version", "chain_hash", "opened_at",
    "moved_at", "ended_at", "due_at", "card",
)  # fmt: skip
ENTRY_COLUMNS: Final = (
    "stream_id", "seq", "recorded_at", "case_id", "case_seq", "kind", "verb", "at", "actor_id", "post_id",
    "state_from", "state_to", "facts", "card", "prev_hash", "hash",
)  # fmt: skip


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
        self.stream = stream_of(district)
        self.now = datetime.now(UTC)
        self.reader = Reader(path, mapping, self.now)
        self.outcome = Outcome()
        self.borders = Borders(district)
        self._codes = frozenset(self.borders.codes)
        self._file = {"file": path.name, "sha256": _digest(path)}
        self._departments = Departments(mapping, district, make=make_departments, commit=commit)
        self._classes = classes_of(mapping)
        self._check_prefix()

    def run(self) -> Iterator[Outcome]:
        """Read it once to know that the file is whole, then bring it in batch by batch."""
        if self.commit:
            self.reader.check()
            self._make_stream()
        with _seen():
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
        for fact in good:
            self._find_department(fact)
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
        digests = [digest_of(fact.told) for fact in facts]
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

    def _find_department(self, fact: Fact) -> None:
        name = fact.told.texts.get("department", "")
        if name:
            fact.organisation = self._departments.find(name)
            if fact.organisation is None:
                fact.told.flaw(Fault.UNKNOWN_DEPARTMENT, "department", name)

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
            told = facts_of(fact, self.mapping)
            if (
                before is not None
                and before.facts.get("area")
                and before.facts.get("given") == told.get("given")
            ):
                told = keep_area(fact, before, self.mapping)
            if before is None:
                self.outcome.new += 1
            else:
                changed = changes(before.facts, told)
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
        opened, at = fact.told.times["opened"], ended_at(fact.told, self.now)
        version, prev, state_from, verb = 1, journal.GENESIS, "", "import"
        if before is not None:
            version, prev, state_from, verb = before.version + 1, before.chain_hash, IMPORTED, "correct"
            at = max(at, before.moved_at)
        number = number_of(fact, self.mapping.prefix)
        class_id = self._classes.get(told.get("class", ""))
        card = card_of(fact, told, number=number, class_id=class_id, version=version, at=at)
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
        first = {id(fact.told) for fact in good if not fact.repeat}
        for told in batch:
            self.outcome.hear(told, first=id(told) in first)
            self.heard(told)
        self.outcome.organisations = self._departments.made
        self.outcome.repeated += sum(fact.repeat and not fact.told.refused for fact in good)
        self.outcome.located += sum(bool(fact.area) and not fact.repeat for fact in good)


@contextmanager
def _seen() -> Iterator[None]:
    """A table of this connection alone that remembers the ids of the file."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_seen")
        cursor.execute("CREATE TEMPORARY TABLE import_seen (id uuid PRIMARY KEY, digest bytea NOT NULL)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE import_seen")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _loaded(value: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(value) if isinstance(value, str | bytes) else value
    return loaded
