"""One report that is two problems: two cases, linked, both journaled; and a case given to a person."""

from __future__ import annotations

from typing import Any

import pytest

from casework import journal
from casework.errors import Invalid
from casework.models import Case, CaseLink
from casework.verify import verify_stream
from dispatch import actions
from dispatch.models import Report
from tests.factories.calls import Caller, refusal
from tests.factories.people import Town
from tests.factories.ways import WAYS, move, walk

pytestmark = pytest.mark.django_db


def split(town: Town, case: Case, **given: Any) -> Case:
    move(case.pk, "split", town.bo, class_id=town.city.lamp.pk, **given)
    return CaseLink.objects.get(source=case, kind="split").target


def test_the_second_problem_becomes_a_case_of_its_own(town: Town) -> None:
    case = walk(town, WAYS["filed"], text="the cover is gone and the lamp is dark")
    other = split(town, case)
    mine, theirs = Report.objects.get(pk=case.pk), Report.objects.get(pk=other.pk)
    assert (Case.objects.get(pk=case.pk).state, other.state) == ("filed", "reported")
    assert theirs.problem_class_id == town.city.lamp.pk
    shared = ("place", "cell_code", "source", "reporter_id", "text", "address")
    assert [getattr(theirs, name) for name in shared] == [getattr(mine, name) for name in shared]
    assert (theirs.condition_id, theirs.component_code) == (None, "")
    opened, done = journal.of_case(other.pk)[0], journal.of_case(case.pk)[-1]
    assert (opened.verb, done.verb) == ("split_off", "split")
    assert done.facts["number"] == other.number
    assert opened.facts["number"] == case.number
    assert opened.facts["source"] == "inspector"
    assert verify_stream("110101").faults == ()
    # it goes its own way
    move(other.pk, "decline", town.lei, reason="in the dark by plan")
    assert Case.objects.get(pk=case.pk).state == "filed"


def test_both_say_which_is_the_other(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    other = split(town, case, note="the lamp above it is dark")
    assert Report.objects.get(pk=other.pk).text == "the lamp above it is dark"
    for shown, linked, label in (
        (case, other, "split off from this case"),
        (other, case, "the case it was split from"),
    ):
        [link] = Caller(town.bo).get(f"/cases/{shown.pk}/desk").json()["links"]
        assert (link["id"], link["label"]) == (str(linked.pk), label)


def test_without_a_class_there_is_no_other_problem(town: Town) -> None:
    case = walk(town, WAYS["filed"])
    head = journal.head("110101")
    for class_id, field in ((None, "class_id"), (10**6, "class_id")):
        body = {"version": case.version, "class_id": class_id}
        error = refusal(Caller(town.bo).post(f"/cases/{case.pk}/moves/split", body), codes={422})
        assert error["field"] == field
    with pytest.raises(Invalid):
        actions.split_report(case.pk, actor=town.bo, seen=case.version, class_id=0)
    assert journal.head("110101") == head
    assert not CaseLink.objects.exists()


def test_a_department_assigns_a_case_to_a_person(town: Town) -> None:
    case = walk(town, WAYS["handling"])
    move(case.pk, "assign", town.chen, handler="Liu")
    chen = Caller(town.chen)
    assert chen.get(f"/cases/{case.pk}").json()["handler"] == "Liu"
    move(case.pk, "assign", town.chen, handler="Wang")
    assert chen.get(f"/cases/{case.pk}").json()["handler"] == "Wang"
    # whoever has it next begins anew
    move(case.pk, "return", town.chen, reason="not ours")
    move(case.pk, "dispatch", town.bo)
    assert chen.get(f"/cases/{case.pk}").json()["handler"] == ""
