"""A new delivery of borders takes over: old cells kept, lineage by ground, grids and components follow."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command
from django.db.models import Sum

from gis_data.generations import NotReady, activate
from gis_data.importers import drafts
from gis_data.models import Area, AreaLineage, Cell, CellLineage, Component, Generation, LayerVersion
from gis_data.queries import locate
from tests.factories.city import SIDE, SOUTH, WEST, SmallCity, small_city
from tests.gis_data import surveys


@pytest.fixture
def city(db: None) -> SmallCity:
    return small_city()


def call(*arguments: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    try:
        call_command(*arguments, "--json", stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def column(first: float, last: float) -> Any:
    """The ground between two columns of the small city, counted in cells from the west."""
    return shapely.box(WEST + SIDE * first, SOUTH, WEST + SIDE * last, SOUTH + SIDE)


def deliver(folder: Path, level: str, rows: dict[str, Any], *more: str) -> int:
    """Import areas of Dongcheng by code; the draft's number."""
    path = surveys.geojson(
        folder / f"{level}.geojson", [({"code": code, "name": code}, shape) for code, shape in rows.items()]
    )
    status, body = call("import_areas", str(path), "--level", level, "--datum", "wgs84", "--commit", *more)
    assert status == 0, body
    return int(body["drafts"][0]["generation"])


def resurvey(folder: Path) -> int:
    """A draft of Dongcheng: the border between its communities, and all cells, moved half a cell east."""
    deliver(folder, "street", {"110101001": column(0, 4)})
    deliver(folder, "community", {"110101001001": column(0, 2.5), "110101001002": column(2.5, 4)})
    return deliver(folder, "cell", {
        "110101001001001": column(0, 1), "110101001001002": column(1, 2.5),
        "110101001002001": column(2.5, 3), "110101001002002": column(3, 4),
    })  # fmt: skip


class TestActivation:
    def test_the_new_cells_are_found_and_the_old_ones_kept(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        place = city.inside(2, east=0.25)
        before = locate(*place)
        assert before is not None
        assert before.cell_code == "110101001002001"
        status, body = call("activate_generation", str(number), "--commit")
        assert (status, body["committed"]) == (0, True)
        after = locate(*place)
        assert after is not None
        assert (after.cell_code, after.community.code) == ("110101001001002", "110101001001")
        # the old cell is still there, under the generation of its day
        old = Generation.objects.get(district_code="110101", state="retired")
        assert before.cell_id in old.cells.values_list("pk", flat=True)
        assert old.retired_at is not None
        activated_at = Generation.objects.get(pk=number).activated_at
        assert activated_at is not None
        assert abs(old.retired_at - activated_at) < timedelta(seconds=5)
        # the neighbouring district is as it was
        assert Generation.objects.get(district_code="110105").state == "active"
        assert locate(*city.inside(4)) is not None

    def test_lineage_says_which_became_which_by_ground(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        _status, body = call("activate_generation", str(number), "--commit")
        lines = {
            (line.old.code[-4:], line.new.code[-4:]): line.share
            for line in CellLineage.objects.select_related("old", "new")
        }
        assert lines == {
            ("1001", "1001"): pytest.approx(1, abs=0.02), ("1002", "1002"): pytest.approx(1, abs=0.02),
            ("2001", "1002"): pytest.approx(0.5, abs=0.02), ("2001", "2001"): pytest.approx(0.5, abs=0.02),
            ("2002", "2002"): pytest.approx(1, abs=0.02),
        }  # fmt: skip
        assert body["counts"]["cell_lineage"] == 5
        whole = sum(Cell.objects.filter(generation=number).values_list("area_m2", flat=True))
        assert CellLineage.objects.aggregate(m2=Sum("overlap_m2"))["m2"] == pytest.approx(whole, rel=1e-3)
        moved = AreaLineage.objects.get(old__code="110101001002", new__code="110101001001")
        assert moved.share == pytest.approx(0.25, abs=0.01)
        assert not AreaLineage.objects.exclude(old__level="district").filter(new__level="district").exists()

    def test_grids_and_components_follow(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        _status, body = call("activate_generation", str(number), "--commit")
        grid = city.grids[0]
        assert set(grid.cells.values_list("generation", flat=True)) == {number}
        assert grid.cells.count() == body["counts"]["grids_carried"] == 4
        assert body["counts"]["cells_without_grid"] == 0
        # at 0.3 of the old third cell, now in the widened second one; and at 0.7
        assert Component.objects.get(pk=city.manholes[2].pk).cell_code == "110101001001002"
        assert Component.objects.get(pk=city.bins[2].pk).cell_code == "110101001002001"
        assert body["counts"]["components_moved"] > 0
        assert body["counts"]["components_outside"] == 0

    def test_without_commit_it_is_a_rehearsal(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        versions = dict(LayerVersion.objects.values_list("layer", "version"))
        status, dry = call("activate_generation", str(number))
        assert (status, dry["committed"], dry["counts"]["cell_lineage"]) == (0, False, 5)
        assert Generation.objects.get(pk=number).state == "draft"
        assert not CellLineage.objects.exists()
        assert dict(LayerVersion.objects.values_list("layer", "version")) == versions
        call("activate_generation", str(number), "--commit")
        now = dict(LayerVersion.objects.values_list("layer", "version"))
        assert all(now[layer] > versions[layer] for layer in ("areas", "cells", "grids", "components"))

    def test_the_old_one_can_be_put_back(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        old = Generation.objects.get(district_code="110101", state="active")
        call("activate_generation", str(number), "--commit")
        status, body = call("activate_generation", str(old.pk), "--commit")
        assert (status, body["replaces"]) == (0, number)
        found = locate(*city.inside(2, east=0.25))
        assert found is not None
        assert found.cell_code == "110101001002001"
        assert city.grids[0].cells.count() == 4
        # back and forth, and back again: lineage of the same two is written once
        call("activate_generation", str(number), "--commit")
        assert CellLineage.objects.filter(new__generation=number).count() == 5


class TestRefusals:
    def test_levels_that_are_missing(self, city: SmallCity, tmp_path: Path) -> None:
        number = deliver(tmp_path, "street", {"110101001": column(0, 4)})
        status, body = call("activate_generation", "110101", "--commit")
        assert (status, body["ok"], body["faults"][0]["kind"]) == (1, False, "not_ready")
        assert "--carry" in body["faults"][0]["mend"]
        assert Generation.objects.get(pk=number).state == "draft"
        with pytest.raises(CommandError) as refused:
            call_command("activate_generation", str(number))
        assert refused.value.returncode == 1

    def test_what_is_missing_can_be_taken_over(self, city: SmallCity, tmp_path: Path) -> None:
        number = deliver(tmp_path, "street", {"110101001": column(-1, 4)})
        status, body = call("activate_generation", str(number), "--carry", "--commit")
        assert (status, body["carried"]) == (0, {"community": 2, "cell": 4})
        assert locate(*city.inside(1)) is not None
        assert CellLineage.objects.filter(share__gt=0.99).count() == 4

    def test_cells_without_their_street_cannot_be_taken_over(self, city: SmallCity, tmp_path: Path) -> None:
        number = deliver(tmp_path, "street", {"110101077": column(0, 4)})
        with pytest.raises(NotReady, match="no parent"):
            activate(Generation.objects.get(pk=number), carry=True)

    def test_a_community_without_cells(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        Cell.objects.filter(generation=number, community__code="110101001002").delete()
        status, body = call("activate_generation", str(number), "--commit")
        assert (status, "110101001002" in body["faults"][0]["detail"]) == (1, True)
        assert call("activate_generation", str(number), "--commit", "--incomplete")[0] == 0

    def test_what_does_not_exist_or_is_in_force(self, city: SmallCity) -> None:
        for bad in ("999999999", "110101", "x", "-"):
            with pytest.raises(CommandError) as refused:
                call_command("activate_generation", bad)
            assert refused.value.returncode == 2
        active = Generation.objects.get(district_code="110101")
        assert call("activate_generation", str(active.pk))[0] == 1

    def test_check_stops_at_faults(self, city: SmallCity, tmp_path: Path) -> None:
        number = resurvey(tmp_path)
        Cell.objects.filter(generation=number, code="110101001001002").update(border=ewkb(column(1, 2.6)))
        status, body = call("activate_generation", str(number), "--check", "--commit")
        assert (status, "overlap" in body["faults"][0]["detail"]) == (1, True)


def ewkb(shape: Any) -> Any:
    return shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True)


def test_generations_are_listed(city: SmallCity) -> None:
    _status, body = call("activate_generation")
    assert [(one["district"], one["state"], one["counts"]["cell"]) for one in body["generations"]] == [
        ("110101", "active", 4), ("110105", "active", 2),
    ]  # fmt: skip


def test_a_delivery_of_communities_alone_keeps_the_streets_in_force(city: SmallCity, tmp_path: Path) -> None:
    number = deliver(tmp_path, "community", {"110101001001": column(0, 3), "110101001002": column(3, 4)})
    draft = Generation.objects.get(pk=number)
    assert draft.areas.get(level="street").name == "东华门街道"
    assert draft.levels["street"]["from"] == drafts.CARRIED
    assert Area.objects.filter(code="110101001").count() == 2
