"""One report's whole journey, told by its verbs."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from casework import journal
from casework.errors import Conflict, Invalid, NotAllowed, Stale, WrongState
from casework.models import Case, CaseClock
from dispatch import actions
from dispatch.actions.site import Answer
from dispatch.cards import bare_card
from dispatch.faces import case_face
from dispatch.models import Report, RoutingDecision, Task
from dispatch.policy import NO_DECISION
from gis_data.errors import OutsideCity
from tests.factories.people import Town, photo_of, small_town

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    return small_town()


def filed(town: Town, **changes: object) -> Report:
    report, _ = actions.report_problem(town.report_of(**changes), actor=town.alice)
    return actions.file_report(report.pk, actor=town.lei, seen=1, condition_id=town.missing_cover.pk)


def handled(town: Town) -> Report:
    report = filed(town)
    actions.dispatch_report(report.pk, actor=town.bo, seen=2)
    actions.accept_report(report.pk, actor=town.chen, seen=3)
    return actions.finish_report(report.pk, actor=town.chen, seen=4, photos=[photo_of(town.chen)])


def test_an_inspectors_report_goes_all_the_way_to_closure(town: Town) -> None:
    report = handled(town)
    actions.send_check(report.pk, actor=town.amy, seen=5)
    assert Task.objects.get(case_id=report.pk).inspector_id == town.alice.person_id
    actions.answer_check(report.pk, Answer("pass"), actor=town.alice, seen=6)
    closed = actions.close_report(report.pk, actor=town.lei, seen=7, closing="恢复")

    case = Case.objects.get(pk=report.pk)
    assert (case.state, case.version, case.organisation_id) == ("closed", 8, None)
    assert case.ended_at == closed.closed_at
    assert not Report.objects.get(pk=report.pk).is_open
    assert [line.verb for line in journal.of_case(case.id)] == [
        "report", "file", "dispatch", "accept", "finish", "send_check", "answer_check", "close",
    ]  # fmt: skip
    assert not CaseClock.objects.filter(case=case).exclude(state="stopped").exists()


def test_the_card_on_the_case_is_the_journals_and_can_be_made_again_from_the_rows(town: Town) -> None:
    report = handled(town)
    case = Case.objects.get(pk=report.pk)
    clocks = {c.name: c for c in CaseClock.objects.filter(case=case).exclude(state="stopped")}
    again = bare_card(Report.objects.select_related("case").get(pk=report.pk), clocks)
    last = journal.of_case(case.id)[-1]
    assert case.card == last.card
    assert last.card == {**again, "version": case.version, "moved_at": journal.instant(case.moved_at)}


def test_every_entry_is_chained_and_numbered_without_a_gap(town: Town) -> None:
    first, second = handled(town), filed(town, component_code="")
    lines = list(journal.walk("110101"))
    assert [line.seq for line in lines] == list(range(1, journal.head("110101") + 1))
    for case in (first, second):
        previous = journal.GENESIS
        for line in journal.of_case(case.pk):
            assert line.prev_hash == previous
            assert line.hash == journal.hash_of(line)
            previous = line.hash


def test_the_same_report_again_changes_nothing(town: Town) -> None:
    new = town.report_of()
    first, is_new = actions.report_problem(new, actor=town.alice)
    second, again = actions.report_problem(new, actor=town.alice)
    assert (is_new, again, first.pk) == (True, False, second.pk)
    assert journal.head("110101") == 1


def test_another_report_under_the_same_id_is_refused(town: Town) -> None:
    new = town.report_of()
    actions.report_problem(new, actor=town.alice)
    with pytest.raises(Conflict):
        actions.report_problem(replace(new, text="something else"), actor=town.alice)
    assert journal.head("110101") == 1


def test_a_place_outside_the_city_is_refused_and_nothing_is_written(town: Town) -> None:
    lon, lat = town.city.outside
    with pytest.raises(OutsideCity):
        actions.report_problem(town.report_of(lon=lon, lat=lat, component_code=""), actor=town.alice)
    assert not Case.objects.exists()


def test_a_place_read_in_gcj02_is_stored_in_wgs84(town: Town) -> None:
    lon, lat = town.city.inside(1)
    from gis_data import crs

    shown = crs.from_store(lon, lat, "gcj02")
    report, _ = actions.report_problem(
        town.report_of(lon=shown[0], lat=shown[1], datum="gcj02", component_code=""), actor=town.alice
    )
    assert report.cell_code == town.city.cells[1].code
    assert (report.given_lon, report.given_datum) == (shown[0], "gcj02")


def test_a_stale_form_names_who_was_quicker_and_writes_nothing(town: Town) -> None:
    report = filed(town)
    actions.dispatch_report(report.pk, actor=town.bo, seen=2)
    with pytest.raises(Stale) as refused:
        actions.dispatch_report(report.pk, actor=town.bea, seen=2)
    assert refused.value.details["changed_by"] == "Bo"
    assert journal.head("110101") == 3


def test_a_move_out_of_turn_is_refused(town: Town) -> None:
    report = filed(town)
    with pytest.raises(WrongState):
        actions.file_report(report.pk, actor=town.lei, seen=2, condition_id=town.missing_cover.pk)


def test_what_a_citizen_reports_is_verified_before_it_is_filed(town: Town) -> None:
    report, _ = actions.report_problem(town.report_of(source="hotline"), actor=town.amy)
    with pytest.raises(WrongState):
        actions.file_report(report.pk, actor=town.amy, seen=1, condition_id=town.missing_cover.pk)
    actions.send_verify(report.pk, actor=town.amy, seen=1)
    actions.answer_verify(report.pk, Answer("exists", lon=116.4105, lat=39.9205), actor=town.alice, seen=2)
    actions.file_report(report.pk, actor=town.amy, seen=3, condition_id=town.missing_cover.pk)
    task = Task.objects.get(case_id=report.pk)
    assert task.state == "done"
    assert task.distance_m is not None


def test_a_task_is_answered_only_by_the_inspector_it_was_sent_to(town: Town) -> None:
    report, _ = actions.report_problem(town.report_of(source="hotline"), actor=town.amy)
    actions.send_verify(report.pk, actor=town.amy, seen=1)
    with pytest.raises(NotAllowed):
        actions.answer_verify(report.pk, Answer("exists"), actor=town.ava, seen=2)


def test_the_rules_send_it_to_the_components_owner_and_say_why(town: Town) -> None:
    report = filed(town)
    actions.dispatch_report(report.pk, actor=town.bo, seen=2)
    decision = RoutingDecision.objects.get(case_id=report.pk)
    assert decision.rule == town.water_rule
    assert decision.organisation.code == town.chen.organisation_code
    assert not decision.by_hand
    assert str(town.water_rule.pk) in decision.reason


def test_a_return_counts_against_the_rule_and_the_clock_goes_on_or_starts_afresh(town: Town) -> None:
    report = filed(town)
    actions.dispatch_report(report.pk, actor=town.bo, seen=2)
    actions.return_report(report.pk, actor=town.chen, seen=3, reason="not our cover")
    assert RoutingDecision.objects.get(case_id=report.pk).return_reason == "not our cover"
    handling = CaseClock.objects.get(case_id=report.pk, name="handling")
    assert (handling.state, handling.due_at) == ("paused", None)

    actions.dispatch_report(report.pk, actor=town.bo, seen=4)
    handling.refresh_from_db()
    assert (handling.state, len(handling.spans)) == ("running", 2)

    actions.return_report(report.pk, actor=town.chen, seen=5, reason="still not ours")
    actions.dispatch_report(
        report.pk, actor=town.bo, seen=6, organisation_code=town.dai.organisation_code, note="lamp"
    )
    clocks = CaseClock.objects.filter(case_id=report.pk, name="handling").order_by("started_at")
    assert [(c.state, c.organisation_id, len(c.spans)) for c in clocks] == [
        ("stopped", town.chen.organisation_id, 2),
        ("running", town.dai.organisation_id, 1),
    ]


def test_who_loses_sight_of_a_case_is_named_in_its_entry(town: Town) -> None:
    report = filed(town)
    actions.dispatch_report(report.pk, actor=town.bo, seen=2)
    actions.return_report(report.pk, actor=town.chen, seen=3, reason="not ours")
    actions.dispatch_report(report.pk, actor=town.bo, seen=4, organisation_code=town.dai.organisation_code)
    assert journal.of_case(report.pk)[-1].facts["was"] == {"department_id": town.chen.organisation_id}


def test_a_failed_check_cannot_be_closed_and_goes_back_to_the_same_department(town: Town) -> None:
    report = handled(town)
    actions.send_check(report.pk, actor=town.amy, seen=5)
    actions.answer_check(report.pk, Answer("fail", note="cover loose"), actor=town.alice, seen=6)
    with pytest.raises(WrongState):
        actions.close_report(report.pk, actor=town.lei, seen=7, closing="恢复")
    again = actions.send_back_for_rework(report.pk, actor=town.lei, seen=7, reason="cover loose")
    assert (again.case.state, again.case.organisation_id) == ("dispatched", town.chen.organisation_id)
    assert again.rework_count == 1


def test_nothing_is_finished_without_a_photograph_of_ones_own(town: Town) -> None:
    report = filed(town)
    actions.dispatch_report(report.pk, actor=town.bo, seen=2)
    actions.accept_report(report.pk, actor=town.chen, seen=3)
    with pytest.raises(Invalid):
        actions.finish_report(report.pk, actor=town.chen, seen=4, photos=[])
    with pytest.raises(Invalid):
        actions.finish_report(report.pk, actor=town.chen, seen=4, photos=[photo_of(town.dai)])
    with pytest.raises(Invalid):
        actions.finish_report(report.pk, actor=town.chen, seen=4, photos=[uuid4()])
    assert Case.objects.get(pk=report.pk).version == 4


def test_nobody_acts_for_both_centres_on_one_case(town: Town) -> None:
    report = filed(town)
    # the shift leader is given a dispatcher's chair as well
    both = replace(town.bo, person_id=town.lei.person_id)
    assert {move["verb"] for move in case_face(both, report.pk)["moves"]} <= NO_DECISION
    with pytest.raises(NotAllowed):
        actions.dispatch_report(report.pk, actor=both, seen=2)


@pytest.mark.parametrize("verb", ["void", "force_close"])
def test_side_exits_need_a_reason_and_end_every_clock(town: Town, verb: str) -> None:
    action = {"void": actions.void_report, "force_close": actions.force_close_report}[verb]
    report = handled(town)
    with pytest.raises(Invalid):
        action(report.pk, actor=town.lei, seen=5, reason="  ")
    action(report.pk, actor=town.lei, seen=5, reason="filed twice")
    case = Case.objects.get(pk=report.pk)
    assert case.ended_at is not None
    assert not CaseClock.objects.filter(case=case).exclude(state="stopped").exists()


def test_a_reporter_may_take_a_report_back_until_it_is_filed(town: Town) -> None:
    report, _ = actions.report_problem(town.report_of(), actor=town.alice)
    with pytest.raises(NotAllowed):
        actions.withdraw_report(report.pk, actor=town.ava, seen=1)
    actions.withdraw_report(report.pk, actor=town.alice, seen=1)
    assert Case.objects.get(pk=report.pk).state == "withdrawn"


def test_the_usual_next_step_follows_what_was_found_on_site(town: Town) -> None:
    def primary(report: Report) -> list[str]:
        return [move["verb"] for move in case_face(town.lei, report.pk)["moves"] if move["primary"]]

    citizens, _ = actions.report_problem(town.report_of(source="hotline"), actor=town.amy)
    assert primary(citizens) == ["send_verify"]
    report = handled(town)
    assert primary(report) == ["send_check"]
    for seen, found, expected in (
        (5, "cannot_tell", "send_check"),
        (7, "fail", "rework"),
        (9, "pass", "close"),
    ):
        actions.send_check(report.pk, actor=town.amy, seen=seen)
        report = actions.answer_check(report.pk, Answer(found), actor=town.alice, seen=seen + 1)
        assert primary(report) == [expected]
