"""The counted model: pure, small, and never surer than its counts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import suggest as bench
from dispatch.suggest import Counted, features, grams

EXAMPLES = [
    *[(features({"class": "0101"}, "井盖丢失"), "water")] * 6,
    *[(features({"class": "0101"}, "井盖破损"), "drains")] * 2,
    *[(features({"class": "0203"}, "路灯不亮"), "lamps")] * 4,
]


def test_what_was_seen_with_a_label_speaks_for_it() -> None:
    counted = Counted.of(EXAMPLES)
    assert counted.ranked(features({"class": "0203"}))[0][0] == "lamps"
    assert counted.ranked(features({}, "小区路灯晚上不亮了"))[0][0] == "lamps"
    assert counted.ranked(features({}, "井盖丢失"))[0][0] == "water"
    assert counted.ranked(features({}, "井盖破损"), among=["water", "drains"])[0][0] == "drains"
    assert counted.ranked(features({}, "x"), among=["nobody"]) == []
    assert Counted().ranked(features({"class": "0101"})) == []


@given(st.text(max_size=60), st.sampled_from(["0101", "0203", "9999", ""]))
@settings(max_examples=80)
def test_shares_are_shares_and_the_table_is_the_same_after_being_kept(text: str, code: str) -> None:
    counted = Counted.of(EXAMPLES)
    known = features({"class": code}, text)
    ranked = counted.ranked(known)
    assert sum(share for _label, share in ranked) == pytest.approx(1)
    assert [share for _, share in ranked] == sorted((share for _, share in ranked), reverse=True)
    kept = Counted.from_json(json.loads(json.dumps(counted.as_json())))
    assert kept.ranked(known) == ranked


def test_runs_of_characters_do_not_cross_marks() -> None:
    assert set(grams("井盖，路灯")) == {"井", "盖", "路", "灯", "井盖", "路灯"}


def test_stories_that_are_nearly_the_same_stand_on_one_side_of_a_split() -> None:
    one = "幸福小区门口的路灯已经坏了三个多月一直没有人来修"
    stories = [one, one + "请尽快处理", "河边的垃圾堆了很久没有人清理臭气很大", one[:20] + "希望解决"]
    assert sorted(sorted(group) for group in bench.near_groups(stories)) == [[0, 1, 3], [2]]


SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).resolve().parents[3] / "shared"))


@pytest.mark.skipif(not (SHARED / "data/text").exists(), reason="the shared files are not here")
def test_on_real_reports_it_beats_the_commonest_choice_and_helps_the_rules() -> None:
    issues, texts = bench.issues(), bench.texts()
    for found in (issues, texts):
        assert found["suggestion"]["accuracy"] > found["commonest"]["accuracy"] + 0.3
    assert issues["rules_then_suggestion"]["accuracy"] > issues["rules_alone"]["accuracy"]
    assert texts["suggestion"]["accuracy"] > texts["rules_alone"]["accuracy"] + 0.1
