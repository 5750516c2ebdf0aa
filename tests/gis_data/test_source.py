"""Any survey file becomes rows with places in STORE, or is refused in words that say what to do."""

import gzip
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapely

from gis_data.errors import PlaceError
from gis_data.importers.source import Feature, UndeclaredDatum, open_source
from tests.gis_data import surveys

SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).parents[3] / "shared")) / "data"

# two fields beside each other east of the Forbidden City, about 85 m wide
WEST = shapely.box(116.410, 39.920, 116.411, 39.921)
EAST = shapely.box(116.411, 39.920, 116.412, 39.921)
ROWS = [
    ({"代码": "110101001", "名称": "东华门街道"}, WEST),
    ({"代码": "110101002", "名称": "景山街道"}, EAST),
]
METRE = 1.2e-5


def read(path: Path, **declared: Any) -> list[Feature]:
    with open_source(path, **declared) as source:
        return list(source)


def is_the_town(features: list[Feature], near: float = 2e-8, numbers: tuple[int, int] = (1, 2)) -> bool:
    """Both fields, with their words, within `near` degrees of where they are."""
    return [(one.number, one.fields["代码"], one.fields["名称"]) for one in features] == [
        (numbers[0], "110101001", "东华门街道"),
        (numbers[1], "110101002", "景山街道"),
    ] and all(
        one.shape is not None and shapely.hausdorff_distance(one.shape, shape) < near
        for one, (_words, shape) in zip(features, ROWS, strict=True)
    )


def refused(path: Path, **declared: Any) -> PlaceError:
    with pytest.raises(PlaceError) as caught:
        read(path, **declared)
    assert str(caught.value.message)
    return caught.value


@pytest.mark.parametrize(
    "crs", ["EPSG:2436", "EPSG:2415", "EPSG:2384", "EPSG:4548", "EPSG:4527", "EPSG:32650", "EPSG:4490"]
)
@pytest.mark.parametrize("driver", ["ESRI Shapefile", "GPKG", "FlatGeobuf"])
def test_surveys_of_all_systems_come_to_the_same_place(tmp_path: Path, crs: str, driver: str) -> None:
    suffix = {"ESRI Shapefile": ".shp", "GPKG": ".gpkg", "FlatGeobuf": ".fgb"}[driver]
    rows = [(words, surveys.moved(shape, crs)) for words, shape in ROWS]
    path = surveys.ogr(tmp_path / f"town{suffix}", rows, driver, crs)
    found = read(path)
    # a FlatGeobuf orders its rows by place
    assert is_the_town(found) or (driver == "FlatGeobuf" and is_the_town(found[::-1], numbers=(2, 1)))


def test_shared_borders_stay_shared(tmp_path: Path) -> None:
    rows = [(words, surveys.moved(shape, "EPSG:2436")) for words, shape in ROWS]
    west, east = read(surveys.shapefile(tmp_path / "town.shp", rows, "EPSG:2436"))
    assert west.shape is not None
    assert shapely.relate_pattern(west.shape, east.shape, "F***1****")


class TestWords:
    def test_gbk_without_cpg_must_be_declared(self, tmp_path: Path) -> None:
        path = surveys.shapefile(tmp_path / "town.shp", ROWS, "EPSG:4326", "gbk", cpg=False)
        fault = refused(path)
        assert fault.field == "encoding"
        assert "--encoding gbk" in str(fault.mend)
        assert is_the_town(read(path, encoding="GBK"))

    def test_a_cpg_is_believed_and_a_declaration_over_it(self, tmp_path: Path) -> None:
        path = surveys.shapefile(tmp_path / "town.shp", ROWS, "EPSG:4326", "gbk")
        path.with_suffix(".cpg").write_text("GBK")
        assert is_the_town(read(path))
        path.with_suffix(".cpg").write_text("UTF-8")
        assert refused(path).field == "encoding"
        assert is_the_town(read(path, encoding="gb18030"))

    @pytest.mark.filterwarnings("ignore:Could not decode error message")
    def test_names_cut_off_inside_a_character_stay_readable(self, tmp_path: Path) -> None:
        path = surveys.shapefile(tmp_path / "town.shp", [({"责任主体名称": "甲"}, WEST)], "EPSG:4326")
        assert read(path)[0].fields == {"责任主": "甲"}

    def test_csv_in_gbk(self, tmp_path: Path) -> None:
        path = surveys.csv_wkt(tmp_path / "town.csv", ROWS, "gbk")
        assert refused(path, datum="wgs84").field == "encoding"
        assert is_the_town(read(path, datum="wgs84", encoding="gbk"))

    def test_an_encoding_nobody_knows(self, tmp_path: Path) -> None:
        path = surveys.csv_wkt(tmp_path / "town.csv", ROWS)
        assert refused(path, datum="wgs84", encoding="klingon").value == "klingon"

    def test_numbers_stay_as_their_owner_wrote_them(self, tmp_path: Path) -> None:
        path = surveys.geojson(
            tmp_path / "a.geojson", [({"a": "007", "b": 43, "c": 43.0, "d": 1.5, "e": None}, WEST)]
        )
        assert read(path, datum="wgs84")[0].fields == {"a": "007", "b": "43", "c": "43", "d": "1.5", "e": ""}


class TestDatum:
    def test_plain_degrees_are_refused_with_the_choices(self, tmp_path: Path) -> None:
        plain = surveys.geojson(tmp_path / "a.geojson", ROWS)
        crs84 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        habit = surveys.geojson(tmp_path / "b.geojson", ROWS, crs=crs84)
        table = surveys.csv_wkt(tmp_path / "c.csv", ROWS)
        picture = surveys.ogr(tmp_path / "d.kml", ROWS, "KML", "EPSG:4326")
        for path in (plain, habit, table, picture):
            fault = refused(path)
            assert isinstance(fault, UndeclaredDatum), path
            assert len(fault.sample) == 2
            for choice in ("wgs84", "gcj02", "bd09", "--crs"):
                assert choice in str(fault.mend)

    @pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
    def test_a_declared_datum_brings_them_home(self, tmp_path: Path, datum: str) -> None:
        rows = [(words, surveys.shifted(shape, datum)) for words, shape in ROWS]
        assert is_the_town(read(surveys.geojson(tmp_path / "a.geojson", rows), datum=datum), 1e-7)
        assert is_the_town(read(surveys.csv_wkt(tmp_path / "c.csv", rows), datum=datum), 1e-7)

    def test_a_datum_is_no_matter_of_surveyed_metres(self, tmp_path: Path) -> None:
        rows = [(words, surveys.moved(shape, "EPSG:2436")) for words, shape in ROWS]
        path = surveys.shapefile(tmp_path / "town.shp", rows, "EPSG:2436")
        assert refused(path, datum="wgs84").field == "datum"
        assert refused(path, datum="wgs84", crs="EPSG:2436").field == "crs"

    def test_geojson_of_2008_may_name_a_surveyed_system(self, tmp_path: Path) -> None:
        rows = [(words, surveys.moved(shape, "EPSG:4548")) for words, shape in ROWS]
        member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4548"}}
        first = surveys.geojson(tmp_path / "a.geojson", rows, crs=member)
        assert is_the_town(read(first))
        whole = json.loads(first.read_text())
        last = tmp_path / "b.geojson"
        last.write_text(json.dumps({"type": whole["type"], "features": whole["features"], "crs": member}))
        assert is_the_town(read(last))

    def test_beijing_1954_says_that_no_shift_is_published_and_takes_one(self, tmp_path: Path) -> None:
        rows = [(words, surveys.moved(shape, "EPSG:2436")) for words, shape in ROWS]
        path = surveys.shapefile(tmp_path / "town.shp", rows, "EPSG:2436")
        with open_source(path) as source:
            assert "EPSG:2436" in source.crs
            assert any("50 to 150 m" in note for note in source.notes)
        with open_source(path, towgs84="12.646,-155.176,-80.863") as source:
            assert any("12.646" in note for note in source.notes)
            moved = next(iter(source)).shape
        assert moved is not None
        assert 20 * METRE < shapely.centroid(moved).distance(shapely.centroid(WEST)) < 100 * METRE
        assert refused(path, towgs84="12,x").field == "towgs84"

    def test_a_published_shift_is_named_with_its_accuracy(self, tmp_path: Path) -> None:
        ordos = shapely.box(109.0, 37.0, 109.001, 37.001)
        rows = [({"code": "1"}, surveys.moved(ordos, "EPSG:2433"))]
        with open_source(surveys.shapefile(tmp_path / "o.shp", rows, "EPSG:2433")) as source:
            (note,) = source.notes
        assert "Beijing 1954 to WGS 84" in note
        assert "accuracy 1 m" in note


class TestSystems:
    """Mistakes in naming a system are noticed, not loaded."""

    def test_zone_number_in_the_eastings_only(self, tmp_path: Path) -> None:
        rows = [(words, surveys.moved(shape, "EPSG:2415")) for words, shape in ROWS]
        path = surveys.csv_wkt(tmp_path / "town.csv", rows)
        fault = refused(path, crs="EPSG:2436")
        assert "EPSG:2415" in str(fault.mend)
        assert is_the_town(read(path, crs="EPSG:2415"))

    def test_zone_number_in_the_system_only(self, tmp_path: Path) -> None:
        rows = [(words, surveys.moved(shape, "EPSG:4548")) for words, shape in ROWS]
        path = surveys.csv_wkt(tmp_path / "town.csv", rows)
        assert "EPSG:4548" in str(refused(path, crs="EPSG:4527").mend)

    @pytest.mark.parametrize("crs", ["EPSG:4548", "EPSG:2415"])
    def test_exchanged_axes(self, tmp_path: Path, crs: str) -> None:
        rows = [
            (words, shapely.transform(surveys.moved(shape, crs), lambda p: p[:, ::-1]))
            for words, shape in ROWS
        ]
        path = surveys.csv_wkt(tmp_path / "town.csv", rows)
        assert "--exchange-axes" in str(refused(path, crs=crs).mend)
        assert is_the_town(read(path, crs=crs, exchange_axes=True))

    def test_exchanged_degrees(self, tmp_path: Path) -> None:
        rows = [(words, shapely.transform(shape, lambda p: p[:, ::-1])) for words, shape in ROWS]
        path = surveys.geojson(tmp_path / "a.geojson", rows)
        assert "--exchange-axes" in str(refused(path, datum="wgs84").mend)
        assert is_the_town(read(path, datum="wgs84", exchange_axes=True))

    def test_a_number_alone_is_epsg_and_nonsense_is_refused(self, tmp_path: Path) -> None:
        rows = [(words, surveys.moved(shape, "EPSG:4548")) for words, shape in ROWS]
        path = surveys.csv_wkt(tmp_path / "town.csv", rows)
        assert is_the_town(read(path, crs="4548"))
        for bad in ("EPSG:99999", "Beijing", "/etc/passwd", "http://localhost/crs"):
            assert refused(path, crs=bad).field == "crs"

    def test_us_feet(self, tmp_path: Path) -> None:
        home = shapely.box(-90.25, 38.62, -90.249, 38.621)
        path = surveys.csv_wkt(tmp_path / "us.csv", [({"n": "1"}, surveys.moved(home, "ESRI:102696"))])
        (found,) = read(path, crs="ESRI:102696")
        assert found.shape is not None
        assert shapely.hausdorff_distance(found.shape, home) < 1e-7


class TestRows:
    """A bad row comes with its fault; the others come."""

    def test_csv_of_points(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text(
            "id,Lon,Lat\n1,116.4,39.9\n2,abc,39.9\n3,,\n4,nan,39.9\n5,116.4,399\n6,116.5,39.8\n7,1,2,3\n"
        )
        features = read(path, datum="wgs84")
        assert [one.shape is not None for one in features] == [True, False, False, False, False, True, False]
        assert [one.fault.field if one.fault else None for one in features] == [
            None,
            "Lon",
            "Lon",
            "Lon",
            "y",
            None,
            "columns",
        ]
        assert features[1].fields == {"id": "2", "Lon": "abc", "Lat": "39.9"}

    def test_hostile_geojson_geometries(self, tmp_path: Path) -> None:
        path = tmp_path / "a.geojson"
        bad: list[Any] = [
            {"type": "Point", "coordinates": [1e400, 1]},
            {"type": "Point", "coordinates": "116 39"},
            {"type": "Point", "coordinates": [float("nan"), 39]},
            {"type": "Polygon", "coordinates": [[[116, 39], [117, 39]]]},
            {"type": "Balloon"},
            "POINT (1 1)",
            {"type": "Polygon"},
            {"type": "Point", "coordinates": [10**400, 1]},
        ]
        good = {"type": "Point", "coordinates": [116.4, 39.9, 44.0]}
        shapes = [good] * 9 + bad
        body = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {}, "geometry": one} for one in shapes],
        }
        path.write_text(json.dumps(body))
        features = read(path, datum="wgs84")
        assert [one.fault is None for one in features] == [True] * 9 + [False] * len(bad)
        assert features[0].shape == shapely.Point(116.4, 39.9)

    def test_heights_collections_and_nothing(self, tmp_path: Path) -> None:
        high = shapely.Polygon([(116.41, 39.92, 5), (116.412, 39.92, 6), (116.412, 39.921, 7)])
        mixed = shapely.GeometryCollection([WEST, shapely.Point(116.41, 39.92)])
        path = surveys.geojson(tmp_path / "a.geojson", [({}, high), ({}, mixed), ({}, None)])
        flat, whole, none = read(path, datum="wgs84")
        assert flat.shape is not None
        assert whole.shape is not None
        assert not shapely.has_z(flat.shape)
        assert isinstance(whole.shape, shapely.GeometryCollection)
        assert (none.shape, none.fault) == (None, None)


class TestFiles:
    """What is no whole file of its kind is refused, by name."""

    def test_zip_and_gz(self, tmp_path: Path) -> None:
        surveys.shapefile(tmp_path / "town.shp", ROWS, "EPSG:4326")
        packed = tmp_path / "town.zip"
        with zipfile.ZipFile(packed, "w") as out:
            for part in tmp_path.glob("town.*"):
                if part != packed:
                    out.write(part, f"../../deliveries/{part.name}")
        assert is_the_town(read(packed))
        plain = surveys.geojson(tmp_path / "a.geojson", ROWS)
        squeezed = tmp_path / "a.geojson.gz"
        squeezed.write_bytes(gzip.compress(plain.read_bytes()))
        assert is_the_town(read(squeezed, datum="wgs84"))

    def test_several_layers_must_be_chosen_from(self, tmp_path: Path) -> None:
        path = surveys.ogr(tmp_path / "a.gpkg", ROWS, "GPKG", "EPSG:4326", layer="streets")
        surveys.ogr(path, ROWS[:1], "GPKG", "EPSG:4326", layer="others", append=False)
        fault = refused(path)
        assert fault.field == "layer"
        assert "streets" in str(fault.message)
        assert is_the_town(read(path, layer="streets"))
        assert refused(path, layer="lanes").value == "lanes"

    def test_the_content_counts_not_the_name(self, tmp_path: Path) -> None:
        plain = surveys.geojson(tmp_path / "a.shp", ROWS)
        assert is_the_town(read(plain, datum="wgs84"))

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.geojson", b""),
            ("a.geojson", b"<html>404</html>"),
            ("a.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea'),
            ("a.geojson", b'{"type": "FeatureCollection", "features": [}]}'),
            ("a.geojson", b'{"error": "no such layer"}'),
            ("a.geojson", b"[" * 100_000),
            ("a.geojson", b'{"a":' * 100_000),
            ("a.csv", b"\x00\x01\x02\x03"),
            ("a.csv", b"id,name\n1,x\n"),
            ("a.csv", b'id,wkt\n1,"POINT (1 1)\n'),
            ("a.gpkg", b"SQLite format 3\0" + b"\xff" * 3000),
            ("a.fgb", b"fgb\x03fgb\x00" + b"\x00" * 40),
            ("a.shp", struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 5000) + b"\0" * 72),
            ("a.zip", b"PK\x03\x04" + b"junk" * 20),
            ("a.gz", b"\x1f\x8b\x08\x00" + b"junk" * 20),
            ("a.vrt", b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource>"),
        ],
    )  # fmt: skip
    def test_broken_and_foreign_files(self, tmp_path: Path, name: str, content: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        refused(path, datum="wgs84")

    @pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
    def test_a_shapefile_cut_off(self, tmp_path: Path, suffix: str) -> None:
        path = surveys.shapefile(tmp_path / "town.shp", ROWS, "EPSG:4326")
        part = path.with_suffix(suffix)
        part.write_bytes(part.read_bytes()[:-20])
        assert "cut off" in str(refused(path).message)

    def test_other_files_cut_off(self, tmp_path: Path) -> None:
        many = [({"n": str(n)}, shapely.Point(116.4 + n / 1e5, 39.9).buffer(1e-4)) for n in range(300)]
        for driver, suffix in (("GPKG", ".gpkg"), ("FlatGeobuf", ".fgb")):
            path = surveys.ogr(tmp_path / f"a{suffix}", many, driver, "EPSG:4326")
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            refused(path)

    def test_a_bomb_is_not_unpacked(self, tmp_path: Path) -> None:
        path = tmp_path / "bomb.geojson.gz"
        path.write_bytes(gzip.compress(b" " * (80 * 1024**2)))
        assert "unpacks to more" in str(refused(path, datum="wgs84").message)

    def test_a_missing_file(self, tmp_path: Path) -> None:
        assert refused(tmp_path / "none.shp").field == "file"


def test_long_files_come_in_batches_with_their_share(tmp_path: Path) -> None:
    path = surveys.geojson(
        tmp_path / "a.geojson", [({"n": n}, shapely.Point(116.4, 39.9)) for n in range(2500)]
    )
    with open_source(path, datum="wgs84") as source:
        batches, shares = [], []
        for batch in source.batches(1000):
            batches.append(len(batch))
            shares.append(source.share)
        assert (batches, shares[-1]) == ([1000, 1000, 500], 1.0)
        assert shares == sorted(shares)
        assert [one.number for one in source][-1] == 2500
    for driver, suffix in (("GPKG", ".gpkg"), ("FlatGeobuf", ".fgb"), ("ESRI Shapefile", ".shp")):
        rows = [({"n": str(n)}, shapely.Point(116.4, 39.9)) for n in range(25)]
        with open_source(
            surveys.ogr(tmp_path / f"b{suffix}", rows, driver, "EPSG:4326", geometry_type="Point")
        ) as source:
            assert [len(batch) for batch in source.batches(10)] == [10, 10, 5]
            assert sorted(int(one.fields["n"]) for one in source) == list(range(25))
            assert source.count == 25


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared files are not here")
def test_real_files() -> None:
    assert len(read(SHARED / "boundaries" / "dongcheng_subdistricts_wgs84.geojson", datum="wgs84")) == 17
    assert len(read(SHARED / "issues" / "stlouis_neighborhoods_wgs84.geojson", datum="wgs84")) == 88
    assert len(read(SHARED / "components" / "helsinki_street_furniture.geojson.gz", datum="wgs84")) == 2701
    requests = read(
        SHARED / "issues" / "stlouis_csb_2012.csv.gz", crs="ESRI:102696", lon_field="SRX", lat_field="SRY"
    )
    assert (len(requests), sum(one.shape is not None for one in requests)) == (3915, 3842)
