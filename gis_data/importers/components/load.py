"""From a file to the city: stage, examine, load. See the package for the parts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data.bulk import analyze, indexes_built_after
from gis_data.errors import PlaceError
from gis_data.importers.components.cells import Cells
from gis_data.importers.components.mapping import Mapped
from gis_data.importers.components.opening import Declared, Inventory, open_inventory
from gis_data.importers.components.reasons import ReasonsFile, Refused, refused_rows
from gis_data.importers.components.rows import Checker, ClassRow, Rules
from gis_data.importers.components.staging import (
    Progress,
    delivery_of,
    digest_of,
    drop,
    only_import_of,
    stage,
)
from gis_data.importers.components.tags import FILE as TAGS_FILE
from gis_data.importers.components.tags import read_tags
from gis_data.models import ClassEdition, Component, ComponentDelivery, Generation, ProblemClass
from gis_data.sql import run

# So many refused rows, gone codes and so on are named in an answer; the file of refused rows has all.
NAMED: Final = 1_000
CODE_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class Order:
    """What to import, and how it is to be read.

    source    the inventory; a newer file of it is compared with what it brought before
    partial   the file holds only some of its components: nothing is gone
    known     codes of the organisations that exist; None if nobody can tell
    """

    path: Path
    district_code: str
    source: str = "survey"
    declared: Declared = field(default_factory=Declared)
    mapped: Mapped = field(default_factory=Mapped)
    tags_path: Path = TAGS_FILE
    edition: str | None = None
    may_be_blank: frozenset[str] = frozenset()
    day_format: str | None = None
    partial: bool = False
    known: frozenset[str] | None = None


@dataclass(slots=True)
class Counts:
    """Every row of the file is good or refused; every good one is new, changed, unchanged, returned or waits.

    waiting   good rows whose component changed its class: its old code must be retired first
    gone      components of the inventory that the file lacks; `retired`: so many of them and of the former
    """

    rows: int = 0
    good: int = 0
    refused: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    returned: int = 0
    waiting: int = 0
    gone: int = 0
    retired: int = 0


@dataclass(slots=True)
class Outcome:
    """What an import found and, if `committed`, did."""

    counts: Counts
    committed: bool = False
    faults: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    format: str = ""
    crs: str = ""
    resumed_at: int = 0
    staged_s: float = 0.0
    loaded_s: float = 0.0


# asked with what was found, when components are gone: are they to be retired?
Ask = Callable[[Outcome], bool]


def import_components(
    order: Order,
    *,
    commit: bool = False,
    retire: bool | Ask = False,
    reasons: Path | None = None,
    progress: Progress = lambda _rows, _share: None,
    doing: Callable[[str], None] = lambda _what: None,
) -> Outcome:
    """Read a file, say what would come of it, and with `commit` load it.

    The same counts with and without `commit`. PlaceError if the file cannot be used; nothing changes then.
    """
    rules, generation = _rules(order), _generation(order.district_code)
    lines = frozenset(row.code for row in rules.classes.values() if row.drawn_as == "line")
    inventory = open_inventory(order.path, order.declared, rules.tags, lines)
    with inventory.source, only_import_of(order.district_code):
        checker = _checker(rules, inventory, generation)
        delivery = delivery_of(
            order.district_code, order.source, order.path, _digest(order, rules, generation)
        )
        began = time.monotonic()
        resumed_at = stage(delivery, inventory, checker, progress)
        staged_s = time.monotonic() - began

        def tell(*, write: bool, retire: bool) -> Outcome:
            outcome = _through(
                delivery, generation, checker, order, doing, reasons, write=write, retire=retire
            )
            outcome.resumed_at, outcome.staged_s = resumed_at, staged_s
            outcome.format, outcome.crs, outcome.notes = (
                inventory.source.format,
                inventory.source.crs,
                inventory.source.notes,
            )
            return outcome

        if callable(retire):
            found = tell(write=False, retire=False)
            if not commit:
                return found
            return tell(write=True, retire=bool(found.counts.gone + found.counts.waiting) and retire(found))
        return tell(write=commit, retire=retire)


def _through(
    delivery: ComponentDelivery,
    generation: Generation,
    checker: Checker,
    order: Order,
    doing: Callable[[str], None],
    reasons: Path | None,
    *,
    write: bool,
    retire: bool,
) -> Outcome:
    """Examine and, with `write`, load: one transaction, all or nothing."""
    began = time.monotonic()
    table = delivery.staging_table
    width = CODE_DIGITS - 6 - checker.rules.class_digits
    partial = order.partial or checker.inventory.partial
    with transaction.atomic(), _room(), connection.cursor() as cursor:
        if write:
            # nobody else gives codes or moves components between the comparison and the load
            cursor.execute(f"LOCK TABLE {Component._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        doing(_("comparing with the city"))
        run(
            "examine_components", table, district_code=order.district_code, source=order.source,
            generation_id=generation.pk, partial=partial, width=width,
        )  # fmt: skip
        outcome = _found(delivery, checker, reasons, retire=retire)
        arguments = {
            "district_code": order.district_code, "source": order.source, "width": width, "retire": retire,
            "today": timezone.localdate(),
        }  # fmt: skip
        run("used_numbers", table, **arguments)
        _numbers_left(width)
        if write:
            doing(_("loading"))
            outcome.counts.retired = run("update_components", table, **arguments)[0]
            with indexes_built_after(Component, adding=outcome.counts.new), _classes_held(cursor) as silenced:
                run("add_components", table, **arguments)
            if silenced and outcome.counts.new:
                cursor.execute("SELECT gis_data_count_squares()")
        cursor.execute("DROP VIEW verdict")
        if write:
            drop(delivery)
            delivery.counts = asdict(outcome.counts)
            delivery.loaded_at = timezone.now()
            delivery.save(update_fields=["counts", "loaded_at"])
            outcome.committed = True
    if write:
        analyze(Component)
    outcome.loaded_s = time.monotonic() - began
    return outcome


def _found(delivery: ComponentDelivery, checker: Checker, reasons: Path | None, *, retire: bool) -> Outcome:
    """Count what the examination found, and write the refused rows out."""
    outcome = Outcome(Counts())
    counts = outcome.counts
    writer = ReasonsFile(reasons, checker.inventory) if reasons else nullcontext()
    with writer as file:
        for row in refused_rows(delivery, checker):
            counts.refused += 1
            outcome.faults.update({fault.kind for fault in row.faults})
            outcome.unmapped.update(fault.value for fault in row.faults if fault.kind == "unmapped")
            if len(outcome.refused) < NAMED:
                outcome.refused.append(row)
            if file is not None:
                file.write(row)
    with connection.cursor() as cursor:
        cursor.execute("SELECT change, leaving, sum(rows)::bigint FROM tally GROUP BY change, leaving")
        for change, is_leaving, number in cursor.fetchall():
            counts.good += number
            name = "unchanged" if change == "same" else change
            if is_leaving and not retire:
                name = "waiting"
            setattr(counts, name, getattr(counts, name) + number)
        cursor.execute("SELECT count(*) FROM gone")
        counts.gone = cursor.fetchone()[0]
        cursor.execute("SELECT code FROM gone ORDER BY code LIMIT %s", [NAMED])
        outcome.gone = [code for (code,) in cursor.fetchall()]
        if retire:
            cursor.execute("SELECT coalesce(sum(rows), 0)::bigint FROM tally WHERE leaving")
            counts.retired = counts.gone + cursor.fetchone()[0]
    counts.rows = counts.good + counts.refused
    return outcome


def _numbers_left(width: int) -> None:
    """PlaceError if a class has no numbers left; numbers never wrap."""
    most = 10**width - 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT class_code, to_make, highest FROM used_numbers"
            " WHERE to_make > 0 AND highest + to_make > %s LIMIT 1",
            [most],
        )
        full = cursor.fetchone()
    if full:
        raise PlaceError(
            _("Class %(class)s needs %(wanted)s new codes; its numbers have come to %(highest)s of %(most)s.")
            % {"class": full[0], "wanted": full[1], "highest": full[2], "most": most},
            field="code",
            value=full[0],
            mend=_("Give codes in the file: free numbers below the highest are never given by themselves."),
        )


@contextmanager
def _classes_held(cursor: Any) -> Iterator[bool]:
    """Nobody can take away the classes of the new rows: their foreign key need not be checked row by row.

    Where the database's user may not switch the checks off they are made, a quarter slower. True: they are
    off, and with them the triggers of the map: the update before has raised the layer's version in this
    transaction, and the squares are counted anew after.
    """
    cursor.execute(
        "SELECT id FROM gis_data_problemclass WHERE id IN (SELECT class_id FROM tally) FOR KEY SHARE"
    )
    cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
    silenced = bool(cursor.fetchone()[0])
    if silenced:
        cursor.execute("SET LOCAL session_replication_role = replica")
    yield silenced
    cursor.execute("RESET session_replication_role")


@contextmanager
def _room() -> Iterator[None]:
    """Memory for sorting and for building indexes, for this transaction only."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
    yield


def _generation(district_code: str) -> Generation:
    generation = Generation.objects.filter(district_code=district_code, state=Generation.State.ACTIVE).first()
    if generation is None or not generation.cells.exists():
        raise PlaceError(
            _("District %(code)s has no active boundaries with cells: a component stands in a cell.")
            % {"code": district_code},
            field="district",
            value=district_code,
            mend=_("Import or cut its cells and activate them first."),
        )
    return generation


def _rules(order: Order) -> Rules:
    editions = (
        ClassEdition.objects.filter(code=order.edition)
        if order.edition
        else ClassEdition.objects.filter(current=True)
    )
    edition = editions.first()
    if edition is None:
        raise PlaceError(
            _("There is no edition of classes “%(edition)s”.") % {"edition": order.edition or ""},
            field="edition",
            value=order.edition,
            mend=_("Known: %(known)s.")
            % {"known": ", ".join(ClassEdition.objects.values_list("code", flat=True))},
        )
    return Rules(
        district_code=order.district_code,
        classes=_classes(edition),
        class_digits=edition.class_digits,
        tags=read_tags(order.tags_path),
        organisations=order.known,
        mapped=order.mapped,
        may_be_blank=order.may_be_blank,
        day_format=order.day_format,
        today=timezone.localdate(),
    )


def _classes(edition: ClassEdition) -> dict[str, ClassRow]:
    """By code, and by name where only one class is called so."""
    found = ProblemClass.objects.filter(edition=edition, kind=ProblemClass.Kind.COMPONENT, active=True)
    rows = {one.code: ClassRow(one.pk, one.code, one.geometry_kind) for one in found}
    names = Counter(name for one in found for name in {one.name, one.name_en} if name)
    for one in found:
        for name in (one.name, one.name_en):
            if names[name] == 1:
                rows.setdefault(name, rows[one.code])
    return rows


def _checker(rules: Rules, inventory: Inventory, generation: Generation) -> Checker:
    checker = Checker(rules, inventory, Cells(generation))
    for is_there, what in (
        (checker.names_rows, _("Nothing in the file tells one component from another.")),
        (checker.tells_class, _("Nothing in the file tells the classes of its components.")),
    ):
        if not is_there:
            raise PlaceError(
                what,
                field="columns",
                value=list(inventory.columns),
                mend=_("Name it with --id-field, --code-field or --class-field; the file has: %(columns)s.")
                % {"columns": ", ".join(inventory.columns)[:300]},
            )
    return checker


def _digest(order: Order, rules: Rules, generation: Generation) -> str:
    return digest_of(
        order.path,
        generation.pk,
        order.source,
        asdict(order.declared),
        order.mapped.as_dict(),
        rules.tags.text,
        sorted((name, row.id) for name, row in rules.classes.items()),
        sorted(order.may_be_blank),
        order.day_format,
        None if order.known is None else sorted(order.known),
    )
