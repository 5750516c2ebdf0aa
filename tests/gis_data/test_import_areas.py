"""import_areas: any city's borders from its own files, with every fault named; nothing is half written."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command

from gis_data.crs import STORE, metric_at
from gis_data.models import Area, Cell, Generation
from gis_data.project import project
from tests.factories.city import small_city
from tests.gis_data import surveys

SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).parents[3] / "shared")) / "data"
STREETS = SHARED / "boundaries" / "dongcheng_subdistricts_wgs84.geojson"
NEIGHBOURHOODS = SHARED / "issues" / "stlouis_neighborhoods_wgs84.geojson"
real = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared files are not here")

SIDE = 0.01


def field(column: float, row: float = 0.0, wide: float = 1.0, high: float = 1.0) -> Any:
    """A field of a chessboard near Beijing, about 850 by 1,100 m."""
    west, south = 116.40 + column * SIDE, 39.90 + row * SIDE
    return shapely.box(west, south, west + wide * SIDE, south + high * SIDE)


def square_metres(shape: Any) -> float:
    return float(project(shape, STORE, metric_at(116.4, 39.9)).area)


def street(number: int, shape: Any, **more: Any) -> tuple[dict[str, Any], Any]:
    return {"code": f"110109{number:03d}", "name": f"街道{number}", **more}, shape


def run(path: Path, *arguments: str, level: str = "street") -> tuple[int, dict[str, Any]]:
    """Exit status and the JSON object of the command."""
    out = io.StringIO()
    call = ["import_areas", str(path), "--level", level, "--json", *arguments]
    try:
        call_command(*call, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def kinds(body: dict[str, Any]) -> list[str]:
    return sorted(fault["kind"] for fault in body["faults"])


@pytest.fixture
def four(tmp_path: Path) -> Path:
    """Four streets in a square, without a fault."""
    rows = [street(1 + column + 2 * row, field(column, row)) for row in (0, 1) for column in (0, 1)]
    return surveys.geojson(tmp_path / "four.geojson", rows)


@pytest.mark.django_db
class TestLoading:
    def test_a_dry_run_writes_nothing_and_counts_the_same(self, four: Path) -> None:
        status, dry = run(four, "--datum", "wgs84")
        assert (status, dry["ok"], dry["committed"], dry["faults"]) == (0, True, False, [])
        assert not Generation.objects.exists()
        status, wet = run(four, "--datum", "wgs84", "--commit")
        assert (status, wet["committed"]) == (0, True)
        assert {**wet["counts"], "loaded": 0} == dry["counts"]
        assert wet["counts"]["loaded"] == wet["counts"]["features"] == 4

    def test_streets_make_a_draft_and_their_district_as_their_union(self, four: Path) -> None:
        _status, body = run(four, "--datum", "wgs84", "--commit")
        (generation,) = Generation.objects.all()
        assert generation.state == Generation.State.DRAFT
        district = generation.areas.get(level="district")
        whole = field(0, 0, 2, 2)
        assert (district.code, district.children.count()) == ("110109", 4)
        assert district.area_m2 == pytest.approx(square_metres(whole), rel=1e-6)
        assert shapely.symmetric_difference(shapely.from_wkb(bytes(district.border.wkb)), whole).area < 1e-12
        assert body["figures"]["area_m2"] == pytest.approx(square_metres(whole), abs=0.1)
        assert generation.levels["district"]["from"] == "union"
        assert generation.levels["street"]["file"] == "four.geojson"
        assert any("union" in note for note in body["drafts"][0]["notes"])

    def test_a_level_again_replaces_it_and_keeps_what_lies_below(self, four: Path, tmp_path: Path) -> None:
        run(four, "--datum", "wgs84", "--commit", "--fill")
        (generation,) = Generation.objects.all()
        kept = generation.areas.get(code="110109001001").pk
        rows = [street(1, field(0, 0, 1, 2)), street(9, field(1, 0, 1, 2))]
        _status, body = run(
            surveys.geojson(tmp_path / "two.geojson", rows), "--datum", "wgs84", "--commit", "--fill"
        )
        assert body["drafts"][0]["generation"] == generation.pk
        assert [body["drafts"][0][key] for key in ("created", "changed", "removed")] == [1, 1, 3]
        assert sorted(generation.areas.filter(level="street").values_list("code", flat=True)) == [
            "110109001",
            "110109009",
        ]
        community = generation.areas.get(code="110109001001")
        assert (community.pk, community.synthetic) == (kept, True)
        assert community.area_m2 == pytest.approx(square_metres(field(0, 0, 1, 2)))
        assert generation.areas.filter(level="community").count() == 2

    def test_levels_may_come_in_any_order(self, four: Path, tmp_path: Path) -> None:
        communities = [
            (
                {"code": f"11010900{n}00{m}", "name": f"社区{n}{m}"},
                field((n - 1) % 2 + (m - 1) / 2, (n - 1) // 2, 0.5),
            )
            for n in (1, 2, 3, 4)
            for m in (1, 2)
        ]
        path = surveys.geojson(tmp_path / "communities.geojson", communities)
        status, _body = run(path, "--datum", "wgs84", "--commit", level="community")
        assert status == 0
        (generation,) = Generation.objects.all()
        assert {name for (name,) in generation.areas.filter(level="street").values_list("name")} == {
            f"11010900{n}" for n in (1, 2, 3, 4)
        }
        run(four, "--datum", "wgs84", "--commit")
        assert generation.areas.get(code="110109002").name == "街道2"
        assert generation.areas.filter(level="community").count() == 8
        district = surveys.geojson(
            tmp_path / "d.geojson", [({"code": "110109", "name": "东城"}, field(0, 0, 2, 2))]
        )
        status, body = run(district, "--datum", "wgs84", "--commit", level="district")
        assert (status, body["faults"]) == (0, [])
        generation.refresh_from_db()
        assert [generation.levels[one]["from"] for one in ("district", "street", "community")] == ["file"] * 3

    def test_a_file_of_several_districts_makes_a_draft_for_each(self, tmp_path: Path) -> None:
        rows = [street(1, field(0)), ({"code": "110105001", "name": "x"}, field(1)), street(2, field(0, 1))]
        path = surveys.geojson(tmp_path / "a.geojson", rows)
        _status, body = run(path, "--datum", "wgs84", "--commit")
        assert [(one["code"], one["counts"]["areas"]) for one in body["districts"]] == [
            ("110105", 1),
            ("110109", 2),
        ]
        assert Generation.objects.count() == 2
        _status, body = run(path, "--datum", "wgs84", "--district", "110105")
        assert [one["code"] for one in body["districts"]] == ["110105"]

    @pytest.mark.filterwarnings("ignore:Could not decode error message")
    def test_cells_by_surveyors(self, four: Path, tmp_path: Path) -> None:
        run(four, "--datum", "wgs84", "--commit", "--fill")
        rows = [
            (
                {"标识码": f"11010900{n}00100{m}", "责任主体": f"物业{n}"},
                field((n - 1) % 2 + (m - 1) / 2, (n - 1) // 2, 0.5),
            )
            for n in (1, 2, 3, 4)
            for m in (1, 2)
        ]
        rows = [(words, surveys.moved(shape, "EPSG:4527")) for words, shape in rows]
        status, body = run(
            surveys.shapefile(tmp_path / "cells.shp", rows, "EPSG:4527"), "--commit", level="cell"
        )
        # 370,000 m² each: against the size of a cell, and said so
        assert (status, kinds(body)) == (0, ["large"] * 8)
        assert body["districts"][0]["figures"]["in_range_share"] == 0
        assert Cell.objects.get(code="110109001001001").responsible_subject == "物业1"
        assert Cell.objects.filter(active=False, community__code="110109003001").count() == 2
        assert Cell.objects.get(code="110109001001001").area_m2 == pytest.approx(
            square_metres(field(0, 0, 0.5)), rel=1e-6
        )

    def test_cells_of_an_unknown_community_are_refused(self, four: Path, tmp_path: Path) -> None:
        run(four, "--datum", "wgs84", "--commit", "--fill")
        rows = [({"code": "110109001001001"}, field(0)), ({"code": "110109001077001"}, field(1))]
        status, body = run(
            surveys.geojson(tmp_path / "c.geojson", rows), "--datum", "wgs84", "--commit", level="cell"
        )
        assert status == 1
        assert ("no_parent", "110109001077001") in [(one["kind"], one["code"]) for one in body["faults"]]
        assert not Cell.objects.exists()


@pytest.mark.django_db
class TestFaults:
    """Each planted fault is found with its code and its ground."""

    def found(
        self, tmp_path: Path, rows: surveys.Rows, *arguments: str, **more: str
    ) -> dict[tuple[str, str], Any]:
        _status, body = run(
            surveys.geojson(tmp_path / "f.geojson", rows), "--datum", "wgs84", *arguments, **more
        )
        return {(one["kind"], one["code"]): one["area_m2"] for one in body["faults"]}

    def test_overlap(self, tmp_path: Path) -> None:
        faults = self.found(tmp_path, [street(1, field(0, 0, 1.1)), street(2, field(1))])
        assert list(faults) == [("overlap", "110109001 110109002")]
        assert faults["overlap", "110109001 110109002"] == pytest.approx(
            square_metres(field(1, 0, 0.1)), rel=1e-3
        )

    def test_gap(self, tmp_path: Path) -> None:
        ring = shapely.difference(field(0, 0, 3, 3), field(1, 1))
        faults = self.found(tmp_path, [street(1, ring), street(2, field(1, 1, 0.5))])
        assert faults == {
            ("gap", "110109001 110109002"): pytest.approx(square_metres(field(1.5, 1, 0.5)), rel=1e-3)
        }

    def test_outside_the_district_and_ground_left(self, tmp_path: Path) -> None:
        district = [({"code": "110109", "name": "区"}, field(0, 0, 2))]
        run(
            surveys.geojson(tmp_path / "d.geojson", district),
            "--datum",
            "wgs84",
            "--commit",
            level="district",
        )
        faults = self.found(tmp_path, [street(1, field(0)), street(2, field(1.5))])
        assert faults == {
            ("outside", "110109002"): pytest.approx(square_metres(field(2, 0, 0.5)), rel=1e-3),
            ("gap", "110109001 110109002"): pytest.approx(square_metres(field(1, 0, 0.5)), rel=1e-3),
        }

    def test_a_bow_tie_is_repaired_and_told(self, tmp_path: Path) -> None:
        tie = shapely.Polygon([(116.40, 39.90), (116.41, 39.91), (116.41, 39.90), (116.40, 39.91)])
        status, body = run(
            surveys.geojson(tmp_path / "f.geojson", [street(1, tie)]), "--datum", "wgs84", "--commit"
        )
        (fault,) = body["faults"]
        assert (status, fault["kind"], fault["code"]) == (0, "repaired", "110109001")
        assert (body["counts"]["repaired"], body["counts"]["multipart"]) == (1, 1)
        area = Area.objects.get(code="110109001")
        assert area.border.valid
        assert area.area_m2 == pytest.approx(square_metres(field(0)) / 2, rel=1e-3)

    def test_slivers_are_counted_not_listed(self, tmp_path: Path) -> None:
        thread = 0.5 / 1_100 / 85_000  # half a square metre along a field's side
        rows = [street(1, field(0)), street(2, shapely.box(116.41 - thread, 39.90, 116.42, 39.91))]
        _status, body = run(surveys.geojson(tmp_path / "f.geojson", rows), "--datum", "wgs84")
        assert (body["faults"], body["counts"]["slivers"]) == ([], 1)
        assert 0.1 < body["figures"]["sliver_m2"] < 1

    def test_mending_closes_gaps_and_overlaps(self, tmp_path: Path) -> None:
        ring = shapely.difference(field(0, 0, 3, 3), field(1, 1))
        rows = [
            street(1, ring),
            street(2, field(1.0001, 1.0001, 0.9998, 0.9998)),
            street(3, field(2.9, 0, 1)),
        ]
        path = surveys.geojson(tmp_path / "f.geojson", rows)
        _status, before = run(path, "--datum", "wgs84")
        assert kinds(before) == ["gap", "overlap"]
        _status, body = run(path, "--datum", "wgs84", "--mend", "0.5", "--commit")
        assert kinds(body) == []
        whole = square_metres(shapely.union(field(0, 0, 3, 3), field(2.9, 0, 1)))
        assert body["figures"]["area_m2"] == pytest.approx(whole, rel=1e-5)
        assert any("changed hands" in note for note in body["notes"])

    def test_refused_rows_refuse_the_file(self, tmp_path: Path) -> None:
        rows = [
            street(1, field(0)), street(1, field(1)), street(0, field(2)), street(3, None),
            street(4, shapely.Point(116.4, 39.9)), ({"code": "1101A9005", "name": "x"}, field(3)),
            ({"code": "", "name": "无码"}, field(4)), ({"code": "770109005", "name": "x"}, field(5)),
        ]  # fmt: skip
        path = surveys.geojson(tmp_path / "f.geojson", rows)
        status, body = run(path, "--datum", "wgs84", "--commit", "--code-field", "code")
        assert (status, body["ok"], body["committed"]) == (1, False, False)
        assert kinds(body) == [
            "bad_code",
            "bad_code",
            "bad_code",
            "double_code",
            "no_code",
            "no_polygon",
            "no_polygon",
        ]
        assert all(one["refused"] for one in body["faults"])
        assert not Generation.objects.exists()

    def test_rows_of_one_code_may_be_parts(self, tmp_path: Path) -> None:
        rows = [street(1, field(0)), street(1, field(2)), street(2, field(1))]
        path = surveys.geojson(tmp_path / "f.geojson", rows)
        assert run(path, "--datum", "wgs84")[0] == 1
        status, body = run(path, "--datum", "wgs84", "--merge", "--commit")
        assert (status, body["counts"]["multipart"]) == (0, 1)
        assert len(Area.objects.get(code="110109001").border) == 2

    def test_only_the_areas_of_a_collection_count(self, tmp_path: Path) -> None:
        mixed = shapely.GeometryCollection([field(0), shapely.Point(116.4, 39.9)])
        faults = self.found(tmp_path, [street(1, mixed)])
        assert list(faults) == [("lost_parts", "110109001")]


@pytest.mark.django_db
class TestCodesAndNames:
    def test_codes_of_the_bureau_of_statistics(self, tmp_path: Path) -> None:
        rows = [({"code": "110109001000", "name": "街道"}, field(0))]
        run(surveys.geojson(tmp_path / "a.geojson", rows), "--datum", "wgs84", "--commit")
        assert Area.objects.filter(code="110109001", level="street").exists()

    def test_numbers_of_a_citys_own_need_a_parent(self, tmp_path: Path) -> None:
        rows = [
            ({"NHD_NUM": 7, "NHD_NAME": "Hill"}, field(0)),
            ({"NHD_NUM": 88, "NHD_NAME": "Dale"}, field(1)),
        ]
        path = surveys.geojson(tmp_path / "a.geojson", rows)
        status, body = run(path, "--datum", "wgs84")
        assert (status, body["faults"][0]["field"]) == (1, "code_field")
        assert "--parent" in body["faults"][0]["mend"]
        status, body = run(path, "--datum", "wgs84", "--parent", "900101", "--commit")
        assert status == 0
        found = Area.objects.filter(level="street").values_list("code", "name")
        assert set(found) == {("900101007", "Hill"), ("900101088", "Dale")}
        assert any("NHD_NUM" in note for note in body["notes"])

    def test_names_without_codes_are_matched_by_a_csv(self, tmp_path: Path) -> None:
        rows = [({"MC": "东华门街道"}, field(0)), ({"MC": "景山街道"}, field(1))]
        path = surveys.shapefile(tmp_path / "a.shp", rows, "EPSG:4326", "gbk", cpg=False)
        names = tmp_path / "names.csv"
        names.write_text(
            "代码,名称,级别\n110101001,东华门街道,street\n110101002,景山街道,street\n110101,东城区,district\n",
            "gbk",
        )
        status, body = run(
            path, "--encoding", "gbk", "--names", str(names), "--names-encoding", "gbk", "--commit"
        )
        assert (status, body["faults"]) == (0, [])
        assert set(Area.objects.values_list("code", "name")) == {
            ("110101", "东城区"), ("110101001", "东华门街道"), ("110101002", "景山街道"),
        }  # fmt: skip
        names.write_text("代码,名称\n110101001,东华门街道\n", "gbk")
        status, body = run(path, "--encoding", "gbk", "--names", str(names), "--names-encoding", "gbk")
        assert (status, kinds(body)) == (1, ["no_code"])
        assert "景山街道" in body["faults"][0]["code"]

    def test_a_csv_with_a_key_of_the_file(self, tmp_path: Path) -> None:
        rows = [({"FID_": 12, "x": "?"}, field(0)), ({"FID_": 13, "x": "?"}, field(1))]
        names = tmp_path / "names.csv"
        names.write_text("FID_,code,name,name_en\n12,110109001,甲,First\n13,110109002,乙,Second\n", "utf-8")
        path = surveys.geojson(tmp_path / "a.geojson", rows)
        status, _body = run(path, "--datum", "wgs84", "--names", str(names), "--commit")
        assert status == 0
        assert Area.objects.get(code="110109002").name_en == "Second"

    def test_rows_are_numbered_in_the_area_they_lie_in(self, four: Path, tmp_path: Path) -> None:
        run(four, "--datum", "wgs84", "--commit")
        rows = [
            ({"name": f"社{n}"}, field(column, row, 0.5))
            for n, (column, row) in enumerate([(0, 0), (1, 1), (0.5, 0)])
        ]
        path = surveys.geojson(tmp_path / "c.geojson", rows)
        status, _body = run(
            path, "--datum", "wgs84", "--number", "--parent", "110109", "--commit", level="community"
        )
        assert status == 0
        found = Area.objects.filter(level="community").values_list("code", "name")
        assert set(found) == {("110109001001", "社0"), ("110109001002", "社2"), ("110109004001", "社1")}

    def test_fields_are_not_guessed_where_two_could_be_meant(self, tmp_path: Path) -> None:
        rows = [({"a_code": "110109001", "b_code": "110109001", "a_name": "x", "b_name": "y"}, field(0))]
        path = surveys.geojson(tmp_path / "a.geojson", rows)
        assert run(path, "--datum", "wgs84")[1]["faults"][0]["field"] == "code_field"
        assert (
            run(path, "--datum", "wgs84", "--code-field", "a_code")[1]["faults"][0]["field"] == "name_field"
        )
        assert run(path, "--datum", "wgs84", "--code-field", "a_code", "--name-field", "b_name")[0] == 0
        assert run(path, "--datum", "wgs84", "--code-field", "nope")[0] == 1


@pytest.mark.django_db
class TestRefusals:
    def test_the_hint_says_where_the_places_would_fall(self, tmp_path: Path) -> None:
        city = small_city()
        rows = [
            (words, surveys.shifted(shapely.from_wkb(bytes(city.cells[0].border.wkb)), "gcj02"))
            for words in [{"code": "110101001"}]
        ]
        path = surveys.geojson(tmp_path / "a.geojson", rows)
        status, body = run(path)
        assert (status, body["ok"], body["faults"][0]["kind"]) == (1, False, "undeclared_datum")
        hints = {one["option"]: one for one in body["choices"]}
        assert set(hints) == {"--datum wgs84", "--datum gcj02", "--datum bd09"}
        assert (hints["--datum gcj02"]["inside"], hints["--datum gcj02"]["area"]) == (
            1,
            "东华门街道 110101001",
        )
        assert 400 < abs(hints["--datum gcj02"]["east_m"]) < 700
        with pytest.raises(CommandError, match="none is guessed") as refused:
            call_command("import_areas", str(path), "--level", "street")
        assert refused.value.returncode == 1
        assert "--datum bd09" in str(refused.value)

    def test_metres_without_a_system_are_tried_in_all_of_china(self, tmp_path: Path) -> None:
        city = small_city()
        shape = surveys.moved(shapely.from_wkb(bytes(city.cells[0].border.wkb)), "EPSG:4527")
        _status, body = run(surveys.csv_wkt(tmp_path / "a.csv", [({"code": "110101001"}, shape)]))
        options = [one["option"] for one in body["choices"]]
        assert options[0] == "--crs EPSG:4527"
        assert "--crs EPSG:2415" in options

    @pytest.mark.parametrize(
        "arguments",
        [["--parent", "12"], ["--district", "abc"], ["--mend", "-1"], ["--crs", "EPSG:1", "--datum", "wgs84"],
         ["--level", "community", "--fill"], ["--incomplete"]],
    )  # fmt: skip
    def test_wrong_use(self, four: Path, arguments: list[str]) -> None:
        with pytest.raises(CommandError) as refused:
            call_command("import_areas", str(four), "--level", "street", *arguments)
        assert refused.value.returncode == 2


@pytest.mark.django_db
def test_the_report_is_one_safe_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    rows = [street(1, field(0, 0, 1.1)), ({"code": "110109002", "name": evil}, field(1))]
    target = tmp_path / "r" / "faults.html"
    run(
        surveys.geojson(tmp_path / "a.geojson", rows),
        "--datum",
        "wgs84",
        "--report",
        str(target),
        "--title",
        evil,
    )
    page = target.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    # on the map, and around the one fault from near
    assert page.count('class="area"') == 4
    assert 'class="fault overlap"' in page
    assert "110109001 110109002" in page


@real
@pytest.mark.django_db
class TestRealCities:
    def test_dongcheng_and_st_louis_side_by_side(self) -> None:
        status, dongcheng = run(STREETS, "--datum", "wgs84", "--fill", "--commit")
        assert (status, dongcheng["counts"]["features"], dongcheng["counts"]["loaded"]) == (0, 17, 17)
        assert dongcheng["figures"]["area_m2"] / 1e6 == pytest.approx(41.855, abs=0.001)
        # the one real fault of that file, where three streets meet
        (gap,) = dongcheng["faults"]
        assert (gap["kind"], gap["code"], gap["area_m2"]) == ("gap", "110101012 110101015 110101016", 7.08)
        assert dongcheng["counts"]["slivers"] == 66
        status, louis = run(
            NEIGHBOURHOODS,
            "--datum",
            "wgs84",
            "--parent",
            "900101",
            "--parent-name",
            "St. Louis",
            "--fill",
            "--commit",
        )
        assert (status, louis["counts"]["features"], louis["counts"]["multipart"]) == (0, 88, 1)
        assert louis["districts"][0]["measured_in"] == 32615
        for generation in Generation.objects.all():
            call_command(
                "activate_generation", str(generation.pk), "--incomplete", "--commit", stdout=io.StringIO()
            )
        assert Generation.objects.filter(state="active").count() == 2
        assert Area.objects.get(code="110101").name == "东城区"
        assert Area.objects.get(code="900101043").name == "Franz Park"
        assert Area.objects.get(code="900101").name == "St. Louis"


# --- slips that are still one clear sentence -----------------------------------------------------------


@pytest.mark.django_db
class TestSlips:
    def test_an_area_as_wide_as_the_world_is_refused(self, tmp_path: Path) -> None:
        rows = [street(1, field(0)), street(2, shapely.box(-180, -90, 180, 90))]
        status, told = run(surveys.geojson(tmp_path / "a.geojson", rows), "--datum", "wgs84", "--commit")
        (fault,) = [one for one in told["faults"] if one["refused"]]
        assert (status, fault["kind"], told["committed"]) == (1, "too_wide", False)
        assert "110109002" in fault["code"]

    def test_an_area_far_from_all_others_is_listed(self, tmp_path: Path) -> None:
        rows = [*(street(number, field(number)) for number in (1, 2, 3)), street(4, field(40))]
        status, told = run(surveys.geojson(tmp_path / "a.geojson", rows), "--datum", "wgs84")
        assert (status, told["counts"]["apart"]) == (0, 1)
        assert [one["code"] for one in told["faults"] if one["kind"] == "apart"] == ["110109004"]

    def test_a_file_without_rows_says_so(self, tmp_path: Path) -> None:
        status, told = run(surveys.geojson(tmp_path / "a.geojson", []), "--datum", "wgs84")
        assert (status, told["faults"][0]["field"]) == (1, "file")
        assert "holds no rows" in told["faults"][0]["detail"]

    def test_a_table_in_utf_16_is_read_by_its_mark(self, tmp_path: Path) -> None:
        path = surveys.csv_wkt(tmp_path / "a.csv", [street(1, field(0)), street(2, field(1))], "utf-16")
        status, told = run(path, "--datum", "wgs84")
        assert (status, told["counts"]["areas"]) == (0, 2)

    def test_initials_of_pinyin_name_the_fields(self, tmp_path: Path) -> None:
        rows = [({"XZDM": f"11010900{n}", "XZMC": f"街道{n}"}, field(n)) for n in (1, 2)]
        status, told = run(surveys.geojson(tmp_path / "a.geojson", rows), "--datum", "wgs84")
        assert (status, told["faults"]) == (0, [])
