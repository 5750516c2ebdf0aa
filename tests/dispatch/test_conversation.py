"""Messages on a case: who may read and write, who is told, what is unread, and that a repeat is harmless."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from casework import journal
from casework.access import Actor, actors_of
from casework.hub import shown_to
from casework.models import Case, Holding, Message, Notice, Person
from casework.roles import Role
from casework.verify import verify_stream
from dispatch.conversations import people_of
from dispatch.policy import sees
from dispatch.workflow import AT_REST
from tests.dispatch.test_matrix import may_see, people
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town, photo_of
from tests.factories.ways import WAYS, case_in, move

pytestmark = pytest.mark.django_db


def say(actor: Actor, case: Case, text: str = "which side of the road?", **more: Any) -> Any:
    return Caller(actor).post(f"/cases/{case.pk}/messages", {"id": str(uuid4()), "text": text, **more})


def said(actor: Actor, case: Case, query: str = "") -> dict[str, Any]:
    response = Caller(actor).get(f"/cases/{case.pk}/messages{query}")
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def unread(actor: Actor) -> tuple[int, int]:
    page = Caller(actor).get("/conversations").json()
    return page["unread"], page["naming_me"]


@pytest.mark.parametrize("state", WAYS)
def test_whoever_sees_an_open_case_and_holds_a_post_in_it_writes_and_reads(town: Town, state: str) -> None:
    case = case_in(town, state)
    written = 0
    for name, actor in people(town).items():
        case.refresh_from_db()
        response = say(actor, case, f"from {name}")
        if not may_see(actor, case.report):
            refusal(response, codes={404})
            refusal(Caller(actor).get(f"/cases/{case.pk}/messages"), codes={404})
        elif actor.role == Role.MANAGER:
            refusal(response, codes={403})
        elif state in AT_REST:
            refusal(response, codes={409})
        else:
            assert response.status_code == 201, (name, response.content)
            written += 1
            last = journal.of_case(case.pk)[-1]
            assert (last.verb, last.state_from, last.state_to) == ("message", state, state)
            assert (last.actor_id, last.facts["note"]) == (actor.person_id, f"from {name}")
            after = Case.objects.get(pk=case.pk)
            assert (after.due_at, after.organisation_id, after.state) == (
                case.due_at, case.organisation_id, state,
            )  # fmt: skip
    assert len(said(town.lei, case)["items"]) == written
    assert written or state in AT_REST
    assert verify_stream("110101").faults == ()


@pytest.mark.parametrize("state", ["reported", "handling", "checking"])
def test_an_entry_reaches_only_the_sockets_of_those_who_see_the_case(town: Town, state: str) -> None:
    case = case_in(town, state)
    assert say(town.bo, case, "a secret", mentions=[town.lei.person_id]).status_code == 201
    line = journal.of_case(case.pk)[-1]
    for name, actor in people(town).items():
        if actor.stream != case.stream_id:
            continue  # a socket follows the stream of its post alone: test_live.py
        shown = shown_to(line, actor)
        assert bool(shown) == may_see(actor, case.report), name
        if shown:
            assert shown["facts"]["note"] == "a secret"
            assert "mentions" not in shown["facts"]


def test_the_same_message_sent_twice_is_one(town: Town) -> None:
    case = case_in(town, "handling")
    body = {"id": str(uuid4()), "text": "behind the kiosk", "photos": [str(photo_of(town.chen))]}
    caller = Caller(town.chen)
    first = caller.post(f"/cases/{case.pk}/messages", body)
    again = caller.post(f"/cases/{case.pk}/messages", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Message.objects.count() == 1
    assert [line.verb for line in journal.of_case(case.pk)].count("message") == 1
    for other, text in ((town.chen, "in front of it"), (town.lei, "behind the kiosk")):
        refused = Caller(other).post(f"/cases/{case.pk}/messages", {"id": body["id"], "text": text})
        assert refusal(refused, codes={422})["code"] == "conflict"
    other_case = case_in(town, "reported")
    assert refusal(Caller(town.chen).post(f"/cases/{other_case.pk}/messages", body), codes={404})


def test_nothing_said_and_too_much_are_refused_and_leave_nothing(town: Town) -> None:
    case = case_in(town, "filed")
    strange = [town.chen.person_id]  # whose department has nothing to do with it yet
    for body in (
        {"text": " \n "}, {"text": "x" * 2001}, {"text": "x", "mentions": strange},
        {"text": "x", "photos": [str(uuid4())]}, {"text": "x", "photos": [str(photo_of(town.alice))]},
    ):  # fmt: skip
        response = Caller(town.bo).post(f"/cases/{case.pk}/messages", {"id": str(uuid4()), **body})
        error = refusal(response, codes={422})
        assert error["mend"] or error["field"]
    assert Message.objects.count() == 0
    assert Case.objects.get(pk=case.pk).version == case.version


def test_a_message_does_not_spoil_somebodys_decision(town: Town) -> None:
    """Who looked before it was said may still act; who looked before a real move may not."""
    case = case_in(town, "filed")
    say(town.alice, case), say(town.lei, case)
    move(case.pk, "dispatch", town.bo, version=case.version)
    say(town.chen, case)
    stale = Caller(town.bo).post(
        f"/cases/{case.pk}/moves/cancel_dispatch", {"version": case.version, "reason": "wrong"}
    )
    assert refusal(stale, codes={409})["code"] == "stale"


def test_unread_counts_are_each_persons_own(town: Town) -> None:
    case = case_in(town, "handling")
    for text in ("one", "two"):
        say(town.chen, case, text)
    say(town.alice, case, "three", mentions=[town.lei.person_id, town.chen.person_id])
    # the case is at the department: it concerns command, which follows it, and whoever is named
    assert {name: unread(actor) for name, actor in town.everybody.items()} == {
        "alice": (2, 0), "chen": (1, 1), "bo": (3, 0), "bea": (3, 0), "lei": (3, 1), "amy": (0, 0),
        "ava": (0, 0), "dai": (0, 0), "mo": (0, 0),
    }  # fmt: skip
    page = said(town.bo, case)
    assert [m["text"] for m in page["items"]] == ["one", "two", "three"]
    caller = Caller(town.bo)
    assert (
        caller.post(f"/cases/{case.pk}/messages/read", {"upto": page["items"][1]["case_seq"]}).status_code
        == 204
    )
    assert unread(town.bo) == (1, 0)
    caller.post(f"/cases/{case.pk}/messages/read", {"upto": 10**6})
    caller.post(f"/cases/{case.pk}/messages/read", {"upto": 1})  # another screen of hers is behind
    assert (unread(town.bo), unread(town.bea)) == ((0, 0), (3, 0))
    say(town.chen, case, "four")
    assert unread(town.bo) == (1, 0)
    listed = caller.get("/conversations?unread=true").json()["items"]
    assert [(one["card"]["id"], one["unread"], one["last"]["text"]) for one in listed] == [
        (str(case.pk), 1, "four")
    ]


def test_who_loses_sight_of_the_case_loses_the_conversation(town: Town) -> None:
    case = case_in(town, "handling")
    say(town.chen, case, mentions=[town.bo.person_id])
    say(town.bo, case, "a secret", mentions=[town.chen.person_id])
    assert unread(town.chen) == (1, 1)
    move(case.pk, "return", town.chen, reason="not ours")
    move(case.pk, "dispatch", town.bo, organisation_code=town.dai.organisation_code)
    refusal(Caller(town.chen).get(f"/cases/{case.pk}/messages"), codes={404})
    assert unread(town.chen) == (0, 0)
    assert unread(town.dai) == (2, 0)


def test_the_named_are_told_once_and_whoever_can_be_named_sees_the_case(town: Town) -> None:
    dirk = actors_of(Person.objects.get(username="dirk").pk)[0]
    everybody = [*people(town).values(), town.bea, dirk]
    for state in ("reported", "handling", "checking"):
        case = case_in(town, state)
        nameable = {holding.person_id for holding in people_of(case)}
        assert nameable == {
            a.person_id for a in everybody if a.stream == case.stream_id and sees(a, case.card)
        }
    body = {"id": str(uuid4()), "text": "look", "mentions": [town.ava.person_id, town.lei.person_id] * 2}
    for _ in range(2):
        Caller(town.bo).post(f"/cases/{case.pk}/messages", body)
    notices = Notice.objects.filter(template="mentioned", case=case)
    assert sorted(notices.values_list("recipient_id", flat=True)) == sorted(
        [town.ava.person_id, town.lei.person_id]
    )
    Holding.objects.filter(person_id=town.ava.person_id).update(until=timezone.now())
    assert town.ava.person_id not in {holding.person_id for holding in people_of(case)}


def test_names_stay_where_they_belong(town: Town) -> None:
    """A department reads an inspector's words under her post; the centres under her name."""
    case = case_in(town, "handling")
    say(town.alice, case, "behind the kiosk")
    say(town.chen, case, "thanks", mentions=[town.alice.person_id])
    inside, outside = said(town.bo, case)["items"], said(town.chen, case)["items"]
    assert [m["by"]["name"] for m in inside] == ["Alice", "Chen"]
    assert [m["by"]["name"] for m in outside] == ["", "Chen"]
    assert inside[1]["mentions"][0]["name"] == "Alice"
    assert outside[1]["mentions"][0]["name"] == ""
    choices = Caller(town.chen).get(f"/cases/{case.pk}/people").json()["items"]
    assert {choice["name"] for choice in choices} == {""}
    assert Caller(town.lei).get(f"/cases/{case.pk}/people?q=Chen").json()["items"][0]["name"] == "Chen"


def test_pages_lead_back_to_the_first_word_without_gap_or_repeat(town: Town) -> None:
    case = case_in(town, "handling")
    texts = [str(n) for n in range(23)]
    for text in texts:
        say(town.chen, case, text)
    found: list[str] = []
    query = "?limit=5"
    while True:
        page = said(town.bo, case, query)
        found = [m["text"] for m in page["items"]] + found
        if page["next"] is None:
            break
        query = f"?limit=5&before={page['next']}"
        say(town.alice, case, "meanwhile")  # what is said meanwhile does not shift the pages
    assert found == texts
    newer = said(town.bo, case, f"?after={page['items'][-1]['case_seq']}")["items"]
    assert newer[0]["text"] == texts[len(page["items"])]
