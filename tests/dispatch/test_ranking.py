"""The six chips: pure counting and sums, the same on server and phone; what is learnt from the journal."""

from __future__ import annotations

import json
import math
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command

from dispatch.phone import chips
from dispatch.ranking import BANDS_M, FARTHEST, Features, band_of, rank, table_of
from tests.factories.calls import Caller
from tests.factories.people import Town
from tests.factories.ways import WAYS, walk

VECTORS = Path(__file__).parent / "data" / "ranking_vectors.json"
MANHOLE, LAMP, LITTER, VENDOR = 1, 2, 3, 4
COMPONENTS = frozenset({MANHOLE, LAMP})


def noon(near: dict[int, float] | None = None, cell: str = "", hour: int = 12, month: int = 6) -> Features:
    return Features(hour, month, near or {}, cell)


def many(times: int, chip: tuple[int, int], **features: object) -> list[tuple[tuple[int, int], Features]]:
    return [(chip, noon(**features))] * times  # type: ignore[arg-type]


def first(samples: list[tuple[tuple[int, int], Features]], features: Features) -> tuple[int, str]:
    best = rank(table_of(samples, component_classes=COMPONENTS), features)[0]
    return best.class_id, best.why


def test_without_any_hint_the_commonest_comes_first() -> None:
    samples = many(60, (LITTER, 1)) + many(40, (VENDOR, 1))
    assert first(samples, noon()) == (LITTER, "common")


def test_a_component_at_ones_feet_outweighs_what_is_common() -> None:
    samples = many(200, (LITTER, 1), near={LAMP: 30.0}) + many(60, (MANHOLE, 1), near={MANHOLE: 3.0})
    assert first(samples, noon({MANHOLE: 2.0})) == (MANHOLE, "near")
    assert first(samples, noon({LAMP: 30.0})) == (LITTER, "common")


def test_hours_season_and_the_cells_own_history_speak() -> None:
    by_night = many(50, (VENDOR, 1), hour=21) + many(70, (LITTER, 1), hour=9)
    assert first(by_night, noon(hour=22)) == (VENDOR, "hour")
    assert first(by_night, noon(hour=8))[0] == LITTER
    in_winter = many(50, (VENDOR, 1), month=1) + many(70, (LITTER, 1), month=7)
    assert first(in_winter, noon(month=2)) == (VENDOR, "season")
    here = many(60, (VENDOR, 1), cell="A") + many(5, (VENDOR, 1), cell="B") + many(100, (LITTER, 1), cell="B")
    assert first(here, noon(cell="A")) == (VENDOR, "own")
    assert first(here, noon(cell="B"))[0] == LITTER


def test_events_are_told_by_what_they_happen_beside() -> None:
    samples = many(60, (LITTER, 1), near={LAMP: 5.0}) + many(80, (VENDOR, 1), near={MANHOLE: 5.0})
    assert first(samples, noon({LAMP: 4.0}))[0] == LITTER
    assert first(samples, noon({MANHOLE: 4.0}))[0] == VENDOR


def test_few_counts_say_little() -> None:
    """One vendor at midnight among hundreds of reports moves nobody to the front by itself."""
    samples = many(1, (VENDOR, 1), hour=0) + many(300, (LITTER, 1), hour=9) + many(40, (LITTER, 2), hour=0)
    ranked = rank(table_of(samples, component_classes=COMPONENTS), noon(hour=1))
    assert ranked[0].class_id == LITTER


def test_base_is_the_logarithm_of_the_share() -> None:
    table = table_of(many(3, (LITTER, 1)) + many(1, (VENDOR, 1)), component_classes=COMPONENTS)
    assert table["chips"] == [
        [LITTER, 1, round(100 * math.log(0.75))],
        [VENDOR, 1, round(100 * math.log(0.25))],
    ]


@pytest.mark.parametrize(
    ("metres", "band"), [(0, 0), (8, 0), (8.1, 1), (20, 1), (50, 2), (50.1, 3), (None, 3)]
)
def test_bands(metres: float | None, band: int) -> None:
    assert band_of(metres) == band
    assert len(BANDS_M) == FARTHEST


def test_a_score_is_the_sum_of_the_tables_numbers() -> None:
    """The formula of the contract, spelt out once more: the phone computes it so."""
    rng = Random(3)
    samples = [
        (
            (rng.choice([MANHOLE, LAMP, LITTER, VENDOR]), rng.choice([1, 2])),
            noon(
                {rng.choice([MANHOLE, LAMP]): rng.uniform(0, 60)},
                rng.choice(["A", "B"]),
                rng.randrange(24),
                rng.randrange(1, 13),
            ),
        )
        for _ in range(400)
    ]
    table = json.loads(json.dumps(table_of(samples, component_classes=COMPONENTS)))
    vectors = []
    for _ in range(40):
        features = noon(
            {MANHOLE: round(rng.uniform(0, 60), 1), LAMP: round(rng.uniform(0, 60), 1)},
            rng.choice(["A", "B", "C"]),
            rng.randrange(24),
            rng.randrange(1, 13),
        )
        ranked = rank(table, features)
        for one in ranked:
            i = next(n for n, c in enumerate(table["chips"]) if c[:2] == [one.class_id, one.condition_id])
            beside = min(features.near, key=lambda k: (features.near[k], k))
            on_feet = features.near[beside] <= 20
            bands = table["near"].get(str(one.class_id))
            expected = table["chips"][i][2] + table["hour"][i][features.hour // 4]
            expected += table["season"][i][features.month % 12 // 3]
            expected += bands[band_of(features.near.get(one.class_id))] if bands else 0
            expected += table["beside"].get(str(beside), {}).get(str(i), 0) if on_feet else 0
            expected += table["own"].get(features.cell_code, {}).get(str(i), 0)
            assert one.score == expected
        assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
        vectors.append(
            {
                "features": {
                    "hour": features.hour, "month": features.month, "cell": features.cell_code,
                    "near": {str(k): v for k, v in features.near.items()},
                },
                "ranked": [[one.class_id, one.condition_id, one.score, one.why] for one in ranked],
            }
        )  # fmt: skip
    # the same table and answers are what the phone's own test computes (tests/js)
    assert json.loads(VECTORS.read_text()) == {"table": table, "vectors": vectors}


# --- from the journal --------------------------------------------------------------------------------


def told(*arguments: str) -> dict[str, object]:
    out = StringIO()
    call_command("rank_chips", *arguments, "--json", stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


@pytest.mark.django_db
def test_the_table_is_made_from_what_was_filed_and_served_to_the_phone(town: Town) -> None:
    for _ in range(3):
        walk(town, WAYS["filed"])
    walk(town, ())  # not filed: nobody knows yet what it was
    ava = Caller(town.ava)
    lon, lat = town.city.inside(0, east=0.3)
    path = f"/phone/ranking?lon={lon}&lat={lat}"
    assert ava.get(path).json() == {"items": []}
    dry = told()
    assert dry["streams"]["110101"]["reports"] == 3  # type: ignore[index]
    assert ava.get(path).json() == {"items": []}
    stored = told("--commit")["streams"]["110101"]  # type: ignore[index]
    best = ava.get(path).json()["items"]
    assert [(one["class_id"], one["condition_id"]) for one in best] == [
        (town.city.manhole.pk, town.missing_cover.pk)
    ]
    table = chips.table_for("110101")
    assert table["version"] == stored["version"]
    assert list(table["own"]) == [town.city.cells[0].code]
    assert chips.table_for("110101", [])["own"] == {}
    assert told("--commit")["streams"]["110101"]["version"] == stored["version"]  # type: ignore[index]


@pytest.mark.django_db
def test_the_evaluation_needs_days_on_both_sides(town: Town) -> None:
    walk(town, WAYS["filed"])
    with pytest.raises(CommandError):
        told("--evaluate", "--days", "3")


@pytest.mark.django_db
def test_near_classes_measures_the_nearest_of_each_class(town: Town) -> None:
    lon, lat = town.city.inside(0, east=0.3)
    found = chips.near_classes([(lon, lat), town.city.outside])
    assert found[0][town.city.manhole.pk] == pytest.approx(0, abs=0.1)
    assert found[0][town.city.lamp.pk] == pytest.approx(
        0.0002 * 111_195 * math.cos(math.radians(lat)), rel=0.01
    )
    assert found[1] == {}
