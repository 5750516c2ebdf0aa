"""Undo: the last move taken back as if it had not been made; who may, until when, and what figures say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from casework import journal
from casework.errors import NotAllowed, Stale, WrongState
from casework.models import Case
from casework.verify import verify_stream
from dispatch import actions, metrics
from dispatch.definitions import Key
from dispatch.models import RoutingDecision, UndoImage
from dispatch.undoing import SECONDS
from dispatch.workflow import MOVES
from tests.factories.calls import Caller, refusal
from tests.factories.city import LIGHTING
from tests.factories.people import Town
from tests.factories.ways import WAYS, arguments, move, usual, walk

pytestmark = pytest.mark.django_db

UNDOABLE = [row.verb for row in MOVES if row.undoable]
# the journal and what must change with every entry; leases and images are not of the case
APART = ("casework_entry", "dispatch_undoimage", "dispatch_lease")
STEPS = {"version", "chain_hash", "moved_at", "card"}
# ways that leave more behind than the shortest: a clock paused, a decision returned
LONGER = {
    "dispatch": ("file", "dispatch", "return"),
    "return": ("file", "dispatch", "return", "dispatch", "accept"),
    "rework": ("file", "dispatch", "return", "dispatch", "accept", "finish"),
}


def rows_of(case_id: UUID) -> dict[str, Any]:
    """All that stands in the tables of a case, but the journal."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name FROM information_schema.columns
               WHERE column_name = 'case_id' AND table_schema = current_schema() ORDER BY 1"""
        )
        tables = [name for (name,) in cursor.fetchall() if not name.startswith(APART)]
        assert {"casework_caseclock", "dispatch_report", "dispatch_routingdecision"} <= set(tables)
        for table in tables:
            cursor.execute(f"SELECT row::text FROM {table} AS row WHERE case_id = %s ORDER BY 1", [case_id])
            found[table] = [text for (text,) in cursor.fetchall()]
    case = Case.objects.get(pk=case_id)
    found["case"] = {f.attname: getattr(case, f.attname) for f in Case._meta.fields if f.attname not in STEPS}
    found["card"] = {k: v for k, v in case.card.items() if k not in STEPS}
    return found


@pytest.mark.parametrize("longer", [False, True], ids=["first", "again"])
@pytest.mark.parametrize("verb", UNDOABLE)
def test_everything_stands_as_before_the_move(town: Town, verb: str, longer: bool) -> None:
    way = LONGER.get(verb, ()) if longer else WAYS[sorted(MOVES[verb].sources)[0]]
    case = walk(town, way or WAYS[sorted(MOVES[verb].sources)[-1]])
    before, seq = rows_of(case.pk), journal.head("110101")
    actor = usual(town, verb)
    move(case.pk, verb, actor, **arguments(town, verb, actor))
    assert rows_of(case.pk) != before
    move(case.pk, "undo", actor)
    assert rows_of(case.pk) == before
    made, undone = journal.read("110101", after=seq)
    assert (made.verb, undone.verb) == (verb, "undo")
    assert undone.facts["undone"] == made.case_seq
    assert (undone.state_from, undone.state_to) == (made.state_to, made.state_from)
    assert verify_stream("110101").faults == ()
    # and the same move can be made afresh
    move(case.pk, verb, actor, **arguments(town, verb, actor))
    assert Case.objects.get(pk=case.pk).state == MOVES[verb].target


def test_the_department_that_had_it_for_a_moment_is_told_that_it_has_gone(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    move(case.pk, "undo", town.bo)
    line = journal.of_case(case.pk)[-1]
    assert line.facts["was"] == {"department_id": town.chen.organisation_id}
    refusal(Caller(town.chen).get(f"/cases/{case.pk}"), codes={404})


def test_only_who_made_the_move_may_undo_it(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    with pytest.raises(NotAllowed, match="Only who made a move"):
        actions.undo_move(case.pk, actor=town.bea, seen=case.version)
    assert Case.objects.get(pk=case.pk).version == case.version


def test_nobody_undoes_what_others_have_built_on(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    move(case.pk, "accept", town.chen)
    with pytest.raises(Stale, match="Changed by Chen"):
        actions.undo_move(case.pk, actor=town.bo, seen=case.version)
    with pytest.raises(NotAllowed):
        actions.undo_move(case.pk, actor=town.bo, seen=case.version + 1)


def test_a_move_is_undone_once(town: Town) -> None:
    case = walk(town, WAYS["dispatched"])
    move(case.pk, "undo", town.bo)
    with pytest.raises(WrongState, match="cannot be undone"):
        move(case.pk, "undo", town.bo)
    assert not UndoImage.objects.filter(case_id=case.pk).exists()


@pytest.mark.parametrize(("seconds", "fine"), [(SECONDS - 1, True), (SECONDS + 1, False)])
def test_it_is_undone_within_ten_seconds_or_not_at_all(
    town: Town, monkeypatch: pytest.MonkeyPatch, seconds: int, fine: bool
) -> None:
    case = walk(town, WAYS["dispatched"])
    later = timezone.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(timezone, "now", lambda: later)
    offered = {each["verb"] for each in Caller(town.bo).get(f"/cases/{case.pk}").json()["moves"]}
    assert ("undo" in offered) == fine
    if fine:
        move(case.pk, "undo", town.bo)
        return
    with pytest.raises(WrongState, match="More than 10 seconds"):
        move(case.pk, "undo", town.bo)


@pytest.mark.parametrize("verb", ["send_check", "finish", "close"])
def test_what_sends_somebody_out_binds_evidence_or_ends_a_case_stays(town: Town, verb: str) -> None:
    assert not MOVES[verb].undoable
    case = walk(town, WAYS[str(MOVES[verb].target)])
    offered = Caller(usual(town, verb)).get(f"/cases/{case.pk}").json()
    assert offered["undo_until"] is None
    assert "undo" not in {each["verb"] for each in offered["moves"]}


def test_an_undone_dispatch_is_no_dispatch_in_any_figure(town: Town) -> None:
    """Sent to the lighting company by a slip, undone, sent to the owner: one accurate dispatch."""
    case = walk(town, WAYS["filed"])
    move(case.pk, "dispatch", town.bo, organisation_code=LIGHTING)
    move(case.pk, "undo", town.bo)
    today = timezone.localdate()
    scope = metrics.Scope("110101", metrics.Period(today, today + timedelta(days=1)))

    def accuracy() -> tuple[float, int]:
        figure = next(each for each in metrics.figures_of(scope) if each.key == Key.ACCURACY)
        return figure.numerator, figure.denominator

    assert accuracy() == (0, 0)
    move(case.pk, "dispatch", town.bo)
    assert accuracy() == (1, 1)
    behind = metrics.cases_behind("dispatch_accuracy", "denominator", scope)
    assert [card["department_id"] for card in behind.items] == [town.chen.organisation_id]
    assert RoutingDecision.objects.get(case_id=case.pk).organisation_id == town.chen.organisation_id


def test_an_undone_filing_is_no_filing(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    move(case.pk, "undo", town.lei)
    scope = metrics.Scope(
        "110101", metrics.Period(date(2020, 1, 1), timezone.localdate() + timedelta(days=1))
    )
    found = next(each for each in metrics.figures_of(scope) if each.key == Key.DISCOVERY)
    assert (found.numerator, found.denominator) == (0, 0)
