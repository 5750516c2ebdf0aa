"""A case that began on old cells ends on them, while new reports fall into the new ones."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from django.core.management import call_command

from casework.models import Case
from dispatch import actions
from dispatch.cards import bare_card, dress, forget_names
from dispatch.models import Report
from tests.factories.city import SIDE, SOUTH, WEST
from tests.factories.journeys import Journey
from tests.factories.people import Town, small_town
from tests.gis_data import surveys


@pytest.fixture
def town(db: None) -> Iterator[Town]:
    yield small_town()
    forget_names()


def renumber(folder: Path) -> None:
    """Dongcheng delivered anew: one street, one community and one cell, all with codes that are new."""
    ground = shapely.box(WEST, SOUTH, WEST + 4 * SIDE, SOUTH + SIDE)
    for level, code in (("street", "110101077"), ("community", "110101077001"), ("cell", "110101077001001")):
        path = surveys.geojson(folder / "a.geojson", [({"code": code, "name": "新区划"}, ground)])
        arguments = ["--level", level, "--datum", "wgs84", "--commit"]
        call_command("import_areas", str(path), *arguments, stdout=io.StringIO())
    call_command("activate_generation", "110101", "--commit", stdout=io.StringIO())
    forget_names()


def test_an_old_case_goes_its_way_on_its_old_cell(town: Town, tmp_path: Path) -> None:
    journey = Journey(town, cell=1).file().dispatch()
    before = Report.objects.get(pk=journey.id).cell_code
    renumber(tmp_path)
    journey.handle().check().close()
    report = Report.objects.get(pk=journey.id)
    assert report.cell_code == before == "110101001001002"
    assert report.case.state == Case.objects.get(pk=journey.id).state == "closed"
    card = dress(bare_card(report, {}))
    assert (card["community"]["name"], card["street"]["name"]) == ("多福巷社区", "东华门街道")


def test_a_new_report_at_the_same_place_falls_into_the_new_cell(town: Town, tmp_path: Path) -> None:
    renumber(tmp_path)
    lon, lat = town.city.inside(1)
    report, _new = actions.report_problem(town.report_of(lon=lon, lat=lat), actor=town.alice)
    assert report.cell_code == "110101077001001"
    assert dress(bare_card(report, {}))["street"]["name"] == "新区划"
