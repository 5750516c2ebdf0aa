"""The life of a draft on the map: begun from what is in force, edited, undone, activated or discarded.

Whoever edits says which version of the draft was looked at; somebody else's edit in between refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gis_data.check import Fault, border_faults
from gis_data.editing.sheet import Sheet, replace
from gis_data.editing.verbs import FREE, VERBS, Wanted
from gis_data.errors import EditRefused, StaleDraft, UnknownLayer
from gis_data.generations import Activation, activate
from gis_data.models import Area, Cell, Draft, Generation, MapEdit
from gis_data.sql import SYSTEMS, rows, statement


class Editor(Protocol):
    """Who edits, as the roof knows them; the stream is the district."""

    @property
    def person_id(self) -> int: ...

    @property
    def name(self) -> str: ...

    @property
    def stream(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """An area or cell that is not as it is in force."""

    table: str
    level: str
    code: str
    name: str
    change: str
    before_m2: float | None
    after_m2: float | None
    bounds: tuple[float, float, float, float]


@transaction.atomic
def begin(editor: Editor, title: str = "", generation_id: int | None = None) -> Draft:
    """Copy the generation in force into a draft, or take up a draft that was loaded from files."""
    district = editor.stream
    held = list(Generation.objects.select_for_update().filter(district_code=district))
    active = next((one for one in held if one.state == Generation.State.ACTIVE), None)
    if generation_id is not None:
        loaded = next((one for one in held if one.pk == generation_id), None)
        if loaded is None or loaded.state != Generation.State.DRAFT:
            raise _no_draft(generation_id)
        draft = Draft.objects.filter(generation=loaded).first()
        return draft or _begun(editor, loaded, active)
    if active is None:
        raise EditRefused(
            _("No boundaries of district %(code)s are active.") % {"code": district},
            field="district",
            value=district,
            mend=_("Load some first: bin/gridcity import_areas --help"),
        )
    title = " ".join(title.split())[:200] or _("Edited on the map, %(day)s") % {"day": timezone.localdate()}
    made = Generation.objects.create(
        district_code=district,
        title=title,
        source=active.source,
        synthetic=active.synthetic,
        levels={
            level: {"from": "carried", "generation": active.pk} for level in (*Area.Level.values, "cell")
        },
    )
    between = {**SYSTEMS, "from_id": active.pk, "to_id": made.pk}
    with connection.cursor() as cursor:
        for level in (Area.Level.DISTRICT, Area.Level.STREET, Area.Level.COMMUNITY):
            cursor.execute(statement("copy_areas"), {**between, "level": level})
        cursor.execute(statement("copy_cells"), between)
    return _begun(editor, made, active)


def drafts_of(district: str) -> list[Generation]:
    """Generations of a district that are not in force yet, the newest first; on the map or from files."""
    waiting = Generation.objects.filter(district_code=district, state=Generation.State.DRAFT)
    return list(waiting.select_related("draft", "draft__base").order_by("-pk"))


def draft_of(district: str, generation_id: int) -> Draft:
    """A draft of one's own district that is being edited."""
    found = (
        Draft.objects.select_related("generation", "base")
        .filter(
            pk=generation_id,
            generation__district_code=district,
            generation__state=Generation.State.DRAFT,
        )
        .first()
    )
    if found is None:
        raise _no_draft(generation_id)
    return found


def edit(
    editor: Editor, generation_id: int, version: int, kind: str, wanted: Wanted
) -> tuple[Draft, MapEdit]:
    """Do one edit; all of it or, with a reason, nothing."""
    verb = VERBS.get(kind)
    if verb is None:
        raise EditRefused(
            _("There is no edit “%(kind)s”.") % {"kind": kind},
            field="kind",
            value=kind,
            mend=", ".join(VERBS),
        )
    with _changing(editor, generation_id, version) as draft:
        sheet = Sheet(draft.generation)
        subject = verb(sheet, wanted)
        before, after = sheet.change(outer=wanted.outer or kind in FREE)
        # what was undone cannot be done again once something else was done
        draft.generation.edits.filter(state=MapEdit.State.UNDONE).update(state=MapEdit.State.DROPPED)
        done = MapEdit.objects.create(
            district_code=draft.generation.district_code,
            generation=draft.generation,
            kind=kind,
            subject=subject[:300],
            by_id=editor.person_id,
            by_name=editor.name[:100],
            before=before,
            after=after,
        )
    return draft, done


def undo(editor: Editor, generation_id: int, version: int) -> tuple[Draft, MapEdit]:
    """Put back what the last edit took away."""
    with _changing(editor, generation_id, version) as draft:
        last = draft.generation.edits.filter(state=MapEdit.State.DONE).order_by("-pk").first()
        if last is None:
            raise _nothing(_("There is nothing to undo."))
        replace(last.after, last.before)
        last.state = MapEdit.State.UNDONE
        last.save(update_fields=["state"])
    return draft, last


def redo(editor: Editor, generation_id: int, version: int) -> tuple[Draft, MapEdit]:
    """Do again what was undone last."""
    with _changing(editor, generation_id, version) as draft:
        first = draft.generation.edits.filter(state=MapEdit.State.UNDONE).order_by("pk").first()
        if first is None:
            raise _nothing(_("There is nothing to do again."))
        replace(first.before, first.after)
        first.state = MapEdit.State.DONE
        first.save(update_fields=["state"])
    return draft, first


def differences(draft: Draft) -> list[Difference]:
    """What of a draft is not as it is in force, areas before cells, by code."""
    base = _base_of(draft)
    found = rows("differences", base_id=base.pk if base else 0, draft_id=draft.pk)
    return [
        Difference(
            table=row[0],
            level=row[1],
            code=row[2],
            name=row[3],
            change=row[4],
            before_m2=row[5],
            after_m2=row[6],
            bounds=(row[7], row[8], row[9], row[10]),
        )
        for row in found
    ]


def faults(draft: Draft) -> list[Fault]:
    """Faults of borders and codes that the generation in force has not."""
    found, base = border_faults(draft.generation), _base_of(draft)
    if not found or base is None:
        return found
    known = {(one.kind, one.code) for one in border_faults(base)}
    return [one for one in found if (one.kind, one.code) not in known]


def bring_into_force(editor: Editor, generation_id: int, version: int) -> Activation:
    """Activate a draft whose borders are in order; old cases stay on their old cells."""
    with _changing(editor, generation_id, version) as draft:
        found = faults(draft)
        if found:
            raise EditRefused(
                _("The draft has %(count)s faults: %(first)s")
                % {"count": len(found), "first": "; ".join(str(one) for one in found[:3])},
                field="draft",
                value=generation_id,
                mend=_("Mend them on the map, or discard the draft."),
            )
        done = activate(draft.generation)
        _log(editor, draft.generation, "activate", str(draft.generation))
    return done


def discard(editor: Editor, generation_id: int, version: int) -> None:
    """Drop a draft with its areas and cells; the log of its edits stays."""
    with _changing(editor, generation_id, version) as draft:
        generation = draft.generation
        _log(editor, None, "discard", str(generation))
        draft.delete()
        MapEdit.objects.filter(generation=generation).update(generation=None)
        Cell.objects.filter(generation=generation)._raw_delete("default")
        Area.objects.filter(generation=generation)._raw_delete("default")
        generation.delete()


@contextmanager
def _changing(editor: Editor, generation_id: int, version: int) -> Iterator[Draft]:
    """The draft, locked, if it is still as the editor saw it; its version is raised at the end."""
    with transaction.atomic():
        draft = draft_of(editor.stream, generation_id)
        held = Draft.objects.select_for_update().get(pk=draft.pk)
        if held.version != version:
            last = draft.generation.edits.order_by("-pk").first()
            raise StaleDraft(
                _("The draft was changed since you looked at it (by %(name)s).")
                % {"name": last.by_name if last else "?"},
                field="version",
                value=version,
                mend=_("Look at it as it is now and edit again."),
            )
        draft.version = held.version + 1
        yield draft
        Draft.objects.filter(pk=generation_id).update(version=draft.version)


def _begun(editor: Editor, generation: Generation, base: Generation | None) -> Draft:
    draft = Draft.objects.create(
        generation=generation, base=base, begun_by_id=editor.person_id, begun_by_name=editor.name[:100]
    )
    _log(editor, generation, "begin", str(generation))
    # not an edit of the ground: nothing of it can be undone
    generation.edits.filter(kind="begin").update(state=MapEdit.State.DROPPED)
    return draft


def _log(editor: Editor, generation: Generation | None, kind: str, subject: str) -> None:
    MapEdit.objects.create(
        district_code=editor.stream,
        generation=generation,
        kind=kind,
        subject=subject[:300],
        state=MapEdit.State.DROPPED,
        by_id=editor.person_id,
        by_name=editor.name[:100],
    )


def _base_of(draft: Draft) -> Generation | None:
    """What is in force now, which may be another than the draft was begun from."""
    return Generation.objects.filter(
        district_code=draft.generation.district_code, state=Generation.State.ACTIVE
    ).first()


def _no_draft(generation_id: int) -> UnknownLayer:
    return UnknownLayer(
        _("There is no such draft."),
        field="draft",
        value=generation_id,
        mend=_("It may have been activated or discarded: look at the list."),
    )


def _nothing(message: str) -> EditRefused:
    return EditRefused(message, field="draft", mend="")
