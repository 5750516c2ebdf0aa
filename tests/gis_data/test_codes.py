"""One grammar for all codes: what is parsed is written back, what is damaged is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis_data import codes
from gis_data.codes import LAYOUTS, PROVINCES, Kind, cell_code, component_code, event_code, parse
from gis_data.errors import CodeError

NUMBERED = sorted(LAYOUTS)


@st.composite
def good_code(draw: st.DrawFn) -> tuple[Kind, str, str]:
    """A kind, an edition and a code that follows their layout."""
    kind, edition = draw(st.sampled_from(NUMBERED))
    text = ""
    for name, size in LAYOUTS[kind, edition]:
        if name == "province":
            text += draw(st.sampled_from(sorted(PROVINCES)))
        else:
            text += f"{draw(st.integers(min_value=1, max_value=10**size - 1)):0{size}d}"
    return kind, edition, text


@given(good_code())
def test_parts_of_a_code_put_together_are_the_code(case: tuple[Kind, str, str]) -> None:
    kind, edition, text = case
    code = parse(kind, text, edition)
    assert "".join(getattr(code, name) for name, _size in LAYOUTS[kind, edition]) == text == str(code)


@given(good_code(), st.data())
def test_every_single_digit_deletion_is_refused(case: tuple[Kind, str, str], data: st.DataObject) -> None:
    kind, edition, text = case
    lost = data.draw(st.integers(min_value=0, max_value=len(text) - 1))
    with pytest.raises(CodeError):
        parse(kind, text[:lost] + text[lost + 1 :], edition)


@given(good_code(), st.sampled_from("０１x -٣\n"), st.data())
def test_every_foreign_sign_is_named_with_its_place(
    case: tuple[Kind, str, str], sign: str, data: st.DataObject
) -> None:
    kind, edition, text = case
    place = data.draw(st.integers(min_value=0, max_value=len(text) - 1))
    with pytest.raises(CodeError, match=f"Place {place + 1} "):
        parse(kind, text[:place] + sign + text[place + 1 :], edition)


def test_parts_of_a_cell() -> None:
    cell = parse("cell", "110101017021025")
    assert (cell.district_code, cell.street_code) == ("110101", "110101017")
    assert (cell.community_code, cell.sequence) == ("110101017021", "025")


def test_parts_of_a_component_of_suzhou() -> None:
    component = parse(Kind.COMPONENT, "3205080101000001")
    assert (component.district_code, component.class_code, component.sequence) == ("320508", "0101", "000001")


def test_editions_do_not_mix() -> None:
    assert parse("cell", "11010100100101", codes.OLD).sequence == "01"
    with pytest.raises(CodeError, match="15 digits"):
        parse("cell", "11010100100101")
    draft = parse("component", "1101010100100001", codes.DRAFT)
    assert (draft.class_code, draft.sequence) == ("01001", "00001")
    assert parse("component", "110101010200100001", codes.MONITORED).branch == "01"
    with pytest.raises(CodeError) as refused:
        parse("event", "1101010102", codes.DRAFT)
    assert refused.value.field == "edition"


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("district", "990101", "no province"),
        ("district", "110000", "the city"),
        ("street", "110101000", "Digits 7 to 9"),
        ("community", "110101001000", "Digits 10 to 12"),
        ("cell", "110101001001000", "Digits 13 to 15"),
        ("component", "1101010101000000", "Digits 11 to 16"),
        ("event", "1101010001", "the major class"),
        ("cell", "", "has 0"),
        ("class", "01011", "4 digits"),
    ],
)
def test_what_is_wrong_is_said(kind: str, text: str, words: str) -> None:
    with pytest.raises(CodeError, match=words) as refused:
        parse(kind, text)
    assert refused.value.field == kind
    assert refused.value.value == text
    assert refused.value.mend


@pytest.mark.parametrize("text", [110101, None, 1.0])
def test_a_number_is_no_code(text: object) -> None:
    with pytest.raises(CodeError, match="leading zeros"):
        parse("district", text)


@pytest.mark.parametrize("text", ["110101-D01", "A", "x" * 40])
def test_organisation_codes_are_free(text: str) -> None:
    assert parse("organisation", text).text == text


@pytest.mark.parametrize("text", ["", " ", "-1", "a b", "水务", "x" * 41, "a\n"])
def test_but_not_that_free(text: str) -> None:
    with pytest.raises(CodeError):
        parse("organisation", text)


def test_codes_are_made_as_they_are_read() -> None:
    assert cell_code("110101001001", 7) == "110101001001007"
    assert component_code("110101", "0137", 12) == "1101010137000012"
    assert event_code("110101", "0110") == "1101010110"


@pytest.mark.parametrize("number", [0, -1, 1000])
def test_a_full_community_is_refused_not_wrapped(number: int) -> None:
    with pytest.raises(CodeError, match="1 to 999"):
        cell_code("110101001001", number)
