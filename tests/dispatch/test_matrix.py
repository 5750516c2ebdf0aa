"""Role × move × state, generated from the tables and asked of the API.

Who may is written down here a second time, independent of `policy.py`, as a citizen would say it. A move
that is allowed happens; every other is refused in the one shape and leaves every table as it was.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction

from casework import access, journal
from casework.access import Actor
from casework.errors import NotAllowed
from casework.models import Case
from casework.roles import Role
from dispatch.models import Report
from dispatch.workflow import MOVES
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, holder, organisation
from tests.factories.ways import RELIEF, WAYS, arguments, move, ready_for, stand, usual, walk

pytestmark = pytest.mark.django_db

DISTRICT, NEIGHBOUR = "110101", "110105"
EVERYWHERE = {Role.ACCEPTOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.MANAGER}
VERBS = (*(row.verb for row in MOVES), "teleport")
# beside the shortest ways: a case that a department has had and lost again
CASES = {**WAYS, "filed, returned": ("file", "dispatch", "return"), **RELIEF}
DECIDES = ("approve", "extend", "hang", "exempt", "refuse")
WRITTEN = (
    "casework_entry", "casework_case", "casework_caseclock", "casework_attachment", "dispatch_report",
    "dispatch_task", "dispatch_routingdecision", "dispatch_joining", "casework_stream", "casework_message",
    "casework_mention", "casework_notice",
)  # fmt: skip


def people(town: Town) -> dict[str, Actor]:
    """At least one of every role, with and without a share in the case, and the neighbour district's."""
    centre = organisation("110101-SUP", "", "")
    city = organisation("110000-IT", "信息中心", "Information Centre")
    beyond = organisation("110105-ALL", "朝阳", "Chaoyang")
    found = {
        "reporter": town.alice,
        "sent out": town.ava,
        "other inspector": holder("ina", "Ina", Role.INSPECTOR, centre),
        "acceptor": town.amy,
        "shift leader": town.lei,
        "dispatcher": town.bo,
        "department": town.chen,
        "other department": town.dai,
        "manager": town.mo,
    }
    for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        found[role.value] = holder(role.value, role.value, role, city)
    for role in (Role.INSPECTOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.DEPARTMENT, Role.MANAGER):
        found[f"neighbour's {role.value}"] = holder(f"n_{role.value}", role.value, role, beyond, NEIGHBOUR)
    assert {actor.role for actor in found.values()} == set(Role)
    return found


def may_see(actor: Actor, report: Report) -> bool:
    if actor.stream != DISTRICT:
        return False
    if actor.role in EVERYWHERE:
        return True
    if actor.role == Role.DEPARTMENT:
        return report.department_id == actor.organisation_id
    return actor.role == Role.INSPECTOR and actor.person_id in (report.reporter_id, report.inspector_id)


def expected(actor: Actor, verb: str, report: Report) -> int:
    """The status that the tables and the rules of the two centres demand."""
    case = report.case
    if not may_see(actor, report):
        return 404
    if verb not in MOVES or not MOVES[verb].sources or not MOVES[verb].by:
        return 422  # no such move of a case that is there, or none that anybody makes
    move = MOVES[verb]
    if actor.role not in move.by:
        return 403
    if case.state not in move.sources:
        return 409
    if verb == "undo":
        last = journal.of_case(case.pk)[-1]
        if last.actor_id != actor.person_id:
            return 403
        return 200 if MOVES[last.verb].undoable else 409
    if verb == "message":
        return 200  # whoever sees it
    if not applies(verb, report):
        return 403
    if verb in DECIDES:
        level = (report.relief or {})["by"] == actor.role
        ours = actor.role != Role.DEPARTMENT or actor.organisation_id == report.department_id
        return 200 if level and ours else 403
    if verb == "appeal":
        return 200  # who sees a closed case as a department has handled it
    theirs = {
        Role.DEPARTMENT: case.organisation_id == actor.organisation_id,
        Role.INSPECTOR: verb == "join"
        or (report.reporter_id if verb in ("withdraw", "self_handle") else report.inspector_id)
        == actor.person_id,
    }
    return 200 if theirs.get(actor.role, True) else 403


def applies(verb: str, report: Report) -> bool:
    """Is there anything that this verb could be about?"""
    relief = report.relief
    if verb in DECIDES:
        return relief is not None and verb in ("refuse", relief["does"])
    if verb in ("ask_extension", "ask_hang"):
        return relief is None
    if verb == "appeal":
        return report.late and not report.appeal
    if verb == "reach_stage":
        return report.case.card.get("stage") is not None
    return True


def tried(actor: Actor, report: Report) -> tuple[str, ...]:
    """Every verb; by those who may not even see the case, the verbs that would be legal for somebody."""
    if may_see(actor, report):
        return VERBS
    return (*(row.verb for row in MOVES if report.case.state in row.sources), "teleport")


@pytest.fixture(autouse=True)
def _keys_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who calls is looked up once a person: thousands of calls are made, and nobody changes posts."""

    @functools.cache
    def by_key(authorization: str) -> Actor | None:
        return real(authorization, None)

    # ten seconds are enough for a person, not for thousands of calls
    monkeypatch.setattr("dispatch.undoing.SECONDS", 3600)
    real = access.actor_by
    monkeypatch.setattr(access, "actor_by", lambda authorization, session: by_key(authorization))


def everything_written() -> list[Any]:
    """A digest of every row that a move may touch."""
    digest = " UNION ALL ".join(
        f"SELECT '{table}', count(*), md5(string_agg(md5(row::text), '' ORDER BY md5(row::text)))"
        f" FROM {table} AS row"
        for table in WRITTEN
    )
    with connection.cursor() as cursor:
        cursor.execute(digest)
        return sorted(cursor.fetchall())  # the parts of a union come in any order


def test_every_state_is_reached_and_every_role_takes_part() -> None:
    assert set(WAYS) == MOVES.states


@pytest.mark.parametrize("way", CASES)
def test_each_role_may_make_exactly_the_moves_of_the_table(town: Town, way: str) -> None:
    case = stand(town, way) if way in RELIEF else walk(town, CASES[way])
    everybody = people(town)
    report = Report.objects.select_related("case").get(pk=case.pk)
    wrong: list[str] = []
    made: list[str] = []
    for name, actor in everybody.items():
        caller = Caller(actor)
        verbs = tried(actor, report)
        given = {verb: arguments(town, verb, actor) for verb in verbs}  # may open a case to merge into
        before = everything_written()
        for verb in verbs:
            wanted = expected(actor, verb, report)
            with transaction.atomic():
                response = caller.post(
                    f"/cases/{case.pk}/moves/{verb}", {"version": case.version, **given[verb]}
                )
                if response.status_code == 200:
                    target = MOVES[verb].target or case.state
                    if MOVES[verb].back:
                        target = journal.of_case(case.pk)[-2].state_from
                    made.append(verb)
                    assert response.json()["state"] == target
                    last = journal.of_case(case.pk)[-1]
                    assert (last.verb, last.actor_id, last.post_id) == (verb, actor.person_id, actor.post_id)
                    assert (last.case_seq, last.state_to) == (case.version + 1, target)
                    transaction.set_rollback(True)
                else:
                    refusal(response)
            if response.status_code != wanted:
                wrong.append(f"{name} · {verb}: {response.status_code} instead of {wanted}")
        assert everything_written() == before, f"{name}: a refused move left something behind"
    assert not wrong, "\n".join(wrong)
    # the table is walked from both sides: each of its moves from here was made by somebody
    last_made = MOVES[CASES[way][-1]] if CASES[way] else MOVES["report"]
    assert set(made) == {
        row.verb
        for row in MOVES
        if case.state in row.sources
        and row.by
        and applies(row.verb, report)
        and (last_made.undoable or row.verb != "undo")
    }


@pytest.mark.parametrize("way", [*WAYS, *RELIEF])
def test_the_moves_offered_are_the_moves_allowed(town: Town, way: str) -> None:
    case = stand(town, way) if way in RELIEF else walk(town, WAYS[way])
    report = Report.objects.select_related("case").get(pk=case.pk)
    for name, actor in people(town).items():
        response = Caller(actor).get(f"/cases/{case.pk}")
        if not may_see(actor, report):
            refusal(response, codes={404})
            continue
        offered = {move["verb"] for move in response.json()["moves"]}
        assert offered == {v for v in VERBS if expected(actor, v, report) == 200}, name


@pytest.mark.parametrize("verb", [row.verb for row in MOVES if row.sources and row.by])
def test_a_move_on_an_old_version_names_who_was_quicker_and_writes_nothing(town: Town, verb: str) -> None:
    case = ready_for(town, verb)
    actor = usual(town, verb, case)
    given = arguments(town, verb, actor)
    caller, before = Caller(actor), everything_written()
    for seen in (case.version - 1, case.version + 1, -1, 2**40):
        error = refusal(
            caller.post(f"/cases/{case.pk}/moves/{verb}", {"version": seen, **given}), codes={409}
        )
        assert error["code"] == "stale"
        last = journal.of_case(case.pk)[-1]
        names = {a.person_id: a.name for a in town.everybody.values()}
        assert error["details"]["changed_by"] == names[last.actor_id or 0]
        assert error["details"]["version"] == case.version
    assert everything_written() == before


@pytest.mark.parametrize("verb", [row.verb for row in MOVES if row.asks])
def test_a_move_without_what_it_asks_for_is_refused_by_the_name_of_the_field(town: Town, verb: str) -> None:
    case = ready_for(town, verb)
    actor = usual(town, verb, case)
    for asked in MOVES[verb].asks:
        given = {k: v for k, v in arguments(town, verb, actor).items() if k != asked}
        caller, before = Caller(actor), everything_written()
        error = refusal(
            caller.post(f"/cases/{case.pk}/moves/{verb}", {"version": case.version, **given}), codes={422}
        )
        assert error["field"] == asked
        assert error["mend"]
        assert everything_written() == before


@pytest.mark.parametrize(
    ("first", "then", "verbs"),
    [("dispatch", "send_check", ("file", "dispatch", "accept", "finish")), ("file", "dispatch", ("file",))],
)
def test_nobody_who_acted_for_one_centre_acts_for_the_other(
    town: Town, first: str, then: str, verbs: tuple[str, ...]
) -> None:
    """The same person may hold both posts, but not on one case."""
    case = walk(town, verbs)
    person_id = usual(town, first).person_id
    both = replace(usual(town, then), person_id=person_id)
    before = everything_written()
    with pytest.raises(NotAllowed):
        move(case.pk, then, both, **arguments(town, then, both))
    assert everything_written() == before
    other = Case.objects.get(pk=case.pk)
    move(other.pk, then, usual(town, then), **arguments(town, then, usual(town, then)))
