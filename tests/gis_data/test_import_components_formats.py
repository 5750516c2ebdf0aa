"""import_components from the formats of survey offices, and what it asks of whoever sits at the terminal."""

from __future__ import annotations

import io
import json
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import call_command
from django.db import connection

from gis_data.models import Component, ProblemClass
from tests.factories.city import LIGHTING
from tests.factories.people import Town, small_town
from tests.gis_data.surveys import Rows, moved, ogr

DISTRICT = "110101"
# the name of a field of a Shapefile has ten bytes
CHINESE = ("编号", "类别", "主管", "权属", "养护", "状态", "备注")
MAPPED = (
    "--id-field=编号",
    "--class-field=类别",
    "--authority-field=主管",
    "--owner-field=权属",
    "--maintainer-field=养护",
)


@pytest.fixture
def town(db: None) -> Town:
    return small_town()


class Terminal(io.StringIO):
    """What a person sees and types at."""

    def isatty(self) -> bool:
        return True


def bring(*arguments: object) -> tuple[int, dict[str, Any]]:
    out, status = io.StringIO(), 0
    try:
        call_command(
            "import_components", *map(str, arguments), f"--district={DISTRICT}", "--json", stdout=out
        )
    except SystemExit as end:
        status = int(str(end.code))
    body: dict[str, Any] = json.loads(out.getvalue())
    return status, body


def lamps(town: Town, *ids: str) -> Rows:
    """Lamps as a survey office writes them down, each at its own place."""
    return [
        (
            dict(
                zip(CHINESE, (id_, "0137", LIGHTING, LIGHTING, LIGHTING, "完好", "路口东北角"), strict=True)
            ),
            shapely.Point(*town.city.inside(0, 0.1 + 0.1 * number, 0.2)),
        )
        for number, id_ in enumerate(ids)
    ]


def surveyed(rows: Rows, crs: str) -> Rows:
    return [(fields, moved(shape, crs)) for fields, shape in rows]


def check_lamps(rows: Rows, figures: dict[str, Any], format_: str) -> None:
    """All rows stand where they were surveyed, to the centimetre, with their words."""
    assert figures["format"] == format_
    held = {one.source_id: one for one in Component.objects.filter(source="survey")}
    assert set(held) == {fields["编号"] for fields, _shape in rows}
    for fields, shape in rows:
        one = held[fields["编号"]]
        assert (one.state, one.note, one.owner_code) == ("intact", "路口东北角", LIGHTING)
        assert (one.place.x, one.place.y) == pytest.approx((shape.x, shape.y), abs=1e-7)
        assert one.cell_code


@pytest.mark.parametrize("cpg", [True, False], ids=["with .cpg", "without"])
def test_a_shapefile_in_gbk_and_metres(town: Town, tmp_path: Path, cpg: bool) -> None:
    rows = lamps(town, "A1", "A2", "A3")
    path = tmp_path / "路灯.shp"
    ogr(path, surveyed(rows, "EPSG:4548"), "ESRI Shapefile", "EPSG:4548", "GBK", geometry_type="Point")
    if not cpg:
        path.with_suffix(".cpg").unlink()
        table = bytearray(path.with_suffix(".dbf").read_bytes())
        table[29] = 0
        path.with_suffix(".dbf").write_bytes(table)
        status, body = bring(path, *MAPPED, "--commit")
        assert (status, body["faults"][0]["field"]) == (1, "encoding")
        assert "--encoding gbk" in body["faults"][0]["mend"]
    status, body = bring(path, *MAPPED, *([] if cpg else ["--encoding=gbk"]), "--commit")
    assert (status, body["counts"]["new"], body["counts"]["refused"]) == (0, 3, 0)
    check_lamps(rows, body["figures"], "Shapefile")


def test_a_shapefile_without_prj_is_asked_for_its_system(town: Town, tmp_path: Path) -> None:
    rows = lamps(town, "A1")
    path = tmp_path / "lamps.shp"
    ogr(path, surveyed(rows, "EPSG:4548"), "ESRI Shapefile", "EPSG:4548", "utf-8", geometry_type="Point")
    path.with_suffix(".prj").unlink()
    status, body = bring(path, *MAPPED, "--commit")
    assert (status, body["faults"][0]["kind"]) == (1, "undeclared_datum")
    assert "--crs EPSG:4548" in [choice["option"] for choice in body["choices"]]
    status, body = bring(path, *MAPPED, "--crs=EPSG:4548", "--commit")
    assert status == 0
    check_lamps(rows, body["figures"], "Shapefile")


@pytest.mark.parametrize(
    ("driver", "suffix", "format_"), [("GPKG", "gpkg", "GeoPackage"), ("FlatGeobuf", "fgb", "FlatGeobuf")]
)
def test_a_geopackage_and_a_flatgeobuf(
    town: Town, tmp_path: Path, driver: str, suffix: str, format_: str
) -> None:
    rows = lamps(town, "A1", "A2")
    path = ogr(tmp_path / f"lamps.{suffix}", surveyed(rows, "EPSG:4527"), driver, "EPSG:4527")
    status, body = bring(path, *MAPPED, "--commit")
    assert (status, body["counts"]["new"]) == (0, 2), body["faults"]
    check_lamps(rows, body["figures"], format_)


def test_lines_and_areas_of_a_shapefile_keep_their_outline(town: Town, tmp_path: Path) -> None:
    fence = ProblemClass.objects.filter(kind="component", geometry_kind="line", edition__current=True).first()
    if fence is None:
        fence = ProblemClass.objects.get(code="0137")
        ProblemClass.objects.filter(pk=fence.pk).update(geometry_kind="line")
    (fields, _point), *_rest = lamps(town, "A1")
    start, end = town.city.inside(0, 0.2, 0.2), town.city.inside(0, 0.6, 0.2)
    path = tmp_path / "fence.shp"
    row = (fields | {"类别": fence.code}, shapely.LineString([start, end]))
    shapefile_of_lines = ogr(path, [row], "ESRI Shapefile", "EPSG:4326", "GBK", geometry_type="LineString")
    status, _body = bring(shapefile_of_lines, *MAPPED, "--commit")
    assert status == 0
    one = Component.objects.get(source="survey")
    assert one.outline is not None
    assert one.outline.geom_type == "LineString"
    assert one.place.x == pytest.approx((start[0] + end[0]) / 2, abs=1e-6)


# --- OpenStreetMap's own binary format, written by hand: GDAL reads it and does not write it -------------


def varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)


def part(number: int, content: bytes | int) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def packed(values: Iterable[int]) -> bytes:
    return b"".join(map(varint, values))


def blob(kind: str, content: bytes) -> bytes:
    body = part(1, content) + part(2, len(content))
    head = part(1, kind.encode()) + part(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def pbf(nodes: dict[int, tuple[float, float, dict[str, str]]]) -> bytes:
    """A file of tagged nodes."""
    words = [""]

    def word(text: str) -> int:
        if text not in words:
            words.append(text)
        return words.index(text)

    group = b""
    for id_, (lon, lat, tags) in nodes.items():
        keys, values = packed(map(word, tags)), packed(map(word, tags.values()))
        place = part(8, zigzag(round(lat * 1e7))) + part(9, zigzag(round(lon * 1e7)))
        group += part(1, part(1, zigzag(id_)) + part(2, keys) + part(3, values) + place)
    table = part(1, b"".join(part(1, text.encode()) for text in words))
    return blob("OSMHeader", part(4, b"OsmSchema-V0.6")) + blob("OSMData", table + part(2, group))


def test_an_extract_in_pbf(town: Town, tmp_path: Path) -> None:
    (a, b), (c, d) = town.city.inside(0, 0.2, 0.2), town.city.inside(0, 0.4, 0.2)
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(
        pbf(
            {
                1: (a, b, {"highway": "street_lamp"}),
                2: (c, d, {"man_made": "manhole", "manhole": "tram"}),
                3: (0.0, 0.0, {"highway": "street_lamp"}),
            }
        )
    )
    status, body = bring(path, "--source=OSM", "--commit")
    assert (status, body["figures"]["format"]) == (1, "OSM")
    assert body["faults_by_kind"] == {"unmapped": 1, "zero": 1}
    (lamp,) = Component.objects.filter(source="OSM")
    assert (lamp.source_id, lamp.problem_class.code) == ("node/1", "0137")
    assert (lamp.place.x, lamp.place.y) == pytest.approx((a, b), abs=1e-7)


# --- what is gone is retired only by somebody's word -----------------------------------------------------


@pytest.fixture
def newer(town: Town, tmp_path: Path) -> Path:
    """A second delivery without the lamp A2 of the first."""
    first = ogr(tmp_path / "1.gpkg", lamps(town, "A1", "A2"), "GPKG", "EPSG:4326")
    assert bring(first, *MAPPED, "--commit")[0] == 0
    return ogr(tmp_path / "2.gpkg", lamps(town, "A1"), "GPKG", "EPSG:4326")


def standing() -> set[str]:
    found = Component.objects.filter(source="survey", retired_on=None)
    return set(found.values_list("source_id", flat=True))


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command at a terminal where somebody types an answer; what was shown there."""

    def run(answer: str, path: Path, *arguments: str) -> str:
        shown = Terminal()
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        call_command(
            "import_components", str(path), *MAPPED, *arguments, f"--district={DISTRICT}",
            stdout=io.StringIO(), stderr=shown,
        )  # fmt: skip
        return shown.getvalue()

    return run


@pytest.mark.parametrize(
    ("answer", "left"),
    [("y\n", {"A1"}), ("YES\n", {"A1"}), ("是\n", {"A1"}), ("n\n", {"A1", "A2"}), ("\n", {"A1", "A2"}),
     ("", {"A1", "A2"}), ("perhaps\n", {"A1", "A2"})],
)  # fmt: skip
def test_a_terminal_is_asked_before_anything_retires(
    newer: Path, typing: Callable[..., str], answer: str, left: set[str]
) -> None:
    (gone,) = Component.objects.filter(source="survey", source_id="A2").values_list("code", flat=True)
    shown = typing(answer, newer, "--commit")
    assert gone in shown
    assert "Retire these 1 components? [y/N]" in shown
    assert standing() == left


def test_a_dry_run_asks_nothing(newer: Path, typing: Callable[..., str]) -> None:
    assert "Retire" not in typing("y\n", newer)
    assert standing() == {"A1", "A2"}


def test_the_flag_is_the_word_and_asks_nothing(newer: Path, typing: Callable[..., str]) -> None:
    assert "Retire" not in typing("", newer, "--commit", "--retire")
    assert standing() == {"A1"}


def test_where_nobody_sits_nothing_retires_and_it_is_said(newer: Path) -> None:
    status, body = bring(newer, *MAPPED, "--commit")
    assert (status, body["counts"]["gone"], body["counts"]["retired"]) == (0, 1, 0)
    out = io.StringIO()
    call_command("import_components", str(newer), *MAPPED, f"--district={DISTRICT}", "--commit", stdout=out)
    assert "None was retired: say --retire." in out.getvalue()
    assert standing() == {"A1", "A2"}


def test_what_is_loaded_in_bulk_is_counted_on_the_map(town: Town, tmp_path: Path) -> None:
    path = ogr(tmp_path / "1.gpkg", lamps(town, "A1", "A2", "A3"), "GPKG", "EPSG:4326")
    assert bring(path, *MAPPED, "--commit")[0] == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(count) FROM gis_data_componentsquare WHERE zoom = 14")
        assert cursor.fetchone()[0] == Component.objects.filter(retired_on=None).count()
