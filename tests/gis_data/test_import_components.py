"""import_components: row by row, refused and mended, new, changed, gone, from every format."""

import csv
import gzip
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from casework.models import Organisation
from gis_data.importers.components import staging
from gis_data.importers.components.rows import Checker
from gis_data.models import Component, ComponentDelivery
from tests.factories.city import LIGHTING, WATER
from tests.factories.people import Town, small_town

HEAD = ["id", "class", "lon", "lat", "authority", "owner", "maintainer", "state", "initial_on", "note"]


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


def bring(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit status and the JSON of the command."""
    out = io.StringIO()
    status = 0
    try:
        call_command("import_components", *map(str, arguments), "--district=110101", "--json", stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    body: dict[str, Any] = json.loads(out.getvalue())
    return status, body


def good(town: Town, id_: str, cell: int = 0, /, **changes: Any) -> dict[str, str]:
    lon, lat = town.city.inside(cell, 0.2, 0.2)
    row = {
        "id": id_, "class": "0137", "lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "authority": LIGHTING,
        "owner": LIGHTING, "maintainer": LIGHTING, "state": "intact", "initial_on": "2012-03-31", "note": "",
    }  # fmt: skip
    return {**row, **changes}


def written(path: Path, *rows: dict[str, str], head: list[str] = HEAD) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, head)
        writer.writeheader()
        writer.writerows(rows)
    return path


def brought() -> list[tuple[str, str]]:
    return list(
        Component.objects.filter(source="survey", retired_on=None)
        .order_by("source_id")
        .values_list("source_id", "code")
    )


def test_a_dry_run_counts_what_the_commit_then_does(town: Town, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", good(town, "L1"), good(town, "L2", 3, state="破损", note="tilted"))
    before = Component.objects.count()
    status, dry = bring(file, "--datum=wgs84")
    assert (status, dry["committed"], Component.objects.count()) == (0, False, before)
    status, done = bring(file, "--datum=wgs84", "--commit")
    assert (status, done["committed"]) == (0, True)
    assert dry["counts"] == done["counts"]
    assert done["counts"] | {"rows": 2, "good": 2, "new": 2, "refused": 0} == done["counts"]
    # four lamps of the city have 1 to 4
    assert brought() == [("L1", "1101010137000005"), ("L2", "1101010137000006")]
    lamp = Component.objects.get(source_id="L2")
    assert (lamp.state, lamp.note, lamp.owner_code, lamp.cell_code) == (
        "damaged",
        "tilted",
        LIGHTING,
        town.city.cells[3].code,
    )
    assert (lamp.initial_on, lamp.changed_on, lamp.synthetic) == (date(2012, 3, 31), None, False)


def test_each_fault_is_named_and_the_mended_reasons_load(town: Town, tmp_path: Path) -> None:
    owned = dict.fromkeys(("authority", "owner", "maintainer"), LIGHTING)
    faulty = {
        "no-class": ({"class": "9999"}, "class"),
        "class-blank": ({"class": ""}, "blank"),
        "text": ({"lon": "116°24′"}, "place"),
        "blank": ({"lon": ""}, "place"),
        "zero": ({"lon": "0", "lat": "0"}, "zero"),
        "stray": ({"lon": "116.3", "lat": "39.8"}, "stray"),
        "swapped": ({"lon": "39.9205", "lat": "116.4105"}, "place"),
        "owner": ({"owner": "110101-D99"}, "organisation"),
        "owner-blank": ({"owner": ""}, "blank"),
        "owner-odd": ({"owner": "water company"}, "organisation"),
        "state": ({"state": "broken"}, "state"),
        "state-blank": ({"state": ""}, "blank"),
        "day": ({"initial_on": "2012-02-30"}, "date"),
        "day-first": ({"initial_on": "03/04/2012"}, "date"),
        "tomorrow": ({"initial_on": "2999-01-01"}, "date"),
    }
    rows = [good(town, name, 0, **changes) for name, (changes, _kind) in faulty.items()]
    rows += [good(town, "twin", 1), good(town, "twin", 2), good(town, "", 1), good(town, "sound", 3)]
    reasons = tmp_path / "reasons.csv"
    status, body = bring(
        written(tmp_path / "a.csv", *rows), "--datum=wgs84", "--commit", f"--reasons={reasons}"
    )
    assert status == 1
    assert (body["counts"]["rows"], body["counts"]["refused"], body["counts"]["new"]) == (19, 18, 1)
    assert [source_id for source_id, _code in brought()] == ["sound"]
    found = {(fault["row"], fault["kind"]) for fault in body["faults"]}
    assert found == {
        *((row, kind) for row, (_changes, kind) in enumerate(faulty.values(), start=1)),
        (16, "duplicate"), (17, "duplicate"), (18, "blank"),
    }  # fmt: skip
    assert all(fault["reason"] and fault["mend"] for fault in body["faults"])

    with reasons.open(encoding="utf-8-sig", newline="") as file:
        mended = list(csv.DictReader(file))
    assert list(mended[0]) == ["row", "field", "value", "reason", "mend", *HEAD]
    assert [row["row"] for row in mended] == [str(n) for n in range(1, 19)]
    assert mended[0] | {"field": "class", "value": "9999", "id": "no-class"} == mended[0]
    lon, lat = town.city.inside(2, 0.8, 0.8)
    for number, row in enumerate(mended):
        row.update(
            {"id": row["id"] if number not in (16, 17) else f"new-{number}", "class": "0137", "lon": str(lon),
             "lat": str(lat), **owned, "state": "damaged", "initial_on": "2012-04-03"}
        )  # fmt: skip
    with reasons.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(mended[0]))
        writer.writeheader()
        writer.writerows(mended)
    status, body = bring(reasons, "--datum=wgs84", "--commit", f"--reasons={tmp_path / 'again.csv'}")
    assert (status, body["counts"]["new"], body["counts"]["gone"]) == (0, 18, 0)
    assert len(brought()) == 19


def test_all_that_is_wrong_with_a_row_is_said_at_once(town: Town, tmp_path: Path) -> None:
    row = good(town, "x", state="broken", owner="110101-D99", initial_on="soon")
    _status, body = bring(written(tmp_path / "a.csv", row), "--datum=wgs84")
    assert sorted(fault["kind"] for fault in body["faults"]) == ["date", "organisation", "state"]
    assert body["counts"]["refused"] == 1


def test_a_stray_is_told_its_distance(town: Town, tmp_path: Path) -> None:
    _lon, lat = town.city.inside(0)
    file = written(tmp_path / "a.csv", good(town, "x", lat=f"{lat - 1:.6f}"))
    _status, body = bring(file, "--datum=wgs84")
    assert "110.9 km" in body["faults"][0]["reason"] or "111.0 km" in body["faults"][0]["reason"]


def test_a_hole_between_the_cells_is_no_stray(town: Town, tmp_path: Path) -> None:
    town.city.cells[1].delete()
    _status, body = bring(written(tmp_path / "a.csv", good(town, "x", 1)), "--datum=wgs84")
    assert [fault["kind"] for fault in body["faults"]] == ["no_cell"]


def test_a_shared_edge_belongs_to_the_smaller_code(town: Town, tmp_path: Path) -> None:
    lon, lat = town.city.inside(1, 0.0, 0.5)
    file = written(tmp_path / "a.csv", good(town, "x", lon=f"{lon:.6f}", lat=f"{lat:.6f}"))
    bring(file, "--datum=wgs84", "--commit")
    assert Component.objects.get(source_id="x").cell_code == town.city.cells[0].code


def test_blanks_that_are_an_answer_and_values_for_all(town: Town, tmp_path: Path) -> None:
    head = [name for name in HEAD if name not in ("state", "maintainer", "authority")]
    row = {name: text for name, text in good(town, "x", owner="").items() if name in head}
    file = written(tmp_path / "a.csv", row, head=head)
    assert bring(file, "--datum=wgs84")[1]["faults_by_kind"] == {"blank": 1}
    arguments = ("--datum=wgs84", "--may-be-blank=owner", f"--set=authority={WATER}", "--commit")
    assert bring(file, *arguments)[0] == 0
    one = Component.objects.get(source_id="x")
    # what no column says stays unknown: nothing is moved to a default
    assert (one.authority_code, one.owner_code, one.maintainer_code, one.state) == (WATER, "", "", "")


def test_a_mapping_says_columns_and_words(town: Town, tmp_path: Path) -> None:
    head = ["OBJECTID", "种类", "E", "N", "归属", "说明"]
    lon, lat = town.city.inside(0)
    row = {"OBJECTID": "7", "种类": "灯", "E": str(lon), "N": str(lat), "归属": "照明中心", "说明": "旧"}
    mapping = {
        "columns": {"source_id": "OBJECTID", "class": "种类", "owner": "归属", "note": "说明"},
        "values": {"class": {"灯": "路灯"}, "owner": {"照明中心": LIGHTING}},
        "constants": {"state": "完好"},
    }
    as_json, as_csv = tmp_path / "map.json", tmp_path / "map.csv"
    as_json.write_text(json.dumps(mapping, ensure_ascii=False), encoding="utf-8")
    as_csv.write_text(
        "field,column,value,to\nsource_id,OBJECTID,,\nclass,种类,,\nowner,归属,,\nnote,说明,,\n"
        f"class,,灯,路灯\nowner,,照明中心,{LIGHTING}\nstate,,,完好\n",
        encoding="utf-8",
    )
    path = tmp_path / "a.csv"
    with path.open("w", encoding="gbk", newline="") as file:
        writer = csv.DictWriter(file, head)
        writer.writeheader()
        writer.writerow(row)
    places = ("--datum=wgs84", "--encoding=gbk", "--lon-field=E", "--lat-field=N")
    for mapped in (as_json, as_csv):
        status, body = bring(path, f"--mapping={mapped}", *places, "--commit")
        assert (status, body["counts"]["refused"]) == (0, 0)
    assert body["counts"]["unchanged"] == 1
    one = Component.objects.get(source_id="7")
    assert (one.problem_class.code, one.owner_code, one.state, one.note) == ("0137", LIGHTING, "intact", "旧")


def test_a_newer_file_is_new_changed_gone_and_asks_before_it_retires(town: Town, tmp_path: Path) -> None:
    first = written(tmp_path / "1.csv", *(good(town, f"L{n}", n) for n in range(4)))
    bring(first, "--datum=wgs84", "--commit")
    codes = dict(brought())
    second = written(
        tmp_path / "2.csv",
        good(town, "L3", 3), good(town, "L1", 1, state="lost"), good(town, "L9", 2),
        good(town, "L2", state="?"),
    )  # fmt: skip
    status, body = bring(second, "--datum=wgs84", "--commit")
    assert status == 1
    told = {
        name: body["counts"][name] for name in ("new", "changed", "unchanged", "refused", "gone", "retired")
    }
    # L0 is gone; L2 is refused, which does not make it gone
    assert told == {"new": 1, "changed": 1, "unchanged": 1, "refused": 1, "gone": 1, "retired": 0}
    assert body["gone"] == [codes["L0"]]
    assert set(dict(brought())) == {"L0", "L1", "L2", "L3", "L9"}
    _status, body = bring(second, "--datum=wgs84", "--commit", "--retire")
    assert (body["counts"]["retired"], set(dict(brought()))) == (1, {"L1", "L2", "L3", "L9"})
    # it comes back under its old code; the codes of all others have stayed
    _status, body = bring(first, "--datum=wgs84", "--commit")
    assert (body["counts"]["returned"], body["counts"]["changed"]) == (1, 1)
    assert {name: code for name, code in brought() if name != "L9"} == codes


def test_another_inventory_is_left_alone(town: Town, tmp_path: Path) -> None:
    bring(written(tmp_path / "1.csv", good(town, "1")), "--datum=wgs84", "--commit", "--source=lamps")
    _status, body = bring(
        written(tmp_path / "2.csv", good(town, "1", 1)), "--datum=wgs84", "--commit", "--source=trees"
    )
    assert (body["counts"]["new"], body["counts"]["gone"]) == (1, 0)
    assert Component.objects.filter(source_id="1").count() == 2


def test_a_new_class_needs_a_new_code_and_waits_for_the_old_one_to_retire(town: Town, tmp_path: Path) -> None:
    bring(written(tmp_path / "1.csv", good(town, "x")), "--datum=wgs84", "--commit")
    second = written(tmp_path / "2.csv", good(town, "x", 0, **{"class": "0305"}))
    _status, body = bring(second, "--datum=wgs84", "--commit")
    assert (body["counts"]["waiting"], body["counts"]["new"]) == (1, 0)
    _status, body = bring(second, "--datum=wgs84", "--commit", "--retire")
    assert (body["counts"]["waiting"], body["counts"]["new"], body["counts"]["retired"]) == (0, 1, 1)
    assert brought() == [("x", "1101010305000005")]
    assert Component.objects.get(code="1101010137000005").retired_on


def test_codes_given_by_the_survey(town: Town, tmp_path: Path) -> None:
    head = [*HEAD, "ObjID"]
    taken = town.city.lamps[0].code
    rows = [
        {**good(town, "a"), "ObjID": "1101010137000009"},
        {**good(town, "b"), "ObjID": ""},
        {**good(town, "c"), "ObjID": taken},
        {**good(town, "d"), "ObjID": "1101050137000001"},
        {**good(town, "e"), "ObjID": "1101010305000009"},
        {**good(town, "f"), "ObjID": "110101013700010"},
        {**good(town, "g", 1), "ObjID": "1101010137000011"},
        {**good(town, "h", 1), "ObjID": "1101010137000011"},
        {**good(town, "i", 1), "ObjID": "1101010137000000"},
    ]
    _status, body = bring(written(tmp_path / "a.csv", *rows, head=head), "--datum=wgs84", "--commit")
    assert brought() == [("a", "1101010137000009"), ("b", "1101010137000010")]
    assert {(fault["row"], fault["kind"]) for fault in body["faults"]} == {
        (3, "taken"), (4, "code"), (5, "code"), (6, "code"), (7, "duplicate_code"), (8, "duplicate_code"),
        (9, "code"),
    }  # fmt: skip
    other = [{**good(town, "a"), "ObjID": "1101010137000021"}]
    _status, body = bring(written(tmp_path / "b.csv", *other, head=head), "--datum=wgs84", "--partial")
    assert [fault["kind"] for fault in body["faults"]] == ["other_code"]


def test_the_code_alone_names_component_and_class(town: Town, tmp_path: Path) -> None:
    head = ["标识码", "经度", "纬度"]
    lon, lat = town.city.inside(0)
    row = {"标识码": "1101010305000044", "经度": str(lon), "纬度": str(lat)}
    bring(written(tmp_path / "a.csv", row, head=head), "--datum=wgs84", "--commit")
    assert brought() == [("1101010305000044", "1101010305000044")]
    assert Component.objects.get(source_id=row["标识码"]).problem_class == town.city.bin


def test_a_full_class_is_refused_as_a_whole(town: Town, tmp_path: Path) -> None:
    Component.objects.filter(pk=town.city.lamps[0].pk).update(code="1101010137999999")
    status, body = bring(written(tmp_path / "a.csv", good(town, "x")), "--datum=wgs84", "--commit")
    assert (status, body["faults"][0]["value"], brought()) == (1, "0137", [])


def test_a_datum_is_never_guessed(town: Town, tmp_path: Path) -> None:
    status, body = bring(written(tmp_path / "a.csv", good(town, "x")), "--commit")
    assert (status, body["faults"][0]["kind"], brought()) == (1, "undeclared_datum", [])


def test_a_declared_datum_is_taken_back(town: Town, tmp_path: Path) -> None:
    from gis_data.crs import from_store

    lon, lat = from_store(*town.city.inside(3), "gcj02")
    bring(
        written(tmp_path / "a.csv", good(town, "x", lon=str(lon), lat=str(lat))), "--datum=gcj02", "--commit"
    )
    assert Component.objects.get(source_id="x").cell_code == town.city.cells[3].code


@pytest.mark.parametrize("lacking", ["id", "class"])
def test_a_file_that_cannot_name_its_rows_is_refused_as_a_whole(
    town: Town, tmp_path: Path, lacking: str
) -> None:
    head = [name for name in HEAD if name != lacking]
    row = {name: text for name, text in good(town, "x").items() if name != lacking}
    status, body = bring(written(tmp_path / "a.csv", row, head=head), "--datum=wgs84")
    assert (status, body["faults"][0]["field"]) == (1, "columns")


def test_a_district_without_active_cells_is_refused(town: Town, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", good(town, "x"))
    with pytest.raises(CommandError):
        call_command("import_components", str(file), "--district=110108", "--datum=wgs84")


# --- other formats ------------------------------------------------------------------------------------------


def features(*found: tuple[str, dict[str, Any], dict[str, Any]]) -> str:
    rows = [{"type": "Feature", "id": i, "properties": p, "geometry": g} for i, p, g in found]
    return json.dumps({"type": "FeatureCollection", "features": rows})


def test_geojson_with_lines_areas_and_what_is_none(town: Town, tmp_path: Path) -> None:
    (w, s), (e, n) = town.city.inside(0, 0.1, 0.1), town.city.inside(0, 0.9, 0.9)
    kind = {"class": "0305"}
    square = [[w, s], [e, s], [e, n], [w, n], [w, s]]
    bow = [[w, s], [e, n], [e, s], [w, n], [w, s]]
    path = tmp_path / "a.geojson.gz"
    path.write_bytes(
        gzip.compress(
            features(
                ("area", kind, {"type": "Polygon", "coordinates": [square]}),
                ("line", kind, {"type": "LineString", "coordinates": [[w, s], [e, s]]}),
                ("bow", kind, {"type": "Polygon", "coordinates": [bow]}),
                ("text", kind, {"type": "Point", "coordinates": [str(w), str(s)]}),
                ("many", kind, {"type": "MultiPoint", "coordinates": [[w, s], [e, n]]}),
                ("one", kind, {"type": "MultiPoint", "coordinates": [[w, s]]}),
                ("none", kind, None),  # type: ignore[arg-type]
                ("high", kind, {"type": "Point", "coordinates": [w, s, 44.1]}),
            ).encode()
        )
    )
    reasons = tmp_path / "reasons.csv"
    _status, body = bring(path, "--datum=wgs84", "--commit", f"--reasons={reasons}")
    assert {(fault["row"], fault["kind"]) for fault in body["faults"]} == {
        (3, "shape"), (4, "place"), (5, "shape"), (7, "blank"),
    }  # fmt: skip
    held = {one.source_id: one for one in Component.objects.filter(source="survey")}
    assert set(held) == {"area", "line", "one", "high"}
    area, line = held["area"], held["line"]
    assert area.outline
    assert line.outline
    assert (area.outline.geom_type, line.outline.geom_type) == ("Polygon", "LineString")
    assert area.outline.contains(area.place)
    assert (round(line.place.x, 9), round(line.place.y, 9)) == (round((w + e) / 2, 9), round(s, 9))
    assert held["one"].outline is None
    with reasons.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["wkt_wgs84"][:10] for row in rows] == ["POLYGON ((", "", "MULTIPOINT", ""]
    # mended shapes are read in WGS-84, whatever is declared of the original
    for row in rows:
        row["wkt_wgs84"] = f"POINT ({w} {s})"
    with reasons.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    _status, body = bring(reasons, "--datum=gcj02", "--commit")
    assert (body["counts"]["new"], body["counts"]["refused"], len(brought())) == (4, 0, 8)
    assert Component.objects.get(source_id="bow").place.x == pytest.approx(w, abs=1e-9)


def test_a_workbook(town: Town, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEAD)
    row = good(town, "x", 3)
    sheet.append(
        [
            41,
            *[row[name] for name in HEAD[1:2]],
            float(row["lon"]),
            float(row["lat"]),
            *[row[n] for n in HEAD[4:8]],
            date(2012, 3, 31),
            None,
        ]
    )
    sheet.append([42, 137, float(row["lon"]), float(row["lat"]), *[row[n] for n in HEAD[4:8]], None, None])
    sheet.append([None] * 10)
    sheet.append(
        [
            1101010137000043,
            "0137",
            float(row["lon"]),
            float(row["lat"]),
            *[row[n] for n in HEAD[4:8]],
            None,
            None,
        ]
    )
    book.create_sheet("empty")
    path = tmp_path / "a.xlsx"
    book.save(path)
    _status, body = bring(path, "--datum=wgs84", "--commit")
    assert {(fault["row"], fault["kind"], fault["value"]) for fault in body["faults"]} == {
        (2, "class", "137"), (3, "place", "1101010137000043"),
    }  # fmt: skip
    one = Component.objects.get(source="survey")
    assert (one.source_id, one.initial_on, one.cell_code) == (
        "41",
        date(2012, 3, 31),
        town.city.cells[3].code,
    )


def test_an_old_workbook_is_told_how_to_be_saved(town: Town, tmp_path: Path) -> None:
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    status, body = bring(tmp_path / "a.xls", "--datum=wgs84")
    assert (status, ".xlsx" in body["faults"][0]["mend"]) == (1, True)


# --- interrupted and resumed --------------------------------------------------------------------------------


class Killed(BaseException):
    """What a broken connection or a kill does to the reader."""


def test_a_broken_run_goes_on_where_it_stopped(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "BATCH", 10)
    file = written(tmp_path / "a.csv", *(good(town, f"L{n}", n % 4) for n in range(45)))
    plain = Checker.lines
    checked: list[int] = []

    def check(self: Any, rows: Any) -> Any:
        if len(checked) == 20:
            raise Killed
        checked.extend(row.number for row in rows)
        return plain(self, rows)

    monkeypatch.setattr(Checker, "lines", check)
    with pytest.raises(Killed):
        bring(file, "--datum=wgs84", "--commit")
    assert brought() == []
    checked.append(0)  # no longer killed
    status, body = bring(file, "--datum=wgs84", "--commit")
    assert (status, body["figures"]["resumed_at"], body["counts"]["new"]) == (0, 20, 45)
    assert checked == [*range(1, 21), 0, *range(21, 46)]
    assert ComponentDelivery.objects.get().counts["new"] == 45


def test_a_dry_run_is_not_read_again_by_the_commit(town: Town, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", good(town, "1"), good(town, "2"))
    bring(file, "--datum=wgs84")
    _status, body = bring(file, "--datum=wgs84", "--commit")
    assert (body["figures"]["resumed_at"], body["counts"]["new"]) == (2, 2)


def test_what_changes_the_reading_is_read_again(town: Town, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", good(town, "1", owner="110101-D99"))
    assert bring(file, "--datum=wgs84")[1]["counts"]["refused"] == 1
    made = Organisation.objects.get(code=LIGHTING)
    made.pk, made.code = None, "110101-D99"
    made.save()
    assert bring(file, "--datum=wgs84")[1]["counts"]["refused"] == 0
    assert ComponentDelivery.objects.count() == 1


def test_one_import_a_district_at_a_time(transactional_db: None, tmp_path: Path) -> None:
    from django.db import connections

    town = small_town()
    file = written(tmp_path / "a.csv", good(town, "1"))
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(7243001, 110101)")
        assert bring(file, "--datum=wgs84", "--commit")[1]["faults"][0]["field"] == "district"
    finally:
        other.close()
    assert bring(file, "--datum=wgs84", "--commit")[1]["committed"] is True
