"""Facts and rules in, a decision and its reason out. Only reading rows needs a database."""

import json
from contextlib import nullcontext
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from itertools import permutations

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from casework.calendars import Limit, Unit
from casework.models import Organisation
from dispatch.models import RoutingRule
from dispatch.routing import Facts, Outcome, Rule, is_narrower, matches, route
from dispatch.rules import active_rules
from tests.factories.city import small_city

WATER, STREET, LIGHTS, POLICE = 1, 2, 3, 4
MANHOLE = Facts("component", "0101", "110101001001001", "110101-D01")
VENDOR = Facts("event", "0401", "110101001001001")


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def rule(number, organisation, **asks):
    return Rule(number, f"rule {number}", organisation, f"organisation {organisation}", **asks)


def winner(facts, *rules):
    return route(facts, rules).organisation_id


class TestMatching:
    @pytest.mark.parametrize(
        ("asks", "is_match"),
        [
            ({}, True),
            ({"class_kind": "component"}, True),
            ({"class_kind": "event"}, False),
            ({"class_code": "01"}, True),
            ({"class_code": "0101"}, True),
            ({"class_code": "0102"}, False),
            ({"class_code": "010101"}, False),
            ({"area_code": "110101"}, True),
            ({"area_code": "110101001001001"}, True),
            ({"area_code": "110101002"}, False),
            ({"owner_code": "110101-D01"}, True),
            ({"owner_code": "110101-D0"}, False),
        ],
    )
    def test_each_thing_a_rule_asks(self, asks, is_match):
        assert matches(rule(1, WATER, **asks), MANHOLE) is is_match

    @pytest.mark.parametrize(
        ("hours", "at", "is_match"),
        [
            ((time(8), time(18)), time(8), True),
            ((time(8), time(18)), time(17, 59, 59), True),
            ((time(8), time(18)), time(18), False),
            ((time(22), time(6)), time(23), True),
            ((time(22), time(6)), time(5, 59), True),
            ((time(22), time(6)), time(6), False),
            ((time(0), time(0)), time(13), True),
        ],
    )
    def test_hours_may_run_over_midnight(self, hours, at, is_match):
        facts = Facts("event", "0401", "110101001001001", at=at)
        assert matches(rule(1, WATER, hours=hours), facts) is is_match

    def test_a_problem_without_owner_fits_no_owners_rule(self):
        assert not matches(rule(1, WATER, owner_code="110101-D01"), VENDOR)


class TestWhoWins:
    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({}, {"class_kind": "component"}),
            ({"class_code": "01"}, {"class_code": "0101"}),
            ({"area_code": "110101"}, {"area_code": "110101001"}),
            ({"area_code": "110101001"}, {"area_code": "110101001001"}),
            ({"class_code": "0101"}, {"class_code": "0101", "area_code": "110101001"}),
            ({"class_code": "0101"}, {"class_code": "0101", "owner_code": "110101-D01"}),
            ({"class_code": "01"}, {"class_code": "01", "hours": (time(8), time(18))}),
            ({"hours": (time(8), time(18))}, {"hours": (time(10), time(14))}),
            ({"hours": (time(10), time(9))}, {"hours": (time(10), time(14))}),
        ],
    )
    def test_the_narrower_rule_whatever_the_priority_and_order(self, wide, narrow):
        low, high = rule(1, STREET, priority=100, **wide), rule(2, WATER, **narrow)
        assert winner(MANHOLE, low, high) == winner(MANHOLE, high, low) == WATER

    def test_priority_where_neither_is_narrower(self):
        owner = rule(1, WATER, owner_code="110101-D01", priority=20)
        street = rule(2, STREET, area_code="110101001", priority=10)
        assert winner(MANHOLE, owner, street) == WATER

    def test_owner_first_for_components_street_first_for_events_is_data(self):
        rules = (
            rule(1, WATER, class_kind="component", owner_code="110101-D01", priority=20),
            rule(2, STREET, area_code="110101001", priority=10),
            rule(3, WATER, class_kind="event", owner_code="110101-D01"),
        )
        assert winner(MANHOLE, *rules) == WATER
        assert winner(Facts("event", "0110", "110101001001001", "110101-D01"), *rules) == STREET

    def test_two_equal_rules_for_one_organisation_are_no_conflict_and_the_older_wins(self):
        decision = route(MANHOLE, [rule(7, WATER, class_code="0101"), rule(3, WATER, class_code="0101")])
        assert decision.rule is not None
        assert (decision.outcome, decision.rule.id) == (Outcome.MATCHED, 3)
        [(lost, why)] = decision.lost
        assert (lost.id, why) == (7, "rule 3 “rule 3” says the same and is older")

    def test_two_equal_rules_for_two_organisations_conflict(self):
        decision = route(MANHOLE, [rule(1, WATER, class_code="0101"), rule(2, STREET, class_code="0101")])
        assert decision.outcome == Outcome.CONFLICT
        assert decision.organisation_id is None
        assert [rival.id for rival in decision.rivals] == [1, 2]
        assert "1 “rule 1”, 2 “rule 2” conflict" in decision.reason
        assert {a.organisation_id for a in decision.alternatives} == {WATER, STREET}

    def test_class_against_area_of_the_same_priority_conflict(self):
        rules = [rule(1, WATER, class_code="0101"), rule(2, STREET, area_code="110101001")]
        assert route(MANHOLE, rules).outcome == Outcome.CONFLICT

    def test_a_narrower_rule_settles_a_conflict(self):
        rules = [
            rule(1, WATER, class_code="0101"),
            rule(2, STREET, area_code="110101001"),
            rule(3, LIGHTS, class_code="0101", area_code="110101001"),
        ]
        assert winner(MANHOLE, *rules) == LIGHTS

    def test_nothing_matches(self):
        decision = route(MANHOLE, [rule(1, POLICE, class_kind="event")])
        assert (decision.outcome, decision.organisation_id, decision.rule) == (Outcome.NONE, None, None)
        assert decision.reason == (
            "No rule matched component class 0101 × area 110101001001001 × owner 110101-D01 × at 12:00."
        )

    def test_an_ended_organisation_wins_nothing_and_is_named(self):
        ended, other = rule(1, WATER, class_code="0101", ended=True), rule(2, STREET)
        decision = route(MANHOLE, [ended, other])
        assert decision.organisation_id == STREET
        assert [(r.id, why) for r, why in decision.lost] == [(1, "its organisation exists no more")]
        assert route(MANHOLE, [ended]).outcome == Outcome.NONE

    def test_the_reason_names_the_rule_what_it_asks_and_who_lost(self):
        rules = [
            rule(1, WATER, class_kind="component", class_code="0101", owner_code="110101-D01"),
            rule(2, STREET, area_code="110101001", priority=-1),
            rule(3, LIGHTS, class_kind="component"),
        ]
        decision = route(MANHOLE, rules)
        assert decision.reason == (
            "Rule 1 “rule 1”: component class 0101 × owner 110101-D01. 2 other rules lost."
        )
        assert dict((r.id, why) for r, why in decision.lost) == {
            2: "its priority -1 is below 0",
            3: "rule 1 “rule 1” is narrower",
        }
        assert [a.organisation_id for a in decision.alternatives] == [LIGHTS, STREET]

    def test_a_rules_own_limit(self):
        own = rule(1, WATER, quota=Decimal(2), unit="continuous_hour")
        assert route(MANHOLE, [own]).limit == Limit(Decimal(2), Unit.CONTINUOUS_HOUR)
        assert route(MANHOLE, [rule(1, WATER)]).limit is None


PIECES = {
    "class_kind": st.sampled_from(["", "component", "event"]),
    "class_code": st.sampled_from(["", "01", "0101", "0102"]),
    "area_code": st.sampled_from(["", "110101", "110101001", "110101002"]),
    "owner_code": st.sampled_from(["", "110101-D01", "110101-D02"]),
    "hours": st.sampled_from([None, (time(8), time(18)), (time(10), time(14)), (time(20), time(8))]),
    "priority": st.integers(0, 2),
}
RULES = st.lists(st.fixed_dictionaries(PIECES), max_size=5).map(
    lambda found: [rule(n, n % 3 + 1, **asks) for n, asks in enumerate(found)]
)
FACTS = st.builds(
    Facts,
    st.sampled_from(["component", "event"]),
    st.sampled_from(["0101", "0102", "0201"]),
    st.sampled_from(["110101001001001", "110101002001001"]),
    st.sampled_from(["", "110101-D01", "110101-D02"]),
    st.sampled_from([time(7), time(11), time(21)]),
)


class TestLaws:
    @given(FACTS, RULES)
    def test_a_winner_matches_and_nothing_that_matches_is_narrower(self, facts, rules):
        decision = route(facts, rules)
        if decision.rule is not None:
            assert matches(decision.rule, facts)
            assert not any(is_narrower(other, decision.rule) for other in rules if matches(other, facts))
        else:
            assert (decision.outcome == Outcome.NONE) == (not any(matches(r, facts) for r in rules))

    @given(FACTS, RULES)
    def test_every_matching_rule_is_accounted_for(self, facts, rules):
        decision = route(facts, rules)
        told = [r.id for r, _why in decision.lost] + [r.id for r in decision.rivals]
        told += [decision.rule.id] if decision.rule else []
        assert sorted(told) == sorted(r.id for r in rules if matches(r, facts))

    @given(FACTS, st.lists(st.fixed_dictionaries(PIECES), max_size=4))
    def test_the_order_of_the_rules_does_not_matter(self, facts, found):
        rules = [rule(n, n % 3 + 1, **asks) for n, asks in enumerate(found)]
        first = route(facts, rules)
        for turned in permutations(rules):
            other = route(facts, turned)
            assert (other.outcome, other.organisation_id, other.reason) == (
                first.outcome, first.organisation_id, first.reason,
            )  # fmt: skip

    @given(RULES)
    def test_narrower_is_a_strict_order(self, rules):
        for one in rules:
            assert not is_narrower(one, one)
            for other in rules:
                assert not (is_narrower(one, other) and is_narrower(other, one))
                for third in rules:
                    if is_narrower(one, other) and is_narrower(other, third):
                        assert is_narrower(one, third)


NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def desks(db):
    def organisation(code, **more):
        return Organisation.objects.create(code=code, name=f"单位{code}", kind="department", **more)

    return {code: organisation(code) for code in ("water", "street", "lights")}


def row(organisation, name="规则", **asks):
    defaults = {"district_code": "110101", "valid_from": NOW - timedelta(days=30)}
    return RoutingRule.objects.create(name=name, organisation=organisation, **{**defaults, **asks})


class TestRowsInForce:
    def test_validity_and_district(self, desks):
        kept = row(desks["water"])
        row(desks["water"], valid_from=NOW + timedelta(seconds=1))
        row(desks["water"], valid_to=NOW)
        row(desks["water"], district_code="110105")
        assert [rule.id for rule in active_rules("110101", NOW)] == [kept.pk]

    def test_a_changed_row_is_seen_at_once_and_an_unchanged_table_is_not_read_again(
        self, desks, django_assert_num_queries
    ):
        changed = row(desks["water"])
        active_rules("110101", NOW)
        with django_assert_num_queries(1):
            active_rules("110101", NOW)
        changed.organisation = desks["street"]
        changed.save()
        assert [rule.organisation_id for rule in active_rules("110101", NOW)] == [desks["street"].pk]
        changed.delete()
        assert active_rules("110101", NOW) == ()

    def test_an_organisation_ends_after_its_last_day(self, desks):
        row(desks["water"])
        assert not active_rules("110101", NOW)[0].ended
        desks["water"].valid_to = date(2026, 11, 19)
        desks["water"].save()
        assert active_rules("110101", NOW)[0].ended
        assert not active_rules("110101", NOW - timedelta(days=1))[0].ended

    def test_a_rule_keeps_all_it_asks(self, desks):
        asks = {"class_kind": "event", "class_code": "0401", "area_code": "110101001", "owner_code": "x",
                "priority": 4, "quota": Decimal(3), "unit": "working_day"}  # fmt: skip
        row(desks["water"], from_hour=time(22), to_hour=time(6), **asks)
        [found] = active_rules("110101", NOW)
        assert found.hours == (time(22), time(6))
        assert {key: getattr(found, key) for key in asks} == asks


class TestCheckRouting:
    def check(self, status):
        out = StringIO()
        with pytest.raises(SystemExit, match="1") if status else nullcontext():
            call_command("check_routing", "--district", "110101", "--json", stdout=out)
        return json.loads(out.getvalue())

    @pytest.fixture
    def city(self, db):
        return small_city()

    def test_complete_rules_pass(self, city, desks):
        row(desks["street"], class_kind="event")
        row(desks["water"], class_kind="component")
        found = self.check(0)
        assert found["ok"]
        # 3 event classes; 3 component classes, each without and with its one owner; one street, one hour
        assert found["checked"] == 3 + 3 * 2
        assert [found[key] for key in ("gaps", "conflicts", "dead", "ended")] == [[], [], [], []]

    def test_a_gap(self, city, desks):
        row(desks["street"], class_kind="event", class_code="01")
        row(desks["water"], class_kind="component")
        found = self.check(1)
        assert {(gap["class_code"], gap["area"]) for gap in found["gaps"]} == {
            ("0401", "110101001"), ("0501", "110101001"),
        }  # fmt: skip

    def test_a_gap_for_part_of_the_day(self, city, desks):
        row(desks["street"])
        row(desks["water"], class_kind="component", from_hour=time(22), to_hour=time(6))
        assert self.check(0)["ok"]
        RoutingRule.objects.filter(organisation=desks["street"]).update(from_hour=time(6), to_hour=time(21))
        found = self.check(1)
        assert {gap["at"] for gap in found["gaps"]} == {"21:00", "22:00"}
        assert {gap["kind"] for gap in found["gaps"] if gap["at"] == "22:00"} == {"event"}

    def test_a_conflict_names_its_rules(self, city, desks):
        row(desks["street"])
        one = row(desks["water"], class_kind="component", class_code="0101")
        two = row(desks["lights"], class_kind="component", owner_code="110101-D01")
        found = self.check(1)
        assert [(c["class_code"], c["owner"], c["rules"]) for c in found["conflicts"]] == [
            ("0101", "110101-D01", [one.pk, two.pk])
        ]

    def test_a_rule_in_a_single_cell_is_not_taken_for_dead(self, city, desks):
        row(desks["street"])
        row(desks["water"], area_code="110101001001002")
        assert self.check(0)["dead"] == []

    def test_dead_rules_and_ended_organisations(self, city, desks):
        row(desks["street"])
        dead = row(desks["water"], owner_code="nobody")
        ended = row(desks["lights"])
        desks["lights"].valid_to = date(2020, 1, 1)
        desks["lights"].save()
        found = self.check(1)
        assert [item["id"] for item in found["dead"]] == [dead.pk]
        assert [item["id"] for item in found["ended"]] == [ended.pk]

    def test_an_unknown_district_is_wrong_use(self, db):
        from django.core.management.base import CommandError

        with pytest.raises(CommandError) as refused:
            call_command("check_routing", "--district", "999999")
        assert refused.value.returncode == 2
