"""For every action, desk and queue: old snapshot + delivered entries = fresh snapshot (decision 12)."""

from __future__ import annotations

import json

import pytest

from casework import journal
from casework.access import Actor
from casework.hub import shown_to
from casework.models import Case
from casework.roles import Role
from dispatch.queues import queues_of
from dispatch.workflow import MOVES
from tests.factories.fold import Desk
from tests.factories.people import Town, holder, organisation
from tests.factories.ways import NEEDS, RELIEF, WAYS, arguments, move, usual, walk

pytestmark = pytest.mark.django_db

# what must be asked for before it can be granted has a way of its own; stages and appeals: test_deadlines.py
ASKED = {
    verb: way for verb, way in NEEDS.items() if "asked" in way or ("approved" in way and "appeal" not in way)
}
ENTERED = [
    (row.verb, state) for row in MOVES if row.by and row.verb not in NEEDS for state in sorted(row.sources)
] + [(verb, "") for verb in ASKED]


def desks(town: Town) -> list[Desk]:
    """Everybody's every list, opened now."""
    return [
        Desk.opened(actor, queue.key) for actor in town.everybody.values() for queue in queues_of(actor.role)
    ]


def check(followed: list[Desk]) -> None:
    """Bring each desk up to date by entries alone; it must be what it would load afresh."""
    for desk in followed:
        desk.follow()
        fresh = Desk.opened(desk.actor, desk.queue)
        where = f"{desk.actor.name}, {desk.queue}"
        assert desk.head == fresh.head, where
        assert desk.cards == fresh.cards, where


@pytest.mark.parametrize(("verb", "state"), ENTERED)
def test_every_move_from_every_state(town: Town, verb: str, state: str) -> None:
    # the shortest way to “verified” ends with an inspector's answer, which is not undone
    way = RELIEF[ASKED[verb]] if verb in ASKED else WAYS[state]
    way = ("file", "send_back") if (verb, state) == ("undo", "verified") else way
    case = walk(town, way)
    actor = usual(town, way[-1] if verb == "undo" else verb, case)
    others = walk(town, WAYS["dispatched"]), walk(town, ())
    followed = desks(town)
    assert any(str(other.pk) in desk.cards for desk in followed for other in others)
    move(case.pk, verb, actor, **arguments(town, verb, actor))
    check(followed)


def test_a_report_that_comes_in(town: Town) -> None:
    followed = desks(town)
    case = walk(town, ())
    check(followed)
    assert str(case.pk) in next(d for d in followed if d.queue == "verify_file").cards


def test_a_case_that_goes_from_one_department_to_another_leaves_the_firsts_desk(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    followed = desks(town)
    for verb, more in (
        ("return", {}),
        ("dispatch", {"organisation_code": town.dai.organisation_code}),
    ):
        move(case.pk, verb, usual(town, verb), **{**arguments(town, verb, usual(town, verb)), **more})
        check(followed)
    gone = shown_to(journal.of_case(case.pk)[-1], town.chen)
    assert gone is not None
    assert gone["gone"]
    # nothing of what it has become
    assert set(gone) == {"stream", "seq", "case_id", "gone", "had", "from", "lon", "lat"}
    assert gone["from"] == "filed"
    assert next(d for d in followed if d.actor == town.dai and d.queue == "department").cards


def test_a_whole_journey_in_one_batch_or_entry_by_entry(town: Town) -> None:
    at_once, step_by_step = desks(town), desks(town)
    report = walk(town, ())
    for verb in WAYS["closed"]:
        move(report.pk, verb, usual(town, verb), **arguments(town, verb, usual(town, verb)))
        check(step_by_step)
    check(at_once)


def test_what_is_not_delivered_is_missed_by_the_fold(town: Town) -> None:
    """The control: a desk that loses one entry is not equal to a fresh one."""
    case = walk(town, WAYS["filed"])
    desk = Desk.opened(town.bo, "dispatch")
    move(case.pk, "dispatch", town.bo)
    desk.head = journal.head("110101")  # as if it had been told
    desk.follow()
    assert desk.cards != Desk.opened(town.bo, "dispatch").cards


def test_nobody_is_sent_what_is_not_his(town: Town) -> None:
    """Every entry of every journey against every reader: it is shown to who may see the case, alone."""
    others = organisation("110105-ALL", "朝阳", "Chaoyang")
    readers: dict[str, Actor] = {
        **town.everybody,
        "ina": holder("ina", "Ina", Role.INSPECTOR, organisation("110101-SUP", "", "")),
        **{role: holder(role, role, Role(role), others) for role in ("system_admin", "audit_admin")},
    }
    for way in (*WAYS.values(), ("file", "dispatch", "return", "dispatch")):
        case: Case = walk(town, way)
        for line in journal.of_case(case.pk):
            card = line.card
            may = {"amy", "lei", "bo", "bea", "mo", "alice"}
            may |= {"ava"} if card["inspector_id"] == town.ava.person_id else set()
            may |= {"chen"} if card["department_id"] == town.chen.organisation_id else set()
            shown = {name: entry for name, reader in readers.items() if (entry := shown_to(line, reader))}
            assert set(shown) == may, line.verb
            for entry in shown.values():
                text = json.dumps(entry)
                assert "reporter_id" not in text
                assert "inspector_id" not in text
