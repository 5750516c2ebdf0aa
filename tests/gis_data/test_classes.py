"""Class tables: loaded whole, twice to the same effect, faulty ones refused by line; found as people type."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gis_data.errors import PlaceError
from gis_data.importers.classes import COLUMNS, CURRENT_EDITION, FILE, load_classes
from gis_data.models import ClassEdition, ProblemClass
from gis_data.queries import search_classes

GOOD = (
    f"{CURRENT_EDITION},component,01,公用设施,Public utilities,0137,路灯,Street lamp,lu deng,ld,point,,here"
)


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Writes a class table of the given lines."""

    def write(*lines: str, header: str = ",".join(COLUMNS)) -> Path:
        path = tmp_path / "classes.csv"
        path.write_text("\n".join([header, *lines]), encoding="utf-8")
        return path

    return write


@pytest.mark.django_db
def test_all_editions_load_and_load_again() -> None:
    first = load_classes()
    rows = set(ProblemClass.objects.values_list("pk", "edition__code", "kind", "code", "name"))
    assert load_classes() == first
    assert set(ProblemClass.objects.values_list("pk", "edition__code", "kind", "code", "name")) == rows
    assert len(rows) == first.components + first.events
    assert list(ClassEdition.objects.filter(current=True).values_list("code", flat=True)) == [CURRENT_EDITION]
    assert ClassEdition.objects.get(code="GB/T 30428.2 draft revision").class_digits == 5


@pytest.mark.django_db
def test_the_two_editions_of_event_majors_04_and_05_are_kept_apart() -> None:
    load_classes()
    majors = dict(
        ProblemClass.objects.filter(kind="event", major_code="04")
        .values_list("edition__code", "major_en")
        .distinct()
    )
    assert majors["CJ/T 214-2007"] != majors[CURRENT_EDITION]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("line", "field", "where"),
    [
        (GOOD.replace("0137", "137"), "code", "classes.csv:3"),
        (GOOD.replace("component,01", "component,02"), "major_code", "classes.csv:3"),
        (GOOD.replace("component,", "thing,").replace("0137", "0138"), "kind", "classes.csv:3"),
        (GOOD.replace("路灯", "").replace("0137", "0138"), "name_zh", "classes.csv:3"),
        (GOOD, "code", "classes.csv:3"),
    ],
)
def test_a_faulty_row_is_named_by_line_and_nothing_is_loaded(
    table: Callable[..., Path], line: str, field: str, where: str
) -> None:
    with pytest.raises(PlaceError, match=where) as refused:
        load_classes(table(GOOD, line))
    assert refused.value.field == field
    assert not ProblemClass.objects.exists()


@pytest.mark.django_db
def test_a_file_without_its_columns_or_edition_is_refused(table: Callable[..., Path]) -> None:
    with pytest.raises(PlaceError, match="pinyin"):
        load_classes(table(header="edition,kind"))
    with pytest.raises(PlaceError, match="no edition"):
        load_classes(table(GOOD), current="GB/T 1-1900")


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["ld", "LD", "路灯", "lu deng", "ludeng", "0137", "street lamp", " 路灯 "])
def test_a_lamp_is_found_first_however_it_is_typed(typed: str) -> None:
    load_classes()
    found = search_classes(typed).first()
    assert found is not None
    assert found.name == "路灯"


@pytest.mark.django_db
def test_search_is_of_the_current_edition_and_empty_means_all() -> None:
    load_classes()
    everything = search_classes("")
    assert {one.edition.code for one in everything} == {CURRENT_EDITION}
    assert len(everything) == sum(line.startswith(CURRENT_EDITION) for line in FILE.open(encoding="utf-8"))
    assert not search_classes("no such thing at all")
    assert not search_classes("%")
    ProblemClass.objects.filter(code="0137").update(active=False)
    assert "路灯" not in {one.name for one in search_classes("路灯")}
