"""Names and addresses: typed in any way, found; a place told by its nearest address; files with faults."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from gis_data import spelling
from gis_data.addresses import Near, nearest, search
from gis_data.models import Address, Generation
from tests.factories.calls import Caller, refusal
from tests.factories.city import SIDE, SOUTH, WEST, SmallCity, small_city
from tests.factories.people import Town, holder, organisation, small_town

DISTRICT = "110101"
SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "issues"
ST_LOUIS = {"taken": 3341, "repeated": 406, "new": 3341, "refused": 168, "streets_named": 1331}
ROWS = [
    # kind, name, name_en, alias, street, number, code, east (cells), north
    ("street", "朝阳门内大街", "Chaoyangmennei Street", "朝内大街", "", "", "S1", 0.5, 0.5),
    ("street", "东四北大街", "Dongsi North Street", "", "", "", "S2", 1.5, 0.5),
    ("area", "东四", "Dongsi", "", "", "", "A1", 1.5, 0.9),
    ("poi", "王府井百货大楼", "Wangfujing Department Store", "", "", "", "P1", 2.5, 0.5),
    ("poi", "大栅栏商店", "Dashilan Shop", "", "", "", "P2", 2.2, 0.2),
    ("landmark", "钟楼", "Bell Tower", "", "", "", "L1", 3.5, 0.5),
    ("door", "", "", "", "东四北大街", "12", "D1", 1.2, 0.5),
    ("door", "", "", "", "东四北大街", "甲12号", "D2", 1.25, 0.5),
    ("door", "", "", "", "东四北大街", "120号", "D3", 1.8, 0.5),
    ("door", "朝阳门内大街81号", "", "", "", "", "D4", 0.2, 0.5),
    ("poi", "东四邮局", "Dongsi Post Office", "", "", "", "C1", 4.5, 0.5),  # in the other district
]


def written(path: Path, rows: list[tuple[Any, ...]] = ROWS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["kind", "name", "name_en", "alias", "street", "number", "code", "lon", "lat"])
        for *words, east, north in rows:
            writer.writerow([*words, WEST + SIDE * east, SOUTH + SIDE * north])
    return path


def load(path: Path, *options: str, status: int = 0) -> dict[str, Any]:
    out = io.StringIO()
    try:
        call_command("import_addresses", str(path), "--datum", "wgs84", "--json", *options, stdout=out)
        done = 0
    except SystemExit as ended:
        done = int(str(ended.code))
    assert done == status, out.getvalue()
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def names(q: str, **more: Any) -> list[str]:
    return [one.name for one in search(q, district_code=DISTRICT, **more)]


@pytest.fixture
def city(db: None, tmp_path: Path) -> SmallCity:
    made = small_city()
    load(written(tmp_path / "places.csv"), "--commit")
    return made


# --- spelling, without a database ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "street", "number"),
    [
        ("东四北大街12号", "东四北大街", "12"),
        ("东四北大街甲12号院3号楼", "东四北大街", "甲12"),
        ("东四十条 22", "东四十条", "22"),
        ("ｄｓｂｄｊ　１２", "dsbdj", "12"),
        ("12 Market St", "Market St", "12"),
        ("Market St #12", "Market St", "12"),
        ("1200 5th Avenue", "5th Avenue", "1200"),
        ("5th Avenue 12", "5th Avenue", "12"),
        ("925 -927 Geyer Av", "Geyer Av", "925-927"),
        ("3253 & 3259 Indiana", "Indiana", "3253-3259"),
        ("幸福大街12-14号", "幸福大街", "12-14"),
        ("幸福大街12至14号", "幸福大街", "12-14"),
        ("Broadway & Park", "", ""),
        ("八十中学", "", ""),
        ("12", "", ""),
        ("", "", ""),
    ],
)
def test_a_door_is_told_apart_from_its_street(text: str, street: str, number: str) -> None:
    assert spelling.door(text) == (street, number)


def test_names_are_read_as_the_city_reads_them() -> None:
    assert spelling.pinyin("朝阳门内大街") == "chao yang men nei da jie"
    assert spelling.pinyin("大栅栏") == "da shi lan"
    assert spelling.initials(spelling.pinyin("39中学")) == "39zx"
    assert spelling.pinyin("Market Street") == ""


# --- a name to its place ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("朝阳门", "朝阳门内大街"),
        ("朝内", "朝阳门内大街"),  # another name
        ("chaoyangmennei", "朝阳门内大街"),
        ("chao yang men", "朝阳门内大街"),
        ("cym", "朝阳门内大街"),
        ("Chaoyangmennei Street", "朝阳门内大街"),
        ("东四", "东四"),  # exactly it, before the street that begins so
        ("dsbdj", "东四北大街"),
        ("beidajie", "东四北大街"),  # from its middle
        ("百货", "王府井百货大楼"),
        ("Department", "王府井百货大楼"),
        ("bell tower", "钟楼"),
        ("中楼", "钟楼"),  # of the same sound
        ("wangfujnig baihuo", "王府井百货大楼"),  # a slip
        ("东西北大街", "东四北大街"),
        ("ＷＦＪ", "王府井百货大楼"),
    ],
)
def test_a_name_is_found_however_it_is_typed(city: SmallCity, typed: str, first: str) -> None:
    assert names(typed)[:1] == [first], names(typed)


@pytest.mark.parametrize(
    "typed", ["", " ", "%", "_", "'", "\\", "％＿", "|", "不存在的地方", "qqqqqq", "9" * 30]
)
def test_what_fits_nothing_finds_nothing(city: SmallCity, typed: str) -> None:
    assert names(typed) == []


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("东四北大街12号", ["东四北大街12号", "东四北大街120号"]),
        ("dsbdj 12", ["东四北大街12号", "东四北大街120号"]),
        ("东四北大街甲12", ["东四北大街甲12号"]),
        ("东四北大街999号", ["东四北大街"]),  # no such number: at least the street
        ("81 Chaoyangmennei Street", ["朝阳门内大街81号"]),
    ],
)
def test_a_house_number_is_found_on_its_street(city: SmallCity, typed: str, found: list[str]) -> None:
    assert names(typed)[: len(found)] == found


def test_codes_lead_to_areas_cells_and_components(city: SmallCity) -> None:
    cell, component = city.cells[1], city.manholes[1]
    (found,) = search(cell.code, district_code=DISTRICT)
    assert (found.kind, found.code, found.bounds) == ("cell", cell.code, cell.border.extent)
    (found,) = search(component.code, district_code=DISTRICT)
    assert (found.kind, found.name) == ("component", "上水井盖")
    (found,) = search("110101001", district_code=DISTRICT)
    assert (found.kind, found.name) == ("area", "东华门街道")
    assert search(city.cells[5].code, district_code=DISTRICT) == []


def test_another_district_is_not_searched(city: SmallCity) -> None:
    assert "东四邮局" not in names("东四")
    assert [one.name for one in search("东四", district_code="110105")] == ["东四邮局"]


def test_of_equals_the_nearer_comes_first_and_the_list_is_capped(city: SmallCity) -> None:
    for n in range(60):
        Address.objects.create(
            district_code=DISTRICT, key=f"kiosk {n}", kind="poi", name="报刊亭",
            spelt=spelling.spellings(["报刊亭"]), place=Point(WEST + SIDE * n / 20, SOUTH, srid=4326),
        )  # fmt: skip
    found = search("报刊亭", district_code=DISTRICT, near=(WEST + 2 * SIDE, SOUTH), at_most=999)
    assert len(found) == 50
    away = [one.distance_m or 0 for one in found]
    assert away == sorted(away)
    assert away[0] == pytest.approx(0, abs=0.01)


def test_what_is_no_longer_called_so_is_not_found(city: SmallCity) -> None:
    Address.objects.filter(code="L1").update(valid_to=timezone.localdate())
    assert "钟楼" not in names("钟楼")
    Address.objects.filter(code="L1").update(valid_to=timezone.localdate() + timedelta(days=1))
    assert names("钟楼") == ["钟楼"]


# --- a place to its address ------------------------------------------------------------------------------


def test_a_place_is_told_by_its_nearest_address(city: SmallCity) -> None:
    door = Address.objects.get(code="D1").place
    found = nearest(door.x, door.y, district_code=DISTRICT)
    assert found[0].name == "东四北大街12号"
    assert found[0].distance_m == pytest.approx(0, abs=0.001)
    assert found[0].text == "东四北大街12号"
    assert [one.distance_m for one in found] == sorted(one.distance_m for one in found)
    # 0.0003° of latitude are 33.3 m
    north = nearest(door.x, door.y + 0.0003, district_code=DISTRICT, at_most=1)[0]
    assert north.distance_m == pytest.approx(33.3, abs=0.2)
    assert north.text == "about 35 m north of 东四北大街12号"
    with translation.override("zh-hans"):
        assert north.text == "东四北大街12号北侧约35米"


@pytest.mark.parametrize(
    ("bearing", "word"),
    [
        (0, "north"),
        (22, "north"),
        (23, "north-east"),
        (90, "east"),
        (180, "south"),
        (270, "west"),
        (359, "north"),
    ],
)
def test_a_bearing_is_one_of_eight_words(bearing: float, word: str) -> None:
    assert Near(1, "door", "x", "", 0, 0, 100.0, bearing).direction == word


def test_the_nearest_is_the_nearest_in_metres(city: SmallCity) -> None:
    """A degree of longitude is shorter than one of latitude here: nearer in degrees may be farther."""
    Address.objects.filter(kind__in=("door", "poi", "landmark")).delete()
    x, y = city.inside(0)
    for name, east, north in (("east", 0.00100, 0.0), ("north", 0.0, 0.00095)):
        Address.objects.create(
            district_code=DISTRICT,
            key=name,
            kind="poi",
            name=name,
            place=Point(x + east, y + north, srid=4326),
        )
    assert [one.name for one in nearest(x, y, district_code=DISTRICT)] == ["east", "north"]


def test_where_nothing_is_near_there_is_no_address(city: SmallCity) -> None:
    assert nearest(*city.outside, district_code=DISTRICT) == []
    lon, lat = city.inside(4)
    assert [one.name for one in nearest(lon, lat, district_code="110105")] == ["东四邮局"]
    assert "东四邮局" not in {one.name for one in nearest(lon, lat, district_code=DISTRICT)}


def test_both_ways_cost_few_queries_and_use_their_indexes(city: SmallCity) -> None:
    for path, most in (("dsbdj", 1), ("dsbdj 12", 3), ("qqqq", 3), ("qqqq 12", 4)):
        with CaptureQueriesContext(connection) as queries:
            names(path)
        assert len(queries) <= most, path
    with CaptureQueriesContext(connection) as queries:
        nearest(*city.inside(0), district_code=DISTRICT)
    assert len(queries) == 1


def test_in_a_large_city_both_ways_use_their_indexes(city: SmallCity) -> None:
    many = [
        Address(
            district_code=DISTRICT, key=f"{kind} {n}", kind=kind, name=f"{n}",
            spelt=spelling.spellings([f"name {n}"]),
            place=Point(WEST + n * 1e-6, SOUTH + n % 97 * 1e-5, srid=4326),
        )
        for n in range(2_000) for kind in ("street", "door")
    ]  # fmt: skip
    Address.objects.bulk_create(many, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gis_data_address")
        for index, asks in (
            ("address_place", lambda: nearest(*city.inside(0), district_code=DISTRICT)),
            ("address_spelt", lambda: names("dsbdj")),
        ):
            with CaptureQueriesContext(connection) as queries:
                asks()
            cursor.execute("EXPLAIN " + queries[0]["sql"])
            assert index in str(cursor.fetchall())


# --- the API ---------------------------------------------------------------------------------------------


@pytest.fixture
def town(db: None, tmp_path: Path) -> Town:
    made = small_town()
    load(written(tmp_path / "places.csv"), "--commit")
    return made


def test_the_api_answers_both_ways_for_the_callers_district(town: Town) -> None:
    (item,) = Caller(town.bo).get("/addresses?q=bell%20tower").json()["items"]
    assert (item["kind"], item["kind_label"], item["name"], item["community"]) == (
        "landmark", "landmark", "钟楼", "Yinzha Community",
    )  # fmt: skip
    lon, lat = town.city.inside(1, 0.2)
    answer = Caller(town.alice).get(f"/addresses/nearest?lon={lon}&lat={lat}").json()
    assert answer["text"] == answer["items"][0]["text"] == "东四北大街12号"
    other = holder("zoe", "Zoe", town.alice.role, organisation("110105-SUP", "x", "x"), "110105")
    assert [one["name"] for one in Caller(other).get("/addresses?q=dongsi").json()["items"]] == ["东四邮局"]
    text = Caller(other).get(f"/addresses/nearest?lon={lon}&lat={lat}").json()["text"]
    assert text == "about 280 m west of Dongsi Post Office"


@pytest.mark.parametrize(
    "path",
    [
        "/addresses", "/addresses?q=" + "x" * 101, "/addresses?q=x&limit=0", "/addresses?q=x&limit=51",
        "/addresses?q=x&lon=nan&lat=1", "/addresses?q=x&lon=500&lat=1", "/addresses/nearest?lon=116",
        "/addresses/nearest?lon=39.9&lat=116.4", "/addresses/nearest?lon=116.4&lat=39.9&datum=mars",
        "/addresses?q=%00",
    ],
)  # fmt: skip
def test_the_api_refuses_what_makes_no_sense(town: Town, path: str) -> None:
    refusal(Caller(town.bo).get(path), codes={422})


# --- files -----------------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_would_be_and_writes_nothing(db: None, tmp_path: Path) -> None:
    small_city()
    told = load(written(tmp_path / "places.csv"))
    assert told["counts"] == {
        "rows": 11, "taken": 11, "repeated": 0, "new": 11, "changed": 0, "same": 0, "gone": 0, "refused": 0,
        "streets_named": 0,
    }  # fmt: skip
    assert told["kinds"] == {"street": 2, "area": 1, "poi": 3, "landmark": 1, "door": 4}
    assert told["districts"] == ["110101", "110105"]
    assert not Address.objects.exists()


def test_a_newer_file_changes_what_changed_and_ends_what_is_gone_only_if_told(
    city: SmallCity, tmp_path: Path
) -> None:
    path = tmp_path / "places.csv"
    assert load(path, "--commit")["counts"]["same"] == 11
    rows = [row for row in ROWS if row[6] != "D3"]
    rows[5] = ("landmark", "鼓楼", "Drum Tower", "", "", "", "L1", 3.5, 0.5)
    written(path, rows)
    told = load(path, "--commit")["counts"]
    assert (told["changed"], told["same"], told["gone"], told["new"]) == (1, 9, 1, 0)
    assert Address.objects.get(code="L1").former == "钟楼"
    assert names("钟楼") == names("鼓楼") == ["鼓楼"], "a former name is still found"
    assert Address.objects.get(code="D3").valid_to is None
    assert load(path, "--commit", "--retire")["counts"]["gone"] == 1
    assert Address.objects.get(code="D3").valid_to == timezone.localdate()
    assert load(path, "--commit")["counts"] == {**told, "changed": 0, "same": 10, "gone": 0}


def test_faulty_rows_are_refused_with_reasons_and_can_be_mended(db: None, tmp_path: Path) -> None:
    small_city()
    good = ROWS[6]
    faulty = [
        ("poi", "", "", "", "", "", "", 0.5, 0.5),  # no name
        ("poi", "远方", "", "", "", "", "", 900.0, 0.5),  # far away
        ("door", "没有号码", "", "", "", "", "", 0.5, 0.5),
        ("poi", "一", "", "", "", "", "D1", 0.5, 0.5),  # code twice
        ("poi", "长" * 201, "", "", "", "", "", 0.5, 0.5),
    ]
    path, refused = written(tmp_path / "places.csv", [good, *faulty]), tmp_path / "refused.csv"
    told = load(path, "--commit", "--refused", str(refused), status=1)
    assert told["counts"]["refused"] == 5
    assert [fault["row"] for fault in told["faults"]] == [2, 3, 4, 5, 6]
    assert [fault["field"] for fault in told["faults"]] == ["name", "place", "number", "code", "name"]
    assert all(fault["message"] and fault["mend"] for fault in told["faults"])
    assert Address.objects.exclude(kind="street").count() == 1
    with refused.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert "no house number" in rows[2]["reason"]
    rows[2]["number"], rows[2]["street"] = "7", "没有号码街"
    with refused.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerow(rows[2])
    assert load(refused, "--commit")["counts"]["new"] == 1


def test_a_street_known_only_by_its_doors_is_found(db: None, tmp_path: Path) -> None:
    small_city()
    doors = [("door", "", "", "", "白桥大街", str(n), f"B{n}", 0.1 * n, 0.5) for n in range(1, 8)]
    told = load(written(tmp_path / "doors.csv", doors), "--commit")
    assert told["counts"]["streets_named"] == 1
    assert names("bqdj") == ["白桥大街"]
    assert names("白桥大街 3") == ["白桥大街3号"]
    assert Address.objects.get(kind="street").place.x == pytest.approx(WEST + SIDE * 0.4)


def test_lines_and_areas_keep_their_outline(db: None, tmp_path: Path) -> None:
    small_city()
    line = {"type": "LineString", "coordinates": [[WEST, SOUTH], [WEST + 2 * SIDE, SOUTH + SIDE]]}
    path = tmp_path / "street.geojson"
    features = [{"type": "Feature", "properties": {"name": "Oak Street"}, "geometry": line}]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert load(path, "--commit")["kinds"] == {"street": 1}
    (found,) = search("oak", district_code=DISTRICT)
    assert found.bounds == pytest.approx((WEST, SOUTH, WEST + 2 * SIDE, SOUTH + SIDE))
    assert (found.lon, found.lat) == pytest.approx((WEST + SIDE, SOUTH + SIDE / 2))


@pytest.mark.parametrize(
    "options",
    [["--field", "nonsense=name"], ["--field", "name=nonsense"]],
    ids=["no such part", "no such column"],
)
def test_a_column_that_is_not_there_is_named(db: None, tmp_path: Path, options: list[str]) -> None:
    told = load(written(tmp_path / "places.csv"), *options, status=1)
    assert "nonsense" in told["faults"][0]["detail"]
    assert told["faults"][0]["mend"]


def test_a_file_without_a_datum_is_refused(db: None, tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("import_addresses", str(written(tmp_path / "places.csv")), "--json", stdout=out)
    assert json.loads(out.getvalue())["faults"][0]["kind"] == "undeclared_datum"


def test_an_encoding_that_is_none_is_refused(db: None, tmp_path: Path) -> None:
    told = load(written(tmp_path / "places.csv"), "--encoding", "martian", status=1)
    assert told["faults"][0]["field"] == "encoding"


def test_the_same_row_again_is_one_address(db: None, tmp_path: Path) -> None:
    small_city()
    door = ("door", "", "", "", "白桥大街", "3", "", 0.5, 0.5)
    far = ("door", "", "", "", "白桥大街", "3", "", 0.95, 0.5)
    told = load(written(tmp_path / "doors.csv", [door, door, far]), "--commit", status=1)["counts"]
    assert (told["taken"], told["repeated"], told["refused"]) == (1, 1, 1)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared files are not here")
def test_addresses_of_a_real_city_in_us_feet(db: None) -> None:
    """St. Louis: neighbourhoods as streets, and the addresses of 3,915 requests, dirty as they are."""
    areas = ["import_areas", str(SHARED / "stlouis_neighborhoods_wgs84.geojson"), "--level", "street"]
    areas += ["--datum", "wgs84", "--parent", "900101", "--parent-name", "St. Louis", "--fill", "--commit"]
    call_command(*areas, "--json", stdout=io.StringIO())
    made = Generation.objects.get()
    call_command("activate_generation", str(made.pk), "--incomplete", "--commit", stdout=io.StringIO())
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "import_addresses", str(SHARED / "stlouis_csb_2012.csv.gz"), "--crs", "ESRI:102696",
            "--lon-field", "SRX", "--lat-field", "SRY", "--field", "name=PROBADDRESS", "--kind", "door",
            "--commit", "--json", stdout=out,
        )  # fmt: skip
    assert ended.value.code == 1, "some rows are refused"
    told = json.loads(out.getvalue())
    assert told["counts"]["rows"] == 3915
    assert told["counts"] == {**told["counts"], **ST_LOUIS}
    assert told["districts"] == ["900101"]
    (found,) = search("2232 s grand", district_code="900101", at_most=1)
    assert found.name == "2232 S GRAND BLVD"
    assert found.street == "Compton Heights", "neighbourhood 26, as the file itself says"
    near = nearest(found.lon, found.lat, district_code="900101", at_most=1)
    assert near[0].text == "2232 S GRAND BLVD"
