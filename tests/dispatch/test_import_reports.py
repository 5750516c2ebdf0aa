"""Another system's history: taken as told, marked where it cannot be, never as if made here."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override

from casework import journal
from casework.errors import Invalid
from casework.models import Case, CaseClock, Entry, Notice, Organisation, Stream
from casework.verify import verify_stream
from dispatch.definitions import Imported, Key
from dispatch.imported import KIND, REFUSED, Fault, stream_of
from dispatch.importers import reports_load
from dispatch.importers.reports_mapping import mapping_of, read_mapping
from dispatch.metrics import Board, Period, Scope, board_of, cases_behind
from dispatch.models import Report
from dispatch.queues import QUEUES, queues_of
from tests.factories.calls import Caller
from tests.factories.city import LIGHTING, WATER
from tests.factories.journeys import Journey
from tests.factories.people import Town
from tests.factories.told import COLUMNS, MAPPING, USUAL, bring, told_case, write

pytestmark = pytest.mark.django_db

PAST = stream_of("110101")
CITY = ZoneInfo("Asia/Shanghai")
MARCH = Period(date(2025, 3, 1), date(2025, 3, 31))


@pytest.fixture(autouse=True)
def _town(town: Town) -> Town:
    return town


def last(number: str) -> Entry:
    case = Case.objects.get(number=number)
    return Entry.objects.get(case=case, case_seq=case.version)


def faults_of(number: str) -> dict[str, tuple[str, str]]:
    return {f["fault"]: (f["field"], f["value"]) for f in last(number).facts.get("faults", [])}


# --- what becomes of a row ------------------------------------------------------------------------------


def test_a_row_becomes_one_case_with_its_own_times_and_everything_it_told() -> None:
    before = datetime.now(UTC)
    outcome = bring([{"inspected": "2025-03-03 09:30"}])
    assert (outcome.rows, outcome.new, outcome.refused, outcome.located) == (1, 1, 0, 1)
    assert not outcome.faults
    case, entry = Case.objects.get(number="OLD-1"), last("OLD-1")
    assert (case.kind, case.stream_id, case.state, case.version) == (KIND, PAST, "imported", 1)
    assert case.opened_at == datetime(2025, 3, 3, 8, tzinfo=CITY)
    assert case.ended_at == case.moved_at == entry.at == datetime(2025, 3, 4, 8, tzinfo=CITY)
    assert entry.recorded_at >= before
    assert (entry.verb, entry.state_from, entry.actor_id, entry.post_id) == ("import", "", None, None)
    where = entry.facts.pop("from")
    assert (where["file"], where["line"], len(where["sha256"])) == ("old.csv", 2, 64)
    assert entry.facts == {
        "origin": "Old hall",
        "ref": "1",
        "stood": "closed",
        "zone": "Asia/Shanghai",
        "status": "closed",
        "times": {
            "opened": "2025-03-03T00:00:00.000000Z",
            "inspected": "2025-03-03T01:30:00.000000Z",
            "due": "2025-03-05T00:00:00.000000Z",
            "closed": "2025-03-04T00:00:00.000000Z",
        },
        "class": "M-1",
        "title": "Manhole open",
        "address": "1 Long Lane",
        "department_there": "waterworks",
        "organisation_code": WATER,
        "source_there": "patrol",
        "source": "inspector",
        "area": "110101001001001",
        "given": {"x": "116.4105", "y": "39.9205", "system": "wgs84"},
        "lon": 116.4105,
        "lat": 39.9205,
    }


def test_the_journal_of_imports_is_proved_like_every_other() -> None:
    bring([{}, {"closed": "2025-03-01 08:00"}, {"status": "open", "closed": ""}])
    bring([{}, {"closed": "2025-03-02 08:00"}, {"status": "closed", "closed": "2025-03-09 08:00"}])
    verdict = verify_stream(PAST)
    assert verdict.ok, verdict.faults
    assert (verdict.head, verdict.entries, verdict.cases) == (5, 5, 3)


def test_nothing_told_reaches_a_desk_a_map_a_clock_or_the_districts_own_journal(town: Town) -> None:
    Journey(town).file()
    head = journal.head("110101")
    desks = [(actor, queue.key) for actor in town.everybody.values() for queue in queues_of(actor.role)]
    assert len({key for _actor, key in desks}) == len(QUEUES)

    def seen() -> list[Any]:
        return [Caller(actor).get(f"/snapshot?queue={key}").json()["items"] for actor, key in desks] + [
            Caller(town.bo).get("/cases").json(),
            Caller(town.bo).get("/cases/summary").json(),
            Caller(town.bo).get("/map/cases?bbox=116.4,39.9,116.5,40&zoom=18").json(),
        ]

    before = seen()
    bring([{"status": "open", "closed": ""}, {}])
    assert seen() == before
    assert journal.head("110101") == head
    assert not Entry.objects.filter(case__kind=KIND).exclude(stream_id=PAST).exists()
    told = Case.objects.filter(kind=KIND)
    assert told.count() == 2
    assert not told.filter(ended_at=None).exists()
    assert not CaseClock.objects.filter(case__in=told).exists()
    assert not Report.objects.filter(case__in=told).exists()
    assert not Notice.objects.filter(case__in=told).exists()


def test_no_post_may_move_what_was_imported(town: Town) -> None:
    pk = told_case()
    for actor in town.everybody.values():
        answer = Caller(actor).call("POST", f"/cases/{pk}/moves/force_close", {"version": 1, "reason": "x"})
        assert answer.status_code in (403, 404, 422), answer.content


# --- importing again ------------------------------------------------------------------------------------


def test_importing_again_changes_nothing_and_a_newer_file_corrects() -> None:
    rows: list[dict[str, str]] = [{}, {"status": "open", "closed": ""}]
    bring(rows)
    again = bring(rows)
    assert (again.new, again.corrected, again.unchanged) == (0, 0, 2)
    assert journal.head(PAST) == 2

    newer = bring([{}, {"closed": "2025-04-01 08:00"}, {}])
    assert (newer.new, newer.corrected, newer.unchanged) == (1, 1, 1)
    case, entry = Case.objects.get(number="OLD-2"), last("OLD-2")
    assert (entry.verb, entry.case_seq, entry.state_from) == ("correct", 2, "imported")
    assert entry.facts["changed"] == ["status", "stood", "times"]
    assert case.ended_at == datetime(2025, 4, 1, 8, tzinfo=CITY)
    assert Entry.objects.get(case=case, case_seq=1).facts["stood"] == "open"


def test_a_correction_back_in_time_keeps_the_journal_in_order() -> None:
    bring([{"closed": "2025-03-20 08:00"}])
    bring([{"closed": "2025-03-04 08:00"}])
    entry = last("OLD-1")
    assert entry.facts["times"]["closed"] == "2025-03-04T00:00:00.000000Z"
    assert entry.at == datetime(2025, 3, 20, 8, tzinfo=CITY)
    assert verify_stream(PAST).ok
    assert tally(board(Imported.ONLY), Key.RESOLUTION) == (24, 1)


def test_a_dry_run_tells_the_same_and_writes_nothing() -> None:
    rows = [{}, {"id": "1"}, {"id": ""}, {"closed": "2025-01-01"}, {"department": "nobody"}]
    dry = bring(rows, commit=False, make_departments=True)
    assert not Case.objects.filter(kind=KIND).exists()
    assert not Stream.objects.filter(code=PAST).exists()
    assert Organisation.objects.filter(code__startswith="OLD-").count() == 0
    assert dry == bring(rows, make_departments=True)


def test_an_interrupted_import_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reports_load, "BATCH", 2)
    path = write(tmp_path / "old.csv", [{}] * 5)
    job = reports_load.ReportImport(path, mapping_of(MAPPING), "110101", commit=True)
    assert next(job.run()).new == 2  # and then the power fails
    assert Case.objects.filter(kind=KIND).count() == 2
    rest = bring([{}] * 5)
    assert (rest.new, rest.unchanged) == (3, 2)
    assert verify_stream(PAST).ok


def test_repeats_are_told_from_contradictions_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports_load, "BATCH", 2)
    outcome = bring(
        [
            {"id": "a"},
            {"id": "b"},
            {"id": "a"},
            {"id": "b", "address": "2 Short Lane"},
            {"id": "a"},
            {"id": "c"},
        ]
    )
    assert (outcome.new, outcome.repeated, outcome.refused, outcome.corrected) == (3, 2, 1, 0)
    assert outcome.faults == {"duplicate": 1}
    assert last("OLD-b").facts["address"] == "1 Long Lane"


def test_an_id_belongs_to_one_district() -> None:
    bring([{}])
    other = bring([{}], district="110105")
    assert (other.new, other.refused) == (0, 1)
    assert "other_district" in other.faults


def test_two_systems_cannot_share_a_prefix() -> None:
    bring([{}])
    with pytest.raises(Invalid, match="belongs to “Old hall”"):
        bring([{}], origin="Another hall")
    assert bring([{}], origin="Another hall", prefix="NEW").new == 1


# --- faults ---------------------------------------------------------------------------------------------

MARKED: list[tuple[dict[str, str], str, str]] = [
    ({"closed": "2025-03-03 07:59"}, "closed_before_opened", "closed"),
    ({"status": "cancelled", "cancelled": "2025-03-01"}, "cancelled_before_opened", "cancelled"),
    ({"inspected": "2024-03-03 08:00"}, "inspected_before_opened", "inspected"),
    ({"due": "2025-03-02"}, "due_before_opened", "due"),
    ({"closed": "the other day"}, "bad_time", "closed"),
    ({"closed": "1025-03-04 08:00"}, "bad_time", "closed"),
    ({"closed": "9999-12-31 23:59"}, "bad_time", "closed"),
    ({"closed": "2999-03-04 08:00"}, "in_future", "closed"),
    ({"closed": ""}, "closed_without_time", "closed"),
    ({"status": "open"}, "open_but_closed", "closed"),
    ({"status": ""}, "no_status", "status"),
    ({"status": "Closed"}, "unknown_status", "status"),
    ({"department": ""}, "no_department", "department"),
    ({"department": "Department of Nothing"}, "unknown_department", "department"),
    ({"address": "  "}, "no_address", "address"),
    ({"address": "x" * 1_000_000}, "too_long", "address"),
    ({"address": "a\x00b\x07c"}, "control_characters", "address"),
    ({"x": "", "y": ""}, "no_place", "place"),
    ({"x": "116.41", "y": ""}, "bad_place", "place"),
    ({"x": "here", "y": "there"}, "bad_place", "place"),
    ({"x": "116.41\x00\x07north", "y": "39.92"}, "bad_place", "place"),
    ({"x": "0", "y": "0"}, "bad_place", "place"),
    ({"x": "nan", "y": "39.92"}, "bad_place", "place"),
    ({"x": "1e308", "y": "39.92"}, "bad_place", "place"),
    ({"x": "39.9205", "y": "116.4105"}, "bad_place", "place"),
    ({"x": "-90.2", "y": "38.6"}, "far_away", "place"),
    ({"x": "116.40", "y": "39.92"}, "outside", "place"),
]


@pytest.mark.parametrize(("row", "fault", "field"), MARKED)
def test_a_faulty_row_comes_in_marked(row: dict[str, str], fault: str, field: str) -> None:
    outcome = bring([row])
    assert (outcome.new, outcome.refused, outcome.marked) == (1, 0, 1)
    assert fault in outcome.faults
    assert outcome.cases[fault] == 1
    assert faults_of("OLD-1")[fault][0] == field
    assert fault in Case.objects.get(number="OLD-1").card["imported"]["faults"]
    assert verify_stream(PAST).ok


REFUSALS: list[tuple[dict[str, str], str]] = [
    ({"id": " "}, "no_id"),
    ({"id": "x" * 61}, "bad_id"),
    ({"id": "a\x00b"}, "bad_id"),
    ({"opened": ""}, "no_opened"),
    ({"opened": "31/02/2025"}, "bad_opened"),
    ({"opened": "0001-01-01"}, "bad_opened"),
    ({"opened": "2999-01-01"}, "opened_in_future"),
]


@pytest.mark.parametrize(("row", "fault"), REFUSALS)
def test_a_row_without_id_or_opening_is_refused(row: dict[str, str], fault: str) -> None:
    outcome = bring([row, {}])
    assert (outcome.new, outcome.refused) == (1, 1)
    assert Fault(fault) in REFUSED
    assert outcome.faults[fault] == 1


def test_every_fault_is_tried_here() -> None:
    tried = {fault for _row, fault, _field in MARKED} | {fault for _row, fault in REFUSALS}
    elsewhere = {"ragged", "duplicate", "other_district", "clock_change", "area_differs"}
    assert tried | elsewhere == set(Fault.values)


def test_what_was_told_is_kept_even_where_it_cannot_be() -> None:
    bring([{"closed": "2025-03-01 08:00", "x": "-90.2", "y": "38.6", "status": "Closd"}])
    facts = last("OLD-1").facts
    assert facts["times"]["closed"] == "2025-03-01T00:00:00.000000Z"
    assert facts["given"] == {"x": "-90.2", "y": "38.6", "system": "wgs84"}
    assert (facts["status"], facts["stood"]) == ("Closd", "unknown")
    assert not {"lon", "lat", "area"} & facts.keys()
    # where it stands in the journal: the last time that can be, here its opening
    assert last("OLD-1").at == datetime(2025, 3, 3, 8, tzinfo=CITY)


@pytest.mark.parametrize(
    ("told", "meant", "marked"),
    [
        ("2025-03-09 01:59", "2025-03-09T07:59:00.000000Z", False),
        ("2025-03-09 02:30", "2025-03-09T08:30:00.000000Z", True),  # skipped: no such hour
        ("2025-07-01 12:00", "2025-07-01T17:00:00.000000Z", False),
        ("2025-11-02 01:30", "2025-11-02T06:30:00.000000Z", True),  # twice: taken as the first
        ("2025-07-01T12:00:00-07:00", "2025-07-01T19:00:00.000000Z", False),
        ("2025-07-01T12:00:00Z", "2025-07-01T12:00:00.000000Z", False),
    ],
)
def test_times_are_read_in_the_other_systems_zone(told: str, meant: str, marked: bool) -> None:
    bring([{"closed": told}], zone="America/Chicago")
    assert last("OLD-1").facts["times"]["closed"] == meant
    assert ("clock_change" in faults_of("OLD-1")) is marked


def test_formats_are_tried_in_their_order() -> None:
    bring([{"opened": "03/04/2025 1:05 PM", "closed": "2025-04-03"}], times=["iso", "%d/%m/%Y %I:%M %p"])
    times = last("OLD-1").facts["times"]
    assert times["opened"] == "2025-04-03T05:05:00.000000Z"
    assert times["closed"] == "2025-04-02T16:00:00.000000Z"


def test_unknown_departments_become_organisations_without_posts(town: Town) -> None:
    rows = [{"department": "PARKS DIV,"}, {"department": "PARKS DIV,"}, {"department": "自来水集团"}]
    first = bring(rows, make_departments=True)
    assert (first.organisations, first.faults["unknown_department"]) == (1, 0)
    made = Organisation.objects.get(name="PARKS DIV")
    assert made.code.startswith("OLD-")
    assert made.valid_to
    assert not made.posts.exists()
    assert last("OLD-3").facts["organisation_code"] == WATER  # found by its name
    # nobody can be sent there
    assert made.code not in {one["code"] for one in Caller(town.bo).get("/organisations").json()["items"]}
    # and the next import knows it without being told to make it
    again = bring(rows)
    assert (again.unchanged, again.organisations) == (3, 0)


def test_classes_of_theirs_may_mean_ours_and_else_stay_theirs(town: Town) -> None:
    bring([{"class": "M-1"}, {"class": "XYZ", "title": "Elephant on the lawn"}],
          classes={"component:0101": ["M-1"]})  # fmt: skip
    ours, theirs = (Case.objects.get(number=number).card for number in ("OLD-1", "OLD-2"))
    assert ours["class_id"] == town.city.manhole.pk
    assert theirs["class_id"] is None
    assert theirs["imported"]["class"] == "Elephant on the lawn"
    with pytest.raises(Invalid, match="no class event:0999"):
        bring([{}], classes={"event:0999": ["M-1"]})


def test_a_named_area_helps_where_there_is_no_place_and_is_compared_where_there_is_one() -> None:
    rows = [
        {"x": "", "y": "", "address": "001"},
        {"address": "001"},
        {"address": "7"},
        {"x": "", "y": "", "address": "7"},
    ]
    columns = {**MAPPING["columns"], "area": "address"}
    outcome = bring(rows, columns=columns, place={"datum": "wgs84", "area_digits": 3})
    assert last("OLD-1").facts["area"] == "110101001"
    assert last("OLD-2").facts["area"] == "110101001001001"
    assert faults_of("OLD-3")["area_differs"] == ("area", "7: 110101001001001")
    assert "area" not in last("OLD-4").facts
    assert outcome.faults["area_differs"] == 1


def test_a_case_keeps_the_area_it_was_first_found_in(town: Town) -> None:
    bring([{}])
    for cell in town.city.cells:
        cell.active = False
        cell.save()
    assert bring([{}]).unchanged == 1
    assert last("OLD-1").facts["area"] == "110101001001001"


def test_what_had_no_area_is_located_once_there_are_borders(town: Town) -> None:
    generations = {area.generation for area in town.city.districts}
    for generation in generations:
        generation.state = "draft"
        generation.save()
    town.city.cells[0].__class__.objects.update(active=False)
    assert (bring([{}]).located, last("OLD-1").facts.get("area")) == (0, None)
    for generation in generations:
        generation.state = "active"
        generation.save()
    assert bring([{}]).corrected == 1
    assert last("OLD-1").facts["area"] == "110101001001"


# --- figures --------------------------------------------------------------------------------------------


def board(imported: Imported, area: str = "") -> Board:
    return board_of(Scope("110101", MARCH, area, imported))


def tally(of: Board, key: Key) -> tuple[float, int]:
    figure = next(figure for figure in of.figures if figure.key == key)
    return figure.numerator, figure.denominator


@pytest.fixture
def history() -> None:
    """March 2025 as the old hall told it.

    1  patrol  opened 3 March 08:00, closed 4 March 08:00       found;     24 h
    2  phone   opened 3 March 08:00, closed 5 March 20:00       missed;    60 h, lighting
    3  patrol  cancelled                                        not counted
    4  phone   opened 28 February, closed 1 March 06:00         opened before; 30 h
    5  patrol  opened 31 March 23:59, open                      found;     not closed
    6  patrol  closed before opened                             found;     marked, no time
    7  post    opened 10 March, closed 10 March 12:00           no door of ours; 4 h, in the second community
    8  patrol  opened 2 April                                   later
    """
    bring(
        [
            {},
            {"source": "phone", "closed": "2025-03-05 20:00", "department": "Lighting Company"},
            {"status": "cancelled", "cancelled": "2025-03-03 09:00", "closed": ""},
            {"source": "phone", "opened": "2025-02-28 00:00", "closed": "2025-03-01 06:00"},
            {"opened": "2025-03-31 23:59", "status": "open", "closed": ""},
            {"closed": "2025-03-01 08:00"},
            {"source": "post", "opened": "2025-03-10 08:00", "closed": "2025-03-10 12:00", "x": "116.4125"},
            {"opened": "2025-04-02 08:00", "closed": "2025-04-03 08:00"},
        ],
        departments={WATER: ["waterworks"], LIGHTING: ["Lighting Company"]},
    )


def test_figures_leave_imported_cases_out_unless_asked(town: Town, history: None) -> None:
    own = board(Imported.EXCLUDE)
    assert [(figure.numerator, figure.denominator) for figure in own.figures] == [(0, 0)] * 3
    assert all("left out" in figure.definition for figure in own.figures)
    assert board_of(Scope("110101", MARCH)) == own


def test_imported_figures_counted_by_hand(history: None) -> None:
    told = board(Imported.ONLY)
    assert tally(told, Key.DISCOVERY) == (3, 4)  # 1, 5, 6 found; 2 missed
    assert tally(told, Key.ACCURACY) == (0, 0)
    assert tally(told, Key.RESOLUTION) == (24 + 60 + 30 + 4, 4)
    assert all("Only these" in figure.definition for figure in told.figures)
    assert {row.code: row.tallies[Key.RESOLUTION].denominator for row in told.by_department} == {
        WATER: 3,
        LIGHTING: 1,
    }
    assert tally(board(Imported.ONLY, "110101001002"), Key.RESOLUTION) == (4, 1)
    streets = {row.code: row.tallies[Key.RESOLUTION].denominator for row in told.by_area}
    assert streets == {"110101001": 4}
    days = {row.code: row.tallies[Key.RESOLUTION].denominator for row in told.trend}
    assert {day: n for day, n in days.items() if n} == {
        "2025-03-01": 1,
        "2025-03-04": 1,
        "2025-03-05": 1,
        "2025-03-10": 1,
    }


def test_both_together_are_the_sum(town: Town, history: None, time_machine: Any) -> None:
    time_machine.move_to(datetime(2025, 3, 15, 8, tzinfo=CITY), tick=False)
    journey = Journey(town).file().dispatch(WATER)
    time_machine.move_to(datetime(2025, 3, 15, 18, tzinfo=CITY), tick=False)
    journey.handle().check().close()
    assert tally(board(Imported.EXCLUDE), Key.RESOLUTION) == (10, 1)
    both = board(Imported.INCLUDE)
    assert tally(both, Key.RESOLUTION) == (24 + 60 + 30 + 4 + 10, 5)
    assert tally(both, Key.DISCOVERY) == (4, 5)
    assert tally(both, Key.ACCURACY) == (1, 1)


def test_the_cases_behind_a_figure_say_where_they_are_from(town: Town, history: None) -> None:
    asked = "/indicators/mean_resolution_hours/cases?from=2025-03-01&to=2025-03-31"
    assert Caller(town.mo).get(asked).json()["items"] == []
    items = Caller(town.mo).get(f"{asked}&imported=only").json()["items"]
    assert [(item["number"], item["amount"]) for item in items] == [
        ("OLD-7", 4), ("OLD-2", 60), ("OLD-1", 24), ("OLD-4", 30),
    ]  # fmt: skip
    assert items[0]["imported"]["origin"] == "Old hall"
    assert items[0]["class_name"] == "Manhole open"
    assert items[0]["community"]["code"] == "110101001002"
    assert Caller(town.mo).get(f"{asked}&imported=perhaps").status_code == 422
    scope = Scope("110101", MARCH, "", Imported.INCLUDE)
    assert len(cases_behind("discovery_rate", "rest", scope).items) == 1


def test_an_imported_case_in_full_shows_its_faults_in_the_readers_words(town: Town, history: None) -> None:
    pk = Case.objects.get(number="OLD-6").pk
    found = Caller(town.mo).get(f"/imported/{pk}").json()
    assert found["imported"]["stood_label"] == "closed in the other system"
    assert found["imported"]["fault_labels"] == ["closed before opened"]
    (entry,) = found["history"]
    assert (entry["verb"], entry["by"], entry["facts"]["from"]["line"]) == ("import", None, 7)
    assert Caller(town.chen).get(f"/imported/{pk}").status_code == 404
    Journey(town)
    own = Case.objects.get(kind="report")
    assert Caller(town.mo).get(f"/imported/{own.pk}").status_code == 404


def test_the_command_counts_them_when_told_to(history: None) -> None:
    def told(*arguments: str) -> Any:
        out = StringIO()
        call_command("indicators", "--stream", "110101", "--from", "2025-03-01", "--to", "2025-03-31",
                     *arguments, stdout=out)  # fmt: skip
        return out.getvalue()

    assert json.loads(told("--json"))["figures"][2]["denominator"] == 0
    only = json.loads(told("--json", "--imported", "only"))
    assert (only["imported"], only["figures"][2]["denominator"]) == ("only", 4)
    assert "导入" in only["figures"][2]["definitions"]["zh-hans"]
    assert "imported cases alone" in told("--imported", "only")
    assert "without imported cases" in told()


# --- the mapping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"origin": ""}, "origin"),
        ({"prefix": "old hall"}, "prefix"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"times": "iso"}, "times"),
        ({"times": ["%H:%M"]}, "times"),
        ({"encoding": "klingon"}, "encoding"),
        ({"encoding": "zip"}, "encoding"),
        ({"delimiter": ",,"}, "delimiter"),
        ({"columns": {"id": "id"}}, "columns.opened"),
        ({"columns": {**MAPPING["columns"], "colour": "c"}}, "columns.colour"),
        ({"columns": {"id": "id", "opened": "opened", "x": "x"}}, "columns"),
        ({"place": {}}, "place"),
        ({"place": {"datum": "wgs84", "crs": "EPSG:4326"}}, "place"),
        ({"place": {"datum": "wgs85"}}, "place.datum"),
        ({"place": {"crs": "EPSG:999999"}}, "place.crs"),
        ({"place": {"datum": "wgs84", "far_km": "far"}}, "place.far_km"),
        ({"place": {"datum": "wgs84", "area_digits": 4}}, "place.area_digits"),
        ({"status": {"done": ["CLOSED"]}}, "status"),
        ({"status": {"open": ["X"], "closed": ["X"]}}, "status.closed"),
        ({"status": {"open": [1]}}, "status.open"),
        ({"sources": {"pigeon": ["post"]}}, "sources"),
        ({"classes": {"0101": ["M-1"]}}, "classes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        mapping_of({**MAPPING, **changes})
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["[", "x = ", "\xff", "[]", '"x"', "[" * 5000])
@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_mapping_that_cannot_be_read_is_refused(tmp_path: Path, text: str, suffix: str) -> None:
    path = tmp_path / f"mapping{suffix}"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Invalid):
        read_mapping(path)


@pytest.mark.parametrize("name", ["stlouis_csb_2012", "boston311"])
def test_the_mappings_that_are_shipped_make_sense(name: str) -> None:
    assert read_mapping(Path(__file__).parents[2] / "fixtures" / "imports" / f"{name}.toml").prefix


# --- the command and hostile files ----------------------------------------------------------------------


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(MAPPING), encoding="utf-8")
    return path


class Ran:
    """The command with --json: its one object, and its status."""

    def __init__(self, file: Path, mapping: Path, *arguments: object) -> None:
        out, err = StringIO(), StringIO()
        self.status: int | str | None = 0
        try:
            call_command("import_reports", file, "--mapping", mapping, "--district", "110101", "--json",
                         *arguments, stdout=out, stderr=err)  # fmt: skip
        except SystemExit as ended:
            self.status = ended.code
        self.told: dict[str, Any] = json.loads(out.getvalue())
        self.errors = err.getvalue()


def test_the_command_in_json_and_in_words(tmp_path: Path, mapping: Path) -> None:
    file = write(tmp_path / "old.csv", [{}, {"address": ""}])
    dry = Ran(file, mapping)
    assert (dry.status, dry.told["committed"], dry.told["counts"]["new"]) == (0, False, 2)
    assert not Case.objects.filter(kind=KIND).exists()
    done = Ran(file, mapping, "--commit")
    assert (done.status, done.told["committed"], done.told["stream"]) == (0, True, PAST)
    assert done.told["faults"] == {"no_address": {"rows": 1, "cases": 1, "what": "no address"}}
    assert Case.objects.filter(kind=KIND).count() == 2
    out = StringIO()
    call_command("import_reports", file, "--mapping", mapping, "--district", "110101", stdout=out)
    assert "2  unchanged" in out.getvalue()
    assert "Nothing was written" in out.getvalue()


def test_gzip_is_told_by_its_content(tmp_path: Path, mapping: Path) -> None:
    plain = write(tmp_path / "old.csv", [{}]).read_bytes()
    (tmp_path / "packed").write_bytes(gzip.compress(plain))
    assert Ran(tmp_path / "packed", mapping).told["counts"]["new"] == 1
    whole = gzip.compress(plain * 200)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    cut = Ran(tmp_path / "cut.gz", mapping, "--commit")
    assert cut.status == 1
    assert "damaged" in cut.told["faults"][0]["message"]


HEAD = ",".join(COLUMNS)
LINE = ",".join(USUAL.get(name, "") for name in COLUMNS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column"),
        (b"\n\n", "no column"),
        (f"{HEAD}\n{LINE}\n".encode("utf-16"), "is not utf-8"),
        (f"{HEAD}\n{LINE}\n".encode() + "老街坊,".encode("gb18030"), "is not utf-8"),
        (f"{HEAD}\n".encode().replace(b"opened", b"begun"), "no column opened"),
        (f"{HEAD},id\n{LINE},1\n".encode(), "id more than once"),
        (f'{HEAD}\n"{LINE}\n'.encode(), "not CSV"),
        (f'{HEAD}\n{LINE}\n"x"y{LINE}\n'.encode(), "not CSV"),
        (f"{HEAD}\n{'x' * 16_000_001}\n".encode(), "field limit"),
        (bytes(range(256)) * 10, ""),
    ],
    ids=["empty", "blank", "utf-16", "gb18030", "column", "twice", "quote", "junk", "endless", "bytes"],
)
def test_a_file_that_cannot_be_used_writes_nothing(
    tmp_path: Path, mapping: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    ran = Ran(file, mapping, "--commit", "--reasons", tmp_path / "reasons.csv")
    assert ran.status == 1
    (fault,) = ran.told["faults"]
    assert fault["field"] == "file"
    assert words in fault["message"]
    assert fault["mend"]
    assert ran.errors
    assert not Case.objects.filter(kind=KIND).exists()


def test_a_fault_at_the_end_of_the_file_keeps_its_beginning_out(tmp_path: Path, mapping: Path) -> None:
    file = write(tmp_path / "old.csv", [{}] * 3)
    file.write_bytes(file.read_bytes() + b"\xff\xfe\n")
    ran = Ran(file, mapping, "--commit")
    assert (ran.status, Case.objects.filter(kind=KIND).count()) == (1, 0)
    assert "Line 5 is not utf-8" in ran.told["faults"][0]["message"]


def test_the_right_encoding_is_proposed(tmp_path: Path, mapping: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_bytes(f"{HEAD}\n{LINE}\n".replace("Long Lane", "东华门大街").encode("gb18030"))
    assert "gb18030" in Ran(file, mapping).told["faults"][0]["mend"]
    mapping.write_text(json.dumps({**MAPPING, "encoding": "gb18030"}), encoding="utf-8")
    assert Ran(file, mapping, "--commit").status == 0
    assert last("OLD-1").facts["address"] == "1 东华门大街"


def test_ragged_rows_are_refused_and_formulas_are_words(tmp_path: Path, mapping: Path) -> None:
    file = tmp_path / "old.csv"
    formula = LINE.replace("1 Long Lane", '=HYPERLINK("x")'.replace('"', "'"))
    file.write_text(f"{HEAD}\n{LINE},more\nshort,row\n\n{formula}\n", encoding="utf-8")
    reasons = tmp_path / "reasons.csv"
    ran = Ran(file, mapping, "--commit", "--reasons", reasons)
    assert (ran.status, ran.told["counts"]["refused"], ran.told["counts"]["new"]) == (1, 2, 1)
    assert ran.told["faults"]["ragged"]["rows"] == 2
    assert last("OLD-1").facts["address"].startswith("=HYPERLINK")
    kept = list(csv.DictReader(reasons.open(encoding="utf-8-sig", newline="")))
    assert [(row["_line"], row["_outcome"]) for row in kept] == [("2", "refused"), ("3", "refused")]


def test_mended_reasons_can_be_imported(tmp_path: Path, mapping: Path) -> None:
    file = write(
        tmp_path / "old.csv",
        [{}, {"opened": "yesterday", "address": "=1+1"}, {"address": "", "x": "-116.41"}],
    )
    reasons = tmp_path / "reasons.csv"
    assert Ran(file, mapping, "--commit", "--reasons", reasons).status == 1
    with reasons.open(encoding="utf-8-sig", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["_line"], row["_outcome"]) for row in rows] == [("3", "refused"), ("4", "marked")]
    assert rows[0]["address"] == "'=1+1"  # no spreadsheet reckons it
    assert rows[1]["x"] == "-116.41"
    assert "cannot be read" in rows[0]["_reasons"]
    rows[0]["opened"], rows[1]["address"], rows[1]["x"] = "2025-03-03", "3 Long Lane", "116.41"
    with reasons.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    mended = Ran(reasons, mapping, "--commit")
    assert (mended.status, mended.told["counts"]["new"], mended.told["counts"]["corrected"]) == (0, 1, 1)
    assert not mended.told["faults"]
    assert last("OLD-2").facts["address"] == "=1+1"


def test_the_report_is_a_page_of_its_own(tmp_path: Path, mapping: Path) -> None:
    file = write(
        tmp_path / "old.csv", [{}, {"address": "<script>alert(1)</script>", "x": "116.40"}, {"id": ""}]
    )
    page = tmp_path / "report.html"
    with override("zh-hans"):
        Ran(file, mapping, "--report", page)
    text = page.read_text(encoding="utf-8")
    assert 'lang="zh' in text
    assert "<script>" not in text
    assert text.count('class="area"') > 0
    assert "class=bad" in text
    assert "http" not in text


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["nowhere.csv", "--mapping", "m.json", "--district", "110101"], 2),
        ([__file__, "--mapping", "nowhere.toml", "--district", "110101"], 2),
        ([__file__, "--mapping", __file__, "--district", "Dongcheng"], 2),
    ],
)
def test_wrong_use_is_told_apart(arguments: list[str], status: int) -> None:
    with pytest.raises(CommandError) as failed:
        call_command("import_reports", *arguments)
    assert failed.value.returncode == status


def test_memory_stays_flat_and_each_batch_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test.utils import CaptureQueriesContext

    monkeypatch.setattr(reports_load, "BATCH", 10)

    def queries(rows: int, prefix: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            bring([{}] * rows, origin=prefix, prefix=prefix)
        return len(captured)

    queries(10, "A")
    ten, twenty, forty = queries(10, "B"), queries(20, "C"), queries(40, "D")
    assert forty - twenty == 2 * (twenty - ten)
