"""Responsibility grids by workload: proposed, put in force with their inspectors, and their gaps listed."""

import contextlib
import io
import json
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from casework.errors import Invalid
from dispatch.coverage import gaps_of
from dispatch.grids import apply_plan, plan_grids
from dispatch.models import DutyShift, GridDuty
from dispatch.workload import Effort, burden_of
from gis_data.models import Cell, Generation, ResponsibilityGrid
from tests.factories.people import Town
from tests.gis_data.ground import make_ground


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command("propose_grids", "--json", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture
def ground(db: None) -> Generation:
    """36 cells in force in place of the small city's, none in a grid."""
    Cell.objects.filter(generation__district_code="110101").update(active=False)
    Generation.objects.filter(district_code="110101").update(state=Generation.State.RETIRED)
    return make_ground()


def test_cells_are_grouped_and_the_balance_stated(ground: Generation) -> None:
    status, body = run("--district=110101", "--count=4")
    assert (status, body["committed"], body["codes"]) == (0, False, [])
    assert body["counts"]["cells"] == 36
    assert sorted(code for grid in body["grids"] for code in grid["cells"]) == sorted(
        ground.cells.values_list("code", flat=True)
    )
    minutes = [grid["minutes"] for grid in body["grids"]]
    assert body["figures"]["balance"] == pytest.approx(max(minutes) / (sum(minutes) / 4), abs=0.002)
    assert body["figures"]["balance"] < 1.15
    assert body["figures"]["balance_now"] is None
    assert not ResponsibilityGrid.objects.filter(cells__generation=ground).exists()
    # every cell is a gap as long as nothing is in force
    assert body["counts"]["cells_without_grid"] == 36
    assert run("--district=110101", "--count=4") == (status, body)


def test_what_a_cell_costs(town: Town) -> None:
    """Components stand in the cells, a report was taken in the first, there are no streets."""
    from tests.factories.ways import WAYS, walk

    walk(town, WAYS["filed"])
    generation = Generation.objects.get(district_code="110101")
    burden = burden_of(generation, days=10)
    assert burden.codes == [cell.code for cell in town.city.cells[:4]]
    assert burden.reports.sum() == 1
    assert burden.components.tolist() == [
        sum(
            component.cell_code == code
            for component in [*town.city.manholes, *town.city.lamps, *town.city.bins]
        )
        for code in burden.codes
    ]
    assert burden.walk_m == pytest.approx([2 * (85.4 * 111.0) ** 0.5] * 4, rel=0.01)
    effort = Effort(minutes_a_report=30, seconds_a_component=60, metres_a_minute=100)
    expected = burden.reports * 3 + burden.components + burden.walk_m / 100
    assert burden.minutes(effort) == pytest.approx(expected)
    assert burden_of(generation, days=10).reports.sum() == 1


def test_new_grids_take_the_place_of_old_ones_with_their_inspectors(town: Town) -> None:
    generation = Generation.objects.get(district_code="110101")
    old = town.city.grids[0]
    walker = GridDuty.objects.get(grid=old)
    today = timezone.localdate()
    codes = apply_plan(plan_grids(generation, 2))
    assert codes == ["110101-G0001", "110101-G0002"]
    held = dict(ResponsibilityGrid.objects.filter(code__in=codes).values_list("code", "pk"))
    links = ResponsibilityGrid.cells.through.objects.filter(cell__generation=generation)
    assert set(links.values_list("responsibilitygrid_id", flat=True)) == set(held.values())
    assert links.count() == generation.cells.count()
    walker.refresh_from_db()
    assert walker.valid_to == today - timedelta(days=1)
    heirs = GridDuty.objects.filter(person=walker.person, valid_from=today)
    assert set(heirs.values_list("grid__code", "shift")) == {(code, "day") for code in codes}
    old.refresh_from_db()
    assert old.valid_to == today
    # the other district is as it was
    assert town.city.grids[1].cells.count() == 2


def test_a_plan_that_is_out_of_date_is_refused(ground: Generation) -> None:
    plan = plan_grids(ground, 3)
    ground.cells.order_by("code").first().delete()  # type: ignore[union-attr]
    with pytest.raises(Invalid):
        apply_plan(plan)
    assert not ResponsibilityGrid.objects.filter(cells__generation=ground).exists()


def test_gaps_by_shift(town: Town) -> None:
    grid = town.city.grids[0]
    assert gaps_of("110101").grids == []
    DutyShift.objects.create(code="day", name="白班", starts_at=time(8), ends_at=time(17))
    DutyShift.objects.create(code="night", name="夜班", starts_at=time(20), ends_at=time(23))
    DutyShift.objects.create(code="rush", name="高峰", starts_at=time(7), ends_at=time(9), in_use=False)
    assert gaps_of("110101").grids == [(grid.code, "night")]
    GridDuty.objects.create(
        person_id=town.alice.person_id, grid=grid, shift="night", valid_from=date(2020, 1, 1)
    )
    assert gaps_of("110101").grids == []
    grid.cells.remove(town.city.cells[0])
    assert gaps_of("110101").cells == [town.city.cells[0].code]
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("check_city", "--json", "--district=110101", stdout=out)
    assert ("no_grid", town.city.cells[0].code) in {
        (fault["kind"], fault["code"]) for fault in json.loads(out.getvalue())["faults"]
    }


def test_check_city_lists_grids_without_an_inspector(town: Town) -> None:
    GridDuty.objects.all().delete()
    out = io.StringIO()
    with contextlib.suppress(SystemExit):  # sizes are round figures in the small city
        call_command("check_city", "--json", "--district=110101", stdout=out)
    gaps = json.loads(out.getvalue())["gaps"]
    assert gaps == [{"kind": "no_inspector", "code": town.city.grids[0].code, "detail": "day"}]


@pytest.mark.parametrize("count", ["0", "37"])
def test_as_many_grids_as_cells_at_most(ground: Generation, count: str) -> None:
    status, body = run("--district=110101", f"--count={count}")
    assert (status, body["faults"][0]["code"]) == (1, "count")


def test_wrong_use(ground: Generation) -> None:
    for arguments in (
        ["--district=999999", "--count=2"],
        ["--district=110101", "--count=2", "--metres-a-minute=0"],
    ):
        with pytest.raises(CommandError) as refused:
            call_command("propose_grids", *arguments)
        assert refused.value.returncode == 2


def test_in_force_by_command(ground: Generation) -> None:
    status, body = run("--district=110101", "--count=5", "--commit")
    assert (status, body["committed"], body["counts"]["made"]) == (0, True, 5)
    assert body["counts"]["cells_without_grid"] == 0
    assert body["counts"]["grids_without_inspector"] == 5
    again = run("--district=110101", "--count=5")[1]
    assert again["figures"]["balance_now"] == again["figures"]["balance"]
