"""A real city's year, dirty as it is: every count is taken again here, with csv alone, and stated."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.core.management import call_command

from casework.models import Case, Entry, Organisation
from casework.verify import verify_stream
from dispatch.imported import KIND, stream_of
from gis_data.crs import STORE
from gis_data.models import Area, Generation

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("GRIDCITY_SHARED", ROOT.parent / "shared")) / "data" / "issues"
FILE = SHARED / "stlouis_csb_2012.csv.gz"
MAPPINGS = ROOT / "fixtures" / "imports"
DISTRICT = "295100"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FILE.is_file(), reason="the shared issues are not here"),
]

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def first(rows: list[Row]) -> dict[str, Row]:
    """The first row of each id."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row["REQUESTID"], row)
    return found


@pytest.fixture
def neighbourhoods(db: None) -> Generation:
    """The 88 neighbourhoods and parks, as a second city in the same installation."""
    generation = Generation.objects.create(
        district_code=DISTRICT, title="St. Louis", state=Generation.State.ACTIVE
    )
    told = json.loads((SHARED / "stlouis_neighborhoods_wgs84.geojson").read_text(encoding="utf-8"))
    for feature in told["features"]:
        shape = GEOSGeometry(json.dumps(feature["geometry"]), srid=STORE)
        number, name = feature["properties"]["NHD_NUM"], feature["properties"]["NHD_NAME"]
        Area.objects.create(
            generation=generation,
            level=Area.Level.STREET,
            code=f"{DISTRICT}{int(number):03d}",
            name=name,
            name_en=name,
            border=shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=STORE),
            area_m2=0,
        )
    assert generation.areas.count() == 88
    return generation


def run(*arguments: str, file: Path = FILE, mapping: str = "stlouis_csb_2012", status: int = 1) -> Any:
    out, ended = StringIO(), 0
    try:
        call_command(
            "import_reports", file, "--mapping", MAPPINGS / f"{mapping}.toml", "--district", DISTRICT,
            "--json", *arguments, stdout=out,
        )  # fmt: skip
    except SystemExit as exit_:
        ended = int(exit_.code or 0)
    assert ended == status
    return json.loads(out.getvalue())


def test_a_year_of_st_louis_comes_in_as_imported_facts(
    neighbourhoods: Generation, rows: list[Row], first: dict[str, Row], tmp_path: Path
) -> None:
    reasons, report = tmp_path / "reasons.csv", tmp_path / "report.html"
    told = run("--commit", "--reasons", str(reasons), "--report", str(report))
    counts, faults = told["counts"], {code: found["rows"] for code, found in told["faults"].items()}

    # rows and cases: an id that stands there again differs in who called, if at all
    contradictions = [row for row in rows if row != first[row["REQUESTID"]]]
    assert {key for row in contradictions for key in row if row[key] != first[row["REQUESTID"]][key]} == {
        "CALLERTYPE"
    }
    assert counts["rows"] == len(rows) == 3915
    assert counts["new"] == len(first) == 3675
    assert counts["refused"] == faults["duplicate"] == len(contradictions) == 98
    assert counts["repeated"] == len(rows) - len(first) - len(contradictions) == 142

    # times
    def before_opened(column: str, among: Any = rows) -> int:
        return sum(bool(row[column]) and row[column] < row["DATETIMEINIT"] for row in among)

    assert faults["closed_before_opened"] == before_opened("DATETIMECLOSED") == 145
    assert told["faults"]["closed_before_opened"]["cases"] == before_opened("DATETIMECLOSED", first.values())
    assert faults["inspected_before_opened"] == before_opened("DATEINVTDONE") == 203
    assert faults["due_before_opened"] == before_opened("PRJCOMPLETEDATE") == 34
    assert "cancelled_before_opened" not in faults
    assert before_opened("DATECANCELLED") == 0
    assert "bad_time" not in faults

    # words
    assert told["status_spellings"] == Counter(row["STATUS"] for row in rows)
    assert told["status_spellings"] == {
        "CLOSED": 3666, "CANCEL": 131, "Cancel": 107, "SCHEDULED": 9, "Disptch": 2,
    }  # fmt: skip
    assert told["departments"] == Counter(row["SUBMITTO"] for row in rows)
    assert len(told["departments"]) == 31
    assert faults["unknown_department"] == 3915
    assert faults["no_address"] == sum(not row["PROBADDRESS"].strip() for row in rows) == 24
    open_but_closed = [
        row for row in rows if row["STATUS"] in ("SCHEDULED", "Disptch") and row["DATETIMECLOSED"]
    ]
    assert faults["open_but_closed"] == len(open_but_closed) == 2

    # places: feet in ESRI:102696; the city lies within these
    assert faults["no_place"] == sum(not row["SRX"] for row in rows) == 73
    impossible = [row for row in rows if row["SRX"] and not 870_000 < float(row["SRX"]) < 920_000]
    assert faults["far_away"] == len(impossible) == 1
    assert (impossible[0]["SRX"], impossible[0]["SRY"]) == ("63117.00000000", "63117.00000000")
    assert told["stood"] == {"closed": 3437, "cancelled": 227, "open": 11}

    # what stands in the journal
    verdict = verify_stream(stream_of(DISTRICT))
    assert verdict.ok, verdict.faults
    assert (verdict.entries, verdict.cases) == (3675, 3675)
    entry = Entry.objects.get(case__number="CSB-344709")
    assert entry.facts["times"]["opened"] == "2012-01-01T21:41:22.000000Z"  # 15:41:22 in Chicago
    assert (entry.facts["group"], entry.facts["class"]) == ("Graffiti", "Graffiti-Public")
    assert entry.facts["area"] == f"{DISTRICT}026"

    # the named neighbourhood is where the feet lead, nearly always
    placed = Entry.objects.filter(stream_id=stream_of(DISTRICT), facts__has_key="lon")
    assert placed.count() == 3675 - 73 - 1
    differs = told["faults"]["area_differs"]["cases"]
    assert 1 - differs / placed.count() > 0.99
    assert counts["located"] > placed.count()  # and 73 by the name of their neighbourhood

    # the report and the reasons
    with reasons.open(encoding="utf-8-sig", newline="") as file:
        kept = list(csv.DictReader(file))
    assert sum(row["_outcome"] == "refused" for row in kept) == 98
    assert sum("closed before opened" in row["_reasons"] for row in kept) == 145
    assert report.read_text(encoding="utf-8").count('class="area"') == 88

    # the same file again
    again = run("--commit")["counts"]
    assert (again["new"], again["corrected"], again["unchanged"]) == (0, 0, 3675)
    assert Entry.objects.filter(stream_id=stream_of(DISTRICT)).count() == 3675


def test_its_31_departments_can_be_made_and_its_figures_taken(
    neighbourhoods: Generation, first: dict[str, Row]
) -> None:
    told = run("--commit", "--make-departments")
    assert told["counts"]["organisations_made"] == 31
    assert "unknown_department" not in told["faults"]
    assert Organisation.objects.filter(code__startswith="CSB-").count() == 31
    assert not Organisation.objects.filter(code__startswith="CSB-", posts__isnull=False).exists()

    def figures(*arguments: str) -> Any:
        out = StringIO()
        call_command("indicators", "--stream", DISTRICT, "--from", "2012-01-01", "--to", "2013-01-01",
                     "--json", *arguments, stdout=out)  # fmt: skip
        return json.loads(out.getvalue())

    assert figures()["figures"][2]["denominator"] == 0
    only = figures("--imported", "only")
    closed = [
        row
        for row in first.values()
        if row["STATUS"] == "CLOSED" and row["DATETIMEINIT"] <= row["DATETIMECLOSED"] < "2013-01-01 10:00"
    ]
    assert only["figures"][2]["denominator"] == len(closed)
    assert len(only["by_area"]) == 1 + 88
    assert (only["by_area"][0]["code"], only["by_area"][0]["name_en"]) == ("", "area not known")
    forestry = next(row for row in only["by_department"] if row["name"] == "FORESTRY")
    assert forestry["mean_resolution_hours"]["denominator"] == sum(
        row["SUBMITTO"] == "FORESTRY," for row in closed
    )


def test_without_any_borders_nothing_is_located_and_nothing_guessed(db: None) -> None:
    told = run("--commit")
    assert told["counts"]["located"] == 0
    assert "far_away" not in told["faults"]
    assert Case.objects.filter(kind=KIND, card__cell_code="").count() == 3675


def test_boston_tells_of_its_deadlines(db: None) -> None:
    file = SHARED / "boston311_100.csv"
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    told = run("--commit", file=file, mapping="boston311", status=0)
    assert told["counts"]["new"] == len(rows) == 100
    assert told["stood"] == {"closed": 85, "open": 15}
    # closed in time by our reckoning wherever they say so; a case without a deadline is always in time there
    for row in rows:
        if row["case_status"] != "Closed":
            continue
        times = Entry.objects.get(case__number=f"BOS-{row['case_enquiry_id']}").facts["times"]
        in_time = "due" not in times or times["closed"] <= times["due"]
        assert ("ONTIME" if in_time else "OVERDUE") == row["ontime"], row
