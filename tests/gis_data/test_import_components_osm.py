"""Components from OpenStreetMap: the tag table, extracts, and Helsinki as a city beside Beijing's."""

import contextlib
import csv
import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from gis_data.importers.classes import FILE as CLASSES
from gis_data.importers.classes import load_classes
from gis_data.importers.components.tags import FILE as TAGS
from gis_data.importers.components.tags import read_tags
from gis_data.models import Cell, Component
from tests.factories.city import small_city

SHARED = Path(os.environ.get("GRIDCITY_SHARED", Path(__file__).parents[3] / "shared"))
FURNITURE = SHARED / "data" / "components" / "helsinki_street_furniture.geojson.gz"
HELSINKI = "900101"
# the boundary that the test draws round the data: west, south, east, north
BOX = (24.934, 60.163, 24.955, 60.180)
EXTRACT = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="test">
 <node id="1" version="1" lat="60.1700000" lon="24.9400000"><tag k="highway" v="street_lamp"/></node>
 <node id="2" version="1" lat="60.1701000" lon="24.9401000"><tag k="man_made" v="manhole"/>
  <tag k="manhole" v="gas"/></node>
 <node id="3" version="1" lat="60.1702000" lon="24.9402000"><tag k="man_made" v="manhole"/>
  <tag k="manhole" v="tram"/></node>
 <node id="4" version="1" lat="60.1703000" lon="24.9403000"><tag k="amenity" v="cafe"/></node>
 <node id="5" version="1" lat="60.1704000" lon="24.9404000"><tag k="name" v="nothing of ours"/></node>
 <node id="6" version="1" lat="10.0000000" lon="24.9405000"><tag k="amenity" v="bench"/></node>
 <node id="11" version="1" lat="60.1710000" lon="24.9410000"/>
 <node id="12" version="1" lat="60.1710000" lon="24.9412000"/>
 <node id="13" version="1" lat="60.1711000" lon="24.9412000"/>
 <node id="14" version="1" lat="60.1711000" lon="24.9410000"/>
 <way id="1" version="1"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
  <tag k="amenity" v="toilets"/></way>
 <way id="2" version="1"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
  <tag k="barrier" v="guard_rail"/></way>
 <way id="3" version="1"><nd ref="11"/><nd ref="12"/><tag k="barrier" v="kerb"/></way>
 <way id="4" version="1"><nd ref="11"/><nd ref="99"/><tag k="barrier" v="kerb"/></way>
 <relation id="1" version="1"><member type="way" ref="5" role="outer"/><tag k="type" v="multipolygon"/>
  <tag k="amenity" v="parking"/></relation>
 <relation id="2" version="1"><member type="way" ref="1" role="outer"/><tag k="type" v="multipolygon"/>
  <tag k="amenity" v="parking"/></relation>
</osm>
"""


def told(command: str, *arguments: object) -> dict[str, Any]:
    """The JSON of a command, whatever its exit status."""
    out = io.StringIO()
    with contextlib.suppress(SystemExit):
        call_command(command, *map(str, arguments), "--json", stdout=out)
    body: dict[str, Any] = json.loads(out.getvalue())
    return body


@pytest.fixture
def helsinki(db: None, tmp_path: Path) -> None:
    """A third city from files alone, beside two districts of Beijing: district, street, community, cells."""
    small_city()
    load_classes()
    west, south, east, north = BOX
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]

    def border(code: str) -> Path:
        path = tmp_path / f"{code}.geojson"
        feature = {
            "type": "Feature",
            "properties": {"code": code, "name": "Helsinki"},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        return path

    for level, code in (
        ("district", HELSINKI),
        ("street", f"{HELSINKI}001"),
        ("community", f"{HELSINKI}001001"),
    ):
        body = told("import_areas", border(code), "--level", level, "--datum=wgs84", "--commit")
        assert "error" not in body, body
    cut = told("cut_grid", f"--district={HELSINKI}", "--commit", f"--out={tmp_path}")
    assert "error" not in cut, cut
    told("activate_generation", HELSINKI, "--commit")
    assert Cell.objects.filter(active=True, code__startswith=HELSINKI).count() > 100


def counted(source: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for code in Component.objects.filter(source=source).values_list("problem_class__code", flat=True):
        found[code] = found.get(code, 0) + 1
    return found


def test_every_class_of_the_table_is_in_the_edition_in_use() -> None:
    table = read_tags()
    with CLASSES.open(encoding="utf-8-sig") as file:
        known = {line.split(",")[5] for line in file if line.startswith("GB/T 30428.2-2013,component,")}
    assert table.class_codes <= known
    assert len(table.class_codes) > 30


@pytest.mark.parametrize(
    ("tags", "name", "class_code", "passed"),
    [
        ({"highway": "street_lamp"}, "highway=street_lamp", "0137", False),
        ({"man_made": "manhole", "manhole": "water"}, "manhole=water", "0101", False),
        ({"man_made": "manhole"}, "man_made=manhole", "0123", False),
        ({"man_made": "manhole", "manhole": "tram"}, "manhole=tram", "", False),
        ({"natural": "tree", "denotation": "avenue"}, "natural=tree denotation=avenue", "0402", False),
        ({"natural": "tree"}, "natural=tree", "0403", False),
        ({"highway": "residential"}, "highway=residential", "", True),
        ({"amenity": "dovecote"}, "amenity=dovecote", "", False),
    ],
)
def test_the_first_line_that_fits_decides(
    tags: dict[str, str], name: str, class_code: str, passed: bool
) -> None:
    kind = read_tags().kind_of(tags)
    assert kind is not None
    assert (kind.name, kind.class_code, kind.passed) == (name, class_code, passed)


def test_what_carries_no_key_of_the_table_is_nothing() -> None:
    assert read_tags().kind_of({"name": "Esplanadi"}) is None


@pytest.mark.parametrize("name", ["a.osm", "a.osm.gz"])
def test_an_extract(helsinki: None, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(EXTRACT.encode()) if name.endswith("gz") else EXTRACT.encode())
    body = told("import_components", path, f"--district={HELSINKI}", "--source=OSM", "--commit")
    assert body["figures"]["format"] == "OSM"
    assert body["unmapped"] == {"manhole=tram": 1}
    assert body["faults_by_kind"] == {"unmapped": 1, "stray": 1, "place": 1}
    held = {
        one.source_id: one for one in Component.objects.filter(source="OSM").select_related("problem_class")
    }
    assert {name: one.problem_class.code for name, one in held.items()} == {
        "node/1": "0137", "node/2": "0111", "way/1": "0301", "way/2": "0217", "way/3": "0286",
        "relation/2": "0201",
    }  # fmt: skip
    assert {name: one.outline and one.outline.geom_type for name, one in held.items()} == {
        "node/1": None, "node/2": None, "way/1": "Polygon", "way/2": "LineString", "way/3": "LineString",
        "relation/2": "Polygon",
    }  # fmt: skip
    assert {one.code for one in held.values() if one.problem_class.code == "0137"} == {"9001010137000001"}
    # a newer extract finds them again
    body = told("import_components", path, f"--district={HELSINKI}", "--source=OSM")
    assert (body["counts"]["unchanged"], body["counts"]["gone"]) == (6, 0)


def test_a_table_of_ones_own(helsinki: None, tmp_path: Path) -> None:
    (tmp_path / "a.osm").write_text(EXTRACT)
    own = tmp_path / "tags.csv"
    own.write_text(TAGS.read_text(encoding="utf-8") + "manhole=tram,0123,ours\n", encoding="utf-8")
    body = told("import_components", tmp_path / "a.osm", f"--district={HELSINKI}", f"--tags={own}")
    assert body["unmapped"] == {}
    (tmp_path / "bad.csv").write_text("tags,class_code,note\nman_made,0123,\n")
    body = told(
        "import_components", tmp_path / "a.osm", f"--district={HELSINKI}", f"--tags={tmp_path / 'bad.csv'}"
    )
    assert body["faults"][0]["field"] == "tags"


def test_an_extract_that_breaks_off(helsinki: None, tmp_path: Path) -> None:
    (tmp_path / "a.osm").write_text(EXTRACT[: len(EXTRACT) // 2])
    body = told("import_components", tmp_path / "a.osm", f"--district={HELSINKI}", "--commit")
    assert body["faults"][0]["field"] == "file"
    assert not Component.objects.filter(district_code=HELSINKI).exists()


@pytest.mark.skipif(not FURNITURE.is_file(), reason="the shared components are not here")
def test_helsinki_from_its_file(helsinki: None, tmp_path: Path) -> None:
    before = Component.objects.count()
    reasons = tmp_path / "reasons.csv"
    arguments = (FURNITURE, f"--district={HELSINKI}", "--source=OpenStreetMap", f"--reasons={reasons}")
    assert told("import_components", *arguments)["faults"][0]["kind"] == "undeclared_datum"
    dry = told("import_components", *arguments, "--datum=wgs84")
    body = told("import_components", *arguments, "--datum=wgs84", "--commit")
    assert body["counts"] == dry["counts"]
    assert body["counts"]["rows"] == 2701
    assert Component.objects.count() - before == body["counts"]["new"]
    # no class of the edition is theirs; nothing is moved to one that almost fits
    assert body["unmapped"] == {
        "highway=traffic_signals": 135, "man_made=utility_pole": 84, "emergency=fire_hydrant": 37,
        "manhole=missing_gas": 13, "manhole=tram_point": 8, "man_made=street_cabinet": 6,
        "manhole=suspected_gas": 4, "manhole=missing_water": 2, "amenity=recycling": 2,
        "manhole=suspected_water": 1, "manhole=suspected_w": 1,
    }  # fmt: skip
    assert (body["counts"]["new"], body["counts"]["refused"], body["faults_by_kind"]) == (
        2408,
        293,
        {"unmapped": 293},
    )
    assert counted("OpenStreetMap") == {
        "0101": 117, "0103": 43, "0107": 15, "0110": 47, "0111": 26, "0123": 120, "0128": 1, "0137": 586,
        "0142": 22, "0145": 84, "0150": 220, "0204": 90, "0221": 125, "0225": 33, "0301": 17, "0305": 36,
        "0306": 15, "0402": 47, "0403": 602, "0407": 162,
    }  # fmt: skip
    # nobody patrols it yet; all else is in order
    assert {fault["kind"] for fault in told("check_city", f"--district={HELSINKI}")["faults"]} == {"no_grid"}
    # the reasons, with a class written in, are an inventory again
    with reasons.open(encoding="utf-8-sig", newline="") as file:
        rows = [row | {"class": "其他指示牌、标识牌"} for row in csv.DictReader(file)]
    with reasons.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    again = told("import_components", reasons, f"--district={HELSINKI}", "--source=OpenStreetMap", "--commit")
    assert (again["counts"]["new"], again["counts"]["refused"], again["counts"]["gone"]) == (293, 0, 0)
    assert told("import_components", *arguments, "--datum=wgs84")["counts"]["gone"] == 0
